"""The sweep plot: lines and bands are those of the points, the title states the finding, the text says the same."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gmp_lab import ConfigError
from gmp_lab.draw import sweep_plot, sweep_plot_text
from gmp_lab.draw.palette import LINES, THEMES
from gmp_lab.draw.sweepplot import Words
from gmp_lab.sweeps import Run, SweepTable

X, BY = "config.gomaxprocs", "program.burst_us"


def grid(*lines: tuple[float, ...], seeds: int = 2, xs: tuple[Any, ...] = (1, 2, 4)) -> SweepTable:
    """A table with a line for each value of BY; two runs of a point differ by 2."""
    axes = ((X, xs), (BY, tuple(10 * (k + 1) for k in range(len(lines)))))
    runs = tuple(
        Run((x, by), seed, (line[k] + 2 * seed - (seeds - 1),), "exit")
        for k, x in enumerate(xs) for by, line in zip(axes[1][1], lines, strict=True) for seed in range(seeds)
    )  # fmt: skip
    return SweepTable(axes, tuple(range(seeds)), ("time",), runs)


def test_words_for_axes_and_values_stand_in_title_axis_legend_and_text() -> None:
    words = Words({X: "Ps (number)", BY: "burst"}, {X: {1: 10, 2: 20, 4: 40}, BY: {10: "short", 20: "long"}})
    fig = sweep_plot(grid((9, 8, 7), (6, 5, 1)), "time", x=X, by=BY, words=words)
    assert fig.layout.title.text == "time (burst: long): 6 at Ps 10, 1 at 40, 83 % less"
    assert fig.layout.xaxis.title.text == "Ps (number)" and fig.data[1].x == (10, 20, 40)
    assert [t.name for t in fig.data if t.mode == "lines+markers"] == ["burst: short", "burst: long"]
    text = sweep_plot_text(grid((9, 8, 7), (6, 5, 1)), "time", x=X, by=BY, words=words)
    assert "burst  Ps (number)" in text and "long   40" in text


def test_a_logarithmic_axis_leaves_out_nothing_but_what_is_not_there() -> None:
    band, line = sweep_plot(grid((0, 10, 1000)), "time", x=X, log_y=True).data
    assert line.y == (None, 10, 1000)  # 0 has no place on it
    assert min(band.y) == 1 and sweep_plot(grid((1, 2, 3)), "time", x=X, log_y=True).layout.yaxis.type == "log"


def test_a_band_of_what_is_never_negative_ends_at_0_and_says_so() -> None:
    fig = sweep_plot(grid((1, 20, 30)), "time", x=X)  # runs of 0 and 2: their band reaches below 0
    assert min(fig.data[0].y) == 0 and fig.layout.title.subtitle.text.endswith(", cut off at 0")
    fig = sweep_plot(grid((-1, 20, 30)), "time", x=X)
    assert min(fig.data[0].y) < 0


def test_a_long_title_leaves_out_the_ratio_first_and_a_long_axis_has_two_lines() -> None:
    words = Words({X: "a parameter with a name of very many words, so many of them that little room is left"})
    fig = sweep_plot(grid((40, 20, 41)), "time", x=X, words=words)
    assert len(fig.layout.title.text) <= 130 and "times as much" not in fig.layout.title.text
    table = grid((1, 2, 3))
    long = SweepTable(table.axes, table.seeds, ("scheduling latency, maximum",), table.runs)
    assert sweep_plot(long, "scheduling latency, maximum", x=X).layout.yaxis.title.text.count("<br>") == 1


def means(fig: Any) -> list[tuple[float, ...]]:
    return [tuple(trace.y) for trace in fig.data if trace.mode == "lines+markers"]


def test_a_line_shows_the_means_and_its_band_their_edges() -> None:
    table = grid((100, 60, 40))
    band, line = sweep_plot(table, "time", x=X).data
    points = table.points("time")
    assert (line.x, line.y) == ((1, 2, 4), (100, 60, 40))
    assert band.x == (1, 2, 4, 4, 2, 1)
    assert list(band.y) == [p.high for p in points] + [p.low for p in points[::-1]]


def test_every_value_of_the_second_axis_has_its_line() -> None:
    assert means(sweep_plot(grid((9, 8, 7), (6, 5, 4)), "time", x=X, by=BY)) == [(9, 8, 7), (6, 5, 4)]


@pytest.mark.parametrize("theme", THEMES)
def test_lines_are_told_apart_by_dash_and_sign_as_well_as_by_colour(theme: str) -> None:
    fig = sweep_plot(grid(*[(k, k, k) for k in range(6)]), "time", x=X, by=BY, theme=theme)
    looks = [(t.line.color, t.line.dash, t.marker.symbol) for t in fig.data if t.mode == "lines+markers"]
    assert looks == [(style.colour(theme), style.dash, style.symbol) for style in LINES]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ((100, 60, 40), "time: 100 at gomaxprocs 1, 40 at 4, 60 % less"),
        ((40, 50, 100), "time: 40 at gomaxprocs 1, 100 at 4, 2.5 times as much"),
        ((40, 20, 40), "time: 40 at gomaxprocs 1, 40 at 4; least, 20, at 2"),
        ((40, 90, 41), "time: 40 at gomaxprocs 1, 41 at 4, 1.02 times as much; most, 90, at 2"),
        ((0, 1, 5), "time: 0 at gomaxprocs 1, 5 at 4"),
        ((15_000, 12_000, 9_000), "time: 15,000 at gomaxprocs 1, 9,000 at 4, 40 % less"),
    ],
)
def test_the_title_states_what_changes_and_where_it_is_best(line: tuple[float, ...], said: str) -> None:
    assert sweep_plot(grid(line), "time", x=X).layout.title.text == said


def test_of_several_lines_the_title_tells_the_one_that_changes_most() -> None:
    title = sweep_plot(grid((9, 8, 7), (90, 50, 30)), "time", x=X, by=BY).layout.title.text
    assert title == "time with burst_us 20: 90 at gomaxprocs 1, 30 at 4, 67 % less"


def test_one_run_a_point_has_a_line_without_a_band_and_says_so() -> None:
    fig = sweep_plot(grid((3, 2, 1), seeds=1), "time", x=X)
    assert (len(fig.data[0].x), fig.data[1].y) == (0, (3, 2, 1))
    assert "one run has no band" in fig.layout.title.subtitle.text


def test_points_that_are_missing_leave_the_others() -> None:
    whole = grid((3, 2, 1))
    part = SweepTable(whole.axes, whole.seeds, whole.measures, whole.runs[:4])
    assert means(sweep_plot(part, "time", x=X)) == [(3, 2)]
    empty = SweepTable(whole.axes, whole.seeds, whole.measures, ())
    assert sweep_plot(empty, "time", x=X).layout.title.text == "time: no run yet"


def test_values_that_are_no_numbers_stand_side_by_side() -> None:
    fig = sweep_plot(grid((3, 2, 1), xs=("1.0", "1.13", "1.27")), "time", x=X)
    assert (fig.layout.xaxis.type, fig.data[1].x) == ("category", ("1.0", "1.13", "1.27"))


def test_a_logarithmic_axis_is_for_numbers_above_zero() -> None:
    assert sweep_plot(grid((3, 2, 1)), "time", x=X, log=True).layout.xaxis.type == "log"
    with pytest.raises(ConfigError, match="log = True"):
        sweep_plot(grid((3, 2, 1), xs=(0, 1, 2)), "time", x=X, log=True)


@pytest.mark.parametrize(
    ("table", "change", "said"),
    [
        (grid((3, 2, 1)), {"measure": "speed"}, "measure = 'speed'"),
        (grid((3, 2, 1)), {"x": "speed"}, "x = 'speed'"),
        (grid((3, 2, 1)), {"by": X}, "by = 'config.gomaxprocs'"),
        (grid((3, 2, 1), (3, 2, 1)), {}, "program.burst_us has several values too"),
        (grid(*[(1, 2, 3)] * 7), {"by": BY}, "at most 6 values"),
        (grid((3, 2, 1)), {"theme": "blue"}, "theme = 'blue'"),
    ],
)
def test_what_cannot_be_drawn_is_refused(table: SweepTable, change: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        sweep_plot(table, **{"measure": "time", "x": X, **change})
    assert said in str(refused.value)


def test_the_text_has_title_note_and_every_number_of_the_figure() -> None:
    table = grid((100, 60, 40), (9, 8, 7))
    fig, text = sweep_plot(table, "time", x=X, by=BY), sweep_plot_text(table, "time", x=X, by=BY)
    title, note, _, *rows = text.splitlines()
    assert (title, note) == (fig.layout.title.text, fig.layout.title.subtitle.text)
    assert [row.split()[:4] for row in rows] == [
        ["10", "1", "2", "100"], ["10", "2", "2", "60"], ["10", "4", "2", "40"],
        ["20", "1", "2", "9"], ["20", "2", "2", "8"], ["20", "4", "2", "7"],
    ]  # fmt: skip


@settings(max_examples=40)
@given(st.lists(st.tuples(*[st.floats(0, 1e6)] * 3), min_size=1, max_size=6))
def test_lines_are_the_means_of_the_table_whatever_they_are(lines: list[tuple[float, ...]]) -> None:
    table = grid(*lines)
    drawn = means(sweep_plot(table, "time", x=X, by=BY))
    assert sorted(y for line in drawn for y in line) == sorted(p.mean for p in table.points())


def test_the_same_table_gives_the_same_figure() -> None:
    first, second = (sweep_plot(grid((3, 2, 1)), "time", x=X).to_json() for _ in range(2))
    assert first == second
