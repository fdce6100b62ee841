"""forEachP: a function is run on every P at a safe point, without stopping the world.

Idle Ps and Ps in system calls are done by who asks; a running P does it when it next schedules, for which its
goroutine is preempted.  The collector needs this twice in a cycle.
"""

from __future__ import annotations

from collections.abc import Callable

from gmp_lab import params
from gmp_lab import vocabulary as v
from gmp_lab.errors import Throw
from gmp_lab.runtime.preempt import preemptall
from gmp_lab.runtime.retake import setBlockOnExitSyscall, takeP
from gmp_lab.runtime.runtime2 import G, M, P, _Psyscall
from gmp_lab.runtime.system import System
from gmp_lab.runtime.threads import handoffp, safePoint
from gmp_lab.runtime.world import Runtime
from gmp_lab.workload import OP_CONTINUE


def forEachP(rt: Runtime, gp: G, reason: int, fn: Callable[[P], None]) -> System:
    """Run fn on every P; gp, which holds worldsema, goes on when all have done so. reason is a vocabulary.POINT_*.

    Go: runtime/proc.go forEachP (1.27.3)
    Differs: forEachPInternal is here.
    """
    sched, mp = rt.sched, gp.m
    assert mp is not None and mp.p is not None
    pp = mp.p
    if sched.safePointWait:
        raise Throw("forEachP: sched.safePointWait != 0")
    sched.safePointWait, sched.safePointFn, sched.safePointM = rt.gomaxprocs - 1, fn, mp
    for p2 in rt.allp:
        p2.runSafePointFn = p2 is not pp
    sched.attend()
    if rt.emit is not None:
        rt.emit((rt.engine.now, v.E_SAFE_POINTS, gp.goid, pp.id, mp.id, reason))
    preemptall(rt, pp, v.PREEMPT_SAFE_POINT)
    for p2 in sched.pidle:
        safePoint(rt, None, p2)
    _own(rt, mp, pp, fn)
    for p2 in list(rt.allp):
        if p2.runSafePointFn and (p2.status == _Psyscall or setBlockOnExitSyscall(p2)):
            takeP(rt, p2, mp)
            handoffp(rt, p2, mp)
    if sched.safePointWait:
        yield (OP_CONTINUE, _notetsleep, None)
    if sched.safePointWait or any(p2.runSafePointFn for p2 in rt.allp):
        raise Throw("forEachP: P did not run fn")
    sched.safePointFn, sched.safePointM, sched.safePointSleeps = None, None, False
    sched.attend()


def _own(rt: Runtime, mp: M, pp: P, fn: Callable[[P], None]) -> None:
    fn(pp)
    if rt.emit is not None:
        rt.emit((rt.engine.now, v.E_SAFE_POINT, -1, pp.id, mp.id, -1))


def _notetsleep(rt: Runtime, mp: M, gp: G, _: object) -> bool:
    rt.sched.safePointSleeps = True
    rt.pause(mp)
    rt.engine.after(params.stwRetryNS + rt.slack(), _again, rt, mp)
    return False


def _again(rt: Runtime, mp: M) -> None:
    if rt.sched.safePointM is mp and rt.sched.safePointWait:
        preemptall(rt, mp.p, v.PREEMPT_SAFE_POINT)
        rt.engine.after(params.stwRetryNS + rt.slack(), _again, rt, mp)


def runSafePointFn(rt: Runtime, mp: M, pp: P) -> None:
    """mp runs the safe-point function on its P.

    Go: runtime/proc.go runSafePointFn (1.27.3)
    Differs: nothing.
    """
    safePoint(rt, mp, pp)
