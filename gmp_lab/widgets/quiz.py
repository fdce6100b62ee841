"""Widgets that ask: a question with immediate feedback, and a prediction that is laid beside the outcome.

Radio buttons, so that the arrow keys and the space bar are enough; the text form of a question is what a notebook
shows without a kernel.
"""

from __future__ import annotations

from html import escape
from textwrap import fill
from typing import Any

import ipywidgets as w

from gmp_lab.quiz import Question

_WIDTH = 86  # of a line of text in a notebook that shares the window with the list of files


class Ask(w.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """A question; choosing an answer shows at once whether it is right, and why."""

    def __init__(self, question: Question) -> None:
        self.question = question
        options = [(answer, i) for i, (answer, _) in enumerate(question.choices)]
        self.radio = w.RadioButtons(options=options, index=None, layout=w.Layout(width="auto"))
        self.feedback = w.HTML("")
        self.radio.observe(self._chosen, names="index")
        super().__init__([w.HTML(f"<b>{escape(question.text)}</b>"), self.radio, self.feedback])

    def _chosen(self, change: dict[str, Any]) -> None:
        if change["new"] is None:
            return
        sentence = self.question.feedback(change["new"])
        mark = "✓" if change["new"] == self.question.right else "✗"
        self.feedback.value = f'<div role="status">{mark} {escape(sentence)}</div>'

    def __repr__(self) -> str:
        return "(choose an answer here; without a kernel, the question stands above)"


class Predict(w.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """A question whose answer comes from a run: choose first, then call ``compare`` with what the run gave."""

    def __init__(self, question: Question) -> None:
        self.question = question
        options = [(answer, i) for i, (answer, _) in enumerate(question.choices)]
        self.radio = w.RadioButtons(options=options, index=None, layout=w.Layout(width="auto"))
        hint = w.HTML("<i>Choose before you run the next cell.</i>")
        super().__init__([w.HTML(f"<b>{escape(question.text)}</b>"), self.radio, hint])

    @property
    def predicted(self) -> str | None:
        """The chosen answer, or None."""
        i = self.radio.index
        return None if i is None else self.question.choices[i][0]

    def compare(self, outcome: object) -> str:
        """Prediction and outcome side by side, and why it is so."""
        chosen = self.radio.index
        lines = [f"predicted: {self.predicted or '(nothing yet)'}", f"the run:   {outcome}"]
        reason = self.question.choices[self.question.right][1]
        lines.append(reason if chosen is None else self.question.feedback(chosen))
        if chosen not in (None, self.question.right):
            lines.append(reason)
        return "\n".join(fill(line, _WIDTH, subsequent_indent="  ") for line in lines)

    def __repr__(self) -> str:
        return "(choose an answer here; without a kernel, the question stands above)"


def ask(question: Question) -> Ask:
    """Ask a question with immediate feedback; make it the last expression of a cell."""
    return Ask(question)


def predict(question: Question) -> Predict:
    """Ask for a prediction; keep it in a name, and call ``compare`` with the outcome in the next cell."""
    return Predict(question)
