"""Which part of the run is looked at, and the life of one goroutine in it: the controls below the figure."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import ipywidgets as w

from gmp_lab.draw import life_html
from gmp_lab.recording import Recording
from gmp_lab.widgets import html
from gmp_lab.widgets.viewlist import Window


class WindowBar:
    """A slider with two ends; ``chosen(window)`` is called with (start, end) in ns, or None for the whole run.

    ``lock`` is the panel's: messages of the browser may come in another thread than a cell's calls.
    """

    def __init__(self, chosen: Callable[[Window | None], None], lock: AbstractContextManager[Any]) -> None:
        self._chosen, self._lock = chosen, lock
        self._held = False
        self._end_ns = 0
        self.slider = w.IntRangeSlider(
            value=(0, 1), min=0, max=1, description="part of the run (us)", continuous_update=True,
            style={"description_width": "initial"}, layout=w.Layout(flex="1 1 300px"),
            tooltip="From when to when: the table's figures are those of this part",
        )  # fmt: skip
        self.all = w.Button(description="All of it", icon="arrows-h", tooltip="Look at the whole run again")
        self.box = w.HBox((self.slider, self.all), layout=w.Layout(width="99%", align_items="center"))
        self.slider.observe(lambda _: self._moved(), "value")
        self.all.on_click(lambda _: self._whole())

    def show(self, end_ns: int, window: Window | None) -> None:
        """Take a run of this length (ns) and the part of it that is looked at."""
        self._held = True
        self._end_ns = end_ns
        most = max(1, -(-end_ns // 1000))
        with self.slider.hold_sync():
            self.slider.max = most
            self.slider.step = max(1, most // 200)
            self.slider.value = (0, most) if window is None else (window[0] // 1000, min(most, -(-window[1] // 1000)))
        self._held = False

    def _moved(self) -> None:
        with self._lock:
            if self._held:
                return
            low, high = self.slider.value
            whole = low == 0 and high >= self.slider.max
            self._chosen(None if whole else (low * 1000, min(self._end_ns, max(high, low + 1) * 1000)))

    def _whole(self) -> None:
        with self._lock:
            self._chosen(None)


class LifeBox:
    """``field`` holds the number of a goroutine (0: none), ``said`` its life; nothing is worked out for none."""

    def __init__(self, lock: AbstractContextManager[Any]) -> None:
        self._lock = lock
        self._rec: Recording | None = None
        self._window: Window | None = None
        self.theme = "light"
        self.field = w.BoundedIntText(
            0, min=0, max=0, description="goroutine", style={"description_width": "initial"},
            layout=w.Layout(width="170px"), tooltip="Its life: states, how long, who woke it; 0 for none",
        )  # fmt: skip
        self.said = w.HTML()
        self.field.observe(lambda _: self._moved(), "value")
        hint = w.HTML('<span class="gmp-lab">its life, or a click on one of its bars; 0: none</span>')
        self.box = w.VBox((w.HBox((self.field, hint), layout=w.Layout(align_items="center")), self.said))

    @property
    def goroutine(self) -> int:
        """The goroutine that is looked at, 0 for none."""
        return int(self.field.value)

    def pick(self, g: int) -> None:
        """Look at goroutine g."""
        self.field.value = g

    def show(self, rec: Recording, window: Window | None) -> None:
        """Take a run and the part of it that is looked at."""
        self._rec, self._window = rec, window
        self.field.max = len(rec.g_names)  # a larger number becomes the last
        self._fill()

    def use_theme(self, theme: str) -> None:
        """Draw in the colours of a theme."""
        self.theme = theme
        self._fill()

    def _moved(self) -> None:
        with self._lock:
            self._fill()

    def _fill(self) -> None:
        if self._rec is None or not self.goroutine:
            self.said.value = ""
        else:
            self.said.value = html.sheet(life_html(self._rec, self.goroutine, window=self._window, theme=self.theme))
