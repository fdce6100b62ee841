"""The final exam, stacks: nine steps of a goroutine, some with a collection, and how often its stack is copied."""

from __future__ import annotations

from functools import lru_cache
from random import Random
from typing import Any, Final

from gmp_lab import Config, Program, go, log, simulate, sleep, syscall
from gmp_lab.exam import Answer, Mark, Question, Wrong, mark
from gmp_lab.exam.model import Params
from gmp_lab.heap import gc
from gmp_lab.metrics import stack_changes
from gmp_lab.stacks import recurse, ret, stack

from .kit import assigned, one_value, same

_SLOT_NS: Final = 20_000_000  # a step of the goroutine; the collector runs in its middle
_FRAME: Final = 488
_COLLECTED: Final = ("wait", "call", "deep")

Steps = tuple[tuple[str, int], ...]
Run = tuple[list[int], list[int], int]


@lru_cache(maxsize=512)
def _run(steps: Steps, off: bool = False) -> Run:
    """The size of the stack after each step, the bytes in use then, and how often it was copied in all."""

    def body() -> Any:
        yield sleep(ns=_SLOT_NS)
        for what, calls in steps:
            yield log(0)  # here the step begins
            if what == "dive":
                yield recurse(calls, frame=_FRAME)
            elif what == "back":
                yield ret(calls)
            yield log((yield stack()).used)
            yield syscall(ns=_SLOT_NS) if what == "call" else sleep(ns=_SLOT_NS)

    def main() -> Any:
        yield go(body)
        yield sleep(ns=_SLOT_NS)
        for what, _ in steps:
            yield sleep(ns=_SLOT_NS // 2)
            if what in _COLLECTED:
                yield gc()
            yield sleep(ns=_SLOT_NS // 2)

    rec = simulate(Config(gomaxprocs=2, gcshrinkstackoff=off), Program(main))
    changes = [one for one in stack_changes(rec) if one.g == 2]
    begins = [t for t, _, _ in rec.logs()[::2]]
    sizes = [max((c.t_ns, c.new) for c in changes if c.t_ns < end)[1] for end in (*begins[1:], rec.end_ns)]
    return sizes, [used for _, _, used in rec.logs()[1::2]], len(changes)


def _steps(p: Params) -> Steps:
    return tuple((what, calls) for what, calls in p["steps"])


def _draw(draw: Random) -> dict[str, Any]:
    """Depths in the middle of a size: what counts is the rule, and not some bytes."""
    size = draw.choice((16, 32, 64)) << 10
    again = draw.choice((size // 2, size, 2 * size))
    first, second = (one * draw.randrange(58, 80) // 100 // (_FRAME + 8) for one in (size, again))
    collections = ["wait", "wait", "call"]
    draw.shuffle(collections)
    steps = [["dive", first], ["back", first], *([what, 0] for what in collections), ["dive", second], ["deep", 0],
             ["back", second], ["wait", 0]]  # fmt: skip
    return {"steps": steps}


def _truth(p: Params) -> dict[str, Any]:
    sizes, _, copies = _run(_steps(p))
    return {"sizes": sizes, "copies": copies, "copies_off": _run(_steps(p), True)[2]}


def _by_4_kb(p: Params) -> list[int]:
    """The sizes if a stack grew by 4 KB, and gave all back as soon as it could."""
    _, used, _ = _run(_steps(p))
    return [2048 + 4096 * max(0, -(-(n + 928 - 2048) // 4096)) for n in used]


_MARKS: Final = {
    "dive": ("growing", 1), "back": ("returning", 0.5), "wait": ("collections while it waits", 0.75),
    "call": ("a collection in a system call", 0.5), "deep": ("a collection deep down", 0.25),
}  # fmt: skip
_WHY: Final = {
    "dive": "On its way down a stack doubles, from the size that it has, until all fits in: what is in use and the guard of 928 bytes.",
    "back": "Returning makes no stack smaller.",
    "wait": "A collection halves a stack, once, of which less than a quarter is in use.",
    "call": "While its goroutine is in a system call the kernel may hold pointers into a stack: it stays where it is.",
    "deep": "A stack of which a quarter or more is in use stays as it is.",
    "copies": "Each doubling and each halving is a copy to another block; from 2048 bytes to 16 KiB these are three.",
    "copies_off": "With gcshrinkstackoff=1 no collection makes a stack smaller, and so it need not grow again.",
}


def _check(p: Params, answer: Answer) -> list[Mark]:
    truth, given = _truth(p), answer.typed("sizes", list)
    answer.value("copies", "copies_off")
    groups: dict[str, list[bool]] = {what: [] for what in _MARKS}
    for n, (what, _) in enumerate(p["steps"]):
        right = n < len(given) and same(given[n], truth["sizes"][n])
        groups[what].append(right)
    by_4 = "growth-always-4-kb" if given[:1] == _by_4_kb(p)[:1] else ""
    return [
        *(mark(*_MARKS[what], sum(group) / len(group), _WHY[what], misconception=by_4 if what == "dive" else "", see="02-1")
          for what, group in groups.items()),
        one_value(answer, "copies", truth["copies"], 0.5, _WHY["copies"], believed={0: "stack-segments"}, see="02-1"),
        one_value(answer, "copies_off", truth["copies_off"], 0.5, _WHY["copies_off"], see="02-1"),
    ]  # fmt: skip


def _text(p: Params) -> str:
    _, used, _ = _run(_steps(p))
    words = {
        "back": "returns from all of these calls", "wait": "sleeps; meanwhile the collector runs once",
        "call": "is in a long system call; meanwhile the collector runs once",
        "deep": "sleeps deep down there; meanwhile the collector runs once",
    }  # fmt: skip
    lines = []
    for n, (what, _) in enumerate(p["steps"]):
        down = f"goes down in small calls, until {used[n]:,} bytes of its stack are in use"
        lines.append(f"{n}  {down if what == 'dive' else words[what]}")
    return f"""A new goroutine (Go 1.27, Linux) has a stack of 2048 bytes. It does this, one after the other; each call on its way down is
small (frames of {_FRAME} bytes), and when it has returned from all of them, fewer than 200 bytes are in use. (In a system call
the kernel may have been given the address of something on the stack.)

```text
{chr(10).join(lines)}
```

* `sizes`: the size of its stack, in bytes, at the end of each of these nine steps;
* `copies`: how often its stack is copied in all of them together;
* `copies_off`: how often with `GODEBUG=gcshrinkstackoff=1`, which forbids the collector to change the size of a stack."""


def _said(p: Params, **other: Any) -> str:
    return assigned({**_truth(p), **other})


def _ruled(p: Params, *, call: bool = False, deep: bool = False, floor: bool = False, back: bool = False) -> dict[str, Any]:
    """Sizes and copies by a rule that shrinks where Go does not."""
    size, sizes, copies = 2048, [], 0
    for (what, _), used in zip(p["steps"], _run(_steps(p))[1], strict=True):
        before = size
        while size - used < 928:
            size, copies = size * 2, copies + 1
        if back and what == "back":
            size = 2048
        shrinks = what == "wait" or (what == "call" and call)
        if (shrinks and (used + 800) * 4 < size) or (what == "deep" and deep):
            size = 2048 if floor else size // 2
        copies += size < before
        sizes.append(size)
    return {"sizes": sizes, "copies": copies}


def _derived(p: Params) -> str:
    """Another solution: the rule in code, from the text's numbers."""
    steps = [(what, used) for (what, _), used in zip(p["steps"], _run(_steps(p))[1], strict=True)]
    return f"""
def followed(shrinks):
    size, sizes, copies = 2048, [], 0
    for what, used in {steps!r}:
        while size - used < 928:
            size, copies = size * 2, copies + 1
        if what == "wait" and shrinks and used + 800 < size / 4:
            size, copies = size // 2, copies + 1
        sizes.append(size)
    return sizes, copies

sizes, copies = followed(True)
copies_off = followed(False)[1]
""".strip()


STACK = Question(
    id="final-exam-stack", title="A stack through calls and collections", kind="predict", points=4, minutes=6, see="02-1",
    objective="Follow the size of a stack through calls, returns and collections, and count its copies",
    draw=_draw, text=_text, starter=lambda p: "sizes = []\ncopies = ...\ncopies_off = ...",
    form="sizes: list of int; copies: int; copies_off: int", check=_check, reference=_said,
    believer=lambda p: assigned({"sizes": _by_4_kb(p), "copies": 0, "copies_off": 0}), right=(_derived,),
    wrong=(
        Wrong("in system calls too", lambda p: _said(p, **_ruled(p, call=True)), 0.9),
        Wrong("deep down too", lambda p: _said(p, **_ruled(p, deep=True)), 0.9),
        Wrong("down to 2 KB at once", lambda p: _said(p, **_ruled(p, floor=True)), 0.85),
        Wrong("back to 2 KB at the return", lambda p: _said(p, **_ruled(p, back=True)), 0.7),
        Wrong("no collection shrinks", lambda p: _said(p, sizes=[max(_truth(p)["sizes"][: n + 1]) for n in range(9)], copies=_truth(p)["copies_off"]), 0.8),
    ),
    partial=((lambda p: _said(p, sizes=[], copies=0), 0.5 / 4), (lambda p: _said(p, copies=0, copies_off=0), 3 / 4)),
    claims=("2.1-03", "2.1-07", "2.1-08"),
)  # fmt: skip
