"""How long a real trace of 100,000 events takes to become a figure, beside ``go tool trace -d=parsed`` alone."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from gmp_lab import golang
from gmp_lab.draw import timeline

ROUNDS = 5


def seconds(what: Callable[[], object]) -> float:
    """Wall-clock time: the tool is a process of its own, which runs beside ours."""
    began = time.perf_counter()
    what()
    return time.perf_counter() - began


@pytest.mark.go
def test_a_trace_of_100_000_events_becomes_a_figure(tmp_path: Path, root: Path, note: Any) -> None:
    path = tmp_path / "long.trace"
    source = (root / "tests" / "go" / "yields.go").read_text(encoding="utf-8")
    golang.run_go(source, gomaxprocs=2, args=[str(path), "13000"], timeout_s=60).succeeded()
    toolchain = golang.require_toolchain()
    tool = [toolchain.path, "tool", "trace", "-d=parsed", str(path)]

    def alone() -> None:
        subprocess.run(tool, stdout=subprocess.DEVNULL, check=True)

    def whole() -> None:
        timeline(golang.read_trace(path, toolchain))

    alone()
    ratios = [seconds(whole) / seconds(alone) for _ in range(ROUNDS)]
    spread = f"{min(ratios):.2f} to {max(ratios):.2f} in {ROUNDS} rounds"
    note("a trace of 100,000 events as a figure, by go tool trace alone", median(ratios), 10, "x", spread=spread)
    rec = golang.read_trace(path, toolchain)
    note("memory of such a Recording", rec.nbytes() / len(rec), 100, "bytes an event")
