"""Locks as in Go's package sync: Mutex, RWMutex, Cond, and the semaphore that they are made of.

These are passive structures, with Go's fields; their methods make operations, as those of ``workload`` do::

    yield mu.Lock()
    while not ready[0]:
        yield cond.Wait()               # gives mu up, sleeps, takes mu again
    yield mu.Unlock()

What happens to them is in ``gmp_lab/runtime``.  They belong to one run: make them inside a body.  WaitGroup is in
``workload``.
"""

from __future__ import annotations

from collections import deque
from typing import Any, Final

from gmp_lab.errors import ConfigError, check_bool, check_int
from gmp_lab.workload import OP_SYNC, Op

OP_MUTEX_LOCK: Final = OP_SYNC
OP_MUTEX_UNLOCK: Final = OP_SYNC + 1
OP_MUTEX_TRYLOCK: Final = OP_SYNC + 2
OP_RW_LOCK: Final = OP_SYNC + 3
OP_RW_UNLOCK: Final = OP_SYNC + 4
OP_RW_RLOCK: Final = OP_SYNC + 5
OP_RW_RUNLOCK: Final = OP_SYNC + 6
OP_RW_TRYLOCK: Final = OP_SYNC + 7
OP_RW_TRYRLOCK: Final = OP_SYNC + 8
OP_COND: Final = OP_SYNC + 9
OP_SEMA: Final = OP_SYNC + 10

COND_WAIT: Final = 0
COND_SIGNAL: Final = 1
COND_BROADCAST: Final = 2


class Sema:
    """A semaphore: a count, and who waits for it to be above zero (Go: a uint32 and its list in a semaRoot).

    ``yield s.Acquire()`` waits until the count is above zero and takes one; ``yield s.Release()`` adds one and wakes
    the first waiter.  The woken one must compete with whoever runs; with ``handoff=True`` it is given the count and
    the releaser's P at once.
    """

    __slots__ = ("count", "owner", "waitq")

    def __init__(self, count: int = 0) -> None:
        self.count = check_int("Sema(count)", count, 0, 2**32 - 1)
        self.waitq: deque[Any] = deque()  # Sudogs, the next to be woken first
        self.owner: object | None = None

    def Acquire(self) -> Op:
        """runtime_Semacquire(&count)."""
        return (OP_SEMA, self, True, False)

    def Release(self, handoff: bool = False) -> Op:
        """runtime_Semrelease(&count, handoff)."""
        return (OP_SEMA, self, False, check_bool("Sema.Release(handoff)", handoff))


class Mutex:
    """sync.Mutex.  ``state``: 1 = locked, 2 = woken, 4 = starving, and the number of waiters from bit 3 on."""

    __slots__ = ("owner", "sema", "state")

    def __init__(self) -> None:
        self.state = 0
        self.sema = Sema()
        self.owner: object | None = None

    def Lock(self) -> Op:
        """mu.Lock(): spin for a moment, then sleep, until the lock is free or is handed over."""
        return (OP_MUTEX_LOCK, self)

    def Unlock(self) -> Op:
        """mu.Unlock(); any goroutine may do it."""
        return (OP_MUTEX_UNLOCK, self)

    def TryLock(self) -> Op:
        """mu.TryLock(): ``ok = yield mu.TryLock()``."""
        return (OP_MUTEX_TRYLOCK, self)


class RWMutex:
    """sync.RWMutex: many readers or one writer; a writer that waits keeps new readers out.

    ``readerCount`` is the number of readers, less 2**30 while a writer holds or awaits the lock; ``readerWait`` is
    how many of them the writer still has to wait for; ``w`` is what writers compete for.
    """

    __slots__ = ("owner", "readerCount", "readerSem", "readerWait", "w", "writerSem")

    def __init__(self) -> None:
        self.w = Mutex()
        self.writerSem = Sema()
        self.readerSem = Sema()
        self.readerCount = 0
        self.readerWait = 0
        self.owner: object | None = None

    def Lock(self) -> Op:
        """rw.Lock(), for writing."""
        return (OP_RW_LOCK, self)

    def Unlock(self) -> Op:
        """rw.Unlock(): first the waiting readers, then the next writer."""
        return (OP_RW_UNLOCK, self)

    def RLock(self) -> Op:
        """rw.RLock(), for reading."""
        return (OP_RW_RLOCK, self)

    def RUnlock(self) -> Op:
        """rw.RUnlock()."""
        return (OP_RW_RUNLOCK, self)

    def TryLock(self) -> Op:
        """rw.TryLock(): ``ok = yield rw.TryLock()``."""
        return (OP_RW_TRYLOCK, self)

    def TryRLock(self) -> Op:
        """rw.TryRLock(): ``ok = yield rw.TryRLock()``."""
        return (OP_RW_TRYRLOCK, self)

    def RLocker(self) -> RLocker:
        """rw.RLocker(): a Locker whose Lock and Unlock are RLock and RUnlock."""
        return RLocker(self)


class RLocker:
    """The reading side of an RWMutex as a Locker, for a Cond."""

    __slots__ = ("rw",)

    def __init__(self, rw: RWMutex) -> None:
        self.rw = rw

    def Lock(self) -> Op:
        """rw.RLock()."""
        return self.rw.RLock()

    def Unlock(self) -> Op:
        """rw.RUnlock()."""
        return self.rw.RUnlock()


class Cond:
    """sync.Cond with the Locker ``L``: a Mutex, an RWMutex, or an RLocker.

    Each waiter draws a ticket: ``wait`` is the next one to be drawn, ``notify`` the next one to be woken; ``list``
    holds (ticket, goroutine) of those that sleep.
    """

    __slots__ = ("L", "list", "notify", "owner", "wait")

    def __init__(self, L: Mutex | RWMutex | RLocker) -> None:
        if not isinstance(L, (Mutex, RWMutex, RLocker)):
            raise ConfigError("Cond(L)", L, "a Mutex, an RWMutex, or an RLocker")
        self.L = L
        self.wait = 0
        self.notify = 0
        self.list: deque[tuple[int, Any]] = deque()
        self.owner: object | None = None

    def Wait(self) -> Op:
        """cond.Wait(): unlock L, sleep until Signal or Broadcast, lock L again.  L must be locked."""
        return (OP_COND, self, COND_WAIT)

    def Signal(self) -> Op:
        """cond.Signal(): wake the one that has waited longest."""
        return (OP_COND, self, COND_SIGNAL)

    def Broadcast(self) -> Op:
        """cond.Broadcast(): wake all, in the order in which they came."""
        return (OP_COND, self, COND_BROADCAST)
