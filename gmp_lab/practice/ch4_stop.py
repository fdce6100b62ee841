"""Questions to practise with, notebook 04-1: how a goroutine loses its P, and what sysmon does at its looks."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from random import Random
from typing import Any, Final

from gmp_lab import Config, Program, chan, go, gosched, recv, simulate, sleep, syscall, work
from gmp_lab import vocabulary as v
from gmp_lab.exam.answer import Answer
from gmp_lab.exam.kit import assigned, same
from gmp_lab.exam.kit_claims import verdicts
from gmp_lab.exam.model import Mark, Params, Question, Wrong, mark
from gmp_lab.practice.finding import broken_rule
from gmp_lab.practice.texts import offered

# --- five ways to lose a P ------------------------------------------------------------------------------------------

_WAYS: Final = {
    "a": "it is preempted", "b": "it calls `runtime.Gosched`", "c": "it waits, for a channel or a timer",
    "d": "`sysmon` takes its P in a system call", "e": "it ends before anything of that happens",
}  # fmt: skip
_WHY: Final = {
    "a": "Its slice grew old enough for sysmon, and user code can be stopped at almost any instruction. A call that "
    "keeps its P begins no new slice.",
    "b": "runtime.Gosched comes before sysmon finds the slice old enough.",
    "c": "gopark: it waits before its slice is old, and that is no preemption.",
    "d": "The call lasts long, and a goroutine waits for this P.",
    "e": "It is done before its slice is 10 ms old, and its calls are short: they keep the P.",
}

Steps = tuple[tuple[str, int], ...]


def _steps(draw: Random, what: str) -> list[list[Any]]:
    """A body of one of six kinds: names of operations with us; times far from where another one would begin."""
    short, long = 100 * draw.randrange(10, 60), 1000 * draw.randrange(16, 40)
    return {
        "loop": [["work", long]],
        "halves": [["work", 8000], ["syscall", draw.randrange(2, 9)], ["work", long]],
        "yields": [["work", short], ["gosched", 0], ["work", long]],
        "waits": [["work", short], draw.choice((["recv", 0], ["sleep", 500])), ["work", short]],
        "calls": [["work", short], ["syscall", long], ["work", short]],
        "short": [["work", short], ["syscall", draw.randrange(2, 9)], ["work", 1000]],
    }[what]


def _operation(what: str, us: int, c: Any) -> Any:
    if what == "work":
        return work(us=us)
    if what == "syscall":
        return syscall(us=us)
    if what == "gosched":
        return gosched()
    return recv(c) if what == "recv" else sleep(us=us)


@lru_cache(4096)
def _way(steps: Steps) -> str:
    """How the goroutine of these steps loses its P for the first time; another one is always ready."""

    def body(c: Any) -> Any:
        for what, us in steps:
            yield _operation(what, us, c)

    def rival() -> Any:
        yield work(forever=True)

    def main() -> Any:
        yield go(rival)
        yield go(body, chan())
        yield sleep(ms=100)

    rec = simulate(Config(gomaxprocs=1), Program(main))
    for e in rec:
        if e.g == 3 and e.kind == v.E_YIELD:
            return "b" if e.arg == v.YIELD_GOSCHED else "a"
        if e.g == 3 and e.kind in (v.E_PARK, v.E_RETAKE, v.E_EXIT):
            return {v.E_PARK: "c", v.E_RETAKE: "d", v.E_EXIT: "e"}[e.kind]
    return "?"


def _code(name: str, steps: Sequence[Sequence[Any]]) -> str:
    lines = [f"def {name}():"]
    for what, us in steps:
        operation = {"gosched": "gosched()", "recv": "recv(c)           # nobody sends"}.get(what, f"{what}(us={us})")
        lines.append(f"    yield {operation}")
    return "\n".join(lines)


def _ways(p: Params) -> list[str]:
    return [_way(tuple((what, us) for what, us in steps)) for steps in p["bodies"]]


def _ways_text(p: Params) -> str:
    code = "\n\n".join(_code(f"f{n}", steps) for n, steps in enumerate(p["bodies"]))
    return f"""Each of these bodies runs on the only P (Go 1.27), beside a goroutine that is always ready to run.
`sysmon` has just begun to look every 20 us or so.

```python
{code}
```

How does each of them lose its P for the first time? Give five letters as a list in `ways`.

{offered(_WAYS)}"""


def _ways_check(p: Params, answer: Answer) -> list[Mark]:
    given = answer.typed("ways", list)
    marks = []
    for n, truth in enumerate(_ways(p)):
        letter = given[n] if n < len(given) else None
        believed = "gopark-preempts" if truth == "c" and letter == "a" else ""
        believed = "syscall-checks" if truth == "e" and letter == "a" else believed
        marks.append(mark(f"f{n}", 1, same(letter, truth), _WHY[truth], misconception=believed, see="04-1"))
    return marks


_KINDS: Final = ("loop", "halves", "yields", "waits", "calls", "short")
WAYS: Final = Question(
    id="practice-04-1-ways", title="Five ways to lose a P", kind="predict", points=5, minutes=6, see="04-1",
    objective="Tell preemption from the other ways in which a goroutine loses its P",
    draw=lambda draw: {"bodies": [_steps(draw, what) for what in draw.sample(_KINDS, 5)]}, text=_ways_text,
    starter=lambda p: "ways = []", form="ways: list of str", check=_ways_check,
    reference=lambda p: assigned({"ways": _ways(p)}), believer=lambda p: assigned({"ways": ["?"] * 5}),
    wrong=(
        Wrong("always preempted", lambda p: assigned({"ways": ["a"] * 5}), 0.4),
        Wrong("never preempted", lambda p: assigned({"ways": [way.replace("a", "e") for way in _ways(p)]}), 0.8),
    ),
)  # fmt: skip

# --- sysmon's looks -------------------------------------------------------------------------------------------------

_RULES: Final = {
    "a": "a schedtick that is not the one of the look before is a new slice: it is only noted",
    "b": "a slice that was noted 10 ms ago or more is asked to stop",
    "c": "a slice that was noted less than 10 ms ago is left alone",
    "d": "a P without a goroutine is passed over",
    "e": "who has not stopped is asked again at the next look",
}


def _looks(draw: Random) -> tuple[list[list[Any]], dict[str, list[int]]]:
    """Looks at one P, (time in us, schedtick or None, what is done), and the lines at which each rule decides."""
    rows: list[list[Any]] = []
    decide: dict[str, list[int]] = {rule: [] for rule in _RULES}
    now, tick, noted, since, asked = 1000 * draw.randrange(20, 90), draw.randrange(20, 400), -1, 0, False
    while len(rows) < 14:
        now += draw.choice((draw.randrange(2_000, 6_000), draw.randrange(10_060, 10_300)))
        event = draw.random()
        if event < 0.35:
            tick, asked = tick + draw.randrange(1, 5), False
        n = len(rows)
        if event > 0.88:
            rows.append([now, None, "nothing"])
            decide["d"].append(n)
            tick, asked = tick + 1, False
        elif tick != noted:
            noted, since, asked = tick, now, False
            rows.append([now, tick, "notes"])
            decide["a"].append(n)
        elif now - since >= 10_000:
            decide["e" if asked else "b"].append(n)
            asked = True
            rows.append([now, tick, "asks"])
        else:
            decide["c"].append(n)
            rows.append([now, tick, "nothing"])
    return rows, decide


def _looks_draw(draw: Random) -> dict[str, Any]:
    rule = draw.choice(list(_RULES))
    while True:
        rows, decide = _looks(draw)
        lines = [n for n in decide[rule] if n >= 2]
        if lines and all(decide[other] for other in "abc"):
            bad = draw.choice(lines)
            rows[bad][2] = {"a": "asks", "b": "nothing", "c": "asks", "d": "asks", "e": "nothing"}[rule]
            return {"rows": rows, "bad": bad, "rule": rule}


def _looks_log(p: Params) -> tuple[str, str]:
    words = {"notes": "notes the slice", "asks": "calls preemptone", "nothing": "does nothing"}
    lines = ["line    time, ms   schedtick   sysmon"]
    for n, (now, tick, does) in enumerate(p["rows"]):
        lines.append(f"{n:4} {now / 1000:11.3f} {'(no G)' if tick is None else tick:>11}   {words[does]}")
    return "`sysmon` has logged its looks at one P, which is in no system call:", "\n".join(lines)


LOOKS: Final = broken_rule(
    id="practice-04-1-looks", title="A look of sysmon that is wrong", minutes=6, see="04-1", draw=_looks_draw,
    log=_looks_log, objective="Follow retake from look to look, and find the one that breaks its rule", rules=_RULES,
    hint="Keep two numbers, as sysmon does: the schedtick that it has noted, and when. 10 ms count from then.",
)  # fmt: skip

CLAIMS: Final = verdicts(
    id="practice-04-1-claims", title="Three sentences about preemption", sections=["4.1"], count=3, minutes=6,
    see="04-1",
)  # fmt: skip

QUESTIONS: Final = (WAYS, LOOKS, CLAIMS)
