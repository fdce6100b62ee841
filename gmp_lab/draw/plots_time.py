"""Plots over time: threads by state, the Ps' CPU time, the heap, stacks, the group's CPU time."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from gmp_lab import vocabulary as v
from gmp_lab.draw.axes import Window
from gmp_lab.draw.findings import count, duration, percent
from gmp_lab.draw.palette import LINES, LOOKS, colour, page
from gmp_lab.draw.plot import Drawn, Plot, area, columns_of, in_unit, mean_per_column, over_time
from gmp_lab.draw.raster import state_time
from gmp_lab.draw.tables import Table
from gmp_lab.metrics import cpu_stat, spans, stack_changes, stack_sizes, stops, thread_count, throttled
from gmp_lab.metrics.columns import Arrays, Ints, columns
from gmp_lab.metrics.states import M_STATES
from gmp_lab.recording import Recording

# --- threads by state ---------------------------------------------------------------------------------------------

_ORDER: Final = (
    "running", "syscall", "no core", "spinning", "scheduling", "starting", "polling", "locked", "parked", "sysmon",
)  # fmt: skip


def _thread_styles(theme: str) -> list[dict[str, Any]]:
    return [area(LOOKS[s].words, colour(s, theme), LOOKS[s].pattern, theme) for s in _ORDER]


def _thread_drawn(rec: Recording, window: Window | None) -> Drawn:
    edges = columns_of(rec, window)
    s = spans(rec, *(window or (0, None)), of="M")
    ns = state_time(s, int(edges[0]), int(edges[-1]), len(edges) - 1)[0].sum(axis=1) / np.maximum(1, np.diff(edges))
    shown = [{"y": np.round(ns[M_STATES.index(name)], 3).astype(np.float32)} for name in _ORDER]
    most = float(ns[M_STATES.index("syscall")].max(initial=0))
    title = f"{count(thread_count(rec).maximum(), 'thread')} at most; up to {most:.0f} in system calls at once"
    return over_time(rec, window, title, "threads in each state, on average in each column", shown)


def _thread_table(rec: Recording, window: Window | None) -> Table:
    s = spans(rec, *(window or (0, None)), of="M")
    total = int(s.length_ns.sum())
    rows = tuple(
        (
            LOOKS[name].words,
            int((s.state == k).sum()),
            round(100 * int(s.length_ns[s.state == k].sum()) / max(1, total), 1),
        )
        for k, name in enumerate(M_STATES)
        if (s.state == k).any()
    )
    return Table("Threads by state", ("state", "stays", "% of their time"), rows)


THREADS: Final = Plot(_thread_styles, _thread_drawn, _thread_table, "threads", y_axis={"rangemode": "tozero"})

# --- where the Ps' time goes --------------------------------------------------------------------------------------

_CPU: Final = (
    "program", "mark workers", "assists", "scheduling or spinning", "in a system call", "waking or no core", "idle",
)  # fmt: skip
_CPU_STATES: Final = (
    ("scheduling or spinning", ("scheduling", "spinning")), ("in a system call", ("syscall",)),
    ("waking or no core", ("waking", "no core")), ("idle", ("idle",)),
)  # fmt: skip
_CPU_LOOKS: Final = ("running", "polling", "spinning", "scheduling", "syscall", "waking", "idle")


def _cpu_styles(theme: str) -> list[dict[str, Any]]:
    looks = zip(_CPU, _CPU_LOOKS, strict=True)
    return [area(name, colour(look, theme), LOOKS[look].pattern, theme) for name, look in looks]


def cpu_shares(rec: Recording, window: Window | None = None) -> tuple[Any, dict[str, Any]]:
    """Edges (ns) of the columns, and for each use the number of Ps that it has on average in each column."""
    edges = columns_of(rec, window)
    wide = np.maximum(1, np.diff(edges))
    s = spans(rec, *(window or (0, None)))
    ns = state_time(s, int(edges[0]), int(edges[-1]), len(edges) - 1)[0].sum(axis=1) / wide
    out = {name: sum(ns[s.states.index(state)] for state in states) for name, states in _CPU_STATES}
    c = columns(rec)
    work = np.flatnonzero((c.kind == v.E_GC_WORKER) | (c.kind == v.E_GC_ASSIST))
    for name, kind in (("mark workers", v.E_GC_WORKER), ("assists", v.E_GC_ASSIST)):
        at = work[c.kind[work] == kind]
        out[name] = mean_per_column(edges, c.t[at], np.where(c.arg[at] > 0, 1, -1))
    running = ns[s.states.index("running")]
    out["program"] = np.maximum(0, running - out["mark workers"] - out["assists"])
    return edges, {name: np.asarray(out[name]) for name in _CPU}


def _cpu_totals(rec: Recording, window: Window | None) -> dict[str, int]:
    edges, shares = cpu_shares(rec, window)
    return {name: round(float((share * np.diff(edges)).sum())) for name, share in shares.items()}


def _cpu_drawn(rec: Recording, window: Window | None) -> Drawn:
    _, shares = cpu_shares(rec, window)
    total = _cpu_totals(rec, window)
    whole = sum(total.values())
    collector = ("mark workers", "assists")
    others = collector if any(total[name] for name in collector) else ("in a system call",)  # no word of what is not
    parts = ", ".join(f"{name} {percent(total[name], whole)}" for name in ("program", *others, "idle"))
    shown = [{"y": np.round(shares[name], 3).astype(np.float32)} for name in _CPU]
    return over_time(rec, window, f"Time of the Ps: {parts}", "Ps in each use, on average in each column", shown)


def _cpu_table(rec: Recording, window: Window | None) -> Table:
    total = _cpu_totals(rec, window)
    whole = max(1, sum(total.values()))
    rows = tuple((name, ns / 1000, round(100 * ns / whole, 1)) for name, ns in total.items())
    return Table("Where the time of the Ps went", ("use", "us", "%"), rows)


CPU: Final = Plot(_cpu_styles, _cpu_drawn, _cpu_table, "Ps", y_axis={"rangemode": "tozero"})

# --- the heap -----------------------------------------------------------------------------------------------------

_NO_GOAL: Final = 2**31 - 1


def _heap_styles(theme: str) -> list[dict[str, Any]]:
    def line(n: int, name: str, shape: str = "hv") -> dict[str, Any]:
        look = LINES[n]
        tint = look.light if theme == "light" else look.dark
        return {"type": "scatter", "mode": "lines", "name": name,
                "line": {"shape": shape, "color": tint, "width": 2, "dash": look.dash}}  # fmt: skip

    marks = {"size": 10, "color": page(theme).ink, "line": {"width": 1, "color": page(theme).paper}}
    band = {"type": "scatter", "mode": "lines",
            "name": "marking", "fill": "tozeroy", "line": {"width": 0, "shape": "hv"},
            "fillcolor": colour("waking", theme), "opacity": 0.5, "hoverinfo": "skip"}  # fmt: skip
    points, cross = {"type": "scatter", "mode": "markers"}, {"width": 2, "color": page(theme).ink}
    return [
        band, line(0, "heap"), line(1, "goal"),
        points | {"name": "a cycle begins (trigger)", "marker": marks | {"symbol": "triangle-up"}},
        points
        | {"name": "the world stands still", "cliponaxis": False}
        | {"marker": marks | {"symbol": "x-thin", "line": cross}},
    ]  # fmt: skip


def _heap_drawn(rec: Recording, window: Window | None) -> Drawn:
    c = columns(rec)
    heap, goal = c.kind == v.E_GC_HEAP, (c.kind == v.E_GC_GOAL) & (c.arg < _NO_GOAL)
    mib = c.arg / 1024
    top = max(1.0, float(mib[heap | goal].max(initial=0)))
    phase = c.kind == v.E_GC_PHASE
    begins = c.kind == v.E_GC_CYCLE
    there = np.interp(c.t[begins], c.t[heap], mib[heap]) if heap.any() else np.zeros(int(begins.sum()))
    stopped = [one for one in stops(rec) if one.length_ns >= 0]
    said = [f"{duration(one.length_ns)}: {one.reason}" for one in stopped]
    xs = [in_unit(rec, window, c.t[which]) for which in (phase, heap, goal, begins)]
    traces = [
        {"x": xs[0], "y": (top * (c.arg[phase] == v.GC_MARK)).tolist()},
        {"x": xs[1], "y": mib[heap].tolist(), "hovertemplate": "%{y:.2f} MiB in use"},
        {"x": xs[2], "y": mib[goal].tolist(), "hovertemplate": "goal %{y:.2f} MiB"},
        {"x": xs[3], "y": there.tolist(), "hovertemplate": "cycle begins at %{y:.2f} MiB"},
        {"x": in_unit(rec, window, np.array([one.asked_ns for one in stopped])), "y": [0.0] * len(stopped),
         "text": said, "hovertemplate": "%{text}"},
    ]  # fmt: skip
    if not heap.any():
        return over_time(rec, window, "Nothing was allocated", "", traces)
    longest = max((one.length_ns for one in stopped), default=0)
    title = f"{count(int(begins.sum()), 'collection')}; heap up to {top:.1f} MiB; longest stop {duration(longest)}"
    return over_time(rec, window, title, "shaded: marking; crosses: stops of the world", traces)


def _heap_table(rec: Recording, window: Window | None) -> Table:
    """Each collection: when it begins, the heap then (its trigger) and the goal, MiB."""
    start, end = window or (0, rec.end_ns)
    c = columns(rec)
    begins = np.flatnonzero((c.kind == v.E_GC_CYCLE) & (c.t >= start) & (c.t <= end))
    heap, goal = (_known(c, kind, begins) for kind in (v.E_GC_HEAP, v.E_GC_GOAL))
    rows = tuple(
        (n, float(c.t[i] / 1e6), _mib(a), _mib(b), v.GC_TRIGGERS[int(c.arg[i])])
        for n, (i, a, b) in enumerate(zip(begins[:60].tolist(), heap, goal, strict=False), 1)
    )
    heads = ("cycle", "begins at (ms)", "with a heap of (MiB)", "its goal (MiB)", "begun by")
    return Table(f"The first {len(rows)} of {count(len(begins), 'collection')}", heads, rows, digits=3)


def _known(c: Arrays, kind: int, at: Ints) -> list[int]:
    """What the last event of a kind before each of these has told; _NO_GOAL if there is none."""
    where = np.flatnonzero(c.kind == kind)
    told = np.append(c.arg[where], _NO_GOAL)
    return [int(told[k]) for k in (np.searchsorted(where, at) - 1).tolist()]


def _mib(kib: int) -> str:
    return "none" if kib >= _NO_GOAL else f"{kib / 1024:,.2f}"


HEAP: Final = Plot(_heap_styles, _heap_drawn, _heap_table, "MiB", y_axis={"rangemode": "tozero"})

# --- stacks -------------------------------------------------------------------------------------------------------

_DRAWN_GS: Final = 5  # goroutines with a line of their own
_CHANGES: Final = (("grown", "triangle-up"), ("shrunk", "triangle-down"), ("segment linked or freed", "diamond"))


def _stack_styles(theme: str) -> list[dict[str, Any]]:
    lines = [
        {"type": "scatter", "mode": "lines", "name": f"goroutine {n + 1}",
         "line": {"shape": "hv", "width": 2, "dash": look.dash,
                  "color": look.light if theme == "light" else look.dark}}
        for n, look in enumerate(LINES[:_DRAWN_GS])
    ]  # fmt: skip
    ink = {"color": page(theme).ink, "size": 7}
    return [*lines, *({"type": "scatter", "mode": "markers", "name": name, "marker": ink | {"symbol": symbol}}
                      for name, symbol in _CHANGES)]  # fmt: skip


def _stack_drawn(rec: Recording, window: Window | None) -> Drawn:
    changes = stack_changes(rec)
    chosen = list(dict.fromkeys(change.g for change in changes))[:_DRAWN_GS]
    sizes = stack_sizes(rec)
    traces: list[dict[str, Any]] = []
    for n in range(_DRAWN_GS):
        if n >= len(chosen):
            traces.append({"x": [], "y": [], "name": "", "showlegend": False, "hovertemplate": ""})
            continue
        steps = sizes[chosen[n]]
        x = in_unit(rec, window, np.append(steps.t_ns, rec.end_ns))
        y = [b / 1024 if b else None for b in [*steps.value.tolist(), int(steps.value[-1])]]
        traces.append({"x": x, "y": y, "name": f"G{chosen[n]} {rec.g_name(chosen[n])}", "showlegend": True,
                       "hovertemplate": "%{y:g} KiB"})  # fmt: skip
    for kind in range(3):
        mine = [c for c in changes if c.g in chosen and (2 if not c.used else 0 if c.new > c.old else 1) == kind][
            :2000
        ]
        said = [f"G{c.g}: {c.old:,} to {c.new:,} bytes" + (f", {c.used:,} copied" if c.used else "") for c in mine]
        traces.append({"x": in_unit(rec, window, np.array([c.t_ns for c in mine])), "y": [c.new / 1024 for c in mine],
                       "text": said, "hovertemplate": "%{text}"})  # fmt: skip
    if not changes:
        return over_time(rec, window, "No stack was grown, shrunk or linked", "", traces)
    largest = max(c.new for c in changes) / 1024
    copied = sum(c.used for c in changes)
    linked = sum(not c.used and c.new > c.old for c in changes)
    how = f"{copied / 1024:,.1f} KiB copied" if copied else f"{count(linked, 'segment')} linked"
    title = f"Stacks of up to {largest:g} KiB; {count(len(changes), 'change')}, {how}"
    shown = f"shown: {count(len(chosen), 'goroutine')}, the first whose stacks change"
    return over_time(rec, window, title, shown, traces)


def _stack_table(rec: Recording, window: Window | None) -> Table:
    start, end = window or (0, rec.end_ns)
    rows = tuple(
        (f"G{c.g}", c.t_ns / 1000, c.old, c.new, c.used) for c in stack_changes(rec) if start <= c.t_ns <= end
    )
    return Table(
        "Changes of stacks", ("goroutine", "at (us)", "bytes before", "after", "copied"), rows[:60], digits=3
    )


_SIZES: Final = [2.0**k for k in range(21)]  # ticks at powers of two, as stacks have no other sizes
STACKS: Final = Plot(
    _stack_styles, _stack_drawn, _stack_table, "KiB", y_axis={"type": "log", "tickmode": "array", "tickvals": _SIZES}
)

# --- the group's CPU time -----------------------------------------------------------------------------------------


def _throttle_styles(theme: str) -> list[dict[str, Any]]:
    line = {"width": 1.5, "color": page(theme).ink}
    marks = {"type": "scatter", "mode": "markers", "name": "a period begins, with what was left of the last",
             "marker": {"symbol": "line-ns", "size": 12, "line": line}, "cliponaxis": False}  # fmt: skip
    return [area("cores in use", colour("running", theme), "", theme),
            area("cores throttled", colour("spinning", theme), "\\", theme), marks]  # fmt: skip


def _throttle_drawn(rec: Recording, window: Window | None) -> Drawn:
    if rec.config.cores is None:
        empty: list[dict[str, Any]] = [{"y": []}, {"y": []}, {"x": [], "y": [], "text": [], "hovertemplate": ""}]
        return over_time(rec, window, "The number of cores is not limited", "", empty)
    edges = columns_of(rec, window)
    c = columns(rec)
    moves = np.flatnonzero((c.kind == v.E_CPU_ON) | (c.kind == v.E_CPU_OFF))
    used = mean_per_column(edges, c.t[moves], np.where(c.kind[moves] == v.E_CPU_ON, 1, -1))
    ends = np.flatnonzero((c.kind == v.E_THROTTLE) | (c.kind == v.E_UNTHROTTLE))
    held = mean_per_column(edges, c.t[ends], np.where(c.kind[ends] == v.E_THROTTLE, 1, -1))
    begins = np.flatnonzero(c.kind == v.E_REFILL)
    left = [f"{us:,} us were left" for us in c.arg[begins].tolist()]
    traces: list[dict[str, Any]] = [
        {"y": np.round(used, 3).astype(np.float32)}, {"y": np.round(held, 3).astype(np.float32)},
        {"x": in_unit(rec, window, c.t[begins]), "y": [0.0] * len(begins), "text": left, "hovertemplate": "%{text}"},
    ]  # fmt: skip
    stat = cpu_stat(rec)
    limit = f"{rec.config.quota_us / rec.config.period_us:g} CPUs" if rec.config.quota_us else "no limit"
    title = f"Limit: {limit}; throttled in {stat.nr_throttled} of {count(stat.nr_periods, 'period')}"
    return over_time(rec, window, title, "cores, on average in each column; ticks below: periods", traces)


def _throttle_table(rec: Recording, window: Window | None) -> Table:
    start, end = window or (0, rec.end_ns)
    rows = tuple(
        (f"core {s.core}", f"M{s.m}" if s.m >= 0 else "nobody", s.start_ns / 1000, (s.end_ns - s.start_ns) / 1000)
        for s in throttled(rec)
        if s.end_ns > start and s.start_ns < end
    )
    return Table("Throttled", ("core", "who stood still", "from (us)", "for (us)"), rows[:60])


THROTTLING: Final = Plot(_throttle_styles, _throttle_drawn, _throttle_table, "cores", y_axis={"rangemode": "tozero"})
