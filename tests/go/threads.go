// Ground truth e4a: how many threads a process has while k goroutines are in a blocking read. Linux.
// Argument: k. The pipes are in blocking mode, so that the netpoller has no part in it. Prints the counts of threads.
package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// threads counts the threads of this process, once the number has stood still for 60 ms.
func threads() int {
	for last, still := 0, 0; ; time.Sleep(20 * time.Millisecond) {
		status, _ := os.ReadFile("/proc/self/status")
		_, rest, _ := strings.Cut(string(status), "Threads:")
		now, _ := strconv.Atoi(strings.Fields(rest)[0])
		if now != last {
			last, still = now, 0
		} else if still++; still == 3 {
			return now
		}
	}
}

func main() {
	k, _ := strconv.Atoi(os.Args[1])
	var pipe [2]int
	if err := syscall.Pipe(pipe[:]); err != nil {
		panic(err)
	}
	base := threads()
	var peak, after [2]int
	for round := range peak {
		var wg sync.WaitGroup
		wg.Add(k)
		for i := 0; i < k; i++ {
			go func() {
				syscall.Read(pipe[0], make([]byte, 1))
				wg.Done()
			}()
		}
		peak[round] = threads()
		syscall.Write(pipe[1], make([]byte, k))
		wg.Wait()
		after[round] = threads()
	}
	fmt.Printf("{\"base\": %d, \"peak\": %d, \"after\": %d, \"peak2\": %d}\n", base, peak[0], after[0], peak[1])
}
