"""What the heap's operations of bodies do: allocate, let go, collect, set GOGC and the limit, read the statistics."""

from __future__ import annotations

from gmp_lab import vocabulary as v
from gmp_lab.heap import SET_PERCENT, MemStats
from gmp_lab.runtime import mgc
from gmp_lab.runtime.mgcassist import gcAssistAlloc
from gmp_lab.runtime.mgcdone import tellGoal, tellHeap
from gmp_lab.runtime.mgclimit import limiterEventIdle
from gmp_lab.runtime.mgcpacer import gcTriggerHeap
from gmp_lab.runtime.mgcstate import Collector
from gmp_lab.runtime.mheap import maxSmallSize, pageSize
from gmp_lab.runtime.runtime2 import G, M
from gmp_lab.runtime.stw import startTheWorldWithSema, stopTheWorld
from gmp_lab.runtime.system import System, semrelease, systemstack
from gmp_lab.runtime.world import Runtime
from gmp_lab.workload import OP_WORK, Op

_TELL = 256  # KiB by which the heap changes between two records of its size


def gcinit(rt: Runtime) -> Collector:
    """Make the collector, when a program first asks for memory.

    Go: runtime/mgc.go gcinit (1.27.3)
    Differs: at the first operation on the heap, so that a program without one pays nothing.
    """
    config = rt.config
    rt.gc = gc = Collector(rt.version.name, config.gogc, config.gomemlimit, rt.gomaxprocs, rt.engine.now)
    for pp in rt.sched.pidle:
        gc.limiterEvent(pp).start(limiterEventIdle, rt.engine.now)
    tellGoal(rt, gc)
    return gc


def mallocgc(rt: Runtime, mp: M, gp: G, op: Op) -> bool:
    """Allocate op's objects for gp; False: it goes on when the time for it has passed.

    Go: runtime/malloc.go mallocgc (1.27.3)
    Differs: n objects at once, with one look at the debt, the sweeper and the trigger. Sizes are not rounded up.
    """
    gc: Collector = rt.gc or gcinit(rt)
    if rt.sched.gcBlackenEnabled:
        size = op[1] * op[2]
        left = gc.gcAssistBytes.get(gp, 0) - size  # deductAssistCredit
        gc.gcAssistBytes[gp] = left
        if left < 0:
            return systemstack(rt, mp, gp, _indebted(rt, gp, op))
    ns, refilled = _allocate(rt, gc, op)
    if refilled and mgc.test(rt, gc, gcTriggerHeap, 0):
        return systemstack(rt, mp, gp, _triggered(rt, gp, ns))
    gp.loop = 0  # no safe point in the allocator
    rt.compute(mp, ns)
    return False


def _allocate(rt: Runtime, gc: Collector, op: Op) -> tuple[int, bool]:
    """Count the objects; the time in ns that they take, and whether a span was fetched."""
    _, size, n, scan, keep = op
    costs, heap = rt.costs, gc.mheap
    refilled = heap.alloc(size, n, scan, keep, rt.sched.gcBlackenEnabled)
    ns = n * (costs.malloc + (size * costs.malloc_kb >> 10))
    if refilled:
        if heap.sweepPagesPerByte:
            span = size * n if size > maxSmallSize else pageSize
            ns += heap.deductSweepCredit(span) * costs.sweep_span
        if abs((gc.controller.heapLive >> 10) - gc.toldKiB) >= _TELL:
            tellHeap(rt, gc)
    return ns, refilled


def _indebted(rt: Runtime, gp: G, op: Op) -> System:
    yield from gcAssistAlloc(rt, gp)
    ns, refilled = _allocate(rt, rt.gc, op)
    yield (OP_WORK, ns, 0)
    if refilled and mgc.test(rt, rt.gc, gcTriggerHeap, 0):
        yield from mgc.gcStart(rt, gp, gcTriggerHeap)


def _triggered(rt: Runtime, gp: G, ns: int) -> System:
    yield (OP_WORK, ns, 0)
    yield from mgc.gcStart(rt, gp, gcTriggerHeap)


def opDrop(rt: Runtime, mp: M, gp: G, op: Op) -> bool:
    """Objects are reachable no more; costs nothing.

    Ours: an operation of bodies; in Go the last pointer to them is overwritten.
    """
    gc: Collector = rt.gc or gcinit(rt)
    gc.mheap.drop(op[1], op[2], op[3])
    return True


def opGC(rt: Runtime, mp: M, gp: G, op: Op) -> bool:
    """runtime.GC.

    Ours: an operation of bodies.
    """
    if rt.gc is None:
        gcinit(rt)
    return systemstack(rt, mp, gp, mgc.GC(rt, gp))


def opSet(rt: Runtime, mp: M, gp: G, op: Op) -> bool:
    """debug.SetGCPercent and debug.SetMemoryLimit.

    Ours: an operation of bodies.
    """
    if rt.gc is None:
        gcinit(rt)
    return systemstack(rt, mp, gp, setGC(rt, gp, op[1], op[2]))


def setGC(rt: Runtime, gp: G, what: int, value: int) -> System:
    """Set GOGC or the limit with the world stopped; returns the old value. Starts a cycle if one is due now.

    Go: runtime/mgcpacer.go setGCPercent (1.27.3)
    Differs: and setMemoryLimit. Go waits for a cycle that is on, for GOGC off only.
    """
    gc: Collector = rt.gc
    stop = yield from stopTheWorld(rt, gp, v.STW_GOMAXPROCS)
    c = gc.controller
    old = c.setGCPercent(value) if what == SET_PERCENT else c.setMemoryLimit(value)
    c.commit(gc.mheap.isSweepDone())
    gc.mheap.gcPaceSweeper(c.trigger()[0])
    if rt.sched.gcBlackenEnabled:
        c.revise()
    tellGoal(rt, gc)
    startTheWorldWithSema(rt, gp, stop)
    assert gp.m is not None
    semrelease(rt, gp.m, rt.sched.worldsema)
    return old


def opReadMem(rt: Runtime, mp: M, gp: G, op: Op) -> bool:
    """runtime.ReadMemStats.

    Ours: an operation of bodies.
    """
    if rt.gc is None:
        gcinit(rt)
    return systemstack(rt, mp, gp, ReadMemStats(rt, gp))


def ReadMemStats(rt: Runtime, gp: G) -> System:
    """Stop the world and read; returns a MemStats.

    Go: runtime/mstats.go ReadMemStats (1.27.3)
    Differs: what it reads takes no time.
    """
    gc: Collector = rt.gc
    stop = yield from stopTheWorld(rt, gp, v.STW_READ_MEM_STATS)
    c, cpu = gc.controller, gc.cpuStats
    stats = MemStats(
        c.heapLive, c.heapMarked, c.heapGoal(), c.totalAlloc, gc.numgc, gc.numforcedgc, gc.pauseTotal,
        cpu.GCAssistTime, cpu.GCDedicatedTime, cpu.GCIdleTime, cpu.GCPauseTime, gc.limiter.lastEnabledCycle,
    )  # fmt: skip
    startTheWorldWithSema(rt, gp, stop)
    assert gp.m is not None
    semrelease(rt, gp.m, rt.sched.worldsema)
    return stats
