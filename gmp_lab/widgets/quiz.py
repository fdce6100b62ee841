"""Predictions and the exam corner as widgets; what they say comes from ``gmp_lab.quiz``.

A prediction is committed before its outcome is shown: ``predict("01-order")`` asks, and ``guess.outcome(result)``
in the next cell stays covered until there is an answer, or until the student gives up.  Where there is no kernel (a
stored notebook, a printed page) each of them is HTML whose answers can be unfolded, or plain text that says it all.

All works with the keyboard and in code (``guess.commit("c")``).  The keys are Tab and Space: ipywidgets gives its
radio buttons no common name, so each is a stop of its own, and JupyterLab takes the arrow keys for its cells.
Right and wrong are words; feedback is a live region, so a screen reader speaks it.
"""

from __future__ import annotations

from typing import Any, Final

import ipywidgets as w

from gmp_lab import quiz
from gmp_lab.draw import Table
from gmp_lab.errors import ConfigError, check_int
from gmp_lab.widgets.page import Page
from gmp_lab.widgets.readable import Readable, live, paragraphs_html, question_html, wide_button


def _radio(question: quiz.Question) -> Any:
    options = [(f"{o.letter}) {o.text.replace('`', '')}", o.letter) for o in question.options]
    return w.RadioButtons(options=options, value=None, layout=w.Layout(width="100%"))


_COMMIT: Final = "Commit"
_AGAIN: Final = "Predict again"


class Predict(Readable):
    """A question to be answered before its run: choose, then commit.  ``answer`` is the letter, "" before.

    An answer that was given to it before, in a cell that is run again now, is taken over: it is still the answer.
    """

    def __init__(self, name: str) -> None:
        self.question = quiz.question(name)
        if self.question.kind != "predict":
            raise ConfigError("question", name, "a prediction, not a question of the exam corner")
        self._kept = quiz.kept(name)
        self._outcomes: list[Outcome] = []
        self.choice = _radio(self.question)
        self.button = wide_button(_COMMIT, "Fix the answer that is chosen; then the outcome is shown")
        self.said = live()
        asked = w.HTML(question_html(self.question.text))
        super().__init__((asked, self.choice, self.button, self.said, Page()))
        self.add_class("gmp-quiz")
        self.button.on_click(lambda _: self._clicked())
        if self._kept is not None:
            self._fix(f"{self._kept.letter}) was predicted when this cell ran before; it is kept.")

    @property
    def answer(self) -> str:
        """The letter that is committed, "" before."""
        return self._kept.letter if self._kept is not None else ""

    def _clicked(self) -> None:
        if self.answer:
            self.again()
        elif self.choice.value is None:
            self.said.value = paragraphs_html("Choose an answer first.")
        else:
            self.commit(self.choice.value)

    def commit(self, letter: str) -> None:
        """Fix an answer ("a", "b", ...); ConfigError for another letter, or if another one was fixed before."""
        chosen = self.question.option(letter)
        if self.answer == chosen.letter:
            return
        if self.answer:
            raise ConfigError("answer", letter, f"only one: {self.answer} is committed (see guess.again())")
        self._kept = quiz.keep(self.question.id, chosen.letter)
        self._fix(f"Committed: {chosen.letter}). Now run the next cell, or look below it.")
        for shown in self._outcomes:
            shown.uncover()

    def _fix(self, words: str) -> None:
        self.choice.value, self.choice.disabled = self.answer, True
        self.button.description = _AGAIN  # and not switched off: who has pressed it with a key stays where it is
        self.said.value = paragraphs_html(words)

    def again(self) -> None:
        """Ask once more; the answer that was committed stays in ``predictions()``."""
        self._kept = None
        self.choice.disabled, self.choice.value = False, None
        self.button.description = _COMMIT
        self.said.value = paragraphs_html("Predict once more; what was predicted before stays in predictions().")

    def outcome(self, result: object) -> Outcome:
        """The prediction beside what a run showed; covered until there is a prediction."""
        self._outcomes.append(Outcome(self, result))
        return self._outcomes[-1]

    def ran(self, result: object) -> None:
        """Note what a run has shown to whoever has predicted, or looked without a prediction."""
        right = self.question.right(result)
        entry = self._kept or quiz.keep(self.question.id, "")
        entry.run = right.letter if right is not None else "?"

    def _static(self) -> str:
        return quiz.paragraphs(self.question.plain())

    def __repr__(self) -> str:
        return f'{self.question.plain()}\n(Without the buttons: guess.commit("a"), or b, c, ..., in a cell.)'


class Outcome(Readable):
    """A prediction beside the outcome of its run."""

    def __init__(self, asked: Predict, result: object) -> None:
        self._asked, self.result = asked, result
        self.said = live("Commit to an answer in the cell above; the outcome then appears here.")
        self.button = wide_button("Show it without a prediction", "Give up and look")
        super().__init__((self.said, self.button, Page()))
        self.add_class("gmp-quiz")
        self.button.on_click(lambda _: self.uncover())
        if asked.answer:
            self.uncover()

    def uncover(self) -> None:
        """Show the outcome."""
        self._asked.ran(self.result)
        self.said.value = paragraphs_html(repr(self))
        self.button.layout.display = "none"

    def _static(self) -> str:
        return quiz.folded("Outcome: decide first, then open", quiz.outcome(self._asked.question, self.result))

    def __repr__(self) -> str:
        return quiz.outcome(self._asked.question, self.result, self._asked.answer)


def _fate(one: quiz.Prediction) -> str:
    if not one.letter:
        return "looked without a prediction"
    fate = {None: "not run yet", True: "right", False: "not right"}[one.right]
    return f"{fate}, after the outcome was seen" if one.seen else fate


def predictions(notebook: str = "") -> Table:
    """What was predicted since the kernel was started, oldest first, and what the run showed ("" for all)."""
    rows = tuple((one.question, one.letter or "-", one.run or "-", _fate(one)) for one in quiz.predicted(notebook))
    return Table("Predictions", ("question", "predicted", "the run", ""), rows)


def prediction_counts() -> Table:
    """How many predictions were right, by notebook; those made after the outcome was seen are left out."""
    found: dict[str, list[quiz.Prediction]] = {}
    for one in quiz.predicted():
        if not one.seen:
            found.setdefault(quiz.question(one.question).notebook, []).append(one)
    rows = []
    for notebook, given in sorted(found.items()):
        fates = [one.right for one in given if one.letter]
        looked = sum(not one.letter for one in given)
        rows.append((notebook, len(fates), fates.count(True), fates.count(False), fates.count(None), looked))
    heads = ("notebook", "predicted", "right", "not right", "not run yet", "looked without")
    return Table("Predictions by notebook", heads, tuple(rows))


class Exam(Readable):
    """The exam corner of a notebook: each answer is judged at once, with its reason.  ``answers``: by number."""

    def __init__(self, notebook: str) -> None:
        self.questions = quiz.questions(notebook, "exam")
        self.answers: dict[int, str] = {}
        self.choices = [_radio(question) for question in self.questions]
        self.feedback = [live() for _ in self.questions]
        self.score = live()
        parts = [part for n in range(1, len(self.questions) + 1) for part in self._part(n)]
        super().__init__((*parts, self.score, Page()))
        self.add_class("gmp-quiz")

    def _part(self, n: int) -> tuple[Any, ...]:
        button = wide_button(f"Check answer {n}", "Say whether the chosen answer is right, and why")
        button.on_click(lambda _: self._clicked(n))
        asked = w.HTML(question_html(f"{n}. {self.questions[n - 1].text}"))
        return asked, self.choices[n - 1], button, self.feedback[n - 1]

    def _clicked(self, n: int) -> None:
        letter = self.choices[n - 1].value
        if letter is None:
            self.feedback[n - 1].value = paragraphs_html("Choose an answer first.")
        else:
            self.answer(n, letter)

    def answer(self, n: int, letter: str) -> str:
        """Answer question n (1, 2, ...) with a letter; what there is to say to it, which the widget shows too."""
        check_int("n", n, 1, len(self.questions))
        said = quiz.check(self.questions[n - 1], letter)
        self.answers[n] = self.choices[n - 1].value = self.questions[n - 1].option(letter).letter
        self.feedback[n - 1].value = paragraphs_html(said)
        right = sum(self.questions[k - 1].option(a).right for k, a in self.answers.items())
        done = f"{right} right of {len(self.answers)} answered; {len(self.questions)} questions."
        self.score.value = paragraphs_html(done)
        return said

    def _static(self) -> str:
        return "".join(
            quiz.paragraphs(f"{n}. {question.plain()}") + quiz.folded(f"Answer {n}, and why", quiz.reasons(question))
            for n, question in enumerate(self.questions, 1)
        )

    def __repr__(self) -> str:
        asked = (f"{n}. {question.plain()}" for n, question in enumerate(self.questions, 1))
        return "\n\n".join([*asked, '(Without the buttons: corner.answer(1, "a") in a cell.)'])


def predict(name: str) -> Predict:
    """Ask for a prediction, by the name of its question, such as "01-order"; ConfigError if there is none."""
    return Predict(name)


def exam(notebook: str) -> Exam:
    """The exam corner of a notebook ("01"); ConfigError if there is none."""
    return Exam(notebook)
