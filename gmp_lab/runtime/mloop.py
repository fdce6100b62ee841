"""The life of an M in time: what it does when it wakes, and how long its computing takes.

Go's ``schedule`` never returns; here an M is a loop that is entered whenever the M has something to do, and left
whenever time must pass.  With a limited number of cores an M computes only while it has one (``osched``).
"""

from __future__ import annotations

from collections.abc import Callable

from gmp_lab.config import Config
from gmp_lab.runtime.bandwidth import QuotaCores
from gmp_lab.runtime.gogo import gogo, operation_costs
from gmp_lab.runtime.idle import acquirep
from gmp_lab.runtime.osched import Cores
from gmp_lab.runtime.preempt import sigPreempt
from gmp_lab.runtime.runtime2 import M, _Gsyscall
from gmp_lab.runtime.schedule import netpollEnd, schedule
from gmp_lab.runtime.syscall import exitsyscall
from gmp_lab.runtime.sysmon import sysmonRound
from gmp_lab.runtime.waits import check_waits
from gmp_lab.runtime.world import Row, Runtime


class Machine(Runtime):
    """A Runtime whose Ms run. ``cores`` is None if there are always enough of them.

    Ours: the model's clock and threads.
    """

    __slots__ = ("cores", "quota")

    def __init__(self, config: Config, emit: Callable[[Row], None] | None) -> None:
        super().__init__(config, emit)
        self.opcosts = operation_costs(config.costs)
        self.cores = None if config.cores is None else Cores(self, config.cores)
        self.quota: QuotaCores | None = None  # the cores, if the group's time is limited
        if config.cores is not None and self.limited:
            quota = -1 if config.quota_us is None else config.quota_us * 1000
            self.cores = self.quota = QuotaCores(self, config.cores, quota, config.period_us * 1000)

    def run_m(self, mp: M) -> None:
        """Let mp, which has just woken and has a core, go on until time must pass for it."""
        if mp.curg is not None or _wake(self, mp):
            self.go_on(mp)

    def go_on(self, mp: M) -> None:
        """Let mp, which is awake and has a core, go on until time must pass for it."""
        eng = self.engine
        while not eng.stopped:
            gp = mp.curg
            if gp is None:
                if not schedule(self, mp):
                    return
                gp = mp.curg
                assert gp is not None
            elif gp.atomicstatus == _Gsyscall:
                if gp.left:  # the kernel's computing was interrupted: go on with it
                    self.compute(mp, gp.left)
                    gp.left = 0
                    return
                if not exitsyscall(self, mp, gp):
                    return
            if not gogo(self, mp, gp):
                return

    def check(self) -> None:
        super().check()
        check_waits(self)
        if self.quota is not None:
            self.quota.check()

    # --- the Runtime's idea of time -------------------------------------------------------------------------

    def resume(self, mp: M) -> None:
        if self.cores is None:
            self.run_m(mp)
        else:
            self.cores.request(mp)

    def pause(self, mp: M) -> None:
        if self.cores is not None:
            self.cores.release(mp)

    def compute(self, mp: M, ns: int) -> None:
        """mp computes for ns nanoseconds; segment_end follows."""
        mp.seg += 1
        mp.seg_end = self.engine.now + ns
        self.engine.after(ns, self.segment_end, mp, mp.seg)

    def segment_end(self, mp: M, seg: int) -> None:
        if mp.seg != seg:
            return  # interrupted before its end
        mp.seg_end = -1
        gp = mp.curg
        assert gp is not None
        gp.left = 0
        if gp.atomicstatus == _Gsyscall or gogo(self, mp, gp):
            self.go_on(mp)

    def interrupt(self, mp: M) -> bool:
        if mp.seg_end < 0:
            return False
        assert mp.curg is not None
        mp.curg.left = max(0, mp.seg_end - self.engine.now)
        mp.seg += 1
        mp.seg_end = -1
        return True

    def usleep(self, mp: M, ns: int) -> None:
        self.pause(mp)
        self.engine.after(ns + self.slack(), _usleep_end, self, mp)

    def poll_end(self, mp: M, seg: int) -> None:
        if mp.seg == seg:
            mp.seg += 1
            self.resume(mp)

    def syscall_end(self, mp: M, seg: int) -> None:
        if self.cores is None:
            self.go_on(mp)
        else:
            self.cores.request(mp)

    def sysmon_runs(self) -> bool:
        return self.quota is None or self.quota.sysmon_runs(self.costs.sysmon)

    def set_quota(self, quota: int) -> None:
        assert self.quota is not None  # self.limited
        self.quota.set_quota(quota)

    def sysmon_goes_on(self, _a: object, _b: object) -> None:
        sysmonRound(self)

    def deliver(self, mp: M) -> None:
        """mp has a core again: first the signal that waited for it, then what it was doing."""
        if mp.sigwait:
            mp.sigwait = False
            sigPreempt(self, mp)
        self.run_m(mp)


def _usleep_end(rt: Runtime, mp: M) -> None:
    rt.resume(mp)


def _wake(rt: Runtime, mp: M) -> bool:
    """What an M without a goroutine does first: come back from the poller, or take the P it was given."""
    if rt.sched.poller is mp:
        return netpollEnd(rt, mp)
    if mp.nextp is not None and mp.lockedg is None:
        pp, mp.nextp = mp.nextp, None
        acquirep(rt, mp, pp)
    return True
