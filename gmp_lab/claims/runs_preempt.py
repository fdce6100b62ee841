"""Runs about preemption that checks share: loops of every kind, who asks, how it is heard.  Each is made once.

A function here makes no judgement; it says what happened, in numbers.
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import NamedTuple

from gmp_lab import vocabulary as v
from gmp_lab.catalog import unsafe_loops
from gmp_lab.claims.runs_queues import MS, kinds
from gmp_lab.config import Config
from gmp_lab.heap import alloc, gc, read_mem_stats
from gmp_lab.metrics import preemptions
from gmp_lab.recording import Recording
from gmp_lab.simulate import simulate
from gmp_lab.workload import Body, Program, WaitGroup, go, gosched, log, sleep, syscall, work

OTHER, AFTER_LOOP, AFTER_CALL, END = 1, 2, 3, 4  # what the bodies below note


def _note() -> Body:
    yield log(OTHER)


def _times(rec: Recording) -> dict[int, float]:
    """When each number was noted first, in ms."""
    return {number: t / MS for t, _, number in reversed(rec.logs())}


class Wait(NamedTuple):
    """How long a queued goroutine waited for a loop, and how long that took, in ms; how the loop was stopped.

    ``by`` counts the ways ("signal", "check", "itself"), ``grown`` the times that a stack grew.
    """

    waited: float
    loop: float
    by: dict[str, int]
    grown: int

    @property
    def share(self) -> float:
        """Of the loop's time."""
        return self.waited / self.loop


@cache
def wait(go_version: str = "1.27", kind: str = "free", off: bool = False, ms: int = 100) -> Wait:
    """One P: a loop of one kind runs, one goroutine waits for the P.  ``off``: asyncpreemptoff=1."""

    def main() -> Body:
        yield go(_note)
        yield work(ms=ms, loop=kind)
        yield log(AFTER_LOOP)
        yield gosched()

    return _waited(_one_p(Program(main), go_version, off))


@cache
def short_loops(go_version: str = "1.27", turns: int = 40_000, ns: int = 1000) -> Wait:
    """The same with a loop of loops: so many turns, each a loop of 1 us that would be over soon."""

    def main() -> Body:
        yield go(_note)
        for _ in range(turns):
            yield work(ns=ns)
        yield log(AFTER_LOOP)
        yield gosched()

    return _waited(_one_p(Program(main), go_version, False))


def _one_p(program: Program, go_version: str, off: bool) -> Recording:
    return simulate(Config(gomaxprocs=1, go=go_version, asyncpreemptoff=off, until_ns=10_000 * MS), program)


def _waited(rec: Recording) -> Wait:
    noted = _times(rec)
    by = Counter(one.how for one in preemptions(rec))
    return Wait(noted[OTHER], noted[AFTER_LOOP], dict(by), kinds(rec, v.E_STACK_GROW))


class Asked(NamedTuple):
    """Requests to stop by their reason (PREEMPT_*), and what became of the goroutines.

    ``unasked`` counts signals that no request preceded, ``parked`` preempted goroutines that went through gopark,
    ``yields`` the others, by reason (YIELD_*); ``retaken`` Ps that were taken from system calls, ``longest_us`` the
    longest time from a signal's request to the stop.
    """

    reasons: dict[int, int]
    unasked: int
    parked: int
    yields: dict[int, int]
    signals: int
    retaken: int
    longest_us: float


@cache
def asked() -> Asked:
    """Two Ps with loops, a system call, a stop of the world, a collection, and goroutines that call Gosched."""

    def hog() -> Body:
        yield work(forever=True)

    def polite() -> Body:
        for _ in range(5):
            yield work(us=100)
            yield gosched()

    def caller() -> Body:
        yield syscall(ms=30)

    def main() -> Body:
        for body in (hog, hog, hog, polite, caller):
            yield go(body)
        yield sleep(ms=30)
        yield read_mem_stats()
        yield gc()
        yield alloc(bytes=512, n=20_000)

    rec = simulate(Config(gomaxprocs=2), Program(main))
    slices = Counter(e.arg for e in rec if e.kind == v.E_PREEMPT)
    stopped = [one for one in preemptions(rec) if one.how == "signal"]
    return Asked(
        dict(slices), _unasked(rec), kinds(rec, v.E_PARK, v.WAIT_NO["preempted"]),
        dict(Counter(e.arg for e in rec if e.kind == v.E_YIELD)), kinds(rec, v.E_SIGNAL),
        sum(e.kind == v.E_RETAKE and e.arg >= 0 for e in rec),
        max((one.wait_ns for one in stopped if one.signals == 1), default=0) / 1000,
    )  # fmt: skip


def _unasked(rec: Recording) -> int:
    asked_for: set[int] = set()
    found = 0
    for e in rec:
        if e.kind == v.E_PREEMPT:
            asked_for.add(e.g)
        elif e.kind == v.E_SIGNAL and e.g not in asked_for:
            found += 1
    return found


@cache
def short_goroutines() -> tuple[float, int]:
    """One P is busy with a hundred goroutines of 1 ms: for how many ms, and how often somebody was asked to stop."""

    def short(wg: WaitGroup) -> Body:
        yield work(ms=1)
        yield wg.Done()

    def main() -> Body:
        wg = WaitGroup()
        yield wg.Add(100)
        for _ in range(100):
            yield go(short, wg)
        yield wg.Wait()

    rec = simulate(Config(gomaxprocs=1), Program(main))
    return rec.end_ns / MS, kinds(rec, v.E_PREEMPT)


@cache
def sysmon_sleeps() -> tuple[int, ...]:
    """How long sysmon sleeps between its rounds, in us, while one goroutine computes: each new length."""

    def main() -> Body:
        yield work(ms=60)

    return tuple(e.arg for e in simulate(Config(gomaxprocs=1), Program(main)) if e.kind == v.E_SYSMON)


class Pending(NamedTuple):
    """A request that is pending when a system call begins: ms of each step, and which events had to do with it.

    ``asked``, ``call``, ``back``, ``other``: when it was asked, the call began, it was over, the other one ran.
    ``left_before`` is whether the goroutine gave its P up between the request and the call.
    """

    asked: float
    call: float
    back: float
    other: float
    left_before: bool


@cache
def pending_call() -> Pending:
    """Runtime code for 30 ms, in which a request cannot be heard; then a system call, then a call-free loop."""

    def main() -> Body:
        yield go(_note)
        yield work(ms=30, loop="unsafe")
        yield syscall(us=5)
        yield log(AFTER_CALL)
        yield work(ms=1)
        yield log(END)
        yield gosched()

    rec = simulate(Config(gomaxprocs=1, asyncpreemptoff=True), Program(main))
    first = next(e for e in rec if e.kind == v.E_PREEMPT)
    call = next(e for e in rec if e.kind == v.E_SYSCALL)
    left = any(e.kind in (v.E_YIELD, v.E_PARK) and e.g == 1 and first.t <= e.t <= call.t for e in rec)
    noted = _times(rec)
    return Pending(first.t / MS, call.t / MS, noted[AFTER_CALL], noted[OTHER], left)


@cache
def delays(unsafe_percent: int = 50) -> tuple[float, ...]:
    """From the request to the stop, in us, of loops that cannot be stopped for a part of each 100 us; sorted."""
    program = unsafe_loops(hogs=4, loop_us=200_000, unsafe_percent=unsafe_percent, rounds=2)
    rec = simulate(Config(gomaxprocs=2, until_ns=4_000 * MS), program)
    found = [one.wait_ns / 1000 for one in preemptions(rec) if one.how in ("signal", "check")]
    return tuple(sorted(found))
