"""Questions and their options: how they are put together, mixed and ordered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from gmp_lab.recording import Event, Recording
from gmp_lab.replay import State
from gmp_lab.stream import Stream

LEAST: Final = 3  # options of a question
MOST: Final = 4

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Option:
    """One answer: ``id`` (stable), its words, the points it gets (0, 0.5 or 1), the rule it breaks ("" if right)."""

    id: str
    words: str
    points: float = 0.0
    breaks: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """A decision of kind ``kind``: what is asked, the options in the order in which they are shown, the rule.

    ``shown``: index of the last event before the decision; the student sees the stage after it.
    ``event``: index of the event that tells what the mirror did.
    """

    kind: str
    shown: int
    event: int
    text: str
    options: tuple[Option, ...]
    rule: str

    @property
    def right(self) -> Option:
        """The option that the mirror chose."""
        return next(option for option in self.options if option.points == 1)


@dataclass(frozen=True, slots=True)
class Past:
    """What a state does not keep.

    ``slice_ns``: since when the schedtick of a P is what it is; ``run_ns``: since when who runs there runs;
    ``old_p``: the P that a goroutine had when it last went into a system call.
    """

    slice_ns: dict[int, int]
    run_ns: dict[int, int]
    old_p: dict[int, int]


@dataclass(frozen=True, slots=True)
class Moment:
    """A decision in a run: event ``e`` with index ``event`` tells it, ``s`` is the state after event ``shown``."""

    rec: Recording
    event: int
    e: Event
    s: State
    shown: int
    past: Past

    def g(self, g: int) -> str:
        """A goroutine's number and name."""
        return f"G{g} {self.rec.g_name(g)}"

    def ask(self, kind: str, text: str, right: tuple[str, str, str], wrong: Iterable[Option]) -> Question | None:
        """A question with this right option (id, words, rule) and some of the wrong ones; None if these are too few.

        Which wrong ones, and in which order all are shown, is drawn from the run's seed and the event: the place of
        an option says nothing.
        """
        draw = Stream(self.rec.config.seed, self.event, *map(ord, kind))
        name, words, rule = right
        others = {option.id: option for option in wrong if option.id != name and option.words != words}
        if len(others) + 1 < LEAST:
            return None
        options = [Option(name, words, 1.0), *mixed(draw, tuple(others.values()))[: MOST - 1]]
        return Question(kind, self.shown, self.event, text, tuple(mixed(draw, options)), rule)


def mixed(draw: Stream, things: Sequence[T]) -> list[T]:
    """The same things in an order that is drawn."""
    left = list(things)
    return [left.pop(draw.below(len(left))) for _ in range(len(left))]
