"""Timers: a heap on each P, looked at by the scheduler, never by a thread of their own.

A P looks at its timers when it schedules.  A P that runs one goroutine for long looks at nothing: its timers then
wait, or are run by an idle P that comes to steal them.
"""

from __future__ import annotations

from heapq import heappop, heappush

from gmp_lab import vocabulary as v
from gmp_lab.runtime.chan import chansend, claim
from gmp_lab.runtime.goroutine import gopark, goready, newproc, newproc1
from gmp_lab.runtime.idle import pidlegetSpinning
from gmp_lab.runtime.runq import globrunqput
from gmp_lab.runtime.runtime2 import G, M, P, Sudog, _Grunnable, _Gwaiting
from gmp_lab.runtime.status import casgstatus
from gmp_lab.runtime.threads import startm, wakeNetPoller, wakep
from gmp_lab.runtime.world import Runtime
from gmp_lab.timer import Timer

_SLEEP = v.WAIT_NO["sleep"]
_g0 = G(0, None, "g0")  # who sends where no goroutine does: the scheduler, which never waits


def timeSleep(rt: Runtime, mp: M, gp: G, ns: int) -> None:
    """Park gp, and arm a timer on the current P that readies it in ns nanoseconds (plus the system's slack).

    Go: runtime/time.go timeSleep (1.27.3)
    Differs: resetForSleep, the unlock function, is the second half of this one.
    """
    pp = mp.p
    assert pp is not None
    gopark(rt, mp, gp, _SLEEP)
    when = rt.engine.now + ns
    rt.timerseq += 1
    if not rt.version.timer_heaps:
        rt.sched.sleepers += 1
        rt.engine.after(ns + rt.slack(), timerproc, rt, gp)
        return
    first = not pp.timers or when < pp.timers[0][0]
    heappush(pp.timers, (when, rt.timerseq, gp))
    if first:
        wakeNetPoller(rt, when)


def timerproc(rt: Runtime, gp: G) -> None:
    """Up to 1.13: a goroutine of the runtime, asleep in a thread of its own, readies gp.

    Go: runtime/time.go goroutineReady (1.27.3)
    Differs: 1.13's timerproc had to get a P before it could ready anybody; here it puts gp on the global queue and
    starts a thread for it, as who polls the network does. Its thread is not counted.
    """
    rt.sched.sleepers -= 1
    if rt.emit is not None:
        rt.emit((rt.engine.now, v.E_TIMER, gp.goid, -1, -1, -1))
    _readyGlobal(rt, gp)


def _readyGlobal(rt: Runtime, gp: G) -> None:
    casgstatus(gp, _Gwaiting, _Grunnable)
    if rt.emit is not None:
        rt.emit((rt.engine.now, v.E_READY, gp.goid, -1, -1, -1))
    globrunqput(rt, gp)
    if rt.ring == 0:
        wakep(rt)
        return
    pp = pidlegetSpinning(rt)
    if pp is not None:
        startm(rt, pp, False)


def check(rt: Runtime, mp: M, pp: P) -> int:
    """Run pp's timers that are due, on mp; return the time of the next one (0 = none).

    Go: runtime/time.go timers.check (1.27.3)
    Differs: goroutineReady, the callback of Sleep, is called from here.
    """
    if pp.zombies and mp.p is pp and pp.zombies > len(pp.timers) // 4:
        adjust(rt, pp)
    timers = pp.timers
    now = rt.engine.now
    while timers and timers[0][0] <= now:
        _, entry, gp = heappop(timers)
        if type(gp) is not G:
            run(rt, mp, pp, entry, gp)
            continue
        if rt.emit is not None:
            rt.emit((now, v.E_TIMER, gp.goid, mp.p.id if mp.p is not None else -1, mp.id, pp.id))
        goready(rt, mp, gp)
    return timers[0][0] if timers else 0


def timeSleepUntil(rt: Runtime) -> int:
    """Return the time of the earliest timer of all Ps (0 = none).

    Go: runtime/time.go timeSleepUntil (1.27.3)
    Differs: 0 instead of the largest integer.
    """
    return min((pp.timers[0][0] for pp in rt.allp if pp.timers), default=0)


# --- timers of package time -------------------------------------------------------------------------------------


def needsAdd(t: Timer) -> bool:
    """Whether t belongs into a heap and is in none.

    Go: runtime/time.go timer.needsAdd (1.27.3)
    Differs: nothing.
    """
    return not t.heaped and t.when > 0 and (not t.isChan or t.blocked > 0)


def maybeAdd(rt: Runtime, mp: M, t: Timer) -> None:
    """Put t into the heap of mp's P, and see to it that somebody looks in time.

    Go: runtime/time.go timer.maybeAdd (1.27.3)
    Differs: needsAdd was asked before; up to 1.13 timerproc has it.
    """
    if not rt.version.timer_heaps:
        timerprocAdd(rt, t)
        return
    pp = mp.p
    assert pp is not None
    cleanHead(rt, pp)
    wake = not pp.timers or t.when < pp.timers[0][0]
    t.heaped, t.ts = True, pp
    enter(rt, t)
    _count(rt, pp, 1)
    if wake:
        wakeNetPoller(rt, t.when)


def enter(rt: Runtime, t: Timer) -> None:
    """Put an entry for t into the heap that it belongs to; an earlier one is void from now on.

    Go: runtime/time.go timers.addHeap (1.27.3)
    Differs: also what modify and updateHeap do with a timer that is in the heap already.
    """
    rt.timerseq += 1
    t.entry = rt.timerseq
    heappush(t.ts.timers, (t.when, t.entry, t))


def _count(rt: Runtime, pp: P, change: int) -> None:
    if rt.emit is not None:
        rt.emit((rt.engine.now, v.E_TIMER_HEAP, -1, pp.id, -1, change))


def _void(rt: Runtime, pp: P, entry: int, t: Timer) -> bool:
    """Whether an entry of pp's heap is void: changed since, or stopped; a stopped timer leaves the heap with it."""
    if t.entry != entry:
        return True
    if t.zombie:
        t.heaped, t.zombie, t.ts = False, False, None
        pp.zombies -= 1
        _count(rt, pp, -1)
        return True
    return False


def cleanHead(rt: Runtime, pp: P) -> None:
    """Drop void entries from the head of pp's heap.

    Go: runtime/time.go timers.cleanHead (1.27.3)
    Differs: those at the tail stay.
    """
    timers = pp.timers
    while timers:
        _, entry, t = timers[0]
        if type(t) is G or not _void(rt, pp, entry, t):
            return
        heappop(timers)


def adjust(rt: Runtime, pp: P) -> None:
    """Drop all void entries from pp's heap.

    Go: runtime/time.go timers.adjust (1.27.3)
    Differs: only that; changed entries are in their places already.
    """
    pp.timers = sorted(e for e in pp.timers if type(e[2]) is G or not _void(rt, pp, e[1], e[2]))


def take(rt: Runtime, dst: P, src: P) -> None:
    """Move all timers of src, which is no more, to dst.

    Go: runtime/time.go timers.take (1.27.3)
    Differs: nothing.
    """
    adjust(rt, src)
    for _, _, t in src.timers:
        if type(t) is not G:
            t.ts = dst
            _count(rt, src, -1)
            _count(rt, dst, 1)
    dst.timers = sorted(dst.timers + src.timers)
    src.timers = []


def run(rt: Runtime, mp: M, pp: P, entry: int, t: Timer) -> None:
    """Run t, whose entry has just been taken off pp's heap, on mp, unless it is void.

    Go: runtime/time.go timers.run (1.27.3)
    Differs: the caller has looked at the time.
    """
    if not _void(rt, pp, entry, t):
        unlockAndRun(rt, mp, t)


def unlockAndRun(rt: Runtime, mp: M, t: Timer) -> None:
    """Run t, which is due: send on its channel, or start its goroutine; a ticker goes back into its heap.

    Go: runtime/time.go timer.unlockAndRun (1.27.3)
    Differs: sendTime and goFunc are told apart here.
    """
    now = rt.engine.now
    delay = now - t.when
    t.when = t.when + t.period * (1 + delay // t.period) if t.period else 0
    if t.heaped and t.when:
        enter(rt, t)
    elif t.heaped:
        pp, t.heaped, t.ts = t.ts, False, None
        _count(rt, pp, -1)
    if t.fn is None:
        sendTime(rt, mp, t, now - delay)
        return
    _told(rt, mp, v.TIMER_FUNC)
    assert mp.p is not None
    newproc(rt, mp, mp.p, t.fn, t.args)  # Go: time/sleep.go goFunc


def _told(rt: Runtime, mp: M | None, what: int) -> None:
    if rt.emit is not None:
        if mp is None or mp.p is None:
            rt.emit((rt.engine.now, v.E_TIMER_RUN, -1, -1, -1, what))
        else:
            gid = mp.curg.goid if mp.curg is not None else -1
            rt.emit((rt.engine.now, v.E_TIMER_RUN, gid, mp.p.id, mp.id, what))


def sendTime(rt: Runtime, mp: M, t: Timer, due: int) -> None:
    """Send the time at which t was due, if there is room.

    Go: time/sleep.go sendTime (1.27.3)
    Differs: nothing.
    """
    c = t.C
    assert c is not None
    _told(rt, mp, v.TIMER_SEND if not c.buf else v.TIMER_DROP)
    chansend(rt, mp, _g0, c, due, False)


def timerprocAdd(rt: Runtime, t: Timer) -> None:
    """Up to 1.13: give t to timerproc, which sleeps until it is due.

    Go: runtime/time.go timer.maybeAdd (1.27.3)
    Differs: 1.13's addtimer. A goroutine that sends on its way is not modelled: see timerproc.
    """
    rt.timerseq += 1
    t.entry = rt.timerseq
    rt.sched.sleepers += 1
    rt.engine.after(max(0, t.when - rt.engine.now) + rt.slack(), timerprocRun, rt, (t, t.entry))


def timerprocRun(rt: Runtime, armed: tuple[Timer, int]) -> None:
    """Up to 1.13: timerproc wakes and runs t, unless t has been stopped or set anew.

    Go: runtime/time.go timer.unlockAndRun (1.27.3)
    Differs: 1.13's timerproc; who is woken goes to the global queue.
    """
    t, entry = armed
    rt.sched.sleepers -= 1
    if t.entry != entry or t.when == 0:
        return
    due, t.when = t.when, 0
    if t.period:
        t.when = due + t.period * (1 + (rt.engine.now - due) // t.period)
        timerprocAdd(rt, t)
    if t.C is None:
        assert t.fn is not None
        gp = newproc1(rt, t.fn, t.args, parked=True)
        _told(rt, None, v.TIMER_FUNC)
        if rt.emit is not None:
            rt.emit((rt.engine.now, v.E_GO_CREATE, gp.goid, -1, -1, -1))
        _readyGlobal(rt, gp)
        return
    _told(rt, None, v.TIMER_SEND if not t.C.buf else v.TIMER_DROP)
    while t.C.recvq:
        waiter = t.C.recvq.popleft()
        if type(waiter) is Sudog:
            if not claim(waiter, True):
                continue
            waiter = waiter.g
        waiter.value = due
        _readyGlobal(rt, waiter)
        return
    if not t.C.buf:
        t.C.buf.append(due)
