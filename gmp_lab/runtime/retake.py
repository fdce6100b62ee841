"""retake: sysmon's look at every P, and how a P is taken out of a system call.

A P is taken from a system call that outlasted a whole round of sysmon, but only if there is work for it, or nobody
idle who could do that work, or the call is 10 ms old.  So the hand-over waits for sysmon, which may sleep for 10 ms;
it does not happen when the call begins, nor after a fixed 20 us.
"""

from __future__ import annotations

from collections.abc import Callable

from gmp_lab import params
from gmp_lab import vocabulary as v
from gmp_lab.runtime.preempt import preemptone
from gmp_lab.runtime.runq import runqempty
from gmp_lab.runtime.runtime2 import M, P, _Gsyscall, _Pidle, _Prunning, _Psyscall
from gmp_lab.runtime.threads import handoffp
from gmp_lab.runtime.world import Runtime


def retake(rt: Runtime, first: int, done: Callable[[Runtime], None]) -> None:
    """Look at every P from number first on: ask a long runner to stop, take a P out of a long system call.

    Calls done at the end; rt.sysmontick.retaken counts what was taken.  Sending the signal takes time.  In 1.26
    and later the P that sysmon has just asked to stop is looked at again right after it, and may by then run
    another goroutine that has gone into a system call already: then it is taken at once.

    Go: runtime/proc.go retake (1.27.3)
    Differs: no locks; the loop is cut where a signal is sent. Up to 1.25 the status is read only once, before.
    """
    now = rt.engine.now
    since = now - params.forcePreemptNS
    for pp in rt.allp[first:] if first else rt.allp:
        status = pp.status
        if status != _Prunning and status != _Psyscall:
            continue
        pd = pp.sysmontick
        sysretake = False
        if pd.schedtick != pp.schedtick:
            pd.schedtick = pp.schedtick
            pd.schedwhen = now
        elif pd.schedwhen <= since:
            sysretake = True
            if preemptone(rt, pp, v.PREEMPT_SLICE) and rt.version.syscall_keeps_p and rt.costs.signal:
                rt.engine.after(_preemptM(rt), _retakeOn, rt, (pp, done))
                return
        if status == _Psyscall or setBlockOnExitSyscall(pp):
            retakeSyscall(rt, pp, sysretake, now)
    done(rt)


def _preemptM(rt: Runtime) -> int:
    """Nanoseconds that sysmon's own side of it takes: a signal's about as long as its delivery, give or take."""
    if rt.system.preempt == "suspend":
        return rt.costs.suspend
    return rt.costs.signal // 2 + (rt.cheaprand() * rt.costs.signal * 5 // 2 >> 32)


def _retakeOn(rt: Runtime, at: tuple[P, Callable[[Runtime], None]]) -> None:
    pp, done = at
    if setBlockOnExitSyscall(pp):
        retakeSyscall(rt, pp, True, rt.engine.now)
    retake(rt, pp.id + 1, done)


def retakeSyscall(rt: Runtime, pp: P, sysretake: bool, now: int) -> None:
    """pp is in a system call: leave it there, or take it and hand it over.

    Go: runtime/proc.go retake (1.27.3)
    Differs: the second half of retake's loop.
    """
    pd, sched = pp.sysmontick, rt.sched
    if not sysretake and pd.syscalltick != pp.syscalltick:
        pd.syscalltick, pd.syscallwhen = pp.syscalltick, now
        return
    others = sched.nmspinning + len(sched.pidle) > 0
    if runqempty(pp) and others and pd.syscallwhen + params.forcePreemptNS > now:
        return  # no work for it, and others could do it: leave it for a while
    takeP(rt, pp, rt.sysmontick.m)
    rt.sysmontick.retaken += 1
    handoffp(rt, pp, rt.sysmontick.m)


def setBlockOnExitSyscall(pp: P) -> bool:
    """Whether pp's M is in a system call, so that pp can be taken from it (1.26 and later).

    Go: runtime/proc.go setBlockOnExitSyscall (1.27.3)
    Differs: there is nothing to block: no time passes between this look and takeP.
    """
    mp = pp.m
    if mp is None:
        return False
    gp = mp.curg
    return gp is not None and gp.atomicstatus == _Gsyscall


def takeP(rt: Runtime, pp: P, sysmon: M | None) -> None:
    """Take pp from the M that is in a system call; pp is then idle, on no list. sysmon is None for exitsyscall.

    Go: runtime/proc.go syscallingThread.takeP (1.27.3)
    Differs: up to 1.25 the P is already unwired; retake did this by a compare-and-swap.
    """
    mp = pp.m
    if rt.emit is not None:
        ids = (-1, -1) if mp is None or mp.curg is None else (mp.curg.goid, mp.id)
        rt.emit((rt.engine.now, v.E_RETAKE, ids[0], pp.id, ids[1], sysmon.id if sysmon is not None else -1))
    if mp is not None:
        mp.p = None
    pp.m, pp.status = None, _Pidle
    pp.syscalltick += 1
