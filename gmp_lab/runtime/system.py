"""Runtime code that takes several steps in time: a generator that a goroutine runs in front of its own body."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from gmp_lab import vocabulary as v
from gmp_lab.runtime.goroutine import gopark, goready, goschedImpl
from gmp_lab.runtime.runtime2 import G, M, Sema
from gmp_lab.runtime.world import Runtime
from gmp_lab.workload import OP_CONTINUE, Body, Op

System = Generator[Op, Any, Any]
_SEMACQUIRE = v.WAIT_NO["semacquire"]


def systemstack(rt: Runtime, mp: M, gp: G, steps: System) -> bool:
    """Let gp run steps before it goes on with its body; what they return is what the body's yield gets. False.

    Go: runtime/asm_amd64.s systemstack (1.27.3)
    Differs: a generator put in front of the goroutine's own one.
    """
    assert gp.body is not None
    gp.body = _first(gp, gp.body, steps)
    gp.loop = 0  # runtime code: no safe point
    rt.compute(mp, 0)
    return False


def _first(gp: G, body: Body, steps: System) -> Body:
    result = yield from steps
    gp.body = body
    yield (OP_CONTINUE, _back, result)


def _back(rt: Runtime, mp: M, gp: G, result: Any) -> bool:
    gp.value = result
    rt.compute(mp, 0)
    return False


def park(reason: str) -> Op:
    """An operation of runtime code: the goroutine parks, for a reason of vocabulary.WAIT_REASONS.

    Ours: goparkunlock, where the goroutine has been queued already.
    """
    return (OP_CONTINUE, _park, v.WAIT_NO[reason])


def _park(rt: Runtime, mp: M, gp: G, reason: int) -> bool:
    gopark(rt, mp, gp, reason)
    return False


def Gosched(rt: Runtime, mp: M, gp: G, _: object) -> bool:
    """Yield: gp goes to the tail of the global queue.

    Go: runtime/proc.go Gosched (1.27.3)
    Differs: for runtime code that yields (OP_CONTINUE, Gosched, None).
    """
    goschedImpl(rt, mp, gp, False)
    return False


# --- the runtime's own semaphores -------------------------------------------------------------------------------


def semacquire(rt: Runtime, gp: G, sema: Sema) -> System:
    """Take sema, or wait for it in line.

    Go: runtime/sema.go semacquire (1.27.3)
    Differs: for the runtime's own semaphores only; who releases hands it to the first that waits.
    """
    if not sema.taken:
        sema.taken = True
        return
    sema.waiters.append(gp)
    yield (OP_CONTINUE, _park, _SEMACQUIRE)


def semrelease(rt: Runtime, mp: M, sema: Sema) -> None:
    """Give sema up: to the goroutine that waits longest, if any does.

    Go: runtime/sema.go semrelease (1.27.3)
    Differs: see semacquire.
    """
    if sema.waiters:
        goready(rt, mp, sema.waiters.popleft())
    else:
        sema.taken = False
