"""Questions that show the scheduler at moments of runs and ask what it does next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from gmp_lab.draw import stage_text
from gmp_lab.exam import Answer, Mark, Question, Wrong, mark
from gmp_lab.exam.kit import LETTERS, assigned
from gmp_lab.exam.model import Params
from gmp_lab.play import LENGTH, RULES, situation
from gmp_lab.recording import Recording


def play_moments(draw: Random, level: str, count: int, kinds: Sequence[str] = ()) -> list[tuple[int, int]]:
    """Draw decisions: (seed of the situation, number of its question), six of a situation."""
    found: list[tuple[int, int]] = []
    while len(found) < count:
        seed = draw.randrange(1 << 31)
        found += [(seed, n) for n in range(LENGTH)]
    return found[:count]


@dataclass(frozen=True, slots=True)
class _Play:
    """A question of ``count`` decisions worth ``points``; its methods are what a question is made of."""

    level: str
    kinds: tuple[str, ...]
    count: int
    points: float
    see: str

    def asked(self, p: Params) -> list[tuple[Recording, Any]]:
        made = []
        for seed, n in p["moments"]:
            found = situation(seed, self.level, self.kinds)
            made.append((found.recording, found.questions[n]))
        return made

    def text(self, p: Params) -> str:
        parts = []
        for n, (rec, one) in enumerate(self.asked(p)):
            stage = "\n".join(stage_text(rec, one.shown).splitlines()[4:])
            options = "\n".join(f"* **{letter}** {o.words}" for letter, o in zip(LETTERS, one.options, strict=False))
            shown = f"**Decision {n}** (Go {rec.config.go}).\n\n```text\n{stage}\n```"
            parts.append(f"{shown}\n\n{one.text}\n\n{options}")
        head = f"You are the scheduler. Give a letter for each of {len(parts)} decisions, as a list in `decisions`."
        return head + "\n\n" + "\n\n".join(parts)

    def check(self, p: Params, answer: Answer) -> list[Mark]:
        given, each = answer.typed("decisions", list), round(self.points / self.count, 4)
        marks = []
        for n, (_, one) in enumerate(self.asked(p)):
            letter = given[n] if n < len(given) and type(given[n]) is str else ""
            at = LETTERS.find(letter) if len(letter) == 1 else -1
            option = one.options[at] if 0 <= at < len(one.options) else None
            rule = RULES[(option.breaks if option else "") or one.rule]
            reason = f"{rule.sentence} ({rule.function} in {rule.file})."
            marks.append(mark(f"decision {n}", each, option.points if option else 0.0, reason, see=self.see))
        return marks

    def letters(self, p: Params, choose: Callable[[Any], int]) -> str:
        return assigned({"decisions": [LETTERS[choose(one)] for _, one in self.asked(p)]})


def _best(one: Any) -> int:
    return max(range(len(one.options)), key=lambda n: one.options[n].points)


def _worst(one: Any) -> int:
    return min(range(len(one.options)), key=lambda n: one.options[n].points)


def play(  # a question's fields
    *, id: str, title: str, level: str, count: int, minutes: int, see: str, points: float, kinds: Sequence[str] = ()
) -> Question:  # fmt: skip
    """A question that shows the scheduler at moments of runs, and asks what it does next."""
    it = _Play(level, tuple(kinds), count, points, see)
    return Question(
        id=id, title=title, kind="play", points=points, minutes=minutes, see=see, text=it.text, check=it.check,
        objective="Decide as the scheduler does, from the state that it sees",
        draw=lambda draw: {"moments": [list(one) for one in play_moments(draw, level, count, kinds)]},
        starter=lambda p: "decisions = []", form="decisions: list of str", reference=lambda p: it.letters(p, _best),
        believer=lambda p: it.letters(p, _worst),
        wrong=(Wrong("always the first", lambda p: assigned({"decisions": ["a"] * count}), 0.75),),
        partial=((lambda p: it.letters(p, _best).rpartition(",")[0] + "]", 1 - 1 / count),),
    )  # fmt: skip
