// How long a stop of the world takes while another P runs a loop without calls. Two Ps.
// Arguments: length of the loop in ms, how often. Prints the times to stop as shares of what was left of the loop.
package main

import (
	"fmt"
	"os"
	"runtime"
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
	times, _ := strconv.Atoi(os.Args[2])
	const try = 20_000_000
	start := time.Now()
	spin(try)
	n := int(float64(ms) * try / (time.Since(start).Seconds() * 1000))
	fmt.Print("wait_over_rest:")
	for i := 0; i < times; i++ {
		began, ended := make(chan time.Time, 1), make(chan time.Time, 1)
		go func() {
			began <- time.Now()
			spin(n)
			ended <- time.Now()
		}()
		<-began
		for t := time.Now(); time.Since(t) < 10*time.Millisecond; {
		}
		var stats runtime.MemStats
		asked := time.Now()
		runtime.ReadMemStats(&stats)
		stopped := time.Now()
		fmt.Printf(" %.4f", float64(stopped.Sub(asked))/float64((<-ended).Sub(asked)))
	}
	fmt.Println()
}
