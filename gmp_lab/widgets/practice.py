"""A question of the exam's kinds to practise with: read, write an answer, be judged, see the solution, go on.

``practice("02-3")`` is the last expression of a cell.  The answer is Python text, written into the box or given in
code (``drill.answer("order = [2, 0, 1]")``); it is judged as in the exam, in a process of its own.  Where there is no
kernel the question can be read, and answered on paper.
"""

from __future__ import annotations

from typing import Any

import ipywidgets as w
import mistune

from gmp_lab.errors import ConfigError
from gmp_lab.practice import TRIES, Drill
from gmp_lab.widgets.page import Page
from gmp_lab.widgets.readable import Readable, live, paragraphs_html, wide_button


class Practice(Readable):
    """A question with a box for the answer.  ``drill`` is what is asked now."""

    def __init__(self, notebook: str, seed: int = 1, kind: str = "") -> None:
        self.drill = Drill(notebook, seed, kind)
        self.asked = w.HTML()
        self.box = w.Textarea(rows=8, layout=w.Layout(width="100%", max_width="60em"))
        self.check = wide_button("Check", "Judge the answer in the box, as the exam would")
        self.show = wide_button("Show a solution", f"After success or {TRIES} tries")
        self.go_on = wide_button("Another one", "The same question with other numbers")
        self.said = live()
        buttons = w.Box((self.check, self.show, self.go_on), layout=w.Layout(flex_flow="row wrap"))
        super().__init__((self.asked, self.box, buttons, self.said, Page()))
        self.add_class("gmp-quiz")
        self.check.on_click(lambda _: self.answer(self.box.value))
        self.show.on_click(lambda _: self._show())
        self.go_on.on_click(lambda _: self.next())
        self._ask()

    def _ask(self) -> None:
        self.asked.value = self._question_html()
        self.box.value = self.drill.starter
        self.box.tooltip = f"Your answer to: {self.drill.question.title}"

    def _question_html(self) -> str:
        one = self.drill.question
        head = f"<strong>Practise: {one.title}</strong> <em>({one.points:g} points, about {one.minutes} minutes)</em>"
        return f'<div class="gmp-quiz-text">{head}{mistune.html(self.drill.text)}</div>'

    def answer(self, source: str) -> str:
        """Judge an answer, and say what there is to say, in the widget too."""
        said = self.drill.answer(source).feedback()
        self.said.value = paragraphs_html(f"{said}\nTry {self.drill.tries}.")
        return said

    def solution(self) -> str:
        """A solution; ConfigError before success or three tries."""
        return self.drill.solution()

    def _show(self) -> None:
        try:
            self.said.value = paragraphs_html(f"A solution:\n{self.solution()}")
        except ConfigError as problem:
            self.said.value = paragraphs_html(f"Not yet: there is {problem.allowed}.")

    def next(self) -> None:
        """Ask the same question with other numbers."""
        self.drill = self.drill.next()
        self.said.value = ""
        self._ask()

    def _static(self) -> str:
        return self._question_html()

    def __repr__(self) -> str:
        one = self.drill.question
        return f"Practise: {one.title}\n{self.drill.text}\n(In code: drill.answer('...'), drill.next().)"


def practice(notebook: str, seed: int = 1, kind: str = "") -> Any:
    """A question to practise with, of a notebook ("02-3"); ConfigError if there is none, or none of this kind."""
    return Practice(notebook, seed, kind)
