"""Chapter 4, how late: a turn beside hogs, a loop under several versions, a program that starves and is to be repaired."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from gmp_lab import Config, Program, WaitGroup, go, gosched, log, now, simulate, sleep, work
from gmp_lab import vocabulary as v
from gmp_lab.exam import Answer, Mark, Question, Wrong, mark
from gmp_lab.exam.model import Params
from gmp_lab.heap import read_mem_stats
from gmp_lab.metrics import total_usage, usage

from .ch4_read import letter_of, listed, shuffled
from .kit import assigned, one_value

_MS: Final = 1_000_000


def number(given: Any) -> float:
    """The number that was given; -1 for anything else."""
    return given if type(given) in (int, float) else -1.0


def near(given: Any, truth: float, full: float, half: float) -> float:
    """1 for a number at most ``full`` of the truth away, 0.5 at most ``half``; else 0."""
    away = abs(number(given) - truth)
    return 1.0 if away <= full * truth else 0.5 if away <= half * truth else 0.0


# --- a turn beside hogs -------------------------------------------------------------------------------------------------

_PLACES: Final = (
    "to the tail of the global queue", "to the head of the global queue", "to the tail of its P's ring", "into its P's runnext",
    "nowhere: it is parked",
)  # fmt: skip


def _hog() -> Any:
    yield work(forever=True)


@lru_cache(maxsize=64)
def _turns(hogs: int) -> tuple[float, float]:
    """How long (ms) main waits after Gosched beside so many hogs, and how long until what it then starts runs."""
    def quick(wg: WaitGroup) -> Any:
        yield log(3)
        yield wg.Done()

    def main() -> Any:
        for _ in range(hogs):
            yield go(_hog)
        yield sleep(ms=500)
        yield log(1)
        yield gosched()
        yield log(2)
        wg = WaitGroup()
        yield wg.Add(1)
        yield go(quick, wg)
        yield wg.Wait()

    at = {value: t for t, _, value in simulate(Config(gomaxprocs=1, until_ns=5_000 * _MS), Program(main)).logs()}
    return (at[2] - at[1]) / _MS, (at[3] - at[2]) / _MS


def _turn_truth(p: Params) -> dict[str, Any]:
    wait, start = _turns(p["hogs"])
    return {"wait_ms": round(wait), "start_ms": round(start), "where": letter_of(0, p["order"])}


def _turn_check(p: Params, answer: Answer) -> list[Mark]:
    truth = _turn_truth(p)
    answer.value(*truth)
    given, start = answer.value("wait_ms"), number(answer.value("start_ms"))
    ten = abs(number(given) - 10 * p["hogs"]) <= 10
    parked = {letter_of(4, p["order"]): "gopark-preempts"}
    return [
        mark("wait_ms", 2, near(given, _turns(p["hogs"])[0], 0.1, 0.25), "All the hogs stand before it, and each has a turn of two rounds of "
             "sysmon.", misconception="slice-exactly-10-ms" if ten else "", see="04-1"),
        mark("start_ms", 1, 0 <= start < 1, "What main starts stands in runnext, and runs as soon as main waits: no hog comes before it.",
             see="02-3"),
        one_value(answer, "where", truth["where"], 1, "goschedImpl puts whoever was preempted at the tail of the global queue.",
                  believed=parked, see="04-1"),
    ]  # fmt: skip


def _turn(p: Params, **changed: Any) -> str:
    return assigned({**_turn_truth(p), **changed})


TURN = Question(
    id="ch4-turn", title="Beside hogs", kind="predict", points=4, minutes=5, see="04-1",
    objective="Predict how long a goroutine waits beside others that compute without end",
    draw=lambda draw: {"hogs": draw.randrange(4, 25), "order": shuffled(draw, len(_PLACES))},
    text=lambda p: f"""Go 1.27, one P. {p['hogs']} goroutines are in loops without end (and without calls), each in its own. They have run for half a
second, when the timer of `main`, which slept, is seen and `main` runs.

* `main` now calls `runtime.Gosched()`. After about how many milliseconds does it go on (`wait_ms`)?
* Then `main` starts another goroutine with `go` and waits for it. After how many milliseconds does that one run (`start_ms`, in
  whole milliseconds)?
* Where does a goroutine go that is preempted for its time slice (`where`)?

{listed(_PLACES, p['order'])}

A tenth of the wait more or less is right.""",
    starter=lambda p: "wait_ms = ...\nstart_ms = ...\nwhere = ...", form="wait_ms: int; start_ms: int; where: str",
    check=_turn_check, reference=_turn,
    believer=lambda p: _turn(p, wait_ms=10, start_ms=10 * p["hogs"], where=letter_of(4, p["order"])),
    wrong=(
        Wrong("turns of 10 ms", lambda p: _turn(p, wait_ms=10 * p["hogs"]), 0.5),
        Wrong("the new one behind them all", lambda p: _turn(p, start_ms=20 * p["hogs"]), 0.75),
        Wrong("at the ring", lambda p: _turn(p, where=letter_of(2, p["order"])), 0.75),
    ),
    partial=((lambda p: _turn(p, wait_ms=round(0.8 * _turns(p["hogs"])[0])), 0.75),),
    claims=("4.1-16", "4.4-02"),
)  # fmt: skip

# --- a loop under several versions --------------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def _late(version: str, off: bool, loop: str, ms: int) -> float:
    """When main goes on (ms) that sleeps 1 ms on one P, beside a loop of so many ms."""
    def looping() -> Any:
        yield work(ms=ms, loop=loop)

    def main() -> Any:
        yield go(looping)
        yield sleep(ms=1)
        yield log(0)

    return simulate(Config(gomaxprocs=1, go=version, asyncpreemptoff=off), Program(main)).logs()[0][0] / _MS


@lru_cache(maxsize=1024)
def _stop(version: str, ms: int) -> float:
    """How long (ms) main's call of ReadMemStats takes while another P is in a loop of so many ms without calls."""
    def looping() -> Any:
        yield work(ms=ms)

    def main() -> Any:
        yield go(looping)
        yield sleep(ms=1)
        before: int = yield now()
        yield read_mem_stats()
        after: int = yield now()
        yield log((after - before) // 1000)

    return simulate(Config(gomaxprocs=2, go=version), Program(main)).logs()[0][2] / 1000


def _loop_truth(p: Params) -> dict[str, float]:
    ms = p["ms"]
    return {
        "old_ms": _late("1.13", False, "free", ms), "new_ms": _late("1.27", False, "free", ms), "off_ms": _late("1.27", True, "free", ms),
        "calls_ms": _late("1.13", False, "call", ms), "stop_old_ms": _stop("1.13", ms), "stop_new_ms": _stop("1.27", ms),
    }  # fmt: skip


def _slice(given: Any, truth: float) -> bool:
    """Whether a number is one slice, as the truth is: from 10 ms to two rounds of sysmon."""
    assert 10 <= truth <= 21
    return 10 <= number(given) <= 21


def _loop_check(p: Params, answer: Answer) -> list[Mark]:
    truth = _loop_truth(p)
    given = {name: answer.value(name, *truth) for name in truth}
    whole = {name: near(given[name], truth[name], 0.06, 0.06) for name in ("old_ms", "off_ms", "stop_old_ms")}
    brief = 0 <= number(given["stop_new_ms"]) < 1
    assert truth["stop_new_ms"] < 1
    return [
        mark("old_ms", 0.5, whole["old_ms"], "Up to 1.13 nothing stops a loop without calls: main goes on when it is over.",
             misconception="before-1-14-loops-checked", see="04-3"),
        mark("new_ms", 0.5, _slice(given["new_ms"], truth["new_ms"]), "The signal comes at the end of a slice: after 10 to 20 ms.",
             misconception="takes-effect-at-calls-only", see="04-2"),
        mark("off_ms", 1, whole["off_ms"], "With asyncpreemptoff=1 there is no signal: it is as it was up to 1.13.",
             misconception="preemption-always-on", see="04-2"),
        mark("calls_ms", 0.5, _slice(given["calls_ms"], truth["calls_ms"]), "A prologue that checks stops it at the end of a slice, in 1.13, too.",
             see="04-1"),
        mark("stop_old_ms", 0.5, whole["stop_old_ms"], "To stop the world all Ps must stop, and this one does so only when its loop is over.",
             see="04-3"),
        mark("stop_new_ms", 1, brief, "A stop of the world sends signals, too, and does not wait for the end of a slice.",
             misconception="loop-no-safe-point", see="04-3"),
    ]  # fmt: skip


def _loop(p: Params, **changed: Any) -> str:
    return assigned({**{name: int(value) for name, value in _loop_truth(p).items()}, **changed})


LOOP = Question(
    id="ch4-long-loop", title="One long loop, six times", kind="predict", points=4, minutes=5, see="04-3",
    objective="Predict what a long loop does to others, before 1.14 and since, with and without signals",
    draw=lambda draw: {"ms": draw.randrange(60, 400)},
    text=lambda p: f"""`main` starts a goroutine with a loop of {p['ms']} ms without calls and sleeps for 1 ms. **There is one P.** How many milliseconds after
the start does `main` go on, about,

* `old_ms`: with Go 1.13; `new_ms`: with Go 1.27; `off_ms`: with Go 1.27 and `GODEBUG=asyncpreemptoff=1`;
* `calls_ms`: with Go 1.13, if the loop calls a function with a large frame in each of its turns?

**Now there are two Ps**, and `main`, after its 1 ms, calls `runtime.ReadMemStats`, which stops the world, while the loop (without
calls) goes on on the other P. How many milliseconds does that call take

* `stop_old_ms`: with Go 1.13; `stop_new_ms`: with Go 1.27?

Give whole numbers of milliseconds.""",
    starter=lambda p: "\n".join(f"{name} = ..." for name in ("old_ms", "new_ms", "off_ms", "calls_ms", "stop_old_ms", "stop_new_ms")),
    form="old_ms: int; new_ms: int; off_ms: int; calls_ms: int; stop_old_ms: int; stop_new_ms: int", check=_loop_check,
    reference=_loop,
    believer=lambda p: assigned({"old_ms": 10, "new_ms": 1, "off_ms": 10, "calls_ms": 1, "stop_old_ms": p["ms"], "stop_new_ms": p["ms"]}),
    wrong=(
        Wrong("10 ms everywhere", lambda p: assigned(dict.fromkeys(_loop_truth(p), 10)), 0.25),
        Wrong("the setting does nothing", lambda p: _loop(p, off_ms=10), 0.75),
        Wrong("a stop waits for the slice", lambda p: _loop(p, stop_new_ms=9), 0.75),
    ),
    partial=((lambda p: _loop(p, stop_new_ms=10, old_ms=10), 2.5 / 4),),
    claims=("4.3-02", "4.3-03", "4.1-17"),
)  # fmt: skip

# --- a program that starves ---------------------------------------------------------------------------------------------

_LATE_MS: Final = 3
_PROGRAM: Final = '''
from gmp_lab import WaitGroup, go, gosched, log, sleep, work

def crunch(i, wg):
    yield work(ms=LENGTH)     # a loop without calls
    yield log(i)
    yield wg.Done()

def beat(wg):
    for k in range(BEATS):
        yield sleep(ms=2)
        yield log(100 + k)    # "I am alive"
    yield wg.Done()

def main():
    wg = WaitGroup()
    yield wg.Add(1 + WORKERS)
    yield go(beat, wg)
    for i in range(WORKERS):
        yield go(crunch, i, wg)
    yield wg.Wait()
'''
_CRUNCH: Final = "    yield work(ms=LENGTH)     # a loop without calls\n"


def _parts(us: int, then: str = "        yield gosched()\n") -> str:
    """The loop in parts of so many us, and what it does after each."""
    return f"    for _ in range(LENGTH * 1000 // {us}):\n        yield work(us={us})\n{then}"


def _program(p: Params, crunch: str = _CRUNCH) -> str:
    source = _PROGRAM.replace(_CRUNCH, crunch)
    for name in ("LENGTH", "BEATS", "WORKERS"):
        source = source.replace(name, str(p[name.lower()]))
    return source.strip()


def _repair_check(p: Params, answer: Answer) -> list[Mark]:
    rec = answer.recording("main", {"gomaxprocs": 1, "go": "1.13", "max_events": 300_000, "until_ns": 2_000 * _MS})
    needed = p["workers"] * p["length"] * _MS
    crunched = {value: t for t, _, value in rec.logs() if value < 100}
    beats = [t for t, _, value in rec.logs() if value >= 100]
    told = [value for *_, value in rec.logs() if value >= 100] == [100 + k for k in range(p["beats"])]
    one_p = not any(e.kind == v.E_STW_START and e.arg != 1 for e in rec)
    ran = total_usage(usage(rec, 0, min(max(crunched.values(), default=0) + 1, rec.end_ns))).running_ns if crunched else 0
    whole = sorted(crunched) == list(range(p["workers"])) and ran >= needed and told and one_p and rec.ended == "exit"
    gaps = [(after - before) / _MS for before, after in zip([0, *beats], beats, strict=False)]
    honest = whole and min(gaps, default=0) >= 2
    late = max(gaps, default=1e9) - 2
    cheap = honest and late <= _LATE_MS and total_usage(usage(rec)).running_ns <= 1.01 * needed
    return [
        mark("all is still done", 1, honest, "Every worker must compute all of its time and then log its number; every beat sleeps 2 ms and "
             "is logged; and there is one P.", see="04-3"),
        mark("the beat is on time", 3, (1.0 if late <= _LATE_MS else 0.5 if late <= 12 else 0.0) if honest else 0.0,
             "Without signals a loop must give way by itself, and often enough: before a beat's turn comes, every worker has one.",
             misconception="" if late <= 12 else "check-every-64-kb", see="04-3"),
        mark("at little cost", 1, cheap, "Giving way costs a switch: do it often enough, and not more often.", see="04-3"),
    ]  # fmt: skip


REPAIR = Question(
    id="ch4-repair", title="A heart that stops beating", kind="repair", points=5, minutes=8, see="04-3",
    objective="Repair a program whose loops starve another goroutine on Go 1.13",
    draw=lambda draw: {"workers": 3, "length": 10 * draw.randrange(2, 5), "beats": draw.randrange(8, 13)},
    text=lambda p: f"""On Go 1.13 with one P this program says nothing for {p['workers'] * p['length']} ms:

```python
{_program(p)}
```

Change it so that between two beats, and before the first, there are never more than {2 + _LATE_MS} ms. All that it does now must still be
done: each of the {p['workers']} workers computes for {p['length']} ms in all and then logs its number, and `beat` sleeps for 2 ms before each of its
{p['beats']} beats. All in all it may compute at most 1 % longer. There are no signals, and one P remains. Write the whole program; `main`
must be its main goroutine.""",
    starter=lambda p: "def main():\n    ...", form="main: goroutine", check=_repair_check,
    reference=lambda p: _program(p, _parts(250)), believer=lambda p: _program(p, _parts(250, "")),
    right=(
        lambda p: _program(p, _parts(100)),
        lambda p: _program(p, "    left = LENGTH * 1000\n    while left > 0:\n        part = min(left, 350)\n        yield work(us=part)\n"
                           "        left -= part\n        if left:\n            yield gosched()\n"),
    ),
    wrong=(
        Wrong("unchanged", _program, 0.2),
        Wrong("calls with prologues", lambda p: _program(p, '    yield work(ms=LENGTH, loop="call")\n'), 0.2),
        Wrong("parts of 10 ms", lambda p: _program(p, _parts(10_000)), 0.2),
        Wrong("no work", lambda p: _program(p, "    yield work(us=10)\n"), 0.0),
        Wrong("more Ps", lambda p: "from gmp_lab.workload import gomaxprocs\n"
              + _program(p).replace("    wg = WaitGroup()\n", "    wg = WaitGroup()\n    yield gomaxprocs(4)\n"), 0.0),
        Wrong("all the time", lambda p: _program(p, _parts(4)), 0.8),
        Wrong("no sleep", lambda p: _program(p, _parts(250)).replace("        yield sleep(ms=2)\n", ""), 0.0),
    ),
    partial=((lambda p: _program(p, _parts(2_000)), 2.5 / 5), (lambda p: _program(p, _parts(5)), 4 / 5)),
    claims=("4.3-01", "4.3-05"),
)  # fmt: skip
