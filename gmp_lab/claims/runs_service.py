"""Runs of a service, under quotas and settings, that checks share: each is made once.

A function here makes no judgement; it says what happened, in numbers.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from gmp_lab import vocabulary as v
from gmp_lab.catalog import callers, service
from gmp_lab.claims.runs_queues import MS, kinds
from gmp_lab.config import Config
from gmp_lab.cycles import cycles
from gmp_lab.heap import NO_LIMIT, alloc
from gmp_lab.metrics import CpuStat, calls, cpu_stat, latency
from gmp_lab.simulate import simulate
from gmp_lab.workload import Body, Program, WaitGroup, go, gomaxprocs, work


class Served(NamedTuple):
    """Requests of a service: how many, response times in ms, the share that missed 8 ms; the wait to run, p99, ms."""

    requests: int
    p50: float
    p99: float
    missed: float
    waited_p99: float
    times_us: tuple[int, ...]
    stat: CpuStat


LIMIT_US = 8000  # the time-out of the article's tool


@cache
def served(  # noqa: PLR0913, PLR0917  # a workload is a function of its numbers
    hogs: int = 0, procs: int = 1, cores: int = 0, quota_us: int | None = None, arrivals: int = 500,
    service_us: int = 200, ms: int = 1000,
) -> Served:  # fmt: skip
    """``arrivals`` requests a second beside ``hogs`` that only compute; as many cores as Ps if not told."""
    config = Config(gomaxprocs=procs, cores=cores or procs, quota_us=quota_us, until_ns=10_000 * MS)
    rec = simulate(config, service(arrivals, service_us, hogs, 1_000_000, ms=ms))
    times = sorted(us for _, _, us in rec.logs())
    n = len(times)
    return Served(
        n, times[n // 2] / 1000, times[n * 99 // 100] / 1000, sum(us > LIMIT_US for us in times) / n,
        latency(rec).p99_ns / MS, tuple(times), cpu_stat(rec),
    )  # fmt: skip


@cache
def fail_over() -> tuple[int, float]:
    """Ps taken from blocking calls, and the longest time from the beginning of such a call until then, in ms."""
    program = callers(goroutines=16, call_percent=100, call_us=20_000, rounds=5)
    found = [one for one in calls(simulate(Config(gomaxprocs=2), program)) if one.taken_ns >= 0]
    return len(found), max(one.taken_ns for one in found) / MS


@cache
def threads_for(way: str) -> int:
    """Threads that 64 goroutines make which wait for the outside, by "system call" or by "network"."""
    program = callers(goroutines=64, call_percent=100, call_us=2_000, way=way, rounds=3)
    return kinds(simulate(Config(gomaxprocs=4), program), v.E_M_NEW)


class Drained(NamedTuple):
    """GOMAXPROCS from 8 to 2: Ps that went, goroutines moved off them, how many were started and ended in all."""

    ps: int
    moved: int
    started: int
    ended: int


@cache
def drained() -> Drained:
    """400 tasks wait on 8 Ps; then there are 2."""

    def task(wg: WaitGroup) -> Body:
        yield work(us=200)
        yield wg.Done()

    def main() -> Body:
        wg = WaitGroup()
        yield wg.Add(400)
        for _ in range(400):
            yield go(task, wg)
        yield work(ms=1)
        yield gomaxprocs(2)
        yield wg.Wait()

    rec = simulate(Config(gomaxprocs=8), Program(main))
    gone = [e.arg for e in rec if e.kind == v.E_P_DESTROY]
    moved = sum(arg % v.DESTROY_NEXT + arg // v.DESTROY_NEXT for arg in gone)
    ended = sum(e.kind == v.E_EXIT and rec.g_name(e.g) == "task" for e in rec)
    return Drained(len(gone), moved, sum(name == "task" for name in rec.g_names), ended)


@cache
def limited(limit_mib: int = 0) -> tuple[int, int]:
    """One P, GOGC=off: cycles of the collector, and MiB of the largest heap, under a memory limit (0: none)."""

    def main() -> Body:
        for _ in range(64):
            yield alloc(bytes=512, n=2048, scan=0)

    limit = limit_mib << 20 if limit_mib else NO_LIMIT
    rec = simulate(Config(gomaxprocs=1, gogc=-1, gomemlimit=limit), Program(main))
    return len(cycles(rec)), max(e.arg for e in rec if e.kind == v.E_GC_HEAP) >> 10
