"""Questions with an explanation for every answer, as data and as text.

A wrong answer is worth more than a right one if the student learns why it is wrong; so each choice carries its own
explanation.  The widgets that ask are in ``gmp_lab.widgets.quiz``; the text form is readable without a kernel.
"""

from __future__ import annotations

from dataclasses import dataclass
from string import ascii_lowercase

from gmp_lab.errors import ConfigError, check_int


@dataclass(frozen=True, slots=True)
class Question:
    """A question: ``choices`` are (answer, why it is right or wrong); ``right`` is the number of the right one.

    ``claim`` is the id of the claim of the article that it belongs to, if any.
    """

    text: str
    choices: tuple[tuple[str, str], ...]
    right: int
    claim: str = ""

    def __post_init__(self) -> None:
        if len(self.choices) < 2:
            raise ConfigError("choices", self.choices, "at least two answers")
        check_int("right", self.right, 0, len(self.choices) - 1)

    def as_text(self) -> str:
        """The question with its answers, one a line, lettered a, b, c."""
        lines = [f"  {letter}) {answer}" for letter, (answer, _) in zip(ascii_lowercase, self.choices, strict=False)]
        return "\n".join([self.text, *lines])

    def feedback(self, chosen: int) -> str:
        """What to say of a chosen answer (its number), with the reason."""
        check_int("chosen", chosen, 0, len(self.choices) - 1)
        verdict = "Right." if chosen == self.right else "Not so."
        return f"{verdict} {self.choices[chosen][1]}"

    def answer(self, letter: str) -> str:
        """Feedback on an answer given by its letter, for those who prefer to type: ``print(q.answer("b"))``."""
        letters = ascii_lowercase[: len(self.choices)]
        if not isinstance(letter, str) or len(letter) != 1 or letter not in letters:
            raise ConfigError("letter", letter, "one of " + ", ".join(letters))
        return self.feedback(letters.index(letter))
