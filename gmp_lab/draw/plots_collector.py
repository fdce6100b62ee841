"""Plots of the collector: each stop of the world as a bar, and how long each goroutine had to assist."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from gmp_lab.draw.axes import Window
from gmp_lab.draw.findings import count, duration, percent
from gmp_lab.draw.plot import Drawn, Plot, bar, in_unit, over_time
from gmp_lab.draw.tables import Table
from gmp_lab.metrics import Stop, assists, stops
from gmp_lab.metrics.columns import check_window
from gmp_lab.recording import Recording

_BARS: Final = 400  # stops that are drawn
_ROWS: Final = 24  # goroutines that are drawn


# --- stops of the world -------------------------------------------------------------------------------------------


def _stop_styles(theme: str) -> list[dict[str, Any]]:
    return [bar("until all have stopped", "spinning", "\\", theme), bar("all stand still", "syscall", "/", theme)]


def _phases(rec: Recording, one: Stop) -> tuple[int, int]:
    """How long (ns) until everybody had stopped, and how long all stood still; as far as the run goes."""
    started = one.started_ns if one.started_ns >= 0 else rec.end_ns
    stopped = one.stopped_ns if one.stopped_ns >= 0 else started
    return stopped - one.asked_ns, started - stopped


def _stop_drawn(rec: Recording, window: Window | None) -> Drawn:
    found = stops(rec, *(window or (0, None)))
    start, end = check_window(rec, *(window or (0, None)))
    phases = np.array([_phases(rec, one) for one in found], np.int64).reshape(-1, 2)
    drawn = found[:_BARS]
    x = in_unit(rec, window, np.array([one.asked_ns for one in drawn]))
    wide = in_unit(rec, window, np.array([max(1, (end - start) // 150)]))[0]
    said = [f"G{one.g}: {one.reason}" for one in drawn]
    words = ("until all had stopped", "all stood still")
    traces = [
        {"x": x, "y": (phases[: len(drawn), k] / 1000).tolist(), "width": [wide] * len(drawn), "text": said,
         "textposition": "none", "hovertemplate": f"%{{text}}: %{{y:,.4~g}} us {words[k]}<extra></extra>"}
        for k in range(2)
    ]  # fmt: skip
    if not found:
        return over_time(rec, window, "The world was never stopped", "", traces, barmode="stack")
    total = int(phases.sum())
    worst = int(phases.sum(axis=1).argmax())
    wait, still = (duration(int(ns)) for ns in phases[worst])
    title = f"{count(len(found), 'stop')} of the world, {percent(total, end - start)} of the time; longest: {wait}"
    note = "each bar is a stop: how long until everybody had stopped, and how long all stood still then"
    first = f"; the first {_BARS} are drawn" if len(found) > _BARS else ""
    return over_time(rec, window, f"{title} to stop all, {still} still", note + first, traces, barmode="stack")


def _stop_table(rec: Recording, window: Window | None) -> Table:
    found = stops(rec, *(window or (0, None)))
    phases = [(one, *_phases(rec, one)) for one in found[:60]]
    rows = tuple((one.reason, one.asked_ns / 1000, wait / 1000, still / 1000) for one, wait, still in phases)
    heads = ("reason", "asked for at (us)", "until all had stopped (us)", "all stood still (us)")
    return Table(f"The first {len(rows)} of {count(len(found), 'stop')} of the world", heads, rows, digits=3)


STOPS: Final = Plot(_stop_styles, _stop_drawn, _stop_table, "us", y_axis={"rangemode": "tozero"})

# --- assists ------------------------------------------------------------------------------------------------------


def _assist_styles(theme: str) -> list[dict[str, Any]]:
    return [bar("time in assists", "spinning", "\\", theme, across=True)]


def _assist_drawn(rec: Recording, window: Window | None) -> Drawn:
    found = assists(rec, *(window or (0, None)))
    drawn = found[:_ROWS]
    us = [one.total_ns / 1000 for one in drawn]
    said = [f"{count(one.times, 'assist')}, the longest {duration(one.longest_ns)}" for one in drawn]
    traces = [{"x": us, "y": [f"G{one.g} {rec.g_name(one.g)}" for one in drawn], "text": said, "textposition": "none",
               "hovertemplate": "%{y}: %{x:,.4~g} us in %{text}<extra></extra>"}]  # fmt: skip
    layout = {"yaxis": {"autorange": "reversed", "type": "category", "automargin": True}}
    wide = (0.0, max([1.0, *us]) * 1.05)
    if not found:
        return Drawn("Nobody had to assist", "", traces, "time in assists (us)", 0, wide, layout)
    one, total = found[0], sum(a.total_ns for a in found)
    title = f"{count(len(found), 'goroutine')} assisted for {duration(total)}; most: G{one.g} {rec.g_name(one.g)}"
    title += f", {duration(one.total_ns)} in {count(one.times, 'assist')}"
    more = f"; the first {_ROWS} are drawn" if len(found) > _ROWS else ""
    note = f"marking that a goroutine does itself because it allocates{more}"
    return Drawn(title, note, traces, "time in assists (us)", 0, wide, layout)


def _assist_table(rec: Recording, window: Window | None) -> Table:
    found = assists(rec, *(window or (0, None)))
    rows = tuple(
        (f"G{one.g} {rec.g_name(one.g)}", one.times, float(one.total_ns / 1000), float(one.longest_ns / 1000))
        for one in found[:60]
    )
    heads = ("goroutine", "assists", "us in all", "longest (us)")
    return Table(f"The first {len(rows)} of {count(len(found), 'goroutine')} that assisted", heads, rows, digits=3)


ASSISTS: Final = Plot(_assist_styles, _assist_drawn, _assist_table, "")
