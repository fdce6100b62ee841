"""System calls: who keeps the P, who may take it, and how a goroutine comes back.

Entering costs next to nothing, because nothing is given up: since 1.26 the P even stays wired to the M, before
that it was unwired and marked _Psyscall.  Whether the P is taken away is sysmon's decision (``retake``).  Coming
back, the M finds its P still there (the usual case), takes it or another idle one, or else queues the goroutine
globally and parks.
"""

from __future__ import annotations

from gmp_lab import vocabulary as v
from gmp_lab.runtime.idle import acquirep, pidleget, releasep
from gmp_lab.runtime.retake import setBlockOnExitSyscall, takeP
from gmp_lab.runtime.runq import globrunqput
from gmp_lab.runtime.runtime2 import G, M, P, _Grunnable, _Grunning, _Gsyscall, _Pgcstop, _Pidle, _Psyscall
from gmp_lab.runtime.status import casgstatus, dropg
from gmp_lab.runtime.sysmon import wakeSysmon
from gmp_lab.runtime.threads import handoffp, safePoint, stoplockedm, stopm, stopnotewakeup
from gmp_lab.runtime.world import Runtime


def reentersyscall(rt: Runtime, mp: M, gp: G, kind: int) -> None:
    """gp, running on mp, goes into a system call; the P stays (1.26+) or becomes _Psyscall (up to 1.25).

    Go: runtime/proc.go reentersyscall (1.27.3)
    Differs: kind (vocabulary.SYSCALL_*) is for the record.
    """
    pp = mp.p
    assert pp is not None
    mp.syscalltick = pp.syscalltick
    mp.oldp = pp
    casgstatus(gp, _Grunning, _Gsyscall)
    if rt.emit is not None:
        rt.emit((rt.engine.now, v.E_SYSCALL, gp.goid, pp.id, mp.id, kind))
    if not rt.version.syscall_keeps_p:
        pp.m, mp.p, pp.status = None, None, _Psyscall
    if rt.sched.sysmonwait:
        wakeSysmon(rt)
    if rt.sched.special:
        if pp.runSafePointFn:
            safePoint(rt, mp, pp)
        if rt.sched.gcwaiting:
            entersyscallHandleGCWait(rt, mp, gp, pp)


def entersyscallHandleGCWait(rt: Runtime, mp: M, gp: G, pp: P) -> None:
    """The world is being stopped: gp, which has just gone into a system call, stops its P at once.

    Go: runtime/proc.go entersyscallHandleGCWait (1.27.3)
    Differs: nothing; entersyscall_gcwait up to 1.25.
    """
    if rt.sched.stopwait == 0:
        return
    if rt.emit is not None:
        rt.emit((rt.engine.now, v.E_GCSTOP, gp.goid, pp.id, mp.id, v.GCSTOP_SYSCALL))
    pp.m, mp.p, pp.status = None, None, _Pgcstop
    pp.gcStopTime = rt.engine.now
    pp.syscalltick += 1
    stopnotewakeup(rt)


def entersyscallblock(rt: Runtime, mp: M, gp: G) -> None:
    """gp goes into a system call that is known to block: its P is handed over at once.

    Go: runtime/proc.go entersyscallblock (1.27.3)
    Differs: nothing.
    """
    pp = mp.p
    assert pp is not None
    mp.syscalltick = pp.syscalltick
    mp.oldp = pp
    pp.syscalltick += 1
    casgstatus(gp, _Grunning, _Gsyscall)
    if rt.emit is not None:
        rt.emit((rt.engine.now, v.E_SYSCALL, gp.goid, pp.id, mp.id, v.SYSCALL_BLOCK))
    handoffp(rt, releasep(rt, mp), mp)


def exitsyscall(rt: Runtime, mp: M, gp: G) -> bool:
    """gp's system call is over; True if mp goes on with a goroutine, False if mp has parked.

    Go: runtime/proc.go exitsyscall (1.27.3)
    Differs: where Go goes on in the goroutine, this returns True.
    """
    oldp, mp.oldp = mp.oldp, None
    if mp.p is not None:  # nobody took it (1.26 and later)
        _exited(rt, mp, gp, mp.p, v.EXIT_FAST)
        return True
    pp, how = exitsyscallTryGetP(rt, mp, oldp)
    if pp is not None:
        acquirep(rt, mp, pp)
        _exited(rt, mp, gp, pp, how)
        return True
    return exitsyscallNoP(rt, mp, gp)


def _exited(rt: Runtime, mp: M, gp: G, pp: P, how: int) -> None:
    casgstatus(gp, _Gsyscall, _Grunning)
    pp.syscalltick += 1
    if rt.emit is not None:
        rt.emit((rt.engine.now, v.E_SYSEXIT, gp.goid, pp.id, mp.id, how))


def exitsyscallTryGetP(rt: Runtime, mp: M, oldp: P | None) -> tuple[P | None, int]:
    """Get a P for mp: the old one, even out of another system call, or an idle one; and how.

    Go: runtime/proc.go exitsyscallTryGetP (1.27.3)
    Differs: up to 1.25 (exitsyscallfast) the old P is free for the taking while it is _Psyscall.
    """
    if oldp is not None:
        if oldp.status == _Psyscall:
            oldp.status = _Pidle
            return oldp, v.EXIT_FAST
        if setBlockOnExitSyscall(oldp):
            takeP(rt, oldp, None)
            return oldp, v.EXIT_OLD_P
    pp = pidleget(rt)
    if pp is None:
        return None, v.EXIT_NO_P
    if rt.sched.sysmonwait:
        wakeSysmon(rt)
    return pp, v.EXIT_OLD_P if pp is oldp else v.EXIT_IDLE_P


def exitsyscallNoP(rt: Runtime, mp: M, gp: G) -> bool:
    """No P for gp: it goes to the global queue and mp parks, unless an idle P turns up after all.

    Go: runtime/proc.go exitsyscallNoP (1.27.3)
    Differs: the second look cannot succeed here, as no time has passed since the first: it is left out.
    """
    casgstatus(gp, _Gsyscall, _Grunning)
    casgstatus(gp, _Grunning, _Grunnable)
    dropg(mp)
    if rt.emit is not None:
        rt.emit((rt.engine.now, v.E_SYSEXIT, gp.goid, -1, mp.id, v.EXIT_NO_P))
    globrunqput(rt, gp)
    if gp.lockedm is not None:
        stoplockedm(rt, mp)
    else:
        stopm(rt, mp)
    return False
