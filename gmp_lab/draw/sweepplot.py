"""A sweep as lines: the mean of a measure over one parameter, with its 95 % band, a line for each value of another.

Lines differ in colour, dash and sign; the band is the same colour, thin.  The figure takes any object with ``axes``
and ``points``, so that this module needs to know nothing of how sweeps are run.  Error bars were tried: those of five
lines that run close together cannot be told apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Any, Final, Protocol

import plotly.graph_objects as go

from gmp_lab.draw.axes import frame
from gmp_lab.draw.findings import count
from gmp_lab.draw.palette import LINES, Line
from gmp_lab.draw.tables import Table
from gmp_lab.errors import ConfigError, check_bool, check_choice
from gmp_lab.metrics import MEASURES


class PointLike(Protocol):
    """Mean and band of a measure at one point (``sweeps.Point``)."""

    @property
    def at(self) -> tuple[Any, ...]: ...
    @property
    def n(self) -> int: ...
    @property
    def mean(self) -> float: ...
    @property
    def low(self) -> float | None: ...
    @property
    def high(self) -> float | None: ...


class TableLike(Protocol):
    """The grid and its points (``sweeps.SweepTable``)."""

    @property
    def axes(self) -> tuple[tuple[str, tuple[Any, ...]], ...]: ...
    @property
    def measures(self) -> tuple[str, ...]: ...
    def points(self, measure: str | None = None) -> Sequence[PointLike]: ...


UNITS: Final = {"time": "us", "scheduling latency": "us"} | {
    name: unit for name, (unit, _) in MEASURES.items() if unit
} | dict.fromkeys(
    ("running goroutines", "in a system call, P kept", "scheduling", "spinning", "waiting for its thread",
     "waiting for a core", "idle"), "% of the Ps' time",
)  # fmt: skip


_TITLE: Final = 100  # letters of a title that fit
_AXIS: Final = 30  # and of a vertical axis
Placed = tuple[Any, PointLike]  # where a point stands on the axis, and the point


@dataclass(frozen=True, slots=True)
class SweepLines:
    """What the figure shows: ``lines`` of points with their places, each with its name, and its words."""

    x: str
    by: str
    names: Mapping[str, str]
    measure: str
    lines: tuple[tuple[str, tuple[Placed, ...]], ...]
    title: str
    note: str
    numeric: bool


def _short(name: str) -> str:
    return name.partition("+")[0].partition(".")[2] or name


def _bare(words: str) -> str:
    """The words of an axis without their unit."""
    return words.partition(" (")[0]


def words_of(measure: str) -> str:
    """A measure with its unit, if it is a row of the summary that has one."""
    unit = UNITS.get(measure, UNITS.get(measure.partition(",")[0], ""))
    return f"{measure} ({unit})" if unit else measure


@dataclass(frozen=True, slots=True)
class Words:
    """How a sweep is told: ``labels`` for the names of axes, ``shown`` for their values ({name: {value: words}})."""

    labels: Mapping[str, str] = field(default_factory=dict)
    shown: Mapping[str, Mapping[Any, Any]] = field(default_factory=dict)

    def axis(self, name: str) -> str:
        """Words for an axis."""
        return self.labels.get(name, _short(name))

    def pair(self, name: str, value: str) -> str:
        """An axis and a value of it, as a line's name: "gomaxprocs 4", but "they wait: system call"."""
        return f"{_bare(self.labels[name])}: {value}" if name in self.labels else f"{_short(name)} {value}"

    def value(self, name: str, value: Any) -> Any:
        """What stands for a value of an axis."""
        return self.shown.get(name, {}).get(value, value)


def sweep_lines(
    table: TableLike, measure: str, *, x: str, by: str | None = None, words: Words | None = None
) -> SweepLines:
    """Compute what ``sweep_plot`` shows; ConfigError for a measure or axis that the table does not have."""
    check_choice("measure", measure, table.measures)
    axes = dict(table.axes)
    check_choice("x", x, tuple(axes))
    if by is not None:
        check_choice("by", by, tuple(name for name in axes if name != x))
    others = [name for name, values in axes.items() if name not in (x, by) and len(values) > 1]
    if others:
        raise ConfigError("by", by, f"an axis that tells the points apart: {others[0]} has several values too")
    if by is not None and len(axes[by]) > len(LINES):
        raise ConfigError("by", by, f"an axis of at most {len(LINES)} values, as more lines cannot be told apart")
    names = list(axes)
    points, column = table.points(measure), names.index(x)
    keys = axes[by] if by is not None else ("",)
    row = None if by is None else names.index(by)
    told = words or Words()
    places = {value: told.value(x, value) for value in axes[x]}
    lines = tuple(
        (str(told.value(by or "", key)), tuple(p for p in points if row is None or p.at[row] == key)) for key in keys
    )
    numeric = all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in places.values())
    if numeric:
        lines = tuple((name, tuple(sorted(line, key=lambda p: p.at[column]))) for name, line in lines)
    shown = tuple((name, tuple((places[p.at[column]], p) for p in line)) for name, line in lines)
    x_words, by_words = told.axis(x), told.axis(by) if by else ""
    pairs = {name: told.pair(by, name) for name, _ in lines} if by else {}
    title = _title(measure, shown, _bare(x_words), pairs)
    return SweepLines(x_words, by_words, pairs, measure, shown, title, _note(points), numeric)


def _wrapped(words: str) -> str:
    """An axis title of more than 30 letters in two lines."""
    if len(words) <= _AXIS:
        return words
    cut = min((i for i, c in enumerate(words) if c == " "), key=lambda i: abs(i - len(words) / 2), default=len(words))
    return f"{words[:cut]}<br>{words[cut + 1 :]}"


def _note(points: Sequence[PointLike]) -> str:
    if not points:
        return "no run to show"
    runs = [p.n for p in points]
    each = count(runs[0], "run") if min(runs) == max(runs) else f"{min(runs)} to {count(max(runs), 'run')}"
    band = "the band is the 95 % confidence interval of the mean" if max(runs) > 1 else "one run has no band"
    if all(p.mean >= 0 for p in points) and any(p.low is not None and p.low < 0 for p in points):
        band += ", cut off at 0"
    return f"means of {each} at each of {count(len(points), 'point')}; {band}"


def _title(measure: str, lines: tuple[tuple[str, tuple[Placed, ...]], ...], x: str, names: Mapping[str, str]) -> str:
    """How much the measure changes from the first x to the last, and where it is least and most."""
    there = [(name, line) for name, line in lines if line]
    if not there:
        return f"{measure}: no run yet"
    name, line = max(there, key=lambda item: _change(item[1]))
    (low_x, first), (high_x, last) = line[0], line[-1]
    line_is = names.get(name, "") if len(there) > 1 else ""
    where = f" ({line_is})" if ":" in line_is else f" with {line_is}" if line_is else ""
    if first is last:
        return f"{measure}{where}: {_number(first.mean)} at {x} {low_x}"
    said = f"{measure}{where}: {_number(first.mean)} at {x} {low_x}, {_number(last.mean)} at {high_x}"
    ratio = _ratio(first.mean, last.mean)
    low, high = min(line, key=lambda it: it[1].mean), max(line, key=lambda it: it[1].mean)
    found = ((word, at, p) for word, (at, p) in (("least", low), ("most", high)))
    inner = [f"{word}, {_number(p.mean)}, at {at}" for word, at, p in found if p not in (first, last)]
    between = f"; {', '.join(inner)}" if inner else ""
    wishes = (said + ratio + between, said + between, said + ratio)
    return next((wish for wish in wishes if len(wish) <= _TITLE), said)


def _ratio(first: float, last: float) -> str:
    if last > first > 0:
        ratio = last / first
        return f", {f'{ratio:.3g}' if ratio < 1000 else f'{ratio:,.0f}'} times as much"
    return f", {100 - 100 * last / first:.0f} % less" if first > last >= 0 else ""


def _change(line: tuple[Placed, ...]) -> float:
    means = [p.mean for _, p in line]
    return max(means) - min(means)


def _traces(d: SweepLines, theme: str, floor: float | None) -> list[dict[str, Any]]:
    traces: list[dict[str, Any]] = []
    for (name, points), style in zip(d.lines, LINES, strict=False):
        label = d.names.get(name, d.measure)
        band, line = _pair(label, points, d, style, theme)
        if floor is not None:
            band["y"] = [max(y, floor) for y in band["y"]]
            line["y"] = [y if y > 0 else None for y in line["y"]]
        traces += [band, line]
    return traces


def _pair(label: str, placed: tuple[Placed, ...], d: SweepLines, style: Line, theme: str) -> list[dict[str, Any]]:
    """Band and line; the band is one shape, there along the high edge and back along the low one."""
    at = {id(p): x if d.numeric else str(x) for x, p in placed}
    points = [p for _, p in placed]
    banded = [p for p in points if p.low is not None]
    there = [at[id(p)] for p in banded]
    least = 0.0 if all(p.mean >= 0 for p in points) else -inf  # what cannot be less than 0 is not drawn there
    edges = [*(p.high for p in banded), *(p.low for p in banded[::-1])]
    band = {
        "type": "scatter", "mode": "lines", "x": there + there[::-1], "fill": "toself", "hoverinfo": "skip",
        "y": [max(least, y) for y in edges if y is not None], "fillcolor": style.faint(theme),
        "line": {"width": 0}, "showlegend": False, "name": f"{label}, 95 % band",
    }  # fmt: skip
    told = [_number(p.mean) + ("" if p.low is None else f" ({_number(p.low)} to {_number(p.high)})") for p in points]
    line = {
        "type": "scatter", "mode": "lines+markers", "name": label, "x": [at[id(p)] for p in points],
        "y": [p.mean for p in points], "text": told, "hovertemplate": f"{_bare(d.x)} %{{x}}: %{{text}}",
        "line": {"color": style.colour(theme), "dash": style.dash, "width": 2},
        "marker": {"color": style.colour(theme), "symbol": style.symbol, "size": 9},
    }  # fmt: skip
    return [band, line]


def sweep_plot(  # noqa: PLR0913  # each with a name
    table: TableLike,
    measure: str,
    *,
    x: str,
    by: str | None = None,
    log: bool = False,
    log_y: bool = False,
    words: Words | None = None,
    theme: str = "light",
    height: int | None = None,
) -> go.Figure:
    """A measure of a sweep over the axis ``x`` as a plotly Figure, with a line for each value of the axis ``by``.

    ``log``, ``log_y``: the axis is logarithmic; x for numbers above 0 only, y leaves out what is 0, and cuts bands
    that reach it.  ``words``: how axes and values are told.  ConfigError if one of them is not possible.
    """
    d = sweep_lines(table, measure, x=x, by=by, words=words)
    if check_bool("log", log) and not (d.numeric and all(v > 0 for v in dict(table.axes)[x])):
        raise ConfigError("log", log, f"False, as {x} has values that are not numbers above 0")
    base = frame(theme, height or 420, (0, 1), 1)
    base["xaxis"].pop("range")
    base["xaxis"] |= {"title": {"text": d.x}, "type": "log" if log else "linear" if d.numeric else "category"}
    if log:  # a tick at each value: plotly's own stand at 1, 2, ... 9 of each power of ten
        there = sorted((words or Words()).value(x, value) for value in dict(table.axes)[x])
        base["xaxis"] |= {"tickvals": there, "ticktext": [_number(value) for value in there]}
    scale = {"type": "log", "rangemode": "normal"} if check_bool("log_y", log_y) else {"rangemode": "tozero"}
    base["yaxis"] |= {"title": {"text": _wrapped(words_of(measure))}, **scale}
    base["title"] |= {"text": d.title, "subtitle": {"text": d.note}}
    above = [p.mean for _, line in d.lines for _, p in line if p.mean > 0]
    floor = min(above, default=1.0) / 10 if log_y else None
    return go.Figure(_traces(d, theme, floor), base | {"showlegend": by is not None})


def sweep_plot_text(
    table: TableLike, measure: str, *, x: str, by: str | None = None, words: Words | None = None
) -> str:
    """What ``sweep_plot`` shows, as text: its title, its note, and a table of its numbers."""
    d = sweep_lines(table, measure, x=x, by=by, words=words)
    heads = (*((d.by,) if by else ()), d.x, "runs", "mean", "95 % from", "to")
    rows = tuple(
        (*((name,) if by else ()), str(at), p.n, *map(_number, (p.mean, p.low, p.high)))
        for name, line in d.lines for at, p in line
    )  # fmt: skip
    return f"{d.title}\n{Table(d.note, heads, rows).text()}"


def _number(value: float | None) -> str:
    """Four digits, but whole thousands; "-" for the edge of a band that is not there."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
