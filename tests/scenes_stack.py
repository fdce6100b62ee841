"""Programs about stacks whose results were recorded, as goroutine bodies; the frames of the recorded functions.

What was recorded as "used" is the distance from the stack's upper end to a local variable.  Where in its frame that
lies (LOCAL bytes above SP) and what the goroutine's own function needs (OWN) was not recorded; the two make up the
144 bytes of the first row, and the same pair fits every other row and frame size.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gmp_lab import Config, Program, Recording, chan, go, log, recv, simulate, sleep
from gmp_lab import vocabulary as v
from gmp_lab.runtime.mloop import Machine
from gmp_lab.runtime.runtime2 import G
from gmp_lab.runtime.stackscan import gcScanStacks
from gmp_lab.stacks import call, recurse, ret, set_max_stack, stack

OWN = 56
LOCAL = {"go1.27.3": 16, "go1.23.9": 16, "go1.19.8": 24}
KIB = 1024
CYCLE = 1000  # log(CYCLE + n): the stack part of the n-th collection is due


def collecting(also: Callable[[Machine, int], None] | None = None) -> Callable[[Machine, Any], None]:
    """An observer that does the stack part of a collection after each log(CYCLE + n), then also(runtime, n)."""
    seen = 0

    def observe(runtime: Machine, rows: list[Any]) -> None:
        nonlocal seen
        runtime.check()
        for row in rows[seen:]:
            if row[1] == v.E_LOG and row[5] >= CYCLE:
                gcScanStacks(runtime)
                runtime.check()
                if also is not None:
                    also(runtime, row[5] - CYCLE)
        seen = len(rows)

    return observe


def size_of(gp: G) -> int:
    return 2048 if gp.stack is None else gp.stack.hi - gp.stack.lo


def run(main: Any, *args: Any, observe: Any = None, **settings: Any) -> Recording:
    config = Config(**{"gomaxprocs": 1} | settings)
    return simulate(config, Program(main, *args), observe=observe or (lambda runtime, rows: runtime.check()))


def growth(frame: int, depth: int, local: int, go_version: str = "1.27") -> tuple[list[int], list[int], list[int]]:
    """e7a: recursion with frame - 8 bytes of frame; depths, sizes and used at depth 0 and after each growth."""
    depths: list[int] = []
    sizes: list[int] = []
    used: list[int] = []

    def main() -> Any:
        yield call(frame=OWN)
        for d in range(depth + 1):
            yield call(frame=frame - 8)
            b = yield stack()
            if not sizes or b.size != sizes[-1]:
                depths.append(d)
                sizes.append(b.size)
                used.append(b.used - local)

    run(main, go=go_version)
    return depths, sizes, used


def shrinking(kb: int, cycles: int = 10, go_version: str = "1.27") -> list[int]:
    """e7b: a goroutine holds kb KiB, returns and waits in a receive; its stack's size after each collection."""
    sizes: list[int] = []

    def worker(c: Any) -> Any:
        yield call(frame=OWN)
        yield call(frame=kb * KIB + 32)
        yield ret()
        yield recv(c)

    def main() -> Any:
        yield go(worker, chan())
        yield sleep(us=50)
        for n in range(1, cycles + 1):
            yield log(CYCLE + n)
            yield sleep(us=50)

    def note(runtime: Machine, n: int) -> None:
        sizes.append(size_of(runtime.allgs[1]))

    rec = run(main, observe=collecting(note), go=go_version)
    first = next(e for e in rec if e.kind == v.E_STACK_GROW)
    return [v.stack_unpack(first.arg)[0], *sizes]


def starting(kb: int, rounds: int = 4, go_version: str = "1.27", **settings: Any) -> list[int]:
    """e7c: 1000 goroutines wait with kb KiB in use; the size of a fresh goroutine's stack after 0, 1, 2, ... cycles.

    The first collection of a process starts its mark workers, one for each P; they stay.
    """
    sizes: list[int] = []

    def deep(c: Any) -> Any:
        yield call(frame=OWN)
        yield call(frame=kb * KIB + 32)
        yield recv(c)

    def worker(c: Any) -> Any:
        yield recv(c)

    def fresh() -> Any:
        b = yield stack()
        sizes.append(b.size)

    def main() -> Any:
        c = chan()
        for _ in range(1000):
            yield go(deep, c)
        yield sleep(ms=5)
        for n in range(rounds):
            if n == 1:
                yield go(worker, c)
                yield sleep(us=50)
            if n:
                yield log(CYCLE + n)
                yield sleep(us=50)
            yield go(fresh)
            yield sleep(us=50)

    run(main, observe=collecting(), go=go_version, **settings)
    return sizes


def overflow(frame: int, own: int, limit: int | None = None) -> tuple[Recording, list[tuple[int, int]]]:
    """A recursion without an end: the run, and (size, depth) of each growth; depths count from 0."""
    cost = frame

    def main() -> Any:
        if limit is not None:
            yield set_max_stack(limit)
        yield call(frame=own)
        yield recurse(1 << 20, frame=frame - 8)

    rec = run(main)
    below = 32 + 8 + own + 8  # newproc1's bytes, goexit's return address, the own frame, a return address
    grown = [v.stack_unpack(e.arg) for e in rec if e.kind == v.E_STACK_GROW]
    return rec, [(size, (used - below) // cost) for size, used in grown]
