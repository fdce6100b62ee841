"""Sentences about the collector."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from gmp_lab import vocabulary as v
from gmp_lab.narrate.scene import Said, SaidFrom, Scene, count

MGC: Final = "runtime/mgc.go"
MARK: Final = "runtime/mgcmark.go"
PACER: Final = "runtime/mgcpacer.go"


def _size(kib: int) -> str:
    return f"{kib} KiB" if kib < 10_240 else f"{kib / 1024:.0f} MiB"


def _phase(c: Scene) -> SaidFrom:
    what = (
        "switches the phase off again: what is not marked is garbage, which the sweeper will free",
        "lets marking begin: from now on who allocates must help, and Ps may run mark workers",
        "sets the phase to mark termination: everything that can be reached is marked",
    )[c.e.arg]
    rule = ("sweeping is concurrent", "the write barrier is on", "with the world stopped")[c.e.arg]
    return f"{c.g(c.e.g)} {what}.", "setGCPhase", rule, MGC


def _cycle(c: Scene) -> SaidFrom:
    why = ("the heap has reached its trigger", "there was none for two minutes", "runtime.GC was called")[c.e.arg]
    text = f"{c.g(c.e.g)} starts a cycle of the collector: {why}."
    return text, "gcStart", "in the goroutine that triggers it", MGC


_MODES: Final = (
    ("stops marking", "a stopped worker parks"),
    ("marks on P{p} as a dedicated worker, until nothing is left", "a quarter of the Ps marks"),
    ("marks on P{p} as a fractional worker, for its share of time", "a quarter of all time"),
    ("marks on P{p} as an idle worker, as long as there is nothing else to do", "idle Ps help"),
)


def _worker(c: Scene) -> SaidFrom:
    what, rule = _MODES[c.e.arg]
    return f"{c.g(c.e.g)} {what.format(p=c.e.p)}.", "gcBgMarkWorker", rule, MGC


def _assist(c: Scene) -> SaidFrom:
    g = c.g(c.e.g)
    if c.e.arg:
        text = f"{g} has allocated more than its share of marking is done: it marks itself, on P{c.e.p}."
        return text, "gcAssistAlloc1", "who allocates assists", MARK
    return f"{g} has marked for its debt and goes on.", "gcAssistAlloc1", "who allocates assists", MARK


def _ready(c: Scene) -> SaidFrom:
    g = c.g(c.e.g)
    if c.e.arg == v.NET_HAND:
        text = f"P{c.e.p} should mark: M{c.e.m} takes the worker {g} out of the pool."
        return text, "findRunnableGCWorker", "a mark worker comes before all queues", PACER
    if c.e.arg == v.NET_RING:
        text = f"{g}, which waited for the collector, is runnable: it goes to the tail of P{c.e.p}'s ring."
        return text, "gcFlushBgCredit", "woken without haste: ring tail", MARK
    text = f"{g}, which the runtime wanted, is runnable: it goes to the tail of the global queue."
    return text, "injectglist", "one for each idle P", "runtime/proc.go"


def _heap(c: Scene) -> SaidFrom:
    text = f"The heap has {_size(c.e.arg)} in use."
    return text, "update", "what is allocated counts at once", PACER


def _goal(c: Scene) -> SaidFrom:
    goal = "no goal" if c.e.arg == 2**31 - 1 else f"a goal of {_size(c.e.arg)}"
    text = f"The collector has {goal}: at this size of the heap marking should be over."
    return text, "gcControllerCommit", "live heap and roots, and GOGC percent more", PACER


def _trace(c: Scene) -> SaidFrom:
    return f"{c.g(c.e.g)} prints the gctrace line of cycle {c.e.arg}.", "gcMarkTermination", "GODEBUG=gctrace=1", MGC


def _safe_points(c: Scene) -> Said:
    text = f"{c.g(c.e.g)} asks every P to run a function at a safe point ({v.POINT_NAMES[c.e.arg]})."
    return text, "forEachP", "the world is not stopped for this"


def _safe_point(c: Scene) -> Said:
    if c.e.m < 0:
        text = f"The safe-point function is run for P{c.e.p}, which has no thread at work."
        return text, "forEachP", "idle Ps: at once"
    return f"M{c.e.m} runs the safe-point function on P{c.e.p}.", "runSafePointFn", "a running P: when it schedules"


def _drain(c: Scene) -> SaidFrom:
    n = count(c.e.arg, "goroutine")
    text = f"{c.g(c.e.g)} will keep P{c.e.p} for long: its queue, {n}, goes to the tail of the global queue."
    return text, "gcBgMarkWorker", "a dedicated worker is preempted once", MGC


def _held(c: Scene) -> Said:
    text = f"{c.g(c.e.g)} is held back until marking is over."
    return text, "schedEnabled", "gcstoptheworld: no user goroutine runs"


def _released(c: Scene) -> Said:
    return f"{c.g(c.e.g)} is let go: it goes to the tail of the global queue.", "schedEnableUser", "marking is over"


COLLECTOR: Final[dict[int, Callable[[Scene], Said | SaidFrom]]] = {
    v.E_GC_PHASE: _phase, v.E_GC_CYCLE: _cycle, v.E_GC_WORKER: _worker, v.E_GC_ASSIST: _assist, v.E_GC_READY: _ready,
    v.E_GC_HEAP: _heap, v.E_GC_GOAL: _goal, v.E_GC_TRACE: _trace, v.E_SAFE_POINTS: _safe_points,
    v.E_SAFE_POINT: _safe_point, v.E_QUEUE_DRAIN: _drain, v.E_GC_HELD: _held, v.E_GC_RELEASED: _released,
}  # fmt: skip
