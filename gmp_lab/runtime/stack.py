"""Goroutine stacks: where they come from, how they grow by being copied, and how dead ones are used again.

A stack is contiguous and small at first.  Each function begins with a check whether its frame fits; if not, newstack
takes a stack of twice the size, copies what is in use, and frees the old one.  So a call costs no more than a
comparison, and the bytes copied add up to about the final size.  Up to 1.2 a further segment was linked instead and
freed on return: a call in a loop that happened to sit at the end of a segment paid for both each time round.

Addresses are those of a simple model (a stack moves when it grows, and freed ones are used again); only sizes and
bytes in use are the real ones.
"""

from __future__ import annotations

from gmp_lab import params
from gmp_lab import vocabulary as v
from gmp_lab.errors import Throw
from gmp_lab.runtime.runtime2 import G, M, P, Stack, Stacks, _Gsyscall
from gmp_lab.runtime.world import GoPanic, Runtime


def stackinit(rt: Runtime) -> Stacks:
    """The stacks of this run; made at the first call.

    Go: runtime/stack.go stackinit (1.27.3)
    Differs: late, so that a program without calls pays nothing; who died before is on no free list.
    """
    if rt.stacks is None:
        rt.stacks = Stacks(rt.version.stack_min, params.maxstacksize, params.arenaStart)
    return rt.stacks


def stackalloc(rt: Runtime, n: int) -> Stack:
    """A stack of n bytes, a free one if there is one.

    Go: runtime/stack.go stackalloc (1.27.3)
    Differs: one list for each size instead of caches, pools and spans; small ones are still cut from 32 KiB.
    """
    contiguous = rt.version.stack_kind == "contiguous"
    if n & (n - 1) and contiguous:
        raise Throw("stack size not a power of 2")
    stacks = stackinit(rt)
    free = stacks.free.setdefault(n, [])
    if not free:
        span = max(n, params.stackCacheSize) if contiguous else n
        free.extend(range(stacks.next, stacks.next + span, n))
        stacks.next += span
    lo = free.pop()
    st = Stack(lo, lo + n)
    st.stackguard0 = lo + rt.version.stack_guard
    return st


def stackfree(rt: Runtime, lo: int, hi: int) -> None:
    """Give the stack from lo to hi back.

    Go: runtime/stack.go stackfree (1.27.3)
    Differs: nothing goes back to the heap.
    """
    stackinit(rt).free[hi - lo].append(lo)


def malg(rt: Runtime, stacksize: int) -> Stack:
    """A stack of stacksize bytes for a goroutine whose function will be called, as it were, by goexit.

    Go: runtime/proc.go malg (1.27.3)
    Differs: without the G; newproc1's first words on the stack are here.
    """
    st = stackalloc(rt, stacksize)
    st.sp = st.hi - params.stackEntry
    return st


def gfget(rt: Runtime, mp: M, pp: P, gp: G) -> None:
    """Give the new gp the stack of a dead goroutine of pp's, or one of starting size; a new one if nobody is dead.

    Go: runtime/proc.go gfget (1.27.3)
    Differs: the G is new in any case, only the stack is used again; the malg of newproc1 is here.
    """
    stacks = stackinit(rt)
    gFree = stacks.gFree.setdefault(pp.id, [])
    if not gFree:
        while len(gFree) < params.gFreeKept:  # move a batch, those with stacks first
            if stacks.gFreeStack:
                gFree.append(stacks.gFreeStack.pop())
            elif stacks.gFreeNoStack:
                stacks.gFreeNoStack -= 1
                gFree.append(None)
            else:
                break
    if not gFree:
        gp.stack = malg(rt, rt.version.stack_min)
        return
    old = gFree.pop()
    size = stacks.startingStackSize
    if old is not None:
        stackfree(rt, old.lo, old.hi)  # and, if it has the right size, taken again at once
    gp.stack = malg(rt, size)
    if size != rt.version.stack_min and rt.emit is not None:
        rt.emit((rt.engine.now, v.E_STACK_NEW, gp.goid, pp.id, mp.id, size))


def gfput(rt: Runtime, mp: M, gp: G) -> None:
    """Put the dead gp on its P's list; its stack stays with it only if it has the starting size.

    Go: runtime/proc.go gfput (1.27.3)
    Differs: a list of stacks, as Gs are not used again.
    """
    stacks = stackinit(rt)
    st = gp.stack
    if st is None:  # it has never made a call
        st = malg(rt, rt.version.stack_min)
    while st.below:
        freeSegment(rt, st)
    gp.stack = None
    kept: Stack | None = st
    if st.hi - st.lo != stacks.startingStackSize:
        stackfree(rt, st.lo, st.hi)
        kept = None
    pp = mp.p
    assert pp is not None
    gFree = stacks.gFree.setdefault(pp.id, [])
    gFree.append(kept)
    if len(gFree) >= params.gFreeMost:
        while len(gFree) >= params.gFreeKept:
            old = gFree.pop()
            if old is None:
                stacks.gFreeNoStack += 1
            else:
                stacks.gFreeStack.append(old)


def frameFits(st: Stack, frame: int) -> int:
    """How many calls of a function with this frame fit, one within the other, before a prologue fails.

    Go: cmd/internal/obj/x86/obj6.go stacksplit (1.27.3)
    Differs: counts instead of comparing once; big and huge frames (over 4096 bytes) need no difference here, as
    these numbers do not underflow.
    """
    more = max(0, frame - params.StackSmall)  # a small frame may reach below the guard
    room = st.sp - 8 - more - st.stackguard0  # a call pushes the return address, 8 bytes
    return -(-room // (frame + 8)) if room > 0 else 0


def newstack(rt: Runtime, mp: M, gp: G, frame: int) -> int:
    """gp, running on mp, needs more stack for a function with this frame; return what that costs in ns.

    Go: runtime/stack.go newstack (1.27.3)
    Differs: the half of it that grows; the other is in preempt.py. The G stays _Grunning while it is copied, as
    nobody looks in between; the cost is charged afterwards.
    """
    st = gp.stack
    assert st is not None
    if gp.atomicstatus == _Gsyscall:
        raise Throw("stack growth not allowed in system call")
    if rt.version.stack_kind == "segmented":
        return newSegment(rt, mp, gp, st, frame)
    size = st.hi - st.lo
    sp = st.sp - 8
    used = st.hi - sp
    newsize = size * 2
    while newsize - used < frame + rt.version.stack_guard:  # room for the new frame
        newsize *= 2
    if newsize > stackinit(rt).maxstacksize:
        overflow(rt, st, sp)
    ns = copystack(rt, st, newsize, used)
    if rt.emit is not None:
        pid = mp.p.id if mp.p is not None else -1
        rt.emit((rt.engine.now, v.E_STACK_GROW, gp.goid, pid, mp.id, v.stack_arg(newsize, used)))
    return ns


def overflow(rt: Runtime, st: Stack, sp: int) -> None:
    """End the program with Go's words: no stack may exceed maxstacksize.

    Go: runtime/stack.go newstack (1.27.3)
    Differs: without the traceback. A program cannot recover from it.
    """
    raise GoPanic(
        f"runtime: goroutine stack exceeds {stackinit(rt).maxstacksize}-byte limit\n"
        f"runtime: sp={sp - 8:#x} stack=[{st.lo:#x}, {st.hi:#x}]\nfatal error: stack overflow"
    )


def copystack(rt: Runtime, st: Stack, newsize: int, used: int) -> int:
    """Move st, of which ``used`` bytes are in use, to a place of newsize bytes; return the cost in ns.

    Go: runtime/stack.go copystack (1.27.3)
    Differs: no pointers to adjust; pointers of the program into its own stack are not modelled.
    """
    new = stackalloc(rt, newsize)
    lo, hi = st.lo, st.hi
    st.sp += new.hi - hi
    st.lo, st.hi, st.stackguard0 = new.lo, new.hi, new.stackguard0
    stackfree(rt, lo, hi)
    return used * rt.costs.stack_kb >> 10


def newSegment(rt: Runtime, mp: M, gp: G, st: Stack, frame: int) -> int:
    """Up to 1.2: link a new segment with room for the frame and some more; return the cost in ns.

    Go: runtime/stack.go newstack (1.27.3)
    Differs: 1.2's runtime.newstack in stack.c; arguments and Stktop, at the segment's upper end, take no room.
    """
    size = max(frame + params.stackExtra, rt.version.stack_min)
    total = st.hi - st.lo + size + sum(hi - lo for lo, hi, _, _ in st.below)
    if total > stackinit(rt).maxstacksize:
        overflow(rt, st, st.sp - 8)
    new = stackalloc(rt, size)
    st.below.append((st.lo, st.hi, st.sp, st.frames))
    st.lo, st.hi, st.sp, st.frames, st.stackguard0 = new.lo, new.hi, new.hi, [], new.stackguard0
    _recordSegment(rt, mp, gp, size)
    return rt.costs.stack_segment


def freeSegment(rt: Runtime, st: Stack) -> None:
    """Up to 1.2: free the newest segment; the one below is current again (oldstack in 1.2's stack.c).

    Ours: gone from Go since 1.3.
    """
    stackfree(rt, st.lo, st.hi)
    st.lo, st.hi, st.sp, st.frames = st.below.pop()
    st.stackguard0 = st.lo + rt.version.stack_guard


def _recordSegment(rt: Runtime, mp: M, gp: G, size: int) -> None:
    if rt.emit is not None:
        pid = mp.p.id if mp.p is not None else -1
        rt.emit((rt.engine.now, v.E_STACK_SEGMENT, gp.goid, pid, mp.id, size))


def oldstack(rt: Runtime, mp: M, gp: G, st: Stack) -> int:
    """Up to 1.2: the function that needed the newest segment has returned; return the cost in ns.

    Go: runtime/stack.go stackfree (1.27.3)
    Differs: 1.2's runtime.oldstack in stack.c.
    """
    size = st.hi - st.lo
    freeSegment(rt, st)
    _recordSegment(rt, mp, gp, -size)
    return rt.costs.stack_segment
