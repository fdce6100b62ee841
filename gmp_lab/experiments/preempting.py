"""Experiments of chapter 4 on where a request to stop is noticed: at runtime, and in the compiler's listing."""

from __future__ import annotations

from typing import Final

from gmp_lab.experiments.model import Band, Experiment, Point, Values
from gmp_lab.gocell.asm import listing
from gmp_lab.gocell.cell import whole_program
from gmp_lab.golang import Toolchain
from gmp_lab.simulate import simulate
from gmp_lab.workload import Body, Chan, Program, chan, go, now, recv, send, syscall, work

OFF: Final = {"GODEBUG": "asyncpreemptoff=1"}
KINDS: Final = ("free", "leaf", "call")  # of triggers.go, by number
LOOPS: Final = ("ten", "sixteen", "hundred", "ranged", "indexed", "nested", "calls")  # of loop_kinds.go
SHOWN: Final = ("hundred", "calls")  # those whose whole listing is kept


def _note(began: Chan) -> Body:
    t: object = yield now()
    yield send(began, t)


def _wait_over_loop(point: Point, kind: str, ms: int, cut: bool) -> float:
    """The share of a loop (or of two, with a system call between) for which a ready goroutine waits for it."""
    shares: list[float] = []

    def main() -> Body:
        began = chan(1)
        yield work(ms=20)
        start = yield now()
        yield go(_note, began)
        yield work(ms=ms // 2 if cut else ms, loop=kind)
        if cut:
            yield syscall(us=0.1)
            if kind != "free":
                yield work(ns=1, loop="call")  # a function that calls others begins with a check, its loop has none
            yield work(ms=ms // 2, loop=kind)
        end = yield now()
        shares.append(((yield recv(began)) - start) / (end - start))

    simulate(point.config(), Program(main))
    return shares[0]


def triggers(point: Point) -> Values:
    """triggers.go."""
    kind, ms, cut = point.arguments.values()
    return {"wait_over_loop": (_wait_over_loop(point, KINDS[kind], ms, bool(cut)),)}


def loop_kinds(point: Point) -> Values:
    """loop_kinds.go: which of the loops are stopped if nobody may send a signal; a simulation has no listing."""
    free, calls = (float(_wait_over_loop(point, kind, 100, False) < 0.9) for kind in ("free", "call"))
    values: Values = {name: (calls if name == "calls" else free,) for name in LOOPS}
    return values | {f"{name} listed": () for name in SHOWN}


def listed(source: str, toolchain: Toolchain) -> Values:
    """For each loop 1 if it calls a function that may have a check in its prologue, else 0; and some listings."""
    code = listing(whole_program(source), toolchain)
    unchecked = {f"main.{function.name}" for function in code.functions if not function.checked}
    values: Values = {}
    for name in LOOPS:
        calls = {call for loop in code[name].loops for call in loop.calls}
        values[name] = (float(bool(calls - unchecked)),)
    return values | {f"{name} listed": tuple(code[name].text().splitlines()) for name in SHOWN}


STOPPED: Final = Band("wait_over_loop", 0, 0.3, "the loop is stopped on its way")
TO_THE_END: Final = Band("wait_over_loop", 0.9, 1.2, "the loop runs to its end")
PAST_THE_CALL: Final = Band("wait_over_loop", 0.9, 1.2, "the system call does not stop it")
AFTER_THE_CALL: Final = Band("wait_over_loop", 0.4, 0.7, "the first prologue after the system call stops it")


def _point(kind: int, off: bool, band: Band, cut: int = 0) -> Point:
    return Point(1, {"kind": kind, "ms": 300, "cut": cut}, OFF if off else {}, bands=(band,))


ALL: Final = (
    Experiment(
        "triggers", "Where does a goroutine notice that it is to stop?", "04-1-preemption-triggers", "triggers.go",
        (
            *(_point(kind, False, STOPPED) for kind in (0, 1, 2)),
            _point(0, True, TO_THE_END), _point(1, True, TO_THE_END), _point(2, True, STOPPED),
            _point(0, True, PAST_THE_CALL, cut=1), _point(1, True, AFTER_THE_CALL, cut=1),
        ),
        triggers, ("4.1-06", "4.1-10", "4.1-13", "4.1-14", "4.1-17", "4.1-19"),
        files=("enter_unix.go", "enter_other.go"),
    ),
    Experiment(
        "loop_kinds", "Does the compiler put a check into loops of some length or kind?", "04-3-tight-loops",
        "loop_kinds.go", (Point(1, env=OFF, exact=LOOPS),), loop_kinds,
        ("1-24", "1-27", "4.3-04", "4.3-05", "4.3-06", "4.3-10", "4.3-11", "4.3-12", "4.3-13"), examine=listed,
    ),
)  # fmt: skip
