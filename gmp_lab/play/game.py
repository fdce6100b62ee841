"""Playing the scheduler: a situation made from a seed, one decision after the other, checked against the mirror."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any, Final

from gmp_lab import params
from gmp_lab.catalog import backlog, callers, loops, ping_pong, skewed, spawn, steady_mix
from gmp_lab.config import Config
from gmp_lab.errors import ConfigError, check_choice, check_int
from gmp_lab.narrate import narrate
from gmp_lab.play.questions import Option, Question, question
from gmp_lab.play.rules import RULES
from gmp_lab.recording import Recording
from gmp_lab.simulate import simulate
from gmp_lab.workload import Program

LEVELS: Final = ("basic", "several", "full")
MODES: Final = ("exam", "practice")
FORMAT: Final = "gmp-lab-play-1"
LENGTH: Final = 6  # decisions in a situation
KINDS: Final = {
    "basic": ("next", "where", "share"),
    "several": ("next", "where", "share", "half", "overflow", "wake"),
    "full": ("next", "where", "share", "half", "overflow", "wake", "handoff", "exit"),
}
_MAX_SEED: Final = 2**31 - 1
_MAX_DRAWS: Final = 200  # runs that are looked at for six decisions
_MAX_TEXT: Final = 100_000  # characters of a transcript


@dataclass(frozen=True, slots=True)
class Situation:
    """A run and the questions that are asked about it, one by one; all of it follows from seed, level and kinds."""

    seed: int
    level: str
    kinds: tuple[str, ...]
    recording: Recording
    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What there is to say of an answer: ``points`` (0..1), whether it is right, and why."""

    right: bool
    points: float
    said: str
    rule: str


@dataclass(frozen=True, slots=True)
class Score:
    """``points`` of ``possible``, with ``answered`` of ``asked`` questions."""

    points: float
    possible: int
    answered: int
    asked: int

    def __str__(self) -> str:
        return f"{self.points:g} of {self.possible} points; {self.answered} of {self.asked} decisions made"


def _program(draw: Random, level: str) -> tuple[Config, Program]:
    seed = draw.randrange(10_000)
    go = draw.choice(("1.27", "1.27", "1.25", "1.19", "1.4")) if level == "full" else "1.27"
    procs = 1 if level == "basic" else draw.choice((2, 3, 4))
    few = draw.randrange(4, 9)
    programs = [
        steady_mix(goroutines=few, syscall_percent=0, bursts=20, seed=seed),
        ping_pong(pairs=draw.randrange(2, 5), rounds=20, work_us=10),
        backlog(callers=1, call_percent=0, runnable=few, rounds=15, seed=seed),
        spawn(goroutines=draw.randrange(60, 110), task_us=5),
    ]
    if level != "basic":
        programs += [
            skewed(tasks=40, seed=seed),
            spawn(goroutines=300, pattern=draw.choice(("at once", "in four waves"))),
        ]
    if level == "full":
        programs += [
            backlog(callers=3, runnable=4, rounds=10, seed=seed), callers(goroutines=6, call_percent=80, seed=seed),
            loops(workers=procs + 2, rounds=3, seed=seed),
        ]  # fmt: skip
    return Config(gomaxprocs=procs, seed=seed, go=params.version(go).name, until_ns=2_000_000_000), draw.choice(
        programs
    )


def situation(seed: int, level: str = "basic", kinds: tuple[str, ...] = ()) -> Situation:
    """The situation of a seed (0..2**31-1) at a level; equal on every machine.

    ``kinds`` narrows what is asked, such as ("next", "share"); (): all kinds of the level (KINDS).
    ConfigError for a bad seed, level or kind, or if nothing of these kinds is to be decided.
    """
    check_int("seed", seed, 0, _MAX_SEED)
    check_choice("level", level, LEVELS)
    for kind in kinds:
        check_choice("kinds", kind, KINDS[level])
    return _situation(seed, level, tuple(kind for kind in KINDS[level] if kind in kinds))


@cache
def _situation(seed: int, level: str, kinds: tuple[str, ...]) -> Situation:
    draw = Random(f"gmp_lab.play {level} {seed}")
    wanted = kinds or KINDS[level]
    for _ in range(_MAX_DRAWS):  # a run without enough to decide is put aside: the next one is drawn
        rec = simulate(*_program(draw, level))
        found = [q for q in (question(rec, i) for i in range(len(rec))) if q is not None and q.kind in wanted]
        chosen = _chosen(found, draw, min(3, len(wanted)))
        if len(chosen) == LENGTH:
            return Situation(seed, level, kinds, rec, tuple(chosen))
    raise ConfigError("kinds", kinds, "kinds of decisions that there are enough of")


def _chosen(found: list[Question], draw: Random, least: int) -> list[Question]:
    """Six of the questions, in order of time, of as many kinds as there are; [] if these are too few."""
    by_kind: dict[str, list[Question]] = {}
    for one in found:
        by_kind.setdefault(f"{one.kind} {one.rule}", []).append(one)
    if len(by_kind) < least:  # always the same question is no game
        return []
    pools = [draw.sample(some, len(some)) for _, some in sorted(by_kind.items())]
    draw.shuffle(pools)
    picked: dict[int, Question] = {}
    while len(picked) < LENGTH and any(pools):
        for pool in pools:
            if pool and len(picked) < LENGTH:
                one = pool.pop()
                picked.setdefault(one.event, one)
    return [picked[event] for event in sorted(picked)]


class Game:
    """One player and one situation.  After each answer the game goes on from what the mirror really did.

    In mode "exam" the first answer to a question counts; in "practice" the last one, and ``undo`` goes back.
    """

    def __init__(
        self, seed: int, level: str = "basic", mode: str = "practice", kinds: tuple[str, ...] = ()
    ) -> None:
        self.situation = situation(seed, level, kinds)
        self.mode = check_choice("mode", mode, MODES)
        self.answers: list[list[str]] = [[] for _ in self.situation.questions]
        self.at = 0

    @property
    def question(self) -> Question | None:
        """What is asked now; None when all is decided."""
        questions = self.situation.questions
        return questions[self.at] if self.at < len(questions) else None

    def decide(self, option: str) -> Verdict:
        """Decide, by the id of an option; ConfigError for another id, or when nothing is asked any more."""
        asked = self.question
        if asked is None:
            raise ConfigError("answer", option, "no answer: all is decided")
        chosen = _option(asked, option)
        self.answers[self.at].append(option)
        self.at += 1
        return self.verdict(asked, chosen)

    def verdict(self, asked: Question, chosen: Option) -> Verdict:
        """What there is to say of an option: right or wrong, the rule, and what the mirror did."""
        rec = self.situation.recording
        happened = narrate(rec, asked.event).sentence
        rule = RULES[chosen.breaks or asked.rule]
        where = f"{rule.sentence} ({rule.function} in {rule.file})."
        if chosen.points == 1:
            said = f"Right. {where}"
        elif chosen.points:
            said = f"Partly right. {where} Right: {asked.right.words}."
        else:
            said = f"Wrong. {where} Right: {asked.right.words}."
        return Verdict(chosen.points == 1, chosen.points, f"{said} {happened}", chosen.breaks or asked.rule)

    def undo(self) -> bool:
        """Go back to the last question; False at the first one. The answer given there is kept as an attempt."""
        if not self.at:
            return False
        self.at -= 1
        return True

    def model_run(self) -> list[str]:
        """What the mirror does from here to the last decision, a sentence for each question left."""
        rec = self.situation.recording
        return [f"{q.right.words}: {narrate(rec, q.event).sentence}" for q in self.situation.questions[self.at :]]

    @property
    def score(self) -> Score:
        """The points so far, by the rule of the mode."""
        which = 0 if self.mode == "exam" else -1
        points = 0.0
        for asked, given in zip(self.situation.questions, self.answers, strict=True):
            if given:
                points += _option(asked, given[which]).points
        answered = sum(bool(given) for given in self.answers)
        return Score(points, len(self.answers), answered, len(self.answers))

    def to_json(self) -> str:
        """The transcript: what is needed to grade the game again."""
        told = self.situation
        said = {"format": FORMAT, "seed": told.seed, "level": told.level, "kinds": told.kinds, "mode": self.mode}
        return json.dumps({**said, "answers": self.answers}, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Game:
        """The game of a transcript, at its first open question; ConfigError if it is none."""
        said = _transcript(text)
        game = cls(said["seed"], said["level"], said["mode"], tuple(said["kinds"]))
        for number, given in enumerate(said["answers"]):
            for option in given:
                _option(game.situation.questions[number], option)
            game.answers[number] = list(given)
        game.at = next((n for n, given in enumerate(game.answers) if not given), len(game.answers))
        return game


def _option(asked: Question, option: str) -> Option:
    found = next((one for one in asked.options if one.id == option), None)
    if found is None:
        raise ConfigError("answer", option, "one of " + ", ".join(repr(one.id) for one in asked.options))
    return found


def _transcript(text: str) -> Mapping[str, Any]:
    """The entries of a transcript, each checked; ConfigError for anything else."""
    if not isinstance(text, str) or len(text) > _MAX_TEXT:
        raise ConfigError("transcript", type(text).__name__, f"a text of at most {_MAX_TEXT:,} characters")
    try:
        said = json.loads(text)
    except (ValueError, RecursionError) as problem:
        raise ConfigError("transcript", text[:40], "JSON as Game.to_json writes it") from problem
    if not isinstance(said, dict) or said.get("format") != FORMAT:
        raise ConfigError("transcript", text[:40], f"an object with format {FORMAT!r}")
    check_int("seed", said.get("seed"), 0, _MAX_SEED)
    level, mode = said.get("level"), said.get("mode")
    check_choice("level", level if isinstance(level, str) else "", LEVELS)
    check_choice("mode", mode if isinstance(mode, str) else "", MODES)
    kinds, answers = said.get("kinds"), said.get("answers")
    if not isinstance(kinds, list) or not all(isinstance(kind, str) for kind in kinds):
        raise ConfigError("kinds", str(kinds)[:40], "a list of kinds of decisions")
    rows = isinstance(answers, list) and len(answers) == LENGTH and all(isinstance(row, list) for row in answers)
    if not rows or not all(isinstance(one, str) for row in said["answers"] for one in row):
        raise ConfigError("answers", str(answers)[:40], f"{LENGTH} lists of ids of options")
    return said


def grade(transcript: str, *, seed: int | None = None, level: str | None = None, mode: str = "exam") -> Score:
    """Grade a transcript anew: only its answers count, all else is made again from seed and level.

    ``seed`` and ``level``: what the student was given (None: what the transcript says); a transcript of another
    situation is a ConfigError, as is one that cannot be read.
    """
    game = Game.from_json(transcript)
    for name, given, found in (("seed", seed, game.situation.seed), ("level", level, game.situation.level)):
        if given is not None and given != found:
            raise ConfigError(name, found, f"{given!r}, as it was given out")
    game.mode = check_choice("mode", mode, MODES)
    return game.score
