"""The final exam: from all chapters, in one sitting.  Some of the questions lie in the modules final_*."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from random import Random
from typing import Any

from gmp_lab import Config, Program, WaitGroup, chan, go, log, recv, send, simulate, sleep
from gmp_lab.catalog import service, steady_mix
from gmp_lab.exam import Answer, Mark, Question, Wrong, mark
from gmp_lab.exam.bank import Assignment
from gmp_lab.exam.model import Params
from gmp_lab.metrics import nearest_rank, responses, total_usage, usage
from gmp_lab.narrate import narrate

from .final_limits import LIMITS
from .final_logs import LOGS
from .final_stack import STACK
from .final_thieves import THIEVES
from .kit import Case, assigned, compiled, implement, one_value, play, same, verdicts

# --- who is woken, and when it runs ---------------------------------------------------------------------------------


@lru_cache(maxsize=512)
def _wakes(waiting: int, started: int, sends: int) -> tuple[int, ...]:
    """Numbers in the order in which they are noted: receivers from 100 on, started goroutines from 0 on, main 900."""

    def receiver(c: Any, i: int, wg: WaitGroup) -> Any:
        yield recv(c)
        yield log(100 + i)
        yield wg.Done()

    def task(i: int, wg: WaitGroup) -> Any:
        yield log(i)
        yield wg.Done()

    def main() -> Any:
        c, wg = chan(), WaitGroup()
        yield wg.Add(waiting + started)
        for i in range(waiting):
            yield go(receiver, c, i, wg)
        yield sleep(us=500)
        for i in range(started):
            yield go(task, i, wg)
        for _ in range(sends):
            yield send(c, 0)
        yield log(900)
        for _ in range(waiting - sends):
            yield send(c, 0)
        yield wg.Wait()

    return tuple(row[-1] for row in simulate(Config(gomaxprocs=1), Program(main)).logs())


def _wake_truth(p: Params) -> list[int]:
    order = _wakes(p["waiting"], p["started"], p["sends"])
    return list(order[: order.index(900) + 1 + p["started"]])


def _wake_check(p: Params, answer: Answer) -> list[Mark]:
    given, truth = answer.typed("order", list), _wake_truth(p)
    same_length = len(given) == len(truth)
    hits = sum(same(a, b) for a, b in zip(given, truth, strict=False))
    return [
        mark("who goes on", 1, bool(given) and same(given[0], truth[0]),
             "Sending to a goroutine that waits does not stop the sender: it goes on.", see="02-3"),
        mark("who comes next", 1.5, len(given) > 1 and same(given[1], truth[1]),
             "Who was woken last stands in runnext and has pushed the one before into the ring.", see="02-3"),
        mark("the whole order", 2.5, 1.0 if same(given, truth) else 0.5 * hits / len(truth) if same_length else 0.0,
             "The ring holds, from its head: the started ones and the woken ones in the order in which they were pushed out "
             "of runnext.", see="02-3"),
    ]  # fmt: skip


WAKE = Question(
    id="final-exam-wake", title="Woken and started", kind="predict", points=5, minutes=8, see="02-3",
    objective="Predict the order of goroutines that are started and woken on one P",
    draw=lambda draw: {"waiting": draw.randrange(4, 7), "started": draw.randrange(3, 6), "sends": draw.randrange(2, 4)},
    text=lambda p: f"""One P. {p['waiting']} goroutines wait to receive from an unbuffered channel `c` (in this order: they will note 100, 101, ...).
`main` starts {p['started']} goroutines, which note 0, 1, ... as soon as they run; then it sends {p['sends']} values to `c`, one after
the other, notes 900, and sends on until nobody waits any more; then it waits for all. A receiver notes its number as soon as
it runs. Give in `order` the first {len(_wake_truth(p))} numbers that are noted.""",
    starter=lambda p: "order = []", form="order: list of int", check=_wake_check,
    reference=lambda p: assigned({"order": _wake_truth(p)}),
    believer=lambda p: assigned({"order": [*range(p["started"]), *range(100, 100 + p["sends"]), 900]}),
    wrong=(Wrong("main last", lambda p: assigned({"order": [*_wake_truth(p)[1:], 900]}), 0.6),),
    partial=((lambda p: assigned({"order": _wake_truth(p)[:2]}), 0.5),),
)  # fmt: skip

# --- findRunnable as a decision -------------------------------------------------------------------------------------

_FIND = """
def source(schedtick, runnext, ring, global_queue, net_ready, victims, spinning, nmspinning, busy):
    if schedtick % 61 == 0 and global_queue > 0:
        return "global"
    if runnext:
        return "runnext"
    if ring > 0:
        return "ring"
    if global_queue > 0:
        return "global"
    if net_ready > 0:
        return "network"
    if (spinning or 2 * nmspinning < busy) and victims > 0:
        return "steal"
    return "idle"
"""


_GLOBAL_FIRST = _FIND.replace("schedtick % 61 == 0 and global_queue", "global_queue")
_STEAL_FIRST = _FIND.replace("    if global_queue > 0:\n        return \"global\"\n    if net", "    if victims > 0:\n        return \"steal\"\n    if global_queue > 0:\n        return \"global\"\n    if net")


def _state(draw: Random, **fixed: Any) -> Case:
    made = {
        "schedtick": 61 * draw.randrange(1, 30) + draw.randrange(1, 61), "runnext": draw.random() < 0.5, "ring": draw.randrange(0, 9),
        "global_queue": draw.randrange(0, 9), "net_ready": draw.randrange(0, 3), "victims": draw.randrange(0, 3),
        "spinning": draw.random() < 0.5, "nmspinning": draw.randrange(0, 3), "busy": draw.randrange(1, 9),
    }  # fmt: skip
    return list((made | fixed).values())


def _states(count: int = 8, **fixed: Any) -> Any:
    return lambda draw, p: [_state(draw, **fixed) for _ in range(count)]


_NONE = {"runnext": False, "ring": 0}
FIND = implement(
    id="final-exam-find", title="Where does the next goroutine come from?", points=6, minutes=12, see="02-3", name="source",
    objective="Write findRunnable's order of sources as one decision",
    arguments="schedtick, runnext, ring, global_queue, net_ready, victims, spinning, nmspinning, busy",
    text=lambda p: """Write `source(...)`, which says from where a P takes its next goroutine: `"runnext"`, `"ring"`, `"global"`,
`"network"`, `"steal"`, or `"idle"` if it finds nothing. `schedtick` is the P's; `runnext` says whether the slot is taken;
`ring`, `global_queue`, `net_ready` are numbers of goroutines (in the ring, in the global queue, ready by the network
poller); `victims` is the number of other Ps that have something in their rings; `spinning` says whether the thread spins
already, `nmspinning` how many threads do, `busy` how many Ps are not idle. No timers, no collector.""",
    reference=_FIND,
    cases={
        "the 61st tick": (1, "In every 61st tick the global queue comes first, if it holds anybody.",
                          lambda d, p: [_state(d, schedtick=61 * d.randrange(0, 50), global_queue=d.randrange(0, 2), victims=0) for _ in range(12)]),
        "the P's own": (1, "runnext comes first, then the ring.", lambda d, p: [_state(d, runnext=r, ring=n) for r, n in ((True, 0), (True, 1), (True, 5), (False, 1), (False, 5)) for _ in range(2)]),
        "global before network": (1, "With nothing of its own: the global queue, then the network.",
                                  lambda d, p: [_state(d, **_NONE, global_queue=g, net_ready=n, victims=g and 2, spinning=True) for g in (0, 3) for n in (0, 2) for _ in range(2)]),
        "stealing comes last": (1.5, "Only when queue and network have nothing does it steal.",
                                lambda d, p: [_state(d, **_NONE, global_queue=0, net_ready=n, victims=v, nmspinning=0, busy=4) for v in (0, 1, 2) for n in (0, 0, 1)]),
        "the limit of spinning": (1.5, "A thread that does not spin yet steals only as long as fewer threads spin than half of the busy Ps.",
                                  lambda d, p: [_state(d, **_NONE, global_queue=0, net_ready=0, victims=2, spinning=s, nmspinning=n, busy=b)
                                                for s in (True, False) for n, b in ((1, 2), (1, 3), (2, 4), (2, 5), (3, 4))]),
    },
    believer="""
def source(schedtick, runnext, ring, global_queue, net_ready, victims, spinning, nmspinning, busy):
    if ring > 0:
        return "ring"
    if victims > 0:
        return "steal"
    return "global" if global_queue > 0 else "idle"
""",
    right=["""
def source(schedtick, runnext, ring, global_queue, net_ready, victims, spinning, nmspinning, busy):
    own = "runnext" if runnext else "ring" if ring else None
    if global_queue and not schedtick % 61:
        own = "global"
    may_steal = victims and (spinning or nmspinning + nmspinning < busy)
    return own or ("global" if global_queue else "network" if net_ready else "steal" if may_steal else "idle")
"""],
    wrong={
        "no 61 rule": _FIND.replace("schedtick % 61 == 0", "False"),
        "every 64th": _FIND.replace("% 61", "% 64"),
        "no runnext": _FIND.replace('    if runnext:\n        return "runnext"\n', ""),
        "ring before runnext": _FIND.replace('    if runnext:\n        return "runnext"\n    if ring > 0:\n        return "ring"\n', '    if ring > 0:\n        return "ring"\n    if runnext:\n        return "runnext"\n'),
        "steals before the global queue": _FIND.replace('    if global_queue > 0:\n        return "global"\n    if net', '    if victims > 0:\n        return "steal"\n    if global_queue > 0:\n        return "global"\n    if net'),
        "network first": _FIND.replace('    if global_queue > 0:\n        return "global"\n    if net_ready > 0:\n        return "network"\n', '    if net_ready > 0:\n        return "network"\n    if global_queue > 0:\n        return "global"\n'),
        "no limit": _FIND.replace("(spinning or 2 * nmspinning < busy) and ", ""),
        "61st tick without looking": _FIND.replace(" and global_queue > 0:\n        return \"global\"\n    if runnext", ":\n        return \"global\"\n    if runnext"),
    },
    partial=[(_FIND.replace("(spinning or 2 * nmspinning < busy) and ", ""), 4.5 / 6)],
    misconceptions={"the P's own": ("global-first", _GLOBAL_FIRST), "global before network": ("steal-before-global", _STEAL_FIRST)},
)  # fmt: skip

# --- handoffp -------------------------------------------------------------------------------------------------------

_HANDOFF = """
def handoffp(ring, global_queue, marking, nmspinning, npidle, gomaxprocs, polled):
    if ring > 0 or global_queue > 0 or marking:
        return "thread"
    if nmspinning + npidle == 0:
        return "spinning thread"
    if npidle == gomaxprocs - 1 and not polled:
        return "thread"
    return "idle"
"""


def _handoffs(**fixed: Any) -> Any:
    def make(draw: Random, p: Params) -> Sequence[Case]:
        cases = []
        for _ in range(8):
            base = {"ring": 0, "global_queue": 0, "marking": False, "nmspinning": draw.randrange(1, 4), "npidle": draw.randrange(1, 5),
                    "gomaxprocs": 16, "polled": draw.random() < 0.5}  # fmt: skip
            made = {name: (value(draw) if callable(value) else value) for name, value in (base | fixed).items()}
            cases.append(list(made.values()))
        return cases

    return make


HANDOFF = implement(
    id="final-exam-handoff", title="What becomes of a P that is handed off", points=5, minutes=9, see="02-5", name="handoffp",
    objective="Write handoffp's decision", arguments="ring, global_queue, marking, nmspinning, npidle, gomaxprocs, polled",
    text=lambda p: """A P has been taken from a thread in a system call. Write `handoffp(...)`, which says what becomes of it: `"thread"` (a
thread is started with it), `"spinning thread"` (one that spins), or `"idle"` (the list of idle Ps). `ring` and `global_queue`
are numbers of goroutines, `marking` says whether a collection has mark work, `nmspinning` and `npidle` count spinning
threads and idle Ps (without this one), `polled` says whether some thread is blocked in the network poller. Nobody has
stopped the world.""",
    reference=_HANDOFF,
    cases={
        "work on its ring": (0.75, "A P with goroutines gets a thread.", _handoffs(ring=lambda d: d.randrange(1, 9))),
        "work in the global queue": (0.75, "Work in the global queue is reason enough.", _handoffs(global_queue=lambda d: d.randrange(1, 9))),
        "mark work": (0.5, "The collector's work is work.", _handoffs(marking=True)),
        "nobody else looks": (1, "If no P is idle and no thread spins, somebody must look for work: a thread that spins.",
                              _handoffs(nmspinning=0, npidle=0)),
        "the last P": (1, "If all other Ps are idle and nobody is blocked in the poller, the network would go unseen.",
                       _handoffs(npidle=lambda d: d.choice((15, 15, 14)), nmspinning=0)),
        "otherwise": (1, "Without work, and with others to look for it, it becomes idle.", _handoffs(polled=True)),
    },
    believer="def handoffp(ring, global_queue, marking, nmspinning, npidle, gomaxprocs, polled):\n    return 'thread'",
    right=["""
def handoffp(ring, global_queue, marking, nmspinning, npidle, gomaxprocs, polled):
    work = ring or global_queue or marking
    last = gomaxprocs - npidle == 1 and not polled
    if not work and nmspinning == npidle == 0:
        return "spinning thread"
    return "thread" if work or last else "idle"
"""],
    wrong={
        "always a thread": "def handoffp(*a):\n    return 'thread'",
        "always idle": "def handoffp(*a):\n    return 'idle'",
        "its ring alone": _HANDOFF.replace(" or global_queue > 0 or marking", ""),
        "no collector": _HANDOFF.replace(" or marking", ""),
        "nobody looks": _HANDOFF.replace('    if nmspinning + npidle == 0:\n        return "spinning thread"\n', ""),
        "only spinning counts": _HANDOFF.replace("nmspinning + npidle == 0", "nmspinning == 0"),
        "the poller is forgotten": _HANDOFF.replace('    if npidle == gomaxprocs - 1 and not polled:\n        return "thread"\n', ""),
        "polled or not": _HANDOFF.replace(" and not polled", ""),
    },
    partial=[(_HANDOFF.replace(" or marking", ""), 4.5 / 5)],
)  # fmt: skip

# --- sync.Mutex that starves ----------------------------------------------------------------------------------------


def _starve_truth(p: Params) -> dict[str, int]:
    """The first end of a hold after 1 ms of waiting sees the starving bit set; the lock is handed over one hold later."""
    hold, waits = p["hold_us"], p["into_us"]
    first = hold - waits  # until the hold that is on ends
    holds = 1
    at = first
    while at <= 1000:
        at += hold
        holds += 1
    return {"ends_before": holds, "wait_us": at + hold}


def _starve_check(p: Params, answer: Answer) -> list[Mark]:
    truth = _starve_truth(p)
    answer.value("wait_us", "mode", "normal_wait_us")
    near = {truth["wait_us"] - p["hold_us"]: 0.5, truth["wait_us"] + p["hold_us"]: 0.25}
    return [
        one_value(answer, "wait_us", truth["wait_us"], 2, "B is woken at each Unlock and finds the lock taken again; once it has waited "
                  "for more than 1 ms it sets the starving bit, and the next Unlock hands the lock over.", near=near, see="04-4"),
        one_value(answer, "mode", "b", 1, "In starvation mode Unlock gives the lock to the first in the queue, and newcomers "
                  "queue up behind.", see="04-4"),
        one_value(answer, "normal_wait_us", p["hold_us"] - p["into_us"], 1, "If A does not take the lock again, B has it at the end of "
                  "the hold that was on.", see="04-4"),
    ]  # fmt: skip


STARVE = Question(
    id="final-exam-mutex", title="A lock that one goroutine hogs", kind="compute", points=4, minutes=7, see="04-4",
    objective="Work out how long a Mutex can keep a goroutine waiting, and what ends it",
    draw=lambda draw: {"hold_us": 10 * draw.randrange(15, 60), "into_us": 10 * draw.randrange(2, 12)},
    text=lambda p: f"""Two Ps. Goroutine A holds a `sync.Mutex` for {p['hold_us']} us, unlocks it, and takes it again at once, without end. Goroutine B
calls `Lock` {p['into_us']} us after A has taken it. Leave out all costs: an unlocked lock is A's again before the woken B can take it. (A
Mutex becomes starving when a woken goroutine finds it locked and has waited for more than 1 ms, `starvationThresholdNs`.)

* `wait_us`: how long does B wait until it has the lock?
* `mode`: what does Unlock do in the end? **a** it wakes B and sleeps; **b** it hands the lock over to B; **c** it makes A yield
  its P; **d** it asks sysmon to preempt A.
* `normal_wait_us`: how long would B wait if A did not take the lock again?""",
    starter=lambda p: "wait_us = ...\nmode = ...\nnormal_wait_us = ...", form="wait_us: int; mode: str; normal_wait_us: int",
    check=_starve_check,
    reference=lambda p: assigned({"wait_us": _starve_truth(p)["wait_us"], "mode": "b", "normal_wait_us": p["hold_us"] - p["into_us"]}),
    believer=lambda p: assigned({"wait_us": 10_000, "mode": "d", "normal_wait_us": 10_000}),
    wrong=(Wrong("first end after 1 ms", lambda p: assigned({"wait_us": _starve_truth(p)["wait_us"] - p["hold_us"], "mode": "a", "normal_wait_us": 0}), 0.3),),
    partial=((lambda p: assigned({"wait_us": _starve_truth(p)["wait_us"] - p["hold_us"], "mode": "b", "normal_wait_us": p["hold_us"] - p["into_us"]}), 0.75),),
)  # fmt: skip

# --- the life of a goroutine ----------------------------------------------------------------------------------------


@lru_cache(maxsize=512)
def _life(seed: int) -> tuple[str, int, int, int, str]:
    """A goroutine's events as text; ns runnable and in system calls; executes; who took its P at the first call."""
    rec = simulate(Config(gomaxprocs=2, seed=seed), steady_mix(goroutines=6, bursts=3, syscall_percent=60, syscall_us=120, burst_us=60, seed=seed))
    calls: dict[int, int] = {}
    for event in rec:
        if event.name == "syscall":
            calls[event.g] = calls.get(event.g, 0) + 1
    g = min(calls, key=lambda one: (-calls[one], one))
    rows, state, since = [], "", 0
    times = {"runnable": 0, "running": 0, "syscall": 0}
    count = 0
    kept = ""
    changes = {"go_create": "runnable", "execute": "running", "syscall": "syscall", "ready": "runnable", "yield": "runnable", "park": ""}
    for i, event in enumerate(rec):
        if event.g != g or event.name not in (*changes, "sysexit", "exit"):
            continue
        if state in times:
            times[state] += event.t - since
        back = "runnable" if event.name == "sysexit" and event.p < 0 else "running"
        state, since = (back if event.name == "sysexit" else changes.get(event.name, "")), event.t
        count += event.name == "execute"
        if event.name == "sysexit" and not kept:
            kept = "yes" if event.arg == 0 else "no"
        rows.append(f"{event.t:>9} ns  {narrate(rec, i).sentence}")
    return "\n".join(rows), times["runnable"], times["syscall"], count, kept


def _life_draw(draw: Random) -> dict[str, Any]:
    """A goroutine that waited in queues, and made two calls or more."""
    while True:
        seed = draw.randrange(1, 5000)
        rows, runnable, _, count, _ = _life(seed)
        if runnable and 2 <= count <= 4 and 9 <= rows.count("\n") <= 16 and rows.count("enters a system call") >= 2:
            return {"seed": seed}


def _life_check(p: Params, answer: Answer) -> list[Mark]:
    _, runnable, syscall, count, kept = _life(p["seed"])
    answer.value("runnable_ns", "syscall_ns", "executes", "kept_its_p")
    return [
        one_value(answer, "runnable_ns", runnable, 2, "Runnable is from being made, readied or sent to a queue until it is executed.", see="02-4"),
        one_value(answer, "syscall_ns", syscall, 1.5, "In a system call is from entering it until it comes back.", see="02-4"),
        one_value(answer, "executes", count, 0.5, "Each time that a P takes it from a queue.", see="02-4"),
        one_value(answer, "kept_its_p", kept, 1, "Whether its thread still had the P when its first call was over.", see="02-5"),
    ]  # fmt: skip


LIFE = Question(
    id="final-exam-life", title="The life of one goroutine", kind="diagnose", points=5, minutes=9, see="02-4",
    objective="Read the events of a goroutine: where did its time go?", draw=_life_draw,
    text=lambda p: f"""These are all events of one goroutine, from a run with two Ps (times since the start of the program):

```text
{_life(p['seed'])[0]}
```

How long, in ns and in all, was it runnable but not running (`runnable_ns`), and in system calls (`syscall_ns`)? How often did a
P begin to run it from a queue (`executes`)? Did its thread still have its P when its first system call was over
(`kept_its_p`: "yes" or "no")?""",
    starter=lambda p: "runnable_ns = ...\nsyscall_ns = ...\nexecutes = ...\nkept_its_p = ...",
    form="runnable_ns: int; syscall_ns: int; executes: int; kept_its_p: str", check=_life_check,
    reference=lambda p: assigned(dict(zip(("runnable_ns", "syscall_ns", "executes", "kept_its_p"), _life(p["seed"])[1:], strict=True))),
    believer=lambda p: assigned({"runnable_ns": 0, "syscall_ns": 0, "executes": 1, "kept_its_p": "?"}),
    wrong=(Wrong("calls as waiting", lambda p: assigned({"runnable_ns": _life(p["seed"])[1] + _life(p["seed"])[2], "syscall_ns": 0, "executes": _life(p["seed"])[3], "kept_its_p": _life(p["seed"])[4]}), 0.35),),
    partial=((lambda p: assigned({"runnable_ns": 0, "syscall_ns": _life(p["seed"])[2], "executes": _life(p["seed"])[3], "kept_its_p": _life(p["seed"])[4]}), 0.6),),
)  # fmt: skip

# --- a log of decisions with one that is wrong ----------------------------------------------------------------------

_SOURCES = ("runnext", "ring", "global", "network", "steal", "idle")
_BREAKS = {
    "a": "in every 61st tick the global queue comes first", "b": "runnext comes before the ring",
    "c": "a P's own queue comes before the global one", "d": "the global queue comes before the network",
    "e": "stealing comes last", "f": "nobody goes idle while there is something to run",
}  # fmt: skip
#: for each rule: a state in which it decides, and what a scheduler does that breaks it
_BROKEN: dict[str, tuple[dict[str, Any], str]] = {
    "a": ({"tick": 0, "global": 3, "runnext": 1, "ring": 2}, "runnext"),
    "b": ({"tick": 7, "runnext": 1, "ring": 4}, "ring"),
    "c": ({"tick": 9, "ring": 3, "global": 5}, "global"),
    "d": ({"tick": 5, "global": 2, "network": 2}, "network"),
    "e": ({"tick": 11, "network": 1, "steal": 2}, "steal"),
    "f": ({"tick": 13, "steal": 1}, "idle"),
}


def _decision(draw: Random) -> dict[str, Any]:
    row = {"tick": draw.choice((0, draw.randrange(1, 61))), "runnext": draw.randrange(2), "ring": draw.choice((0, 0, 2, 5)),
           "global": draw.choice((0, 2, 6)), "network": draw.choice((0, 0, 1)), "steal": draw.choice((0, 1))}  # fmt: skip
    return {**row, "base": draw.randrange(1, 40)}


def _goes(row: dict[str, Any]) -> str:
    if row["tick"] == 0 and row["global"]:
        return "global"
    return next((source for source in _SOURCES[:-1] if row[source]), "idle")


def _decisions_draw(draw: Random) -> dict[str, Any]:
    rows = [_decision(draw) for _ in range(9)]
    rule, bad = draw.choice(list(_BREAKS)), draw.randrange(1, 9)
    empty = {"tick": 1, "runnext": 0, "ring": 0, "global": 0, "network": 0, "steal": 0}
    rows[bad] = {**empty, **_BROKEN[rule][0], "base": draw.randrange(1, 40)}
    return {"rows": rows, "rule": rule, "bad": bad}


def _decisions_text(p: Params) -> str:
    lines = [" n  schedtick  runnext  ring  global  network  rings of others  goes to"]
    for n, row in enumerate(p["rows"]):
        goes = _BROKEN[p["rule"]][1] if n == p["bad"] else _goes(row)
        slot = "taken" if row["runnext"] else "empty"
        lines.append(
            f"{n:2}  {61 * row['base'] + row['tick']:9}  {slot:7}  {row['ring']:4}  {row['global']:6}  {row['network']:7}  "
            f"{'some' if row['steal'] else 'empty':15}  {goes}"
        )
    return "\n".join(lines)


def _decisions_check(p: Params, answer: Answer) -> list[Mark]:
    answer.value("line", "rule")
    line = one_value(answer, "line", p["bad"], 2, "Work out for each line where findRunnable would go.", see="02-3")
    reason = f"The rule that is broken there: {_BREAKS[p['rule']]}." if line.points else "First find the line."
    return [line, one_value(answer, "rule", p["rule"], 2, reason, see="02-3")]


DECISIONS = Question(
    id="final-exam-rule", title="Which decision is not Go's?", kind="find the rule", points=4, minutes=7, see="02-3",
    objective="Find the decision of a changed scheduler that breaks a rule, and name the rule", draw=_decisions_draw,
    text=lambda p: f"""Each line is a P that looks for work, with what there is, and where it goes. (It may steal whenever it comes to that.)

```text
{_decisions_text(p)}
```

One line is not what Go does. Give its number in `line` and the letter of the rule that it breaks in `rule`:

""" + "\n".join(f"* **{letter}** {words}" for letter, words in _BREAKS.items()),
    starter=lambda p: "line = ...\nrule = ...", form="line: int; rule: str", check=_decisions_check,
    reference=lambda p: assigned({"line": p["bad"], "rule": p["rule"]}),
    believer=lambda p: assigned({"line": 0, "rule": "?"}),
    wrong=(Wrong("the line before", lambda p: assigned({"line": p["bad"] - 1, "rule": "?"}), 0.0),),
    partial=((lambda p: assigned({"line": p["bad"], "rule": "?"}), 0.5),),
)  # fmt: skip

# --- a leak ---------------------------------------------------------------------------------------------------------

_LEAK = '''
from gmp_lab import WaitGroup, chan, go, log, recv, send, work

def search(replica, c):
    yield work(us=100 + 300 * replica)
    yield send(c, replica)

def first_of(n, wg):
    c = chan()
    for replica in range(n):
        yield go(search, replica, c)
    answer = yield recv(c)
    yield log(answer)
    yield wg.Done()

def main():
    wg = WaitGroup()
    yield wg.Add(REQUESTS)
    for request in range(REQUESTS):
        yield go(first_of, REPLICAS, wg)
    yield wg.Wait()
    yield work(us=5000)
'''


def _leak(p: Params, fixed: bool = False) -> str:
    source = _LEAK.replace("REQUESTS", str(p["requests"])).replace("REPLICAS", str(p["replicas"]))
    return (source.replace("c = chan()", "c = chan(n)") if fixed else source).strip()


@lru_cache(maxsize=64)
def _answered_ns(requests: int, replicas: int) -> float:
    """When the requests of the leaking program are answered, on average: it waits for the first replica alone."""
    main = compiled(_leak({"requests": requests, "replicas": replicas}), "main")
    times = [row[0] for row in simulate(Config(gomaxprocs=4), Program(main)).logs()]
    return sum(times) / len(times)


def _leak_check(p: Params, answer: Answer) -> list[Mark]:
    rec = answer.recording("main", {"gomaxprocs": 4})
    times = [row[0] for row in rec.logs()]
    started = sum(event.name == "go_create" for event in rec)
    ended = sum(event.name == "exit" for event in rec)
    all_asked = started >= p["requests"] * (p["replicas"] + 1)
    compute = p["requests"] * sum(100 + 300 * replica for replica in range(p["replicas"])) * 1000
    asked = all_asked and total_usage(usage(rec)).running_ns >= compute
    early = any(t < (n // 4 + 1) * 100_000 for n, t in enumerate(times))  # before four Ps can have made an answer
    known = all(0 <= row[-1] < p["replicas"] for row in rec.logs())
    served = rec.ended == "exit" and len(times) == p["requests"] and asked and known and not early
    soon = served and sum(times) / len(times) <= 1.15 * _answered_ns(p["requests"], p["replicas"])
    return [
        mark("every request is answered", 1, served, "Each request asks all its replicas, which compute as before, and logs "
             "the answer of one of them.", see="02-4"),
        mark("by the first replica", 1, soon, "The answer is that of the replica which is done first; nobody waits for the rest.", see="02-4"),
        mark("nobody is left", 3, served and started == ended, "Goroutines wait for ever to send on a channel from which nobody "
             "receives any more: give it room for all of them, or let somebody receive.", see="02-4"),
    ]  # fmt: skip


LEAK = Question(
    id="final-exam-leak", title="A leak", kind="repair", points=5, minutes=10, see="02-4",
    objective="Repair a program that leaves goroutines behind",
    draw=lambda draw: {"requests": draw.randrange(4, 9), "replicas": draw.randrange(3, 6)},
    text=lambda p: f"""Each request asks {p['replicas']} replicas and takes the first answer. The program leaks goroutines. Change it so that every
goroutine ends, while each request still asks all its replicas, each of which computes as long as now, logs the first answer, and
does not wait for the slower ones. It is
run with `GOMAXPROCS=4`; `main` must be its main goroutine. Write the whole program.

```python
{_leak(p)}
```""",
    starter=lambda p: "def main():\n    ...", form="main: goroutine", check=_leak_check,
    reference=lambda p: _leak(p, fixed=True), believer=_leak,
    right=(lambda p: _leak(p).replace("    yield log(answer)\n", "    yield log(answer)\n    yield go(drain, n - 1, c)\n").replace(
        "def first_of", "def drain(n, c):\n    for _ in range(n):\n        yield recv(c)\n\ndef first_of"),),
    wrong=(
        Wrong("waits for all", lambda p: _leak(p).replace("    answer = yield recv(c)\n", "    for _ in range(n):\n        answer = yield recv(c)\n"), 0.8),
        Wrong("asks one", lambda p: _leak(p).replace("for replica in range(n)", "for replica in range(1)"), 0.0),
        Wrong("nobody computes", lambda p: _leak(p, fixed=True).replace("work(us=100 + 300 * replica)", "work(us=1)"), 0.0),
        Wrong("an answer of its own", lambda p: _leak(p, fixed=True).replace("yield recv(c)", "0"), 0.0),
        Wrong("room for one", lambda p: _leak(p).replace("c = chan()", "c = chan(1)"), 0.4),
    ),
    partial=((_leak, 0.4),),
)  # fmt: skip

# --- tuning a service -----------------------------------------------------------------------------------------------


@lru_cache(maxsize=512)
def _late_ms(procs: int, hogs: int, seed: int) -> float:
    """The 90th percentile, in ms, of the response times of a service beside hogs that compute without calls."""
    rec = simulate(Config(gomaxprocs=procs, cores=8, seed=seed), service(hogs=hogs, seed=seed))
    took = sorted(int(one) for one in responses(rec).length_ns)
    return round(nearest_rank(took, 90) / 1e6, 2)


def _service_truth(p: Params) -> int:
    return next(n for n in range(1, 9) if _late_ms(n, p["hogs"], p["seed"]) <= p["slo_ms"])


def _service_check(p: Params, answer: Answer) -> list[Mark]:
    procs, best = answer.typed("gomaxprocs", int), _service_truth(p)
    if not 1 <= procs <= 8:
        return [mark("a possible value", 4, False, "gomaxprocs must be from 1 to 8.", see="04-4")]
    late = _late_ms(procs, p["hogs"], p["seed"])
    return [
        mark("the SLO holds", 1, late <= p["slo_ms"], f"With {procs} the 90th percentile is {late:g} ms: hogs hold every P for about two of "
             "sysmon's ticks.", see="04-4"),
        mark("no P too many", 3, procs <= best and late <= p["slo_ms"], "A smaller number holds the SLO too (or this one does not hold it).", see="04-4"),
    ]  # fmt: skip


SERVICE = Question(
    id="final-exam-service", title="The fewest Ps for an SLO", kind="tune", points=4, minutes=8, see="04-4",
    objective="Find the smallest GOMAXPROCS that keeps a latency beside hogs",
    draw=lambda draw: {"hogs": draw.randrange(2, 6), "seed": draw.randrange(1, 4000), "slo_ms": 4},
    text=lambda p: f"""A service answers 1000 requests a second, each of 0.2 ms, beside {p['hogs']} goroutines that compute without calls, on a machine
with 8 cores. (In code: `service(hogs={p['hogs']}, seed={p['seed']})` with `Config(gomaxprocs=..., cores=8, seed={p['seed']})`, and
`gmp_lab.metrics.responses`.) Its SLO: nine of ten responses take at most {p['slo_ms']} ms. What is the smallest
`GOMAXPROCS`, from 1 to 8, that holds it? Give it in `gomaxprocs`.""",
    starter=lambda p: "gomaxprocs = ...", form="gomaxprocs: int", check=_service_check,
    reference=lambda p: assigned({"gomaxprocs": _service_truth(p)}), believer=lambda p: assigned({"gomaxprocs": 1}),
    wrong=(Wrong("as many as there are cores", lambda p: assigned({"gomaxprocs": 8}), 0.25),),
    partial=((lambda p: assigned({"gomaxprocs": 8}), 0.25),),
)  # fmt: skip

ASSIGNMENT = Assignment(
    "final-exam",
    "Final exam: the goroutine scheduler — 期末考试:Go 协程调度器",
    "All chapters. Answer in any order; every question stands for itself.",
    (
        STACK, WAKE, FIND, THIEVES, HANDOFF, LIMITS, LOGS, STARVE, LIFE, DECISIONS,
        play(id="final-exam-play", title="Twelve decisions", level="full", count=12, minutes=12, see="01", points=6),
        LEAK, SERVICE,
        verdicts(id="final-exam-claims", title="The whole article", sections=["1", "2.1", "2.2", "2.3", "2.4", "2.5", "3.1", "3.2", "3.3", "4.1",
                 "4.2", "4.3", "4.4", "5"], count=8, minutes=16, see="06"),
    ),
)  # fmt: skip
