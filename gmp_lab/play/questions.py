"""All decisions of a run as questions, in one pass over it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Final

from gmp_lab import params
from gmp_lab import vocabulary as v
from gmp_lab.play.options import Moment, Past, Question
from gmp_lab.play.queues import QUEUES
from gmp_lab.play.threads import THREADS, wake
from gmp_lab.recording import Event, Recording
from gmp_lab.replay import Replay

_MAKERS: Final[dict[int, tuple[Callable[[Moment], Question | None], ...]]] = {**QUEUES, **THREADS}
#: after these somebody may be woken, and the next event tells
_CALL_WAKEP: Final = (v.E_READY, v.E_GO_CREATE, v.E_OVERFLOW, v.E_SPIN)


def questions(rec: Recording, kinds: Collection[str]) -> list[Question]:
    """Every decision of these kinds that can be asked about a run, in order of time.

    [] for a real trace, which does not tell the queues, and for Go 1.0, which has one queue and no Ps.
    """
    if not rec.complete or not params.version(rec.config.go).local_queues:
        return []
    replay, past, found = Replay(rec.config), Past({}, {}, {}), []
    for i in range(len(rec)):
        e = rec[i]
        makers = _MAKERS.get(e.kind, ())
        if i and rec.kind[i - 1] in _CALL_WAKEP:
            makers = (*makers, wake)
        if makers and replay.state.ms:
            moment = Moment(rec, i, e, replay.state, i - 1, past)
            found += [q for make in makers if (q := make(moment)) is not None and q.kind in kinds]
        replay.apply(e)
        _remember(past, e)
    return found


def _remember(past: Past, e: Event) -> None:
    if e.kind == v.E_EXECUTE:
        past.run_ns[e.p] = e.t
        if not e.arg & v.INHERIT:
            past.slice_ns[e.p] = e.t
    elif e.kind == v.E_SYSCALL:
        past.old_p[e.g] = e.p
    elif e.kind == v.E_SYSEXIT and e.p >= 0:
        past.run_ns[e.p] = e.t
