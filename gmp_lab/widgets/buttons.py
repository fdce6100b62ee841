"""The buttons of a panel, in a row that wraps: reset, pin, copy as code, export, help."""

from __future__ import annotations

import ipywidgets as w

from gmp_lab.widgets import html
from gmp_lab.widgets.export import FORMATS


def button(words: str, icon: str, tooltip: str) -> w.Button:
    """A button as wide as its words."""
    return w.Button(description=words, icon=icon, tooltip=tooltip, layout=w.Layout(width="auto"))


class Buttons:
    """``box`` is the row, ``help`` what the last of them shows and hides; ``note`` says what became of a click."""

    def __init__(self) -> None:
        self.reset = button("Reset", "undo", "Put every control back to its start")
        self.pin = button("Pin", "thumb-tack", "Keep this run, to compare later ones with it")
        self.code = button("Copy as code", "copy", "Show and copy the code that makes this run")
        self.export = button("Export", "download", "Save the run as a file")
        self.format = w.Dropdown(
            options=list(FORMATS), description="as", tooltip="Format in which the run is saved",
            layout=w.Layout(width="160px"), style={"description_width": "initial"},
        )  # fmt: skip
        self.keys = button("Keys and help", "question", "Show or hide how the panel is used")
        self.help, self.note = w.HTML(), w.HTML()
        row = (self.reset, self.pin, self.code, self.export, self.format, self.keys, self.note)
        self.box = w.Box(row, layout=w.Layout(flex_flow="row wrap", align_items="center"))
        self.keys.on_click(lambda _: self._help())

    def _help(self) -> None:
        self.help.value = "" if self.help.value else html.keys()
