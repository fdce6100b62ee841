// How much faster four goroutines that compute are done on two Ps than on one. Argument: length of each in ms.
package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
	"time"
)

//go:noinline
func spin(n int) (x int) {
	for i := 0; i < n; i++ {
		x = x*3 + 1
	}
	return x
}

func elapsed(procs, n int) float64 {
	runtime.GOMAXPROCS(procs)
	var wg sync.WaitGroup
	wg.Add(4)
	start := time.Now()
	for i := 0; i < 4; i++ {
		go func() {
			spin(n)
			wg.Done()
		}()
	}
	wg.Wait()
	return time.Since(start).Seconds()
}

func main() {
	ms, _ := strconv.Atoi(os.Args[1])
	const try = 20_000_000
	start := time.Now()
	spin(try)
	n := int(float64(ms) * try / (time.Since(start).Seconds() * 1000))
	fmt.Printf("speedup: %.4f\n", elapsed(1, n)/elapsed(2, n))
}
