"""Questions to practise with, notebook 02-1: when a stack grows, and what collections may do with it."""

from __future__ import annotations

from random import Random
from typing import Any, Final

from gmp_lab.exam.answer import Answer
from gmp_lab.exam.kit import assigned, one_value
from gmp_lab.exam.model import Mark, Params, Question, Wrong
from gmp_lab.practice.finding import broken_rule
from gmp_lab.stackmath import growths

# --- a recursion ----------------------------------------------------------------------------------------------------


def _depth_draw(draw: Random) -> dict[str, Any]:
    """A depth that lies well between two growths, so that a call more or less is no mistake in the last question."""
    frame = 8 * draw.randrange(5, 16)
    steps = growths(frame=frame, depth=100_000)
    k = draw.randrange(2, 5)
    return {"frame": frame, "depth": draw.randrange(steps[k - 1].depth + 4, steps[k].depth - 3)}


def _depth_truth(p: Params) -> dict[str, int]:
    steps = growths(frame=p["frame"], depth=p["depth"])
    return {"first": steps[0].depth, "size": steps[-1].new, "copied": steps[-1].used}


def _depth_check(p: Params, answer: Answer) -> list[Mark]:
    truth = _depth_truth(p)
    answer.value(*truth)
    first = truth["first"]
    by_4 = dict.fromkeys((_by_4_kb(p), _by_4_kb(p) + 4096), "growth-always-4-kb")
    near = {truth["copied"] + p["frame"] + 8: 0.5, truth["copied"] - p["frame"] - 8: 0.5}
    return [
        one_value(answer, "first", first, 1, "Call n finds 112 + (n - 1) * (frame + 8) bytes in use. Its prologue "
                  "calls morestack as soon as no more than 928 bytes (stackGuard) are left of 2048.",
                  near={first - 1: 0.5, first + 1: 0.5}, see="02-1"),
        one_value(answer, "size", truth["size"], 1, "Each growth doubles the stack.", believed=by_4, see="02-1"),
        one_value(answer, "copied", truth["copied"], 1, "Copied is what is in use when that growth comes, and "
                  "not the whole stack.", near=near, see="02-1"),
    ]  # fmt: skip


def _depth(p: Params, **other: int) -> str:
    return assigned({**_depth_truth(p), **other})


def _by_4_kb(p: Params) -> int:
    """The size if stacks grew by 4 KB."""
    needed = 112 + int(p["depth"]) * (int(p["frame"]) + 8) + 928
    return 2048 + 4096 * -(-(needed - 2048) // 4096)


DEPTH: Final = Question(
    id="practice-02-1-depth", title="How deep until it grows?", kind="compute", points=3, minutes=6, see="02-1",
    objective="Work out when a stack grows, how large it becomes and what is copied", draw=_depth_draw,
    text=lambda p: f"""A new goroutine (Go 1.27, Linux) calls a function that calls itself again and again. Its
frame has {p['frame']} bytes, and each call pushes 8 bytes more for the return address. When the first of these
calls is entered, 112 bytes of the stack of 2048 are in use.

* `first`: the number of the call (1, 2, 3, ...) at which the stack grows for the first time;
* `size`: how many bytes the stack has when call number {p['depth']} runs;
* `copied`: how many bytes the last growth until then has copied.""",
    starter=lambda p: "first = ...\nsize = ...\ncopied = ...", form="first: int; size: int; copied: int",
    check=_depth_check, reference=_depth,
    believer=lambda p: assigned({"first": 2048 // p["frame"], "size": _by_4_kb(p), "copied": 0}),
    wrong=(
        Wrong("no guard", lambda p: _depth(p, first=(2048 - 112) // (p["frame"] + 8) + 1), 0.67),
        Wrong("the whole stack", lambda p: _depth(p, copied=_depth_truth(p)["size"] // 2), 0.67),
    ),
)  # fmt: skip

# --- a log ----------------------------------------------------------------------------------------------------------

_RULES: Final = {
    "a": "a stack doubles until the frame fits in, and not once more",
    "b": "a stack grows only if a prologue finds too little room",
    "c": "a collection halves a stack only if less than a quarter of it is in use",
    "d": "a collection halves a stack once",
    "e": "the stack of a goroutine in a system call is left alone",
    "f": "copied is what is in use",
}


def _row(draw: Random, what: str) -> dict[str, Any]:
    """A line of the log: what happens to a stack of so many bytes, of which so many are in use."""
    size = 2048 << draw.randrange(2, 6)
    used = {
        "grows": size - 8 * draw.randrange(16, 100), "wide": 8 * draw.randrange(20, size // 32),
        "room": size // 2 - 8 * draw.randrange(20, 60),
        "full": size // 2 - 8 * draw.randrange(8, size // 64), "halves": 8 * draw.randrange(20, (size // 8) // 8),
        "call": 8 * draw.randrange(20, (size // 8) // 8),
    }[what]  # fmt: skip
    frame = size * draw.choice((2, 5)) if what == "wide" else 8 * draw.randrange(4, 16)
    return {"what": what, "g": draw.randrange(2, 900), "size": size, "used": used, "frame": frame}


_BROKEN: Final = {"a": "wide", "b": "room", "c": "full", "d": "halves", "e": "call", "f": "grows"}


def _log_draw(draw: Random) -> dict[str, Any]:
    kinds = [*("grows", "wide", "room", "full", "halves", "call"), *draw.choices(("grows", "wide", "halves"), k=3)]
    draw.shuffle(kinds)
    rule, bad = draw.choice(list(_RULES)), draw.randrange(1, len(kinds))
    kinds[bad] = _BROKEN[rule]
    return {"rows": [_row(draw, what) for what in kinds], "bad": bad, "rule": rule}


def _line(row: dict[str, Any], broken: str) -> str:
    size, used, frame, what = row["size"], row["used"], row["frame"], row["what"]
    head = f"G{row['g']}, stack {size}, in use {used}"
    if what in ("grows", "wide", "room"):
        new = 2 * size
        while new - used < frame + 928:
            new *= 2
        new = 2 * new if broken == "a" else new
        done = f"grows to {new}, copies {size if broken == 'f' else used}"
        if what == "room" and broken != "b":
            done = "stays as it is"
        return f"{head}, enters a frame of {frame}: {done}"
    shrinks = what == "halves" or broken in ("c", "e")
    new = size // 4 if broken == "d" else size // 2
    where = ", in a system call" if what == "call" else ""
    return f"{head}{where}, collection: {f'shrinks to {new}, copies {used}' if shrinks else 'stays as it is'}"


def _log(p: Params) -> tuple[str, str]:
    lines = "\n".join(f"{n}  {_line(row, p['rule'] if n == p['bad'] else '')}" for n, row in enumerate(p["rows"]))
    return "Somebody has changed the functions for stacks. They log what they do (all sizes in bytes):", lines


LOG: Final = broken_rule(
    id="practice-02-1-log", title="One of these stacks is not Go's", minutes=6, see="02-1", draw=_log_draw, log=_log,
    objective="Find the growth or shrinking that breaks a rule, and name the rule", rules=_RULES,
    hint="In each line: is there room for the frame and 928 bytes? Is less than a quarter in use? What is copied?",
)  # fmt: skip

QUESTIONS: Final = (DEPTH, LOG)
