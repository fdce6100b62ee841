// Ground truth e4c and e4d: goroutines in a loop of system calls beside a hog, on one P. Linux.
// Arguments: callers, length of a call in us (0: gettid, as short as a call can be), duration in ms, the hog's loop
// (free: it only looks who ran last; clock: it also reads the clock, where a signal that asks it to stop is lost).
// A party (the hog, or the callers) notes the time when it finds that the other one ran before; a turn lasts until the
// next note. Prints the turns as [party, ns], the hog being 1; the calls; how often a caller found itself on another
// thread; threads made during the time.
package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

var (
	began = time.Now()
	owner atomic.Int32
	who   = make([]int32, 0, 1<<16)
	since = make([]int64, 0, 1<<16)
)

func change(party int32) {
	owner.Store(party)
	who, since = append(who, party), append(since, int64(time.Since(began)))
}

func threads() int {
	status, _ := os.ReadFile("/proc/self/status")
	_, rest, _ := strings.Cut(string(status), "Threads:")
	n, _ := strconv.Atoi(strings.Fields(rest)[0])
	return n
}

func number(i int) int64 {
	n, _ := strconv.Atoi(os.Args[i])
	return int64(n)
}

func main() {
	callers, us, ms, clock := number(1), number(2), number(3), os.Args[4] == "clock"
	var calls, changes int64 // one P: of all these goroutines one runs at a time
	call := syscall.NsecToTimespec(us * 1000)
	before := threads()
	go func() {
		for last := began; ; {
			if owner.Load() != 1 {
				change(1)
			}
			if clock {
				last = last.Add(time.Since(last))
			}
		}
	}()
	for i := int64(0); i < callers; i++ {
		go func() {
			for tid := uintptr(0); ; calls++ {
				if owner.Load() != 2 {
					change(2)
				}
				if us > 0 {
					syscall.Nanosleep(&call, nil)
					continue
				}
				now, _, _ := syscall.Syscall(syscall.SYS_GETTID, 0, 0, 0)
				if tid != 0 && now != tid {
					changes++
				}
				tid = now
			}
		}()
	}
	time.Sleep(time.Duration(ms) * time.Millisecond)
	var turns []string
	for i := 1; i < len(since); i++ {
		turns = append(turns, fmt.Sprintf("[%d, %d]", who[i-1], since[i]-since[i-1]))
	}
	fmt.Printf("{\"turns\": [%s], \"calls\": %d, \"thread_changes\": %d, \"new_threads\": %d}\n",
		strings.Join(turns, ", "), calls, changes, threads()-before)
}
