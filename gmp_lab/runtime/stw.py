"""Stopping the world: every P is stopped, or stops itself, and one goroutine goes on alone.

The stopper takes what is free (idle Ps, Ps in system calls) at once and asks the rest: it sets gcwaiting and preempts
every running goroutine, again and again.  A running P stops itself, when its goroutine comes to a safe point and the
scheduler finds gcwaiting set.  So the world stops as late as its slowest goroutine: that time is the "time to safe
point", and the other Ps spend it doing nothing.

What takes several steps in time is a generator here, run by its goroutine in front of its own body (``system``).
"""

from __future__ import annotations

from gmp_lab import params
from gmp_lab import vocabulary as v
from gmp_lab.errors import Throw
from gmp_lab.runtime.idle import pidleget
from gmp_lab.runtime.preempt import preemptall
from gmp_lab.runtime.procresize import procresize
from gmp_lab.runtime.runtime2 import G, M, P, _Gsyscall, _Pgcstop, _Psyscall
from gmp_lab.runtime.sysmon import notewakeupSysmon
from gmp_lab.runtime.system import System, semacquire, semrelease
from gmp_lab.runtime.threads import newm, notewakeup, wakep
from gmp_lab.runtime.world import Runtime
from gmp_lab.workload import OP_CONTINUE


class WorldStop:
    """One stop of the world: who stops it, why (vocabulary.STW_*), and its times in ns.

    Go: runtime/proc.go worldStop (1.27.3)
    Differs: with the stopper, whom Go finds on its own stack.
    """

    __slots__ = ("finishedStopping", "mp", "reason", "startedStopping", "stoppingCPUTime")

    def __init__(self, mp: M, reason: int, now: int) -> None:
        self.mp = mp
        self.reason = reason
        self.startedStopping = now
        self.finishedStopping = 0
        self.stoppingCPUTime = 0  # time that stopped Ps waited for the rest, summed over Ps


# --- stop -------------------------------------------------------------------------------------------------------


def stopTheWorldWithSema(rt: Runtime, gp: G, reason: int) -> System:
    """Stop all Ps; gp, which runs and holds worldsema, goes on when all are. Returns the WorldStop.

    Go: runtime/proc.go stopTheWorldWithSema (1.27.3)
    Differs: gp stays _Grunning where Go calls it waiting, so that its stack may be scanned.
    """
    sched, mp = rt.sched, gp.m
    assert mp is not None and mp.p is not None
    pp = mp.p
    stop = WorldStop(mp, reason, rt.engine.now)
    sched.stop, sched.stopwait, sched.gcwaiting, sched.special = stop, rt.gomaxprocs, True, True
    if rt.emit is not None:
        rt.emit((rt.engine.now, v.E_STW_STOP, gp.goid, pp.id, mp.id, reason))
    preemptall(rt, pp, v.PREEMPT_STW)
    pp.status, pp.oldm = _Pgcstop, mp
    pp.gcStopTime = rt.engine.now
    sched.stopwait -= 1
    for p2 in rt.allp:  # Ps in system calls
        m2 = p2.m
        if p2.status == _Psyscall or (m2 is not None and m2.curg is not None and m2.curg.atomicstatus == _Gsyscall):
            gcstopP(rt, p2, m2)
    while (idle := pidleget(rt)) is not None:
        gcstop(rt, idle, v.GCSTOP_IDLE)
    if sched.stopwait:
        yield (OP_CONTINUE, _notetsleep, stop)
    _stopped(rt, gp, stop)
    return stop


def _stopped(rt: Runtime, gp: G, stop: WorldStop) -> None:
    now, mp = rt.engine.now, stop.mp
    stop.finishedStopping = now
    if rt.sched.stopwait or any(pp.status != _Pgcstop for pp in rt.allp):
        raise Throw("stopTheWorld: not stopped")
    stop.stoppingCPUTime = sum(now - pp.gcStopTime for pp in rt.allp)
    if rt.emit is not None:
        rt.emit((now, v.E_STW_STOPPED, gp.goid, mp.p.id if mp.p is not None else -1, mp.id, stop.reason))


def _notetsleep(rt: Runtime, mp: M, gp: G, stop: WorldStop) -> bool:
    """Sleep until the last P has stopped; every 100 us ask again, in case a request was missed."""
    rt.pause(mp)
    rt.engine.after(params.stwRetryNS + rt.slack(), _again, rt, stop)
    return False


def _again(rt: Runtime, stop: WorldStop) -> None:
    if rt.sched.stop is stop and rt.sched.stopwait:
        preemptall(rt, stop.mp.p, v.PREEMPT_STW)
        rt.engine.after(params.stwRetryNS + rt.slack(), _again, rt, stop)


def gcstop(rt: Runtime, pp: P, how: int) -> None:
    """pp, which is free, is stopped by the stopper; how is a vocabulary.GCSTOP_*.

    Ours: Go has these lines in each of the places.
    """
    pp.status = _Pgcstop
    pp.gcStopTime = rt.engine.now
    if rt.emit is not None:
        rt.emit((rt.engine.now, v.E_GCSTOP, -1, pp.id, -1, how))
    rt.sched.stopwait -= 1


def gcstopP(rt: Runtime, pp: P, mp: M | None) -> None:
    """Take pp off mp, whose goroutine is in a system call (None: up to 1.25, it is off it already), and stop it.

    Go: runtime/proc.go syscallingThread.gcstopP (1.27.3)
    Differs: nothing.
    """
    if rt.emit is not None:
        ids = (-1, -1) if mp is None or mp.curg is None else (mp.curg.goid, mp.id)
        rt.emit((rt.engine.now, v.E_GCSTOP, ids[0], pp.id, ids[1], v.GCSTOP_SYSCALL))
    if mp is not None:
        mp.p = None
    pp.m, pp.status = None, _Pgcstop
    pp.gcStopTime = rt.engine.now
    pp.syscalltick += 1
    rt.sched.stopwait -= 1


# --- start ------------------------------------------------------------------------------------------------------


def startTheWorldWithSema(rt: Runtime, gp: G, w: WorldStop) -> None:
    """Start all Ps again, as many as newprocs says: those with work on their Ms, the rest idle.

    Go: runtime/proc.go startTheWorldWithSema (1.27.3)
    Differs: the poll of the network is left out.
    """
    sched, mp = rt.sched, w.mp
    procs = sched.newprocs or rt.gomaxprocs
    sched.newprocs = 0
    runnable = procresize(rt, gp, mp, procs)
    if sched.sysmonwait:
        notewakeupSysmon(rt)
    for pp, old in runnable:
        m2 = newm(rt, pp, False) if old is None else old
        delay, how = (rt.costs.new_m, 0) if old is None else (rt.costs.wake_m, 2)
        m2.nextp = pp
        if rt.emit is not None:
            rt.emit((rt.engine.now, v.E_M_START, -1, pp.id, m2.id, how))
        rt.engine.after(delay, notewakeup, rt, m2)
    wakep(rt)


def stopTheWorld(rt: Runtime, gp: G, reason: int) -> System:
    """Take worldsema and stop the world. Returns the WorldStop.

    Go: runtime/proc.go stopTheWorld (1.27.3)
    Differs: nothing.
    """
    yield from semacquire(rt, gp, rt.sched.worldsema)
    return (yield from stopTheWorldWithSema(rt, gp, reason))


def startTheWorld(rt: Runtime, gp: G, w: WorldStop) -> None:
    """Start the world and give worldsema up.

    Go: runtime/proc.go startTheWorld (1.27.3)
    Differs: nothing.
    """
    startTheWorldWithSema(rt, gp, w)
    semrelease(rt, w.mp, rt.sched.worldsema)
