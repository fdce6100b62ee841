"""The operating system's side: cores for a group of threads that may use only so much CPU time.

Linux's bandwidth control (cpu.max "quota period" of a cgroup).  The group has a pool of time, filled to the quota at
the start of each period.  A core that runs a thread of the group draws 5 ms from the pool at a time.  What a thread
has used is looked at when it leaves its core and at the core's ticks, every 4 ms, and not in between: so a core may
use up to a tick more than it has drawn, and owes that.  A core that has used up what it drew and finds the pool empty
is throttled: the thread on it stops where it is, with its P and whatever else it holds, until the pool is filled
again, and so does sysmon.  A core that runs out of threads gives back what it has drawn but for 1 ms.

The names are those of the kernel's kernel/sched/fair.c without their "cfs_" and "_runtime".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gmp_lab import vocabulary as v
from gmp_lab.errors import Throw
from gmp_lab.params import bandwidthKept, bandwidthSlack, bandwidthSlice, bandwidthTick, bandwidthTooLate
from gmp_lab.runtime.osched import QUANTUM_NS, Cores
from gmp_lab.runtime.runtime2 import M

if TYPE_CHECKING:
    from gmp_lab.runtime.mloop import Machine


class QuotaCores(Cores):
    """Cores of a group with a quota of ``quota`` ns in each ``period`` ns (-1: no limit now).

    ``pool``: what is left of it; ``left``: what each core has drawn and not used, below 0 what it owes; ``held``: the
    throttled cores in the order in which they were, with the thread that was stopped there (None: nobody).

    Ours: Linux's struct cfs_bandwidth and what its struct cfs_rq has for it.
    """

    __slots__ = ("active", "charged", "held", "idle", "left", "period", "pool", "quota", "slack", "watching")

    def __init__(self, rt: Machine, n: int, quota: int, period: int) -> None:
        super().__init__(rt, n)
        self.quota = quota
        self.period = period
        self.pool = max(quota, 0)
        self.left = [0] * n
        self.charged = [0] * n  # up to when a running core's use has been counted
        self.held: dict[int, M | None] = {}
        self.active = False  # the period timer runs
        self.idle = False  # nobody has drawn anything in this period
        self.slack = False  # time that was given back is about to be shared out
        self.watching = False  # sysmon waits for time

    # --- where threads come and go --------------------------------------------------------------------------

    def request(self, mp: M) -> None:
        """mp wants to go on: now, after others, or when the group has time again.

        Ours: Linux's check_enqueue_throttle; which free core it is does not depend on what that has drawn.
        """
        if mp.cpu < 0 and self.free and not self.admit(self.free[-1]):
            self._throttle(self.free.pop(), mp)
        else:
            super().request(mp)

    def _give(self, mp: M, core: int) -> None:
        super()._give(mp, core)
        self.charged[core] = self.rt.engine.now
        self._tick_later(core, self.turn[core])

    def _take(self, mp: M) -> None:
        self._charge(mp.cpu)
        super()._take(mp)

    def _next(self, core: int) -> None:
        if not self.queue:
            self._give_back(core)
        elif not self.admit(core):
            self._throttle(core, self.queue.pop(0))
            return
        super()._next(core)

    def sysmon_runs(self, ns: int) -> bool:
        """Whether sysmon can run now, for ns: on a core that runs already, or on a free one; else it waits.

        Ours: sysmon is on no core here; Linux queues its thread like any other.
        """
        core = next((c for c, mp in enumerate(self.on) if mp is not None), -1)
        if core < 0 and self.free:
            core = self.free[-1]
            if not self.admit(core):
                self._throttle(self.free.pop(), None)
                core = -1
        if core < 0:
            self.watching = True
            return False
        self.left[core] -= ns
        return True

    # --- time drawn and used --------------------------------------------------------------------------------

    def admit(self, core: int) -> bool:
        """Whether core has time for a thread of the group, drawn now if need be.

        Ours: Linux's account_cfs_rq_runtime.
        """
        return self.left[core] > 0 or self._assign(core)

    def _charge(self, core: int) -> None:
        now = self.rt.engine.now
        self.left[core] -= now - self.charged[core]
        self.charged[core] = now

    def _assign(self, core: int) -> bool:
        """Draw what core owes and a slice, or what there is; whether it has any then."""
        if self.quota < 0:
            return True
        if not self.active:
            self._start()
        drawn = min(bandwidthSlice - self.left[core], self.pool)
        if drawn > 0:
            self.pool -= drawn
            self.left[core] += drawn
            self.idle = False
        return self.left[core] > 0

    def _give_back(self, core: int) -> None:
        """core has no thread any more: return what it has beyond the millisecond it may keep."""
        more = self.left[core] - bandwidthKept
        if more <= 0 or self.quota < 0:
            return
        self.left[core] = bandwidthKept
        self.pool += more
        now = self.rt.engine.now
        soon = self.period - now % self.period < bandwidthSlack + bandwidthTooLate
        if self.pool > bandwidthSlice and self.held and not self.slack and not soon:
            self.slack = True
            self.rt.engine.after(bandwidthSlack, self._share, None, None)

    def _share(self, _a: object, _b: object) -> None:
        self.slack = False
        if self.pool > bandwidthSlice:
            self._distribute()

    def _tick_later(self, core: int, turn: int) -> None:
        """Ticks come in the middle between whole multiples of their distance, on all cores at once."""
        now = self.rt.engine.now
        wait = bandwidthTick - (now + bandwidthTick // 2) % bandwidthTick
        self.rt.engine.after(wait, self._tick, core, turn)

    def _tick(self, core: int, turn: int) -> None:
        mp = self.on[core]
        if self.turn[core] != turn or mp is None:
            return
        self._charge(core)
        if not self.admit(core) and self.rt.interrupt(mp):
            self._take(mp)
            self._throttle(core, mp)
        else:
            self._tick_later(core, turn)

    # --- throttling -----------------------------------------------------------------------------------------

    def _throttle(self, core: int, mp: M | None) -> None:
        self.held[core] = mp
        rt = self.rt
        if rt.emit is not None:
            rt.emit((rt.engine.now, v.E_THROTTLE, -1, -1, -1 if mp is None else mp.id, core))

    def _unthrottle(self, core: int) -> None:
        mp = self.held.pop(core)
        rt = self.rt
        if rt.emit is not None:
            rt.emit((rt.engine.now, v.E_UNTHROTTLE, -1, -1, -1 if mp is None else mp.id, core))
        if mp is not None:
            mp.vruntime = max(mp.vruntime, self.least - QUANTUM_NS)
            self._enqueue(mp)
        self._next(core)
        if self.watching:
            self.watching = False
            rt.engine.after(0, rt.sysmon_goes_on)

    def _distribute(self) -> None:
        """Let throttled cores go on, the first first, each with the least time that is no debt."""
        for core in list(self.held):
            if self.pool <= 0:
                return
            given = min(1 - self.left[core], self.pool)
            self.pool -= given
            self.left[core] += given
            if self.left[core] > 0:
                self._unthrottle(core)

    def set_quota(self, quota: int) -> None:
        """Somebody has written cpu.max: a full pool of the new size, and debts and throttling are over.

        Ours: Linux's tg_set_cfs_bandwidth (kernel/sched/core.c).
        """
        for core, mp in enumerate(self.on):
            if mp is not None:
                self._charge(core)
        self.quota, self.pool = quota, max(quota, 0)
        self.left = [1] * len(self.left)
        for core in list(self.held):
            self._unthrottle(core)

    def _start(self) -> None:
        self.active = True
        now = self.rt.engine.now
        self.rt.engine.after(self.period - now % self.period, self._refill, None, None)

    def _refill(self, _a: object, _b: object) -> None:
        """A period begins; after one in which nobody drew anything the timer stops."""
        rt = self.rt
        self.active = False
        if self.quota < 0:
            return
        if rt.emit is not None:
            rt.emit((rt.engine.now, v.E_REFILL, -1, -1, -1, min(self.pool // 1000, 2**31 - 1)))
        self.pool = self.quota
        if self.held:
            self._start()
            self._distribute()
            self.idle = False
        elif not self.idle:
            self._start()
            self.idle = True

    def check(self) -> None:
        """Raise Throw unless every core is used, free or throttled, and the books of the group's time are right.

        Ours: the statement of the invariants.
        """
        for core, mp in enumerate(self.on):
            if (mp is not None) + (core in self.free) + (core in self.held) != 1:
                raise Throw(f"check: core {core} is not one of used, free, throttled")
            if self.quota >= 0 and self.left[core] > bandwidthSlice:
                raise Throw(f"check: core {core} has drawn {self.left[core]} ns")
        if self.pool < 0:
            raise Throw(f"check: the group's pool holds {self.pool} ns")
        for mp in self.held.values():
            if mp is not None and (mp.cpu >= 0 or mp in self.queue or mp.seg_end >= 0):
                raise Throw(f"check: {mp} is throttled and runs or waits elsewhere")
