"""Workloads that need memory: deep stacks, and a heap with garbage."""

from __future__ import annotations

from typing import Any, Final

from gmp_lab.catalog.numbers import number
from gmp_lab.errors import check_choice, check_int
from gmp_lab.heap import alloc, gc
from gmp_lab.stacks import call, check_frame, recurse, ret
from gmp_lab.workload import LOOP_KINDS, Body, Program, WaitGroup, go, now, sleep, work

MIB: Final = 1 << 20
_OBJECT: Final = 512  # bytes of an object that is allocated in a loop
_GROUP: Final = 64  # so many at a time


def deep_calls(
    goroutines: int = 4, depth: int = 60, frame: int = 120, loop_calls: int = 0, collections: int = 3,
    rounds: int = 2,
) -> Program:  # fmt: skip
    """Goroutines that go ``depth`` calls deep, call ``loop_calls`` times there, come back, sleep, dive again.

    Each function has a frame of ``frame`` bytes (a multiple of 8).  In each round main starts new goroutines and
    calls runtime.GC() ``collections`` times, 2 ms apart: it halves stacks of which less than a quarter is used.  The
    last one finds them deep.
    """
    check_int("goroutines", goroutines, 1, 10_000)
    check_int("depth", depth, 0, 1_000_000)
    check_frame("frame", frame)
    check_int("loop_calls", loop_calls, 0, 100_000)
    check_int("collections", collections, 0, 1000)
    check_int("rounds", rounds, 1, 1000)
    params = {
        "goroutines": goroutines, "depth": depth, "frame": frame, "loop_calls": loop_calls,
        "collections": collections, "rounds": rounds,
    }  # fmt: skip
    return Program(_deep_main, *params.values(), name="deep_calls", params=params)


def _deep_main(goroutines: int, depth: int, frame: int, loop_calls: int, collections: int, rounds: int) -> Body:
    for _ in range(rounds):
        wg = WaitGroup()
        yield wg.Add(goroutines)
        for _ in range(goroutines):
            yield go(_diver, wg, depth, frame, loop_calls, 2 * max(0, collections - 1))
        yield sleep(us=500)
        for _ in range(collections):
            yield gc()
            yield sleep(ms=2)
        yield wg.Wait()


def _diver(wg: WaitGroup, depth: int, frame: int, loop_calls: int, rest_ms: int) -> Body:
    yield call(frame=24)
    yield recurse(depth, frame=frame)
    for _ in range(loop_calls):
        yield call(frame=frame)
        yield ret()
    yield work(us=20)
    if depth:
        yield ret(depth)
    yield sleep(ms=rest_ms)
    yield recurse(depth, frame=frame)
    yield sleep(ms=3)
    yield ret(depth + 1)
    yield wg.Done()


def allocators(
    allocators: int = 2, live_mib: int = 4, rate_mib_s: float = 500, ms: int = 40, loop: str = "free",
    loop_ms: int = 0,
) -> Program:  # fmt: skip
    """Goroutines that allocate garbage for ``ms`` milliseconds beside a live heap of live_mib MiB.

    rate_mib_s   how much each would allocate in a second if it never had to wait or assist, 1..10,000 MiB
    loop_ms      if not 0: one goroutine more that computes in loops of so many ms, of this kind ("free": stopped by
                 the signal; "nosplit": cannot be stopped, so a stop of the world waits for its end; see ``work``)
    """
    check_int("allocators", allocators, 1, 1000)
    check_int("live_mib", live_mib, 0, 1024, "MiB")
    rate = number("rate_mib_s", rate_mib_s, 1, 10_000, "MiB/s")
    check_int("ms", ms, 1, 10_000, "ms")
    check_choice("loop", loop, LOOP_KINDS)
    check_int("loop_ms", loop_ms, 0, 1000, "ms")
    params = {
        "allocators": allocators, "live_mib": live_mib, "rate_mib_s": rate_mib_s, "ms": ms, "loop": loop,
        "loop_ms": loop_ms,
    }  # fmt: skip
    step_ns = round(_OBJECT * _GROUP / (rate * MIB) * 1e9)
    args = (live_mib, step_ns, ms * 1_000_000, loop, loop_ms)
    return Program(_allocators_main, allocators, args, name="allocators", params=params)


def _allocators_main(allocators: int, args: tuple[Any, ...]) -> Body:
    live_mib, step_ns, run_ns, loop, loop_ms = args
    for _ in range(live_mib):
        yield alloc(bytes=64, n=MIB // 64, scan=8, keep=True)
    yield gc()
    wg, began = WaitGroup(), (yield now())
    end = began + run_ns
    yield wg.Add(allocators)
    for _ in range(allocators):
        yield go(_allocator, wg, step_ns, end)
    if loop_ms:
        yield go(_looper, loop, loop_ms, end)
    yield wg.Wait()


def _allocator(wg: WaitGroup, step_ns: int, end: int) -> Body:
    spent = 0  # what allocating itself took counts as time of the step
    t: int = yield now()
    while t < end:
        yield alloc(bytes=_OBJECT, n=_GROUP, scan=0)
        after: int = yield now()
        spent = after - t
        yield work(ns=max(1, step_ns - spent))
        t = yield now()
    yield wg.Done()


def _looper(loop: str, loop_ms: int, end: int) -> Body:
    while (yield now()) < end:
        yield work(ms=loop_ms, loop=loop)
