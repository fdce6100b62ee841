"""Who stole from whom, as a picture (SVG): Ps on a circle, an arrow from a victim to its thief for what was taken.

An arrow is as thick as it was strong, with the number of goroutines at its bend; a P's box is filled as far as it
computed.  With many Ps only the strongest arrows are drawn, and the picture says so.
"""

from __future__ import annotations

import math
from html import escape
from typing import Final

import numpy as np

from gmp_lab.draw.axes import Window
from gmp_lab.draw.findings import count
from gmp_lab.draw.palette import colour, page
from gmp_lab.draw.tables import Table
from gmp_lab.metrics import spans, steals
from gmp_lab.metrics.columns import check_window
from gmp_lab.metrics.states import P_RUNNING
from gmp_lab.recording import Recording

_W, _H, _HEAD = 800, 520, 52
_ARROWS: Final = 60  # that can be told apart
Point = tuple[float, float]


def _arrows(rec: Recording, window: Window | None) -> list[tuple[int, int, int]]:
    """(thief, victim, goroutines), the strongest first."""
    moved = steals(rec, *(window or (0, None))).moved
    found = [(thief, victim, n) for thief, row in enumerate(moved) for victim, n in enumerate(row) if n]
    return sorted(found, key=lambda one: (-one[2], one))


def steal_graph_title(rec: Recording, *, window: Window | None = None) -> str:
    """The finding: how much was stolen, and who took the most from whom."""
    found, s = _arrows(rec, window), steals(rec, *(window or (0, None)))
    if not found:
        return "Nothing was stolen"
    thief, victim, n = found[0]
    said = f"{count(s.count, 'steal')} moved {count(s.gs, 'goroutine')}"
    return f"{said}; most from P{victim} to P{thief}: {n:,}"


def steal_graph_svg(rec: Recording, *, window: Window | None = None, theme: str = "light") -> str:
    """The graph of a run, or of a window of it (ns), as an SVG element for a notebook."""
    look, found = page(theme), _arrows(rec, window)
    drawn, places = found[:_ARROWS], _places(rec.procs)
    strongest = drawn[0][2] if drawn else 1
    arrows = "".join(_arrow(places[victim], places[thief], n, strongest, theme) for thief, victim, n in drawn)
    busy = _busy(rec, window)
    boxes = "".join(_box(p, places[p], busy[p], rec.procs, theme) for p in range(rec.procs))
    title = steal_graph_title(rec, window=window)
    left_out = f"; the {_ARROWS} strongest of {len(found)} arrows are drawn" if len(found) > len(drawn) else ""
    note = f"arrows lead from the victim to the thief; a box is filled as far as its P computed{left_out}"
    said = "; ".join(f"P{thief} took {n} from P{victim}" for thief, victim, n in drawn[:20])
    return (
        f'<svg role="img" aria-label="{escape(f"{title}. {said}")}" viewBox="0 {-_HEAD} {_W} {_H + _HEAD}" '
        f'width="100%" style="max-width:{_W}px;background:{look.paper};font-family:system-ui,sans-serif" '
        f'xmlns="http://www.w3.org/2000/svg"><defs><marker id="taken-{theme}" viewBox="0 0 10 10" refX="9" refY="5" '
        f'markerWidth="9" markerHeight="9" markerUnits="userSpaceOnUse" orient="auto">'
        f'<path d="M0 0L10 5L0 10z" fill="{look.ink}"/></marker></defs>'
        f'<text x="0" y="{16 - _HEAD}" font-size="15" font-weight="600" fill="{look.ink}">{escape(title)}</text>'
        f'<text x="0" y="{36 - _HEAD}" font-size="12" fill="{look.ink}">{escape(note)}</text>{arrows}{boxes}</svg>'
    )


def _busy(rec: Recording, window: Window | None) -> list[float]:
    """Share of the time that each P computed."""
    start, end = check_window(rec, *(window or (0, None)))
    s = spans(rec, *(window or (0, None)))
    mine = s.state == P_RUNNING
    ns = np.bincount(s.row[mine], weights=s.length_ns[mine], minlength=rec.procs)
    return [float(x) / max(1, end - start) for x in ns]


def _size(procs: int) -> Point:
    """Width and height of a box: smaller where there are many."""
    return (64, 34) if procs <= 16 else (40, 24) if procs <= 32 else (28, 18)


def _places(procs: int) -> list[Point]:
    turn = [2 * math.pi * p / procs - math.pi / 2 for p in range(procs)]
    return [(_W / 2 + 350 * math.cos(a) * (procs > 1), _H / 2 + 228 * math.sin(a) * (procs > 1)) for a in turn]


def _arrow(a: Point, b: Point, n: int, most: int, theme: str) -> str:
    """A bent arrow that begins and ends a little before the boxes."""
    dx, dy = b[0] - a[0], b[1] - a[1]
    long = math.hypot(dx, dy) or 1
    ux, uy = dx / long, dy / long
    start, end = (a[0] + 34 * ux, a[1] + 26 * uy), (b[0] - 40 * ux, b[1] - 30 * uy)
    bend = ((a[0] + b[0]) / 2 - uy * 40, (a[1] + b[1]) / 2 + ux * 40)
    label = (0.5 * bend[0] + 0.25 * (start[0] + end[0]), 0.5 * bend[1] + 0.25 * (start[1] + end[1]))
    look, wide = page(theme), 1 + 6 * n / most
    return (
        f'<path d="M{start[0]:.1f} {start[1]:.1f}Q{bend[0]:.1f} {bend[1]:.1f} {end[0]:.1f} {end[1]:.1f}" fill="none" '
        f'stroke="{look.ink}" stroke-width="{wide:.1f}" stroke-opacity="0.55" marker-end="url(#taken-{theme})"/>'
        f'<text x="{label[0]:.1f}" y="{label[1]:.1f}" text-anchor="middle" dominant-baseline="middle" font-size="12" '
        f'fill="{look.ink}" stroke="{look.paper}" stroke-width="4" paint-order="stroke">{n:,}</text>'
    )


def _box(p: int, at: Point, busy: float, procs: int, theme: str) -> str:
    look, (wide, high) = page(theme), _size(procs)
    x, y = at[0] - wide / 2, at[1] - high / 2
    size = 12 if procs <= 32 else 10
    name = f"P{p} {100 * busy:.0f} %" if procs <= 16 else f"P{p}"
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{wide}" height="{high}" rx="4" fill="{look.paper}" '
        f'stroke="{look.ink}"/>'
        f'<rect x="{x:.1f}" y="{y + high - 6:.1f}" width="{wide * busy:.1f}" height="6" rx="2" '
        f'fill="{colour("running", theme)}"/><text x="{at[0]:.1f}" y="{at[1] - 2:.1f}" text-anchor="middle" '
        f'dominant-baseline="middle" font-size="{size}" fill="{look.ink}">{name}</text>'
        f"<title>P{p} computed {100 * busy:.0f} % of the time</title>"
    )


def steal_graph_text(rec: Recording, *, window: Window | None = None) -> str:
    """The graph as text: a line for each pair of thief and victim, the strongest first."""
    rows = tuple((f"P{thief}", f"P{victim}", n) for thief, victim, n in _arrows(rec, window))
    title = steal_graph_title(rec, window=window)
    return Table(title, ("thief", "victim", "goroutines"), rows[:_ARROWS]).text()
