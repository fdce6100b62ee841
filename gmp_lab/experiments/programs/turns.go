// How long goroutines that compute keep the only P, in units of 10 ms.
// Arguments: how many, and for how many ms. Prints the length of each turn but the last.
package main

import (
	"fmt"
	"os"
	"strconv"
	"sync/atomic"
	"time"
)

func main() {
	n, _ := strconv.Atoi(os.Args[1])
	ms, _ := strconv.Atoi(os.Args[2])
	var stop atomic.Bool
	var current atomic.Int32
	since := make([]time.Time, 0, 10_000)
	for i := int32(1); i <= int32(n); i++ {
		go func() {
			for !stop.Load() {
				if current.Load() != i {
					since = append(since, time.Now())
					current.Store(i)
				}
			}
		}()
	}
	time.Sleep(time.Duration(ms) * time.Millisecond)
	stop.Store(true)
	fmt.Print("turn_10ms:")
	for i := 1; i < len(since); i++ {
		fmt.Printf(" %.3f", since[i].Sub(since[i-1]).Seconds()*100)
	}
	fmt.Println()
}
