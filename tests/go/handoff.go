// Ground truth e4b: from the start of a blocking nanosleep to the next goroutine's first instruction on the only P.
// Linux. Arguments: state (hot: everything was idle before; relaxed: a hog had been running), length in us,
// kind (blocking, or raw: a call of which the scheduler is not told), how often.
// Prints [latency, length of the call] in ns for each.
package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

var (
	began = time.Now()
	ask   atomic.Bool  // whoever runs next is to note the time
	noted atomic.Int64 // ns since began
)

func clock() int64 { return int64(time.Since(began)) }

func note() {
	if ask.Load() {
		noted.Store(clock())
		ask.Store(false)
	}
}

func number(i int) int64 {
	n, _ := strconv.Atoi(os.Args[i])
	return int64(n)
}

func main() {
	relaxed, raw := os.Args[1] == "relaxed", os.Args[3] == "raw"
	call := syscall.NsecToTimespec(number(2) * 1000)
	if relaxed {
		go func() {
			for {
				note()
			}
		}()
	}
	var out []string
	for i := int64(0); i < number(4); i++ {
		if relaxed {
			time.Sleep(5 * time.Millisecond)
		} else {
			time.Sleep(30 * time.Millisecond)
			go note()
		}
		ask.Store(true)
		start := clock()
		if raw {
			syscall.RawSyscall(syscall.SYS_NANOSLEEP, uintptr(unsafe.Pointer(&call)), 0, 0)
		} else {
			syscall.Nanosleep(&call, nil)
		}
		end := clock()
		for ask.Load() {
			time.Sleep(time.Microsecond)
		}
		out = append(out, fmt.Sprintf("[%d, %d]", noted.Load()-start, end-start))
	}
	fmt.Printf("[%s]\n", strings.Join(out, ", "))
}
