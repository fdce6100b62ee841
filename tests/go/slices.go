// Ground truth e2 and e2t: how long CPU-bound goroutines keep the only P, and whose turn comes next.
// Arguments: n, the loop's body (free, leaf, call), duration in ms (0: each does a fixed amount of work, rounds below).
// Prints each turn as [goroutine, nanoseconds], the last one included.
package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const rounds = 40_000_000

var (
	current atomic.Int32 // who ran last
	stop    atomic.Bool
	who     = make([]int, 0, 1<<16)
	since   = make([]int64, 0, 1<<16)
	began   = time.Now()
)

func change(i int32) {
	who, since = append(who, int(i)), append(since, int64(time.Since(began)))
	current.Store(i)
}

//go:noinline
func leaf(x uint64) uint64 { return x*3 + 1 }

//go:noinline
func caller(x uint64) uint64 { return leaf(x) + leaf(x+1) }

func free(i int32, limit int) (x uint64) {
	for turn := 0; turn != limit && !stop.Load(); turn++ {
		if current.Load() != i {
			change(i)
		}
		for step := 0; step < 4; step++ { // about as long as a call
			x = x*3 + 1
		}
	}
	return x
}

func leafs(i int32, limit int) (x uint64) {
	for turn := 0; turn != limit && !stop.Load(); turn++ {
		if current.Load() != i {
			change(i)
		}
		x = leaf(x)
	}
	return x
}

func calls(i int32, limit int) (x uint64) {
	for turn := 0; turn != limit && !stop.Load(); turn++ {
		if current.Load() != i {
			change(i)
		}
		x = caller(x)
	}
	return x
}

func main() {
	n, _ := strconv.Atoi(os.Args[1])
	body := map[string]func(int32, int) uint64{"free": free, "leaf": leafs, "call": calls}[os.Args[2]]
	ms, _ := strconv.Atoi(os.Args[3])
	limit := -1
	if ms == 0 {
		limit = rounds
	}
	current.Store(-1)
	var wg sync.WaitGroup
	wg.Add(n)
	for i := 0; i < n; i++ {
		go func(i int32) {
			body(i, limit)
			wg.Done()
		}(int32(i))
	}
	if ms > 0 {
		time.Sleep(time.Duration(ms) * time.Millisecond)
		stop.Store(true)
	}
	wg.Wait()
	end := int64(time.Since(began))
	var out []string
	for i, from := range since {
		to := end
		if i+1 < len(since) {
			to = since[i+1]
		}
		out = append(out, fmt.Sprintf("[%d, %d]", who[i], to-from))
	}
	fmt.Printf("[%s]\n", strings.Join(out, ", "))
}
