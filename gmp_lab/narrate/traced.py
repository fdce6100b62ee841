"""Sentences about a real trace: what only it tells, and plainer ones where it does not tell queues and reasons."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from gmp_lab import vocabulary as v
from gmp_lab.narrate.scene import SaidFrom, Scene

_RULE: Final = "only in a real trace"


def _sync(c: Scene) -> SaidFrom:
    return f"Part {c.e.arg} of the trace begins, or the trace ends.", "", _RULE, ""


def _met_g(c: Scene) -> SaidFrom:
    where = f" on M{c.e.m}" if c.e.m >= 0 else ""
    state = v.MET_NAMES.get(c.e.arg, "in an unknown state")
    return f"The trace meets {c.g(c.e.g)}, which is {state}{where}.", "", _RULE, ""


def _met_p(c: Scene) -> SaidFrom:
    state = f"M{c.e.m} has it" if c.e.arg == 1 else "it is idle"
    return f"The trace meets P{c.e.p}: {state}.", "", _RULE, ""


def _met_m(c: Scene) -> SaidFrom:
    number = f", thread {c.e.arg} of the system" if c.e.arg >= 0 else ""
    return f"The trace meets M{c.e.m}{number}.", "", _RULE, ""


def _procs(c: Scene) -> SaidFrom:
    return f"GOMAXPROCS is {c.e.arg}.", "", _RULE, ""


def _sweep(c: Scene) -> SaidFrom:
    what = "begins to sweep" if c.e.arg < 0 else f"has swept {c.e.arg} KiB"
    return f"M{c.e.m} with P{c.e.p} {what}.", "", "who allocates sweeps first", ""


def _note(c: Scene) -> SaidFrom:
    text = c.rec.notes[c.e.arg] if 0 <= c.e.arg < len(c.rec.notes) else "unknown"
    who = f", by {c.g(c.e.g)}" if c.e.g > 0 else ""
    return f"The trace notes{who}: {text}.", "", _RULE, ""


TRACED: Final[dict[int, Callable[[Scene], SaidFrom]]] = {
    v.E_TRACE_SYNC: _sync, v.E_MET_G: _met_g, v.E_MET_P: _met_p, v.E_MET_M: _met_m, v.E_PROCS: _procs,
    v.E_SWEEP: _sweep, v.E_NOTE: _note,
}  # fmt: skip


# --- plainer sentences ------------------------------------------------------------------------------------------

_SOURCE: Final = "runtime/proc.go"
_QUEUE: Final = "on which queue, a trace does not tell"


def _by(c: Scene) -> str:
    return f", by {c.g(c.e.arg)}" if c.e.arg > 0 else ""


def _where(c: Scene) -> str:
    return (f" on P{c.e.p}" if c.e.p >= 0 else "") + (f" and M{c.e.m}" if c.e.m >= 0 else "")


def _create(c: Scene) -> SaidFrom:
    state = "runnable" if c.e.p >= 0 else "waiting"
    return f"{c.g(c.e.g)} is made{_by(c)}: it is {state}.", "newproc", _QUEUE, _SOURCE


def _ready(c: Scene) -> SaidFrom:
    return f"{c.g(c.e.g)} is runnable again{_by(c)}.", "ready", _QUEUE, _SOURCE


def _execute(c: Scene) -> SaidFrom:
    text = f"P{c.e.p} runs {c.g(c.e.g)} on M{c.e.m}."
    return text, "execute", "where it was taken from, a trace does not tell", _SOURCE


def _yield(c: Scene) -> SaidFrom:
    why = v.YIELD_NAMES[c.e.arg] if 0 <= c.e.arg < len(v.YIELD_NAMES) else "unspecified"
    return f"{c.g(c.e.g)} stops running on P{c.e.p} and stays runnable ({why}).", "goschedImpl", _QUEUE, _SOURCE


def _sysexit(c: Scene) -> SaidFrom:
    if c.e.arg == v.EXIT_NO_P:
        text = f"{c.g(c.e.g)} comes back from its system call on M{c.e.m}, finds no P and is runnable."
    else:
        text = f"{c.g(c.e.g)} comes back from its system call and runs{_where(c)}."
    return text, "exitsyscall", "which way it took, a trace does not tell", _SOURCE


def _retake(c: Scene) -> SaidFrom:
    who = f" by M{c.e.arg}" if c.e.arg >= 0 else ""
    text = f"P{c.e.p} is taken{who} from M{c.e.m}, whose goroutine {c.g(c.e.g)} is in a system call."
    return text, "retake", "a P does not wait for a system call", _SOURCE


def _stop(c: Scene) -> SaidFrom:
    why = v.STW_REASONS[c.e.arg] if 0 <= c.e.arg < len(v.STW_REASONS) else "unknown"
    return f"{c.g(c.e.g)} stops the world{_where(c)} ({why}).", "stopTheWorldWithSema", "every P must stop", _SOURCE


def _start(c: Scene) -> SaidFrom:
    return f"{c.g(c.e.g)} starts the world again{_where(c)}.", "startTheWorldWithSema", "all Ps go on", _SOURCE


def _phase(c: Scene) -> SaidFrom:
    what = "begins" if c.e.arg == v.GC_MARK else "is over"
    text = f"Marking {what}{_where(c)}, told by {c.g(c.e.g)}."
    return text, "setGCPhase", "marking is concurrent", "runtime/mgc.go"


#: instead of the sentences of a simulated run
PLAIN: Final[dict[int, Callable[[Scene], SaidFrom]]] = {
    v.E_GO_CREATE: _create, v.E_READY: _ready, v.E_EXECUTE: _execute, v.E_YIELD: _yield, v.E_SYSEXIT: _sysexit,
    v.E_RETAKE: _retake, v.E_STW_STOP: _stop, v.E_STW_START: _start, v.E_GC_PHASE: _phase,
}  # fmt: skip
