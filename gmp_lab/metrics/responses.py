"""Responses of a service: how long each took, and what of it was spent on what.

A program tells its responses with ``log``, at the end of each, in whole us from when it was due
(``catalog.service``).  What a request waits for is what the P that takes it at last did meanwhile.  Before it is
made, its maker waits: for the timer that wakes it, or for a P.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from gmp_lab import vocabulary as v
from gmp_lab.metrics.columns import Ints, check_window, columns
from gmp_lab.metrics.spans import Spans, g_spans, p_spans
from gmp_lab.metrics.states import G_RUNNABLE, G_RUNNING, G_SYSCALL, G_WAITING, P_NO_CORE, P_RUNNING, P_SYSCALL
from gmp_lab.recording import Recording

#: What a response consists of, in the order in which it is drawn.
PARTS: Final = (
    "computing", "in a system call", "parked", "behind other requests", "behind other goroutines",
    "a P in a system call", "no core", "waking and scheduling", "not noticed yet (late timer)", "being started",
)  # fmt: skip
_RUN, _CALL, _PARKED, _KIND, _OTHERS, _P_CALL, _CORE, _REST, _TIMER, _START = range(len(PARTS))


@dataclass(frozen=True, slots=True)
class Responses:
    """Columns of equal length, in the order in which the responses came.

    ``g`` whose it was; ``due_ns`` and ``end_ns``; ``parts``: int64, PARTS x responses, ns of each part
    """

    g: Ints
    due_ns: Ints
    end_ns: Ints
    parts: Ints

    def __len__(self) -> int:
        return len(self.g)

    @property
    def length_ns(self) -> Ints:
        """How long each took, ns."""
        return self.end_ns - self.due_ns


class _Stays(NamedTuple):
    """Stays within responses: number of the response, from when to when, state and P of the goroutine."""

    who: Ints
    begin: Ints
    end: Ints
    state: Ints
    p: Ints

    def take(self, which: Ints) -> _Stays:
        return _Stays(*(column[which] for column in self))


def responses(rec: Recording, start_ns: int = 0, end_ns: int | None = None) -> Responses:
    """The responses that came in the window; a goroutine's last ``log`` counts, if it wrote several."""
    start, end = check_window(rec, start_ns, end_ns)
    c = columns(rec)
    at = np.flatnonzero((c.kind == v.E_LOG) & (c.t >= start) & (c.t <= end))
    g, index = np.unique(c.g[at][::-1], return_index=True)
    at = np.sort(at[::-1][index])
    g, ended = c.g[at].astype(np.int64), c.t[at].astype(np.int64)
    due = ended - c.arg[at].astype(np.int64) * 1000
    return Responses(g, due, ended, _parts(rec, g, due, ended))


def _parts(rec: Recording, g: Ints, due: Ints, ended: Ints) -> Ints:
    out = np.zeros((len(PARTS), len(g)), np.int64)
    stays = g_spans(rec)
    c = columns(rec)
    made = np.flatnonzero((c.kind == v.E_GO_CREATE) & np.isin(c.g, g))
    order = np.argsort(c.g[made])
    found = made[order][np.searchsorted(c.g[made][order], g)] if len(made) else made
    if len(found) < len(g):
        return out
    own = _within(rec, stays, g, due, ended)
    before = _within(rec, stays, c.arg[found], due, np.maximum(due, c.t[found]))
    for part, mine, state in (
        (_CALL, own, G_SYSCALL), (_PARKED, own, G_WAITING), (_START, before, G_RUNNING), (_START, before, G_SYSCALL),
        (_TIMER, before, G_WAITING),
    ):  # fmt: skip
        which = mine.state == state
        np.add.at(out[part], mine.who[which], (mine.end - mine.begin)[which])
    names = _name_numbers(rec)
    ps = p_spans(rec)
    for mine, state in ((own, G_RUNNABLE), (own, G_RUNNING), (before, G_RUNNABLE)):
        ns = _on_ps(ps, mine.take(np.flatnonzero(mine.state == state)), names, names[g])
        if state == G_RUNNING:  # what the P runs then is the request itself
            ns[_RUN] += ns[_KIND] + ns[_OTHERS]
            ns[_KIND] = ns[_OTHERS] = 0
        out += ns
    out[_START] += np.maximum(0, ended - due - out.sum(axis=0))
    return out


def _within(rec: Recording, stays: Spans, g: Ints, begin: Ints, end: Ints) -> _Stays:
    """The stays of goroutine g[i] between begin[i] and end[i], cut at both ends; those of no length are left out."""
    far = rec.end_ns + 1
    key = stays.row.astype(np.int64) * far
    first = np.searchsorted(key + stays.end_ns, g * far + begin, side="right")
    last = np.searchsorted(key + stays.start_ns, g * far + end, side="left")
    many = np.maximum(0, last - first)
    who = np.repeat(np.arange(len(g)), many)
    index = np.arange(len(who)) - np.repeat(np.cumsum(many) - many, many) + first[who]
    until = stays.until[index]
    p = np.where(stays.state[index] == G_RUNNABLE, np.where(until >= 0, np.asarray(rec.p)[until], -1), stays.p[index])
    low, high = np.maximum(stays.start_ns[index], begin[who]), np.minimum(stays.end_ns[index], end[who])
    return _Stays(who, low, high, stays.state[index], p).take(np.flatnonzero(high > low))


def _on_ps(ps: Spans, mine: _Stays, names: Ints, own_names: Ints) -> Ints:
    """What the Ps did while requests waited for them, or ran there: ns of each part, for each request."""
    out = np.zeros((len(PARTS), len(own_names)), np.int64)
    kind = np.full(len(ps), _REST)
    for state, part in ((P_RUNNING, _OTHERS), (P_SYSCALL, _P_CALL), (P_NO_CORE, _CORE)):
        kind[ps.state == state] = part
    for row in np.unique(mine.p[mine.p >= 0]).tolist():
        there = ps.take(ps.row == row)
        edges = np.append(there.start_ns, there.end_ns[-1])
        for name in np.unique(own_names).tolist():
            which = np.flatnonzero((mine.p == row) & (own_names[mine.who] == name))
            does = kind[ps.row == row]
            does = np.where((does == _OTHERS) & (names[there.g] == name), _KIND, does)
            for part in np.unique(does).tolist():
                sums = np.append(0, np.cumsum(np.where(does == part, there.length_ns, 0)))
                spent = np.interp(mine.end[which], edges, sums) - np.interp(mine.begin[which], edges, sums)
                np.add.at(out[part], mine.who[which], np.rint(spent).astype(np.int64))
    return out


def _name_numbers(rec: Recording) -> Ints:
    """A number for the name of each goroutine: those of one function have the same; 0: nobody's."""
    known: dict[str, int] = {}
    numbers = [0, *(known.setdefault(name, len(known) + 1) for name in rec.g_names), 0]
    return np.array(numbers)  # the last is that of g -1
