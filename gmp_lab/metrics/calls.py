"""System calls one by one: how long each took, and when its P was taken away."""

from __future__ import annotations

from typing import NamedTuple

from gmp_lab import vocabulary as v
from gmp_lab.metrics.columns import check_window
from gmp_lab.recording import Recording


class Call(NamedTuple):
    """One system call of goroutine ``g``: its beginning and length, when its P was taken after the beginning; ns.

    ``taken_ns`` is -1 if the goroutine found its P again; 0 if the P was given up at once (entersyscallblock).
    """

    g: int
    p: int
    start_ns: int
    length_ns: int
    taken_ns: int


def calls(rec: Recording, start_ns: int = 0, end_ns: int | None = None) -> list[Call]:
    """The system calls that ended in the window, in the order in which they ended."""
    start, end = check_window(rec, start_ns, end_ns)
    whole = end == rec.end_ns
    open_: dict[int, tuple[int, int, int]] = {}
    found: list[Call] = []
    for e in rec:
        if e.kind == v.E_SYSCALL:
            open_[e.g] = (e.p, e.t, 0 if e.arg == v.SYSCALL_BLOCK else -1)
        elif e.kind == v.E_RETAKE and e.arg >= 0:
            g = e.g if e.g >= 0 else _who_had(e.p, open_)
            if g in open_:
                p, began, taken = open_[g]
                open_[g] = (p, began, e.t - began if taken < 0 else taken)
        elif e.kind == v.E_SYSEXIT and e.g in open_:
            p, began, taken = open_.pop(e.g)
            if start <= e.t and (e.t < end or whole):
                found.append(Call(e.g, p, began, e.t - began, taken))
    return found


def _who_had(p: int, open_: dict[int, tuple[int, int, int]]) -> int:
    """Whose call P p was left by: up to 1.25 a P in a call has no M, so its being taken tells no goroutine.

    There is one at most: who had gone into a call with this P before has lost it already.
    """
    return next((g for g, (mine, _, taken) in open_.items() if mine == p and taken < 0), -1)
