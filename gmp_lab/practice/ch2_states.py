"""Questions to practise with, notebook 02-4: changes of state that cannot be, and a strip of letters to read."""

from __future__ import annotations

from functools import lru_cache
from itertools import groupby
from random import Random
from typing import Any, Final

from gmp_lab import Config, Program, chan, go, recv, send, simulate, sleep, syscall, work
from gmp_lab.draw import text_timeline
from gmp_lab.exam.answer import Answer
from gmp_lab.exam.kit import assigned, one_value
from gmp_lab.exam.model import Mark, Params, Question, Wrong, mark
from gmp_lab.practice.finding import broken_rule
from gmp_lab.practice.texts import letter_of, offered, shuffled

# --- changes of state -----------------------------------------------------------------------------------------------

_RULES: Final = {
    "a": "who waits becomes runnable before it runs",
    "b": "who gives way or is preempted stays runnable: it waits for nothing",
    "c": "only a running goroutine can enter a system call",
    "d": "who comes back from a call and finds no P is runnable: it waits for nothing",
    "e": "a goroutine ends while it runs",
    "f": "who waits is made runnable by somebody else",
}
#: from a status: where to, by which function, and whether another goroutine calls it
_STEPS: Final[dict[str, tuple[tuple[str, str, bool], ...]]] = {
    "_Grunnable": (("_Grunning", "execute", False),),
    "_Grunning": (
        ("_Gwaiting", "park_m", False), ("_Grunnable", "goschedImpl", False), ("_Gsyscall", "reentersyscall", False),
        ("_Gwaiting", "park_m", False), ("_Gsyscall", "reentersyscall", False), ("_Gdead", "gdestroy", False),
    ),
    "_Gwaiting": (("_Grunnable", "ready", True),),
    "_Gsyscall": (("_Grunning", "exitsyscall", False), ("_Grunnable", "exitsyscallNoP", False)),
    "_Gdead": (("_Grunnable", "newproc1", True),),
}  # fmt: skip
#: for each rule the change that breaks it
_BROKEN: Final[dict[str, tuple[str, str, str, bool]]] = {
    "a": ("_Gwaiting", "_Grunning", "execute", False), "b": ("_Grunning", "_Gwaiting", "goschedImpl", False),
    "c": ("_Grunnable", "_Gsyscall", "reentersyscall", False),
    "d": ("_Gsyscall", "_Gwaiting", "exitsyscallNoP", False),
    "e": ("_Gwaiting", "_Gdead", "gdestroy", False), "f": ("_Gwaiting", "_Grunnable", "ready", False),
}  # fmt: skip
_LINES: Final = 14


def _walk(draw: Random, rule: str) -> tuple[list[list[str]], int]:
    """Changes of one goroutine's state, from, to, function and caller, with one that breaks the rule; its number."""
    g, status, bad = draw.randrange(10, 90), "_Grunnable", -1
    rows: list[list[str]] = []
    while len(rows) < _LINES:
        source, to, function, other = _BROKEN[rule]
        if bad < 0 and len(rows) >= 3 and status == source and draw.random() < 0.5:
            bad = len(rows)
        else:
            to, function, other = draw.choice(_STEPS[status])
        caller = f"G{draw.randrange(100, 200)}" if other else f"G{g} itself"
        rows.append([status, to, function, caller])
        status = to
    return rows, bad


def _walk_draw(draw: Random) -> dict[str, Any]:
    rule = draw.choice(list(_RULES))
    while True:
        rows, bad = _walk(draw, rule)
        if bad >= 0 and any(row[2] == "ready" for row in rows[:bad]):
            return {"rows": rows, "bad": bad, "rule": rule}


def _walk_log(p: Params) -> tuple[str, str]:
    lines = "\n".join(
        f"{n:2}  {a:10} -> {b:10}  {function:15} called by {who}" for n, (a, b, function, who) in enumerate(p["rows"])
    )
    head = (
        "These are changes of one goroutine's status, with the runtime's function that makes each, and the goroutine "
        "that called it (a goroutine itself, also where the function runs on its thread's g0):"
    )
    return head, lines


WALK: Final = broken_rule(
    id="practice-02-4-states", title="A change of state that cannot be", minutes=5, see="02-4", draw=_walk_draw,
    log=_walk_log, objective="Find the change of a goroutine's status that Go does not make, and say why",
    rules=_RULES, hint="From _Gwaiting there is one way, to _Grunnable, by somebody else. Calls, waiting and the end "
    "all begin in _Grunning.",
)  # fmt: skip

# --- a strip of letters ---------------------------------------------------------------------------------------------

_COLUMNS: Final = 60
_IN_CALL: Final = "in a system call"


@lru_cache(256)
def _strip(burst: int, calls: int, call: int, wait: int, hog: int) -> tuple[str, ...]:
    """The timeline, in letters, of main (G1), a hog (G2), a caller (G3) and a receiver (G4) on one P."""

    def caller() -> Any:
        for _ in range(calls):
            yield work(us=burst)
            yield syscall(us=call)

    def receiver(c: Any) -> Any:
        yield work(us=burst)
        yield recv(c)
        yield work(us=2 * burst)

    def computes() -> Any:
        yield work(us=hog)

    def main() -> Any:
        c = chan()
        for body in ((computes,), (caller,), (receiver, c)):
            yield go(*body)
        yield sleep(us=wait)
        yield send(c)
        yield sleep(us=calls * (burst + call) + hog + 3 * burst)

    rec = simulate(Config(gomaxprocs=1), Program(main))
    end = max(event.t for event in rec if event.name == "exit" and event.g != 1)
    return tuple(text_timeline(rec, _COLUMNS, window=(0, end), rows="G").splitlines()[1:])


def _rows_of(p: Params) -> dict[int, str]:
    """The letters of each goroutine."""
    shown = _strip(p["burst"], p["calls"], p["call"], p["wait"], p["hog"])
    return {n: line.split("|")[1] for n, line in enumerate(shown[:4], 1)}


def _key(p: Params) -> tuple[str, str]:
    """The last two lines: what a letter lasts, and what it means."""
    scale, key = _strip(p["burst"], p["calls"], p["call"], p["wait"], p["hog"])[4:6]
    return scale, key


def _letter(p: Params, words: str) -> str:
    part = next(part for part in _key(p)[1].strip("()").split(", ") if part.endswith(" " + words))
    return part[0]


def _strip_truth(p: Params) -> dict[str, Any]:
    rows, call, able = _rows_of(p), _letter(p, _IN_CALL), _letter(p, "runnable")
    stays = sum(letter == call for letter, _ in groupby(rows[3]))
    longest = max((2, 3, 4), key=lambda g: rows[g].count(able))
    return {"calls": stays, "runnable": longest, "columns": rows[longest].count(able),
            "helps": letter_of(p["helps"], _A_P)}  # fmt: skip


_A_P: Final = "one more P"
_HELPS: Final = (_A_P, "a faster sender", "shorter system calls", "less work in the receiver")


def _strip_text(p: Params) -> str:
    scale, key = _key(p)
    rows = "\n".join(f"G{g} |{letters}|" for g, letters in _rows_of(p).items())
    return f"""A program on one P. Each row is a goroutine (G1 is `main`), each letter its state:

```text
{rows}
{scale}
{key}
```

How many system calls has G3 made that can be seen here (`calls`)? Which of G2, G3, G4 was runnable for the longest
time in all (`runnable`, its number), and in how many columns (`columns`)? And what would take that time away
(`helps`, a letter)?

{offered(p["helps"])}"""


def _strip_draw(draw: Random) -> dict[str, Any]:
    """A program whose calls can be counted, and in which one goroutine was clearly runnable the longest."""
    while True:
        made = {"burst": 100 * draw.randrange(4, 9), "calls": draw.randrange(2, 5),
                "call": 100 * draw.randrange(8, 14), "wait": 100 * draw.randrange(10, 40),
                "hog": 1000 * draw.randrange(3, 8),
                "helps": shuffled(draw, _HELPS)}  # fmt: skip
        able = _letter(made, "runnable")
        counts = sorted(_rows_of(made)[g].count(able) for g in (2, 3, 4))
        if counts[2] >= counts[1] + 4 and _strip_truth(made)["calls"] == made["calls"]:
            return made


def _strip_check(p: Params, answer: Answer) -> list[Mark]:
    truth = _strip_truth(p)
    answer.value(*truth)
    columns = answer.value("columns")
    near = type(columns) is int and abs(columns - truth["columns"]) <= 1
    return [
        one_value(answer, "calls", truth["calls"], 1, "Each unbroken stretch of the letter for a system call is one.",
                  see="02-4"),
        one_value(answer, "runnable", truth["runnable"], 1, "Runnable is who could run and has no P: count that "
                  "letter, row by row.", see="02-4"),
        mark("columns", 1, near, "Count the letter for runnable in that row (one more or less is no mistake).",
             see="02-4"),
        one_value(answer, "helps", truth["helps"], 1, "Who is runnable waits for nothing but a P.", see="02-4"),
    ]  # fmt: skip


def _read(p: Params, **other: Any) -> str:
    return assigned({**_strip_truth(p), **other})


STRIP: Final = Question(
    id="practice-02-4-strip", title="Four strips of letters", kind="diagnose", points=4, minutes=6, see="02-4",
    objective="Read from a timeline who computes, who waits, who could run, and what would help", draw=_strip_draw,
    text=_strip_text, starter=lambda p: 'calls = ...\nrunnable = ...\ncolumns = ...\nhelps = "?"',
    form="calls: int; runnable: int; columns: int; helps: str", check=_strip_check,
    reference=_read,
    believer=lambda p: _read(p, calls=0, runnable=1, columns=0, helps=letter_of(p["helps"], _HELPS[2])),
    wrong=(
        Wrong("a faster sender", lambda p: _read(p, helps=letter_of(p["helps"], _HELPS[1])), 0.75),
        Wrong("letters for calls", lambda p: _read(p, calls=_rows_of(p)[3].count(_letter(p, _IN_CALL))), 0.75),
    ),
)  # fmt: skip

QUESTIONS: Final = (STRIP, WALK)
