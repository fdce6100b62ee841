"""Sweeping: after each cycle garbage is freed span by span, by a goroutine that steps back for everybody else.

Who allocates sweeps as well, so much that all is swept before the next cycle begins (mheap.deductSweepCredit).
"""

from __future__ import annotations

from gmp_lab import vocabulary as v
from gmp_lab.runtime.goroutine import newproc1, ready
from gmp_lab.runtime.mgcstate import Collector
from gmp_lab.runtime.mheap import sweepBatchSize
from gmp_lab.runtime.runtime2 import G
from gmp_lab.runtime.system import Gosched, System, park
from gmp_lab.runtime.world import Runtime
from gmp_lab.workload import OP_CONTINUE, OP_WORK

_SWEEP_WAIT = v.WAIT_NO["GC sweep wait"]


def systemG(rt: Runtime, name: str, reason: str, body: System) -> G:
    """The runtime's own goroutine of this name, parked for this reason; body is what it does when it is woken.

    A real start has it from the beginning; a bare one gets it when the collector first needs it.

    Ours: Go starts these goroutines in package initialisation.
    """
    for gp in rt.allgs:
        if gp.name == name:
            gp.body = body
            return gp
    gp = newproc1(rt, _is, (body,), parked=True)
    gp.name, gp.waitreason = name, v.WAIT_NO[reason]
    if rt.emit is not None:
        rt.emit((rt.engine.now, v.E_GO_CREATE, gp.goid, -1, -1, -1))
    return gp


def _is(body: System) -> System:
    return body


def gcSweep(rt: Runtime, gp: G, gc: Collector) -> None:
    """The world is stopped by gp, a cycle is over: wake the sweeper.

    Go: runtime/mgc.go gcSweep (1.27.3)
    Differs: always concurrent.
    """
    if gc.sweepg is None:
        gc.sweepg = systemG(rt, "runtime.bgsweep", "GC sweep wait", bgsweep(rt, gc))
        gc.sweepParked = True
    if gc.sweepParked:
        gc.sweepParked = False
        assert gp.m is not None
        ready(rt, gp.m, gc.sweepg)


def bgsweep(rt: Runtime, gc: Collector) -> System:
    """The sweeper: ten spans, then it lets others run if no P is idle; when all is swept it parks.

    Go: runtime/mgcsweep.go bgsweep (1.27.3)
    Differs: begins where Go's is woken for the first time. Ten spans in one step.
    """
    while True:
        while swept := gc.mheap.sweep(sweepBatchSize):
            yield (OP_WORK, swept * rt.costs.sweep_span, 0)
            if swept == sweepBatchSize:
                yield (OP_CONTINUE, _goschedIfBusy, None)
        gc.sweepParked = True
        yield park("GC sweep wait")


def _goschedIfBusy(rt: Runtime, mp: object, gp: G, _: object) -> bool:
    return goschedIfBusy(rt, gp)


def goschedIfBusy(rt: Runtime, gp: G) -> bool:
    """Yield if gp was asked to, or if no P is idle; False if it has.

    Go: runtime/proc.go goschedIfBusy (1.27.3)
    Differs: nothing.
    """
    if not gp.preempt and rt.sched.pidle:
        return True
    assert gp.m is not None
    return Gosched(rt, gp.m, gp, None)
