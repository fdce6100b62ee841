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
from gmp_lab.metrics import Spans, check_window, spans
from gmp_lab.recording import Recording
from gmp_lab.simulate import simulate
from gmp_lab.widgets import html
from gmp_lab.widgets.buttons import Buttons
from gmp_lab.widgets.control import Value, Values
from gmp_lab.widgets.controls import make_control
from gmp_lab.widgets.export import exported
from gmp_lab.widgets.page import Page
from gmp_lab.widgets.pinned import Pinned
from gmp_lab.widgets.spec import LabSpec
from gmp_lab.widgets.stepper import Stepper
from gmp_lab.widgets.stored import stored_html, stored_text, value_words
from gmp_lab.widgets.sweepbox import SweepBox
from gmp_lab.widgets.texts import Texts
from gmp_lab.widgets.viewlist import Window
from gmp_lab.widgets.views import Views
from gmp_lab.widgets.window import LifeBox, WindowBar
from gmp_lab.workload import Program


class Lab(w.VBox):  # type: ignore[misc]  # ipywidgets has no type information
    """A chapter's panel; make it the last expression of a cell.

    ``config``, ``program``, ``recording``   of the run that is shown (``simulate(lab.config, lab.program)`` equals
                                             it); None before the first run that worked
    ``values``                               what the controls stand at, by name
    ``controls``                             the widgets, by name
    ``code``                                 Python code that makes the same run
    ``runs``                                 how many runs the panel has shown
    ``pinned``                               the run that is kept as A, None if there is none
    ``window``                               the part of the run that is looked at: (start, end) in ns, None: all
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
        self.life = LifeBox(self._lock)
        self.views = Views(spec.views, self._lock, self._looked, self.life.pick)
        self.pin_box = Pinned(spec.views, self._lock, self._looked_at_pinned)
        self.window_bar = WindowBar(self.look_at, self._lock)
        self.texts = Texts()
        self.sweep_box = SweepBox(spec, lambda: self.shown_values)
        self.stepper = Stepper(self._moved, self._lock, lambda: self.life.goroutine)
        self.page = Page()
        self.buttons = Buttons()
        self.alert, self.status, self.table = w.HTML(), w.HTML(), w.HTML()
        self.code_area = w.Textarea(description="code", rows=10, layout=w.Layout(width="99%", display="none"))
        super().__init__(self._arranged())
        self.add_class("gmp-lab-panel")
        self._connect()
        self._update()

    def _arranged(self) -> tuple[Any, ...]:
        """The children, in the order of the tab key: top to bottom, left to right."""
        wide = w.Layout(flex="1 1 420px", min_width="320px")
        left = w.VBox((*self.controls.values(), self.buttons.box), layout=wide)
        right = w.Box((self.table,), layout=w.Layout(flex="0 1 auto", padding="0 0 0 16px"))
        top = w.Box((left, right), layout=w.Layout(flex_flow="row wrap", width="100%"))
        head = w.HTML(html.heading(self.spec.title, self.spec.about))
        return (
            head, top, self.buttons.help, self.code_area, self.alert, self.status, self.views.bar, self.pin_box.box,
            self.views.box, self.window_bar.box, self.stepper.box, self.life.box, self.texts.box, self.sweep_box.box,
            self.page,
        )  # fmt: skip

    def _connect(self) -> None:
        for widget in self.controls.values():
            widget.observe(lambda _: self._update(), "value")
        self.buttons.reset.on_click(lambda _: self.reset())
        self.buttons.code.on_click(lambda _: self._copy())
        self.buttons.pin.on_click(lambda _: self._pin_or_unpin())
        self.buttons.export.on_click(lambda _: self._export())
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
    def shown_values(self) -> Values:
        """What the controls stood at for the run that is shown."""
        return dict(self._shown)

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

    @property
    def pinned(self) -> Recording | None:
        """The run that is kept as A, None if there is none."""
        return self.pin_box.rec

    @property
    def window(self) -> Window | None:
        """The part of the run that is looked at: (start, end) in ns; None: all of it."""
        return self.views.window

    def pin(self, recording: Recording | None = None, name: str = "") -> None:
        """Keep a run as A, to compare later ones (B) with it: this panel's, or any Recording (a real trace)."""
        with self._lock:
            kept = self.recording if recording is None else recording
            if not isinstance(kept, Recording):
                raise ConfigError("recording", recording, "a Recording, or None for the run that is shown")
            own = ", ".join(f"{c.label} {value_words(c, self._shown[c.name])}" for c in self.spec.controls)
            self.pin_box.pin(kept, name or (own if recording is None else f"{kept.program}, Go {kept.config.go}"))
            self.buttons.pin.description = "Unpin"
            self._follow()

    def unpin(self) -> None:
        """Forget A."""
        with self._lock:
            self.pin_box.unpin()
            self.views.reach_ns = 0
            self.buttons.pin.description = "Pin"
            self._follow()

    def look_at(self, window: Window | None) -> None:
        """Look at a part of the run, (start, end) in ns, everywhere: figures, table, life; None: at all of it."""
        with self._lock:
            runs = [rec for rec in (self.recording, self.pinned) if rec is not None]
            if window is not None and runs:
                window = check_window(max(runs, key=lambda rec: rec.end_ns), *window)
            self.views.look_at(window)
            self._follow()

    def export(self, form: str = "Perfetto trace") -> str:
        """The run that is shown, as text in one of the formats of the list; ConfigError for another."""
        if self.recording is None:
            raise ConfigError("recording", None, "a run that worked")
        return exported(self.recording, form, self.spec.name)[2]

    # --- one update -------------------------------------------------------------------------------------------

    def _update(self) -> None:
        with self._lock:
            if self._held:
                return
            problem = "This run could not be shown: the program or a figure failed, and the output says how"
            before = self._shown
            try:
                self._run(self.values)
                problem = ""
            except (ConfigError, Throw) as error:
                problem = str(error)
            finally:  # what else a program raises is shown by Python
                if problem:
                    self._shown = before
                    self._refuse(problem)

    def _run(self, values: Values) -> None:
        began = time.perf_counter()
        config, program = self.spec.make(values)
        recording = simulate(config, program)
        self._show(values, recording)
        self._publish(config, program, recording)
        self.status.value = html.status(recording, time.perf_counter() - began)

    def _show(self, values: Values, recording: Recording) -> None:
        self._shown = values
        self.alert.value = ""
        p_stays = spans(recording)  # once, for the figure and for the table
        if self.pinned is not None:
            self.views.reach_ns = self.pinned.end_ns
        self.views.show(recording, p_stays)
        self._accompany(recording, p_stays)
        self.pin_box.compare(recording)
        self.stepper.load(recording)
        if self.code_area.layout.display != "none":
            self.code_area.value = self.code
        self.buttons.note.value = ""

    def _accompany(self, rec: Recording, p_stays: Spans | None = None) -> None:
        """Let table, slider, life and the pinned run follow the part of the run that is looked at."""
        window = self.views.window
        inside = None if window is None or window[0] >= rec.end_ns else (window[0], min(window[1], rec.end_ns))
        self.table.value = html.figures(rec, self.pinned, self.spec.figures, window, p_stays)
        self.window_bar.show(self.views.whole()[1], window)
        self.life.show(rec, inside)
        self.pin_box.show(self.views.bar.value, window, rec)
        self.texts.look(rec, self.views.bar.value, inside)

    def _follow(self) -> None:
        """Everything after another part of the run, or another pinned run."""
        rec = self.recording
        if rec is None:
            return
        self.views.reach_ns = self.pinned.end_ns if self.pinned is not None else 0
        self.views.look_at(self.views.window)
        self._accompany(rec)
        self.pin_box.compare(rec)

    def _looked(self) -> None:
        """The reader has zoomed in the figure, or chosen another view."""
        with self._lock:
            if self.recording is not None:
                self._accompany(self.recording)

    def _looked_at_pinned(self) -> None:
        """The reader has zoomed in the pinned figure: the other one follows."""
        with self._lock:
            views = self.pin_box.views
            if views is not None and views.window != self.views.window:
                self.views.look_at(views.window)
                self._looked()

    def _publish(self, config: Config, program: Program, recording: Recording) -> None:
        with self.hold_trait_notifications():
            self.set_trait("config", config)
            self.set_trait("program", program)
            self.set_trait("recording", recording)
            self.set_trait("runs", self.runs + 1)

    def _refuse(self, problem: str) -> None:
        shown = "The figures below are still those of the last run that worked." if self.runs else ""
        self.alert.value = html.alert(problem, shown)

    def _moved(self, rec: Recording, event: int) -> None:
        """Another event is on the stage."""
        self.views.mark(rec.t[event])
        self.texts.show(rec, event)

    def _use_theme(self, theme: str) -> None:
        with self._lock:
            for part in (self.views, self.pin_box, self.stepper, self.life, self.sweep_box):
                part.use_theme(theme)

    def _use_width(self, pixels: int) -> None:
        with self._lock:
            self.views.use_width(pixels)
            self.pin_box.use_width(pixels)
            self.sweep_box.use_width(pixels)

    def _settle(self) -> None:
        with self._lock:
            self.views.settle()

    # --- buttons -----------------------------------------------------------------------------------------

    def _copy(self) -> None:
        with self._lock:
            self.code_area.value = self.code
            self.code_area.layout.display = ""
            self.page.copy(self.code)

    def _copied(self, done: bool) -> None:
        self.buttons.note.value = "copied" if done else "the browser did not allow copying: mark the text and copy it"

    def _pin_or_unpin(self) -> None:
        if self.pinned is None and self.recording is not None:
            self.pin()
        else:
            self.unpin()

    def _export(self) -> None:
        with self._lock:
            if self.recording is None:
                return
            name, kind, text = exported(self.recording, self.buttons.format.value, self.spec.name)
            self.page.save(name, kind, text)
            self.buttons.note.value = f"saved as {name}"

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        """The widget, and beside it what a stored notebook keeps: what it shows, as HTML and as text."""
        with self._lock:
            bundle: dict[str, Any] = super()._repr_mimebundle_(**kwargs) or {}
            return {**bundle, "text/plain": stored_text(self), "text/html": stored_html(self)}

    def __repr__(self) -> str:
        """Short and without measured times, as a stored notebook compares it."""
        return f"Lab({self.spec.name!r}: {', '.join(f'{k}={v!r}' for k, v in self.values.items())})"
