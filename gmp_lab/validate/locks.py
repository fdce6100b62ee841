"""Rules about locks: when a thread may spin for a Mutex, who is starving, and what a hand-over looks like."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from gmp_lab import params
from gmp_lab import vocabulary as v
from gmp_lab.recording import Event
from gmp_lab.validate.books import RUNNING, Books

_LOCK: Final = v.WAIT_NO["sync.Mutex.Lock"]


def lock_spin(b: Books, e: Event) -> None:
    n, config = len(b.pidle) + len(b.spinning) + 1, b.rec.config
    b.need("owner", b.status.get(e.g) == RUNNING, f"G{e.g} spins for a Mutex and does not run")
    b.runs(e, "spins for a Mutex on")
    b.need("lock-spin", 1 <= e.arg <= params.active_spin, f"G{e.g} spins for a Mutex for the {e.arg}th time")
    b.need("lock-spin", not b.busy(e.p), f"G{e.g} spins for a Mutex while P{e.p} has other work")
    b.need("lock-spin", config.gomaxprocs > n, f"G{e.g} spins for a Mutex although no other P runs anything")
    b.need("lock-spin", config.cores != 1, f"G{e.g} spins for a Mutex on a machine with one core")


def starving(b: Books, e: Event) -> None:
    b.need("owner", b.status.get(e.g) == RUNNING, f"G{e.g} changes the mode of a Mutex and does not run")
    b.runs(e, "changes the mode of a Mutex on")
    b.waits.starving += 1 if e.arg else -1
    b.need("starving", b.waits.starving >= 0, f"G{e.g} ends the starving mode of a Mutex, and none is in it")
    since = b.waits.mutex.get(e.g, e.t)
    if e.arg:
        long = e.t - since > params.starvationThresholdNs
        b.need("starving", long, f"G{e.g} is starving and began to wait only {e.t - since} ns ago")
        b.expect = (v.E_PARK, e.g, e.p, "starving", f"G{e.g} is starving and does not go back to sleep")
    else:
        b.need("starving", e.g in b.waits.mutex, f"G{e.g} was handed a Mutex that it did not wait for")


def waits(b: Books, e: Event) -> None:
    """G e.g parks: note when it began to wait for a Mutex for the first time."""
    if e.arg == _LOCK:
        b.waits.mutex.setdefault(e.g, e.t)


def hands_over(b: Books, e: Event) -> None:
    """G e.g yields to the tail of its own ring: it has just readied the one that it hands something over to."""
    b.need("handoff", b.waits.woke == (e.t, e.g), f"G{e.g} steps aside and has readied nobody to hand over to")


RULES: Final[dict[int, Callable[[Books, Event], None]]] = {v.E_LOCK_SPIN: lock_spin, v.E_STARVING: starving}
