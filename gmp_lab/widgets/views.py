"""The figures of a panel: one is shown, the others wait until somebody looks at them.

Each view is made once as a FigureWidget and then changed in place, inside one ``batch_update``, which keeps the
reader's zoom and never blinks.  A view that is not shown is neither made nor updated: a student who looks at the
timeline does not pay for the queue depths.  plotly's colours and width are fixed numbers, so both are told by the
page (``page``) and changed in place too.

Three things that plotly's widget cannot do have shaped this module.  A figure that is taken out of the page and put
back is drawn again but no longer updated: the listeners of its first drawing, which are not removed, fail and stop
the others.  So a figure stays in the page, hidden.  A double click goes back to the range with which a figure was
first drawn, even if the run is a longer one by now; ``_zoomed`` corrects that.  And a subtitle is placed by measuring
the title, which fails while a figure is hidden or not on the page yet; so a figure is shown before it is changed, and
its title is set anew (``settle``) once the page says that it has been drawn.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import ipywidgets as w
import plotly.graph_objects as go

from gmp_lab.draw import apply_queue_depth, apply_timeline, queue_depth, timeline
from gmp_lab.draw.palette import page
from gmp_lab.errors import check_choice
from gmp_lab.metrics import Spans
from gmp_lab.recording import Recording

if TYPE_CHECKING:
    from gmp_lab.widgets.figure import Figure


class View(NamedTuple):
    """Words for the button, the function that makes the figure, the one that shows another run in it.

    The figure is ``base`` pixels high and ``per_p`` more for each P.
    """

    words: str
    tooltip: str
    make: Callable[..., go.Figure]
    apply: Callable[[Figure, Recording, Spans | None], None]
    base: int
    per_p: int

    def height(self, rec: Recording) -> int:
        """Height of the figure of a run, in pixels."""
        return min(900, self.base + self.per_p * rec.config.gomaxprocs)


def _to_timeline(figure: Figure, rec: Recording, p_stays: Spans | None) -> None:
    apply_timeline(figure, rec, stays=p_stays)


def _to_queues(figure: Figure, rec: Recording, _p_stays: Spans | None) -> None:
    apply_queue_depth(figure, rec)


VIEWS: Final[dict[str, View]] = {
    "timeline": View("Timeline of the Ps", "What each P did, when", timeline, _to_timeline, 180, 26),
    "queues": View("Queue depths", "How long global queue and rings were", queue_depth, _to_queues, 380, 10),
}
_CLEAR: Final = {"paper_bgcolor": "rgba(0,0,0,0)", "plot_bgcolor": "rgba(0,0,0,0)"}  # the notebook's own background


@dataclass(slots=True)
class _Slot:
    """A figure's place in the page, and what the figure shows: a run (by identity) in the colours of a theme."""

    figure: Figure
    box: w.Box
    rec: Recording
    theme: str


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
        self._slots: dict[str, _Slot] = {}
        self._shown: _Slot | None = None
        self._wholes: set[tuple[float, float]] = set()  # ranges of the time axis that were a whole run
        self._rec: Recording | None = None
        self._t_ns = 0
        self._width: int | None = None  # until the page tells: plotly's own
        self.bar.observe(lambda _: self._chosen(), "value")
        self._figure = _figure_class()

    @property
    def figure(self) -> Figure:
        """The figure that is shown now."""
        return self._slots[self.bar.value].figure

    def show(self, rec: Recording, p_stays: Spans | None = None) -> None:
        """Show another run in the visible figure; the others follow when they are looked at.

        ``p_stays``: the stays of its Ps (``metrics.spans``), if they are known already.
        """
        self._rec = rec
        self._refresh(p_stays)

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
        self._refresh()

    def use_width(self, pixels: int) -> None:
        """Make the figures as wide as that, from now on."""
        self._width = pixels
        self._refresh()

    def settle(self) -> None:
        """Have the visible figure's title placed anew: a pixel of padding more or less makes plotly do it."""
        if self._shown is not None:
            pad = self._shown.figure.layout.title.pad
            pad.b = 0 if pad.b else 1

    def _chosen(self) -> None:
        with self._lock:
            self._refresh()

    # --- the visible figure -----------------------------------------------------------------------------------

    def _refresh(self, p_stays: Spans | None = None) -> None:
        """Show the chosen figure, up to date, at the part of the run that was looked at."""
        rec, name = self._rec, self.bar.value
        if rec is None:
            return
        if name not in self._slots:
            self._slots[name] = self._add(VIEWS[name], rec)
        slot, before = self._slots[name], self._shown
        self._turn_to(slot)  # first, as plotly cannot measure what is hidden
        self._update(VIEWS[name], slot, rec, p_stays)
        axis = slot.figure.layout.xaxis
        self._wholes.add(tuple(slot.figure.layout.meta["range"]))
        if before is not None and before is not slot:
            axis.range = before.figure.layout.xaxis.range
            self._wholes.add(tuple(axis.range))  # the browser may draw the figure for the first time now
        self.mark(self._t_ns)

    def _add(self, view: View, rec: Recording) -> _Slot:
        figure = self._fresh(view, rec).update_layout(width=self._width)
        widget = self._figure(figure, self._lock)
        widget.layout.on_change(self._zoomed, "xaxis.range", "xaxis.autorange")
        slot = _Slot(widget, w.Box((widget,), layout=w.Layout(display="none")), rec, self.theme)
        self.box.children = (*self.box.children, slot.box)
        return slot

    def _fresh(self, view: View, rec: Recording) -> go.Figure:
        return view.make(rec, theme=self.theme, height=view.height(rec)).update_layout(_CLEAR)

    def _turn_to(self, slot: _Slot) -> None:
        if self._shown is slot:
            return
        if self._shown is not None:
            self._shown.box.layout.display = "none"
        slot.box.layout.display = "block"
        self._shown = slot
        self.settle()

    def _update(self, view: View, slot: _Slot, rec: Recording, p_stays: Spans | None) -> None:
        figure = slot.figure
        with figure.batch_update():
            figure.layout.width = self._width
            if slot.theme != self.theme:
                _restyle(figure, self._fresh(view, rec))
            if slot.rec is not rec:
                view.apply(figure, rec, p_stays)
                figure.layout.height = view.height(rec)
        slot.rec, slot.theme = rec, self.theme

    def _zoomed(self, layout: Any, shown: tuple[float, float], automatic: bool | None) -> None:
        """Show the whole run after a double click.

        plotly would go to the range with which the figure was first drawn, which can be that of an earlier, shorter
        run, or to an automatic one, which is a little wider than the run.
        """
        if automatic or tuple(shown) in self._wholes:
            layout.xaxis.update(range=layout.meta["range"], autorange=False)


def _figure_class() -> type[Figure]:
    """The class of the figures.  Loading FigureWidget takes over a second: a quiz does not pay that, a panel once."""
    from gmp_lab.widgets.figure import Figure  # noqa: PLC0415

    return Figure


def _restyle(figure: Figure, styled: go.Figure) -> None:
    """Give a shown figure the look of another one of the same kind, of any run."""
    layout = styled.layout.to_plotly_json()
    layout["xaxis"].pop("range")
    layout.pop("meta")
    for trace, other in zip(figure.data, styled.data, strict=True):
        changes = other.to_plotly_json()
        changes.pop("type")
        trace.update(changes)
    figure.update_layout(layout)
