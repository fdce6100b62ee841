"""Controllers for the tests of the pacer."""

from __future__ import annotations

from gmp_lab.runtime.goarith import MaxInt64
from gmp_lab.runtime.mgcfeedback import newController
from gmp_lab.runtime.mgcpacer import gcControllerState, gcTriggerHeap

MiB = 1 << 20
GiB = 1 << 30
MS = 1_000_000


def controller(gc_percent: int = 100, limit: int = MaxInt64, go: str = "1.27", **fields: int) -> gcControllerState:
    """A controller after a commit with the sweep done; fields are set before it."""
    c = newController(go)
    c.init(gc_percent, limit)
    for name, value in fields.items():
        setattr(c, name, value)
    c.heapLive = max(c.heapLive, c.heapMarked)
    c.commit(True)
    return c


def marking(**fields: int) -> gcControllerState:
    """A controller in a cycle that began at time 0: last time 100 MiB were marked and 80 scanned; the goal is 200."""
    c = controller(heapMarked=100 * MiB, lastHeapScan=80 * MiB, heapScan=150 * MiB)
    c.heapLive = 180 * MiB
    c.startCycle(0, 4, gcTriggerHeap)
    for name, value in fields.items():
        setattr(c, name, value)
    c.revise()
    return c
