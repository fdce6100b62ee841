"""The life of a goroutine: made, parked, readied, yielding, gone.

A goroutine that becomes runnable through another one goes to *that one's* P, into runnext: it runs next, in what
is left of the time slice, unless it is stolen.  One that gives up its turn (Gosched) or loses it (preemption) goes
to the tail of the *global* queue.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gmp_lab import vocabulary as v
from gmp_lab.errors import ConfigError
from gmp_lab.runtime.runq import globrunqput, runqput
from gmp_lab.runtime.runtime2 import G, M, P, _Gdead, _Gidle, _Grunnable, _Grunning, _Gwaiting
from gmp_lab.runtime.stack import gfget, gfput
from gmp_lab.runtime.status import casgstatus, dropg
from gmp_lab.runtime.threads import wakep
from gmp_lab.runtime.world import Runtime
from gmp_lab.workload import OP_GO


def newproc1(rt: Runtime, fn: Callable[..., Any], args: tuple[Any, ...], parked: bool = False) -> G:
    """Make a goroutine that will run fn(*args); it is runnable (or parked) and on no queue yet.

    Go: runtime/proc.go newproc1 (1.27.3)
    Differs: dead Gs are only counted, in one place, for the time that one saves; ids in order of creation.
    """
    body = fn(*args)
    if not hasattr(body, "send"):
        raise ConfigError("go(body)", fn, "a generator function (one with a yield)")
    gp = G(len(rt.allgs) + 1, body, getattr(fn, "__name__", "func").lstrip("_"))
    rt.allgs.append(gp)
    casgstatus(gp, _Gidle, _Gwaiting if parked else _Grunnable)
    if rt.ngfree:
        rt.ngfree -= 1
        if rt.ngfree == 0:
            rt.opcosts[OP_GO] = rt.costs.go + rt.costs.new_g  # the next one has to be allocated
    return gp


def newproc(rt: Runtime, mp: M, pp: P, fn: Callable[..., Any], args: tuple[Any, ...]) -> None:
    """The go statement: a new goroutine goes into pp's runnext, and a P is woken for it.

    Go: runtime/proc.go newproc (1.27.3)
    Differs: nothing.
    """
    gp = newproc1(rt, fn, args)
    if rt.emit is not None:
        parent = mp.curg.goid if mp.curg is not None else -1
        rt.emit((rt.engine.now, v.E_GO_CREATE, gp.goid, pp.id, mp.id, parent))
    runqput(rt, pp, gp, True)
    if rt.stacks is not None:
        gfget(rt, mp, pp, gp)
    if rt.started:
        wakep(rt)


def ready(rt: Runtime, mp: M, gp: G) -> None:
    """Make the waiting gp runnable, next on the P of mp, the waker's.

    Go: runtime/proc.go ready (1.27.3)
    Differs: always next=true (the only other use is a satisfied GC assist).
    """
    casgstatus(gp, _Gwaiting, _Grunnable)
    pp = mp.p
    assert pp is not None
    if rt.emit is not None:
        waker = mp.curg.goid if mp.curg is not None else -1
        rt.emit((rt.engine.now, v.E_READY, gp.goid, pp.id, mp.id, waker))
    runqput(rt, pp, gp, True)
    wakep(rt)


goready = ready  # Go: runtime/proc.go goready (1.27.3), which only switches to g0 first


def gopark(rt: Runtime, mp: M, gp: G, reason: int) -> None:
    """Put the running gp to sleep for a reason (an index of vocabulary.WAIT_REASONS); mp keeps its P.

    Go: runtime/proc.go gopark (1.27.3)
    Differs: gopark and park_m in one; no unlock function: the caller has queued gp where it will be found.
    """
    casgstatus(gp, _Grunning, _Gwaiting)
    gp.waitreason = reason
    dropg(mp)
    if rt.emit is not None:
        rt.emit((rt.engine.now, v.E_PARK, gp.goid, mp.p.id if mp.p is not None else -1, mp.id, reason))


def goschedImpl(rt: Runtime, mp: M, gp: G, preempted: bool) -> None:
    """gp, running on mp, goes to the tail of the global queue.

    Go: runtime/proc.go goschedImpl (1.27.3)
    Differs: returns; mp's loop calls schedule.
    """
    casgstatus(gp, _Grunning, _Grunnable)
    dropg(mp)
    if preempted and rt.sched.gcwaiting and rt.version.stw_runnext and mp.p is not None:
        if rt.emit is not None:
            rt.emit((rt.engine.now, v.E_YIELD, gp.goid, mp.p.id, mp.id, v.YIELD_STW))
        runqput(rt, mp.p, gp, True)
        wakep(rt)
        return
    if rt.emit is not None:
        why = v.YIELD_PREEMPTED if preempted else v.YIELD_GOSCHED
        rt.emit((rt.engine.now, v.E_YIELD, gp.goid, mp.p.id if mp.p is not None else -1, mp.id, why))
    globrunqput(rt, gp)
    if rt.version.wakep_after_yield:
        wakep(rt)


def gopreempt_m(rt: Runtime, mp: M, gp: G) -> None:
    """gp is made to yield.

    Go: runtime/proc.go gopreempt_m (1.27.3)
    Differs: nothing.
    """
    goschedImpl(rt, mp, gp, True)


def goyield(rt: Runtime, mp: M, gp: G) -> None:
    """gp goes to the tail of its own P's ring.

    Go: runtime/proc.go goyield_m (1.27.3)
    Differs: returns; mp's loop calls schedule.
    """
    casgstatus(gp, _Grunning, _Grunnable)
    dropg(mp)
    pp = mp.p
    assert pp is not None
    if rt.emit is not None:
        rt.emit((rt.engine.now, v.E_YIELD, gp.goid, pp.id, mp.id, v.YIELD_GOYIELD))
    runqput(rt, pp, gp, False)


def Goexit(rt: Runtime, mp: M, gp: G) -> None:
    """gp ends itself, wherever it is; if it is main's goroutine, the program goes on without it.

    Go: runtime/panic.go Goexit (1.27.3)
    Differs: deferred calls are the body's ``finally`` blocks, which cannot let time pass.
    """
    assert gp.body is not None
    gp.body.close()
    if gp is rt.main:
        rt.main = None  # only main's return ends the program
    goexit0(rt, mp, gp, v.EXIT_GOEXIT)


def goexit0(rt: Runtime, mp: M, gp: G, how: int = -1) -> None:
    """gp has returned; when main returns, the program ends.  how is -1 or vocabulary.EXIT_GOEXIT.

    Go: runtime/proc.go goexit0 (1.27.3)
    Differs: of gdestroy's free lists only what stacks need. A locked G's thread goes on instead of exiting.
    """
    casgstatus(gp, _Grunning, _Gdead)
    dropg(mp)
    gp.body = None
    if rt.stacks is not None:
        gfput(rt, mp, gp)
    if rt.sched.gcBlackenEnabled:
        _giveCredit(rt, gp)
    if gp.lockedm is not None:
        gp.lockedm.lockedg, gp.lockedm = None, None
    if rt.emit is not None:
        rt.emit((rt.engine.now, v.E_EXIT, gp.goid, mp.p.id if mp.p is not None else -1, mp.id, how))
    rt.ngfree += 1
    rt.opcosts[OP_GO] = rt.costs.go
    if gp is rt.main:
        rt.stop("exit")


def _giveCredit(rt: Runtime, gp: G) -> None:
    """gp has ended while the collector marks: what it has done more than its share, others may use (in gdestroy)."""
    c = rt.gc.controller
    credit = rt.gc.gcAssistBytes.pop(gp, 0)
    if credit > 0:
        c.bgScanCredit += int(c.assistWorkPerByte * float(credit))
