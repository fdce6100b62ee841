"""Runs about queues and stealing that checks share: each is made once, and what it showed is kept.

A function here makes no judgement; it says what happened, in numbers.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final, NamedTuple

from gmp_lab import twins
from gmp_lab import vocabulary as v
from gmp_lab.catalog import skewed, steady_mix
from gmp_lab.config import Config, Costs
from gmp_lab.metrics import measured, sources, steals
from gmp_lab.recording import Recording
from gmp_lab.simulate import simulate
from gmp_lab.workload import Body, Program, WaitGroup, go, log, work

MS: Final = 1_000_000
LOCK_NS: Final = 500  # what-if: so long the scheduler's lock is held for each goroutine from the global queue


def value(rec: Recording, name: str) -> float:
    """One of the measures, by name."""
    return measured(rec, [name])[0][1]


def kinds(rec: Recording, kind: int, arg: int | None = None) -> int:
    """How many events of a kind (with this argument) there are."""
    return sum(e.kind == kind and arg in (None, e.arg) for e in rec)


# --- one queue or many --------------------------------------------------------------------------------------------


class Queues(NamedTuple):
    """A mix of goroutines under one version's queues: time in us, the wait for the lock in % of all Ps' time."""

    us: float
    lock_percent: float
    from_global: int
    from_local: int
    stolen: int


@cache
def queues(go_version: str, procs: int) -> Queues:
    """128 goroutines that meet in pairs after 1 us of computing, with a price for the scheduler's lock."""
    config = Config(gomaxprocs=procs, cores=procs, go=go_version, costs=Costs(sched_lock=LOCK_NS))
    rec = simulate(config, steady_mix(goroutines=128, burst_us=1, syscall_percent=0, bursts=40))
    found = sources(rec)
    shared = found["global"] + found["global (61st tick)"]
    lock = value(rec, "waiting for the scheduler's lock")
    return Queues(rec.end_ns / 1000, lock, shared, found["local"] + found["runnext"], steals(rec).count)


def speedup(go_version: str, procs: int) -> float:
    """How much faster than on one core."""
    return queues(go_version, 1).us / queues(go_version, procs).us


@cache
def started(procs: int, goroutines: int) -> tuple[tuple[int, ...], int]:
    """The order in which goroutines ran that one loop had started, and how many of them ended."""
    wg = WaitGroup()

    def one(i: int) -> Body:
        yield log(i)
        yield work(us=20)
        yield wg.Done()

    def main() -> Body:
        yield wg.Add(goroutines)
        for i in range(goroutines):
            yield go(one, i)
        yield wg.Wait()

    rec = simulate(Config(gomaxprocs=procs), Program(main))
    return tuple(twins.noted(rec)), sum(e.kind == v.E_EXIT and rec.g_name(e.g) == "one" for e in rec)


# --- stealing -----------------------------------------------------------------------------------------------------


class Theft(NamedTuple):
    """Who took how many from a ring, and whether it was the runnext."""

    thief: int
    victim: int
    taken: int
    runnext: bool


class Thefts(NamedTuple):
    """What a thief of ``steal.go`` did: the order in which it ran what it took, and its thefts."""

    order: tuple[int, ...]
    thefts: tuple[Theft, ...]


def _thefts(rec: Recording) -> tuple[Theft, ...]:
    found = ((e.p, *v.steal_unpack(e.arg)) for e in rec if e.kind == v.E_STEAL)
    return tuple(Theft(*one) for one in found)


@cache
def thefts(n: int = 17, steal: str = "half") -> Thefts:
    """main starts n goroutines on P0 and never lets go of it: P1 has to take them all."""
    rec = simulate(Config(gomaxprocs=2, steal=steal), twins.steal(n))
    ours = [one for one in _thefts(rec) if one.victim == 0]
    guard = next(i for i, one in enumerate(ours) if one.runnext)  # before main began to start them
    return Thefts(tuple(twins.noted(rec)), tuple(ours[guard + 1 :]))


class Spread(NamedTuple):
    """Tasks that all began on one P: how many each P ran, the time in us, the number of thefts, who was robbed."""

    ran: tuple[int, ...]
    us: float
    thefts: int
    victims: int

    @property
    def busiest(self) -> float:
        """The busiest P over the average."""
        return max(self.ran) / (sum(self.ran) / len(self.ran))


@cache
def spread(steal: str = "half", procs: int = 4, tasks: int = 200) -> Spread:
    """Tasks of 50 us, all started on one P."""
    rec = simulate(Config(gomaxprocs=procs, steal=steal, until_ns=60_000 * MS), skewed(tasks=tasks))
    ran = [0] * procs
    for e in rec:
        if e.kind == v.E_EXIT and rec.g_name(e.g) == "task":
            ran[e.p] += 1
    found = _thefts(rec)
    return Spread(tuple(ran), rec.end_ns / 1000, len(found), len({one.victim for one in found}))


class Search(NamedTuple):
    """Threads that looked for work: most at once, how many Ps there are, how often one gave up and parked."""

    most: int
    procs: int
    parked: int


@cache
def search(procs: int = 16) -> Search:
    """Four goroutines for each P, all started on one: the other threads look for work."""
    most = 0

    def look(rt: Any, _: object) -> None:
        nonlocal most
        most = max(most, rt.sched.nmspinning)

    program = steady_mix(goroutines=4 * procs, burst_us=50, syscall_percent=0, bursts=10)
    rec = simulate(Config(gomaxprocs=procs), program, observe=look)
    return Search(most, procs, kinds(rec, v.E_M_PARK))


def robbed_self() -> tuple[int, int]:
    """How many thefts there were among four Ps, and how many of them by a P from itself."""
    rec = simulate(Config(gomaxprocs=4), skewed(tasks=200))
    found = _thefts(rec)
    return len(found), sum(one.thief == one.victim for one in found)
