"""The state machine of goroutines (or Ps, or Ms) as a run went through it: visits, time in each state, changes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gmp_lab.metrics.spans import spans
from gmp_lab.recording import Recording


class StateVisits(NamedTuple):
    """A state: how often it was entered, the time spent in it altogether, and the median of one stay (ns)."""

    state: str
    visits: int
    total_ns: int
    median_ns: int


class StateChart(NamedTuple):
    """``states`` in the order of ``metrics.STATES``, those without a visit left out; ``changes``: how often each
    change of state happened, by (from, to)."""

    of: str
    states: tuple[StateVisits, ...]
    changes: dict[tuple[str, str], int]


def state_chart(rec: Recording, start_ns: int = 0, end_ns: int | None = None, *, of: str = "G") -> StateChart:
    """The chart of a run, or of a window of it (ns); works for simulated runs and real traces.

    Stays that the window cuts count with what lies inside.  ConfigError as for ``spans``.
    """
    s = spans(rec, start_ns, end_ns, of=of)
    length = s.length_ns
    states = []
    for number, name in enumerate(s.states):
        mine = length[s.state == number]
        if len(mine):
            states.append(StateVisits(name, len(mine), int(mine.sum()), int(np.median(mine))))
    follows = (s.row[1:] == s.row[:-1]) & (s.state[1:] != s.state[:-1])
    pairs, counts = np.unique(np.stack((s.state[:-1][follows], s.state[1:][follows])), axis=1, return_counts=True)
    changes = {(s.states[a], s.states[b]): int(n) for a, b, n in zip(*pairs.tolist(), counts.tolist(), strict=True)}
    return StateChart(of, tuple(states), changes)
