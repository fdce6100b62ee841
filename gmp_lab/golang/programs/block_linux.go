package main

import "syscall"

// block sleeps in a system call of which the scheduler is told, as it is of a read from a disk.
func block(ns int64) {
	t := syscall.NsecToTimespec(ns)
	syscall.Nanosleep(&t, nil)
}
