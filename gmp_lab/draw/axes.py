"""The time axis that all figures share: its unit, and the reader's zoom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gmp_lab.metrics.columns import check_window

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from gmp_lab.recording import Recording

Window = tuple[int, int]


def time_unit(window: Window) -> tuple[str, int]:
    """Unit for a time axis, and its length in ns: us for up to 5 ms, ms above."""
    return ("us", 1_000) if window[1] - window[0] <= 5_000_000 else ("ms", 1_000_000)


def whole_window(rec: Recording, window: Window | None) -> Window:
    """The window (start, end) in ns, the whole run by default, at least 1 ns long; else ConfigError."""
    start, end = check_window(rec, *(window or (0, None)))
    return start, max(end, start + 1)  # an empty run still has an axis


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
