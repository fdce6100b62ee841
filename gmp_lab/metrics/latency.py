"""Scheduling latency: how long goroutines were runnable before they ran.

A wait begins when the goroutine becomes runnable (created, readied, yielded, back from a system call
without a P) and ends with the execute that follows.  It counts in the window in which it ends.
Percentiles are by nearest rank: always one of the measured values, so they stay whole nanoseconds, and
nothing is interpolated in a tail of three samples.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gmp_lab.metrics.columns import Ints, in_window
from gmp_lab.metrics.spans import Spans, g_spans
from gmp_lab.metrics.states import G_RUNNABLE
from gmp_lab.recording import Recording


@dataclass(frozen=True, slots=True)
class Latency:
    """``count`` waits of goroutine ``g`` (-1: of all): percentiles, maximum and sum, ns (0 if none)."""

    g: int
    count: int
    p50_ns: int
    p90_ns: int
    p99_ns: int
    max_ns: int
    sum_ns: int

    @property
    def mean_ns(self) -> float:
        """Average wait, ns."""
        return self.sum_ns / self.count if self.count else 0.0


def nearest_rank(ordered: Ints, percent: int) -> int:
    """The smallest of the ascending values that ``percent`` % (1..100) of them do not exceed; 0 if none."""
    n = len(ordered)
    return int(ordered[-(-n * percent // 100) - 1]) if n else 0


def _latency(g: int, waits: Ints) -> Latency:
    ordered = np.sort(waits)
    p50, p90, p99, top = (nearest_rank(ordered, q) for q in (50, 90, 99, 100))
    return Latency(g, len(ordered), p50, p90, p99, top, int(ordered.sum()))


def waits(
    rec: Recording, start_ns: int = 0, end_ns: int | None = None, *, of: Spans | None = None
) -> tuple[Ints, Ints]:
    """(goroutine, ns) of each wait that ended in the window, by goroutine and then by time."""
    s = g_spans(rec) if of is None else of
    if not len(s):
        return s.row, s.end_ns
    done = s.take((s.state == G_RUNNABLE) & (s.until >= 0))  # nothing but an execute ends such a stay
    done = done.take(in_window(rec, done.end_ns, start_ns, end_ns))
    return done.row, done.length_ns


def latency(
    rec: Recording, start_ns: int = 0, end_ns: int | None = None, *, of: Spans | None = None
) -> Latency:
    """Scheduling latency of all goroutines together; ``of``: the stays of the Gs if already known."""
    return _latency(-1, waits(rec, start_ns, end_ns, of=of)[1])


def latency_by_g(rec: Recording, start_ns: int = 0, end_ns: int | None = None) -> list[Latency]:
    """Scheduling latency of each goroutine that ran, in order of their ids."""
    g, ns = waits(rec, start_ns, end_ns)
    if not len(g):
        return []
    ids, at = np.unique(g, return_index=True)
    return [_latency(int(i), part) for i, part in zip(ids, np.split(ns, at[1:]), strict=True)]
