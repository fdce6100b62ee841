// Ground truth e13: how often a goroutine of the global queue gets its turn while the local ring never empties. One P.
// Arguments: chains (goroutines of the local ring), globals (goroutines that call Gosched in a loop), turns to watch.
// Prints how many local goroutines ran between two turns, and whose turns they were. The first turn of each global
// goroutine is left out: it comes from the local ring, into which main's go statement has put it.
package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
)

var (
	local int // executions from the local ring
	whose []int
	gaps  []int
	turns int
)

// step keeps the ring filled: its successor is kicked out of runnext to the ring's tail by an empty goroutine.
func step() {
	local++
	if len(whose) < turns {
		go step()
		go func() {}()
	}
}

func number(i int) int {
	n, _ := strconv.Atoi(os.Args[i])
	return n
}

func list(numbers []int) string { return strings.ReplaceAll(fmt.Sprint(numbers), " ", ", ") }

func main() {
	chains, globals := number(1), number(2)
	turns = number(3) + globals
	var wg sync.WaitGroup
	wg.Add(globals)
	last := 0
	for i := 0; i < globals; i++ {
		go func(i int) {
			for len(whose) < turns {
				whose = append(whose, i)
				gaps = append(gaps, local-last)
				last = local
				runtime.Gosched()
			}
			wg.Done()
		}(i)
	}
	for i := 0; i < chains; i++ {
		go step()
	}
	wg.Wait()
	fmt.Printf("{\"gaps\": %s, \"whose\": %s}\n", list(gaps[globals+1:]), list(whose[globals:]))
}
