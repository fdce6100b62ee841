"""Questions to practise with, notebook 02-2: reading what threads there are, and making do with fewer."""

from __future__ import annotations

from functools import lru_cache
from random import Random
from typing import Any, Final

from gmp_lab import Config, simulate
from gmp_lab import vocabulary as v
from gmp_lab.catalog import callers
from gmp_lab.exam.answer import Answer
from gmp_lab.exam.kit import assigned, one_value
from gmp_lab.exam.kit_claims import verdicts
from gmp_lab.exam.model import Mark, Params, Question, Wrong, mark
from gmp_lab.metrics import calls
from gmp_lab.practice.texts import letter_of, offered, shuffled
from gmp_lab.schedtrace import SchedTraceLine, parse_schedtrace, schedtrace_text

# --- schedtrace's threads -------------------------------------------------------------------------------------------


@lru_cache(256)
def _lines(procs: int, goroutines: int, seed: int) -> tuple[str, ...]:
    """The second to the fourth line of a program whose goroutines compute a little and block in long calls."""
    config = Config(gomaxprocs=procs, schedtrace_ms=5, startup="real", seed=seed, until_ns=17_000_000)
    program = callers(goroutines=goroutines, burst_us=60, call_percent=80, call_us=4000, rounds=8, seed=seed)
    return tuple(schedtrace_text(simulate(config, program)).splitlines()[1:4])


def _of(p: Params) -> tuple[str, ...]:
    return _lines(p["procs"], p["goroutines"], p["seed"])


def _first(p: Params) -> SchedTraceLine:
    return parse_schedtrace(_of(p)[0])[0]


def _last(p: Params) -> SchedTraceLine:
    return parse_schedtrace(_of(p)[2])[0]


def _count_truth(p: Params) -> dict[str, Any]:
    first, last = _first(p), _last(p)
    busy = last.gomaxprocs - last.idleprocs
    others = last.threads - last.idlethreads - busy
    return {"busy": busy, "others": others, "made": last.threads - first.threads,
            "fewer": letter_of(p["fewer"], _CALLS)}  # fmt: skip


_CALLS: Final = "fewer system calls that block at the same time"
_CHANNELS: Final = "fewer goroutines that wait for channels"
_FEWER: Final = (_CALLS, _CHANNELS, "a smaller GOMAXPROCS", "shorter loops between two calls")


def _count_check(p: Params, answer: Answer) -> list[Mark]:
    truth = _count_truth(p)
    answer.value(*truth)
    parked = _last(p).idlethreads
    return [
        one_value(answer, "busy", truth["busy"], 1, "Ps that are not idle have a thread: gomaxprocs less idleprocs.",
                  see="02-2"),
        one_value(answer, "others", truth["others"], 1, "All threads, less those that are parked (idlethreads) and "
                  "those that have a P.", near={truth["others"] + parked: 0.5}, see="02-2"),
        one_value(answer, "made", truth["made"], 1, "Idle threads stay, so the difference was made in between.",
                  believed={0: "idle-m-exits"}, see="02-2"),
        one_value(answer, "fewer", truth["fewer"], 1, "A thread is made when a P is to go on and none is parked: "
                  "that is so while calls block theirs. Who waits for a channel has none.", see="02-2"),
    ]  # fmt: skip


def _count_draw(draw: Random) -> dict[str, Any]:
    """A program that makes threads between the first and the last line that is shown."""
    while True:
        made = {"procs": draw.randrange(2, 5), "goroutines": draw.randrange(10, 40), "seed": draw.randrange(1, 9999),
                "fewer": shuffled(draw, _FEWER)}  # fmt: skip
        if len(_of(made)) == 3 and _count_truth(made)["made"] > 0 and _last(made).idlethreads:
            return made


def _count_text(p: Params) -> str:
    shown = "\n".join(_of(p))
    return f"""A program whose goroutines compute and block in system calls printed these lines:

```text
{shown}
```

At the moment of the last line: how many threads had a P (`busy`)? How many had none and were not parked either
(`others`: they are in system calls, in the poller, or `sysmon`)? How many threads were made between the first and
the last of these lines (`made`)? And what would make the number of threads smaller (`fewer`, a letter)?

{offered(p["fewer"])}"""


def _count(p: Params, **other: Any) -> str:
    return assigned({**_count_truth(p), **other})


COUNT: Final = Question(
    id="practice-02-2-threads", title="What are these threads doing?", kind="diagnose", points=4, minutes=6,
    see="02-2", objective="Tell from schedtrace what threads are doing, and why", draw=_count_draw, text=_count_text,
    starter=lambda p: 'busy = ...\nothers = ...\nmade = ...\nfewer = "?"',
    form="busy: int; others: int; made: int; fewer: str", check=_count_check,
    reference=_count,
    believer=lambda p: _count(p, busy=_last(p).threads, others=0, made=0, fewer=letter_of(p["fewer"], _CHANNELS)),
    wrong=(
        Wrong("parked ones counted", lambda p: _count(
            p, others=_count_truth(p)["others"] + _last(p).idlethreads, fewer="?"), 0.63),
        Wrong("the Ps", lambda p: _count(p, busy=-1), 0.75),
    ),
)  # fmt: skip

# --- too many threads -----------------------------------------------------------------------------------------------

_CROWD: Final = """
from gmp_lab import WaitGroup, go, log, syscall

def fetch(i, wg):
    yield syscall(ms=CALL)
    yield log(i)
    yield wg.Done()

def main():
    wg = WaitGroup()
    yield wg.Add(JOBS)
    for i in range(JOBS):
        yield go(fetch, i, wg)
    yield wg.Wait()
"""
_WITH_PLACES: Final = """
from gmp_lab import WaitGroup, chan, go, log, recv, send, syscall

def fetch(i, wg, places):
    yield send(places, i)
    yield syscall(ms=CALL)
    yield recv(places)
    yield log(i)
    yield wg.Done()

def main():
    wg, places = WaitGroup(), chan(LIMIT)
    yield wg.Add(JOBS)
    for i in range(JOBS):
        yield go(fetch, i, wg, places)
    yield wg.Wait()
"""
_WITH_WORKERS: Final = """
from gmp_lab import WaitGroup, chan, close, go, log, recv2, send, syscall

def worker(jobs, wg):
    while True:
        i, more = yield recv2(jobs)
        if not more:
            return
        yield syscall(ms=CALL)
        yield log(i)
        yield wg.Done()

def main():
    wg, jobs = WaitGroup(), chan()
    yield wg.Add(JOBS)
    for _ in range(LIMIT):
        yield go(worker, jobs, wg)
    for i in range(JOBS):
        yield send(jobs, i)
    yield close(jobs)
    yield wg.Wait()
"""
_SPARE: Final = 5  # threads for the Ps, sysmon, the poller and who looks for work


def _filled(p: Params, source: str) -> str:
    for name in ("CALL", "JOBS", "LIMIT"):
        source = source.replace(name, str(p[name.lower()]))
    return source.strip()


def _crowd_check(p: Params, answer: Answer) -> list[Mark]:
    rec = answer.recording("main", {"gomaxprocs": 2})
    whole = [one for one in calls(rec) if one.length_ns >= p["call"] * 1_000_000]
    logged = sorted(row[-1] for row in rec.logs())
    done = rec.ended == "exit" and logged == list(range(p["jobs"])) and len(whole) >= p["jobs"]
    threads = 1 + sum(event.kind == v.E_M_NEW for event in rec)
    ideal = p["jobs"] / p["limit"] * p["call"]
    few, soon = threads <= p["limit"] + _SPARE, rec.end_ns / 1e6 <= 1.4 * ideal + 15
    return [
        mark("all calls are still made", 1, done, "Each job must make its call, as long as before, and then log its "
             "number, once.", see="02-2"),
        mark("few threads", 2, done and few, f"The run had {threads} threads. Each call that blocks holds one, so no "
             f"more than {p['limit']} may be in their calls at a time: give out places, or start so many workers.",
             see="02-2"),
        mark("as many at a time as allowed", 2, done and few and soon, f"It took {rec.end_ns / 1e6:.0f} ms; with "
             f"{p['limit']} calls at a time about {ideal:.0f} ms are enough.", see="02-2"),
    ]  # fmt: skip


CROWD: Final = Question(
    id="practice-02-2-crowd", title="A thread for each job", kind="repair", points=5, minutes=10, see="02-2",
    objective="Repair a program that needs a thread for each of its goroutines",
    draw=lambda draw: {"jobs": draw.randrange(56, 112), "limit": draw.choice((4, 8)), "call": draw.randrange(3, 7)},
    text=lambda p: f"""This program needs about as many threads as it has jobs, because their calls block all at once:

```python
{_filled(p, _CROWD)}
```

Change it so that no more than {p['limit']} calls are made at a time, and no fewer while there is work. Every job
still makes its call of {p['call']} ms and logs its number. It is run with two Ps and may have {p['limit']} threads
and {_SPARE} more. `main` must be its main goroutine. Write the whole program.""",
    starter=lambda p: "def main():\n    ...", form="main: goroutine", check=_crowd_check,
    reference=lambda p: _filled(p, _WITH_PLACES), believer=lambda p: _filled(p, _CROWD),
    right=(lambda p: _filled(p, _WITH_WORKERS),),
    wrong=(
        Wrong("one at a time", lambda p: _filled(p, _WITH_PLACES.replace("chan(LIMIT)", "chan(1)")), 0.6),
        Wrong("no calls", lambda p: _filled(p, _CROWD.replace("syscall(ms=CALL)", "syscall(us=1)")), 0.0),
        Wrong("a place too late", lambda p: _filled(p, _WITH_PLACES.replace(
            "    yield send(places, i)\n    yield syscall(ms=CALL)\n",
            "    yield syscall(ms=CALL)\n    yield send(places, i)\n")), 0.2),
    ),
)  # fmt: skip

CLAIMS: Final = verdicts(
    id="practice-02-2-claims", title="Three sentences about threads", sections=["2.2"], count=3, minutes=6, see="02-2"
)

QUESTIONS: Final = (COUNT, CROWD, CLAIMS)
