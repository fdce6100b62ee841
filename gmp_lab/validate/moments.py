"""What must hold before an event is read, whenever time goes on, and when the run is over.

Inside one instant things are in flight: a P between two Ms, a G in a hand.  When time goes on none may be left.
"""

from __future__ import annotations

from typing import Final

from gmp_lab import params
from gmp_lab import vocabulary as v
from gmp_lab.recording import Event
from gmp_lab.validate import world
from gmp_lab.validate.books import DEAD, RUNNABLE, RUNNING, SYSCALL, Books

_LATE_NS: Final = 1_000_000  # by how much a thread may oversleep before it counts as lost
_NAP_NS: Final = params.stealSleepUs * 1000

_PREEMPTED: Final = v.WAIT_NO["preempted"]
#: which ids an event must have, by kind; all other kinds need none
IDS: Final[dict[int, str]] = {
    v.E_GO_CREATE: "", v.E_READY: "g", v.E_QUEUE_TAIL: "gp", v.E_OVERFLOW: "gp", v.E_EXECUTE: "gpm", v.E_PARK: "gpm",
    v.E_EXIT: "gpm", v.E_YIELD: "gpm", v.E_GLOB_GET: "gpm", v.E_STEAL: "gpm", v.E_SYSCALL: "gpm", v.E_SYSEXIT: "gm",
    v.E_RETAKE: "p", v.E_HANDOFF: "p", v.E_PIDLE_PUT: "p", v.E_PIDLE_GET: "p", v.E_ACQUIRE_P: "pm",
    v.E_RELEASE_P: "pm", v.E_M_START: "pm", v.E_M_WAKE: "m", v.E_M_PARK: "m", v.E_SPIN: "m", v.E_STEAL_SLEEP: "m",
    v.E_STOP_LOCKED: "gm", v.E_START_LOCKED: "gpm", v.E_POLL_BLOCK: "m", v.E_POLL_WAKE: "m", v.E_PREEMPT: "gpm",
    v.E_SIGNAL: "gm", v.E_CPU_ON: "m", v.E_CPU_OFF: "m", v.E_TIMER: "g", v.E_LOG: "gm", v.E_LOCK_THREAD: "gm",
    v.E_NET_READY: "g", v.E_TIMER_HEAP: "p",
    v.E_SCHED_LOCK: "gpm", v.E_LOCK_SPIN: "gpm", v.E_STARVING: "gpm",
    v.E_STACK_GROW: "gpm", v.E_STACK_SHRINK: "g", v.E_STACK_SEGMENT: "gpm", v.E_STACK_NEW: "g",
    v.E_GC_PHASE: "gpm", v.E_GC_CYCLE: "gm", v.E_GC_WORKER: "gpm", v.E_GC_ASSIST: "gpm", v.E_GC_READY: "g",
    v.E_GC_TRACE: "gm", v.E_SAFE_POINTS: "gpm", v.E_SAFE_POINT: "p", v.E_QUEUE_DRAIN: "gpm", v.E_GC_HELD: "gpm",
    v.E_GC_RELEASED: "g",
    v.E_MET_G: "g", v.E_MET_P: "p", v.E_MET_M: "m",
    v.E_STW_STOP: "gpm", v.E_GCSTOP: "p", v.E_STW_STOPPED: "gpm", v.E_STW_START: "gpm", v.E_P_DESTROY: "pm",
}  # fmt: skip
#: events that a thread makes itself, so that it must be awake
ACTS: Final = {
    v.E_GO_CREATE, v.E_READY, v.E_EXECUTE, v.E_PARK, v.E_EXIT, v.E_YIELD, v.E_GLOB_GET, v.E_STEAL, v.E_SYSCALL,
    v.E_SYSEXIT, v.E_ACQUIRE_P, v.E_RELEASE_P, v.E_SPIN, v.E_STEAL_SLEEP, v.E_STOP_LOCKED, v.E_POLL_BLOCK, v.E_TIMER,
    v.E_TIMER_RUN, v.E_LOG, v.E_LOCK_THREAD, v.E_SCHED_LOCK, v.E_LOCK_SPIN, v.E_STARVING,
    v.E_STACK_GROW, v.E_STACK_SEGMENT,
    v.E_GC_PHASE, v.E_GC_CYCLE, v.E_GC_WORKER, v.E_GC_ASSIST, v.E_GC_READY, v.E_GC_TRACE, v.E_SAFE_POINTS,
    v.E_SAFE_POINT, v.E_QUEUE_DRAIN, v.E_GC_HELD,
    v.E_STW_STOP, v.E_STW_STOPPED, v.E_STW_START, v.E_P_DESTROY,
}  # fmt: skip


#: of these, a trace may not tell thread and P
_TOLD_LESS: Final = {v.E_GC_PHASE, v.E_STW_STOP, v.E_STW_START, v.E_GC_ASSIST, v.E_GC_WORKER, v.E_SYSEXIT}


def before(b: Books, e: Event) -> bool:
    """What must hold of any event; False if it names what does not exist, so that no rule can be asked about it."""
    found = len(b.found)
    if e.kind not in v.KIND_NAMES:
        b.wrong("kind", f"event of unknown kind {e.kind}")
        return False
    if b.expect is not None:
        kind, g, p, rule, message = b.expect
        parks = e.kind == v.E_PARK and e.arg == _PREEMPTED and kind == v.E_YIELD  # for a scan of its stack
        b.need(rule, (parks or e.kind == kind) and e.p == p and g in (-1, e.g), message)
        b.expect = None
        found = len(b.found)
    _ids(b, e)
    if len(b.found) > found or not _exist(b, e):
        return False
    if e.m >= 0 and e.kind in ACTS:
        b.touched.add(e.m)
        state = b.m_state.get(e.m, "awake")
        b.need("asleep", state == "awake", f"M{e.m} is {state} and yet does something ({e.name})")
        b.need("sysmon", e.m not in b.sysmon, f"sysmon (M{e.m}) does what only an M with a P does ({e.name})")
        since = b.slept.get(e.m, (0, 0, 0))[2]
        awake = not since or e.t >= since + _NAP_NS
        b.need("steal-sleep", awake, f"M{e.m} sleeps only {e.t - since} ns before a theft")
        limited = b.rec.config.cores is not None and e.t > 0
        b.need("core", not limited or e.m in b.cpu, f"M{e.m} has no core and yet does something ({e.name})")
    return True


def _ids(b: Books, e: Event) -> None:
    n, needs = max(b.procs, len(b.ring)), IDS.get(e.kind, "")
    needs = "g" if e.kind in _TOLD_LESS and not b.rec.complete else needs
    b.need("ids", -1 <= e.p < n, f"P{e.p} does not exist: GOMAXPROCS is {n}")
    b.need("ids", e.p >= 0 or "p" not in needs, f"an event without a P that needs one ({e.name})")
    b.need("ids", e.m >= 0 or "m" not in needs, f"an event without an M that needs one ({e.name})")
    b.need("ids", e.g > 0 or "g" not in needs, f"an event without a G that needs one ({e.name})")
    if b.rec.complete:
        known = e.g <= 0 or e.g in b.status or e.kind == v.E_GO_CREATE
        b.need("ids", known, f"G{e.g} does something and was never made ({e.name})")
        known = e.m < 0 or e.m in b.m_state or e.kind == v.E_M_NEW
        b.need("ids", known, f"M{e.m} does something and was never made ({e.name})")


def _exist(b: Books, e: Event) -> bool:
    """Whether the rule for e can be asked; for M_NEW and GO_CREATE also that the new one is a new one."""
    if e.kind == v.E_M_NEW:
        b.need("ids", e.m >= 0 and e.m not in b.m_state, f"M{e.m} is made twice, or is none")
        return e.m >= 0 and e.m not in b.m_state
    return e.kind != v.E_GO_CREATE or e.g > 0


def quiet(b: Books) -> None:
    """Time goes on after event b.i: nothing is in flight, and nobody stands still who has something to do."""
    for p in sorted(b.loose):
        b.wrong("lost-p", f"P{p} has no M, is not idle, and time goes on")
    b.loose.clear()
    for m in sorted((b.m_p.keys() | b.touched) - b.m_g.keys() - b.slept.keys()):
        if m in b.m_p:
            b.wrong("stuck", f"M{m} has P{b.m_p[m]} and no goroutine, and time goes on")
        elif b.m_state.get(m) == "awake":
            b.wrong("stuck", f"M{m} has neither P nor goroutine and does not park, and time goes on")
    b.touched.clear()
    world.quiet(b)
    if b.pidle and not b.spinning and b.place and b.armed:
        _conserve(b)


def _conserve(b: Books) -> None:
    """Queued work and an idle P: then some M looks for work, or has been started to do so.

    Why this holds in Go: who queues a G calls wakep, which starts a spinning M if there is an idle P and no other
    spins; who stops spinning because it found work calls wakep again; who found none looks at all queues once more
    after it has given up its P; and no P is put on the idle list before the global queue was seen to be empty.
    Up to 1.19 or so who yields wakes nobody: its goroutine could wait beside an idle P, and the rule does not hold.
    """
    if not b.version.wakep_after_yield:
        return
    for g, place in b.place.items():
        if place.what == "global" and b.started:
            continue  # sysmon starts a thread for what it puts there, and that one does not spin
        if place.what != "hand":
            b.wrong("conserve", f"G{g} waits on {place}, P{b.pidle[-1]} is idle, and no M looks for work")
            return


def end(b: Books) -> None:
    """What must hold when the run is over."""
    rec, ended = b.rec, b.rec.ended
    alive = {g for g, status in b.status.items() if status in (RUNNABLE, RUNNING, SYSCALL)}
    b.need("time", b.e.t <= rec.end_ns, f"an event at {b.e.t} ns in a run that ended at {rec.end_ns} ns")
    if b.expect is not None:
        b.wrong(b.expect[3], b.expect[4])
    last_words = (b.e.kind, b.e.g) == (v.E_EXIT, 1) or not rec.complete
    if ended == "exit":
        returned = b.status.get(1) == DEAD and not b.waits.main_left
        b.need("end", returned, "the run ended with main's return, but main has not returned")
        b.need("end", last_words, "events follow main's exit, or it is not among them")
    elif b.status.get(1) == DEAD and not b.waits.main_left:
        b.wrong("end", f"main has returned, but the run ended with {ended!r}")
    if ended == "deadlock":
        b.need("end", not alive, f"the run ended in a deadlock, but G{sorted(alive)[:1]} is not waiting")
        b.need("end", b.e.kind == v.E_DEADLOCK or not rec.complete, "the run ended in a deadlock that nobody noticed")
    if b.e.kind == v.E_DEADLOCK and b.e.arg == 1:
        b.need("end", b.waits.main_left, "no goroutine is said to be left, but main has not called runtime.Goexit")
    lost = [g for g in sorted(alive) if b.status[g] == RUNNABLE and g not in b.place and g not in b.gc.held]
    b.need("lost", not lost, f"G{lost[:1]} is runnable at the end and on no queue")
    if ended == "until":
        quiet(b)
    _overslept(b)


def _overslept(b: Books) -> None:
    """With cores enough for everybody a thread that was woken runs soon, and a thief sleeps microseconds."""
    if b.rec.config.cores is not None:
        return
    costs, end_ns = b.rec.config.costs, min(b.rec.end_ns, b.rec.config.until_ns)
    wake = max(costs.wake_m, costs.handover_m, costs.new_m) + _LATE_NS
    for m, since in b.started.items():
        b.need("oversleep", end_ns - since <= wake, f"M{m} was started at {since} ns and never ran")
    nap = _NAP_NS + costs.usleep_slack + costs.usleep_jitter + _LATE_NS
    for m, (victim, _, since) in b.slept.items():
        b.need("oversleep", end_ns - since <= nap, f"M{m} sleeps since {since} ns for P{victim}'s runnext")
