"""Playing the scheduler: one decision after the other, each checked against what the mirror did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gmp_lab.errors import ConfigError, check_choice
from gmp_lab.narrate import narrate
from gmp_lab.play.options import Option, Question
from gmp_lab.play.rules import RULES
from gmp_lab.play.situations import situation

MODES: Final = ("exam", "practice")


@dataclass(frozen=True, slots=True, repr=False)
class Verdict:
    """What there is to say of an answer: ``points`` (0, 0.5 or 1), whether it is right, why, by which of RULES."""

    right: bool
    points: float
    said: str
    rule: str

    def __repr__(self) -> str:
        """As a cell shows it."""
        return self.said


@dataclass(frozen=True, slots=True, repr=False)
class Score:
    """``points`` of ``possible``, with ``answered`` of ``asked`` decisions made."""

    points: float
    possible: int
    answered: int
    asked: int

    def __repr__(self) -> str:
        """As a cell shows it."""
        return f"{self.points:g} of {self.possible} points; {self.answered} of {self.asked} decisions made"


class Game:
    """One player and one situation.  After each answer the game goes on from what the mirror really did.

    ``at``: number of the decision that is asked now, from 0; ``answers``: every answer that was given, by decision.
    In mode "exam" the first answer to a decision counts.  In "practice" the last one does, ``undo`` takes it back,
    and the model run can be seen at any time.
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
            raise ConfigError("option", option, "no option: all is decided")
        chosen = option_of(asked, option)
        self.answers[self.at].append(option)
        self.at += 1
        return self.verdict(asked, chosen)

    def verdict(self, asked: Question, chosen: Option) -> Verdict:
        """What there is to say of an option: right or wrong, the rule kept or broken, and what the mirror did."""
        rule = chosen.breaks or asked.rule
        if chosen.points == 1:
            said = f"Right. The rule: {RULES[rule]}"
        else:
            start = "Partly right" if chosen.points else "Wrong"
            said = f"{start}: {chosen.words}. The rule that this breaks: {RULES[rule]}\nRight: {asked.right.words}."
            if rule != asked.rule:
                said += f" {RULES[asked.rule]}"
        return Verdict(chosen.points == 1, chosen.points, f"{said}\n{self._happened(asked)}", rule)

    def _happened(self, asked: Question) -> str:
        rec = self.situation.recording
        return f"The run goes on, at {rec.t[asked.event] / 1000:,.3f} us: {narrate(rec, asked.event).sentence}"

    def undo(self) -> bool:
        """Take the last answer back and ask again; False at the first decision.  An exam counts it all the same."""
        if not self.at:
            return False
        self.at -= 1
        return True

    def model_run(self) -> list[str]:
        """What the mirror does from here to the last decision, a sentence for each; in an exam only at the end."""
        if self.mode == "exam" and self.question is not None:
            raise ConfigError("mode", self.mode, '"practice": in an exam the model run is shown when all is decided')
        start = 0 if self.question is None else self.at
        left = list(enumerate(self.situation.questions))[start:]
        return [f"{n + 1}. {one.right.words}. {self._happened(one)}" for n, one in left]

    @property
    def score(self) -> Score:
        """The points so far, by the rule of the mode."""
        if self.mode == "exam":
            counts = [given[0] for given in self.answers if given]
        else:
            counts = [given[-1] for given in self.answers[: self.at]]
        pairs = zip(self.situation.questions, counts, strict=False)
        points = sum(option_of(asked, answer).points for asked, answer in pairs)
        return Score(points, len(self.answers), len(counts), len(self.answers))


def option_of(asked: Question, option: str) -> Option:
    """The option of an id; ConfigError if there is none."""
    found = next((one for one in asked.options if one.id == option), None)
    if found is None:
        raise ConfigError("option", option, "one of " + ", ".join(repr(one.id) for one in asked.options))
    return found
