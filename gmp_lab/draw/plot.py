"""One machinery for the smaller figures: what is drawn is data, made from a run, and put into a figure in place.

A *plot* is two functions: ``styles(theme)``, the traces as they look, always the same number and kinds, and
``drawn(rec, window)``, what of them differs from run to run, with a title that states the finding.  Both the fresh
figure and the update of a shown one follow from these.  Each plot has a table with its numbers as its text twin.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import plotly.graph_objects as go

from gmp_lab.draw.axes import Window, frame, meta, time_unit, whole_window, zoomed
from gmp_lab.draw.palette import colour, page
from gmp_lab.draw.raster import bin_edges
from gmp_lab.draw.tables import Table
from gmp_lab.metrics.columns import Ints
from gmp_lab.recording import Recording

MAX_BINS = 400  # columns of a plot over time


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a plot shows of a run.

    ``traces``  what differs from run to run in each trace, in the order of the styles
    ``x``       title of the horizontal axis; ``range``: what it shows; ``unit_ns``: ns in its unit, 0: not time
    ``layout``  further parts of the layout
    """

    title: str
    note: str
    traces: list[dict[str, Any]]
    x: str
    unit_ns: int
    range: tuple[float, float]
    layout: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plot:
    """A kind of figure: its traces as they look, what a run puts into them, and the table with the numbers."""

    styles: Callable[[str], list[dict[str, Any]]]
    drawn: Callable[[Recording, Window | None], Drawn]
    table: Callable[[Recording, Window | None], Table]
    y: str
    x: dict[str, Any] = field(default_factory=dict)  # further properties of the axes, the same for all runs
    y_axis: dict[str, Any] = field(default_factory=dict)

    def figure(
        self, rec: Recording, *, window: Window | None = None, theme: str = "light", height: int | None = None
    ) -> go.Figure:
        """The plot of a run as a plotly Figure; ``window``: (start, end) in ns.  Equal inputs, equal JSON."""
        d = self.drawn(rec, window)
        layout = frame(theme, height or 420, (0, 1), 1)
        layout["xaxis"] |= self.x
        layout["yaxis"] |= {"title": {"text": self.y}, "fixedrange": True, **self.y_axis}
        look = page(theme)
        second = {"gridcolor": look.grid, "linecolor": look.grid, "zeroline": False}
        layout |= {name: dict(second) for name in ("xaxis2", "yaxis2") if name in d.layout}
        fig = go.Figure(self.styles(theme), layout)
        self._put(fig, d)
        fig.layout.xaxis.range = d.range
        return fig

    def apply(self, fig: go.Figure, rec: Recording, *, window: Window | None = None) -> Drawn:
        """Show another run in a figure that ``figure`` made, in one update that keeps the zoom of a time axis."""
        d = self.drawn(rec, window)
        with fig.batch_update():
            if d.unit_ns:
                shown = zoomed(fig, _ns(d), d.unit_ns)
            self._put(fig, d)
            fig.layout.xaxis.range = shown if d.unit_ns else d.range
        return d

    def title(self, rec: Recording, window: Window | None = None) -> str:
        """What the plot finds, in one line."""
        return self.drawn(rec, window).title

    def alt(self, rec: Recording, window: Window | None = None) -> str:
        """What the plot shows, in words and numbers."""
        return f"{self.title(rec, window)}\n{self.table(rec, window).text()}"

    def _put(self, fig: go.Figure, d: Drawn) -> None:
        for trace, change in zip(fig.data, d.traces, strict=True):
            trace.update(change)
        fig.layout.title.text, fig.layout.title.subtitle.text = d.title, d.note
        fig.layout.xaxis.title.text = d.x
        fig.update_layout(d.layout)
        unit = d.x.rpartition("(")[2].rstrip(")")
        fig.layout.meta = meta(_ns(d), unit, d.unit_ns) if d.unit_ns else _no_time(d)


def _ns(d: Drawn) -> Window:
    return round(d.range[0] * d.unit_ns), round(d.range[1] * d.unit_ns)


def _no_time(d: Drawn) -> dict[str, Any]:
    return {"unit": "", "unit_ns": 0, "range": list(d.range)}


def over_time(
    rec: Recording, window: Window | None, title: str, note: str, traces: list[dict[str, Any]], **layout: Any
) -> Drawn:
    """A plot whose horizontal axis is time; traces that have no ``x`` get one for each column."""
    start, end = whole_window(rec, window)
    unit, unit_ns = time_unit((start, end))
    made = []
    for trace in traces:
        n = len(trace.get("y", ()))
        place = {"x0": (start + (end - start) / (2 * max(1, n))) / unit_ns, "dx": (end - start) / max(1, n) / unit_ns}
        made.append(trace if "x" in trace else place | trace)
    return Drawn(title, note, made, f"time ({unit})", unit_ns, (start / unit_ns, end / unit_ns), layout)


def in_unit(rec: Recording, window: Window | None, t_ns: Ints) -> list[float]:
    """Times (ns) in the unit of the plot's axis."""
    _, unit_ns = time_unit(whole_window(rec, window))
    return [float(t) for t in np.asarray(t_ns) / unit_ns]


def columns_of(rec: Recording, window: Window | None) -> Ints:
    """Edges (ns) of the columns of a plot over time."""
    start, end = whole_window(rec, window)
    return bin_edges(start, end, max(1, min(MAX_BINS, end - start)))


def mean_per_column(edges: Ints, t_ns: Ints, change: Ints, start: int = 0) -> np.ndarray[Any, Any]:
    """Average in each column of a sum of changes (in order of time) that is ``start`` before the first."""
    t = np.concatenate(
        ([0], np.asarray(t_ns, np.int64), [max(int(edges[-1]), int(t_ns[-1]) if len(t_ns) else 0) + 1])
    )
    value = np.concatenate(([start], start + np.cumsum(change, dtype=np.int64)))
    area = np.concatenate(([0], np.cumsum(value * np.diff(t))))
    at = np.searchsorted(t, edges, side="right") - 1
    at = np.minimum(at, len(value) - 1)
    upto = area[at] + value[at] * (edges - t[at])
    return np.asarray(np.diff(upto) / np.maximum(1, np.diff(edges)))


def area(name: str, fill: str, pattern: str, theme: str, group: str = "all") -> dict[str, Any]:
    """A band of a stacked plot, told apart by colour and by pattern."""
    signs = {"shape": pattern, "fgcolor": page(theme).paper, "size": 6, "solidity": 0.25} if pattern else {}
    return {
        "type": "scatter", "mode": "lines", "name": name, "stackgroup": group, "fillcolor": fill,
        "line": {"width": 0.6, "color": page(theme).ink, "shape": "hvh"}, **({"fillpattern": signs} if signs else {}),
    }  # fmt: skip


def bar(name: str, state: str, shape: str, theme: str, across: bool = False) -> dict[str, Any]:
    """Bars in the colour of a state, with a pattern and an edge; ``across``: from left to right."""
    look = page(theme)
    pattern = {"shape": shape, "fgcolor": look.paper, "fillmode": "overlay", "solidity": 0.25}
    edge = {"width": 0.5, "color": look.ink}
    return {
        "type": "bar", "name": name, "orientation": "h" if across else "v",
        "marker": {"color": colour(state, theme), "line": edge, "pattern": pattern},
    }  # fmt: skip
