"""The sweeps of a panel, folded away: opened, each is a Sweeper; it runs with what the controls stand at then."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets as w

from gmp_lab.widgets.control import Values
from gmp_lab.widgets.spec import LabSpec
from gmp_lab.widgets.sweeper import Sweeper
from gmp_lab.widgets.sweepspec import SweepSpec, job


class SweepBox:
    """``box`` is an accordion with one part for each sweep; nothing is made before a part is opened."""

    def __init__(self, spec: LabSpec, values: Callable[[], Values]) -> None:
        self._spec, self._values = spec, values
        self.sweepers: dict[int, Sweeper] = {}
        self._theme, self._width = "light", 0
        titles = tuple(f"Sweep: {sweep.title}" for sweep in spec.sweeps)
        self.box = w.Accordion(tuple(w.VBox() for _ in titles), titles=titles, selected_index=None)
        self.box.layout.display = "" if titles else "none"
        self.box.observe(lambda _: self._open(), "selected_index")

    def use_theme(self, theme: str) -> None:
        """Draw in the colours of a theme."""
        self._theme = theme
        for sweeper in self.sweepers.values():
            sweeper.use_theme(theme)

    def use_width(self, pixels: int) -> None:
        """Make the figures as wide as fits into the part that holds them."""
        self._width = pixels
        for sweeper in self.sweepers.values():
            sweeper.use_width(pixels - 40)

    def _open(self) -> None:
        chosen: Any = self.box.selected_index
        if chosen is None or chosen in self.sweepers:
            return
        self.sweepers[chosen] = sweeper = self._make(self._spec.sweeps[chosen])
        if self._width:
            sweeper.use_width(self._width - 40)
        self.box.children[chosen].children = (sweeper,)

    def _make(self, sweep: SweepSpec) -> Sweeper:
        made = job(self._spec, sweep, self._spec.defaults())
        axes = list(made.axes)
        return Sweeper(
            made.program, made.axes, made.seeds, config=made.config, arguments=made.arguments,
            measures=made.measures, x=axes[0], by=axes[1] if len(axes) > 1 else None, log=sweep.log,
            log_y=sweep.log_y, words=made.words, theme=self._theme, title=sweep.title,
            fresh=lambda: job(self._spec, sweep, self._values()),
        )  # fmt: skip
