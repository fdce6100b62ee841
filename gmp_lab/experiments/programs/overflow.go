// What Go says when a stack has reached its limit. Argument: the limit in bytes.
package main

import (
	"fmt"
	"os"
	"runtime/debug"
	"strconv"
)

//go:noinline
func down(n int) int { return down(n+1) + 1 }

func main() {
	limit, _ := strconv.Atoi(os.Args[1])
	debug.SetMaxStack(limit)
	fmt.Println(down(0))
}
