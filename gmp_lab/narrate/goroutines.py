"""Sentences about goroutines: made, queued, run, parked, stolen, in system calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from gmp_lab import vocabulary as v
from gmp_lab.narrate.scene import Said, SaidFrom, Scene, count


def _where_next(c: Scene) -> str:
    """Where runqput(next=true) puts the G, and whom it displaces."""
    if not c.version.local_queues:
        return "it goes to the tail of the one queue"
    if not c.version.runnext:
        return f"it goes to the tail of P{c.e.p}'s queue"
    p = c.before.ps[c.e.p]
    if not p.runnext:
        return f"it takes the free runnext of P{c.e.p}"
    full = len(p.runq) >= c.version.ring
    where = "finds the ring full" if full else "moves to the tail of the ring"
    return f"it takes runnext of P{c.e.p}, and G{p.runnext}, which was there, {where}"


def _go_create(c: Scene) -> Said:
    g = c.g(c.e.g)
    if c.e.p < 0:
        return f"The runtime has made {g} before main begins; it is parked.", "newproc", "made before main"
    maker = f"{c.g(c.e.arg)} starts {g}" if c.e.arg > 0 else f"The runtime makes {g}"
    return f"{maker}: {_where_next(c)}.", "newproc", "a new goroutine goes to its creator's runnext"


def _ready(c: Scene) -> Said:
    g = c.g(c.e.g)
    waker = f"{c.g(c.e.arg)} makes {g} runnable" if c.e.arg > 0 else f"{g} becomes runnable"
    if c.e.p < 0:
        return (
            f"{waker}; it goes to the tail of the global queue.",
            "injectglist",
            "no P at hand: global queue",
        )
    return f"{waker}: {_where_next(c)}.", "ready", "a readied goroutine goes to its waker's runnext"


def _queue_tail(c: Scene) -> Said:
    text = f"{c.g(c.e.g)} goes to the tail of P{c.e.p}'s ring."
    return text, "runqput", "runqput(next=false): ring tail"


def _overflow(c: Scene) -> Said:
    text = (
        f"P{c.e.p}'s ring is full: its first {c.e.arg} goroutines, and G{c.e.g} after them, move to the "
        "tail of the global queue."
    )
    return text, "runqputslow", "a full ring gives its older half to the global queue"


#: reasons for which nobody can ever end the wait
_FOR_EVER: Final = ("chan receive (nil chan)", "chan send (nil chan)", "select (no cases)")
_TOOK: Final = {
    v.SRC_RUNNEXT: ("from its runnext", "runnext first"),
    v.SRC_LOCAL: ("from the head of its ring", "then the ring, oldest first"),
    v.SRC_GLOBAL61: (
        "from the head of the global queue, because this is its 61st tick",
        "every 61st tick: global",
    ),
    v.SRC_GLOBAL: ("which it took from the global queue", "own queue empty: a batch from the global queue"),
    v.SRC_STEAL: ("which it stole", "nothing anywhere else: steal"),
    v.SRC_POLL: ("which the poller made ready", "the poller's list"),
    v.SRC_SYSEXIT: ("which came back from a system call", "a P found late"),
    v.SRC_LOCKED: ("which is locked to this thread", "a locked goroutine runs on its own thread only"),
    v.SRC_PARK: ("whose parking was called off", "parking called off"),
    v.SRC_UNKNOWN: ("taken from where, is not told", "only in a real trace"),
    v.SRC_GC: ("which it took out of the pool of mark workers", "a mark worker comes before all queues"),
}


def _execute(c: Scene) -> Said:
    took, rule = _TOOK[c.e.arg & 15]
    if not c.version.local_queues:
        took, rule = "from the head of the one queue", "first in, first out"
    text = f"P{c.e.p} runs {c.g(c.e.g)} on M{c.e.m}, {took}"
    if c.e.arg & v.INHERIT:
        return (
            f"{text}; it goes on in its predecessor's time slice.",
            "execute",
            f"{rule}; the slice is inherited",
        )
    return f"{text}; a new time slice begins.", "execute", rule


def _park(c: Scene) -> Said:
    reason = v.WAIT_REASONS[c.e.arg]
    end = ", and nobody can ever wake it" if reason in _FOR_EVER else ""
    text = f"{c.g(c.e.g)} parks ({reason}){end}; M{c.e.m} looks for other work for P{c.e.p}."
    return text, "park_m", "who waits is on no run queue"


def _exit(c: Scene) -> Said:
    how = "ends itself by runtime.Goexit" if c.e.arg == v.EXIT_GOEXIT else "ends"
    text = f"{c.g(c.e.g)} {how}; M{c.e.m} looks for other work for P{c.e.p}."
    return text, "goexit0", "an ending goroutine wakes nobody"


def _yield(c: Scene) -> Said:
    g = c.g(c.e.g)
    if c.e.arg == v.YIELD_GOYIELD:
        text = f"{g} has handed a lock over and steps aside, to the tail of P{c.e.p}'s ring."
        return text, "goyield_m", "goyield: ring tail"
    if c.e.arg == v.YIELD_STW:
        text = f"{g} is preempted on P{c.e.p} because the world is to stop: {_where_next(c)}."
        return text, "goschedImpl", "preempted for a stop of the world: own runnext"
    if c.e.arg == v.YIELD_PREEMPTED:
        text = f"{g} is preempted on P{c.e.p} and goes to the tail of the global queue."
        return text, "gopreempt_m", "preempted: global tail"
    text = f"{g} calls runtime.Gosched and goes to the tail of the global queue."
    return text, "goschedImpl", "Gosched: global tail"


def _glob_get(c: Scene) -> Said:
    text = f"P{c.e.p} has nothing of its own and takes {count(c.e.arg, 'goroutine')} from the global queue; "
    text += f"{c.g(c.e.g)} will run" + (", the rest fill its ring." if c.e.arg > 1 else ".")
    return text, "globrunqgetbatch", "a fair share: length / GOMAXPROCS + 1, at most 128"


def _steal(c: Scene) -> Said:
    victim, n, runnext = v.steal_unpack(c.e.arg)
    start = f"P{c.e.p} has nothing to run and steals "
    if runnext:
        text = f"{start}{c.g(c.e.g)}, the runnext of P{victim}, whose ring is empty."
        return text, "runqsteal", "runnext is stolen last, and only in the last pass"
    if n == 1:
        text = f"{start}{c.g(c.e.g)} from the head of P{victim}'s ring."
    else:
        text = f"{start}{n} goroutines from the head of P{victim}'s ring; "
        text += f"{c.g(c.e.g)}, the last of them, runs first."
    return text, "runqsteal", "steal half, rounded up, the oldest"


def _syscall(c: Scene) -> Said:
    g = c.g(c.e.g)
    if c.e.arg == v.SYSCALL_BLOCK:
        text = f"{g} blocks in the kernel with M{c.e.m}, and hands P{c.e.p} over beforehand."
        return text, "entersyscallblock", "known to block: give the P up at once"
    kept = f"P{c.e.p} stays with M{c.e.m}" if c.new_rules else f"P{c.e.p} is left in _Psyscall"
    text = f"{g} enters a system call on M{c.e.m}; {kept} until sysmon takes it."
    return text, "reentersyscall", "a short call keeps its P"


_EXITS: Final = {
    v.EXIT_FAST: ("still has P{p} and goes on", "exitsyscall", "exitsyscallfast"),
    v.EXIT_OLD_P: ("takes its old P{p} back and goes on", "exitsyscallTryGetP", "exitsyscallfast"),
    v.EXIT_IDLE_P: ("takes the idle P{p} and goes on", "exitsyscallTryGetP", "exitsyscallfast_pidle"),
    v.EXIT_LATE_P: ("finds an idle P only under the lock", "exitsyscallNoP", "exitsyscall0"),
    v.EXIT_NO_P: ("finds no P: it goes to the tail of the global queue, and its thread stops",
                  "exitsyscallNoP", "exitsyscall0"),
}  # fmt: skip


def _sysexit(c: Scene) -> Said:
    how, new, old = _EXITS[c.e.arg]
    text = f"{c.g(c.e.g)} comes back from its system call on M{c.e.m} and {how.format(p=c.e.p)}."
    return text, new if c.new_rules else old, "its old P, then an idle one, else the global queue"


def _retake(c: Scene) -> Said:
    victim = (
        f" from M{c.e.m}, which is in a system call" if c.e.m >= 0 else ", whose thread is in a system call"
    )
    if c.e.arg < 0:
        function = "exitsyscallTryGetP" if c.new_rules else "exitsyscallfast"
        return f"A returning thread takes P{c.e.p} back{victim}.", function, "the old P is tried first"
    text = f"sysmon (M{c.e.arg}) takes P{c.e.p}{victim}."
    return (
        text,
        "retake",
        "a P in a system call is taken after a full round of sysmon, if there is work for it",
    )


def _handoff(c: Scene) -> Said:
    by = f"M{c.e.m} hands P{c.e.p} over" if c.e.m >= 0 else f"P{c.e.p} is handed over"
    text = f"{by}: to another thread if there is work for it, else to the idle list."
    return text, "handoffp", "work or nobody looking: start a thread, else idle"


_MUTEX: Final = "internal/sync/mutex.go"


def _lock_spin(c: Scene) -> SaidFrom:
    text = f"{c.g(c.e.g)} finds the Mutex locked and spins on M{c.e.m} instead of sleeping, turn {c.e.arg} of 4."
    return text, "lockSlow", "spin for a moment if the owner runs on another P", _MUTEX


def _sched_lock(c: Scene) -> SaidFrom:
    text = f"M{c.e.m} has to wait {c.e.arg:,} ns for the scheduler's lock before it can run {c.g(c.e.g)}."
    rule = "one lock for the global queue: who takes from it waits for the others"
    return text, "lock2", rule, "runtime/lock_spinbit.go"


def _starving(c: Scene) -> SaidFrom:
    g = c.g(c.e.g)
    if c.e.arg:
        text = f"{g} has waited for its Mutex for more than 1 ms: it switches it to starving mode."
        return text, "lockSlow", "from now on Unlock hands over, and newcomers queue", _MUTEX
    text = f"{g} was handed the Mutex and switches it back to normal mode."
    return text, "lockSlow", "nobody else waits, or this one did not wait long", _MUTEX


GOROUTINES: Final[dict[int, Callable[[Scene], Said | SaidFrom]]] = {
    v.E_GO_CREATE: _go_create,
    v.E_READY: _ready,
    v.E_QUEUE_TAIL: _queue_tail,
    v.E_OVERFLOW: _overflow,
    v.E_EXECUTE: _execute,
    v.E_PARK: _park,
    v.E_EXIT: _exit,
    v.E_YIELD: _yield,
    v.E_GLOB_GET: _glob_get,
    v.E_STEAL: _steal,
    v.E_SYSCALL: _syscall,
    v.E_SYSEXIT: _sysexit,
    v.E_RETAKE: _retake,
    v.E_HANDOFF: _handoff,
    v.E_LOCK_SPIN: _lock_spin,
    v.E_SCHED_LOCK: _sched_lock,
    v.E_STARVING: _starving,
}
