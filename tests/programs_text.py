"""Small programs written down twice, as Go source and as generator bodies: what both are made of is a Plan.

A Plan is a tree of plain tuples, so that it can be compared, shrunk and printed; ``go_source`` and ``python_source``
write it down in the two languages.  A statement is (kind, object, number, body); the kinds are the rows of KINDS.
A mark is a number that is written into the log; each place has its own, and in a loop each turn has.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import count
from typing import Any, NamedTuple

Statement = tuple[str, str, int, tuple[Any, ...]]


class Plan(NamedTuple):
    """A program: the capacity of each channel (-1: a nil channel), and main's statements."""

    chans: tuple[int, ...]
    body: tuple[Statement, ...]


class Kind(NamedTuple):
    """How a statement is written: {a} is its object, {k} its number, {v} its mark, {i} a loop's variable."""

    go: str
    python: str


KINDS: dict[str, Kind] = {
    "mark": Kind("mark({v})", "yield log({v})"),
    "send": Kind("{a} <- {v}", "yield send({a}, {v})"),
    "recv": Kind("mark(<-{a})", "yield log((yield recv({a})) or 0)"),
    "recv2": Kind(
        "if v, ok := <-{a}; ok {{\n\tmark(v)\n}} else {{\n\tmark(-({v}))\n}}",
        "v, ok = yield recv2({a})\nyield log(v if ok else -({v}))",
    ),
    "len": Kind("mark(len({a}))", "yield log(len({a} or ()))"),
    "close": Kind("close({a})", "yield close({a})"),
    "gosched": Kind("runtime.Gosched()", "yield gosched()"),
    "work": Kind("work({k})", "yield work(us={k})"),
    "add": Kind("{a}.Add({k})", "yield {a}.Add({k})"),
    "done": Kind("{a}.Done()", "yield {a}.Done()"),
    "wait": Kind("{a}.Wait()", "yield {a}.Wait()"),
    "lock": Kind("{a}.Lock()", "yield {a}.Lock()"),
    "unlock": Kind("{a}.Unlock()", "yield {a}.Unlock()"),
    "trylock": Kind(
        "if {a}.TryLock() {{\n\tmark({v})\n\t{a}.Unlock()\n}}",
        "if (yield {a}.TryLock()):\n    yield log({v})\n    yield {a}.Unlock()",
    ),
    "rlock": Kind("{a}.RLock()", "yield {a}.RLock()"),
    "runlock": Kind("{a}.RUnlock()", "yield {a}.RUnlock()"),
    "tryrlock": Kind(
        "if {a}.TryRLock() {{\n\tmark({v})\n\t{a}.RUnlock()\n}}",
        "if (yield {a}.TryRLock()):\n    yield log({v})\n    yield {a}.RUnlock()",
    ),
    "condwait": Kind("{a}.Wait()", "yield {a}.Wait()"),
    "signal": Kind("{a}.Signal()", "yield {a}.Signal()"),
    "broadcast": Kind("{a}.Broadcast()", "yield {a}.Broadcast()"),
    "tryrecv": Kind(
        "select {{\ncase v := <-{a}:\n\tmark(v)\ndefault:\n\tmark(-({v}))\n}}",
        "case, v, _ = yield select(recv_case({a}), default=True)\nyield log(-({v}) if case < 0 else v or 0)",
    ),
    "trysend": Kind(
        "select {{\ncase {a} <- {v}:\n\tmark(0)\ndefault:\n\tmark(-({v}))\n}}",
        "case, _, _ = yield select(send_case({a}, {v}), default=True)\nyield log(-({v}) if case < 0 else 0)",
    ),
    "eitherrecv": Kind(  # from {a} or from c{k}
        "select {{\ncase v := <-{a}:\n\tmark(v)\ncase v := <-c{k}:\n\tmark(-v)\n}}",
        "case, v, _ = yield select(recv_case({a}), recv_case(c{k}))\nyield log(-(v or 0) if case else v or 0)",
    ),
    "eithersend": Kind(
        "select {{\ncase {a} <- {v}:\n\tmark(0)\ncase v := <-c{k}:\n\tmark(-v)\n}}",
        "case, v, _ = yield select(send_case({a}, {v}), recv_case(c{k}))\nyield log(-(v or 0) if case else 0)",
    ),
    "goexit": Kind("runtime.Goexit()", "yield goexit()"),
    "lockthread": Kind("runtime.LockOSThread()", "yield lock_os_thread()"),
    "unlockthread": Kind("runtime.UnlockOSThread()", "yield unlock_os_thread()"),
    "go": Kind("go func() {{", "yield go({f})"),
    "loop": Kind("for {i} := range {k} {{", "for {i} in range({k}):"),
    "range": Kind(
        "for v := range {a} {{\n\tmark(v)",
        "while (v := (yield recv({a}))) is not None:\n    yield log(v)",
    ),
}  # fmt: skip
OBJECTS = {  # by name, or by the first letters of the name: in Go, in Python, what it needs
    "wg": ("var {a} sync.WaitGroup", "{a} = WaitGroup()", ""),
    "mu": ("var {a} sync.Mutex", "{a} = Mutex()", ""),
    "rw": ("var {a} sync.RWMutex", "{a} = RWMutex()", ""),
    "cond0": ("{a} := sync.NewCond(&mu0)", "{a} = Cond(mu0)", "mu0"),
    "cond1": ("{a} := sync.NewCond(&rw0)", "{a} = Cond(rw0)", "rw0"),
    "cond2": ("{a} := sync.NewCond(rw0.RLocker())", "{a} = Cond(rw0.RLocker())", "rw0"),
}
VARIABLES = "ijklmn"
GO, PYTHON = 0, 1


def statements(body: tuple[Statement, ...]) -> Iterator[Statement]:
    """All statements, also the inner ones."""
    for statement in body:
        yield statement
        yield from statements(statement[3])


def _value(number: int, loops: int) -> str:
    """The mark of a place: its number, and in loops the turns as well."""
    turns = "".join(f" + {v}" if deep == loops - 1 else f" + 10*{v}" for deep, v in enumerate(VARIABLES[:loops]))
    return f"{number * 10_000}{turns}" if loops else str(number)


def _indented(text: str, by: str) -> str:
    return "\n".join(by + line for line in text.split("\n"))


def _go_body(body: tuple[Statement, ...], places: Iterator[int], loops: int) -> str:
    lines = []
    for kind, a, k, inner in body:
        text = KINDS[kind].go.format(a=a, k=k, i=VARIABLES[loops], v=_value(next(places), loops))
        if kind in ("go", "loop", "range"):
            inside = _go_body(inner, places, loops + (kind == "loop"))
            if kind == "loop" and not re.search(rf"\b{VARIABLES[loops]}\b", inside):
                text = f"for range {k} {{"
            text = "\n".join([text, *([_indented(inside, "\t")] if inside else []), "}()" if kind == "go" else "}"])
        lines.append(text)
    return "\n".join(lines)


def _python_body(body: tuple[Statement, ...], places: Iterator[int], names: Iterator[int], loops: int) -> str:
    lines = []
    for kind, a, k, inner in body:
        value = _value(next(places), loops)
        name = f"g{next(names)}" if kind == "go" else ""
        given = ", ".join(VARIABLES[:loops])
        call = f"{name}, {given}" if given else name
        text = KINDS[kind].python.format(a=a, k=k, i=VARIABLES[loops], v=value, f=call)
        if kind in ("go", "loop", "range"):
            inside = _python_body(inner, places, names, loops + (kind == "loop"))
            if kind == "go":
                text = f"def {name}({given}):\n{_indented(inside or 'return', '    ')}"
                text += ("" if "yield" in inside else "\n    yield") + f"\nyield go({call})"
            elif inside or kind == "loop":
                text = f"{text}\n{_indented(inside or 'pass', '    ')}"
        lines.append(text)
    return "\n".join(lines)


def _objects(plan: Plan, text: str, language: int) -> list[str]:
    """Declarations of what the text uses; a Cond comes after what it locks."""
    names = set(re.findall(r"\b(?:c|wg|mu|rw|cond)\d+\b", text))
    names |= {OBJECTS[name][2] for name in names if name in OBJECTS}
    lines = []
    for name in sorted(names):
        prefix = name.rstrip("0123456789")
        if prefix == "c":
            size = plan.chans[int(name[1:])]
            made = ("make(chan int)" if size == 0 else f"make(chan int, {size})", f"chan({size})")[language]
            nil = (f"var {name} chan int", f"{name} = None")[language]
            lines.append(nil if size < 0 else f"{name} {':' * (language == GO)}= {made}")
        else:
            lines.append(OBJECTS[name if name in OBJECTS else prefix][language].format(a=name))
    return sorted(lines, key=lambda line: "Cond" in line)


def go_function(plan: Plan, name: str) -> str:
    """The plan as a Go function."""
    body = _go_body(plan.body, count(1), 0)
    return f"func {name}() {{\n{_indented(chr(10).join([*_objects(plan, body, GO), body]), chr(9))}\n}}\n"


def python_source(plan: Plan) -> str:
    """The plan as a generator function ``main``."""
    body = _python_body(plan.body, count(1), count(1), 0)
    text = "\n".join([*_objects(plan, body, PYTHON), body])
    return f"def main():\n{_indented(text, '    ')}\n" + ("" if "yield" in text else "    return\n    yield\n")


_GO_HEAD = """package main

import (
	"os"
	"runtime"
	"strconv"
	"sync"
%s)

var (
	sink int
	_    sync.Mutex
	_    = runtime.Gosched
)

// mark writes a number at once, and not through a system call that the scheduler is told of.
func mark(v int) { println(v) }

//go:noinline
func work(us int) {
	for n := us * 300; n > 0; n-- {
		sink += n
	}
}

"""


def go_source(plans: list[Plan], imports: str = "") -> str:
    """One Go program that holds all of the plans: its argument is the number of the one that is to run.

    ``imports`` are further packages, a line each; the first schedule of a process may depend on them.
    """
    functions = [go_function(plan, f"p{number}") for number, plan in enumerate(plans)]
    table = ", ".join(f"p{number}" for number in range(len(plans)))
    main = "func main() {\n\tn, _ := strconv.Atoi(os.Args[1])\n\tprograms[n]()\n}\n"
    return "\n".join([_GO_HEAD % imports + f"var programs = []func(){{{table}}}\n", *functions, main])
