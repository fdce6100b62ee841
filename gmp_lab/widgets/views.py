"""The figures of a panel: one is shown, the others wait until somebody looks at them.

Each view is made once as a FigureWidget and then changed in place, inside one ``batch_update``, which keeps the
reader's zoom and never blinks.  A view that is not shown is neither made nor updated: a student who looks at the
timeline does not pay for the queue depths.

A figure that was drawn once stays in the page, hidden or not.  (One that is taken out and put back is drawn again but
no longer updated: the listeners of its first drawing, which plotly does not remove, fail and stop the others.)
plotly's colours and width are fixed numbers, so both are told by the page (``page``) and changed in place too.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Final, NamedTuple

import ipywidgets as w
import plotly.graph_objects as go

from gmp_lab.draw import apply_queue_depth, apply_timeline, queue_depth, timeline
from gmp_lab.draw.palette import page
from gmp_lab.errors import check_choice
from gmp_lab.recording import Recording


class View(NamedTuple):
    """Words for the button, the function that makes the figure, the one that shows another run in it.

    The figure is ``base`` pixels high and ``per_p`` more for each P.
    """

    words: str
    tooltip: str
    make: Callable[..., go.Figure]
    apply: Callable[..., Any]
    base: int
    per_p: int

    def height(self, rec: Recording) -> int:
        """Height of the figure of a run, in pixels."""
        return min(900, self.base + self.per_p * rec.config.gomaxprocs)


VIEWS: Final[dict[str, View]] = {
    "timeline": View("Timeline of the Ps", "What each P did, when", timeline, apply_timeline, 180, 26),
    "queues": View(
        "Queue depths", "How long the global queue and the rings were", queue_depth, apply_queue_depth, 380, 10
    ),
}

_CLEAR: Final = {"paper_bgcolor": "rgba(0,0,0,0)", "plot_bgcolor": "rgba(0,0,0,0)"}  # the notebook's own background


class Views:
    """``bar`` chooses the view, ``box`` holds its figure; ``show`` and ``mark`` change what the figure shows.

    ``lock`` is the panel's: messages of the browser may come in another thread than a cell's calls.
    """

    def __init__(self, names: tuple[str, ...], lock: AbstractContextManager[Any]) -> None:
        self._lock = lock
        for name in names:
            check_choice("view", name, tuple(VIEWS))
        self.bar = w.ToggleButtons(
            options=[(VIEWS[name].words, name) for name in names],
            tooltips=[VIEWS[name].tooltip for name in names],
            style={"button_width": "auto"},
        )
        self.box = w.VBox()
        self.theme = "light"
        self._figures: dict[str, go.FigureWidget] = {}
        self._shown = ""
        self._stale: set[str] = set()
        self._drawn: set[tuple[float, float]] = set()  # ranges of the time axis that were a whole run
        self._rec: Recording | None = None
        self._t_ns = 0
        self._width: int | None = None  # until the page tells: plotly's own
        self.bar.observe(lambda _: self._chosen(), "value")
        go.FigureWidget()  # the first of a kernel imports for a second; that is no part of a run's update

    @property
    def figure(self) -> go.FigureWidget:
        """The figure that is shown now."""
        return self._figures[self.bar.value]

    def show(self, rec: Recording) -> None:
        """Show another run in the visible figure; the others follow when they are looked at."""
        self._rec = rec
        self._stale = set(self._figures)
        self._refresh()

    def mark(self, t_ns: int) -> None:
        """Mark a time (ns) in the visible figure with a vertical line."""
        self._t_ns = t_ns
        figure = self.figure
        x = t_ns / figure.layout.meta["unit_ns"]
        line = {"type": "line", "x0": x, "x1": x, "y0": 0, "y1": 1, "yref": "paper", "layer": "above",
                "line": {"color": page(self.theme).ink, "width": 1.5, "dash": "dot"}}  # fmt: skip
        figure.layout.shapes = [line]

    def use_theme(self, theme: str) -> None:
        """Draw in the colours of a theme, "light" or "dark"; ConfigError for another."""
        page(theme)
        self.theme = theme
        if self._rec is None:
            return
        for name, figure in self._figures.items():
            view = VIEWS[name]
            _restyle(figure, view.make(self._rec, theme=theme, height=view.height(self._rec)))
        self._stale.clear()
        self.mark(self._t_ns)

    def use_width(self, pixels: int) -> None:
        """Make the figures as wide as that, from now on."""
        self._width = pixels
        for figure in self._figures.values():
            figure.layout.width = pixels

    def _chosen(self) -> None:
        with self._lock:
            self._refresh()

    def _refresh(self) -> None:
        """Bring the chosen figure up to date and show it, at the part of the run that was looked at."""
        rec, name = self._rec, self.bar.value
        if rec is None:
            return
        view = VIEWS[name]
        if name not in self._figures:
            self._add(name, view.make(rec, theme=self.theme, height=view.height(rec)))
        elif name in self._stale:
            with self.figure.batch_update():
                view.apply(self.figure, rec)
                self.figure.layout.height = view.height(rec)
        self._stale.discard(name)
        self._drawn.add(tuple(self.figure.layout.meta["range"]))
        if self._shown != name:
            self._turn_to(name)
        self.mark(self._t_ns)

    def _add(self, name: str, figure: go.Figure) -> None:
        widget = go.FigureWidget(figure.update_layout(_CLEAR, width=self._width))
        widget.layout.on_change(self._zoomed, "xaxis.range", "xaxis.autorange")
        self._figures[name] = widget
        self.box.children = (*self.box.children, w.Box((widget,), layout=w.Layout(display="none")))

    def _turn_to(self, name: str) -> None:
        if self._shown:
            self.figure.layout.xaxis.range = self._figures[self._shown].layout.xaxis.range
        self._shown = name
        for known, slot in zip(self._figures, self.box.children, strict=True):
            slot.layout.display = "block" if known == name else "none"

    def _zoomed(self, layout: Any, shown: tuple[float, float], automatic: bool | None) -> None:
        """Show the whole run after a double click.

        plotly would go to the range with which the figure was first drawn, which can be that of an earlier, shorter
        run, or to an automatic one, which is a little wider than the run.
        """
        if automatic or tuple(shown) in self._drawn:
            layout.xaxis.update(range=layout.meta["range"], autorange=False)


def _restyle(figure: go.FigureWidget, styled: go.Figure) -> None:
    """Give a shown figure everything that another one of the same kind has, except the reader's zoom."""
    layout = styled.layout.to_plotly_json()
    layout["xaxis"].pop("range")
    layout.pop("meta")
    with figure.batch_update():
        for trace, other in zip(figure.data, styled.data, strict=True):
            changes = other.to_plotly_json()
            changes.pop("type")
            trace.update(changes)
        figure.update_layout(layout | _CLEAR)
