"""procresize: the Ps after a stop of the world, more or fewer than before, and who gets them.

A P with work goes back to the M that had it; one without becomes idle, unless the collector is marking: then it gets
a mark worker.  The work of a P that is no longer there goes to the head of the global queue.
"""

from __future__ import annotations

from gmp_lab import vocabulary as v
from gmp_lab.errors import Throw
from gmp_lab.runtime.idle import acquirep, mget, mgetSpecific, pidleput
from gmp_lab.runtime.mgcworker import assignWaitingGCWorker
from gmp_lab.runtime.runq import runqempty
from gmp_lab.runtime.runtime2 import G, M, P, _Pdead, _Pidle, _Prunning
from gmp_lab.runtime.timers import take
from gmp_lab.runtime.world import Runtime

Runnable = list[tuple[P, M | None]]


def procresize(rt: Runtime, gp: G, mp: M, nprocs: int) -> Runnable:
    """Start the world with nprocs Ps on mp, which runs gp: the Ps with work and the M for each (None: a new one).

    Ends the stop: gcwaiting is off from here on.

    Go: runtime/proc.go procresize (1.27.3)
    Differs: clears gcwaiting itself.
    """
    old, own = rt.gomaxprocs, mp.p
    if own is None or nprocs <= 0:
        raise Throw("procresize: invalid arg")
    _grow(rt, nprocs)
    for pp in rt.allp:
        pp.status = _Pidle
    rt.gomaxprocs = nprocs
    rt.sched.gcwaiting, rt.sched.stop = False, None
    rt.sched.attend()
    own.status = _Prunning
    if rt.emit is not None:
        rt.emit((rt.engine.now, v.E_STW_START, gp.goid, own.id, mp.id, nprocs))
    if own.id >= nprocs:  # release the current P and acquire allp[0]
        mp.p, own.m, own.status = None, None, _Pidle
        if rt.emit is not None:
            rt.emit((rt.engine.now, v.E_RELEASE_P, -1, own.id, mp.id, -1))
        acquirep(rt, mp, rt.allp[0])
    for pp in rt.allp[nprocs:old]:
        destroy(rt, mp, pp)
    rt.sched.pdead.extend(reversed(rt.allp[nprocs:]))
    del rt.allp[nprocs:]
    if rt.gc is not None and old != nprocs:
        rt.gc.limiter.resetCapacity(rt.engine.now, nprocs)
    return _assign(rt, mp)


def _grow(rt: Runtime, nprocs: int) -> None:
    """Bring back Ps that were there before, and make new ones."""
    while len(rt.allp) < nprocs:
        dead = rt.sched.pdead
        rt.allp.append(dead.pop() if dead else P(len(rt.allp)))


def destroy(rt: Runtime, mp: M, pp: P) -> None:
    """pp is no more: its work goes to the head of the global queue, its timers to the P of mp.

    Go: runtime/proc.go p.destroy (1.27.3)
    Differs: no caches to free.
    """
    assert mp.p is not None
    arg = len(pp.runq) + (0 if pp.runnext is None else v.DESTROY_NEXT)
    if rt.emit is not None:
        rt.emit((rt.engine.now, v.E_P_DESTROY, -1, pp.id, mp.id, arg))
    rt.sched.runq.extendleft(reversed(pp.runq))
    pp.runq.clear()
    if pp.runnext is not None:
        rt.sched.runq.appendleft(pp.runnext)
        pp.runnext = None
    take(rt, mp.p, pp)
    pp.status = _Pdead


def _assign(rt: Runtime, mp: M) -> Runnable:
    """Give an M to each P that has work, old Ms first, and idle the rest."""
    runnable: Runnable = []
    needm: list[P] = []
    idle: list[P] = []
    for pp in reversed(rt.allp):
        if pp is mp.p:
            continue
        if runqempty(pp):
            idle.append(pp)
            continue
        m2 = mgetSpecific(rt, pp.oldm) if rt.version.stw_old_m else None
        if m2 is None:
            needm.append(pp)
        else:
            runnable.append((pp, m2))
    needm.reverse()
    for pp in needm if rt.version.stw_old_m else reversed(needm):
        runnable.append((pp, mget(rt)))
    idle.reverse()  # the lowest is on top of Go's list
    if rt.version.stw_old_m and rt.sched.gcBlackenEnabled:
        while idle and assignWaitingGCWorker(rt, idle[0]):
            runnable.append((idle.pop(0), mget(rt)))
    for pp in idle if rt.version.idle_p_highest_first else reversed(idle):
        pidleput(rt, pp)
    runnable.reverse()  # Go's list has its next element in front
    return runnable
