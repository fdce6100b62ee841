"""A service: requests arrive at random, each a goroutine; loops compute beside them."""

from __future__ import annotations

from typing import Any

from gmp_lab.catalog.numbers import number, us
from gmp_lab.errors import check_int
from gmp_lab.stream import Stream
from gmp_lab.workload import Body, Program, WaitGroup, go, gosched, log, now, sleep, syscall, work


def service(
    arrivals_per_s: int = 1000, service_us: float = 200, hogs: int = 1, loop_us: float = 20_000,
    syscall_percent: float = 0, ms: int = 200, seed: int = 1, slo_us: int = 10_000,
) -> Program:  # fmt: skip
    """For ``ms`` milliseconds requests arrive (exponential gaps), each a goroutine that computes service_us (mean).

    Each request writes its response time in us, from when it was due to its end, with ``log``.  In syscall_percent of
    them a system call of 100 us follows the computing.  ``hogs`` run loops of loop_us without calls beside them.
    slo_us, the service level objective (99 % of the responses within it), changes nothing in the run: it is kept in
    the recording's params, for those who measure against it.
    """
    rate = check_int("arrivals_per_s", arrivals_per_s, 1, 1_000_000)
    check_int("hogs", hogs, 0, 1000)
    check_int("ms", ms, 1, 100_000, "ms")
    check_int("seed", seed, 0, 2**63 - 1)
    check_int("slo_us", slo_us, 1, 10_000_000, "us")
    percent = number("syscall_percent", syscall_percent, 0, 100, "%")
    params = {
        "arrivals_per_s": arrivals_per_s, "service_us": service_us, "hogs": hogs, "loop_us": loop_us,
        "syscall_percent": syscall_percent, "ms": ms, "seed": seed, "slo_us": slo_us,
    }  # fmt: skip
    args = (1_000_000_000 // rate, us("service_us", service_us), percent, ms * 1_000_000, seed)
    return Program(_service_main, hogs, us("loop_us", loop_us, 1), args, name="service", params=params)


def _service_main(hogs: int, loop_ns: int, args: tuple[Any, ...]) -> Body:
    gap, service_ns, percent, run_ns, seed = args
    for _ in range(hogs):
        yield go(_hog, loop_ns)
    draw, each, wg = Stream(seed, 1), Stream(seed, 2), WaitGroup()
    due: int = yield now()
    end = due + run_ns
    due += draw.exponential(gap)
    while due < end:
        t: int = yield now()
        if due > t:
            yield sleep(ns=due - t)
        yield wg.Add(1)
        yield go(_request, due, each.exponential(service_ns), each.percent(percent), wg)
        due += draw.exponential(gap)
    yield wg.Wait()


def _request(due: int, ns: int, calls: bool, wg: WaitGroup) -> Body:
    yield work(ns=ns)
    if calls:
        yield syscall(us=100)
    ended: int = yield now()
    yield log((ended - due) // 1000)
    yield wg.Done()


def _hog(ns: int) -> Body:
    while True:
        yield work(ns=ns)
        yield gosched()
