"""Preemptions one by one: asked for, signalled, stopped."""

from __future__ import annotations

from typing import NamedTuple

from gmp_lab import vocabulary as v
from gmp_lab.metrics.columns import check_window
from gmp_lab.recording import Event, Recording


class Preemption(NamedTuple):
    """One request to stop goroutine ``g`` on ``p``, with times in ns.

    ``signals`` were handled, in vain or not, at ``handled_ns``, until it left the P at ``left_ns`` (-1: it did not,
    in this run), because of ``how``: "signal" (asyncPreempt), "check" (a function's prologue or the end of an
    operation), or "itself" (it parked, ended or called Gosched before it noticed, or lost the P in a system call; a
    call that keeps its P leaves the request as it is).
    """

    g: int
    p: int
    asked_ns: int
    signals: int
    left_ns: int
    how: str
    handled_ns: tuple[int, ...] = ()

    @property
    def wait_ns(self) -> int:
        """From the request until the goroutine left the P; -1 if it did not."""
        return self.left_ns - self.asked_ns if self.left_ns >= 0 else -1


_LEAVES = (v.E_YIELD, v.E_PARK, v.E_EXIT)
_TAKEN = (v.E_RETAKE, v.E_GCSTOP)


def preemptions(rec: Recording, start_ns: int = 0, end_ns: int | None = None) -> list[Preemption]:
    """The requests of the window, in order; a repeated request for the same stay counts as one."""
    start, end = check_window(rec, start_ns, end_ns)
    asked: dict[int, list[int]] = {}  # g: p, time, whether the last signal stopped it, when each came
    inside: dict[int, int] = {}  # p: g that was asked and is in a system call, with p at its disposal
    found: list[Preemption] = []
    for e in rec:
        g = e.g
        if e.kind == v.E_PREEMPT:
            asked.setdefault(g, [e.p, e.t, 0])
        elif not asked:
            continue
        elif e.kind == v.E_SYSCALL and g in asked and e.arg != v.SYSCALL_BLOCK:
            inside[e.p] = g
        elif e.kind == v.E_SYSEXIT:
            inside = {p: other for p, other in inside.items() if other != g}
        elif e.kind == v.E_SIGNAL and g in asked:
            asked[g][2] = e.arg
            asked[g].append(e.t)
        elif e.kind in _LEAVES or e.kind == v.E_SYSCALL or (e.kind in _TAKEN and e.p in inside):
            g = inside.pop(e.p) if e.kind in _TAKEN else g
            if g in asked:
                found.append(_left(g, asked.pop(g), e))
    found += [
        Preemption(g, p, t, len(came), -1, "not yet", tuple(came)) for g, (p, t, _, *came) in asked.items()
    ]
    return sorted(one for one in found if start <= one.asked_ns <= end)


def _left(g: int, asked: list[int], e: Event) -> Preemption:
    """The request as it ended, by event e."""
    p, t, hit, *came = asked
    stopped = e.kind == v.E_YIELD and e.arg in (v.YIELD_PREEMPTED, v.YIELD_STW)
    how = ("signal" if hit else "check") if stopped else "itself"
    return Preemption(g, p, t, len(came), e.t, how, tuple(came))
