"""What the events of goroutines change: status, queues, system calls, locked threads."""

from __future__ import annotations

from typing import Final

from gmp_lab import vocabulary as v
from gmp_lab.recording import Event
from gmp_lab.replay.queues import Queues
from gmp_lab.replay.state import GState, State


def _create(r: Queues, s: State, e: Event) -> None:
    s.gs[e.g] = GState(e.g, 1 if e.p >= 0 else 4, stack=r.stack_min)
    if e.p >= 0:
        r.put_next(s.ps[e.p], e.g)


def _ready(r: Queues, s: State, e: Event) -> None:
    g = s.gs[e.g]
    g.status, g.reason = 1, -1
    if e.p >= 0:
        r.put_next(s.ps[e.p], e.g)
    else:
        s.runq.append(e.g)


def _queue_tail(r: Queues, s: State, e: Event) -> None:
    r.put_tail(s.ps[e.p], e.g)


def _overflow(r: Queues, s: State, e: Event) -> None:
    ring = s.ps[e.p].runq
    s.runq.extend(ring.popleft() for _ in range(e.arg))
    s.runq.append(r.kicked)
    r.kicked = 0


def _execute(r: Queues, s: State, e: Event) -> None:
    source = e.arg & 15
    r.take(s, e, source)
    g, p, m = s.gs[e.g], s.ps[e.p], s.ms[e.m]
    g.status, g.m = 2, e.m
    m.curg, m.doing, m.hand = e.g, "running", 0
    if not e.arg & v.INHERIT:
        p.schedtick += 1


def _drop(s: State, e: Event, status: int) -> None:
    g, m = s.gs[e.g], s.ms[e.m]
    g.status, g.m = status, -1
    m.curg, m.doing = 0, "scheduling"


def _park(r: Queues, s: State, e: Event) -> None:
    _drop(s, e, 4)
    s.gs[e.g].reason = e.arg


def _exit(r: Queues, s: State, e: Event) -> None:
    _drop(s, e, 6)


def _yield(r: Queues, s: State, e: Event) -> None:
    _drop(s, e, 1)
    if e.arg == v.YIELD_GOYIELD:
        r.put_tail(s.ps[e.p], e.g)
    elif e.arg == v.YIELD_STW:
        r.put_next(s.ps[e.p], e.g)
    else:
        s.runq.append(e.g)


def _glob_get(r: Queues, s: State, e: Event) -> None:
    s.ms[e.m].hand = s.runq.popleft()
    s.ps[e.p].runq.extend(s.runq.popleft() for _ in range(e.arg - 1))


def _steal(r: Queues, s: State, e: Event) -> None:
    victim, n, runnext = v.steal_unpack(e.arg)
    p2, m = s.ps[victim], s.ms[e.m]
    if runnext:
        m.hand, p2.runnext = p2.runnext, 0
        return
    batch = [p2.runq.popleft() for _ in range(n)]
    m.hand = batch.pop()
    s.ps[e.p].runq.extend(batch)


def _syscall(r: Queues, s: State, e: Event) -> None:
    g, m = s.gs[e.g], s.ms[e.m]
    g.status, m.doing = 3, "syscall"
    if e.arg == v.SYSCALL_BLOCK:
        s.ps[e.p].syscalltick += 1
    elif not r.keeps_p:
        p = s.ps[e.p]
        p.status, p.m, m.p = 2, -1, -1


def _sysexit(r: Queues, s: State, e: Event) -> None:
    g, m = s.gs[e.g], s.ms[e.m]
    if e.arg in (v.EXIT_NO_P, v.EXIT_LATE_P):
        g.status, g.m, m.curg, m.doing = 1, -1, 0, "scheduling"
        if e.arg == v.EXIT_NO_P:
            s.runq.append(e.g)
        else:
            m.hand = e.g
        return
    p = s.ps[e.p]
    g.status, m.doing = 2, "running"
    p.status, p.m, m.p = 1, e.m, e.p
    p.syscalltick += 1


def _retake(r: Queues, s: State, e: Event) -> None:
    p = s.ps[e.p]
    if p.m >= 0:
        s.ms[p.m].p = -1
    p.status, p.m = 0, -1
    p.syscalltick += 1


def _lock_thread(r: Queues, s: State, e: Event) -> None:
    s.gs[e.g].lockedm = e.m if e.arg else -1


def _stop_locked(r: Queues, s: State, e: Event) -> None:
    s.ms[e.m].doing = "locked"


def _start_locked(r: Queues, s: State, e: Event) -> None:
    r.take(s, e, e.arg & 15)
    m = s.ms[e.m]
    m.doing, m.hand = "starting", e.g


def net_ready(r: Queues, s: State, e: Event) -> None:
    g = s.gs[e.g]
    g.status, g.reason = 1, -1
    if e.arg == v.NET_HAND:
        s.ms[e.m].hand = e.g
    elif e.arg == v.NET_RING:
        s.ps[e.p].runq.append(e.g)
    else:
        s.runq.append(e.g)


GOROUTINES: Final = {
    v.E_GO_CREATE: _create, v.E_READY: _ready, v.E_QUEUE_TAIL: _queue_tail, v.E_OVERFLOW: _overflow,
    v.E_EXECUTE: _execute, v.E_PARK: _park, v.E_EXIT: _exit, v.E_YIELD: _yield, v.E_GLOB_GET: _glob_get,
    v.E_STEAL: _steal, v.E_SYSCALL: _syscall, v.E_SYSEXIT: _sysexit, v.E_RETAKE: _retake,
    v.E_STOP_LOCKED: _stop_locked, v.E_START_LOCKED: _start_locked, v.E_LOCK_THREAD: _lock_thread,
    v.E_NET_READY: net_ready,
}  # fmt: skip
