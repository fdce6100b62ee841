"""Play the scheduler, as a widget: the situation, one decision after the other, its verdict and the rule.

The rules are those of ``gmp_lab.play``; nothing here knows what is right.  All works from the keyboard and in code
(``game.decide("runnext")``), and where there is no kernel the situation and its decisions can be read, with the
answers folded away.  Right and wrong are words.  No button is ever switched off: who has just pressed it with a key
would lose the place on the page.
"""

from __future__ import annotations

import threading
from html import escape
from typing import Any, Final

import ipywidgets as w

from gmp_lab import quiz
from gmp_lab.draw import stage_html, stage_text
from gmp_lab.errors import ConfigError
from gmp_lab.play import Game, Question, Score, Situation, Verdict, to_json
from gmp_lab.widgets.page import Page
from gmp_lab.widgets.readable import Readable, live, paragraphs_html, question_html, wide_button

_KEYS: Final = (
    ("From control to control", "Tab, back with Shift and Tab"),
    ("An option", "Space chooses it"),
    ("A button", "Space or Enter presses it"),
    ("Decide", "checks the option that is chosen and goes on to the next decision"),
    ("Undo", "takes the last answer back: decide once more"),
    ("Show the model run", "tells what the runtime does from here to the end, so it gives the answers away"),
    ("New situation", "plays the one of the next seed"),
    ("In code", "game.decide(...) with the id of an option, game.undo(), game.model_run(), game.score, game.new()"),
)
#: A stage on paper: a row of it is up to 125 letters long and must not be broken.
_SMALL: Final = "font-family:monospace;font-size:80%;white-space:pre;overflow-x:auto"
_STYLE: Final = """<style>
.gmp-play .gmp-stage dt { float: none; width: auto; }
.gmp-play .gmp-stage dd { float: none; padding: 0; }
.gmp-play .widget-html, .gmp-play .widget-html-content { height: auto; line-height: 1.5; }
</style>"""


class Play(Readable):
    """A situation to be played; make it the last expression of a cell, and give it a name for use in code.

    ``game`` is the Game behind it; ``situation``, ``question``, ``score`` and ``transcript`` are what it is at.
    """

    def __init__(self, seed: int, level: str, kinds: tuple[str, ...], mode: str) -> None:
        self._lock = threading.RLock()
        self.game = Game(seed, level, mode, kinds)
        self.head, self.asked = w.HTML(), w.HTML()
        self.stage = w.HTML(layout=w.Layout(width="auto"))
        self.choice = w.RadioButtons(options=[], layout=w.Layout(width="100%"))
        self.said, self.told, self.score_line, self.help = live(), live(), live(), w.HTML()
        self.page = Page()
        self.buttons = {
            "Decide": (self._clicked, "Check the option that is chosen"),
            "Undo": (self.undo, "Take the last answer back"),
            "Show the model run": (self._show_model, "What the runtime does from here"),
            "New situation": (self.new, "Play the situation of the next seed"),
            "Keys and help": (self._help, "Show or hide how the game is played"),
        }
        super().__init__(
            (self.head, self.stage, self.asked, self.choice, self._bar(), self.said, self.score_line, self.told,
             self.help, self.page)
        )  # fmt: skip
        self.add_class("gmp-quiz")
        self.add_class("gmp-play")
        self.page.observe(lambda _: self._draw(), "theme")
        self._show()

    def _bar(self) -> Any:
        made = []
        for words, (does, tooltip) in self.buttons.items():
            made.append(wide_button(words, tooltip))
            made[-1].on_click(lambda _, does=does: does())
        return w.Box(made, layout=w.Layout(flex_flow="row wrap"))

    # --- what a cell can ask for ------------------------------------------------------------------------------

    @property
    def situation(self) -> Situation:
        """The run, and all that is asked about it."""
        return self.game.situation

    @property
    def question(self) -> Question | None:
        """What is asked now; None when all is decided."""
        return self.game.question

    @property
    def score(self) -> Score:
        """The points so far."""
        return self.game.score

    @property
    def transcript(self) -> str:
        """The game as text, which ``gmp_lab.play.grade`` can grade anew."""
        return to_json(self.game)

    def decide(self, option: str) -> Verdict:
        """Decide, by the id of an option of ``question``; ConfigError for another id, or when all is decided."""
        with self._lock:
            verdict = self.game.decide(option)
            self._show(verdict.said)
            return verdict

    def undo(self) -> bool:
        """Take the last answer back and ask again; False if there is none."""
        with self._lock:
            done = self.game.undo()
            self._show("The last answer is taken back." if done else "This is the first decision.")
            return done

    def model_run(self) -> list[str]:
        """What the mirror does from here to the last decision, a sentence for each; in an exam only at the end."""
        with self._lock:
            told = self.game.model_run()
            self.told.value = paragraphs_html("\n".join(["The model run from here:", *told]))
            return told

    def new(self, seed: int | None = None) -> None:
        """Play another situation of the same level and kinds (None: the one of the next seed)."""
        with self._lock:
            was = self.situation
            self.game = Game(was.seed + 1 if seed is None else seed, was.level, self.game.mode, was.kinds)
            self._show("A new situation.")

    # --- what is shown ----------------------------------------------------------------------------------------

    def _clicked(self) -> None:
        if self.question is None:
            self.said.value = paragraphs_html("All is decided. Undo takes the last answer back.")
        elif self.choice.value is None:
            self.said.value = paragraphs_html("Choose an option first.")
        else:
            self.decide(self.choice.value)

    def _show_model(self) -> None:
        if self.game.mode == "exam" and self.question is not None:
            self.told.value = paragraphs_html("In an exam the model run is shown when all is decided.")
        else:
            self.model_run()

    def _help(self) -> None:
        rows = "\n".join(f"{what}: {how}." for what, how in _KEYS)
        self.help.value = "" if self.help.value else (
            f'<div role="region" aria-label="Keys and help" tabindex="0">{paragraphs_html(rows)}</div>'
        )  # fmt: skip

    def _title(self) -> str:
        rec = self.situation.recording
        return (
            f"Play the scheduler: situation {self.situation.seed}, level {self.situation.level}. "
            f"Go {rec.config.go}, GOMAXPROCS {rec.config.gomaxprocs}, program {rec.program}."
        )

    def _show(self, verdict: str = "") -> None:
        with self._lock:
            question, now = self.question, f"{self.game.at + 1} of {len(self.game.answers)}"
            self.head.value = _STYLE + question_html(self._title())
            self.asked.value = question_html(f"Decision {now}. {question.text}" if question else "All is decided.")
            self.choice.options = [(one.words, one.id) for one in question.options] if question else []
            self.choice.value = None
            self.said.value, self.told.value = paragraphs_html(verdict), ""
            self.score_line.value = paragraphs_html(f"{self.score}.")
            self._draw()

    def _draw(self) -> None:
        with self._lock:
            question, rec = self.question, self.situation.recording
            event = question.shown if question else self.situation.questions[-1].event
            self.stage.value = stage_html(rec, event, self.page.theme, said=question is None)

    # --- without a kernel ---------------------------------------------------------------------------------------

    def _static(self) -> str:
        rec = self.situation.recording
        parts = [quiz.paragraphs(self._title())]
        for n, one in enumerate(self.situation.questions, 1):
            options = "".join(f"<li>{escape(option.words)}</li>" for option in one.options)
            answer = self.game.verdict(one, one.right).said.removeprefix("Right. ")
            parts.append(
                f'<pre tabindex="0" style="{_SMALL}">{escape(stage_text(rec, one.shown, said=False))}</pre>'
                f"{quiz.paragraphs(f'Decision {n}. {one.text}')}<ul>{options}</ul>"
                + quiz.folded(f"Decision {n}, and why", f"{one.right.words}\n{answer}")
            )
        return "".join(parts)

    def __repr__(self) -> str:
        rec = self.situation.recording
        parts = [self._title()]
        for n, one in enumerate(self.situation.questions, 1):
            options = "\n".join(f"  {option.id}: {option.words}" for option in one.options)
            parts.append(f"{stage_text(rec, one.shown, said=False)}\n\nDecision {n}. {one.text}\n{options}")
        first = self.situation.questions[0].options[0].id
        return "\n\n".join([*parts, f"(Without the buttons: game.decide({first!r}) in a cell.)"])


def play(
    seed: int = 1, level: str = "basic", kinds: tuple[str, ...] = (), mode: str = "practice"
) -> Play:
    """Play the situation of a seed at a level ("basic", "several", "full"); see ``gmp_lab.play``.

    ``kinds`` narrows what is asked to kinds of the level, such as ("next", "where"); ``gmp_lab.play.KINDS`` lists
    them.  In mode "practice" the last answer to a question counts, in "exam" the first one.  ConfigError for what
    there is not.
    """
    if isinstance(kinds, str):
        raise ConfigError("kinds", kinds, 'a tuple of kinds, such as ("next", "where")')
    return Play(seed, level, tuple(kinds), mode)
