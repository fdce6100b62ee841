// How often the runtime sends SIGURG to itself to stop a goroutine that computes. Two Ps: on the other one the signals
// are counted, as two that come before the program has noticed the first would be one.
// Argument: for how many ms. Prints the signals in 10 ms.
package main

import (
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"
)

func main() {
	ms, _ := strconv.Atoi(os.Args[1])
	seen := make(chan os.Signal, 10_000)
	signal.Notify(seen, syscall.SIGURG)
	go func() {
		for t := time.Now(); time.Since(t) < time.Duration(ms)*time.Millisecond; {
		}
	}()
	time.Sleep(time.Duration(2*ms+100) * time.Millisecond)
	fmt.Printf("signals_10ms: %.4f\n", float64(len(seen))/float64(ms)*10)
}
