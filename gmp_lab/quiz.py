"""Questions of the notebooks: predictions before a run, and the exam corner.  Texts and rules, no widgets.

Questions are data, a file for each notebook (``data/quiz/02-1.json``).  A question has two to six options, each with
a sentence that says why it is right or what is wrong with it: an answer without a reason teaches nothing.

The two kinds differ in who knows the truth.  An *exam* question marks its right option.  A *prediction* does not:
the cell that runs the experiment hands its result over, and the option that fits it is the right one.  So a
prediction cannot say anything else than the run does.

What was predicted is kept as long as Python runs (``predicted``): a cell that is run again loses nothing.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any, Final

from gmp_lab.errors import ConfigError, check_choice

LETTERS: Final = "abcdef"
KINDS: Final = ("predict", "exam")


@dataclass(frozen=True, slots=True)
class Option:
    """One answer: ``letter``, ``text``, ``why`` it is right or wrong.

    ``right`` is for exam questions.  A prediction's option fits a result that is equal to ``value``, or a number
    from ``low`` (included) to ``high`` (not included).
    """

    letter: str
    text: str
    why: str
    right: bool = False
    value: str = ""
    low: float | None = None
    high: float | None = None

    def fits(self, result: object) -> bool:
        """Whether a run's result is what this option says."""
        if self.low is not None and self.high is not None:
            return isinstance(result, (int, float)) and self.low <= result < self.high
        return str(result) == self.value


@dataclass(frozen=True, slots=True)
class Question:
    """A question: ``id`` ("01-order": notebook and one word), ``kind`` ("predict" or "exam"), ``text``, ``options``.

    ``claims`` are ids of the article's claims that it is about, ``about`` says in words what it practises.
    """

    id: str
    kind: str
    text: str
    options: tuple[Option, ...]
    claims: tuple[str, ...]
    about: str

    @property
    def notebook(self) -> str:
        """The number of its notebook, "01" or "02-3": what its id begins with."""
        found = re.match(r"\d\d(-\d)?(?=-)", self.id)
        return found.group() if found else ""

    def option(self, letter: object) -> Option:
        """The option of a letter, in either case; ConfigError if there is none."""
        letters = tuple(option.letter for option in self.options)
        given = letter.strip().lower() if isinstance(letter, str) else letter
        return self.options[letters.index(check_choice("answer", given, letters))]

    def right(self, result: object = None) -> Option | None:
        """The right option; of a prediction, the one that fits the run's result (None if no option does)."""
        fitting = (o for o in self.options if (o.fits(result) if self.kind == "predict" else o.right))
        return next(fitting, None)

    def plain(self) -> str:
        """Question and options as text."""
        return "\n".join([self.text, *(f"  {option.letter}) {option.text}" for option in self.options)])


def check(question: Question, letter: str, result: object = None) -> str:
    """What there is to say to an answer: right or not, why, and if not, what is right."""
    chosen, right = question.option(letter), question.right(result)
    if right is None:
        return f"Your answer: {chosen.letter}) {chosen.text}\nThe run shows {result}, which no option said."
    if chosen == right:
        return f"Right: {chosen.letter}) {chosen.text}\n{chosen.why}"
    return (
        f"Not {chosen.letter}) {chosen.text}\n{chosen.why}\nRight is {right.letter}) {right.text}\n{right.why}"
    )


def outcome(question: Question, result: object, chosen: str = "") -> str:
    """A prediction beside the result of the run, as text; ``chosen`` is a letter, or "" if nobody has predicted."""
    said = question.option(chosen) if chosen else None
    right = question.right(result)
    lines = [f"predicted: {f'{said.letter}) {said.text}' if said else 'nothing'}"]
    if right is None:
        return "\n".join([*lines, f"the run:   {result}, which no option said"])
    lines.append(f"the run:   {right.letter}) {right.text}")
    if said:
        lines.append("The prediction was right." if said == right else f"The prediction was not right. {said.why}")
    return "\n".join([*lines, right.why])


def paragraphs(text: str) -> str:
    """Lines as paragraphs of HTML; what stands in backticks as code."""
    lines = (re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(line, quote=False)) for line in text.splitlines())
    return "".join(f"<p>{line.replace('  ', '&nbsp; ')}</p>" for line in lines)


def folded(summary: str, text: str) -> str:
    """Text as HTML that is shown when its summary is opened, with the mouse or the keyboard, without a kernel."""
    return f"<details><summary>{escape(summary)}</summary>{paragraphs(text)}</details>"


def reasons(question: Question) -> str:
    """Every option of an exam question with its verdict and its reason, as text."""
    return "\n".join(f"{o.letter}) {'Right' if o.right else 'Not so'}. {o.why}" for o in question.options)


@cache
def _all() -> tuple[Question, ...]:
    folder = files("gmp_lab").joinpath("data", "quiz")
    found = sorted((file for file in folder.iterdir() if file.name.endswith(".json")), key=lambda file: file.name)
    return tuple(_question(row) for file in found for row in json.loads(file.read_text(encoding="utf-8")))


def _question(row: dict[str, Any]) -> Question:
    options = tuple(Option(letter, **one) for letter, one in zip(LETTERS, row["options"], strict=False))
    return Question(row["id"], row["kind"], row["text"], options, tuple(row.get("claims", ())), row.get("about", ""))


def questions(notebook: str = "", kind: str = "") -> tuple[Question, ...]:
    """The questions of a notebook ("01"; "" for all) and of a kind; ConfigError if there are none."""
    found = tuple(q for q in _all() if notebook in ("", q.notebook) and kind in ("", q.kind))
    if not found:
        known = sorted({q.notebook for q in _all()})
        raise ConfigError("notebook", notebook, "one of " + ", ".join(map(repr, known)))
    return found


def question(name: str) -> Question:
    """A question by its id, such as "01-order"; ConfigError if there is none."""
    names = tuple(q.id for q in _all())
    return _all()[names.index(check_choice("question", name, names))]


# --- what was predicted -------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Prediction:
    """One answer to a prediction, as it was given.

    ``letter``: the option ("" if the outcome was looked at without one); ``seen``: whether an outcome of this
    question had been shown before; ``run``: the letter that the run showed ("" before it was shown, "?" if no option
    fits).
    """

    question: str
    letter: str
    seen: bool
    run: str = ""

    @property
    def right(self) -> bool | None:
        """Whether the run showed what was predicted; None before, and without a prediction."""
        return self.letter == self.run if self.letter and self.run else None


_PREDICTED: list[Prediction] = []


def predicted(notebook: str = "") -> tuple[Prediction, ...]:
    """Every answer to a prediction since Python was started, oldest first; of a notebook ("01"), or of all ("")."""
    return tuple(one for one in _PREDICTED if notebook in ("", question(one.question).notebook))


def keep(name: str, letter: str) -> Prediction:
    """Note an answer to a prediction ("": the outcome was looked at without one); ConfigError for an unknown one."""
    asked = question(name)
    if letter:
        asked.option(letter)
    seen = any(one.run for one in _PREDICTED if one.question == name)
    _PREDICTED.append(Prediction(name, letter, seen))
    return _PREDICTED[-1]


def kept(name: str) -> Prediction | None:
    """The newest answer to a prediction, None if there is none (looking without one does not count)."""
    return next((one for one in reversed(_PREDICTED) if one.question == name and one.letter), None)


def forget() -> None:
    """Forget every answer to a prediction."""
    _PREDICTED.clear()
