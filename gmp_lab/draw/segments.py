"""The detail of a timeline: one bar for each stay that is wide enough to be seen, with words for the reader.

A stay narrower than a pixel is not drawn alone: neighbours that are too short are merged into one bar,
which says so, and what is still too short is counted instead.  Nothing is dropped in silence.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from gmp_lab import vocabulary as v
from gmp_lab.draw.findings import duration
from gmp_lab.metrics.columns import Ints
from gmp_lab.metrics.spans import Spans
from gmp_lab.recording import Recording

_COLUMNS: Final = 1500  # a stay shorter than the window divided by this is narrower than a pixel


class Bars(NamedTuple):
    """Bars of a timeline, columns of equal length; ``hidden`` stays were too short for any bar.

    ``row`` uint8 or int32, ``start_ns`` and ``length_ns`` int64, ``state`` index; ``label`` is for the bar
    itself, ``hover`` says who, on what, where from and why it ended.
    """

    row: Ints
    start_ns: Ints
    length_ns: Ints
    state: Ints
    label: list[str]
    hover: list[str]
    hidden: int


def bars(rec: Recording, s: Spans, start_ns: int, end_ns: int, most: int) -> Bars | None:
    """Bars for stays that lie in the window; None if they are more than ``most``: words are made for none then."""
    groups = _groups(s, (end_ns - start_ns) // _COLUMNS)
    length = np.add.reduceat(s.length_ns, groups) if len(s) else s.length_ns
    sizes = np.diff(np.append(groups, len(s)))
    wide = (length * _COLUMNS >= end_ns - start_ns) & (length > 0)
    if int(wide.sum()) > most:
        return None
    state = _longest(s, groups)
    at = groups[wide]
    label, hover = [], []
    for i, n, ns in zip(at.tolist(), sizes[wide].tolist(), length[wide].tolist(), strict=True):
        label.append(_label(s, i) if n == 1 else "")
        what = words(rec, s, i) if n == 1 else f"{n} short stays, merged"
        hover.append(f"{what} ({duration(ns)})")
    small = np.uint8 if s.rows <= 256 else np.int32
    hidden = int(sizes[~wide].sum())
    return Bars(s.row[at].astype(small), s.start_ns[at], length[wide], state[wide], label, hover, hidden)


def _groups(s: Spans, shortest: int) -> Ints:
    """Where each bar begins: neighbours of one row that are both too short go into one bar."""
    if not len(s):
        return np.zeros(0, np.int64)
    short = s.length_ns < max(1, shortest)
    follows = (s.row[1:] == s.row[:-1]) & (s.start_ns[1:] == s.end_ns[:-1])
    return np.flatnonzero(np.concatenate(([True], ~(follows & short[1:] & short[:-1]))))


def _longest(s: Spans, groups: Ints) -> Ints:
    """State that lasted longest in each group."""
    if not len(s):
        return s.state
    length = s.length_ns
    per_state = [np.add.reduceat(np.where(s.state == k, length, 0), groups) for k in range(len(s.states))]
    longest: Ints = np.argmax(np.stack(per_state), axis=0)
    return longest


_WITH_G: Final = ("running", "syscall", "no core", "runnable")  # states in which a goroutine takes part


def _label(s: Spans, i: int) -> str:
    state = s.states[s.state[i]]
    if s.of == "G":
        return f"P{s.p[i]}" if state == "running" else ""
    return f"G{s.g[i]}" if state in _WITH_G and s.g[i] > 0 else ""


def _why(rec: Recording, i: int) -> str:
    """What event i did to begin or end a stay, in a few words."""
    kind, arg = rec.kind[i], rec.arg[i]
    if kind == v.E_EXECUTE:
        return _SOURCES[arg & 15]
    if kind == v.E_PARK:
        return f"parked: {v.WAIT_REASONS[arg]}"
    if kind == v.E_YIELD:
        return v.YIELD_NAMES[arg]
    if kind == v.E_SYSEXIT and (rec.complete or arg == v.EXIT_NO_P):
        return f"system call over, {v.EXIT_NAMES[arg]}"
    if kind == v.E_RETAKE:
        return f"P retaken by M{arg}" if arg >= 0 else "P taken by a returning thread"
    return _PLAIN.get(kind, v.KIND_NAMES[kind].replace("_", " "))


_SOURCES: Final = {
    v.SRC_RUNNEXT: "from runnext", v.SRC_LOCAL: "from the ring", v.SRC_GLOBAL61: "global queue, 61st tick",
    v.SRC_GLOBAL: "from the global queue", v.SRC_STEAL: "stolen", v.SRC_POLL: "from the poller",
    v.SRC_SYSEXIT: "back from a system call", v.SRC_LOCKED: "on its own thread", v.SRC_PARK: "not parked after all",
    v.SRC_GC: "chosen to mark", v.SRC_UNKNOWN: "from where, is not told",
}  # fmt: skip
_PLAIN: Final = {
    v.E_GO_CREATE: "created", v.E_READY: "readied", v.E_EXIT: "exit", v.E_SYSCALL: "system call",
    v.E_CPU_OFF: "lost its core", v.E_CPU_ON: "got a core", v.E_M_START: "thread woken",
    v.E_RELEASE_P: "P released", v.E_PIDLE_PUT: "P put on the idle list",
    v.E_PIDLE_GET: "P taken off the idle list",
    v.E_ACQUIRE_P: "P acquired", v.E_SPIN: "spinning changed", v.E_M_PARK: "thread parked",
    v.E_START_LOCKED: "handed to its thread", v.E_SYSEXIT: "system call over", v.E_MET_G: "met by the trace",
    v.E_MET_P: "met by the trace", v.E_MET_M: "met by the trace",
}  # fmt: skip


def words(rec: Recording, s: Spans, i: int) -> str:
    """Who took part in stay i (G, P, M), what began it and what ended it."""
    state = s.states[s.state[i]]
    away = state in ("waiting", "dead")  # on no P and no M; spans keep other numbers there
    ids = {
        "G": int(s.g[i]) if state in _WITH_G else -1,
        "P": -1 if away else int(s.p[i]),
        "M": -1 if away else int(s.m[i]),
    }
    ids[s.of] = int(s.row[i])
    who = [f"{kind}{n}" for kind, n in ids.items() if n >= 0]
    if ids["G"] >= 0:
        who[0] = f"{who[0]} {rec.g_name(ids['G'])}"
    began = _why(rec, int(s.event[i])) if s.event[i] >= 0 else "from the start"
    ended = _why(rec, int(s.until[i])) if s.until[i] >= 0 else "end of run"
    return f"{', '.join(who)}: {began}; then {ended}"
