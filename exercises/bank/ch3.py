"""Chapter 3: from GM to GMP, work stealing, the collector's pacer and its assists."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from random import Random
from typing import Any

from gmp_lab import Config, simulate
from gmp_lab.catalog import allocators
from gmp_lab.cycles import cycles, gctrace_text
from gmp_lab.exam import Answer, Mark, Question, Wrong, mark
from gmp_lab.exam.bank import Assignment
from gmp_lab.exam.model import Params
from gmp_lab.metrics import total_usage, usage
from gmp_lab.sync import OP_MUTEX_LOCK, OP_MUTEX_UNLOCK
from gmp_lab.workload import OP_WORK

from .kit import Case, assigned, implement, one_value, play, verdicts

# --- one queue and its lock -----------------------------------------------------------------------------------------


def _lock_truth(p: Params) -> dict[str, int]:
    """At most so many goroutines start a burst at once: the lock is held for each, and nobody else can start one."""
    enough = -(-(p["burst"] + p["lock"]) // p["lock"])
    return {"most_per_ms": 1_000_000 // p["lock"], "cores_enough": enough}


def _lock_check(p: Params, answer: Answer) -> list[Mark]:
    truth = _lock_truth(p)
    answer.value(*truth, "with_p")
    enough = truth["cores_enough"]
    return [
        one_value(answer, "most_per_ms", truth["most_per_ms"], 1.5, "Every start holds the lock, one after the other: a "
                  "millisecond divided by the time that it is held.", see="03-1"),
        one_value(answer, "cores_enough", enough, 1.5, "A core is busy for burst and lock; the lock is busy all the time as "
                  "soon as so many cores take turns at it.", near={enough - 1: 0.5, enough + 1: 0.5}, see="03-1"),
        one_value(answer, "with_p", "b", 1, believed={"c": "gmp-protocol"}, reason="With a queue of its own a P starts goroutines without that lock; it remains "
                  "for the global queue alone.", see="03-1"),
    ]  # fmt: skip


LOCK = Question(
    id="ch3-lock", title="One queue, one lock", kind="compute", points=4, minutes=6, see="03-1",
    objective="Work out what a single run queue behind a lock can do at most",
    draw=lambda draw: {"lock": draw.choice((200, 250, 400, 500)), "burst": 100 * draw.randrange(20, 60)},
    text=lambda p: f"""A scheduler as in Go 1.0: one queue behind one lock. To start a goroutine a thread holds the lock for {p['lock']} ns;
then the goroutine computes for {p['burst']} ns, and the thread comes for the next one. There are always enough goroutines.

* `most_per_ms`: how many goroutines can be started in a millisecond at most, however many cores there are?
* `cores_enough`: from how many cores on is the lock held all the time (the least whole number)?
* `with_p`: what changes with a queue for each P? **a** the lock is held more briefly; **b** goroutines are started without
  that lock, except from the global queue; **c** the lock is replaced by messages between threads.""",
    starter=lambda p: "most_per_ms = ...\ncores_enough = ...\nwith_p = ...",
    form="most_per_ms: int; cores_enough: int; with_p: str", check=_lock_check,
    reference=lambda p: assigned({**_lock_truth(p), "with_p": "b"}),
    believer=lambda p: assigned({"most_per_ms": 1_000_000 // (p["burst"] + p["lock"]), "cores_enough": 1000, "with_p": "c"}),
    wrong=(Wrong("the burst alone", lambda p: assigned({"most_per_ms": 1_000_000 // p["burst"], "cores_enough": 4, "with_p": "a"}), 0.4),),
    partial=((lambda p: assigned({**_lock_truth(p), "with_p": "a"}), 0.75),),
    claims=("3.1-03",),
)  # fmt: skip

# --- runqgrab -------------------------------------------------------------------------------------------------------

_GRAB = """
def runqgrab(ring, runnext, stealRunNextG):
    n = len(ring)
    n = n - n // 2
    if n == 0:
        if stealRunNextG and runnext is not None:
            return [runnext], ring, None
        return [], ring, runnext
    return ring[:n], ring[n:], runnext
"""


def _grab_cases(size: Any, slot: bool, last: bool) -> Any:
    def make(draw: Random, p: Params) -> Sequence[Case]:
        cases: list[Case] = []
        for _ in range(6):
            n = size(draw)
            ids = draw.sample(range(2, 5000), n + 1)
            cases.append([ids[1:], ids[0] if slot else None, last])
        return cases

    return make


GRAB = implement(
    id="ch3-runqgrab", title="What a thief takes", points=6, minutes=9, see="03-2", name="runqgrab",
    objective="Write runqgrab: how much, from which end, and when runnext may go",
    arguments="ring, runnext, stealRunNextG",
    text=lambda p: """Write `runqgrab(ring, runnext, stealRunNextG)` as the runtime has it. `ring` is the victim's ring (a list of ids,
head first), `runnext` the id in its slot or `None`; `stealRunNextG` is true in the thief's last round. Return a tuple
`(batch, ring, runnext)`: what the thief takes, in its order, and what is left to the victim.""",
    reference=_GRAB,
    cases={
        "an even ring": (1, "A thief takes half.", _grab_cases(lambda d: 2 * d.randrange(1, 128), False, False)),
        "an odd ring": (2, "Half is rounded up: of one it takes one.", _grab_cases(lambda d: 2 * d.randrange(0, 127) + 1, False, False)),
        "runnext beside a ring": (1.5, "As long as the ring holds somebody, runnext stays where it is, in the last round too.",
                                  _grab_cases(lambda d: d.randrange(1, 40), True, True)),
        "runnext alone": (1, "With an empty ring runnext is taken in the last round, and only then.",
                          lambda d, p: [[[], 7, True], [[], 9, False], [[], None, True], [[], None, False]]),
        "the order": (0.5, "The batch is the head of the ring, in its order: who has waited longest.",
                      _grab_cases(lambda d: d.randrange(6, 60), True, False)),
    },
    believer="def runqgrab(ring, runnext, stealRunNextG):\n    n = len(ring) // 2\n    return ring[len(ring) - n:], ring[:len(ring) - n], runnext",
    right=["""
def runqgrab(ring, runnext, stealRunNextG):
    half = (len(ring) + 1) // 2
    batch, left = list(ring[:half]), list(ring[half:])
    if not batch and stealRunNextG and runnext:
        batch, runnext = [runnext], None
    return (batch, left, runnext)
""", """
import math
def runqgrab(ring, runnext, stealRunNextG):
    left = list(ring)
    batch = [left.pop(0) for _ in range(math.ceil(len(ring) / 2))]
    if len(ring) > 0:
        return batch, left, runnext
    return ([runnext], left, None) if stealRunNextG and runnext is not None else ([], left, runnext)
"""],
    wrong={
        "rounded down": _GRAB.replace("n = n - n // 2", "n = n // 2"),
        "all of them": _GRAB.replace("n = n - n // 2", "pass"),
        "one": _GRAB.replace("n = n - n // 2", "n = min(n, 1)"),
        "from the tail": _GRAB.replace("return ring[:n], ring[n:], runnext", "return ring[len(ring)-n:], ring[:len(ring)-n], runnext"),
        "newest first": _GRAB.replace("return ring[:n], ring[n:], runnext", "return ring[:n][::-1], ring[n:], runnext"),
        "runnext first": _GRAB.replace("    if n == 0:", "    if stealRunNextG and runnext is not None:\n        return [runnext], ring, None\n    if n == 0:"),
        "runnext at any time": _GRAB.replace("stealRunNextG and ", ""),
        "runnext never": _GRAB.replace("if stealRunNextG and runnext is not None:", "if False:"),
        "runnext in two places": _GRAB.replace("return [runnext], ring, None", "return [runnext], ring, runnext"),
    },
    partial=[(_GRAB.replace("stealRunNextG and ", ""), 5 / 6)],
    misconceptions={"an odd ring": "steal-half-down", "the order": "steal-from-tail"},
    claims=("3.2-05",),
)  # fmt: skip

# --- wakep and the limit of spinning --------------------------------------------------------------------------------

_SPIN = """
def may_spin(spinning, nmspinning, gomaxprocs, npidle):
    return spinning or 2 * nmspinning < gomaxprocs - npidle
"""
SPIN = implement(
    id="ch3-spin", title="May one more thread look for work?", points=3, minutes=6, see="03-2", name="may_spin",
    objective="Give the condition under which a thread may steal, and so spin", arguments="spinning, nmspinning, gomaxprocs, npidle",
    text=lambda p: """In `findRunnable` a thread that has found nothing steals only under a condition. Write it as
`may_spin(spinning, nmspinning, gomaxprocs, npidle)`, which returns `True` or `False`: `spinning` says whether the thread
spins already, `nmspinning` how many threads do, `npidle` how many of the `gomaxprocs` Ps are idle.""",
    reference=_SPIN,
    cases={
        "who spins goes on": (0.5, "A thread that spins already need not ask again.",
                              lambda d, p: [[True, d.randrange(9), 8, d.randrange(8)] for _ in range(8)]),
        "few spin": (1, "As long as fewer threads spin than half of the busy Ps, one more may.",
                     lambda d, p: [[False, n, 2 * n + 1 + e, e] for n, e in ((d.randrange(9), d.randrange(9)) for _ in range(8))]),
        "too many spin": (1, "As many spinning threads as half of the busy Ps are enough: more would only burn CPU time.",
                          lambda d, p: [[False, n, 2 * n + e, e] for n, e in ((d.randrange(1, 9), d.randrange(9)) for _ in range(8))]),
        "idle Ps do not count": (0.5, "The limit follows the busy Ps, gomaxprocs without the idle ones.",
                                 lambda d, p: [[False, 3, 16, 10], [False, 1, 64, 62], [False, 2, 32, 28], [False, 2, 32, 27]]),
    },
    believer="def may_spin(spinning, nmspinning, gomaxprocs, npidle):\n    return True",
    right=["def may_spin(spinning, nmspinning, gomaxprocs, npidle):\n    if spinning:\n        return True\n    busy = gomaxprocs - npidle\n    return not nmspinning * 2 >= busy"],
    wrong={
        "no limit": "def may_spin(s, n, g, i):\n    return True",
        "at most": _SPIN.replace("<", "<="),
        "of all Ps": _SPIN.replace("gomaxprocs - npidle", "gomaxprocs"),
        "not doubled": _SPIN.replace("2 * nmspinning", "nmspinning"),
        "nobody else": _SPIN.replace("2 * nmspinning < gomaxprocs - npidle", "nmspinning == 0"),
        "spinning is not looked at": _SPIN.replace("spinning or ", ""),
    },
    partial=[(_SPIN.replace("spinning or ", ""), 2.5 / 3)],
)  # fmt: skip

_WAKEP = """
def wakep(nmspinning, pidle):
    if nmspinning != 0 or not pidle:
        return None, nmspinning, pidle
    return pidle[0], nmspinning + 1, pidle[1:]
"""
WAKEP = implement(
    id="ch3-wakep", title="Waking one more", points=3, minutes=6, see="03-2", name="wakep",
    objective="Write wakep: whom it wakes, and when it wakes nobody", arguments="nmspinning, pidle",
    text=lambda p: """When a goroutine was made ready, `wakep` may start a thread for an idle P. Write `wakep(nmspinning, pidle)`:
`nmspinning` is the number of spinning threads, `pidle` the list of idle Ps, top first. Return a tuple `(p, nmspinning,
pidle)`: the P that gets a thread or `None`, and both values afterwards. (The new thread spins.)""",
    reference=_WAKEP,
    cases={
        "nobody spins": (1, "One thread is started, for the P on top of the list.",
                         lambda d, p: [[0, d.sample(range(64), d.randrange(1, 9))] for _ in range(8)]),
        "somebody spins": (1, "A spinning thread will find the work: nobody is woken.",
                           lambda d, p: [[d.randrange(1, 5), d.sample(range(64), d.randrange(1, 9))] for _ in range(8)]),
        "no idle P": (1, "Without an idle P there is nothing to wake.", lambda d, p: [[0, []], [2, []]]),
    },
    believer="def wakep(nmspinning, pidle):\n    return (pidle[0] if pidle else None), nmspinning, []",
    right=["def wakep(nmspinning, pidle):\n    if nmspinning == 0 and len(pidle) > 0:\n        first, *rest = pidle\n        return first, 1, rest\n    return (None, nmspinning, list(pidle))"],
    wrong={
        "always": "def wakep(n, pidle):\n    return (pidle[0], n + 1, pidle[1:]) if pidle else (None, n, pidle)",
        "all": "def wakep(n, pidle):\n    return (pidle[0], n + len(pidle), []) if pidle and not n else (None, n, pidle)",
        "it does not spin": _WAKEP.replace("nmspinning + 1", "nmspinning"),
        "the last": _WAKEP.replace("pidle[0]", "pidle[-1]").replace("pidle[1:]", "pidle[:-1]"),
        "it stays on the list": _WAKEP.replace("pidle[1:]", "pidle"),
    },
    partial=[(_WAKEP.replace("nmspinning != 0 or not pidle", "not pidle"), 2 / 3)],
)  # fmt: skip

# --- a log of thefts, with one that breaks a rule -------------------------------------------------------------------

_RULES = {
    "a": "a thief takes half of the ring, rounded up", "b": "it takes from the head of the ring, the oldest",
    "c": "runnext is taken last, from an empty ring", "d": "nobody steals while the global queue holds goroutines",
    "e": "of its batch a thief runs the last first",
}  # fmt: skip


def _log_draw(draw: Random) -> dict[str, Any]:
    rows = []
    for _ in range(8):
        ring = draw.sample(range(2, 400), draw.randrange(5, 14))
        rows.append({"thief": draw.randrange(1, 8), "ring": ring, "runnext": draw.randrange(400, 500), "queue": 0})
    return {"rows": rows, "bad": draw.randrange(1, 8), "rule": draw.choice(list(_RULES))}


def _log_line(row: dict[str, Any], rule: str) -> str:
    ring, n = row["ring"], len(row["ring"])
    take = n - n // 2
    if rule == "a":
        take = take - 1 if n % 2 else take + 1
    batch = ring[n - take:] if rule == "b" else ring[:take]
    if rule == "c":
        batch = [row["runnext"]]
    first = batch[0] if rule == "e" else batch[-1]
    queue = "2 goroutines" if rule == "d" else "empty"
    return (
        f"P{row['thief']} steals from P0: ring {' '.join(f'G{g}' for g in ring)}, runnext G{row['runnext']}, global queue {queue}; "
        f"it takes {' '.join(f'G{g}' for g in batch)} and runs G{first}"
    )


def _log_check(p: Params, answer: Answer) -> list[Mark]:
    answer.value("line", "rule")
    line = one_value(answer, "line", p["bad"], 1.5, "Compare what is taken with the ring's head, half and order, line by line.", see="03-2")
    reason = f"In that line this rule is broken: {_RULES[p['rule']]}." if line.points else "First find the line."
    return [line, one_value(answer, "rule", p["rule"], 1.5, reason, see="03-2")]


LOG = Question(
    id="ch3-log", title="One of these thefts is not Go's", kind="find the rule", points=3, minutes=7, see="03-2",
    objective="Find the theft that breaks a rule, and name the rule", draw=_log_draw,
    text=lambda p: "A scheduler that was changed by somebody logs its thefts (a ring is shown head first, before the theft):\n\n```text\n"
    + "\n".join(f"{n}  {_log_line(row, p['rule'] if n == p['bad'] else '')}" for n, row in enumerate(p["rows"]))
    + "\n```\n\nOne of them breaks a rule of Go's scheduler. Give its number in `line` and the letter of the rule in `rule`:\n\n"
    + "\n".join(f"* **{letter}** {words}" for letter, words in _RULES.items()),
    starter=lambda p: "line = ...\nrule = ...", form="line: int; rule: str", check=_log_check,
    reference=lambda p: assigned({"line": p["bad"], "rule": p["rule"]}),
    believer=lambda p: assigned({"line": 0, "rule": "?"}),
    wrong=(Wrong("another line", lambda p: assigned({"line": p["bad"] - 1, "rule": p["rule"]}), 0.5),),
    partial=((lambda p: assigned({"line": p["bad"], "rule": "?"}), 0.5),),
)  # fmt: skip

# --- the pacer ------------------------------------------------------------------------------------------------------

_MIB = 1 << 20
_GOAL = """
def heapGoal(heapMarked, stacks, globals, gcPercent):
    if gcPercent < 0:
        return None
    goal = heapMarked + (heapMarked + stacks + globals) * gcPercent // 100
    return max(goal, 4 * 1024 * 1024 * gcPercent // 100)
"""


def _sizes(draw: Random) -> Case:
    return [draw.randrange(8 * _MIB, 900 * _MIB), draw.randrange(1 << 16, 6 * _MIB), draw.randrange(1 << 12, 2 * _MIB)]


GOAL = implement(
    id="ch3-goal", title="The pacer's goal", points=5, minutes=8, see="03-3", name="heapGoal",
    objective="Write the heap goal that follows from GOGC", arguments="heapMarked, stacks, globals, gcPercent",
    text=lambda p: """Write `heapGoal(heapMarked, stacks, globals, gcPercent)`: the heap, in bytes, at which the next collection should be
over, by GOGC alone (Go 1.18 and later, no memory limit). `heapMarked` is what the last collection found reachable,
`stacks` and `globals` are what there is to scan besides, all in bytes; `gcPercent` is GOGC, -1 for off: then return `None`.
Whole numbers, divided with `//`, the division last. Mind the smallest heap: 4 MiB at GOGC=100, in proportion for others.""",
    reference=_GOAL,
    cases={
        "GOGC=100": (1, "At 100 as much may be allocated as there is to scan.", lambda d, p: [[*_sizes(d), 100] for _ in range(5)]),
        "other values of GOGC": (1, "GOGC is a percentage of what there is to scan.",
                                 lambda d, p: [[*_sizes(d), d.choice((25, 50, 75, 150, 200, 400))] for _ in range(8)]),
        "stacks and globals": (1.5, "Since 1.18 stacks and globals count as work to scan, and raise the goal.",
                               lambda d, p: [[d.randrange(8 * _MIB, 40 * _MIB), 64 * _MIB, 16 * _MIB, d.choice((50, 100, 200))] for _ in range(5)]),
        "the smallest heap": (1, "Below the minimum the goal is the minimum, which follows GOGC too.",
                              lambda d, p: [[d.randrange(1, 1 << 19), 0, 0, gogc] for gogc in (50, 100, 200, 400)]),
        "off": (0.5, "With GOGC off there is no goal.", lambda d, p: [[*_sizes(d), -1] for _ in range(3)]),
    },
    believer="def heapGoal(heapMarked, stacks, globals, gcPercent):\n    return heapMarked * gcPercent // 100",
    right=["""
def heapGoal(heapMarked, stacks, globals, gcPercent):
    minimum = (4 << 20) * gcPercent // 100
    if gcPercent == -1:
        return None
    allowed = ((heapMarked + stacks + globals) * gcPercent) // 100
    return minimum if heapMarked + allowed < minimum else heapMarked + allowed
"""],
    wrong={
        "no stacks": _GOAL.replace("(heapMarked + stacks + globals)", "heapMarked"),
        "stacks in the heap": _GOAL.replace("goal = heapMarked +", "goal = heapMarked + stacks + globals +"),
        "the growth alone": _GOAL.replace("goal = heapMarked + ", "goal = "),
        "no minimum": _GOAL.replace("max(goal, 4 * 1024 * 1024 * gcPercent // 100)", "goal"),
        "a fixed minimum": _GOAL.replace("4 * 1024 * 1024 * gcPercent // 100", "4 * 1024 * 1024"),
        "trigger as goal": _GOAL.replace("return max(goal,", "goal = heapMarked + (goal - heapMarked) * 45 // 64\n    return max(goal,"),
        "off is 100": _GOAL.replace("return None", "gcPercent = 100"),
    },
    partial=[(_GOAL.replace("max(goal, 4 * 1024 * 1024 * gcPercent // 100)", "goal"), 4 / 5)],
    claims=("3.3-13",),
)  # fmt: skip

_TRIGGER = """
def trigger(goal, heapMarked, runway):
    if heapMarked >= goal:
        return goal
    step = (goal - heapMarked) // 64
    least, most = heapMarked + step * 45, heapMarked + step * 61
    minimum = 4 * 1024 * 1024
    if goal > minimum and goal - minimum > most:
        most = goal - minimum
    most = max(most, least)
    found = least if runway > goal else goal - runway
    return min(max(found, least), most)
"""


def _heaps(draw: Random) -> tuple[int, int]:
    marked = draw.randrange(6 * _MIB, 40 * _MIB)
    return marked + draw.randrange(2 * _MIB, marked), marked


TRIGGER = implement(
    id="ch3-trigger", title="When a collection starts", points=5, minutes=10, see="03-3", name="trigger",
    objective="Write the trigger: before the goal, by the runway, within two bounds", arguments="goal, heapMarked, runway",
    text=lambda p: """A collection must start before the heap is at its goal. Write `trigger(goal, heapMarked, runway)`, in bytes (Go 1.19 and
later). `runway` is what the program is expected to allocate while it is marked. With
`step = (goal - heapMarked) // 64` the trigger lies at least 45 steps and at most 61 steps above `heapMarked`; for a goal
above 4 MiB the upper bound is at least `goal` - 4 MiB; the lower bound wins over the upper one. Between the bounds it
leaves the runway before the goal (a runway larger than the goal: the lower bound). If `heapMarked` is not below the goal,
the trigger is the goal.""",
    reference=_TRIGGER,
    cases={
        "between the bounds": (1.5, "It is the goal less the runway.",
                               lambda d, p: [[g, m, (g - m) * d.randrange(8, 18) // 64] for g, m in (_heaps(d) for _ in range(8))]),
        "a long runway": (1, "However long the runway, it does not start before 45 of 64 of the way.",
                          lambda d, p: [[g, m, r] for g, m in (_heaps(d) for _ in range(4)) for r in (g, 2 * g, g - m)]),
        "a short runway": (1, "Even with nothing to allocate it starts before the goal.",
                           lambda d, p: [[g, m, r] for g, m in (_heaps(d) for _ in range(4)) for r in (0, 1)]),
        "a large heap": (1, "A large heap may start 4 MiB before its goal.",
                         lambda d, p: [[g * 40, m * 40, d.randrange(0, 9 * _MIB)] for g, m in (_heaps(d) for _ in range(6))]),
        "no room": (0.5, "With the goal at the live heap it starts at once.", lambda d, p: [[9 * _MIB, 9 * _MIB, 5], [_MIB, 2 * _MIB, 0]]),
    },
    believer="def trigger(goal, heapMarked, runway):\n    return goal",
    right=["""
def trigger(goal, heapMarked, runway):
    if not heapMarked < goal:
        return goal
    step = (goal - heapMarked) // 64
    lower = step * 45 + heapMarked
    upper = max(step * 61 + heapMarked, goal - (4 << 20) if goal > 4 << 20 else 0, lower)
    wanted = goal - runway if runway <= goal else lower
    return sorted((lower, wanted, upper))[1]
"""],
    wrong={
        "the goal": "def trigger(goal, heapMarked, runway):\n    return goal",
        "half way": "def trigger(goal, heapMarked, runway):\n    return goal if heapMarked >= goal else (goal + heapMarked) // 2",
        "the runway alone": "def trigger(goal, heapMarked, runway):\n    return goal if heapMarked >= goal else max(0, goal - runway)",
        "no lower bound": _TRIGGER.replace("return min(max(found, least), most)", "return min(found, most)"),
        "no upper bound": _TRIGGER.replace("return min(max(found, least), most)", "return max(found, least)"),
        "large heaps alike": _TRIGGER.replace("if goal > minimum and goal - minimum > most:", "if False:"),
        "of the goal": _TRIGGER.replace("heapMarked + step * 45, heapMarked + step * 61", "goal * 45 // 64, goal * 61 // 64"),
    },
    partial=[(_TRIGGER.replace("if goal > minimum and goal - minimum > most:", "if False:"), 4 / 5)],
    claims=("3.3-14",),
)  # fmt: skip

_WORKERS = """
def workers(procs):
    wanted = procs * 0.25
    needed = int(wanted + 0.5)
    if -0.3 <= needed / wanted - 1 <= 0.3:
        return needed, 0
    if needed > wanted:
        needed -= 1
    return needed, round(100 * (wanted - needed) / procs)
"""
WORKERS = implement(
    id="ch3-workers", title="Who marks in the background", points=4, minutes=8, see="03-3", name="workers",
    objective="Say how many Ps mark, and what the others give, for any GOMAXPROCS", arguments="procs",
    text=lambda p: """Background marking should take a quarter of GOMAXPROCS. Write `workers(procs)`: return a tuple `(dedicated, percent)`.
The number of dedicated workers is a quarter of `procs` rounded to the nearest whole number (a half up), if that is at most
30 % away from the quarter; then nobody else gives anything (0). Otherwise it is rounded down, and each P gives a share of its
time so that in all a quarter of `procs` is reached: that share of its time, in per cent, as `round(100 * share)`.""",
    reference=_WORKERS,
    cases={
        "multiples of four": (1, "A quarter that is a whole number needs no fractional worker.", lambda d, p: [[4 * n] for n in range(1, 17)]),
        "one, two and three": (1.5, "Few Ps: rounding would be too far off, so all give a share.", lambda d, p: [[1], [2], [3]]),
        "the rest": (1.5, "Within 30 % the rounded number is good enough.", lambda d, p: [[n] for n in range(5, 64) if n % 4]),
    },
    believer="def workers(procs):\n    return 1, 25",
    right=["""
def workers(procs):
    quarter = procs / 4
    nearest = (procs + 2) // 4
    if abs(nearest - quarter) <= 0.3 * quarter + 1e-12:
        return nearest, 0
    down = procs // 4
    return down, round(100 * (quarter - down) / procs)
"""],
    wrong={
        "always rounded": _WORKERS.replace("-0.3 <= needed / wanted - 1 <= 0.3", "True"),
        "always down": _WORKERS.replace("int(wanted + 0.5)", "int(wanted)"),
        "at least one": _WORKERS.replace("return needed, round", "return max(1, needed), round"),
        "no share": _WORKERS.replace("round(100 * (wanted - needed) / procs)", "0"),
        "25 % of each": _WORKERS.replace("round(100 * (wanted - needed) / procs)", "25"),
    },
    partial=[(_WORKERS.replace("round(100 * (wanted - needed) / procs)", "0"), 1 / 4)],
    claims=("3.3-12",),
)  # fmt: skip

# --- an assist ------------------------------------------------------------------------------------------------------


def _assist_truth(p: Params) -> dict[str, int]:
    small, large = (max(int(p["ratio"] / 4 * p[debt]), 64 << 10) for debt in ("small", "large"))
    return {"scan_a": small, "own_a": small - p["credit"], "scan_b": large}


def _owed(p: Params) -> int:
    """What A owes, without the least work of an assist."""
    return int(p["ratio"] / 4 * p["small"])


def _debts(draw: Random) -> dict[str, int]:
    """For everybody a debt for which the least work counts, and one for which it does not."""
    ratio = draw.choice((2, 3, 5, 6, 7, 9))
    edge = (64 << 10) * 4 // ratio
    return {"ratio": ratio, "small": draw.randrange(edge // 8, edge * 3 // 4), "large": draw.randrange(edge * 3 // 2, edge * 4),
            "credit": 1024 * draw.randrange(5, 55)}  # fmt: skip


def _assist_check(p: Params, answer: Answer) -> list[Mark]:
    truth = _assist_truth(p)
    answer.value(*truth, "starts")
    return [
        one_value(answer, "scan_a", truth["scan_a"], 1, "The debt times the assist ratio, but at least gcOverAssistWork: an "
                  "assist does more than it owes, so that it is not called for every object.", see="03-3"),
        one_value(answer, "own_a", truth["own_a"], 1, "Background workers have left credit: what is taken from it "
                  "need not be scanned.", see="03-3"),
        one_value(answer, "scan_b", truth["scan_b"], 1, "The debt, in bytes, times the scan work for each of them.", see="03-3"),
        one_value(answer, "starts", "c", 1, believed={"a": "assist-heap-trigger"}, reason="An assist begins when a goroutine that allocates has spent its credit, while a "
                  "collection marks: a debt, and no size of the heap.", see="03-3"),
    ]  # fmt: skip


ASSIST = Question(
    id="ch3-assist", title="What an assist costs", kind="compute", points=4, minutes=6, see="03-3",
    objective="Work out how much a goroutine in debt must scan, and say what makes it assist",
    draw=_debts,
    text=lambda p: f"""A collection is marking. The pacer asks for {p['ratio'] / 4:g} bytes of scan work for each byte allocated
(`assistWorkPerByte`). Goroutine A owes for {p['small']} bytes, goroutine B for {p['large']}. Background workers have left a credit of
{p['credit']} bytes of scan work, which A takes: it comes first. (`gcOverAssistWork` is 65536.)

* `scan_a`: for how many bytes of scan work does `gcAssistAlloc` account when A calls it (rounded down)?
* `own_a`: how many of them must A scan itself, after the credit?
* `scan_b`: for how many does it account when B calls it?
* `starts`: what makes a goroutine assist? **a** the heap is above 80 % of its goal; **b** the background workers are late;
  **c** it allocates while a collection marks, and has no credit left; **d** it has run for 10 ms.""",
    starter=lambda p: "scan_a = ...\nown_a = ...\nscan_b = ...\nstarts = ...",
    form="scan_a: int; own_a: int; scan_b: int; starts: str",
    check=_assist_check, reference=lambda p: assigned({**_assist_truth(p), "starts": "c"}),
    believer=lambda p: assigned({"scan_a": p["small"], "own_a": p["small"], "scan_b": p["large"], "starts": "a"}),
    wrong=(
        Wrong("no least work", lambda p: assigned({**_assist_truth(p), "scan_a": _owed(p), "own_a": max(0, _owed(p) - p["credit"]), "starts": "c"}), 0.5),
        Wrong("no credit", lambda p: assigned({**_assist_truth(p), "own_a": 64 << 10, "starts": "c"}), 0.75),
    ),
    partial=((lambda p: assigned({**_assist_truth(p), "starts": "b"}), 0.75),),
    claims=("3.3-16",),
)  # fmt: skip

# --- reading gctrace ------------------------------------------------------------------------------------------------


@lru_cache(maxsize=256)
def _gc_run(gogc: int, live: int, rate: int, procs: int) -> tuple[str, int, int, int]:
    """The lines of a program, and of its fourth collection: MB at its start, at its end, still live."""
    rec = simulate(Config(gomaxprocs=procs, gogc=gogc), allocators(allocators=2, live_mib=live, rate_mib_s=rate, ms=70))
    lines = gctrace_text(rec).splitlines()
    cycle = cycles(rec)[3]
    return "\n".join(lines[:5]), cycle.heap0 >> 20, cycle.heap1 >> 20, cycle.heap2 >> 20


def _gc_truth(p: Params) -> dict[str, Any]:
    _, start, _, live = _gc_run(p["gogc"], p["live"], p["rate"], p["procs"])
    return {"at_start": start, "live": live, "gogc": p["gogc"], "who": _most_marked(p)}


def _gc_check(p: Params, answer: Answer) -> list[Mark]:
    truth = _gc_truth(p)
    answer.value(*truth)
    return [
        one_value(answer, "at_start", truth["at_start"], 1, "The first of the three sizes: the heap when marking began.", see="03-3"),
        one_value(answer, "live", truth["live"], 1, "The third of the three sizes: what was found reachable.", see="03-3"),
        one_value(answer, "gogc", p["gogc"], 2, "The goal is about what was live after the collection before, times "
                  "(1 + GOGC/100).", see="03-3"),
        one_value(answer, "who", truth["who"], 1, "In the CPU times, behind the first plus: assists / dedicated and fractional / "
                  "idle workers.", see="03-3"),
    ]  # fmt: skip


GCTRACE = Question(
    id="ch3-gctrace", title="Reading gctrace", kind="diagnose", points=5, minutes=8, see="03-3",
    objective="Read a line of gctrace: heap, goal, who marked",
    draw=lambda draw: {"gogc": draw.choice((50, 100, 150, 200)), "live": draw.randrange(8, 14), "rate": draw.choice((900, 1100, 1300)), "procs": 2},
    text=lambda p: "A program printed this with `GODEBUG=gctrace=1`:\n\n```text\n" + _gc_run(p["gogc"], p["live"], p["rate"], p["procs"])[0] + """
```

Look at collection 4. How large was the heap, in MB, when it began (`at_start`), how much of it was reachable (`live`)? With
which value of GOGC did the program run (`gogc`: one of 25, 50, 100, 150, 200, 400)? And who spent most CPU time on marking
in it (`who`): **a** goroutines that assisted, **b** dedicated and fractional workers, **c** idle workers?""",
    starter=lambda p: "at_start = ...\nlive = ...\ngogc = ...\nwho = ...", form="at_start: int; live: int; gogc: int; who: str",
    check=_gc_check, reference=lambda p: assigned(_gc_truth(p)),
    believer=lambda p: assigned({"at_start": 0, "live": p["live"] * 3, "gogc": 25, "who": "c"}),
    wrong=(Wrong("goal as heap", lambda p: assigned({"at_start": 99, "live": 98, "gogc": p["gogc"], "who": "c"}), 0.5),),
    partial=((lambda p: assigned({**_gc_truth(p), "gogc": 400}), 0.6),),
)  # fmt: skip


@lru_cache(maxsize=256)
def _marked_by(gogc: int, live: int, rate: int, procs: int) -> str:
    cycle = cycles(simulate(Config(gomaxprocs=procs, gogc=gogc), allocators(allocators=2, live_mib=live, rate_mib_s=rate, ms=70)))[3]
    times = {"a": cycle.assistTime, "b": cycle.dedicatedMarkTime + cycle.fractionalMarkTime, "c": cycle.idleMarkTime}
    return max(times, key=lambda letter: times[letter])


def _most_marked(p: Params) -> str:
    return _marked_by(p["gogc"], p["live"], p["rate"], p["procs"])


# --- a convoy -------------------------------------------------------------------------------------------------------

_CONVOY = '''
from gmp_lab import Mutex, WaitGroup, go, log, work

def worker(i, mu, wg):
    for step in range(ROUNDS):
        yield mu.Lock()
        yield work(us=COMPUTE)   # compute
        yield work(us=UPDATE)    # update what is shared
        yield log(i)
        yield mu.Unlock()
    yield wg.Done()

def main():
    mu, wg = Mutex(), WaitGroup()
    yield wg.Add(WORKERS)
    for i in range(WORKERS):
        yield go(worker, i, mu, wg)
    yield wg.Wait()
'''


def _convoy(p: Params, fixed: bool = False) -> str:
    source = _CONVOY
    if fixed:
        lock, compute = "        yield mu.Lock()\n", "        yield work(us=COMPUTE)   # compute\n"
        source = source.replace(lock + compute, compute + lock)
    for name in ("ROUNDS", "COMPUTE", "UPDATE", "WORKERS"):
        source = source.replace(name, str(p[name.lower()]))
    return source.strip()


def _convoy_check(p: Params, answer: Answer) -> list[Mark]:
    rec = answer.recording("main", {"gomaxprocs": p["workers"]})
    logged = [row[-1] for row in rec.logs()]
    guarded = _guarded(answer.did, p["update"] * 1000) >= p["workers"] * p["rounds"]
    complete = sorted(logged) == sorted(i for i in range(p["workers"]) for _ in range(p["rounds"]))
    busy = total_usage(usage(rec)).running_ns / 1000
    whole = complete and rec.ended == "exit" and busy >= 0.99 * p["workers"] * p["rounds"] * (p["compute"] + p["update"])
    ideal = p["rounds"] * (p["compute"] + p["update"])
    fast = whole and rec.end_ns / 1000 <= 1.6 * ideal
    return [
        mark("all work is still done", 1, whole, "Every worker must compute, update and log in each of its rounds.", see="03-2"),
        mark("the Ps work side by side", 3, fast, "As long as the lock is held while computing, only one P computes at a time: "
             "take it for what is shared alone.", see="03-2"),
        mark("what is shared stays guarded", 1, whole and guarded,
             "The update needs the lock: Lock before it, Unlock behind it."),
    ]  # fmt: skip


def _guarded(did: list[list[list[Any]]], update_ns: int) -> int:
    """How often somebody computed for at least so long between Lock and Unlock of the lock that saw most of that."""
    found: Counter[str] = Counter()
    for script in did:
        worked: dict[str, int] = {}  # under each lock that this goroutine holds
        for code, *rest in script:
            if code == OP_MUTEX_LOCK:
                worked[str(rest)] = 0
            elif code == OP_MUTEX_UNLOCK:
                found[str(rest)] += worked.pop(str(rest), 0) >= update_ns
            elif code == OP_WORK:
                worked = {lock: ns + rest[0] for lock, ns in worked.items()}
    return max(found.values(), default=0)


CONVOY = Question(
    id="ch3-convoy", title="A convoy", kind="repair", points=5, minutes=10, see="03-2",
    objective="Repair a program whose lock makes its Ps wait for one another",
    draw=lambda draw: {"workers": 4, "rounds": draw.randrange(10, 16), "compute": 10 * draw.randrange(8, 16), "update": draw.randrange(3, 8)},
    text=lambda p: f"""This program is slow: with four Ps it needs almost as long as with one. Change it so that the Ps work side by side.
Every worker still has to compute, to update what is shared, and to note its number in every round, and the update must be
guarded by the lock. It is run with `GOMAXPROCS={p['workers']}`; `main` must be its main goroutine. Write the whole program.

```python
{_convoy(p)}
```""",
    starter=lambda p: "def main():\n    ...", form="main: goroutine", check=_convoy_check,
    reference=lambda p: _convoy(p, fixed=True), believer=_convoy,
    right=(lambda p: _convoy(p, fixed=True).replace("    for step in range", "    n = 0\n    for step in range"),),
    wrong=(
        Wrong("more goroutines", lambda p: _convoy(p).replace(f"range({p['workers']})", f"range({p['workers'] - 1})"), 0.0),
        Wrong("no work", lambda p: _convoy(p, fixed=True).replace(f"work(us={p['compute']})", "work(us=1)"), 0.0),
        Wrong("a lock of its own for each", lambda p: _convoy(p, fixed=True).replace("    for step in", "    mu = Mutex()\n    for step in"), 0.8),
        Wrong("a lock around nothing", lambda p: _convoy(p, fixed=True).replace("yield mu.Lock()", "yield mu.Lock(); yield mu.Unlock()").replace("        yield mu.Unlock()\n    yield wg", "    yield wg"), 0.8),
        Wrong("a lock in a comment", lambda p: "\n".join(x for x in _convoy(p, fixed=True).splitlines() if "ock()" not in x) + "\n# mu.Lock() mu.Unlock()", 0.8),
        Wrong("no lock", lambda p: "\n".join(x for x in _convoy(p, fixed=True).splitlines() if "ock()" not in x), 0.8),
    ),
    partial=((_convoy, 0.4),),
)  # fmt: skip

# --- tuning ---------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=512)
def _tuned(gogc: int, procs: int, live: int, rate: int) -> tuple[float, int]:
    """Share of the CPU time that the collector takes in per cent, and the largest heap in MiB."""
    rec = simulate(Config(gomaxprocs=procs, gogc=gogc), allocators(allocators=2, live_mib=live, rate_mib_s=rate, ms=60))
    done = cycles(rec)
    largest = max(event.arg for event in rec if event.name == "gc_heap") >> 10
    return round(100 * done[-1].gc_cpu_fraction, 1) if done else 0.0, largest


_GOGCS = (25, 50, 75, 100, 150, 200, 300, 400, 800)


def _slo(p: Params) -> tuple[float, int]:
    """The limits of a variant: between what two neighbours of the list give, so that one value fits."""
    share, heap = _tuned(p["gogc"], 2, p["live"], p["rate"])
    return round(share * 1.02 + 0.2, 1), heap


def _tune_draw(draw: Random) -> dict[str, Any]:
    """A value of the list, and limits that it alone holds."""
    while True:
        made = {"gogc": draw.choice(_GOGCS[1:-2]), "live": draw.choice((8, 10, 12)), "rate": draw.choice((600, 1000))}
        most_share, most_heap = _slo(made)
        both = [_tuned(gogc, 2, made["live"], made["rate"]) for gogc in _GOGCS]
        if sum(share <= most_share and heap <= most_heap for share, heap in both) == 1:
            return made


def _tune_check(p: Params, answer: Answer) -> list[Mark]:
    gogc = answer.typed("gogc", int)
    most_share, most_heap = _slo(p)
    if gogc not in _GOGCS:
        reason = f"gogc must be one of {', '.join(map(str, _GOGCS))}."
        return [mark("a value of the list", 5, False, reason, see="03-3")]
    share, heap = _tuned(gogc, 2, p["live"], p["rate"])
    return [
        mark("within the memory", 1, heap <= most_heap and share < 99, f"The heap grew to {heap} MiB: a larger GOGC lets it grow further.", see="03-3"),
        mark("within the CPU time", 1, share <= most_share, f"The collector took {share:g} % of the CPU time: a smaller GOGC makes it "
             "collect more often.", see="03-3"),
        mark("both", 3, heap <= most_heap and share <= most_share, "One of the two limits alone is held by the least or the "
             "largest value, too: the task is to hold both.", see="03-3"),
    ]  # fmt: skip


TUNE = Question(
    id="ch3-tune", title="GOGC for a budget", kind="tune", points=5, minutes=9, see="03-3",
    objective="Choose GOGC for a limit of memory and a limit of CPU time",
    draw=_tune_draw,
    text=lambda p: f"""A program keeps {p['live']} MiB reachable; two goroutines allocate {p['rate']} MiB/s each, on two Ps, for 60 ms. (In code:
`allocators(allocators=2, live_mib={p['live']}, rate_mib_s={p['rate']}, ms=60)` with `Config(gomaxprocs=2, gogc=...)`.) By the
end of its last collection the collector may have taken at most {_slo(p)[0]:g} % of the CPU time (gctrace's percentage), and the
heap may never be larger than {_slo(p)[1]} MiB. Which value of GOGC holds both? Give one of
{', '.join(map(str, _GOGCS))} in `gogc`.""",
    starter=lambda p: "gogc = ...", form="gogc: int", check=_tune_check,
    reference=lambda p: assigned({"gogc": p["gogc"]}), believer=lambda p: assigned({"gogc": 0}),
    wrong=(
        Wrong("too large", lambda p: assigned({"gogc": 800}), 0.2), Wrong("too small", lambda p: assigned({"gogc": 25}), 0.2),
        Wrong("not of the list", lambda p: assigned({"gogc": 120}), 0.0),
    ),
    partial=((lambda p: assigned({"gogc": 25}), 0.2),),
)  # fmt: skip

ASSIGNMENT = Assignment(
    "ch3",
    "Chapter 3: queues, thieves and the collector — 第三章:调度、工作窃取与 GC 辅助",
    "Why there is a P, who steals what from whom, when the collector starts and who pays for it.",
    (
        LOCK, GRAB, SPIN, WAKEP, LOG,
        play(id="ch3-play", title="Steal, share, wake", level="several", count=10, minutes=12, see="03-2", points=5,
             kinds=("half", "steal", "share", "wake")),
        GOAL, TRIGGER, WORKERS, ASSIST, GCTRACE, CONVOY, TUNE,
        verdicts(id="ch3-claims", title="The article's third chapter", sections=["3.1", "3.2", "3.3"], count=5, minutes=10, see="06"),
    ),
)  # fmt: skip
