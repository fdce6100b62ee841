// How often the runtime sends SIGURG to itself to stop a goroutine that computes. One P, two such goroutines.
// Argument: for how many ms. Prints the signals in 10 ms; two that come before the program has noticed the first
// count as one.
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
	for i := 0; i < 2; i++ {
		go func() {
			for t := time.Now(); time.Since(t) < time.Duration(ms)*time.Millisecond; {
			}
		}()
	}
	time.Sleep(time.Duration(2*ms+100) * time.Millisecond)
	fmt.Printf("signals_10ms: %.4f\n", float64(len(seen))/float64(ms)*10)
}
