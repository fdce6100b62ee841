"""The raster against counting nanosecond by nanosecond."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from handmade import handover
from hypothesis import given
from hypothesis import strategies as st

from gmp_lab import metrics
from gmp_lab.draw.raster import bin_edges, dominant, max_per_bin, state_time
from gmp_lab.metrics.states import G_DEAD


def test_edges_are_whole_nanoseconds_and_cover_the_window() -> None:
    assert bin_edges(10, 20, 3).tolist() == [10, 13, 16, 20]


def test_each_column_gets_the_time_of_each_state() -> None:
    ns, stays = state_time(metrics.spans(handover()), 0, 1000, 2)
    running, idle = metrics.P_STATES.index("running"), metrics.P_STATES.index("idle")
    assert (ns[running].tolist(), ns[idle].tolist()) == ([[400, 0], [250, 480]], [[0, 500], [100, 0]])
    assert stays.tolist() == [[2, 1], [4, 3]]


def test_the_longest_state_gives_the_column_its_colour() -> None:
    ns, _ = state_time(metrics.spans(handover()), 0, 1000, 4)
    words = [[metrics.P_STATES[k] for k in row] for row in dominant(ns).tolist()]
    assert words == [["running", "running", "idle", "idle"], ["idle", "running", "running", "running"]]


def test_a_goroutine_that_is_not_there_is_shown_as_such() -> None:
    s = metrics.spans(handover(), of="G")
    z = dominant(state_time(s, 0, 1000, 20)[0], G_DEAD)
    expected = [*["dead"] * 2, *["runnable"] * 3, *["running"] * 9, *["dead"] * 6]
    assert [metrics.G_STATES[k] for k in z[2]] == expected


def brute_force(s: metrics.Spans, start: int, end: int, bins: int) -> tuple[np.ndarray, np.ndarray]:
    """Time of each state and number of stays in each column, one nanosecond after the other."""
    edges = bin_edges(start, end, bins).tolist()
    ns = np.zeros((len(s.states), s.rows, bins), np.int64)
    stays = np.zeros((s.rows, bins), np.int64)
    for row, a, b, state in zip(s.row, s.start_ns, s.end_ns, s.state, strict=True):
        for k in range(bins):
            inside = max(0, min(b, edges[k + 1]) - max(a, edges[k]))
            ns[state, row, k] += inside
            stays[row, k] += inside > 0
    return ns, stays


@given(
    st.lists(st.lists(st.tuples(st.integers(1, 30), st.integers(0, 4)), max_size=12), min_size=1, max_size=4),
    st.integers(1, 40),
    st.sampled_from(("P", "G")),
)
def test_the_raster_is_exact(rows: list[list[tuple[int, int]]], bins: int, of: str) -> None:
    """Rows of stays (length, state), some of them not there (state 4 is left out, a gap)."""
    cells: list[tuple[int, int, int, int]] = []
    for r, row in enumerate(rows):
        t = 0
        for length, state in row:
            if state < 4:
                cells.append((r, t, t + length, state))
            t += length
    end = max(40, *(b for _, _, b, _ in cells)) if cells else 40
    columns = np.array(cells, np.int64).reshape(-1, 4).T
    nothing = columns[0] * 0 - 1
    states = metrics.P_STATES if of == "P" else metrics.G_STATES
    s = metrics.Spans(of, len(rows), states, *columns, *[nothing] * 5)
    found, expected = state_time(s, 0, end, bins), brute_force(s, 0, end, bins)
    assert all(np.array_equal(a, b) for a, b in zip(found, expected, strict=True))


@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(-5, 300)), min_size=1, max_size=30),
    st.integers(0, 50),
    st.integers(1, 60),
    st.integers(1, 60),
)
def test_no_peak_is_lost(changes: list[tuple[int, int]], start: int, width: int, bins: int) -> None:
    """Steps (gap before it in ns, value) against the value at every nanosecond."""
    t, value = np.cumsum([0, *(gap for gap, _ in changes[1:])]), np.array([x for _, x in changes])
    last = np.append(t[1:] != t[:-1], True)
    steps = metrics.Steps(t[last], value[last])
    bins = min(bins, width)
    edges = bin_edges(start, start + width, bins).tolist()
    expected = [max(steps.at(x) for x in range(a, b)) for a, b in pairwise(edges)]
    assert max_per_bin(steps, start, start + width, bins).tolist() == expected
