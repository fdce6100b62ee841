"""Chapter 2, diagnoses: a goroutine dump and an execution trace."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from random import Random
from typing import Any, Final

from gmp_lab import Config, Mutex, Program, Recording, WaitGroup, chan, go, recv, send, simulate, sleep, syscall, work
from gmp_lab import vocabulary as v
from gmp_lab.dump import goroutine_dump
from gmp_lab.exam import Answer, Mark, Question, Wrong, mark
from gmp_lab.exam.model import Params
from gmp_lab.net import conn, read

from .kit import assigned, one_value, same

# --- a goroutine dump ---------------------------------------------------------------------------------------------------

_MINUTE: Final = 60_000_000_000
_ROLES: Final = ("resolve", "count", "serve", "replica", "save", "recount")
_TOLD: Final = {
    "a": "how many Ps there are", "b": "which function has started a goroutine", "c": "how many threads are parked",
    "d": "what a goroutine waits for", "e": "which goroutine is in the runnext of a P", "f": "which goroutines are runnable",
    "g": "which thread runs which goroutine",
}  # fmt: skip
_NOT_TOLD: Final = "aceg"


@lru_cache(512)
def _dump(n: tuple[int, ...], procs: int, minutes: int) -> str:
    """A server after some minutes, crashed while it computes."""
    calls, computing, serving, leaking, saving, queued = n

    def resolve() -> Any:
        yield syscall(ms=200)

    def count() -> Any:
        yield work(ms=40)

    def recount() -> Any:
        yield work(ms=40)

    def serve() -> Any:
        yield read(conn())

    def replica(answers: Any) -> Any:
        yield send(answers, 1)

    def save(mu: Mutex) -> Any:
        yield mu.Lock()
        yield syscall(ms=300)
        yield mu.Unlock()

    def tick() -> Any:
        while True:
            yield sleep(ms=40_000)

    def handle(answers: Any) -> Any:
        for _ in range(leaking + 1):
            yield go(replica, answers)
        yield recv(answers)

    def main() -> Any:
        wg, mu = WaitGroup(), Mutex()
        yield wg.Add(1)
        for _ in range(serving):
            yield go(serve)
        yield go(tick)
        yield go(handle, chan())
        yield sleep(ms=minutes * 60_000)
        for _ in range(saving + 1):
            yield go(save, mu)
        for _ in range(calls - 1):
            yield go(resolve)
        yield sleep(ms=30)
        for body, many in ((count, computing), (recount, queued)):
            for _ in range(many):
                yield go(body)
        yield wg.Wait()

    at = minutes * _MINUTE + 38_000_000
    rec = simulate(Config(gomaxprocs=procs, until_ns=at + 1_000_000), Program(main))
    return goroutine_dump(rec, at, gc_starts_ns=[_MINUTE * k // 2 for k in range(1, 2 * minutes)])


def _crash(draw: Random) -> dict[str, Any]:
    """Counts that differ from one another and add up to the same for everybody."""
    procs = draw.choice([2, 3])
    calls, serving, saving = draw.sample([2, 3, 4, 5], 3)
    leaking = draw.randrange(4, 8)
    queued = 22 - procs - calls - serving - saving - leaking
    return {"n": [calls, procs, serving, leaking, saving, queued], "procs": procs, "minutes": draw.randrange(4, 9)}


def _text_of(p: Params) -> str:
    return _dump(tuple(p["n"]), p["procs"], p["minutes"])


def _dump_truth(p: Params) -> dict[str, Any]:
    """Counted in the dump's headers: a goroutine is one line of them."""
    heads = [line.partition("[")[2] for line in _text_of(p).splitlines() if line.startswith("goroutine ")]

    def having(*words: str) -> int:
        return sum(head.startswith(words) for head in heads)

    return {"threads": having("running", "syscall"), "queued": having("runnable"), "poller": having("IO wait"),
            "leaked": "main.replica", "leaks": having("chan send")}  # fmt: skip


_DUMP_WHY: Final = {
    "threads": "A thread is held by who runs and by who is in a system call; all others wait without one.",
    "queued": "In a run queue stands who is runnable.",
    "poller": "IO wait is a wait in the network poller, for which no thread is needed.",
    "leaked": "Who has waited to send for minutes, although its receiver is gone, can never go on.",
    "leaks": "Count those whose wait nobody can end.",
}  # fmt: skip


def _dump_check(p: Params, answer: Answer) -> list[Mark]:
    truth = _dump_truth(p)
    answer.value(*truth, "not_told")
    blocks = "network-blocks-thread" if answer.value("threads") == truth["threads"] + truth["poller"] else ""
    given = answer.value("not_told")
    letters = set(given) if type(given) is list and all(type(one) is str and one in _TOLD for one in given) else set()
    right = max(0, len(letters & set(_NOT_TOLD)) - len(letters - set(_NOT_TOLD))) / len(_NOT_TOLD)
    gomaxprocs = "dump-gomaxprocs" if "a" not in letters else ""
    points = {"threads": 1.0, "queued": 0.5, "poller": 0.5, "leaked": 0.5, "leaks": 0.5}
    return [
        *(one_value(answer, name, truth[name], of, _DUMP_WHY[name], misconception=blocks if name == "threads" else "",
                    see="02-5" if name == "poller" else "02-4") for name, of in points.items()),
        mark("not_told", 1, right, "A dump names goroutines, what they wait for and who started them. Ps, queues and idle "
             "threads are not in it, and which thread runs a goroutine only with GOTRACEBACK=system.",
             misconception=gomaxprocs, see="02-5"),
    ]  # fmt: skip


def _read_dump(p: Params, **other: Any) -> str:
    return assigned({**_dump_truth(p), "not_told": list(_NOT_TOLD), **other})


DUMP = Question(
    id="ch2-dump", title="Reading a goroutine dump", kind="diagnose", points=4, minutes=5, see="02-5",
    objective="Read in a goroutine dump who holds a thread, who waits for what, and who leaks",
    draw=_crash,
    text=lambda p: "A server has panicked under GOTRACEBACK=all. Its `handle` asks replicas, takes the first answer from an "
    "unbuffered channel, and returns.\n\n```text\n" + _text_of(p).strip() + """
```

How many of these goroutines hold a thread at this moment (`threads`)? How many stand in a run queue (`queued`), how many wait in the
network poller (`poller`)? Which function's goroutines can never go on (`leaked`, its name as it stands here), and how many are
there (`leaks`)? And which of these does such a dump *not* tell? Give their letters as a list in `not_told`.

""" + "\n".join(f"* **{letter}** {words}" for letter, words in _TOLD.items()),
    starter=lambda p: 'threads = ...\nqueued = ...\npoller = ...\nleaked = "?"\nleaks = ...\nnot_told = []',
    form="threads: int; queued: int; poller: int; leaked: str; leaks: int; not_told: list of str", check=_dump_check,
    reference=_read_dump,
    believer=lambda p: assigned({"threads": _dump_truth(p)["threads"] + p["n"][2], "queued": 0, "poller": 0,
                                 "leaked": "main.serve", "leaks": p["n"][2], "not_told": ["b", "d"]}),
    wrong=(
        Wrong("the network holds threads", lambda p: _read_dump(p, threads=_dump_truth(p)["threads"] + p["n"][2]), 0.75),
        Wrong("who runs alone", lambda p: _read_dump(p, threads=p["n"][1], poller=0), 0.63),
        Wrong("all letters", lambda p: _read_dump(p, not_told=list(_TOLD)), 0.82),
        Wrong("who waits for the lock", lambda p: _read_dump(p, leaked="main.save", leaks=p["n"][4]), 0.75),
    ),
    partial=((lambda p: _read_dump(p, not_told=["a", "b"], queued=-1), 2.5 / 4),),
    claims=("2.5-08", "2.5-09", "2.5-10"),
)  # fmt: skip

# --- an execution trace -------------------------------------------------------------------------------------------------

_HELPS: Final = {
    "a": "a second P", "b": "a supplier that computes half as long", "c": "system calls that last half as long",
    "d": "a report that computes half as long",
}  # fmt: skip


@lru_cache(2048)
def _job(supply: int, calls: tuple[int, int], report: int, own: tuple[int, ...], procs: int) -> Recording:
    """A job that waits for a supplier, makes two calls and computes in between; a report wants the P too.  In us."""
    def job(c: Any, wg: WaitGroup) -> Any:
        yield work(us=own[0])
        yield recv(c)
        for us, computes in zip(calls, own[1:], strict=True):
            yield syscall(us=us)
            yield work(us=computes)
        yield wg.Done()

    def supplier(c: Any, wg: WaitGroup) -> Any:
        yield work(us=supply)
        yield send(c, 1)
        yield wg.Done()

    def reporter(wg: WaitGroup) -> Any:
        yield work(us=report)
        yield wg.Done()

    def main() -> Any:
        wg, c = WaitGroup(), chan()
        yield wg.Add(3)
        yield go(supplier, c, wg)
        yield go(reporter, wg)
        yield go(job, c, wg)
        yield wg.Wait()

    return simulate(Config(gomaxprocs=procs), Program(main))


_JOB: Final = 4  # goroutine ids, in the order in which main starts them
_SUPPLIER: Final = 2
_STATES: Final = ("running", "runnable", "waiting", "syscall")
_CHANGES: Final[dict[int, tuple[str, str]]] = {
    v.E_GO_CREATE: ("NotExist", "runnable"), v.E_READY: ("", "runnable"), v.E_EXECUTE: ("", "running"),
    v.E_PARK: ("", "waiting"), v.E_YIELD: ("", "runnable"), v.E_SYSCALL: ("", "syscall"), v.E_EXIT: ("", "NotExist"),
}  # fmt: skip


def _transitions(rec: Recording) -> list[tuple[int, int, int, int, int, str, str, str]]:
    """(event, m, p, who does it, of whom, from, to, reason) for every change of a goroutine's state, as a trace tells it."""
    state: dict[int, str] = {}
    on: dict[int, int] = {}
    rows = []
    for i, e in enumerate(rec):
        if e.kind == v.E_SYSEXIT:
            new = "runnable" if e.arg == v.EXIT_NO_P else "running"
        elif e.kind in _CHANGES:
            new = _CHANGES[e.kind][1]
        else:
            continue
        old = state.get(e.g, "NotExist")
        by = e.arg if e.kind in (v.E_GO_CREATE, v.E_READY) else -1 if e.kind == v.E_EXECUTE else e.g
        why = {v.E_PARK: v.WAIT_REASONS[max(e.arg, 0)], v.E_YIELD: "preempted"}.get(e.kind, "")
        m = e.m if e.m >= 0 else next((k for k, g in on.items() if g == by), -1)
        rows.append((i, m, e.p, by, e.g, old, new, why))
        state[e.g] = new
        on[m] = e.g if new in ("running", "syscall") else -1 if on.get(m) == e.g else on.get(m, -1)
    return rows


def _trace_text(rec: Recording) -> str:
    lines = {}
    changes = {v.E_RETAKE: "Running->Idle", v.E_ACQUIRE_P: "Idle->Running", v.E_RELEASE_P: "Running->Idle"}
    for i, m, p, by, g, old, new, why in _transitions(rec):
        change = f'GoID={g} {_cap(old)}->{_cap(new)} Reason="{why}"'
        lines[i] = f"M={m} P={p} G={by} StateTransition Time={rec.t[i]} {change}"
    for i, e in enumerate(rec):
        if e.kind in changes and e.t:
            m = e.m if e.kind != v.E_RETAKE else e.arg
            lines[i] = f'M={m} P=-1 G=-1 StateTransition Time={e.t} ProcID={e.p} {changes[e.kind]} Reason=""'
    return "\n".join(lines[i] for i in sorted(lines))


def _cap(word: str) -> str:
    return word[0].upper() + word[1:]


def _of(p: Params, **other: Any) -> Recording:
    q = {**(_scene(p["seed"]) if "seed" in p else p), **other}
    return _job(q["supply"], tuple(q["calls"]), q["report"], tuple(q["own"]), q["procs"])


def _life(rec: Recording) -> dict[str, int]:
    """The job's time in each state, in ns."""
    spent, since, now = dict.fromkeys(_STATES, 0), 0, ""
    for i, _, _, _, g, _, new, _ in _transitions(rec):
        if g == _JOB:
            if now in spent:
                spent[now] += rec.t[i] - since
            since, now = rec.t[i], new
    return spent


def _latencies(p: Mapping[str, Any]) -> dict[str, int]:
    """How long the job lives with each of the remedies, in ns."""
    other = {"a": {"procs": 2}, "b": {"supply": p["supply"] // 2}, "c": {"calls": [us // 2 for us in p["calls"]]},
             "d": {"report": p["report"] // 2}}  # fmt: skip
    return {letter: sum(_life(_of(p, **change)).values()) for letter, change in other.items()}


def _estimates(p: Mapping[str, Any]) -> dict[str, int]:
    """The same as somebody works it out who has the trace alone, in ns."""
    rec = _of(p)
    spent, calls, call = _life(rec), _calls(rec), max(p["calls"]) * 1000
    life, begins = sum(spent.values()), max(t for t, lost in calls if lost)
    free = next(e.t for e in rec if e.kind == v.E_EXIT and e.g == _JOB - 1)
    back = max(begins + call, free)  # when the job goes on after the long call
    return {
        "a": life - spent["runnable"], "b": life - p["supply"] * 500,
        "c": life - back + max(begins + call // 2, free),
        "d": life - back + max(begins + call, free - p["report"] * 500),
    }  # fmt: skip


def _clear(lives: Mapping[str, int], best: str) -> bool:
    """Whether this remedy leaves the job the shortest life, by a good margin."""
    return all(lives[best] * 1.12 < life for letter, life in lives.items() if letter != best)


@lru_cache(2048)
def _scene(seed: int) -> dict[str, Any]:
    """Times of which one remedy is clearly the best; two calls, one of them so short that it keeps its P."""
    draw = Random(f"ch2 trace {seed}")
    best = draw.choice("ab")  # a shorter call cannot help where the P is not free when it ends
    while True:
        long_call = draw.randrange(2_000, 5_000, 50) if best == "a" else draw.randrange(4_000, 9_000, 50)
        calls = [draw.randrange(8, 20), long_call]
        if draw.random() < 0.5:
            calls.reverse()
        supply = draw.randrange(800, 4_000, 50) if best == "a" else draw.randrange(5_500, 9_000, 50)
        report = draw.randrange(6_500, 9_500, 50) if best == "a" else draw.randrange(3_000, 7_000, 50)
        p = {"supply": supply, "calls": calls, "report": report,
             "own": [draw.randrange(200, 1_200, 10) for _ in range(3)], "procs": 1}  # fmt: skip
        lost = [lost for _, lost in _calls(_of(p))]
        life = _life(_of(p))
        wanted = all(life[name] > 150_000 for name in _STATES)
        if wanted and sorted(lost) == [False, True] and _clear(_estimates(p), best) and _clear(_latencies(p), best):
            return p


def _calls(rec: Recording) -> list[tuple[int, bool]]:
    """For each of the job's calls when it began, and whether it lost its P."""
    found: list[tuple[int, bool]] = []
    for e in rec:
        if e.kind == v.E_SYSCALL and e.g == _JOB:
            found.append((e.t, False))
        if e.kind == v.E_RETAKE and e.g == _JOB:
            found[-1] = (found[-1][0], True)
    return found


def _trace_truth(p: Params) -> dict[str, Any]:
    lives, latencies = _life(_of(p)), _latencies(_scene(p["seed"]))
    return {
        **{name: round(ns / 1000) for name, ns in lives.items()}, "woken_by": _SUPPLIER,
        "lost_p": [lost for _, lost in _calls(_of(p))], "helps": min(latencies, key=lambda one: latencies[one]),
    }  # fmt: skip


_TRACE_WHY: Final = {
    "running": "Add up the times from each ->Running to the next line of this goroutine.",
    "runnable": "Runnable is who could run and has no P: from ->Runnable to Runnable->Running.",
    "waiting": "Waiting is the time between gopark and goready; a system call is none of it.",
    "syscall": "In a system call is the time from Running->Syscall on to the next line of this goroutine.",
}


def _trace_check(p: Params, answer: Answer) -> list[Mark]:
    truth = _trace_truth(p)
    given = {name: answer.value(name, *truth) for name in truth}
    marks = []
    for name in _STATES:
        near = type(given[name]) in (int, float) and abs(given[name] - truth[name]) <= max(3, truth[name] // 100)
        both = name == "waiting" and given[name] == truth["waiting"] + truth["syscall"]
        marks.append(mark(name, 0.75, near, _TRACE_WHY[name], misconception="three-states" if both else "", see="02-4"))
    wakes = "schedule-wakes" if given["woken_by"] in (-1, 0) else ""
    away = "call-gives-p-away" if given["lost_p"] == [True, True] else ""
    return [
        *marks,
        one_value(answer, "woken_by", truth["woken_by"], 0.5, "The line that says Waiting->Runnable stands in the name of who "
                  "did it: the goroutine that sends.", misconception=wakes, see="02-4"),
        mark("lost_p", 0.5, same(given["lost_p"], truth["lost_p"]), "A call loses its P if ProcID Running->Idle comes while "
             "it lasts; the short one keeps it.", misconception=away, see="02-5"),
        one_value(answer, "helps", truth["helps"], 1, "What is long and can be taken away counts: runnable time by a P, waiting "
                  "time at its source, and a shorter call only if the P is free when it ends.", see="02-4"),
    ]  # fmt: skip


def _read_trace(p: Params, **other: Any) -> str:
    return assigned({**_trace_truth(p), **other})


def _two_states(p: Params) -> dict[str, int]:
    truth = _trace_truth(p)
    return {"running": truth["running"] + truth["runnable"], "runnable": 0,
            "waiting": truth["waiting"] + truth["syscall"], "syscall": 0}  # fmt: skip


def _other_letter(p: Params) -> str:
    return "c" if _trace_truth(p)["helps"] != "c" else "d"


TRACE = Question(
    id="ch2-trace", title="Where a job's time goes", kind="diagnose", points=5, minutes=7, see="02-4",
    objective="Read in an execution trace where a goroutine's time goes, and what would help",
    draw=lambda draw: {"seed": draw.randrange(1 << 30)},
    text=lambda p: f"""This is what `go tool trace -d=parsed` would print of a program on one P, without stacks (Time in ns). `main`
is goroutine 1. It has started the supplier ({_SUPPLIER}), a report ({_SUPPLIER + 1}) and the job ({_JOB}), which waits for the supplier.

```text
{_trace_text(_of(p))}
```

How long was the job `running`, `runnable`, `waiting` and in a `syscall`, in whole microseconds (one percent more or less is no
mistake), from its creation to its end? Which goroutine made it runnable when it had waited (`woken_by`, an int)? Did its two system
calls lose their P (`lost_p`, a list of two bools)? And what would bring its end nearest (`helps`, a letter)?

""" + "\n".join(f"* **{letter}** {words}" for letter, words in _HELPS.items()),
    starter=lambda p: 'running = ...\nrunnable = ...\nwaiting = ...\nsyscall = ...\nwoken_by = ...\nlost_p = []\nhelps = "?"',
    form="running: int; runnable: int; waiting: int; syscall: int; woken_by: int; lost_p: list of bool; helps: str",
    check=_trace_check, reference=_read_trace,
    believer=lambda p: _read_trace(p, **_two_states(p), woken_by=0, lost_p=[True, True], helps=_other_letter(p)),
    wrong=(
        Wrong("three states", lambda p: _read_trace(p, waiting=_two_states(p)["waiting"], syscall=0), 0.7),
        Wrong("every call loses its P", lambda p: _read_trace(p, lost_p=[True, True]), 0.9),
        Wrong("runnable is running", lambda p: _read_trace(p, running=_two_states(p)["running"], runnable=0), 0.7),
        Wrong("schedule wakes", lambda p: _read_trace(p, woken_by=0), 0.9),
        Wrong("another remedy", lambda p: _read_trace(p, helps=_other_letter(p)), 0.8),
    ),
    partial=((lambda p: _read_trace(p, waiting=0, helps="?"), 3.25 / 5),),
    claims=("2.1-15", "2.4-03", "2.4-05", "2.4-18"),
)  # fmt: skip
