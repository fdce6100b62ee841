"""The scheduler's rules, one function for each kind of event that has any."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from gmp_lab import params
from gmp_lab import vocabulary as v
from gmp_lab.recording import Event
from gmp_lab.validate.books import DEAD, RUNNABLE, RUNNING, SYSCALL, WAITING, Books


def _create(b: Books, e: Event) -> None:
    b.move(e.g, 0, RUNNABLE if e.p >= 0 else WAITING)
    if e.p >= 0 and b.queues:
        b.put_next(e.g, e.p)


def _ready(b: Books, e: Event) -> None:
    b.move(e.g, WAITING, RUNNABLE)
    if not b.queues:
        return
    if e.p < 0:
        b.put_global(e.g)
        return
    b.need("waker", b.m_p.get(e.m) == e.p, f"G{e.g} is readied on P{e.p}, which is not its waker's")
    b.put_next(e.g, e.p)


def _queue_tail(b: Books, e: Event) -> None:
    b.put_tail(e.g, e.p)


def _overflow(b: Books, e: Event) -> None:
    half = params.runqsize // 2
    b.need("overflow", b.kicked == e.g and e.arg == half, f"P{e.p} moves {e.arg} Gs and G{e.g} away")
    for _ in range(min(e.arg, len(b.ring[e.p]))):
        g = b.ring[e.p].popleft()
        b.place.pop(g, None)
        b.put_global(g)
    b.put_global(e.g)
    b.kicked = 0


def _source(b: Books, e: Event, source: int) -> None:
    """Check that g comes from where the event says, and that nothing came before it."""
    p = e.p
    if source == v.SRC_RUNNEXT:
        b.take(e.g, ("next", p), True)
    elif source == v.SRC_LOCAL:
        head = bool(b.ring[p]) and b.ring[p][0] == e.g
        b.need("runnext-first", not b.next[p], f"P{p} takes G{e.g} from its ring before G{b.next[p]} in runnext")
        b.take(e.g, ("ring", p), head)
    elif source == v.SRC_GLOBAL61:
        b.need("tick-61", b.tick[p] % 61 == 0, f"P{p} looks at the global queue first at tick {b.tick[p]}")
        b.take(e.g, ("global",), bool(b.glob) and b.glob[0] == e.g)
    else:
        b.take(e.g, ("hand", b.m_p.get(e.m, -1) if source == v.SRC_LOCKED else e.m), True)
    local = source in (v.SRC_RUNNEXT, v.SRC_LOCAL)
    started = len(b.status) > 1
    if local and started and b.tick[p] % 61 == 0 and b.glob:
        b.wrong("tick-61", f"P{p} takes G{e.g} from its own queue at tick {b.tick[p]}, the global queue's turn")


def _execute(b: Books, e: Event) -> None:
    source, inherit = e.arg & 15, bool(e.arg & v.INHERIT)
    if b.queues and e.g in b.place:
        if source == v.SRC_LOCKED:
            b.place[e.g] = ("hand", e.p)
        _source(b, e, source)
    elif b.queues:
        b.wrong("source", f"G{e.g} is executed on P{e.p} and was nowhere")
    b.move(e.g, RUNNABLE, RUNNING)
    b.need("inherit", not inherit or source in (v.SRC_RUNNEXT, v.SRC_PARK), f"G{e.g} inherits a slice from {source}")
    b.need("owner", b.m_p.get(e.m) == e.p, f"G{e.g} runs on M{e.m} with P{e.p}, which it does not have")
    b.need("one-g", e.m not in b.m_g, f"M{e.m} executes G{e.g} while it runs G{b.m_g.get(e.m)}")
    b.need("spin", e.m not in b.spinning, f"M{e.m} executes G{e.g} and still counts as spinning")
    lock = b.locked.get(e.g, e.m)
    b.need("locked", lock == e.m, f"G{e.g} runs on M{e.m} but is locked to M{lock}")
    b.m_g[e.m], b.g_m[e.g] = e.g, e.m
    if not inherit:
        b.tick[e.p] += 1
        b.slice_start[e.p] = e.t


def _park(b: Books, e: Event) -> None:
    b.drop(e, WAITING)
    b.need("reason", 0 <= e.arg < len(v.WAIT_REASONS), f"G{e.g} parks for an unknown reason {e.arg}")


def _exit(b: Books, e: Event) -> None:
    b.drop(e, DEAD)


def _yield(b: Books, e: Event) -> None:
    b.drop(e, RUNNABLE)
    if not b.queues:
        return
    if e.arg == v.YIELD_GOYIELD:
        b.put_tail(e.g, e.p)
    else:
        b.put_global(e.g)


def _glob_get(b: Books, e: Event) -> None:
    size, n = len(b.glob), b.rec.config.gomaxprocs
    share = min(size, params.globrunqBatch, size // n + 1)
    b.need("batch", e.arg == share, f"P{e.p} takes {e.arg} of {size} from the global queue; its share is {share}")
    b.need("local-first", not b.ring[e.p] and not b.next[e.p], f"P{e.p} takes a batch while it has work of its own")
    b.need("source", bool(b.glob) and b.glob[0] == e.g, f"G{e.g} is not the head of the global queue")
    for k in range(min(e.arg, size)):
        g = b.glob.popleft()
        b.place.pop(g, None)
        if k:
            b.put_tail(g, e.p)
        else:
            b.queue(g, ("hand", e.m))


def _steal(b: Books, e: Event) -> None:
    victim, n, runnext = v.steal_unpack(e.arg)
    b.need("steal", victim != e.p, f"P{e.p} steals from itself")
    b.need("steal", not b.ring[e.p] and not b.next[e.p], f"P{e.p} steals while it has work of its own")
    b.need("spin", e.m in b.spinning, f"M{e.m} steals and is not counted as spinning")
    ring = b.ring[victim]
    if runnext:
        b.need("steal", not ring or b.slept.get(e.m, (-1, 0))[1] == e.g, f"P{e.p} takes runnext before the ring")
        b.need("steal", b.next[victim] == e.g, f"G{e.g} is not the runnext of P{victim}")
        owner = b.p_m[victim]
        in_call = b.status.get(b.m_g.get(owner, 0)) == SYSCALL
        asleep = e.m in b.slept or owner < 0 or in_call
        b.need("steal-sleep", asleep, f"M{e.m} takes the runnext of P{victim} without sleeping first")
        b.take(e.g, ("next", victim), True)
        b.queue(e.g, ("hand", e.m))
    else:
        half = len(ring) - len(ring) // 2
        b.need(
            "steal-half", n == half, f"P{e.p} takes {n} of {len(ring)} from P{victim}; half, rounded up, is {half}"
        )
        batch = [ring.popleft() for _ in range(min(n, len(ring)))]
        b.need("steal-last", bool(batch) and batch[-1] == e.g, f"G{e.g} runs first and is not the last one stolen")
        for g in batch:
            b.place.pop(g, None)
            if g == e.g:
                b.queue(g, ("hand", e.m))
            else:
                b.put_tail(g, e.p)
    b.slept.pop(e.m, None)


def _syscall(b: Books, e: Event) -> None:
    b.move(e.g, RUNNING, SYSCALL)
    b.need("owner", b.m_g.get(e.m) == e.g, f"G{e.g} makes a call on M{e.m}, which runs G{b.m_g.get(e.m, 0)}")
    b.call_p[e.m] = e.p
    if not b.keeps_p and e.arg != v.SYSCALL_BLOCK:
        b.p_m[e.p] = -1
        b.m_p.pop(e.m, None)


def _sysexit(b: Books, e: Event) -> None:
    went_in = b.call_p.pop(e.m, -1)
    no_p = e.arg in (v.EXIT_NO_P, v.EXIT_LATE_P)
    b.move(e.g, SYSCALL, RUNNABLE if no_p else RUNNING)
    if no_p:
        b.need("syscall", e.m not in b.m_p, f"G{e.g} comes back without a P although M{e.m} has P{b.m_p.get(e.m)}")
        b.m_g.pop(e.m, None)
        b.g_m.pop(e.g, None)
        if b.queues:
            b.put_global(e.g) if e.arg == v.EXIT_NO_P else b.queue(e.g, ("hand", e.m))
        return
    if e.arg == v.EXIT_FAST:
        b.need("syscall", went_in == e.p, f"G{e.g} keeps P{e.p} but went into its call with P{went_in}")
    b.need("owner", b.m_p.get(e.m) == e.p, f"G{e.g} goes on on M{e.m} with P{e.p}, which it does not have")


def _retake(b: Books, e: Event) -> None:
    if b.keeps_p:
        b.need("retake", b.status.get(e.g) == SYSCALL, f"P{e.p} is taken from G{e.g}, which is in no system call")
        b.need("retake", b.p_m[e.p] == e.m, f"P{e.p} is taken from M{e.m}, which does not have it")
        b.m_p.pop(e.m, None)
    b.p_m[e.p] = -1


def _wire(b: Books, e: Event) -> None:
    b.need("one-m", b.p_m[e.p] < 0, f"P{e.p} goes to M{e.m} while M{b.p_m[e.p]} has it")
    b.need("one-p", e.m not in b.m_p, f"M{e.m} gets P{e.p} while it has P{b.m_p.get(e.m)}")
    b.need("idle", e.p not in b.pidle, f"P{e.p} goes to M{e.m} while it is on the idle list")
    b.need("m-state", b.m_state.get(e.m) == "awake", f"M{e.m} gets P{e.p} and is {b.m_state.get(e.m)}")
    b.need("sysmon", e.m not in b.sysmon, f"sysmon (M{e.m}) gets a P")
    b.need("parked", e.m not in b.midle, f"M{e.m} gets a P while it is parked")
    b.p_m[e.p], b.m_p[e.m] = e.m, e.p


def _release_p(b: Books, e: Event) -> None:
    b.need("owner", b.p_m[e.p] == e.m, f"P{e.p} leaves M{e.m}, which does not have it")
    b.p_m[e.p] = -1
    b.m_p.pop(e.m, None)


def _pidle_put(b: Books, e: Event) -> None:
    b.need("idle", e.p not in b.pidle, f"P{e.p} is put on the idle list twice")
    b.need("idle", b.p_m[e.p] < 0, f"P{e.p} becomes idle while M{b.p_m[e.p]} has it")
    if b.queues:
        b.need("idle", not b.ring[e.p] and not b.next[e.p], f"P{e.p} becomes idle with work in its queue")
    b.pidle.append(e.p)


def _pidle_get(b: Books, e: Event) -> None:
    last = bool(b.pidle) and (b.pidle[-1] == e.p or e.arg == 1)
    b.need("idle", last, f"P{e.p} leaves the idle list, whose top is {b.pidle[-1:]}")
    if e.p in b.pidle:
        b.pidle.remove(e.p)


def _m_new(b: Books, e: Event) -> None:
    b.need("m-state", e.m not in b.m_state, f"M{e.m} is made twice")
    b.m_state[e.m] = "awake" if e.m == 0 else "new"  # the first thread runs from the start
    if e.arg == v.M_SYSMON:
        b.sysmon.add(e.m)


def _m_wake(b: Books, e: Event) -> None:
    b.m_move(e.m, ("starting",), "awake")


def _need_spin(b: Books, e: Event) -> None:
    b.need("needspinning", e.arg != b.need_spin, f"needspinning is set to {e.arg}, which it is")
    b.need_spin = e.arg


def _stop_locked(b: Books, e: Event) -> None:
    b.m_move(e.m, ("awake",), "locked")
    b.need("locked", b.locked.get(e.g) == e.m, f"M{e.m} waits for G{e.g}, which is not locked to it")


def _m_start(b: Books, e: Event) -> None:
    b.m_move(e.m, ("new", "parked"), "starting")
    if e.m in b.midle:
        b.need("midle", b.midle[-1] == e.m, f"M{e.m} is woken, but M{b.midle[-1]} parked last")
        b.midle.remove(e.m)
    if e.arg:
        b.spinning.add(e.m)
        if b.queues:
            b.need("spin", not b.ring[e.p] and not b.next[e.p], f"M{e.m} starts spinning with work on P{e.p}")
    b.need("one-m", b.p_m[e.p] < 0, f"M{e.m} is started for P{e.p}, which M{b.p_m[e.p]} has")


def _m_park(b: Books, e: Event) -> None:
    b.m_move(e.m, ("awake", "new"), "parked")
    b.need("parked", e.m not in b.m_g and e.m not in b.m_p, f"M{e.m} parks with a goroutine or a P")
    b.need("spin", e.m not in b.spinning, f"M{e.m} parks and still counts as spinning")
    b.midle.append(e.m)


def _spin(b: Books, e: Event) -> None:
    b.need("spin", (e.m in b.spinning) != bool(e.arg), f"M{e.m} begins or ends to spin twice")
    if e.arg:
        b.need("spin", e.m not in b.m_g, f"M{e.m} spins while it runs G{b.m_g.get(e.m)}")
        b.spinning.add(e.m)
        b.need_spin = 0
    else:
        b.spinning.discard(e.m)


def _steal_sleep(b: Books, e: Event) -> None:
    b.slept[e.m] = (e.arg, b.next[e.arg])
    b.need("steal-sleep", b.next[e.arg] or not b.queues, f"M{e.m} waits for a runnext that P{e.arg} does not have")


def _start_locked(b: Books, e: Event) -> None:
    b.m_move(e.m, ("locked",), "starting")
    b.need("locked", b.locked.get(e.g) == e.m, f"G{e.g} is given to M{e.m}, to which it is not locked")
    if not b.queues:
        return
    giver = b.p_m[e.p]
    _source(b, e._replace(m=giver), e.arg & 15)
    b.place[e.g] = ("hand", e.p)


def _poll(b: Books, e: Event) -> None:
    if e.kind == v.E_POLL_BLOCK:
        b.need("poller", b.poller < 0, f"M{e.m} blocks in netpoll while M{b.poller} does")
        b.need("poller", e.m not in b.m_p, f"M{e.m} blocks in netpoll with a P")
        b.poller = e.m
        b.m_move(e.m, ("awake",), "polling")
    else:
        b.m_move(e.m, ("polling",), "awake")
        b.need("poller", b.poller == e.m, f"M{e.m} comes back from netpoll and was not there")
        b.poller = -1


def _preempt(b: Books, e: Event) -> None:
    b.need("preempt", b.status.get(e.g) == RUNNING, f"G{e.g} is asked to stop and does not run")
    if e.arg == v.PREEMPT_SLICE:
        age = e.t - b.slice_start[e.p]
        b.need("slice", age >= params.forcePreemptNS, f"G{e.g} is asked to stop {age} ns after its slice began")


def _lock_thread(b: Books, e: Event) -> None:
    b.need("locked", b.m_g.get(e.m) == e.g, f"G{e.g} locks itself to M{e.m}, which does not run it")
    if e.arg:
        b.locked[e.g] = e.m
    else:
        b.locked.pop(e.g, None)


RULES: Final[dict[int, Callable[[Books, Event], None]]] = {
    v.E_GO_CREATE: _create, v.E_READY: _ready, v.E_QUEUE_TAIL: _queue_tail, v.E_OVERFLOW: _overflow,
    v.E_EXECUTE: _execute, v.E_PARK: _park, v.E_EXIT: _exit, v.E_YIELD: _yield, v.E_GLOB_GET: _glob_get,
    v.E_STEAL: _steal, v.E_SYSCALL: _syscall, v.E_SYSEXIT: _sysexit, v.E_RETAKE: _retake,
    v.E_PIDLE_PUT: _pidle_put, v.E_PIDLE_GET: _pidle_get, v.E_ACQUIRE_P: _wire, v.E_RELEASE_P: _release_p,
    v.E_M_WAKE: _m_wake, v.E_NEED_SPIN: _need_spin,
    v.E_M_NEW: _m_new, v.E_M_START: _m_start, v.E_M_PARK: _m_park, v.E_SPIN: _spin,
    v.E_STEAL_SLEEP: _steal_sleep, v.E_STOP_LOCKED: _stop_locked,
    v.E_START_LOCKED: _start_locked, v.E_POLL_BLOCK: _poll, v.E_POLL_WAKE: _poll,
    v.E_PREEMPT: _preempt, v.E_LOCK_THREAD: _lock_thread,
}  # fmt: skip
