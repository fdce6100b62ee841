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
        can_scan = int(plant.scan_rate * KIB_PER_MS * plant.cores * u)
        part = min(1.0, sum(left) / can_scan)  # the last step ends with the work
        scanned, budget = [0, 0, 0], can_scan
        for i in range(3):
            scanned[i] = min(left[i], budget)
            budget -= scanned[i]
            left[i] -= scanned[i]
        new = int(alloc_rate * KIB_PER_MS * plant.cores * (1 - u) * part)
        c.globalsScanWork += scanned[0]
        c.stackScanWork += scanned[1]
        c.heapScanWork += scanned[2]
        c.heapLive += new
        c.heapScan += int(new * scannable)
        c.revise()
        time += int(STEP_NS * part)
        assist += int(STEP_NS * part * plant.cores * (u - BACKGROUND))
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
