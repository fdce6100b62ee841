//go:build !unix

package main

// enter does nothing here: on Windows calls go through functions of the runtime that have checks of their own.
//
//go:nosplit
func enter() {}
