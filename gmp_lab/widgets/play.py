"""Play the scheduler, as a widget: the situation, one decision after the other, its verdict and the rule.

The rules are those of ``gmp_lab.play``; nothing here knows what is right.  All works from the keyboard and in code
(``game.decide("runnext")``), and where there is no kernel the situation and its decisions can be read, with the
answers folded away.  Right and wrong are words; the verdict is a live region, so a screen reader speaks it.
"""

from __future__ import annotations

import threading
from html import escape
from typing import Final

import ipywidgets as w

from gmp_lab import quiz
from gmp_lab.draw import stage_html, stage_text
from gmp_lab.errors import ConfigError
from gmp_lab.play import Game, Question, Score, Verdict
from gmp_lab.widgets.page import Page
from gmp_lab.widgets.readable import Readable, question_html, said_html, wide_button

_KEYS: Final = (
    ("From control to control", "Tab, back with Shift Tab"),
    ("An option", "Space chooses it"),
    ("A button", "Space presses it"),
    ("Decide", "checks the option that is chosen and goes on to the next decision"),
    ("Undo", "goes back to the last decision; what was answered there can be changed"),
    ("Show the model run", "tells what the runtime does from here to the end, which gives the answers away"),
    ("New situation", "takes the next seed"),
)


class Play(Readable):
    """A situation to be played; make it the last expression of a cell, and give it a name for use in code.

    ``game`` is the Game behind it; ``decide``, ``undo``, ``model_run`` and ``score`` are its own.
    """

    def __init__(self, seed: int, level: str, kinds: tuple[str, ...], mode: str) -> None:
        self._lock = threading.RLock()
        self.game = Game(seed, level, mode, kinds)
        self.head, self.stage, self.asked = w.HTML(), w.HTML(layout=w.Layout(width="100%")), w.HTML()
        self.choice = w.RadioButtons(options=[], layout=w.Layout(width="100%"))
        self.decide_button = wide_button("Decide", "Check the option that is chosen")
        self.undo_button = wide_button("Undo", "Go back to the last decision")
        self.model_button = wide_button("Show the model run", "What the runtime does from here")
        self.new_button = wide_button("New situation", "Play the situation of the next seed")
        self.keys_button = wide_button("Keys and help", "Show or hide how the game is played")
        self.said, self.told, self.score_line, self.help = w.HTML(), w.HTML(), w.HTML(), w.HTML()
        self.page = Page()
        buttons = (self.decide_button, self.undo_button, self.model_button, self.new_button, self.keys_button)
        bar = w.Box(buttons, layout=w.Layout(flex_flow="row wrap"))
        super().__init__(
            (self.head, self.stage, self.asked, self.choice, bar, self.said, self.score_line, self.told, self.help,
             self.page)
        )  # fmt: skip
        self.add_class("gmp-quiz")
        self.add_class("gmp-play")
        self._connect()
        self._show()

    def _connect(self) -> None:
        self.decide_button.on_click(lambda _: self._clicked())
        self.undo_button.on_click(lambda _: self.undo())
        self.model_button.on_click(lambda _: self.model_run())
        self.new_button.on_click(lambda _: self.new())
        self.keys_button.on_click(lambda _: self._help())
        self.page.observe(lambda _: self._draw(), "theme")

    # --- what a cell can ask for ------------------------------------------------------------------------------

    @property
    def question(self) -> Question | None:
        """What is asked now; None when all is decided."""
        return self.game.question

    @property
    def score(self) -> Score:
        """The points so far."""
        return self.game.score

    def decide(self, option: str) -> Verdict:
        """Decide, by the id of an option of ``question``; ConfigError for another id, or when all is decided."""
        with self._lock:
            verdict = self.game.decide(option)
            self._show(verdict.said)
            return verdict

    def undo(self) -> bool:
        """Go back to the last decision; False if there is none."""
        with self._lock:
            done = self.game.undo()
            self._show("Back at the last decision." if done else "This is the first decision.")
            return done

    def model_run(self) -> list[str]:
        """What the mirror does from here to the last decision, a sentence for each."""
        with self._lock:
            told = self.game.model_run()
            lines = "\n".join(told) or "All is decided."
            self.told.value = said_html(f"The model run from here:\n{lines}")
            return told

    def new(self, seed: int | None = None) -> None:
        """Play another situation of the same level and kinds (None: the one of the next seed)."""
        with self._lock:
            was = self.game.situation
            self.game = Game(was.seed + 1 if seed is None else seed, was.level, self.game.mode, was.kinds)
            self._show("A new situation.")

    # --- what is shown ----------------------------------------------------------------------------------------

    def _clicked(self) -> None:
        if self.choice.value is None:
            self.said.value = said_html("Choose an option first.")
        else:
            self.decide(self.choice.value)

    def _help(self) -> None:
        self.help.value = "" if self.help.value else said_html("\n".join(f"{what}: {how}." for what, how in _KEYS))

    def _title(self) -> str:
        told = self.game.situation
        config = told.recording.config
        return (
            f"Play the scheduler: situation {told.seed}, level {told.level} "
            f"(Go {config.go}, GOMAXPROCS {config.gomaxprocs}, program {told.recording.program})"
        )

    def _show(self, verdict: str = "") -> None:
        with self._lock:
            now, total = self.game.at + 1, len(self.game.answers)
            self.head.value = question_html(self._title()).value
            question = self.question
            text = f"{now} of {total}. {question.text}" if question else "All is decided."
            self.asked.value = question_html(text).value
            options = [(one.words, one.id) for one in question.options] if question else []
            self.choice.options = options
            self.choice.value = None
            self.decide_button.disabled = question is None
            self.undo_button.disabled = self.game.at == 0
            self.said.value, self.told.value = said_html(verdict), ""
            self.score_line.value = said_html(f"{self.score}.")
            self._draw()

    def _draw(self) -> None:
        with self._lock:
            question, rec = self.question, self.game.situation.recording
            event = question.shown if question else self.game.situation.questions[-1].event
            self.stage.value = stage_html(rec, event, self.page.theme, said=False)

    # --- without a kernel ---------------------------------------------------------------------------------------

    def _static(self) -> str:
        rec = self.game.situation.recording
        parts = [quiz.paragraphs(self._title())]
        for n, one in enumerate(self.game.situation.questions, 1):
            options = "".join(f"<li>{escape(option.words)}</li>" for option in one.options)
            answer = self.game.verdict(one, one.right).said.removeprefix("Right. ")
            parts.append(
                f"<pre>{escape(stage_text(rec, one.shown, said=False))}</pre>{quiz.paragraphs(f'{n}. {one.text}')}"
                f"<ul>{options}</ul>{quiz.folded(f'Decision {n}, and why', f'{one.right.words}{chr(10)}{answer}')}"
            )
        return "".join(parts)

    def __repr__(self) -> str:
        rec = self.game.situation.recording
        parts = [self._title()]
        for n, one in enumerate(self.game.situation.questions, 1):
            options = "\n".join(f"  {option.id}: {option.words}" for option in one.options)
            parts.append(f"{stage_text(rec, one.shown, said=False)}\n{n}. {one.text}\n{options}")
        first = self.game.situation.questions[0].options[0].id
        return "\n\n".join([*parts, f"(Without the buttons: game.decide({first!r}) in a cell.)"])


def play(
    seed: int = 1, level: str = "basic", kinds: tuple[str, ...] = (), mode: str = "practice"
) -> Play:
    """Play the situation of a seed at a level ("basic", "several", "full"); see ``gmp_lab.play``.

    ``kinds`` narrows what is asked to kinds of the level, such as ("next", "where").  In mode "practice" the last
    answer to a question counts, in "exam" the first one.  ConfigError for what there is not.
    """
    if isinstance(kinds, str):
        raise ConfigError("kinds", kinds, 'a tuple of kinds, such as ("next", "where")')
    return Play(seed, level, tuple(kinds), mode)
