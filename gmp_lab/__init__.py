"""gmp_lab: the goroutine scheduler of Go, simulated function by function, for a course on it."""

__version__ = "0.1.0"
