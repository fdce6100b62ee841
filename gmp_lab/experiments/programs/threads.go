// How many threads a process makes while k goroutines are in a blocking system call and n wait on a channel.
// Arguments: k, n. Prints the numbers of threads made before and until they all wait.
package main

import (
	"fmt"
	"os"
	"runtime/pprof"
	"strconv"
	"time"
)

func main() {
	k, _ := strconv.Atoi(os.Args[1])
	n, _ := strconv.Atoi(os.Args[2])
	made := func() int { return pprof.Lookup("threadcreate").Count() }
	never := make(chan int)
	time.Sleep(20 * time.Millisecond)
	before := made()
	for i := 0; i < k; i++ {
		go block(300_000_000)
	}
	for i := 0; i < n; i++ {
		go func() { <-never }()
	}
	time.Sleep(100 * time.Millisecond)
	fmt.Println("new_threads:", made()-before)
}
