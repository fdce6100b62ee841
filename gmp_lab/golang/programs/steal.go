// What a thief takes, and in which order it runs it. Two Ps.
// A guard spins on the second P; main starts n goroutines on its own P, lets the guard go, and spins.
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
	var running, stop atomic.Bool
	var next atomic.Int64
	order := make([]int32, n)
	go func() {
		running.Store(true)
		for !stop.Load() {
		}
	}()
	for !running.Load() {
	}
	for t := time.Now(); time.Since(t) < 3*time.Millisecond; {
	}
	for i := 0; i < n; i++ {
		go func() { order[next.Add(1)-1] = int32(i) }()
	}
	stop.Store(true)
	for t := time.Now(); next.Load() < int64(n) && time.Since(t) < time.Second; {
	}
	for _, i := range order[:next.Load()] {
		fmt.Print(i, " ")
	}
}
