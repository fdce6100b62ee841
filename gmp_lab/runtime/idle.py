"""The lists of idle Ps and Ms, who has which P, and the end: nobody can run any more.

Idle Ms are kept for ever, on a LIFO list."""

from __future__ import annotations

from gmp_lab import vocabulary as v
from gmp_lab.errors import Throw
from gmp_lab.runtime.mgclimit import limiterEventIdle
from gmp_lab.runtime.runq import runqempty
from gmp_lab.runtime.runtime2 import G, M, P, _Gdead, _Gwaiting, _Pidle, _Prunning
from gmp_lab.runtime.world import Runtime


def pidleput(rt: Runtime, pp: P) -> None:
    """Push pp, which must have no work, on the list of idle Ps.

    Go: runtime/proc.go pidleput (1.27.3)
    Differs: one flag stands for the bits in idlepMask and timerpMask.
    """
    if not runqempty(pp):
        raise Throw(f"pidleput: {pp} has non-empty run queue")
    pp.idle = True
    rt.sched.pidle.append(pp)
    if rt.gc is not None:
        rt.gc.limiterEvent(pp).start(limiterEventIdle, rt.engine.now)
    if rt.emit is not None:
        rt.emit((rt.engine.now, v.E_PIDLE_PUT, -1, pp.id, -1, -1))


def pidleget(rt: Runtime) -> P | None:
    """Pop the P that became idle last; None if all are busy.

    Go: runtime/proc.go pidleget (1.27.3)
    Differs: nothing.
    """
    if not rt.sched.pidle:
        return None
    pp = rt.sched.pidle.pop()
    pp.idle = False
    if rt.gc is not None:
        rt.gc.limiterEvent(pp).stop(limiterEventIdle, rt.engine.now)
    if rt.emit is not None:
        rt.emit((rt.engine.now, v.E_PIDLE_GET, -1, pp.id, -1, 0))
    return pp


def pidlegetSpinning(rt: Runtime) -> P | None:
    """Pop an idle P for a spinning M; if there is none, leave word (needspinning) for the next M that goes idle.

    Go: runtime/proc.go pidlegetSpinning (1.27.3)
    Differs: nothing.
    """
    pp = pidleget(rt)
    if pp is None and not rt.sched.needspinning and rt.version.needspinning:
        rt.sched.needspinning = 1
        if rt.emit is not None:
            rt.emit((rt.engine.now, v.E_NEED_SPIN, -1, -1, -1, 1))
    return pp


def acquirep(rt: Runtime, mp: M, pp: P) -> None:
    """Wire pp to mp.

    Go: runtime/proc.go acquirep (1.27.3)
    Differs: wirep's checks are here.
    """
    if mp.p is not None or pp.m is not None or pp.status != _Pidle:
        raise Throw(f"acquirep: {mp} has {mp.p}, {pp} has {pp.m} and status {pp.status}")
    mp.p, pp.m, pp.status = pp, mp, _Prunning
    if rt.emit is not None:
        rt.emit((rt.engine.now, v.E_ACQUIRE_P, -1, pp.id, mp.id, -1))


def releasep(rt: Runtime, mp: M) -> P:
    """Take mp's P off it.

    Go: runtime/proc.go releasep (1.27.3)
    Differs: nothing.
    """
    pp = mp.p
    if pp is None or pp.m is not mp or pp.status != _Prunning:
        raise Throw(f"releasep: {mp} has {pp}")
    if pp.nextGCMarkWorker is not None:
        rt.gc.releaseNextGCMarkWorker(pp)
    mp.p, pp.m, pp.status = None, None, _Pidle
    if rt.emit is not None:
        rt.emit((rt.engine.now, v.E_RELEASE_P, -1, pp.id, mp.id, -1))
    return pp


def mget(rt: Runtime) -> M | None:
    """Take the M that parked last off the idle list; None if there is none.

    Go: runtime/proc.go mget (1.27.3)
    Differs: the record of it is startm's.
    """
    if not rt.sched.midle:
        return None
    mp = rt.sched.midle.pop()
    mp.onlist = False
    return mp


def mgetSpecific(rt: Runtime, mp: M | None) -> M | None:
    """Take mp off the idle list; None if it is not on it.

    Go: runtime/proc.go mgetSpecific (1.27.3)
    Differs: the record of it is startTheWorldWithSema's.
    """
    if mp is None or not mp.onlist:
        return None
    rt.sched.midle.remove(mp)
    mp.onlist = False
    return mp


def mput(rt: Runtime, mp: M) -> None:
    """Push mp on the list of idle Ms.

    Go: runtime/proc.go mput (1.27.3)
    Differs: nothing.
    """
    mp.onlist = True
    rt.sched.midle.append(mp)
    if rt.emit is not None:
        rt.emit((rt.engine.now, v.E_M_PARK, -1, -1, mp.id, -1))
    checkdead(rt)


def checkdead(rt: Runtime) -> None:
    """End the run if no M runs, none can be woken by a timer, and goroutines wait.

    Go: runtime/proc.go checkdead (1.27.3)
    Differs: counts the Ms on their way (nextp) as running.
    """
    sched = rt.sched
    run = len(rt.allm) - len(sched.midle) - sched.nmidlelocked - sched.nmsys
    if run > 0 or sched.sleepers or not rt.started:
        return
    grunning = sum(gp.atomicstatus == _Gwaiting for gp in rt.allgs if not isSystemGoroutine(gp))
    if grunning and any(pp.timers for pp in rt.allp):
        return
    if any(gp.atomicstatus not in (_Gwaiting, _Gdead) for gp in rt.allgs):
        raise Throw("checkdead: runnable goroutine, but no M runs")
    if rt.emit is not None:
        rt.emit((rt.engine.now, v.E_DEADLOCK, -1, -1, -1, -1 if grunning else 1))
    if grunning:
        rt.stop("deadlock")
    else:
        rt.stop("fatal error: no goroutines (main called runtime.Goexit) - deadlock!")


def isSystemGoroutine(gp: G) -> bool:
    """Whether gp is one of the runtime's own.

    Go: runtime/traceback.go isSystemGoroutine (1.27.3)
    Differs: a finalizer's goroutine is always one.
    """
    return gp.name.startswith("runtime.")
