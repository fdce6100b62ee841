"""Notebook 01 in Chromium: the panel answers to the keyboard, and what is painted is what ``simulate`` gives.

What is expected is computed here, in the test's process, from the same declaration of controls; what is painted is
read from plotly's own decoded copy of the figure.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from jupyter_page import NotebookPage
from panel_checks import expected, status_words

from gmp_lab import Recording
from gmp_lab.draw import (
    queue_depth_alt,
    queue_depth_data,
    stage_at,
    text_timeline,
    timeline_alt,
    timeline_data,
)
from gmp_lab.draw.palette import LOOKS, PAGES
from gmp_lab.widgets import LABS
from gmp_lab.widgets.stepper import STOPS, next_stop
from gmp_lab.widgets.viewlist import VIEWS

pytestmark = pytest.mark.e2e

SPEC = LABS["01-gmp-model"]
LAB = 'next(x for x in __import__("gc").get_objects() if type(x).__name__ == "Lab")'


def show(notebook: NotebookPage, **values: int) -> Recording:
    """The run that values of the controls stand for, once the page shows it."""
    rec = expected(SPEC, values)
    notebook.until_shown(status_words(rec), timeline_data(rec).title)
    return rec


def traces(notebook: NotebookPage) -> dict[str, dict[str, Any]]:
    return {trace["name"]: trace for trace in notebook.painted()["traces"]}


def bars_of(rec: Recording) -> dict[str, tuple[list[float], list[float], list[int]]]:
    """Where each state's bars begin, how long they are, in which row: as they should be painted."""
    d = timeline_data(rec)
    found = {}
    for state, name in enumerate(d.states):
        mine = d.bars.state == state
        begin, length = d.bars.start_ns[mine] / d.unit_ns, d.bars.length_ns[mine] / d.unit_ns
        if mine.any():
            found[LOOKS[name].words] = (begin.tolist(), length.astype(np.float32).tolist(), d.bars.row[mine].tolist())
    return found


def painted_bars(notebook: NotebookPage) -> dict[str, tuple[list[float], list[float], list[int]]]:
    """The same as ``bars_of``, from the page; a state without bars has one that is nowhere."""
    bars = (trace for trace in traces(notebook).values() if trace["type"] == "bar")
    return {bar["name"]: (bar["base"], bar["x"], bar["y"]) for bar in bars if bar["x"] != [None]}


# --- the whole notebook -----------------------------------------------------------------------------------------


def test_all_cells_run_without_an_error_or_a_foreign_request(notebook: NotebookPage) -> None:
    assert (notebook.cell_errors(), notebook.errors, notebook.foreign) == ([], [], [])


def test_the_panel_begins_with_the_run_of_the_defaults(notebook: NotebookPage) -> None:
    rec = show(notebook)
    assert painted_bars(notebook) == bars_of(rec)


def test_the_first_notebook_answers_also_where_plotly_is_slow_to_load(first_notebook: NotebookPage) -> None:
    first_notebook.press(first_notebook.slider("GOMAXPROCS"), "ArrowLeft")
    rec = expected(LABS["00-start-here"], {"gomaxprocs": 3})
    first_notebook.until_shown(status_words(rec), timeline_data(rec).title)
    assert (first_notebook.cell_errors(), first_notebook.errors, first_notebook.foreign) == ([], [], [])


# --- the keyboard -----------------------------------------------------------------------------------------------


def test_an_arrow_key_on_a_slider_paints_what_simulate_gives(notebook: NotebookPage) -> None:
    notebook.press(notebook.slider("GOMAXPROCS"), "ArrowRight")
    rec = show(notebook, gomaxprocs=5)
    assert painted_bars(notebook) == bars_of(rec)
    assert notebook.status() == status_words(rec)


def test_a_long_run_is_painted_as_the_raster_that_simulate_gives(notebook: NotebookPage) -> None:
    notebook.press(notebook.slider("goroutines"), "End")
    d = timeline_data(show(notebook, goroutines=500))
    assert traces(notebook)["overview"]["z"] == d.z.tolist()


@pytest.mark.parametrize("control", SPEC.controls, ids=lambda control: control.name)
def test_every_slider_moves_by_one_step_a_key(notebook: NotebookPage, control: Any) -> None:
    notebook.press(notebook.slider(control.words()), "ArrowRight")
    rec = show(notebook, **{control.name: control.default + control.step})
    assert painted_bars(notebook) == bars_of(rec)


@pytest.mark.parametrize(("typed", "becomes"), [("33", 33), ("99999", 500)])
def test_a_number_can_be_typed_and_stays_within_the_range(notebook: NotebookPage, typed: str, becomes: int) -> None:
    notebook.press(notebook.number("goroutines"), "Control+a", *typed, "Enter")
    show(notebook, goroutines=becomes)
    assert notebook.number("goroutines").inner_text() == str(becomes)


def test_the_tab_key_goes_through_the_controls_from_top_to_bottom(notebook: NotebookPage) -> None:
    notebook.slider("GOMAXPROCS").focus()
    names = [notebook.focused()]
    last = "Sweep: more Ps"
    while names[-1] != last and len(names) < 60:
        notebook.page.keyboard.press("Tab")
        names += [notebook.focused()] if notebook.focused() != names[-1] else []
    part = "part of the run (us)"
    sliders = [name for c in SPEC.controls for name in (c.words(), f"{c.words()}, as a number")]
    assert names == [
        *sliders, "Reset", "Pin", "Copy as code", "Export", "as", "Keys and help",
        *(VIEWS[view].words for view in SPEC.views), "the figure's toolbar",
        *(f"{part}, {end}" for end in ("from", "to", "as a number")),
        "All of it", "First", "Step back", "Step forward", "Play or pause", "Stop and go to the start", "stop when",
        "event", "event, as a number", "execute in runtime/proc.go", "goroutine", "This figure in words",
        "The run in words", "This instant in words", "schedtrace of this run", "All figures of this run", last,
    ]  # fmt: skip


def test_a_key_that_is_held_down_ends_at_the_last_value_with_no_more_runs_than_moves(notebook: NotebookPage) -> None:
    before = notebook.ask(f"{LAB}.runs")
    notebook.press(notebook.slider("goroutines"), *["ArrowRight"] * 40)
    rec = show(notebook, goroutines=56)
    assert notebook.ask(f"{LAB}.runs") - before <= 40
    assert notebook.ask(f"{LAB}.recording.digest()") == rec.digest()


# --- the figure -------------------------------------------------------------------------------------------------


def drag(notebook: NotebookPage) -> list[float]:
    """Draw a box over a quarter of the visible figure; gives the part of the time axis that is shown then."""
    before = notebook.painted()["range"]
    notebook.panel.evaluate("panel => panel.scrollIntoView()")
    box = notebook.plot_area()
    mouse, y = notebook.page.mouse, box["y"] + box["height"] / 2
    mouse.move(box["x"] + box["width"] / 4, y)
    mouse.down()
    mouse.move(box["x"] + box["width"] / 2, y, steps=4)
    mouse.up()
    notebook.until_range_is_not(before)
    found: list[float] = notebook.painted()["range"]
    return found


def double_click(notebook: NotebookPage, whole: list[float]) -> None:
    box = notebook.plot_area()
    notebook.page.mouse.dblclick(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    notebook.until_painted("range", whole)


def whole(rec: Recording) -> list[float]:
    d = timeline_data(rec)
    return [t / d.unit_ns for t in d.window]


def test_a_zoom_stays_in_both_views_until_a_double_click_shows_the_whole_run(notebook: NotebookPage) -> None:
    zoomed = drag(notebook)
    window = tuple(notebook.ask(f"{LAB}.window"))
    notebook.press(notebook.slider("goroutines"), "PageUp")
    rec = expected(SPEC, {"goroutines": 21})
    part = timeline_data(rec, window=window)
    notebook.until_shown(status_words(rec), part.title)
    assert sum(map(len, (bars for bars, _, _ in painted_bars(notebook).values()))) == len(part.bars.row)
    kept = [notebook.painted()["range"]]
    notebook.button("Queue depths").click()
    notebook.until_painted("title", queue_depth_data(rec).title)
    kept.append(notebook.painted()["range"])
    notebook.button("Timeline of the Ps").click()
    notebook.until_painted("title", part.title)
    assert kept == [pytest.approx(zoomed, abs=1e-6)] * 2  # ms: the panel keeps whole nanoseconds
    double_click(notebook, whole(rec))


def test_after_a_longer_run_a_double_click_shows_the_longer_run(notebook: NotebookPage) -> None:
    notebook.press(notebook.slider("goroutines"), "PageUp", "PageUp")
    rec = show(notebook, goroutines=26)
    drag(notebook)
    double_click(notebook, whole(rec))
    notebook.press(notebook.slider("goroutines"), "PageUp")
    longer = show(notebook, goroutines=31)
    assert notebook.painted()["range"] == whole(longer)


def test_a_view_that_was_left_and_chosen_again_is_still_redrawn(notebook: NotebookPage) -> None:
    for view in ("Queue depths", "Timeline of the Ps"):
        notebook.button(view).click()
    notebook.press(notebook.slider("GOMAXPROCS"), "ArrowRight")
    rec = show(notebook, gomaxprocs=5)
    assert painted_bars(notebook) == bars_of(rec)


def test_the_other_view_paints_the_depths_that_simulate_gives(notebook: NotebookPage) -> None:
    notebook.button("Queue depths").click()
    notebook.press(notebook.slider("goroutines"), "PageUp")
    rec = expected(SPEC, {"goroutines": 21})
    d = queue_depth_data(rec)
    notebook.until_shown(status_words(rec), queue_depth_data(rec).title)
    found = traces(notebook)
    assert found["global queue"]["y"] == d.global_.tolist()
    assert found["ring"]["z"] == d.ring.tolist()


def test_the_figure_is_as_wide_as_the_panel(notebook: NotebookPage) -> None:
    notebook.page.set_viewport_size({"width": 1100, "height": 1400})
    notebook.until_painted("width", notebook.panel.evaluate("panel => panel.clientWidth"))
    notebook.page.set_viewport_size({"width": 1300, "height": 1400})
    notebook.until_painted("width", notebook.panel.evaluate("panel => panel.clientWidth"))


def test_pictures_of_both_views_in_both_themes_and_their_colours(notebook: NotebookPage, pictures: Path) -> None:
    rec = show(notebook)
    for theme in ("dark", "light"):
        notebook.command("apputils:change-theme", theme=f"JupyterLab {theme.title()}")
        for view, make in (("Queue depths", queue_depth_data), ("Timeline of the Ps", timeline_data)):
            notebook.button(view).click()
            notebook.until_painted("title", make(rec).title)
            notebook.until_painted("ink", PAGES[theme].ink)
            notebook.until_settled()
            notebook.screenshot(pictures / f"01-{theme}-{view.split()[0].lower()}.png")
    assert len(list(pictures.glob("01-*.png"))) == 4


def test_a_figures_note_stands_below_its_title_also_after_changes_while_it_was_hidden(notebook: NotebookPage) -> None:
    notebook.until_settled()
    notebook.button("Queue depths").click()
    notebook.press(notebook.slider("GOMAXPROCS"), "End")
    rec = expected(SPEC, {"gomaxprocs": 16})
    notebook.until_shown(status_words(rec), queue_depth_data(rec).title)
    notebook.until_settled()
    notebook.button("Timeline of the Ps").click()
    notebook.until_painted("title", timeline_data(rec).title)
    notebook.until_settled()


# --- step by step, code, words ----------------------------------------------------------------------------------


def on_stage(notebook: NotebookPage, rec: Recording, event: int) -> bool:
    """The stage shows every P as it is after an event, and the figure is marked at its time."""
    s = stage_at(rec, event)
    notebook.panel.locator(".gmp-said", has_text=s.step.sentence).wait_for()
    rows = notebook.panel.locator(".gmp-stage tbody tr")
    cells = [rows.nth(i).locator("th, td").all_inner_texts() for i in range(rows.count())]
    said = notebook.panel.locator(".gmp-stage > p").first.inner_text()
    wanted = [
        [
            p.name,
            LOOKS[p.state].words,
            *(x or "none" for x in (p.m, p.g, p.runnext)),
            p.ring.words(),
            str(p.schedtick),
        ]
        for p in s.ps
    ]
    mark = rec.t[event] / timeline_data(rec).unit_ns
    return cells == wanted and f"event {event + 1} of {len(rec)}" in said and notebook.painted()["marks"] == [mark]


def test_the_stage_is_stepped_by_the_keyboard(notebook: NotebookPage) -> None:
    rec = show(notebook)
    notebook.button("First").focus()
    notebook.panel.get_by_label("stop when").select_option("work is stolen")
    notebook.press(notebook.button("Step forward"), "Space", "Enter", "Space")
    steals = [i for i, event in enumerate(rec) if event.kind in STOPS["work is stolen"]]
    assert on_stage(notebook, rec, steals[2])


def test_the_player_steps_until_it_is_paused(notebook: NotebookPage) -> None:
    rec = show(notebook)
    notebook.panel.get_by_label("stop when").select_option("every event")
    notebook.press(notebook.button("First"), "Enter")
    notebook.press(notebook.button("Play or pause"), "Enter")
    start = next_stop(rec, -1, 1, STOPS["a goroutine starts to run"]) or 0
    notebook.until_event(start + 1 + 2)  # events count from 1
    notebook.press(notebook.button("Play or pause"), "Enter")
    assert on_stage(notebook, rec, notebook.ask(f"{LAB}.stepper.event"))


def test_copy_as_code_gives_the_run_that_is_shown(notebook: NotebookPage) -> None:
    notebook.press(notebook.slider("seed"), "PageUp")
    rec = show(notebook, seed=6)
    notebook.press(notebook.button("Copy as code"), "Enter")
    area = notebook.panel.get_by_label("code")
    area.wait_for()
    scope: dict[str, Any] = {}
    exec(area.input_value(), scope)
    assert scope["recording"].digest() == rec.digest()


def test_the_run_can_be_read_in_words(notebook: NotebookPage) -> None:
    rec = show(notebook)
    part = notebook.panel.get_by_role("button", name="The run in words", exact=True)
    notebook.press(part, "Enter")
    words = notebook.panel.get_by_role("region", name="The run in words")
    words.wait_for()
    read = words.inner_text()
    assert part.get_attribute("aria-expanded") == "true"
    notebook.press(part, "Space")
    assert timeline_alt(rec) in read and queue_depth_alt(rec) in read and text_timeline(rec) in read
