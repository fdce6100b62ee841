"""A question to practise with.  It is judged as in the exam: by the same kinds, in a process of its own.

The questions are not those of the exam: here the solutions are for the student, once the question is solved or tried
three times.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from gmp_lab.errors import ConfigError, check_choice, check_int
from gmp_lab.exam.judge import Verdict, is_blank, judge
from gmp_lab.exam.model import Question
from gmp_lab.exam.variants import params_of
from gmp_lab.practice import (
    ch1,
    ch2_calls,
    ch2_queues,
    ch2_stacks,
    ch2_states,
    ch2_threads,
    ch3,
    ch3_gc,
    ch4_loops,
    ch4_service,
    ch4_signal,
    ch4_stop,
    ch5,
)

TRIES: Final = 3  # before the solution can be seen
MAX_SEED: Final = 2**31 - 1
_MODULES: Final = (
    ch1, ch2_stacks, ch2_threads, ch2_queues, ch2_states, ch2_calls, ch3, ch3_gc, ch4_stop, ch4_signal, ch4_loops,
    ch4_service, ch5,
)  # fmt: skip


def _all() -> dict[str, tuple[Question, ...]]:
    """The questions of each notebook, by its number."""
    found: dict[str, list[Question]] = {}
    for question in (question for module in _MODULES for question in module.QUESTIONS):
        found.setdefault(question.see, []).append(question)
    return {notebook: tuple(some) for notebook, some in found.items()}


_KNOWN: Final = _all()
NOTEBOOKS: Final = tuple(_KNOWN)


def drills(notebook: str) -> tuple[Question, ...]:
    """The questions to practise with in a notebook ("02-3"), each of another kind; ConfigError if there are none."""
    return _KNOWN[check_choice("notebook", notebook, NOTEBOOKS)]


class Drill:
    """A question of a notebook with the numbers of a seed.  ``kind`` chooses among its questions; "" takes the first.

    ``params`` are the numbers of this seed.  ``tries`` counts the answers that were judged: one that says nothing, or
    the same as before, is none.  ``solved`` says whether one of them got all points.
    """

    def __init__(self, notebook: str, seed: int = 1, kind: str = "") -> None:
        check_int("seed", seed, 0, MAX_SEED)
        some = drills(notebook)
        kinds = tuple(question.kind for question in some)
        self.question = some[kinds.index(check_choice("kind", kind, kinds))] if kind else some[0]
        self.notebook, self.seed = notebook, seed
        self.params: Mapping[str, Any] = params_of(self.question, f"practice {seed}")
        self.solved = False
        self._verdicts: dict[str, Verdict] = {}

    @property
    def tries(self) -> int:
        """How many answers were judged."""
        return len(self._verdicts)

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
        if source in self._verdicts:
            return self._verdicts[source]
        verdict = judge(self.question, self.params, source)
        if not is_blank(source, self.starter):
            self._verdicts[source] = verdict
        self.solved = self.solved or verdict.points == verdict.of
        return verdict

    @property
    def unlocked(self) -> bool:
        """Whether the solution can be seen."""
        return self.solved or self.tries >= TRIES

    @property
    def left(self) -> str:
        """How many tries are missing until the solution can be seen, in words."""
        missing = TRIES - self.tries
        return "one more try" if missing == 1 else f"{missing} more tries"

    def solution(self) -> str:
        """A solution with all points; ConfigError before the question is solved or was tried three times."""
        if not self.unlocked:
            raise ConfigError("solution", "locked", f"one after success or {self.left}")
        return self.question.reference(self.params)

    def next(self) -> Drill:
        """The same question with the next seed."""
        return Drill(self.notebook, (self.seed + 1) % (MAX_SEED + 1), self.question.kind)
