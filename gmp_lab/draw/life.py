"""The life of one goroutine: its states as a strip, how long it was in each, and who woke it."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Final

import numpy as np

from gmp_lab import vocabulary as v
from gmp_lab.draw.axes import Window, whole_window
from gmp_lab.draw.findings import count, duration, percent
from gmp_lab.draw.palette import LOOKS, colour, contrast, page
from gmp_lab.draw.segments import words
from gmp_lab.draw.tables import Table
from gmp_lab.errors import check_int
from gmp_lab.metrics.spans import Spans, g_spans
from gmp_lab.recording import Recording

_W: Final = 1000  # units of the strip's width
_LISTED: Final = 60  # stays in the table
_ROOM: Final = 14  # a box that is so wide holds its letter
#: upper edge and height of a state's box: the busier, the taller
_HEIGHTS: Final = {"running": (2, 38), "syscall": (8, 32), "runnable": (14, 26), "waiting": (22, 18)}


@dataclass(frozen=True, slots=True)
class Stay:
    """One stay of the goroutine: state, from when to when (ns), what happened, who woke it ("": nobody)."""

    state: str
    start_ns: int
    end_ns: int
    what: str
    woken_by: str


@dataclass(frozen=True, slots=True)
class Life:
    """Goroutine ``g``, its ``name``, who made it, and its stays in the window."""

    g: int
    name: str
    made_by: str
    window: Window
    stays: tuple[Stay, ...]

    def dwell(self) -> dict[str, int]:
        """Time (ns) in each state, the longest first."""
        total: dict[str, int] = {}
        for stay in self.stays:
            total[stay.state] = total.get(stay.state, 0) + stay.end_ns - stay.start_ns
        return dict(sorted(total.items(), key=lambda item: (-item[1], item[0])))

    def title(self) -> str:
        """The finding: how its life was spent, and how often it was woken."""
        dwell = self.dwell()
        whole = sum(ns for state, ns in dwell.items() if state != "dead")
        shares = ", ".join(f"{percent(ns, whole)} {LOOKS[s].words}" for s, ns in dwell.items() if s != "dead" and ns)
        woken = sum(bool(stay.woken_by) for stay in self.stays)
        return f"G{self.g} {self.name}, made by {self.made_by}: {shares or 'no time'}; woken {count(woken, 'time')}"


def life(rec: Recording, g: int, *, window: Window | None = None) -> Life:
    """The life of goroutine g (1, 2, ...) in a window (ns); ConfigError if there is no such goroutine."""
    check_int("g", g, 1, max(1, len(rec.g_names)))
    start, end = whole_window(rec, window)
    every = g_spans(rec)
    mine = every.take(every.row == g)
    if window is not None:
        mine = mine.take((mine.end_ns > start) & (mine.start_ns < end))
    stays = tuple(_stay(rec, mine, i, start, end) for i in range(len(mine)))
    kinds, ids = np.asarray(rec.kind), np.asarray(rec.g)
    born = np.flatnonzero((kinds == v.E_GO_CREATE) & (ids == g))
    maker = rec.arg[int(born[0])] if len(born) else 0
    made_by = _name(rec, maker) if len(born) else "the runtime" if rec.complete else "somebody before the trace"
    return Life(g, rec.g_name(g), made_by, (start, end), stays)


def _stay(rec: Recording, s: Spans, i: int, start: int, end: int) -> Stay:
    event = int(s.event[i])
    ns = (max(start, int(s.start_ns[i])), min(end, int(s.end_ns[i])))
    return Stay(s.states[s.state[i]], *ns, words(rec, s, i), _waker(rec, event))


def _waker(rec: Recording, event: int) -> str:
    """Who made the goroutine runnable with this event."""
    kind = rec.kind[event] if event >= 0 else -1
    if kind == v.E_READY:
        return _name(rec, rec.arg[event])
    return {v.E_NET_READY: "the network poller", v.E_GC_READY: "the collector"}.get(kind, "")


def _name(rec: Recording, g: int) -> str:
    return f"G{g} {rec.g_name(g)}" if g > 0 else "the runtime"


def life_table(rec: Recording, g: int, *, window: Window | None = None) -> Table:
    """The stays of a goroutine as a table: state, beginning and length in us, what happened, who woke it."""
    one = life(rec, g, window=window)
    rows = tuple(
        (LOOKS[s.state].words, s.start_ns / 1000, (s.end_ns - s.start_ns) / 1000, s.what, s.woken_by)
        for s in one.stays[:_LISTED]
    )
    more = f" ({len(one.stays) - _LISTED} later stays not listed)" if len(one.stays) > _LISTED else ""
    heads = ("state", "from (us)", "for (us)", "what happened", "woken by")
    return Table(one.title() + more, heads, rows, digits=3)


def dwell_table(rec: Recording, g: int, *, window: Window | None = None) -> Table:
    """How often and how long a goroutine was in each state."""
    one = life(rec, g, window=window)
    whole = sum(one.dwell().values())
    rows = tuple(
        (LOOKS[state].words, sum(s.state == state for s in one.stays), ns / 1000, round(100 * ns / max(1, whole), 1))
        for state, ns in one.dwell().items()
    )
    return Table(f"Time of G{g} in each state", ("state", "stays", "us", "%"), rows)


def life_svg(rec: Recording, g: int, *, window: Window | None = None, theme: str = "light") -> str:
    """The strip: one box for each stay, in the colour of its state and with its letter where there is room."""
    one = life(rec, g, window=window)
    look, (start, end) = page(theme), one.window
    boxes = "".join(_box(stay, start, end, theme) for stay in one.stays)
    labels = "".join(
        f'<text x="{x}" y="58" text-anchor="{anchor}" font-size="13" fill="{look.ink}">{duration(t)}</text>'
        for x, t, anchor in ((0, start, "start"), (_W, end, "end"))
    )
    return (
        f'<svg role="img" aria-label="{escape(one.title())}" viewBox="0 0 {_W} 64" width="100%" '
        f'style="max-width:{_W}px;background:{look.paper};font-family:system-ui,sans-serif" '
        f'xmlns="http://www.w3.org/2000/svg">{boxes}{labels}</svg>'
    )


def _box(stay: Stay, start: int, end: int, theme: str) -> str:
    x, w = (_W * (t - start) / (end - start) for t in (stay.start_ns, stay.end_ns - stay.start_ns + start))
    high = _HEIGHTS.get(stay.state, (30, 10))
    look = page(theme)
    said = f"{LOOKS[stay.state].words} for {duration(stay.end_ns - stay.start_ns)}: {stay.what}"
    woken = f"; woken by {stay.woken_by}" if stay.woken_by else ""
    fill = colour(stay.state, theme)
    ink = max((look.ink, look.paper), key=lambda c: contrast(c, fill))
    letter = LOOKS[stay.state].letter.strip() if w >= _ROOM else ""
    text = (
        f'<text x="{x + w / 2:.2f}" y="{high[0] + high[1] / 2 + 5:g}" text-anchor="middle" font-size="14" '
        f'fill="{ink}" pointer-events="none">{letter}</text>'
    )
    return (
        f'<rect x="{x:.2f}" y="{high[0]}" width="{max(w, 0.5):.2f}" height="{high[1]}" '
        f'fill="{fill}" stroke="{look.ink}" stroke-width="0.3">'
        f"<title>{escape(said + woken)}</title></rect>"
    ) + (text if letter else "")


def life_html(rec: Recording, g: int, *, window: Window | None = None, theme: str = "light") -> str:
    """Strip, dwell times and stays together; what is high in the strip is busy, what is low is not."""
    key = "In the strip: running is tallest, then in a system call, runnable, waiting; lowest, not yet made or ended."
    return (
        life_svg(rec, g, window=window, theme=theme)
        + f"<p>{key}</p>"
        + dwell_table(rec, g, window=window).html()
        + life_table(rec, g, window=window).html()
    )
