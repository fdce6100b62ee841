"""The collector's part in stacks: scan each once a cycle, shrink those that are hardly used, choose a starting size.

Shrinking happens here and not on return: a goroutine that goes up and down would otherwise copy all the time.
"""

from __future__ import annotations

from gmp_lab import params
from gmp_lab import vocabulary as v
from gmp_lab.errors import Throw
from gmp_lab.runtime.runtime2 import G, Stack, _Gdead, _Grunnable, _Grunning, _Gsyscall, _Gwaiting
from gmp_lab.runtime.stack import copystack, malg, stackfree, stackinit
from gmp_lab.runtime.world import Runtime

#: wait reasons of goroutines that run on the system stack and wait only to be scanned (isWaitingForSuspendG)
_FOR_SUSPEND = frozenset(
    v.WAIT_NO[reason]
    for reason in (
        "stopping the world", "GC mark termination", "garbage collection", "garbage collection scan",
        "GC assist marking", "GC worker (active)", "flushing proc caches",
    )
)  # fmt: skip


def stackInUse(gp: G, st: Stack) -> int:
    """Bytes of the stack in use; of a waiting goroutine with the frames of the function that parked it.

    The registers that a signal has saved on the stack of a goroutine it stopped are left out.

    Ours: in Go, the difference of two addresses.
    """
    if gp.atomicstatus == _Gwaiting:
        return st.hi - st.sp + params.parkFrames.get(v.WAIT_REASONS[gp.waitreason], 0)
    return st.hi - st.sp


def isShrinkStackSafe(gp: G, st: Stack) -> bool:
    """Whether gp's stack can be copied where gp stands.

    Go: runtime/stack.go isShrinkStackSafe (1.27.3)
    Differs: no window between queueing on a channel and parking. A G that runs is taken to be stopped by a signal.
    """
    status = gp.atomicstatus
    if status in (_Gsyscall, _Grunning):
        return False
    if status == _Grunnable and st.asyncSafePoint and gp.op is None and gp.left:
        return False
    return not (status == _Gwaiting and gp.waitreason in _FOR_SUSPEND)


def shrinkstack(rt: Runtime, gp: G, st: Stack) -> int:
    """Halve gp's stack if less than a quarter of it is in use; return the cost in ns (0: nothing was done).

    Go: runtime/stack.go shrinkstack (1.27.3)
    Differs: nothing; segmented stacks are left alone, as their segments were freed on return.
    """
    if gp.atomicstatus != _Grunning and not isShrinkStackSafe(gp, st):
        raise Throw("shrinkstack at bad time")
    version = rt.version
    if rt.config.gcshrinkstackoff or version.stack_kind == "segmented":
        return 0
    size = st.hi - st.lo
    newsize = size // 2
    if newsize < version.stack_min:
        return 0
    inUse = stackInUse(gp, st)
    nosplit = version.stack_guard - params.StackSmall - version.stack_system  # stackNosplit
    if inUse + nosplit >= size // 4:
        return 0
    ns = copystack(rt, st, newsize, inUse)
    if rt.emit is not None:
        rt.emit((rt.engine.now, v.E_STACK_SHRINK, gp.goid, -1, -1, v.stack_arg(newsize, inUse)))
    return ns


def scanstack(rt: Runtime, gp: G) -> tuple[int, int]:
    """Scan gp's stack and shrink it if that is safe; return the bytes scanned and the cost of shrinking in ns.

    Go: runtime/mgcmark.go scanstack (1.27.3)
    Differs: the scanning itself is the collector's work and is charged there. A G without a call has its first stack.
    """
    if gp.atomicstatus == _Gdead:
        return 0, 0
    stacks = stackinit(rt)
    st = gp.stack
    if st is None:
        st = gp.stack = malg(rt, rt.version.stack_min)
    scannedSize = stackInUse(gp, st)
    stacks.scannedStackSize += scannedSize
    stacks.scannedStacks += 1
    if not isShrinkStackSafe(gp, st):
        st.preemptShrink = True
        return scannedSize, 0
    return scannedSize, shrinkstack(rt, gp, st)


def markrootFreeGStacks(rt: Runtime) -> None:
    """Free the stacks of the dead goroutines on the global list.

    Go: runtime/mgcmark.go markrootFreeGStacks (1.27.3)
    Differs: nothing. The Ps' own lists, up to 63 each, are left alone.
    """
    stacks = stackinit(rt)
    for st in stacks.gFreeStack:
        stackfree(rt, st.lo, st.hi)
    stacks.gFreeNoStack += len(stacks.gFreeStack)
    stacks.gFreeStack.clear()


def gcComputeStartingStackSize(rt: Runtime) -> None:
    """Let goroutines start with the average stack that was in use at this cycle's scans, and the guard.

    Go: runtime/stack.go gcComputeStartingStackSize (1.27.3)
    Differs: the sums are not kept for each P.
    """
    version, stacks = rt.version, stackinit(rt)
    if not rt.config.adaptivestackstart or not version.adaptive:
        return
    if stacks.scannedStacks == 0:
        stacks.startingStackSize = version.stack_min
        return
    avg = stacks.scannedStackSize // stacks.scannedStacks + version.stack_guard
    stacks.scannedStackSize = stacks.scannedStacks = 0
    avg = max(version.stack_min, min(avg, stacks.maxstacksize))
    stacks.startingStackSize = 1 << (avg - 1).bit_length()  # round2


def gcScanStacks(rt: Runtime) -> tuple[int, int]:
    """The stacks' part of one collection; return bytes scanned and the cost of shrinking in ns.

    A collector may as well call scanstack for each G when its worker comes to it, and the rest at mark termination.

    Go: runtime/mgcmark.go markroot (1.27.3)
    Differs: all goroutines at one instant; without a call in the program there is nothing to do.
    """
    if rt.stacks is None:
        return 0, 0
    markrootFreeGStacks(rt)
    scanned = cost = 0
    for gp in rt.allgs:
        size, ns = scanstack(rt, gp)
        scanned += size
        cost += ns
    gcComputeStartingStackSize(rt)
    return scanned, cost
