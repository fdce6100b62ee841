"""The reduced workload: its numbers, and the bodies that run it in gmp_lab.

It is ``catalog.steady_mix`` with all random numbers drawn before: bursts with the mean 50 us, of which one in five
ends in a blocking call with the mean 200 us, and the others in a meeting with the partner.  So neither side's clock
runs while numbers are drawn, and both get the same ones.
"""

from __future__ import annotations

from collections import deque

from simpy_model import Plan

from gmp_lab import Config, Program, Recording, WaitGroup, chan, go, recv, send, simulate, syscall, work
from gmp_lab import vocabulary as v
from gmp_lab.stream import Stream
from gmp_lab.workload import Body, Op

BURST_NS = 50_000
CALL_NS = 200_000
CALL_PERCENT = 20
UNTIL_NS = 3_600_000_000_000


def plans(goroutines: int, bursts: int, seed: int = 1) -> list[Plan]:
    """Draw what each goroutine will do; partners (i and i ^ 1) decide alike when to meet."""
    drawn = []
    for i in range(goroutines):
        own, pair = Stream(seed, i), Stream(seed, -1 - i // 2)
        plan = []
        for _ in range(bursts):
            burst = own.exponential(BURST_NS)
            plan.append((burst, own.exponential(CALL_NS) if pair.percent(CALL_PERCENT) else -1))
        drawn.append(plan)
    return drawn


def program(drawn: list[Plan]) -> Program:
    """Goroutines that do what was drawn, an even number of them."""
    return Program(_main, drawn, name="reduced")


def _main(drawn: list[Plan]) -> Body:
    wg = WaitGroup()
    yield wg.Add(len(drawn))
    for i in range(0, len(drawn), 2):
        meet = chan()
        yield go(_worker, drawn[i], send(meet), wg)
        yield go(_worker, drawn[i + 1], recv(meet), wg)
    yield wg.Wait()


def _worker(plan: Plan, partner: Op, wg: WaitGroup) -> Body:
    for burst, call in plan:
        yield work(ns=burst)
        if call >= 0:
            yield syscall(ns=call)
        else:
            yield partner
    yield wg.Done()


def run(processors: int, drawn: list[Plan], record: bool = False) -> Recording:
    """Simulate the workload to its end."""
    return simulate(Config(gomaxprocs=processors, until_ns=UNTIL_NS, max_events=10**9), program(drawn), record)


def run_bodies_alone(drawn: list[Plan]) -> None:
    """Let the bodies make all their operations, which nobody carries out: what they cost on any scheduler."""
    wg, meet = WaitGroup(), chan()
    for i, plan in enumerate(drawn):
        deque(_worker(plan, recv(meet) if i % 2 else send(meet), wg), maxlen=0)


def counts(processors: int, drawn: list[Plan]) -> tuple[int, int, int]:
    """Bursts' ends, calls' returns and idle Ps' wake-ups of a run; the same whether it is recorded or not."""
    kinds = run(processors, drawn, record=True).kind.tobytes()
    bursts = sum(map(len, drawn))
    return bursts, kinds.count(v.E_SYSEXIT), kinds.count(v.E_PIDLE_GET)
