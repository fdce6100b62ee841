"""Preemptions one by one: asked for, signalled, stopped."""

from __future__ import annotations

from typing import NamedTuple

from gmp_lab import vocabulary as v
from gmp_lab.metrics.columns import check_window
from gmp_lab.recording import Recording


class Preemption(NamedTuple):
    """One request to stop goroutine ``g`` on ``p``, with times in ns.

    ``signals`` were handled in vain or not until it left the P at ``left_ns`` (-1: it did not, in this run), because
    of ``how``: "signal" (asyncPreempt), "check" (a function's prologue or the end of an operation), or "itself" (it
    parked, ended or called Gosched before it noticed).
    """

    g: int
    p: int
    asked_ns: int
    signals: int
    left_ns: int
    how: str

    @property
    def wait_ns(self) -> int:
        """From the request until the goroutine left the P; -1 if it did not."""
        return self.left_ns - self.asked_ns if self.left_ns >= 0 else -1


_LEAVES = (v.E_YIELD, v.E_PARK, v.E_EXIT, v.E_SYSCALL)


def preemptions(rec: Recording, start_ns: int = 0, end_ns: int | None = None) -> list[Preemption]:
    """The requests of the window, in order; a repeated request for the same stay counts as one."""
    start, end = check_window(rec, start_ns, end_ns)
    asked: dict[int, list[int]] = {}  # g: p, time, signals, whether the last one stopped it
    found: list[Preemption] = []
    for e in rec:
        if e.kind == v.E_PREEMPT:
            asked.setdefault(e.g, [e.p, e.t, 0, 0])
        elif e.kind == v.E_SIGNAL and e.g in asked:
            asked[e.g][2] += 1
            asked[e.g][3] = e.arg
        elif e.kind in _LEAVES and e.g in asked:
            p, t, signals, hit = asked.pop(e.g)
            stopped = e.kind == v.E_YIELD and e.arg in (v.YIELD_PREEMPTED, v.YIELD_STW)
            found.append(Preemption(e.g, p, t, signals, e.t, ("signal" if hit else "check") if stopped else "itself"))
    found += [Preemption(g, p, t, signals, -1, "not yet") for g, (p, t, signals, _) in asked.items()]
    return sorted(one for one in found if start <= one.asked_ns <= end)
