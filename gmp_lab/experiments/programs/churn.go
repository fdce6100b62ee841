// What a program that allocates pays for the collector. Arguments: MiB that stay reachable (in nodes of 64 bytes),
// MiB that are allocated and forgotten (in objects of 512 bytes). GOGC comes from the environment.
// Prints cycles, the goal over what is reachable, and shares of CPU time as runtime/metrics counts it.
package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/metrics"
	"strconv"
)

type node struct {
	next *node
	_    [56]byte
}

var (
	list *node
	sink []byte
)

func read() map[string]float64 {
	samples := []metrics.Sample{
		{Name: "/cpu/classes/gc/mark/assist:cpu-seconds"}, {Name: "/cpu/classes/gc/total:cpu-seconds"},
		{Name: "/cpu/classes/user:cpu-seconds"}, {Name: "/gc/heap/goal:bytes"}, {Name: "/gc/heap/live:bytes"},
		{Name: "/gc/cycles/total:gc-cycles"},
	}
	metrics.Read(samples)
	out := map[string]float64{}
	for _, s := range samples {
		if s.Value.Kind() == metrics.KindUint64 {
			out[s.Name] = float64(s.Value.Uint64())
		} else {
			out[s.Name] = s.Value.Float64()
		}
	}
	return out
}

func main() {
	live, _ := strconv.Atoi(os.Args[1])
	mib, _ := strconv.Atoi(os.Args[2])
	for i := 0; i < live<<20/64; i++ {
		list = &node{next: list}
	}
	runtime.GC()
	runtime.GC()
	before := read()
	done := make(chan bool)
	go func() {
		for i := 0; i < mib<<20/512; i++ {
			sink = make([]byte, 512)
		}
		done <- true
	}()
	<-done
	churned := read()
	runtime.GC()
	after := read()
	of := func(name string) float64 { return after[name] - before[name] }
	collector := of("/cpu/classes/gc/total:cpu-seconds")
	fmt.Printf("cycles: %.0f\n", churned["/gc/cycles/total:gc-cycles"]-before["/gc/cycles/total:gc-cycles"])
	fmt.Printf("goal_over_live: %.3f\n", before["/gc/heap/goal:bytes"]/before["/gc/heap/live:bytes"])
	fmt.Printf("assist_over_gc: %.4f\n", of("/cpu/classes/gc/mark/assist:cpu-seconds")/collector)
	fmt.Printf("gc_over_busy: %.4f\n", collector/(collector+of("/cpu/classes/user:cpu-seconds")))
	runtime.KeepAlive(list)
}
