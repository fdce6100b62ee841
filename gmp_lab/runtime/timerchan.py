"""time.Timer and time.Ticker: channels that a timer fills, and functions that a timer starts.

Since 1.23 the timer of a channel is in a heap only while somebody waits on the channel; who asks the channel runs a
timer that is due on the spot.  So a forgotten ticker costs nothing, and after Stop or Reset no old value is left.
Before, every timer was in a heap until it had run, and each tick woke a P, listened to or not.
"""

from __future__ import annotations

from typing import Any

from gmp_lab.runtime.chan import chanrecv, own
from gmp_lab.runtime.runtime2 import G, M
from gmp_lab.runtime.select import walkSelectCases
from gmp_lab.runtime.threads import wakeNetPoller
from gmp_lab.runtime.timers import enter, maybeAdd, needsAdd, unlockAndRun
from gmp_lab.runtime.world import GoPanic, Runtime
from gmp_lab.timer import AFTER, AFTER_FUNC, TICKER, Timer, TimerChan
from gmp_lab.workload import OP_CONTINUE, Case


def newTimer(rt: Runtime, mp: M, gp: G, what: int, ns: int, fn: Any, args: tuple[Any, ...]) -> None:
    """gp.value = a timer of the kind ``what`` that is due in ns nanoseconds; of After, its channel.

    Go: runtime/time.go newTimer (1.27.3)
    Differs: package time's half (NewTimer, NewTicker, After, AfterFunc) is here too.
    """
    if what == TICKER and ns == 0:
        raise GoPanic("panic: non-positive interval for NewTicker")
    t = Timer(rt, ns if what == TICKER else 0, fn, args)
    if what != AFTER_FUNC:
        t.isChan = rt.version.sync_timer_chans
        t.C = TimerChan(t, t.isChan)
        t.C.owner = rt
    modify(rt, mp, t, rt.engine.now + ns, t.period)
    gp.value = t.C if what == AFTER else t


def stopTimer(rt: Runtime, t: Timer) -> bool:
    """Stop t; whether that kept it from running.

    Go: runtime/time.go timer.stop (1.27.3)
    Differs: nobody can be in the midst of sending.
    """
    if t.owner is not rt:
        own(rt, t)
    if t.heaped and not t.zombie:
        t.zombie = True
        t.ts.zombies += 1
    pending = t.when > 0
    t.when = 0
    return timerchandrain(t) or pending


def resetTimer(rt: Runtime, mp: M, t: Timer, ns: int) -> bool:
    """Let t be due in ns nanoseconds, a ticker every ns from now; whether it was still to run.

    Go: runtime/time.go resetTimer (1.27.3)
    Differs: package time's half, Ticker.Reset and Timer.Reset, is here too.
    """
    if t.owner is not rt:
        own(rt, t)
    if t.period and ns == 0:
        raise GoPanic("panic: non-positive interval for Ticker.Reset")
    return modify(rt, mp, t, rt.engine.now + ns, ns if t.period else 0)


def modify(rt: Runtime, mp: M, t: Timer, when: int, period: int) -> bool:
    """Set t anew; whether it was still to run.

    Go: runtime/time.go timer.modify (1.27.3)
    Differs: an entry in a heap is not changed in its place: a new one is made and the old one is void.
    """
    pending = t.when > 0
    t.period, t.when = period, when
    if t.heaped:
        if t.zombie:
            t.zombie = False
            t.ts.zombies -= 1
        wake = when < t.ts.timers[0][0]
        enter(rt, t)
        if wake:
            wakeNetPoller(rt, when)
    pending = timerchandrain(t) or pending
    if needsAdd(t):
        maybeAdd(rt, mp, t)
    return pending


def timerchandrain(t: Timer) -> bool:
    """Since 1.23: drop the value that waits in t's channel; whether there was one.

    Go: runtime/chan.go timerchandrain (1.27.3)
    Differs: nothing.
    """
    if not t.isChan or t.C is None or not t.C.buf:
        return False
    t.C.buf.clear()
    return True


# --- waiting on a timer's channel -------------------------------------------------------------------------------


def maybeRunChan(rt: Runtime, mp: M, c: TimerChan) -> None:
    """Run c's timer now if it is due and in no heap: who asks the channel must find the value.

    Go: runtime/time.go timer.maybeRunChan (1.27.3)
    Differs: nothing.
    """
    if c.owner is not rt:
        own(rt, c)
    t = c.timer
    if not t.heaped and 0 < t.when <= rt.engine.now:
        unlockAndRun(rt, mp, t)


def blockTimerChan(rt: Runtime, mp: M, c: TimerChan) -> None:
    """A goroutine is about to wait on c: its timer must be in a heap.

    Go: runtime/time.go blockTimerChan (1.27.3)
    Differs: nothing.
    """
    t = c.timer
    t.blocked += 1
    if t.heaped and t.zombie and t.when > 0:
        t.zombie = False
        t.ts.zombies -= 1
    if needsAdd(t):
        maybeAdd(rt, mp, t)


def unblockTimerChan(c: TimerChan) -> None:
    """A goroutine no longer waits on c: if nobody does, its timer may leave the heap.

    Go: runtime/time.go unblockTimerChan (1.27.3)
    Differs: nothing.
    """
    t = c.timer
    t.blocked -= 1
    if t.isChan and t.blocked == 0 and t.heaped and not t.zombie:
        t.zombie = True
        t.ts.zombies += 1


def recvTimer(rt: Runtime, mp: M, gp: G, c: TimerChan, two: bool) -> bool:
    """gp.value = <-c (with ``two``: the value and whether there was one); False if gp is parked.

    Go: runtime/chan.go chanrecv (1.27.3)
    Differs: what chanrecv does for the channel of a timer; such a channel is never closed.
    """
    if c.sync:
        maybeRunChan(rt, mp, c)
    waits = not c.buf
    if waits:
        blockTimerChan(rt, mp, c)
    if chanrecv(rt, mp, gp, c):
        if two:
            gp.value = (gp.value, True)
        return True
    gp.op = (OP_CONTINUE, timerReceived, (c, two))
    return False


def timerReceived(rt: Runtime, mp: M, gp: G, arg: Any) -> bool:
    """What gp does first after it has waited on the channel of a timer.

    Go: runtime/chan.go chanrecv (1.27.3)
    Differs: its end, after the sleep.
    """
    c, two = arg
    unblockTimerChan(c)
    if two:
        gp.value = (gp.value, True)
    return True


def selectTimer(rt: Runtime, mp: M, gp: G, cases: tuple[Case, ...], default: bool) -> bool:
    """A select with channels of timers among its cases; False if gp is parked.

    Go: runtime/select.go selectgo (1.27.3)
    Differs: what selectgo does for such channels; they are blocked on after gp is parked, at the same instant.
    """
    timed = [cas.c for cas in cases if isinstance(cas.c, TimerChan)]
    for c in timed:
        if c.sync:
            maybeRunChan(rt, mp, c)
    if walkSelectCases(rt, mp, gp, cases, default):
        return True
    if mp.curg is gp:
        return False
    for c in timed:
        blockTimerChan(rt, mp, c)
    assert gp.op is not None
    gp.op = (OP_CONTINUE, timerSelected, (gp.op, timed))
    return False


def timerSelected(rt: Runtime, mp: M, gp: G, arg: Any) -> bool:
    """What gp does first after it has waited in such a select.

    Go: runtime/select.go selectgo (1.27.3)
    Differs: its third pass.
    """
    rest, timed = arg
    for c in timed:
        unblockTimerChan(c)
    return bool(rest[1](rt, mp, gp, rest[2]))
