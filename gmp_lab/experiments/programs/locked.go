// Two goroutines that pass a number to and fro, bound to their threads or not.
// Arguments: rounds, and 1 if both call LockOSThread. To be counted with strace.
package main

import (
	"os"
	"runtime"
	"strconv"
)

func player(rounds int, locked bool, in, out chan int, done chan bool) {
	if locked {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
	}
	for i := 0; i < rounds; i++ {
		out <- <-in
	}
	done <- true
}

func main() {
	rounds, _ := strconv.Atoi(os.Args[1])
	locked := os.Args[2] == "1"
	there, back, done := make(chan int, 1), make(chan int, 1), make(chan bool, 2)
	go player(rounds, locked, there, back, done)
	go player(rounds, locked, back, there, done)
	there <- 0
	<-done
	<-done
}
