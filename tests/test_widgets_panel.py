"""The lab panel without a browser: every control, bad input, reset, code, themes; each against a direct run."""

from __future__ import annotations

import re
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from panel_checks import MAKERS, expected, picture, plain, shows, status_of

import gmp_lab.widgets.panel as panel_module
from gmp_lab import Config, ConfigError, Program, Recording, Throw, simulate, work
from gmp_lab.draw import apply_timeline
from gmp_lab.draw.palette import PAGES
from gmp_lab.widgets import LABS, Control, Lab, lab
from gmp_lab.widgets.chapter_controls import GOROUTINES, SEED
from gmp_lab.widgets.texts import PARTS
from gmp_lab.widgets.viewlist import VIEWS

SPEC = LABS["01-gmp-model"]


@pytest.fixture
def panel() -> Lab:
    return lab("01")


# --- moving controls ------------------------------------------------------------------------------------------


def test_a_new_panel_shows_the_run_of_the_defaults(panel: Lab) -> None:
    assert shows(panel, expected(SPEC, {}))


@pytest.mark.parametrize("control", SPEC.controls, ids=lambda control: control.name)
def test_a_moved_control_shows_what_a_direct_simulation_gives(panel: Lab, control: Control) -> None:
    for value in (control.high, control.low, control.default + control.step):
        panel.controls[control.name].value = value
        assert shows(panel, expected(SPEC, {control.name: value})), value


def test_many_moves_one_after_the_other_leave_nothing_of_the_earlier_ones(panel: Lab) -> None:
    moves = [("goroutines", 400), ("gomaxprocs", 16), ("syscall_percent", 100), ("gomaxprocs", 2), ("burst_us", 10),
             ("goroutines", 3)]  # fmt: skip
    for name, value in moves:
        panel.controls[name].value = value
    assert shows(panel, expected(SPEC, dict(moves)))


def test_the_figure_is_changed_in_place(panel: Lab) -> None:
    figure, children = panel.views.figure, panel.children
    panel.controls["goroutines"].value = 300
    assert (panel.views.figure, panel.children) == (figure, children)


def test_one_move_is_one_run(panel: Lab) -> None:
    panel.controls["goroutines"].value = 17
    assert panel.runs == 2


def test_the_panel_can_be_observed_and_is_told_a_whole_run(panel: Lab) -> None:
    seen = []
    panel.observe(lambda change: seen.append(simulate(panel.config, panel.program) == change["new"]), "recording")
    panel.controls["gomaxprocs"].value = 8
    assert seen == [True]


def test_a_chapter_without_a_panel_is_refused_with_those_that_have_one() -> None:
    with pytest.raises(ConfigError, match="chapter = '7' is not possible: one of '00-start-here', '01-gmp-model'"):
        lab("7")


def test_a_panel_is_found_by_the_name_of_its_notebook() -> None:
    assert lab("00-start-here").spec is LABS["00-start-here"]


# --- set, reset, code -----------------------------------------------------------------------------------------


def test_set_moves_many_controls_and_makes_one_run(panel: Lab) -> None:
    panel.set(gomaxprocs=2, goroutines=40, syscall_percent=90)
    values = {"gomaxprocs": 2, "goroutines": 40, "syscall_percent": 90}
    assert shows(panel, expected(SPEC, values)) and panel.runs == 2


def test_reset_brings_back_the_first_run_in_one_step(panel: Lab) -> None:
    panel.set(gomaxprocs=2, goroutines=40, syscall_percent=90, seed=9)
    panel.buttons.reset.click()
    assert shows(panel, expected(SPEC, {})) and panel.runs == 3


def test_the_code_reproduces_the_run_that_is_shown(panel: Lab) -> None:
    panel.set(goroutines=123, syscall_us=1990, seed=5)
    panel.buttons.code.click()
    scope: dict[str, Any] = {}
    exec(panel.code_area.value, scope)
    assert scope["recording"].digest() == panel.recording.digest()


def test_the_code_on_the_page_follows_the_controls_once_it_is_shown(panel: Lab) -> None:
    panel.buttons.code.click()
    panel.controls["seed"].value = 77
    assert panel.code_area.value == SPEC.code({"seed": 77})


def test_the_panel_says_what_became_of_copying(panel: Lab) -> None:
    said = []
    for copied in (True, False):
        panel.page._handle_custom_msg({"copied": copied}, [])
        said.append(panel.buttons.note.value)
    assert said == ["copied", "the browser did not allow copying: mark the text and copy it"]


# --- bad input ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("control", SPEC.controls, ids=lambda control: control.name)
def test_a_value_that_is_not_possible_is_refused_and_moves_nothing(panel: Lab, control: Control) -> None:
    panel.set(goroutines=30)
    before, values = picture(panel), panel.values
    for value in (-1, 10**9, 2.5, float("nan"), "many", None):
        with pytest.raises(ConfigError, match=f"^{control.name} = "):
            panel.set(**{"gomaxprocs": 9, "goroutines": 40, control.name: value})
    assert (picture(panel), panel.values) == (before, values)


@pytest.mark.parametrize("control", SPEC.controls, ids=lambda control: control.name)
def test_a_number_typed_beyond_a_sliders_range_becomes_its_limit(panel: Lab, control: Control) -> None:
    slider = panel.controls[control.name]
    slider.set_state({"value": 10**9})  # as a message of the browser does it
    assert slider.value == control.high and shows(panel, expected(SPEC, {control.name: control.high}))


@pytest.mark.parametrize(
    "error", [ConfigError("goroutines", 7, "an even number"), Throw("runqput: the ring <is> broken")]
)
@pytest.mark.parametrize("control", SPEC.controls, ids=lambda control: control.name)
def test_a_run_that_fails_is_told_in_one_sentence_and_the_last_good_one_stays(
    panel: Lab, control: Control, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = picture(panel)

    def fail(config: Config, program: Program) -> Recording:
        raise error

    monkeypatch.setattr(panel_module, "simulate", fail)
    panel.controls[control.name].value = control.default + control.step
    said = re.sub("<[^>]*>", "", panel.alert.value).replace("&lt;", "<").replace("&gt;", ">")
    assert said == f"{error}. The figures below are still those of the last run that worked."
    assert 'role="alert"' in panel.alert.value and picture(panel) == before


def test_the_alert_goes_away_with_the_next_run_that_works(panel: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(config: Config, program: Program) -> Recording:
        raise Throw("schedule: holding locks")

    with monkeypatch.context() as patched:
        patched.setattr(panel_module, "simulate", fail)
        panel.controls["gomaxprocs"].value = 3
    panel.controls["gomaxprocs"].value = 5
    assert panel.alert.value == "" and shows(panel, expected(SPEC, {"gomaxprocs": 5}))


def test_the_code_is_that_of_the_run_that_is_shown_not_of_the_refused_one(
    panel: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(config: Config, program: Program) -> Recording:
        raise Throw("schedule: holding locks")

    monkeypatch.setattr(panel_module, "simulate", fail)
    panel.controls["gomaxprocs"].value = 3
    assert panel.code == SPEC.code({})


BURSTY = replace(SPEC, name="98-bursty", controls=(GOROUTINES, SEED), arguments={"bursts": 100})


def test_a_combination_that_is_not_possible_is_told_in_the_panel() -> None:
    panel = Lab(BURSTY)
    before = picture(panel)
    panel.controls["goroutines"].value = 101
    assert "goroutines x bursts = 10100 is not possible: at most 10,000 bursts" in panel.alert.value
    assert picture(panel) == before


def test_a_panel_whose_first_run_fails_still_shows_its_controls_and_the_reason() -> None:
    spec = replace(BURSTY, arguments={"bursts": 10_000})
    panel = Lab(spec)
    assert "at most 10,000 bursts" in panel.alert.value and panel.recording is None
    panel.set(goroutines=1)
    assert panel.alert.value == "" and shows(panel, expected(spec, {"goroutines": 1}))


def stuck(goroutines: int, seed: int) -> Program:
    def main() -> Any:
        yield work(forever=True)

    return Program(main)


def test_a_run_that_is_cut_off_says_so_in_the_status_line() -> None:
    panel = Lab(replace(BURSTY, program=stuck, arguments={}, bursts=(), config={"until_ns": 1000}))
    assert status_of(panel).endswith("cut off before main returned")


# --- views, themes, width, texts ------------------------------------------------------------------------------


def test_the_other_view_shows_the_same_run_when_it_is_chosen(panel: Lab) -> None:
    panel.views.bar.value = "queues"
    panel.controls["goroutines"].value = 300
    in_queues = shows(panel, expected(SPEC, {"goroutines": 300}))
    panel.views.bar.value = "timeline"
    assert in_queues and shows(panel, expected(SPEC, {"goroutines": 300}))


def test_only_the_chosen_view_is_visible_and_both_stay_in_the_page(panel: Lab) -> None:
    first = panel.views.box.children
    panel.views.bar.value = "queues"
    slots = panel.views.box.children
    assert slots[:1] == first and [slot.layout.display for slot in slots] == ["none", "block"]


def zoom(panel: Lab, low: float, high: float) -> None:
    """As the browser tells it after the mouse has drawn a box."""
    panel.views.figure.plotly_relayout({"xaxis.range[0]": low, "xaxis.range[1]": high}, source_view_id="v")


def shown_range(panel: Lab) -> tuple[float, ...]:
    return tuple(panel.views.figure.layout.xaxis.range)


def test_a_zoom_stays_when_a_control_is_moved_and_when_the_view_is_changed(panel: Lab) -> None:
    zoom(panel, 1, 2)
    panel.controls["goroutines"].value = 20
    ranges = [shown_range(panel)]
    panel.views.bar.value = "queues"
    ranges.append(shown_range(panel))
    assert ranges == [(1, 2), (1, 2)]


def test_plotlys_reset_to_an_earlier_run_shows_the_whole_of_this_run(panel: Lab) -> None:
    first = shown_range(panel)
    panel.controls["goroutines"].value = 60
    whole = shown_range(panel)
    zoom(panel, 1, 2)
    zoom(panel, *first)
    assert shown_range(panel) == whole != first


def test_an_automatic_range_becomes_the_whole_run(panel: Lab) -> None:
    whole = shown_range(panel)
    zoom(panel, 1, 2)
    panel.views.figure.plotly_relayout({"xaxis.autorange": True}, source_view_id="v")
    assert shown_range(panel) == whole


def zoomed_figure(rec: Recording, theme: str) -> Any:
    """The timeline of the second millisecond, in the unit of the whole run."""
    figure = MAKERS["timeline"](rec, theme=theme)
    apply_timeline(figure, rec, window=(1_000_000, 2_000_000), unit_of=(0, rec.end_ns))
    figure.layout.xaxis.range = (1, 2)
    return figure


def failing() -> Any:
    """A body with a mistake of its own."""
    yield work(us=1)
    raise ZeroDivisionError("a mistake")


def test_a_mistake_in_a_program_is_raised_and_leaves_a_panel_that_works(
    panel: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, values = picture(panel), panel.shown_values
    with monkeypatch.context() as patched:
        patched.setattr(panel_module, "simulate", lambda config, _program: simulate(config, Program(failing)))
        with pytest.raises(ZeroDivisionError):
            panel.controls["goroutines"].value = 33
    assert "could not be shown" in panel.alert.value and (picture(panel), panel.shown_values) == (before, values)
    panel.controls["goroutines"].value = 34
    assert panel.alert.value == "" and shows(panel, expected(SPEC, {"goroutines": 34}))


def test_a_part_of_the_timeline_is_drawn_anew_with_more_detail_and_with_its_own_title(panel: Lab) -> None:
    panel.set(goroutines=300)
    assert panel.views.figure.layout.meta["detail"] is False
    zoom(panel, 1, 2)
    figure = panel.views.figure
    assert plain(figure) == plain(zoomed_figure(panel.recording, "light")) and figure.layout.meta["detail"]
    assert figure.layout.title.text == VIEWS["timeline"].title(panel.recording, panel.window)
    panel.window_bar.all.click()
    assert shows(panel, expected(SPEC, {"goroutines": 300}))


def test_another_run_is_drawn_in_the_part_that_is_looked_at(panel: Lab) -> None:
    zoom(panel, 1, 2)
    panel.set(goroutines=60)
    assert plain(panel.views.figure) == plain(zoomed_figure(panel.recording, "light"))


def test_the_dark_theme_redraws_everything_in_its_colours_and_keeps_the_zoom(panel: Lab) -> None:
    zoom(panel, 1, 2)
    panel.page.theme = "dark"
    assert plain(panel.views.figure) == plain(zoomed_figure(panel.recording, "dark"))
    assert PAGES["dark"].ink in panel.stepper.stage.value


def test_a_view_that_is_made_later_has_the_theme_and_the_width_of_the_page(panel: Lab) -> None:
    panel.page.theme, panel.page.width = "dark", 777
    panel.views.bar.value = "queues"
    assert plain(panel.views.figure) == plain(MAKERS["queues"](panel.recording, theme="dark"))
    assert panel.views.figure.layout.width == 777


def test_more_ps_make_a_taller_timeline(panel: Lab) -> None:
    heights = []
    for gomaxprocs in (2, 4, 16):
        panel.controls["gomaxprocs"].value = gomaxprocs
        heights.append(panel.views.figure.layout.height)
    assert heights == [230 + 26 * gomaxprocs for gomaxprocs in (2, 4, 16)]


def test_figures_are_as_wide_as_the_panel(panel: Lab) -> None:
    panel.page.width = 912
    assert panel.views.figure.layout.width == 912


def test_a_figure_keeps_room_for_its_axes_while_a_page_is_being_laid_out(panel: Lab) -> None:
    panel.page.width = 7
    assert panel.views.figure.layout.width == 320


@pytest.mark.parametrize("part", range(len(PARTS)))
def test_an_open_text_follows_the_run_and_a_closed_one_costs_nothing(panel: Lab, part: int) -> None:
    closed = [body.value for body in panel.texts.box.children]
    panel.texts.box.selected_index = part
    first = panel.texts.box.children[part].value
    panel.set(goroutines=60, gomaxprocs=2)
    assert closed == [""] * len(PARTS) and first and panel.texts.box.children[part].value not in ("", first)


def test_the_schedtrace_part_has_a_line_for_each_step_of_time(panel: Lab) -> None:
    panel.texts.box.selected_index = list(panel.texts.bodies).index("schedtrace of this run")
    text = panel.texts.bodies["schedtrace of this run"].value
    times = [int(ms) for ms in re.findall(r"SCHED (\d+)ms: gomaxprocs=4 ", text)]
    assert times == list(range(panel.recording.end_ns // 1_000_000 + 1))


# --- as a notebook's output -----------------------------------------------------------------------------------


def test_a_panel_is_named_in_one_line_with_what_its_controls_stand_at() -> None:
    assert {repr(lab("01")) for _ in range(2)} == {
        "Lab('01-gmp-model': gomaxprocs=4, goroutines=16, burst_us=50, syscall_percent=20, syscall_us=200, seed=1)"
    }


def test_a_panel_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    panel = lab("01")
    panel.set(goroutines=50)
    assert capfd.readouterr() == ("", "")


def test_no_output_widget_is_used() -> None:
    folder = Path(panel_module.__file__).parent
    used = {name for path in folder.glob("*.py") for name in re.findall(r"\bw\.(\w+)", path.read_text())}
    assert "VBox" in used and not used & {"Output", "interact", "interactive", "interactive_output"}


def test_moves_from_two_threads_end_in_one_consistent_run(panel: Lab) -> None:
    def drag(name: str, values: range) -> None:
        for value in values:
            panel.controls[name].value = value

    threads = [
        threading.Thread(target=drag, args=a) for a in (("goroutines", range(20, 50)), ("gomaxprocs", range(5, 15)))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert shows(panel, expected(SPEC, {"goroutines": 49, "gomaxprocs": 14}))
