"""The timeline: who did what, when.  Ps (or Gs, or Ms) are rows, time runs to the right.

One figure has two ways of showing its rows.  Up to about 2,000 stays in the window it draws each of them
as a bar that names its goroutine and says why it began and ended.  Above that it draws a raster
(``draw.raster``): at most 1,200 columns, each in the colour of its longest state, under an invisible
coarser one that holds the words for the mouse; the words give the shares of the states and say how many
stays were merged.  Both kinds of traces are always in the figure, so that a slider can change from one to
the other in place.

Sending words for each of the raster's cells was rejected: 9,600 cells with words are 250 kB a step.  So were
``layout.shapes``: 0.8 s for 2,000 of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import plotly.graph_objects as go

from gmp_lab.draw import findings
from gmp_lab.draw.axes import Window, frame, meta, row_axis, time_unit, whole_window, zoomed
from gmp_lab.draw.palette import LOOKS, colorscale, colour, page
from gmp_lab.draw.raster import dominant, state_time
from gmp_lab.draw.segments import Bars, bars
from gmp_lab.errors import ConfigError
from gmp_lab.metrics.columns import Ints
from gmp_lab.metrics.spans import Spans, first_rows, spans
from gmp_lab.metrics.states import G_DEAD
from gmp_lab.recording import Recording

# Sizes are chosen so that an update sends less than 64 kB.
MAX_BINS: Final = 1200
MAX_CELLS: Final = 10_000  # cells of the raster: three bytes each on their way to the browser
MAX_WORDS: Final = 480  # cells with words: about 50 bytes each
MAX_ROWS: Final = 100  # goroutines, or threads, that get a row
DETAIL_STAYS: Final = 2000
DETAIL_BARS: Final = 700  # about 80 bytes each


@dataclass(frozen=True, slots=True)
class TimelineData:
    """What a timeline shows of ``window`` (start, end in ns), without a figure.

    ``of``      "P", "G" or "M"; ``names`` of its rows; ``states``: names of the states
    ``unit``    of the time axis, ``unit_ns`` ns long
    ``title``   the finding; ``note``: how it is drawn
    ``bars``    the detail, or None; then there are
    ``z``       uint8, rows x bins: index of the state, and
    ``words``   rows x fewer bins: what the mouse reads
    """

    of: str
    window: Window
    states: tuple[str, ...]
    names: tuple[str, ...]
    unit: str
    unit_ns: int
    title: str
    note: str
    bars: Bars | None
    z: Ints
    words: list[list[str]]


def timeline_data(
    rec: Recording,
    *,
    window: Window | None = None,
    rows: str = "P",
    stays: Spans | None = None,
    unit_of: Window | None = None,
) -> TimelineData:
    """Compute what the timeline of a run shows.

    ``window``: (start, end) in ns, the whole run by default; ``rows``: "P", or "G" or "M" (the first hundred);
    ``stays``: ``metrics.spans`` of the same window and rows, if they are known already; ``unit_of``: a window
    (ns) in whose unit the axis is, by default its own.  ConfigError for a bad window or kind of rows.
    """
    start, end = whole_window(rec, window)
    s = spans(rec, *(window or (0, None)), of=rows) if stays is None else stays
    title = findings.timeline_title(rec, s, window)
    note = ""
    first = 1 if rows == "G" else 0  # there is no G0
    if rows != "P" and s.rows > MAX_ROWS + first:
        note = f"the first {MAX_ROWS} of {s.rows - first:,} {'goroutines' if rows == 'G' else 'threads'}; "
        s = first_rows(s, MAX_ROWS + first)
    unit, unit_ns = time_unit(unit_of or (start, end))
    names = tuple(f"{rows}{i}" for i in range(s.rows))
    drawn = bars(rec, s, start, end, DETAIL_BARS) if len(s) <= DETAIL_STAYS else None
    if drawn is not None:
        note += findings.detail_note(drawn.hidden, end - start)
        no_z = np.zeros((1, 1), np.uint8)
        return TimelineData(
            rows, (start, end), s.states, names, unit, unit_ns, title, note, drawn, no_z, []
        )
    bins = max(1, min(MAX_BINS, MAX_CELLS // max(1, s.rows)))
    z = dominant(state_time(s, start, end, bins)[0], G_DEAD if rows == "G" else 0)
    note += findings.raster_note(len(s), bins, (end - start) / bins)
    words = _words(s, start, end)
    return TimelineData(rows, (start, end), s.states, names, unit, unit_ns, title, note, None, z, words)


def _words(s: Spans, start: int, end: int) -> list[list[str]]:
    """Words for coarse cells: the shares of the states and the number of stays."""
    bins = max(6, min(120, MAX_WORDS // max(1, s.rows)))
    ns, stays = state_time(s, start, end, bins)
    percent = np.rint(100 * ns / np.maximum(1, ns.sum(axis=0))).astype(np.int64)
    top = np.argsort(-percent, axis=0, kind="stable")[:3]
    share = np.take_along_axis(percent, top, axis=0)
    by_row = (top.transpose(1, 2, 0).tolist(), share.transpose(1, 2, 0).tolist(), stays.tolist())
    return [
        [_cell(f"{s.of}{r}", s.states, *cell) for cell in zip(*row, strict=True)]
        for r, row in enumerate(zip(*by_row, strict=True))
    ]


def _cell(name: str, states: tuple[str, ...], top: list[int], share: list[int], stays: int) -> str:
    words = ", ".join(f"{states[k]} {n} %" for k, n in zip(top, share, strict=True) if n)
    return f"{name}: {words}; {stays} stays merged" if stays > 1 else f"{name}: {words}"


# --- figure -------------------------------------------------------------------------------------------------

_NOWHERE: Final[dict[str, Any]] = {"base": [None], "x": [None], "y": [0], "text": [""], "customdata": [""]}


def _raster_changes(d: TimelineData) -> list[dict[str, Any]]:
    """What differs from run to run in the raster and its words."""
    if d.bars is not None:
        return [{"visible": False}, {"visible": False}]
    start, end = (t / d.unit_ns for t in d.window)
    cells = len(d.words[0])
    dx, wide = (end - start) / d.z.shape[1], (end - start) / cells
    words = {
        "z": np.zeros((len(d.words), cells), np.uint8),
        "text": np.array(d.words, object),  # plotly looks at every entry of a list of lists, but not of an array
        "x0": start + wide / 2,
        "dx": wide,
        "hovertemplate": "%{text}<br>around %{x:,.6~g} " + d.unit + "<extra></extra>",
    }
    return [
        {"z": d.z, "x0": start + dx / 2, "dx": dx, "visible": True},
        words | {"visible": True},
    ]


def _bar_changes(d: TimelineData) -> list[dict[str, Any]]:
    """What differs from run to run in the bars, one set for each state."""
    return [_bar(d, state) for state in range(len(d.states))]


def _bar(d: TimelineData, state: int) -> dict[str, Any]:
    b, name = d.bars, d.states[state]
    pattern = {"marker": {"pattern": {"shape": LOOKS[name].pattern if b is not None else ""}}}
    mine = np.flatnonzero(b.state == state) if b is not None else np.zeros(0, np.int64)
    if b is None or not len(mine):
        return _NOWHERE | pattern  # one entry that is nowhere keeps the state in the legend
    at = mine.tolist()
    hover = f"{LOOKS[name].words}: %{{customdata}}<br>from %{{base:,.6~f}} {d.unit}<extra></extra>"
    return {
        "base": (b.start_ns[mine] / d.unit_ns).tolist(),
        "x": (b.length_ns[mine] / d.unit_ns).astype(np.float32),
        "y": b.row[mine],
        "text": [b.label[i] for i in at],
        "customdata": [b.hover[i] for i in at],
        "hovertemplate": hover,
    } | pattern


def _styles(d: TimelineData, theme: str) -> list[dict[str, Any]]:
    """What stays the same in each trace."""
    raster = {
        "type": "heatmap", "name": "overview", "y0": 0, "dy": 1, "zmin": 0, "zmax": len(d.states), "ygap": 4,
        "showscale": False, "hoverinfo": "skip", "colorscale": colorscale(d.states, theme),
    }  # fmt: skip
    words = {"type": "heatmap", "name": "words", "y0": 0, "dy": 1, "showscale": False, "opacity": 0}
    return [raster, words, *(_bar_style(state, theme) for state in d.states)]


def _bar_style(state: str, theme: str) -> dict[str, Any]:
    edge = page(theme).paper
    pattern = {"fgcolor": edge, "size": 5, "solidity": 0.25, "fillmode": "overlay"}
    return {
        "type": "bar", "orientation": "h", "name": LOOKS[state].words, "width": 0.8, "offset": -0.4,
        "marker": {"color": colour(state, theme), "line": {"width": 0.5, "color": edge}, "pattern": pattern},
        "textposition": "inside", "insidetextanchor": "middle", "textangle": 0, "showlegend": True,
        "insidetextfont": {"color": edge, "size": 11},
    }  # fmt: skip


def _meta(d: TimelineData) -> dict[str, Any]:
    return meta(d.window, d.unit, d.unit_ns) | {"of": d.of, "detail": d.bars is not None}


def _layout(d: TimelineData, theme: str, height: int | None) -> dict[str, Any]:
    tall = height or max(260, min(900, 170 + 30 * len(d.names)))
    base = frame(theme, tall, d.window, d.unit_ns)
    base["yaxis"] |= {"fixedrange": True}
    return base | {"barmode": "overlay", "uniformtext": {"minsize": 9, "mode": "hide"}, "meta": _meta(d)}


def timeline(
    rec: Recording,
    *,
    window: Window | None = None,
    rows: str = "P",
    theme: str = "light",
    height: int | None = None,
) -> go.Figure:
    """The timeline of a run as a plotly Figure.

    ``window``: (start, end) in ns; ``rows``: "P", or "G" or "M" (the first hundred); ``theme``: "light" or
    "dark"; ``height`` in pixels.  ConfigError if one of them is not possible.  Equal inputs, equal JSON.
    """
    d = timeline_data(rec, window=window, rows=rows)
    fig = go.Figure(_styles(d, theme), _layout(d, theme, height))
    _put(fig, d, _raster_changes(d) + _bar_changes(d))
    return fig


def apply_timeline(  # noqa: PLR0913  # each with a name
    fig: go.Figure,
    rec: Recording,
    *,
    window: Window | None = None,
    rows: str = "P",
    stays: Spans | None = None,
    unit_of: Window | None = None,
) -> TimelineData:
    """Show another run in a Figure or FigureWidget that ``timeline`` made, in one update.

    The part of the time axis to which the reader has zoomed stays, unless the new run has nothing there.
    ``rows`` must be those of the figure (else ConfigError); the other arguments are those of
    ``timeline_data``, whose result is returned.
    """
    old = fig.layout.meta
    if old["of"] != rows:
        raise ConfigError("rows", rows, f"the rows of the figure ({old['of']!r})")
    d = timeline_data(rec, window=window, rows=rows, stays=stays, unit_of=unit_of)
    # bars stay as they are, empty, from one raster to the next: half of the time that plotly takes
    idle = d.bars is None and not old["detail"]
    with fig.batch_update():
        _put(fig, d, _raster_changes(d) + ([] if idle else _bar_changes(d)))
        fig.layout.xaxis.range = zoomed(fig, d.window, d.unit_ns)
        fig.layout.meta = _meta(d)
    return d


def _put(fig: go.Figure, d: TimelineData, changes: list[dict[str, Any]]) -> None:
    for trace, change in zip(fig.data, changes, strict=False):
        trace.update(change)
    fig.layout.title.text, fig.layout.title.subtitle.text = d.title, d.note
    fig.layout.xaxis.title.text = f"time ({d.unit})"
    fig.layout.yaxis.update(row_axis(d.names, 1 if d.of == "G" else 0))  # there is no G0
