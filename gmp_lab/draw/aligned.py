"""Two runs over one another: their timelines with one moment of each in the same place, and both as text.

Each run keeps its own clock on its own axis; both windows are equally long, so that a millimetre means the same time.
"""

from __future__ import annotations

from typing import Any, Final

import plotly.graph_objects as go

from gmp_lab.compare import Parting, decisions, parting
from gmp_lab.draw import findings
from gmp_lab.draw.axes import Window
from gmp_lab.draw.palette import page
from gmp_lab.draw.text import text_timeline
from gmp_lab.draw.timeline import timeline
from gmp_lab.errors import ConfigError, check_int
from gmp_lab.recording import Recording

Moments = tuple[int, int]
_GAP: Final = 0.2  # of the height, between the two timelines


def moments(a: Recording, b: Recording, found: Parting | None) -> Moments:
    """The times (ns) of each run that ``aligned`` lays over one another: where they part, else both beginnings."""
    if found is None:
        return 0, 0
    ran = [rec[i].t if i >= 0 else max(0, rec.end_ns - 1) for rec, i in ((a, found.a), (b, found.b))]
    return ran[0], ran[1]


def windows(a: Recording, b: Recording, at: Moments, before_ns: int, after_ns: int) -> tuple[Window, Window]:
    """Two equally long windows (ns) around these moments: what is asked for, as far as the longer run reaches."""
    for rec, t in zip((a, b), at, strict=True):
        check_int("at", t, 0, rec.end_ns, "ns")
    before = min(check_int("before_ns", before_ns, 0, 1 << 62, "ns"), *at)
    after = min(check_int("after_ns", after_ns, 0, 1 << 62, "ns"), max(a.end_ns - at[0], b.end_ns - at[1]))
    if before + after <= 0:
        raise ConfigError("after_ns", after_ns, "a window longer than 0 ns")
    return (at[0] - before, at[0] + after), (at[1] - before, at[1] + after)


def aligned(  # noqa: PLR0913  # two runs, and how they are laid over one another
    a: Recording,
    b: Recording,
    *,
    names: tuple[str, str] = ("simulated", "real"),
    at: Moments | None = None,
    before_ns: int = 2_000_000,
    after_ns: int = 5_000_000,
    rows: str = "P",
    theme: str = "light",
) -> go.Figure:
    """Timelines of two runs, one above the other, as a plotly Figure; the moments ``at`` lie on one line.

    ``at``: a time (ns) of each run, by default where they part (``compare.parting``), or both beginnings;
    ``before_ns``, ``after_ns``: how much is shown around it.  ConfigError if one of them is not possible.
    """
    found = parting(a, b, names) if at is None else None
    at = at or moments(a, b, found)
    two = [
        timeline(rec, window=(w[0], min(w[1], rec.end_ns)), rows=rows, theme=theme) if w[0] < rec.end_ns else None
        for rec, w in zip((a, b), windows(a, b, at, before_ns, after_ns), strict=True)
    ]
    if two[0] is None or two[1] is None:
        raise ConfigError("at", at, "moments before the ends of both runs")
    fig = go.Figure(two[0].data, two[0].layout)
    _below(fig, two[1])
    _frame(fig, two, windows(a, b, at, before_ns, after_ns), at, names, theme)
    fig.layout.title.text = found.sentence if found else f"{names[0]} and {names[1]}"
    fig.layout.title.subtitle.text = _note(found, names)
    return fig


def _note(found: Parting | None, names: tuple[str, str]) -> str:
    where = "the line is where they part" if found else "one moment of both lies on the line"
    return f"{names[0]} above, {names[1]} below; {where}"


def _below(fig: go.Figure, other: go.Figure) -> None:
    shown = {trace.name for trace in fig.data if trace.showlegend}
    for trace in other.data:
        trace.update(xaxis="x2", yaxis="y2")
        if trace.showlegend and trace.name in shown:
            trace.showlegend = False  # once is enough
        fig.add_trace(trace)


def _frame(  # noqa: PLR0913, PLR0917  # everything that the two share
    fig: go.Figure, two: list[Any], wide: tuple[Window, Window], at: Moments, names: tuple[str, str], theme: str
) -> None:
    """Put the axes one above the other, with the two lines."""
    middle = (1 - _GAP) / 2
    axes = [("xaxis", "yaxis", "y", (1 - middle, 1.0)), ("xaxis2", "yaxis2", "y2", (0.0, middle))]
    for (x, y, ref, place), one, window, name, t in zip(axes, two, wide, names, at, strict=True):
        unit_ns = one.layout.meta["unit_ns"]
        fig.layout[x] = one.layout.xaxis
        fig.layout[y] = one.layout.yaxis
        fig.layout[x].update(anchor=ref, range=[s / unit_ns for s in window])
        fig.layout[x].title.text = f"{name}: {one.layout.xaxis.title.text}"
        fig.layout[y].update(anchor=ref.replace("y", "x"), domain=place)
        look = page(theme)
        for line in ({"color": look.paper, "width": 5}, {"color": look.ink, "width": 2, "dash": "dash"}):
            fig.add_shape(  # dashes on a lighter band: seen on every state's colour
                type="line", xref=ref.replace("y", "x"), yref=f"{ref} domain", x0=t / unit_ns, x1=t / unit_ns,
                y0=-0.05, y1=1.05, line=line,
            )  # fmt: skip
    fig.layout.height = sum(one.layout.height for one in two)


def aligned_text(  # noqa: PLR0913  # as aligned
    a: Recording,
    b: Recording,
    *,
    names: tuple[str, str] = ("simulated", "real"),
    at: Moments | None = None,
    before_ns: int = 2_000_000,
    after_ns: int = 5_000_000,
    rows: str = "P",
    around: int = 4,
) -> str:
    """The same as text: both timelines, and what the P where they part ran around that point."""
    found = parting(a, b, names) if at is None else None
    at = at or moments(a, b, found)
    parts = []
    for rec, window, name, t in zip((a, b), windows(a, b, at, before_ns, after_ns), names, at, strict=True):
        inside = (window[0], min(window[1], rec.end_ns))
        parts.append(f"{name}, around {findings.duration(t)}\n{text_timeline(rec, window=inside, rows=rows)}\n")
    if found is not None:
        parts.append(decisions_text(a, b, found, names, around))
    return "\n".join(parts)


def decisions_text(
    a: Recording, b: Recording, found: Parting, names: tuple[str, str] = ("simulated", "real"), around: int = 4
) -> str:
    """What the P of a parting ran, decision by decision, in both runs: a table with the first difference marked."""
    check_int("around", around, 0, 1000)
    lists = [decisions(rec).get(found.p, []) for rec in (a, b)]
    lines = [[f"P{found.p}", *names, ""]]
    for n in range(max(1, found.number - around), found.number + around + 1):
        cells = [_ran(rec, ran, n) for rec, ran in zip((a, b), lists, strict=True)]
        if any(cells):
            lines.append([f"{n}.", *cells, "<- they part" if n == found.number else ""])
    widths = [max(len(line[i]) for line in lines) for i in range(4)]
    return "\n".join("  ".join(c.ljust(w) for c, w in zip(x, widths, strict=True)).rstrip() for x in lines) + "\n"


def _ran(rec: Recording, ran: list[tuple[int, tuple[int, ...]]], n: int) -> str:
    if n > len(ran):
        return ""
    e = rec[ran[n - 1][0]]
    return f"{rec.g_name(e.g)} G{e.g} at {e.t / 1000:.3f} us"
