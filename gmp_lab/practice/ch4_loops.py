"""Questions to practise with, notebook 04-3: who waits for a loop, and a loop that others can live beside."""

from __future__ import annotations

from functools import lru_cache
from random import Random
from typing import Any, Final

from gmp_lab import Config, Program, go, gosched, log, simulate, work
from gmp_lab.exam.answer import Answer
from gmp_lab.exam.kit import assigned, same
from gmp_lab.exam.model import Mark, Params, Question, Wrong, mark
from gmp_lab.metrics import total_usage, usage

# --- who waits for the whole loop? ----------------------------------------------------------------------------------

_LOOPS: Final = {
    "free": "no call", "leaf": "calls a small leaf function", "call": "calls a function that calls others",
}  # fmt: skip
_LOOP_MS: Final = 200
_SOON_MS: Final = 30  # two rounds of sysmon and a little


@lru_cache(64)
def _whole(loop: str, version: str, off: bool) -> bool:
    """Whether a goroutine that is ready waits for the whole loop, on one P."""

    def ready() -> Any:
        yield log(0)

    def main() -> Any:
        yield go(ready)
        yield work(ms=_LOOP_MS, loop=loop)
        yield gosched()

    rec = simulate(Config(gomaxprocs=1, go=version, asyncpreemptoff=off), Program(main))
    return rec.logs()[0][0] / 1e6 > _SOON_MS


_CASES: Final = tuple(
    (loop, version, off) for loop in _LOOPS for version in ("1.1", "1.4", "1.13", "1.14", "1.19", "1.27")
    for off in (False, True) if not off or version in {"1.14", "1.27"}
)  # fmt: skip


def _waits_draw(draw: Random) -> dict[str, Any]:
    """Six loops, of which two to four are waited for."""
    while True:
        rows = draw.sample(_CASES, 6)
        if 2 <= sum(_whole(*row) for row in rows) <= 4:
            return {"rows": [list(row) for row in rows]}


def _waits(p: Params) -> list[bool]:
    return [_whole(*row) for row in p["rows"]]


def _waits_text(p: Params) -> str:
    lines = ["loop  Go     GODEBUG              in the loop"]
    for n, (loop, version, off) in enumerate(p["rows"]):
        lines.append(f"{n:4}  {version:5}  {'asyncpreemptoff=1' if off else '-':19}  {_LOOPS[loop]}")
    table = "\n".join(lines)
    return f"""One P. A goroutine runs a loop of {_LOOP_MS} ms, and another one is ready all the time. In which of
these programs does that one have to wait for the end of the loop?

```text
{table}
```

Give a list of six bools in `waits`: True if it waits for the whole loop, False if it runs after about 10 to 20 ms."""


def _waits_check(p: Params, answer: Answer) -> list[Mark]:
    given = answer.typed("waits", list)
    marks = []
    for n, (row, truth) in enumerate(zip(p["rows"], _waits(p), strict=True)):
        right = n < len(given) and same(given[n], truth)
        reason, believed = _why(*row)
        marks.append(mark(f"loop {n}", 1, right, reason, misconception=believed, see="04-3"))
    return marks


def _why(loop: str, version: str, off: bool) -> tuple[str, str]:
    """Why, and who gets it wrong."""
    if loop == "call":
        if version == "1.1":
            return "Up to 1.1 a prologue looked for room on the stack and for nothing else.", "cooperative-only"
        return "The function that is called begins with a check, since 1.2, and no setting turns it off.", ""
    if version in {"1.1", "1.4", "1.13"}:
        believed = "before-1-14-loops-checked" if loop == "free" else "every-call-checks"
        return "There is no check in the loop (a small leaf has none), and before 1.14 there was no signal.", believed
    if off:
        return "The setting turns the signals off, and there is no check in the loop.", "preemption-always-on"
    return "Since 1.14 a signal stops a loop between any two of its instructions.", "loop-no-safe-point"


WAITS: Final = Question(
    id="practice-04-3-waits", title="Who waits for the whole loop?", kind="predict", points=6, minutes=6, see="04-3",
    objective="Say for a loop, a version and a setting whether others must wait for its end", draw=_waits_draw,
    text=_waits_text, starter=lambda p: "waits = []", form="waits: list of bool", check=_waits_check,
    reference=lambda p: assigned({"waits": _waits(p)}),
    believer=lambda p: assigned({"waits": [not waits for waits in _waits(p)]}),
    wrong=(
        Wrong("always stopped", lambda p: assigned({"waits": [False] * 6}), 0.67),
        Wrong("never stopped", lambda p: assigned({"waits": [True] * 6}), 0.67),
    ),
)  # fmt: skip

# --- a loop among others --------------------------------------------------------------------------------------------

_HOG: Final = """
from gmp_lab import WaitGroup, go, log, sleep, work

def crunch(wg):
    yield work(ms=TOTAL)  # for i := 0; i < n; i++ { x = x*3 + 1 }
    yield wg.Done()

def beat():
    n = 0
    while True:
        yield sleep(ms=2)
        yield log(n)
        n += 1

def main():
    wg = WaitGroup()
    yield wg.Add(1)
    yield go(beat)
    yield go(crunch, wg)
    yield wg.Wait()
"""
_IN_PIECES: Final = _HOG.replace("WaitGroup, go, log", "WaitGroup, go, gosched, log").replace(
    "    yield work(ms=TOTAL)  # for i := 0; i < n; i++ { x = x*3 + 1 }\n",
    "    for _ in range(TOTAL):\n        yield work(ms=1)\n        yield gosched()\n",
)
_LONG_PIECES: Final = _IN_PIECES.replace("range(TOTAL)", "range(TOTAL // 10 + 1)").replace("ms=1)", "ms=10)")
_WORST_MS: Final = 5.0  # between two beats


def _filled(source: str, total: int) -> str:
    return source.replace("TOTAL", str(total)).strip()


def _hog_check(p: Params, answer: Answer) -> list[Mark]:
    rec = answer.recording("main", {"gomaxprocs": 1, "go": "1.13"})
    times = [row[0] / 1e6 for row in rec.logs()]
    gaps = [b - a for a, b in zip([0.0, *times], [*times, rec.end_ns / 1e6], strict=True)]
    numbers = [row[-1] for row in rec.logs()]
    computed = total_usage(usage(rec)).running_ns >= p["total"] * 1_000_000
    done = rec.ended == "exit" and computed and numbers == list(range(len(numbers)))
    soon = done and max(gaps) <= _WORST_MS
    return [
        mark("all is computed", 1, done, f"All {p['total']} ms must be computed, and the beats numbered 0, 1, 2, ...",
             see="04-3"),
        mark("the beat goes on", 3, soon, f"There was no beat for {max(gaps):.1f} ms. In Go 1.13 nothing stops a "
             "loop without calls: it must give way itself, and often enough.", see="04-3"),
        mark("not much slower", 1, soon and rec.end_ns / 1e6 <= 1.1 * p["total"] + 1, "Giving way costs little, so "
             f"all should be done in about {p['total']} ms.", see="04-3"),
    ]  # fmt: skip


HOG: Final = Question(
    id="practice-04-3-hog", title="A loop among others", kind="repair", points=5, minutes=7, see="04-3",
    objective="Mend a loop without calls so that others can live beside it, in a Go without signals",
    draw=lambda draw: {"total": draw.randrange(40, 120)},
    text=lambda p: f"""An old program, Go 1.13, one P. While it computes there is no beat:

```python
{_filled(_HOG, p['total'])}
```

Change `crunch` so that no more than {_WORST_MS:g} ms pass between two beats (and before the first, and after the
last). It still has to compute for {p['total']} ms, and the whole may take 10 % longer than that. `main` must be its
main goroutine. Write the whole program.""",
    starter=lambda p: "def main():\n    ...", form="main: goroutine", check=_hog_check,
    reference=lambda p: _filled(_IN_PIECES, p["total"]), believer=lambda p: _filled(_HOG, p["total"]),
    right=(lambda p: _filled(_IN_PIECES.replace("yield gosched()", "yield sleep(us=1)"), p["total"]),),
    wrong=(
        Wrong("calls in the loop", lambda p: _filled(_HOG.replace("TOTAL)", 'TOTAL, loop="call")'), p["total"]), 0.2),
        Wrong("pieces alone", lambda p: _filled(_IN_PIECES.replace("        yield gosched()", ""), p["total"]), 0.2),
        Wrong("pieces too long", lambda p: _filled(_LONG_PIECES, p["total"]), 0.2),
    ),
)  # fmt: skip

QUESTIONS: Final = (WAITS, HOG)
