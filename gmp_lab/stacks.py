"""Function calls for goroutine bodies: what makes stacks grow.

A body that yields none of these has the smallest stack all its life, and pays nothing.  A body that does says how
large the frames of its functions are::

    def deep(n):
        yield call(frame=24)           # the goroutine's own function: the first call is that
        yield call(frame=488)          # a function with 480 bytes of locals and the saved frame pointer
        yield recurse(n, frame=488)    # n more, one within the other
        b = yield stack()              # b.size, b.used, b.lo, b.guard, ...
        yield ret(n + 1)               # all of them return

The frame of a function is what its prologue subtracts from SP: its locals, its outgoing arguments and the saved frame
pointer, a multiple of 8; the return address (8 bytes) comes on top.  ``go build -gcflags=-S`` prints it in the TEXT
line of the function.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from gmp_lab import params
from gmp_lab.errors import ConfigError, check_bool, check_int
from gmp_lab.workload import OP_CALL, OP_CALL_NOSPLIT, OP_RECURSE, OP_RET, OP_SET_MAX_STACK, OP_STACK, Op

MAX_FRAME: Final = 1 << 28
MAX_CALLS: Final = 1 << 27
MAX_STACK: Final = 1_000_000_000


class Bounds(NamedTuple):
    """Where a goroutine's stack lies: ``lo <= sp <= hi`` are addresses, ``guard`` is Go's stackguard0.

    Up to 1.2 they are those of the newest segment, and ``size`` and ``used`` are sums over all of them.
    """

    lo: int
    hi: int
    sp: int
    guard: int
    size: int
    used: int


def check_frame(what: str, frame: object) -> int:
    """Return frame if it is a multiple of 8 from 0 to 2**28, else ConfigError."""
    size = check_int(what, frame, 0, MAX_FRAME, "bytes")
    if size % 8:
        raise ConfigError(what, frame, "a multiple of 8 bytes")
    return size


def has_check(*, frame: int, leaf: bool = False, nosplit: bool = False) -> bool:
    """Whether a function begins with a check (for room on the stack, and for a request to stop).

    Not if it is marked //go:nosplit, and not if it is a leaf (calls nothing) with a frame below 128 bytes: such a
    frame fits below the guard in any case (cmd/internal/obj/x86/obj6.go preprocess).
    """
    small = check_frame("has_check(frame)", frame) < params.StackSmall
    return not (check_bool("has_check(nosplit)", nosplit) or (check_bool("has_check(leaf)", leaf) and small))


def loop_kind(*, frame: int = 0, leaf: bool = False, nosplit: bool = False, inlined: bool = False) -> str:
    """What ``work(loop=...)`` is to be told of a loop that calls such a function again and again.

    An inlined function is a part of the loop: there is no call.
    """
    if check_bool("loop_kind(inlined)", inlined):
        return "free"
    return "call" if has_check(frame=frame, leaf=leaf, nosplit=nosplit) else "leaf"


def call(*, frame: int, leaf: bool = False, nosplit: bool = False) -> Op:
    """Enter a function with a frame of so many bytes; its prologue may find too little room, or a request to stop.

    A small ``leaf`` and a ``nosplit`` function have no such prologue (``has_check``).  A chain of them may use 800
    bytes, as Go's linker sees to.
    """
    size = check_frame("call(frame)", frame)
    checked = not (leaf or nosplit) or has_check(frame=frame, leaf=leaf, nosplit=nosplit)
    return (OP_CALL if checked else OP_CALL_NOSPLIT, size)


def ret(calls: int = 1) -> Op:
    """Return from the function entered last, or from the last so many (1 to 2**27)."""
    return (OP_RET, check_int("ret(calls)", calls, 1, MAX_CALLS))


def recurse(depth: int, *, frame: int) -> Op:
    """Enter ``depth`` (0 to 2**27) functions with the same frame, one within the other."""
    return (OP_RECURSE, check_int("recurse(depth)", depth, 0, MAX_CALLS), check_frame("recurse(frame)", frame))


def set_max_stack(limit: int) -> Op:
    """debug.SetMaxStack(bytes), 0 to 1e9; the old limit is the result: ``old = yield set_max_stack(1 << 20)``."""
    return (OP_SET_MAX_STACK, check_int("set_max_stack(limit)", limit, 0, MAX_STACK, "bytes"))


def stack() -> Op:
    """Look at the own stack, at no cost: ``b = yield stack()`` gives its Bounds."""
    return (OP_STACK,)
