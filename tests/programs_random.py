"""Random small programs, each as Go source and as generator bodies: what both are made of is a Plan.

A Plan is a tree of plain tuples, so that it can be compared, shrunk and printed; ``go_source`` and ``python_source``
write it down in the two languages.  A statement is (kind, object, number, body); the kinds are the rows of KINDS.
A mark is a number that is written into the log; each place has its own, and in a loop each turn has.

By construction nothing depends on time or on chance, as orders are to be compared exactly: work takes a few
microseconds and stays outside of long loops (no time slice ends), locks are not fought for by hundreds (nobody waits
for 1 ms, which would make a Mutex starving), and a select has one case and a default.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable
from itertools import count
from typing import Any, NamedTuple

from hypothesis import strategies as st

from gmp_lab import workload

Statement = tuple[str, str, int, tuple[Any, ...]]
LONG = 60  # turns from which on a loop is a long one


class Plan(NamedTuple):
    """A program: the capacity of each channel (-1: a nil channel), and main's statements."""

    chans: tuple[int, ...]
    body: tuple[Statement, ...]


class Kind(NamedTuple):
    """How a statement is written: {a} is its object, {k} its number, {v} its mark; and what the model must have."""

    go: str
    python: str
    needs: str = ""


KINDS: dict[str, Kind] = {
    "mark": Kind("mark({v})", "yield log({v})"),
    "send": Kind("{a} <- {v}", "yield send({a}, {v})"),
    "recv": Kind("mark(<-{a})", "yield log((yield recv({a})) or 0)"),
    "close": Kind("close({a})", "yield close({a})"),
    "gosched": Kind("runtime.Gosched()", "yield gosched()"),
    "work": Kind("work({k})", "yield work(us={k})"),
    "add": Kind("{a}.Add({k})", "yield {a}.Add({k})"),
    "done": Kind("{a}.Done()", "yield {a}.Done()"),
    "wait": Kind("{a}.Wait()", "yield {a}.Wait()"),
    "lock": Kind("{a}.Lock()", "yield {a}.Lock()", "sync"),
    "unlock": Kind("{a}.Unlock()", "yield {a}.Unlock()", "sync"),
    "trylock": Kind(
        "if {a}.TryLock() {{\n\tmark({v})\n\t{a}.Unlock()\n}}",
        "if (yield {a}.TryLock()):\n    yield log({v})\n    yield {a}.Unlock()", "sync",
    ),
    "rlock": Kind("{a}.RLock()", "yield {a}.RLock()", "sync"),
    "runlock": Kind("{a}.RUnlock()", "yield {a}.RUnlock()", "sync"),
    "condwait": Kind("{a}.Wait()", "yield {a}.Wait()", "sync"),
    "signal": Kind("{a}.Signal()", "yield {a}.Signal()", "sync"),
    "broadcast": Kind("{a}.Broadcast()", "yield {a}.Broadcast()", "sync"),
    "tryrecv": Kind(
        "select {{\ncase v := <-{a}:\n\tmark(v)\ndefault:\n\tmark(-({v}))\n}}",
        "case, v, _ = yield select(recv_case({a}), default=True)\nyield log(-({v}) if case < 0 else v or 0)", "select",
    ),
    "trysend": Kind(
        "select {{\ncase {a} <- {v}:\n\tmark(0)\ndefault:\n\tmark(-({v}))\n}}",
        "case, _, _ = yield select(send_case({a}, {v}), default=True)\nyield log(-({v}) if case < 0 else 0)", "select",
    ),
    "goexit": Kind("runtime.Goexit()", "yield goexit()", "goexit"),
    "go": Kind("go func() {{", "yield go({f})"),
    "loop": Kind("for {i} := range {k} {{", "for {i} in range({k}):"),
    "range": Kind("for v := range {a} {{\n\tmark(v)", "while (v := (yield recv({a}))) is not None:\n    yield log(v)"),
}  # fmt: skip
OBJECTS = {  # by the first letters of the name: in Go, in Python
    "wg": ("var {a} sync.WaitGroup", "{a} = WaitGroup()"),
    "mu": ("var {a} sync.Mutex", "{a} = Mutex()"),
    "rw": ("var {a} sync.RWMutex", "{a} = RWMutex()"),
    "cond": ("{a} := sync.NewCond(&mu0)", "{a} = Cond(mu0)"),
}
VARIABLES = "ijklmn"


def has(needed: str) -> bool:
    """Whether the model has what a kind of statement needs."""
    return not needed or hasattr(workload, needed) or importlib.util.find_spec(f"gmp_lab.{needed}") is not None


# --- writing it down ---------------------------------------------------------------------------------------------


def _value(number: int, loops: int) -> str:
    """The mark of a place: its number, and in loops the turns as well."""
    turns = "".join(f" + {v}" if deep == loops - 1 else f" + 10*{v}" for deep, v in enumerate(VARIABLES[:loops]))
    return f"{number * 10_000}{turns}" if loops else str(number)


def _indented(text: str, by: str) -> str:
    return "\n".join(by + line for line in text.split("\n"))


def _go_body(body: tuple[Statement, ...], places: Any, loops: int) -> str:
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


def _python_body(body: tuple[Statement, ...], places: Any, names: Any, loops: int) -> str:
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
    """Declarations of what the text uses."""
    lines = []
    for name in sorted(set(re.findall(r"\b(?:c|wg|mu|rw|cond)\d+\b", text + (" mu0" if "cond0" in text else "")))):
        prefix, number = re.findall(r"([a-z]+)(\d+)", name)[0]
        if prefix == "c":
            size = plan.chans[int(number)]
            made = ("make(chan int)" if size == 0 else f"make(chan int, {size})", f"chan({size})")[language]
            nil = (f"var {name} chan int", f"{name} = None")[language]
            lines.append(nil if size < 0 else f"{name} {':' * (language == 0)}= {made}")
        else:
            lines.append(OBJECTS[prefix][language].format(a=name))
    return sorted(lines, key=lambda line: "cond" in line)


def go_function(plan: Plan, name: str) -> str:
    """The plan as a Go function."""
    body = _go_body(plan.body, count(1), 0)
    return f"func {name}() {{\n{_indented(chr(10).join([*_objects(plan, body, 0), body]), chr(9))}\n}}\n"


def python_source(plan: Plan) -> str:
    """The plan as a generator function ``main``."""
    body = _python_body(plan.body, count(1), count(1), 0)
    text = "\n".join([*_objects(plan, body, 1), body])
    return f"def main():\n{_indented(text, '    ')}\n" + ("" if "yield" in text else "    return\n    yield\n")


_GO_HEAD = """package main

import (
	"os"
	"runtime"
	"strconv"
	"sync"
)

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


def go_source(plans: list[Plan]) -> str:
    """One Go program that holds all of the plans: its argument is the number of the one that is to run."""
    functions = [go_function(plan, f"p{number}") for number, plan in enumerate(plans)]
    table = ", ".join(f"p{number}" for number in range(len(plans)))
    main = "func main() {\n\tn, _ := strconv.Atoi(os.Args[1])\n\tprograms[n]()\n}\n"
    return "\n".join([_GO_HEAD + f"var programs = []func(){{{table}}}\n", *functions, main])


# --- drawing -----------------------------------------------------------------------------------------------------


def _one(kind: str, a: str = "", k: int = 0, body: tuple[Statement, ...] = ()) -> Statement:
    return (kind, a, k, body)


class _Drawer:
    """Draws a plan piece by piece; a piece is a few statements that make sense together, with others strewn in."""

    def __init__(self, draw: Callable[..., Any]) -> None:
        self.draw = draw
        self.chans = tuple(self.pick([0, 0, 0, 1, 2, 3]) for _ in range(self.number(1, 3)))
        if has("select") and self.chance(15):
            self.chans = (*self.chans, -1)
        self.locks = has("sync") and self.chance(60)
        self.left = 60  # statements

    def pick(self, among: list[Any]) -> Any:
        return self.draw(st.sampled_from(among))

    def number(self, low: int, high: int) -> int:
        return int(self.draw(st.integers(low, high)))

    def chance(self, percent: int) -> bool:
        return self.number(0, 99) < percent

    def chan(self) -> str:
        return f"c{self.number(0, len(self.chans) - 1)}"

    def turns(self) -> int:
        return self.number(1, 6) if self.locks or self.chance(95) else self.pick([LONG, 100, 257, 258, 300])

    def anything(self, long: bool) -> Statement:
        """One statement, whether it makes sense or not: the program may deadlock or panic by it."""
        kinds = ["send", "recv", "recv", "close", "add", "done", "wait", "gosched", "mark"]
        kinds += ["range", "tryrecv", "trysend", "goexit"]
        if self.locks:
            kinds += ["lock", "unlock", "trylock", "rlock", "runlock", "condwait", "signal", "broadcast"]
        kind = self.pick([kind for kind in kinds if has(KINDS[kind].needs)])
        if kind in ("send", "recv", "close", "tryrecv", "trysend", "range"):
            return _one(kind, self.chan())
        if kind in ("add", "done", "wait"):
            return _one(kind, f"wg{self.number(0, 1)}", self.number(1, 2))
        if kind in ("lock", "unlock", "trylock"):
            return _one(kind, self.pick(["mu0", "mu0", "mu1", "rw0"]))
        if kind in ("rlock", "runlock"):
            return _one(kind, "rw0")
        return _one(kind, "cond0" if kind in ("condwait", "signal", "broadcast") else "")

    def strewn(self, long: bool, depth: int, most: int = 2) -> tuple[Statement, ...]:
        """A few statements that seldom do harm."""
        found: list[Statement] = []
        for _ in range(self.number(0, most)):
            self.left -= 1
            kind = self.pick(["mark", "mark", "gosched", "gosched", "work", "go", "trysend", "tryrecv", "any"])
            if kind == "go" and depth < 3 and self.left > 0:
                found.append(_one("go", body=(_one("mark"), *self.strewn(long, depth + 1))))
            elif kind == "work" and not long:
                found.append(_one("work", k=self.number(1, 5)))
            elif kind in ("trysend", "tryrecv") and has("select"):
                found.append(_one(kind, self.chan()))
            elif kind == "any" and self.chance(30):
                found.append(self.anything(long))
            else:
                found.append(_one("gosched" if kind == "gosched" else "mark"))
        return tuple(found)

    def piece(self, depth: int) -> list[Statement]:
        self.left -= 4
        names = ["fan", "pipe", "pipe", "gate", "yielders", "any", "strewn"] + ["critical", "critical", "cond"] * self.locks
        draw: Callable[[int], list[Statement]] = getattr(self, "_" + self.pick(names))
        return draw(depth)

    def _fan(self, depth: int) -> list[Statement]:
        n, wg = self.turns(), f"wg{self.number(0, 1)}"
        long = n >= LONG
        body = (*self.strewn(long, depth + 1), _one("mark"), _one("done", wg), *self.strewn(long, depth + 1, 1))
        waits = [_one("wait", wg)] if self.chance(60) else []
        return [_one("add", wg, n), _one("loop", k=n, body=(_one("go", body=body),)), *waits, _one("mark")]

    def _pipe(self, depth: int) -> list[Statement]:
        n, c = self.turns(), self.chan()
        long = n >= LONG
        sender = [_one("loop", k=n, body=(*self.strewn(long, 2, 1), _one("send", c), _one("mark")))]
        if self.chance(50):
            sender.append(_one("close", c))
            receive = _one("range", c, body=self.strewn(long, 2, 1))
        else:
            more = self.pick([0, 0, 0, 1, -1])
            receive = _one("loop", k=max(1, n + more), body=(_one("recv", c), *self.strewn(long, 2, 1)))
        ends = [_one("go", body=tuple(sender)), _one("go", body=(receive, _one("mark")))]
        if self.chance(30):
            ends.append(ends[0])
        if self.chance(40):
            ends.reverse()
        if self.chance(25):  # main itself at one end
            ends[-1:] = list(ends[-1][3])
        return ends

    def _gate(self, depth: int) -> list[Statement]:
        n, c, wg = self.turns(), self.chan(), f"wg{self.number(0, 1)}"
        long = n >= LONG
        held, release = self.pick([(_one("recv", c), _one("close", c)), (_one("wait", wg), _one("done", wg)),
                                   (_one("send", c), _one("loop", k=n, body=(_one("recv", c),)))])  # fmt: skip
        body = (*self.strewn(long, depth + 1, 1), held, _one("mark"), *self.strewn(long, depth + 1, 1))
        first = [_one("add", wg, 1)] if release[0] == "done" else []
        between = [_one("gosched")] * self.number(0, 2)
        return [*first, _one("loop", k=n, body=(_one("go", body=body),)), *between, release, _one("mark")]

    def _critical(self, depth: int) -> list[Statement]:
        mu = self.pick(["mu0", "mu0", "mu1", "rw0"])
        on, off = self.pick([("lock", "unlock"), ("rlock", "runlock")]) if mu == "rw0" else ("lock", "unlock")
        inside = (_one("mark"), *self.strewn(False, depth + 1))
        section = (_one(on, mu), *inside, _one(off, mu), *self.strewn(False, depth + 1, 1))
        workers = _one("loop", k=self.number(1, 5), body=(_one("go", body=(_one("loop", k=self.number(1, 3), body=section),)),))
        if self.chance(40):  # main holds it first
            return [_one("lock", mu), workers, *[_one("gosched")] * self.number(1, 2), _one("unlock", mu), _one("mark")]
        return [workers]

    def _cond(self, depth: int) -> list[Statement]:
        waiter = (_one("lock", "mu0"), _one("condwait", "cond0"), _one("mark"), _one("unlock", "mu0"))
        wake = _one(self.pick(["signal", "broadcast"]), "cond0")
        calls = (_one("lock", "mu0"), wake, _one("unlock", "mu0")) if self.chance(50) else (wake, _one("gosched"))
        return [_one("loop", k=self.number(1, 5), body=(_one("go", body=waiter),)), _one("gosched"),
                _one("loop", k=self.number(1, 4), body=calls)]  # fmt: skip

    def _yielders(self, depth: int) -> list[Statement]:
        n = self.turns()
        body = (_one("mark"), *self.strewn(n >= LONG, depth + 1, 1), _one("gosched"))
        return [_one("loop", k=self.number(1, 4), body=(_one("go", body=(_one("loop", k=n, body=body),)),))]

    def _any(self, depth: int) -> list[Statement]:
        return [self.anything(False)]

    def _strewn(self, depth: int) -> list[Statement]:
        return list(self.strewn(False, depth, 3))

    def last(self) -> list[Statement]:
        """How main ends: at once, when others have had turns, or not at all, so that everything runs to its end."""
        turns = _one("loop", k=self.pick([1, 10, 70]), body=(_one("gosched"),))
        return {
            "at once": [], "turns": [turns, _one("mark")], "wait": [_one("wait", "wg0"), _one("mark")],
            "never": [_one("add", "wg9", 1), _one("wait", "wg9")],
        }[self.pick(["at once", "turns", "wait", "never", "never"])]  # fmt: skip


@st.composite
def plans(draw: Callable[..., Any]) -> Plan:
    """Draw a program."""
    drawer = _Drawer(draw)
    body: list[Statement] = []
    for _ in range(drawer.number(1, 5)):
        if drawer.left > 0:
            body += drawer.piece(0)
    return Plan(drawer.chans, (*body, *drawer.last()))
