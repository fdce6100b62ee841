"""A question to practise with.  It is judged as in the exam: by the same kinds, in a process of its own.

The questions are not those of the exam: here the solutions are for the student, once the question is solved or tried
three times.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from gmp_lab.errors import ConfigError, check_choice, check_int
from gmp_lab.exam.judge import Verdict, judge
from gmp_lab.exam.model import Question
from gmp_lab.exam.variants import params_of
from gmp_lab.practice import first, late

TRIES: Final = 3  # before the solution can be seen
MAX_SEED: Final = 2**31 - 1


@cache
def _all() -> dict[str, tuple[Question, ...]]:
    """The questions of each notebook, by its number."""
    found: dict[str, list[Question]] = {}
    for question in (*first.QUESTIONS, *late.QUESTIONS):
        found.setdefault(question.see, []).append(question)
    return {notebook: tuple(some) for notebook, some in found.items()}


def drills(notebook: str) -> tuple[Question, ...]:
    """The questions to practise with in a notebook ("02-3"); ConfigError if there are none."""
    known = _all()
    return known[check_choice("notebook", notebook, tuple(known))]


class Drill:
    """A question of a notebook with the numbers of a seed.  ``kind`` chooses among its questions; "" takes the first.

    ``tries`` counts the answers that were judged, ``solved`` says whether one of them got all points.
    """

    def __init__(self, notebook: str, seed: int = 1, kind: str = "") -> None:
        check_int("seed", seed, 0, MAX_SEED)
        some = drills(notebook)
        kinds = tuple(question.kind for question in some)
        self.question = some[kinds.index(check_choice("kind", kind, kinds))] if kind else some[0]
        self.notebook, self.seed = notebook, seed
        self.tries, self.solved = 0, False

    @property
    def params(self) -> Mapping[str, Any]:
        """The numbers of this seed."""
        return params_of(self.question, f"practice {self.seed}")

    @property
    def text(self) -> str:
        """What is asked, in Markdown."""
        return self.question.text(self.params).strip()

    @property
    def starter(self) -> str:
        """What an answer begins with."""
        return self.question.starter(self.params)

    def answer(self, source: str) -> Verdict:
        """Judge an answer, the text of a cell; ConfigError if it is no text."""
        if not isinstance(source, str):
            raise ConfigError("source", source, "the text of a cell, such as 'order = [2, 0, 1]'")
        verdict = judge(self.question, self.params, source)
        self.tries += 1
        self.solved = self.solved or verdict.points == verdict.of
        return verdict

    @property
    def unlocked(self) -> bool:
        """Whether the solution can be seen."""
        return self.solved or self.tries >= TRIES

    def solution(self) -> str:
        """A solution with all points; ConfigError before the question is solved or was tried three times."""
        if not self.unlocked:
            left = TRIES - self.tries
            more = "one more try" if left == 1 else f"{left} more tries"
            raise ConfigError("solution", "locked", f"one after success or {more}")
        return self.question.reference(self.params)

    def next(self) -> Drill:
        """The same question with the next seed."""
        return Drill(self.notebook, (self.seed + 1) % (MAX_SEED + 1), self.question.kind)
