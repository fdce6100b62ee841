"""The run in words: what the figures show, the instant on the stage, all figures in a table.

For screen readers, for paper, for those who would rather read.  What is folded away costs nothing: a text is made
when its part is opened, and made again only while it is open.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import ipywidgets as w

from gmp_lab.draw import queue_depth_alt, stage_text, text_timeline, timeline_alt
from gmp_lab.metrics import summary_rows
from gmp_lab.recording import Recording
from gmp_lab.widgets import html
from gmp_lab.widgets.export import schedtrace_steps

Text = Callable[[Recording, int], str]


def _in_words(rec: Recording, _event: int) -> str:
    return html.text(timeline_alt(rec), queue_depth_alt(rec), pre=text_timeline(rec), label="The run in words")


def _instant(rec: Recording, event: int) -> str:
    return html.text(pre=stage_text(rec, event), label="This instant in words")


def _schedtrace(rec: Recording, _event: int) -> str:
    """The states of the run as schedtrace prints them, at most 20 lines in steps of 1, 2, 5, 10 ... ms."""
    if not rec.complete:
        return html.text("A real trace does not tell the queues, so there is no schedtrace of it.")
    step, lines = schedtrace_steps(rec)
    said = f"The run's state every {step} ms, in the format of GODEBUG=schedtrace={step} of Go {rec.config.go}."
    return html.text(said, pre=lines, label="schedtrace of this run")


def _table(rec: Recording, _event: int) -> str:
    return html.table("All figures of this run", summary_rows(rec))


# title of the part: how its HTML is made of the run and of the event on the stage
PARTS: Final[dict[str, Text]] = {
    "The run in words": _in_words,
    "This instant in words": _instant,
    "schedtrace of this run": _schedtrace,
    "All figures of this run": _table,
}


class Texts:
    """``box`` is an accordion with one part for each text; ``show`` takes another run, or another event of it."""

    def __init__(self) -> None:
        self._rec: Recording | None = None
        self._event = 0
        self.bodies = {title: w.HTML() for title in PARTS}
        self.box = w.Accordion(tuple(self.bodies.values()), titles=tuple(PARTS), selected_index=None)
        self.box.observe(lambda _: self._fill(), "selected_index")

    def show(self, rec: Recording, event: int) -> None:
        """Show a run and the instant after one of its events."""
        self._rec, self._event = rec, event
        self._fill()

    def _fill(self) -> None:
        chosen: Any = self.box.selected_index
        if chosen is None or self._rec is None:
            return
        title = tuple(PARTS)[chosen]
        self.bodies[title].value = PARTS[title](self._rec, self._event)
