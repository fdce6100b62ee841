"""sync.Cond: a list of sleepers in ticket order.

The ticket is drawn before the lock is given up, so that a Signal in between is not lost: who finds its ticket called
already does not sleep.  A woken goroutine must still get the lock.
"""

from __future__ import annotations

from gmp_lab import vocabulary as v
from gmp_lab.runtime import mutex, rwmutex
from gmp_lab.runtime.chan import own
from gmp_lab.runtime.goroutine import gopark, goready
from gmp_lab.runtime.runtime2 import G, M
from gmp_lab.runtime.world import Runtime
from gmp_lab.sync import COND_BROADCAST, COND_WAIT, Cond, Mutex, RLocker, RWMutex
from gmp_lab.workload import OP_CONTINUE, Op

_WAIT = v.WAIT_NO["sync.Cond.Wait"]


def op_cond(rt: Runtime, mp: M, gp: G, op: Op) -> bool:
    """``yield c.Wait()``, ``yield c.Signal()``, ``yield c.Broadcast()``.

    Ours: an operation of bodies.
    """
    _, c, what = op
    if c.owner is not rt:
        own(rt, c)
    if what == COND_WAIT:
        return wait(rt, mp, gp, c)
    if what == COND_BROADCAST:
        notifyListNotifyAll(rt, mp, c)
    else:
        notifyListNotifyOne(rt, mp, c)
    return True


def wait(rt: Runtime, mp: M, gp: G, c: Cond) -> bool:
    """Draw a ticket, unlock, sleep, lock; False if gp has left mp or spins.

    Go: sync/cond.go Cond.Wait (1.27.3)
    Differs: the steps that may follow a pause are functions of their own.
    """
    t = c.wait  # Go: runtime/sema.go notifyListAdd
    c.wait += 1
    gp.op = (OP_CONTINUE, notifyListWait, (c, t))  # should Unlock hand over and yield
    if not unlocker(rt, mp, gp, c.L):
        return False
    gp.op = None
    return notifyListWait(rt, mp, gp, (c, t))


def notifyListWait(rt: Runtime, mp: M, gp: G, arg: tuple[Cond, int]) -> bool:
    """Sleep until ticket t is called, unless it has been; then lock again.

    Go: runtime/sema.go notifyListWait (1.27.3)
    Differs: Cond.Wait's last step, the lock, follows from here. Tickets do not wrap around.
    """
    c, t = arg
    if t < c.notify:
        return relock(rt, mp, gp, c)
    c.list.append((t, gp))
    gp.op = (OP_CONTINUE, relock, c)
    gopark(rt, mp, gp, _WAIT)
    return False


def relock(rt: Runtime, mp: M, gp: G, c: Cond) -> bool:
    """Lock c.L.

    Go: sync/cond.go Cond.Wait (1.27.3)
    Differs: its last step.
    """
    locker: Mutex | RWMutex | RLocker = c.L
    if isinstance(locker, Mutex):
        return mutex.lock(rt, mp, gp, locker, None)
    if isinstance(locker, RWMutex):
        return rwmutex.lock(rt, mp, gp, locker, None)
    return rwmutex.rLock(rt, mp, gp, locker.rw, None)


def unlocker(rt: Runtime, mp: M, gp: G, locker: Mutex | RWMutex | RLocker) -> bool:
    """Unlock a Locker; False if gp has left mp.

    Ours: Go calls the method of an interface.
    """
    if isinstance(locker, Mutex):
        return mutex.unlock(rt, mp, gp, locker)
    if isinstance(locker, RWMutex):
        return rwmutex.unlock(rt, mp, gp, locker)
    return rwmutex.rUnlock(rt, mp, gp, locker.rw)


def notifyListNotifyAll(rt: Runtime, mp: M, c: Cond) -> None:
    """Call all tickets drawn so far, and ready who sleeps, in the order of the list.

    Go: runtime/sema.go notifyListNotifyAll (1.27.3)
    Differs: nothing.
    """
    if c.wait == c.notify:
        return
    sleepers = [gp for _, gp in c.list]
    c.list.clear()
    c.notify = c.wait
    for gp in sleepers:
        goready(rt, mp, gp)


def notifyListNotifyOne(rt: Runtime, mp: M, c: Cond) -> None:
    """Call the next ticket; ready its holder if that sleeps already.

    Go: runtime/sema.go notifyListNotifyOne (1.27.3)
    Differs: nothing.
    """
    t = c.notify
    if t == c.wait:
        return
    c.notify = t + 1
    for i, (ticket, gp) in enumerate(c.list):
        if ticket == t:
            del c.list[i]
            goready(rt, mp, gp)
            return
