"""schedule, findRunnable and stealWork: who runs next.

The order in which findRunnable looks is the heart of the scheduler: own timers; at every 61st tick the global
queue; runnext; the ring; the global queue again, for a batch; other Ps; then, with the P given up, everything once
more; then the poller; then sleep.
"""

from __future__ import annotations

from gmp_lab import vocabulary as v
from gmp_lab.errors import Throw
from gmp_lab.runtime import timers
from gmp_lab.runtime.idle import acquirep, isSystemGoroutine, pidleget, pidlegetSpinning, pidleput, releasep
from gmp_lab.runtime.mgcworker import checkIdleGCNoP, idleGCWorker, specialWork, takeIdleGCWorker
from gmp_lab.runtime.netpoll import injectglist, netpoll, netpollready, pollNetwork
from gmp_lab.runtime.runq import globrunqget, globrunqgetbatch, runqget
from gmp_lab.runtime.runtime2 import G, M, _Grunnable, _Grunning
from gmp_lab.runtime.status import casgstatus
from gmp_lab.runtime.steal import checkRunqsNoP, stealWork
from gmp_lab.runtime.threads import (
    becomeSpinning,
    netpollBreak,
    resetspinning,
    startlockedm,
    stoplockedm,
    stopm,
    stopSpinning,
)
from gmp_lab.runtime.world import Runtime

_FROM_GLOBAL = (v.SRC_GLOBAL, v.SRC_GLOBAL61)


def schedule(rt: Runtime, mp: M) -> bool:
    """Find a goroutine and execute it on mp; False if mp has gone to sleep instead.

    Go: runtime/proc.go schedule (1.27.3)
    Differs: returns what Go never does; a sleeping mp comes back here.
    """
    if mp.lockedg is not None:
        if mp.nextp is None:
            stoplockedm(rt, mp)
            return False
        pp, mp.nextp = mp.nextp, None
        acquirep(rt, mp, pp)
        mp.source = v.SRC_LOCKED
        execute(rt, mp, mp.lockedg, False)
        return True
    if mp.p is not None:
        mp.p.preempt = False
    while True:  # top:
        found = findRunnable(rt, mp)
        if found is None:
            return False
        gp, inheritTime = found
        if mp.spinning:
            resetspinning(rt, mp)
        if not rt.sched.disableUser or schedEnabled(rt, mp, gp):
            break
    if gp.lockedm is not None:
        startlockedm(rt, mp, gp)
        return False
    execute(rt, mp, gp, inheritTime)
    return True


def schedEnabled(rt: Runtime, mp: M, gp: G) -> bool:
    """While user goroutines are held back: whether gp may run; if not, it is held back from now on.

    Go: runtime/proc.go schedEnabled (1.27.3)
    Differs: does what schedule does with the answer.
    """
    if isSystemGoroutine(gp):
        return True
    if rt.emit is not None:
        rt.emit((rt.engine.now, v.E_GC_HELD, gp.goid, mp.p.id if mp.p is not None else -1, mp.id, mp.source))
    rt.sched.disabled.append(gp)
    return False


def execute(rt: Runtime, mp: M, gp: G, inheritTime: bool) -> None:
    """Make gp the current goroutine of mp; a new time slice unless it inherits the old one.

    Go: runtime/proc.go execute (1.27.3)
    Differs: gogo, the jump into gp's code, is done by mp's loop. Charges the cost of the switch to gp.
    """
    pp = mp.p
    if pp is None:
        raise Throw(f"execute: {mp} has no P")
    mp.curg = gp
    gp.m = mp
    casgstatus(gp, _Grunnable, _Grunning)
    gp.preempt = False
    mp.switched = rt.engine.now
    if not inheritTime:
        pp.schedtick += 1
    gp.left += rt.costs.switch
    if rt.emit is not None:
        arg = mp.source | v.INHERIT if inheritTime else mp.source
        rt.emit((rt.engine.now, v.E_EXECUTE, gp.goid, pp.id, mp.id, arg))
    if rt.costs.sched_lock and mp.source in _FROM_GLOBAL:
        lockSched(rt, mp, gp)


def lockSched(rt: Runtime, mp: M, gp: G) -> None:
    """Charge gp, which mp has taken from the global queue, for sched.lock: for waiting for it and for holding it.

    Ours: what the lock would cost if each goroutine from the global queue held it for Costs.sched_lock.
    """
    now, held = rt.engine.now, rt.costs.sched_lock
    waits = max(0, rt.sched.lockfree - now)
    rt.sched.lockfree = now + waits + held
    gp.left += waits + held
    if waits and rt.emit is not None:
        pp = mp.p
        assert pp is not None
        rt.emit((now, v.E_SCHED_LOCK, gp.goid, pp.id, mp.id, min(waits, 2**31 - 1)))


def findRunnable(rt: Runtime, mp: M) -> tuple[G, bool] | None:
    """Find a runnable goroutine for mp's P, and whether it inherits the slice; None if mp sleeps.

    Go: runtime/proc.go findRunnable (1.27.3)
    Differs: no trace reader, no finalizers. tryWakeP is specialWork's. A thief that slept before
    taking a runnext enters in the middle, where it left.
    """
    sched = rt.sched
    while True:  # top:
        pp = mp.p
        if pp is None:
            raise Throw(f"findRunnable: {mp} has no P")
        pollUntil = 0
        if mp.stealing is None:
            if sched.special:
                gp = specialWork(rt, mp, pp)
                if gp is not None:
                    return gp, False
                if mp.p is None:
                    return None
            if pp.timers:
                pollUntil = timers.check(rt, mp, pp)
            if sched.runq and pp.schedtick % rt.globaltick == 0:
                return globrunqget(rt, mp), False
            gp, inheritTime = runqget(mp, pp)
            if gp is not None:
                return gp, inheritTime
            if sched.runq:
                return globrunqgetbatch(rt, mp, pp), False
            if sched.netpollWaiters and sched.lastpoll != 0:
                gp = pollNetwork(rt, mp, pp)
                if gp is not None:
                    return gp, False
        # Spinning Ms: steal work from other Ps, but keep their number below half of the busy Ps.
        if rt.ring and (mp.spinning or 2 * sched.nmspinning < rt.gomaxprocs - len(sched.pidle)):
            if not mp.spinning:
                becomeSpinning(rt, mp)
            gp, inheritTime, w, newWork = stealWork(rt, mp, pp)
            if gp is not None:
                return gp, inheritTime
            if mp.stealing is not None:
                return None
            if newWork:
                continue
            if w and (not pollUntil or w < pollUntil):
                pollUntil = w
        if sched.gcBlackenEnabled:
            gp = idleGCWorker(rt, mp, pp)
            if gp is not None:
                return gp, False
        # sched.lock
        if sched.runq:
            return globrunqgetbatch(rt, mp, pp), False
        if not mp.spinning and sched.needspinning:
            becomeSpinning(rt, mp)
            continue
        if sched.special and (sched.gcwaiting or pp.runSafePointFn):
            continue  # a thief that slept: somebody has asked for a stop or a safe point meanwhile
        found = goIdle(rt, mp, pollUntil)
        if found is not None:
            return found, False
        if mp.p is None:
            return None


def goIdle(rt: Runtime, mp: M, pollUntil: int) -> G | None:
    """Give the P up, look at everything once more, then poll or park.

    Returns a G to run, or None: then mp has a P again (go to top) or none (it sleeps).

    Go: runtime/proc.go findRunnable (1.27.3)
    Differs: the part of findRunnable below its last look at the global queue, as a function of its own.
    """
    pp = releasep(rt, mp)
    pidleput(rt, pp)
    wasSpinning = mp.spinning
    if mp.spinning:
        stopSpinning(rt, mp)
        # Delicate: work may have come between our last look and the end of spinning, seen by nobody.
        if rt.sched.runq:
            pp2 = pidlegetSpinning(rt)
            if pp2 is not None:
                acquirep(rt, mp, pp2)
                gp = globrunqgetbatch(rt, mp, pp2)
                becomeSpinning(rt, mp)
                return gp
        pp2 = checkRunqsNoP(rt)
        if pp2 is not None:
            acquirep(rt, mp, pp2)
            becomeSpinning(rt, mp)
            return None
        if rt.sched.gcBlackenEnabled:
            found = checkIdleGCNoP(rt, mp)
            if found is not None:
                acquirep(rt, mp, found[0])
                becomeSpinning(rt, mp)
                takeIdleGCWorker(rt, mp, *found)
                return found[1]
        pollUntil = timers.timeSleepUntil(rt)  # checkTimersNoP
    netpollOrStop(rt, mp, pollUntil, wasSpinning)
    return None


def netpollOrStop(rt: Runtime, mp: M, pollUntil: int, wasSpinning: bool) -> None:
    """Become the one M that blocks in netpoll until the next timer, or park.

    Go: runtime/proc.go findRunnable (1.27.3)
    Differs: the last part of findRunnable.
    """
    sched = rt.sched
    if (pollUntil or sched.netpollWaiters) and sched.lastpoll != 0:
        sched.lastpoll = 0
        sched.pollUntil = pollUntil
        sched.poller, sched.pollWakeSig = mp, False
        mp.seg += 1
        mp.pollspin = wasSpinning
        delay = epollTimeout(rt, pollUntil)
        if rt.emit is not None:
            us = -1 if delay < 0 else min(delay // 1000, 2**31 - 1)  # 32 bits
            rt.emit((rt.engine.now, v.E_POLL_BLOCK, -1, -1, mp.id, us))
        if sched.epoll:
            rt.engine.after(0, rt.poll_end, mp, mp.seg)  # something is ready already
        elif delay >= 0:
            rt.engine.after(delay + rt.slack(), rt.poll_end, mp, mp.seg)
        rt.pause(mp)
        return
    if pollUntil and (sched.pollUntil == 0 or sched.pollUntil > pollUntil):
        netpollBreak(rt)
    stopm(rt, mp)


def epollTimeout(rt: Runtime, pollUntil: int) -> int:
    """How long epoll_wait is asked to wait, in ns: whole milliseconds, at least one, then truncated; -1: for ever.

    Go: runtime/netpoll_epoll.go netpoll (1.27.3)
    Differs: its first lines, and the delay that findRunnable works out for it.
    """
    if not pollUntil:
        return -1
    delay = pollUntil - rt.engine.now - rt.costs.steal  # some time went by in looking for work
    return max(1_000_000, delay // 1_000_000 * 1_000_000) if delay > 0 else 0


def netpollEnd(rt: Runtime, mp: M) -> bool:
    """mp comes back from netpoll; True if it has got a P (and maybe a goroutine), else it has parked.

    Go: runtime/proc.go findRunnable (1.27.3)
    Differs: the code after the blocking netpoll; what schedule does with a goroutine so found is done here.
    """
    sched = rt.sched
    sched.pollUntil, sched.poller, sched.lastpoll = 0, None, max(1, rt.engine.now)
    if rt.emit is not None:
        rt.emit((rt.engine.now, v.E_POLL_WAKE, -1, -1, mp.id, -1))
    toRun = netpoll(rt) if sched.epoll else []
    pp = pidleget(rt)
    if pp is None:
        injectglist(rt, mp, toRun)
        stopm(rt, mp)
        return False
    acquirep(rt, mp, pp)
    if not toRun:
        if mp.pollspin:
            becomeSpinning(rt, mp)
        return True
    gp = toRun.pop()
    injectglist(rt, mp, toRun)
    netpollready(rt, mp, pp, gp, v.NET_HAND)
    mp.source = v.SRC_POLL
    if gp.lockedm is not None:
        startlockedm(rt, mp, gp)
        return False
    execute(rt, mp, gp, False)
    return True
