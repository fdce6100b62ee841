package main

import "syscall"

var sleep = syscall.NewLazyDLL("kernel32.dll").NewProc("Sleep")

// block sleeps in a system call of which the scheduler is told; Windows counts in whole milliseconds.
func block(ns int64) { sleep.Call(uintptr((ns + 500_000) / 1_000_000)) }
