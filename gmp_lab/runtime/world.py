"""The Runtime: one simulated process, and the statement of its invariants.

It is born in ``simulate`` and dies there.  It owns what Go keeps in package variables (sched, allp, allm, allgs),
the clock, the random generator and the hook ``emit`` through which everything that happens is recorded.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from itertools import pairwise
from random import Random
from typing import Any, Final

from gmp_lab import params
from gmp_lab.config import Config
from gmp_lab.engine import Engine
from gmp_lab.errors import Throw
from gmp_lab.runtime.runtime2 import (
    G,
    M,
    P,
    Sched,
    Stack,
    Stacks,
    _Gdead,
    _Grunnable,
    _Grunning,
    _Gsyscall,
    _Gwaiting,
    _Pgcstop,
    _Prunning,
)

Row = tuple[int, int, int, int, int, int]


class GoPanic(Exception):
    """The simulated program panics (close of a closed channel, ...): its message is Go's.

    Ours: how the simulated program's panic leaves the mirror.
    """


class Sysmon:
    """The local variables of Go's sysmon and retake: rounds without work, sleep in ns, time of the last trace, ...

    Ours: local variables of functions that here are cut where they sleep.
    """

    __slots__ = ("delay", "idle", "lasttrace", "m", "retaken", "sleeping")

    def __init__(self) -> None:
        self.idle = 0
        self.delay = 0
        self.lasttrace = 0
        self.m: M | None = None  # its thread
        self.retaken = 0  # Ps taken in this round
        self.sleeping = 0  # number of the current sleep: a wake-up before its end makes the end void

#: Config.steal: how many of n are taken (Go: "half", rounded up)
_SHARES: Final[dict[str, Callable[[int], int]]] = {
    "half": lambda n: n - n // 2, "one": lambda n: min(n, 1), "all": lambda n: n, "off": lambda _n: 0,
}  # fmt: skip


class Runtime(ABC):
    """State of one process. ``emit`` is None (no record) or a callable that takes one row of the vocabulary.

    Ours: Go's package variables, and the clock.
    """

    __slots__ = (
        "_bits", "allgs", "allm", "allp", "config", "costs", "emit", "ended", "engine", "fuel", "gc", "globaltick",
        "gomaxprocs", "limited", "main", "ngfree", "on_segment_end", "on_syscall_end", "opcosts", "quota_us",
        "random", "ring", "runnext", "sched", "stacks", "stealable", "started", "sysmontick", "system", "timerseq",
        "updateMaxProcsG", "version",
    )  # fmt: skip

    def __init__(self, config: Config, emit: Callable[[Row], None] | None) -> None:
        self.config = config
        self.costs = config.costs
        self.version = config.rules
        self.system = params.SYSTEMS[config.os]
        self.runnext = self.version.runnext  # the version's, where they are asked for most often
        self.ring = self.version.ring if self.version.local_queues else 0
        self.stealable = _SHARES[config.steal]  # how many of n Gs in a ring a thief takes
        self.globaltick = self.version.global_tick
        self.engine = Engine(config.until_ns)
        self.emit = emit
        self.sched = Sched()
        self.gomaxprocs = config.gomaxprocs
        self.quota_us = config.quota_us  # of the group, now
        self.limited = config.quota_us is not None or bool(config.quota_changes)  # the group's CPU time is
        self.allp = [P(i) for i in range(config.gomaxprocs)]
        self.allm: list[M] = []
        self.allgs: list[G] = []
        self.on_segment_end = self.segment_end  # bound once: these are the most frequent events
        self.on_syscall_end = self.syscall_end
        self.opcosts: list[int] = []  # ns before each operation happens, by operation number
        self.ngfree = 0  # dead goroutines whose g and stack can be used again (Go: gFree of each P and of sched)
        self.timerseq = 0
        self.gc: Any = None  # the collector (mgcstate.Collector), made by the first operation on the heap
        self.updateMaxProcsG: Any = None  # maxprocs.updateMaxProcsGState, if the quota changes
        self.stacks: Stacks | None = None  # made when the first goroutine makes a call
        self.fuel = config.max_events
        self.ended = ""
        self.started = False  # Go: mainStarted
        self.main: G | None = None
        self.sysmontick = Sysmon()
        self.random = Random(config.seed)
        self._bits = self.random.getrandbits  # bound once

    def cheaprand(self) -> int:
        """Return 32 random bits (Go: runtime/rand.go cheaprand, another generator)."""
        return self._bits(32)

    def slack(self) -> int:
        """Return by how many ns a sleep in the kernel lasts longer than asked for, this time."""
        costs = self.costs
        jitter = costs.usleep_jitter
        if not jitter:
            return costs.usleep_slack
        slack = costs.usleep_slack + (self._bits(32) * jitter >> 32) - jitter // 2
        return slack if slack > 0 else 0

    def stop(self, ended: str) -> None:
        """End the run after this step; ``ended`` says why."""
        if not self.ended:
            self.ended = ended
            self.engine.stopped = True

    # --- time: what a thread does next (in mloop.py) --------------------------------------------------------

    @abstractmethod
    def resume(self, mp: M) -> None:
        """mp goes on, at once or when it gets a core."""

    @abstractmethod
    def pause(self, mp: M) -> None:
        """mp stops using its core; an event will resume it."""

    @abstractmethod
    def usleep(self, mp: M, ns: int) -> None:
        """mp sleeps ns nanoseconds and the system's slack, then resumes."""

    @abstractmethod
    def compute(self, mp: M, ns: int) -> None:
        """mp computes for ns nanoseconds; segment_end follows."""

    @abstractmethod
    def sysmon_runs(self) -> bool:
        """Whether the group has CPU time for a round of sysmon; if not, sysmonRound is called when it has."""

    @abstractmethod
    def set_quota(self, quota: int) -> None:
        """The group has quota ns of CPU time in each period from now on (-1: no limit)."""

    @abstractmethod
    def poll_end(self, mp: M, seg: int) -> None:
        """The blocking netpoll number seg of mp is over."""

    @abstractmethod
    def segment_end(self, mp: M, seg: int) -> None:
        """The stretch of computing number seg of mp is over."""

    @abstractmethod
    def syscall_end(self, mp: M, seg: int) -> None:
        """The system call number seg of mp is over."""

    @abstractmethod
    def interrupt(self, mp: M) -> bool:
        """Stop the computing of mp, keeping what is left of it in its G; False if it does not compute."""

    # --- invariants ---------------------------------------------------------------------------------------

    def check(self) -> None:
        """Raise Throw if any invariant of the scheduler is broken; holds after every engine step."""
        queued = self._check_queues()
        self._check_goroutines(queued)
        self._check_owners()
        self._check_stop()
        if self.gc is not None:
            self._check_collector()
        self._check_lists()
        if self.stacks is not None:
            self._check_stacks(self.stacks)

    def _check_queues(self) -> dict[int, str]:
        queued: dict[int, str] = {}

        def see(gp: G, where: str) -> None:
            if gp.goid in queued:
                raise Throw(f"check: {gp} is on {queued[gp.goid]} and on {where}")
            if gp.atomicstatus != _Grunnable:
                raise Throw(f"check: {gp} is on {where} with status {gp.atomicstatus}")
            queued[gp.goid] = where

        for gp in self.sched.runq:
            see(gp, "the global queue")
        for gp in self.sched.disabled:
            see(gp, "the list of those held back")
        for pp in self.allp:
            if len(pp.runq) > self.ring:
                raise Throw(f"check: {pp} has {len(pp.runq)} in its ring")
            if pp.runnext is not None:
                see(pp.runnext, f"{pp}.runnext")
            for gp in pp.runq:
                see(gp, f"{pp}.runq")
        return queued

    def _check_goroutines(self, queued: dict[int, str]) -> None:
        hands = {m.nextp and m.lockedg.goid for m in self.allm if m.lockedg is not None}
        for gp in self.allgs:
            status = gp.atomicstatus
            if status == _Grunnable and gp.goid not in queued and gp.goid not in hands:
                raise Throw(f"check: {gp} is runnable and on no queue")
            if status in (_Grunning, _Gsyscall) and (gp.m is None or gp.m.curg is not gp):
                raise Throw(f"check: {gp} has status {status} and no M that runs it")
            if status in (_Gwaiting, _Gdead) and gp.m is not None:
                raise Throw(f"check: {gp} has status {status} and an M")
            if status == _Grunning and gp.m is not None and gp.m.p is None:
                raise Throw(f"check: {gp} runs on {gp.m}, which has no P")

    def _check_owners(self) -> None:
        for pp in self.allp:
            if pp.m is not None and pp.m.p is not pp:
                raise Throw(f"check: {pp} has {pp.m}, which has {pp.m.p}")
            stopper = pp.status == _Pgcstop and self.sched.stop is not None and self.sched.stop.mp is pp.m
            if (pp.status == _Prunning) != (pp.m is not None and not stopper):
                raise Throw(f"check: {pp} has status {pp.status} and M {pp.m}")
        for mp in self.allm:
            if mp.p is not None and mp.p.m is not mp:
                raise Throw(f"check: {mp} has {mp.p}, which has {mp.p.m}")
            if mp.spinning and mp.curg is not None:
                raise Throw(f"check: {mp} spins and runs {mp.curg}")
            if mp.p is not None and mp.curg is None and mp.stealing is None and not self.ended:
                raise Throw(f"check: {mp} holds {mp.p} and does nothing")

    def _check_stop(self) -> None:
        """While the world is stopping, stopwait counts the Ps that still go on; otherwise none is stopped."""
        going = sum(pp.status != _Pgcstop for pp in self.allp)
        if self.sched.gcwaiting and self.sched.stopwait != going:
            raise Throw(f"check: stopwait = {self.sched.stopwait}, but {going} Ps are not stopped")
        if not self.sched.gcwaiting and going != self.gomaxprocs:
            raise Throw(f"check: {self.gomaxprocs - going} Ps are stopped, but the world is not")

    def _check_collector(self) -> None:
        """Who marks is counted and has its P; idle workers and waiting assists are parked."""
        gc = self.gc
        if self.sched.gcBlackenEnabled != (gc.phase == 1) and not self.sched.gcwaiting:
            raise Throw(f"check: phase {gc.phase}, but gcBlackenEnabled is {self.sched.gcBlackenEnabled}")
        if gc.nproc - gc.nwait != len(gc.marking):
            raise Throw(f"check: {gc.nproc - gc.nwait} are counted as marking, but {len(gc.marking)} are")
        for gp, pp in gc.marking.items():
            if gp.atomicstatus != _Grunning or gp.m is None or gp.m.p is not pp:
                raise Throw(f"check: {gp} marks on {pp} and has status {gp.atomicstatus} and M {gp.m}")
        for gp in [*gc.pool, *gc.assistQueue, *gc.sweepWaiters]:
            if gp.atomicstatus != _Gwaiting:
                raise Throw(f"check: {gp} waits for the collector with status {gp.atomicstatus}")
        if gc.phase == 0 and (gc.full or gc.hidden or gc.roots):
            raise Throw(f"check: {gc.full + gc.hidden} bytes and {len(gc.roots)} roots are left, with no cycle on")
        heap, c = gc.mheap, gc.controller
        if not 0 <= heap.reachable <= c.totalAlloc - c.totalFree or heap.garbage < 0:
            raise Throw(f"check: {heap.reachable} bytes are kept of {c.totalAlloc - c.totalFree}")

    def _check_lists(self) -> None:
        sched = self.sched
        spinning = sum(m.spinning for m in self.allm)
        if sched.nmspinning != spinning:
            raise Throw(f"check: nmspinning = {sched.nmspinning}, but {spinning} Ms spin")
        for pp in sched.pidle:
            if pp.runq or pp.runnext is not None or pp.m is not None:
                raise Throw(f"check: {pp} is on the idle list with work or an M")
        if len(set(map(id, sched.pidle))) != len(sched.pidle):
            raise Throw("check: a P is on the idle list twice")
        for mp in sched.midle:
            if mp.p is not None or mp.nextp is not None or mp.curg is not None:
                raise Throw(f"check: {mp} is parked with {mp.p} {mp.nextp} {mp.curg}")
        if sched.runq and sched.pidle and not self._somebody_looks():
            raise Throw(
                f"check: {sched.runq[0]} waits on the global queue, {sched.pidle[-1]} is idle, nobody looks"
            )

    def _somebody_looks(self) -> bool:
        """Whether an M is on its way to look for work: spinning, starting with a P, or sleeping before a theft."""
        sched = self.sched
        return bool(
            sched.nmspinning
            or sched.needspinning
            or any(m.nextp is not None or m.stealing is not None for m in self.allm)
            or any(m.p is not None and m.curg is None for m in self.allm)
        )

    def _check_stacks(self, stacks: Stacks) -> None:
        """Stacks do not overlap, with one another or with free ones, and leave room for nosplit functions."""
        room = self.version.stack_guard - params.StackSmall
        places = [(lo, lo + size, "free") for size, los in stacks.free.items() for lo in los]
        dead: list[Stack | None] = [*stacks.gFreeStack]
        for kept in stacks.gFree.values():
            dead.extend(kept)
        places.extend((st.lo, st.hi, "a dead G's") for st in dead if st is not None)
        for gp in self.allgs:
            st = gp.stack
            if st is None:
                continue
            low = st.lo + max(0, room - st.nosplit())
            if not low <= st.sp <= st.hi or st.stackguard0 != st.lo + self.version.stack_guard:
                raise Throw(f"check: {gp} has sp {st.sp:#x} in its stack [{st.lo:#x}, {st.hi:#x}]")
            places.append((st.lo, st.hi, f"{gp}'s"))
            places.extend((lo, hi, f"{gp}'s") for lo, hi, _, _ in st.below)
        places.sort()
        for (_, end, whose), (lo, _, other) in pairwise(places):
            if lo < end:
                raise Throw(f"check: {whose} stack and {other} overlap at {lo:#x}")
