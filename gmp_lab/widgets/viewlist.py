"""The views that a panel can have: figures that plotly changes in place, and sheets (pictures and tables as HTML)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import plotly.graph_objects as go

from gmp_lab.draw import (
    CALLS,
    CPU,
    HEAP,
    LATENCIES,
    PREEMPTIONS,
    SOURCES,
    STACKS,
    STEALS,
    THREADS,
    THROTTLING,
    Plot,
    apply_queue_depth,
    apply_timeline,
    latency_table,
    queue_depth,
    state_chart_svg,
    state_chart_text,
    steal_table,
    switch_table,
    timeline,
)
from gmp_lab.metrics import Spans
from gmp_lab.recording import Recording
from gmp_lab.widgets import html

if TYPE_CHECKING:
    from gmp_lab.widgets.figure import Figure

Window = tuple[int, int]


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


class Sheet(NamedTuple):
    """Words for the button, and what makes the HTML of a run, a window (ns; None: all of it) and a theme."""

    words: str
    tooltip: str
    html: Callable[[Recording, Window | None, str], str]


def _to_timeline(figure: Figure, rec: Recording, p_stays: Spans | None) -> None:
    apply_timeline(figure, rec, stays=p_stays)


def _to_rows(rows: str) -> Callable[[Figure, Recording, Spans | None], None]:
    def apply(figure: Figure, rec: Recording, _p_stays: Spans | None) -> None:
        apply_timeline(figure, rec, rows=rows)

    return apply


def _plain(apply: Callable[..., Any]) -> Callable[[Figure, Recording, Spans | None], None]:
    """A view that needs nothing but the run."""

    def to(figure: Figure, rec: Recording, _p_stays: Spans | None) -> None:
        apply(figure, rec)

    return to


def _plot(words: str, tooltip: str, plot: Plot, per_p: int = 0) -> View:
    return View(words, tooltip, plot.figure, _plain(plot.apply), 420, per_p)


def _states(of: str, rec: Recording, window: Window | None, theme: str) -> str:
    return html.sheet(state_chart_svg(rec, of=of, window=window, theme=theme)) + html.text(
        pre=state_chart_text(rec, of=of, window=window), label="The states in words"
    )


def _switches(rec: Recording, window: Window | None, _theme: str) -> str:
    return html.sheet(switch_table(rec, window).html(), latency_table(rec, window).html())


def _steals(rec: Recording, window: Window | None, _theme: str) -> str:
    return html.sheet(steal_table(rec, window).html())


VIEWS: Final[dict[str, View | Sheet]] = {
    "timeline": View("Timeline of the Ps", "What each P did, when", timeline, _to_timeline, 180, 26),
    "threads": View(
        "Timeline of the threads", "What each M did, when", partial(timeline, rows="M"), _to_rows("M"), 300, 20
    ),
    "goroutines": View(
        "Timeline of the goroutines",
        "What each of the first hundred goroutines did, when",
        partial(timeline, rows="G"),
        _to_rows("G"),
        480,
        0,
    ),
    "queues": View(
        "Queue depths", "How long global queue and rings were", queue_depth, _plain(apply_queue_depth), 380, 10
    ),
    "states_g": Sheet("States of goroutines", "States and changes, with counts and times", partial(_states, "G")),
    "states_p": Sheet("States of Ps", "States and changes, with counts and times", partial(_states, "P")),
    "states_m": Sheet("States of threads", "States and changes, with counts and times", partial(_states, "M")),
    "switches": Sheet(
        "Why they stopped", "Reasons for which goroutines gave up a P, and how long they waited", _switches
    ),
    "steals": Sheet("Who stole from whom", "A table of thieves and victims", _steals),
    "thread_states": _plot("Threads by state", "How many threads were in which state, over time", THREADS),
    "cpu": _plot("Time of the Ps", "Program, mark workers, assists, scheduling, idle, over time", CPU),
    "heap": _plot("Heap", "Heap in use, goal, cycles and stops of the world", HEAP),
    "stacks": _plot("Stacks", "How large the stacks were, and when they were copied", STACKS),
    "throttling": _plot("CPU time of the group", "Cores in use and throttled, and the periods", THROTTLING),
    "latencies": _plot("Latencies", "How long goroutines were runnable before they ran", LATENCIES),
    "sources": _plot("Taken from where", "From which queue each P took its goroutines", SOURCES, 14),
    "steal_map": _plot("Steals", "Who stole from whom, and how long each P computed", STEALS, 14),
    "calls": _plot("System calls", "How long each took, and how long its P stayed", CALLS),
    "preemptions": _plot("Requests to stop", "When, and how long until they were followed", PREEMPTIONS),
}
