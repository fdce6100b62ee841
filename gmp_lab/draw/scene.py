"""The stage at one instant, as plain data: what ``stage_html`` and ``stage_text`` show, each in its own way.

Kept apart from both so that what a screen reader hears and what is seen cannot differ.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import Final

from gmp_lab.errors import check_int
from gmp_lab.narrate import Step, narrate
from gmp_lab.recording import Recording
from gmp_lab.replay import MState, PState, State, state_after

UNKNOWN: Final = "not told"  # by a real trace
SHOWN: Final = 8  # entries of a queue that are written out


@dataclass(frozen=True, slots=True)
class Queue:
    """The first entries of a queue, head first, and how many it has (-1: a real trace does not tell)."""

    shown: tuple[str, ...]
    length: int

    def words(self) -> str:
        """ "3: G4 G5 G6", "20: G1 G2 ... and 12 more", "empty"."""
        if self.length < 0:
            return UNKNOWN
        if not self.length:
            return "empty"
        more = self.length - len(self.shown)
        return f"{self.length}: {' '.join(self.shown)}" + (f" and {more} more" if more else "")


_NOT_TOLD: Final = Queue((), -1)


@dataclass(frozen=True, slots=True)
class PRow:
    """One P: its state (a key of the palette), thread, goroutine and runnext ("" if none), ring."""

    name: str
    state: str
    m: str
    g: str
    runnext: str
    ring: Queue
    schedtick: int  # -1: not told
    touched: bool  # the event concerned this P


@dataclass(frozen=True, slots=True)
class Stage:
    """Everything after event ``index`` of ``events``, at ``t_ns``; lists have their top first."""

    index: int
    events: int
    t_ns: int
    step: Step
    ps: tuple[PRow, ...]
    global_queue: Queue
    idle_ps: tuple[str, ...]
    idle_ms: tuple[str, ...]
    other_ms: tuple[str, ...]
    spinning: int
    needspinning: int


def stage_at(rec: Recording, i: int) -> Stage:
    """The stage after event i of a Recording (0 <= i < len(rec); ConfigError outside)."""
    check_int("stage_at(i)", i, 0, len(rec) - 1)
    step = narrate(rec, i)
    s, e = state_after(rec, i + 1), rec[i]
    return Stage(
        index=i,
        events=len(rec),
        t_ns=s.t,
        step=step,
        ps=tuple(_p_row(rec, s, p, p.id == e.p) for p in s.ps),
        global_queue=_queue(s.runq) if rec.complete else _NOT_TOLD,
        idle_ps=tuple(f"P{p}" for p in reversed(s.pidle)) if rec.complete else _without_m(s),
        idle_ms=tuple(f"M{m}" for m in reversed(s.midle)) if rec.complete else (UNKNOWN,),
        other_ms=tuple(text for m in s.ms if (text := _elsewhere(m))),
        spinning=s.nmspinning if rec.complete else -1,
        needspinning=s.needspinning,
    )


def _without_m(s: State) -> tuple[str, ...]:
    """Ps without a thread, in the order of their numbers: the order of the list is not told."""
    return tuple(f"P{p.id}" for p in s.ps if p.m < 0)


def _queue(entries: object) -> Queue:
    return Queue(tuple(f"G{g}" for g in islice(entries, SHOWN)), len(entries))  # type: ignore[call-overload, arg-type]


def p_state(rec: Recording, s: State, p: PState) -> str:
    """What a P does, as a key of the palette; the same states as in ``metrics.P_STATES``."""
    if p.status == 2:
        return "syscall"
    if p.m < 0:
        return "idle" if p.id in s.pidle or not rec.complete else "waking"
    m = s.ms[p.m]
    if m.doing == "syscall":
        return "syscall"
    if rec.config.cores is not None and m.cpu < 0:
        return "no core"
    if m.doing == "running":
        return "running"
    return "spinning" if m.spinning else "scheduling"


def _p_row(rec: Recording, s: State, p: PState, touched: bool) -> PRow:
    m = s.ms[p.m] if p.m >= 0 else None
    g = ""
    if m is not None and m.curg:
        g = f"G{m.curg} {rec.g_name(m.curg)}"
    elif m is not None and m.hand:
        g = f"(G{m.hand} next)"
    runnext, ring = (f"G{p.runnext}" if p.runnext else "", _queue(p.runq)) if rec.complete else (UNKNOWN, _NOT_TOLD)
    return PRow(
        f"P{p.id}", p_state(rec, s, p), f"M{p.m}" if m is not None else "", g, runnext, ring,
        p.schedtick if rec.complete else -1, touched,
    )  # fmt: skip


_DOING: Final = {
    "starting": "is being woken", "polling": "waits in netpoll", "sysmon": "is sysmon",
    "scheduling": "is looking for a P or a place to sleep", "spinning": "spins without a P",
    "running": "runs without a P",
}  # fmt: skip


def _elsewhere(m: MState) -> str:
    """A thread that has no P and is not on the idle list, in words; "" for the others."""
    if m.p >= 0 or m.doing in ("parked", "unknown"):
        return ""
    if m.doing == "syscall":
        return f"M{m.id} is in a system call with G{m.curg}"
    if m.doing == "locked":
        return f"M{m.id} waits for its locked goroutine"
    return f"M{m.id} {_DOING[m.doing]}"
