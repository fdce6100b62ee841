"""The timeline and the queue depths as data and as figures."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

import comm
import numpy as np
import plotly.graph_objects as go
import pytest
from comm.base_comm import BaseComm
from handmade import handover, in_syscall, overflow, recording

from gmp_lab import Config, ConfigError, Program, Recording, WaitGroup, gosched, metrics, simulate, syscall, work
from gmp_lab import go as start
from gmp_lab.draw import (
    apply_queue_depth,
    apply_timeline,
    queue_depth,
    queue_depth_data,
    timeline,
    timeline_data,
)
from gmp_lab.draw.palette import LOOKS
from gmp_lab.draw.timeline import DETAIL_BARS, MAX_BINS


def busy(p: int = 4, n: int = 16, bursts: int = 10_000, seed: int = 1) -> Recording:
    """Bursts of 50 us on average, then a system call, a Gosched or nothing."""

    def worker(wg: WaitGroup, seed: int) -> Any:
        r = random.Random(seed)
        for _ in range(bursts // n):
            yield work(ns=int(r.expovariate(1 / 50_000)))
            if r.random() < 0.3:
                yield syscall(ns=int(r.expovariate(1 / 200_000)))
            elif r.random() < 0.4:
                yield gosched()
        yield wg.Done()

    def main() -> Any:
        wg = WaitGroup()
        yield wg.Add(n)
        for i in range(n):
            yield start(worker, wg, seed * 1000 + i)
        yield wg.Wait()

    return simulate(Config(gomaxprocs=p, seed=seed), Program(main, name="busy"))


@pytest.fixture(scope="module")
def long_run() -> Recording:
    return busy()


@pytest.fixture(scope="module")
def other_run() -> Recording:
    return busy(seed=2)


def bars_of(fig: go.Figure, state: str) -> list[tuple[float, float, int, str]]:
    """(from, length, row, words) of the bars of one state."""
    trace = next(t for t in fig.data if t.type == "bar" and t.name == LOOKS[state].words)
    table = zip(trace.base, trace.x, trace.y, trace.customdata, strict=True)
    return [(a, round(float(b), 6), int(y), words) for a, b, y, words in table]


# --- detail --------------------------------------------------------------------------------------------------


def test_a_short_run_is_drawn_stay_by_stay() -> None:
    assert bars_of(timeline(handover()), "running") == [
        (0.0, 0.4, 0, "G1 main, P0, M0: from runnext; then parked: chan receive (400 ns)"),
        (0.25, 0.45, 1, "G2 worker, P1, M1: stolen; then exit (450 ns)"),
        (0.72, 0.28, 1, "G1 main, P1, M1: from runnext; then end of run (280 ns)"),
    ]


def test_a_system_call_says_why_it_ended() -> None:
    assert [words for *_, words in bars_of(timeline(in_syscall()), "syscall")] == [
        "G1 main, P0, M0: system call; then P retaken by M9 (200 ns)",
        "G1 main, P0, M0: system call; then system call over, kept its P (50 ns)",
    ]


def test_goroutines_as_rows_say_where_they_run() -> None:
    fig = timeline(handover(), rows="G")
    assert [row for *_, row, _ in bars_of(fig, "running")] == [1, 1, 2]
    assert fig.layout.yaxis.ticktext == ("G1", "G2")
    running = next(t for t in fig.data if t.name == "running")
    assert list(running.text) == ["P0", "P1", "P1"]
    assert running.customdata[2] == "G2 worker, P1, M1: stolen; then exit (450 ns)"


def test_threads_can_be_rows() -> None:
    fig = timeline(handover(), rows="M")
    assert fig.layout.yaxis.ticktext == ("M0", "M1")
    assert bars_of(fig, "parked") == [(0.5, 0.5, 0, "M0: thread parked; then end of run (500 ns)")]


def test_the_title_is_the_finding() -> None:
    assert timeline(handover()).layout.title.text == "2 Ps busy 57 % of the time; 1 steal"
    assert timeline(handover(), window=(0, 200)).layout.title.text == "2 Ps busy 50 % of the time; 0 steals"


def test_every_state_is_in_the_legend_also_if_it_does_not_occur() -> None:
    bars = [t for t in timeline(handover()).data if t.type == "bar"]
    assert [t.name for t in bars] == [LOOKS[state].words for state in metrics.P_STATES]
    assert all(t.showlegend and len(t.y) for t in bars)


def test_bars_of_busy_states_differ_in_pattern() -> None:
    shapes = {t.name: t.marker.pattern.shape for t in timeline(handover()).data if t.type == "bar"}
    assert len({shapes[LOOKS[s].words] for s in ("running", "syscall", "spinning", "scheduling")}) == 4


def test_stays_too_short_to_be_seen_are_merged_and_counted() -> None:
    short = [(t, 7 if t % 2 else 6, 1, 0, 0, 0) for t in range(500_000, 500_040)]  # parks and executes, 1 ns each
    rec = recording([(0, 26, -1, 0, 0, -1), (0, 6, 1, 0, 0, 0), *short], p=1, end=1_000_000)
    d = timeline_data(rec)
    assert d.bars is not None
    assert (len(d.bars.row), d.bars.hidden, d.note) == (2, 39, "39 stays shorter than 667 ns not drawn")


def test_short_stays_that_are_wide_enough_together_become_one_bar() -> None:
    short = [(t, 7 if t % 200 else 6, 1, 0, 0, 0) for t in range(500_000, 504_000, 100)]
    rec = recording([(0, 26, -1, 0, 0, -1), (0, 6, 1, 0, 0, 0), *short], p=1, end=1_000_000)
    d = timeline_data(rec)
    assert d.bars is not None
    assert (d.bars.hover[1], d.bars.hidden) == ("39 short stays, merged (3.9 us)", 0)


# --- raster --------------------------------------------------------------------------------------------------


def test_a_long_run_is_a_raster(long_run: Recording) -> None:
    d = timeline_data(long_run)
    assert (d.bars, d.z.shape, d.z.dtype) == (None, (4, MAX_BINS), np.uint8)
    assert "stays merged: each of 1,200 columns of" in d.note


def test_the_raster_says_shares_and_how_many_stays_it_merged(long_run: Recording) -> None:
    first = timeline_data(long_run).words[2][0]
    assert first.startswith("P2: ")
    assert first.endswith(" stays merged")


def test_a_window_of_a_long_run_is_drawn_in_detail(long_run: Recording) -> None:
    d = timeline_data(long_run, window=(20_000_000, 25_000_000))
    assert d.bars is not None
    assert 0 < len(d.bars.row) <= DETAIL_BARS
    assert (d.unit, min(d.bars.start_ns) >= 20_000_000) == ("us", True)


def test_a_raster_shows_the_heatmap_and_no_bars(long_run: Recording) -> None:
    fig = timeline(long_run)
    assert [t.visible for t in fig.data[:2]] == [True, True]
    assert all(list(t.base) == [None] for t in fig.data[2:])


def test_only_the_first_hundred_goroutines_get_a_row() -> None:
    rows = [(i, 0, i + 1, 0, 0, 1) for i in range(150)]
    d = timeline_data(recording(rows, names=("g",) * 150), rows="G")
    assert (d.names[-1], d.note.split(";")[0]) == ("G100", "the first 100 of 150 goroutines")
    assert d.title.startswith("150 goroutines: ")


# --- figures -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("draw", [timeline, queue_depth])
def test_equal_runs_give_equal_json(draw: Callable[..., go.Figure]) -> None:
    assert draw(busy(bursts=400)).to_json() == draw(busy(bursts=400)).to_json()


@pytest.mark.parametrize("draw", [timeline, queue_depth])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_figure_names_its_axis_with_the_unit(draw: Callable[..., go.Figure], theme: str) -> None:
    assert draw(handover(), theme=theme).layout.xaxis.title.text == "time (us)"


@pytest.mark.parametrize("draw", [timeline, queue_depth])
def test_a_run_without_events_can_be_drawn(draw: Callable[..., go.Figure]) -> None:
    assert draw(recording([], end=0)).layout.title.text


@pytest.mark.parametrize(
    ("settings", "parameter"),
    [({"theme": "blue"}, "theme"), ({"window": (5, 5)}, "start_ns"), ({"window": (0, 10**9)}, "end_ns")],
)
@pytest.mark.parametrize("draw", [timeline, queue_depth])
def test_impossible_settings_are_refused(
    draw: Callable[..., go.Figure], settings: dict[str, Any], parameter: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        draw(handover(), **settings)
    assert refused.value.parameter == parameter


def test_impossible_rows_are_refused() -> None:
    with pytest.raises(ConfigError, match="'P', 'G', 'M'"):
        timeline(handover(), rows="X")
    with pytest.raises(ConfigError, match="the rows of the figure"):
        apply_timeline(timeline(handover()), handover(), rows="G")


def changed(fig: go.Figure) -> dict[str, Any]:
    """The figure as plain data, without what a figure that was updated keeps of its past (texts that are hidden)."""
    data = json.loads(fig.to_json())
    for trace in data["data"]:
        if trace.get("visible") is False:
            data["data"][data["data"].index(trace)] = {"visible": False}
        elif trace["type"] == "bar" and trace["base"] == [None]:
            trace.pop("hovertemplate", None)
    return data


@pytest.mark.parametrize("first", ["short", "long"])
@pytest.mark.parametrize("second", ["short", "long", "other"])
def test_an_updated_timeline_is_the_same_as_a_new_one(
    first: str, second: str, long_run: Recording, other_run: Recording
) -> None:
    runs = {"short": busy(bursts=200), "long": long_run, "other": other_run}
    fig = timeline(runs[first])
    apply_timeline(fig, runs[second])
    assert changed(fig) == changed(timeline(runs[second]))


def test_updated_queue_depths_are_the_same_as_new_ones(long_run: Recording) -> None:
    fig = queue_depth(overflow())
    apply_queue_depth(fig, long_run)
    assert changed(fig) == changed(queue_depth(long_run))


@pytest.mark.parametrize(("draw", "put"), [(timeline, apply_timeline), (queue_depth, apply_queue_depth)])
def test_an_update_keeps_the_part_to_which_the_reader_has_zoomed(
    draw: Callable[..., go.Figure], put: Callable[..., Any], long_run: Recording, other_run: Recording
) -> None:
    fig = draw(long_run)
    fig.layout.xaxis.range = [10, 20]
    put(fig, other_run)
    assert list(fig.layout.xaxis.range) == [10, 20]


def test_a_zoom_is_kept_in_the_new_unit(long_run: Recording) -> None:
    fig = timeline(long_run, window=(0, 5_000_000))
    fig.layout.xaxis.range = [1000, 2000]  # us
    apply_timeline(fig, long_run)
    assert list(fig.layout.xaxis.range) == [1, 2]  # ms


def test_a_zoom_to_where_the_new_run_has_nothing_is_given_up(long_run: Recording) -> None:
    fig = timeline(long_run)
    fig.layout.xaxis.range = [50, 60]
    apply_timeline(fig, handover())
    assert list(fig.layout.xaxis.range) == [0, 1]


def test_stays_and_depths_that_are_handed_in_draw_the_same(long_run: Recording) -> None:
    fig, depth = timeline(long_run), queue_depth(long_run)
    before = fig.to_json(), depth.to_json()
    apply_timeline(fig, long_run, stays=metrics.spans(long_run))
    apply_queue_depth(depth, long_run, depths=metrics.queue_depths(long_run))
    assert (fig.to_json(), depth.to_json()) == before


# --- queue depths --------------------------------------------------------------------------------------------


def test_queue_depths_show_the_peaks() -> None:
    d = queue_depth_data(overflow())
    assert (int(d.ring.max()), int(d.global_.max())) == (256, 129)
    assert d.title == "Global queue: up to 129 goroutines; longest ring: 256 (P0)"


def test_the_title_of_queue_depths_is_that_of_the_window() -> None:
    title = queue_depth_data(overflow(), window=(300, 1000)).title
    assert title == "Global queue: up to 129 goroutines; longest ring: 128 (P0)"


def test_the_sum_of_the_rings_is_a_line_of_its_own() -> None:
    fig = queue_depth(overflow())
    assert [t.name for t in fig.data] == ["global queue", "all rings", "ring"]
    assert fig.data[0].line.dash != fig.data[1].line.dash


# --- bytes ---------------------------------------------------------------------------------------------------


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Bytes of each message that a widget sends, JSON as the kernel writes it and binary buffers."""
    sizes: list[int] = []

    class Counting(BaseComm):
        def publish_msg(self, msg_type: str, data: Any = None, metadata: Any = None, buffers: Any = None, **_: Any):
            sizes.append(len(json.dumps(data)) + sum(memoryview(b).nbytes for b in buffers or ()))

    monkeypatch.setattr(comm, "create_comm", Counting)
    return sizes


@pytest.mark.parametrize("p", [1, 4, 8, 64])
def test_an_update_of_a_figure_sends_at_most_64_kb(p: int, sent: list[int]) -> None:
    fig = go.FigureWidget(timeline(busy(p, 8 * p, 2000)))
    depth = go.FigureWidget(queue_depth(busy(p, 8 * p, 2000)))
    run = busy(p, 8 * p, 10_000, seed=2)
    sent.clear()
    apply_timeline(fig, run)
    timeline_bytes = sum(sent)
    apply_queue_depth(depth, run)
    assert 1000 < timeline_bytes <= 64_000
    assert 1000 < sum(sent) - timeline_bytes <= 64_000


def test_an_update_in_detail_sends_at_most_64_kb(long_run: Recording, sent: list[int]) -> None:
    fig = go.FigureWidget(timeline(long_run))
    sent.clear()
    d = apply_timeline(fig, long_run, window=(10_000_000, 22_000_000))
    assert d.bars is not None
    assert len(d.bars.row) > 500
    assert sum(sent) <= 64_000
