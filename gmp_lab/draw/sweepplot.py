"""A sweep as lines: the mean of a measure over one parameter, with its 95 % band, a line for each value of another.

Lines differ in colour, dash and sign; the band is the same colour, thin.  The figure takes any object with ``axes``
and ``points``, so that this module needs to know nothing of how sweeps are run.  Error bars were tried: those of five
lines that run close together cannot be told apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import plotly.graph_objects as go

from gmp_lab.draw.axes import frame
from gmp_lab.draw.findings import count
from gmp_lab.draw.palette import LINES, Line
from gmp_lab.draw.tables import Table
from gmp_lab.errors import ConfigError, check_bool, check_choice


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


UNITS: Final = {"time": "us", "scheduling latency": "us"} | dict.fromkeys(
    ("running goroutines", "in a system call, P kept", "scheduling", "spinning", "waiting for its thread",
     "waiting for a core", "idle"), "% of the Ps' time",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SweepLines:
    """What the figure shows: ``lines`` of points, each with its name ("" without ``by``), and its words."""

    x: str
    measure: str
    lines: tuple[tuple[str, tuple[PointLike, ...]], ...]
    column: int
    title: str
    note: str
    numeric: bool


def _short(name: str) -> str:
    return name.partition(".")[2] or name


def words_of(measure: str) -> str:
    """A measure with its unit, if it is a row of the summary that has one."""
    unit = UNITS.get(measure, UNITS.get(measure.partition(",")[0], ""))
    return f"{measure} ({unit})" if unit else measure


def sweep_lines(table: TableLike, measure: str, *, x: str, by: str | None = None) -> SweepLines:
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
    lines = tuple((str(key), tuple(p for p in points if row is None or p.at[row] == key)) for key in keys)
    numeric = all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in axes[x])
    if numeric:
        lines = tuple((name, tuple(sorted(line, key=lambda p: p.at[column]))) for name, line in lines)
    title = _title(measure, lines, column, _short(x), by)
    return SweepLines(x, measure, lines, column, title, _note(points), numeric)


def _note(points: Sequence[PointLike]) -> str:
    if not points:
        return "no run to show"
    runs = [p.n for p in points]
    each = count(runs[0], "run") if min(runs) == max(runs) else f"{min(runs)} to {count(max(runs), 'run')}"
    band = "the band is the 95 % confidence interval of the mean" if max(runs) > 1 else "one run has no band"
    return f"means of {each} at each of {count(len(points), 'point')}; {band}"


def _title(
    measure: str, lines: tuple[tuple[str, tuple[PointLike, ...]], ...], column: int, x: str, by: str | None
) -> str:
    """How much the measure changes from the first x to the last, and where it is least and most."""
    there = [(name, line) for name, line in lines if line]
    if not there:
        return f"{measure}: no run yet"
    name, line = max(there, key=lambda item: _change(item[1]))
    first, last = line[0], line[-1]
    where = f" with {_short(by)} {name}" if by and len(there) > 1 else ""
    if first is last:
        return f"{measure}{where}: {_number(first.mean)} at {x} {first.at[column]}"
    said = f"{measure}{where}: {_number(first.mean)} at {x} {first.at[column]}, "
    said += f"{_number(last.mean)} at {last.at[column]}"
    if last.mean > first.mean > 0:
        said += f", {last.mean / first.mean:.3g} times as much"
    elif first.mean > last.mean >= 0:
        said += f", {100 - 100 * last.mean / first.mean:.0f} % less"
    low, high = min(line, key=lambda p: p.mean), max(line, key=lambda p: p.mean)
    inner = [f"{word} at {p.at[column]}" for word, p in (("least", low), ("most", high)) if p not in (first, last)]
    return said + (f"; {', '.join(inner)}" if inner else "")


def _change(line: tuple[PointLike, ...]) -> float:
    return abs(line[-1].mean - line[0].mean)


def _traces(d: SweepLines, by: str | None, theme: str) -> list[dict[str, Any]]:
    traces: list[dict[str, Any]] = []
    for (name, points), style in zip(d.lines, LINES, strict=False):
        label = f"{_short(by)} {name}" if by else d.measure
        traces += _pair(label, points, d, style, theme)
    return traces


def _pair(label: str, points: tuple[PointLike, ...], d: SweepLines, style: Line, theme: str) -> list[dict[str, Any]]:
    """Band and line; the band is one shape, there along the high edge and back along the low one."""
    def place(p: PointLike) -> Any:
        return p.at[d.column] if d.numeric else str(p.at[d.column])

    banded = [p for p in points if p.low is not None]
    there = [place(p) for p in banded]
    band = {
        "type": "scatter", "mode": "lines", "x": there + there[::-1], "fill": "toself", "hoverinfo": "skip",
        "y": [p.high for p in banded] + [p.low for p in banded[::-1]], "fillcolor": style.faint(theme),
        "line": {"width": 0}, "showlegend": False, "name": f"{label}, 95 % band",
    }  # fmt: skip
    told = [_number(p.mean) + ("" if p.low is None else f" ({_number(p.low)} to {_number(p.high)})") for p in points]
    line = {
        "type": "scatter", "mode": "lines+markers", "name": label, "x": [place(p) for p in points],
        "y": [p.mean for p in points], "text": told, "hovertemplate": f"{_short(d.x)} %{{x}}: %{{text}}",
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
    theme: str = "light",
    height: int | None = None,
) -> go.Figure:
    """A measure of a sweep over the axis ``x`` as a plotly Figure, with a line for each value of the axis ``by``.

    ``log``: the axis x is logarithmic, for numbers above 0.  ConfigError if one of them is not possible.
    """
    d = sweep_lines(table, measure, x=x, by=by)
    if check_bool("log", log) and not (d.numeric and all(v > 0 for v in dict(table.axes)[x])):
        raise ConfigError("log", log, f"False, as {x} has values that are not numbers above 0")
    base = frame(theme, height or 420, (0, 1), 1)
    base["xaxis"].pop("range")
    base["xaxis"] |= {"title": {"text": _short(x)}, "type": "log" if log else "linear" if d.numeric else "category"}
    if log:  # a tick at each value: plotly's own stand at 1, 2, ... 9 of each power of ten
        there = sorted(dict(table.axes)[x])
        base["xaxis"] |= {"tickvals": there, "ticktext": [_number(value) for value in there]}
    base["yaxis"] |= {"title": {"text": words_of(measure)}, "rangemode": "tozero"}
    base["title"] |= {"text": d.title, "subtitle": {"text": d.note}}
    return go.Figure(_traces(d, by, theme), base | {"showlegend": by is not None})


def sweep_plot_text(table: TableLike, measure: str, *, x: str, by: str | None = None) -> str:
    """What ``sweep_plot`` shows, as text: its title, its note, and a table of its numbers."""
    d = sweep_lines(table, measure, x=x, by=by)
    heads = (*((_short(by),) if by else ()), _short(x), "runs", "mean", "95 % from", "to")
    rows = tuple(
        (*((name,) if by else ()), str(p.at[d.column]), p.n, *map(_number, (p.mean, p.low, p.high)))
        for name, line in d.lines for p in line
    )  # fmt: skip
    return f"{d.title}\n{Table(d.note, heads, rows).text()}"


def _number(value: float | None) -> str:
    """Four digits, but whole thousands; "-" for the edge of a band that is not there."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
