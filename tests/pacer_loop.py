"""A closed loop for the pacer: an ideal program and an ideal collector, in steps of half a millisecond.

In each step assists hold scanning and allocation in the controller's ratio r = scanned / allocated.  With a share u
of the CPU time for the GC, scanned = scan_rate * u and allocated = alloc_rate * (1 - u), so u = r * alloc_rate /
(r * alloc_rate + scan_rate); background workers give at least their quarter.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from gmp_lab.runtime.goarith import MaxInt64
from gmp_lab.runtime.mgcgoal import PACER_1_20, PacerVersion
from gmp_lab.runtime.mgcpacer import gcControllerState, gcTriggerHeap

BACKGROUND = 0.25
STEP_NS = 500_000
KIB_PER_MS = 1024 * STEP_NS / 1_000_000  # bytes in a step, for a rate of 1 KiB per CPU and ms

Stream = Callable[[int], float]  # a value for each cycle, from 0


def constant(value: float) -> Stream:
    return lambda cycle: value


def ramp(height: float, length: int, start: int = 0) -> Stream:
    """From 0 at cycle start to height after length cycles, and then on."""
    return lambda cycle: height * min(max(cycle - start, 0), length) / length


def step(height: float, at: int) -> Stream:
    """0 up to the cycle after ``at``, then height."""
    return ramp(height, 1, at)


def peak(height: float, at: int) -> Stream:
    return lambda cycle: height if cycle == at else 0.0


def wave(height: float, period: int) -> Stream:
    return lambda cycle: height * math.sin(cycle % period / period * 2 * math.pi)


def noise(height: float, seed: int) -> Stream:
    values = [random.Random(seed * 1000 + cycle).uniform(-height, height) for cycle in range(200)]
    return lambda cycle: values[cycle]


def total(*streams: Stream) -> Stream:
    return lambda cycle: sum(stream(cycle) for stream in streams)


@dataclass(frozen=True)
class Plant:
    """A program: rates in KiB per ms of CPU time, growth of the live heap from cycle to cycle, sizes in bytes."""

    alloc_rate: Stream = field(default_factory=lambda: constant(33.0))
    scan_rate: float = 1024.0
    growth: Stream = field(default_factory=lambda: total(constant(2.0), ramp(-1.0, 12)))
    scannable: Stream = field(default_factory=lambda: constant(1.0))
    stacks: Stream = field(default_factory=lambda: constant(8192))
    globals_bytes: int = 32 << 10
    cores: int = 8


class Cycle(NamedTuple):
    """What came of one cycle, sizes in bytes."""

    live: int
    trigger: int
    goal: int
    peak: int
    utilization: float

    @property
    def goal_ratio(self) -> float:
        return self.peak / self.goal

    @property
    def trigger_ratio(self) -> float:
        return (self.trigger - self.live) / (self.goal - self.live)

    def __str__(self) -> str:
        """The cycle as Go's own test of its pacer logs it, without the number."""
        return f"{self.utilization * 100:2.1f}% {self.live}->{self.trigger}->{self.peak} (goal: {self.goal})"

    @property
    def runway(self) -> int:
        return self.goal - self.trigger


def mark(c: gcControllerState, plant: Plant, cycle: int, left: list[int]) -> tuple[int, int, int]:
    """Scan what is left (globals, stacks, heap); return time, assist time (ns) and what was allocated meanwhile."""
    alloc_rate, scannable = max(plant.alloc_rate(cycle), 0.0001), plant.scannable(cycle)
    time = assist = allocated = 0
    while sum(left):
        ratio = c.assistWorkPerByte
        u = max(ratio * alloc_rate / (ratio * alloc_rate + plant.scan_rate), BACKGROUND)
        capacity = plant.scan_rate * KIB_PER_MS * float(plant.cores) * u
        budget = int(capacity)
        elapsed, scanned = STEP_NS, [0, 0, 0]
        for i in range(3):
            scanned[i] = min(left[i], budget)
            budget -= scanned[i]
            left[i] -= scanned[i]
        new = int(alloc_rate * KIB_PER_MS * float(plant.cores) * (1 - u))
        if budget:  # the last step ends with the work
            elapsed = int(sum(scanned) * float(STEP_NS) / capacity)
            new = int(alloc_rate * KIB_PER_MS * elapsed / STEP_NS * float(plant.cores) * (1 - u))
        c.globalsScanWork += scanned[0]
        c.stackScanWork += scanned[1]
        c.heapScanWork += scanned[2]
        c.heapLive += new
        c.heapScan += int(new * scannable)
        c.revise()
        time += elapsed
        assist += int(elapsed * plant.cores * (u - BACKGROUND))
        allocated += new
    return time, assist, allocated


def run_loop(
    plant: Plant,
    cycles: int,
    gc_percent: int = 100,
    memory_limit: int = MaxInt64,
    version: PacerVersion = PACER_1_20,
) -> list[Cycle]:
    """Let a program run for some cycles; memory that is not heap does not exist here."""
    c = gcControllerState(version)
    c.init(gc_percent, memory_limit)
    results: list[Cycle] = []
    black = 0  # allocated during the last cycle, so marked, though most of it is dead
    for cycle in range(cycles):
        stacks, scannable = int(plant.stacks(cycle)) // 2048 * 2048, plant.scannable(cycle)
        start = max(c.trigger()[0], c.heapMarked)
        c.maxStackScan, c.globalsScan, c.heapLive = stacks, plant.globals_bytes, start
        c.heapScan += int((start - c.heapMarked) * scannable)
        c.startCycle(0, plant.cores, gcTriggerHeap)
        marked = int((c.heapMarked - black) * plant.growth(cycle)) if cycle else 256 << 10
        time, assist, black = mark(c, plant, cycle, [plant.globals_bytes, stacks, int(marked * scannable)])
        u = assist / (time * plant.cores) + BACKGROUND
        results.append(Cycle(c.heapMarked, c.triggered, c.heapGoal(), c.heapLive, u))
        c.assistTime = assist
        c.endCycle(time, plant.cores)
        c.resetLive(marked + black)
        c.commit(False)
    return results


class Scenario(NamedTuple):
    """A program, how many cycles it runs for, GOGC in percent, GOMEMLIMIT in bytes."""

    plant: Plant
    cycles: int = 50
    gc_percent: int = 100
    memory_limit: int = MaxInt64

    def run(self, version: PacerVersion = PACER_1_20) -> list[Cycle]:
        return run_loop(self.plant, self.cycles, self.gc_percent, self.memory_limit, version)


LIMIT = 512 << 20
_TO_THE_LIMIT, _ABOVE_IT = (Plant(growth=total(constant(first), ramp(1.0 - first, 12))) for first in (3.0, 3.5))


def _slow(first: float, growing: int) -> Plant:
    growth = total(constant(first), ramp(1.0 - first, growing))
    return Plant(constant(1.0), 2048.0, growth, constant(0.01))


#: what Go's own test of its pacer tries (TestGcPacer, by its names), as far as no random numbers are in it
SCENARIOS: dict[str, Scenario] = {
    "Steady": Scenario(Plant()),
    "SteadyBigStacks": Scenario(Plant(constant(132.0), stacks=total(constant(2048), ramp(128 << 20, 8)))),
    "SteadyBigGlobals": Scenario(Plant(constant(132.0), globals_bytes=128 << 20)),
    "StepAlloc": Scenario(Plant(total(constant(33.0), step(66.0, 50))), 100),
    "HeavyStepAlloc": Scenario(Plant(total(constant(33.0), step(330.0, 50))), 100),
    "StepScannableFrac": Scenario(Plant(constant(128.0), scannable=total(constant(0.2), peak(0.5, 50))), 100),
    "OscAlloc": Scenario(Plant(total(constant(67.0), wave(13.0, 8)))),
    "SmallHeapSlowAlloc": Scenario(_slow(2.0, 3)),
    "MediumHeapSlowAlloc": Scenario(_slow(2.0, 8)),
    "LargeHeapSlowAlloc": Scenario(_slow(4.0, 12)),
    "SteadyMemoryLimit": Scenario(Plant(), memory_limit=LIMIT),
    "SteadyMemoryLimitNoGCPercent": Scenario(Plant(), 50, -1, LIMIT),
    "ExceedMemoryLimit": Scenario(_ABOVE_IT, memory_limit=LIMIT),
    "ExceedMemoryLimitNoGCPercent": Scenario(_ABOVE_IT, 50, -1, LIMIT),
    "MaintainMemoryLimit": Scenario(_TO_THE_LIMIT, memory_limit=LIMIT),
    "MaintainMemoryLimitNoGCPercent": Scenario(_TO_THE_LIMIT, 50, -1, LIMIT),
}
