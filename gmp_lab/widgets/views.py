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

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import ipywidgets as w
import plotly.graph_objects as go

from gmp_lab.draw.palette import page
from gmp_lab.errors import check_choice
from gmp_lab.metrics import Spans
from gmp_lab.recording import Recording
from gmp_lab.widgets.viewlist import VIEWS, Sheet, View, Window

if TYPE_CHECKING:
    from gmp_lab.widgets.figure import Figure


MIN_WIDTH: Final = 320  # pixels; plotly fails where its margins leave no room, as while a page is being laid out
_CLEAR: Final = {"paper_bgcolor": "rgba(0,0,0,0)", "plot_bgcolor": "rgba(0,0,0,0)"}  # the notebook's own background


@dataclass(slots=True)
class _Slot:
    """A view's place in the page, and what is shown there: a run (by identity), a part of it, the colours of a theme.

    ``figure`` is None for a sheet, whose HTML is in ``box``.
    """

    figure: Figure | None
    box: Any
    rec: Recording
    theme: str
    window: Window | None = None


class Views:
    """``bar`` chooses the view, ``box`` holds its figure; ``show`` and ``mark`` change what the figure shows.

    ``lock`` is the panel's: messages of the browser may come in another thread than a cell's calls.  ``looked`` is
    called when another part of the run is looked at, or another view; ``picked`` with a goroutine that was clicked.
    """

    def __init__(
        self,
        names: tuple[str, ...],
        lock: AbstractContextManager[Any],
        looked: Callable[[], None] = lambda: None,
        picked: Callable[[int], None] = lambda _g: None,
    ) -> None:
        self._lock, self._looked, self._picked = lock, looked, picked
        self.window: Window | None = None  # the part of the run that is looked at (ns); None: all of it
        self._changing = False
        self.reach_ns = 0  # the time axis goes so far at least: that of a run beside this one
        for name in names:
            check_choice("view", name, tuple(VIEWS))
        self.bar = w.ToggleButtons(
            options=[(VIEWS[name].words, name) for name in names],
            tooltips=[VIEWS[name].tooltip for name in names],
            style={"button_width": "auto"},
            layout=w.Layout(display="" if len(names) > 1 else "none"),
        )
        self.box = w.VBox()
        self.box.add_class("gmp-lab-figures")
        self.theme = "light"
        self._slots: dict[str, _Slot] = {}
        self._shown: _Slot | None = None
        self._wholes: set[tuple[float, float]] = set()  # ranges of the time axis that were a whole run
        self._rec: Recording | None = None
        self._t_ns = 0
        self._width: int | None = None  # until the page tells: plotly's own
        self.bar.observe(lambda _: self._chosen(), "value")
        self._figure = figure_class()

    @property
    def figure(self) -> Figure | None:
        """The figure that is shown now, None if it is a sheet."""
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
        if figure is None or not figure.layout.meta["unit_ns"]:
            return
        x = t_ns / figure.layout.meta["unit_ns"]
        line = {"type": "line", "x0": x, "x1": x, "y0": 0, "y1": 1, "yref": "paper", "layer": "above",
                "line": {"color": page(self.theme).ink, "width": 1.5, "dash": "dot"}}  # fmt: skip
        figure.layout.shapes = [line]

    def use_theme(self, theme: str) -> None:
        """Draw in the colours of a theme, "light" or "dark"; ConfigError for another."""
        page(theme)
        self.theme = theme
        self._refresh()

    def look_at(self, window: Window | None) -> None:
        """Show a part of the run (start, end in ns) in every view; None: all of it."""
        self.window = window
        self._refresh()

    def use_width(self, pixels: int) -> None:
        """Make the figures as wide as that, from now on, but as wide as MIN_WIDTH at least."""
        self._width = max(MIN_WIDTH, pixels)
        self._refresh()

    def settle(self) -> None:
        """Have the visible figure's title placed anew: a pixel of padding more or less makes plotly do it."""
        if self._shown is not None and self._shown.figure is not None:
            pad = self._shown.figure.layout.title.pad
            pad.b = 0 if pad.b else 1

    def _chosen(self) -> None:
        with self._lock:
            self._refresh()
            self._looked()

    # --- the visible figure -----------------------------------------------------------------------------------

    def _refresh(self, p_stays: Spans | None = None) -> None:
        """Show the chosen figure, up to date, at the part of the run that was looked at."""
        rec, name = self._rec, self.bar.value
        if rec is None:
            return
        self._changing = True  # what changes now is not the reader's zoom
        try:
            self._refresh_view(rec, name, p_stays)
        finally:
            self._changing = False

    def _refresh_view(self, rec: Recording, name: str, p_stays: Spans | None) -> None:
        if name not in self._slots:
            self._slots[name] = self._add(VIEWS[name], rec)
        slot = self._slots[name]
        self._turn_to(slot)  # first, as plotly cannot measure what is hidden
        self._update(VIEWS[name], slot, rec, p_stays)
        if slot.figure is not None and slot.figure.layout.meta["unit_ns"]:
            self._set_range(slot.figure)
        self.mark(self._t_ns)

    def whole(self) -> Window:
        """The whole time axis, in ns."""
        return 0, max(1, self.reach_ns, self._rec.end_ns if self._rec is not None else 1)

    def _set_range(self, figure: Figure) -> None:
        """Let the time axis show the window."""
        unit_ns = figure.layout.meta["unit_ns"]
        if self.window is not None and self.window[0] >= self.whole()[1]:
            self.window = None  # this run is over before
        if self._shown is not None and self._shown.window is None:
            self._wholes.add(tuple(figure.layout.meta["range"]))
        self._wholes.add(tuple(t / unit_ns for t in self.whole()))
        wanted = [t / unit_ns for t in self.window or self.whole()]
        if list(figure.layout.xaxis.range) != wanted:
            figure.layout.xaxis.range = wanted

    def _add(self, view: View | Sheet, rec: Recording) -> _Slot:
        if isinstance(view, Sheet):
            slot = _Slot(None, w.HTML(layout=w.Layout(display="none")), rec, "")
            self.box.children = (*self.box.children, slot.box)
            return slot
        figure = self._fresh(view, rec).update_layout(width=self._width)
        widget = self._figure(figure, self._lock)
        if figure.layout.meta["unit_ns"]:
            widget.layout.on_change(self._zoomed, "xaxis.range", "xaxis.autorange")
        for trace in widget.data:
            if trace.type == "bar":
                trace.on_click(self._clicked)
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

    def _update(self, view: View | Sheet, slot: _Slot, rec: Recording, p_stays: Spans | None) -> None:
        figure = slot.figure
        if isinstance(view, Sheet) or figure is None:
            assert isinstance(view, Sheet)
            slot.box.value = view.html(rec, self._inside(rec), self.theme)
            return
        part = self._inside(rec) if view.zooms else None
        if slot.theme != self.theme:
            with figure.batch_update():  # its own: what is set twice in one is not set at all if it was so before
                _restyle(figure, self._fresh(view, rec))
            slot.window = None
        with figure.batch_update():
            figure.layout.width = self._width
            if slot.rec is not rec or slot.window != part:
                view.apply(figure, rec, p_stays, part)
                figure.layout.height = view.height(rec)
        slot.rec, slot.theme, slot.window = rec, self.theme, part

    def _inside(self, rec: Recording) -> Window | None:
        """The window as far as the run goes."""
        if self.window is None or self.window[0] >= rec.end_ns:
            return None
        return self.window[0], min(self.window[1], rec.end_ns)

    def _zoomed(self, layout: Any, shown: tuple[float, float], automatic: bool | None) -> None:
        """Take over what the reader has zoomed to; show the whole run after a double click.

        plotly would go to the range with which the figure was first drawn, which can be that of an earlier, shorter
        run, or to an automatic one, which is a little wider than the run.
        """
        if self._changing:
            return
        unit_ns = layout.meta["unit_ns"]
        whole = [t / unit_ns for t in self.whole()]
        if automatic or tuple(shown) in self._wholes:
            self.window = None
            if automatic or list(shown) != whole:
                layout.xaxis.update(range=whole, autorange=False)
        else:
            start, end = (round(t * unit_ns) for t in shown)
            last = self.whole()[1]
            all_of_it = start <= 0 and end >= last
            self.window = None if all_of_it else (max(0, min(start, last - 1)), max(1, min(end, last)))
        self._refresh()
        self._looked()

    def _clicked(self, trace: Any, points: Any, _state: Any) -> None:
        """A bar was clicked: tell whose it is."""
        found = [_G.search(str(trace.customdata[i])) for i in points.point_inds]
        row = [int(trace.y[i]) for i in points.point_inds]
        with self._lock:
            if row and self.bar.value == "goroutines":
                self._picked(row[0])
            elif found and found[0] is not None:
                self._picked(int(found[0][1]))


_G: Final = re.compile(r"\bG(\d+)")


def figure_class() -> type[Figure]:
    """The class of the figures.  Loading it takes a third of a second: a quiz does not pay that, a panel once."""
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
