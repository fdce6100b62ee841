"""The collector as seen by the scheduler: when a cycle starts, who runs in it, and runtime.GC.

A cycle: make sure there is a worker for each P; stop the world for a moment; mark while the program goes on; stop it
again (mgcdone); sweep while the program goes on.  The goroutine whose allocation passes the trigger starts it.
"""

from __future__ import annotations

from typing import Any

from gmp_lab import vocabulary as v
from gmp_lab.runtime import mgcmark
from gmp_lab.runtime.goroutine import newproc
from gmp_lab.runtime.mgcdone import gcMarkDone, schedEnableUser, setGCPhase, tellGoal
from gmp_lab.runtime.mgclimit import limiterEventIdleMarkWork
from gmp_lab.runtime.mgcpacer import (
    gcMarkWorkerDedicatedMode,
    gcMarkWorkerFractionalMode,
    gcMarkWorkerIdleMode,
    gcMarkWorkerNotWorker,
    gcTriggerCycle,
    gcTriggerHeap,
    gcTriggerTime,
)
from gmp_lab.runtime.mgcstate import Collector, Cycle, _GCmark, _GCoff, forcegcperiod, gcBackgroundMode, gcForceMode
from gmp_lab.runtime.mgcsweep import systemG
from gmp_lab.runtime.mheap import sweepBatchSize
from gmp_lab.runtime.runtime2 import G, M, P
from gmp_lab.runtime.stw import startTheWorldWithSema, stopTheWorldWithSema
from gmp_lab.runtime.system import Gosched, System, park, semacquire, semrelease
from gmp_lab.runtime.world import Runtime
from gmp_lab.workload import OP_CONTINUE, OP_WORK, Chan, recv, send


def test(rt: Runtime, gc: Collector, kind: int, n: int) -> bool:
    """Whether a cycle should start now: for a trigger kind of mgcpacer, and for cycle n.

    Go: runtime/mgc.go gcTrigger.test (1.27.3)
    Differs: gcTrigger's fields are arguments; the time is now.
    """
    if gc.phase != _GCoff:
        return False
    if kind == gcTriggerHeap:
        return gc.controller.heapLive >= gc.controller.trigger()[0]
    if kind == gcTriggerTime:
        off = gc.controller.gcPercent < 0
        return not off and gc.lastgc != 0 and rt.engine.now - gc.lastgc > forcegcperiod
    return n > gc.cycles


def gcStart(rt: Runtime, gp: G, kind: int, n: int = 0) -> System:
    """Start a cycle, in gp, unless there is no reason any more or one is on.

    Go: runtime/mgc.go gcStart (1.27.3)
    Differs: gcTrigger's fields are arguments. What the pause is needed for takes Costs.gc_pause.
    """
    gc: Collector = rt.gc
    while test(rt, gc, kind, n) and (swept := gc.mheap.sweep(sweepBatchSize)):
        yield (OP_WORK, swept * rt.costs.sweep_span, 0)
    yield from semacquire(rt, gp, gc.startSema)
    assert gp.m is not None
    if not test(rt, gc, kind, n):
        semrelease(rt, gp.m, gc.startSema)
        return
    yield from semacquire(rt, gp, rt.sched.gcsema)
    yield from semacquire(rt, gp, rt.sched.worldsema)
    yield from gcBgMarkStartWorkers(rt, gp, gc)
    if gc.forceg is None:
        gc.forceg = systemG(rt, "runtime.forcegchelper", "force gc (idle)", forcegchelper(rt))
        gc.forceIdle = True
    gc.cycle = cycle = Cycle()
    cycle.userForced = kind == gcTriggerCycle
    cycle.mode = gcForceMode if rt.config.gcstoptheworld else gcBackgroundMode
    gcResetMarkState(gc)
    cycle.maxprocs = rt.gomaxprocs
    cycle.stwprocs = rt.gomaxprocs if rt.config.cores is None else min(rt.gomaxprocs, rt.config.cores)
    cycle.heap0 = gc.controller.heapLive
    cycle.tSweepTerm = now = rt.engine.now
    stop = yield from stopTheWorldWithSema(rt, gp, v.STW_SWEEP_TERM)
    gc.cpuStats.GCPauseTime += stop.stoppingCPUTime
    left = gc.mheap.sweep(gc.mheap.pagesToSweep)  # finishsweep_m
    yield (OP_WORK, rt.costs.gc_pause + left * rt.costs.sweep_span, 0)
    _begin(rt, gp, gc, now, kind)
    now = rt.engine.now
    gc.cpuStats.GCPauseTime += (now - stop.finishedStopping) * cycle.maxprocs
    cycle.pauseNS = now - stop.startedStopping
    cycle.tMark = now
    startTheWorldWithSema(rt, gp, stop)
    gc.limiter.finishGCTransition(now)
    semrelease(rt, gp.m, rt.sched.worldsema)
    if cycle.mode != gcBackgroundMode:
        yield (OP_CONTINUE, Gosched, None)
    assert gp.m is not None
    semrelease(rt, gp.m, gc.startSema)


def _begin(rt: Runtime, gp: G, gc: Collector, now: int, kind: int) -> None:
    """The world is stopped by gp: from here on it marks (the middle of gcStart)."""
    gc.cycles += 1
    gc.controller.startCycle(now, rt.gomaxprocs, kind, int(rt.config.gcstoptheworld))
    for pp in rt.allp:
        pp.gcAssistTime = pp.gcFractionalMarkTime = 0
    gc.limiter.startGCTransition(True, rt.engine.now)
    if gc.cycle.mode != gcBackgroundMode:
        schedEnableUser(rt, gp, False)
    if rt.emit is not None and gp.m is not None:
        rt.emit((rt.engine.now, v.E_GC_CYCLE, gp.goid, -1, gp.m.id, kind))
    setGCPhase(rt, gp, gc, _GCmark)
    tellGoal(rt, gc)
    gc.nwait = gc.nproc = 1 << 32  # gcBgMarkPrepare
    mgcmark.gcPrepareMarkRoots(rt, gc)
    rt.sched.gcBlackenEnabled = True
    rt.sched.attend()


def gcResetMarkState(gc: Collector) -> None:
    """Nobody has credit or debt any more.

    Go: runtime/mgc.go gcResetMarkState (1.27.3)
    Differs: the marks of objects are not modelled.
    """
    gc.gcAssistBytes.clear()
    gc.cycle.initialHeapLive = gc.controller.heapLive


# --- workers ------------------------------------------------------------------------------------------------------


def gcBgMarkStartWorkers(rt: Runtime, gp: G, gc: Collector) -> System:
    """Make workers until there are as many as Ps, one at a time; they are never taken away.

    Go: runtime/mgc.go gcBgMarkStartWorkers (1.27.3)
    Differs: nothing.
    """
    if gc.workers >= rt.gomaxprocs:
        return
    ready = Chan(1)
    while gc.workers < rt.gomaxprocs:
        mp = gp.m
        assert mp is not None and mp.p is not None
        newproc(rt, mp, mp.p, gcBgMarkWorker, (rt, ready))
        rt.allgs[-1].name = "runtime.gcBgMarkWorker"
        yield recv(ready)
        gc.workers += 1


def gcBgMarkWorker(rt: Runtime, ready: Chan) -> System:
    """A worker: parks in the pool, and marks when a P has chosen it, in the mode that the P says.

    Go: runtime/mgc.go gcBgMarkWorker (1.27.3)
    Differs: running while it marks, not waiting.
    """
    gp: G = yield (OP_CONTINUE, _getg, None)
    gc: Collector = rt.gc
    yield send(ready)
    while True:
        yield (OP_CONTINUE, _idle, None)
        mp = gp.m
        assert mp is not None and mp.p is not None
        pp = mp.p
        mode, start = pp.gcMarkWorkerMode, rt.engine.now
        pp.gcMarkWorkerStartTime = start
        event = gc.limiterEvent(pp)
        track = mode == gcMarkWorkerIdleMode and event.start(limiterEventIdleMarkWork, start)
        gc.gcBeginWork()
        gc.marking[gp] = pp
        _tell(rt, gp, mode)
        yield from _mark(rt, gp, pp, mode)
        _tell(rt, gp, gcMarkWorkerNotWorker)
        del gc.marking[gp]
        now = rt.engine.now
        gc.controller.markWorkerStop(mode, now - start)
        if track:
            event.stop(limiterEventIdleMarkWork, now)
        if mode == gcMarkWorkerFractionalMode:
            pp.gcFractionalMarkTime += now - start
        pp.gcMarkWorkerMode = gcMarkWorkerNotWorker
        if gc.gcEndWork():
            yield from gcMarkDone(rt, gp)


def _getg(rt: Runtime, mp: M, gp: G, _: object) -> bool:
    gp.value = gp
    return True


def _idle(rt: Runtime, mp: M, gp: G, _: object) -> bool:
    rt.gc.pool.append(gp)
    waits = park("GC worker (idle)")
    return bool(waits[1](rt, mp, gp, waits[2]))


def _tell(rt: Runtime, gp: G, mode: int) -> None:
    if rt.emit is not None and gp.m is not None and gp.m.p is not None:
        rt.emit((rt.engine.now, v.E_GC_WORKER, gp.goid, gp.m.p.id, gp.m.id, mode))


def _mark(rt: Runtime, gp: G, pp: P, mode: int) -> System:
    flush = mgcmark.gcDrainFlushBgCredit
    until = mgcmark.gcDrainUntilPreempt | flush
    if mode == gcMarkWorkerDedicatedMode:
        yield from mgcmark.gcDrain(rt, gp, until)
        if gp.preempt:  # it will keep its P for long: others may take the work that waits here
            runqdrain(rt, gp, pp)
        yield from mgcmark.gcDrain(rt, gp, flush)
    elif mode == gcMarkWorkerFractionalMode:
        yield from mgcmark.gcDrain(rt, gp, until | mgcmark.gcDrainFractional)
    else:
        yield from mgcmark.gcDrain(rt, gp, until | mgcmark.gcDrainIdle)


def runqdrain(rt: Runtime, gp: G, pp: P) -> None:
    """pp's whole queue, its runnext first, goes to the tail of the global queue; gp is the worker on pp.

    Go: runtime/proc.go runqdrain (1.27.3)
    Differs: does the globrunqputbatch that follows.
    """
    n = len(pp.runq) + (pp.runnext is not None)
    if not n:
        return
    if rt.emit is not None and gp.m is not None:
        rt.emit((rt.engine.now, v.E_QUEUE_DRAIN, gp.goid, pp.id, gp.m.id, n))
    if pp.runnext is not None:
        rt.sched.runq.append(pp.runnext)
        pp.runnext = None
    rt.sched.runq.extend(pp.runq)
    pp.runq.clear()


# --- runtime.GC and the forced cycle ------------------------------------------------------------------------------


def gcWaitOnMark(rt: Runtime, gp: G, gc: Collector, n: int) -> System:
    """Wait until cycle n has marked.

    Go: runtime/mgc.go gcWaitOnMark (1.27.3)
    Differs: nothing.
    """
    while gc.cycles + (gc.phase != _GCmark) <= n:
        gc.sweepWaiters.append(gp)
        yield park("wait for GC cycle")


def GC(rt: Runtime, gp: G) -> System:
    """A whole cycle: wait for the one that may be on, start another, wait for its end, help to sweep.

    Go: runtime/mgc.go GC (1.27.3)
    Differs: ten spans at a time.
    """
    gc: Collector = rt.gc
    n = gc.cycles
    yield from gcWaitOnMark(rt, gp, gc, n)
    yield from gcStart(rt, gp, gcTriggerCycle, n + 1)
    yield from gcWaitOnMark(rt, gp, gc, n + 1)
    while gc.cycles == n + 1 and (swept := gc.mheap.sweep(sweepBatchSize)):
        yield (OP_WORK, swept * rt.costs.sweep_span, 0)
        yield (OP_CONTINUE, Gosched, None)


def forcegchelper(rt: Runtime) -> System:
    """Woken by sysmon when there was no cycle for two minutes: starts one.

    Go: runtime/proc.go forcegchelper (1.27.3)
    Differs: begins where Go's is woken for the first time.
    """
    gc: Collector = rt.gc
    gp: Any = gc.forceg
    while True:
        yield from gcStart(rt, gp, gcTriggerTime)
        gc.forceIdle = True
        yield park("force gc (idle)")


