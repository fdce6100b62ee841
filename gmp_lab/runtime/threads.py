"""Ms and the Ps they carry: starting, parking, waking, handing over.

Threads are woken in a chain: whoever makes work ready wakes at most one M, and only if no M is looking for work
already; that M, when it finds something, wakes the next.  Waking one thread per readied goroutine was rejected by
the runtime's authors: bursts of ready would wake threads that find nothing and park again.

A wake-up takes time (``Costs.wake_m``); until it is over the M has its
P in ``nextp`` and nobody runs there.  Idle Ms are kept for ever, on a LIFO list (``idle``).
"""

from __future__ import annotations

from gmp_lab import params
from gmp_lab import vocabulary as v
from gmp_lab.errors import Throw
from gmp_lab.runtime.idle import checkdead, mget, mput, pidleget, pidlegetSpinning, pidleput, releasep
from gmp_lab.runtime.runq import runqempty
from gmp_lab.runtime.runtime2 import G, M, P, _Pgcstop
from gmp_lab.runtime.world import GoPanic, Runtime


def newm(rt: Runtime, pp: P | None, spinning: bool) -> M:
    """Make a thread that will start with pp.

    Go: runtime/proc.go newm (1.27.3)
    Differs: mspinning, Go's start function, is a flag.
    """
    sched = rt.sched
    if sched.mnext >= params.maxmcount:
        raise GoPanic(
            f"runtime: program exceeds {params.maxmcount}-thread limit\nfatal error: thread exhaustion"
        )
    mp = M(sched.mnext)
    sched.mnext += 1
    rt.allm.append(mp)
    mp.nextp, mp.spinning = pp, spinning
    if rt.emit is not None:
        rt.emit((rt.engine.now, v.E_M_NEW, -1, -1, mp.id, v.M_NORMAL))
    return mp


def startm(rt: Runtime, pp: P | None, spinning: bool, leaving: bool = False) -> None:
    """Let some M run pp (None: any idle P); make a thread if no M is parked. A spinning start is already counted.

    Go: runtime/proc.go startm (1.27.3)
    Differs: the M runs after wake_m or new_m nanoseconds; if the caller is leaving its core to it, after handover_m.
    """
    if pp is None:
        pp = pidleget(rt)
        if pp is None:
            return
    nmp = mget(rt)
    if nmp is None:
        nmp, delay = newm(rt, pp, spinning), rt.costs.new_m
    else:
        if nmp.spinning or nmp.nextp is not None:
            raise Throw(f"startm: {nmp} is spinning or has {nmp.nextp}")
        if spinning and not runqempty(pp):
            raise Throw(f"startm: {pp} has runnable gs")
        nmp.spinning, nmp.nextp = spinning, pp
        delay = rt.costs.handover_m if leaving else rt.costs.wake_m
    if rt.emit is not None:
        rt.emit((rt.engine.now, v.E_M_START, -1, pp.id, nmp.id, int(spinning)))
    rt.engine.after(delay, notewakeup, rt, nmp)


def notewakeup(rt: Runtime, mp: M) -> None:
    """The futex wake (or the clone) is over: mp runs, with the P it was given.

    Go: runtime/lock_futex.go notewakeup (1.27.3)
    Differs: this is the sleeper's side; the waker's has set nextp. A locked M takes its P in schedule.
    """
    if rt.emit is not None:
        rt.emit((rt.engine.now, v.E_M_WAKE, -1, -1, mp.id, -1))
    rt.resume(mp)


def stopnotewakeup(rt: Runtime) -> None:
    """One more P is stopped; wake the stopper of the world if it was the last.

    Ours: Go has these lines in each of the places.
    """
    sched = rt.sched
    sched.stopwait -= 1
    if sched.stopwait == 0:
        rt.engine.after(rt.costs.wake_m, _stopnote, rt, sched.stop.mp)


def safePoint(rt: Runtime, mp: M | None, pp: P) -> None:
    """The safe-point function is run for pp, if that has not been done; on mp, which has it (None: by who asked).

    Ours: the same lines stand in several places of Go's proc.go.
    """
    sched = rt.sched
    if not pp.runSafePointFn:
        return
    pp.runSafePointFn = False
    sched.safePointFn(pp)
    if rt.emit is not None:
        rt.emit((rt.engine.now, v.E_SAFE_POINT, -1, pp.id, mp.id if mp is not None else -1, -1))
    sched.safePointWait -= 1
    if sched.safePointWait == 0 and sched.safePointSleeps:
        rt.engine.after(rt.costs.wake_m, _stopnote, rt, sched.safePointM)


def _stopnote(rt: Runtime, mp: M) -> None:
    rt.resume(mp)


def gcstopm(rt: Runtime, mp: M) -> None:
    """The world is being stopped: mp stops its P and parks.

    Go: runtime/proc.go gcstopm (1.27.3)
    Differs: nothing.
    """
    if not rt.sched.gcwaiting:
        raise Throw("gcstopm: not waiting for gc")
    if mp.spinning:
        stopSpinning(rt, mp)
    pp = releasep(rt, mp)
    pp.status, pp.oldm, pp.gcStopTime = _Pgcstop, mp, rt.engine.now
    if rt.emit is not None:
        rt.emit((rt.engine.now, v.E_GCSTOP, -1, pp.id, mp.id, v.GCSTOP_SELF))
    stopnotewakeup(rt)
    stopm(rt, mp)


def stopm(rt: Runtime, mp: M) -> None:
    """Park mp, which has no P, until startm gives it one.

    Go: runtime/proc.go stopm (1.27.3)
    Differs: returns; notewakeup continues.
    """
    if mp.p is not None or mp.spinning:
        raise Throw(f"stopm: {mp} has {mp.p} or spins")
    mput(rt, mp)
    rt.pause(mp)


def becomeSpinning(rt: Runtime, mp: M) -> None:
    """Count mp among the Ms that look for work.

    Go: runtime/proc.go m.becomeSpinning (1.27.3)
    Differs: nothing.
    """
    mp.spinning = True
    rt.sched.nmspinning += 1
    rt.sched.needspinning = 0
    if rt.emit is not None:
        rt.emit((rt.engine.now, v.E_SPIN, -1, -1, mp.id, 1))


def stopSpinning(rt: Runtime, mp: M) -> None:
    """Count mp no more among the Ms that look for work (three places in proc.go do this by hand).

    Ours: Go has these lines in each of the three places.
    """
    mp.spinning = False
    rt.sched.nmspinning -= 1
    if rt.sched.nmspinning < 0:
        raise Throw("findRunnable: negative nmspinning")
    if rt.emit is not None:
        rt.emit((rt.engine.now, v.E_SPIN, -1, -1, mp.id, 0))


def resetspinning(rt: Runtime, mp: M) -> None:
    """mp has found work: it stops spinning and wakes another, in case there is more.

    Go: runtime/proc.go resetspinning (1.27.3)
    Differs: nothing.
    """
    stopSpinning(rt, mp)
    wakep(rt)


def wakep(rt: Runtime) -> None:
    """Wake one more P, unless some M is looking for work already.

    Go: runtime/proc.go wakep (1.27.3)
    Differs: the compare-and-swap cannot fail.
    """
    sched = rt.sched
    if not rt.ring:
        matchmg(rt)
        return
    if sched.nmspinning != 0 or (sched.needspinning and not sched.pidle):
        return  # the second condition only saves a call: no P is idle, and word is left already
    pp = pidlegetSpinning(rt)
    if pp is None:
        return
    sched.nmspinning += 1
    startm(rt, pp, True)


def matchmg(rt: Runtime) -> None:
    """Up to 1.0: start a thread for every queued goroutine, as long as fewer than GOMAXPROCS run.

    Go: runtime/proc.go wakep (1.27.3)
    Differs: proc.c's matchmg of 2010, which had no spinning threads.
    """
    sched = rt.sched
    coming = sum(1 for mp in rt.allm if mp.nextp is not None)
    for _ in range(len(sched.runq) - coming):
        pp = pidleget(rt)
        if pp is None:
            return
        startm(rt, pp, False)


def handoffp(rt: Runtime, pp: P, mp: M | None, leaving: bool = False) -> None:
    """Find something to do for pp, which has just lost its M: an M if there may be work, else the idle list.

    Go: runtime/proc.go handoffp (1.27.3)
    Differs: no trace reader. mp, who calls, is for the record; with
    ``leaving`` it sleeps next.
    """
    sched = rt.sched
    if rt.emit is not None:
        rt.emit((rt.engine.now, v.E_HANDOFF, -1, pp.id, mp.id if mp is not None else -1, -1))
    if not runqempty(pp) or sched.runq:
        startm(rt, pp, False, leaving)
        return
    if sched.gcBlackenEnabled and rt.gc.gcMarkWorkAvailable():
        startm(rt, pp, False, leaving)
        return
    if sched.nmspinning + len(sched.pidle) == 0:
        sched.nmspinning = 1
        if sched.needspinning:
            sched.needspinning = 0
            if rt.emit is not None:
                rt.emit((rt.engine.now, v.E_NEED_SPIN, -1, -1, -1, 0))
        startm(rt, pp, True, leaving)
        return
    if sched.gcwaiting:
        pp.status, pp.gcStopTime = _Pgcstop, rt.engine.now
        if rt.emit is not None:
            ids = (pp.id, mp.id if mp is not None else -1)
            rt.emit((rt.engine.now, v.E_GCSTOP, -1, *ids, v.GCSTOP_HANDOFF))
        stopnotewakeup(rt)
        return
    if pp.runSafePointFn:
        safePoint(rt, None, pp)
    if len(sched.pidle) == rt.gomaxprocs - 1 and sched.lastpoll != 0:
        startm(rt, pp, False, leaving)  # the last P, and nobody is blocked in netpoll
        return
    when = pp.timers[0][0] if pp.timers else 0
    pidleput(rt, pp)
    if when:
        wakeNetPoller(rt, when)


def wakeNetPoller(rt: Runtime, when: int) -> None:
    """See to it that somebody looks at the timers at ``when``: break a longer poll, or wake a P.

    Go: runtime/proc.go wakeNetPoller (1.27.3)
    Differs: nothing.
    """
    sched = rt.sched
    if sched.lastpoll == 0:
        if sched.pollUntil == 0 or sched.pollUntil > when:
            netpollBreak(rt)
    else:
        wakep(rt)


def netpollBreak(rt: Runtime) -> None:
    """Wake the M that is blocked in netpoll.

    Go: runtime/netpoll_epoll.go netpollBreak (1.27.3)
    Differs: an event instead of a byte in an eventfd.
    """
    mp = rt.sched.poller
    if mp is not None and not rt.sched.pollWakeSig:
        rt.sched.pollWakeSig = True
        mp.seg += 1  # the poll's own end is called off
        rt.engine.after(rt.costs.wake_m, rt.poll_end, mp, mp.seg)


def stoplockedm(rt: Runtime, mp: M) -> None:
    """Give mp's P away and wait until mp's locked goroutine is to run.

    Go: runtime/proc.go stoplockedm (1.27.3)
    Differs: returns; schedule takes nextp and runs the goroutine after the wake-up.
    """
    gp = mp.lockedg
    if gp is None or gp.lockedm is not mp:
        raise Throw("stoplockedm: inconsistent locking")
    if mp.p is not None:
        pp = releasep(rt, mp)
        handoffp(rt, pp, mp, leaving=True)
    rt.sched.nmidlelocked += 1
    if rt.emit is not None:
        rt.emit((rt.engine.now, v.E_STOP_LOCKED, gp.goid, -1, mp.id, -1))
    checkdead(rt)
    rt.pause(mp)


def startlockedm(rt: Runtime, me: M, gp: G) -> None:
    """Give me's own P to the M that gp is locked to; me parks.

    Go: runtime/proc.go startlockedm (1.27.3)
    Differs: nothing.
    """
    mp = gp.lockedm
    if mp is None or mp is me or mp.nextp is not None:
        raise Throw(f"startlockedm: {gp} is locked to {mp}")
    rt.sched.nmidlelocked -= 1
    if rt.emit is not None:
        pid = me.p.id if me.p is not None else -1
        rt.emit((rt.engine.now, v.E_START_LOCKED, gp.goid, pid, mp.id, me.source))
    mp.nextp = releasep(rt, me)
    rt.engine.after(rt.costs.handover_m, notewakeup, rt, mp)
    stopm(rt, me)
