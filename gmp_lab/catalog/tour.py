"""Eight small programs to look at: what states and traces of goroutines, Ps and threads they show."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from gmp_lab.catalog.basic import fan_out, hogs_and_victims, ping_pong, pipeline, steady_mix
from gmp_lab.catalog.blocking import callers
from gmp_lab.catalog.memory import allocators
from gmp_lab.errors import check_choice, check_int
from gmp_lab.sync import Mutex
from gmp_lab.workload import Body, Program, WaitGroup, go, work


def _locks(n: int) -> Program:
    return Program(_locks_main, n, name="locks")


def _locks_main(n: int) -> Body:
    mu, wg = Mutex(), WaitGroup()
    yield wg.Add(n)
    for _ in range(n):
        yield go(_locker, mu, wg)
    yield wg.Wait()


def _locker(mu: Mutex, wg: WaitGroup) -> Body:
    for _ in range(10):
        yield mu.Lock()
        yield work(us=30)
        yield mu.Unlock()
        yield work(us=30)
    yield wg.Done()


WORKLOADS: Final[dict[str, Callable[[int], Program]]] = {
    "bursts, calls, meetings": lambda n: steady_mix(goroutines=n),
    "fan-out": lambda n: fan_out(tasks=n),
    "ping-pong": lambda n: ping_pong(pairs=(n + 1) // 2, rounds=20, work_us=10),
    "hogs and victims": lambda n: hogs_and_victims(hogs=2, victims=n, turns=5),
    "pipeline": lambda n: pipeline(stages=n, items=20),
    "one Mutex": _locks,
    "network": lambda n: callers(goroutines=n, way="network"),
    "garbage collector": lambda n: allocators(allocators=min(n, 32), ms=20),
}


def tour(workload: str = "bursts, calls, meetings", goroutines: int = 8) -> Program:
    """One of the programs of WORKLOADS, by name, with so many (1 to 1000) goroutines that do its work."""
    check_choice("workload", workload, tuple(WORKLOADS))
    made = WORKLOADS[workload](check_int("goroutines", goroutines, 1, 1000))
    params = {"workload": workload, "goroutines": goroutines}
    return Program(made.main, *made.args, name="tour", params=params)
