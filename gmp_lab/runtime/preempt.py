"""Preemption: asking a goroutine to stop, and the two places where it hears the question.

The question is a flag on the goroutine.  A function's prologue looks at it (the cooperative way); since 1.14 the
thread also gets a signal, SIGURG, whose handler makes the goroutine call asyncPreempt if it is at a safe point.
On Windows there are no signals: who asks suspends the thread, looks where it stands, and changes its registers.
Loops contain no check of any kind.
"""

from __future__ import annotations

from gmp_lab import vocabulary as v
from gmp_lab.runtime.goroutine import gopark, gopreempt_m
from gmp_lab.runtime.runtime2 import G, M, P, _Grunning, _Gsyscall, _Prunning
from gmp_lab.runtime.stackscan import shrinkstack
from gmp_lab.runtime.world import Runtime
from gmp_lab.workload import LOOP_ASYNC, LOOP_CALLS

_PREEMPTED = v.WAIT_NO["preempted"]


def preemptone(rt: Runtime, pp: P, why: int) -> bool:
    """Ask the goroutine that runs on pp to stop; why is a vocabulary.PREEMPT_* for the record.

    Go: runtime/proc.go preemptone (1.27.3)
    Differs: the prologue check of a loop that calls functions comes at once, as an event. Go's M is on g0 during
    a switch, with no curg, or one whose flag execute is about to clear; here time passes only after execute, so
    the first Costs.deaf ns of a goroutine's run stand for that.
    """
    mp = pp.m
    if mp is None:
        return False
    gp = mp.curg
    if gp is None or gp.atomicstatus == _Gsyscall or rt.engine.now < mp.switched + rt.costs.deaf:
        return False
    if not rt.version.preempt_prologue:
        return False
    gp.preempt = True
    if rt.emit is not None:
        rt.emit((rt.engine.now, v.E_PREEMPT, gp.goid, pp.id, mp.id, why))
    if gp.op is None and gp.loop & LOOP_CALLS:
        rt.engine.after(0, newstack, rt, mp)
    if rt.version.preempt_signal and not rt.config.asyncpreemptoff:
        pp.preempt = True
        preemptM(rt, mp)
    return True


def preemptall(rt: Runtime, own: P | None, why: int) -> None:
    """Ask every running goroutine to stop, except the one on P own, who asks.

    Go: runtime/proc.go preemptall (1.27.3)
    Differs: why, a vocabulary.PREEMPT_*, is for the record.
    """
    for pp in rt.allp:
        if pp.status == _Prunning and pp is not own:
            preemptone(rt, pp, why)


def preemptPark(rt: Runtime, mp: M, gp: G) -> None:
    """gp parks because its stack is to be scanned; who scans it readies it.

    Go: runtime/proc.go preemptPark (1.27.3)
    Differs: waiting, for the reason "preempted", where Go has a status of its own.
    """
    gopark(rt, mp, gp, _PREEMPTED)


def _yield(rt: Runtime, mp: M, gp: G) -> None:
    if rt.gc is not None and gp in rt.gc.preemptStop:
        preemptPark(rt, mp, gp)
    else:
        gopreempt_m(rt, mp, gp)


def preemptM(rt: Runtime, mp: M) -> None:
    """Send SIGURG to mp, unless one is on its way.

    Go: runtime/signal_unix.go preemptM (1.27.3)
    Differs: the signal arrives Costs.signal nanoseconds later. On Windows suspendThread does this.
    """
    if not mp.signalPending:
        mp.signalPending = True
        if rt.system.preempt == "suspend":
            suspendThread(rt, mp)
        else:
            rt.engine.after(rt.costs.signal, doSigPreempt, rt, mp)


def suspendThread(rt: Runtime, mp: M) -> None:
    """Windows: stop mp's thread and look where it stands; at a safe point it will call asyncPreempt when it goes on.

    What the thread does at this moment decides: nothing is under way to it, as a signal would be.

    Go: runtime/os_windows.go preemptM (1.27.3)
    Differs: its calls of the system take Costs.suspend in all. A thread that waits for a core is changed there: it
    yields when it gets one. No external code, so no preemptExtLock.
    """
    gp = mp.curg
    if wantAsyncPreempt(gp) and isAsyncSafePoint(mp) and rt.interrupt(mp):
        rt.engine.after(rt.costs.suspend, resumeThread, rt, mp)
    else:
        doSigPreempt(rt, mp)


def resumeThread(rt: Runtime, mp: M) -> None:
    """The thread that was suspended at a safe point goes on, in asyncPreempt.

    Go: runtime/os_windows.go preemptM (1.27.3)
    Differs: its last part.
    """
    mp.signalPending = False
    gp = mp.curg
    assert gp is not None
    stopped(rt, mp, gp)
    rt.resume(mp)


def doSigPreempt(rt: Runtime, mp: M) -> None:
    """The signal handler: make the goroutine yield if it was asked to and is at a safe point.

    Go: runtime/signal_unix.go doSigPreempt (1.27.3)
    Differs: a thread without a core handles it when it gets one, before anything else.
    """
    if rt.config.cores is not None and mp.seg_end < 0:
        gp = mp.curg
        if gp is not None and gp.atomicstatus == _Grunning:  # off its core, or given one at this very instant
            mp.sigwait = True
            return
    sigPreempt(rt, mp)


def sigPreempt(rt: Runtime, mp: M) -> None:
    """What the handler does on a thread that has a core.

    Go: runtime/signal_unix.go doSigPreempt (1.27.3)
    Differs: its second half.
    """
    mp.signalPending = False
    gp = mp.curg
    if gp is None:
        return
    if wantAsyncPreempt(gp) and isAsyncSafePoint(mp):
        waited = not rt.interrupt(mp)  # it was off its core: who gave it one lets it go on
        stopped(rt, mp, gp)
        if not waited:
            rt.resume(mp)
    elif rt.emit is not None:
        rt.emit((rt.engine.now, v.E_SIGNAL, gp.goid, mp.p.id if mp.p is not None else -1, mp.id, 0))


def stopped(rt: Runtime, mp: M, gp: G) -> None:
    """gp calls asyncPreempt, between any two of its instructions, and yields.

    Go: runtime/preempt.go asyncPreempt2 (1.27.3)
    Differs: saving the registers, asyncPreempt itself, takes no time.
    """
    if rt.emit is not None:
        rt.emit((rt.engine.now, v.E_SIGNAL, gp.goid, mp.p.id if mp.p is not None else -1, mp.id, 1))
    if gp.stack is not None:
        gp.stack.asyncSafePoint = True
    _yield(rt, mp, gp)


def wantAsyncPreempt(gp: G | None) -> bool:
    """Whether gp was asked to stop.

    Go: runtime/preempt.go wantAsyncPreempt (1.27.3)
    Differs: nothing.
    """
    if gp is None or gp.m is None or gp.atomicstatus != _Grunning:
        return False
    return gp.preempt or (gp.m.p is not None and gp.m.p.preempt)


def isAsyncSafePoint(mp: M) -> bool:
    """Whether mp's goroutine can be stopped where it is: in user code, not in the runtime's.

    Go: runtime/preempt.go isAsyncSafePoint (1.27.3)
    Differs: a G with an operation in hand is inside a runtime function; work(loop="unsafe") is unsafe throughout.
    """
    gp = mp.curg
    if gp is None or gp.op is not None or not gp.loop & LOOP_ASYNC:
        return False
    return mp.seg_end >= 0 or gp.left > 0  # computing, or taken off its core while it did


def newstack(rt: Runtime, mp: M) -> None:
    """The prologue check of a loop that calls functions, after a request: yield.

    Go: runtime/stack.go newstack (1.27.3)
    Differs: only its preemption half, of a loop in the midst of its computing; stacks grow in stack.py.
    """
    gp = mp.curg
    if gp is None or not gp.preempt or gp.op is not None or not gp.loop & LOOP_CALLS:
        return
    if gp.atomicstatus == _Grunning and rt.interrupt(mp):
        newstackPreempt(rt, mp, gp)
        rt.resume(mp)


def newstackPreempt(rt: Runtime, mp: M, gp: G) -> None:
    """The prologue of a function that gp calls has seen the request: a synchronous safe point, so gp yields.

    Go: runtime/stack.go newstack (1.27.3)
    Differs: the middle of it. What shrinking costs is charged when gp runs again.
    """
    st = gp.stack
    if st is not None:
        st.asyncSafePoint = False
        if st.preemptShrink:
            st.preemptShrink = False
            gp.left += shrinkstack(rt, gp, st)
    _yield(rt, mp, gp)
