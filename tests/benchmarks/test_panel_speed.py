"""From a key to the painted figure in a browser, bytes for each step, the first figure of a fresh kernel."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from panel_rounds import CASES, summary

ROUNDS = 3
HERE = Path(__file__).resolve().parent
WHAT = {"run": "a new run", "part": "another part of the run", "event": "another event"}

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    """What panel_rounds.py measures; a process of its own, as the tests' checks would be measured, too."""
    env = os.environ | {"PYTHONPATH": str(HERE.parent.parent)}
    command = [sys.executable, str(HERE / "panel_rounds.py"), str(ROUNDS)]
    done = subprocess.run(command, capture_output=True, check=True, env=env)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("what", list(WHAT))
@pytest.mark.parametrize("case", list(CASES))
def test_key_to_painted_figure(benchmark: Any, note: Any, told: dict[str, Any], case: str, what: str) -> None:
    benchmark.pedantic(lambda: None, rounds=1)  # the times were taken in the other process
    found = told["cases"][case]
    middle, tail = summary(found[what])
    kernel = median(step["kernel_ms"] for step in found["run"])
    beside = f"{found['segments']:,} segments, {len(found[what])} keys, load {os.getloadavg()[0]:.1f}"
    beside += f", of it {kernel:.0f} ms in the kernel, which simulates {found['events']:,} events" * (what == "run")
    cpu = found[what][0]
    beside += f"; CPU: {cpu['kernel_cpu_ms']:.0f} ms in the kernel, {cpu['browser_cpu_ms']:.0f} ms in the browser"
    note(f"wall time, key to painted, {WHAT[what]}, {case}: median", middle, 150, "ms", spread=beside)
    note(f"wall time, key to painted, {WHAT[what]}, {case}: p95", tail, 300, "ms")
    assert len(found[what]) == 8 * ROUNDS


@pytest.mark.parametrize("what", list(WHAT))
def test_the_time_does_not_grow_with_the_segments(benchmark: Any, note: Any, told: dict[str, Any], what: str) -> None:
    """Without the kernel's own time, in which the longer run is simulated."""
    benchmark.pedantic(lambda: None, rounds=1)

    def outside(case: str) -> float:
        steps = told["cases"][case][what]
        return median(step["ms"] - (step["kernel_ms"] if what == "run" else 0) for step in steps)

    few, *many = (outside(case) for case in CASES)
    note(f"key to painted, {WHAT[what]}: 20,000 segments over few", max(many) / few, 1.25, "x")
    assert few > 0


@pytest.mark.parametrize("what", list(WHAT))
def test_bytes_of_a_step(benchmark: Any, note: Any, told: dict[str, Any], what: str) -> None:
    benchmark.pedantic(lambda: None, rounds=1)
    most = max(step["bytes"] for case in told["cases"].values() for step in case[what])
    note(f"bytes on the wire for {WHAT[what]}, headers and all", most / 1000, 64, "kB")
    assert most > 0


def test_first_figure_of_a_fresh_kernel(benchmark: Any, note: Any, told: dict[str, Any]) -> None:
    benchmark.pedantic(lambda: None, rounds=1)
    cell, whole = zip(*told["first_cpu_s"], strict=True)
    beside = f"all that the kernel has used then: {median(whole):.2f} s"
    note("first figure in a fresh kernel", median(cell), 2, "s of CPU", spread=beside)
    assert len(cell) > 1
