"""sync.Mutex: fast, then spinning, then asleep; and fair only when somebody has waited for too long.

In normal mode Unlock wakes the first waiter but gives it nothing: whoever runs already may lock first, and usually
does.  That is quick, as no switch is needed, and unfair.  A waiter that has waited for more than 1 ms switches the
Mutex to starving mode: then Unlock hands the lock over, and who comes new queues up.

Rejected by the authors: handing over always.  Each hand-over costs a switch, and a lock that is taken often would
run at the speed of the scheduler.
"""

from __future__ import annotations

from typing import Any

from gmp_lab import params
from gmp_lab import vocabulary as v
from gmp_lab.errors import Throw
from gmp_lab.runtime.chan import own
from gmp_lab.runtime.runq import runqempty
from gmp_lab.runtime.runtime2 import G, M
from gmp_lab.runtime.sema import goOn, semacquire1, semrelease1
from gmp_lab.runtime.world import GoPanic, Runtime
from gmp_lab.sync import Mutex
from gmp_lab.workload import OP_CONTINUE, Op

mutexLocked = 1
mutexWoken = 2
mutexStarving = 4
mutexWaiterShift = 3
_LOCK = v.WAIT_NO["sync.Mutex.Lock"]


class LockSlow:
    """The local variables of a lockSlow, kept while it spins or sleeps; ``then`` is what follows the lock.

    Ours: Go keeps them on the goroutine's stack.
    """

    __slots__ = ("awoke", "iter", "m", "starving", "then", "waitStartTime")

    def __init__(self, m: Mutex, then: Op | None) -> None:
        self.m = m
        self.then = then
        self.waitStartTime = -1  # not waited yet
        self.starving = False
        self.awoke = False
        self.iter = 0


def lock(rt: Runtime, mp: M, gp: G, m: Mutex, then: Op | None) -> bool:
    """Lock m for gp, then do what comes after; False if gp has left mp or spins.

    Go: internal/sync/mutex.go Mutex.Lock (1.27.3)
    Differs: nothing.
    """
    if m.owner is not rt:
        own(rt, m)
    if m.state == 0:
        m.state = mutexLocked
        return goOn(rt, mp, gp, then)
    return lockSlow(rt, mp, gp, LockSlow(m, then))


def lockSlow(rt: Runtime, mp: M, gp: G, s: LockSlow) -> bool:
    """One turn of the loop: spin, or lock, or sleep.

    Go: internal/sync/mutex.go Mutex.lockSlow (1.27.3)
    Differs: a spin or sleep ends the call; the loop goes on here, or in lockWoken. The swap cannot fail.
    """
    m = s.m
    old = m.state
    # Don't spin in starvation mode, ownership is handed off to waiters.
    if old & (mutexLocked | mutexStarving) == mutexLocked and canSpin(rt, mp, s.iter):
        # Set mutexWoken to inform Unlock to not wake other blocked goroutines.
        if not s.awoke and not old & mutexWoken and old >> mutexWaiterShift:
            m.state = old | mutexWoken
            s.awoke = True
        s.iter += 1
        doSpin(rt, mp, gp, s)
        return False
    new = old
    # Don't try to acquire starving mutex, new arriving goroutines must queue.
    if not old & mutexStarving:
        new |= mutexLocked
    if old & (mutexLocked | mutexStarving):
        new += 1 << mutexWaiterShift
    if s.starving and old & mutexLocked:
        if not new & mutexStarving:
            _record(rt, mp, gp, v.E_STARVING, 1)
        new |= mutexStarving
    if s.awoke:
        if not new & mutexWoken:
            raise Throw("sync: inconsistent mutex state")
        new &= ~mutexWoken
    m.state = new
    if not old & (mutexLocked | mutexStarving):
        return goOn(rt, mp, gp, s.then)  # locked the mutex with CAS
    # If we were already waiting before, queue at the front of the queue.
    queueLifo = s.waitStartTime >= 0
    if not queueLifo:
        s.waitStartTime = rt.engine.now
    return semacquire1(rt, mp, gp, m.sema, queueLifo, _LOCK, (OP_CONTINUE, lockWoken, s))


def lockWoken(rt: Runtime, mp: M, gp: G, s: LockSlow) -> bool:
    """gp has been woken: the lock is its own if it was handed over, else it competes for it.

    Go: internal/sync/mutex.go Mutex.lockSlow (1.27.3)
    Differs: the part of its loop after the sleep.
    """
    m = s.m
    s.starving = s.starving or rt.engine.now - s.waitStartTime > params.starvationThresholdNs
    old = m.state
    if old & mutexStarving:
        if old & (mutexLocked | mutexWoken) or old >> mutexWaiterShift == 0:
            raise Throw("sync: inconsistent mutex state")
        delta = mutexLocked - (1 << mutexWaiterShift)
        if not s.starving or old >> mutexWaiterShift == 1:
            # Starvation mode is so inefficient that two goroutines could go lock-step infinitely in it.
            delta -= mutexStarving
            _record(rt, mp, gp, v.E_STARVING, 0)
        m.state = old + delta
        return goOn(rt, mp, gp, s.then)
    s.awoke = True
    s.iter = 0
    return lockSlow(rt, mp, gp, s)


def canSpin(rt: Runtime, mp: M, i: int) -> bool:
    """Whether spinning makes sense: a few turns, with several CPUs, another P that runs, and nothing to run here.

    Go: runtime/proc.go internal_sync_runtime_canSpin (1.27.3)
    Differs: without a limit of cores there are always several CPUs.
    """
    sched = rt.sched
    if i >= params.active_spin or rt.config.cores == 1:
        return False
    if rt.gomaxprocs <= len(sched.pidle) + sched.nmspinning + 1:
        return False
    return mp.p is not None and runqempty(mp.p)


def doSpin(rt: Runtime, mp: M, gp: G, s: LockSlow) -> None:
    """Let 30 PAUSE instructions pass, then go on with lockSlow.  It is runtime code: no safe point.

    Go: runtime/proc.go internal_sync_runtime_doSpin (1.27.3)
    Differs: an event.
    """
    _record(rt, mp, gp, v.E_LOCK_SPIN, s.iter)
    gp.op = (OP_CONTINUE, lockSlow, s)
    mp.seg += 1
    mp.seg_end = rt.engine.now + rt.costs.spin
    rt.engine.at(mp.seg_end, rt.on_segment_end, mp, mp.seg)


def tryLock(rt: Runtime, m: Mutex) -> bool:
    """Lock m if it is free.

    Go: internal/sync/mutex.go Mutex.TryLock (1.27.3)
    Differs: the swap cannot fail.
    """
    if m.owner is not rt:
        own(rt, m)
    if m.state & (mutexLocked | mutexStarving):
        return False
    m.state |= mutexLocked
    return True


def unlock(rt: Runtime, mp: M, gp: G, m: Mutex) -> bool:
    """Unlock m; False if gp has handed it over and left mp.

    Go: internal/sync/mutex.go Mutex.Unlock (1.27.3)
    Differs: nothing.
    """
    if m.owner is not rt:
        own(rt, m)
    m.state -= mutexLocked
    return m.state == 0 or unlockSlow(rt, mp, gp, m, m.state)


def unlockSlow(rt: Runtime, mp: M, gp: G, m: Mutex, new: int) -> bool:
    """Wake a waiter, unless one is awake; or, in starving mode, hand over.

    Go: internal/sync/mutex.go Mutex.unlockSlow (1.27.3)
    Differs: the swap cannot fail.
    """
    if not (new + mutexLocked) & mutexLocked:
        raise GoPanic("fatal error: sync: unlock of unlocked mutex")
    if new & mutexStarving:
        # mutexLocked is not set, the waiter will set it. But newcomers won't acquire it.
        return semrelease1(rt, mp, gp, m.sema, True)
    if new >> mutexWaiterShift == 0 or new & (mutexLocked | mutexWoken | mutexStarving):
        return True
    m.state = (new - (1 << mutexWaiterShift)) | mutexWoken
    return semrelease1(rt, mp, gp, m.sema, False)


def _record(rt: Runtime, mp: M, gp: G, kind: int, arg: int) -> None:
    if rt.emit is not None:
        rt.emit((rt.engine.now, kind, gp.goid, mp.p.id if mp.p is not None else -1, mp.id, arg))


def op_lock(rt: Runtime, mp: M, gp: G, op: Op) -> bool:
    """``yield m.Lock()``.

    Ours: an operation of bodies.
    """
    return lock(rt, mp, gp, op[1], None)


def op_unlock(rt: Runtime, mp: M, gp: G, op: Op) -> bool:
    """``yield m.Unlock()``.

    Ours: an operation of bodies.
    """
    return unlock(rt, mp, gp, op[1])


def op_trylock(rt: Runtime, mp: M, gp: G, op: Op) -> bool:
    """``yield m.TryLock()``.

    Ours: an operation of bodies.
    """
    gp.value = tryLock(rt, op[1])
    return True


def waiters(arg: Any) -> tuple[Mutex, int] | None:
    """The Mutex of a goroutine asleep in lockSlow, and how many waiters it counts; None for other semaphores.

    Ours: for the check of invariants.
    """
    then = arg[4]
    if then is None or then[1] is not lockWoken:
        return None
    m: Mutex = then[2].m
    return m, m.state >> mutexWaiterShift
