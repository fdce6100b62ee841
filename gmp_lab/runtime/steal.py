"""Stealing: which victims a thief visits, in which order, and what it takes on which pass."""

from __future__ import annotations

from gmp_lab import params
from gmp_lab import vocabulary as v
from gmp_lab.runtime import timers
from gmp_lab.runtime.idle import pidlegetSpinning
from gmp_lab.runtime.runq import runqempty, runqget, runqsteal, stealOrder
from gmp_lab.runtime.runtime2 import G, M, P
from gmp_lab.runtime.world import Runtime


def stealWork(rt: Runtime, mp: M, pp: P) -> tuple[G | None, bool, int, bool]:
    """Try to steal a goroutine or a timer from any P: (gp, inheritTime, next timer, new work).

    Go: runtime/proc.go stealWork (1.27.3)
    Differs: if mp.stealing is set on return, mp sleeps; it comes back in the last pass, at the same victim.
    """
    if rt.config.steal == "off":
        return None, False, 0, False
    if rt.version.steal_picks:
        return stealRandom(rt, mp, pp), False, 0, False
    pollUntil, ranTimer = 0, False
    resumed = mp.stealing is not None
    for i in range(params.stealTries - 1 if resumed else 0, params.stealTries):
        stealTimersOrRunNextG = i == params.stealTries - 1
        if 0 < i < params.stealTries - 1:
            rt.cheaprand()  # nothing has changed since the first pass: only draw the order that Go would draw
            continue
        order = mp.stealpos if resumed else stealOrder(rt.gomaxprocs, rt.cheaprand())
        for k, pid in enumerate(order):
            if resumed and k and rt.sched.gcwaiting:
                return None, False, pollUntil, True
            p2 = rt.allp[pid]
            if p2 is pp:
                continue
            asleep_at = resumed and k == 0  # the victim in whose runqgrab this M slept: go on there, whatever came
            if stealTimersOrRunNextG and p2.timers and not asleep_at:
                due = p2.timers[0][0] <= rt.engine.now
                w = timers.check(rt, mp, p2)
                if w and (not pollUntil or w < pollUntil):
                    pollUntil = w
                if due:
                    gp, inheritTime = runqget(mp, pp)
                    if gp is not None:
                        return gp, inheritTime, pollUntil, ranTimer
                    ranTimer = True
            if not asleep_at and (p2.idle or not (p2.runq or (stealTimersOrRunNextG and p2.runnext is not None))):
                continue  # what stands after "idle" only saves a call that would find nothing
            gp = runqsteal(rt, mp, pp, p2, stealTimersOrRunNextG)
            if gp is not None:
                return gp, False, pollUntil, ranTimer
            if mp.stealing is not None:
                stealSleep(rt, mp, p2, order[k:])
                return None, False, pollUntil, ranTimer
    return None, False, pollUntil, ranTimer


def stealRandom(rt: Runtime, mp: M, pp: P) -> G | None:
    """Try to steal from Ps that are drawn at random, with repetition: the way up to 1.5 or so.

    Go: runtime/proc.go stealWork (1.27.3)
    Differs: 1.5's findrunnable1 and 1.4's findrunnable: 4 or 2 draws for each P; runnext in the second half only.
    """
    n = rt.gomaxprocs
    first = mp.stealpos[0] if mp.stealing is not None else 0
    for i in range(first, rt.version.steal_picks * n):
        p2 = rt.allp[mp.stealpos[1] if mp.stealing is not None else rt.cheaprand() % n]
        if p2 is pp:
            continue  # Go looks into the own queue here, which is empty
        gp = runqsteal(rt, mp, pp, p2, rt.runnext and i > 2 * n)
        if gp is not None:
            return gp
        if mp.stealing is not None:
            stealSleep(rt, mp, p2, (i, p2.id))
            return None
    return None


def stealSleep(rt: Runtime, mp: M, p2: P, rest: tuple[int, ...]) -> None:
    """Sleep 3 us (in fact much longer) before taking p2's runnext, so that p2 may run it itself.

    Go: runtime/proc.go runqgrab (1.27.3)
    Differs: the usleep of runqgrab, as an event; ``rest`` is where stealWork goes on.
    """
    mp.stealpos = rest
    if rt.emit is not None:
        rt.emit((rt.engine.now, v.E_STEAL_SLEEP, -1, mp.p.id if mp.p is not None else -1, mp.id, p2.id))
    rt.usleep(mp, rt.version.steal_sleep_us * 1000)


def checkRunqsNoP(rt: Runtime) -> P | None:
    """Return an idle P if any busy P has queued work.

    Go: runtime/proc.go checkRunqsNoP (1.27.3)
    Differs: no snapshot: nothing changes meanwhile.
    """
    for p2 in rt.allp if rt.config.steal != "off" else ():
        if not p2.idle and not runqempty(p2):
            return pidlegetSpinning(rt)
    return None
