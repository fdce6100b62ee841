"""Stays: what each P, G or M did, from when to when.

The Recording says what happened; a picture or a sum needs what lasted.  A *stay* is the time between two
events that change the state of the same P (or G, or M).  The three tables of stays are made in the same
way: a table says which state each kind of event leads to, a stable sort by P (G, M) brings the events of
one row together in order, and each stay ends where the next one begins.

All of it works on whole columns.  A loop over the events in Python was rejected: a slider step has about
15 ms for 40,000 events, and such a loop takes three times as long.

A P has no field that tells scheduling from spinning, nor a core: these belong to its M.  ``_held``
therefore finds out which P an M has at each event.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import numpy as np

from gmp_lab import params
from gmp_lab import vocabulary as v
from gmp_lab.errors import check_choice
from gmp_lab.metrics import states as st
from gmp_lab.metrics.columns import Arrays, Bools, Ints, check_window, columns
from gmp_lab.recording import Recording


@dataclass(frozen=True, slots=True)
class Spans:
    """Stays of one kind of row, sorted by row and then by time; all columns have the same length.

    ``of``        "P", "G" or "M"; ``rows``: row ids are below it; ``states``: names of the states
    ``row``       id of the P, G or M
    ``start_ns``, ``end_ns``  int64; a stay of a P or M is never empty, one of a G can be
    ``state``     index into ``states``
    ``g`` ``p`` ``m``  who else took part, -1 = nobody; for a waiting G, ``m`` is the wait reason's number
    ``event``     index of the event that began the stay, -1 = the beginning of the run
    ``until``     index of the event that ended it, -1 = the end of the run
    """

    of: str
    rows: int
    states: tuple[str, ...]
    row: Ints
    start_ns: Ints
    end_ns: Ints
    state: Ints
    g: Ints
    p: Ints
    m: Ints
    event: Ints
    until: Ints

    def __len__(self) -> int:
        return len(self.row)

    @property
    def length_ns(self) -> Ints:
        """Length of each stay, ns."""
        return self.end_ns - self.start_ns

    def take(self, which: Ints | Bools) -> Spans:
        """The stays that a mask or an array of indexes picks."""
        columns = (getattr(self, name)[which] for name in _SPAN_COLUMNS)
        return Spans(self.of, self.rows, self.states, *columns)

    def clip(self, start_ns: int, end_ns: int) -> Spans:
        """The stays, or parts of them, between two times (ns)."""
        inside = self.take((self.end_ns > start_ns) & (self.start_ns < end_ns))
        np.maximum(inside.start_ns, start_ns, out=inside.start_ns)
        np.minimum(inside.end_ns, end_ns, out=inside.end_ns)
        return inside


_SPAN_COLUMNS: Final = ("row", "start_ns", "end_ns", "state", "g", "p", "m", "event", "until")


def first_rows(s: Spans, rows: int) -> Spans:
    """The stays of the first ``rows`` rows only."""
    return replace(s.take(s.row < rows), rows=rows)


def spans(rec: Recording, start_ns: int = 0, end_ns: int | None = None, *, of: str = "P") -> Spans:
    """Stays of the Ps, Gs or Ms (``of``) between two times (ns, see ``check_window``), cut at both ends."""
    start, end = check_window(rec, start_ns, end_ns)
    make = {"P": p_spans, "G": g_spans, "M": m_spans}[check_choice("of", of, ("P", "G", "M"))]
    whole = make(rec)
    return whole if (start, end) == (0, rec.end_ns) else whole.clip(start, end)


def _fill(known: Bools) -> Ints:
    """For each position the last position up to it that is known; the first must be."""
    where = np.where(known, np.arange(len(known)), 0)
    return np.maximum.accumulate(where)


def _by_row(row: Ints) -> tuple[Ints, Bools]:
    """A stable order by row, and a mask of the places where a new row begins in it."""
    small = row.astype(np.int16) if len(row) == 0 or row.max() < 32_768 else row  # numpy radix-sorts 16 bits
    order = np.argsort(small, kind="stable")
    ordered = row[order]
    first = np.ones(len(ordered), np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=first[1:])
    return order, first


_HELD_KINDS: Final = np.isin(
    np.arange(256),
    (v.E_ACQUIRE_P, v.E_RELEASE_P, v.E_SYSEXIT, v.E_RETAKE, v.E_SPIN, v.E_M_START, v.E_CPU_ON, v.E_CPU_OFF,
     v.E_M_WAKE, v.E_M_NEW, v.E_SYSCALL, v.E_MET_P),
)  # fmt: skip


def _lost_p(c: Arrays) -> Bools:
    """Mask of the system calls' ends after which the goroutine is not running."""
    lost: Bools = (c.kind == v.E_SYSEXIT) & ((c.arg == v.EXIT_NO_P) | (c.arg == v.EXIT_LATE_P))
    return lost


def _held(rec: Recording, c: Arrays) -> tuple[Ints, Ints]:
    """For each event: the P that its M has (-1: none) and whether that M is spinning (0/1), after the event.

    Only filled in for the kinds whose state depends on the M.
    """
    unwires = () if not rec.complete or params.version(rec.config.go).syscall_keeps_p else (v.E_SYSCALL,)
    which = np.flatnonzero(_HELD_KINDS[c.kind] & (c.m >= 0))
    order, first = _by_row(c.m[which])
    at = which[order]
    kind, arg = c.kind[at], c.arg[at]
    gets = (kind == v.E_ACQUIRE_P) | ((kind == v.E_MET_P) & (arg == 1)) | ((kind == v.E_SYSEXIT) & ~_lost_p(c)[at])
    loses = np.isin(kind, (v.E_RELEASE_P, v.E_RETAKE, *unwires))
    turns = (kind == v.E_SPIN) | (kind == v.E_M_START)
    held = np.full(len(c.t), -1, np.int32)
    spinning = np.zeros(len(c.t), np.int8)
    held[at] = np.where(gets, c.p[at], -1)[_fill(gets | loses | first)]
    spinning[at] = np.where(turns, arg, 0)[_fill(turns | first)]
    return held, spinning


def _met(c: Arrays, state: Ints, states: dict[int, int]) -> None:
    """Put in what a real trace says of goroutines that it meets."""
    for met, number in states.items():
        state[(c.kind == v.E_MET_G) & (c.arg == met)] = number


class _Changes(NamedTuple):
    """Changes of the state of a row, as columns of equal length; ``event`` -1: no event made it."""

    row: Ints
    t: Ints
    state: Ints
    g: Ints
    p: Ints
    m: Ints
    event: Ints

    def pick(self, which: Ints | Bools) -> _Changes:
        return _Changes(*(column[which] for column in self))


def _changes(c: Arrays, row: Ints, state: Ints) -> _Changes:
    """The events that matter: those with a row and a state."""
    which = np.flatnonzero((state != st.NONE) & (row >= 0))
    return _Changes(row[which], c.t[which], state[which], c.g[which], c.p[which], c.m[which], which)


def _beginning(rows: int, state: int) -> _Changes:
    """One change for each row at time 0 that no event makes."""
    nobody = np.full(rows, -1)
    zeros = np.zeros(rows, np.int64)
    return _Changes(np.arange(rows), zeros, zeros + state, nobody, nobody, nobody, nobody)


def _with_cores(kinds: Ints, ch: _Changes, first: Bools, syscall: int) -> _Changes:
    """Put right the changes that E_CPU_ON and E_CPU_OFF make: they keep g, p and what was going on.

    A thread that sleeps in a system call has no core either, but it does not wait for one; E_CPU_ON gives
    back the state from before E_CPU_OFF.
    """
    kind = np.where(ch.event >= 0, kinds[ch.event], -1)
    on, off = kind == v.E_CPU_ON, kind == v.E_CPU_OFF
    before = _fill(first | ~(on | off))
    state = np.where(on | (off & (ch.state[before] == syscall)), ch.state[before], ch.state)
    return ch._replace(state=state, g=ch.g[before], p=ch.p[before])


def _stays(rec: Recording, of: str, rows: int, ch: _Changes) -> Spans:
    """Let each change last until the next one of its row."""
    order, first = _by_row(ch.row)
    ch = ch.pick(order)
    if rec.config.cores is not None and of != "G" and len(ch.row):
        ch = _with_cores(np.asarray(rec.kind), ch, first, st.STATES[of].index("syscall"))
    end = np.full(len(ch.row), rec.end_ns, np.int64)
    until = np.full(len(ch.row), -1)
    inner = np.flatnonzero(~first[1:])
    end[inner], until[inner] = ch.t[inner + 1], ch.event[inner + 1]
    rows = max(rows, int(ch.row.max(initial=-1)) + 1)
    return Spans(of, rows, st.STATES[of], ch.row, ch.t, end, ch.state, ch.g, ch.p, ch.m, ch.event, until)


def _merged(s: Spans, alone: int) -> Spans:
    """Drop stays of no length and join neighbours in the same state, except in the state ``alone``."""
    at = np.flatnonzero(s.end_ns > s.start_ns)
    row, state = s.row[at], s.state[at]
    joined = (row[1:] == row[:-1]) & (state[1:] == state[:-1]) & (state[1:] != alone)
    begins = np.ones(len(at), np.bool_)
    begins[1:] = ~joined
    head = np.flatnonzero(begins)
    tail = at[np.append(head[1:], len(at))[: len(head)] - 1]
    return replace(s.take(at[head]), end_ns=s.end_ns[tail], until=s.until[tail])


def p_spans(rec: Recording) -> Spans:
    """What every P did during the whole run: the stays of each P cover it without a gap."""
    c = columns(rec)
    held, spinning = _held(rec, c)
    state = st.P_TABLE[c.kind]
    by_m = state == st.BY_M
    row = np.where(by_m, held, c.p)
    state = np.where(by_m, st.P_SCHEDULING + spinning, state)
    state[c.kind == v.E_CPU_OFF] = st.P_NO_CORE
    state[_lost_p(c) | ((c.kind == v.E_SYSCALL) & (c.arg == v.SYSCALL_BLOCK))] = st.NONE
    if not rec.complete:
        _met(c, state, st.MET_P_STATES)
        met = c.kind == v.E_MET_P
        state[met] = np.where(c.arg[met] == 1, st.P_SCHEDULING, st.P_IDLE)
    n = rec.procs
    begin, rest = _beginning(n, st.P_IDLE), _changes(c, row, state)
    both = _Changes(*(np.concatenate(pair) for pair in zip(begin, rest, strict=True)))
    return _merged(_stays(rec, "P", n, both), st.P_RUNNING)


def g_spans(rec: Recording) -> Spans:
    """The states of every goroutine, from its creation; stays of no length are kept (a latency can be 0)."""
    c = columns(rec)
    state = st.G_TABLE[c.kind]
    state[_lost_p(c)] = st.G_RUNNABLE
    state[(c.kind == v.E_GO_CREATE) & (c.p < 0)] = st.G_WAITING
    if not rec.complete:
        _met(c, state, st.MET_G_STATES)
    ch = _changes(c, c.g, state)
    reason = np.where(c.kind[ch.event] == v.E_PARK, c.arg[ch.event], -1)
    return _stays(rec, "G", 0, ch._replace(m=np.where(ch.state == st.G_WAITING, reason, ch.m)))


def m_spans(rec: Recording) -> Spans:
    """What every thread did, from the moment it was made."""
    c = columns(rec)
    _, spinning = _held(rec, c)
    state = st.M_TABLE[c.kind]
    state = np.where(state == st.BY_M, st.M_SCHEDULING + spinning, state)
    state[c.kind == v.E_CPU_OFF] = st.M_NO_CORE
    state[_lost_p(c)] = st.M_SCHEDULING
    state[(c.kind == v.E_M_NEW) & (c.arg == v.M_SYSMON)] = st.M_SYSMON
    if not rec.complete:
        _met(c, state, st.MET_M_STATES)
        state[(c.kind == v.E_MET_M) | (c.kind == v.E_RELEASE_P)] = st.M_PARKED
        state[c.kind == v.E_ACQUIRE_P] = st.M_SCHEDULING
    return _merged(_stays(rec, "M", 0, _changes(c, c.m, state)), st.M_RUNNING)
