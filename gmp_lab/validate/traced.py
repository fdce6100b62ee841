"""Rules about what only a real trace tells: whom it meets, in which state, and how many Ps there are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from gmp_lab import vocabulary as v
from gmp_lab.recording import Event
from gmp_lab.validate.books import DEAD, RUNNING, SYSCALL, Books


def met_g(b: Books, e: Event) -> None:
    """A goroutine is met: what is known of it must agree; a thread runs one goroutine."""
    b.need("kind", not b.rec.complete, "only a trace meets goroutines")
    b.need("reason", e.arg in v.MET_NAMES, f"G{e.g} is met in an unknown state {e.arg}")
    if e.arg not in v.MET_NAMES:
        return
    have = b.status.get(e.g)
    ends = e.arg == DEAD and have == SYSCALL  # in a call of C
    b.need("transition", have in (None, e.arg) or ends, f"G{e.g} is met {v.MET_NAMES[e.arg]} and is known otherwise")
    b.status[e.g] = e.arg
    if e.arg in (RUNNING, SYSCALL) and e.m >= 0:
        b.need("one-g", b.m_g.get(e.m, e.g) == e.g, f"G{e.g} is met on M{e.m}, which runs G{b.m_g.get(e.m)}")
        b.m_g[e.m], b.g_m[e.g] = e.g, e.m
    elif e.arg in (DEAD, SYSCALL):
        b.drop(b.g_m.get(e.g, -1), e.g)


def met_p(b: Books, e: Event) -> None:
    """A P is met: with a thread, or idle."""
    b.need("kind", not b.rec.complete, "only a trace meets Ps")
    have = b.p_m[e.p]
    b.need("one-m", have in (-1, e.m), f"P{e.p} is met with M{e.m} and M{have} has it")
    if e.arg == 1 and e.m >= 0:
        b.need("one-p", b.m_p.get(e.m, e.p) == e.p, f"M{e.m} is met with P{e.p} and has P{b.m_p.get(e.m)}")
        b.m_p[e.m], b.p_m[e.p] = e.p, e.m


def met_m(b: Books, e: Event) -> None:
    """A thread is met once, and they are numbered in this order."""
    b.need("kind", not b.rec.complete, "only a trace meets threads")
    b.need("ids", e.m == b.met, f"M{e.m} is met; the next is M{b.met}")
    b.met = max(b.met, e.m) + 1


def procs(b: Books, e: Event) -> None:
    b.need("kind", not b.rec.complete, "only a trace tells GOMAXPROCS")
    b.need("ids", 1 <= e.arg <= 256, f"GOMAXPROCS is {e.arg}")


def note(b: Books, e: Event) -> None:
    b.need("kind", not b.rec.complete, "only a trace has notes")
    b.need("ids", 0 <= e.arg < len(b.rec.notes), f"note {e.arg} of {len(b.rec.notes)}")


def sweep(b: Books, e: Event) -> None:
    b.need("kind", not b.rec.complete, "only a trace tells sweeping")
    b.need("ids", e.arg >= -1, f"{e.arg} KiB are swept")


RULES: Final[dict[int, Callable[[Books, Event], None]]] = {
    v.E_MET_G: met_g, v.E_MET_P: met_p, v.E_MET_M: met_m, v.E_PROCS: procs, v.E_NOTE: note, v.E_SWEEP: sweep,
}  # fmt: skip
