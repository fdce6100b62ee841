// A program for the tests of traces: goroutines that meet on channels, sleep, yield, make system calls and allocate,
// with a task, a region and a log of the user's. Argument: the file for the trace.
package main

import (
	"context"
	"os"
	"runtime"
	"runtime/trace"
	"sync"
	"time"
)

var kept [][]byte

func worker(in <-chan int, out chan<- int) {
	for v := range in {
		if v%3 == 0 {
			runtime.Gosched()
		}
		out <- v
	}
}

func sleeper(wg *sync.WaitGroup) {
	time.Sleep(2 * time.Millisecond)
	wg.Done()
}

func main() {
	file, err := os.Create(os.Args[1])
	if err != nil {
		panic(err)
	}
	if err := trace.Start(file); err != nil {
		panic(err)
	}
	ctx, task := trace.NewTask(context.Background(), "everything")
	in, out := make(chan int), make(chan int, 4)
	for i := 0; i < 3; i++ {
		go worker(in, out)
	}
	var wg sync.WaitGroup
	wg.Add(2)
	go sleeper(&wg)
	go sleeper(&wg)
	trace.WithRegion(ctx, "numbers", func() {
		for i := 0; i < 30; i++ {
			in <- i
			<-out
		}
	})
	trace.Log(ctx, "halfway", "collect")
	for i := 0; i < 200; i++ {
		kept = append(kept, make([]byte, 10_000))
	}
	runtime.GC()
	os.ReadFile(os.Args[0])
	wg.Wait()
	task.End()
	trace.Stop()
	file.Close()
}
