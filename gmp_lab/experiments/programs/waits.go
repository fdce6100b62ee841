// How a goroutine dump names what goroutines wait for. Prints the dump.
package main

import (
	"fmt"
	"runtime"
	"sync"
	"time"
)

func receiver(c chan int)       { <-c }
func sender(c chan int)         { c <- 1 }
func nilReceiver(c chan int)    { <-c }
func selector(a, b chan int)    { chooser(a, b) }
func sleeper()                  { time.Sleep(time.Hour) }
func locker(mu *sync.Mutex)     { mu.Lock() }
func reader(mu *sync.RWMutex)   { mu.RLock() }
func writer(mu *sync.RWMutex)   { mu.Lock() }
func waiter(wg *sync.WaitGroup) { wg.Wait() }
func listener(c *sync.Cond)     { c.L.Lock(); c.Wait() }
func chooser(a, b chan int) (v int) {
	select {
	case v = <-a:
	case v = <-b:
	}
	return v
}

func main() {
	var mu, other sync.Mutex
	var rw sync.RWMutex
	var wg sync.WaitGroup
	mu.Lock()
	rw.Lock()
	wg.Add(1)
	go receiver(make(chan int))
	go sender(make(chan int))
	go nilReceiver(nil)
	go selector(make(chan int), make(chan int))
	go sleeper()
	go locker(&mu)
	go reader(&rw)
	go writer(&rw)
	go waiter(&wg)
	go listener(sync.NewCond(&other))
	time.Sleep(50 * time.Millisecond)
	dump := make([]byte, 1<<20)
	fmt.Print(string(dump[:runtime.Stack(dump, true)]))
}
