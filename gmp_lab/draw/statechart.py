"""The states of goroutines (Ps, Ms) and the changes between them as a picture (SVG) and as text.

States lie on a circle; an arrow for each change that happened, as thick as it was frequent, with its count.  Each
state has its colour and its words, and below them its share of the time and the median of one stay.
"""

from __future__ import annotations

import math
from html import escape
from typing import Final

from gmp_lab.draw.axes import Window
from gmp_lab.draw.findings import count, duration, percent
from gmp_lab.draw.palette import LOOKS, colour, contrast, page
from gmp_lab.metrics.chart import StateChart, StateVisits, state_chart
from gmp_lab.recording import Recording

_W, _H, _BOX_W, _BOX_H = 800, 520, 196, 58
_HEAD: Final = 34  # above the picture, for its title
Point = tuple[float, float]


def state_chart_svg(rec: Recording, *, of: str = "G", window: Window | None = None, theme: str = "light") -> str:
    """The chart of a run as an SVG element for a notebook (``IPython.display.HTML``).

    ``of``: "G", "P" or "M"; ``window``: (start, end) in ns.  ConfigError if one of them is not possible.
    """
    chart = state_chart(rec, *(window or (0, None)), of=of)
    look = page(theme)
    places = _places(chart)
    most = max(chart.changes.values(), default=1)
    arrows = [_arrow(places[a], places[b], n, most, theme) for (a, b), n in sorted(chart.changes.items())]
    boxes = [_box(one, places[one.state], _share(one, chart), theme) for one in chart.states]
    head = (
        f'<svg role="img" aria-label="{escape(_spoken(chart))}" viewBox="0 {-_HEAD} {_W} {_H + _HEAD}" width="100%" '
        f'style="max-width:{_W}px;background:{look.paper};font-family:system-ui,sans-serif" '
        'xmlns="http://www.w3.org/2000/svg">'
    )
    tip = (
        f'<defs><marker id="tip-{theme}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="9" markerHeight="9" '
        f'markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0L10 5L0 10z" fill="{look.ink}"/></marker></defs>'
    )
    size = 15 if len(_title(chart)) <= 88 else 13  # so that it fits into the width
    place = f'x="0" y="{16 - _HEAD}" font-size="{size}" font-weight="600" fill="{look.ink}"'
    title = f"<text {place}>{escape(_title(chart))}</text>"
    return head + tip + title + "".join(arrows).replace("url(#tip)", f"url(#tip-{theme})") + "".join(boxes) + "</svg>"


def _places(chart: StateChart) -> dict[str, Point]:
    """The middle of each state's box."""
    n = len(chart.states)
    turn = [2 * math.pi * k / max(1, n) - math.pi / 2 for k in range(n)]
    return {
        one.state: (_W / 2 + 280 * math.cos(a) * (n > 1), _H / 2 + 205 * math.sin(a) * (n > 1))
        for one, a in zip(chart.states, turn, strict=True)
    }


def _edge(a: Point, b: Point) -> Point:
    """Where the line from the middle of box a to b leaves the box."""
    dx, dy = b[0] - a[0], b[1] - a[1]
    far = max(abs(dx) / (_BOX_W / 2 + 4), abs(dy) / (_BOX_H / 2 + 4), 1e-9)
    return a[0] + dx / far, a[1] + dy / far


def _arrow(a: Point, b: Point, n: int, most: int, theme: str) -> str:
    """A bent arrow, so that there and back do not lie on one another; its count stands before the middle, where
    arrows cross."""
    start, end = _edge(a, b), _edge(b, a)
    middle = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
    dx, dy = end[0] - start[0], end[1] - start[1]
    long = math.hypot(dx, dy) or 1
    bend = (middle[0] - dy / long * 26, middle[1] + dx / long * 26)
    label = tuple(0.36 * a + 0.48 * b + 0.16 * c for a, b, c in zip(start, bend, end, strict=True))  # at 0.4 of it
    wide, ink, paper = 1 + 4 * n / most, page(theme).ink, page(theme).paper
    return (
        f'<path d="M{start[0]:.1f} {start[1]:.1f}Q{bend[0]:.1f} {bend[1]:.1f} {end[0]:.1f} {end[1]:.1f}" fill="none" '
        f'stroke="{ink}" stroke-width="{wide:.1f}" stroke-opacity="0.6" marker-end="url(#tip)"/>'
        f'<text x="{label[0]:.1f}" y="{label[1]:.1f}" text-anchor="middle" dominant-baseline="middle" font-size="13" '
        f'fill="{ink}" stroke="{paper}" stroke-width="4" paint-order="stroke">{n:,}</text>'
    )


def _share(one: StateVisits, chart: StateChart) -> str:
    """A state's share of the time that goroutines (Ps, Ms) were there; that of those not there, of all time."""
    whole = sum(other.total_ns for other in chart.states)
    if one.state == "dead":
        return f"{percent(one.total_ns, whole)} of all time"
    return f"{percent(one.total_ns, whole - sum(o.total_ns for o in chart.states if o.state == 'dead'))} of the time"


def _box(one: StateVisits, at: Point, share: str, theme: str) -> str:
    fill, look = colour(one.state, theme), page(theme)
    ink = max((look.ink, look.paper), key=lambda c: contrast(c, fill))
    x, y = at[0] - _BOX_W / 2, at[1] - _BOX_H / 2
    lines = (LOOKS[one.state].words, share, f"median {duration(one.median_ns)}")
    text = "".join(
        f'<text x="{at[0]:.1f}" y="{y + 17 + 16 * k:.1f}" text-anchor="middle" '
        f'font-size="{12 if k or len(line) > 24 else 14}" fill="{ink}">{escape(line)}</text>'
        for k, line in enumerate(lines)
    )
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{_BOX_W}" height="{_BOX_H}" rx="8" fill="{fill}" stroke="{look.ink}"/>'
        + text
    )


_WHAT: Final = {"G": "goroutines", "P": "Ps", "M": "threads"}


def _title(chart: StateChart) -> str:
    """The finding: in which state most of the time went, and which change was the most frequent."""
    alive = [one for one in chart.states if one.state != "dead"]
    total = sum(one.total_ns for one in alive)
    if not total:
        return f"States of {_WHAT[chart.of]}: none"
    longest = max(alive, key=lambda one: one.total_ns)
    said = f"States of {_WHAT[chart.of]}: {percent(longest.total_ns, total)} of the time {LOOKS[longest.state].words}"
    if not chart.changes:
        return f"{said}; no change"
    (a, b), n = min(chart.changes.items(), key=lambda item: (-item[1], item[0]))
    return f"{said}; most often {LOOKS[a].words} to {LOOKS[b].words}, {count(n, 'time')}"


def state_chart_title(rec: Recording, *, of: str = "G", window: Window | None = None) -> str:
    """What the chart finds, in one line; ConfigError as for ``state_chart_svg``."""
    return _title(state_chart(rec, *(window or (0, None)), of=of))


def _spoken(chart: StateChart) -> str:
    changes = sorted(chart.changes.items(), key=lambda item: (-item[1], item[0]))
    said = "; ".join(f"{LOOKS[a].words} to {LOOKS[b].words}: {n:,}" for (a, b), n in changes)
    return f"States of {_WHAT[chart.of]} and their changes. {said or 'no change'}."


def state_chart_text(rec: Recording, *, of: str = "G", window: Window | None = None) -> str:
    """The chart as text: a line for each state, and one for each change, the most frequent first."""
    chart = state_chart(rec, *(window or (0, None)), of=of)
    lines = [_title(chart)]
    for one in chart.states:
        stays = f"{count(one.visits, 'stay')}, median {duration(one.median_ns)}"
        lines.append(f"  {LOOKS[one.state].words:<31} {_share(one, chart):<22}{stays}")
    lines.append("changes")
    for (a, b), n in sorted(chart.changes.items(), key=lambda item: (-item[1], item[0])):
        lines.append(f"  {LOOKS[a].words + ' -> ' + LOOKS[b].words:<50}{n:>8,}")
    return "\n".join(lines) + "\n"
