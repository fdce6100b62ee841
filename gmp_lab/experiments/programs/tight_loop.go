// How long a queued goroutine waits for a loop without calls. One P.
// Argument: length of the loop in ms. Prints the wait as a share of the loop.
package main

import (
	"fmt"
	"os"
	"strconv"
	"time"
)

//go:noinline
func spin(n int) (x int) {
	for i := 0; i < n; i++ {
		x = x*3 + 1
	}
	return x
}

func main() {
	ms, _ := strconv.Atoi(os.Args[1])
	const try = 20_000_000
	start := time.Now()
	spin(try)
	n := int(float64(ms) * try / (time.Since(start).Seconds() * 1000))
	began := make(chan time.Time, 1)
	start = time.Now()
	go func() { began <- time.Now() }()
	spin(n)
	end := time.Now()
	fmt.Printf("wait_over_loop: %.4f\n", float64((<-began).Sub(start))/float64(end.Sub(start)))
}
