"""The timeline: who did what, when.  Ps (or Gs, or Ms) are rows, time runs to the right.

One figure has two ways of showing its rows.  Up to about 2,000 stays in the window it draws each of them
as a bar that names its goroutine and why it ended.  Above that it draws a raster (``draw.raster``): at
most 1,200 columns, each in the colour of its longest state, under an invisible coarser one that holds the
words for the mouse; the words give the shares of all states and say how many stays were merged.  Both
kinds of traces are always in the figure, so that a slider can change from one to the other in place.

Sending words for each of the raster's cells was rejected: 9,600 cells with words are 250 kB a step.  So were
``layout.shapes``: 0.8 s for 2,000 of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import plotly.graph_objects as go

from gmp_lab.draw import findings
from gmp_lab.draw.axes import Window, meta, time_unit, whole_window, zoomed
from gmp_lab.draw.palette import LOOKS, colorscale, colour, page
from gmp_lab.draw.raster import dominant, state_time
from gmp_lab.draw.segments import Bars, bars
from gmp_lab.errors import ConfigError
from gmp_lab.metrics.spans import STATES, Spans, spans

if TYPE_CHECKING:
    from gmp_lab.metrics.columns import Ints
    from gmp_lab.recording import Recording

MAX_BINS: Final = 1200
MAX_CELLS: Final = 8_000  # cells of the raster: two bytes each on their way to the browser
MAX_HOVERS: Final = 480  # cells with words: about 50 bytes each
DETAIL_STAYS: Final = 2000
DETAIL_BARS: Final = 900  # about 60 bytes each


@dataclass(frozen=True, slots=True)
class TimelineData:
    """What a timeline shows of ``window`` (start, end in ns), without a figure.

    ``of``: "P", "G" or "M"; ``names`` of the rows; ``unit`` of the axis, ``unit_ns`` ns long; ``title`` and
    ``note``: the finding, and how it is drawn.  Either ``bars`` (detail), or ``z`` (uint8, rows x bins: index of
    the state) and ``hover`` (words, rows x fewer bins).
    """

    of: str
    window: Window
    states: tuple[str, ...]
    names: tuple[str, ...]
    unit: str
    unit_ns: int
    title: str
    note: str
    z: Ints
    hover: list[list[str]]
    bars: Bars | None


def timeline_data(
    rec: Recording, *, window: Window | None = None, rows: str = "P", stays: Spans | None = None
) -> TimelineData:
    """Compute what the timeline of a run shows.

    ``window``: (start, end) in ns, the whole run by default; ``rows``: "P", "G" or "M"; ``stays``: those of the
    window if they are known already.  ConfigError for a bad window or kind of rows.
    """
    start, end = whole_window(rec, window)
    s = spans(rec, *(window or (0, None)), of=rows) if stays is None else stays
    drawn = bars(rec, s, start, end) if len(s) <= DETAIL_STAYS else None
    if drawn is not None and len(drawn.row) > DETAIL_BARS:
        drawn = None
    names = tuple(f"{rows}{i}" for i in range(s.rows))
    unit, unit_ns = time_unit((start, end))
    title = findings.timeline_title(rec, s, window)
    if drawn is not None:
        note = findings.detail_note(drawn.hidden, end - start)
        return TimelineData(rows, (start, end), s.states, names, unit, unit_ns, title, note, _NO_Z, [], drawn)
    bins = max(1, min(MAX_BINS, MAX_CELLS // max(1, s.rows)))
    z = dominant(state_time(s, start, end, bins)[0], STATES["G"].index("dead") if rows == "G" else 0)
    note = findings.raster_note(len(s), bins, (end - start) / bins)
    hover = _hover(s, start, end)
    return TimelineData(rows, (start, end), s.states, names, unit, unit_ns, title, note, z, hover, None)


_NO_Z: Final = np.zeros((1, 1), np.uint8)


def _hover(s: Spans, start: int, end: int) -> list[list[str]]:
    """Words for coarse cells: the shares of the states and the number of stays."""
    bins = max(12, min(160, MAX_HOVERS // max(1, s.rows)))
    ns, stays = state_time(s, start, end, bins)
    percent = np.rint(100 * ns / np.maximum(1, ns.sum(axis=0))).astype(np.int64)
    order = np.argsort(-percent, axis=0, kind="stable")[:3].transpose(1, 2, 0).tolist()
    share = percent.transpose(1, 2, 0).tolist()
    out = []
    for r, row in enumerate(order):
        counts = stays[r].tolist()
        out.append([_cell(f"{s.of}{r}", s.states, top, share[r][b], counts[b]) for b, top in enumerate(row)])
    return out


def _cell(name: str, states: tuple[str, ...], top: list[int], share: list[int], stays: int) -> str:
    words = ", ".join(f"{states[k]} {share[k]} %" for k in top if share[k])
    return f"{name}: {words}; {stays} stays merged" if stays > 1 else f"{name}: {words}"


# --- figure ---------------------------------------------------------------------------------------------------

_NOWHERE: Final[dict[str, Any]] = {"base": [None], "x": [None], "y": [0], "text": [""], "customdata": [""]}


def _changes(d: TimelineData) -> list[dict[str, Any]]:
    """What differs from run to run in each trace: raster, words, then one set of bars for each state."""
    start, end = (t / d.unit_ns for t in d.window)
    raster = d.bars is None
    cells = len(d.hover[0]) if d.hover else 1
    dx, wide = (end - start) / d.z.shape[1], (end - start) / cells
    words = d.hover or [[""]]
    return [
        {"z": d.z, "x0": start + dx / 2, "dx": dx, "visible": raster},
        {
            "z": [[0] * cells] * len(words),
            "text": words,
            "x0": start + wide / 2,
            "dx": wide,
            "visible": raster,
        },
        *(_bar(d, state) for state in range(len(d.states))),
    ]


def _bar(d: TimelineData, state: int) -> dict[str, Any]:
    b = d.bars
    shape = LOOKS[d.states[state]].pattern if b is not None else ""
    pattern = {"marker": {"pattern": {"shape": shape}}}
    mine = np.flatnonzero(b.state == state) if b is not None else ()
    if b is None or not len(mine):
        return _NOWHERE | pattern  # one entry that is nowhere keeps the state in the legend
    at = mine.tolist()
    return {
        "base": (b.start_ns[mine] / d.unit_ns).tolist(), "x": (b.length_ns[mine] / d.unit_ns).astype(np.float32),
        "y": b.row[mine], "text": [b.label[i] for i in at], "customdata": [b.hover[i] for i in at],
    } | pattern  # fmt: skip


def _styles(d: TimelineData, theme: str) -> list[dict[str, Any]]:
    """What stays the same in each trace."""
    paper = page(theme)
    raster = {
        "type": "heatmap", "y0": 0, "dy": 1, "zmin": 0, "zmax": len(d.states), "showscale": False, "ygap": 4,
        "colorscale": colorscale(d.states, theme), "hoverinfo": "skip", "name": "overview",
    }  # fmt: skip
    words = {
        "type": "heatmap", "y0": 0, "dy": 1, "showscale": False, "opacity": 0, "name": "words",
        "hovertemplate": "%{text}<br>around %{x:,.6~g} " + d.unit + "<extra></extra>",
    }  # fmt: skip
    return [raster, words, *(_bar_style(state, d.unit, theme, paper.paper) for state in d.states)]


def _bar_style(state: str, unit: str, theme: str, edge: str) -> dict[str, Any]:
    fill = colour(state, theme)
    return {
        "type": "bar", "orientation": "h", "name": LOOKS[state].words, "width": 0.8, "offset": -0.4,
        "marker": {"color": fill, "line": {"width": 0.5, "color": edge},
                   "pattern": {"fgcolor": edge, "size": 5, "solidity": 0.25, "fillmode": "overlay"}},
        "textposition": "inside", "insidetextanchor": "middle", "textangle": 0,
        "insidetextfont": {"color": edge, "size": 11}, "showlegend": True,
        "hovertemplate": "%{customdata}<br>from %{base:,.6~f} " + unit + "<extra>" + LOOKS[state].words + "</extra>",
    }  # fmt: skip


def _axes(d: TimelineData) -> dict[str, Any]:
    n = len(d.names)
    first = 1 if d.of == "G" else 0  # there is no G0
    step = max(1, -(-n // 24))
    ticks = list(range(first, n, step))
    return {
        "title": {"text": d.title, "subtitle": {"text": d.note}},
        "xaxis": {"title": {"text": f"time ({d.unit})"}},
        "yaxis": {
            "range": [max(n, 1) - 0.5, first - 0.5],
            "tickvals": ticks,
            "ticktext": [d.names[i] for i in ticks],
        },
    }


def _layout(d: TimelineData, theme: str, height: int | None) -> dict[str, Any]:
    look = page(theme)
    grid = {"gridcolor": look.grid, "zeroline": False, "linecolor": look.grid}
    return {
        "barmode": "overlay", "height": height or max(260, min(900, 170 + 30 * len(d.names))),
        "paper_bgcolor": look.paper, "plot_bgcolor": look.paper, "font": {"color": look.ink, "size": 13},
        "margin": {"l": 60, "r": 20, "t": 80, "b": 90}, "hovermode": "closest",
        "title": {"x": 0, "xref": "container", "pad": {"l": 12}, "font": {"size": 16}},
        "xaxis": grid | {"range": [t / d.unit_ns for t in d.window]}, "yaxis": grid | {"fixedrange": True},
        "legend": {"orientation": "h", "yref": "container", "y": 0, "yanchor": "bottom", "x": 0,
                   "itemclick": False, "itemdoubleclick": False},
        "modebar": {"remove": ["select2d", "lasso2d"]}, "uniformtext": {"minsize": 9, "mode": "hide"}, "meta": _meta(d),
    }  # fmt: skip


def _meta(d: TimelineData) -> dict[str, Any]:
    return meta(d.window, d.unit, d.unit_ns) | {"of": d.of}


def timeline(
    rec: Recording,
    *,
    window: Window | None = None,
    rows: str = "P",
    theme: str = "light",
    height: int | None = None,
) -> go.Figure:
    """The timeline of a run as a plotly Figure.

    ``window``: (start, end) in ns; ``rows``: "P", "G" or "M"; ``theme``: "light" or "dark"; ``height`` in pixels.
    ConfigError if one of them is not possible.  The same inputs give the same JSON.
    """
    d = timeline_data(rec, window=window, rows=rows)
    fig = go.Figure(_styles(d, theme), _layout(d, theme, height))
    _put(fig, d)
    return fig


def _put(fig: go.Figure, d: TimelineData) -> None:
    for trace, change in zip(fig.data, _changes(d), strict=True):
        trace.update(change)
    fig.update_layout(_axes(d))


def apply_timeline(
    fig: go.Figure,
    rec: Recording,
    *,
    window: Window | None = None,
    rows: str = "P",
    stays: Spans | None = None,
) -> TimelineData:
    """Show another run in a Figure or FigureWidget that ``timeline`` made, in one update; return what it shows.

    The part of the time axis to which the reader has zoomed stays, unless the new run ends before it begins.
    ``rows`` must be those of the figure.
    """
    d = timeline_data(rec, window=window, rows=rows, stays=stays)
    if fig.layout.meta["of"] != rows:
        raise ConfigError("rows", rows, f"the rows of the figure ({fig.layout.meta['of']!r})")
    with fig.batch_update():
        _put(fig, d)
        fig.layout.xaxis.range = zoomed(fig, d.window, d.unit_ns)
        fig.layout.meta = _meta(d)
    return d
