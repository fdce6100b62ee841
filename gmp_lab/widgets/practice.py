"""Questions of the exam's kinds to practise with: choose, read, write an answer, be judged, see the solution, go on.

``practice("02-3")`` is the last expression of a cell.  The answer is Python text, written into the box or given in
code (``drill.answer("order = [2, 0, 1]")``); it is judged as in the exam, in a process of its own.  Where there is no
kernel the question can be read, and answered on paper.

The buttons stay as they are while an answer is judged: a disabled one would lose the keyboard's focus.  A second
click waits, and an answer that was judged before costs nothing.
"""

from __future__ import annotations

import re
from html import escape
from typing import Final

import ipywidgets as w
import mistune

from gmp_lab.claims.misconceptions import misconception
from gmp_lab.errors import ConfigError
from gmp_lab.exam.judge import Verdict
from gmp_lab.exam.model import Mark, Question
from gmp_lab.practice import TRIES, Drill, drills
from gmp_lab.widgets.page import Page
from gmp_lab.widgets.readable import STYLE, Readable, live, paragraphs_html, wide_button

_TAG: Final = re.compile(r"</?span\b[^>]*>")
_STYLE: Final = """<style>
.gmp-practice .gmp-quiz-text p { margin: 6px 0; }
.gmp-quiz-text pre { overflow-x: auto; white-space: pre; padding: 6px 10px; margin: 6px 0;
 font-size: 13px; line-height: 1.35;
 color: var(--jp-content-font-color1, inherit); background: var(--jp-layout-color2, rgba(127, 127, 127, .12)); }
.gmp-quiz-text code { font-family: var(--jp-code-font-family, monospace); font-size: 13px; background: none;
 color: inherit; white-space: inherit; }
.gmp-quiz-text ul { margin: 4px 0; padding-left: 24px; }
.gmp-answer textarea { font-family: var(--jp-code-font-family, monospace); font-size: 13px; line-height: 1.35; }
.gmp-practice .widget-html, .gmp-practice .widget-html-content { min-width: 0; max-width: 100%; } /* so pre scrolls */
.gmp-practice .widget-dropdown > select { width: auto; }
</style>"""


class Words(str):
    """Text that a notebook shows line by line, and not as Python would write it."""

    __slots__ = ()
    __repr__ = str.__str__


class Practice(Readable):
    """The questions of a notebook, one at a time, each with a box for the answer.  ``drill`` is what is asked now."""

    def __init__(self, notebook: str, seed: int = 1, kind: str = "") -> None:
        self.drill = Drill(notebook, seed, kind)
        self._left: dict[str, tuple[Drill, str]] = {}  # by kind: where the student was, and what the box held
        offered = [(_name(question), question.kind) for question in drills(notebook)]
        self.choose = w.Dropdown(
            options=offered, value=self.drill.question.kind, description="Practise:", layout=w.Layout(width="auto"),
            style={"description_width": "initial"},
        )  # fmt: skip
        self.asked = w.HTML()
        self.box = w.Textarea(layout=w.Layout(width="100%", max_width="60em"))
        self.box.add_class("gmp-answer")
        self.check = wide_button("Check", "Judge the answer in the box, as the exam would")
        self.show = wide_button("Show a solution", f"After success or {TRIES} tries")
        self.go_on = wide_button("Another one", "The same question with other numbers")
        self.said = live()
        buttons = w.Box((self.check, self.show, self.go_on), layout=w.Layout(flex_flow="row wrap"))
        super().__init__((self.choose, self.asked, self.box, buttons, self.said, Page()))
        self.add_class("gmp-quiz")
        self.add_class("gmp-practice")
        self.choose.observe(lambda change: self._chosen(change["new"]), "value")
        self.check.on_click(lambda _: self.answer(self.box.value))
        self.show.on_click(lambda _: self._show())
        self.go_on.on_click(lambda _: self.next())
        self._ask(self.drill, self.drill.starter)

    def _ask(self, drill: Drill, typed: str) -> None:
        self.drill = drill
        self.asked.value = _question_html(drill)
        self.box.rows = 14 if drill.question.kind in {"implement", "repair"} else drill.starter.count("\n") + 3
        self.box.tooltip = f"Your answer, as Python: {drill.question.form}. Indent with spaces; Tab leaves the box."
        self.box.value = typed
        self.said.value = ""

    def _chosen(self, kind: str) -> None:
        """Ask the question of this kind; the box keeps what was written for each."""
        self._left[self.drill.question.kind] = (self.drill, self.box.value)
        drill, typed = self._left.get(kind) or (Drill(self.drill.notebook, self.drill.seed, kind), None)
        self._ask(drill, drill.starter if typed is None else typed)

    def answer(self, source: str) -> str:
        """Judge an answer, and say what there is to say, in the widget too; ConfigError if it is no text."""
        self.said.value = paragraphs_html("Judging ...")
        drill = self.drill
        try:
            verdict = drill.answer(source)
        except ConfigError:
            self.said.value = ""
            raise
        self.said.value = _verdict_html(verdict, drill)
        return Words(f"{verdict.feedback()}\n{_goes_on(drill)}")

    def solution(self) -> str:
        """A solution; ConfigError before success or three tries."""
        return Words(self.drill.solution())

    def _show(self) -> None:
        try:
            shown = f"<p>A solution:</p>{_code_html(self.solution())}"
            self.said.value = f'<div class="gmp-quiz-text gmp-quiz-said">{shown}</div>'
        except ConfigError as problem:
            self.said.value = paragraphs_html(f"Not yet: there is {problem.allowed}.")

    def next(self) -> None:
        """Ask the same question with other numbers."""
        following = self.drill.next()
        self._ask(following, following.starter)
        self.said.value = paragraphs_html(f"The same question with other numbers (seed {following.seed}).")

    def _static(self) -> str:
        return f'{_question_html(self.drill)}<div class="gmp-quiz-text"><p>{escape(self._in_code())}</p></div>'

    def _in_code(self) -> str:
        one = self.drill
        others = ", ".join(f'"{q.kind}"' for q in drills(one.notebook) if q is not one.question)
        also = f' Other kinds here: practice("{one.notebook}", kind=...) with {others}.' if others else ""
        return f"In code: drill.answer('...'), drill.solution(), drill.next().{also}"

    def __repr__(self) -> str:
        one = self.drill.question
        asked = _TAG.sub("", self.drill.text)  # what the language of a quoted phrase is, no terminal is told
        return f"Practise: {one.title}\n\n{asked}\n\n({self._in_code()})"


def _name(question: Question) -> str:
    return f"{question.title} ({question.kind})"


def _question_html(drill: Drill) -> str:
    one = drill.question
    head = f"<strong>{escape(one.title)}</strong> ({one.points:g} points, about {one.minutes} minutes)"
    text = str(mistune.html(drill.text)).replace("<pre>", '<pre tabindex="0">')  # those that are wide can be scrolled
    return f'{STYLE}{_STYLE}<div class="gmp-quiz-text"><p>{head}</p>{text}</div>'


def _code_html(source: str) -> str:
    return f'<pre tabindex="0"><code>{escape(source)}</code></pre>'


def _verdict_html(verdict: Verdict, drill: Drill) -> str:
    """Points, a line for each mark with its reason, what the cell has printed, and how it goes on."""
    rows = "".join(f"<li>{_mark_html(one, drill.notebook)}</li>" for one in verdict.marks)
    printed = f"<p>Your cell has printed:</p>{_code_html(verdict.output)}" if verdict.output else ""
    head = f"<p><strong>{verdict.points:g} of {verdict.of:g} points.</strong> {escape(_goes_on(drill))}</p>"
    return f'<div class="gmp-quiz-text gmp-quiz-said">{head}<ul>{rows}</ul>{printed}</div>'


def _mark_html(one: Mark, notebook: str) -> str:
    fate = "Right" if one.points == one.of else "Partly right" if one.points else "Not right"
    said = [f"<strong>{fate}:</strong> {escape(one.what)} ({one.points:g} of {one.of:g})."]
    belief = misconception(one.misconception).feedback if one.misconception else ""
    said += [escape(words) for words in (one.reason, belief) if words]
    if one.see and one.see != notebook:
        said.append(f"Read again: notebook {escape(one.see)}.")
    return " ".join(said)


def _goes_on(drill: Drill) -> str:
    tries = f"Tried {drill.tries} time{'' if drill.tries == 1 else 's'}."
    if drill.solved:
        return f"Solved. {tries} You can see our solution, and go on with other numbers."
    if drill.unlocked:
        return f"{tries} You can see the solution."
    return f"{tries} The solution opens after {drill.left}."


def practice(notebook: str, seed: int = 1, kind: str = "") -> Practice:
    """Questions to practise with, of a notebook ("02-3"); ConfigError if there are none, or none of this kind.

    ``kind`` is the one that is asked first; with another ``seed`` its numbers are others.
    """
    return Practice(notebook, seed, kind)
