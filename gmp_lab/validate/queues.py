"""Rules about queues: what overflows, what a P takes from the global queue, what a thief takes from a victim."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from gmp_lab import params
from gmp_lab import vocabulary as v
from gmp_lab.recording import Event
from gmp_lab.validate.books import SYSCALL, Books, Place


def queue_tail(b: Books, e: Event) -> None:
    b.put_tail(e.g, e.p)


def overflow(b: Books, e: Event) -> None:
    half, ring = params.runqsize // 2, b.ring[e.p]
    full = len(ring) == params.runqsize
    b.need("overflow", full, f"P{e.p} moves Gs to the global queue with {len(ring)} of {params.runqsize} in its ring")
    b.need("overflow", e.arg == half, f"P{e.p} moves {e.arg} Gs to the global queue, not {half}")
    for _ in range(min(e.arg, len(ring))):
        g = ring.popleft()
        b.place.pop(g, None)
        b.put_global(g)
    b.put_global(e.g)


def glob_get(b: Books, e: Event) -> None:
    size, n = len(b.glob), b.procs
    share = min(size, params.globrunqBatch, size // n + 1)
    b.need("batch", e.arg == share, f"P{e.p} takes {e.arg} of {size} from the global queue; its share is {share}")
    b.need("local-first", not b.busy(e.p), f"P{e.p} takes a batch while it has work of its own")
    b.need("owner", b.m_p.get(e.m) == e.p, f"M{e.m} takes a batch for P{e.p}, which it does not have")
    late = e.m in b.midpass or e.m in b.spun
    turn = b.tick[e.p] % params.schedtickGlobal == 0 and not late
    b.need("tick-61", not turn, f"P{e.p} takes a batch at tick {b.tick[e.p]}, when it takes one G alone")
    first = b.glob[0] if b.glob else 0
    b.need("source", first == e.g, f"G{e.g} is taken from the global queue although G{first} is first there")
    for k in range(min(e.arg, size)):
        g = b.glob.popleft()
        b.place.pop(g, None)
        if k == 0:
            b.queue(e.g, Place("hand", e.m, v.SRC_GLOBAL))
        else:
            b.put_tail(g, e.p)
    b.midpass.discard(e.m)
    b.slept.pop(e.m, None)


def steal(b: Books, e: Event) -> None:
    victim, n, runnext = v.steal_unpack(e.arg)
    if victim >= b.procs:
        b.wrong("ids", f"P{e.p} steals from P{victim}, which does not exist")
        return
    b.need("steal", victim != e.p, f"P{e.p} steals from itself")
    b.need("steal", not b.busy(e.p), f"P{e.p} steals while it has work of its own")
    b.need("steal", victim not in b.pidle, f"P{e.p} steals from P{victim}, which is idle")
    b.need("owner", b.m_p.get(e.m) == e.p, f"M{e.m} steals for P{e.p}, which it does not have")
    b.need("spin", e.m in b.spinning, f"M{e.m} steals and does not count as spinning")
    early = bool(b.glob) and e.m not in b.midpass
    b.need("global-first", not early, f"P{e.p} steals while {len(b.glob)} Gs are on the global queue")
    if runnext:
        _steal_runnext(b, e, victim, n)
    else:
        _steal_half(b, e, victim, n)
    b.slept.pop(e.m, None)


def _steal_runnext(b: Books, e: Event, victim: int, n: int) -> None:
    since = b.slept.get(e.m, (-1, 0, 0))[:2]
    slept = since == (victim, e.g)
    b.need("steal", not b.ring[victim] or slept, f"P{e.p} takes the runnext of P{victim} before its ring")
    b.need("steal", n == 1, f"P{e.p} takes {n} Gs as the runnext of P{victim}")
    b.need("steal-sleep", slept or not _may_run_it(b, victim), f"M{e.m} takes G{e.g} from P{victim} without a sleep")
    b.take(e.g, Place("runnext", victim))
    b.queue(e.g, Place("hand", e.m, v.SRC_STEAL))


def _may_run_it(b: Books, victim: int) -> bool:
    """Whether the victim may be about to run its runnext itself: it has an M, and that is not in a system call.

    Where sleeps are too long for that (params.System.low_res_timer) no thief waits for it.
    """
    if params.SYSTEMS[b.rec.config.os].low_res_timer:
        return False
    owner = b.p_m[victim]
    if owner < 0:
        return False
    return not b.keeps_p or b.status.get(b.m_g.get(owner, 0)) != SYSCALL


def _steal_half(b: Books, e: Event, victim: int, n: int) -> None:
    ring = b.ring[victim]
    there, asked = len(ring), b.rec.config.steal
    right = {"half": there - there // 2, "one": min(1, there), "all": there, "off": 0}[asked]
    said = "half, rounded up," if asked == "half" else f'with steal="{asked}" it'
    b.need("steal-half", n == right, f"P{e.p} takes {n} of {there} from P{victim}; {said} is {right}")
    batch = [ring.popleft() for _ in range(min(n, len(ring)))]
    last = batch.pop() if batch else 0
    b.need("steal-last", last == e.g, f"G{e.g} runs first, but the last one stolen is G{last}")
    for g in batch:
        b.place.pop(g, None)
        b.put_tail(g, e.p)
    b.place.pop(last, None)
    b.queue(e.g, Place("hand", e.m, v.SRC_STEAL))


def steal_sleep(b: Books, e: Event) -> None:
    if not 0 <= e.arg < b.procs:
        b.wrong("ids", f"M{e.m} waits for a runnext of P{e.arg}, which does not exist")
        return
    b.need("steal-sleep", b.next[e.arg], f"M{e.m} sleeps before it takes a runnext that P{e.arg} does not have")
    b.need("steal-sleep", not b.ring[e.arg], f"M{e.m} sleeps for P{e.arg}'s runnext while its ring is not empty")
    b.need("steal-sleep", _may_run_it(b, e.arg), f"M{e.m} sleeps although P{e.arg} cannot run its runnext itself")
    b.need("spin", e.m in b.spinning, f"M{e.m} is about to steal and does not count as spinning")
    b.need("owner", b.m_p.get(e.m) == e.p, f"M{e.m} is about to steal for P{e.p}, which it does not have")
    b.slept[e.m] = (e.arg, b.next[e.arg], e.t)
    b.midpass.add(e.m)


RULES: Final[dict[int, Callable[[Books, Event], None]]] = {
    v.E_QUEUE_TAIL: queue_tail, v.E_OVERFLOW: overflow, v.E_GLOB_GET: glob_get, v.E_STEAL: steal,
    v.E_STEAL_SLEEP: steal_sleep,
}  # fmt: skip
