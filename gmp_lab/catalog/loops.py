"""Workloads for preemption: loops of a length and kind beside goroutines that need little."""

from __future__ import annotations

from typing import Any

from gmp_lab.catalog.numbers import number, us
from gmp_lab.errors import check_bool, check_int
from gmp_lab.heap import read_mem_stats
from gmp_lab.stream import Stream
from gmp_lab.workload import Body, Program, WaitGroup, go, gosched, log, now, sleep, syscall, work

_PERIOD_NS = 100_000  # in which a loop of unsafe_loops is unsafe once
_NEED_NS = 100_000  # what a victim computes in each turn
_SLEEP_NS = 1_000_000  # before it


def loops(
    workers: int = 4, loop_us: float = 20_000, calls: int = 0, syscall_percent: float = 0, rounds: int = 5,
    seed: int = 1,
) -> Program:  # fmt: skip
    """``workers`` that loop for loop_us, ``rounds`` times, and then give way or make a system call.

    calls            function calls in each iteration, 0..10: with any, the loop meets checks in function prologues
    syscall_percent  share of the loops that are followed by a system call of 50 us; the others by runtime.Gosched
    """
    check_int("workers", workers, 1, 1000)
    check_int("calls", calls, 0, 10)
    check_int("rounds", rounds, 1, 100_000)
    check_int("seed", seed, 0, 2**63 - 1)
    percent = number("syscall_percent", syscall_percent, 0, 100, "%")
    params = {
        "workers": workers, "loop_us": loop_us, "calls": calls, "syscall_percent": syscall_percent, "rounds": rounds,
        "seed": seed,
    }  # fmt: skip
    args = (us("loop_us", loop_us), "call" if calls else "free", percent, rounds, seed)
    return Program(_loops_main, workers, args, name="loops", params=params)


def _loops_main(workers: int, args: tuple[Any, ...]) -> Body:
    wg = WaitGroup()
    yield wg.Add(workers)
    for i in range(workers):
        yield go(_worker, i, wg, *args)
    yield wg.Wait()


def _worker(i: int, wg: WaitGroup, ns: int, loop: str, percent: float, rounds: int, seed: int) -> Body:
    draw = Stream(seed, i)
    for _ in range(rounds):
        yield work(ns=ns, loop=loop)
        if draw.percent(percent):
            yield syscall(us=50)
        else:
            yield gosched()
    yield wg.Done()


def unsafe_loops(hogs: int = 2, loop_us: float = 30_000, unsafe_percent: int = 50, rounds: int = 4) -> Program:
    """``hogs`` with ``rounds`` loops of loop_us, which cannot be stopped during unsafe_percent of each 100 us."""
    check_int("hogs", hogs, 1, 1000)
    check_int("unsafe_percent", unsafe_percent, 0, 100, "%")
    check_int("rounds", rounds, 1, 10_000)
    params = {"hogs": hogs, "loop_us": loop_us, "unsafe_percent": unsafe_percent, "rounds": rounds}
    args = (us("loop_us", loop_us), unsafe_percent, rounds)
    return Program(_unsafe_main, hogs, *args, name="unsafe_loops", params=params)


def _unsafe_main(hogs: int, ns: int, percent: int, rounds: int) -> Body:
    wg = WaitGroup()
    yield wg.Add(hogs)
    for _ in range(hogs):
        yield go(_partly_unsafe, wg, ns, percent, rounds)
    yield wg.Wait()


def _partly_unsafe(wg: WaitGroup, ns: int, percent: int, rounds: int) -> Body:
    closed = _PERIOD_NS * percent // 100
    for _ in range(rounds):
        left = ns
        while left > 0:
            yield work(ns=min(left, closed), loop="unsafe")
            yield work(ns=max(0, min(left, _PERIOD_NS) - closed))
            left -= _PERIOD_NS
        yield gosched()
    yield wg.Done()


def tight_loops(
    loop_us: float = 30_000, hogs: int = 1, victims: int = 2, turns: int = 10, stops: bool = False
) -> Program:
    """``hogs`` run loops of loop_us without calls for ever; the victims sleep 1 ms and need 100 us, ``turns`` times.

    After each sleep a victim writes with ``log`` how late it goes on, in us.  (Since 1.14 that is more than its
    scheduling latency: its P runs the timer when it schedules, so a loop delays the timer, too.)

    stops   a further goroutine stops the world (runtime.ReadMemStats) every 5 ms
    """
    check_int("hogs", hogs, 0, 1000)
    check_int("victims", victims, 1, 1000)
    check_int("turns", turns, 1, 100_000)
    check_bool("stops", stops)
    params = {"loop_us": loop_us, "hogs": hogs, "victims": victims, "turns": turns, "stops": stops}
    return Program(
        _tight_main, us("loop_us", loop_us, 1), hogs, victims, turns, stops, name="tight_loops", params=params
    )


def _tight_main(ns: int, hogs: int, victims: int, turns: int, stops: bool) -> Body:
    wg = WaitGroup()
    yield wg.Add(victims)
    for _ in range(hogs):
        yield go(_hog, ns)
    for _ in range(victims):
        yield go(_victim, wg, turns)
    if stops:
        yield go(_stopper)
    yield wg.Wait()


def _hog(ns: int) -> Body:
    while True:
        yield work(ns=ns)
        yield gosched()


def _victim(wg: WaitGroup, turns: int) -> Body:
    for _ in range(turns):
        slept: int = yield now()
        yield sleep(ns=_SLEEP_NS)
        woke: int = yield now()
        yield log((woke - slept - _SLEEP_NS) // 1000)
        yield work(ns=_NEED_NS)
    yield wg.Done()


def _stopper() -> Body:
    while True:
        yield sleep(ms=5)
        yield read_mem_stats()
