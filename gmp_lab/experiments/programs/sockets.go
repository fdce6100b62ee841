// How many threads a process makes while n goroutines wait for data from the network.
// Argument: n. Prints the number of threads made meanwhile, and how many goroutines have got their byte in the end.
package main

import (
	"fmt"
	"net"
	"os"
	"runtime/pprof"
	"strconv"
	"sync"
	"time"
)

func main() {
	n, _ := strconv.Atoi(os.Args[1])
	made := func() int { return pprof.Lookup("threadcreate").Count() }
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	var near, far []net.Conn
	for i := 0; i < n; i++ {
		c, err := net.Dial("tcp", server.Addr().String())
		if err != nil {
			panic(err)
		}
		s, err := server.Accept()
		if err != nil {
			panic(err)
		}
		near, far = append(near, c), append(far, s)
	}
	time.Sleep(20 * time.Millisecond)
	before := made()
	var wg sync.WaitGroup
	wg.Add(n)
	got := make([]int, n)
	for i, c := range near {
		go func() {
			got[i], _ = c.Read(make([]byte, 1))
			wg.Done()
		}()
	}
	time.Sleep(100 * time.Millisecond)
	during := made()
	for _, s := range far {
		s.Write([]byte{1})
	}
	wg.Wait()
	woken := 0
	for _, bytes := range got {
		woken += bytes
	}
	fmt.Println("new_threads:", during-before)
	fmt.Println("woken:", woken)
}
