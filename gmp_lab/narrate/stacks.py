"""Sentences about stacks: grown, shrunk, linked, and used again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from gmp_lab import vocabulary as v
from gmp_lab.narrate.scene import Said, SaidFrom, Scene

_SOURCE: Final = "runtime/stack.go"


def size(n: int) -> str:
    """ "4 KiB", "2 MiB", "1128 bytes"."""
    for unit, factor in (("MiB", 1 << 20), ("KiB", 1 << 10)):
        if n >= factor and n % factor == 0:
            return f"{n // factor} {unit}"
    return f"{n} bytes"


def _grow(c: Scene) -> SaidFrom:
    new, used = v.stack_unpack(c.e.arg)
    old = c.before.gs[c.e.g].stack
    text = (
        f"{c.g(c.e.g)} calls a function whose frame does not fit: its stack of {size(old)} is copied to one of "
        f"{size(new)}, {used} bytes that are in use."
    )
    return text, "newstack", "a stack that is too small is copied to one of twice the size", _SOURCE


def _shrink(c: Scene) -> SaidFrom:
    new, used = v.stack_unpack(c.e.arg)
    text = f"{c.g(c.e.g)} uses only {used} bytes of its stack: the collector halves it to {size(new)}."
    return text, "shrinkstack", "once a cycle: half, if less than a quarter is in use", _SOURCE


def _segment(c: Scene) -> SaidFrom:
    if c.e.arg > 0:
        text = f"{c.g(c.e.g)} calls a function whose frame does not fit: a segment of {size(c.e.arg)} is linked."
        return text, "newstack", "up to 1.2: one more segment for the call", _SOURCE
    text = f"The function of {c.g(c.e.g)} returns that needed its newest segment: {size(-c.e.arg)} are freed."
    return text, "stackfree", "up to 1.2: freed on return, linked again at the next call", _SOURCE


def _new(c: Scene) -> Said:
    text = f"{c.g(c.e.g)} is made from a dead goroutine and starts with a stack of {size(c.e.arg)}."
    return text, "gfget", "reused goroutines start with the average stack in use"


STACKS: Final[dict[int, Callable[[Scene], Said | SaidFrom]]] = {
    v.E_STACK_GROW: _grow,
    v.E_STACK_SHRINK: _shrink,
    v.E_STACK_SEGMENT: _segment,
    v.E_STACK_NEW: _new,
}
