"""The final exam, the collector: four settings of one program, told apart by what gctrace prints of them."""

from __future__ import annotations

from functools import lru_cache
from random import Random
from typing import Any, Final

from gmp_lab import Config, simulate
from gmp_lab.catalog import allocators
from gmp_lab.cycles import cycles
from gmp_lab.exam import Answer, Mark, Question, Wrong, mark
from gmp_lab.exam.model import Params
from gmp_lab.gctrace import GCCycle, format_gctrace
from gmp_lab.heap import NO_LIMIT
from gmp_lab.params import version
from gmp_lab.runtime.mgcgoal import gcGoalState

from .ch4_read import letter_of, listed, shuffled
from .kit import assigned, one_value, same

_MIB: Final = 1 << 20
_PROCS: Final = 4
_LOW, _HUNDRED, _ROOMY, _TIGHT = range(4)  # the settings: a low GOGC, 100, a limit well above what is live, one near it
_CURES: Final = (
    "a limit well above what is live", "a smaller GOGC, so that each collection has less to do",
    "more Ps, so that the program allocates faster", "runtime.GC() at every request, so that the heap never fills",
)  # fmt: skip


@lru_cache(maxsize=512)
def _run(gogc: int, limit_mib: int, live: int, rate: int) -> tuple[GCCycle, ...]:
    """The collections of a run; limit_mib 0: no limit."""
    config = Config(gomaxprocs=_PROCS, gogc=gogc, gomemlimit=limit_mib * _MIB if limit_mib else NO_LIMIT)
    return tuple(cycles(simulate(config, allocators(allocators=_PROCS, live_mib=live, rate_mib_s=rate, ms=110))))


def _settings(p: Params) -> list[tuple[int, int]]:
    """GOGC and the limit in MiB, in the order of _LOW and the others."""
    return [(p["low"], 0), (100, 0), (-1, p["roomy"]), (-1, p["tight"])]


def _cycles(p: Params, setting: int) -> tuple[GCCycle, ...]:
    """The two collections that are shown of a run."""
    return _run(*_settings(p)[setting], p["live"], p["rate"])[-2:]


def _goal(marked: int, gogc: int) -> int:
    """The goal after a collection, by the mirror's pacer; in bytes, as what that collection has marked."""
    pacer = gcGoalState()
    pacer.init(gogc)
    pacer.heapMarked = marked
    pacer.commit(True)
    return pacer.heapGoal()


def _goals(p: Params) -> tuple[int, int]:
    """From and to which number of MB the goal is right: the lines give whole MB of what was marked."""
    found = _cycles(p, _LOW)[1].heap2 >> 20
    return _goal(found << 20, p["new"]) >> 20, _goal(found + 1 << 20, p["new"]) >> 20


def _told_apart(p: Params) -> bool:
    """Whether the lines tell the settings apart, in whole MB, for somebody who works out each goal."""
    goals = []
    for setting in range(4):
        before, line = _cycles(p, setting)
        goals.append((line.lastHeapGoal >> 20) / (before.heap2 >> 20))
    by_rule = all(abs(goals[n] / (1 + gogc / 100) - 1) < 0.04 for n, gogc in ((_LOW, p["low"]), (_HUNDRED, 100)))
    cost = [_cycles(p, setting)[1].gc_cpu_fraction for setting in range(4)]
    rising = all(cost[a] > 1.2 * cost[b] for a, b in ((_TIGHT, _LOW), (_LOW, _HUNDRED), (_HUNDRED, _ROOMY)))
    room = [_largest(p, setting) for setting in range(4)]
    spaced = all(room[a] + 3 <= room[b] for a, b in ((_TIGHT, _LOW), (_LOW, _HUNDRED), (_HUNDRED, _ROOMY)))
    return by_rule and goals[_ROOMY] > 2.4 and goals[_TIGHT] < 1.2 and rising and spaced


def _largest(p: Params, setting: int) -> int:
    """The largest heap, in MB, in the lines that are shown of a run."""
    return max(one.heap1 for one in _cycles(p, setting)) >> 20


def _draw(draw: Random) -> dict[str, Any]:
    while True:
        live = draw.choice((10, 12, 14, 16))
        made = {"live": live, "rate": draw.choice((450, 550)), "low": draw.choice((40, 50, 60)),
                "new": draw.choice((150, 200, 250)), "roomy": live * 5 + draw.choice((4, 11)), "tight": live + draw.choice((7, 8)), "runs": shuffled(draw, 4),
                "fits": draw.choice((_LOW, _HUNDRED)), "cures": shuffled(draw, len(_CURES)), "letters": shuffled(draw, 4)}  # fmt: skip
        if _told_apart(made):
            return made


def _letter(p: Params, setting: int) -> str:
    return letter_of(setting, p["letters"])


def _truth(p: Params) -> dict[str, Any]:
    return {
        "settings": [_letter(p, setting) for setting in p["runs"]], "goal": _goal(_cycles(p, _LOW)[1].heap2, p["new"]) >> 20,
        "fits": _letter(p, p["fits"]), "cure": letter_of(0, p["cures"]),
    }  # fmt: skip


_WHY: Final = {
    _LOW: "GOGC sets the goal in proportion to what the collection before has found: look at the goal of the second line and at the live heap of the first.",
    _HUNDRED: "With GOGC=100 the goal is twice what the collection before has found live.",
    _ROOMY: "With GOGC=off the limit alone sets the goal: the same in both lines, and here far above what is live.",
    _TIGHT: "With a limit near what is live the goal lies right at the live heap, and one collection follows upon the other.",
}


def _check(p: Params, answer: Answer) -> list[Mark]:
    truth, given = _truth(p), answer.typed("settings", list)
    answer.value("goal", "fits", "cure")
    least, most = _goals(p)
    as_before = _goal(_cycles(p, _LOW)[1].heap2, p["low"]) >> 20
    marks = [
        mark(f"run {n + 1}", 0.5, n < len(given) and same(given[n], truth["settings"][n]), _WHY[setting], see="03-3")
        for n, setting in enumerate(p["runs"])
    ]
    return [
        *marks,
        one_value(answer, "goal", truth["goal"], 1, "What the last line has found live, which is the third size, and GOGC per cent of it more.",
                  near={as_before: 0.25, **dict.fromkeys(range(least - 1, most + 1), 1.0)}, see="03-3"),
        one_value(answer, "fits", truth["fits"], 0.5, "Of those whose heap stays small enough, the one with the smallest percentage; "
                  "the heap is the second of the three sizes at most.", see="03-3"),
        one_value(answer, "cure", truth["cure"], 0.5, "Each collection marks what is live, however little was allocated since: what "
                  "costs is to do so after a few hundred KB, because the limit leaves no room.", see="03-3"),
    ]  # fmt: skip


def _shown(p: Params) -> str:
    form = version("1.27").gctrace
    parts = []
    for n, setting in enumerate(p["runs"], 1):
        parts += [f"run {n}", *(format_gctrace(one, form) for one in _cycles(p, setting))]
    return "\n".join(parts)


def _text(p: Params) -> str:
    names = tuple(f"`GOGC={gogc}`, no memory limit" if not limit else f"`GOGC=off` and `GOMEMLIMIT={limit}MiB`" for gogc, limit in _settings(p))
    heap = _largest(p, p["fits"]) + 1
    return f"""A program has run four times on four Ps, each time with another of these settings:

{listed(names, p['letters'])}

`GODEBUG=gctrace=1` has printed of each run, among others, these two lines, one right after the other. (Stacks and globals are next to
nothing; what is neither heap nor stack takes a few MiB of the limit.)

```text
{_shown(p)}
```

* `settings`: the letters of the settings of runs 1, 2, 3 and 4, as a list;
* `goal`: right after its second line, the program that runs with `GOGC={p['low']}` calls `debug.SetGCPercent({p['new']})`. What is the goal, in MB,
  then? (Reckon with the whole MB of the line.)
* `fits`: the heap may be at most {heap} MB. By these lines, which setting (a letter) keeps to that with the least CPU time for the
  collector?
* `cure`: what would make the run cheap again that spends most on the collector?

{listed(_CURES, p['cures'])}"""


def _said(p: Params, **other: Any) -> str:
    return assigned({**_truth(p), **other})


def _swapped(p: Params, one: int, other: int) -> list[str]:
    change = {one: other, other: one}
    return [_letter(p, change.get(setting, setting)) for setting in p["runs"]]


def _derived(p: Params) -> str:
    """Another solution: the settings from the lines' own numbers."""
    letters = {name: _letter(p, n) for n, name in enumerate(("low", "hundred", "roomy", "tight"))}
    lines = [[(one.heap2 >> 20, one.lastHeapGoal >> 20) for one in _cycles(p, setting)] for setting in p["runs"]]
    return f"""
letters = {letters!r}
settings, goal = [], 0
for (live, _), (now, aimed) in {lines!r}:
    ratio = aimed / live
    name = "tight" if ratio < 1.2 else "low" if ratio < 1.8 else "hundred" if ratio < 2.2 else "roomy"
    settings.append(letters[name])
    goal = now * {100 + p['new']} // 100 if name == "low" else goal
fits = {_letter(p, p['fits'])!r}
cure = {letter_of(0, p['cures'])!r}
""".strip()


LIMITS = Question(
    id="final-exam-limits", title="Four settings of the collector", kind="diagnose", points=4, minutes=7, see="03-3",
    objective="Tell from gctrace which setting a program ran with, and choose one for a limit of memory",
    draw=_draw, text=_text, starter=lambda p: 'settings = []\ngoal = ...\nfits = "?"\ncure = "?"',
    form="settings: list of str; goal: int; fits: str; cure: str", check=_check, reference=_said,
    believer=lambda p: assigned({"settings": [_letter(p, setting) for setting in (p["runs"][1:] + p["runs"][:1])], "goal": _cycles(p, _LOW)[1].heap2 * p["new"] // 100 >> 20,
                                 "fits": _letter(p, _TIGHT), "cure": letter_of(1, p["cures"])}),
    right=(_derived,),
    wrong=(
        Wrong("the two GOGCs changed", lambda p: _said(p, settings=_swapped(p, _LOW, _HUNDRED)), 0.75),
        Wrong("the two limits changed", lambda p: _said(p, settings=_swapped(p, _ROOMY, _TIGHT)), 0.75),
        Wrong("the goal of the line", lambda p: _said(p, goal=_cycles(p, _LOW)[1].lastHeapGoal >> 20), 0.82),
        Wrong("a share of the heap at the end of marking", lambda p: _said(p, goal=(_cycles(p, _LOW)[1].heap1 >> 20) * (100 + p["new"]) // 100), 0.75),
        Wrong("the tightest fits", lambda p: _said(p, fits=_letter(p, _TIGHT), cure=letter_of(1, p["cures"])), 0.75),
        Wrong("the most memory", lambda p: _said(p, goal=0, fits=_letter(p, _ROOMY)), 0.63),
    ),
    partial=((lambda p: _said(p, settings=[]), 0.5), (lambda p: _said(p, cure="?", goal=0), 2.5 / 4)),
    claims=("3.3-13",),
)  # fmt: skip
