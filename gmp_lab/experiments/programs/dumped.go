// How a goroutine dump shows who is in a system call, and who waits for the network. Prints the dump.
package main

import (
	"fmt"
	"net"
	"runtime"
	"time"
)

func caller()                 { block(300_000_000) }
func acceptor(l net.Listener) { l.Accept() }

func main() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go caller()
	go acceptor(l)
	time.Sleep(50 * time.Millisecond)
	dump := make([]byte, 1<<20)
	fmt.Print(string(dump[:runtime.Stack(dump, true)]))
}
