// How long a goroutine that is ready waits for one that computes. One P.
// Arguments: what the loop calls (0: nothing, 1: a small leaf, 2: a function with a check in its prologue), how many ms
// it lasts, and whether (1) it is cut in two by a system call. Prints the wait as a share of the whole.
package main

import (
	"fmt"
	"os"
	"strconv"
	"time"
)

//go:noinline
func leaf(x int) int { return x*3 + 1 }

//go:noinline
func caller(x int) int { return leaf(x) + leaf(x+1) }

//go:noinline
func free(n int) (x int) {
	for i := 0; i < n; i++ {
		x = x*3 + 1
	}
	return x
}

//go:noinline
func leafs(n int) (x int) {
	for i := 0; i < n; i++ {
		x = leaf(x)
	}
	return x
}

//go:noinline
func calls(n int) (x int) {
	for i := 0; i < n; i++ {
		x = caller(x)
	}
	return x
}

func main() {
	kind, _ := strconv.Atoi(os.Args[1])
	ms, _ := strconv.Atoi(os.Args[2])
	cut, _ := strconv.Atoi(os.Args[3])
	loop := []func(int) int{free, leafs, calls}[kind]
	const try = 5_000_000
	start := time.Now()
	loop(try)
	n := int(float64(ms) * try / (time.Since(start).Seconds() * 1000))
	began := make(chan time.Time, 1)
	start = time.Now()
	go func() { began <- time.Now() }()
	if cut == 1 {
		loop(n / 2)
		enter()
		loop(n / 2)
	} else {
		loop(n)
	}
	end := time.Now()
	fmt.Printf("wait_over_loop: %.4f\n", float64((<-began).Sub(start))/float64(end.Sub(start)))
}
