"""Questions to practise with, notebook 03-3: how often a collection comes, and a program that makes too many."""

from __future__ import annotations

from random import Random
from typing import Any, Final

from gmp_lab import vocabulary as v
from gmp_lab.cycles import cycles
from gmp_lab.exam.answer import Answer
from gmp_lab.exam.kit import assigned, one_value
from gmp_lab.exam.model import Mark, Params, Question, Wrong, mark
from gmp_lab.metrics import total_usage, usage
from gmp_lab.practice.texts import letter_of, offered, shuffled

# --- how often ------------------------------------------------------------------------------------------------------

_EARLY: Final = "the program goes on to allocate while the collector marks"
_STARTS: Final = (
    _EARLY, "the goal is only a wish", "GOGC is measured against the whole heap", "sweeping needs free memory",
)  # fmt: skip


def _often_draw(draw: Random) -> dict[str, Any]:
    """Numbers that come out even."""
    gogc = draw.choice((50, 100, 200))
    scanned = 4 * draw.randrange(5, 40)
    other = draw.randrange(1, 5)
    grows = scanned * gogc // 100
    return {"live": scanned - other, "other": other, "gogc": gogc, "rate": grows * draw.randrange(2, 12),
            "early": shuffled(draw, _STARTS)}  # fmt: skip


def _often_truth(p: Params) -> dict[str, Any]:
    grows = (p["live"] + p["other"]) * p["gogc"] // 100
    return {"goal_mib": p["live"] + grows, "per_second": p["rate"] // grows, "half": 2 * p["gogc"],
            "early": letter_of(p["early"], _EARLY)}  # fmt: skip


def _often(p: Params, **other: Any) -> str:
    return assigned({**_often_truth(p), **other})


def _often_check(p: Params, answer: Answer) -> list[Mark]:
    truth = _often_truth(p)
    answer.value(*truth)
    heap_alone = p["live"] * (100 + p["gogc"]) // 100
    return [
        one_value(answer, "goal_mib", truth["goal_mib"], 1, "What is live, and GOGC per cent of all that must be "
                  "scanned: stacks and globals count there since 1.18.", near={heap_alone: 0.5}, see="03-3"),
        one_value(answer, "per_second", truth["per_second"], 1, "From collection to collection the program allocates "
                  "the goal less what is live.", see="03-3"),
        one_value(answer, "half", truth["half"], 1, "Half as many means twice the growth in between, and that is "
                  "proportional to GOGC.", see="03-3"),
        one_value(answer, "early", truth["early"], 1, "Marking takes time, and the heap grows meanwhile. The trigger "
                  "leaves that much room.", see="03-3"),
    ]  # fmt: skip


OFTEN: Final = Question(
    id="practice-03-3-often", title="How often does it collect?", kind="compute", points=4, minutes=5, see="03-3",
    objective="Work out goal and frequency of collections from live heap, rate and GOGC", draw=_often_draw,
    text=lambda p: f"""After each collection {p['live']} MiB are live; stacks and globals are {p['other']} MiB
besides. The program allocates {p['rate']} MiB each second, GOGC is {p['gogc']}, there is no memory limit (Go 1.27).
Take it that the heap just reaches its goal each time.

* `goal_mib`: the goal, in MiB;
* `per_second`: how many collections come in a second;
* `half`: with which GOGC would there be half as many;
* `early`: why does a collection begin before the heap is at its goal? A letter of the list below.

It begins early because

{offered(p['early'])}""",
    starter=lambda p: 'goal_mib = ...\nper_second = ...\nhalf = ...\nearly = "?"',
    form="goal_mib: int; per_second: int; half: int; early: str", check=_often_check, reference=_often,
    believer=lambda p: _often(p, goal_mib=p["live"] * p["gogc"] // 100, per_second=p["rate"] // p["live"] + 99,
                              half=p["gogc"] // 2, early=letter_of(p["early"], _STARTS[1])),
    wrong=(
        Wrong("the heap alone", lambda p: _often(p, goal_mib=p["live"] * (100 + p["gogc"]) // 100), 0.88),
        Wrong("half of GOGC", lambda p: _often(p, half=p["gogc"] // 2), 0.75),
    ),
)  # fmt: skip

# --- less garbage ---------------------------------------------------------------------------------------------------

_WASTE: Final = """
from gmp_lab import WaitGroup, go, log, work
from gmp_lab.heap import alloc

def worker(i, wg):
    for request in range(REQUESTS):
        yield alloc(bytes=BUFFER * 1024, scan=0)  # buf := make([]byte, BUFFER<<10)
        yield work(us=200)  # fills it, sends it
        yield log(i)
    yield wg.Done()

def main():
    wg = WaitGroup()
    yield wg.Add(WORKERS)
    for i in range(WORKERS):
        yield go(worker, i, wg)
    yield wg.Wait()
"""
_REUSED: Final = """
from gmp_lab import WaitGroup, go, log, work
from gmp_lab.heap import alloc

def worker(i, wg):
    yield alloc(bytes=BUFFER * 1024, scan=0, keep=True)
    for request in range(REQUESTS):
        yield work(us=200)
        yield log(i)
    yield wg.Done()

def main():
    wg = WaitGroup()
    yield wg.Add(WORKERS)
    for i in range(WORKERS):
        yield go(worker, i, wg)
    yield wg.Wait()
"""
_NO_COLLECTOR: Final = _WASTE.replace("import alloc", "import alloc, set_gc_percent").replace(
    "    wg = WaitGroup()\n", "    wg = WaitGroup()\n    yield set_gc_percent(-1)\n"
)
_LEAST_KIB: Final = 4 << 10  # the heap below which no collection comes, at GOGC=100


def _waste(source: str) -> Any:
    def filled(p: Params) -> str:
        text = source
        for name in ("REQUESTS", "BUFFER", "WORKERS"):
            text = text.replace(name, str(p[name.lower()]))
        return text.strip()

    return filled


def _waste_check(p: Params, answer: Answer) -> list[Mark]:
    rec = answer.recording("main", {"gomaxprocs": 2})
    numbers = [i for i in range(p["workers"]) for _ in range(p["requests"])]
    computed = total_usage(usage(rec)).running_ns >= 0.99 * len(numbers) * 200_000
    done = rec.ended == "exit" and computed and sorted(row[-1] for row in rec.logs()) == numbers
    heap = max((event.arg for event in rec if event.kind == v.E_GC_HEAP), default=0)  # KiB, told in steps of 256
    buffers = heap >= p["workers"] * p["buffer"] - 256
    found = len(cycles(rec))
    few, small = found <= 1, heap <= _LEAST_KIB + 2 * p["workers"] * p["buffer"]
    return [
        mark("all requests are answered", 0.5, done, "Every worker must compute for each of its requests and log it.",
             see="03-3"),
        mark("every worker has a buffer", 0.5, done and buffers, "Each worker needs its own buffer: they work at "
             "the same time.", see="03-3"),
        mark("next to no collections", 2, done and buffers and few, f"There were {found} collections. What is "
             "used again need not be allocated again.", see="03-3"),
        mark("and a small heap", 2, done and buffers and few and small, f"The heap grew to {heap >> 10} MiB, with "
             f"{found} collections: garbage stays until one comes.", see="03-3"),
    ]  # fmt: skip


WASTE: Final = Question(
    id="practice-03-3-garbage", title="Buffers for nothing", kind="repair", points=5, minutes=8, see="03-3",
    objective="Repair a program that makes garbage at every request",
    draw=lambda draw: {"workers": 2, "requests": draw.randrange(40, 90), "buffer": 64 * draw.randrange(8, 16)},
    text=lambda p: f"""Each request gets a buffer of its own, which is garbage as soon as it is answered. So the
collector runs again and again:

```python
{_waste(_WASTE)(p)}
```

Change it so that there is at most one collection, and the heap stays small. All requests are answered as before,
and every worker has a buffer of {p['buffer']} KiB while it works. (`alloc(..., keep=True)` is an object that stays
reachable.) It is run with two Ps and GOGC=100; `main` must be its main goroutine. Write the whole program.""",
    starter=lambda p: "def main():\n    ...", form="main: goroutine", check=_waste_check, reference=_waste(_REUSED),
    believer=_waste(_WASTE),
    right=(_waste(_REUSED.replace("yield alloc(bytes=BUFFER * 1024,", "yield alloc(bytes=1024, n=BUFFER,")),),
    wrong=(
        Wrong("no collector", _waste(_NO_COLLECTOR), 0.6),
        Wrong("no buffer", _waste(_REUSED.replace("bytes=BUFFER * 1024", "bytes=64")), 0.2),
        Wrong("kept for ever", _waste(_WASTE.replace("scan=0)", "scan=0, keep=True)")), 0.4),
    ),
)  # fmt: skip

QUESTIONS: Final = (OFTEN, WASTE)
