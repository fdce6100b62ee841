"""Timers: a heap on each P, looked at by the scheduler, never by a thread of their own.

A P looks at its timers when it schedules.  A P that runs one goroutine for long looks at nothing: its timers then
wait, or are run by an idle P that comes to steal them.
"""

from __future__ import annotations

from heapq import heappop, heappush

from gmp_lab import vocabulary as v
from gmp_lab.runtime.goroutine import gopark, goready
from gmp_lab.runtime.runq import globrunqput
from gmp_lab.runtime.runtime2 import G, M, P, _Grunnable, _Gwaiting
from gmp_lab.runtime.status import casgstatus
from gmp_lab.runtime.threads import pidlegetSpinning, startm, wakeNetPoller, wakep
from gmp_lab.runtime.world import Runtime

_SLEEP = v.WAIT_NO["sleep"]


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
    casgstatus(gp, _Gwaiting, _Grunnable)
    if rt.emit is not None:
        rt.emit((rt.engine.now, v.E_TIMER, gp.goid, -1, -1, -1))
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
    Differs: the only callback is goroutineReady; which one ran is seen in the record.
    """
    timers = pp.timers
    now = rt.engine.now
    while timers and timers[0][0] <= now:
        gp = heappop(timers)[2]
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
