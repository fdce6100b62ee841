"""Where the time of the Ps went."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gmp_lab.metrics.spans import Spans, spans
from gmp_lab.metrics.states import P_STATES
from gmp_lab.recording import Recording


@dataclass(frozen=True, slots=True)
class Usage:
    """How long one P (or all together, ``p`` = -1) was in each state, in ns; the sum is ``total_ns``."""

    p: int
    total_ns: int
    running_ns: int
    syscall_ns: int
    scheduling_ns: int
    spinning_ns: int
    waking_ns: int
    idle_ns: int
    no_core_ns: int

    @property
    def utilisation(self) -> float:
        """Share of the time in which a goroutine's code ran, 0 to 1."""
        return self.running_ns / self.total_ns if self.total_ns else 0.0


def _usage(p: int, by_state: dict[str, int]) -> Usage:
    values = {name.replace(" ", "_") + "_ns": ns for name, ns in by_state.items()}
    return Usage(p=p, total_ns=sum(by_state.values()), **values)


def state_ns(s: Spans) -> list[list[int]]:
    """Nanoseconds by row and state: ``table[row][state]``, exact."""
    n = len(s.states)
    cell = s.row.astype(np.int64) * n + s.state
    # weights are float64, but every partial sum is a whole number far below 2**53
    sums = np.bincount(cell, weights=s.length_ns, minlength=s.rows * n)
    return [[int(x) for x in row] for row in sums.reshape(s.rows, n)]


def usage(
    rec: Recording, start_ns: int = 0, end_ns: int | None = None, *, of: Spans | None = None
) -> list[Usage]:
    """One Usage for each P between two times (ns); ``of`` saves work if the stays are known already."""
    s = spans(rec, start_ns, end_ns) if of is None else of
    return [_usage(p, dict(zip(P_STATES, row, strict=True))) for p, row in enumerate(state_ns(s))]


def total_usage(rows: list[Usage]) -> Usage:
    """All Ps together: ``total_ns`` is the window times the number of Ps."""
    fields = [f"{name.replace(' ', '_')}_ns" for name in P_STATES]
    return Usage(-1, sum(u.total_ns for u in rows), **{f: sum(getattr(u, f) for u in rows) for f in fields})
