"""Sentences about the CPU time of the process's group."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from gmp_lab import vocabulary as v
from gmp_lab.narrate.scene import SaidFrom, Scene


def _throttle(c: Scene) -> SaidFrom:
    who = "" if c.e.m < 0 else f" {c.thread(c.e.m)} stops there; what it holds, it keeps."
    text = f"The group has used up its CPU time: core {c.e.arg} is throttled.{who}"
    return text, "", "a quota stops threads, not goroutines", ""


def _unthrottle(c: Scene) -> SaidFrom:
    who = "" if c.e.m < 0 else f" M{c.e.m}, which was stopped there, can go on."
    return f"There is CPU time again: core {c.e.arg} is free for the group.{who}", "", "until the next period", ""


def _refill(c: Scene) -> SaidFrom:
    text = f"A new period begins: the group's pool of CPU time is filled again; {c.e.arg} us were left in it."
    return text, "", "what was not used is lost", ""


def _change(c: Scene) -> SaidFrom:
    what = f"may use {c.e.arg} us of CPU time in each period" if c.e.arg else "may use as much CPU time as it can get"
    return f"The limit changes: from now on the group {what}.", "", "Go 1.25 looks once a second", ""


QUOTA: Final[dict[int, Callable[[Scene], SaidFrom]]] = {
    v.E_THROTTLE: _throttle,
    v.E_UNTHROTTLE: _unthrottle,
    v.E_REFILL: _refill,
    v.E_QUOTA: _change,
}
