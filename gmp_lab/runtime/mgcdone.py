"""The end of marking: is really everything marked, stop the world, settle the accounts, let the sweeper begin."""

from __future__ import annotations

from gmp_lab import vocabulary as v
from gmp_lab.runtime.mgcstate import Collector, _GCmark, _GCmarktermination, _GCoff
from gmp_lab.runtime.mgcsweep import gcSweep
from gmp_lab.runtime.netpoll import injectglist
from gmp_lab.runtime.runtime2 import G, P
from gmp_lab.runtime.safepoint import forEachP
from gmp_lab.runtime.stackscan import gcComputeStartingStackSize
from gmp_lab.runtime.stw import WorldStop, startTheWorldWithSema, stopTheWorldWithSema
from gmp_lab.runtime.system import System, semacquire, semrelease
from gmp_lab.runtime.world import Runtime
from gmp_lab.workload import OP_WORK


def gcIsMarkDone(gc: Collector) -> bool:
    """Whether nobody marks and nothing is left.

    Go: runtime/mgc.go gcIsMarkDone (1.27.3)
    Differs: nothing.
    """
    return gc.nwait == gc.nproc and not gc.gcMarkWorkAvailable()


def setGCPhase(rt: Runtime, gp: G, gc: Collector, x: int) -> None:
    """Change the phase to x, with the world stopped by gp.

    Go: runtime/mgc.go setGCPhase (1.27.3)
    Differs: the write barrier, which is on unless the phase is off, is not modelled.
    """
    gc.phase = x
    tellHeap(rt, gc)
    if rt.emit is not None and gp.m is not None and gp.m.p is not None:
        rt.emit((rt.engine.now, v.E_GC_PHASE, gp.goid, gp.m.p.id, gp.m.id, x))


def tellHeap(rt: Runtime, gc: Collector) -> None:
    """Record the size of the heap.

    Ours: for the record.
    """
    kib = gc.controller.heapLive >> 10
    if kib != gc.toldKiB and rt.emit is not None:
        gc.toldKiB = kib
        rt.emit((rt.engine.now, v.E_GC_HEAP, -1, -1, -1, min(kib, 2**31 - 1)))


def tellGoal(rt: Runtime, gc: Collector) -> None:
    """Record the goal of the cycle that comes or is on.

    Ours: for the record.
    """
    if rt.emit is not None:
        rt.emit((rt.engine.now, v.E_GC_GOAL, -1, -1, -1, min(gc.controller.heapGoal() >> 10, 2**31 - 1)))


def gcMarkDone(rt: Runtime, gp: G) -> System:
    """gp was the last to mark: make sure that it is over, then end the cycle.

    Go: runtime/mgc.go gcMarkDone (1.27.3)
    Differs: no Ps keep work to themselves, so that neither the flush nor the stop finds any more.
    """
    gc: Collector = rt.gc
    yield from semacquire(rt, gp, gc.markDoneSema)
    if not (gc.phase == _GCmark and gcIsMarkDone(gc)):
        assert gp.m is not None
        semrelease(rt, gp.m, gc.markDoneSema)
        return
    yield from semacquire(rt, gp, rt.sched.worldsema)
    yield from forEachP(rt, gp, v.POINT_MARK_DONE, _flushed)
    gc.cycle.tMarkTerm = now = rt.engine.now
    stop = yield from stopTheWorldWithSema(rt, gp, v.STW_MARK_TERM)
    gc.cpuStats.GCPauseTime += stop.stoppingCPUTime
    if rt.stacks is not None:
        gcComputeStartingStackSize(rt)
    rt.sched.gcBlackenEnabled = False
    rt.sched.attend()
    gc.limiter.startGCTransition(False, rt.engine.now)
    gcWakeAllAssists(rt, gp, gc)
    assert gp.m is not None
    semrelease(rt, gp.m, gc.markDoneSema)
    schedEnableUser(rt, gp, True)
    gc.controller.endCycle(now, rt.gomaxprocs, gc.cycle.userForced)
    yield from gcMarkTermination(rt, gp, gc, stop)


def _flushed(pp: P) -> None:
    """What each P does at the end of marking: hand in its work, of which it has none here."""


def gcWakeAllAssists(rt: Runtime, gp: G, gc: Collector) -> None:
    """Marking is over: nobody has to wait for credit any more.

    Go: runtime/mgcmark.go gcWakeAllAssists (1.27.3)
    Differs: nothing.
    """
    waiting = list(reversed(gc.assistQueue))
    gc.assistQueue.clear()
    injectglist(rt, gp.m, waiting, v.E_GC_READY)


def schedEnableUser(rt: Runtime, gp: G, enable: bool) -> None:
    """Let user goroutines be scheduled or not (GODEBUG=gcstoptheworld).

    Go: runtime/proc.go schedEnableUser (1.27.3)
    Differs: those that were held back all go to the global queue.
    """
    sched = rt.sched
    sched.disableUser = not enable
    if enable and sched.disabled:
        held = list(reversed(sched.disabled))
        sched.disabled.clear()
        for gp2 in reversed(held):
            if rt.emit is not None:
                rt.emit((rt.engine.now, v.E_GC_RELEASED, gp2.goid, -1, -1, -1))
            sched.runq.append(gp2)


def gcMarkTermination(rt: Runtime, gp: G, gc: Collector, stw: WorldStop) -> System:
    """The world is stopped and everything is marked: reckon, set the next goal, start the world and the sweeper.

    Go: runtime/mgc.go gcMarkTermination (1.27.3)
    Differs: what the pause is needed for takes Costs.gc_pause.
    """
    cycle, c = gc.cycle, gc.controller
    setGCPhase(rt, gp, gc, _GCmarktermination)
    cycle.heap1 = c.heapLive
    yield (OP_WORK, rt.costs.gc_pause, 0)
    cycle.heap2 = gc.mheap.endMark()
    c.resetLive(cycle.heap2)
    setGCPhase(rt, gp, gc, _GCoff)
    gcSweep(rt, gp, gc)
    c.commit(gc.mheap.isSweepDone())
    gc.mheap.gcPaceSweeper(c.trigger()[0])
    tellGoal(rt, gc)
    now = rt.engine.now
    cycle.pauseNS += now - stw.startedStopping
    cycle.tEnd = gc.lastgc = now
    stats = gc.cpuStats
    stats.GCPauseTime += (now - stw.finishedStopping) * cycle.maxprocs
    stats.GCAssistTime += c.assistTime
    stats.GCDedicatedTime += c.dedicatedMarkTime + c.fractionalMarkTime
    stats.GCIdleTime += c.idleMarkTime
    gc.pauseTotal += cycle.pauseNS
    gc.numforcedgc += cycle.userForced
    gc.numgc += 1
    gc.limiter.numgc = gc.numgc
    waiters, gc.sweepWaiters = gc.sweepWaiters, []
    injectglist(rt, gp.m, waiters[::-1], v.E_GC_READY)
    gc.limiter.finishGCTransition(now)
    startTheWorldWithSema(rt, gp, stw)
    yield from forEachP(rt, gp, v.POINT_FLUSH, _flushed)
    assert gp.m is not None
    if rt.config.gctrace and rt.emit is not None:
        rt.emit((rt.engine.now, v.E_GC_TRACE, gp.goid, -1, gp.m.id, gc.numgc))
    semrelease(rt, gp.m, rt.sched.worldsema)
    semrelease(rt, gp.m, rt.sched.gcsema)
