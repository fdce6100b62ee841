"""Plots of who did the work: where goroutines were made and where they ran; requests to stop, step by step."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from gmp_lab import vocabulary as v
from gmp_lab.draw.axes import Window
from gmp_lab.draw.findings import count, duration
from gmp_lab.draw.palette import LINES
from gmp_lab.draw.plot import Drawn, Plot, bar
from gmp_lab.draw.tables import Table
from gmp_lab.metrics import Preemption, preemptions
from gmp_lab.metrics.columns import Ints, columns, in_window
from gmp_lab.recording import Recording

# --- load of the Ps before and after stealing ---------------------------------------------------------------------


def loads(rec: Recording, window: Window | None = None) -> tuple[Ints, Ints]:
    """Goroutines that each P was given when they were made, and those that began to run on it for the first time."""
    c = columns(rec)
    inside = in_window(rec, c.t, *(window or (0, None)))
    made = np.bincount(c.p[inside & (c.kind == v.E_GO_CREATE) & (c.p >= 0)], minlength=rec.procs)
    runs = np.flatnonzero(c.kind == v.E_EXECUTE)
    first = runs[np.unique(c.g[runs], return_index=True)[1]]
    ran = np.bincount(c.p[first[inside[first]]], minlength=rec.procs)
    return made, ran


def _load_styles(theme: str) -> list[dict[str, Any]]:
    looks = (("before: were made there", "spinning", "\\"), ("after: ran there first", "running", ""))
    bars = [bar(*look, theme, across=True) for look in looks]
    even = {"color": LINES[3].colour(theme), "width": 2, "dash": "dash"}
    return [*bars, {"type": "scatter", "mode": "lines", "name": "spread evenly", "line": even, "hoverinfo": "skip"}]


def _load_drawn(rec: Recording, window: Window | None) -> Drawn:
    made, ran = loads(rec, window)
    rows = [f"P{p}" for p in range(len(made))]
    even = float(ran.sum() / len(ran))
    traces = [
        {"x": made.tolist(), "y": rows, "hovertemplate": "%{y}: %{x} goroutines were made there<extra></extra>"},
        {"x": ran.tolist(), "y": rows, "hovertemplate": "%{y}: %{x} goroutines ran there first<extra></extra>"},
        {"x": [even, even], "y": [rows[0], rows[-1]]},
    ]  # fmt: skip
    top, most = int(made.argmax()), int(ran.max(initial=0))
    title = f"P{top} was given {made[top]} of {made.sum()} goroutines; no P ran more than {most} ({even:.3g} is even)"
    layout = {"barmode": "group", "yaxis": {"autorange": "reversed", "type": "category"}}
    wide = (0.0, max(1, int(made.max()), most) * 1.05)
    note = "the load of each P: as goroutines are made, and as they run"
    return Drawn(title, note, traces, "goroutines", 0, wide, layout)


def _load_table(rec: Recording, window: Window | None) -> Table:
    rows = tuple((f"P{p}", int(a), int(b)) for p, (a, b) in enumerate(zip(*loads(rec, window), strict=True)))
    return Table("Goroutines of each P", ("P", "were made there", "ran there first"), rows)


LOADS: Final = Plot(_load_styles, _load_drawn, _load_table, "")

# --- requests to stop, step by step -------------------------------------------------------------------------------

_ROWS: Final = 12
_STEPS: Final = (
    ("asked, until a signal is handled", "waiting", "-"), ("signal in vain, until the next", "spinning", "\\"),
    ("signal handled, until it has left", "running", ""), ("asked, until it leaves without a signal", "syscall", "/"),
)  # fmt: skip


def steps(rec: Recording, one: Preemption) -> list[tuple[int, int, int]]:
    """The stages of a request: (which of the steps, begins, ends), in ns after the request."""
    left = one.left_ns if one.left_ns >= 0 else rec.end_ns
    if not one.handled_ns:
        return [(3, 0, left - one.asked_ns)]
    edges = [t - one.asked_ns for t in (one.asked_ns, *one.handled_ns, left)]
    kinds = [0, *([1] * (len(edges) - 3)), 2 if one.how == "signal" else 1]
    return [(kind, a, b) for kind, a, b in zip(kinds, edges, edges[1:], strict=False)]


def _longest(rec: Recording, window: Window | None) -> list[Preemption]:
    found = preemptions(rec, *(window or (0, None)))
    return sorted(found, key=lambda one: (-(one.wait_ns if one.wait_ns >= 0 else rec.end_ns), one.asked_ns))


def _gantt_styles(theme: str) -> list[dict[str, Any]]:
    return [bar(*look, theme, across=True) for look in _STEPS]


def _gantt_drawn(rec: Recording, window: Window | None) -> Drawn:
    every = _longest(rec, window)
    found = every[:_ROWS]
    names = [f"G{one.g} at {duration(one.asked_ns)}" for one in found]
    bars: list[list[tuple[str, int, int, str]]] = [[] for _ in _STEPS]
    for name, one in zip(names, found, strict=True):
        stages = steps(rec, one)
        ended = "not yet" if one.left_ns < 0 else f"left after {duration(one.wait_ns)}"
        for k, (kind, a, b) in enumerate(stages, 1):
            bars[kind].append((name, a, b, ended if k == len(stages) else ""))
    traces = [
        {"y": [name for name, *_ in mine], "base": [a / 1000 for _, a, *_ in mine],
         "x": [(b - a) / 1000 for _, a, b, _ in mine], "showlegend": bool(mine),
         "text": [said for *_, said in mine], "textposition": "outside", "cliponaxis": False,
         "hovertemplate": f"%{{y}}: {words}, %{{x:,.4~g}} us<extra></extra>"}
        for (words, _, _), mine in zip(_STEPS, bars, strict=True)
    ]  # fmt: skip
    order = {"categoryorder": "array", "categoryarray": names}
    axis = {"autorange": "reversed", "type": "category", "automargin": True}
    layout = {"barmode": "overlay", "yaxis": axis | order}
    far = max((b / 1000 for mine in bars for _, _, b, _ in mine), default=1.0)
    if not found:
        return Drawn("Nobody was asked to stop", "", traces, "after the request (us)", 0, (0.0, 1.0), layout)
    one = found[0]
    title = f"G{one.g} was asked to stop at {duration(one.asked_ns)}: {_story(one)}"
    note = f"the {len(found)} longest of {count(len(every), 'request')}, each from its beginning"
    return Drawn(title, note, traces, "after the request (us)", 0, (0.0, far * 1.2), layout)  # room for the words


def _story(one: Preemption) -> str:
    left = f"left after {duration(one.wait_ns)}" if one.wait_ns >= 0 else "did not leave in this run"
    if not one.handled_ns:
        return f"no signal was handled; it {left}"
    first = f"a signal was handled after {duration(one.handled_ns[0] - one.asked_ns)}"
    vain = len(one.handled_ns) - (one.how == "signal")
    return f"{first}, {vain} in vain; it {left}" if vain else f"{first}; it {left}"


def _gantt_table(rec: Recording, window: Window | None) -> Table:
    rows: list[tuple[str | int | float, ...]] = []
    for one in _longest(rec, window)[:_ROWS]:
        rows += [(f"G{one.g} at {duration(one.asked_ns)}", _STEPS[kind][0], float(a / 1000), float(b / 1000))
                 for kind, a, b in steps(rec, one)]  # fmt: skip
    heads = ("request", "what", "from (us after it)", "to")
    return Table("The longest requests to stop, step by step", heads, tuple(rows[:60]), digits=3)


GANTT: Final = Plot(_gantt_styles, _gantt_drawn, _gantt_table, "")
