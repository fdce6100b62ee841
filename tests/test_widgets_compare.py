"""Pin and compare, a part of the run, one goroutine's life, export and help: what the panel shows of each."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path

import pytest
from panel_checks import expected, plain, shows

from gmp_lab import Config, ConfigError, Recording, simulate
from gmp_lab.catalog import fan_out, steady_mix
from gmp_lab.compare import parting
from gmp_lab.draw import life_html
from gmp_lab.export import csv_text, trace_json
from gmp_lab.golang import parse_trace
from gmp_lab.metrics import measured
from gmp_lab.widgets import LABS, Lab, lab
from gmp_lab.widgets.export import FORMATS
from gmp_lab.widgets.stepper import THIS_G
from gmp_lab.widgets.viewlist import VIEWS, View

SPEC = LABS["01-gmp-model"]


@pytest.fixture
def panel() -> Lab:
    return lab("01")


def rows_of(panel: Lab) -> list[list[str]]:
    body = panel.table.value.partition("<tbody>")[2]
    return [re.findall(r"<t[hd][^>]*>([^<]*)</t[hd]>", row) for row in body.split("</tr>") if row.startswith("<tr")]


REAL = Path(__file__).parent / "data" / "trace" / "steal_17_2p.events.txt"


def real_trace() -> Recording:
    lines = REAL.read_text(encoding="utf-8").splitlines(keepends=True)
    return parse_trace(line for line in lines if line.startswith("M="))


# --- every chapter ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", list(LABS))
def test_every_panel_shows_the_run_of_its_defaults_in_every_view(name: str) -> None:
    panel = lab(name)
    rec = expected(LABS[name], {})
    for view in LABS[name].views:
        panel.views.bar.value = view
        assert shows(panel, rec), view


@pytest.mark.parametrize("name", list(LABS))
def test_every_view_follows_a_moved_control(name: str) -> None:
    panel, spec = lab(name), LABS[name]
    for view in spec.views:
        panel.views.bar.value = view
        for control in spec.controls[:3]:
            value = next(x for x in control.samples() if x != panel.values[control.name])
            panel.set(**{control.name: value})
            assert panel.alert.value or shows(panel, expected(spec, panel.values)), (view, control.name)
            panel.reset()


# --- pin ----------------------------------------------------------------------------------------------------------


def test_a_pinned_run_stays_above_the_next_ones_on_one_time_axis(panel: Lab) -> None:
    first = panel.recording
    panel.buttons.pin.click()
    panel.set(goroutines=100)
    pinned = panel.pin_box.views
    assert pinned is not None and pinned.figure is not None and panel.views.figure is not None
    fresh = plain(VIEWS["timeline"].make(first))  # type: ignore[union-attr]
    shown = plain(pinned.figure)
    assert shown["data"] == fresh["data"]
    end = max(first.end_ns, panel.recording.end_ns)
    for figure in (pinned.figure, panel.views.figure):
        unit = figure.layout.meta["unit_ns"]
        assert [t * unit for t in figure.layout.xaxis.range] == pytest.approx([0, end])


def test_the_table_has_both_runs_and_the_difference(panel: Lab) -> None:
    first = panel.recording
    panel.pin()
    panel.set(gomaxprocs=2)
    old, new = (measured(rec, SPEC.figures) for rec in (first, panel.recording))
    for row, a, b in zip(rows_of(panel), old, new, strict=True):
        assert [cell.replace(",", "") for cell in row[:3]] == [a[0].replace(",", ""), str(a[1]), str(b[1])]
        assert float(row[3].replace(",", "")) == pytest.approx(b[1] - a[1], abs=0.002)


def test_it_is_said_where_the_two_runs_part(panel: Lab) -> None:
    first = panel.recording
    panel.pin()
    panel.set(seed=7)
    found = parting(first, panel.recording, ("A", "B"))
    assert found is not None and found.sentence in panel.pin_box.said.value.replace("&#x27;", "'")


def test_a_run_like_the_pinned_one_makes_the_same_decisions(panel: Lab) -> None:
    panel.pin()
    panel.set(seed=7)
    panel.reset()
    assert "same decisions" in panel.pin_box.said.value


def test_unpinning_brings_back_the_panel_as_it_was(panel: Lab) -> None:
    panel.buttons.pin.click()
    panel.set(goroutines=100)
    panel.buttons.pin.click()
    assert panel.pinned is None and panel.pin_box.box.children == ()
    assert shows(panel, expected(SPEC, {"goroutines": 100}))


def test_any_recording_can_be_pinned_such_as_another_program_or_version(panel: Lab) -> None:
    other = simulate(Config(go="1.19"), fan_out())
    panel.pin(other, "fan-out of Go 1.19")
    assert panel.pinned == other and "fan-out of Go 1.19" in panel.pin_box.said.value
    with pytest.raises(ConfigError, match="recording = 5"):
        panel.pin(5)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["02-2", "03-3", "04-4", "05"])
def test_the_pinned_run_is_shown_in_the_view_that_is_chosen(name: str) -> None:
    panel = lab(name)
    panel.pin()
    for view in panel.spec.views:
        panel.views.bar.value = view
        assert panel.pin_box.views is not None and panel.pin_box.views.bar.value == view


@pytest.mark.parametrize("view", list(VIEWS))
def test_a_real_trace_can_be_pinned_and_shown_in_every_view(view: str) -> None:
    spec = next(spec for spec in LABS.values() if view in spec.views)
    panel, rec = lab(spec.name), real_trace()
    panel.views.bar.value = view
    panel.pin(rec, "the same program in real Go")
    pinned = panel.pin_box.views
    assert pinned is not None and "the same program in real Go" in panel.pin_box.said.value
    one = VIEWS[view]
    if isinstance(one, View):
        assert pinned.figure.layout.title.text == one.title(rec, None)
    else:
        assert pinned._slots[view].box.value == one.html(rec, None, "light")
    panel.window_bar.slider.value = (0, panel.window_bar.slider.max // 2)
    panel.reset()
    assert panel.alert.value == ""


def test_what_a_real_trace_does_not_tell_is_not_compared(panel: Lab) -> None:
    rec = real_trace()
    panel.pin(rec)
    rows = {row[0]: row[1:4] for row in rows_of(panel)}
    assert rows["longest ring"][0] == rows["longest global queue"][0] == rows["hand-offs"][0] == "not told"
    assert rows["longest ring"][2] == ""
    steals = [measured(one, ("steals",))[0][1] for one in (rec, panel.recording)]
    assert rows["steals"] == [str(steals[0]), str(steals[1]), f"{steals[1] - steals[0]:+,}"]
    found = parting(rec, panel.recording, ("A", "B"))
    assert found is not None and found.sentence in unescape(panel.pin_box.said.value)


def test_a_pinned_run_follows_theme_and_width(panel: Lab) -> None:
    panel.pin()
    panel.page.theme, panel.page.width = "dark", 700
    shown = panel.pin_box.views
    assert shown is not None and shown.theme == "dark" and shown.figure is not None
    assert shown.figure.layout.width == 700


# --- a part of the run --------------------------------------------------------------------------------------------


def test_the_table_is_that_of_the_part_that_is_looked_at(panel: Lab) -> None:
    window = (1_000_000, 3_000_000)
    panel.look_at(window)
    wanted = [[row[0], f"{row[1]:,}"] for row in measured(panel.recording, SPEC.figures, *window)]
    assert [row[:2] for row in rows_of(panel)] == wanted and "1,000 to 3,000 us" in panel.table.value
    assert panel.window_bar.slider.value == (1000, 3000)


def test_the_slider_and_a_zoom_in_the_figure_choose_the_same_part(panel: Lab) -> None:
    panel.window_bar.slider.value = (1000, 3000)
    by_slider = (panel.window, panel.table.value)
    panel.window_bar.all.click()
    assert panel.window is None
    figure = panel.views.figure
    assert figure is not None
    unit = figure.layout.meta["unit_ns"]
    figure.plotly_relayout({"xaxis.range[0]": 1e6 / unit, "xaxis.range[1]": 3e6 / unit}, source_view_id="v")
    assert (panel.window, panel.table.value) == by_slider


def test_a_part_that_a_shorter_run_does_not_have_becomes_all_of_it(panel: Lab) -> None:
    end = panel.recording.end_ns
    panel.look_at((end - 1_000_000, end))
    panel.set(goroutines=1)
    assert panel.window is None and shows(panel, expected(SPEC, {"goroutines": 1}))


def test_a_part_that_is_not_possible_is_refused(panel: Lab) -> None:
    with pytest.raises(ConfigError, match="start_ns"):
        panel.look_at((5, 2))


def test_the_same_part_is_shown_of_both_runs(panel: Lab) -> None:
    panel.pin()
    panel.set(goroutines=40)
    panel.look_at((1_000_000, 2_000_000))
    pinned = panel.pin_box.views
    assert pinned is not None and pinned.window == panel.window == (1_000_000, 2_000_000)


# --- one goroutine ------------------------------------------------------------------------------------------------


def test_the_life_of_a_goroutine_is_shown_and_follows_the_run(panel: Lab) -> None:
    assert panel.life.said.value == ""
    panel.life.field.value = 5
    first = panel.life.said.value
    assert life_html(panel.recording, 5) in first
    panel.set(seed=3)
    assert panel.life.said.value != first and life_html(panel.recording, 5) in panel.life.said.value


def test_a_number_beyond_the_last_goroutine_becomes_the_last(panel: Lab) -> None:
    panel.life.field.value = 10_000
    assert panel.life.goroutine == len(panel.recording.g_names)


def test_steps_can_follow_one_goroutine(panel: Lab) -> None:
    panel.stepper.stops.value = THIS_G
    panel.stepper.forward.click()
    assert panel.stepper.note.value == "first choose a goroutine below"
    panel.life.field.value = 4
    panel.stepper.go(0)
    visited = []
    for _ in range(4):
        panel.stepper.forward.click()
        visited.append(panel.stepper.event)
    assert visited == [i for i, e in enumerate(panel.recording) if e.g == 4 and i > 0][:4]


def test_a_click_on_a_bar_chooses_its_goroutine(panel: Lab) -> None:
    figure = panel.views.figure
    assert figure is not None
    bars = next(t for t in figure.data if t.name == "running")

    class Points:
        point_inds = (1,)

    panel.views._clicked(bars, Points(), None)
    assert panel.life.goroutine == int(re.search(r"G(\d+)", bars.customdata[1])[1])  # type: ignore[index]


# --- export, help -------------------------------------------------------------------------------------------------


def test_the_run_can_be_exported_in_three_formats(panel: Lab) -> None:
    rec = panel.recording
    assert panel.export() == trace_json(rec) and json.loads(panel.export())["traceEvents"]
    assert panel.export("CSV") == csv_text(rec)
    assert panel.export("schedtrace").startswith("SCHED 0ms: gomaxprocs=4")
    with pytest.raises(ConfigError, match="format = 'PDF'"):
        panel.export("PDF")


@pytest.mark.parametrize("form", list(FORMATS))
def test_the_export_button_sends_the_file_to_the_browser(
    panel: Lab, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = []
    monkeypatch.setattr(panel.page, "send", sent.append)
    panel.buttons.format.value = form
    panel.buttons.export.click()
    (message,) = sent
    assert message["save"]["text"] == panel.export(form)
    assert panel.buttons.note.value == f"saved as {message['save']['name']}"


def test_help_is_shown_and_hidden_by_its_button(panel: Lab) -> None:
    panel.buttons.keys.click()
    assert "Keys and help" in panel.buttons.help.value
    panel.buttons.keys.click()
    assert panel.buttons.help.value == ""


def test_ten_panels_are_independent_of_one_another() -> None:
    panels = [lab("01") for _ in range(10)]
    panels[3].set(goroutines=40)
    assert [panel.runs for panel in panels] == [1, 1, 1, 2, 1, 1, 1, 1, 1, 1]


def test_the_code_of_every_chapter_makes_its_run() -> None:
    for name, spec in LABS.items():
        scope: dict[str, object] = {}
        exec(spec.code({}), scope)
        assert scope["recording"] == expected(spec, {}), name


def test_views_that_plotly_draws_are_changed_in_place() -> None:
    assert all(isinstance(VIEWS[name], View) for name in ("timeline", "heap", "latencies"))
    assert simulate(Config(), steady_mix()).complete
