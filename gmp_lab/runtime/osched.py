"""The operating system's side: threads on a limited number of cores.

A small fair scheduler after Linux's: each thread has a virtual run time; of those that wait, the one that has run
least goes first; after a quantum of 4 ms a core is given to the next.  A thread that wakes is put at most one
quantum before those that run, and takes the core of the one that has run most if it is far enough behind it: so a
thread that mostly sleeps is served at once, beside others that compute all the time.  One queue for all cores: which
core a thread runs on has no meaning here.

A thread that is taken off its core keeps its P, and the goroutine it runs cannot move.
"""

from __future__ import annotations

from bisect import insort
from typing import TYPE_CHECKING

from gmp_lab import vocabulary as v
from gmp_lab.runtime.runtime2 import M

if TYPE_CHECKING:
    from gmp_lab.runtime.mloop import Machine

QUANTUM_NS = 4_000_000  # measured: two busy threads on one core of a Linux 6.18 with 250 ticks a second
BEHIND_NS = 1_000_000  # how far a waking thread must be behind a running one to take its core


class Cores:
    """``n`` cores; ``queue`` holds the threads that want one, by virtual run time and then by arrival.

    Ours: the operating system's scheduler.
    """

    __slots__ = ("free", "least", "on", "queue", "rt", "since", "turn")

    def __init__(self, rt: Machine, n: int) -> None:
        self.rt = rt
        self.free = list(range(n - 1, -1, -1))
        self.on: list[M | None] = [None] * n
        self.turn = [0] * n  # number of the stay on each core
        self.since = [0] * n  # when it began
        self.queue: list[M] = []
        self.least = 0  # the virtual run time that a thread must have at least, less one quantum, when it wakes

    def request(self, mp: M) -> None:
        """mp wants to go on: now if a core is free, else after those that wait already."""
        if mp.cpu >= 0:
            self.rt.deliver(mp)
        elif self.free:
            self._give(mp, self.free.pop())
            self.rt.deliver(mp)
        else:
            mp.vruntime = max(mp.vruntime, self.least - QUANTUM_NS)
            self._enqueue(mp)
            self._overtake(mp)

    def _enqueue(self, mp: M) -> None:
        insort(self.queue, mp, key=_vruntime)

    def _overtake(self, mp: M) -> None:
        """Give mp, which has just woken, the core of the thread that has run most, if that one is far ahead."""
        now = self.rt.engine.now
        ran = [(m.vruntime + now - self.since[c], c) for c, m in enumerate(self.on) if m is not None]
        if not ran:
            return  # every core is throttled (bandwidth.py)
        most, core = max(ran)
        victim = self.on[core]
        if victim is None or most - mp.vruntime < BEHIND_NS or not self.rt.interrupt(victim):
            return
        self._take(victim)
        self._enqueue(victim)
        self._next(core)

    def release(self, mp: M) -> None:
        """mp sleeps: its core goes to the next thread."""
        core = mp.cpu
        if core < 0:
            return
        self._take(mp)
        self._next(core)

    def _give(self, mp: M, core: int) -> None:
        mp.cpu = core
        self.on[core] = mp
        self.turn[core] += 1
        rt = self.rt
        self.since[core] = rt.engine.now
        self.least = max(self.least, mp.vruntime)
        if rt.emit is not None:
            rt.emit((rt.engine.now, v.E_CPU_ON, -1, -1, mp.id, core))
        rt.engine.after(QUANTUM_NS, self._quantum, core, self.turn[core])

    def _take(self, mp: M) -> None:
        core, mp.cpu = mp.cpu, -1
        self.on[core] = None
        self.turn[core] += 1
        rt = self.rt
        mp.vruntime += rt.engine.now - self.since[core]
        if rt.emit is not None:
            rt.emit((rt.engine.now, v.E_CPU_OFF, -1, -1, mp.id, core))

    def _next(self, core: int) -> None:
        if not self.queue:
            self.free.append(core)
            return
        mp = self.queue.pop(0)
        self._give(mp, core)
        self.rt.engine.after(0, self._run, mp, self.turn[core])

    def _run(self, mp: M, turn: int) -> None:
        if mp.cpu >= 0 and self.turn[mp.cpu] == turn:
            self.rt.deliver(mp)

    def _quantum(self, core: int, turn: int) -> None:
        mp = self.on[core]
        if self.turn[core] != turn or mp is None:
            return
        ran = mp.vruntime + self.rt.engine.now - self.since[core]
        if not self.queue or self.queue[0].vruntime > ran or not self.rt.interrupt(mp):
            self.rt.engine.after(QUANTUM_NS, self._quantum, core, turn)
            return
        self._take(mp)
        self._enqueue(mp)
        self._next(core)


def _vruntime(mp: M) -> int:
    return mp.vruntime
