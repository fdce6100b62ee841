"""What all figures share: the frame, the time axis and its unit, rows with names, and the reader's zoom."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from gmp_lab.draw.palette import page
from gmp_lab.metrics.columns import check_window
from gmp_lab.recording import Recording

Window = tuple[int, int]


def time_unit(window: Window) -> tuple[str, int]:
    """Unit for a time axis, and its length in ns: us for up to 5 ms, ms above."""
    return ("us", 1_000) if window[1] - window[0] <= 5_000_000 else ("ms", 1_000_000)


def whole_window(rec: Recording, window: Window | None) -> Window:
    """The window (start, end) in ns, the whole run by default, at least 1 ns long; else ConfigError."""
    start, end = check_window(rec, *(window or (0, None)))
    return start, max(end, start + 1)  # an empty run still has an axis


def frame(theme: str, height: int, window: Window, unit_ns: int) -> dict[str, Any]:
    """Layout that all figures with a time axis have: colours of the page, margins, legend below."""
    look = page(theme)
    axis = {"gridcolor": look.grid, "zeroline": False, "linecolor": look.grid}
    return {
        "height": height,
        "paper_bgcolor": look.paper,
        "plot_bgcolor": look.paper,
        "font": {"color": look.ink, "size": 13},
        "margin": {"l": 60, "r": 20, "t": 80, "b": 90},
        "title": {"x": 0, "xref": "container", "pad": {"l": 12}, "font": {"size": 16}},
        "xaxis": axis | {"range": [t / unit_ns for t in window]},
        "yaxis": dict(axis),
        "hovermode": "closest",
        "hoverlabel": {"bgcolor": look.paper, "bordercolor": look.ink, "font": {"color": look.ink, "size": 13}},
        "legend": {
            "orientation": "h", "yref": "container", "y": 0, "yanchor": "bottom", "x": 0,
            "itemclick": False, "itemdoubleclick": False,
        },
        "modebar": {"remove": ["select2d", "lasso2d"]},
    }  # fmt: skip


def row_axis(names: tuple[str, ...], first: int = 0, most: int = 24) -> dict[str, Any]:
    """A vertical axis of rows, the first on top, with at most ``most`` names."""
    n = max(len(names), first + 1)
    ticks = list(range(first, len(names), max(1, -(-len(names) // most))))
    return {"range": [n - 0.5, first - 0.5], "tickvals": ticks, "ticktext": [names[i] for i in ticks]}


def meta(window: Window, unit: str, unit_ns: int) -> dict[str, Any]:
    """What a later update must know of the figure: kept in ``layout.meta``."""
    return {"unit": unit, "unit_ns": unit_ns, "range": [t / unit_ns for t in window]}


def zoomed(fig: go.Figure, window: Window, unit_ns: int) -> list[float]:
    """Range for the time axis: the reader's, in the new unit, or else the whole of the new window."""
    old = fig.layout.meta
    new = [t / unit_ns for t in window]
    shown = list(fig.layout.xaxis.range or old["range"])
    if shown == list(old["range"]):
        return new
    shown = [x * old["unit_ns"] / unit_ns for x in shown]
    return shown if shown[0] < new[1] and shown[1] > new[0] else new
