"""A sweep as a panel: Run, Cancel, a progress bar with words, and the figure, its text and the table.

Nothing runs before Run is pressed.  The runs are made in a thread, so the kernel answers other cells meanwhile and
Cancel is heard; what was done before is shown.  Sweeping in the kernel's own thread was rejected: a press of Cancel
would wait behind the sweep.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from functools import partial
from typing import Any

import ipywidgets as w
import traitlets

from gmp_lab.config import Config
from gmp_lab.draw.findings import count
from gmp_lab.draw.sweepplot import Words, sweep_plot, sweep_plot_text
from gmp_lab.errors import ConfigError, Throw, check_choice
from gmp_lab.sweeps import SweepTable, make_plan, sweep
from gmp_lab.sweeps.plan import Measures
from gmp_lab.sweeps.run import DEFAULT
from gmp_lab.widgets import html
from gmp_lab.widgets.page import Page
from gmp_lab.widgets.sweepspec import Job
from gmp_lab.widgets.views import MIN_WIDTH, figure_class
from gmp_lab.workload import Program


class Sweeper(w.VBox):  # type: ignore[misc]  # ipywidgets has no type information
    """A sweep with buttons; its arguments are those of ``sweeps.sweep``, and which axes and measure are drawn.

    ``words`` tell its axes and their values, ``title`` stands above; ``fresh`` is asked at each Run for what all
    runs share, so that a panel's sweep runs with what its controls stand at then.
    ``table`` is the SweepTable of the last sweep, whole or cancelled, None before; it can be observed.
    """

    table = traitlets.Instance(SweepTable, allow_none=True, read_only=True)

    def __init__(  # noqa: PLR0913  # each with a name
        self,
        program: Callable[..., Program],
        axes: Mapping[str, Sequence[Any]],
        seeds: Sequence[int],
        *,
        config: Config | Mapping[str, Any] | None = None,
        arguments: Mapping[str, Any] | None = None,
        measures: Measures = DEFAULT,
        executor: Executor | None = None,
        x: str | None = None,
        by: str | None = None,
        log: bool = False,
        log_y: bool = False,
        words: Words | None = None,
        title: str = "",
        fresh: Callable[[], Job] | None = None,
        theme: str = "light",
    ) -> None:
        """ConfigError, in one sentence, for what no run could have."""
        plan = make_plan(program, axes, seeds, config, arguments, measures)
        self._sweep = partial(
            sweep, program, axes, seeds, config=config, arguments=arguments, measures=measures, executor=executor
        )
        self._fresh, self._title, self._telling = fresh, title, words or Words()
        names = [name for name, _ in plan.axes]
        self._x = check_choice("x", names[0] if x is None else x, tuple(names))
        rest = [name for name in names if name != self._x]
        self._by = rest[0] if by is None and rest else by
        self._log, self._theme, self._name, self._total = log, theme, program.__name__, len(plan)
        self._log_y = log_y
        self._said = ", ".join(self._axis_words(name, values) for name, values in plan.axes)
        self._said += f", {count(len(seeds), 'seed')}"
        self._lock = threading.RLock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._busy = False  # until what the thread has found is told: from then on another sweep may begin
        empty = SweepTable(plan.axes, plan.seeds, plan.measures, ())
        self._plot(empty, plan.measures[0])  # what cannot be drawn is told now
        self._make_parts(plan.measures, empty)
        super().__init__(self._arranged())
        self.add_class("gmp-lab-panel")

    def _make_parts(self, measures: tuple[str, ...], empty: SweepTable) -> None:
        self._shown = empty
        self.run_button = w.Button(description="Run", icon="play", tooltip=f"Make the {self._total:,} runs")
        # neither is ever switched off: a button that has the keyboard's focus would lose it
        self.cancel_button = w.Button(
            description="Cancel", icon="stop", tooltip="Stop after the runs under way; keep the others"
        )
        self.measure = w.Dropdown(description="measure", options=measures, value=measures[0], tooltip="What is drawn")
        self.bar = w.IntProgress(value=0, max=self._total, description="runs", tooltip="How many runs are done")
        self.status, self.alert, self.words, self.numbers = w.HTML(), w.HTML(), w.HTML(), w.HTML()
        self.page = Page()
        self.figure = figure_class()(self._drawn(), self._lock)
        self._status("Nothing has run yet; press Run.")
        self._refresh()
        self.run_button.on_click(lambda _: self.run())
        self.cancel_button.on_click(lambda _: self.cancel())
        self.measure.observe(lambda _: self._refresh(), "value")
        self.page.observe(lambda change: self.use_theme(change["new"]), "theme")
        self.page.observe(lambda change: self.use_width(change["new"]), "width")

    def _axis_words(self, name: str, values: tuple[Any, ...]) -> str:
        """An axis in the head: its name (a label, if it has one) and values, the many ones by their ends."""
        told = [str(self._telling.value(name, value)) for value in values]
        shown = told if len(told) <= 12 else [*told[:3], "...", told[-1]]
        return f"{self._telling.labels.get(name, name)} [{', '.join(shown)}]"

    def _arranged(self) -> tuple[Any, ...]:
        head = w.HTML(html.heading(self._title or f"Sweep of {self._name}", self._said))
        buttons = w.HBox((self.run_button, self.cancel_button, self.bar), layout=w.Layout(flex_flow="row wrap"))
        folded = w.Accordion(
            (self.words, self.numbers), titles=("The figure in words", "All points in a table"), selected_index=None
        )
        return head, buttons, self.status, self.alert, self.measure, self.figure, folded, self.page

    # --- what a cell can ask for ------------------------------------------------------------------------------

    def run(self) -> None:
        """Begin the sweep, in a thread; nothing if one is under way."""
        with self._lock:
            if self._busy:
                self._status("A sweep is under way; Cancel ends it.")
                return
            self.alert.value = ""
            try:
                self._renew()
            except ConfigError as problem:
                self.alert.value = html.alert(str(problem), "Nothing has run.")
                return
            self._stop.clear()
            self._busy = True
            self._thread = threading.Thread(target=self._work, name="sweep", daemon=True)
            self._thread.start()

    def cancel(self) -> None:
        """Stop after the runs that are under way; what is done is shown."""
        if not self._busy:
            self._status("Nothing is running.")
            return
        self._stop.set()
        self._status("Cancelled: the runs under way are finished.")

    def _renew(self) -> None:
        """Take what all runs share as it is now."""
        if self._fresh is not None:
            now = self._fresh()
            self._sweep = partial(
                sweep, now.program, now.axes, now.seeds, config=now.config, arguments=now.arguments,
                measures=now.measures,
            )  # fmt: skip
            self._status(f"Runs with {now.said}." if now.said else "Runs begin.")

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait for the sweep under way; whether it is at its end."""
        thread = self._thread
        if thread is not None:
            thread.join(timeout_s)
        return thread is None or not thread.is_alive()

    # --- in the thread ----------------------------------------------------------------------------------------

    def _work(self) -> None:
        problem = "The sweep ended early: a function of the program or a measure failed; the output says how"
        try:
            table = self._sweep(progress=self._progress, cancel=self._stop)
            with self._lock:
                self._busy = False
                self._show(table)
            problem = ""
        except (ConfigError, Throw) as error:
            problem = str(error)
        finally:  # what else a program raises is shown by Python, and the buttons work again
            with self._lock:
                if problem:
                    self.alert.value = html.alert(problem, "What is shown is from before.")
                    self._busy = False

    def _progress(self, done: int, total: int) -> None:
        step = max(1, total // 100)  # at most a hundred messages to the browser
        if done % step == 0 or done == total:
            self.bar.value = done
            self._status(f"{done:,} of {total:,} runs done")

    def _show(self, table: SweepTable) -> None:
        with self._lock:
            self._shown = table
            self.bar.value = len(table)
            self._refresh()
            self.set_trait("table", table)
            self._status(table.summary())  # last: whoever waits for it finds all else

    # --- what is seen -----------------------------------------------------------------------------------------

    def _plot(self, table: SweepTable, measure: str) -> Any:
        return sweep_plot(
            table, measure, x=self._x, by=self._by, log=self._log, log_y=self._log_y, words=self._telling,
            theme=self._theme,
        )  # fmt: skip

    def _drawn(self) -> Any:
        return self._plot(self._shown, self.measure.value)

    def _refresh(self) -> None:
        with self._lock:
            drawn = self._drawn()
            with self.figure.batch_update():
                for trace, new in zip(self.figure.data, drawn.data, strict=True):
                    trace.update(new, overwrite=True)
                self.figure.layout.update(drawn.layout)
            text = sweep_plot_text(self._shown, self.measure.value, x=self._x, by=self._by, words=self._telling)
            self.words.value = html.text(pre=text, label="The figure in words")
            self.numbers.value = f'<div class="gmp-lab">{self._shown.table().html()}</div>'

    def use_theme(self, theme: str) -> None:
        """Draw in the colours of a theme, "light" or "dark"."""
        self._theme = theme
        self._refresh()

    def use_width(self, pixels: int) -> None:
        """Make the figure as wide as that, but as wide as MIN_WIDTH at least."""
        self.figure.layout.width = max(MIN_WIDTH, pixels)

    def _status(self, sentence: str) -> None:
        self.status.value = html.text_line(sentence)

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        """What a stored notebook keeps: words before a run, the table after one."""
        bundle: dict[str, Any] = super()._repr_mimebundle_(**kwargs)
        shown = html.text_line(repr(self)) if self.table is None else self.table.table().html()
        return {**bundle, "text/plain": repr(self), "text/html": shown}

    def __repr__(self) -> str:
        return f"Sweeper({self._name}: {self._said})"
