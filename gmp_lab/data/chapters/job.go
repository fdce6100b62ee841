// Where does the time of a goroutine go? A job needs a price, a lock, the disk and the CPU; two reports compute beside it.
// Argument: the file for the execution trace. The call before it makes sysmon look often, as it does in a quiet process.
package main

import (
	"os"
	"runtime/trace"
	"sync"
	"time"
)

func main() {
	rounds = calibrated()
	block(30_000_000)
	file, _ := os.Create(os.Args[1])
	trace.Start(file)
	var mu sync.Mutex
	prices, done := make(chan int), make(chan bool)
	go keeper(&mu)
	go feed(prices)
	go job(prices, &mu, done)
	<-done
	trace.Stop()
	file.Close()
}

func job(prices chan int, mu *sync.Mutex, done chan bool) {
	compute(2)
	<-prices
	mu.Lock()
	mu.Unlock()
	for i := 0; i < 2; i++ {
		go report()
	}
	block(5_000_000)
	compute(1)
	done <- true
}

func feed(prices chan int) {
	compute(3)
	prices <- 1
}

func keeper(mu *sync.Mutex) {
	mu.Lock()
	block(10_000_000)
	mu.Unlock()
}

func report() { compute(30) }

var rounds, sum int // rounds of the loop below in a millisecond

func compute(ms int) {
	for i := 0; i < ms*rounds; i++ {
		sum += i ^ sum
	}
}

// calibrated counts the rounds in a millisecond, of several tries the quickest: then nobody else was on the CPU.
func calibrated() int {
	rounds = 100_000
	quickest := time.Hour
	for i := 0; i < 20; i++ {
		start := time.Now()
		compute(1)
		quickest = min(quickest, time.Since(start))
	}
	return int(100_000 * time.Millisecond / quickest)
}
