"""What a sweep costs above its single runs, and what a second process brings; ratios, run by ``make bench``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Any

import pytest

ROUNDS = 7
HERE = Path(__file__).resolve().parent


@pytest.fixture(scope="module")
def times() -> list[list[float]]:
    """What sweep_rounds.py measures, a row for each round: alternating, so that a busy machine slows all alike."""
    env = os.environ | {"PYTHONPATH": str(HERE.parent.parent)}
    command = [sys.executable, str(HERE / "sweep_rounds.py"), str(ROUNDS)]
    told: list[list[float]] = json.loads(subprocess.run(command, capture_output=True, check=True, env=env).stdout)
    return told


@pytest.mark.parametrize(("column", "words"), [(0, "nothing measured"), (1, "each with its summary")])
def test_a_sweep_over_its_single_runs(
    benchmark: Any, note: Any, times: list[list[float]], column: int, words: str
) -> None:
    ratios = [row[2] / row[column] for row in times]
    benchmark.pedantic(lambda: None, rounds=1)  # the times were taken in the other process
    spread = f"{min(ratios):.2f} to {max(ratios):.2f} in {ROUNDS} rounds"
    note(f"sweep of 21 points x 20 seeds over its runs, {words}", median(ratios), 1.25, "x", spread=spread)
    assert len(ratios) == ROUNDS


def test_two_processes_over_one(benchmark: Any, note: Any, times: list[list[float]]) -> None:
    """The pool is there already: its start is paid once, however many sweeps follow."""
    ratios = [row[3] / row[4] for row in times]
    benchmark.pedantic(lambda: None, rounds=1)
    cores = f"{os.cpu_count()} cores, which others may share"
    spread = f"{min(ratios):.2f} to {max(ratios):.2f} in {ROUNDS} rounds; {cores}"
    note("sweep on two processes", median(ratios), 1.6, "x the throughput", at_least=True, spread=spread)
    free = [row[2] / row[5] for row in times if row[5]]
    told = f"{min(free):.2f} to {max(free):.2f}; CPU time of one process over the busier worker's" if free else ""
    note("the same, if both had a core for themselves", median(free or [0]), 1.6, "x", at_least=True, spread=told)
    assert len(ratios) == ROUNDS
