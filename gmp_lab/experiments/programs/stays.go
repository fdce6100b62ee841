// How often a goroutine goes on on another P than where it stopped. Arguments: pairs, meetings, burst in ns.
// Partners compute and meet over a channel. Prints the share of the meetings after which one was elsewhere, in %.
package main

import (
	"fmt"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
	_ "unsafe"
)

//go:linkname procPin runtime.procPin
func procPin() int

//go:linkname procUnpin runtime.procUnpin
func procUnpin()

//go:noinline
func spin(n int) (x int) {
	for i := 0; i < n; i++ {
		x = x*3 + 1
	}
	return x
}

func here() int {
	p := procPin()
	procUnpin()
	return p
}

var moved atomic.Int64

func partner(meetings, n int, meet func(), wg *sync.WaitGroup) {
	for i := 0; i < meetings; i++ {
		spin(n)
		before := here()
		meet()
		if here() != before {
			moved.Add(1)
		}
	}
	wg.Done()
}

func main() {
	pairs, _ := strconv.Atoi(os.Args[1])
	meetings, _ := strconv.Atoi(os.Args[2])
	ns, _ := strconv.Atoi(os.Args[3])
	const try = 20_000_000
	start := time.Now()
	spin(try)
	n := int(float64(ns) * try / float64(time.Since(start).Nanoseconds()))
	var wg sync.WaitGroup
	wg.Add(2 * pairs)
	for i := 0; i < pairs; i++ {
		c := make(chan bool)
		go partner(meetings, n, func() { c <- true }, &wg)
		go partner(meetings, n, func() { <-c }, &wg)
	}
	wg.Wait()
	fmt.Printf("moved_percent: %.3f\n", 100*float64(moved.Load())/float64(2*pairs*meetings))
}
