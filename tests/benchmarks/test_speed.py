"""How fast gmp_lab is, as ratios of CPU times.  Run by ``make bench``; what is asserted is never a time.

Each case runs its two sides in turns in one process, A B A B: ``setup`` runs A, the benchmark runs B, and the median
of the ratios is the result.
"""

from __future__ import annotations

import gc
import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import against_simpy
import pytest
import workload
from against_simpy import cpu

from gmp_lab import Config, Recording, compiled, simulate
from gmp_lab.catalog import steady_mix

ROUNDS = 7
CASES = [(4, 1000, 40), (16, 32, 1000), (4, 16, 2000)]  # Ps, goroutines, bursts of each
IDS = [f"{p} Ps x {n} Gs" for p, n, _ in CASES]

pytestmark = pytest.mark.benchmark(timer=time.process_time)


def in_turns(benchmark: Any, a: Callable[[], Any], b: Callable[[], Any], rounds: int = ROUNDS) -> list[float]:
    """Time of a divided by the time of b, for each round; both have run once before."""
    a()
    b()
    first: list[float] = []

    def setup() -> None:
        first.append(cpu(a))
        gc.collect()

    benchmark.pedantic(b, setup=setup, rounds=rounds, iterations=1)
    second = benchmark.stats.stats.data
    return [x / y for x, y in zip(first[-len(second) :], second, strict=True)]


def spread(values: list[float]) -> str:
    return f"{min(values):.2f} to {max(values):.2f} in {len(values)} rounds"


@pytest.mark.parametrize("case", CASES, ids=IDS)
@pytest.mark.parametrize("model", ["whole", "lean"])
def test_events_per_second_against_simpy(benchmark: Any, note: Any, case: tuple[int, int, int], model: str) -> None:
    side = against_simpy.sides(*case)
    theirs = side.lean if model == "lean" else side.whole
    ratios = [side.more_events(theirs()) * r for r in in_turns(benchmark, theirs, side.ours)]
    benchmark.extra_info["ratio"] = median(ratios)
    bodies = cpu(side.bodies) / median(benchmark.stats.stats.data)
    beside = f"{spread(ratios)}; the bodies alone, without a scheduler, take {bodies:.0%} of our time"
    note(against_simpy.goal(case, model), median(ratios), 1.5, against_simpy.UNIT, at_least=True, spread=beside)
    done = theirs()
    assert (done.bursts, done.calls) == side.counts[:2]


@pytest.fixture(scope="module")
def compiled_ratios(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[float]]:
    """Ratios of the compiled copy, for each goal; a process of its own has the copy in front of its path."""
    lack = compiled.missing()
    if lack:
        pytest.skip(lack)
    folder = compiled.build(tmp_path_factory.mktemp("compiled"))
    here = Path(__file__).resolve().parent
    code = f"import against_simpy as a; a.main({CASES}, {ROUNDS})"
    env = os.environ | {"PYTHONPATH": f"{folder}{os.pathsep}{here}"}
    command = [sys.executable, "-c", code]
    out = subprocess.run(command, capture_output=True, text=True, check=True, cwd=folder, env=env).stdout
    told: dict[str, list[float]] = json.loads(out)
    return told


@pytest.mark.parametrize("case", CASES, ids=IDS)
@pytest.mark.parametrize("model", ["whole", "lean"])
def test_the_compiled_core_against_simpy(
    benchmark: Any, note: Any, case: tuple[int, int, int], model: str, compiled_ratios: dict[str, list[float]]
) -> None:
    goal = against_simpy.goal(case, model)
    ratios = compiled_ratios[goal]
    benchmark.pedantic(lambda: None, rounds=1)  # the times were taken in the other process
    benchmark.extra_info["ratio"] = median(ratios)
    note(f"compiled core, {goal}", median(ratios), 1.5, against_simpy.UNIT, at_least=True, spread=spread(ratios))
    assert len(ratios) == ROUNDS


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_cost_and_size_of_a_recording(benchmark: Any, note: Any, case: tuple[int, int, int]) -> None:
    ps, goroutines, bursts = case
    drawn = workload.plans(goroutines, bursts)
    ratios = in_turns(benchmark, lambda: workload.run(ps, drawn, record=True), lambda: workload.run(ps, drawn))
    rec = workload.run(ps, drawn, record=True)
    note(f"recording, {ps} Ps x {goroutines} Gs", median(ratios), 1.6, "x unrecorded", spread=spread(ratios))
    note(f"size, {ps} Ps x {goroutines} Gs", rec.nbytes() / len(rec), 24, "bytes an event")
    assert rec.steps == workload.run(ps, drawn).steps


def _import_ms() -> tuple[float, float]:
    """CPU milliseconds of ``import numpy``, and of ``import gmp_lab`` after it, in a fresh process."""
    code = (
        "from time import process_time as t; a = t(); import numpy; b = t(); import gmp_lab; c = t(); "
        "print((b - a) * 1e3, (c - b) * 1e3)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    numpy, ours = map(float, out.split())
    return numpy, ours


@pytest.mark.benchmark(timer=time.perf_counter)  # the CPU time is that of another process, which tells it itself
def test_import_of_the_package(benchmark: Any, note: Any) -> None:
    _import_ms()  # compiles what is not compiled yet
    times: list[tuple[float, float]] = []
    benchmark.pedantic(lambda: times.append(_import_ms()), rounds=ROUNDS, iterations=1)
    ours = [t for _, t in times]
    beside = f"{spread(ours)}; numpy itself {median(n for n, _ in times):.0f}"
    note("import gmp_lab over importing numpy", median(ours), 50, "ms", spread=beside)


def _step_run(gomaxprocs: int) -> Recording:
    return simulate(Config(gomaxprocs=gomaxprocs), steady_mix(goroutines=16, bursts=625))


def test_a_slider_step(benchmark: Any, note: Any) -> None:
    widgets = pytest.importorskip("plotly.graph_objects")
    from gmp_lab.draw import apply_timeline, timeline  # noqa: PLC0415  # plotly is needed here only

    fig = widgets.FigureWidget(timeline(_step_run(4)))
    values = iter([3, 4, 5, 6, 7, 8, 4, 5, 6, 7, 8] * 2)
    benchmark.pedantic(lambda: apply_timeline(fig, _step_run(next(values))), rounds=11, iterations=1, warmup_rounds=2)
    ms = [t * 1e3 for t in benchmark.stats.stats.data]
    note("slider step of 10,000 bursts", median(ms), 60, "ms", spread=spread(ms))
    assert fig.layout.meta


def test_cost_per_event_as_goroutines_grow(benchmark: Any, note: Any) -> None:
    """The same 10 bursts for each goroutine, so that starting them is the same share everywhere."""
    few, many = workload.plans(1_000, 10), workload.plans(100_000, 10)
    times = 20  # so that both sides take long enough to be timed
    fewer_events = times * sum(workload.counts(16, few)) / sum(workload.counts(16, many))

    def small() -> None:
        for _ in range(times):
            workload.run(16, few)

    ratios = in_turns(benchmark, small, lambda: workload.run(16, many), rounds=3)
    growth = [fewer_events / r for r in ratios]
    exponents = [math.log(g) / math.log(100) for g in growth]
    shown = f"{spread(exponents)}; {median(growth):.2f} times the cost"
    note("cost per event, 1,000 to 100,000 Gs: N to the power", median(exponents), 0.15, "", spread=shown)
