"""Who becomes a mark worker: the choice that each P makes when it schedules, and the pool the workers wait in.

While a cycle marks, a P first asks whether it should mark: for good (a dedicated worker), for its share of time (a
fractional one), or, when it has found nothing else to do, until there is something (an idle one).
"""

from __future__ import annotations

from gmp_lab import vocabulary as v
from gmp_lab.runtime import timers
from gmp_lab.runtime.idle import pidlegetSpinning, pidleput
from gmp_lab.runtime.mgcpacer import (
    ENLIST_NOTHING,
    ENLIST_WAKEP,
    gcMarkWorkerIdleMode,
    gcMarkWorkerNotWorker,
)
from gmp_lab.runtime.mgcstate import Collector
from gmp_lab.runtime.preempt import preemptone
from gmp_lab.runtime.runtime2 import G, M, P, _Grunnable, _Gwaiting, _Prunning
from gmp_lab.runtime.safepoint import runSafePointFn
from gmp_lab.runtime.status import casgstatus
from gmp_lab.runtime.threads import gcstopm, wakep
from gmp_lab.runtime.world import Runtime


def specialWork(rt: Runtime, mp: M, pp: P) -> G | None:
    """What comes before all queues: stop with the world (mp has no P then), a safe-point function, a mark worker.

    Go: runtime/proc.go findRunnable (1.27.3)
    Differs: these steps of it, as a function that is only called when there is something of the kind.
    """
    sched = rt.sched
    if sched.gcwaiting:
        gcstopm(rt, mp)
        return None
    if pp.runSafePointFn:
        runSafePointFn(rt, mp, pp)
    if not sched.gcBlackenEnabled:
        return None
    if pp.timers:
        timers.check(rt, mp, pp)
    gp = findRunnableGCWorker(rt, mp, pp)
    if gp is not None and not mp.spinning:
        wakep(rt)  # tryWakeP; a spinning M does it in resetspinning
    return gp


def findRunnableGCWorker(rt: Runtime, mp: M, pp: P) -> G | None:
    """A mark worker for pp to run now, dedicated or fractional; None: pp should not mark.

    Go: runtime/mgcpacer.go gcControllerState.findRunnableGCWorker (1.27.3)
    Differs: no clock is handed on.
    """
    gc: Collector = rt.gc
    if gc.limiter.needUpdate(rt.engine.now):
        gc.limiter.update(rt.engine.now)
    if pp.nextGCMarkWorker is None and not assignWaitingGCWorker(rt, pp):
        return None
    gp = pp.nextGCMarkWorker
    assert gp is not None
    pp.nextGCMarkWorker = None
    _take(rt, mp, pp, gp)
    return gp


def _take(rt: Runtime, mp: M, pp: P, gp: G) -> None:
    """The worker gp goes from the pool to the hand of mp."""
    casgstatus(gp, _Gwaiting, _Grunnable)
    mp.source = v.SRC_GC
    if rt.emit is not None:
        rt.emit((rt.engine.now, v.E_GC_READY, gp.goid, pp.id, mp.id, v.NET_HAND))


def assignWaitingGCWorker(rt: Runtime, pp: P) -> bool:
    """Give pp a worker out of the pool to run next, if it should mark.

    Go: runtime/mgcpacer.go gcControllerState.assignWaitingGCWorker (1.27.3)
    Differs: its middle, the choice of the mode, is the pacer's.
    """
    gc: Collector = rt.gc
    if not gc.gcMarkWorkAvailable() or not gc.controller.needsBackgroundWorker() or not gc.pool:
        return False
    mode = gc.controller.chooseWorkerMode(pp.gcFractionalMarkTime, rt.engine.now)
    if mode == gcMarkWorkerNotWorker:
        return False
    pp.gcMarkWorkerMode = mode
    pp.nextGCMarkWorker = gc.pool.pop()
    return True


def idleGCWorker(rt: Runtime, mp: M, pp: P) -> G | None:
    """pp has found nothing to do: a mark worker for it, if there is marking left and there are not too many.

    Go: runtime/proc.go findRunnable (1.27.3)
    Differs: this step of it, as a function of its own.
    """
    gc: Collector = rt.gc
    if not gc.gcMarkWorkAvailable() or not gc.pool or not gc.controller.addIdleMarkWorker():
        return None
    gp = gc.pool.pop()
    pp.gcMarkWorkerMode = gcMarkWorkerIdleMode
    _take(rt, mp, pp, gp)
    return gp


def checkIdleGCNoP(rt: Runtime, mp: M) -> tuple[P, G] | None:
    """The same for an M that has just given its P up: an idle P and a worker for it.

    Go: runtime/proc.go checkIdleGCNoP (1.27.3)
    Differs: what findRunnable does with them is left to the caller, but for the worker's mode.
    """
    gc: Collector = rt.gc
    if not gc.controller.needIdleMarkWorker() or not gc.gcMarkWorkAvailable():
        return None
    pp = pidlegetSpinning(rt)
    if pp is None:
        return None
    if not gc.pool or not gc.controller.addIdleMarkWorker():
        pidleput(rt, pp)
        return None
    pp.gcMarkWorkerMode = gcMarkWorkerIdleMode
    return pp, gc.pool.pop()


def takeIdleGCWorker(rt: Runtime, mp: M, pp: P, gp: G) -> None:
    """mp, which has acquired pp, will run gp as an idle worker.

    Ours: the end of what findRunnable does after checkIdleGCNoP.
    """
    _take(rt, mp, pp, gp)


def enlistWorker(rt: Runtime, mp: M, pp: P) -> None:
    """There is more to mark than who found it can do: wake an idle P for it, or ask a running one to look up.

    Go: runtime/mgcpacer.go gcControllerState.enlistWorker (1.27.3)
    Differs: the decision is the pacer's method of this name. Called whenever a marker hands in its work and there is
    more, as no buffers of work are modelled.
    """
    gc: Collector = rt.gc
    sched = rt.sched
    green = rt.version.green_tea
    what = gc.controller.enlistWorker(len(sched.pidle), sched.nmspinning, rt.gomaxprocs, green)
    if what == ENLIST_NOTHING:
        return
    if what == ENLIST_WAKEP:
        wakep(rt)
        return
    for _ in range(5):
        id = rt.cheaprand() % (rt.gomaxprocs - 1)
        p2 = rt.allp[id + 1 if id >= pp.id else id]
        if p2.status == _Prunning and preemptone(rt, p2, v.PREEMPT_GC):
            return
