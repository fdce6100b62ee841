"""Situations: a run that is drawn from a seed, and six decisions of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, zip_longest
from typing import Final, NamedTuple

from gmp_lab.catalog import backlog, callers, loops, ping_pong, pipeline, skewed, spawn, steady_mix
from gmp_lab.config import Config
from gmp_lab.errors import ConfigError, check_choice, check_int
from gmp_lab.play.options import Question, mixed
from gmp_lab.play.questions import questions
from gmp_lab.recording import Recording
from gmp_lab.simulate import simulate
from gmp_lab.stream import Stream
from gmp_lab.workload import Program

LEVELS: Final = ("basic", "several", "full")
KINDS: Final = {
    "basic": ("next", "where", "share", "overflow"),
    "several": ("next", "where", "share", "overflow", "half", "steal", "wake"),
    "full": (
        "next", "where", "share", "overflow", "half", "steal", "wake", "handoff", "exit", "preempt", "net",
    ),
}  # fmt: skip
LENGTH: Final = 6  # decisions in a situation
MAX_SEED: Final = 2**31 - 1
_MAX_DRAWS: Final = 200  # runs that are looked at for six decisions
_PATIENCE: Final = 30  # so many of them for six of several kinds
_UNTIL_NS: Final = 200_000_000
_OLDER: Final = ("1.25", "1.19", "1.4")


@dataclass(frozen=True, slots=True)
class Situation:
    """A run and the questions that are asked about it, one by one; all of it follows from seed, level and kinds."""

    seed: int
    level: str
    kinds: tuple[str, ...]
    recording: Recording
    questions: tuple[Question, ...]


class _Recipe(NamedTuple):
    """A program, made of a stream of random numbers and GOMAXPROCS; the kinds of decisions that it is there for."""

    kinds: frozenset[str]
    levels: frozenset[str]
    make: Callable[[Stream, int], Program]


def _recipe(kinds: str, levels: str, make: Callable[[Stream, int], Program]) -> _Recipe:
    return _Recipe(frozenset(kinds.split()), frozenset(levels.split()), make)


def _seed(draw: Stream) -> int:
    return draw.below(10_000)


def _bursts(draw: Stream, procs: int) -> Program:
    return steady_mix(goroutines=draw.below(5) + 3 + procs, syscall_percent=0, bursts=18, seed=_seed(draw))


def _pairs(draw: Stream, procs: int) -> Program:
    return ping_pong(pairs=draw.below(3) + 1 + procs, rounds=12, work_us=10)


def _yielders(draw: Stream, procs: int) -> Program:
    return backlog(callers=1, call_percent=0, runnable=draw.below(6) + 3 * procs, rounds=14, seed=_seed(draw))


def _flood(draw: Stream, procs: int) -> Program:
    return spawn(goroutines=260 + draw.below(150), task_us=5 + draw.below(20))


def _deluge(draw: Stream, procs: int) -> Program:
    return spawn(goroutines=256 + 129 * LENGTH * procs + draw.below(300), task_us=5 + draw.below(20))


def _stages(draw: Stream, procs: int) -> Program:
    return pipeline(stages=draw.below(3) + procs, items=12, work_us=20, buffer=draw.below(3))


def _tree(draw: Stream, procs: int) -> Program:
    return spawn(goroutines=40 + draw.below(40), pattern="as a tree", task_us=20)


def _skewed(draw: Stream, procs: int) -> Program:
    return skewed(tasks=24 + draw.below(40), task_us=30, spread_percent=50, seed=_seed(draw))


def _calls(draw: Stream, procs: int) -> Program:
    return callers(goroutines=procs + 1 + draw.below(4), call_percent=70, call_us=300, rounds=6, seed=_seed(draw))


def _long_calls(draw: Stream, procs: int) -> Program:
    many = 1 + draw.below(procs)
    return callers(goroutines=many, call_percent=100, call_us=9_000, rounds=8, seed=_seed(draw))


def _calls_and_work(draw: Stream, procs: int) -> Program:
    return backlog(callers=2 + draw.below(3), runnable=procs + draw.below(4), rounds=8, seed=_seed(draw))


def _hogs(draw: Stream, procs: int) -> Program:
    return loops(workers=procs + 1 + draw.below(3), rounds=3, seed=_seed(draw))


def _long_pairs(draw: Stream, procs: int) -> Program:
    return ping_pong(pairs=1 + draw.below(2 * procs), rounds=10, work_us=1_500 + draw.below(2_000))


def _network(draw: Stream, procs: int) -> Program:
    many, seed = 6 * procs + draw.below(20), _seed(draw)
    return callers(goroutines=many, burst_us=60, call_percent=90, call_us=800, way="network", rounds=6, seed=seed)


#: kinds that need a program of their own if six of them alone are to be decided
_ALONE: Final[dict[tuple[str, ...], Callable[[Stream, int], Program]]] = {("overflow",): _deluge}
_ALL: Final = "basic several full"
_RECIPES: Final = (
    _recipe("next where share", _ALL, _bursts),
    _recipe("next where", _ALL, _pairs),
    _recipe("next where share", _ALL, _yielders),
    _recipe("next where share overflow", _ALL, _flood),
    _recipe("next where wake", "several full", _stages),
    _recipe("half steal wake", "several full", _tree),
    _recipe("next half steal wake", "several full", _skewed),
    _recipe("next handoff exit share", "full", _calls),
    _recipe("handoff exit wake", "full", _long_calls),
    _recipe("next handoff exit", "full", _calls_and_work),
    _recipe("preempt where", "full", _hogs),
    _recipe("preempt", "full", _long_pairs),
    _recipe("net wake", "full", _network),
)


def situation(seed: int, level: str = "basic", kinds: tuple[str, ...] = ()) -> Situation:
    """The situation of a seed (0..2**31-1) at a level; equal on every machine.

    ``kinds`` narrows what is asked, such as ("next", "share"); (): all kinds of the level (KINDS).
    ConfigError for a bad seed, level or kind.
    """
    check_int("seed", seed, 0, MAX_SEED)
    check_choice("level", level, LEVELS)
    if not isinstance(kinds, tuple):
        raise ConfigError("kinds", kinds, 'a tuple of kinds, such as ("next", "share")')
    for kind in kinds:
        check_choice("kinds", kind, KINDS[level])
    return _situation(seed, level, tuple(kind for kind in KINDS[level] if kind in kinds))


@lru_cache(512)
def _situation(seed: int, level: str, kinds: tuple[str, ...]) -> Situation:
    wanted = kinds or KINDS[level]
    draw = Stream(seed, LEVELS.index(level), *(KINDS["full"].index(kind) for kind in kinds))
    for n in range(_MAX_DRAWS):  # a run without enough to decide is put aside: the next one is drawn
        rec = simulate(*_run(draw, level, wanted))
        chosen = _chosen(questions(rec, wanted), draw)
        if chosen and (n >= _PATIENCE or _varied(chosen, level, wanted)):
            return Situation(seed, level, kinds, rec, chosen)
    raise ConfigError("kinds", kinds, "kinds of which there are six decisions in a run")


def _run(draw: Stream, level: str, wanted: tuple[str, ...]) -> tuple[Config, Program]:
    fitting = [one for one in _RECIPES if level in one.levels and not one.kinds.isdisjoint(wanted)]
    procs = 1 if level == "basic" else 2 + draw.below(3)
    go = _OLDER[draw.below(len(_OLDER))] if level == "full" and draw.below(5) == 0 else "1.27"
    config = Config(gomaxprocs=procs, seed=_seed(draw), go=go, until_ns=_UNTIL_NS)
    make = _ALONE.get(wanted) or fitting[draw.below(len(fitting))].make
    return config, make(draw, procs)


def _varied(chosen: tuple[Question, ...], level: str, wanted: tuple[str, ...]) -> bool:
    """Whether the six are of several kinds, if there are several, and of one at least that is new at the level."""
    have = {one.kind for one in chosen}
    older = KINDS[LEVELS[LEVELS.index(level) - 1]] if level != LEVELS[0] else ()
    new = set(wanted).difference(older)
    return len(have) >= min(3, len(wanted)) and (not new or not new.isdisjoint(have))


def _chosen(found: list[Question], draw: Stream) -> tuple[Question, ...]:
    """Six of the questions, in order of time: of each kind in turn, of each of its rules in turn; () if too few."""
    kinds: dict[str, dict[str, list[Question]]] = {}
    for one in found:
        fate = one.right.id.split()[0] if one.kind in ("wake", "handoff") else ""  # few wake anybody
        kinds.setdefault(one.kind, {}).setdefault(f"{one.rule} {fate}", []).append(one)
    pools = [_in_turn(draw, kinds[kind]) for kind in mixed(draw, sorted(kinds))]
    picked: dict[int, Question] = {}
    for one in chain.from_iterable(zip_longest(*pools)):
        if one is not None and len(picked) < LENGTH:
            picked.setdefault(one.event, one)
    chosen = tuple(picked[event] for event in sorted(picked))
    hard = any(all(option.points != 0.5 for option in one.options) for one in chosen)
    return chosen if len(chosen) == LENGTH and hard else ()  # with half right answers alone nobody gets half


def _in_turn(draw: Stream, rules: dict[str, list[Question]]) -> list[Question]:
    """At most six questions, of each rule in turn."""
    pools = [mixed(draw, rules[rule])[:LENGTH] for rule in mixed(draw, sorted(rules))]
    return [one for one in chain.from_iterable(zip_longest(*pools)) if one is not None][:LENGTH]
