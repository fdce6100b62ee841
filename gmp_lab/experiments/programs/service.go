// How late the requests of a service begin, beside goroutines that only compute. 200 requests a second, 200 us each.
// Arguments: how many such goroutines, and for how many ms. Prints quantiles of start minus due time, in 10 ms.
package main

import (
	"fmt"
	"math/rand"
	"os"
	"sort"
	"strconv"
	"sync"
	"time"
)

func main() {
	hogs, _ := strconv.Atoi(os.Args[1])
	ms, _ := strconv.Atoi(os.Args[2])
	for i := 0; i < hogs; i++ {
		go func() {
			for {
			}
		}()
	}
	var mu sync.Mutex
	var late []float64
	draw := rand.New(rand.NewSource(1))
	gap := func() time.Duration { return time.Duration(draw.ExpFloat64() * float64(5*time.Millisecond)) }
	due := time.Now()
	end := due.Add(time.Duration(ms) * time.Millisecond)
	for due = due.Add(gap()); due.Before(end); {
		time.Sleep(time.Until(due))
		for now := time.Now(); !due.After(now) && due.Before(end); due = due.Add(gap()) {
			was := due
			go func() {
				began := time.Now()
				mu.Lock()
				late = append(late, began.Sub(was).Seconds()*100)
				mu.Unlock()
				for time.Since(began) < 200*time.Microsecond {
				}
			}()
		}
	}
	time.Sleep(200 * time.Millisecond)
	mu.Lock()
	sort.Float64s(late)
	fmt.Println("requests:", len(late))
	for _, q := range []int{50, 90, 99} {
		fmt.Printf("p%d_10ms: %.4f\n", q, late[len(late)*q/100])
	}
}
