// Loops of several lengths and kinds, none with a call, and one with a call of a function that calls on.
// What matters is the compiler's listing of them; main only keeps them in the program.
package main

import "fmt"

//go:noinline
func leaf(x int) int { return x*3 + 1 }

//go:noinline
func caller(x int) int { return leaf(x) + leaf(x+1) }

//go:noinline
func ten(x int) int {
	for i := 0; i < 10; i++ {
		x = x*3 + 1
	}
	return x
}

//go:noinline
func sixteen(x int) int {
	for i := 0; i < 16; i++ {
		x = x*3 + 1
	}
	return x
}

//go:noinline
func hundred(x int) int {
	for i := 0; i < 100; i++ {
		x = x*3 + 1
	}
	return x
}

//go:noinline
func ranged(s []int) (x int) {
	for _, y := range s {
		x = x*3 + y
	}
	return x
}

//go:noinline
func indexed(s []int, n int) (x int) {
	for i := 0; i < n; i++ {
		x = x*3 + s[i]
	}
	return x
}

//go:noinline
func nested(n int) (x int) {
	for i := 0; i < n; i++ {
		for j := 0; j < 10; j++ {
			x = x*3 + j
		}
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

func main() {
	s := []int{1, 2, 3}
	fmt.Println(ten(1), sixteen(1), hundred(1), ranged(s), indexed(s, 3), nested(3), calls(3))
}
