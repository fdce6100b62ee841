// Which P runs how many of the tasks that one goroutine makes. Arguments: tasks, length of each in us.
// Prints the shares of the Ps, the largest first, and the elapsed time over that of one P.
package main

import (
	"fmt"
	"os"
	"runtime"
	"sort"
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

func main() {
	tasks, _ := strconv.Atoi(os.Args[1])
	us, _ := strconv.Atoi(os.Args[2])
	counts := make([]atomic.Int64, runtime.GOMAXPROCS(0))
	var wg sync.WaitGroup
	wg.Add(tasks)
	start := time.Now()
	for i := 0; i < tasks; i++ {
		go func() {
			p := procPin()
			procUnpin()
			counts[p].Add(1)
			for t := time.Now(); time.Since(t) < time.Duration(us)*time.Microsecond; {
			}
			wg.Done()
		}()
	}
	wg.Wait()
	elapsed := time.Since(start)
	shares := make([]float64, len(counts))
	for i := range counts {
		shares[i] = float64(counts[i].Load()) / float64(tasks)
	}
	sort.Sort(sort.Reverse(sort.Float64Slice(shares)))
	fmt.Print("shares:")
	for _, share := range shares {
		fmt.Printf(" %.4f", share)
	}
	fmt.Printf("\nelapsed_over_serial: %.4f\n", elapsed.Seconds()*1e6/float64(tasks*us))
}
