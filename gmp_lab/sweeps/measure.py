"""The measures that a sweep asks for by name (``metrics.measured``), and the work for these only.

A whole summary takes half as long again as a small run; a time or a latency a twentieth of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any, Final

from gmp_lab.metrics import MEASURES as NAMED
from gmp_lab.metrics import (
    Counts,
    Latency,
    Steals,
    Summary,
    Usage,
    counts,
    latency,
    queue_depths,
    rows_of,
    steals,
    thread_count,
    total_usage,
    usage,
)
from gmp_lab.recording import Recording


def _zero(kind: type[Any]) -> Any:
    return kind(*(0 for _ in fields(kind)))


_EMPTY: Final = Summary(0, 0, 0, _zero(Usage), _zero(Latency), _zero(Counts), _zero(Steals), 0, -1, -1)


def _depths(rec: Recording) -> dict[str, Any]:
    depths = queue_depths(rec)
    longest = max(ring.maximum() for ring in depths.ring)
    return {"global_max": depths.global_.maximum(), "ring_max": longest}


_PARTS: Final[tuple[Callable[[Recording], dict[str, Any]], ...]] = (
    lambda rec: {"window_ns": rec.end_ns},
    lambda rec: {"usage": total_usage(usage(rec))},
    lambda rec: {"latency": latency(rec)},
    lambda rec: {"counts": counts(rec)},
    lambda rec: {"steals": steals(rec)},
    _depths,
    lambda rec: {"threads_max": thread_count(rec).maximum()},
)
_OF: Final = (  # how many rows of rows_of each part has, one run after the other
    (0, 1), (1, 7), (2, 4), (3, 3), (4, 2), (3, 5), (5, 2), (6, 1),
)  # fmt: skip
_ROWS: Final = tuple(label for label, _, _ in rows_of(_EMPTY))
MEASURES: Final = (*_ROWS, *NAMED)
_PART: Final = dict(zip(_ROWS, (part for part, rows in _OF for _ in range(rows)), strict=True))


def measured(rec: Recording, names: tuple[str, ...]) -> tuple[float, ...]:
    """The values of these measures, in order: rows of ``metrics.summary_rows``, and ``metrics.MEASURES``."""
    known: dict[str, Any] = {}
    for part in sorted({_PART[name] for name in names if name in _PART}):
        known |= _PARTS[part](rec)
    values = {label: value for label, value, _ in rows_of(replace(_EMPTY, **known))}
    return tuple(values[name] if name in _PART else NAMED[name][1](rec, 0, rec.end_ns) for name in names)
