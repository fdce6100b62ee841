// The order in which n goroutines run that one loop has started. One P.
// Arguments: n, and how often main calls Gosched before the loop.
package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
)

func main() {
	n, _ := strconv.Atoi(os.Args[1])
	k, _ := strconv.Atoi(os.Args[2])
	order := make([]int32, 0, n)
	var wg sync.WaitGroup
	for i := 0; i < k; i++ {
		runtime.Gosched()
	}
	wg.Add(n)
	for i := 0; i < n; i++ {
		go func() {
			order = append(order, int32(i))
			wg.Done()
		}()
	}
	wg.Wait()
	for _, i := range order {
		fmt.Print(i, " ")
	}
}
