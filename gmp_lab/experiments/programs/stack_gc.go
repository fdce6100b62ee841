// What collections do to the stacks of goroutines that have once gone deep.
// Arguments: n goroutines, each of which goes 80 calls deep, comes back until it stands in so many calls, and waits.
// Prints after 0, 1, ... 5 collections how much stack each of them has, in KiB, and with how much new ones start.
package main

import (
	"fmt"
	"math"
	"os"
	"runtime"
	"runtime/metrics"
	"strconv"
	"sync"
)

const deepest = 80

var never = make(chan int)

//go:noinline
func dive(depth, calls int, arrived *sync.WaitGroup) byte {
	var frame [500]byte
	frame[depth] = byte(depth)
	if depth < deepest {
		frame[0] += dive(depth+1, calls, arrived)
	}
	if depth == calls {
		arrived.Done()
		<-never
	}
	return frame[0]
}

func read(name string) uint64 {
	sample := []metrics.Sample{{Name: name}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

func main() {
	n, _ := strconv.Atoi(os.Args[1])
	calls, _ := strconv.Atoi(os.Args[2])
	var arrived sync.WaitGroup
	arrived.Add(n)
	before := read("/memory/classes/heap/stacks:bytes")
	for i := 0; i < n; i++ {
		go dive(1, calls, &arrived)
	}
	arrived.Wait()
	var each, start string
	for i := 0; i <= 5; i++ {
		if i > 0 {
			runtime.GC()
		}
		kib := float64(read("/memory/classes/heap/stacks:bytes")-before) / float64(n) / 1024
		each += fmt.Sprintf(" %.0f", math.Round(kib))
		start += fmt.Sprintf(" %d", read("/gc/stack/starting-size:bytes"))
	}
	fmt.Printf("kib_each:%s\nstarting_size:%s\n", each, start)
}
