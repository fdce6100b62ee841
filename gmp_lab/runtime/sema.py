"""Semaphores: what sync.Mutex, RWMutex and WaitGroup sleep on.

A release adds one to the count and readies the first waiter; the count is not kept for it.  When the waiter runs, it
may find that somebody else was faster, and sleeps again.  A release with handoff is different: the waiter is given
the count (a ticket), and the releaser steps aside at once, so that the waiter runs next and in its slice.

An operation that sleeps goes on after its sleep with ``then``: (OP_CONTINUE, function, argument), or None if nothing
is left to be done.
"""

from __future__ import annotations

from typing import Any

from gmp_lab import vocabulary as v
from gmp_lab.errors import Throw
from gmp_lab.runtime.chan import own
from gmp_lab.runtime.goroutine import gopark, goready, goyield
from gmp_lab.runtime.runtime2 import G, M, Sudog
from gmp_lab.runtime.world import Runtime
from gmp_lab.sync import Sema
from gmp_lab.workload import OP_CONTINUE, Op

_SEMACQUIRE = v.WAIT_NO["semacquire"]


def goOn(rt: Runtime, mp: M, gp: G, then: Op | None) -> bool:
    """Do what comes after; True if gp goes on with its body, False if it has left mp or waits for time to pass.

    Ours: in Go the caller's next line.
    """
    return then is None or bool(then[1](rt, mp, gp, then[2]))


def sync_op(rt: Runtime, mp: M, gp: G, op: Op) -> bool:
    """Acquire or release a semaphore for a body.

    Ours: an operation of bodies.
    """
    _, sema, acquire, handoff = op
    if sema.owner is not rt:
        own(rt, sema)
    if acquire:
        return semacquire1(rt, mp, gp, sema, False, _SEMACQUIRE, None)
    return semrelease1(rt, mp, gp, sema, handoff)


def cansemacquire(sema: Sema) -> bool:
    """Take one from the count if it is above zero.

    Go: runtime/sema.go cansemacquire (1.27.3)
    Differs: no atomics.
    """
    if sema.count == 0:
        return False
    sema.count -= 1
    return True


def semacquire1(rt: Runtime, mp: M, gp: G, sema: Sema, lifo: bool, reason: int, then: Op | None) -> bool:
    """Take one from the count, or sleep until that is possible (in front of all others if lifo); False if gp sleeps.

    Go: runtime/sema.go semacquire1 (1.27.3)
    Differs: no profiles; its loop is in semaSleep and semaWoken.
    """
    if cansemacquire(sema):
        return goOn(rt, mp, gp, then)
    return semaSleep(rt, mp, gp, (Sudog(gp), sema, lifo, reason, then))


def semaSleep(rt: Runtime, mp: M, gp: G, arg: Any) -> bool:
    """Queue gp's Sudog and park gp.

    Go: runtime/sema.go semaRoot.queue (1.27.3)
    Differs: each semaphore has its list here; Go finds it by address, in one of 251 trees. Parks as well.
    """
    sg, sema, lifo, reason, _ = arg
    sg.queue = sema.waitq
    if lifo:
        sema.waitq.appendleft(sg)
    else:
        sema.waitq.append(sg)
    gp.op = (OP_CONTINUE, semaWoken, arg)
    gopark(rt, mp, gp, reason)
    return False


def semaWoken(rt: Runtime, mp: M, gp: G, arg: Any) -> bool:
    """gp was readied: it goes on if it was given the count or can take it, else it sleeps again.

    Go: runtime/sema.go semacquire1 (1.27.3)
    Differs: the end of its loop.
    """
    sg, sema, _, _, then = arg
    if sg.ticket != 0 or cansemacquire(sema):
        return goOn(rt, mp, gp, then)
    return semaSleep(rt, mp, gp, arg)


def semrelease1(rt: Runtime, mp: M, gp: G, sema: Sema, handoff: bool) -> bool:
    """Add one to the count and wake the first waiter; False if gp has handed over and left mp.

    Go: runtime/sema.go semrelease1 (1.27.3)
    Differs: no profiles; dequeue is a line.
    """
    sema.count += 1
    if not sema.waitq:
        return True
    s: Sudog = sema.waitq.popleft()
    s.queue = None
    if s.ticket != 0:
        raise Throw("corrupted semaphore ticket")
    if handoff and cansemacquire(sema):
        s.ticket = 1
    goready(rt, mp, s.g)
    if s.ticket == 1:
        # Direct G handoff: the waiter is in runnext, and inherits our time slice.
        goyield(rt, mp, gp)
        return False
    return True
