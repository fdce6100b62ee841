"""Queue depths over time: the global queue and all rings as lines, the ring of each P as a row of colour.

Time is reduced to at most 600 columns that show the largest depth within them, so that no peak is lost and
the figure costs the same for every run.  The rows stand in the same order as those of the timeline.  One
line for each P was tried: four of them that jump between 0 and 15 cover each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import plotly.graph_objects as go

from gmp_lab.draw.axes import Window, frame, meta, row_axis, time_unit, whole_window, zoomed
from gmp_lab.draw.findings import depth_note, depth_title
from gmp_lab.draw.palette import colour, page
from gmp_lab.draw.raster import max_per_bin
from gmp_lab.metrics.columns import Ints
from gmp_lab.metrics.depths import Depths, queue_depths
from gmp_lab.recording import Recording

MAX_BINS: Final = 600
MAX_CELLS: Final = 9600  # three to five bytes each on their way to the browser


@dataclass(frozen=True, slots=True)
class DepthData:
    """What the figure shows of ``window`` (ns): largest depths in each column of time, int16 or int32.

    ``global_`` and ``rings`` (the sum of all rings) have one entry a column, ``ring`` is Ps x columns.
    """

    window: Window
    unit: str
    unit_ns: int
    title: str
    note: str
    global_: Ints
    rings: Ints
    ring: Ints


def queue_depth_data(
    rec: Recording, *, window: Window | None = None, depths: Depths | None = None
) -> DepthData:
    """Compute what ``queue_depth`` shows; ``depths``: ``metrics.queue_depths`` if known already.

    ConfigError for a bad window, or for a real trace, which does not contain the queues.
    """
    start, end = whole_window(rec, window)
    depths = queue_depths(rec) if depths is None else depths
    bins = max(1, min(MAX_BINS, end - start))
    columns = max(1, min(bins, MAX_CELLS // len(depths.ring)))
    ring = np.stack([max_per_bin(steps, start, end, columns) for steps in depths.ring])
    waiting = max_per_bin(depths.global_, start, end, bins)
    rings = max_per_bin(depths.ring_total(), start, end, bins)
    title = depth_title(int(waiting.max()), [int(row.max()) for row in ring])
    unit, unit_ns = time_unit((start, end))
    note = depth_note(bins, (end - start) / bins)
    return DepthData((start, end), unit, unit_ns, title, note, waiting, rings, ring)


def _changes(d: DepthData) -> list[dict[str, Any]]:
    start, end = (t / d.unit_ns for t in d.window)
    dx, wide = (end - start) / len(d.global_), (end - start) / d.ring.shape[1]
    line = {"x0": start, "dx": dx, "hovertemplate": "at most %{y} around %{x:,.6~g} " + d.unit}
    row = "P%{y}: at most %{z} around %{x:,.6~g} " + d.unit + "<extra></extra>"
    top = max(1, int(d.ring.max()))
    return [
        line | {"y": d.global_},
        line | {"y": d.rings},
        {"z": d.ring, "x0": start + wide / 2, "dx": wide, "zmax": top, "hovertemplate": row},
    ]


def _styles(theme: str) -> list[dict[str, Any]]:
    first, second = page(theme).lines
    line = {"type": "scatter", "mode": "lines"}
    return [
        line | {"name": "global queue", "line": {"shape": "hv", "color": first, "width": 2}},
        line | {"name": "all rings", "line": {"shape": "hv", "color": second, "width": 2, "dash": "dot"}},
        {
            "type": "heatmap", "name": "ring", "yaxis": "y2", "y0": 0, "dy": 1, "zmin": 0, "ygap": 4,
            "colorscale": [[0, colour("idle", theme)], [1, colour("running", theme)]],
            "colorbar": {"title": {"text": "ring"}, "len": 0.5, "y": 0, "yanchor": "bottom", "thickness": 12},
        },
    ]  # fmt: skip


def _layout(d: DepthData, theme: str, height: int | None) -> dict[str, Any]:
    base = frame(theme, height or 420, d.window, d.unit_ns)
    axis = base["yaxis"] | {"fixedrange": True}
    base["xaxis"] |= {"anchor": "y2"}
    return base | {
        "yaxis": axis | {"title": {"text": "goroutines"}, "domain": [0.52, 1], "rangemode": "tozero"},
        "yaxis2": axis | {"domain": [0, 0.42]},
        "meta": meta(d.window, d.unit, d.unit_ns),
    }


def queue_depth(
    rec: Recording, *, window: Window | None = None, theme: str = "light", height: int | None = None
) -> go.Figure:
    """Depths of the queues of a run as a plotly Figure.

    ``window``: (start, end) in ns; ``theme``: "light" or "dark"; ``height`` in pixels.  ConfigError if one
    of them is not possible, or for a real trace, which does not contain the queues.  The same inputs give
    the same JSON.
    """
    d = queue_depth_data(rec, window=window)
    fig = go.Figure(_styles(theme), _layout(d, theme, height))
    _put(fig, d)
    return fig


def apply_queue_depth(
    fig: go.Figure, rec: Recording, *, window: Window | None = None, depths: Depths | None = None
) -> DepthData:
    """Show another run in a figure that ``queue_depth`` made, in one update that keeps the zoom."""
    d = queue_depth_data(rec, window=window, depths=depths)
    with fig.batch_update():
        _put(fig, d)
        fig.layout.xaxis.range = zoomed(fig, d.window, d.unit_ns)
        fig.layout.meta = meta(d.window, d.unit, d.unit_ns)
    return d


def _put(fig: go.Figure, d: DepthData) -> None:
    for trace, change in zip(fig.data, _changes(d), strict=True):
        trace.update(change)
    fig.layout.title.text, fig.layout.title.subtitle.text = d.title, d.note
    fig.layout.xaxis.title.text = f"time ({d.unit})"
    fig.layout.yaxis2.update(row_axis(tuple(f"P{p}" for p in range(len(d.ring))), most=12))
