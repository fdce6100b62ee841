"""The figures of a panel: one is shown, the others wait until somebody looks at them.

Each view is made once as a FigureWidget and then changed in place, inside one ``batch_update``, which keeps the
reader's zoom and never blinks.  A view that is not shown is neither made nor updated: a student who looks at the
timeline does not pay for the queue depths.

plotly's colours and width are fixed numbers, so both are told by the page (``page``) and changed in place too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import ipywidgets as w
import plotly.graph_objects as go

from gmp_lab.draw import apply_queue_depth, apply_timeline, queue_depth, timeline
from gmp_lab.draw.palette import page
from gmp_lab.errors import check_choice
from gmp_lab.recording import Recording


class View(NamedTuple):
    """Words for the button, the function that makes the figure, the one that shows another run in it."""

    words: str
    tooltip: str
    make: Callable[..., go.Figure]
    apply: Callable[..., Any]


VIEWS: Final[dict[str, View]] = {
    "timeline": View("Timeline of the Ps", "What each P did, when", timeline, apply_timeline),
    "queues": View("Queue depths", "How long the global queue and the rings were", queue_depth, apply_queue_depth),
}

_CLEAR: Final = {"paper_bgcolor": "rgba(0,0,0,0)", "plot_bgcolor": "rgba(0,0,0,0)"}  # the notebook's own background


class Views:
    """``bar`` chooses the view, ``box`` holds its figure; ``show`` and ``mark`` change what the figure shows."""

    def __init__(self, names: tuple[str, ...]) -> None:
        for name in names:
            check_choice("view", name, tuple(VIEWS))
        self.bar = w.ToggleButtons(
            options=[(VIEWS[name].words, name) for name in names],
            tooltips=[VIEWS[name].tooltip for name in names],
            style={"button_width": "auto"},
        )
        self.box = w.Box(layout=w.Layout(display="block", width="100%"))
        self.theme = "light"
        self._figures: dict[str, go.FigureWidget] = {}
        self._stale: set[str] = set()
        self._rec: Recording | None = None
        self._t_ns = 0
        self._width: int | None = None  # until the page tells: plotly's own
        self.bar.observe(lambda _: self._refresh(), "value")
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
        for name, figure in self._figures.items():
            _restyle(figure, VIEWS[name].make(self._rec, theme=theme))
        self._stale.clear()
        if self._figures:
            self.mark(self._t_ns)

    def use_width(self, pixels: int) -> None:
        """Make the figures as wide as that, from now on."""
        self._width = pixels
        for figure in self._figures.values():
            figure.layout.width = pixels

    def _refresh(self) -> None:
        """Bring the chosen figure up to date and put it in the box."""
        rec, name = self._rec, self.bar.value
        if rec is None:
            return
        view = VIEWS[name]
        if name not in self._figures:
            figure = view.make(rec, theme=self.theme).update_layout(_CLEAR, width=self._width)
            self._figures[name] = go.FigureWidget(figure)
        elif name in self._stale:
            view.apply(self._figures[name], rec)
        self._stale.discard(name)
        self.mark(self._t_ns)
        if self.box.children != (self.figure,):
            self.box.children = (self.figure,)


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
