"""The views that a panel can have: figures that plotly changes in place, and sheets (pictures and tables as HTML).

Each says what it found in one line, its title, and has a text twin with its numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import plotly.graph_objects as go

from gmp_lab.config import Config
from gmp_lab.draw import (
    ASSISTS,
    BUDGET,
    CALLS,
    CAUSES,
    CPU,
    GANTT,
    HEAP,
    LATENCIES,
    LOADS,
    PREEMPTIONS,
    RESPONSES,
    SOURCES,
    STACKS,
    STEALS,
    STOPS,
    THREADS,
    THROTTLING,
    Plot,
    apply_queue_depth,
    apply_timeline,
    depth_table,
    latency_table,
    queue_depth,
    queue_depth_alt,
    queue_depth_data,
    state_chart_svg,
    state_chart_text,
    state_chart_title,
    steal_graph_svg,
    steal_graph_text,
    steal_graph_title,
    switch_table,
    text_timeline,
    timeline,
    timeline_alt,
)
from gmp_lab.draw.findings import count, timeline_title
from gmp_lab.metrics import Spans, spans, switches
from gmp_lab.recording import Columns, Recording
from gmp_lab.widgets import html

if TYPE_CHECKING:
    from gmp_lab.widgets.figure import Figure

Window = tuple[int, int]
Said = Callable[[Recording, Window | None], str]  # of a run in a window (ns; None: all of it)


class View(NamedTuple):
    """Words for the button, the function that makes the figure, the one that shows another run in it.

    The figure is ``base`` pixels high and ``per_p`` more for each P.  ``title`` is its finding, ``twin`` its text.
    ``zooms``: a part of the run is drawn anew, with more detail; without, the axis shows that part of the whole.
    """

    words: str
    tooltip: str
    make: Callable[..., go.Figure]
    apply: Callable[[Figure, Recording, Spans | None, Window | None], None]
    base: int
    per_p: int
    title: Said
    twin: Said
    zooms: bool = False

    def height(self, rec: Recording) -> int:
        """Height of the figure of a run, in pixels."""
        return min(900, self.base + self.per_p * rec.config.gomaxprocs)


class Sheet(NamedTuple):
    """Words for the button, what makes the HTML of a run, a window and a theme; ``title``, ``twin`` as a View's."""

    words: str
    tooltip: str
    html: Callable[[Recording, Window | None, str], str]
    title: Said
    twin: Said


def _timeline(words: str, tooltip: str, rows: str, base: int, per_p: int) -> View:
    def apply(figure: Figure, rec: Recording, p_stays: Spans | None, window: Window | None) -> None:
        known = p_stays if rows == "P" and window is None else None
        apply_timeline(figure, rec, rows=rows, stays=known, window=window, unit_of=(0, rec.end_ns))

    def title(rec: Recording, window: Window | None) -> str:
        return timeline_title(rec, spans(rec, *(window or (0, None)), of=rows), window)

    def twin(rec: Recording, window: Window | None) -> str:
        letters = text_timeline(rec, window=window, rows=rows)
        return f"{letters}\n\n{timeline_alt(rec, window=window, rows=rows)}"

    return View(words, tooltip, partial(timeline, rows=rows), apply, base, per_p, title, twin, zooms=True)


def _plain(apply: Callable[..., Any]) -> Callable[[Figure, Recording, Spans | None, Window | None], None]:
    """A view that needs nothing but the run."""

    def to(figure: Figure, rec: Recording, _p_stays: Spans | None, _window: Window | None) -> None:
        apply(figure, rec)

    return to


def _plot(words: str, tooltip: str, plot: Plot, per_p: int = 0) -> View:
    return View(words, tooltip, plot.figure, _plain(plot.apply), 420, per_p, plot.title, plot.alt)


_NO_QUEUES: Final = "A real trace does not tell its queues"


def _without_queues(rec: Recording) -> Recording:
    """The run itself; in the place of a real trace, one as long in which nothing was ever queued."""
    if rec.complete:
        return rec
    return Recording(
        Config(gomaxprocs=rec.procs), Columns(), program=rec.program, params={}, g_names=(), end_ns=rec.end_ns,
        ended=rec.ended, steps=0,
    )  # fmt: skip


def _queues(rec: Recording, **how: Any) -> go.Figure:
    figure = queue_depth(_without_queues(rec), **how)
    return figure if rec.complete else figure.update_layout(title_text=_NO_QUEUES, title_subtitle_text="")


def _to_queues(figure: Figure, rec: Recording, _p_stays: Spans | None, _window: Window | None) -> None:
    apply_queue_depth(figure, _without_queues(rec))
    if not rec.complete:
        figure.layout.title.text, figure.layout.title.subtitle.text = _NO_QUEUES, ""


def _queue_title(rec: Recording, window: Window | None) -> str:
    return queue_depth_data(rec, window=window).title if rec.complete else _NO_QUEUES


def _queue_twin(rec: Recording, window: Window | None) -> str:
    if not rec.complete:
        return _NO_QUEUES
    return f"{queue_depth_alt(rec, window=window)}\n{depth_table(rec, window).text()}"


def _states(words: str, of: str) -> Sheet:
    def page(rec: Recording, window: Window | None, theme: str) -> str:
        return html.sheet(state_chart_svg(rec, of=of, window=window, theme=theme))

    return Sheet(
        words, "States and changes, with counts and times", page,
        lambda rec, window: state_chart_title(rec, of=of, window=window),
        lambda rec, window: state_chart_text(rec, of=of, window=window),
    )  # fmt: skip


def _switch_title(rec: Recording, window: Window | None) -> str:
    found = switches(rec, *(window or (0, None)))
    if not found:
        return "No goroutine gave up its P"
    reason, times = min(found.items(), key=lambda item: (-item[1], item[0]))
    return f"Goroutines gave up a P {count(sum(found.values()), 'time')}, most often for: {reason} ({times:,})"


def _switches(rec: Recording, window: Window | None, _theme: str) -> str:
    tables = (switch_table(rec, window).html(), latency_table(rec, window).html())
    return html.sheet(html.finding(_switch_title(rec, window)), *tables)


def _switch_twin(rec: Recording, window: Window | None) -> str:
    tables = (switch_table(rec, window).text(), latency_table(rec, window).text())
    return "\n\n".join((_switch_title(rec, window), *tables))


def _steal_graph(rec: Recording, window: Window | None, theme: str) -> str:
    return html.sheet(steal_graph_svg(rec, window=window, theme=theme))


VIEWS: Final[dict[str, View | Sheet]] = {
    "timeline": _timeline("Timeline of the Ps", "What each P did, when", "P", 230, 26),
    "threads": _timeline("Timeline of the threads", "What each of the first hundred Ms did, when", "M", 300, 20),
    "goroutines": _timeline(
        "Timeline of the goroutines", "What each of the first hundred goroutines did, when", "G", 480, 0
    ),
    "queues": View(
        "Queue depths", "How long global queue and rings were", _queues, _to_queues, 380, 10,
        _queue_title, _queue_twin,
    ),
    "states_g": _states("States of goroutines", "G"),
    "states_p": _states("States of Ps", "P"),
    "states_m": _states("States of threads", "M"),
    "switches": Sheet(
        "Why they stopped", "Reasons for which goroutines gave up a P, and how long they waited", _switches,
        _switch_title, _switch_twin,
    ),
    "thread_states": _plot("Threads by state", "How many threads were in which state, over time", THREADS),
    "cpu": _plot("Time of the Ps", "Program, collector, scheduling, system calls, idle, over time", CPU),
    "heap": _plot("Heap", "Heap in use, goal, cycles and stops of the world", HEAP),
    "stops": _plot("Stops of the world", "How long each took, and how long until all had stopped", STOPS),
    "assists": _plot("Assists", "How long each goroutine had to mark because it allocated", ASSISTS),
    "stacks": _plot("Stacks", "How large the stacks were, and when they were copied", STACKS),
    "throttling": _plot("CPU time of the group", "Cores in use and throttled, and the periods", THROTTLING),
    "latencies": _plot("Latencies", "How long goroutines were runnable before they ran", LATENCIES),
    "responses": _plot("Response times", "How long each response took, beside the SLO", RESPONSES),
    "causes": _plot("What responses wait for", "Of all of them, and of the slowest", CAUSES),
    "budget": _plot("Error budget", "How much of it is used, over time", BUDGET),
    "sources": _plot("Taken from where", "From which queue each P took its goroutines", SOURCES, 14),
    "steal_map": _plot("Steals", "Who stole from whom, and how long each P computed", STEALS, 14),
    "steal_graph": Sheet(
        "Steal graph", "Arrows from victims to thieves", _steal_graph,
        lambda rec, window: steal_graph_title(rec, window=window),
        lambda rec, window: steal_graph_text(rec, window=window),
    ),
    "loads": _plot("Load of the Ps", "Goroutines made on each P, and goroutines that ran there", LOADS, 20),
    "calls": _plot("System calls", "How long each took, and how long its P stayed", CALLS),
    "preemptions": _plot("Requests to stop", "When, and how long until they were followed", PREEMPTIONS),
    "gantt": _plot("One request, step by step", "Asked, signal handled, left: the longest requests", GANTT),
}  # fmt: skip
