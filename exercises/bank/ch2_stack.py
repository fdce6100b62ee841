"""Chapter 2, stacks: newstack and shrinkstack to be written, and a staircase of growths to be worked out."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from random import Random
from typing import Any, Final, NamedTuple

from gmp_lab import Config, Program, chan, go, log, recv, simulate, sleep
from gmp_lab.exam import Answer, Mark, Question, Wrong, mark
from gmp_lab.exam.model import Params
from gmp_lab.heap import gc
from gmp_lab.metrics import stack_changes
from gmp_lab.stacks import call, recurse, ret

from .kit import Case, assigned, implement, one_value


def but(source: str, *changes: str) -> str:
    """The source with these texts (old, new, old, new, ...) exchanged; each must be there."""
    for old, new in zip(changes[::2], changes[1::2], strict=True):
        assert old in source, old
        source = source.replace(old, new)
    return source


# --- newstack -------------------------------------------------------------------------------------------------------

_NEWSTACK = """
def newstack(size, used, max, maxstacksize):
    newsize = size * 2
    while newsize - used < max + 928:
        newsize *= 2
    if newsize > maxstacksize:
        return "stack overflow"
    return newsize
"""
_GUARD, _SMALL, _LIMIT = 928, 128, 1_000_000_000


def _full(draw: Random, size: int, frame: int) -> int:
    """Bytes in use of a stack in which a frame of so many bytes finds no room: what its prologue lets pass."""
    least = max(0, size - _GUARD - 8 - max(0, frame - _SMALL)) // 8 * 8 + 8
    return draw.randrange(max(least, 48), size - 800, 8)


def _small_frames(draw: Random, p: Params) -> Sequence[Case]:
    cases: list[Case] = []
    for _ in range(8):
        size, frame = 2048 << draw.randrange(9), draw.randrange(16, 512, 8)
        cases.append([size, _full(draw, size, frame), frame, _LIMIT])
    return cases


def _large_frames(draw: Random, p: Params) -> Sequence[Case]:
    cases: list[Case] = []
    for _ in range(8):
        size = 2048 << draw.randrange(4)
        frame = size * draw.choice([2, 4, 8, 16]) + draw.randrange(-200, 200) * 8
        cases.append([size, draw.randrange(120, size - 900, 8), frame, _LIMIT])
    return cases


def _by_the_guard(draw: Random, p: Params) -> Sequence[Case]:
    """The last size that is too small lacks only what the guard takes; or it fits to the byte."""
    cases: list[Case] = []
    for missing in (8, 16, 400, 920, 928, 0, 0):
        size = 2048 << draw.randrange(5)
        used = draw.randrange(160, size - 900, 8)
        tight = size << draw.randrange(1, 4)
        cases.append([size, used, tight - used - _GUARD + missing, _LIMIT])
    return cases


def _limits(draw: Random, p: Params) -> Sequence[Case]:
    cases: list[Case] = []
    for _ in range(3):
        size = 2048 << draw.randrange(6, 12)
        frame = draw.randrange(16, 256, 8)
        used = _full(draw, size, frame)
        cases += [[size, used, frame, limit] for limit in (size * 2, size * 2 - 1, size, size * 2 + draw.randrange(1, 900))]
        cases.append([size, used, 3 * size, draw.choice([2, 3]) * size])
    return cases


NEWSTACK = implement(
    id="ch2-newstack", title="The next stack", points=4, minutes=4, see="02-1", name="newstack",
    arguments="size, used, max, maxstacksize",
    objective="Write newstack: the size of the stack that a frame gets, and where the program ends",
    text=lambda p: """A prologue has found too little room. Write what `newstack` decides on Linux, in Go 1.27:
`newstack(size, used, max, maxstacksize)`. The stack has `size` bytes, `used` of them in use; the frame of the function that
is entered needs `max` bytes (`funcMaxSPDelta`); `maxstacksize` is the limit that `debug.SetMaxStack` sets. Return the size
of the new stack in bytes, or the string `"stack overflow"`.""",
    reference=_NEWSTACK,
    cases={
        "small frames": (1, "The size doubles, whatever it was.", _small_frames),
        "large frames": (1.25, "It doubles until what is in use, the frame and the guard fit in.", _large_frames),
        "the guard": (0.75, "Below the frame there must be room for the guard (stackGuard), and not one byte more.",
                      _by_the_guard),
        "the limit": (1, "The size that would be taken may be the limit itself, but not more: else the program ends.",
                      _limits),
    },
    believer="""
def newstack(size, used, max, maxstacksize):
    return size + 4096
""",
    right=["""
def newstack(size, used, max, maxstacksize):
    needed = used + max + 928
    doublings = 1
    while size << doublings < needed:
        doublings += 1
    new = size << doublings
    return new if new <= maxstacksize else "stack overflow"
""", """
STACK_GUARD = 800 + 128

def newstack(size, used, max, maxstacksize):
    def fits(n):
        return n - used >= max + STACK_GUARD

    n = 2 * size
    if not fits(n):
        return newstack(n, used, max, maxstacksize)
    if n > maxstacksize:
        return "stack overflow"
    return n
"""],
    wrong={
        "doubles once": but(_NEWSTACK, "while newsize - used < max + 928:", "while False:"),
        "4 KB more": but(_NEWSTACK, "size * 2", "size + 4096", "newsize *= 2", "newsize += 4096"),
        "no guard": but(_NEWSTACK, "max + 928", "max"),
        "room in the old stack is not counted": but(_NEWSTACK, "newsize - used <", "newsize <"),
        "one byte more than fits": but(_NEWSTACK, "< max", "<= max"),
        "only as large as needed": but(_NEWSTACK, "newsize *= 2", "newsize = used + max + 928"),
        "the limit itself is too large": but(_NEWSTACK, "> maxstacksize", ">= maxstacksize"),
        "no limit": but(_NEWSTACK, "> maxstacksize", "> 1 << 60"),
        "stays within the limit": but(_NEWSTACK, 'return "stack overflow"', "return maxstacksize"),
    },
    partial=[(but(_NEWSTACK, "while newsize - used < max + 928:", "while False:"), 0.25),
             (but(_NEWSTACK, "> maxstacksize", ">= maxstacksize"), 0.75)],
    misconceptions={"small frames": ("growth-always-4-kb", but(_NEWSTACK, "size * 2", "size + 4096", "newsize *= 2", "newsize += 4096"))}, claims=("2.1-16", "2.1-19"),
)  # fmt: skip

# --- shrinkstack ----------------------------------------------------------------------------------------------------

_SHRINKSTACK = """
def shrinkstack(size, used, syscallsp, cycles):
    for _ in range(cycles):
        if syscallsp or size // 2 < 2048 or used + 800 >= size // 4:
            break
        size //= 2
    return size
"""


def _shrinks(least: int, most: int, *, called: bool = False) -> Any:
    """Stacks that one collection would halve if it could; ``least`` to ``most`` collections."""
    def make(draw: Random, p: Params) -> Sequence[Case]:
        cases: list[Case] = []
        for _ in range(8):
            size = 8192 << draw.randrange(2, 7)
            room = size // 4 - 800
            used = draw.randrange(120, room // 2, 8) if draw.random() < 0.7 else draw.randrange(room // 2, room, 8)
            sp = draw.randrange(0xC000000000, 0xC000100000, 8) if called else 0
            cases.append([size, used, sp, draw.randint(least, most)])
        return cases

    return make


def _boundaries(draw: Random, p: Params) -> Sequence[Case]:
    cases: list[Case] = []
    for over in (-8, 0, 8, -128, 128, 400, 792, 800):
        size = 8192 << draw.randrange(6)
        cases.append([size, size // 4 - 800 + over, 0, 1])
    return cases


def _floors(draw: Random, p: Params) -> Sequence[Case]:
    small = [[2048 << k, draw.randrange(120, 216, 8), 0, n] for k, n in ((0, 1), (1, 1), (1, 9), (3, 20), (5, 20))]
    return [*small, *([8192 << draw.randrange(4), draw.randrange(230, 6000, 8), 0, 20] for _ in range(5))]


SHRINKSTACK = implement(
    id="ch2-shrinkstack", title="What collections leave of a stack", points=4, minutes=5, see="02-1", name="shrinkstack",
    arguments="size, used, syscallsp, cycles",
    objective="Write shrinkstack: when a stack becomes smaller, by how much, and what the floor is",
    text=lambda p: """A goroutine stands still in one place, and so many `cycles` of the collector pass (0 to 20). Write
`shrinkstack(size, used, syscallsp, cycles)` for Go 1.27 on Linux: the size of its stack after them. `size` are the bytes that
it has now, a power of two; `used` those between the stack's upper end and its stack pointer; `syscallsp` is that field of
its `g`, 0 if the goroutine is in no system call. (Nothing else keeps `isShrinkStackSafe` from saying yes.)""",
    reference=_SHRINKSTACK,
    cases={
        "one collection": (1, "A collection halves a stack that is hardly used, once.", _shrinks(1, 1)),
        "several": (0.75, "Each collection looks again.", _shrinks(0, 6)),
        "where it ends": (1, "It shrinks if less than a quarter is in use; room for nosplit functions (stackNosplit) counts.",
                          _boundaries),
        "the floor": (0.75, "No stack becomes smaller than a new one; but most stop earlier, by the rule of the quarter.",
                      _floors),
        "in a system call": (0.5, "In a system call the kernel may hold pointers into the stack: it is left alone.",
                             _shrinks(1, 6, called=True)),
    },
    believer="""
def shrinkstack(size, used, syscallsp, cycles):
    return size
""",
    right=["""
def shrinkstack(size, used, syscallsp, cycles):
    if syscallsp != 0 or cycles == 0:
        return size
    quarter = size / 4
    if used + 800 < quarter and size > 2048:
        return shrinkstack(size // 2, used, syscallsp, cycles - 1)
    return size
""", """
def shrinkstack(size, used, syscallsp, cycles):
    while cycles > 0 and not syscallsp:
        half = size >> 1
        if half >= 2048 and used + 928 - 128 < half >> 1:
            size = half
        cycles -= 1
    return size
"""],
    wrong={
        "shrinks to 2 KB": but(_SHRINKSTACK, "size //= 2", "size = 2048"),
        "one collection is enough": but(_SHRINKSTACK, "size //= 2", "while used + 800 < size // 4 and size > 2048: size //= 2"),
        "nosplit functions are not counted": but(_SHRINKSTACK, "used + 800", "used"),
        "the whole guard is counted": but(_SHRINKSTACK, "800", "928"),
        "half instead of a quarter": but(_SHRINKSTACK, "size // 4", "size // 2"),
        "a quarter is enough": but(_SHRINKSTACK, ">= size // 4", "> size // 4"),
        "once and never again": but(_SHRINKSTACK, "range(cycles)", "range(min(cycles, 1))"),
        "in system calls too": but(_SHRINKSTACK, "syscallsp or ", ""),
        "the floor is 4 KB": but(_SHRINKSTACK, "< 2048", "< 4096"),
    },
    partial=[(but(_SHRINKSTACK, "syscallsp or ", ""), 0.875), (but(_SHRINKSTACK, ">= size // 4", "> size // 4"), 0.75)],
    misconceptions={"one collection": ("gctrace-stacks-move", but(_SHRINKSTACK, "size //= 2", "break"))}, claims=("2.1-08",),
)  # fmt: skip

# --- a staircase ------------------------------------------------------------------------------------------------------

_CYCLES: Final = 12  # more than any of these stacks can be halved


class Stairs(NamedTuple):
    """Sizes of a stack on its way up, twice, bytes copied meanwhile; bytes in use at the end, sizes from cycle to cycle."""

    first: list[int]
    second: list[int]
    copied: int
    used: int
    after: list[int]


@lru_cache(256)
def _stairs(climbs: tuple[tuple[int, int, int], ...], frame: int) -> Stairs:
    """The goroutine of the question, simulated: a climb is so many frames, their bytes, the bytes of a large one."""
    def climb(gate: Any) -> Any:
        for n, small, large in climbs:
            yield recurse(n, frame=small)
            yield call(frame=large)
            yield ret(n + 1)
            yield log(n)
        yield call(frame=frame)
        yield recv(gate)

    def main() -> Any:
        yield go(climb, chan())
        yield sleep(ms=2)
        for _ in range(_CYCLES):
            yield gc()

    rec = simulate(Config(gomaxprocs=1), Program(main))
    (back, _, _), (done, _, _) = rec.logs()
    changes = [one for one in stack_changes(rec) if one.g == 2]
    up, down = [c for c in changes if c.new > c.old], [c for c in changes if c.new < c.old]
    after = [up[-1].new, *(c.new for c in down)]
    return Stairs(
        [c.new for c in up if c.t_ns <= back], [c.new for c in up if back < c.t_ns <= done],
        sum(c.used for c in up), down[0].used, after + after[-1:] * (_CYCLES + 1 - len(after)),
    )  # fmt: skip


def _of(p: Params) -> Stairs:
    return _stairs(tuple(tuple(one) for one in p["climbs"]), p["frame"])


def _climbs(draw: Random) -> dict[str, Any]:
    """Numbers far enough from where another size begins: what counts is the rule, and not some bytes."""
    size, small, middle = draw.choice([16, 32, 64]) << 10, draw.randrange(104, 200, 8), draw.randrange(200, 400, 8)
    top, used = size * draw.choice([2, 4, 8]), draw.randrange(size * 3 // 10, size * 6 // 10)
    first = [draw.randrange(2200, 2900) // (small + 8), small, draw.randrange(size * 6 // 80, size * 75 // 800) * 8]
    again = [used // (middle + 8), middle, (draw.randrange(top * 6 // 10, top * 85 // 100) - used) // 8 * 8]
    frame = draw.choice([draw.randrange(200, 700, 8), draw.randrange(1400, 2400, 8)])
    return {"climbs": [first, again], "frame": frame, "cycles": draw.choice([1, 2])}


_CLIMB_WHY: Final = {
    "first": "A stack doubles until the frame fits, and what is between is left out: newstack takes the size at once.",
    "second": "Returning makes no stack smaller: it grows from where it was.",
    "copied": "Each growth copies what is in use, from the stack pointer up, and not the whole stack.",
    "after": "A collection halves a stack of which less than a quarter is in use.",
    "floor": "It shrinks as long as less than a quarter is in use, and 800 bytes for nosplit functions count as in use.",
}


def _stairs_check(p: Params, answer: Answer) -> list[Mark]:
    answer.value("first", "second", "copied", "after", "floor")
    truth, copied = _of(p), answer.value("copied")
    by_4 = "growth-always-4-kb" if answer.value("first") == _by_4_kb(p) else ""
    near = type(copied) is int and abs(copied - truth.copied) * 10 <= truth.copied
    chain = "stack-segments" if copied == 0 else ""
    return [
        one_value(answer, "first", truth.first, 1, _CLIMB_WHY["first"], misconception=by_4, see="02-1"),
        one_value(answer, "second", truth.second, 1, _CLIMB_WHY["second"], see="02-1"),
        mark("copied", 0.75, near, _CLIMB_WHY["copied"], misconception=chain, see="02-1"),
        one_value(answer, "after", truth.after[p["cycles"]], 0.5, _CLIMB_WHY["after"], see="02-1"),
        one_value(answer, "floor", truth.after[-1], 0.75, _CLIMB_WHY["floor"], see="02-1"),
    ]  # fmt: skip


def _by_4_kb(p: Params) -> list[int]:
    """The first climb if stacks grew by 4 KB."""
    n, small, large = p["climbs"][0]
    return list(range(2048 + 4096, n * (small + 8) + large + 4096, 4096))


def _climb(p: Params, **other: Any) -> str:
    truth = _of(p)
    values = {"first": truth.first, "second": truth.second, "copied": truth.copied,
              "after": truth.after[p["cycles"]], "floor": truth.after[-1]}  # fmt: skip
    return assigned({**values, **other})


STAIRS = Question(
    id="ch2-stairs", title="A stack goes up and down", kind="compute", points=4, minutes=6, see="02-1",
    objective="Work out how a stack grows, what is copied, and what collections leave of it",
    draw=_climbs,
    text=lambda p: f"""A new goroutine (Go 1.27, Linux) calls a function with a frame of {p['climbs'][0][1]} bytes, and that
function itself, until {p['climbs'][0][0]} of these frames lie on its stack. The innermost calls a function with one large frame
of {p['climbs'][0][2]:,} bytes. All of them return. Then it does the same once more: {p['climbs'][1][0]} frames of
{p['climbs'][1][1]} bytes one within the other, then one of {p['climbs'][1][2]:,} bytes, and all return. (Each call pushes 8 bytes
for the return address as well.) At last it waits for a channel, with {_of(p).used:,} bytes in use, and the collector runs.

* `first`: the sizes in bytes that the stack gets one after the other until the first return, without the 2048 at the beginning;
* `second`: those that it gets in the second climb;
* `copied`: how many bytes of stack are copied in all of these growths together (it may be a tenth more or less);
* `after`: its size when the collector has run {('once', 'twice')[p['cycles'] - 1]}; `floor`: when it has run very often.""",
    starter=lambda p: "first = []\nsecond = []\ncopied = ...\nafter = ...\nfloor = ...",
    form="first: list of int; second: list of int; copied: int; after: int; floor: int", check=_stairs_check,
    reference=_climb,
    believer=lambda p: assigned({"first": _by_4_kb(p), "second": _by_4_kb(p), "copied": 0, "after": 2048, "floor": 2048}),
    wrong=(
        Wrong("every power of two", lambda p: _climb(p, first=[4096 << k for k in range(9) if 4096 << k <= _of(p).first[-1]]), 0.75),
        Wrong("back to 2 KB at the return", lambda p: _climb(p, second=[4096 << k for k in range(9) if 4096 << k <= _of(p).second[-1]]), 0.75),
        Wrong("whole stacks are copied", lambda p: _climb(p, copied=2048 + sum(_of(p).first)), 0.82),
        Wrong("collections shrink to 2 KB", lambda p: _climb(p, after=2048, floor=2048), 0.7),
    ),
    partial=((lambda p: _climb(p, second=[], floor=2048), 2.25 / 4),),
    claims=("2.1-03", "2.1-07", "2.1-08", "2.1-19"),
)  # fmt: skip
