"""runtime/metrics as text: what ``%%go --metrics`` makes a real program print, and what a run's metrics look like so.

A line for each name: ``/sched/gomaxprocs:threads 4``, ``/sync/mutex/wait/total:seconds 0.0012``, and for a histogram
``/sched/latencies:seconds histogram -Inf:0 0:3 6.4e-08:1 +Inf``: each boundary with the count of what lies between it
and the next one, then the last boundary.  Floating-point numbers have as many digits as they need.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Final

import numpy as np

from gmp_lab.errors import ConfigError
from gmp_lab.metrics.runtime_metrics import TimeHistogram

Value = int | float | TimeHistogram
_NAME: Final = re.compile(r"/[a-z][a-z0-9/_.*-]{0,200}:[a-z][a-z0-9*/-]{0,60}", re.ASCII)
_INTEGER: Final = re.compile(r"\d{1,20}", re.ASCII)
_MOST: Final = 100_000  # buckets of a histogram


def format_metrics(values: Mapping[str, Value]) -> str:
    """The text, names in order."""
    return "".join(f"{name} {_shown(values[name])}\n" for name in sorted(values))


def _shown(value: Value) -> str:
    if not isinstance(value, TimeHistogram):
        return _number(value) if isinstance(value, float) else str(value)
    pairs = zip(value.buckets.tolist(), value.counts.tolist(), strict=False)
    cells = [f"{_number(low)}:{count}" for low, count in pairs]
    return " ".join(["histogram", *cells, _number(float(value.buckets[-1]))])


def _number(x: float) -> str:
    return ("+Inf" if x > 0 else "-Inf") if math.isinf(x) else repr(x)


def parse_metrics(text: str) -> dict[str, Value]:
    """Read such a text; ConfigError with the line for anything else."""
    values: dict[str, Value] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        name, _, rest = line.strip().partition(" ")
        value = _value(rest) if _NAME.fullmatch(name) and name not in values else None
        if value is None:
            wanted = f"a line such as '/sched/gomaxprocs:threads 4' (line {number} is not, or comes twice)"
            raise ConfigError("metrics", line.strip()[:80], wanted)
        values[name] = value
    if not values:
        raise ConfigError("metrics", text[:60], "text with at least one line such as '/sched/gomaxprocs:threads 4'")
    return values


def _value(text: str) -> Value | None:
    """The value, or None if it is none."""
    if text.startswith("histogram "):
        return _histogram(text.split()[1:])
    if _INTEGER.fullmatch(text):
        return int(text)
    try:
        return float(text)
    except ValueError:
        return None


def _histogram(cells: list[str]) -> TimeHistogram | None:
    if not 2 <= len(cells) <= _MOST:
        return None
    *pairs, last = (cell.split(":") for cell in cells)
    try:
        lows = [float(low) for low, _ in pairs] + [float(*last)]
        counts = [int(count) for _, count in pairs]
    except (ValueError, TypeError):
        return None
    rising = all(a < b for a, b in pairwise(lows))
    if not rising or not all(0 <= count < 1 << 63 for count in counts):
        return None
    return TimeHistogram(np.array(counts, np.uint64), np.array(lows, np.float64))
