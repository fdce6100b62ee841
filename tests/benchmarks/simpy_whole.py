"""The same program under the same rules and the same clock, on SimPy: what the mirror would cost on its kernel.

``simpy_model`` is the leanest model of the workload, and leaves out most of what takes a scheduler's time.  This one
runs the very bodies that gmp_lab runs, and has what they meet there: threads (each a process) that take 20 us to
wake, switches and operations that take time, calls that keep their P until sysmon takes it, sysmon's rounds with
their back-off, slices of 10 ms with the signal that ends them, and the sleep before the theft of a runnext.  Left
out, in SimPy's favour: timers, the poller, locked threads, limited cores, closing of channels, the record, checks.
A burst, its switch and the cost of the operation after it are one Timeout.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator
from typing import Any

import simpy
from simpy_model import BATCH, GLOBAL_TICK, PASSES, RING, steal_orders, stream

from gmp_lab import Config, Program
from gmp_lab import workload as w

SLICE = 10_000_000
ROUND, ROUND_MAX, IDLE_ROUNDS = 20_000, 10_000_000, 50
Steps = Generator[simpy.Event, Any, Any]
SLEEP = object()  # what find returns to a thief who has to sleep first


class Goroutine:
    __slots__ = ("body", "left", "op", "preempt", "value")

    def __init__(self, body: w.Body, left: int = 0) -> None:
        self.body = body
        self.left = left
        self.op: w.Op | None = None
        self.value: Any = None
        self.preempt = False


class Processor:
    """A P, and what sysmon noted about it."""

    __slots__ = (
        "calls", "calls_seen", "calls_since", "m", "number", "ring", "runnext", "tick", "tick_seen", "tick_since",
    )  # fmt: skip

    def __init__(self, number: int) -> None:
        self.number = number
        self.m: Thread | None = None
        self.ring: deque[Goroutine] = deque()
        self.runnext: Goroutine | None = None
        self.tick = self.tick_seen = self.tick_since = 0
        self.calls = self.calls_seen = self.calls_since = 0


class Thread:
    """An M: its process, the event on which it sleeps, its P and its goroutine."""

    __slots__ = ("computes", "gate", "in_call", "p", "process", "running", "spins", "wants")

    def __init__(self) -> None:
        self.gate: simpy.Event
        self.process: simpy.Process
        self.p: Processor | None = None
        self.running: Goroutine | None = None
        self.spins = self.computes = self.in_call = False
        self.wants: tuple[Goroutine, Processor] | None = None  # the runnext it has its eye on


class Model:
    """One run of ``program`` with ``config``."""

    def __init__(self, config: Config, program: Program) -> None:
        self.env = simpy.Environment()
        self.costs = config.costs
        self.bits = stream(config.seed)
        self.done = self.env.event()
        self.ps = [Processor(i) for i in range(config.gomaxprocs)]
        self.orders = steal_orders(self.ps)
        self.idle = self.ps[1:]
        self.parked: list[Thread] = []
        self.queue: deque[Goroutine] = deque()
        self.spinning = 0
        self.needs_spinning = False
        self.bursts = self.calls = self.wakes = 0
        self.main = self.ps[0].runnext = Goroutine(program.main(*program.args))
        self.start(self.ps[0], spins=False)
        self.env.process(self.sysmon())

    # --- threads ------------------------------------------------------------------------------------------

    def start(self, p: Processor, spins: bool) -> None:
        """Give p to a parked thread, or to a new one; it runs after its wake-up."""
        if self.parked:
            m = self.parked.pop()
        else:
            m = Thread()
            m.gate = self.env.event()
            m.process = self.env.process(self.thread(m))
        m.spins = spins
        m.gate._ok, m.gate._value = True, p  # succeed, with a delay
        self.env.schedule(m.gate, delay=self.costs.wake_m)

    def thread(self, m: Thread) -> Steps:
        """The life of a thread: woken with a P, schedule, run, until there is nothing; then park."""
        timeout, costs = self.env.timeout, self.costs
        while True:
            if m.p is None:
                m.p = yield m.gate
                m.p.m = m
            g = self.find(m, m.p)
            if g is SLEEP:
                yield timeout(3000 + self.slack())
                continue
            if g is None:
                self.give_up(m)
                continue
            if m.spins:
                m.spins = False
                self.spinning -= 1
                self.wake()
            m.running = g
            g.preempt = False
            g.left += costs.switch
            yield from self.run(m, g)
            m.running = None

    def park(self, m: Thread) -> None:
        m.p = None
        m.gate = self.env.event()
        self.parked.append(m)

    def give_up(self, m: Thread) -> None:
        """Nothing to do: the P goes to the idle list and the thread parks, unless work has come meanwhile."""
        p = m.p
        assert p is not None
        p.m = None
        self.idle.append(p)
        if m.spins:
            m.spins = False
            self.spinning -= 1
            if self.queue or any(q.ring or q.runnext for q in self.ps if q.m is not None):
                self.take_idle()
                p.m, m.spins = m, True
                self.spinning += 1
                return
        self.park(m)

    def take_idle(self) -> Processor | None:
        if not self.idle:
            return None
        self.wakes += 1
        return self.idle.pop()

    def wake(self) -> None:
        """Wake one more P, unless a thread is looking for work already."""
        if self.spinning or (self.needs_spinning and not self.idle):
            return
        p = self.take_idle()
        if p is None:
            self.needs_spinning = True
            return
        self.spinning += 1
        self.start(p, spins=True)

    # --- running ------------------------------------------------------------------------------------------

    def run(self, m: Thread, g: Goroutine) -> Steps:
        """Run g on m until it leaves."""
        env, costs, step = self.env, self.costs, g.body.send
        while True:
            op = g.op
            if op is None:
                try:
                    op = step(g.value)
                except StopIteration:
                    if g is self.main:
                        self.done.succeed()
                    return
                g.value = None
                if op[0] == w.OP_WORK:
                    g.left += op[1]
                    self.bursts += 1
                    continue
                g.left += costs.syscall if op[0] == w.OP_SYSCALL else costs.go if op[0] == w.OP_GO else costs.chan_op
                g.op = op
            if g.left:
                end = env.now + g.left
                m.computes = True
                try:
                    yield env.timeout(g.left)
                except simpy.Interrupt:  # the signal
                    m.computes = False
                    g.left = end - env.now
                    self.queue.append(g)
                    self.wake()
                    return
                m.computes = False
                g.left = 0
            g.op = None
            if op[0] == w.OP_SYSCALL:
                if not (yield from self.call(m, g, op[1])):
                    return
            elif not self.act(m, g, op):
                return

    def act(self, m: Thread, g: Goroutine, op: w.Op) -> bool:
        """Carry out an operation; False if g waits now."""
        code, c = op[0], op[1]
        if code == w.OP_SEND:
            if not c.recvq:
                c.sendq.append((g, op[2]))
                return False
            other = c.recvq.popleft()
            other.value = op[2]
            self.ready(m, other)
        elif code == w.OP_RECV:
            if not c.sendq:
                c.recvq.append(g)
                return False
            other, g.value = c.sendq.popleft()
            self.ready(m, other)
        elif code == w.OP_WG_ADD:
            c.counter += op[2]
            while not c.counter and c.waiters:
                self.ready(m, c.waiters.popleft())
        elif code == w.OP_WG_WAIT:
            if c.counter:
                c.waiters.append(g)
                return False
        else:
            assert code == w.OP_GO
            self.ready(m, Goroutine(c(*op[2])))
        return True

    def call(self, m: Thread, g: Goroutine, ns: int) -> Steps:
        """A system call; True if g goes on on m."""
        p = m.p
        assert p is not None
        m.in_call = True
        yield self.env.timeout(ns)
        self.calls += 1
        m.in_call = False
        if m.p is None:  # sysmon has taken it: the old one back if it is in another call, or an idle one
            other = p.m
            if other is not None and other.in_call:
                other.p = None
                p.calls += 1
                new: Processor | None = p
            else:
                new = self.take_idle()
            if new is None:
                self.queue.append(g)
                self.park(m)
                return False
            m.p, new.m = new, m
            p = new
        p.calls += 1
        return True

    def ready(self, m: Thread, g: Goroutine) -> None:
        """Put g into the runnext of m's P, the one from there into the ring, half of a full ring into the queue."""
        p = m.p
        assert p is not None
        old, p.runnext = p.runnext, g
        if old is not None:
            ring = p.ring
            if len(ring) >= RING:
                self.queue.extend([ring.popleft() for _ in range(RING // 2)])
                self.queue.append(old)
            else:
                ring.append(old)
        self.wake()

    # --- looking for work -----------------------------------------------------------------------------------

    def find(self, m: Thread, p: Processor) -> Any:
        """The goroutine that m runs next on p; SLEEP before the theft of a runnext; None if there is none."""
        if m.wants is not None:
            return self.steal(m, p)
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
        p.tick -= 1
        return self.look_elsewhere(m, p)

    def look_elsewhere(self, m: Thread, p: Processor) -> Any:
        """Steal, unless enough others do so already."""
        if not (m.spins or self.needs_spinning or 2 * self.spinning < len(self.ps) - len(self.idle)):
            return None
        if not m.spins:
            m.spins, self.needs_spinning = True, False
            self.spinning += 1
        return self.steal(m, p)

    def steal(self, m: Thread, p: Processor) -> Any:
        """Half of another P's ring, the oldest ones; in the last pass, after a sleep, its runnext."""
        if m.wants is not None:
            g, victim = m.wants
            m.wants = None
            if victim.runnext is g:
                victim.runnext = None
                p.tick += 1
                return g
        for turn in range(PASSES):
            for victim in self.orders[self.bits(32) % len(self.orders)]:
                ring = victim.ring
                if ring:
                    taken = [ring.popleft() for _ in range(len(ring) - len(ring) // 2)]
                    g = taken.pop()
                    p.ring.extend(taken)
                    p.tick += 1
                    return g
                if turn == PASSES - 1 and victim.runnext is not None and victim is not p:
                    m.wants = victim.runnext, victim
                    return SLEEP
        return None

    # --- sysmon -------------------------------------------------------------------------------------------

    def slack(self) -> int:
        """How much longer than asked for a sleep lasts."""
        costs = self.costs
        return costs.usleep_slack + (self.bits(32) * costs.usleep_jitter >> 32) - costs.usleep_jitter // 2

    def sysmon(self) -> Steps:
        idle, delay = 0, 0
        while True:
            if idle == 0:
                delay = ROUND
            elif idle > IDLE_ROUNDS:
                delay = min(2 * delay, ROUND_MAX)
            yield self.env.timeout(delay + self.slack())
            taken = sum(map(self.look, self.ps))
            idle = 0 if taken else idle + 1

    def look(self, p: Processor) -> int:
        """sysmon's look at p: 1 if it was taken out of a call."""
        m, now = p.m, self.env.now
        if m is None:
            return 0
        long = False
        if p.tick_seen != p.tick:
            p.tick_seen, p.tick_since = p.tick, now
        elif p.tick_since + SLICE <= now:
            long = True
            if m.running is not None and not m.in_call:
                m.running.preempt = True
                self.env.timeout(self.costs.signal, (m, m.running)).callbacks.append(self.signal)
        if not m.in_call:
            return 0
        if not long and p.calls_seen != p.calls:
            p.calls_seen, p.calls_since = p.calls, now
            return 0
        if not (p.ring or p.runnext) and (self.spinning or self.idle) and p.calls_since + SLICE > now:
            return 0
        m.p = p.m = None
        p.calls += 1
        self.hand_off(p)
        return 1

    def hand_off(self, p: Processor) -> None:
        if p.ring or p.runnext or self.queue:
            self.start(p, spins=False)
        elif not self.spinning and not self.idle:
            self.spinning, self.needs_spinning = 1, False
            self.start(p, spins=True)
        else:
            self.idle.append(p)

    def signal(self, event: simpy.Event) -> None:
        m, g = event.value
        if m.computes and m.running is g and g.preempt:
            m.process.interrupt()


def run(config: Config, program: Program) -> Model:
    """Run the program to its end."""
    model = Model(config, program)
    model.env.run(until=model.done)
    return model
