"""The state of a run at any event, from its Recording alone.

``Replay`` folds events into a ``State``: every queue, list, owner and status.  ``state_after(rec, i)`` gives the
state after the first i events, ``state_at(rec, t)`` the one after all events up to time t; both start from the
nearest of the checkpoints that are taken every few hundred events, so that a scrubber can jump both ways.

Replaying follows the contract in ``vocabulary`` and checks nothing: a broken Recording gives a broken state.  What
is possible and what is not is the business of ``validate``, which shares no code with this package.
"""

from __future__ import annotations

from typing import Final

from gmp_lab.config import Config
from gmp_lab.errors import check_int
from gmp_lab.recording import Event, Recording
from gmp_lab.replay.collector import COLLECTOR
from gmp_lab.replay.goroutines import GOROUTINES
from gmp_lab.replay.queues import Queues
from gmp_lab.replay.state import G_WORDS, P_WORDS, GCState, GState, MState, PState, State
from gmp_lab.replay.threads import THREADS
from gmp_lab.replay.traced import TRACED

__all__ = [
    "G_WORDS", "HANDLERS", "P_WORDS", "GCState", "GState", "MState", "PState", "Replay", "State", "state_after",
    "state_at",
]  # fmt: skip

HANDLERS: Final = GOROUTINES | THREADS | COLLECTOR  # by kind of event; a kind without one changes no state
_STEP: Final = 512  # events between two checkpoints


class Replay(Queues):
    """Folds events into ``state``; feed them in order with ``apply``. complete: see Recording."""

    def __init__(self, config: Config, complete: bool = True) -> None:
        super().__init__(config)
        self.handlers = HANDLERS if complete else TRACED

    def apply(self, e: Event) -> None:
        """Change the state as the vocabulary says for this event."""
        self.state.t = e.t
        handler = self.handlers.get(e.kind)
        if handler is not None:
            handler(self, self.state, e)


def state_after(rec: Recording, i: int) -> State:
    """State after the first i events (0 <= i <= len(rec)); ConfigError outside."""
    check_int("state_after(i)", i, 0, len(rec))
    marks: list[tuple[State, int]] = rec._marks
    replay = Replay(rec.config, rec.complete)
    have = min(len(marks), i // _STEP)
    start = 0
    if have:
        state, kicked = marks[have - 1]
        replay.state, replay.kicked = state.copy(), kicked
        start = have * _STEP
    for k in range(start, i):
        replay.apply(rec[k])
        if (k + 1) % _STEP == 0 and (k + 1) // _STEP > len(marks):
            marks.append((replay.state.copy(), replay.kicked))
    return replay.state


def state_at(rec: Recording, t: int) -> State:
    """State at time t (ns, >= 0), after every event up to and including t."""
    check_int("state_at(t)", t, 0, 1 << 62, "ns")
    return state_after(rec, rec.index_at(t))
