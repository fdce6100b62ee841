"""Calls and returns of goroutine bodies: what the code that the compiler puts around each function does.

Only the calls that a body yields are checked.  The runtime's own functions (chanrecv, gopark, ...) are taken to fit:
in Go a goroutine whose stack is nearly full when it waits grows then, some 200 bytes earlier than here.
"""

from __future__ import annotations

from gmp_lab import params
from gmp_lab.errors import ConfigError
from gmp_lab.runtime.preempt import newstackPreempt
from gmp_lab.runtime.runtime2 import G, M, Stack
from gmp_lab.runtime.stack import frameFits, malg, newstack, oldstack, stackinit
from gmp_lab.runtime.world import Runtime
from gmp_lab.stacks import Bounds
from gmp_lab.workload import OP_RECURSE, Op

_CHUNK = 4096  # calls of a recursion between two looks at the request to stop


def stackOf(rt: Runtime, gp: G) -> Stack:
    """gp's stack; it is only now made a thing of its own if gp has never asked for it.

    Ours: in Go every goroutine has a stack from the start.
    """
    st = gp.stack
    if st is None:
        stackinit(rt)
        st = gp.stack = malg(rt, rt.version.stack_min)
    return st


def call(rt: Runtime, mp: M, gp: G, op: Op) -> bool:
    """Enter a function: its prologue compares SP with the guard, and calls newstack until the frame fits.

    Ours: an operation of bodies; the compiler's code at a function's beginning.
    """
    st = stackOf(rt, gp)
    frame: int = op[1]
    if gp.preempt:
        return _yields(rt, mp, gp, op)
    while not frameFits(st, frame):
        ns = newstack(rt, mp, gp, frame)
        if ns:
            return _spend(rt, mp, gp, op, ns)  # morestack enters the function again
    _push(st, frame, 1)
    return True


def callNosplit(rt: Runtime, mp: M, gp: G, op: Op) -> bool:
    """Enter a function without a check: it uses the room below the guard, and hears no request to stop.

    Ours: an operation of bodies; no code at the function's beginning. Go's linker refuses what this refuses.
    """
    st = stackOf(rt, gp)
    frame: int = op[1]
    room = rt.version.stack_guard - params.StackSmall - rt.version.stack_system  # stackNosplit
    if st.nosplit() + frame + 8 > room:
        raise ConfigError(f"{gp.name}: call(frame)", frame, f"at most {room} bytes for a chain of nosplit functions")
    _push(st, frame, 1, 0)
    return True


def recurse(rt: Runtime, mp: M, gp: G, op: Op) -> bool:
    """Enter many functions with the same frame; they are counted, not entered one by one.

    Ours: an operation of bodies; many calls at once.
    """
    depth: int = op[1]
    frame: int = op[2]
    st = stackOf(rt, gp)
    while depth:
        rest = (OP_RECURSE, depth, frame)
        if gp.preempt:
            return _yields(rt, mp, gp, rest)
        n = min(depth, frameFits(st, frame), _CHUNK)
        if n:
            _push(st, frame, n)
            depth -= n
            ns = n * rt.costs.call
        else:
            ns = newstack(rt, mp, gp, frame)
        if ns:
            return _spend(rt, mp, gp, (OP_RECURSE, depth, frame), ns)
    return True


def ret(rt: Runtime, mp: M, gp: G, op: Op) -> bool:
    """Return from functions; up to 1.2 a segment is freed when the function for which it was linked returns.

    Ours: an operation of bodies; the compiler's code at a function's end.
    """
    st = stackOf(rt, gp)
    calls: int = op[1]
    ns = 0
    while calls:
        if not st.frames:
            raise ConfigError(f"{gp.name}: ret(calls)", op[1], "at most as many as there were calls")
        top = st.frames[-1]
        n = min(calls, top[1])
        st.sp += n * (top[0] + 8)
        top[1] -= n
        calls -= n
        if top[1] == 0:
            st.frames.pop()
        if not st.frames and st.below:
            ns += oldstack(rt, mp, gp, st)
    if ns:
        gp.loop = 0  # the runtime's code
        return _spend(rt, mp, gp, None, ns)
    return True


def setMaxStack(rt: Runtime, mp: M, gp: G, op: Op) -> bool:
    """debug.SetMaxStack: a new limit; the old one is the result.

    Go: runtime/rdebug.go setMaxStack (1.27.3)
    Differs: nothing.
    """
    stacks = stackinit(rt)
    gp.value, stacks.maxstacksize = stacks.maxstacksize, op[1]
    return True


def bounds(rt: Runtime, mp: M, gp: G, op: Op) -> bool:
    """Tell the goroutine where its stack is.

    Ours: an operation of bodies.
    """
    st = stackOf(rt, gp)
    size, used = st.hi - st.lo, st.hi - st.sp
    for lo, hi, sp, _ in st.below:
        size += hi - lo
        used += hi - sp
    gp.value = Bounds(st.lo, st.hi, st.sp, st.stackguard0, size, used)
    return True


def _push(st: Stack, frame: int, n: int, checked: int = 1) -> None:
    st.sp -= n * (frame + 8)
    if st.frames and st.frames[-1][0] == frame and st.frames[-1][2] == checked:
        st.frames[-1][1] += n
    else:
        st.frames.append([frame, n, checked])


def _spend(rt: Runtime, mp: M, gp: G, op: Op | None, ns: int) -> bool:
    """Let ns nanoseconds pass for gp, then op happens (None: the body goes on)."""
    gp.left, gp.op = ns, op
    mp.seg += 1
    mp.seg_end = rt.engine.now + ns
    rt.engine.after(ns, rt.on_segment_end, mp, mp.seg)
    return False


def _yields(rt: Runtime, mp: M, gp: G, op: Op) -> bool:
    """The prologue sees a request to stop; the function is entered when gp runs again."""
    gp.left, gp.op = 0, op
    newstackPreempt(rt, mp, gp)
    return False
