"""The heap for goroutine bodies: allocate, let go, collect::

    yield alloc(bytes=64, n=1000, scan=8, keep=True)   # 1000 objects of 64 bytes that stay reachable
    yield alloc(bytes=512)                             # garbage at once
    yield drop(bytes=64_000)                           # so much of what was kept is reachable no more
    yield gc()                                         # runtime.GC()
    m = yield read_mem_stats()                         # runtime.ReadMemStats, as a MemStats

A program here says itself what stays reachable; the collector finds just that.  What is allocated while it marks
counts as reachable until the next cycle, as in Go.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from gmp_lab.errors import check_bool, check_int
from gmp_lab.workload import OP_ALLOC, OP_DROP, OP_GC, OP_READ_MEM, OP_SET_GC, Op

MAX_BYTES: Final = 1 << 40  # of one allocation, and of a limit
NO_LIMIT: Final = (1 << 63) - 1  # math.MaxInt64: no memory limit
SET_PERCENT: Final = 0
SET_LIMIT: Final = 1


class MemStats(NamedTuple):
    """What the collector has done so far; bytes, and CPU time in ns as runtime/metrics counts it.

    The times are brought up to date at the end of each cycle.
    """

    heap_live: int  # /gc/heap/live and what was allocated since
    heap_marked: int  # what the last cycle found reachable
    next_gc: int  # the goal of the next cycle
    total_alloc: int
    num_gc: int
    num_forced_gc: int
    pause_total_ns: int
    assist_ns: int
    dedicated_ns: int  # dedicated and fractional workers
    idle_ns: int
    pause_cpu_ns: int  # the pauses, times GOMAXPROCS
    last_enabled: int  # cycle in which the CPU limiter last switched on; 0: never

    @property
    def gc_cpu_ns(self) -> int:
        """/cpu/classes/gc/total: assists, workers and pauses."""
        return self.assist_ns + self.dedicated_ns + self.idle_ns + self.pause_cpu_ns


def alloc(*, bytes: int, n: int = 1, scan: int | None = None, keep: bool = False) -> Op:
    """Allocate n objects of so many bytes, of which ``scan`` may hold pointers (None: all; 0: none).

    ``keep=True``: they stay reachable until ``drop``.  One call stands for n calls of the allocator in a row.
    """
    size = check_int("alloc(bytes)", bytes, 1, MAX_BYTES, "bytes")
    many = check_int("alloc(n)", n, 1, 1 << 30)
    scanned = size if scan is None else check_int("alloc(scan)", scan, 0, size, "bytes")
    return (OP_ALLOC, size, many, scanned, check_bool("alloc(keep)", keep))


def drop(*, bytes: int, n: int = 1, scan: int | None = None) -> Op:
    """Let go of n objects that ``alloc(..., keep=True)`` made with the same sizes: the next cycle frees them."""
    size = check_int("drop(bytes)", bytes, 1, MAX_BYTES, "bytes")
    many = check_int("drop(n)", n, 1, 1 << 30)
    return (OP_DROP, size, many, size if scan is None else check_int("drop(scan)", scan, 0, size, "bytes"))


def gc() -> Op:
    """runtime.GC(): a whole cycle, with its sweep; the caller waits for it."""
    return (OP_GC,)


def set_gc_percent(percent: int) -> Op:
    """debug.SetGCPercent: ``old = yield set_gc_percent(200)``; -1 is off."""
    return (OP_SET_GC, SET_PERCENT, check_int("set_gc_percent(percent)", percent, -1, 100_000, "percent"))


def set_memory_limit(limit: int) -> Op:
    """debug.SetMemoryLimit: ``old = yield set_memory_limit(64 << 20)`` in bytes; NO_LIMIT: none; -1 only asks."""
    return (OP_SET_GC, SET_LIMIT, check_int("set_memory_limit(limit)", limit, -1, NO_LIMIT, "bytes"))


def read_mem_stats() -> Op:
    """runtime.ReadMemStats: stops the world: ``m = yield read_mem_stats()``, a MemStats."""
    return (OP_READ_MEM,)
