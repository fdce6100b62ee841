"""What stops of the world, stacks and the collector change."""

from __future__ import annotations

from typing import Final

from gmp_lab import vocabulary as v
from gmp_lab.recording import Event
from gmp_lab.replay.goroutines import net_ready
from gmp_lab.replay.queues import Queues
from gmp_lab.replay.state import PState, State


def _stw_stop(r: Queues, s: State, e: Event) -> None:
    s.gcwaiting = True
    s.ps[e.p].status = 3


def _gcstop(r: Queues, s: State, e: Event) -> None:
    p = s.ps[e.p]
    if e.arg == v.GCSTOP_SYSCALL:
        p.syscalltick += 1
        if e.m >= 0:
            s.ms[e.m].p, p.m = -1, -1
    p.status = 3


def _stw_start(r: Queues, s: State, e: Event) -> None:
    s.gcwaiting = False
    while len(s.ps) < e.arg:
        s.ps.append(PState(len(s.ps), status=4))
    for p in s.ps:
        if p.status == 3 or p.id < e.arg:
            p.status = 0
    s.ps[e.p].status = 1


def _p_destroy(r: Queues, s: State, e: Event) -> None:
    p = s.ps[e.p]
    s.runq.extendleft(reversed(p.runq))
    p.runq.clear()
    if p.runnext:
        s.runq.appendleft(p.runnext)
    p.runnext, p.status = 0, 4


def _stack(r: Queues, s: State, e: Event) -> None:
    g = s.gs[e.g]
    if e.kind == v.E_STACK_SEGMENT:
        g.stack += e.arg
    else:
        g.stack = e.arg if e.kind == v.E_STACK_NEW else v.stack_unpack(e.arg)[0]


def _gc(r: Queues, s: State, e: Event) -> None:
    gc = s.gc
    if e.kind == v.E_GC_PHASE:
        gc.phase = e.arg
    elif e.kind == v.E_GC_CYCLE:
        gc.cycles += 1
    elif e.kind == v.E_GC_HEAP:
        gc.heap_kib = e.arg
    else:
        gc.goal_kib = e.arg


def _gc_mark(r: Queues, s: State, e: Event) -> None:
    if e.arg:
        s.gc.marking[e.g] = e.arg if e.kind == v.E_GC_WORKER else 0
    else:
        s.gc.marking.pop(e.g, None)


def _gc_ready(r: Queues, s: State, e: Event) -> None:
    if e.arg != v.NET_RING:
        net_ready(r, s, e)
        return
    s.gs[e.g].status, s.gs[e.g].reason = 1, -1
    r.put_tail(s.ps[e.p], e.g)


def _queue_drain(r: Queues, s: State, e: Event) -> None:
    p = s.ps[e.p]
    if p.runnext:
        s.runq.append(p.runnext)
    s.runq.extend(p.runq)
    p.runq.clear()
    p.runnext = 0


def _gc_held(r: Queues, s: State, e: Event) -> None:
    if e.kind == v.E_GC_HELD:
        r.take(s, e, e.arg & 15)
        s.ms[e.m].hand = 0
        s.gc.held.append(e.g)
    else:
        s.gc.held.remove(e.g)
        s.runq.append(e.g)


COLLECTOR: Final = {
    v.E_STACK_GROW: _stack, v.E_STACK_SHRINK: _stack, v.E_STACK_SEGMENT: _stack, v.E_STACK_NEW: _stack,
    v.E_STW_STOP: _stw_stop, v.E_GCSTOP: _gcstop, v.E_STW_START: _stw_start, v.E_P_DESTROY: _p_destroy,
    v.E_GC_PHASE: _gc, v.E_GC_CYCLE: _gc, v.E_GC_HEAP: _gc, v.E_GC_GOAL: _gc, v.E_GC_WORKER: _gc_mark,
    v.E_GC_ASSIST: _gc_mark, v.E_GC_READY: _gc_ready, v.E_QUEUE_DRAIN: _queue_drain, v.E_GC_HELD: _gc_held,
    v.E_GC_RELEASED: _gc_held,
}  # fmt: skip
