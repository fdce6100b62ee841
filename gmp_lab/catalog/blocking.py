"""Workloads that block: in system calls, and for the network."""

from __future__ import annotations

from typing import Any, Final

from gmp_lab.catalog.numbers import number, us
from gmp_lab.errors import check_choice, check_int
from gmp_lab.net import arrives, conn, read
from gmp_lab.stream import Stream
from gmp_lab.workload import Body, Program, WaitGroup, go, gosched, syscall, work

WAYS: Final = ("system call", "network")


def callers(
    goroutines: int = 8, burst_us: float = 50, call_percent: float = 50, call_us: float = 500,
    way: str = "system call", rounds: int = 10, seed: int = 1,
) -> Program:  # fmt: skip
    """Goroutines that compute burst_us and then, in call_percent of their rounds, wait call_us for the outside.

    ``way``: "system call" (blocks the thread) or "network" (a read that parks the goroutine in the poller); the other
    rounds end in runtime.Gosched.  Times are means of exponential distributions.
    """
    check_int("goroutines", goroutines, 1, 100_000)
    check_int("rounds", rounds, 1, 1_000_000)
    check_int("seed", seed, 0, 2**63 - 1)
    check_choice("way", way, WAYS)
    percent = number("call_percent", call_percent, 0, 100, "%")
    params = {
        "goroutines": goroutines, "burst_us": burst_us, "call_percent": call_percent, "call_us": call_us, "way": way,
        "rounds": rounds, "seed": seed,
    }  # fmt: skip
    args = (us("burst_us", burst_us), percent, us("call_us", call_us), way, rounds, seed)
    return Program(_callers_main, goroutines, args, name="callers", params=params)


def _callers_main(goroutines: int, args: tuple[Any, ...]) -> Body:
    wg = WaitGroup()
    yield wg.Add(goroutines)
    for i in range(goroutines):
        yield go(_caller, i, wg, *args)
    yield wg.Wait()


def _caller(i: int, wg: WaitGroup, burst: int, percent: float, call: int, way: str, rounds: int, seed: int) -> Body:
    draw, wire = Stream(seed, i), conn()
    for _ in range(rounds):
        yield work(ns=draw.exponential(burst))
        if not draw.percent(percent):
            yield gosched()
        elif way == "network":
            yield arrives(wire, ns=draw.exponential(call))
            yield read(wire)
        else:
            yield syscall(ns=draw.exponential(call))
    yield wg.Done()


def backlog(
    callers: int = 4, call_percent: float = 100, call_us: float = 200, runnable: int = 8, burst_us: float = 50,
    rounds: int = 20, seed: int = 1,
) -> Program:  # fmt: skip
    """``callers`` make blocking system calls while ``runnable`` others only want to compute.

    Each of the callers has ``rounds`` rounds of burst_us (mean) and, in call_percent of them, a call of exactly
    call_us; each of the others computes ``rounds`` bursts and calls runtime.Gosched after each.
    """
    check_int("callers", callers, 1, 10_000)
    check_int("runnable", runnable, 0, 10_000)
    check_int("rounds", rounds, 1, 1_000_000)
    check_int("seed", seed, 0, 2**63 - 1)
    percent = number("call_percent", call_percent, 0, 100, "%")
    params = {
        "callers": callers, "call_percent": call_percent, "call_us": call_us, "runnable": runnable,
        "burst_us": burst_us, "rounds": rounds, "seed": seed,
    }  # fmt: skip
    args = (us("burst_us", burst_us), percent, us("call_us", call_us), rounds, seed)
    return Program(_backlog_main, callers, runnable, args, name="backlog", params=params)


def _backlog_main(callers: int, runnable: int, args: tuple[Any, ...]) -> Body:
    wg = WaitGroup()
    burst, rounds, seed = args[0], args[3], args[4]
    yield wg.Add(callers + runnable)
    for i in range(callers):
        yield go(_in_calls, i, wg, *args)
    for i in range(runnable):
        yield go(_computing, callers + i, wg, burst, rounds, seed)
    yield wg.Wait()


def _in_calls(i: int, wg: WaitGroup, burst: int, percent: float, call: int, rounds: int, seed: int) -> Body:
    draw = Stream(seed, i)
    for _ in range(rounds):
        yield work(ns=draw.exponential(burst))
        if draw.percent(percent):
            yield syscall(ns=call)
    yield wg.Done()


def _computing(i: int, wg: WaitGroup, burst: int, rounds: int, seed: int) -> Body:
    draw = Stream(seed, i)
    for _ in range(rounds):
        yield work(ns=draw.exponential(burst))
        yield gosched()
    yield wg.Done()
