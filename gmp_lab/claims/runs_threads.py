"""Runs about threads, queues and the search for work, for the checks of sections 2.2 to 2.4."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

from gmp_lab import vocabulary as v
from gmp_lab.claims.check import shared
from gmp_lab.claims.runs import counted, run, run_workload, seen
from gmp_lab.claims.runs_basic import MS, states, task
from gmp_lab.recording import Event
from gmp_lab.workload import (
    Body,
    WaitGroup,
    go,
    gosched,
    lock_os_thread,
    log,
    sleep,
    syscall,
    unlock_os_thread,
    work,
)

# --- threads --------------------------------------------------------------------------------------------------------


def bursts(rounds: int, calls: int) -> Body:
    """So many goroutines enter a blocking call at once; again and again, with a pause."""
    wg = WaitGroup()

    def blocked() -> Body:
        yield syscall(ms=5)
        yield wg.Done()

    for i in range(rounds):
        yield wg.Add(calls)
        for _ in range(calls):
            yield go(blocked)
        yield wg.Wait()
        yield log(i)
        yield sleep(ms=1)


@shared
def threads_after(rounds: int = 4, calls: int = 10) -> tuple[tuple[int, ...], int]:
    """How many threads there were after each round, and how often an idle one was started again."""
    rec = run(bursts, rounds, calls, gomaxprocs=2)
    made = [e.t for e in seen(rec, v.E_M_NEW)]
    after = tuple(sum(t <= at for t in made) for at, _, _ in rec.logs())
    return after, counted(rec, v.E_M_START) - len(made) + 2  # the first thread and sysmon are not started


def roams(locked: bool) -> Body:
    """Five goroutines that compute and step aside, again and again; the first may be locked to its thread."""
    wg = WaitGroup()

    def traveller(us: int, lock: bool) -> Body:
        if lock:
            yield lock_os_thread()
        for _ in range(30):
            yield work(us=us)
            yield gosched()
        if lock:
            yield unlock_os_thread()
        yield wg.Done()

    yield wg.Add(5)
    for i in range(5):
        yield go(traveller, 50 + 17 * i, locked and i == 0)
    yield wg.Wait()


@shared
def threads_of_one(locked: bool) -> tuple[int, int]:
    """How often the traveller (the first goroutine after main) was executed, and on how many threads."""
    found = seen(run(roams, locked, gomaxprocs=2), v.E_EXECUTE, g=2)
    return len(found), len({e.m for e in found})


def sleepers(n: int) -> Body:
    """Goroutines that sleep: there is nothing else to do."""
    wg = WaitGroup()

    def one(i: int) -> Body:
        for _ in range(10):
            yield sleep(us=300 + 10 * i)
        yield wg.Done()

    yield wg.Add(n)
    for i in range(n):
        yield go(one, i)
    yield wg.Wait()


def where_threads_wait(kind: str) -> tuple[int, int]:
    """How often a thread went to sleep on its futex, and in the poller, in a program of sleepers or of calls."""
    rec = run(sleepers, 4, gomaxprocs=2) if kind == "timers" else run(bursts, 4, 10, gomaxprocs=2)
    return counted(rec, v.E_M_PARK), counted(rec, v.E_POLL_BLOCK)


@shared
def idle_thread() -> tuple[list[str], list[str]]:
    """What a thread does that finds nothing, from spinning to parking, and how it is started again, in words."""
    rec = run(bursts, 2, 4, gomaxprocs=2)
    events = list(rec)
    parked = next(e for e in events if e.kind == v.E_M_PARK and _spun(events, e))
    at = events.index(parked)
    begin = max(i for i in range(at) if events[i].kind == v.E_SPIN and events[i].arg == 1 and events[i].m == parked.m)
    p = next(e.p for e in events[begin:at] if e.kind == v.E_RELEASE_P and e.m == parked.m)
    mine = [e for e in events[begin : at + 1] if e.m == parked.m or (e.kind == v.E_PIDLE_PUT and e.p == p)]
    up = [e for e in events[at + 1 :] if e.m == parked.m and e.kind in (v.E_M_START, v.E_M_WAKE, v.E_ACQUIRE_P)][:3]
    down = [f"spin {'begins' if e.arg else 'ends'}" if e.kind == v.E_SPIN else e.name for e in mine]
    return down, [f"{e.name} with P {e.p}" if e.p >= 0 else e.name for e in up]


def _spun(events: list[Event], parked: Event) -> bool:
    mine = [e for e in events if e.m == parked.m and e.t <= parked.t]
    return any(e.kind == v.E_SPIN and e.arg == 1 for e in mine) and any(e.kind == v.E_M_START for e in mine)


# --- the global queue -----------------------------------------------------------------------------------------------


class Ticks(NamedTuple):
    """Executes that began a slice (ticks), those of them taken from the global queue at a 61st tick, and the gaps."""

    ticks: int
    at_61: int
    gaps: tuple[int, ...]
    local: int


@shared
def ticks() -> Ticks:
    """Tasks that step aside all the time: the global queue is never empty, and neither is the local one."""
    rec = run(_both_full, gomaxprocs=1, until_ns=60 * MS)
    began = [e.arg & 15 for e in seen(rec, v.E_EXECUTE) if not e.arg & v.INHERIT]
    at = [i for i, source in enumerate(began) if source == v.SRC_GLOBAL61]
    gaps = tuple(b - a for a, b in pairwise(at))
    return Ticks(len(began), len(at), gaps, sum(source == v.SRC_LOCAL for source in began))


def _both_full() -> Body:
    """600 tasks: 256 lie in the ring, the others in the global queue; each runs once."""
    wg = WaitGroup()
    yield wg.Add(1200)
    for i in range(1200):
        yield go(task, i, wg, 10)
    yield wg.Wait()


@shared
def batch() -> tuple[int, int, int]:
    """How many goroutines lay in the global queue when the only P was out of work, how many it took; and of 3 Ps."""
    rec = run(_both_full, gomaxprocs=1)
    for e, state in states(rec):
        if e.kind == v.E_GLOB_GET:
            return len(state.runq) + e.arg, e.arg, counted(rec, v.E_OVERFLOW)
    raise LookupError("no batch")


# --- stealing -------------------------------------------------------------------------------------------------------


class Lone(NamedTuple):
    """What a thief does about one goroutine in the runnext of a busy P: it slept, stole, and took a runnext."""

    slept: int
    stolen: int
    runnexts: int


def _one_waits(ring: int) -> Body:
    """Main starts one more goroutine than lie in the ring and computes on; the other P is free."""
    wg = WaitGroup()
    yield wg.Add(ring + 1)
    for i in range(ring + 1):
        yield go(task, i, wg, 5)
    yield work(us=300)
    yield wg.Wait()


@shared
def lone(ring: int) -> tuple[Lone, int]:
    """The first theft from main's P, which has a runnext and so many in its ring; and how many were taken at once."""
    rec = run(_one_waits, ring, gomaxprocs=2)
    thefts = seen(rec, v.E_STEAL)
    _, n, _ = v.steal_unpack(thefts[0].arg)
    runnexts = sum(v.steal_unpack(e.arg)[2] for e in thefts)
    return Lone(counted(rec, v.E_STEAL_SLEEP), len(thefts), runnexts), n


@shared
def spinning() -> tuple[int, int]:
    """In a mix on eight Ps: spinning threads at most, and how often more than half of the busy Ps had one."""
    rec = run_workload("steady_mix", (("goroutines", 24), ("bursts", 30)), gomaxprocs=8)
    most, over, was = 0, 0, 0
    for e, state in states(rec):
        if e.kind == v.E_SPIN and e.arg and state.nmspinning > was:
            most = max(most, state.nmspinning)
            busy = len(state.ps) - len(state.pidle)
            over += 2 * (state.nmspinning - 1) >= busy
        was = state.nmspinning
    return most, over


def hit_rate(workload: str, **params: float) -> float:
    """Of all executes of a workload on four Ps, the share (in percent) that came out of the P's own queue."""
    rec = run_workload(workload, tuple(params.items()), gomaxprocs=4)
    sources = [e.arg & 15 for e in seen(rec, v.E_EXECUTE)]
    return 100 * sum(source in (v.SRC_RUNNEXT, v.SRC_LOCAL) for source in sources) / len(sources)
