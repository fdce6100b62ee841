"""The lab panel: controls, figure, figures in a table, the run step by step, and the code that repeats it.

``Lab(spec)`` is built once from a declaration and then only changed in place.  A control that is moved makes values,
values make a Config and a Program, ``simulate`` makes a Recording of them, and everything shown follows from the
Recording.  Nothing is printed and no Output widget is used, so nothing can pile up and a stored notebook stays small.

Fast moves.  The browser keeps at most one message of a widget on its way: while the kernel is busy it merges further
moves of the slider and sends only the last one, so no queue of stale runs can build up and no timer is needed here
(the browser test holds a key down and counts the runs).  A reset or ``set`` moves many controls and makes one run.

Threads.  JupyterLab delivers widget messages in a thread of their own (a kernel "subshell") while cells run in the
main one, so an update takes a lock, and ``config``, ``program`` and ``recording`` change together at its end.

Errors.  What cannot be run is told in one sentence; the figure, the table and the three values stay those of the last
run that worked.
"""

from __future__ import annotations

import threading
import time
from typing import Any

import ipywidgets as w
import traitlets

from gmp_lab.config import Config
from gmp_lab.errors import ConfigError, Throw
from gmp_lab.metrics import rows_of, spans, summary
from gmp_lab.recording import Recording
from gmp_lab.simulate import simulate
from gmp_lab.widgets import html
from gmp_lab.widgets.control import Value, Values
from gmp_lab.widgets.controls import make_control
from gmp_lab.widgets.page import Page
from gmp_lab.widgets.spec import LabSpec
from gmp_lab.widgets.stepper import Stepper
from gmp_lab.widgets.texts import Texts
from gmp_lab.widgets.views import Views
from gmp_lab.workload import Program


class Lab(w.VBox):  # type: ignore[misc]  # ipywidgets has no type information
    """A chapter's panel; make it the last expression of a cell.

    ``config``, ``program``, ``recording``   of the run that is shown (``simulate(lab.config, lab.program)`` equals
                                             it); None before the first run that worked
    ``values``                               what the controls stand at, by name
    ``controls``                             the widgets, by name
    ``code``                                 Python code that makes the same run
    ``runs``                                 how many runs the panel has shown
    They can be observed, as traits can: ``lab.observe(f, "recording")``.
    """

    config = traitlets.Instance(Config, allow_none=True, read_only=True)
    program = traitlets.Instance(Program, allow_none=True, read_only=True)
    recording = traitlets.Instance(Recording, allow_none=True, read_only=True)
    runs = traitlets.Int(0, read_only=True)

    def __init__(self, spec: LabSpec) -> None:
        self.spec = spec
        self._lock = threading.RLock()
        self._held = False
        self._shown = spec.defaults()
        width = max(len(control.words()) for control in spec.controls)
        self.controls: dict[str, Any] = {c.name: make_control(c, width) for c in spec.controls}
        self.views = Views(spec.views, self._lock)
        self.texts = Texts()
        self.stepper = Stepper(self._moved, self._lock)
        self.page = Page()
        self.reset_button = w.Button(description="Reset", icon="undo", tooltip="Put every control back to its start")
        self.code_button = w.Button(
            description="Copy as code", icon="copy", tooltip="Show and copy the code that makes this run"
        )
        self.alert, self.status, self.table = w.HTML(), w.HTML(), w.HTML()
        self.code_area = w.Textarea(description="code", rows=10, layout=w.Layout(width="99%", display="none"))
        self.code_note = w.HTML()
        super().__init__(self._arranged())
        self.add_class("gmp-lab-panel")
        self._connect()
        self._update()

    def _arranged(self) -> tuple[Any, ...]:
        """The children, in the order of the tab key: top to bottom, left to right."""
        buttons = w.HBox((self.reset_button, self.code_button, self.code_note), layout=w.Layout(align_items="center"))
        left = w.VBox((*self.controls.values(), buttons), layout=w.Layout(flex="1 1 420px", min_width="320px"))
        right = w.Box((self.table,), layout=w.Layout(flex="0 1 auto", padding="0 0 0 16px"))
        top = w.Box((left, right), layout=w.Layout(flex_flow="row wrap", width="100%"))
        head = w.HTML(html.heading(self.spec.title, self.spec.about))
        return (
            head, top, self.code_area, self.alert, self.status, self.views.bar, self.views.box, self.stepper.box,
            self.texts.box, self.page,
        )  # fmt: skip

    def _connect(self) -> None:
        for widget in self.controls.values():
            widget.observe(lambda _: self._update(), "value")
        self.reset_button.on_click(lambda _: self.reset())
        self.code_button.on_click(lambda _: self._copy())
        self.page.observe(lambda change: self._use_theme(change["new"]), "theme")
        self.page.observe(lambda change: self._use_width(change["new"]), "width")
        self.page.observe(lambda _: self._settle(), "drawn")
        self.page.on_copied(self._copied)

    # --- what a cell can ask for ------------------------------------------------------------------------------

    @property
    def values(self) -> Values:
        """What the controls stand at, by name."""
        return {name: widget.value for name, widget in self.controls.items()}

    @property
    def code(self) -> str:
        """Python code that makes the run that is shown."""
        return self.spec.code(self._shown)

    def set(self, **values: Value) -> None:
        """Move controls by name, with one run at the end; ConfigError, and nothing moved, for a bad name or value."""
        with self._lock:
            checked = self.spec.check({**self.values, **values})
            self._held = True
            try:
                for name, value in checked.items():
                    self.controls[name].value = value
            finally:
                self._held = False
            self._update()

    def reset(self) -> None:
        """Put every control back to its default."""
        self.set(**self.spec.defaults())

    # --- one update -------------------------------------------------------------------------------------------

    def _update(self) -> None:
        with self._lock:
            if self._held:
                return
            began, values = time.perf_counter(), self.values
            try:
                config, program = self.spec.make(values)
                recording = simulate(config, program)
            except (ConfigError, Throw) as error:
                self._refuse(error)
                return
            self._show(values, recording)
            self._publish(config, program, recording)
            self.status.value = html.status(recording, time.perf_counter() - began)

    def _show(self, values: Values, recording: Recording) -> None:
        self._shown = values
        self.alert.value = ""
        p_stays = spans(recording)  # once, for the figure and for the table
        self.views.show(recording, p_stays)
        self.stepper.load(recording)
        rows = {row[0]: row for row in rows_of(summary(recording, p_stays=p_stays))}
        self.table.value = html.table("This run", [rows[name] for name in self.spec.figures])
        if self.code_area.layout.display != "none":
            self.code_area.value = self.code
        self.code_note.value = ""

    def _publish(self, config: Config, program: Program, recording: Recording) -> None:
        with self.hold_trait_notifications():
            self.set_trait("config", config)
            self.set_trait("program", program)
            self.set_trait("recording", recording)
            self.set_trait("runs", self.runs + 1)

    def _refuse(self, error: ConfigError | Throw) -> None:
        shown = "The figures below are still those of the last run that worked." if self.runs else ""
        self.alert.value = html.alert(str(error), shown)

    def _moved(self, rec: Recording, event: int) -> None:
        """Another event is on the stage."""
        self.views.mark(rec.t[event])
        self.texts.show(rec, event)

    def _use_theme(self, theme: str) -> None:
        with self._lock:
            self.views.use_theme(theme)
            self.stepper.use_theme(theme)

    def _use_width(self, pixels: int) -> None:
        with self._lock:
            self.views.use_width(pixels)

    def _settle(self) -> None:
        with self._lock:
            self.views.settle()

    # --- copy as code -----------------------------------------------------------------------------------------

    def _copy(self) -> None:
        with self._lock:
            self.code_area.value = self.code
            self.code_area.layout.display = ""
            self.page.copy(self.code)

    def _copied(self, done: bool) -> None:
        self.code_note.value = "copied" if done else "the browser did not allow copying: mark the text and copy it"

    def __repr__(self) -> str:
        """Short and without measured times, as a stored notebook compares it."""
        return f"Lab({self.spec.name!r}: {', '.join(f'{k}={v!r}' for k, v in self.values.items())})"
