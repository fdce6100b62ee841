"""The state of a run at any event, from its Recording alone.

``Replay`` folds events into a ``State``: every queue, list, owner and status.  ``state_after(rec, i)`` gives the
state after the first i events, ``state_at(rec, t)`` the one after all events up to time t; both start from the
nearest of the checkpoints that are taken every few hundred events, so that a scrubber can jump both ways.

Replaying follows the contract in ``vocabulary`` and checks nothing: a broken Recording gives a broken state.  What
is possible and what is not is the business of ``validate``, which shares no code with this module.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Final

from gmp_lab import params
from gmp_lab import vocabulary as v
from gmp_lab.config import Config
from gmp_lab.errors import check_int
from gmp_lab.recording import Event, Recording

G_WORDS: Final = {0: "idle", 1: "runnable", 2: "running", 3: "syscall", 4: "waiting", 6: "dead"}
P_WORDS: Final = {0: "idle", 1: "running", 2: "syscall", 3: "gcstop", 4: "dead"}


@dataclass(slots=True)
class GState:
    """One goroutine: status number (1 runnable, 2 running, 3 syscall, 4 waiting, 6 dead), M, wait reason number.

    ``stack`` is the size of its stack in bytes (of a dead one: what it had).
    """

    id: int
    status: int = 1
    m: int = -1
    reason: int = -1
    lockedm: int = -1
    stack: int = 2048


@dataclass(slots=True)
class PState:
    """One P: status number (0 idle, 1 running, 2 syscall, 3 stopped, 4 gone), M, runnext (0 = none), ring, ticks."""

    id: int
    status: int = 0
    m: int = -1
    runnext: int = 0
    runq: deque[int] = field(default_factory=deque)
    schedtick: int = 0
    syscalltick: int = 0


@dataclass(slots=True)
class MState:
    """One thread: its P, its G (0 = none), and a word for what it does.

    ``doing``: "starting", "scheduling", "running", "spinning", "parked", "syscall", "polling", "locked" (waiting for
    its locked G), "sysmon".  ``hand`` is a G taken from somewhere and not yet executed.  ``cpu`` is the core (-1:
    none, or cores are not limited).
    """

    id: int
    p: int = -1
    curg: int = 0
    doing: str = "starting"
    spinning: bool = False
    hand: int = 0
    cpu: int = -1


@dataclass(slots=True)
class GCState:
    """The collector: phase (vocabulary.GC_*), cycles started, heap and goal in KiB (goal 0: no collector yet).

    ``marking``: who marks now, with a mode (vocabulary.GC_MODES; 0: an assist).  ``held``: goroutines that are held
    back while it marks.
    """

    phase: int = 0
    cycles: int = 0
    heap_kib: int = 0
    goal_kib: int = 0
    marking: dict[int, int] = field(default_factory=dict)
    held: list[int] = field(default_factory=list)

    def copy(self) -> GCState:
        """An independent copy."""
        return GCState(
            self.phase, self.cycles, self.heap_kib, self.goal_kib, dict(self.marking), list(self.held)
        )


@dataclass(slots=True)
class State:
    """Everything at one instant. ``runq`` is the global queue; ``pidle`` and ``midle`` have their top last."""

    t: int
    gs: dict[int, GState]
    ps: list[PState]
    ms: list[MState]
    runq: deque[int]
    pidle: list[int]
    midle: list[int]
    nmspinning: int = 0
    needspinning: int = 0
    sysmon_us: int = 20
    sysmon_deep: bool = False
    gcwaiting: bool = False
    throttled: list[int] = field(default_factory=list)  # cores, in the order in which they were
    gc: GCState = field(default_factory=GCState)

    def copy(self) -> State:
        """An independent copy."""
        return State(
            self.t,
            {k: GState(g.id, g.status, g.m, g.reason, g.lockedm, g.stack) for k, g in self.gs.items()},
            [PState(p.id, p.status, p.m, p.runnext, deque(p.runq), p.schedtick, p.syscalltick) for p in self.ps],
            [MState(m.id, m.p, m.curg, m.doing, m.spinning, m.hand, m.cpu) for m in self.ms],
            deque(self.runq), list(self.pidle), list(self.midle),
            self.nmspinning, self.needspinning, self.sysmon_us, self.sysmon_deep, self.gcwaiting,
            throttled=list(self.throttled),
            gc=self.gc.copy(),
        )  # fmt: skip


class Replay:
    """Folds events into ``state``; feed them in order with ``apply``."""

    def __init__(self, config: Config) -> None:
        version = params.rules(config.go, config.os)
        self.state = State(0, {}, [PState(i) for i in range(config.gomaxprocs)], [], deque(), [], [])
        real = config.startup == "real"
        self.state.ps[0].schedtick = version.startup_schedtick if real else params.bareSchedtick
        self.keeps_p = version.syscall_keeps_p
        self.stack_min = version.stack_min
        self.runnext = version.runnext
        self.ring = version.ring if version.local_queues else 0
        self.kicked: int = 0  # a G kicked out of runnext that the ring had no room for

    def apply(self, e: Event) -> None:
        """Change the state as the vocabulary says for this event."""
        self.state.t = e.t
        handler = _HANDLERS.get(e.kind)
        if handler is not None:
            handler(self, self.state, e)

    # --- queues -----------------------------------------------------------------------------------------

    def put_next(self, p: PState, g: int) -> None:
        if not self.runnext:
            self.put_tail(p, g)
            return
        old, p.runnext = p.runnext, g
        if old:
            self.put_tail(p, old)

    def put_tail(self, p: PState, g: int) -> None:
        if not self.ring:
            self.state.runq.append(g)
        elif len(p.runq) >= self.ring:
            self.kicked = g
        else:
            p.runq.append(g)

    def take(self, s: State, e: Event, source: int) -> None:
        if source == v.SRC_RUNNEXT:
            s.ps[e.p].runnext = 0
        elif source == v.SRC_LOCAL:
            s.ps[e.p].runq.popleft()
        elif source == v.SRC_GLOBAL61:
            s.runq.popleft()


def _create(r: Replay, s: State, e: Event) -> None:
    s.gs[e.g] = GState(e.g, 1 if e.p >= 0 else 4, stack=r.stack_min)
    if e.p >= 0:
        r.put_next(s.ps[e.p], e.g)


def _ready(r: Replay, s: State, e: Event) -> None:
    g = s.gs[e.g]
    g.status, g.reason = 1, -1
    if e.p >= 0:
        r.put_next(s.ps[e.p], e.g)
    else:
        s.runq.append(e.g)


def _queue_tail(r: Replay, s: State, e: Event) -> None:
    r.put_tail(s.ps[e.p], e.g)


def _overflow(r: Replay, s: State, e: Event) -> None:
    ring = s.ps[e.p].runq
    s.runq.extend(ring.popleft() for _ in range(e.arg))
    s.runq.append(r.kicked)
    r.kicked = 0


def _execute(r: Replay, s: State, e: Event) -> None:
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


def _park(r: Replay, s: State, e: Event) -> None:
    _drop(s, e, 4)
    s.gs[e.g].reason = e.arg


def _exit(r: Replay, s: State, e: Event) -> None:
    _drop(s, e, 6)


def _yield(r: Replay, s: State, e: Event) -> None:
    _drop(s, e, 1)
    if e.arg == v.YIELD_GOYIELD:
        r.put_tail(s.ps[e.p], e.g)
    elif e.arg == v.YIELD_STW:
        r.put_next(s.ps[e.p], e.g)
    else:
        s.runq.append(e.g)


def _glob_get(r: Replay, s: State, e: Event) -> None:
    s.ms[e.m].hand = s.runq.popleft()
    s.ps[e.p].runq.extend(s.runq.popleft() for _ in range(e.arg - 1))


def _steal(r: Replay, s: State, e: Event) -> None:
    victim, n, runnext = v.steal_unpack(e.arg)
    p2, m = s.ps[victim], s.ms[e.m]
    if runnext:
        m.hand, p2.runnext = p2.runnext, 0
        return
    batch = [p2.runq.popleft() for _ in range(n)]
    m.hand = batch.pop()
    s.ps[e.p].runq.extend(batch)


def _syscall(r: Replay, s: State, e: Event) -> None:
    g, m = s.gs[e.g], s.ms[e.m]
    g.status, m.doing = 3, "syscall"
    if e.arg == v.SYSCALL_BLOCK:
        s.ps[e.p].syscalltick += 1
    elif not r.keeps_p:
        p = s.ps[e.p]
        p.status, p.m, m.p = 2, -1, -1


def _sysexit(r: Replay, s: State, e: Event) -> None:
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


def _retake(r: Replay, s: State, e: Event) -> None:
    p = s.ps[e.p]
    if p.m >= 0:
        s.ms[p.m].p = -1
    p.status, p.m = 0, -1
    p.syscalltick += 1


def _pidle_put(r: Replay, s: State, e: Event) -> None:
    s.pidle.append(e.p)
    s.ps[e.p].status = 0


def _pidle_get(r: Replay, s: State, e: Event) -> None:
    s.pidle.remove(e.p)


def _acquire_p(r: Replay, s: State, e: Event) -> None:
    p, m = s.ps[e.p], s.ms[e.m]
    p.status, p.m, m.p = 1, e.m, e.p


def _release_p(r: Replay, s: State, e: Event) -> None:
    p, m = s.ps[e.p], s.ms[e.m]
    p.status, p.m, m.p = 0, -1, -1


def _m_new(r: Replay, s: State, e: Event) -> None:
    s.ms.append(MState(e.m, doing="sysmon" if e.arg == v.M_SYSMON else "starting"))


def _m_start(r: Replay, s: State, e: Event) -> None:
    m = s.ms[e.m]
    if e.m in s.midle:
        s.midle.remove(e.m)
    m.doing, m.spinning = "starting", e.arg == 1
    s.nmspinning += e.arg == 1


def _m_wake(r: Replay, s: State, e: Event) -> None:
    m = s.ms[e.m]
    m.doing = "spinning" if m.spinning else "scheduling"


def _m_park(r: Replay, s: State, e: Event) -> None:
    s.ms[e.m].doing = "parked"
    s.midle.append(e.m)


def _spin(r: Replay, s: State, e: Event) -> None:
    m = s.ms[e.m]
    s.nmspinning += 1 if e.arg else -1
    m.spinning = bool(e.arg)
    if e.arg:
        s.needspinning = 0
    if m.doing in ("scheduling", "spinning"):
        m.doing = "spinning" if e.arg else "scheduling"


def _need_spin(r: Replay, s: State, e: Event) -> None:
    s.needspinning = e.arg


def _stop_locked(r: Replay, s: State, e: Event) -> None:
    s.ms[e.m].doing = "locked"


def _start_locked(r: Replay, s: State, e: Event) -> None:
    r.take(s, e, e.arg & 15)
    m = s.ms[e.m]
    m.doing, m.hand = "starting", e.g


def _poll_block(r: Replay, s: State, e: Event) -> None:
    s.ms[e.m].doing = "polling"


def _poll_wake(r: Replay, s: State, e: Event) -> None:
    s.ms[e.m].doing = "scheduling"


def _net_ready(r: Replay, s: State, e: Event) -> None:
    g = s.gs[e.g]
    g.status, g.reason = 1, -1
    if e.arg == v.NET_HAND:
        s.ms[e.m].hand = e.g
    elif e.arg == v.NET_RING:
        s.ps[e.p].runq.append(e.g)
    else:
        s.runq.append(e.g)


def _cpu(r: Replay, s: State, e: Event) -> None:
    s.ms[e.m].cpu = e.arg if e.kind == v.E_CPU_ON else -1


def _throttle(r: Replay, s: State, e: Event) -> None:
    if e.kind == v.E_THROTTLE:
        s.throttled.append(e.arg)
    else:
        s.throttled.remove(e.arg)


def _sysmon(r: Replay, s: State, e: Event) -> None:
    if e.kind == v.E_SYSMON:
        s.sysmon_us = e.arg
    else:
        s.sysmon_deep = bool(e.arg)


def _lock_thread(r: Replay, s: State, e: Event) -> None:
    s.gs[e.g].lockedm = e.m if e.arg else -1


def _stw_stop(r: Replay, s: State, e: Event) -> None:
    s.gcwaiting = True
    s.ps[e.p].status = 3


def _gcstop(r: Replay, s: State, e: Event) -> None:
    p = s.ps[e.p]
    if e.arg == v.GCSTOP_SYSCALL:
        p.syscalltick += 1
        if e.m >= 0:
            s.ms[e.m].p, p.m = -1, -1
    p.status = 3


def _stw_start(r: Replay, s: State, e: Event) -> None:
    s.gcwaiting = False
    while len(s.ps) < e.arg:
        s.ps.append(PState(len(s.ps), status=4))
    for p in s.ps:
        if p.status == 3 or p.id < e.arg:
            p.status = 0
    s.ps[e.p].status = 1


def _p_destroy(r: Replay, s: State, e: Event) -> None:
    p = s.ps[e.p]
    s.runq.extendleft(reversed(p.runq))
    p.runq.clear()
    if p.runnext:
        s.runq.appendleft(p.runnext)
    p.runnext, p.status = 0, 4
def _stack(r: Replay, s: State, e: Event) -> None:
    g = s.gs[e.g]
    if e.kind == v.E_STACK_SEGMENT:
        g.stack += e.arg
    else:
        g.stack = e.arg if e.kind == v.E_STACK_NEW else v.stack_unpack(e.arg)[0]


def _gc(r: Replay, s: State, e: Event) -> None:
    gc = s.gc
    if e.kind == v.E_GC_PHASE:
        gc.phase = e.arg
    elif e.kind == v.E_GC_CYCLE:
        gc.cycles += 1
    elif e.kind == v.E_GC_HEAP:
        gc.heap_kib = e.arg
    else:
        gc.goal_kib = e.arg


def _gc_mark(r: Replay, s: State, e: Event) -> None:
    if e.arg:
        s.gc.marking[e.g] = e.arg if e.kind == v.E_GC_WORKER else 0
    else:
        s.gc.marking.pop(e.g, None)


def _gc_ready(r: Replay, s: State, e: Event) -> None:
    if e.arg != v.NET_RING:
        _net_ready(r, s, e)
        return
    s.gs[e.g].status, s.gs[e.g].reason = 1, -1
    r.put_tail(s.ps[e.p], e.g)


def _queue_drain(r: Replay, s: State, e: Event) -> None:
    p = s.ps[e.p]
    if p.runnext:
        s.runq.append(p.runnext)
    s.runq.extend(p.runq)
    p.runq.clear()
    p.runnext = 0


def _gc_held(r: Replay, s: State, e: Event) -> None:
    if e.kind == v.E_GC_HELD:
        r.take(s, e, e.arg & 15)
        s.ms[e.m].hand = 0
        s.gc.held.append(e.g)
    else:
        s.gc.held.remove(e.g)
        s.runq.append(e.g)


_HANDLERS: Final = {
    v.E_GO_CREATE: _create, v.E_READY: _ready, v.E_QUEUE_TAIL: _queue_tail, v.E_OVERFLOW: _overflow,
    v.E_EXECUTE: _execute, v.E_PARK: _park, v.E_EXIT: _exit, v.E_YIELD: _yield, v.E_GLOB_GET: _glob_get,
    v.E_STEAL: _steal, v.E_SYSCALL: _syscall, v.E_SYSEXIT: _sysexit, v.E_RETAKE: _retake,
    v.E_PIDLE_PUT: _pidle_put, v.E_PIDLE_GET: _pidle_get, v.E_ACQUIRE_P: _acquire_p, v.E_RELEASE_P: _release_p,
    v.E_M_NEW: _m_new, v.E_M_START: _m_start, v.E_M_WAKE: _m_wake, v.E_M_PARK: _m_park, v.E_SPIN: _spin,
    v.E_NEED_SPIN: _need_spin, v.E_STOP_LOCKED: _stop_locked, v.E_START_LOCKED: _start_locked,
    v.E_POLL_BLOCK: _poll_block, v.E_POLL_WAKE: _poll_wake, v.E_CPU_ON: _cpu, v.E_CPU_OFF: _cpu,
    v.E_SYSMON: _sysmon, v.E_SYSMON_DEEP: _sysmon, v.E_LOCK_THREAD: _lock_thread, v.E_NET_READY: _net_ready,
    v.E_STACK_GROW: _stack, v.E_STACK_SHRINK: _stack, v.E_STACK_SEGMENT: _stack, v.E_STACK_NEW: _stack,
    v.E_STW_STOP: _stw_stop, v.E_GCSTOP: _gcstop, v.E_STW_START: _stw_start, v.E_P_DESTROY: _p_destroy,
    v.E_GC_PHASE: _gc, v.E_GC_CYCLE: _gc, v.E_GC_HEAP: _gc, v.E_GC_GOAL: _gc, v.E_GC_WORKER: _gc_mark,
    v.E_GC_ASSIST: _gc_mark, v.E_GC_READY: _gc_ready, v.E_QUEUE_DRAIN: _queue_drain, v.E_GC_HELD: _gc_held,
    v.E_GC_RELEASED: _gc_held,
    v.E_THROTTLE: _throttle, v.E_UNTHROTTLE: _throttle,
}  # fmt: skip

_STEP: Final = 512  # events between two checkpoints


def state_after(rec: Recording, i: int) -> State:
    """State after the first i events (0 <= i <= len(rec)); ConfigError outside."""
    check_int("state_after(i)", i, 0, len(rec))
    marks: list[tuple[State, int]] = rec._marks
    replay = Replay(rec.config)
    have = min(len(marks), i // _STEP)
    start = 0
    if have:
        state, kicked = marks[have - 1]
        replay.state, replay.kicked = state.copy(), kicked
        start = have * _STEP
    for k in range(start, i):
        replay.apply(rec[k])
        if (k + 1) % _STEP == 0 and (k + 1) // _STEP > len(marks):
            marks.append((replay.state.copy(), replay.kicked))
    return replay.state


def state_at(rec: Recording, t: int) -> State:
    """State at time t (ns, >= 0), after every event up to and including t."""
    check_int("state_at(t)", t, 0, 1 << 62, "ns")
    return state_after(rec, rec.index_at(t))
