// Does a local variable keep its address while its goroutine's stack grows?
// Arguments: depths of recursion. Prints for each whether the address was another one afterwards (1) or not (0).
package main

import (
	"fmt"
	"os"
	"strconv"
	"unsafe"
)

//go:noinline
func deeper(depth int) byte {
	var frame [500]byte
	frame[depth%500] = byte(depth)
	if depth == 0 {
		return frame[0]
	}
	return frame[depth%7] + deeper(depth-1)
}

//go:noinline
func address(x *int) uintptr { return uintptr(unsafe.Pointer(x)) }

func moved(depth int) int {
	x := 1
	before := address(&x)
	deeper(depth)
	if address(&x) != before {
		return 1
	}
	return 0
}

func main() {
	fmt.Print("moved:")
	for _, arg := range os.Args[1:] {
		depth, _ := strconv.Atoi(arg)
		done := make(chan int)
		go func() { done <- moved(depth) }()
		fmt.Print(" ", <-done)
	}
	fmt.Println()
}
