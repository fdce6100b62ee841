"""Marking: the work itself, in time.

A marker takes a little scan work off what is left, computes for as long as that takes, and hands the credit in:
goroutines that wait in the assist queue are paid first.  Stacks are scanned one at a time, and a goroutine that runs
is stopped for it.
"""

from __future__ import annotations

from gmp_lab import vocabulary as v
from gmp_lab.runtime import mheap
from gmp_lab.runtime.goroutine import ready
from gmp_lab.runtime.mgcpacer import gcCreditSlack
from gmp_lab.runtime.mgcstate import Collector, drainCheckThreshold
from gmp_lab.runtime.mgcworker import enlistWorker
from gmp_lab.runtime.netpoll import injectglist, netpoll
from gmp_lab.runtime.preempt import preemptone
from gmp_lab.runtime.runq import runqempty, runqput
from gmp_lab.runtime.runtime2 import G, M, P, _Gdead, _Grunnable, _Grunning, _Gwaiting
from gmp_lab.runtime.stackscan import markrootFreeGStacks, scanstack
from gmp_lab.runtime.status import casgstatus
from gmp_lab.runtime.system import System
from gmp_lab.runtime.threads import wakep
from gmp_lab.runtime.world import Runtime
from gmp_lab.workload import OP_WORK

# gcDrainFlags (runtime/mgcmark.go)
gcDrainUntilPreempt, gcDrainFlushBgCredit, gcDrainIdle, gcDrainFractional = 1, 2, 4, 8
yieldDelay = 10 * 1000  # runtime/preempt.go suspendG: ns of spinning before the processor is yielded
_PREEMPTED = v.WAIT_NO["preempted"]


def gcPrepareMarkRoots(rt: Runtime, gc: Collector) -> None:
    """Make the root jobs: the data segment, then one for each stack; the heap's work is found through them.

    Go: runtime/mgcmark.go gcPrepareMarkRoots (1.27.3)
    Differs: one job for all global variables; none for spans' specials, finalizers and cleanups.
    """
    heap, costs = gc.mheap, rt.costs
    heap.beginMark()
    gc.roots.clear()
    gc.roots.append(None)
    gc.roots.extend(gp for gp in rt.allgs if gp.atomicstatus != _Gdead)
    gc.full, gc.hidden = 0, heap.scannable
    ns = heap.objects * costs.mark_object + (heap.scannable * costs.mark_kb >> 10)
    gc.nsPerMiB = (ns << 20) // heap.scannable if heap.scannable else 0
    gc.coldNsPerMiB = gc.nsPerMiB * (100 + costs.mark_cold) // 100
    if rt.stacks is not None:
        markrootFreeGStacks(rt)


def _stop(rt: Runtime, gp: G, pp: P, flags: int) -> bool:
    """Whether a marker must stop: it was asked to, and it is one that listens, or the asker is the whole world."""
    return gp.preempt and bool(flags & gcDrainUntilPreempt or rt.sched.gcwaiting or pp.runSafePointFn)


def _check(rt: Runtime, gc: Collector, mp: M, pp: P, flags: int) -> bool:
    """What idle and fractional workers ask now and then: whether to stop."""
    if flags & gcDrainIdle:
        return pollWork(rt, mp, pp)
    if flags & gcDrainFractional:
        now, fractional = rt.engine.now, pp.gcFractionalMarkTime
        return gc.controller.pollFractionalWorkerExit(fractional, pp.gcMarkWorkerStartTime, now)
    return False


def pollWork(rt: Runtime, mp: M, pp: P) -> bool:
    """Whether there is something else to do for an idle worker's P.

    Go: runtime/proc.go pollWork (1.27.3)
    Differs: nothing.
    """
    sched = rt.sched
    if sched.runq or not runqempty(pp):
        return True
    if sched.netpollWaiters and sched.lastpoll != 0:
        found = netpoll(rt)
        if found:
            injectglist(rt, mp, found)
            return True
    return False


def gcDrain(rt: Runtime, gp: G, flags: int) -> System:
    """The worker gp marks until nothing is left, or until its flags tell it to stop.

    Go: runtime/mgcmark.go gcDrain (1.27.3)
    Differs: takes gcCreditSlack units at a time where Go takes one object or span, so it also looks at gp.preempt
    only so often.
    """
    gc: Collector = rt.gc
    mp = gp.m
    assert mp is not None and mp.p is not None
    pp, c = mp.p, gc.controller
    while gc.roots and not _stop(rt, gp, pp, flags):
        work = yield from markroot(rt, gp, gc)
        gcFlushBgCredit(rt, mp, gc, work)
        if _check(rt, gc, mp, pp, flags):
            return
        if gc.full:
            enlistWorker(rt, mp, pp)
    checkWork = drainCheckThreshold
    price = gc.coldNsPerMiB if flags & gcDrainFractional else gc.nsPerMiB
    while gc.full and not _stop(rt, gp, pp, flags):
        work = min(gcCreditSlack, gc.full)
        gc.full -= work
        yield (OP_WORK, work * price >> 20, 0)
        c.heapScanWork += work
        gcFlushBgCredit(rt, mp, gc, work)
        if gc.full:
            enlistWorker(rt, mp, pp)
        checkWork -= work
        if checkWork <= 0:
            checkWork += drainCheckThreshold
            if _check(rt, gc, mp, pp, flags):
                return


def gcDrainN(rt: Runtime, gp: G, scanWork: int) -> System:
    """gp marks at least so many units, if there are so many; returns what it did.

    Go: runtime/mgcmark.go gcDrainN (1.27.3)
    Differs: see gcDrain. Another marker may look for work in vain although this one has some in hand.
    """
    gc: Collector = rt.gc
    mp = gp.m
    assert mp is not None and mp.p is not None
    done = 0
    while not gp.preempt and not gc.limiter.limiting() and done < scanWork:
        if not gc.full:
            if not gc.roots:
                break
            done += yield from markroot(rt, gp, gc)
            continue
        work = min(gcCreditSlack, gc.full, scanWork - done)
        gc.full -= work
        yield (OP_WORK, work * gc.coldNsPerMiB >> 20, 0)
        gc.controller.heapScanWork += work
        done += work
        if gc.full:
            enlistWorker(rt, mp, mp.p)
    return done


def markroot(rt: Runtime, gp: G, gc: Collector) -> System:
    """gp does the next root job; returns its scan work. The caller hands the credit in.

    Go: runtime/mgcmark.go markroot (1.27.3)
    Differs: see gcPrepareMarkRoots.
    """
    job, c, costs = gc.roots.popleft(), gc.controller, rt.costs
    if job is None:
        yield (OP_WORK, mheap.globalsScan * costs.mark_kb >> 10, 0)
        c.globalsScanWork += mheap.globalsScan
        gc.full, gc.hidden = gc.full + gc.hidden, 0
        return mheap.globalsScan
    stopped = yield from suspendG(rt, gp, gc, job)
    if job.atomicstatus == _Gdead:
        return 0
    size, ns = (0, 0) if rt.stacks is None else scanstack(rt, job)
    yield (OP_WORK, costs.scan_stack + ns + (size * costs.mark_kb >> 10), 0)
    c.stackScanWork += size
    if stopped:  # resumeG
        assert gp.m is not None
        ready(rt, gp.m, job)
    return size


def suspendG(rt: Runtime, me: G, gc: Collector, gp: G) -> System:
    """me waits until gp does not run, and stops it for that; whether it has to be readied again.

    Go: runtime/preempt.go suspendG (1.27.3)
    Differs: _Gpreempted is waiting, for the reason "preempted". The time a scan takes does not keep gp from running:
    who is runnable or in a system call may go on meanwhile.
    """
    while gp.atomicstatus == _Grunning and not (gp is me or scannable(rt, gc, gp)):
        m2 = gp.m
        assert m2 is not None and m2.p is not None
        gc.preemptStop.add(gp)
        if not (gp.preempt and m2.signalPending):
            preemptone(rt, m2.p, v.PREEMPT_SCAN)
        yield (OP_WORK, yieldDelay, 0)
    stopped = gp.atomicstatus == _Gwaiting and gp.waitreason == _PREEMPTED
    if gp in gc.preemptStop:
        gc.preemptStop.discard(gp)
        gp.preempt = False
    return stopped


def scannable(rt: Runtime, gc: Collector, gp: G) -> bool:
    """Whether gp, which runs, is in runtime code that lets its stack be scanned (Go calls its status waiting there).

    Ours: casGToWaitingForSuspendG, asked for instead of told.
    """
    sched = rt.sched
    if gp in gc.marking:
        return True
    return gp.m is not None and (gp.m is sched.safePointM or (sched.stop is not None and sched.stop.mp is gp.m))


def gcFlushBgCredit(rt: Runtime, mp: M, gc: Collector, scanWork: int) -> None:
    """A background worker on mp has done so much: pay who waits in the assist queue, keep the rest as credit.

    Go: runtime/mgcmark.go gcFlushBgCredit (1.27.3)
    Differs: nothing.
    """
    c = gc.controller
    if not gc.assistQueue:
        c.bgScanCredit += scanWork
        return
    scanBytes = int(float(scanWork) * c.assistBytesPerWork)
    while gc.assistQueue and scanBytes > 0:
        gp = gc.assistQueue.popleft()
        debt = gc.gcAssistBytes[gp]
        if scanBytes + debt >= 0:
            scanBytes += debt
            gc.gcAssistBytes[gp] = 0
            readyLast(rt, mp, gp)
        else:
            gc.gcAssistBytes[gp] = debt + scanBytes
            scanBytes = 0
            gc.assistQueue.append(gp)
    if scanBytes > 0:
        c.bgScanCredit += int(float(scanBytes) * c.assistWorkPerByte)


def readyLast(rt: Runtime, mp: M, gp: G) -> None:
    """Make the waiting gp runnable at the tail of the ring of mp's P.

    Go: runtime/proc.go ready (1.27.3)
    Differs: the case next=false, of which this is the only use.
    """
    casgstatus(gp, _Gwaiting, _Grunnable)
    pp = mp.p
    assert pp is not None
    if rt.emit is not None:
        rt.emit((rt.engine.now, v.E_GC_READY, gp.goid, pp.id, mp.id, v.NET_RING))
    runqput(rt, pp, gp, False)
    wakep(rt)
