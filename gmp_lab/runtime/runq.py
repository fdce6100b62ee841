"""Run queues: runnext and ring of each P, the global queue, and the theft of one by another.

A P's queue has two parts: one slot, runnext, for the goroutine that was made ready last, and a ring of 256.  The
ring's oldest goroutine runs first, and is also the first to be stolen.  Rejected by the runtime's authors: one
central queue (its lock does not scale), and handing each readied goroutine to another thread (no locality).

The ring is a deque here; what counts is its limit and its order.
"""

from __future__ import annotations

from functools import cache
from math import gcd

from gmp_lab import params
from gmp_lab import vocabulary as v
from gmp_lab.runtime.runtime2 import G, M, P, _Gsyscall, _Prunning
from gmp_lab.runtime.world import Runtime


def runqempty(pp: P) -> bool:
    """Report whether pp has nothing in its ring or runnext.

    Go: runtime/proc.go runqempty (1.27.3)
    Differs: no retry loop.
    """
    return pp.runnext is None and not pp.runq


def runqput(rt: Runtime, pp: P, gp: G, next: bool) -> None:
    """Put gp on pp's queue: into runnext (the G there is kicked to the ring's tail), or at the ring's tail.

    Go: runtime/proc.go runqput (1.27.3)
    Differs: no atomics. The caller has recorded the event (E_READY, E_GO_CREATE, E_YIELD). Versions without runnext
    (up to 1.4) put at the tail, those without local queues (1.0) on the one there is.
    """
    if next and rt.runnext:
        oldnext = pp.runnext
        pp.runnext = gp
        if oldnext is None:
            return
        gp = oldnext  # kick the old runnext out to the regular run queue
    if len(pp.runq) < rt.ring:
        pp.runq.append(gp)
        return
    if rt.ring == 0:
        globrunqput(rt, gp)
        return
    runqputslow(rt, pp, gp)


def runqputslow(rt: Runtime, pp: P, gp: G) -> None:
    """Move the first half of pp's full ring, then gp, to the tail of the global queue.

    Go: runtime/proc.go runqputslow (1.27.3)
    Differs: never has to retry.
    """
    n = len(pp.runq) // 2
    batch = [pp.runq.popleft() for _ in range(n)]
    batch.append(gp)
    rt.sched.runq.extend(batch)
    if rt.emit is not None:
        rt.emit((rt.engine.now, v.E_OVERFLOW, gp.goid, pp.id, -1, n))


def runqget(mp: M, pp: P) -> tuple[G | None, bool]:
    """Take the next G of pp and whether it inherits the time slice (only runnext does); (None, False) if empty.

    Go: runtime/proc.go runqget (1.27.3)
    Differs: no atomics; notes the source on mp for the record.
    """
    next = pp.runnext
    if next is not None:
        pp.runnext = None
        mp.source = v.SRC_RUNNEXT
        return next, True
    if pp.runq:
        mp.source = v.SRC_LOCAL
        return pp.runq.popleft(), False
    return None, False


def globrunqput(rt: Runtime, gp: G) -> None:
    """Put gp at the tail of the global queue.

    Go: runtime/proc.go globrunqput (1.27.3)
    Differs: nothing; the caller has recorded the event.
    """
    rt.sched.runq.append(gp)


def globrunqget(rt: Runtime, mp: M) -> G:
    """Take one G from the head of the global queue, which must not be empty.

    Go: runtime/proc.go globrunqget (1.27.3)
    Differs: notes the source on mp for the record.
    """
    mp.source = v.SRC_GLOBAL61
    return rt.sched.runq.popleft()


def globrunqgetbatch(rt: Runtime, mp: M, pp: P) -> G:
    """Take this P's share of the global queue (not empty): the first to run, the rest to pp's empty ring.

    Go: runtime/proc.go globrunqgetbatch (1.27.3)
    Differs: does the following runqputbatch as well; 1.24 and older have the same rule in globrunqget(pp, 0).
    """
    runq = rt.sched.runq
    n = min(len(runq), params.globrunqBatch, len(runq) // rt.gomaxprocs + 1)
    gp = runq.popleft()
    for _ in range(n - 1):
        pp.runq.append(runq.popleft())
    mp.source = v.SRC_GLOBAL
    if rt.emit is not None:
        rt.emit((rt.engine.now, v.E_GLOB_GET, gp.goid, pp.id, mp.id, n))
    return gp


@cache
def coprimes(n: int) -> tuple[int, ...]:
    """Return the numbers 1..n without a common divisor with n: the step sizes that visit all n Ps.

    Go: runtime/proc.go randomOrder.reset (1.27.3)
    Differs: a table instead of a field.
    """
    return tuple(i for i in range(1, n + 1) if gcd(i, n) == 1)


@cache
def _order(n: int, pos: int, inc: int) -> tuple[int, ...]:
    return tuple((pos + k * inc) % n for k in range(n))


def stealOrder(n: int, i: int) -> tuple[int, ...]:
    """Return each of 0..n-1 once, in an order drawn from the random number i.

    Go: runtime/proc.go randomOrder.start (1.27.3)
    Differs: start, next and position in one; the orders are kept in a table.
    """
    steps = coprimes(n)
    return _order(n, i % n, steps[i // n % len(steps)])


def runqgrab(rt: Runtime, mp: M, pp: P, stealRunNextG: bool) -> tuple[list[G], bool]:
    """Take half of pp's ring, oldest first, rounded up; or else its runnext. Returns the batch; is it a runnext.

    Before mp takes a runnext it sleeps: the batch is empty and mp.stealing holds the G it has its eye on; the next
    call, after the sleep, takes that G if it is still there.

    Go: runtime/proc.go runqgrab (1.27.3)
    Differs: returns the batch instead of writing it into the thief's ring; the sleep splits it into two calls.
    Where timers are too coarse for a short sleep, Go yields the core (osyield); that takes no time here.
    How many are taken can be changed (Config.steal), to see why it is half.
    """
    slept, mp.stealing = mp.stealing, None
    if slept is not None and pp.runnext is slept:
        pp.runnext = None
        return [slept], True
    n = len(pp.runq)
    n = rt.stealable(n)
    if n > 0:
        return [pp.runq.popleft() for _ in range(n)], False
    next = pp.runnext
    if not stealRunNextG or next is None:
        return [], False
    if not rt.system.low_res_timer and _aboutToRun(rt, pp):
        mp.stealing = next
        return [], False
    pp.runnext = None
    return [next], True


def _aboutToRun(rt: Runtime, pp: P) -> bool:
    """Whether pp may be about to schedule the G in its runnext, so that a thief gives it 3 us before taking it."""
    if pp.status != _Prunning:
        return False
    if not rt.version.syscall_keeps_p or pp.m is None:
        return True
    gp = pp.m.curg
    return gp is None or gp.atomicstatus != _Gsyscall


def runqsteal(rt: Runtime, mp: M, pp: P, p2: P, stealRunNextG: bool) -> G | None:
    """Steal half of p2's queue into pp's; return the last one stolen. None: nothing, or mp.stealing is set.

    Go: runtime/proc.go runqsteal (1.27.3)
    Differs: nothing.
    """
    batch, runnext = runqgrab(rt, mp, p2, stealRunNextG)
    if not batch:
        return None
    n = len(batch)
    gp = batch.pop()
    pp.runq.extend(batch)
    mp.source = v.SRC_STEAL
    if rt.emit is not None:
        rt.emit((rt.engine.now, v.E_STEAL, gp.goid, pp.id, mp.id, v.steal_arg(p2.id, n, runnext)))
    return gp
