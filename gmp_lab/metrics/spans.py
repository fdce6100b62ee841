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
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from gmp_lab import params
from gmp_lab import vocabulary as v
from gmp_lab.errors import check_choice
from gmp_lab.metrics.columns import Arrays, Bools, Ints, check_window, columns

if TYPE_CHECKING:
    from gmp_lab.recording import Recording

# --- states, by the number that the columns use -------------------------------------------------------------
P_IDLE: Final = 0  # no thread has it and none has been sent for
P_WAKING: Final = 1  # promised to a thread that is still being woken or made
P_SCHEDULING: Final = 2  # its thread runs the scheduler and is not spinning
P_SPINNING: Final = 3  # its thread looks for work as a spinning thread
P_SYSCALL: Final = 4  # its goroutine is in a system call and the P has not been taken away
P_RUNNING: Final = 5  # a goroutine's code runs
P_NO_CORE: Final = 6  # its thread waits for a core of the operating system
P_STATES: Final = ("idle", "waking", "scheduling", "spinning", "syscall", "running", "no core")

G_RUNNABLE: Final = 0
G_RUNNING: Final = 1
G_SYSCALL: Final = 2
G_WAITING: Final = 3
G_DEAD: Final = 4
G_STATES: Final = ("runnable", "running", "syscall", "waiting", "dead")

M_PARKED: Final = 0  # on the list of idle Ms
M_STARTING: Final = 1  # being woken or made
M_SCHEDULING: Final = 2
M_SPINNING: Final = 3
M_SYSCALL: Final = 4
M_RUNNING: Final = 5
M_NO_CORE: Final = 6
M_POLLING: Final = 7  # blocked in netpoll
M_LOCKED: Final = 8  # waits for its locked goroutine
M_SYSMON: Final = 9
M_STATES: Final = (
    "parked", "starting", "scheduling", "spinning", "syscall", "running", "no core", "polling", "locked",
    "sysmon",
)  # fmt: skip

STATES: Final = {"P": P_STATES, "G": G_STATES, "M": M_STATES}
_BY_M: Final = -2  # the state follows from the M (spinning or not, on a core or not)
_NONE: Final = -1


def _table(states: dict[int, int]) -> Ints:
    out = np.full(256, _NONE, np.int8)
    for kind, state in states.items():
        out[kind] = state
    return out


_P_TABLE: Final = _table({
    v.E_EXECUTE: P_RUNNING, v.E_PARK: P_SCHEDULING, v.E_EXIT: P_SCHEDULING, v.E_YIELD: P_SCHEDULING,
    v.E_SYSCALL: P_SYSCALL, v.E_SYSEXIT: P_RUNNING, v.E_RETAKE: P_IDLE, v.E_PIDLE_PUT: P_IDLE,
    v.E_PIDLE_GET: P_WAKING, v.E_ACQUIRE_P: _BY_M, v.E_RELEASE_P: P_IDLE, v.E_M_START: P_WAKING,
    v.E_START_LOCKED: P_WAKING, v.E_SPIN: _BY_M, v.E_CPU_ON: _BY_M, v.E_CPU_OFF: _BY_M,
})  # fmt: skip
_G_TABLE: Final = _table({
    v.E_GO_CREATE: G_RUNNABLE, v.E_READY: G_RUNNABLE, v.E_EXECUTE: G_RUNNING, v.E_PARK: G_WAITING,
    v.E_EXIT: G_DEAD, v.E_YIELD: G_RUNNABLE, v.E_SYSCALL: G_SYSCALL, v.E_SYSEXIT: G_RUNNING,
})  # fmt: skip
_M_TABLE: Final = _table({
    v.E_M_NEW: M_STARTING, v.E_M_START: M_STARTING, v.E_M_WAKE: _BY_M, v.E_M_PARK: M_PARKED, v.E_SPIN: _BY_M,
    v.E_EXECUTE: M_RUNNING, v.E_PARK: M_SCHEDULING, v.E_EXIT: M_SCHEDULING, v.E_YIELD: M_SCHEDULING,
    v.E_SYSCALL: M_SYSCALL, v.E_SYSEXIT: M_RUNNING, v.E_STOP_LOCKED: M_LOCKED, v.E_START_LOCKED: M_STARTING,
    v.E_POLL_BLOCK: M_POLLING, v.E_POLL_WAKE: M_SCHEDULING, v.E_CPU_ON: _BY_M, v.E_CPU_OFF: _BY_M,
})  # fmt: skip


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
     v.E_M_WAKE, v.E_M_NEW, v.E_SYSCALL),
)  # fmt: skip


def _lost_p(c: Arrays) -> Bools:
    """Mask of the system calls' ends after which the goroutine is not running."""
    lost: Bools = (c.kind == v.E_SYSEXIT) & ((c.arg == v.EXIT_NO_P) | (c.arg == v.EXIT_LATE_P))
    return lost


def _held(rec: Recording, c: Arrays) -> tuple[Ints, Ints]:
    """For each event: the P that its M has (-1: none) and whether that M is spinning (0/1), after the event.

    Only filled in for the kinds whose state depends on the M.
    """
    unwires = () if params.version(rec.config.go).syscall_keeps_p else (v.E_SYSCALL,)
    which = np.flatnonzero(_HELD_KINDS[c.kind] & (c.m >= 0))
    order, first = _by_row(c.m[which])
    at = which[order]
    kind, arg = c.kind[at], c.arg[at]
    gets = (kind == v.E_ACQUIRE_P) | ((kind == v.E_SYSEXIT) & ~_lost_p(c)[at])
    loses = np.isin(kind, (v.E_RELEASE_P, v.E_RETAKE, *unwires))
    turns = (kind == v.E_SPIN) | (kind == v.E_M_START)
    held = np.full(len(c.t), -1, np.int32)
    spinning = np.zeros(len(c.t), np.int8)
    held[at] = np.where(gets, c.p[at], -1)[_fill(gets | loses | first)]
    spinning[at] = np.where(turns, arg, 0)[_fill(turns | first)]
    return held, spinning


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
    which = np.flatnonzero((state != _NONE) & (row >= 0))
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
        ch = _with_cores(np.asarray(rec.kind), ch, first, STATES[of].index("syscall"))
    end = np.full(len(ch.row), rec.end_ns, np.int64)
    until = np.full(len(ch.row), -1)
    inner = np.flatnonzero(~first[1:])
    end[inner], until[inner] = ch.t[inner + 1], ch.event[inner + 1]
    rows = max(rows, int(ch.row.max(initial=-1)) + 1)
    return Spans(of, rows, STATES[of], ch.row, ch.t, end, ch.state, ch.g, ch.p, ch.m, ch.event, until)


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
    state = _P_TABLE[c.kind]
    by_m = state == _BY_M
    row = np.where(by_m, held, c.p)
    state = np.where(by_m, P_SCHEDULING + spinning, state)
    state[c.kind == v.E_CPU_OFF] = P_NO_CORE
    state[_lost_p(c) | ((c.kind == v.E_SYSCALL) & (c.arg == v.SYSCALL_BLOCK))] = _NONE
    n = rec.config.gomaxprocs
    begin, rest = _beginning(n, P_IDLE), _changes(c, row, state)
    both = _Changes(*(np.concatenate(pair) for pair in zip(begin, rest, strict=True)))
    return _merged(_stays(rec, "P", n, both), P_RUNNING)


def g_spans(rec: Recording) -> Spans:
    """The states of every goroutine, from its creation; stays of no length are kept (a latency can be 0)."""
    c = columns(rec)
    state = _G_TABLE[c.kind]
    state[_lost_p(c)] = G_RUNNABLE
    state[(c.kind == v.E_GO_CREATE) & (c.p < 0)] = G_WAITING
    ch = _changes(c, c.g, state)
    reason = np.where(c.kind[ch.event] == v.E_PARK, c.arg[ch.event], -1)
    return _stays(rec, "G", 0, ch._replace(m=np.where(ch.state == G_WAITING, reason, ch.m)))


def m_spans(rec: Recording) -> Spans:
    """What every thread did, from the moment it was made."""
    c = columns(rec)
    _, spinning = _held(rec, c)
    state = _M_TABLE[c.kind]
    state = np.where(state == _BY_M, M_SCHEDULING + spinning, state)
    state[c.kind == v.E_CPU_OFF] = M_NO_CORE
    state[_lost_p(c)] = M_SCHEDULING
    state[(c.kind == v.E_M_NEW) & (c.arg == v.M_SYSMON)] = M_SYSMON
    return _merged(_stays(rec, "M", 0, _changes(c, c.m, state)), M_RUNNING)
