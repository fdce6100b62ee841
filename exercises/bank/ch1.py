"""Chapter 1: G, M and P; where goroutines wait, who runs next, what a thief takes, what schedtrace shows."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from random import Random
from typing import Any

from gmp_lab import Config, Program, WaitGroup, go, log, simulate, state_after, twins, work
from gmp_lab.catalog import steady_mix
from gmp_lab.exam import Answer, Mark, Question, Wrong, mark
from gmp_lab.exam.bank import Assignment
from gmp_lab.exam.model import Params
from gmp_lab.schedtrace import parse_schedtrace, schedtrace_text

from .kit import Case, assigned, implement, one_value, play, same, verdicts

# --- the order on one P ---------------------------------------------------------------------------------------------


def _yielding(n: int, k: int) -> list[int]:
    """Who notes its number when, if goroutine k first gives way with Gosched."""
    from gmp_lab import gosched  # noqa: PLC0415

    def task(i: int, wg: WaitGroup) -> Any:
        if i == k:
            yield gosched()
        yield log(i)
        yield work(us=5)
        yield wg.Done()

    def main() -> Any:
        wg = WaitGroup()
        yield wg.Add(n)
        for i in range(n):
            yield go(task, i, wg)
        yield wg.Wait()

    return [int(i) for i in twins.noted(simulate(Config(gomaxprocs=1), Program(main)))]


def _order_check(p: Params, answer: Answer) -> list[Mark]:
    given, truth = answer.typed("order", list), _yielding(p["n"], p["k"])
    whole = sorted(map(repr, given)) == sorted(map(repr, truth))
    others = [i for i in truth[1:] if i != p["k"]]
    return [
        mark("every goroutine once", 1, whole, "The list does not hold every goroutine exactly once."),
        mark("who runs first", 1, whole and same(given[0], truth[0]),
             "The goroutine that was started last stands in runnext, and runnext comes before the ring.",
             misconception="new-goroutine-tail" if whole and given[0] == 0 else "", see="01"),
        mark("the ring", 1, whole and [i for i in given[1:] if i != p["k"]] == others and same(given[0], truth[0]),
             "A ring is taken from its head: who has waited there longest comes first.", see="01"),
        mark("who gives way", 1, whole and same(given, truth),
             "Gosched puts its goroutine at the tail of the global queue, which a P looks at when its ring is empty.",
             see="02-3"),
    ]  # fmt: skip


ORDER = Question(
    id="ch1-order", title="The order on one P", kind="predict", points=4, minutes=5, see="01",
    objective="Predict in which order goroutines run that one loop has started",
    draw=lambda draw: {"n": (n := draw.randrange(7, 13)), "k": draw.randrange(1, n - 2)},
    text=lambda p: f"""`main` starts goroutines 0, 1, ... {p['n'] - 1} in a loop with `go` and then waits for all of them. There
is one P and nothing else runs. Every goroutine notes its number as soon as it runs, but goroutine {p['k']} calls
`runtime.Gosched()` first. In which order are the numbers noted? Give a list of {p['n']} numbers in `order`.""",
    starter=lambda p: "order = []", form="order: list of int", check=_order_check,
    reference=lambda p: assigned({"order": _yielding(p["n"], p["k"])}),
    believer=lambda p: assigned({"order": list(range(p["n"]))}),
    wrong=(
        Wrong("without Gosched", lambda p: assigned({"order": [p["n"] - 1, *range(p["n"] - 1)]}), 0.75),
        Wrong("last in, first out", lambda p: assigned({"order": list(range(p["n"]))[::-1]}), 0.5),
    ),
    partial=((lambda p: assigned({"order": [p["n"] - 1, *range(p["n"] - 1)]}), 0.75),),
    claims=("1-07",),
)  # fmt: skip

# --- where they wait ------------------------------------------------------------------------------------------------


def _waiting(n: int) -> tuple[int, int, int]:
    """How many of n started goroutines stand in runnext, in the ring and in the global queue when main waits."""
    def task(wg: WaitGroup) -> Any:
        yield wg.Done()

    def main() -> Any:
        wg = WaitGroup()
        yield wg.Add(n)
        for _ in range(n):
            yield go(task, wg)
        yield wg.Wait()

    rec = simulate(Config(gomaxprocs=1), Program(main))
    state = state_after(rec, next(i for i, e in enumerate(rec) if e.name == "park") + 1)
    return int(state.ps[0].runnext > 0), len(state.ps[0].runq), len(state.runq)


def _places_check(p: Params, answer: Answer) -> list[Mark]:
    answer.value("runnext", "ring", "global_queue")
    runnext, ring, queue = _waiting(p["n"])
    alone = dict.fromkeys((p["n"] - 256, p["n"] - 257), "full-ring-waits")
    return [
        one_value(answer, "runnext", runnext, 1, "runnext holds the goroutine that was started last.",
                  believed={0: "new-goroutine-tail"}, see="02-3"),
        one_value(answer, "ring", ring, 1.5, "Each time that the ring is full, half of it and the one that found no "
                  "room leave together.", near={ring + 1: 0.5, ring - 1: 0.5}, see="02-3"),
        one_value(answer, "global_queue", queue, 1.5, "What leaves the ring are 128 and one more at a time, not one.",
                  near={queue + 1: 0.5, queue - 1: 0.5}, believed=alone, see="02-3"),
    ]  # fmt: skip


def _places(runnext: int, ring: int, queue: int) -> str:
    return assigned({"runnext": runnext, "ring": ring, "global_queue": queue})


PLACES = Question(
    id="ch1-places", title="Where they wait", kind="compute", points=4, minutes=5, see="02-3",
    objective="Work out where started goroutines wait, also when the ring overflows",
    draw=lambda draw: {"n": draw.randrange(270, 880)},
    text=lambda p: f"""There is one P. `main` starts {p['n']} goroutines in a loop and then waits; none of them has run yet.
How many stand in `runnext`, how many in the P's `ring`, how many in the `global_queue`?""",
    starter=lambda p: "runnext = ...\nring = ...\nglobal_queue = ...",
    form="runnext: int; ring: int; global_queue: int", check=_places_check,
    reference=lambda p: _places(*_waiting(p["n"])), believer=lambda p: _places(0, 256, p["n"] - 256),
    wrong=(
        Wrong("one at a time", lambda p: _places(1, 256, p["n"] - 257), 0.25),
        Wrong("all that do not fit", lambda p: _places(1, 0, p["n"] - 1), 0.25),
    ),
    partial=((lambda p: _places(_waiting(p["n"])[0], _waiting(p["n"])[1] + 1, _waiting(p["n"])[2] - 1), 0.625),),
    claims=("1-07",),
)  # fmt: skip

# --- runqput --------------------------------------------------------------------------------------------------------

_RUNQPUT = """
def runqput(runnext, ring, gp, next):
    moved = []
    if next:
        runnext, gp = gp, runnext
        if gp is None:
            return runnext, ring, moved
    if len(ring) < 256:
        return runnext, ring + [gp], moved
    return runnext, ring[128:], ring[:128] + [gp]
"""


def _put_cases(full: bool, next_: bool, taken: bool) -> Any:
    def make(draw: Random, p: Params) -> Sequence[Case]:
        cases: list[Case] = []
        for _ in range(6):
            n = 256 if full else draw.choice([0, 1, draw.randrange(2, 255), 255])
            ids = draw.sample(range(2, 5000), n + 2)
            cases.append([ids[0] if taken else None, ids[2:], ids[1], next_])
        return cases

    return make


PUT = implement(
    id="ch1-runqput", title="Putting a goroutine into a P's queue", points=6, minutes=12, see="02-3", name="runqput",
    objective="Write runqput: the slot, the ring, and what leaves it when it is full",
    arguments="runnext, ring, gp, next",
    text=lambda p: """Write `runqput(runnext, ring, gp, next)` as the runtime has it. `runnext` is the id of the goroutine in the
slot, or `None`; `ring` the list of ids in the ring, head first, at most 256; `gp` the id of the goroutine to be put;
`next` says whether it is to run next. Return a tuple `(runnext, ring, moved)`: the slot and the ring afterwards, and the
list of those that go to the global queue, in their order.""",
    reference=_RUNQPUT,
    cases={
        "to the ring's tail": (1, "With next=False the goroutine goes to the ring's tail.", _put_cases(False, False, True)),
        "an empty slot": (1, "With next=True it takes the slot.", _put_cases(False, True, False)),
        "a slot that is taken": (1.5, "Who was in the slot goes to the ring's tail.", _put_cases(False, True, True)),
        "a full ring": (1.5, "A full ring gives its older half to the global queue, and the newcomer behind them.",
                        _put_cases(True, False, True)),
        "a full ring and a taken slot": (1, "It is the one kicked out of the slot that finds no room.",
                                         _put_cases(True, True, True)),
    },
    believer="""
def runqput(runnext, ring, gp, next):
    if len(ring) < 256:
        return runnext, ring + [gp], []
    return runnext, ring, [gp]
""",
    right=["""
def runqput(runnext, ring, gp, next):
    if next:
        old = runnext
        runnext = gp
        if old is None:
            return (runnext, ring, [])
        gp = old
    queue = ring + [gp]
    if len(queue) > 256:
        half = 256 // 2
        return (runnext, queue[half:-1], queue[:half] + queue[-1:])
    return (runnext, queue, [])
""", """
from collections import deque
def runqput(runnext, ring, gp, next):
    q, moved = deque(ring), []
    kicked = runnext if next else gp
    if next:
        runnext = gp
    if kicked is not None:
        if len(q) == 256:
            moved = [q.popleft() for _ in range(128)]
            moved.append(kicked)
        else:
            q.append(kicked)
    return runnext, list(q), moved
"""],
    wrong={
        "no runnext": "def runqput(runnext, ring, gp, next):\n    if len(ring) < 256: return runnext, ring + [gp], []\n    return runnext, ring[128:], ring[:128] + [gp]",
        "the kicked one is lost": _RUNQPUT.replace("if gp is None:", "if True:"),
        "the newer half leaves": _RUNQPUT.replace("ring[128:], ring[:128]", "ring[:128], ring[128:]"),
        "one leaves": _RUNQPUT.replace("return runnext, ring[128:], ring[:128] + [gp]", "return runnext, ring, [gp]"),
        "the newcomer stays": _RUNQPUT.replace("ring[128:], ring[:128] + [gp]", "ring[128:] + [gp], ring[:128]"),
        "to the head": _RUNQPUT.replace("ring + [gp], moved", "[gp] + ring, moved"),
        "255 slots": _RUNQPUT.replace("< 256", "< 255"),
        "127 leave": _RUNQPUT.replace("128", "127"),
    },
    partial=[(_RUNQPUT.replace("return runnext, ring[128:], ring[:128] + [gp]", "return runnext, ring, [gp]"), 3.5 / 6)],
    misconceptions={"a slot that is taken": "new-goroutine-tail", "a full ring": "full-ring-waits"}, claims=("1-07",),
)  # fmt: skip

# --- what a thief takes ---------------------------------------------------------------------------------------------


def _thefts(q: int) -> list[int]:
    sizes = []
    while q:
        sizes.append(q - q // 2)
        q -= sizes[-1]
    return sizes


def _theft_order(n: int) -> list[int]:
    return [int(i) for i in twins.noted(simulate(Config(gomaxprocs=2), twins.steal(n)))]


def _theft_check(p: Params, answer: Answer) -> list[Mark]:
    answer.value("batches", "first_three")
    sizes, order = _thefts(p["n"] - 1), _theft_order(p["n"])
    given = answer.value("batches")
    prefix = 0
    if type(given) is list:
        while prefix < min(len(given), len(sizes)) and same(given[prefix], sizes[prefix]):
            prefix += 1
    share = prefix / len(sizes) if type(given) is list and len(given) <= len(sizes) + 1 else 0.0
    down = "steal-half-down" if type(given) is list and same(given[:1], [(p["n"] - 1) // 2]) else ""
    tail = "steal-from-tail" if same(answer.value("first_three"), [p["n"] - 2, p["n"] - 3, p["n"] - 4]) else ""
    return [
        mark("the batches", 2, share if same(given, sizes) else min(share, 0.75),
             "A theft takes half of what is in the ring, rounded up, until it is empty.", misconception=down, see="03-2"),
        one_value(answer, "first_three", order[:3], 2, "The thief runs the last of its batch first, then the others from "
                  "the oldest on: they came from the head of the ring.", misconception=tail, see="03-2"),
    ]  # fmt: skip


THEFT = Question(
    id="ch1-theft", title="Thefts until nothing is left", kind="predict", points=4, minutes=6, see="03-2",
    objective="Say how many goroutines each theft takes, and which of them runs first",
    draw=lambda draw: {"n": draw.randrange(18, 60)},
    text=lambda p: f"""`main` on P0 has started goroutines 0, 1, ... {p['n'] - 1} and now computes without end: the last of them is in
P0's `runnext`, the others in its ring. P1 has nothing and steals whenever it has run everything that it has stolen. How
many does it take from the ring at each theft, until the ring is empty? Give the list `batches` (without the theft of
`runnext` at the very end). Which three goroutines does P1 run first? Give the list `first_three`, in their order.""",
    starter=lambda p: "batches = []\nfirst_three = []", form="batches: list of int; first_three: list of int",
    check=_theft_check,
    reference=lambda p: assigned({"batches": _thefts(p["n"] - 1), "first_three": _theft_order(p["n"])[:3]}),
    believer=lambda p: assigned({"batches": [1] * (p["n"] - 1), "first_three": [p["n"] - 2, p["n"] - 3, p["n"] - 4]}),
    wrong=(
        Wrong("rounded down", lambda p: assigned({"batches": [max(1, b - 1) for b in _thefts(p["n"] - 1)], "first_three": [0, 1, 2]}), 0.5),
        Wrong("from the tail", lambda p: assigned({"batches": _thefts(p["n"] - 1), "first_three": [p["n"] - 2, p["n"] - 3, p["n"] - 4]}), 0.5),
        Wrong("everything", lambda p: assigned({"batches": [p["n"] - 1], "first_three": [p["n"] - 2, 0, 1]}), 0.1),
    ),
    partial=((lambda p: assigned({"batches": _thefts(p["n"] - 1), "first_three": [0, 1, 2]}), 0.5),),
    claims=("1-11",),
)  # fmt: skip

# --- reading schedtrace -----------------------------------------------------------------------------------------------


@lru_cache(maxsize=1024)
def _schedtrace(procs: int, goroutines: int, seed: int) -> tuple[str, ...]:
    config = Config(gomaxprocs=procs, cores=2, schedtrace_ms=5, startup="real", seed=seed, until_ns=22_000_000)
    program = steady_mix(goroutines=goroutines, burst_us=100, syscall_us=300, syscall_percent=40, bursts=25, seed=seed)
    return tuple(schedtrace_text(simulate(config, program)).splitlines()[2:5])


def _lines(p: Params) -> tuple[str, ...]:
    return _schedtrace(p["procs"], p["goroutines"], p["seed"])


def _trace_draw(draw: Random) -> dict[str, Any]:
    """A run whose second line has something in the global queue and in two rings, and threads that are parked."""
    while True:
        p = {"procs": draw.randrange(3, 7), "goroutines": draw.randrange(40, 90), "seed": draw.randrange(1, 10_000)}
        lines = _lines(p)
        if len(lines) < 3:
            continue
        line = parse_schedtrace(lines[1])[0]
        if line.runqueue and line.idlethreads and sum(n > 0 for n in line.queues) >= 2:
            return p


def _trace_truth(p: Params) -> dict[str, int]:
    line = parse_schedtrace(_lines(p)[1])[0]
    return {
        "queued": line.runqueue + sum(line.queues), "busy": line.gomaxprocs - line.idleprocs,
        "most": max(line.queues), "not_parked": line.threads - line.idlethreads,
    }  # fmt: skip


_TRACE_WHY = {
    "queued": "runqueue is the global queue; the rings stand in the first brackets; both hold goroutines that wait.",
    "busy": "Ps that are not idle: gomaxprocs without idleprocs.",
    "most": "The numbers in the first brackets are the rings of the Ps; those in the second are schedticks.",
    "not_parked": "threads counts all Ms; idlethreads those that are parked.",
}
_KNOWN = {"a": "how many goroutines wait for a channel", "b": "how long the global queue is",
          "c": "which goroutine is in runnext", "d": "how many Ms spin", "e": "how many goroutines are in system calls"}  # fmt: skip


def _trace_check(p: Params, answer: Answer) -> list[Mark]:
    truth = _trace_truth(p)
    answer.value(*truth, "not_told")
    marks = [one_value(answer, name, value, 1, _TRACE_WHY[name], see="01") for name, value in truth.items()]
    given = answer.value("not_told")
    letters = set(given) if type(given) is list and all(type(one) is str for one in given) else set()
    right = len({"a", "c", "e"} & letters) - len(letters - {"a", "c", "e"})
    reason = "schedtrace counts rings, the global queue, Ps and Ms; not runnext, and nobody who waits or is in a call."
    return [*marks, mark("what it does not tell", 2, max(0, right) / 3, reason, see="01")]


TRACE = Question(
    id="ch1-schedtrace", title="Reading schedtrace", kind="diagnose", points=6, minutes=8, see="01",
    objective="Read a line of schedtrace, and say what is not in it",
    draw=_trace_draw,
    text=lambda p: "A program printed these lines (the second is asked about):\n\n```text\n" + "\n".join(_lines(p)) + """
```

At the moment of the second line: how many goroutines stood in queues that it shows (`queued`), how many Ps were not idle
(`busy`), how long was the longest ring (`most`), how many threads were not parked (`not_parked`)? And which of these does
such a line *not* tell? Give their letters as a list in `not_told`.

""" + "\n".join(f"* **{letter}** {words}" for letter, words in _KNOWN.items()),
    starter=lambda p: "queued = ...\nbusy = ...\nmost = ...\nnot_parked = ...\nnot_told = []",
    form="queued: int; busy: int; most: int; not_parked: int; not_told: list of str", check=_trace_check,
    reference=lambda p: assigned({**_trace_truth(p), "not_told": ["a", "c", "e"]}),
    believer=lambda p: assigned({"queued": parse_schedtrace(_lines(p)[1])[0].runqueue, "busy": p["procs"] + 1, "most": 256,
                                 "not_parked": 0, "not_told": ["b", "d"]}),
    wrong=(Wrong("the global queue alone", lambda p: assigned({**_trace_truth(p), "queued": -1, "not_told": ["a", "b"]}), 0.67),),
    partial=((lambda p: assigned({**_trace_truth(p), "not_told": ["a"]}), (4 + 2 / 3) / 6),),
    claims=("1-21",),
)  # fmt: skip

ASSIGNMENT = Assignment(
    "ch1",
    "Chapter 1: G, M and P — 第一章:GMP 调度模型",
    "Where goroutines wait, who runs next, what a thief takes, and what schedtrace shows of it.",
    (
        ORDER, PLACES, PUT, THEFT, TRACE,
        play(id="ch1-play", title="You are the scheduler", level="basic", count=10, minutes=12, see="01", points=5),
        verdicts(id="ch1-claims", title="The article's first chapter", sections=["1"], count=4, minutes=8, see="01"),
    ),
)  # fmt: skip
