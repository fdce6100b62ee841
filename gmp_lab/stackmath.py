"""When a stack grows, worked out on paper: from the arithmetic of prologue and newstack, without a simulation.

A recursion calls itself with a frame of F bytes.  Call number d finds ``below + (d - 1) * (F + 8)`` bytes in use,
8 for each return address.  Its prologue fails if that is at least ``size - guard``, less what a frame needs beyond
the 128 bytes that are free below the guard; then the stack is doubled, more than once if one frame needs it.

>>> [step.depth for step in growths(frame=488, depth=600)]
[3, 7, 15, 32, 65, 131, 263, 527]
"""

from __future__ import annotations

from typing import NamedTuple

from gmp_lab import params
from gmp_lab.errors import ConfigError, check_int

_MOST = 1 << 27


class Growth(NamedTuple):
    """A growth at call number ``depth`` (from 1), from and to sizes in bytes; ``used`` bytes are copied."""

    depth: int
    old: int
    new: int
    used: int


def growths(*, frame: int, depth: int, below: int = 112, size: int | None = None, go: str = "1.27") -> list[Growth]:
    """Each growth while ``depth`` calls with ``frame`` bytes (a multiple of 8) are entered one within the other.

    ``below``: bytes in use when the first of them is entered, its return address included; ``size``: of the stack
    then (None: the version's least).  Ends where the limit of 1e9 bytes would be exceeded: see ``deepest``.  For
    versions with contiguous stacks; ConfigError for others and for values out of range.
    """
    version = _checked(frame, below, go)
    check_int("growths(depth)", depth, 0, _MOST)
    least = version.stack_min
    have = least if size is None else check_int("growths(size)", size, least, 1 << 29, "bytes")
    found: list[Growth] = []
    while True:
        step = _next(version, frame, below, have)
        if step.depth > depth or step.new > params.maxstacksize:
            return found
        found.append(step)
        have = step.new


def deepest(*, frame: int, below: int = 112, limit: int = params.maxstacksize, go: str = "1.27") -> int:
    """The number of calls that a stack of at most ``limit`` bytes (up to 1e9) holds: the next one is an overflow."""
    version = _checked(frame, below, go)
    step = _next(version, frame, below, version.stack_min)
    check_int("deepest(limit)", limit, version.stack_min, params.maxstacksize, "bytes")
    while step.new <= limit:
        step = _next(version, frame, below, step.new)
    return step.depth - 1


def _next(version: params.Version, frame: int, below: int, size: int) -> Growth:
    """The growth that ends a stack of this size."""
    cost, more = frame + 8, max(0, frame - params.StackSmall)
    missing = size - version.stack_guard - more - below
    d = max(1, -(-missing // cost) + 1)  # the first with below + (d - 1) * cost + more >= size - guard
    used = below + (d - 1) * cost
    new = size * 2
    while new - used < frame + version.stack_guard:
        new *= 2
    return Growth(d, size, new, used)


def _checked(frame: int, below: int, go: str) -> params.Version:
    version = params.version(go)
    if version.stack_kind != "contiguous":
        raise ConfigError("growths(go)", go, "a version whose stacks are contiguous")
    for name, value in (("frame", frame), ("below", below)):
        if check_int(f"growths({name})", value, 0, 1 << 28, "bytes") % 8:
            raise ConfigError(f"growths({name})", value, "a multiple of 8 bytes")
    return version
