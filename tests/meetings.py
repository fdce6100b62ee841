"""Parts of random programs in which goroutines meet: locks, selects that merge or spread, a queue with conditions.

Each writes every mark that it makes once, and calls Done when it is over.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from gmp_lab import (
    Cond,
    Mutex,
    RWMutex,
    WaitGroup,
    chan,
    close,
    go,
    gosched,
    log,
    recv2,
    recv_case,
    select,
    send,
    send_case,
    work,
)


class Guarded:
    """A Mutex and an RWMutex that count who is inside: never a writer and somebody else."""

    def __init__(self) -> None:
        self.locks = {"mutex": Mutex(), "write": RWMutex()}
        self.locks["read"] = self.locks["write"]
        self.inside = Counter[str]()

    def lock(self, how: str) -> Any:
        return self.locks[how].RLock() if how == "read" else self.locks[how].Lock()

    def try_lock(self, how: str) -> Any:
        return self.locks[how].TryRLock() if how == "read" else self.locks[how].TryLock()

    def unlock(self, how: str) -> Any:
        self.inside[how] -= 1
        return self.locks[how].RUnlock() if how == "read" else self.locks[how].Unlock()

    def enter(self, how: str) -> None:
        self.inside[how] += 1
        assert max(self.inside["mutex"], self.inside["write"]) <= 1
        assert not (self.inside["write"] and self.inside["read"])

    def step(self, kind: str, ns: int, how: str) -> Any:
        """Work under a lock; "try": only if it is free."""
        if kind == "critical":
            yield self.lock(how)
        elif not (yield self.try_lock(how)):
            yield gosched()
            return
        self.enter(how)
        yield work(ns=ns)
        yield self.unlock(how)


def convoy(crowd: int, rounds: int, holds: tuple[int, list[str]], mark: Any, wg: WaitGroup) -> Any:
    """A crowd that locks the same locks again and again, for some ns, each goroutine in its own way."""
    ns, hows = holds

    def member(how: str) -> Any:
        for _ in range(rounds):
            yield from guarded.step("critical", ns, how)
            yield log(mark())
        yield wg.Done()

    guarded = Guarded()
    for i in range(crowd):
        yield go(member, hows[i % len(hows)])


def merge(sizes: list[int], count: int, mark: Any, wg: WaitGroup) -> Any:
    """A goroutine for each channel sends count marks and closes it; one receives from all; nil for the closed."""

    def sender(c: Any) -> Any:
        for _ in range(count):
            yield send(c, mark())
        yield close(c)

    channels: list[Any] = [chan(size) for size in sizes]
    for c in channels:
        yield go(sender, c)
    while any(c is not None for c in channels):
        i, value, ok = yield select(*map(recv_case, channels))
        if ok:
            yield log(value)
        else:
            channels[i] = None
    yield wg.Done()


def spread(sizes: list[int], count: int, mark: Any, wg: WaitGroup) -> Any:
    """A select sends count marks to whoever takes them; then all channels are closed."""

    def receiver(c: Any) -> Any:
        value, ok = yield recv2(c)
        while ok:
            yield log(value)
            value, ok = yield recv2(c)
        yield wg.Done()

    channels = [chan(size) for size in sizes]
    for c in channels:
        yield go(receiver, c)
    for _ in range(count):
        value = mark()
        i, _, _ = yield select(*(send_case(c, value) for c in channels), default=True)
        if i < 0:
            yield select(*(send_case(c, value) for c in channels), recv_case(None))
    for c in channels:
        yield close(c)


def queue(size: int, count: int, broadcast: bool, mark: Any, wg: WaitGroup) -> Any:
    """A bounded queue with a Mutex and two conditions: two producers, one consumer."""
    mu, items = Mutex(), []  # type: ignore[var-annotated]
    room, some = Cond(mu), Cond(mu)

    def producer() -> Any:
        for _ in range(count):
            yield mu.Lock()
            while len(items) >= size:
                yield room.Wait()
            items.append(mark())
            yield some.Broadcast() if broadcast else some.Signal()
            yield mu.Unlock()

    for _ in range(2):
        yield go(producer)
    for _ in range(2 * count):
        yield mu.Lock()
        while not items:
            yield some.Wait()
        yield log(items.pop(0))
        yield mu.Unlock()
        yield room.Signal()
    yield wg.Done()
