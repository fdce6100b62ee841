"""Which part of the run is looked at, and the life of one goroutine in it: the controls below the figure."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Final

import ipywidgets as w

from gmp_lab.draw import life_html
from gmp_lab.recording import Recording
from gmp_lab.widgets import html
from gmp_lab.widgets.viewlist import Window

_STEPS: Final = tuple(n * 10**k for k in range(9) for n in (1, 2, 5))  # us


class WindowBar:
    """A slider with two ends; ``chosen(window)`` is called with (start, end) in ns, or None for the whole run.

    ``lock`` is the panel's: messages of the browser may come in another thread than a cell's calls.

    The browser lets the ends stand at whole steps only.  So they are put there at once; the window itself can be
    more exact, and stays so at the end that is not moved.  The slider is not a continuous one: of ipywidgets' range
    sliders those tell the kernel what the kernel has changed, one end after the other, as if the reader had done it.
    """

    def __init__(self, chosen: Callable[[Window | None], None], lock: AbstractContextManager[Any]) -> None:
        self._chosen, self._lock = chosen, lock
        self._held = False
        self._end_ns = 0
        self._window: Window = (0, 0)
        self._put = (0, 1)
        self.slider = w.IntRangeSlider(
            value=(0, 1), min=0, max=1, description="part of the run (us)", continuous_update=False,
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
        self._end_ns, self._window = end_ns, window or (0, end_ns)
        most = max(1, -(-end_ns // 1000))
        step = max(n for n in _STEPS if n == 1 or n * 200 <= most)
        low, high = (min(most, round(t / 1000 / step) * step) for t in self._window)
        self._put = (low, most if window is None else high)
        with self.slider.hold_sync():
            self.slider.max, self.slider.step, self.slider.value = most, step, self._put
        self._held = False

    def _moved(self) -> None:
        with self._lock:
            if self._held:
                return
            low, high = self.slider.value
            if low == 0 and high >= self.slider.max:
                self._chosen(None)
                return
            start = self._window[0] if low == self._put[0] else low * 1000
            end = self._window[1] if high == self._put[1] else min(self._end_ns, high * 1000)
            self._chosen((start, max(end, start + 1000)))

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
