"""Runs about stops of the world and the collector that checks share: each is made once.

A function here makes no judgement; it says what happened, in numbers.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from gmp_lab import vocabulary as v
from gmp_lab.claims.runs_queues import MS, kinds
from gmp_lab.config import Config
from gmp_lab.cycles import cycles
from gmp_lab.heap import alloc, gc, read_mem_stats
from gmp_lab.recording import Recording
from gmp_lab.replay import state_after
from gmp_lab.simulate import simulate
from gmp_lab.workload import Body, Program, go, log, now, sleep, syscall, work

# --- stopping the world -------------------------------------------------------------------------------------------


class Stop(NamedTuple):
    """One stop of the world by runtime.ReadMemStats, from the request to the stop.

    ``how`` counts the Ps by who stopped them (GCSTOP_*), ``asked`` is how often the loop was asked to stop, ``loop``
    the status of its goroutine when all stood still (1 runnable, 4 waiting, 6 dead), ``next`` whether it stood in the
    runnext of its P then; ``rings`` the lengths of all rings before and after; ``ran`` what was executed or marked
    between stop and start.
    """

    us: float
    how: dict[int, int]
    by_others: int  # running Ps whose status somebody else changed
    asked: int
    loop: int
    next: bool
    parked: int
    rings: tuple[tuple[int, ...], tuple[int, ...]]
    ran: int


def _stopping(loop: str, loop_ms: int) -> Program:
    def hog() -> Body:
        yield work(ms=loop_ms, loop=loop)

    def caller() -> Body:
        yield syscall(ms=30)

    def queued() -> Body:
        yield work(us=10)

    def main() -> Body:
        yield go(hog)
        yield go(caller)
        yield sleep(ms=2)
        for _ in range(5):
            yield go(queued)
        yield read_mem_stats()
        yield sleep(ms=40)

    return Program(main)


@cache
def stop(loop: str = "free", loop_ms: int = 20, go_version: str = "1.27", off: bool = False) -> Stop:
    """Four Ps: one asks for the stop, one runs a loop, one is in a system call, one is idle."""
    rec = simulate(Config(gomaxprocs=4, go=go_version, asyncpreemptoff=off), _stopping(loop, loop_ms))
    at = {kind: next(i for i, e in enumerate(rec) if e.kind == kind)
          for kind in (v.E_STW_STOP, v.E_STW_STOPPED, v.E_STW_START)}  # fmt: skip
    began, stood, start = at.values()
    way, still = list(rec)[began : stood + 1], list(rec)[stood : start + 1]
    before, then = state_after(rec, began), state_after(rec, stood + 1)
    hog = rec.g_names.index("hog") + 1
    how = {arg: sum(e.kind == v.E_GCSTOP and e.arg == arg for e in way) for arg in range(4)}
    running = {p.id for p in before.ps if p.status == 1 and p.m >= 0 and before.ms[p.m].doing == "running"}
    others = sum(e.kind == v.E_GCSTOP and e.arg != v.GCSTOP_SELF and e.p in running - {rec[began].p} for e in way)
    ran = sum(e.kind in (v.E_EXECUTE, v.E_GC_WORKER) for e in still)
    rings = tuple(tuple(len(p.runq) for p in s.ps) for s in (before, then))
    return Stop(
        (rec[stood].t - rec[began].t) / 1000, how, others, sum(e.kind == v.E_PREEMPT and e.g == hog for e in way),
        then.gs[hog].status, any(p.runnext == hog for p in then.ps), sum(e.kind == v.E_PARK for e in way),
        (rings[0], rings[1]), ran,
    )  # fmt: skip


# --- the collector ------------------------------------------------------------------------------------------------


class Collected(NamedTuple):
    """Cycles that allocation began; times in us, shares of all Ps' time while marking was on.

    ``assists`` counts their beginnings, ``outside`` those that began while nothing was being marked, ``steps`` the
    allocations (of 32 KiB) while it was; ``who`` are the goroutines that assisted, ``workers`` how often a worker
    began to mark, ``while_stopped`` how often while the world stood still; ``stops`` the stops of the world,
    ``mean_stop`` their mean length; ``fullest`` the largest heap at the end of marking over its goal; ``waited`` how
    often somebody waited in the queue of assists; ``mark_mib_s`` how much is marked in a second of one P's time.
    """

    cycles: int
    background: float
    idle: float
    assist_us: float
    assists: int
    outside: int
    steps: int
    who: frozenset[str]
    workers: int
    stops: int
    mean_stop: float
    fullest: float
    waited: int
    heap_over_trigger: int
    while_stopped: int
    mark_mib_s: float


def _program(count: int, rate_mib_s: int, ms: int, other: bool) -> Program:
    step_ns = round(512 * 64 / (rate_mib_s * (1 << 20)) * 1e9)

    def allocator() -> Body:
        end = (yield now()) + ms * MS
        while (yield now()) < end:
            yield alloc(bytes=512, n=64, scan=0)
            yield log(1)
            yield work(ns=step_ns)

    def bystander() -> Body:
        yield work(ms=ms)

    def main() -> Body:
        for _ in range(4):
            yield alloc(bytes=64, n=(1 << 20) // 64, scan=8, keep=True)
        yield gc()
        for _ in range(count):
            yield go(allocator)
        if other:
            yield go(bystander)
        yield sleep(ms=ms)

    return Program(main)


@cache
def collected(  # noqa: PLR0913, PLR0917  # a workload is a function of its numbers
    count: int = 2, rate_mib_s: int = 500, ms: int = 40, procs: int = 4, gogc: int = 100, other: bool = False
) -> Collected:
    """``count`` goroutines allocate so much each, beside a live heap of 4 MiB and perhaps one that only computes."""
    rec = simulate(Config(gomaxprocs=procs, gogc=gogc), _program(count, rate_mib_s, ms, other))
    done = [c for c in cycles(rec) if not c.userForced]
    marking = sum(c.tMarkTerm - c.tMark for c in done) * procs or 1
    worked = sum(c.dedicatedMarkTime + c.fractionalMarkTime + c.idleMarkTime + c.assistTime for c in done) or 1
    stops = [ns for c in done for ns in (c.tMark - c.tSweepTerm, c.tEnd - c.tMarkTerm)]
    assists, steps = _assists(rec)
    return Collected(
        cycles=len(done), background=sum(c.dedicatedMarkTime + c.fractionalMarkTime for c in done) / marking,
        idle=sum(c.idleMarkTime for c in done) / marking, assist_us=sum(c.assistTime for c in done) / 1000,
        assists=len(assists), outside=sum(phase != v.GC_MARK for phase, _ in assists), steps=steps,
        who=frozenset(name for _, name in assists), workers=sum(e.kind == v.E_GC_WORKER and e.arg > 0 for e in rec),
        stops=len(stops), mean_stop=sum(stops) / 1000 / max(1, len(stops)),
        fullest=max((c.heap1 / c.lastHeapGoal for c in done), default=0.0),
        waited=kinds(rec, v.E_PARK, v.WAIT_NO["GC assist wait"]),
        heap_over_trigger=sum(c.heap1 > c.heap0 for c in done), while_stopped=_while_stopped(rec),
        mark_mib_s=sum(c.heap2 for c in done) / (1 << 20) / (worked / 1e9),
    )  # fmt: skip


def _while_stopped(rec: Recording) -> int:
    """How many workers began to mark between a stop of the world and its start."""
    stands, found = False, 0
    for e in rec:
        if e.kind in (v.E_STW_STOPPED, v.E_STW_START):
            stands = e.kind == v.E_STW_STOPPED
        found += stands and e.kind == v.E_GC_WORKER and e.arg > 0
    return found


def _assists(rec: Recording) -> tuple[list[tuple[int, str]], int]:
    """The phase in which each assist began with who assisted, and how many allocations there were while marking."""
    phase, found, steps = v.GC_OFF, [], 0
    for e in rec:
        if e.kind == v.E_GC_PHASE:
            phase = e.arg
        elif e.kind == v.E_GC_ASSIST and e.arg:
            found.append((phase, rec.g_name(e.g)))
        elif e.kind == v.E_LOG and phase == v.GC_MARK:
            steps += 1
    return found, steps


class Drains(NamedTuple):
    """Assists one by one, in us: the longest, and of those that were asked to stop, the longest time until then."""

    number: int
    longest: float
    asked: int
    until_stopped: float


@cache
def drains(ms: int = 40) -> Drains:
    """Eight goroutines that allocate as fast as they can, on four Ps."""
    rec = simulate(Config(gomaxprocs=4), _program(8, 2000, ms, False))
    since: dict[int, int] = {}
    request: dict[int, int] = {}
    lengths, stopped = [], []
    for e in rec:
        if e.kind == v.E_GC_ASSIST and e.arg:
            since[e.g] = e.t
        elif e.kind == v.E_PREEMPT and e.g in since:
            request.setdefault(e.g, e.t)
        elif e.kind == v.E_GC_ASSIST and e.g in since:
            lengths.append(e.t - since.pop(e.g))
            if e.g in request:
                stopped.append(e.t - request.pop(e.g))
    return Drains(len(lengths), max(lengths) / 1000, len(stopped), max(stopped, default=0) / 1000)
