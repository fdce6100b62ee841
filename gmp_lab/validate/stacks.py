"""Rules about stacks: they grow by being copied to twice the size, shrink by half, and only where that is safe."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from gmp_lab import params
from gmp_lab import vocabulary as v
from gmp_lab.recording import Event
from gmp_lab.validate.books import DEAD, RUNNABLE, SYSCALL, Books


def _size(b: Books, g: int) -> int:
    return b.stack.get(g, b.version.stack_min)


def _copied(b: Books, e: Event, old: int, new: int, used: int) -> None:
    """What holds of every copy: the version copies, and what is in use fits both places."""
    b.need("stack", b.version.stack_kind == "contiguous", f"G{e.g}'s stack is copied in Go {b.version.name}")
    fits = 0 < used < min(old, new)
    b.need("stack", fits, f"{used} bytes of G{e.g}'s stack are copied from {old} to {new} bytes")


def grow(b: Books, e: Event) -> None:
    b.runs(e, "grows its stack on")
    old = _size(b, e.g)
    new, used = v.stack_unpack(e.arg)
    _copied(b, e, old, new, used)
    b.need("stack", new >= 2 * old, f"G{e.g}'s stack grows from {old} to {new} bytes: less than double")
    b.need("stack", new <= params.maxstacksize, f"G{e.g}'s stack of {new} bytes exceeds the limit")
    room = new - used > b.version.stack_guard
    b.need("stack", room, f"G{e.g}'s stack of {new} bytes has no room above the guard for {used} bytes")
    b.stack[e.g] = new


def shrink(b: Books, e: Event) -> None:
    old = _size(b, e.g)
    new, used = v.stack_unpack(e.arg)
    _copied(b, e, old, new, used)
    b.need("stack", new == old // 2, f"G{e.g}'s stack shrinks from {old} to {new} bytes: not to half")
    b.need("stack", new >= b.version.stack_min, f"G{e.g}'s stack shrinks to {new} bytes")
    little = used + b.version.stack_guard - params.StackSmall - b.version.stack_system < old // 4
    b.need("stack", little, f"G{e.g}'s stack of {old} bytes shrinks although {used} are in use")
    status = b.status.get(e.g)
    b.need("stack", status not in (SYSCALL, DEAD), f"G{e.g}'s stack shrinks in a system call, or after its end")
    b.stack[e.g] = new


def segment(b: Books, e: Event) -> None:
    b.runs(e, "has a segment linked or freed on")
    kind = b.version.stack_kind
    b.need("stack", kind == "segmented", f"G{e.g} gets or frees a stack segment in Go {b.version.name}")
    linked = b.segments.setdefault(e.g, [])
    if e.arg > 0:
        b.need("stack", e.arg >= b.version.stack_min, f"G{e.g} gets a stack segment of only {e.arg} bytes")
        linked.append(e.arg)
        return
    newest = linked.pop() if linked else 0
    b.need("stack", newest == -e.arg, f"G{e.g} frees a segment of {-e.arg} bytes; its newest has {newest}")


def new(b: Books, e: Event) -> None:
    power = e.arg > 0 and e.arg & (e.arg - 1) == 0
    b.need("stack", power and e.arg > b.version.stack_min, f"G{e.g} starts with a stack of {e.arg} bytes")
    b.need("stack", b.version.adaptive, f"G{e.g} starts with {e.arg} bytes in Go {b.version.name}")
    fresh = b.status.get(e.g) == RUNNABLE and e.g not in b.stack and e.g == len(b.status)
    b.need("stack", fresh or not b.rec.complete, f"G{e.g} is given its first stack and is not new")
    b.stack[e.g] = e.arg


RULES: Final[dict[int, Callable[[Books, Event], None]]] = {
    v.E_STACK_GROW: grow, v.E_STACK_SHRINK: shrink, v.E_STACK_SEGMENT: segment, v.E_STACK_NEW: new,
}  # fmt: skip
