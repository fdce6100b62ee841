"""Stopping the world: every P is stopped, or stops itself, and one goroutine goes on alone.

The stopper takes what is free (idle Ps, Ps in system calls) at once and asks the rest: it sets gcwaiting and preempts
every running goroutine, again and again.  A running P stops itself, when its goroutine comes to a safe point and the
scheduler finds gcwaiting set.  So the world stops as late as its slowest goroutine: that time is the "time to safe
point", and the other Ps spend it doing nothing.

What takes several steps in time is a generator here, run by its goroutine in front of its own body (``systemstack``).
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from gmp_lab import params
from gmp_lab import vocabulary as v
from gmp_lab.errors import Throw
from gmp_lab.runtime.goroutine import gopark, goready
from gmp_lab.runtime.preempt import preemptone
from gmp_lab.runtime.procresize import procresize
from gmp_lab.runtime.runtime2 import G, M, P, Sema, _Gsyscall, _Pgcstop, _Prunning, _Psyscall
from gmp_lab.runtime.sysmon import notewakeupSysmon
from gmp_lab.runtime.threads import newm, notewakeup, pidleget, wakep
from gmp_lab.runtime.world import Runtime
from gmp_lab.workload import OP_CONTINUE, Body, Op

System = Generator[Op, Any, Any]
_SEMACQUIRE = v.WAIT_NO["semacquire"]


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


def systemstack(rt: Runtime, mp: M, gp: G, steps: System) -> bool:
    """Let gp run steps before it goes on with its body; what they return is what the body's yield gets. False.

    Go: runtime/asm_amd64.s systemstack (1.27.3)
    Differs: a generator put in front of the goroutine's own one.
    """
    assert gp.body is not None
    gp.body = _first(gp, gp.body, steps)
    gp.loop = 0  # runtime code: no safe point
    rt.compute(mp, 0)
    return False


def _first(gp: G, body: Body, steps: System) -> Body:
    result = yield from steps
    gp.body = body
    yield (OP_CONTINUE, _back, result)


def _back(rt: Runtime, mp: M, gp: G, result: Any) -> bool:
    gp.value = result
    rt.compute(mp, 0)
    return False


# --- the two semaphores that keep stoppers apart ----------------------------------------------------------------


def semacquire(rt: Runtime, gp: G, sema: Sema) -> System:
    """Take sema, or wait for it in line.

    Go: runtime/sema.go semacquire (1.27.3)
    Differs: for the runtime's own semaphores only; who releases hands it to the first that waits.
    """
    if not sema.taken:
        sema.taken = True
        return
    sema.waiters.append(gp)
    yield (OP_CONTINUE, _park, None)


def _park(rt: Runtime, mp: M, gp: G, _: object) -> bool:
    gopark(rt, mp, gp, _SEMACQUIRE)
    return False


def semrelease(rt: Runtime, mp: M, sema: Sema) -> None:
    """Give sema up: to the goroutine that waits longest, if any does.

    Go: runtime/sema.go semrelease (1.27.3)
    Differs: see semacquire.
    """
    if sema.waiters:
        goready(rt, mp, sema.waiters.popleft())
    else:
        sema.taken = False


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
    sched.stop, sched.stopwait, sched.gcwaiting = stop, rt.gomaxprocs, True
    if rt.emit is not None:
        rt.emit((rt.engine.now, v.E_STW_STOP, gp.goid, pp.id, mp.id, reason))
    preemptall(rt, pp)
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
        preemptall(rt, stop.mp.p)
        rt.engine.after(params.stwRetryNS + rt.slack(), _again, rt, stop)


def preemptall(rt: Runtime, own: P | None) -> None:
    """Ask every running goroutine to stop, except the one on its own P.

    Go: runtime/proc.go preemptall (1.27.3)
    Differs: nothing.
    """
    for pp in rt.allp:
        if pp.status == _Prunning and pp is not own:
            preemptone(rt, pp, v.PREEMPT_STW)


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


def GOMAXPROCS(rt: Runtime, gp: G, n: int) -> System:
    """Set the number of Ps with the world stopped; returns the old one. n = 0, or the current number, only asks.

    Go: runtime/debug.go GOMAXPROCS (1.27.3)
    Differs: there is no sysmon that changes the number by itself.
    """
    old = rt.gomaxprocs
    if n in (0, old):
        return old
    yield from semacquire(rt, gp, rt.sched.gcsema)
    stop = yield from stopTheWorld(rt, gp, v.STW_GOMAXPROCS)
    rt.sched.newprocs = n
    startTheWorld(rt, gp, stop)
    semrelease(rt, stop.mp, rt.sched.gcsema)
    return old
