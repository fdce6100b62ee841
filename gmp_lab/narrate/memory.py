"""Sentences about stops of the world and the collector."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from gmp_lab import vocabulary as v
from gmp_lab.narrate.scene import Said, SaidFrom, Scene


def _stw_stop(c: Scene) -> Said:
    why = v.STW_REASONS[c.e.arg]
    text = f"{c.g(c.e.g)} on M{c.e.m} begins to stop the world ({why}); its own P{c.e.p} is stopped."
    return text, "stopTheWorldWithSema", "take what is free at once, ask the rest"


_GCSTOPS: Final = {
    v.GCSTOP_SELF: ("M{m} finds that the world is being stopped: it stops its own P{p}", "gcstopm"),
    v.GCSTOP_IDLE: ("The idle P{p} is stopped at once", "stopTheWorldWithSema"),
    v.GCSTOP_SYSCALL: ("P{p}, whose thread is in a system call, is stopped; the call goes on without it", "gcstopP"),
    v.GCSTOP_HANDOFF: ("P{p}, which was being handed over, is stopped", "handoffp"),
}


def _gcstop(c: Scene) -> Said:
    how, function = _GCSTOPS[c.e.arg]
    return f"{how.format(m=c.e.m, p=c.e.p)}.", function, "a running P stops itself, at a safe point"


def _stw_stopped(c: Scene) -> Said:
    text = f"The world is stopped; {c.g(c.e.g)} on M{c.e.m} goes on alone."
    return text, "stopTheWorldWithSema", "the world stops as late as its slowest goroutine"


def _stw_start(c: Scene) -> Said:
    text = f"{c.g(c.e.g)} on M{c.e.m} starts the world again, with {c.e.arg} Ps."
    return text, "startTheWorldWithSema", "Ps with work get their threads, the rest become idle"


def _p_destroy(c: Scene) -> Said:
    text = f"P{c.e.p} is no more; its goroutines go to the head of the global queue."
    return text, "destroy", "fewer Ps: their work goes first"


MEMORY: Final[dict[int, Callable[[Scene], Said | SaidFrom]]] = {
    v.E_STW_STOP: _stw_stop,
    v.E_GCSTOP: _gcstop,
    v.E_STW_STOPPED: _stw_stopped,
    v.E_STW_START: _stw_start,
    v.E_P_DESTROY: _p_destroy,
}
