// Goroutines that compute in bursts; a share of the bursts ends in a blocking system call, the others yield.
// Arguments: goroutines, burst in us, share of system calls in percent, their length in us, run time in ms.
// Run with GODEBUG=schedtrace=N to see the queues.
package main

import (
	"os"
	"runtime"
	"strconv"
	"syscall"
	"time"
)

func spin(d time.Duration) {
	for t := time.Now(); time.Since(t) < d; {
	}
}

func number(i int) int {
	n, _ := strconv.Atoi(os.Args[i])
	return n
}

func main() {
	goroutines, percent := number(1), number(3)
	burst := time.Duration(number(2)) * time.Microsecond
	call := syscall.NsecToTimespec(int64(number(4)) * 1000)
	for i := 0; i < goroutines; i++ {
		go func() {
			for turn := i; ; turn++ {
				spin(burst)
				if turn*37%100 < percent {
					syscall.Nanosleep(&call, nil)
				} else {
					runtime.Gosched()
				}
			}
		}()
	}
	time.Sleep(time.Duration(number(5)) * time.Millisecond)
}
