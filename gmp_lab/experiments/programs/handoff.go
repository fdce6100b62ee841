// How long the next goroutine waits when the running one enters a blocking system call. One P.
// Arguments: length of the call in us, how often. Prints for each the wait as a share of the call.
package main

import (
	"fmt"
	"os"
	"strconv"
	"time"
)

func main() {
	us, _ := strconv.Atoi(os.Args[1])
	times, _ := strconv.Atoi(os.Args[2])
	fmt.Print("wait_over_call:")
	for i := 0; i < times; i++ {
		time.Sleep(30 * time.Millisecond)
		began := make(chan time.Time, 1)
		go func() { began <- time.Now() }()
		start := time.Now()
		block(int64(us) * 1000)
		end := time.Now()
		fmt.Printf(" %.4f", float64((<-began).Sub(start))/float64(end.Sub(start)))
	}
	fmt.Println()
}
