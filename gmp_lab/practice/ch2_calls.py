"""Questions to practise with, notebook 02-5: when a call loses its P, and what its goroutine finds at the end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Any, Final

from gmp_lab.exam.answer import Answer
from gmp_lab.exam.kit import Case, assigned, implement, same
from gmp_lab.exam.model import Mark, Params, Question, Wrong, mark
from gmp_lab.practice.texts import example, with_example

# --- when the P is taken --------------------------------------------------------------------------------------------

_MOST: Final = 10_000  # us after which a call loses its P though nobody needs it


def _taken_us(call: dict[str, Any]) -> int:
    """How long after its beginning a call loses its P, in us; -1: it does not.  It begins right after a round."""
    pace, length = int(call["pace"]), int(call["length"])
    wanted = call["work"] or not call["others"]
    look = 2 * pace  # the first look has only noted the call
    while look < length:
        if wanted or look - pace >= _MOST:
            return look
        look += pace
    return -1


def _call(draw: Random, what: str) -> dict[str, Any]:
    """A call of one of four kinds: short, with work for the P, without, and long without work."""
    pace, others = draw.choice((20, 40, 100)), draw.random() < 0.5
    call = {
        "short": {"length": pace + draw.randrange(2, pace // 2), "pace": pace, "work": True, "others": others},
        "work": {"length": pace * draw.randrange(4, 9), "pace": pace, "work": True, "others": others},
        "alone": {"length": pace * draw.randrange(4, 9), "pace": pace, "work": False, "others": False},
        "needless": {"length": 1000 * draw.randrange(2, 9), "pace": pace, "work": False, "others": True},
        "long": {"length": 1000 * draw.randrange(14, 40), "pace": pace, "work": False, "others": True},
        "slow": {"length": 1000 * draw.randrange(14, 19), "pace": 10_000, "work": True, "others": False},
    }  # fmt: skip
    return call[what]


_KINDS: Final = ("short", "work", "alone", "needless", "long", "slow")


def _looks_draw(draw: Random) -> dict[str, Any]:
    return {"calls": [_call(draw, what) for what in draw.sample(_KINDS, 5)]}


def _looks_text(p: Params) -> str:
    rows = []
    for n, call in enumerate(p["calls"]):
        work = "goroutines" if call["work"] else "empty"
        others = "yes" if call["others"] else "no"
        rows.append(f"{n}     {call['length']:>9}  {call['pace']:>16}  {work:>11}  {others:>19}")
    table = "\n".join(rows)
    return f"""Five system calls, each of them in a program of its own (Go 1.27). Each begins right after a round of
`sysmon`, and `sysmon` keeps coming round at the pace that is given. Nothing else changes while a call lasts.

```text
call  lasts, us  a round every, us  P's queue   others idle or spin
{table}
```

How many us after its beginning does `sysmon` take the call's P? Give a list of five numbers in `taken`; -1 where
the call keeps its P to the end.""".replace("us P's queue ", "us P's queue")


def _looks_check(p: Params, answer: Answer) -> list[Mark]:
    given = answer.typed("taken", list)
    at_once = [n for n, value in enumerate(given) if value == 0]
    marks = []
    for n, call in enumerate(p["calls"]):
        truth = _taken_us(call)
        believed = "call-gives-p-away" if at_once[:1] == [n] else ""  # said once
        right = n < len(given) and same(given[n], truth)
        marks.append(mark(f"call {n}", 1, right, _why(call, truth), misconception=believed, see="02-5"))
    return marks


def _why(call: dict[str, Any], truth: int) -> str:
    if truth < 0 and 2 * call["pace"] >= call["length"]:
        return "At the first look sysmon notes the call, at the second it takes the P; this call is over before that."
    if truth < 0:
        return "There is nothing to run in this P's queue and others could run what comes, so for 10 ms the P stays."
    if truth > _MOST and not call["work"]:
        return "Nobody needs this P, so it is taken only when the call was noted 10 ms ago: at the first such look."
    return "The first look notes the call, the second takes the P: it has work, or nobody else could run what comes."


LOOKS: Final = Question(
    id="practice-02-5-looks", title="Which calls lose their P?", kind="predict", points=5, minutes=7, see="02-5",
    objective="Say when sysmon takes the P of a system call, and when not", draw=_looks_draw, text=_looks_text,
    starter=lambda p: "taken = []", form="taken: list of int", check=_looks_check,
    reference=lambda p: assigned({"taken": [_taken_us(call) for call in p["calls"]]}),
    believer=lambda p: assigned({"taken": [0] * 5}),
    wrong=(
        Wrong("at the first look", lambda p: assigned({"taken": [call["pace"] for call in p["calls"]]}), 0.0),
        Wrong("always at the second", lambda p: assigned({"taken": [2 * call["pace"] for call in p["calls"]]}), 0.6),
    ),
)  # fmt: skip

# --- the way back ---------------------------------------------------------------------------------------------------

_EXIT: Final = """
def exitsyscall(gp, p, pidle, runq):
    if p is not None:
        return p, pidle, runq, False
    if pidle:
        return pidle[0], pidle[1:], runq, False
    return None, pidle, runq + [gp], True
"""


def _ends(p_there: bool, idle: tuple[int, int]) -> Callable[[Random, Params], Sequence[Case]]:
    def make(draw: Random, p: Params) -> Sequence[Case]:
        cases: list[Case] = []
        for _ in range(6):
            ps = draw.sample(range(16), 1 + draw.randint(*idle))
            runq = draw.sample(range(2, 900), draw.randrange(1, 5))
            cases.append([draw.randrange(1000, 2000), ps[0] if p_there else None, ps[1:], runq])
        return cases

    return make


EXIT: Final = implement(
    id="practice-02-5-exit", title="Back from a system call", points=4, minutes=7, see="02-5", name="exitsyscall",
    arguments="gp, p, pidle, runq",
    objective="Write exitsyscall: which P a goroutine gets that comes back, or what becomes of it",
    draw=with_example(_ends(True, (1, 3))),
    text=lambda p: f"""A system call is over. Write what happens then (Go 1.27): `exitsyscall(gp, p, pidle, runq)`.
`gp` is the id of the goroutine; `p` the number of its thread's P, `None` if `sysmon` has taken it; `pidle` the list
of idle Ps (their numbers, top first); `runq` the ids in the global queue, head first. Return a tuple
`(p, pidle, runq, parks)`: the P on which the goroutine goes on (`None` if there is none), the two lists afterwards,
and whether the thread parks (True or False). {example(p, _EXIT, "exitsyscall")}""",
    reference=_EXIT,
    cases={
        "the P is still there": (1, "Nobody has taken the P: the goroutine just goes on, and nothing else changes.",
                                 _ends(True, (0, 4))),
        "an idle P": (1.5, "Without its P the thread takes the idle P on top of the list, which leaves the list.",
                      _ends(False, (1, 5))),
        "no idle P": (1.5, "Without any P the goroutine goes to the tail of the global queue, and the thread parks.",
                      _ends(False, (0, 0))),
    },
    believer="""
def exitsyscall(gp, p, pidle, runq):
    return (p if p is not None else 0), pidle, runq, False
""",
    right=["""
def exitsyscall(gp, p, pidle, runq):
    idle, queue = list(pidle), list(runq)
    if p is None and idle:
        p = idle.pop(0)
    if p is None:
        queue.append(gp)
    return (p, idle, queue, p is None)
"""],
    wrong={
        "at the head": _EXIT.replace("runq + [gp]", "[gp] + runq"),
        "the lowest idle P": _EXIT.replace("pidle[0], pidle[1:]", "min(pidle), sorted(pidle)[1:]"),
        "the thread waits for a P": _EXIT.replace("runq + [gp], True", "runq, True"),
        "the list keeps it": _EXIT.replace("pidle[0], pidle[1:]", "pidle[0], pidle"),
    },
    misconceptions={"no idle P": "call-resumes-at-once"},
)  # fmt: skip

QUESTIONS: Final = (LOOKS, EXIT)
