"""Our core and the two SimPy models, side by side in one process.

Run as a program of its own it prints the ratios as JSON: the compiled core needs a process whose path begins with it.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import simpy_model
import simpy_whole
import workload

from gmp_lab import Config

UNIT = "x SimPy"
NAMES = {"whole": "the same rules and bodies on SimPy", "lean": "the leanest SimPy model"}
Case = tuple[int, int, int]  # Ps, goroutines, bursts of each


@dataclass(frozen=True)
class Sides:
    """One case: our run, the two models', the bodies without a scheduler; what our run counts."""

    ours: Callable[[], Any]
    lean: Callable[[], Any]
    whole: Callable[[], Any]
    bodies: Callable[[], None]
    counts: tuple[int, int, int]

    def more_events(self, model: Any) -> float:
        """Our events divided by a model's: the runs differ in how often an idle P wakes."""
        return sum(self.counts) / (model.bursts + model.calls + model.wakes)


def sides(ps: int, goroutines: int, bursts: int) -> Sides:
    drawn = workload.plans(goroutines, bursts)
    config = Config(gomaxprocs=ps)
    return Sides(
        ours=lambda: workload.run(ps, drawn),
        lean=lambda: simpy_model.run(ps, drawn),
        whole=lambda: simpy_whole.run(config, workload.program(drawn)),
        bodies=lambda: workload.run_bodies_alone(drawn),
        counts=workload.counts(ps, drawn),
    )


def goal(case: Case, model: str) -> str:
    return f"events per second, {case[0]} Ps x {case[1]} Gs, against {NAMES[model]}"


def cpu(run: Callable[[], Any]) -> float:
    """CPU seconds of one call, after a garbage collection."""
    gc.collect()
    began = time.process_time()
    run()
    return time.process_time() - began


def main(cases: list[Case], rounds: int) -> None:
    """Print, for each case and model, the ratio of events per second in each round."""
    told: dict[str, list[float]] = {}
    for case in cases:
        side = sides(*case)
        for model, theirs in (("whole", side.whole), ("lean", side.lean)):
            more = side.more_events(theirs())
            side.ours()
            told[goal(case, model)] = [more * cpu(theirs) / cpu(side.ours) for _ in range(rounds)]
    json.dump(told, sys.stdout)
