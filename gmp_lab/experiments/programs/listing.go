// Three loops: without a call, with a call of a small leaf, with a call of a function that calls on.
// What matters is the compiler's listing of them; main only keeps them in the program.
package main

import "fmt"

//go:noinline
func leaf(x int) int { return x*3 + 1 }

//go:noinline
func caller(x int) int { return leaf(x) + leaf(x+1) }

//go:noinline
func free(n int) (x int) {
	for i := 0; i < n; i++ {
		x = x*3 + 1
	}
	return x
}

//go:noinline
func leafs(n int) (x int) {
	for i := 0; i < n; i++ {
		x = leaf(x)
	}
	return x
}

//go:noinline
func calls(n int) (x int) {
	for i := 0; i < n; i++ {
		x = caller(x)
	}
	return x
}

func main() { fmt.Println(free(3), leafs(3), calls(3)) }
