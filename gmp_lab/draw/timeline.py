"""The timeline: who did what, when.  Ps (or Gs, or Ms) are rows, time runs to the right.

One figure has two ways of showing its rows.  Up to about 2,000 stays in the window it draws each of them as a bar
that names its goroutine and why it ended.  Above that it draws a raster (``draw.raster``): at most 1,200 columns,
each in the colour of its longest state, under an invisible coarser one that holds the words for the mouse; the
words give the shares of all states and say how many stays were merged.  Both kinds of traces are always in the
figure, so that a slider can change from one to the other in place.

Sending words for each of the raster's cells was rejected: 9,600 cells with words are 250 kB a step.  So were
``layout.shapes``: 0.8 s for 2,000 of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import plotly.graph_objects as go

from gmp_lab.draw import findings
from gmp_lab.draw.palette import LOOKS, colorscale, colour, page
from gmp_lab.draw.raster import dominant, state_time
from gmp_lab.draw.segments import Bars, bars
from gmp_lab.metrics.columns import check_window
from gmp_lab.metrics.spans import STATES, Spans, spans

if TYPE_CHECKING:
    from gmp_lab.metrics.columns import Ints
    from gmp_lab.recording import Recording

MAX_BINS: Final = 1200
MAX_CELLS: Final = 12_000  # cells of the raster: two bytes each on their way to the browser
MAX_HOVERS: Final = 640  # cells with words: about 50 bytes each
DETAIL_STAYS: Final = 2000
DETAIL_BARS: Final = 900  # about 60 bytes each

Window = tuple[int, int]


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


def time_unit(window: Window) -> tuple[str, int]:
    """Unit for a time axis, and its length in ns: us for up to 5 ms, ms above."""
    return ("us", 1_000) if window[1] - window[0] <= 5_000_000 else ("ms", 1_000_000)


def _whole(rec: Recording, window: Window | None) -> Window:
    start, end = check_window(rec, *(window or (0, None)))
    return start, max(end, start + 1)  # an empty run still has an axis


def timeline_data(
    rec: Recording, *, window: Window | None = None, rows: str = "P", stays: Spans | None = None
) -> TimelineData:
    """Compute what the timeline of a run shows.

    ``window``: (start, end) in ns, the whole run by default; ``rows``: "P", "G" or "M"; ``stays``: those of the
    window if they are known already.  ConfigError for a bad window or kind of rows.
    """
    start, end = _whole(rec, window)
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


# --- figure -----------------------------------------------------------------------------------------------------


def _traces(d: TimelineData) -> list[dict[str, Any]]:
    """What changes in each trace from run to run: raster, words, then one set of bars for each state."""
    start, end = (t / d.unit_ns for t in d.window)
    raster = d.bars is None
    bins, cells = d.z.shape[1], len(d.hover[0]) if d.hover else 1
    dx, wide = (end - start) / bins, (end - start) / cells
    out: list[dict[str, Any]] = [
        {"z": d.z, "x0": start + dx / 2, "dx": dx, "visible": raster},
        {"z": [[0] * cells] * len(d.hover) or [[0]], "text": d.hover or [[""]], "x0": start + wide / 2, "dx": wide,
         "visible": raster},
    ]  # fmt: skip
    return out + [_bar(d, k) for k in range(len(d.states))]


def _bar(d: TimelineData, state: int) -> dict[str, Any]:
    pattern = "" if d.bars is None else LOOKS[d.states[state]].pattern
    if d.bars is None:
        # one entry that is nowhere keeps the state in the legend
        return {"base": [None], "x": [None], "y": [0], "text": [""], "customdata": [""],
                "marker.pattern.shape": pattern}  # fmt: skip
    b = d.bars
    mine = np.flatnonzero(b.state == state)
    if not len(mine):
        return {"base": [None], "x": [None], "y": [0], "text": [""], "customdata": [""],
                "marker.pattern.shape": pattern}  # fmt: skip
    at = mine.tolist()
    return {
        "base": (b.start_ns[mine] / d.unit_ns).tolist(), "x": (b.length_ns[mine] / d.unit_ns).astype(np.float32),
        "y": b.row[mine], "text": [b.label[i] for i in at], "customdata": [b.hover[i] for i in at],
        "marker.pattern.shape": pattern,
    }  # fmt: skip
