"""The operating system's side: threads on a limited number of cores.

Round robin with a quantum of 3 ms, one queue for all cores: simpler than Linux's fair scheduler, and with the same
consequence: a thread that is taken off its core keeps its P, and the goroutine it runs cannot move.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from gmp_lab import vocabulary as v
from gmp_lab.runtime.runtime2 import M

if TYPE_CHECKING:
    from gmp_lab.runtime.mloop import Machine

QUANTUM_NS = 3_000_000  # Linux's base slice is of this size


class Cores:
    """``n`` cores; ``queue`` holds the threads that want one, oldest first."""

    __slots__ = ("free", "on", "queue", "rt", "turn")

    def __init__(self, rt: Machine, n: int) -> None:
        self.rt = rt
        self.free = list(range(n - 1, -1, -1))
        self.on: list[M | None] = [None] * n
        self.turn = [0] * n  # number of the stay on each core
        self.queue: deque[M] = deque()

    def request(self, mp: M) -> None:
        """mp wants to go on: now if a core is free, else after those that wait already."""
        if mp.cpu >= 0:
            self.rt.deliver(mp)
        elif self.free:
            self._give(mp, self.free.pop())
            self.rt.deliver(mp)
        else:
            self.queue.append(mp)

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
        if rt.emit is not None:
            rt.emit((rt.engine.now, v.E_CPU_ON, -1, -1, mp.id, core))
        rt.engine.after(QUANTUM_NS, self._quantum, core, self.turn[core])

    def _take(self, mp: M) -> None:
        core, mp.cpu = mp.cpu, -1
        self.on[core] = None
        self.turn[core] += 1
        rt = self.rt
        if rt.emit is not None:
            rt.emit((rt.engine.now, v.E_CPU_OFF, -1, -1, mp.id, core))

    def _next(self, core: int) -> None:
        if not self.queue:
            self.free.append(core)
            return
        mp = self.queue.popleft()
        self._give(mp, core)
        self.rt.engine.after(0, self._run, mp, self.turn[core])

    def _run(self, mp: M, turn: int) -> None:
        if mp.cpu >= 0 and self.turn[mp.cpu] == turn:
            self.rt.deliver(mp)

    def _quantum(self, core: int, turn: int) -> None:
        mp = self.on[core]
        if self.turn[core] != turn or mp is None:
            return
        if not self.queue or not self.rt.interrupt(mp):
            self.rt.engine.after(QUANTUM_NS, self._quantum, core, turn)
            return
        self._take(mp)
        self.queue.append(mp)
        self._next(core)
