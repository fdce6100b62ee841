"""A pinned run, A, above the run of the panel, B: on one time axis, with the figures of both and where they part."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import ipywidgets as w

from gmp_lab.compare import parting
from gmp_lab.recording import Recording
from gmp_lab.widgets import html
from gmp_lab.widgets.viewlist import Window
from gmp_lab.widgets.views import Views


class Pinned:
    """``box`` is empty until a run is pinned; its figure is made then, in the same view as that of the panel.

    ``looked`` is called when another part of the pinned run is looked at.
    """

    def __init__(self, names: tuple[str, ...], lock: AbstractContextManager[Any], looked: Callable[[], None]) -> None:
        self._names, self._lock, self._looked = names, lock, looked
        self.rec: Recording | None = None
        self.name = ""
        self.views: Views | None = None
        self.said = w.HTML()
        self.box = w.VBox()
        self._theme, self._width = "light", 0

    def pin(self, rec: Recording, name: str) -> None:
        """Keep a run as A, under a name."""
        self.rec, self.name = rec, name
        if self.views is None:
            self.views = Views(self._names, self._lock, self._looked)
            self.views.theme = self._theme
            if self._width:
                self.views.use_width(self._width)
        self.box.children = (self.said, self.views.box)

    def unpin(self) -> None:
        """Forget A."""
        self.rec = None
        self.box.children = ()
        self.views = None  # a figure that has left the page cannot come back

    def show(self, view: str, window: Window | None, other: Recording) -> None:
        """Show A as B, the other, is shown: in the same view, at the same part of the time axis."""
        if self.rec is None or self.views is None:
            return
        self.views.reach_ns = other.end_ns
        self.views.window = window
        if self.views.bar.value != view:
            self.views.bar.value = view  # shows it
        self.views.show(self.rec)

    def compare(self, other: Recording) -> None:
        """Say where A and B part."""
        if self.rec is None:
            return
        found = parting(self.rec, other, ("A", "B"))
        where = found.sentence if found else "A and B make the same decisions, P by P."
        self.said.value = html.text(f"A (pinned): {self.name}", where, label="The pinned run beside this one")

    def use_theme(self, theme: str) -> None:
        """Draw in the colours of a theme."""
        self._theme = theme
        if self.views is not None:
            self.views.use_theme(theme)

    def use_width(self, pixels: int) -> None:
        """Make the figure as wide as that."""
        self._width = pixels
        if self.views is not None:
            self.views.use_width(pixels)
