"""Stacks that are too small: what a call costs where the stack ends, and the rule by which a stack grows.

Up to Go 1.2 a stack was a chain of segments, and a function that did not fit got a new one, which was freed when it
returned.  So a loop that stood by chance at the end of a segment paid for both each time round (a hot split).
``loop_at`` is such a loop, at a depth that can be chosen.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from gmp_lab.chapters.tasks import Case, Tried, tried
from gmp_lab.draw.sweepplot import TableLike
from gmp_lab.errors import check_int
from gmp_lab.recording import Recording
from gmp_lab.stackmath import growths
from gmp_lab.stacks import call, check_frame, recurse, ret
from gmp_lab.workload import Body, Program, go, log, now, sleep

DEEPEST: Final = 10_000
CASES: Final = ((488, 2), (488, 3), (120, 8), (5000, 0), (40_000, 0))  # frame in bytes, which growth of a recursion


def loop_at(depth: int = 60, frame: int = 120, calls: int = 200) -> Program:
    """A goroutine that goes ``depth`` calls deep (0 to 10,000) and calls one more function ``calls`` times there.

    All have a frame of ``frame`` bytes, a multiple of 8.  It notes how long the loop took, in ns: ``ns_for_a_call``.
    """
    check_int("depth", depth, 0, DEEPEST)
    check_frame("frame", frame)
    check_int("calls", calls, 1, 1_000_000)
    params = {"depth": depth, "frame": frame, "calls": calls}
    return Program(_loop_main, depth, frame, calls, name="loop_at", params=params)


def _loop_main(depth: int, frame: int, calls: int) -> Body:
    yield go(_loop, depth, frame, calls)
    yield sleep(ms=10)


def _loop(depth: int, frame: int, calls: int) -> Body:
    yield call(frame=24)
    yield recurse(depth + 1, frame=frame)  # one more than asked for: a stack that is copied has grown before the loop
    yield ret()
    began: int = yield now()
    for _ in range(calls):
        yield recurse(1, frame=frame)
        yield ret()
    ended: int = yield now()
    yield log(ended - began)


def ns_for_a_call(rec: Recording) -> float:
    """How long one call took on average in the loop of a run of ``loop_at``, with its return; ns."""
    (_, _, took), *_ = rec.logs()
    return float(took / rec.params["calls"])


def levels_text(table: TableLike, measure: str, *, x: str, by: str) -> str:
    """A sweep whose lines are flat but for a few points, in words: each level of a line, and where it is rare, where.

    ``x`` and ``by`` are names of axes, as for ``draw.sweep_plot``.
    """
    names = [name for name, _ in table.axes]
    at_x, at_by = names.index(x), names.index(by)
    lines = []
    for key in dict(table.axes)[by]:
        levels: dict[float, list[str]] = {}
        for point in table.points(measure):
            if point.at[at_by] == key:
                levels.setdefault(point.mean, []).append(str(point.at[at_x]))
        said = (f"{level:g} at {_places(where)}" for level, where in levels.items())
        lines.append(f"{by.rpartition('.')[2]} {key}: {measure} " + ", ".join(said))
    return "\n".join(lines)


def _places(where: list[str]) -> str:
    return ", ".join(where) if len(where) <= 5 else f"{len(where)} points from {where[0]} to {where[-1]}"


# --- the student's task: how large a stack does newstack take? -----------------------------------------------------


def try_new_size(answer: Callable[[int, int, int], Any]) -> Tried:
    """Try a student's ``answer(size, used, frame)`` on growths of the runtime's rules: the size of the new stack.

    ``size`` of the stack that is too small, ``used`` of it, ``frame`` of the function that does not fit; bytes.
    """
    cases = []
    for frame, number in CASES:
        step = growths(frame=frame, depth=DEEPEST)[number]
        said = f"{step.old:,} bytes, {step.used:,} in use, a frame of {frame:,}"
        cases.append(Case(said, (step.old, step.used, frame), step.new))
    return tried(answer, cases)
