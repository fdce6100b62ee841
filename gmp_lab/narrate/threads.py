"""Sentences about Ps, threads, sysmon, preemption and the operating system."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from gmp_lab import params
from gmp_lab import vocabulary as v
from gmp_lab.narrate.scene import Said, SaidFrom, Scene


def _pidle_put(c: Scene) -> Said:
    return (
        f"P{c.e.p} has nothing to do: it goes on top of the idle list.",
        "pidleput",
        "idle Ps: last in, first out",
    )


def _pidle_get(c: Scene) -> Said:
    if c.e.arg == 1:
        return f"P{c.e.p} is taken out of the idle list.", "pidleget", "a certain P is wanted"
    return f"P{c.e.p}, the top of the idle list, is taken.", "pidleget", "idle Ps: last in, first out"


def _acquire_p(c: Scene) -> Said:
    return f"M{c.e.m} takes P{c.e.p} and may run Go code.", "acquirep", "no Go code without a P"


def _release_p(c: Scene) -> Said:
    return f"M{c.e.m} lets go of P{c.e.p}.", "releasep", "a thread that sleeps holds no P"


def _m_new(c: Scene) -> Said:
    if c.e.arg == v.M_SYSMON:
        text = f"M{c.e.m} is started for sysmon, which watches the others and needs no P."
        return text, "main", "sysmon runs without a P"
    if c.e.m == 0:
        return "The process begins with its first thread, M0.", "schedinit", "M0 is there from the start"
    return (
        f"No idle thread is left: a new one is made, M{c.e.m}.",
        "newm",
        "threads are made when none is idle",
    )


def _m_start(c: Scene) -> Said:
    how = " as a spinning thread, to look for work" if c.e.arg else ""
    return (
        f"M{c.e.m} is woken to run with P{c.e.p}{how}.",
        "startm",
        "wake one thread, not one for each goroutine",
    )


def _is_new(c: Scene) -> bool:
    """Whether M c.e.m wakes for the first time."""
    kind, m = c.rec.kind, c.rec.m
    for k in range(c.i - 1, -1, -1):
        if m[k] == c.e.m and kind[k] in (v.E_M_NEW, v.E_M_PARK, v.E_STOP_LOCKED):
            return bool(kind[k] == v.E_M_NEW)
    return True


def _m_wake(c: Scene) -> Said:
    if _is_new(c):
        return f"The new thread M{c.e.m} has begun to run.", "mstart1", "a clone takes time"
    return f"M{c.e.m} is awake.", "mPark", "a futex wake takes time"


def _m_park(c: Scene) -> Said:
    text = f"M{c.e.m} found nothing: it goes to sleep on top of the list of idle threads."
    return text, "stopm", "idle threads are kept: last in, first out"


def _spin(c: Scene) -> Said:
    who = c.thread(c.e.m)
    if c.e.arg:
        return (
            f"{who} begins to spin: it looks for work to steal.",
            "becomeSpinning",
            "at most half of the busy Ps spin",
        )
    if c.before.ms[c.e.m].p >= 0:
        text = f"{who} has found work and stops spinning; if nobody spins now, it wakes the next thread."
        return text, "resetspinning", "the last spinner that finds work wakes another"
    return (
        f"M{c.e.m} has found no work and stops spinning.",
        "findRunnable",
        "after spinning, look at everything again",
    )


def _need_spin(c: Scene) -> Said:
    if c.e.arg:
        text = (
            "A spinning thread is wanted but no P is idle: the next thread that runs out of work shall spin."
        )
        return text, "pidlegetSpinning", "needspinning: a wake-up that must not be lost"
    return "The wish for a spinning thread is fulfilled.", "becomeSpinning", "needspinning is cleared"


def _steal_sleep(c: Scene) -> Said:
    text = (
        f"{c.thread(c.e.m)} finds only the runnext of P{c.e.arg} to steal and sleeps for a moment first, "
        f"so that P{c.e.arg} may run it itself."
    )
    return text, "runqgrab", "usleep(3) before a runnext is stolen"


def _stop_locked(c: Scene) -> Said:
    text = f"M{c.e.m} is locked to {c.g(c.e.g)}, which cannot run now: the thread sleeps without a P."
    return text, "stoplockedm", "a locked thread runs its own goroutine only"


def _start_locked(c: Scene) -> Said:
    text = f"{c.g(c.e.g)} is locked to M{c.e.m}: it is handed to that thread together with P{c.e.p}."
    return text, "startlockedm", "two thread switches for each hand-over"


def _poll_block(c: Scene) -> SaidFrom:
    how = (
        "until something happens" if c.e.arg < 0 else f"for at most {c.e.arg} us, when the next timer is due"
    )
    text = f"M{c.e.m} has no P and waits in the poller {how}."
    return text, "netpoll", "one idle thread waits for timers and the network", "runtime/netpoll_epoll.go"


def _poll_wake(c: Scene) -> SaidFrom:
    return f"M{c.e.m} comes back from the poller.", "netpoll", "then it needs a P", "runtime/netpoll_epoll.go"


def _sysmon(c: Scene) -> Said:
    return (
        f"sysmon sleeps {c.e.arg} us between its rounds from now on.",
        "sysmon",
        "20 us, then doubling to 10 ms",
    )


def _sysmon_deep(c: Scene) -> Said:
    if c.e.arg:
        return (
            "All Ps are idle: sysmon goes to sleep until it is woken.",
            "sysmon",
            "nothing to watch: deep sleep",
        )
    return "sysmon wakes from its deep sleep.", "sysmon", "back to 20 us if somebody else woke it"


_WHY_STOP: Final = (
    "it has had P{p} for 10 ms", "the world is to be stopped", "its stack is to be scanned",
    "P{p} is to run a function at a safe point", "P{p} is to look whether it should mark",
)  # fmt: skip


def _preempt(c: Scene) -> Said:
    why = _WHY_STOP[c.e.arg]
    text = f"{c.g(c.e.g)} on M{c.e.m} is asked to stop: {why.format(p=c.e.p)}."
    return text, "preemptone", "a request: a flag for the prologue, a signal for the rest"


def _signal(c: Scene) -> SaidFrom:
    end = "it stops here" if c.e.arg else "this is not a safe point, so it goes on"
    if params.SYSTEMS[c.rec.config.os].preempt == "suspend":
        text = f"M{c.e.m}, which runs {c.g(c.e.g)}, is suspended and looked at: {end}."
        return text, "preemptM", "asynchronous preemption needs a safe point", "runtime/os_windows.go"
    text = f"SIGURG reaches M{c.e.m}, which runs {c.g(c.e.g)}: {end}."
    return text, "doSigPreempt", "asynchronous preemption needs a safe point", "runtime/signal_unix.go"


def _cpu_on(c: Scene) -> SaidFrom:
    return f"The operating system gives M{c.e.m} the core {c.e.arg}.", "", "threads need cores", ""


def _cpu_off(c: Scene) -> SaidFrom:
    who = c.thread(c.e.m)
    return f"{who} is off core {c.e.arg}; what it holds, it keeps.", "", "the kernel knows nothing of Ps", ""


def _schedtrace(c: Scene) -> Said:
    return "sysmon prints a schedtrace line.", "schedtrace", "GODEBUG=schedtrace"


def _timer(c: Scene) -> SaidFrom:
    if c.e.m < 0:
        text = f"timerproc, which slept in a thread of its own, finds {c.g(c.e.g)} due."
        return text, "goroutineReady", "up to 1.13 one goroutine ran all timers", "runtime/time.go"
    whose = "its own timers" if c.e.p == c.e.arg else f"the timers of P{c.e.arg}"
    text = f"P{c.e.p} looks at {whose}: the one of {c.g(c.e.g)} is due."
    return text, "goroutineReady", "timers belong to Ps and are run by whoever looks", "runtime/time.go"


_FIRED: Final = (
    "sends the time on its channel", "finds its channel full and drops the tick", "starts its function as a goroutine"
)  # fmt: skip


def _timer_run(c: Scene) -> SaidFrom:
    if c.e.m < 0:
        whose = "The goroutine timerproc runs a timer: it"
    elif c.e.g > 0:
        whose = f"{c.g(c.e.g)} asks the channel of a timer that is due: it"
    else:
        whose = f"P{c.e.p} looks at timers: one is due and"
    why = "no thread waits for a timer: who schedules, or asks its channel, runs it"
    return f"{whose} {_FIRED[c.e.arg]}.", "unlockAndRun", why, "runtime/time.go"


def _timer_heap(c: Scene) -> SaidFrom:
    what = "A timer goes into" if c.e.arg > 0 else "A timer leaves"
    return f"{what} the heap of P{c.e.p}.", "maybeAdd", "timers belong to Ps", "runtime/time.go"


def _log(c: Scene) -> SaidFrom:
    return f"{c.g(c.e.g)} writes {c.e.arg}.", "", "what the program itself does", ""


def _deadlock(c: Scene) -> Said:
    if c.e.arg == 1:
        return "No goroutine is left: main ended by runtime.Goexit.", "checkdead", "only main's return ends a program"
    return "All goroutines are asleep: deadlock.", "checkdead", "nobody is left who could wake anybody"


def _lock_thread(c: Scene) -> Said:
    if c.e.arg:
        return f"{c.g(c.e.g)} locks itself to M{c.e.m}.", "LockOSThread", "one goroutine, one thread"
    return f"{c.g(c.e.g)} is no longer locked to M{c.e.m}.", "UnlockOSThread", "any thread may run it again"


def _net_ready(c: Scene) -> SaidFrom:
    where = (f"M{c.e.m} runs it at once", f"it goes to the tail of P{c.e.p}'s ring", "it goes to the global queue")
    text = f"The poller finds what {c.g(c.e.g)} waits for ready: {where[c.e.arg]}."
    rule = "goroutines that wait for the network need no thread"
    if c.e.arg == v.NET_HAND:
        return text, "netpoll", rule, "runtime/netpoll_epoll.go"
    return text, "injectglist", rule, "runtime/proc.go"


def _net_arrive(c: Scene) -> SaidFrom:
    text = f"Data comes for connection {c.e.arg}; nobody is told before somebody polls."
    return text, "", "the kernel keeps a list of ready descriptors", ""


THREADS: Final[dict[int, Callable[[Scene], Said | SaidFrom]]] = {
    v.E_PIDLE_PUT: _pidle_put,
    v.E_PIDLE_GET: _pidle_get,
    v.E_ACQUIRE_P: _acquire_p,
    v.E_RELEASE_P: _release_p,
    v.E_M_NEW: _m_new,
    v.E_M_START: _m_start,
    v.E_M_WAKE: _m_wake,
    v.E_M_PARK: _m_park,
    v.E_SPIN: _spin,
    v.E_NEED_SPIN: _need_spin,
    v.E_STEAL_SLEEP: _steal_sleep,
    v.E_STOP_LOCKED: _stop_locked,
    v.E_START_LOCKED: _start_locked,
    v.E_POLL_BLOCK: _poll_block,
    v.E_POLL_WAKE: _poll_wake,
    v.E_SYSMON: _sysmon,
    v.E_SYSMON_DEEP: _sysmon_deep,
    v.E_PREEMPT: _preempt,
    v.E_SIGNAL: _signal,
    v.E_CPU_ON: _cpu_on,
    v.E_CPU_OFF: _cpu_off,
    v.E_SCHEDTRACE: _schedtrace,
    v.E_TIMER: _timer,
    v.E_TIMER_RUN: _timer_run,
    v.E_TIMER_HEAP: _timer_heap,
    v.E_LOG: _log,
    v.E_DEADLOCK: _deadlock,
    v.E_LOCK_THREAD: _lock_thread,
    v.E_NET_READY: _net_ready,
    v.E_NET_ARRIVE: _net_arrive,
}
