"""Questions to practise with, notebook 04-4: what slow responses waited for, and how often a hog gives way."""

from __future__ import annotations

from functools import lru_cache
from random import Random
from typing import Any, Final

import numpy as np

from gmp_lab import Config, simulate
from gmp_lab.catalog import service
from gmp_lab.exam.answer import Answer
from gmp_lab.exam.kit import assigned, one_value
from gmp_lab.exam.model import Mark, Params, Question, Wrong, mark
from gmp_lab.metrics import nearest_rank, responses
from gmp_lab.metrics.responses import PARTS
from gmp_lab.practice.texts import letter_of, offered, shuffled

# --- what did they wait for? ----------------------------------------------------------------------------------------

_REMEDIES: Final = {
    "hog": "let the goroutines that compute give way more often, or give them a P more than they can hold",
    "queue": "serve requests on more Ps",
    "core": "give the program more cores, or fewer Ps",
    "timer": "nothing in the scheduler: these requests wait for a timer that an idle program sees late",
}
#: parts of a response (gmp_lab.metrics), as they are told here
_COLUMNS: Final = {
    "computing": ("computing",), "other requests": ("behind other requests",), "a hog": ("behind other goroutines",),
    "no core": ("no core",), "not noticed": ("not noticed yet (late timer)", "being started"),
    "the rest": ("in a system call", "parked", "a P in a system call", "waking and scheduling"),
}  # fmt: skip
_ROWS: Final = 20


@lru_cache(512)
def _served(case: str, seed: int) -> tuple[tuple[float, ...], ...]:
    """Twenty responses of a service in trouble of this kind: each of them as ms in each column."""
    hogs, rate, procs, cores = {"hog": (2, 400, 1, 4), "queue": (0, 4500, 1, 4), "core": (0, 9000, 4, 2),
                                "timer": (0, 300, 2, 4)}[case]  # fmt: skip
    made = service(hogs=hogs, arrivals_per_s=rate, service_us=200, ms=120, seed=seed)
    found = responses(simulate(Config(gomaxprocs=procs, cores=cores, seed=seed), made))
    every = len(found) // _ROWS
    at = [n * every for n in range(_ROWS)]
    names = {name: n for n, name in enumerate(PARTS)}
    rows = []
    for n in at:
        row = [sum(int(found.parts[names[part]][n]) for part in parts) for parts in _COLUMNS.values()]
        rows.append(tuple(round(ns / 1e6, 1) for ns in row))
    return tuple(rows)


def _of(p: Params) -> list[tuple[float, ...]]:
    return list(_served(p["case"], p["seed"]))


def _took(p: Params) -> list[float]:
    return [round(sum(row), 1) for row in _of(p)]


def _slowest_part(p: Params) -> str:
    """What the slowest response spent most of its time on."""
    slowest = max(_of(p), key=sum)
    return list(_COLUMNS)[slowest.index(max(slowest))]


_EXPECTED: Final = {"hog": "a hog", "queue": "other requests", "core": "no core", "timer": "not noticed"}


def _served_draw(draw: Random) -> dict[str, Any]:
    """A service whose slowest response shows its trouble clearly."""
    while True:
        made: dict[str, Any] = {"case": draw.choice(list(_REMEDIES)), "seed": draw.randrange(1, 9999)}
        took = sorted(_took(made))
        slowest = max(_of(made), key=sum)
        rest = sorted(slowest)[-2]
        if _slowest_part(made) == _EXPECTED[made["case"]] and max(slowest) > 2 * rest and took[-1] > took[-2]:
            return made | {"remedies": shuffled(draw, list(_REMEDIES.values()))}


def _served_truth(p: Params) -> dict[str, Any]:
    took = sorted(_took(p))
    return {"p50_ms": took[_ROWS // 2 - 1], "p90_ms": took[_ROWS * 9 // 10 - 1],
            "helps": letter_of(p["remedies"], _REMEDIES[p["case"]])}  # fmt: skip


def _read(p: Params, **other: Any) -> str:
    return assigned({**_served_truth(p), **other})


def _served_text(p: Params) -> str:
    lines = ["     took  " + "  ".join(f"{name:>14}" for name in _COLUMNS)]
    for row, took in zip(_of(p), _took(p), strict=True):
        lines.append(f"{took:9.1f}  " + "  ".join(f"{ms:14.1f}" for ms in row))
    table = "\n".join(lines)
    return f"""Twenty responses of a service, each with what it consists of, in ms:

```text
{table}
```

Which are the 50th and the 90th percentile of these times, by nearest rank (`p50_ms`, `p90_ms`, floats)? And what
would help the slowest most (`helps`, a letter)?

{offered(p["remedies"])}"""


def _served_check(p: Params, answer: Answer) -> list[Mark]:
    truth, took = _served_truth(p), sorted(_took(p))
    answer.value(*truth)
    marks = []
    for name, percent in (("p50_ms", 50), ("p90_ms", 90)):
        given, rank = answer.value(name), _ROWS * percent // 100
        right = type(given) in (int, float) and abs(given - truth[name]) < 0.05
        beside = type(given) in (int, float) and any(abs(given - took[n]) < 0.05 for n in (rank - 2, rank))
        reason = f"Of {_ROWS} values in order it is number {rank}: so many do not exceed it."
        marks.append(mark(name, 1, 1.0 if right else 0.5 if beside else 0.0, reason, see="04-4"))
    why = f"Most of the slowest one's time stands under: {_slowest_part(p)}. Another remedy leaves that as it is."
    return [*marks, one_value(answer, "helps", truth["helps"], 2, why, see="04-4")]


SERVED: Final = Question(
    id="practice-04-4-served", title="Twenty responses", kind="diagnose", points=4, minutes=7, see="04-4",
    objective="Find percentiles, and what the slowest responses waited for", draw=_served_draw, text=_served_text,
    starter=lambda p: 'p50_ms = ...\np90_ms = ...\nhelps = "?"', form="p50_ms: float; p90_ms: float; helps: str",
    check=_served_check, reference=_read, believer=lambda p: _read(p, p50_ms=-1.0, p90_ms=-1.0, helps="?"),
    wrong=(
        Wrong("the largest", lambda p: _read(p, p90_ms=max(_took(p))), 0.88),
        Wrong("another remedy", lambda p: _read(p, helps="?"), 0.5),
    ),
)  # fmt: skip

# --- how often must a hog give way? ---------------------------------------------------------------------------------

_LOOPS_US: Final = (250, 500, 1000, 2000, 4000, 8000, 16000)


@lru_cache(2048)
def _late_ms(loop_us: int, hogs: int, seed: int) -> float:
    """The 90th percentile of the responses beside such hogs, in ms."""
    rec = simulate(Config(gomaxprocs=1, seed=seed), service(hogs=hogs, loop_us=loop_us, ms=100, seed=seed))
    return round(nearest_rank(np.sort(responses(rec).length_ns), 90) / 1e6, 2)


def _slo_ms(p: Params) -> float:
    return round(_late_ms(p["loop"], p["hogs"], p["seed"]) + 0.2, 1)


def _loop_draw(draw: Random) -> dict[str, Any]:
    """A service, and a limit that holds up to one of the lengths and not beyond."""
    while True:
        made = {"loop": draw.choice(_LOOPS_US[1:-2]), "hogs": draw.randrange(2, 5), "seed": draw.randrange(1, 9999)}
        late = {loop: _late_ms(loop, made["hogs"], made["seed"]) for loop in _LOOPS_US}
        if all((late[loop] <= _slo_ms(made)) == (loop <= made["loop"]) for loop in _LOOPS_US):
            return made


def _loop_check(p: Params, answer: Answer) -> list[Mark]:
    loop = answer.typed("loop_us", int)
    if loop not in _LOOPS_US:
        reason = f"loop_us must be one of {', '.join(map(str, _LOOPS_US))}."
        return [mark("a value of the list", 4, False, reason, see="04-4")]
    late = _late_ms(loop, p["hogs"], p["seed"])
    kept = late <= _slo_ms(p)
    return [
        mark("the SLO holds", 2, kept, f"The 90th percentile is {late:g} ms. A request waits for the rest of a loop, "
             "and for the loops of hogs that are in the queues before it.", see="04-4"),
        mark("as seldom as possible", 2, kept and loop >= p["loop"], "Longer loops hold the SLO, too (or these do "
             "not hold it): giving way more often costs switches and caches for nothing.", see="04-4"),
    ]  # fmt: skip


LOOP: Final = Question(
    id="practice-04-4-loop", title="How often must a hog give way?", kind="tune", points=4, minutes=6, see="04-4",
    objective="Choose how long hogs may compute before they give way, for an SLO", draw=_loop_draw,
    text=lambda p: f"""A service on one P (1000 requests a second, each of 0.2 ms) has {p['hogs']} goroutines beside
it that compute for ever. They call `runtime.Gosched` after every loop of `loop_us` microseconds. (In code:
`service(hogs={p['hogs']}, loop_us=..., ms=100, seed={p['seed']})` with `Config(gomaxprocs=1, seed={p['seed']})`,
and `gmp_lab.metrics.responses`.) The SLO: nine of ten responses take at most {_slo_ms(p):g} ms. How long may the
loops be at most? Give one of {', '.join(map(str, _LOOPS_US))} in `loop_us`.""",
    starter=lambda p: "loop_us = ...", form="loop_us: int", check=_loop_check,
    reference=lambda p: assigned({"loop_us": p["loop"]}), believer=lambda p: assigned({"loop_us": 16000}),
    wrong=(
        Wrong("as often as possible", lambda p: assigned({"loop_us": 250}), 0.5),
        Wrong("too long", lambda p: assigned({"loop_us": 2 * p["loop"]}), 0.0),
    ),
)  # fmt: skip

QUESTIONS: Final = (SERVED, LOOP)
