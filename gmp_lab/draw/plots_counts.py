"""Plots of things that happened: latencies, sources of goroutines, thefts, system calls, preemptions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np

from gmp_lab import vocabulary as v
from gmp_lab.draw.axes import Window
from gmp_lab.draw.findings import count, duration
from gmp_lab.draw.palette import LINES, colour, page
from gmp_lab.draw.plot import Drawn, Plot, bar, in_unit, over_time
from gmp_lab.draw.tables import Table, latency_table, source_table, steal_table
from gmp_lab.metrics import Call, Preemption, calls, preemptions, spans, steals, waits
from gmp_lab.metrics.columns import columns, in_window
from gmp_lab.metrics.latency import nearest_rank
from gmp_lab.recording import Recording

_LEAST_US: Final = 0.01  # what takes no time stands here on a logarithmic axis
_POINTS: Final = 1500


def _us(ns: Any) -> Any:
    return np.maximum(_LEAST_US, np.asarray(ns) / 1000)


def _marks(n: int, theme: str) -> dict[str, Any]:
    look = LINES[n]
    return {"symbol": look.symbol, "size": 7, "color": look.light if theme == "light" else look.dark,
            "line": {"width": 0.5, "color": page(theme).paper}}  # fmt: skip


# --- scheduling latency -------------------------------------------------------------------------------------------

_MARKED: Final = (50, 90, 99, 99.9)


def distribution_styles(theme: str, what: str) -> list[dict[str, Any]]:
    """Traces of a distribution: its shares as a line, percentiles as marks, a histogram below."""
    line = {"color": LINES[0].light if theme == "light" else LINES[0].dark, "width": 2, "shape": "hv"}
    bars = {"color": colour("spinning", theme), "line": {"width": 0.5, "color": page(theme).ink}}
    names = {"mode": "markers+text", "textfont": {"color": page(theme).ink}}
    return [
        {"type": "scatter", "mode": "lines", "name": f"share of the {what} that were at most so long", "line": line},
        {"type": "scatter", "name": "percentiles", "marker": _marks(3, theme) | {"size": 10}, **names},
        {"type": "bar", "name": f"{what} of this length", "yaxis": "y2", "marker": bars},
    ]


class Shape(NamedTuple):
    """A distribution as it is drawn: what its three traces get, what the axis shows, the layout."""

    traces: list[dict[str, Any]]
    range: tuple[float, float]
    layout: dict[str, Any]


_SIDES: Final = ("bottom right", "bottom right", "bottom left", "bottom right")  # so that no two labels meet


def distribution(ns: Any, what: str, also: Sequence[int] = ()) -> Shape:
    """The shape of lengths (ns, ascending) on a logarithmic axis in us, wide enough for those in ``also``, too."""
    n = len(ns)
    keep = np.unique(np.linspace(0, max(0, n - 1), min(n, 800)).astype(np.int64)) if n else np.zeros(0, np.int64)
    x, wide = _us(ns), _us(np.concatenate((ns, np.array(also, np.int64))))
    low, high = (np.floor(np.log10(wide.min())), np.ceil(np.log10(wide.max()))) if n else (0.0, 1.0)
    high = max(high, low + 1)
    edges = np.logspace(low, high, int(high - low) * 8 + 1)
    bars = np.histogram(x, edges)[0]
    at = [min(n - 1, max(0, int(np.ceil(n * q / 100)) - 1)) for q in _MARKED] if n else []
    told = ", ".join(f"p{q:g} {duration(int(ns[i]))}" for q, i in zip(_MARKED, at, strict=False))
    labels = [f"p{q:g}" for q in _MARKED[: len(at)]]
    if len(at) == len(_MARKED) and at[-1] == at[-2]:
        labels[-2:] = ["", "p99, p99.9"]
    traces = [
        {"x": x[keep].tolist(), "y": (100 * (keep + 1) / max(1, n)).tolist(),
         "hovertemplate": f"%{{y:.1f}} % of the {what}: at most %{{x:,.4~g}} us<extra></extra>"},
        {"x": [float(x[i]) for i in at], "y": [float(q) for q in _MARKED[: len(at)]], "text": labels,
         "textposition": _SIDES, "name": told or "percentiles",
         "hovertemplate": "%{y:g} %: at most %{x:,.4~g} us<extra></extra>"},
        {"x": np.sqrt(edges[1:] * edges[:-1]).tolist(), "y": bars.tolist(), "width": np.diff(edges).tolist(),
         "hovertemplate": f"%{{y}} {what} of about %{{x:,.3~g}} us<extra></extra>"},
    ]  # fmt: skip
    layout = {"xaxis": {"anchor": "y2"}, "yaxis": {"domain": [0.4, 1], "range": [0, 108]}, "yaxis2": {
        "domain": [0, 0.32], "title": {"text": what}, "fixedrange": True, "anchor": "x"}}  # fmt: skip
    return Shape(traces, (float(low), float(high) + 0.12 * float(high - low)), layout)  # room for the last label


def _latency_drawn(rec: Recording, window: Window | None) -> Drawn:
    ns = np.sort(waits(rec, *(window or (0, None)))[1])
    shape = distribution(ns, "waits")
    title = (
        "Nobody waited"
        if not len(ns)
        else f"{count(len(ns), 'wait')}: median {duration(nearest_rank(ns, 50))}, p99 "
        f"{duration(nearest_rank(ns, 99))}, longest {duration(int(ns[-1]))}"
    )
    note = "runnable until running; 0.01 us stands for no time at all"
    return Drawn(title, note, shape.traces, "scheduling latency (us)", 0, shape.range, shape.layout)


LATENCIES: Final = Plot(
    lambda theme: distribution_styles(theme, "waits"), _latency_drawn, latency_table, "%", {"type": "log"}
)

# --- where goroutines were taken from -----------------------------------------------------------------------------

_BAR_LOOKS: Final = (
    ("running", ""), ("polling", "|"), ("spinning", "\\"), ("syscall", "/"), ("waking", "-"), ("scheduling", "."),
    ("no core", "x"), ("idle", ""), ("locked", "+"), ("syscall", "x"), ("idle", "/"),
)  # fmt: skip


_WHERE: Final = {
    "local": "their P's ring", "global": "the global queue", "stolen": "another P's ring",
    "global (61st tick)": "the global queue at a 61st tick", "netpoll": "the network poller",
}  # fmt: skip


def _source_styles(theme: str) -> list[dict[str, Any]]:
    return [bar(name, *look, theme, across=True) for name, look in zip(v.SRC_NAMES, _BAR_LOOKS, strict=True)]


def _source_names(rec: Recording) -> tuple[str, ...]:
    """The sources; a version that has one queue only takes each goroutine from it alone, at any tick."""
    one_queue = not rec.config.rules.local_queues
    return tuple("global" if one_queue and i == v.SRC_GLOBAL61 else name for i, name in enumerate(v.SRC_NAMES))


def _source_drawn(rec: Recording, window: Window | None) -> Drawn:
    c, n = columns(rec), rec.procs
    mine = (c.kind == v.E_EXECUTE) & in_window(rec, c.t, *(window or (0, None)))
    table = np.zeros((len(v.SRC_NAMES), n), np.int64)
    np.add.at(table, (c.arg[mine] & 15, c.p[mine]), 1)
    total = table.sum(axis=1)
    top = int(total.argmax())
    rows = [f"P{p}" for p in range(n)]
    names = _source_names(rec)
    traces = [{"x": row.tolist(), "y": rows, "showlegend": bool(row.any()), "name": name,
               "hovertemplate": "%{y}: %{x} times"} for name, row in zip(names, table, strict=True)]  # fmt: skip
    most = max(1, int(table.sum(axis=0).max()))
    share = round(100 * int(total[top]) / max(1, int(total.sum())))
    where = _WHERE.get(names[top], names[top])
    title = f"{count(int(total.sum()), 'goroutine')} taken to run: {share} % of them from {where}"
    layout = {"barmode": "stack", "yaxis": {"autorange": "reversed", "type": "category"}}
    return Drawn(title, "each time that a goroutine began to run", traces, "times", 0, (0.0, most * 1.05), layout)


SOURCES: Final = Plot(_source_styles, _source_drawn, source_table, "")

# --- who stole from whom ------------------------------------------------------------------------------------------


def _steal_styles(theme: str) -> list[dict[str, Any]]:
    look = page(theme)
    load = {"color": colour("running", theme), "line": {"width": 0.5, "color": look.ink}}
    return [
        {"type": "heatmap", "name": "goroutines", "colorscale": [[0, look.paper], [1, colour("spinning", theme)]],
         "xgap": 1, "ygap": 1, "zmin": 0, "showscale": False, "textfont": {"color": look.ink}},
        {"type": "bar", "orientation": "h", "name": "computed, % of the time", "xaxis": "x2", "marker": load},
    ]  # fmt: skip


def _steal_drawn(rec: Recording, window: Window | None) -> Drawn:
    part = window or (0, None)
    s = steals(rec, *part)
    n = len(s.moved)
    z = np.array(s.moved, np.int64)
    names = [f"P{p}" for p in range(n)]
    text = np.where(z > 0, z.astype(str), "").tolist() if n <= 24 else None
    stays = spans(rec, *part)
    busy = np.bincount(
        stays.row[stays.state == 5], weights=stays.length_ns[stays.state == 5], minlength=n
    )  # 5: running
    whole = max(1, (part[1] or rec.end_ns) - part[0])
    traces = [
        {"z": z, "x": names, "y": names, "text": text, "texttemplate": "%{text}" if text else "",
         "zmax": max(1, int(z.max())), "hovertemplate": "%{y} took %{z} from %{x}<extra></extra>"},
        {"x": np.round(100 * busy / whole, 1).tolist(), "y": names, "hovertemplate": "%{y} computed %{x} %"},
    ]  # fmt: skip
    title = f"{count(s.count, 'steal')} moved {count(s.gs, 'goroutine')}; {s.runnexts} of the steals took a runnext"
    layout = {
        "xaxis": {"domain": [0, 0.68], "type": "category"}, "yaxis": {"autorange": "reversed", "type": "category"},
        "xaxis2": {"domain": [0.74, 1], "range": [0, 100], "title": {"text": "computed (%)"}, "fixedrange": True},
    }  # fmt: skip
    return Drawn(title, "rows steal from columns; bars: how long each P computed", traces, "victim", 0,
                 (-0.5, n - 0.5), layout)  # fmt: skip


STEALS: Final = Plot(_steal_styles, _steal_drawn, steal_table, "thief")

# --- system calls -------------------------------------------------------------------------------------------------


def _call_styles(theme: str) -> list[dict[str, Any]]:
    names = ("kept its P to the end", "lost its P")
    return [{"type": "scatter", "mode": "markers", "name": name, "marker": _marks(n, theme)}
            for n, name in enumerate(names)]  # fmt: skip


def _call_drawn(rec: Recording, window: Window | None) -> Drawn:
    found = calls(rec, *(window or (0, None)))
    kept = [c for c in found if c.taken_ns < 0]
    lost = [c for c in found if c.taken_ns >= 0]
    traces = [_call_trace(kept[:_POINTS]), _call_trace(lost[:_POINTS])]
    taken = np.sort(np.array([c.taken_ns for c in lost], np.int64))
    after = f", after {duration(nearest_rank(taken, 50))} (median)" if lost else ""
    title = f"{count(len(found), 'system call')}; {len(lost)} lost their P{after}" if found else "No system call"
    longest = max((c.length_ns for c in found), default=1000)
    high = float(np.ceil(np.log10(max(1.0, longest / 1000)))) or 1.0
    return Drawn(title, "each point is a call: how long it took, how long its P stayed with it", traces,
                 "length of the call (us)", 0, (-1.0, high))  # fmt: skip


def _call_trace(some: list[Call]) -> dict[str, Any]:
    stayed = [c.length_ns if c.taken_ns < 0 else c.taken_ns for c in some]
    said = [f"G{c.g} on P{c.p}, at {duration(c.start_ns)}" for c in some]
    return {"x": _us([c.length_ns for c in some]).tolist(), "y": _us(stayed).tolist(), "text": said,
            "hovertemplate": "%{text}: call %{x:,.4~g} us, P stayed %{y:,.4~g} us<extra></extra>"}  # fmt: skip


def _call_table(rec: Recording, window: Window | None) -> Table:
    found = calls(rec, *(window or (0, None)))[:60]
    rows = tuple((f"G{c.g}", f"P{c.p}", c.start_ns / 1000, c.length_ns / 1000,
                  c.taken_ns / 1000 if c.taken_ns >= 0 else "kept") for c in found)  # fmt: skip
    return Table("System calls", ("goroutine", "P", "from (us)", "for (us)", "P taken after (us)"), rows, digits=3)


CALLS: Final = Plot(_call_styles, _call_drawn, _call_table, "its P stayed (us)", {"type": "log"}, {"type": "log"})

# --- preemptions --------------------------------------------------------------------------------------------------

_HOW: Final = {
    "signal": "stopped by the signal", "check": "stopped at a check", "itself": "left by itself",
    "not yet": "not stopped in this run",
}  # fmt: skip


def _preempt_styles(theme: str) -> list[dict[str, Any]]:
    return [{"type": "scatter", "mode": "markers", "name": name, "marker": _marks(n, theme) | {"size": 9}}
            for n, name in enumerate(_HOW.values())]  # fmt: skip


def _preempt_drawn(rec: Recording, window: Window | None) -> Drawn:
    found = preemptions(rec, *(window or (0, None)))
    traces = [_preempt_trace(rec, window, [one for one in found if one.how == how][:_POINTS]) for how in _HOW]
    over = np.sort(np.array([one.wait_ns for one in found if one.wait_ns >= 0], np.int64))
    if not len(found):
        return over_time(rec, window, "Nobody was asked to stop", "", traces)
    title = f"{count(len(found), 'request')} to stop: left the P after {duration(nearest_rank(over, 50))} (median)"
    longest = f", {duration(int(over[-1]))} at most" if len(over) else ""
    note = "a point: when sysmon or a stop of the world asked (repeated: still one), and how long until it left"
    return over_time(rec, window, title + longest, note, traces)


def _preempt_trace(rec: Recording, window: Window | None, some: list[Preemption]) -> dict[str, Any]:
    wait = [one.wait_ns if one.wait_ns >= 0 else rec.end_ns - one.asked_ns for one in some]
    said = [f"G{one.g} on P{one.p}, {count(one.signals, 'signal')}" for one in some]
    x = in_unit(rec, window, np.array([one.asked_ns for one in some]))
    return {"x": x, "y": _us(wait).tolist(), "text": said,
            "hovertemplate": "%{text}: %{y:,.4~g} us<extra></extra>"}  # fmt: skip


def _preempt_table(rec: Recording, window: Window | None) -> Table:
    found = preemptions(rec, *(window or (0, None)))[:60]
    rows = tuple((f"G{one.g}", f"P{one.p}", one.asked_ns / 1000, one.signals,
                  one.wait_ns / 1000 if one.wait_ns >= 0 else "not", _HOW[one.how]) for one in found)  # fmt: skip
    heads = ("goroutine", "P", "asked at (us)", "signals", "left after (us)", "how")
    return Table("Requests to stop", heads, rows, digits=3)


PREEMPTIONS: Final = Plot(
    _preempt_styles, _preempt_drawn, _preempt_table, "until it left the P (us)", y_axis={"type": "log"}
)
