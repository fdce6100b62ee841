"""sync.RWMutex: counting readers; a writer announces itself, waits for the readers inside, and lets the next in.

Readers never wait for one another.  A writer first takes the Mutex ``w`` (other writers stop there), then subtracts
2**30 from readerCount: from then on each new reader sees a negative number and sleeps.
"""

from __future__ import annotations

from gmp_lab import vocabulary as v
from gmp_lab.params import rwmutexMaxReaders
from gmp_lab.runtime import mutex
from gmp_lab.runtime.chan import own
from gmp_lab.runtime.runtime2 import G, M
from gmp_lab.runtime.sema import goOn, semacquire1, semrelease1
from gmp_lab.runtime.world import GoPanic, Runtime
from gmp_lab.sync import RWMutex
from gmp_lab.workload import OP_CONTINUE, Op

_RLOCK = v.WAIT_NO["sync.RWMutex.RLock"]
_LOCK = v.WAIT_NO["sync.RWMutex.Lock"]


def rLock(rt: Runtime, mp: M, gp: G, rw: RWMutex, then: Op | None) -> bool:
    """Lock rw for reading, then do what comes after; False if gp sleeps.

    Go: sync/rwmutex.go RWMutex.RLock (1.27.3)
    Differs: nothing.
    """
    if rw.owner is not rt:
        own(rt, rw)
    rw.readerCount += 1
    if rw.readerCount < 0:  # a writer is pending, wait for it
        return semacquire1(rt, mp, gp, rw.readerSem, False, _RLOCK, then)
    return goOn(rt, mp, gp, then)


def tryRLock(rt: Runtime, rw: RWMutex) -> bool:
    """Lock rw for reading if no writer holds or awaits it.

    Go: sync/rwmutex.go RWMutex.TryRLock (1.27.3)
    Differs: the swap cannot fail.
    """
    if rw.owner is not rt:
        own(rt, rw)
    if rw.readerCount < 0:
        return False
    rw.readerCount += 1
    return True


def rUnlock(rt: Runtime, mp: M, gp: G, rw: RWMutex) -> bool:
    """Undo one RLock; False if gp has left mp.

    Go: sync/rwmutex.go RWMutex.RUnlock (1.27.3)
    Differs: rUnlockSlow is here.
    """
    if rw.owner is not rt:
        own(rt, rw)
    rw.readerCount -= 1
    r = rw.readerCount
    if r >= 0:
        return True
    if r + 1 in (0, -rwmutexMaxReaders):
        raise GoPanic("fatal error: sync: RUnlock of unlocked RWMutex")
    rw.readerWait -= 1
    if rw.readerWait == 0:  # the last reader unblocks the writer
        return semrelease1(rt, mp, gp, rw.writerSem, False)
    return True


def lock(rt: Runtime, mp: M, gp: G, rw: RWMutex, then: Op | None) -> bool:
    """Lock rw for writing, then do what comes after; False if gp has left mp or spins.

    Go: sync/rwmutex.go RWMutex.Lock (1.27.3)
    Differs: its first step; the rest is lockAnnounced.
    """
    if rw.owner is not rt:
        own(rt, rw)
    return mutex.lock(rt, mp, gp, rw.w, (OP_CONTINUE, lockAnnounced, (rw, then)))


def lockAnnounced(rt: Runtime, mp: M, gp: G, arg: tuple[RWMutex, Op | None]) -> bool:
    """gp has w: it announces itself to readers and waits for those inside.

    Go: sync/rwmutex.go RWMutex.Lock (1.27.3)
    Differs: its steps after w.Lock.
    """
    rw, then = arg
    r = rw.readerCount
    rw.readerCount -= rwmutexMaxReaders
    if r != 0:
        rw.readerWait += r
        if rw.readerWait != 0:
            return semacquire1(rt, mp, gp, rw.writerSem, False, _LOCK, then)
    return goOn(rt, mp, gp, then)


def tryLock(rt: Runtime, mp: M, gp: G, rw: RWMutex) -> bool:
    """gp.value = whether rw could be locked for writing at once; False if gp has left mp.

    Go: sync/rwmutex.go RWMutex.TryLock (1.27.3)
    Differs: the swap cannot fail.
    """
    if rw.owner is not rt:
        own(rt, rw)
    gp.value = False
    if not mutex.tryLock(rt, rw.w):
        return True
    if rw.readerCount != 0:
        return mutex.unlock(rt, mp, gp, rw.w)
    rw.readerCount = -rwmutexMaxReaders
    gp.value = True
    return True


def unlock(rt: Runtime, mp: M, gp: G, rw: RWMutex) -> bool:
    """Unlock rw for writing: wake all readers that came meanwhile, then let the next writer compete.

    Go: sync/rwmutex.go RWMutex.Unlock (1.27.3)
    Differs: nothing.
    """
    if rw.owner is not rt:
        own(rt, rw)
    rw.readerCount += rwmutexMaxReaders
    r = rw.readerCount
    if r >= rwmutexMaxReaders:
        raise GoPanic("fatal error: sync: Unlock of unlocked RWMutex")
    for _ in range(r):
        semrelease1(rt, mp, gp, rw.readerSem, False)
    return mutex.unlock(rt, mp, gp, rw.w)


def op_lock(rt: Runtime, mp: M, gp: G, op: Op) -> bool:
    """``yield rw.Lock()``.

    Ours: an operation of bodies.
    """
    return lock(rt, mp, gp, op[1], None)


def op_unlock(rt: Runtime, mp: M, gp: G, op: Op) -> bool:
    """``yield rw.Unlock()``.

    Ours: an operation of bodies.
    """
    return unlock(rt, mp, gp, op[1])


def op_rlock(rt: Runtime, mp: M, gp: G, op: Op) -> bool:
    """``yield rw.RLock()``.

    Ours: an operation of bodies.
    """
    return rLock(rt, mp, gp, op[1], None)


def op_runlock(rt: Runtime, mp: M, gp: G, op: Op) -> bool:
    """``yield rw.RUnlock()``.

    Ours: an operation of bodies.
    """
    return rUnlock(rt, mp, gp, op[1])


def op_trylock(rt: Runtime, mp: M, gp: G, op: Op) -> bool:
    """``yield rw.TryLock()``.

    Ours: an operation of bodies.
    """
    return tryLock(rt, mp, gp, op[1])


def op_tryrlock(rt: Runtime, mp: M, gp: G, op: Op) -> bool:
    """``yield rw.TryRLock()``.

    Ours: an operation of bodies.
    """
    gp.value = tryRLock(rt, op[1])
    return True
