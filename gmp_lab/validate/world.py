"""Rules about a stop of the world: it is stopped when every P is, and nobody does anything until it starts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from gmp_lab import vocabulary as v
from gmp_lab.recording import Event
from gmp_lab.validate.books import RUNNING, SYSCALL, Books


def stop(b: Books, e: Event) -> None:
    b.need("stop", b.world in ("on", "starting"), f"G{e.g} begins to stop the world, which is {b.world}")
    b.need("owner", b.status.get(e.g) == RUNNING, f"G{e.g} stops the world and does not run")
    b.runs(e, "stops the world on")
    b.need("reason", 0 <= e.arg < len(v.STW_REASONS), f"the world is stopped for an unknown reason {e.arg}")
    b.world, b.stopper = "stopping", e.m
    b.gcstopped = {e.p}


def gcstop(b: Books, e: Event) -> None:
    b.need("stop", b.world == "stopping", f"P{e.p} is stopped while the world is {b.world}")
    b.need("stop", e.p not in b.gcstopped, f"P{e.p} is stopped twice")
    if e.arg == v.GCSTOP_SYSCALL:
        _out_of_call(b, e)
    else:
        b.need("stop", e.p in b.loose, f"P{e.p} is stopped and was not free")
        b.loose.discard(e.p)
    b.need("stop", b.p_m[e.p] < 0, f"P{e.p} is stopped while M{b.p_m[e.p]} has it")
    b.gcstopped.add(e.p)


def _out_of_call(b: Books, e: Event) -> None:
    """Up to 1.25 the P has no M any more; since then it is still with the one that makes the call."""
    m = b.p_m[e.p] if b.keeps_p or e.p not in b.in_call else b.in_call[e.p]
    b.need("retake", b.status.get(b.m_g.get(m, 0)) == SYSCALL, f"P{e.p} is stopped as in a call, and is in none")
    b.need("retake", e.m in (-1, m), f"P{e.p} is taken from M{e.m}, but M{m} has it")
    b.m_p.pop(m, None)
    b.in_call.pop(e.p, None)
    b.p_m[e.p] = -1
    b.exits[e.p] += 1
    b.taken.add(m)


def stopped(b: Books, e: Event) -> None:
    b.runs(e, "has stopped the world on")
    b.need("stop", b.world == "stopping" and b.stopper == e.m, f"M{e.m} calls the world stopped, which is {b.world}")
    going = [p for p in range(b.procs) if p not in b.gcstopped]
    b.need("stop", not going, f"the world is called stopped, and P{going[:1]} is not")
    b.world = "stopped"


def start(b: Books, e: Event) -> None:
    b.runs(e, "starts the world on")
    b.need("stop", b.world == "stopped" and b.stopper == e.m, f"M{e.m} starts the world, which is {b.world}")
    b.need("ids", 1 <= e.arg <= 256, f"the world starts with {e.arg} Ps")
    while len(b.ring) < min(e.arg, 256):
        b.add_p()
    b.loose |= set(range(max(e.arg, b.procs))) - {e.p}
    b.procs, b.world = min(max(e.arg, 1), 256), "starting"
    b.gcstopped = set()


def destroy(b: Books, e: Event) -> None:
    b.need("procresize", b.world == "starting" and e.p >= b.procs, f"P{e.p} is taken away, of {b.procs}")
    b.need("procresize", e.p in b.loose, f"P{e.p} is taken away and was not free")
    b.loose.discard(e.p)
    ring = b.ring[e.p]
    work = ([b.next[e.p]] if b.next[e.p] else []) + list(ring)
    told = len(ring) + (v.DESTROY_NEXT if b.next[e.p] else 0)
    b.need("procresize", e.arg == told, f"P{e.p} has {told} goroutines to give away, not {e.arg}")
    ring.clear()
    b.next[e.p] = 0
    for g in reversed(work):
        b.place.pop(g, None)
        b.put_global(g)
        b.glob.rotate(1)


def quiet(b: Books) -> None:
    """Time goes on: a world that stops may take its time, one that starts does not."""
    if b.world == "starting":
        b.world, b.stopper = "on", -1
    if b.world == "stopped":
        busy = [p for p in range(b.procs) if p not in b.gcstopped]
        b.need("stop", not busy, f"P{busy[:1]} is used while the world is stopped")


RULES: Final[dict[int, Callable[[Books, Event], None]]] = {
    v.E_STW_STOP: stop, v.E_GCSTOP: gcstop, v.E_STW_STOPPED: stopped, v.E_STW_START: start, v.E_P_DESTROY: destroy,
}  # fmt: skip
