"""Titles that state what was found, and notes that say how it is drawn."""

from __future__ import annotations

from gmp_lab.metrics.counts import steals
from gmp_lab.metrics.spans import Spans
from gmp_lab.metrics.usage import state_ns
from gmp_lab.recording import Recording

Window = tuple[int, int]


def count(n: int, one: str, many: str = "") -> str:
    """ "1 steal", "12 steals", "1,200 steals"."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def duration(ns: float) -> str:
    """A time with a unit that suits it: "80 ns", "12.5 us", "3.2 ms"."""
    if ns < 1_000:
        return f"{ns:.3g} ns"
    if ns < 1_000_000:
        return f"{ns / 1_000:.3g} us"
    return f"{ns / 1_000_000:.3g} ms" if ns < 1_000_000_000 else f"{ns / 1_000_000:,.0f} ms"


def percent(part: int, whole: int) -> str:
    """A share as "27 %", rounded half up; "under 1 %" for what would otherwise be "0 %" and is not nothing."""
    rounded = (200 * part + whole) // (2 * whole) if whole else 0
    return "under 1 %" if part and not rounded else f"{rounded} %"


def timeline_title(rec: Recording, s: Spans, window: Window | None) -> str:
    """The finding of a timeline: how busy its rows were."""
    table = state_ns(s)
    total = sum(map(sum, table))
    by_state = {name: sum(row[k] for row in table) for k, name in enumerate(s.states)}
    running = percent(by_state["running"], total)
    if s.of == "P":
        held = by_state["syscall"]
        calls = f", {percent(held, total)} held in system calls" if held * 200 >= total > 0 else ""
        if not rec.complete:
            return f"{count(s.rows, 'P')} busy {running} of the time{calls}; a real run"
        n = steals(rec, *(window or (0, None))).count
        return f"{count(s.rows, 'P')} busy {running} of the time{calls}; {count(n, 'steal')}"
    if s.of == "G":
        alive = total - by_state["dead"]
        ready, run = (percent(by_state[k], alive) for k in ("runnable", "running"))
        return f"{count(max(0, s.rows - 1), 'goroutine')}: {run} of their life running, {ready} runnable"
    return f"{count(s.rows, 'thread')} running goroutines {running} of their time"


def detail_note(hidden: int, width_ns: int) -> str:
    """How the bars are to be read."""
    if not hidden:
        return "every stay is drawn"
    return f"{count(hidden, 'stay')} shorter than {duration(width_ns / 1500)} not drawn"


def raster_note(stays: int, bins: int, bin_ns: float) -> str:
    """How the raster is to be read."""
    return f"{stays:,} stays merged: each of {bins:,} columns of {duration(bin_ns)} shows its longest state"


def depth_title(waiting: int, rings: list[int]) -> str:
    """The finding of the queue depths: how long the global queue and the longest ring got."""
    longest = max(rings)
    where = f" (P{rings.index(longest)})" if longest else ""
    return f"Global queue: up to {count(waiting, 'goroutine')}; longest ring: {longest}{where}"


def depth_note(bins: int, bin_ns: float) -> str:
    """How the lines and rows are to be read."""
    return f"each of {bins:,} columns of {duration(bin_ns)} shows its largest depth; runnext is not counted"
