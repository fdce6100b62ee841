"""retake: sysmon's look at every P, and how a P is taken out of a system call.

A P is taken from a system call that outlasted a whole round of sysmon, but only if there is work for it, or nobody
idle who could do that work, or the call is 10 ms old.  So the hand-over waits for sysmon, which may sleep for 10 ms;
it does not happen when the call begins, nor after a fixed 20 us.
"""

from __future__ import annotations

from gmp_lab import params
from gmp_lab import vocabulary as v
from gmp_lab.runtime.preempt import preemptone
from gmp_lab.runtime.runq import runqempty
from gmp_lab.runtime.runtime2 import M, P, _Gsyscall, _Pidle, _Prunning, _Psyscall
from gmp_lab.runtime.threads import handoffp
from gmp_lab.runtime.world import Runtime


def retake(rt: Runtime, now: int) -> int:
    """Look at every P: ask a long runner to stop, take a P out of a long system call. Returns how many were taken.

    Go: runtime/proc.go retake (1.27.3)
    Differs: no locks. Up to 1.25 a P in a system call has a status of its own instead of an M to look at.
    """
    n = 0
    sched = rt.sched
    for pp in rt.allp:
        if pp.status != _Prunning and pp.status != _Psyscall:
            continue
        pd = pp.sysmontick
        sysretake = False
        if pd.schedtick != pp.schedtick:
            pd.schedtick, pd.schedwhen = pp.schedtick, now
        elif pd.schedwhen + params.forcePreemptNS <= now:
            preemptone(rt, pp, v.PREEMPT_SLICE)
            sysretake = True
        if pp.status != _Psyscall and not setBlockOnExitSyscall(pp):
            continue
        if not sysretake and pd.syscalltick != pp.syscalltick:
            pd.syscalltick, pd.syscallwhen = pp.syscalltick, now
            continue
        busy = sched.nmspinning + len(sched.pidle) == 0
        if runqempty(pp) and not busy and pd.syscallwhen + params.forcePreemptNS > now:
            continue  # no work for it, and others are idle: leave it for a while
        takeP(rt, pp, None)
        n += 1
        handoffp(rt, pp, None)
    return n


def setBlockOnExitSyscall(pp: P) -> bool:
    """Whether pp's M is in a system call, so that pp can be taken from it (1.26 and later).

    Go: runtime/proc.go setBlockOnExitSyscall (1.27.3)
    Differs: there is nothing to block: no time passes between this look and takeP.
    """
    if pp.status != _Prunning or pp.m is None or pp.m.curg is None:
        return False
    return pp.m.curg.atomicstatus == _Gsyscall


def takeP(rt: Runtime, pp: P, taker: M | None) -> None:
    """Take pp from the M that is in a system call; pp is then idle, on no list.

    Go: runtime/proc.go syscallingThread.takeP (1.27.3)
    Differs: up to 1.25 the P is already unwired; retake did this by a compare-and-swap.
    """
    mp = pp.m
    if rt.emit is not None:
        ids = (-1, -1) if mp is None or mp.curg is None else (mp.curg.goid, mp.id)
        rt.emit((rt.engine.now, v.E_RETAKE, ids[0], pp.id, ids[1], taker.id if taker is not None else -1))
    if mp is not None:
        mp.p = None
    pp.m, pp.status = None, _Pidle
    pp.syscalltick += 1
