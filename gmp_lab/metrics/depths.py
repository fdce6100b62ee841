"""How long the queues were, and how many threads there were, over time.

A depth is a sum of changes, and every change is in the vocabulary: who enters a ring, who leaves it, who is
kicked out of runnext into it.  The one thing that a single event does not say is whether runnext was
occupied before; it was if the previous event that concerns this runnext put somebody there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from gmp_lab import params
from gmp_lab import vocabulary as v
from gmp_lab.errors import ConfigError
from gmp_lab.metrics.columns import Arrays, Bools, Ints, columns
from gmp_lab.metrics.spans import _by_row
from gmp_lab.recording import Recording


@dataclass(frozen=True, slots=True)
class Steps:
    """A step function: ``value[i]`` (int32) holds from ``t_ns[i]`` (int64, ascending) on; ``t_ns[0]`` is 0.

    Where several changes fall on one instant, only what remains after the last of them is kept.
    """

    t_ns: Ints
    value: Ints

    def at(self, t_ns: int) -> int:
        """Value at a time (ns, >= 0), after the changes of that very instant."""
        return int(self.value[np.searchsorted(self.t_ns, t_ns, side="right") - 1])

    def maximum(self, start_ns: int = 0, end_ns: int | None = None) -> int:
        """Largest value from start_ns on, up to end_ns (ns; by default the whole run)."""
        first = np.searchsorted(self.t_ns, start_ns, side="right") - 1
        last = len(self.t_ns) if end_ns is None else np.searchsorted(self.t_ns, end_ns, side="right")
        return int(self.value[first:last].max())

    def mean(self, start_ns: int, end_ns: int) -> float:
        """Average over the time from start_ns to end_ns (ns); the value at start_ns if they are equal."""
        if end_ns <= start_ns:
            return float(self.at(start_ns))
        length = np.diff(np.clip(np.append(self.t_ns, end_ns), start_ns, end_ns))
        return int((self.value * length).sum()) / (end_ns - start_ns)


@dataclass(frozen=True, slots=True)
class Depths:
    """``ring[p]``: entries of P p's ring, runnext not among them; ``runnext[p]``: 0 or 1; ``global_``."""

    ring: tuple[Steps, ...]
    runnext: tuple[Steps, ...]
    global_: Steps

    def ring_total(self) -> Steps:
        """Entries of all rings together."""
        return add_steps(self.ring)


def steps_from(t: Ints, change: Ints, start: int = 0) -> Steps:
    """Sum up changes that are in order of time; the value is ``start`` before the first."""
    t = np.concatenate(([0], t))
    value = np.cumsum(np.concatenate(([start], change)), dtype=np.int32)
    last = np.append(t[1:] != t[:-1], True)
    return Steps(t[last], value[last])


def add_steps(parts: tuple[Steps, ...]) -> Steps:
    """The sum of step functions."""
    t = np.concatenate([s.t_ns for s in parts])
    change = np.concatenate([np.diff(s.value, prepend=0) for s in parts])
    order = np.argsort(t, kind="stable")
    return steps_from(t[order], change[order])


class _Changes(NamedTuple):
    """Changes of queues: index of the event, the P whose queue it is (-1: global), by how much."""

    event: Ints
    p: Ints
    by: Ints


def _source(c: Arrays, takes: Bools, source: int) -> Bools:
    taken: Bools = takes & (c.arg & 15 == source)
    return taken


def _runnext(c: Arrays, version: params.Version) -> tuple[_Changes, Ints]:
    """Changes of the runnext slots, and the events at which somebody was kicked out of one.

    A version without runnext puts who is made or readied into the ring at once.
    """
    if not version.runnext:
        put = np.flatnonzero(((c.kind == v.E_GO_CREATE) | (c.kind == v.E_READY)) & (c.p >= 0))
        none = np.zeros(0, np.int64)
        return _Changes(none, none, none), put
    takes = (c.kind == v.E_EXECUTE) | (c.kind == v.E_START_LOCKED)
    puts = ((c.kind == v.E_GO_CREATE) | (c.kind == v.E_READY)) & (c.p >= 0)
    puts |= (c.kind == v.E_YIELD) & (c.arg == v.YIELD_STW)
    own = _source(c, takes, v.SRC_RUNNEXT)
    stolen = (c.kind == v.E_STEAL) & (c.arg >> 20 == 1)
    own |= (c.kind == v.E_P_DESTROY) & (c.arg & v.DESTROY_NEXT != 0)
    event = np.flatnonzero(puts | own | stolen)
    p = np.where(stolen[event], c.arg[event] & 0x3FF, c.p[event])
    order, first = _by_row(p)
    event, p, put = event[order], p[order], puts[event[order]]
    occupied = np.zeros(len(event), np.bool_)
    occupied[1:] = put[:-1] & ~first[1:]
    kicked = event[put & occupied]
    return _Changes(event, p, put.astype(np.int32) - occupied), np.sort(kicked)


def _ring(c: Arrays, kicked: Ints) -> _Changes:
    """Changes of the rings; a G that finds its ring full never enters it, as the next E_OVERFLOW says."""
    takes = (c.kind == v.E_EXECUTE) | (c.kind == v.E_START_LOCKED)
    by = np.zeros(len(c.t), np.int32)
    by[kicked] = 1
    by[(c.kind == v.E_QUEUE_TAIL) | ((c.kind == v.E_YIELD) & (c.arg == v.YIELD_GOYIELD))] = 1
    by[_source(c, takes, v.SRC_LOCAL)] = -1
    gets = c.kind == v.E_GLOB_GET
    by[gets] = c.arg[gets] - 1
    gone = c.kind == v.E_P_DESTROY
    by[gone] = -(c.arg[gone] & (v.DESTROY_NEXT - 1))
    steals = np.flatnonzero((c.kind == v.E_STEAL) & (c.arg >> 20 == 0))
    moved = c.arg[steals] >> 10 & 0x3FF
    by[steals] = moved - 1
    event = np.concatenate((np.arange(len(by)), steals))
    p = np.concatenate((c.p, c.arg[steals] & 0x3FF))
    change = np.concatenate((by, -moved))
    over = np.flatnonzero(c.kind == v.E_OVERFLOW)
    change[over] = -c.arg[over]
    keep = np.flatnonzero(change)
    event, p, change = event[keep], p[keep], change[keep]
    order = np.argsort(event, kind="stable")
    event, p, change = event[order], p[order], change[order]
    return _Changes(event, p, _refused(c, event, p, change))


def _refused(c: Arrays, event: Ints, p: Ints, change: Ints) -> Ints:
    """Undo the put that each overflow turned away: the change of the same ring just before it."""
    if not (c.kind == v.E_OVERFLOW).any():
        return change
    order, _ = _by_row(p)
    at = np.flatnonzero(c.kind[event[order]] == v.E_OVERFLOW)
    change[order[at - 1]] = 0
    return change


def _global(c: Arrays, version: params.Version) -> _Changes:
    takes = (c.kind == v.E_EXECUTE) | (c.kind == v.E_START_LOCKED)
    by = np.zeros(len(c.t), np.int32)
    by[(c.kind == v.E_READY) & (c.p < 0)] = 1
    if not version.local_queues:  # all that would go to a P's queue
        by[((c.kind == v.E_GO_CREATE) & (c.p >= 0)) | (c.kind == v.E_READY) | (c.kind == v.E_QUEUE_TAIL)] = 1
        by[(c.kind == v.E_YIELD) & (c.arg == v.YIELD_GOYIELD)] = 1
    by[(c.kind == v.E_YIELD) & (c.arg != v.YIELD_GOYIELD) & (c.arg != v.YIELD_STW)] = 1
    by[(c.kind == v.E_SYSEXIT) & (c.arg == v.EXIT_NO_P)] = 1
    by[_source(c, takes, v.SRC_GLOBAL61)] = -1
    gets, over = c.kind == v.E_GLOB_GET, c.kind == v.E_OVERFLOW
    by[gets] = -c.arg[gets]
    by[over] = c.arg[over] + 1
    gone = c.kind == v.E_P_DESTROY
    by[gone] = (c.arg[gone] & (v.DESTROY_NEXT - 1)) + (c.arg[gone] & v.DESTROY_NEXT != 0)
    event = np.flatnonzero(by)
    return _Changes(event, np.full(len(event), -1), by[event])


def _per_p(c: Arrays, ch: _Changes, n: int) -> tuple[Steps, ...]:
    return tuple(steps_from(c.t[ch.event[mine]], ch.by[mine]) for mine in (ch.p == p for p in range(n)))


def queue_depths(rec: Recording) -> Depths:
    """All queues of the run; ConfigError for a real trace, which does not say who is queued where."""
    if not rec.complete:
        raise ConfigError("recording", rec.program, "a simulated run (a real trace has no queues)")
    c, n = columns(rec), rec.procs
    version = params.rules(rec.config.go, rec.config.os)
    runnext, kicked = _runnext(c, version)
    glob = _global(c, version)
    none = np.zeros(0, np.int64)
    ring = _ring(c, kicked) if version.local_queues else _Changes(none, none, none)
    return Depths(_per_p(c, ring, n), _per_p(c, runnext, n), steps_from(c.t[glob.event], glob.by))


def thread_count(rec: Recording) -> Steps:
    """Number of threads (sysmon among them) over time; threads never end here. Of a real trace: those met so far."""
    c = columns(rec)
    t = c.t[(c.kind == v.E_M_NEW) | (c.kind == v.E_MET_M)]
    return steps_from(t, np.ones(len(t), np.int32))
