"""What the events of a real trace change: states and owners only, as it tells no queue, list or tick."""

from __future__ import annotations

from typing import Final

from gmp_lab import vocabulary as v
from gmp_lab.recording import Event
from gmp_lab.replay.collector import COLLECTOR
from gmp_lab.replay.queues import Queues
from gmp_lab.replay.state import GState, MState, PState, State


def _g(s: State, g: int) -> GState:
    """Goroutine g, which the trace may not have met yet."""
    return s.gs.setdefault(g, GState(g))


def _m(s: State, m: int) -> MState:
    while len(s.ms) <= m:
        s.ms.append(MState(len(s.ms), doing="unknown"))
    return s.ms[m]


def _p(s: State, p: int) -> PState:
    while len(s.ps) <= p:
        s.ps.append(PState(len(s.ps)))
    return s.ps[p]


def _off(s: State, g: GState, status: int) -> None:
    """g leaves the thread that it is on, and has this status."""
    if g.m >= 0:
        m = _m(s, g.m)
        if m.curg == g.id:
            m.curg, m.doing = 0, "scheduling" if m.p >= 0 else "unknown"
    g.status, g.m = status, -1


def _on(s: State, g: GState, m: int, status: int) -> None:
    g.status, g.m = status, m
    if m >= 0:
        thread = _m(s, m)
        thread.curg, thread.doing = g.id, "running" if status == 2 else "syscall"


def _create(r: Queues, s: State, e: Event) -> None:
    s.gs[e.g] = GState(e.g, 1 if e.p >= 0 else 4, stack=r.stack_min)


def _ready(r: Queues, s: State, e: Event) -> None:
    g = _g(s, e.g)
    g.status, g.reason = 1, -1


def _execute(r: Queues, s: State, e: Event) -> None:
    _on(s, _g(s, e.g), e.m, 2)


def _leave(r: Queues, s: State, e: Event) -> None:
    g = _g(s, e.g)
    _off(s, g, {v.E_PARK: 4, v.E_EXIT: 6}.get(e.kind, 1))
    if e.kind == v.E_PARK:
        g.reason = e.arg


def _syscall(r: Queues, s: State, e: Event) -> None:
    _on(s, _g(s, e.g), e.m, 3)


def _sysexit(r: Queues, s: State, e: Event) -> None:
    g = _g(s, e.g)
    if e.arg in (v.EXIT_NO_P, v.EXIT_LATE_P):
        _off(s, g, 1)
        return
    _on(s, g, e.m, 2)
    if e.p >= 0:
        _wire(s, e.p, e.m)


def _wire(s: State, p: int, m: int) -> None:
    _p(s, p).status, s.ps[p].m, _m(s, m).p = 1, m, p


def _acquire(r: Queues, s: State, e: Event) -> None:
    _wire(s, e.p, e.m)
    if not s.ms[e.m].curg:
        s.ms[e.m].doing = "scheduling"


def _idle(r: Queues, s: State, e: Event) -> None:
    p = _p(s, e.p)
    if p.m >= 0:
        m = _m(s, p.m)
        m.p = -1
        if not m.curg:
            m.doing = "unknown"
    p.status, p.m = 0, -1


def _met_g(r: Queues, s: State, e: Event) -> None:
    g = _g(s, e.g)
    if e.arg in (v.MET_RUNNING, v.MET_SYSCALL) and e.m >= 0:
        _on(s, g, e.m, e.arg)
    else:
        _off(s, g, e.arg)


def _met_p(r: Queues, s: State, e: Event) -> None:
    if e.arg == 1 and e.m >= 0:
        _acquire(r, s, e)
    else:
        _p(s, e.p)


def _met_m(r: Queues, s: State, e: Event) -> None:
    _m(s, e.m)


def _procs(r: Queues, s: State, e: Event) -> None:
    _p(s, e.arg - 1)


def _world(r: Queues, s: State, e: Event) -> None:
    s.gcwaiting = e.kind == v.E_STW_STOP


#: the collector's own state is told alike by both kinds of runs
_ALIKE: Final = (v.E_GC_PHASE, v.E_GC_CYCLE, v.E_GC_HEAP, v.E_GC_GOAL, v.E_GC_WORKER, v.E_GC_ASSIST)
TRACED: Final = {kind: COLLECTOR[kind] for kind in _ALIKE} | {
    v.E_GO_CREATE: _create, v.E_READY: _ready, v.E_NET_READY: _ready, v.E_GC_READY: _ready, v.E_EXECUTE: _execute,
    v.E_PARK: _leave, v.E_EXIT: _leave, v.E_YIELD: _leave, v.E_SYSCALL: _syscall, v.E_SYSEXIT: _sysexit,
    v.E_ACQUIRE_P: _acquire, v.E_RELEASE_P: _idle, v.E_RETAKE: _idle, v.E_M_NEW: _met_m, v.E_MET_G: _met_g,
    v.E_MET_P: _met_p, v.E_MET_M: _met_m, v.E_PROCS: _procs, v.E_STW_STOP: _world, v.E_STW_START: _world,
}  # fmt: skip
