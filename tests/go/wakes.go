// Ground truth e11: in which order goroutines run after different wakes. One P.
// Arguments: the scene, and n. Prints the marks as one JSON string.
package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
)

var (
	marks []string
	wg    sync.WaitGroup
)

func mark(format string, args ...any) { marks = append(marks, fmt.Sprintf(format, args...)) }

// start starts n goroutines that mark their number.
func start(n int) {
	for i := 0; i < n; i++ {
		go func(i int) {
			mark("%d", i)
			wg.Done()
		}(i)
	}
}

// parked starts n goroutines and lets them run until each has parked.
func parked(n int, body func(i int)) {
	wg.Add(n)
	for i := 0; i < n; i++ {
		go func(i int) {
			body(i)
			wg.Done()
		}(i)
	}
	runtime.Gosched()
}

func gosched(n int) {
	wg.Add(n)
	start(n)
	runtime.Gosched()
	mark("S")
}

func goschedTurns(int) {
	wg.Add(3)
	for i := 0; i < 3; i++ {
		go func(i int) {
			for turn := 0; turn < 3; turn++ {
				mark("%d", i)
				runtime.Gosched()
			}
			wg.Done()
		}(i)
	}
}

// A receiver is woken, then another goroutine is started: that one takes its place in runnext.
func chanWake(n int) {
	c, back := make(chan int), make(chan int)
	parked(1, func(int) {
		<-c
		mark("R")
	})
	wg.Add(n)
	start(n)
	c <- 1
	mark("S")
	go func() {
		mark("Z")
		back <- 1
	}()
	<-back
	mark("S2")
}

func chanWakeBlock(n int) {
	c, back := make(chan int), make(chan int)
	parked(1, func(int) {
		<-c
		mark("R")
		close(back)
		mark("R2")
	})
	wg.Add(n)
	start(n)
	c <- 1
	mark("S")
	<-back
	mark("S2")
}

func closeWake(n int) {
	c := make(chan int)
	parked(n, func(i int) {
		mark("p%d", i)
		<-c
		mark("%d", i)
	})
	close(c)
	mark("S")
}

func condBroadcast(n int) {
	var mu sync.Mutex
	cond := sync.NewCond(&mu)
	parked(n, func(i int) {
		mu.Lock()
		mark("p%d", i)
		cond.Wait()
		mark("%d", i)
		mu.Unlock()
	})
	cond.Broadcast()
	mark("S")
}

func mutexWake(n int) {
	var mu sync.Mutex
	mu.Lock()
	parked(n, func(i int) {
		mark("p%d", i)
		mu.Lock()
		mark("%d", i)
		mu.Unlock()
	})
	mu.Unlock()
	mark("S")
}

func sendersFIFO(n int) {
	c := make(chan int)
	parked(n, func(i int) {
		c <- i
		mark("s%d", i)
	})
	for i := 0; i < n; i++ {
		mark("r%d", <-c)
	}
	go func() {}() // kicks the last sender out of runnext
}

func stream(values, size int) {
	c := make(chan int, size)
	wg.Add(2)
	go func() {
		for i := 0; i < values; i++ {
			mark("s%d", i)
			c <- i
		}
		wg.Done()
	}()
	go func() {
		for i := 0; i < values; i++ {
			mark("r%d", <-c)
		}
		wg.Done()
	}()
}

func waitGroup3(int) {
	var gate sync.WaitGroup
	gate.Add(1)
	parked(3, func(i int) {
		mark("p%d", i)
		gate.Wait()
		mark("%d", i)
	})
	gate.Done()
	mark("S")
}

func main() {
	scenes := map[string]func(n int){
		"gosched":         gosched,
		"gosched_turns":   goschedTurns,
		"chan_wake":       chanWake,
		"chan_wake_block": chanWakeBlock,
		"close_wake":      closeWake,
		"cond_broadcast":  condBroadcast,
		"mutex_wake":      mutexWake,
		"senders_fifo":    sendersFIFO,
		"unbuffered":      func(int) { stream(6, 0) },
		"buffered3":       func(int) { stream(10, 3) },
		"waitgroup3":      waitGroup3,
	}
	n, _ := strconv.Atoi(os.Args[2])
	scenes[os.Args[1]](n)
	wg.Wait()
	fmt.Printf("%q\n", strings.Join(marks, " "))
}
