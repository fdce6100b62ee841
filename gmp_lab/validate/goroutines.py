"""Rules about goroutines: where one comes from when it runs, and where it goes when it does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from gmp_lab import params
from gmp_lab import vocabulary as v
from gmp_lab.recording import Event
from gmp_lab.validate import locks
from gmp_lab.validate.books import DEAD, RUNNABLE, RUNNING, WAITING, Books, Place

_SLEEP: Final = v.WAIT_NO["sleep"]
_IO: Final = v.WAIT_NO["IO wait"]
_PREEMPTED: Final = v.WAIT_NO["preempted"]
_COLLECTOR: Final = {v.WAIT_NO[w] for w in ("GC worker (idle)", "GC assist wait", "wait for GC cycle")}
_CHANNELS: Final = {v.WAIT_NO["chan receive"], v.WAIT_NO["select"]}


def create(b: Books, e: Event) -> None:
    b.need("ids", e.g == len(b.status) + 1 or not b.rec.complete, f"G{e.g} is made; the next is G{len(b.status) + 1}")
    b.move(e.g, (0,), RUNNABLE if e.p >= 0 else WAITING)
    if e.p >= 0:
        _by(b, e, "made")
        b.put_next(e.g, e.p)


def ready(b: Books, e: Event) -> None:
    asleep = b.reason.get(e.g) == _SLEEP and b.status.get(e.g) == WAITING
    b.need("timer", not asleep or b.timer == (e.t, e.g), f"G{e.g} wakes from its sleep and no timer ran for it")
    nobody = e.arg < 0 and b.status.get(e.g) == WAITING and b.reason.get(e.g) in _CHANNELS
    b.need("timer", not nobody or b.timer == (e.t, -1), f"G{e.g} waits on channels, and nobody and no timer sent")
    inside = b.status.get(e.g) == WAITING and b.reason.get(e.g) == _IO
    b.need("net", not inside, f"G{e.g} waits for the poller and is readied by somebody else")
    mine = b.status.get(e.g) == WAITING and b.reason.get(e.g) in _COLLECTOR
    b.need("gc-ready", not mine, f"G{e.g} waits for the collector and is readied by somebody else")
    b.move(e.g, (WAITING,), RUNNABLE)
    b.waits.woke = (e.t, e.arg)
    if e.p < 0:
        b.put_global(e.g)
        return
    _by(b, e, "readied")
    b.put_next(e.g, e.p)


def _by(b: Books, e: Event, how: str) -> None:
    """A goroutine that another one makes runnable goes to that one's P."""
    b.need("waker", b.m_p.get(e.m) == e.p, f"G{e.g} is {how} on P{e.p}, which is not its waker's (M{e.m})")
    b.need("waker", b.m_g.get(e.m, -1) == e.arg, f"G{e.g} is {how} by G{e.arg}, which M{e.m} does not run")


def execute(b: Books, e: Event) -> None:
    source, inherit = e.arg & 15, bool(e.arg & v.INHERIT)
    from_source(b, e, e.m, source)
    b.move(e.g, (RUNNABLE,), RUNNING)
    own = source == v.SRC_RUNNEXT
    may = own or source == v.SRC_PARK
    b.need("inherit", may or not inherit, f"G{e.g} inherits a slice but was not P{e.p}'s runnext")
    b.need("inherit", inherit or not own, f"G{e.g}, P{e.p}'s runnext, does not run on in the slice of its waker")
    b.need("owner", b.m_p.get(e.m, e.p) == e.p, f"G{e.g} runs on M{e.m} with P{e.p}; M{e.m} has P{b.m_p.get(e.m)}")
    b.need("owner", e.m in b.m_p or not b.rec.complete, f"G{e.g} runs on M{e.m}, which has no P")
    b.need("one-g", e.m not in b.m_g, f"M{e.m} executes G{e.g} while it runs G{b.m_g.get(e.m)}")
    b.need("spin", e.m not in b.spinning, f"M{e.m} executes G{e.g} and still counts as spinning")
    lock = b.locked.get(e.g, e.m)
    b.need("locked", lock == e.m, f"G{e.g} runs on M{e.m} but is locked to M{lock}")
    mine = [g for g, m in b.locked.items() if m == e.m and g != e.g]
    b.need("locked", not mine, f"M{e.m} runs G{e.g} but G{mine[:1]} is locked to it")
    b.m_g[e.m], b.g_m[e.g] = e.g, e.m
    b.asked.discard(e.g)
    for noted in (b.spun, b.midpass):
        noted.discard(e.m)
    b.slept.pop(e.m, None)
    if not inherit:
        b.tick[e.p] += 1
        b.slice_start[e.p] = e.t


def from_source(b: Books, e: Event, m: int, source: int) -> None:
    """Check that g comes from where the event says, and that nothing had to be taken before it."""
    p = e.p
    global_turn = b.tick[p] % b.version.global_tick == 0
    b.need("source", source < len(v.SRC_NAMES), f"G{e.g} comes from an unknown source, {source}")
    if source == v.SRC_RUNNEXT:
        b.take(e.g, Place("runnext", p))
    elif source == v.SRC_LOCAL:
        b.need("runnext-first", not b.next[p], f"P{p} takes G{e.g} from its ring before G{b.next[p]} in runnext")
        b.take(e.g, Place("ring", p))
    elif source == v.SRC_GLOBAL61:
        b.need("tick-61", global_turn, f"P{p} looks at the global queue first at tick {b.tick[p]}")
        b.take(e.g, Place("global"))
    else:
        have = b.place.get(e.g)
        right = have is None or have.what != "hand" or have.source == source
        b.need("source", right, f"G{e.g} is executed as {_name(source)} but was {_name(have.source if have else -1)}")
        b.take(e.g, Place("hand", m))
    if source <= v.SRC_LOCAL and global_turn and b.glob and m not in b.midpass:
        b.wrong("tick-61", f"P{p} takes G{e.g} from its own queue at tick {b.tick[p]}, the global queue's turn")


def _name(source: int) -> str:
    return v.SRC_NAMES[source] if 0 <= source < len(v.SRC_NAMES) else "unknown"


def park(b: Books, e: Event) -> None:
    b.leaves(e, WAITING)
    b.reason[e.g] = e.arg
    if e.arg == _PREEMPTED:
        b.need("preempt", e.g in b.asked, f"G{e.g} is stopped for a scan and nobody asked it to")
        b.stopped = False
    locks.waits(b, e)
    b.need("reason", 0 <= e.arg < len(v.WAIT_REASONS), f"G{e.g} parks for an unknown reason {e.arg}")


def exits(b: Books, e: Event) -> None:
    b.leaves(e, DEAD)
    b.locked.pop(e.g, None)
    b.waits.main_left = b.waits.main_left or (e.g == 1 and e.arg == v.EXIT_GOEXIT)


def yields(b: Books, e: Event) -> None:
    b.leaves(e, RUNNABLE)
    forced = e.arg in (v.YIELD_PREEMPTED, v.YIELD_STW)
    b.need("preempt", not forced or e.g in b.asked, f"G{e.g} is preempted but nobody asked it to")
    b.need("reason", 0 <= e.arg < len(v.YIELD_NAMES), f"G{e.g} yields for an unknown reason {e.arg}")
    if b.stopped:
        b.need("signal", forced, f"G{e.g} was stopped by a signal but yields by itself")
        b.stopped = False
    if e.arg == v.YIELD_STW:
        b.need("stop", b.world == "stopping", f"G{e.g} is preempted for a stop of the world, which goes on")
        b.put_next(e.g, e.p)
    elif e.arg == v.YIELD_GOYIELD:
        locks.hands_over(b, e)
        b.put_tail(e.g, e.p)
    else:
        b.put_global(e.g)


def preempt(b: Books, e: Event) -> None:
    b.need("preempt", b.status.get(e.g) == RUNNING, f"G{e.g} is asked to stop and does not run")
    b.runs(e, "is asked to stop on")
    b.asked.add(e.g)
    if e.arg == v.PREEMPT_SLICE:
        age = e.t - b.slice_start[e.p]
        b.need("slice", age >= params.forcePreemptNS, f"G{e.g} is asked to stop {age} ns after its slice began")
    if e.arg == v.PREEMPT_STW:
        b.need("stop", b.world == "stopping", f"G{e.g} is asked to stop with the world, which goes on")
    if e.arg in (v.PREEMPT_SCAN, v.PREEMPT_GC):
        b.need("gc-work", b.gc.phase == v.GC_MARK, f"G{e.g} is asked to stop for the collector, which does not mark")
    if e.arg == v.PREEMPT_SAFE_POINT:
        b.need("safe-point", b.gc.points, f"G{e.g} is asked to stop for a safe point that all Ps have had")


def signal(b: Books, e: Event) -> None:
    b.runs(e, "is interrupted on")
    if e.arg:
        b.need("preempt", e.g in b.asked, f"G{e.g} is stopped by a signal and nobody asked it to stop")
        b.stopped = True
        b.expect = (v.E_YIELD, e.g, e.p, "signal", f"G{e.g} was at a safe point and did not yield")


def timer(b: Books, e: Event) -> None:
    waits = b.status.get(e.g) == WAITING and b.reason.get(e.g) == _SLEEP
    b.need("timer", waits, f"the timer of G{e.g} runs, which does not sleep")
    ran = b.m_p.get(e.m) == e.p >= 0 or (e.m < 0 and not b.version.timer_heaps)
    b.need("timer", ran, f"M{e.m} runs a timer for P{e.p}, which it does not have")
    b.timer = (e.t, e.g)
    b.expect = (v.E_READY, e.g, e.p, "timer", f"the timer of G{e.g} runs and does not wake it")
    if e.arg != e.p and e.m >= 0:
        b.midpass.add(e.m)  # a stolen timer: what it readies is run at once


def timer_run(b: Books, e: Event) -> None:
    b.need("timer", 0 <= e.arg <= v.TIMER_FUNC, f"a timer does something unknown ({e.arg})")
    ran = b.m_p.get(e.m) == e.p >= 0 or (e.m < 0 and not b.version.timer_heaps)
    b.need("timer", ran, f"M{e.m} runs a timer for P{e.p}, which it does not have")
    b.timer = (e.t, -1)
    b.midpass.add(e.m)  # it may be a stolen timer: what it readies is run at once


def timer_heap(b: Books, e: Event) -> None:
    b.timers[e.p] += e.arg
    b.need("timer", b.timers[e.p] >= 0, f"P{e.p} has fewer timers than none")


def log(b: Books, e: Event) -> None:
    b.need("owner", b.status.get(e.g) == RUNNING, f"G{e.g} writes {e.arg} and does not run")
    b.runs(e, "writes on")


def net_ready(b: Books, e: Event) -> None:
    waits = b.status.get(e.g) == WAITING and b.reason.get(e.g) == _IO
    b.need("net", waits or not b.rec.complete, f"the poller readies G{e.g}, which does not wait for it")
    b.need("net", 0 <= e.arg < len(v.NET_NAMES), f"G{e.g}, readied by the poller, goes to an unknown place {e.arg}")
    b.move(e.g, (WAITING,), RUNNABLE)
    if e.arg == v.NET_HAND:
        b.need("net", b.m_p.get(e.m, -1) == e.p >= 0, f"M{e.m} takes G{e.g} from the poller to run it without P{e.p}")
        b.queue(e.g, Place("hand", e.m, v.SRC_POLL))
        b.midpass.add(e.m)
    elif e.arg == v.NET_RING:
        b.need("net", len(b.ring[e.p]) < b.ring_size, f"G{e.g} goes from the poller to P{e.p}'s full ring")
        b.put_tail(e.g, e.p)
    else:
        b.put_global(e.g)


def lock_thread(b: Books, e: Event) -> None:
    b.runs(e, "locks itself to")
    if e.arg:
        b.need("locked", e.g not in b.locked, f"G{e.g} is locked to M{b.locked.get(e.g)} already")
        b.locked[e.g] = e.m
    else:
        was = b.locked.pop(e.g, -1)
        b.need("locked", was == e.m, f"G{e.g} unlocks itself from M{e.m}, to which it is not locked")


RULES: Final[dict[int, Callable[[Books, Event], None]]] = {
    v.E_GO_CREATE: create, v.E_READY: ready, v.E_EXECUTE: execute, v.E_PARK: park, v.E_EXIT: exits, v.E_YIELD: yields,
    v.E_PREEMPT: preempt, v.E_SIGNAL: signal, v.E_TIMER: timer, v.E_LOG: log, v.E_LOCK_THREAD: lock_thread,
    v.E_NET_READY: net_ready, v.E_TIMER_RUN: timer_run, v.E_TIMER_HEAP: timer_heap,
}  # fmt: skip
