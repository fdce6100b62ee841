"""What is impossible in a Recording: an independent reader of the event table.

``validate`` goes through the events once, keeps its own books (who is where, who owns what) and compares every event
with the rules of the scheduler.  It shares nothing with the mirror that emits nor with ``replay`` that draws: three
readings of one contract, so that a mistake in one shows.  A rule that a simulated run breaks is a mistake in the
model; in a recording made from a real trace, whose queues are unknown (``complete`` is False), only the rules about
states and owners are applied.

Not checked: how long things take (costs are parameters) and whether a safe point was one (it leaves no trace).
"""

from __future__ import annotations

from typing import Final

from gmp_lab import vocabulary as v
from gmp_lab.recording import Recording
from gmp_lab.validate.books import DEAD, RUNNABLE, Books, Violation
from gmp_lab.validate.rules import RULES

__all__ = ["Violation", "validate"]

_MOST: Final = 200  # violations after which the rest is not worth reading


def validate(rec: Recording) -> list[Violation]:
    """Everything that is impossible in rec, in order (at most 200); [] for a Recording that could have happened."""
    b = Books(rec)
    last = 0
    for i, e in enumerate(rec):
        b.i, b.e = i, e
        b.need("time", e.t >= last, f"time goes back from {last} to {e.t} ns")
        last = max(last, e.t)
        if e.kind not in v.KIND_NAMES:
            b.wrong("kind", f"event of unknown kind {e.kind}")
        elif e.p >= rec.config.gomaxprocs:
            b.wrong("ids", f"P{e.p} does not exist: GOMAXPROCS is {rec.config.gomaxprocs}")
        elif b.kicked and e.kind != v.E_OVERFLOW:
            b.wrong("overflow", f"G{b.kicked} was kicked out of a full ring and is nowhere")
            b.kicked = 0
        elif e.kind in RULES:
            RULES[e.kind](b, e)
        if len(b.found) >= _MOST:
            return b.found
    _end(b)
    return b.found


def _end(b: Books) -> None:
    """What must hold when the run is over."""
    runnable = [g for g, status in b.status.items() if status == RUNNABLE]
    if b.rec.ended == "exit":
        b.need("end", b.status.get(1) == DEAD, "the run ended with main's return, but main has not returned")
    if b.rec.ended == "deadlock":
        b.need("end", not runnable, f"the run ended in a deadlock, but G{runnable[:1]} is runnable")
    if b.queues:
        lost = [g for g in runnable if g not in b.place]
        b.need("lost", not lost, f"G{lost[:1]} is runnable at the end and on no queue")
