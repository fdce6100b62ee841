// What GOMAXPROCS is if nobody sets it. Prints CPUs and GOMAXPROCS.
package main

import (
	"fmt"
	"runtime"
)

func main() {
	fmt.Println("cpus:", runtime.NumCPU())
	fmt.Println("gomaxprocs:", runtime.GOMAXPROCS(0))
}
