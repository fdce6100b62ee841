"""What a question is, and what an answer to it gets.

A question belongs to an assignment and has a variant for each student: ``draw`` gives parameters from a random
generator, and all else is a function of these.  ``check`` looks at an answer and gives marks, one for each thing
that is asked, with a reason where a point is lost.

A question brings its own proof: the reference solution, right solutions written in other ways, wrong ones with the
most that they may get, and what somebody answers who believes the article.  Tests grade them all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any, Final

from gmp_lab.errors import ConfigError
from gmp_lab.exam.sandbox import Budget

if TYPE_CHECKING:
    from gmp_lab.exam.answer import Answer

Params = Mapping[str, Any]
KINDS: Final = (
    "predict", "compute", "implement", "find the rule", "diagnose", "play", "repair", "tune", "verdict",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mark:
    """``points`` of ``of`` for one thing that is asked (``what``); ``reason`` says why a point is lost.

    ``misconception`` is the id of the one that the answer shows ("" if none), ``see`` the notebook to read again.
    """

    what: str
    points: float
    of: float
    reason: str = ""
    misconception: str = ""
    see: str = ""


def mark(  # noqa: PLR0913  # a mark's fields, named
    what: str, of: float, got: bool | float, reason: str = "", *, misconception: str = "", see: str = ""
) -> Mark:
    """A mark: all of its points, none, or a share (0..1) of them; the reason is kept only if a point is lost."""
    share = float(got)
    if not 0 <= share <= 1:
        raise ConfigError("got", got, "True, False or a share from 0 to 1")
    points = round(of * share, 2)
    lost = points < of
    if lost and not reason:
        raise ConfigError("reason", reason, "a sentence: every lost point has a reason")
    return Mark(what, points, of, reason if lost else "", misconception if lost else "", see if lost else "")


@dataclass(frozen=True, slots=True)
class Wrong:
    """A wrong answer: its name, its source for given parameters, the largest share of the points that it may get."""

    name: str
    source: Callable[[Params], str]
    at_most: float = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question: ``points`` and ``minutes``, what it practises, where it is taught (``see``: "02-3"), its texts.

    ``form`` says what the answer must define, as ``form.check_form`` reads it.  ``starter`` is what the student finds
    in the cell; ``manual`` is a text that is asked for besides and judged by a person (with ``rubric``).
    """

    id: str
    title: str
    kind: str
    points: float
    minutes: int
    objective: str
    see: str
    draw: Callable[[Random], dict[str, Any]]
    text: Callable[[Params], str]
    starter: Callable[[Params], str]
    form: str
    check: Callable[[Params, Answer], list[Mark]]
    reference: Callable[[Params], str]
    believer: Callable[[Params], str]
    right: tuple[Callable[[Params], str], ...] = ()
    wrong: tuple[Wrong, ...] = ()
    partial: tuple[tuple[Callable[[Params], str], float], ...] = ()
    claims: tuple[str, ...] = ()
    budget: Budget = field(default_factory=Budget)
    manual: str = ""
    manual_points: float = 0
    rubric: str = ""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ConfigError("kind", self.kind, "one of " + ", ".join(KINDS))
        if not (0 < self.points <= 20 and 1 <= self.minutes <= 60):
            raise ConfigError(self.id, (self.points, self.minutes), "1 to 20 points in 1 to 60 minutes")
        if bool(self.manual) != (self.manual_points > 0) or bool(self.manual) != bool(self.rubric):
            raise ConfigError(self.id, self.manual_points, "a manual part with its text, points and rubric, or none")
