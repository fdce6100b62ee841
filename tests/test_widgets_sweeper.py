"""The Sweeper without a browser: nothing before Run, a thread of its own, Cancel keeps what was done."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from typing import Any

import pytest
import sweep_programs as programs

import gmp_lab.widgets.sweeper as sweeper_module
from gmp_lab import ConfigError
from gmp_lab.sweeps import sweep
from gmp_lab.widgets import Sweeper

BURSTS = {"program.burst_us": (5, 6, 7, 8)}
SEEDS = (1, 2)
ENOUGH_S = 60


class Held(Executor):
    """Runs the first pieces at once and keeps the others until ``go`` is called."""

    def __init__(self, at_once: int) -> None:
        self.at_once = at_once
        self.kept: list[tuple[Future[Any], Callable[[], Any]]] = []
        self.all_sent = threading.Event()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        if self.at_once:
            self.at_once -= 1
            future.set_result(fn(*args, **kwargs))
        else:
            self.kept.append((future, lambda: fn(*args, **kwargs)))
        if len(self.kept) == 5:
            self.all_sent.set()
        return future

    def go(self) -> None:
        """Do what was kept."""
        for future, work in self.kept:
            if future.set_running_or_notify_cancel():
                future.set_result(work())


@pytest.fixture
def panel() -> Iterator[Sweeper]:
    made = Sweeper(programs.one_burst, BURSTS, SEEDS, measures=("time", "executes"))
    yield made
    made.cancel()
    assert made.wait(ENOUGH_S)


def test_nothing_runs_before_run_is_pressed(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[object] = []
    monkeypatch.setattr(sweeper_module, "sweep", lambda *args, **named: ran.append(args))
    panel = Sweeper(programs.one_burst, BURSTS, SEEDS)
    assert (ran, panel.table, panel.figure.layout.title.text) == ([], None, "time: no run yet")
    assert "press Run" in panel.status.value


def test_run_gives_the_table_of_a_direct_sweep_and_shows_it(panel: Sweeper) -> None:
    panel.run_button.click()
    assert panel.wait(ENOUGH_S)
    expected = sweep(programs.one_burst, BURSTS, SEEDS, measures=("time", "executes"))
    assert panel.table == expected
    assert tuple(panel.figure.data[1].y) == tuple(p.mean for p in expected.points("time"))
    assert "8 of 8 runs" in panel.status.value and panel.bar.value == panel.bar.max == 8
    assert "time: " in panel.words.value and "Sweep: 8 of 8 runs" in panel.numbers.value


def test_another_measure_is_drawn_without_running_again(panel: Sweeper) -> None:
    panel.run()
    panel.wait(ENOUGH_S)
    table = panel.table
    panel.measure.value = "executes"
    assert tuple(panel.figure.data[1].y) == tuple(p.mean for p in table.points("executes"))
    assert panel.table is table and "executes" in panel.figure.layout.title.text


def test_while_it_runs_the_caller_goes_on_and_cancel_keeps_what_was_done() -> None:
    executor = Held(at_once=3)
    panel = Sweeper(programs.one_burst, BURSTS, SEEDS, executor=executor)
    panel.run_button.click()
    assert executor.all_sent.wait(ENOUGH_S)
    assert panel.table is None
    panel.run_button.click()  # a second press does nothing
    assert "A sweep is under way" in panel.status.value
    panel.cancel_button.click()
    assert panel.wait(ENOUGH_S)
    assert panel.table.runs == sweep(programs.one_burst, BURSTS, SEEDS).runs[:3]
    assert "cancelled: 5 runs missing at 3 points" in panel.status.value
    assert len(panel.figure.data[1].x) == 2 and len(executor.kept) == 5


def test_after_a_cancelled_sweep_a_whole_one_can_run() -> None:
    executor = Held(at_once=3)
    panel = Sweeper(programs.one_burst, BURSTS, SEEDS, executor=executor)
    panel.run()
    assert executor.all_sent.wait(ENOUGH_S)
    panel.cancel()
    assert panel.wait(ENOUGH_S)
    executor.at_once = 8
    panel.run()
    assert panel.wait(ENOUGH_S)
    assert len(panel.table) == 8


def test_a_point_that_fails_is_told_and_the_others_are_shown() -> None:
    panel = Sweeper(programs.breaks, BURSTS, SEEDS)
    panel.run()
    assert panel.wait(ENOUGH_S)
    assert "2 failed (casgstatus: bad incoming values)" in panel.status.value
    assert tuple(panel.figure.data[1].x) == (5, 6, 8)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")  # the mistake, which is shown
def test_a_mistake_in_a_program_leaves_a_panel_that_works() -> None:
    panel = Sweeper(programs.one_burst, BURSTS, SEEDS, executor=programs.Chosen(_mistaken))
    panel.run()
    assert panel.wait(ENOUGH_S)
    assert "ended early" in panel.alert.value and panel.table is None


def _mistaken(_n: int, future: Future[Any]) -> bool:
    future.set_exception(ZeroDivisionError("a mistake"))
    return True


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"axes": {"gomaxprocs": (1,)}}, "axes = 'gomaxprocs'"),
        ({"seeds": ()}, "seeds = ()"),
        ({"x": "speed"}, "x = 'speed'"),
        ({"axes": {"program.burst_us": tuple(range(20, 27)), "config.gomaxprocs": (1,)}, "by": "program.burst_us",
          "x": "config.gomaxprocs"}, "at most 6 values"),
        ({"axes": {"config.go": ("1.0", "1.27")}, "log": True}, "log = True"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_in_one_sentence(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        Sweeper(**{"program": programs.one_burst, "axes": BURSTS, "seeds": SEEDS, **change})
    assert said in str(refused.value)


def test_the_page_s_theme_is_followed(panel: Sweeper) -> None:
    light = panel.figure.layout.paper_bgcolor
    panel.page.theme = "dark"
    assert panel.figure.layout.paper_bgcolor != light


def test_its_text_is_the_same_before_and_after_a_run(panel: Sweeper) -> None:
    before = repr(panel)
    panel.run()
    panel.wait(ENOUGH_S)
    assert before == repr(panel) == "Sweeper(one_burst: program.burst_us [5, 6, 7, 8], 2 seeds)"


def test_cancel_without_a_sweep_says_so_and_both_buttons_stay_where_the_focus_can_be(panel: Sweeper) -> None:
    panel.cancel_button.click()
    assert "Nothing is running" in panel.status.value
    panel.run()
    panel.wait(ENOUGH_S)
    assert len(panel.table) == 8 and not (panel.run_button.disabled or panel.cancel_button.disabled)


def test_buttons_and_bar_have_names_and_tooltips(panel: Sweeper) -> None:
    named = (panel.run_button, panel.cancel_button, panel.measure, panel.bar)
    assert all(widget.description and widget.tooltip for widget in named)
