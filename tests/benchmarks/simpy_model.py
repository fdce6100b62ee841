"""The yardstick: the reduced workload as a SimPy model, written by somebody who likes SimPy to be fast.

Ps are processes, goroutines are data: one generator for each P, none for each goroutine.  A system call is a Timeout
with a callback, not a process.  What is modelled: runnext, ring of 256 with overflow, global queue with its 61st tick
and its batches, theft of half a ring (or of a runnext in the last pass), hand-off at system calls, and the chain of
wake-ups with its count of spinning Ps.  What is not, in SimPy's favour: sysmon, time slices, the time that switches
and wake-ups take, threads, and the sleep before a theft.  It shares no code with gmp_lab.

``run`` gives the number of events: a burst's end, a call's return, and an idle P's wake-up count one each.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator
from math import gcd
from random import Random
from typing import Any, TypeVar

import simpy

Plan = list[tuple[int, int]]  # (burst in ns, call in ns or -1 for a meeting), one entry for each burst

AnyP = TypeVar("AnyP")

RING = 256
BATCH = 128
GLOBAL_TICK = 61
PASSES = 4


def stream(seed: int) -> Callable[[int], int]:
    """Random bits."""
    return Random(seed).getrandbits


def steal_orders(ps: list[AnyP]) -> list[list[AnyP]]:
    """Every order in which a thief may visit the Ps."""
    n = len(ps)
    steps = [k for k in range(1, n + 1) if gcd(k, n) == 1]
    return [[ps[(first + k * step) % n] for k in range(n)] for first in range(n) for step in steps]


class Goroutine:
    """What a goroutine has still to do, its partner, and whether it waits for it."""

    __slots__ = ("partner", "plan", "waits")

    def __init__(self, plan: Plan) -> None:
        self.plan: Iterator[tuple[int, int]] = iter(plan)
        self.partner: Goroutine = self
        self.waits = False


class Processor:
    """A P: its queue, and the event on which it sleeps when it is idle."""

    __slots__ = ("asleep", "number", "ring", "runnext", "tick")

    def __init__(self, number: int) -> None:
        self.number = number
        self.ring: deque[Goroutine] = deque()
        self.runnext: Goroutine | None = None
        self.tick = 0
        self.asleep: simpy.Event | None = None


class Model:
    """One run of the workload: ``plans[i]`` is goroutine i's, and i ^ 1 its partner."""

    def __init__(self, processors: int, plans: list[Plan], seed: int) -> None:
        self.env = simpy.Environment()
        self.done = self.env.event()
        self.ps = [Processor(i) for i in range(processors)]
        self.idle: list[Processor] = []
        self.queue: deque[Goroutine] = deque()  # the global one
        self.spinning = 0
        self.bursts = self.calls = self.wakes = 0
        self.bits = stream(seed)
        self.orders = steal_orders(self.ps)
        goroutines = [Goroutine(plan) for plan in plans]
        for i, g in enumerate(goroutines):
            g.partner = goroutines[i ^ 1]
        self.left = len(goroutines)
        for p in self.ps[1:]:
            self.sleep(p)
        for g in goroutines:
            self.ready(self.ps[0], g)
        for p in self.ps:
            self.env.process(self.processor(p))

    def processor(self, p: Processor) -> Generator[simpy.Event, Any, None]:
        """Run one goroutine after the other on p; sleep while there is none."""
        timeout = self.env.timeout
        while True:
            if p.asleep is not None:
                yield p.asleep
                p.asleep = None
                g = self.find(p)
                self.spinning -= 1
                if g is not None:
                    self.wake()
            else:
                g = self.find(p)
            if g is None:
                self.sleep(p)
                continue
            for burst, call in g.plan:
                yield timeout(burst)
                self.bursts += 1
                if call >= 0:
                    timeout(call, g).callbacks.append(self.returned)
                    break
                partner = g.partner
                if not partner.waits:
                    g.waits = True
                    break
                partner.waits = False
                self.ready(p, partner)
            else:
                self.left -= 1
                if not self.left:
                    self.done.succeed()

    def returned(self, event: simpy.Event) -> None:
        """A call is over: its goroutine goes to an idle P, or to the global queue."""
        self.calls += 1
        self.queue.append(event.value)
        if self.idle and not self.spinning:
            self.wake()

    def sleep(self, p: Processor) -> None:
        p.asleep = self.env.event()
        self.idle.append(p)

    def wake(self) -> None:
        """Wake one more P, unless one is looking for work already."""
        if self.idle and not self.spinning:
            self.spinning = 1
            self.wakes += 1
            asleep = self.idle.pop().asleep
            assert asleep is not None
            asleep.succeed()

    def ready(self, p: Processor, g: Goroutine) -> None:
        """Put g into p's runnext, the one from there into the ring, half of a full ring into the global queue."""
        old, p.runnext = p.runnext, g
        if old is not None:
            ring = p.ring
            if len(ring) >= RING:
                self.queue.extend([ring.popleft() for _ in range(RING // 2)])
                self.queue.append(old)
            else:
                ring.append(old)
        if self.idle and not self.spinning:
            self.wake()

    def find(self, p: Processor) -> Goroutine | None:
        """The goroutine that p runs next."""
        queue = self.queue
        if queue and p.tick % GLOBAL_TICK == 0:
            p.tick += 1
            return queue.popleft()
        g = p.runnext
        if g is not None:  # it inherits the slice: no new tick
            p.runnext = None
            return g
        p.tick += 1
        if p.ring:
            return p.ring.popleft()
        if queue:
            n = min(len(queue), BATCH, len(queue) // len(self.ps) + 1)
            g = queue.popleft()
            p.ring.extend([queue.popleft() for _ in range(n - 1)])
            return g
        return self.steal(p)

    def steal(self, p: Processor) -> Goroutine | None:
        """Half of another P's ring, the oldest ones; in the last pass also its runnext."""
        for turn in range(PASSES):
            for victim in self.orders[self.bits(32) % len(self.orders)]:
                ring = victim.ring
                if ring:
                    taken = [ring.popleft() for _ in range(len(ring) - len(ring) // 2)]
                    g = taken.pop()
                    p.ring.extend(taken)
                    return g
                if turn == PASSES - 1 and victim.runnext is not None:
                    g, victim.runnext = victim.runnext, None
                    return g
        return None


def run(processors: int, plans: list[Plan], seed: int = 1) -> Model:
    """Run the workload to its end."""
    model = Model(processors, plans, seed)
    model.env.run(until=model.done)
    return model
