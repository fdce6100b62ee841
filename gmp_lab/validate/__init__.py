"""What is impossible in a Recording: an independent reader of the event table.

``validate`` goes through the events once, keeps its own books (who is where, who owns what) and compares every event
with the rules of the scheduler.  It shares nothing with the mirror that emits nor with ``replay`` that draws: three
readings of one contract, so that a mistake in one shows.  A rule that a simulated run breaks is a mistake in the
model; in a recording made from a real trace, whose queues and lists are unknown (``complete`` is False), only the
rules about states and owners are applied.

Not checked: how long things take (costs are parameters; a thread that never wakes is found all the same) and whether
a safe point was one (it leaves no trace).  ``RULE_MEANINGS`` says what each rule asks for.
"""

from __future__ import annotations

from typing import Final

from gmp_lab.recording import Recording
from gmp_lab.validate import (
    collector,
    goroutines,
    locks,
    moments,
    queues,
    quota,
    stacks,
    syscalls,
    threads,
    traced,
    world,
)
from gmp_lab.validate.books import Books, Violation
from gmp_lab.validate.meanings import RULE_MEANINGS

__all__ = ["RULE_MEANINGS", "Violation", "validate"]

_RULES: Final = (
    goroutines.RULES | queues.RULES | syscalls.RULES | threads.RULES | locks.RULES | stacks.RULES | world.RULES
    | collector.RULES
    | quota.RULES
    | traced.RULES
)
_MOST: Final = 200  # violations after which the rest is not worth reading


def validate(rec: Recording) -> list[Violation]:
    """Everything that is impossible in rec, in order (at most 200); [] for a Recording that could have happened.

    Never raises, whatever numbers the Recording holds.
    """
    b = Books(rec)
    last = 0
    for i, e in enumerate(rec):
        if e.t > last:
            moments.quiet(b)
        b.i, b.e = i, e
        b.need("time", e.t >= last, f"time goes back from {last} to {e.t} ns")
        last = max(last, e.t)
        if moments.before(b, e) and e.kind in _RULES:
            _RULES[e.kind](b, e)
        if len(b.found) >= _MOST:
            return b.found[:_MOST]
    moments.end(b)
    return b.found[:_MOST]
