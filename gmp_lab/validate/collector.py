"""Rules about the collector: phases follow each other with the world stopped, and only in one of them is marked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from gmp_lab import vocabulary as v
from gmp_lab.recording import Event
from gmp_lab.validate.books import RUNNABLE, RUNNING, WAITING, Books, Place
from gmp_lab.validate.goroutines import from_source

_WORKER: Final = v.WAIT_NO["GC worker (idle)"]
_FROM_QUEUES: Final = {v.WAIT_NO["GC assist wait"], v.WAIT_NO["wait for GC cycle"], v.WAIT_NO["force gc (idle)"],
                       v.WAIT_NO["GOMAXPROCS updater (idle)"]}  # fmt: skip
_ASSIST: Final = len(v.GC_MODES)  # beside the modes of workers


def dedicated(procs: int) -> tuple[int, bool]:
    """Dedicated workers for so many Ps, and whether there are fractional ones: about a quarter of the Ps."""
    n = (procs + 2) // 4
    if abs(4 * n / procs - 1) <= 0.3:
        return n, False
    return (n - 1 if 4 * n > procs else n), True


def cycle(b: Books, e: Event) -> None:
    b.runs(e, "starts a cycle on")
    b.need("gc-phase", b.world == "stopped" and b.stopper == e.m, f"a cycle starts, and the world is {b.world}")
    b.need("gc-phase", b.gc.phase == v.GC_OFF, f"a cycle starts in phase {b.gc.phase}")
    b.need("reason", 0 <= e.arg < len(v.GC_TRIGGERS), f"a cycle starts for an unknown reason {e.arg}")
    b.gc.due = True


def phase(b: Books, e: Event) -> None:
    b.runs(e, "sets the collector's phase on")
    b.need("gc-phase", b.world == "stopped" and b.stopper == e.m, f"the phase changes, and the world is {b.world}")
    follows = e.arg == (b.gc.phase + 1) % len(v.GC_PHASES)
    b.need("gc-phase", follows, f"phase {e.arg} follows phase {b.gc.phase}")
    b.need("gc-phase", e.arg != v.GC_MARK or b.gc.due, "marking begins and no cycle has been started")
    b.need("gc-work", not b.gc.marking, f"the phase changes while G{list(b.gc.marking)[:1]} marks")
    b.gc.phase, b.gc.due = e.arg, False
    b.gc.done += e.arg == v.GC_OFF


def worker(b: Books, e: Event) -> None:
    gc = b.gc
    b.need("gc-work", b.status.get(e.g) == RUNNING, f"G{e.g} marks or stops to, and does not run")
    b.runs(e, "marks on")
    b.need("gc-work", 0 <= e.arg < len(v.GC_MODES), f"G{e.g} marks in an unknown mode {e.arg}")
    if not e.arg:
        was = gc.marking.pop(e.g, 0)
        b.need("gc-work", 0 < was < _ASSIST, f"G{e.g} stops as a worker, and was none")
        return
    _marks(b, e)
    n, fractional = dedicated(b.procs)
    if b.rec.config.gcstoptheworld:
        n, fractional = b.procs, False
    count = sum(mode == e.arg for mode in gc.marking.values()) + 1
    most = (n, b.procs if fractional else 0, max(b.procs - n, 1))[(e.arg - 1) % 3]
    b.need("gc-mode", count <= most, f"G{e.g} is {v.GC_MODES[e.arg % 4]} worker number {count} of {most}")
    gc.marking[e.g] = e.arg


def _marks(b: Books, e: Event) -> None:
    b.need("gc-work", b.gc.phase == v.GC_MARK, f"G{e.g} begins to mark in phase {b.gc.phase}")
    b.need("gc-work", e.g not in b.gc.marking, f"G{e.g} begins to mark twice")
    b.need("gc-work", b.world != "stopped", f"G{e.g} begins to mark while the world is stopped")


def assist(b: Books, e: Event) -> None:
    b.need("gc-work", b.status.get(e.g) == RUNNING, f"G{e.g} assists or stops to, and does not run")
    b.runs(e, "assists on")
    if e.arg:
        _marks(b, e)
        b.gc.marking[e.g] = _ASSIST
    else:
        b.need("gc-work", b.gc.marking.pop(e.g, 0) == _ASSIST, f"G{e.g} stops to assist, which it did not")


def ready(b: Books, e: Event) -> None:
    reason = b.reason.get(e.g) if b.status.get(e.g) == WAITING else None
    known = reason is not None or b.rec.complete
    first = b.status.get(e.g) == WAITING and reason is None  # made waiting
    b.need("gc-ready", 0 <= e.arg < len(v.NET_NAMES), f"G{e.g} goes to an unknown place {e.arg}")
    b.move(e.g, (WAITING,), RUNNABLE)
    if e.arg == v.NET_HAND:
        right = reason == _WORKER and b.gc.phase == v.GC_MARK
        b.need("gc-ready", right or not known, f"G{e.g} is chosen to mark, and is no idle worker of a cycle")
        b.need("gc-ready", b.m_p.get(e.m, -1) == e.p >= 0, f"M{e.m} takes the worker G{e.g} without P{e.p}")
        b.queue(e.g, Place("hand", e.m, v.SRC_GC))
        b.midpass.add(e.m)
        return
    b.need("gc-ready", reason in _FROM_QUEUES or first or not known,
           f"G{e.g} waits neither for the collector nor for sysmon")  # fmt: skip
    if e.arg == v.NET_RING:
        b.put_tail(e.g, e.p)
    else:
        b.put_global(e.g)


def size(b: Books, e: Event) -> None:
    b.need("gc-heap", e.arg >= 0, f"a heap, or a goal, of {e.arg} KiB")


def trace(b: Books, e: Event) -> None:
    b.need("gc-phase", b.rec.config.gctrace, "a gctrace line that was not asked for")
    b.need("gc-phase", e.arg == b.gc.done, f"the gctrace line of cycle {e.arg} after {b.gc.done} cycles")


def safe_points(b: Books, e: Event) -> None:
    b.runs(e, "asks for a safe point on")
    b.need("safe-point", not b.gc.points, f"forEachP begins before P{list(b.gc.points)[:1]} has had the last one")
    b.need("safe-point", b.world in ("on", "starting"), f"forEachP begins, and the world is {b.world}")
    b.need("reason", 0 <= e.arg < len(v.POINT_NAMES), f"forEachP for an unknown reason {e.arg}")
    b.gc.points, b.gc.asker = set(range(b.procs)), e.m


def safe_point(b: Books, e: Event) -> None:
    b.need("safe-point", e.p in b.gc.points, f"P{e.p} runs a safe-point function that it was not asked for")
    its = e.m < 0 or b.p_m[e.p] in (e.m, -1)
    b.need("safe-point", its, f"M{e.m} runs a safe-point function on P{e.p}, which M{b.p_m[e.p]} has")
    busy = e.m < 0 and b.p_m[e.p] >= 0
    b.need("safe-point", not busy, f"the safe-point function is run for P{e.p} by another, and M{b.p_m[e.p]} has it")
    b.gc.points.discard(e.p)


def queue_drain(b: Books, e: Event) -> None:
    b.runs(e, "empties the queue on")
    b.need("gc-work", b.gc.marking.get(e.g) == 1, f"G{e.g} empties P{e.p}'s queue and is no dedicated worker")
    work = ([b.next[e.p]] if b.next[e.p] else []) + list(b.ring[e.p])
    b.need("gc-work", e.arg == len(work), f"P{e.p} has {len(work)} goroutines to give away, not {e.arg}")
    b.ring[e.p].clear()
    b.next[e.p] = 0
    for g in work:
        b.place.pop(g, None)
        b.put_global(g)


def held(b: Books, e: Event) -> None:
    from_source(b, e, e.m, e.arg & 15)
    name = b.rec.g_name(e.g)
    off = b.rec.config.gcstoptheworld and b.gc.phase == v.GC_MARK
    b.need("gc-work", off, f"G{e.g} is held back, and the collector lets programs run")
    b.need("gc-work", not name.startswith("runtime."), f"G{e.g} ({name}) is held back, and is the runtime's own")
    b.gc.held.add(e.g)
    b.midpass.discard(e.m)


def released(b: Books, e: Event) -> None:
    b.need("gc-work", e.g in b.gc.held, f"G{e.g} is let go and was not held back")
    b.gc.held.discard(e.g)
    b.put_global(e.g)


RULES: Final[dict[int, Callable[[Books, Event], None]]] = {
    v.E_GC_PHASE: phase, v.E_GC_CYCLE: cycle, v.E_GC_WORKER: worker, v.E_GC_ASSIST: assist, v.E_GC_READY: ready,
    v.E_GC_HEAP: size, v.E_GC_GOAL: size, v.E_GC_TRACE: trace, v.E_SAFE_POINTS: safe_points,
    v.E_SAFE_POINT: safe_point,
    v.E_QUEUE_DRAIN: queue_drain, v.E_GC_HELD: held, v.E_GC_RELEASED: released,
}  # fmt: skip
