"""Step, play, scrub: a run event by event, with the stage at that instant and the sentence that explains it.

One number is the truth: the slider's, which counts events from 1, as the stage does.  The buttons, the player and a
new run only move it, and everything that is shown follows from it.  The player counts ticks in the browser; each tick
that arrives here is one step to the next event that the student wants to stop at.  (Linking the player's value to the
slider's, as manuals do, can only play *every* event, and most of them are the scheduler's small change.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import Any, Final

import ipywidgets as w

from gmp_lab import vocabulary as v
from gmp_lab.draw import stage_html
from gmp_lab.recording import Recording

STOPS: Final[dict[str, frozenset[int]]] = {
    "every event": frozenset(v.KIND_NAMES),
    "a goroutine starts to run": frozenset({v.E_EXECUTE}),
    "work is stolen": frozenset({v.E_STEAL}),
    "the global queue is used": frozenset({v.E_GLOB_GET, v.E_OVERFLOW}),
    "a system call begins or ends": frozenset({v.E_SYSCALL, v.E_SYSEXIT}),
    "a P changes hands": frozenset({v.E_RETAKE, v.E_HANDOFF, v.E_ACQUIRE_P, v.E_RELEASE_P}),
    "a thread starts, wakes or parks": frozenset({v.E_M_NEW, v.E_M_START, v.E_M_WAKE, v.E_M_PARK}),
    "a P is handed off": frozenset({v.E_HANDOFF}),
    "a goroutine is preempted": frozenset({v.E_PREEMPT, v.E_SIGNAL}),
    "the collector changes its phase": frozenset({v.E_GC_CYCLE, v.E_GC_PHASE}),
    "the world is stopped or started": frozenset({v.E_STW_STOP, v.E_STW_STOPPED, v.E_STW_START}),
    "a stack grows or shrinks": frozenset({v.E_STACK_GROW, v.E_STACK_SHRINK, v.E_STACK_SEGMENT}),
}
THIS_G: Final = "the goroutine below does something"
_TICKS: Final = 1_000_000


def next_stop(rec: Recording, i: int, step: int, kinds: frozenset[int], g: int = 0) -> int | None:
    """The first event of one of the kinds, and of goroutine g if not 0, after (step 1) or before (-1) event i."""
    where: Iterable[int] = range(i + 1, len(rec)) if step > 0 else range(i - 1, -1, -1)
    kind, who = rec.kind, rec.g
    return next((k for k in where if kind[k] in kinds and (not g or who[k] == g)), None)


class Stepper:
    """The controls and the stage; ``moved(recording, event)`` is called whenever another event is shown.

    ``goroutine()`` tells which one is looked at (0: none), for the steps to its own events.
    ``lock`` is the panel's: messages of the browser may come in another thread than a cell's calls.
    """

    def __init__(
        self,
        moved: Callable[[Recording, int], None],
        lock: AbstractContextManager[Any],
        goroutine: Callable[[], int] = lambda: 0,
    ) -> None:
        self._moved = moved
        self._lock = lock
        self._goroutine = goroutine
        self.recording: Recording | None = None
        self._home = 0
        self._loading = False
        self.theme = "light"
        self.slider = w.IntSlider(
            1, 1, 1, description="event", continuous_update=True, style={"description_width": "initial"},
            layout=w.Layout(width="99%"), tooltip="Drag, or use the arrow keys: the state right after this event",
        )  # fmt: skip
        self.first = _button("First", "fast-backward", "Go to the start of the run")
        self.back = _button("Step back", "step-backward", "Go to the previous event that you want to stop at")
        self.forward = _button("Step forward", "step-forward", "Go to the next event that you want to stop at")
        self.play = w.Play(
            min=0, max=_TICKS, interval=600, show_repeat=False, tooltip="Step forward every 0.6 s",
            layout=w.Layout(width="auto"),
        )  # fmt: skip
        self.stops = w.Dropdown(
            options=[*STOPS, THIS_G], description="stop when", style={"description_width": "initial"},
            tooltip="Which events the buttons and the player stop at", layout=w.Layout(width="300px"),
        )  # fmt: skip
        self.stage = w.HTML(layout=w.Layout(width="auto"))
        self.note = w.HTML()
        buttons = (self.first, self.back, self.forward, self.play, self.stops, self.note)
        self.bar = w.Box(buttons, layout=w.Layout(flex_flow="row wrap", align_items="center"))
        self.box = w.VBox((self.bar, self.slider, self.stage))
        self._connect()

    def _connect(self) -> None:
        self.slider.observe(lambda _: self._show(), "value")
        self.first.on_click(lambda _: self.go(self._home))
        self.back.on_click(lambda _: self.step(-1))
        self.forward.on_click(lambda _: self.step(1))
        self.play.observe(self._tick, "value")

    @property
    def event(self) -> int:
        """Index of the event after which the stage is shown."""
        return int(self.slider.value) - 1

    def load(self, rec: Recording) -> None:
        """Take another run: at the same simulated time, or at the start if the student has not moved from there."""
        old, i = self.recording, self.event
        at_home = old is None or i == self._home
        t_ns = 0 if old is None else old.t[i]
        self.recording, self._home = rec, next_stop(rec, -1, 1, STOPS["a goroutine starts to run"]) or 0
        i = self._home if at_home else max(0, rec.index_at(t_ns) - 1)
        self._loading = True
        with self.slider.hold_sync():  # one message; a smaller maximum first pulls the value down, then it is set
            self.slider.max = len(rec)
            self.slider.value = i + 1
        self._loading = False
        self._show()

    def go(self, i: int) -> None:
        """Show the stage after event i."""
        self.slider.value = i + 1

    def step(self, by: int) -> None:
        """Go to the next (by 1) or previous (by -1) event that the student wants to stop at."""
        if self.recording is None:
            return
        mine = self._goroutine() if self.stops.value == THIS_G else 0
        if self.stops.value == THIS_G and not mine:
            self.note.value = "first choose a goroutine below"
            return
        kinds = STOPS["every event"] if mine else STOPS[self.stops.value]
        i = next_stop(self.recording, self.event, by, kinds, mine)
        if i is None:
            self.play.playing = False
            self.note.value = f"no {'later' if by > 0 else 'earlier'} event of this kind"
            return
        self.go(i)

    def use_theme(self, theme: str) -> None:
        """Draw the stage in the colours of a theme."""
        self.theme = theme
        self._show()

    def _tick(self, change: dict[str, Any]) -> None:
        if change["new"] > change["old"]:
            self.step(1)
        elif change["new"] == 0:  # the player's stop button
            self.go(self._home)

    def _show(self) -> None:
        with self._lock:
            rec = self.recording
            if rec is None or self._loading:
                return
            self.note.value = ""
            self.stage.value = stage_html(rec, self.event, theme=self.theme)
            self._moved(rec, self.event)


def _button(words: str, icon: str, tooltip: str) -> w.Button:
    return w.Button(description=words, icon=icon, tooltip=tooltip, layout=w.Layout(width="auto"))
