"""The run in words: the chosen figure, all of the run, the instant on the stage, all figures in a table.

For screen readers, for paper, for those who would rather read.  What is folded away costs nothing: a text is made
when its part is opened, and made again only while it is open.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

import ipywidgets as w

from gmp_lab.draw import queue_depth_alt, stage_text, text_timeline, timeline_alt
from gmp_lab.metrics import summary_rows
from gmp_lab.recording import Recording
from gmp_lab.widgets import html
from gmp_lab.widgets.export import schedtrace_steps
from gmp_lab.widgets.viewlist import VIEWS, Window


@dataclass(frozen=True, slots=True)
class Shown:
    """What is told: a run, an event of it, the chosen view and the part of the run (ns) that is looked at."""

    rec: Recording
    event: int = 0
    view: str = "timeline"
    window: Window | None = None


Text = Callable[[Shown], str]


def _figure(shown: Shown) -> str:
    twin = VIEWS[shown.view].twin(shown.rec, shown.window)
    return html.text(pre=twin, label="This figure in words")


def _in_words(shown: Shown) -> str:
    rec = shown.rec
    said = [timeline_alt(rec), *([queue_depth_alt(rec)] if rec.complete else [])]
    return html.text(*said, pre=text_timeline(rec), label="The run in words")


def _instant(shown: Shown) -> str:
    return html.text(pre=stage_text(shown.rec, shown.event), label="This instant in words")


def _schedtrace(shown: Shown) -> str:
    """The states of the run as schedtrace prints them, at most 20 lines in steps of 1, 2, 5, 10 ... ms."""
    rec = shown.rec
    if not rec.complete:
        return html.text("A real trace does not tell the queues, so there is no schedtrace of it.")
    step, lines = schedtrace_steps(rec)
    said = f"The run's state every {step} ms, in the format of GODEBUG=schedtrace={step} of Go {rec.config.go}."
    return html.text(said, pre=lines, label="schedtrace of this run")


def _table(shown: Shown) -> str:
    return html.table("All figures of this run", summary_rows(shown.rec))


#: title of the part: how its HTML is made
PARTS: Final[dict[str, Text]] = {
    "This figure in words": _figure,
    "The run in words": _in_words,
    "This instant in words": _instant,
    "schedtrace of this run": _schedtrace,
    "All figures of this run": _table,
}


class Texts:
    """``box`` is an accordion with one part for each text; ``show`` takes another run, or another event of it."""

    def __init__(self) -> None:
        self._shown: Shown | None = None
        self.bodies = {title: w.HTML() for title in PARTS}
        self.box = w.Accordion(tuple(self.bodies.values()), titles=tuple(PARTS), selected_index=None)
        self.box.observe(lambda _: self._fill(), "selected_index")

    def show(self, rec: Recording, event: int) -> None:
        """Show a run and the instant after one of its events."""
        self._shown = Shown(rec, event) if self._shown is None else replace(self._shown, rec=rec, event=event)
        self._fill()

    def look(self, rec: Recording, view: str, window: Window | None) -> None:
        """Follow the chosen view and the part of the run that is looked at."""
        old = self._shown or Shown(rec)
        event = old.event if old.rec is rec else 0
        self._shown = Shown(rec, event, view, window)
        self._fill()

    def _fill(self) -> None:
        chosen: Any = self.box.selected_index
        if chosen is not None and self._shown is not None:
            title = tuple(PARTS)[chosen]
            self.bodies[title].value = PARTS[title](self._shown)
