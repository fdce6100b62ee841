// The twin of gmp_lab.catalog.steady_mix: goroutines that compute in bursts; after each burst a goroutine makes a
// blocking system call, or else it meets its neighbour over a channel. The lengths are drawn as in gmp_lab.stream, so
// that goroutine i has the very same bursts and calls as in the simulation.
// Arguments: goroutines, mean burst in ns, share of system calls in 1/100 percent, mean call in ns, bursts of each
// goroutine, seed, fixed (1: all lengths are the mean). Run with GODEBUG=schedtrace=N to see the queues.
// Prints the time that it took, and the sums of all bursts and calls, in ns.
package main

import (
	"fmt"
	"math"
	"math/bits"
	"os"
	"runtime"
	"strconv"
	"sync"
	"time"
)

// A stream of random numbers: a linear congruential generator, started by splitmix64's mixing function.
type stream struct{ state, step uint64 }

const gamma = 0x9E3779B97F4A7C15

func scramble(z uint64) uint64 {
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}

func newStream(seed, key int64) *stream {
	start := scramble(uint64(seed)+gamma) ^ uint64(key)
	return &stream{state: scramble(start), step: scramble(start+gamma) | 1}
}

func (s *stream) bits() uint64 {
	s.state = s.state*0xF9B25D65 + s.step
	return s.state
}

func (s *stream) share(hundredths int64) bool {
	high, _ := bits.Mul64(s.bits(), 10_000)
	return high < uint64(hundredths)
}

func (s *stream) exponential(mean int64) int64 { return mean * quantiles[s.bits()>>54] >> 20 }

// quantiles holds -ln(1 - (i + 1/2) / 1024), scaled to the mean 1, times 2^20.
var quantiles [1024]int64

func init() {
	var raw [1024]float64
	sum := 0.0
	for i := range raw {
		raw[i] = -math.Log(1 - (float64(i)+0.5)/1024)
		sum += raw[i]
	}
	for i := range raw {
		quantiles[i] = int64(math.RoundToEven(raw[i] / (sum / 1024) * (1 << 20)))
	}
}

// turns computes for a while; it calls nothing, so only a signal can stop it.
//
//go:noinline
func turns(n int64) (x uint64) {
	for ; n > 0; n-- {
		x = x*6364136223846793005 + uint64(n)
	}
	return x
}

var perTurn = math.Inf(1) // ns; the best of some tries, for the CPU may be shared

func calibrate() {
	for range 20 {
		start := time.Now()
		turns(100_000)
		perTurn = min(perTurn, float64(time.Since(start))/100_000)
	}
}

func compute(ns int64) { turns(int64(float64(ns) / perTurn)) }

type settings struct{ burst, percent, call, bursts, seed, fixed int64 }

func (s settings) length(from *stream, mean int64) int64 {
	if s.fixed == 1 {
		return mean
	}
	return from.exponential(mean)
}

// worker returns how long its bursts and its calls were to last. meet is nil for one that has no neighbour.
func worker(i int64, meet chan bool, s settings) (computed, called int64) {
	own := newStream(s.seed, i)
	pair := newStream(s.seed, -1-i/2) // both neighbours decide alike when to meet
	for range s.bursts {
		burst := s.length(own, s.burst)
		compute(burst)
		computed += burst
		switch {
		case pair.share(s.percent):
			call := s.length(own, s.call)
			block(call)
			called += call
		case meet == nil:
			runtime.Gosched()
		case i%2 == 0:
			meet <- true
		default:
			<-meet
		}
	}
	return computed, called
}

func number(i int) int64 {
	n, err := strconv.ParseInt(os.Args[i], 10, 64)
	if err != nil {
		panic(err)
	}
	return n
}

func main() {
	n := number(1)
	s := settings{number(2), number(3), number(4), number(5), number(6), number(7)}
	sums := make([][2]int64, n)
	calibrate()
	start := time.Now()
	var wg sync.WaitGroup
	var meet chan bool
	wg.Add(int(n))
	for i := range n {
		if i%2 == 0 {
			meet = nil
			if i+1 < n {
				meet = make(chan bool)
			}
		}
		go func(meet chan bool) {
			sums[i][0], sums[i][1] = worker(i, meet, s)
			wg.Done()
		}(meet)
	}
	wg.Wait()
	elapsed := time.Since(start)
	var computed, called int64
	for _, sum := range sums {
		computed += sum[0]
		called += sum[1]
	}
	fmt.Println(int64(elapsed), computed, called)
}
