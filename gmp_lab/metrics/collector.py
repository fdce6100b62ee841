"""The collector one by one: each stop of the world, and how long each goroutine had to assist."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gmp_lab import vocabulary as v
from gmp_lab.metrics.columns import check_window, columns
from gmp_lab.recording import Recording


class Stop(NamedTuple):
    """One stop of the world by goroutine ``g``: asked for, everybody stopped, started again; ns.

    ``stopped_ns`` and ``started_ns`` are -1 for what is not in the run any more.
    """

    g: int
    reason: str
    asked_ns: int
    stopped_ns: int
    started_ns: int

    @property
    def length_ns(self) -> int:
        """From the request until the world goes on; -1 if it did not."""
        return self.started_ns - self.asked_ns if self.started_ns >= 0 else -1


class Assist(NamedTuple):
    """How often, and for how long (ns), goroutine ``g`` marked because it allocated."""

    g: int
    times: int
    total_ns: int
    longest_ns: int


def stops(rec: Recording, start_ns: int = 0, end_ns: int | None = None) -> list[Stop]:
    """The stops of the world that were asked for in the window, in order."""
    start, end = check_window(rec, start_ns, end_ns)
    c = columns(rec)
    found: list[Stop] = []
    open_: Stop | None = None
    for i in np.flatnonzero(np.isin(c.kind, (v.E_STW_STOP, v.E_STW_STOPPED, v.E_STW_START))).tolist():
        e = rec[i]
        if e.kind == v.E_STW_STOP:
            reason = v.STW_REASONS[e.arg] if 0 <= e.arg < len(v.STW_REASONS) else "unknown"
            open_ = Stop(e.g, reason, e.t, -1, -1)
        elif open_ is not None and e.kind == v.E_STW_STOPPED:
            open_ = open_._replace(stopped_ns=e.t)
        elif open_ is not None:
            found.append(open_._replace(started_ns=e.t))
            open_ = None
    if open_ is not None:
        found.append(open_)
    return [one for one in found if start <= one.asked_ns <= end]


def assists(rec: Recording, start_ns: int = 0, end_ns: int | None = None) -> list[Assist]:
    """What each goroutine had to assist in the window, the longest first; an assist is cut at the window's ends."""
    start, end = check_window(rec, start_ns, end_ns)
    c = columns(rec)
    since: dict[int, int] = {}
    spent: dict[int, list[int]] = {}
    for i in np.flatnonzero(c.kind == v.E_GC_ASSIST).tolist():
        e = rec[i]
        if e.arg:
            since[e.g] = e.t
        elif e.g in since:
            _add(spent, e.g, max(start, since.pop(e.g)), min(end, e.t))
    for g, began in since.items():
        _add(spent, g, max(start, began), end)
    found = [Assist(g, len(ns), sum(ns), max(ns)) for g, ns in spent.items()]
    return sorted(found, key=lambda one: (-one.total_ns, one.g))


def _add(spent: dict[int, list[int]], g: int, start: int, end: int) -> None:
    if end >= start:  # one that finds nothing to mark takes no time
        spent.setdefault(g, []).append(end - start)
