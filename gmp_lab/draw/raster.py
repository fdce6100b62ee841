"""Stays and step functions, reduced to as many columns as a screen has.

A figure of 20,000 rectangles takes a browser a second; a raster takes it the same 60 ms whatever the run.
The reduction is exact: the time of each state in each column is a difference of two cumulative sums, and
the state that lasted longest gives the column its colour.  Edges of columns are whole nanoseconds.
"""

from __future__ import annotations

import numpy as np

from gmp_lab.metrics.columns import Ints
from gmp_lab.metrics.depths import Steps
from gmp_lab.metrics.spans import Spans


def bin_edges(start_ns: int, end_ns: int, bins: int) -> Ints:
    """bins + 1 times (int64 ns) from start to end, as evenly as whole nanoseconds allow."""
    return start_ns + (end_ns - start_ns) * np.arange(bins + 1, dtype=np.int64) // bins


def state_time(s: Spans, start_ns: int, end_ns: int, bins: int) -> tuple[Ints, Ints]:
    """Time of each state and number of stays in each column.

    Returns (ns, stays): int64 arrays of shapes (states, rows, bins) and (rows, bins).  A stay that reaches
    into two columns counts in both.
    """
    if not len(s):
        return np.zeros((len(s.states), s.rows, bins), np.int64), np.zeros((s.rows, bins), np.int64)
    width = end_ns - start_ns
    # all rows one after the other on one axis, so that one search serves all
    shift = s.row.astype(np.int64) * width - start_ns
    begin, end = s.start_ns + shift, s.end_ns + shift
    edges = (np.arange(s.rows)[:, None] * width + bin_edges(0, width, bins)).ravel()
    at = np.searchsorted(begin, edges, side="right") - 1
    known = at >= 0
    at = np.maximum(at, 0)
    inside = np.where(known, np.minimum(edges, end[at]) - begin[at], 0)
    out = np.empty((len(s.states), s.rows, bins), np.int64)
    for state in range(len(s.states)):
        mine = s.state == state
        before = np.cumsum(np.where(mine, end - begin, 0))
        before -= np.where(mine, end - begin, 0)
        total = np.where(known, before[at], 0) + np.where(mine[at], inside, 0)
        out[state] = np.diff(total.reshape(s.rows, bins + 1), axis=1)
    last = np.searchsorted(begin, edges, side="left") - 1
    stays = last.reshape(s.rows, -1)[:, 1:] - (at - ~known).reshape(s.rows, -1)[:, :-1]
    began_before = known & (edges < end[at])
    return out, stays + began_before.reshape(s.rows, -1)[:, :-1]


def dominant(ns: Ints, absent: int = 0) -> Ints:
    """The state that lasted longest in each column (uint8, rows x bins); ``absent`` where nothing did."""
    z: Ints = ns.argmax(axis=0).astype(np.uint8)
    if absent:
        z[ns.sum(axis=0) == 0] = absent
    return z


def max_per_bin(steps: Steps, start_ns: int, end_ns: int, bins: int) -> Ints:
    """The largest value (int16 or int32) that a step function has in each column."""
    edges = bin_edges(start_ns, end_ns, bins)
    first = np.searchsorted(steps.t_ns, edges[:-1], side="right") - 1
    last = np.searchsorted(steps.t_ns, edges[1:], side="left")
    pairs = np.stack((first, np.maximum(last, first + 1)), axis=1).ravel()
    top = np.maximum.reduceat(np.append(steps.value, 0), pairs)[::2]
    return top.astype(np.int16 if top.max() < 32_768 else np.int32)
