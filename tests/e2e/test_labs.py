"""All panels of the course in Chromium: every view is drawn, every kind of control answers to keys, nothing is
unreadable for a screen reader."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jupyter_page import NotebookPage
from panel_checks import expected, status_words

from gmp_lab.widgets import LABS
from gmp_lab.widgets.viewlist import VIEWS, View

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator

from conftest import run_in

pytestmark = pytest.mark.e2e

_DRAWN = """panel => [...panel.querySelectorAll(".js-plotly-plot")]
  .some(plot => plot.checkVisibility() && plot._fullLayout && plot._fullLayout.title.text === TITLE)"""
_AXE = """async () => {
  const found = await axe.run(".gmp-lab-panel", { resultTypes: ["violations"] });
  return found.violations.filter(it => it.impact === "serious" || it.impact === "critical")
    .map(it => [it.id, it.help, ...it.nodes.map(node => node.html.slice(0, 200))]);
}"""


@pytest.fixture(scope="module")
def stacks(browser: Browser, labs_server: str, pictures: Path) -> Iterator[NotebookPage]:
    """The panel of chapter 2.1, which has a control of every kind."""
    with run_in(browser, labs_server, "02-1.ipynb", pictures) as page:
        yield page


def panels(page: NotebookPage) -> list[Locator]:
    return page.page.locator(".gmp-lab-panel").all()


def test_all_panels_stand_on_one_page_without_an_error(all_labs: NotebookPage) -> None:
    all_labs.page.wait_for_function(f"document.querySelectorAll('.gmp-lab-panel').length === {len(LABS)}")
    assert all_labs.cell_errors() == []


@pytest.mark.parametrize("name", list(LABS))
def test_every_view_of_every_chapter_is_drawn(all_labs: NotebookPage, name: str, pictures: Path) -> None:
    panel = panels(all_labs)[list(LABS).index(name)]
    rec = expected(LABS[name], {})
    panel.locator(".gmp-status", has_text=status_words(rec)).wait_for()
    for key in LABS[name].views:
        view = VIEWS[key]
        panel.get_by_role("button", name=view.words, exact=True).first.click()
        if isinstance(view, View):
            title = view.make(rec).layout.title.text
            drawn = _DRAWN.replace("TITLE", repr(title))
            all_labs.page.wait_for_function(drawn, arg=panel.element_handle())
        else:
            panel.locator(".gmp-sheet").locator("visible=true").first.wait_for()
    panel.screenshot(path=str(pictures / f"lab-{name}.png"))


_STICKS_OUT = """panel => {
  const right = panel.getBoundingClientRect().right + 0.5;
  return [...panel.querySelectorAll(".gmp-stage, .gmp-stage tr, .widget-html-content")]
    .filter(it => it.checkVisibility() && it.getBoundingClientRect().right > right && !it.closest(".gmp-sheet"))
    .map(it => it.className + ": " + it.getBoundingClientRect().right + " > " + right);
}"""


def test_no_stage_sticks_out_of_its_panel(all_labs: NotebookPage) -> None:
    assert [found for panel in panels(all_labs) for found in panel.evaluate(_STICKS_OUT)] == []


def show(page: NotebookPage, **values: Any) -> None:
    """Wait until the panel shows the run that these values stand for."""
    rec = expected(LABS["02-1-goroutine-and-stack"], values)
    page.panel.locator(".gmp-status", has_text=status_words(rec)).wait_for()


def test_every_kind_of_control_answers_to_keys(stacks: NotebookPage) -> None:
    panel = stacks.panel
    stacks.press(stacks.slider("recursion depth"), "ArrowRight")  # a ladder
    show(stacks, depth=100)
    stacks.press(stacks.slider("goroutines"), "ArrowLeft")  # a number
    show(stacks, depth=100, goroutines=3)
    panel.get_by_label("Go version").select_option("1.2")  # a choice
    show(stacks, depth=100, goroutines=3, go="1.2")
    panel.get_by_label("Go version").select_option("1.19")
    stacks.press(panel.get_by_role("checkbox", name="adaptive initial stack"), "Space")  # a switch
    show(stacks, depth=100, goroutines=3, go="1.19", adaptive=False)
    stacks.press(stacks.button("Reset"), "Enter")
    show(stacks)


def test_a_run_is_pinned_and_compared_from_the_keyboard(stacks: NotebookPage, pictures: Path) -> None:
    stacks.press(stacks.button("Pin"), "Space")
    stacks.button("Unpin").wait_for()
    stacks.panel.get_by_label("Go version").select_option("1.2")
    show(stacks, go="1.2")
    stacks.panel.get_by_text("A (pinned)", exact=False).first.wait_for()
    heads = stacks.panel.locator("thead th").all_inner_texts()
    assert {"A (pinned)", "B (this run)", "B - A"} <= set(heads)
    stacks.screenshot(pictures / "pinned.png")
    stacks.press(stacks.button("Unpin"), "Space")
    stacks.press(stacks.button("Reset"), "Enter")
    show(stacks)


def test_the_part_of_the_run_is_chosen_with_keys_and_the_table_follows(stacks: NotebookPage) -> None:
    stacks.press(stacks.slider("part of the run (us), to"), "PageDown", "PageDown")
    stacks.panel.get_by_text(" to ", exact=False).locator("visible=true").first.wait_for()
    window = stacks.ask(f"{_LAB}.window")
    assert window is not None and window[0] == 0 < window[1]
    assert "This run, 0 to" in stacks.panel.locator("caption").first.inner_text()
    stacks.press(stacks.button("All of it"), "Enter")
    stacks.panel.get_by_text("This run", exact=True).wait_for()


_LAB = 'next(x for x in __import__("gc").get_objects() if type(x).__name__ == "Lab")'


def test_a_goroutines_life_is_asked_for_by_its_number(stacks: NotebookPage, pictures: Path) -> None:
    field = stacks.panel.get_by_label("goroutine", exact=True)
    field.fill("5")
    stacks.page.keyboard.press("Enter")
    stacks.panel.get_by_role("img", name="G5 diver", exact=False).wait_for()
    stacks.panel.get_by_role("img", name="G5 diver", exact=False).scroll_into_view_if_needed()
    stacks.page.screenshot(path=str(pictures / "life.png"))
    field.fill("0")
    stacks.page.keyboard.press("Enter")


def test_export_saves_a_file(stacks: NotebookPage) -> None:
    with stacks.page.expect_download() as download:
        stacks.press(stacks.button("Export"), "Enter")
    assert download.value.suggested_filename == "02-1-goroutine-and-stack.json"
    assert Path(download.value.path()).read_text(encoding="utf-8") == stacks.ask(f"{_LAB}.export()")


def test_help_is_shown_by_a_key(stacks: NotebookPage) -> None:
    stacks.press(stacks.button("Keys and help"), "Enter")
    stacks.panel.get_by_role("region", name="Keys and help").wait_for()
    stacks.press(stacks.button("Keys and help"), "Enter")


@pytest.mark.parametrize("theme", ["Dark", "Light"])
def test_axe_finds_no_serious_violation_in_any_panel(all_labs: NotebookPage, theme: str, pictures: Path) -> None:
    all_labs.command("apputils:change-theme", theme=f"JupyterLab {theme}")
    axe = pytest.importorskip("axe_playwright_python.base", reason="axe-playwright-python is not installed")
    all_labs.page.evaluate(Path(axe.AXE_FILE_PATH).read_text(encoding="utf-8"))
    assert all_labs.page.evaluate(_AXE) == []


def test_a_sweep_runs_is_cancelled_and_is_shown_from_the_keyboard(stacks: NotebookPage, pictures: Path) -> None:
    title = LABS["02-1-goroutine-and-stack"].sweeps[0].title
    part = stacks.panel.get_by_role("button", name=f"Sweep: {title}", exact=True)
    stacks.press(part, "Enter")
    sweeper = stacks.panel.locator(".gmp-lab-panel")
    stacks.press(sweeper.get_by_role("button", name="Run", exact=True), "Enter")
    stacks.press(sweeper.get_by_role("button", name="Cancel", exact=True), "Enter")
    sweeper.locator(".gmp-status", has_text="93 runs; cancelled").or_(
        sweeper.locator(".gmp-status", has_text="93 of 93 runs")  # it was faster
    ).first.wait_for()
    stacks.press(sweeper.get_by_role("button", name="Run", exact=True), "Enter")
    sweeper.locator(".gmp-status", has_text=re.compile("^93 of 93 runs$")).wait_for(timeout=90_000)
    lab = f"{_LAB}.sweep_box.sweepers[0]"
    wanted = stacks.ask(f"{lab}.figure.layout.title.text")
    assert "at recursion depth 20" in wanted
    stacks.page.wait_for_function(_DRAWN.replace("TITLE", repr(wanted)), arg=sweeper.element_handle())
    sweeper.screenshot(path=str(pictures / "sweep.png"))
    assert stacks.ask(f"len({lab}.table)") == 93


def test_a_real_trace_is_pinned_beside_a_simulation(stacks: NotebookPage, pictures: Path) -> None:
    path = Path(__file__).parents[1] / "data" / "trace" / "steal_17_2p.events.txt"
    lines = f"[line for line in open({str(path)!r}) if line.startswith('M=')]"
    real = f"__import__('gmp_lab.golang', fromlist=['parse_trace']).parse_trace({lines})"
    stacks.button("Timeline of the Ps").click()
    stacks.ask(f"{_LAB}.pin({real}, 'real Go')")
    stacks.panel.get_by_text("A (pinned): real Go").wait_for()
    pinned = stacks.ask(f"{_LAB}.pin_box.views.figure.layout.title.text")
    assert pinned.endswith("a real run")
    stacks.page.wait_for_function(_DRAWN.replace("TITLE", repr(pinned)), arg=stacks.panel.element_handle())
    stacks.panel.get_by_text("They part at the", exact=False).first.wait_for()
    stacks.screenshot(pictures / "pinned-real.png")
    stacks.press(stacks.button("Unpin"), "Space")


@pytest.mark.parametrize("theme", ["Dark", "Light"])
def test_axe_finds_nothing_in_a_panel_with_all_its_parts_open(
    stacks: NotebookPage, theme: str, pictures: Path
) -> None:
    """Help, a pinned run, a part of the run, a life, code, a text and a sweep."""
    stacks.command("apputils:change-theme", theme=f"JupyterLab {theme}")
    axe = pytest.importorskip("axe_playwright_python.base", reason="axe-playwright-python is not installed")
    stacks.page.evaluate(Path(axe.AXE_FILE_PATH).read_text(encoding="utf-8"))
    stacks.button("Keys and help").click()
    stacks.button("Copy as code").click()
    stacks.button("Pin").click()
    stacks.panel.get_by_label("goroutine", exact=True).fill("5")
    stacks.page.keyboard.press("Enter")
    stacks.panel.get_by_role("img", name="G5 diver", exact=False).wait_for()
    stacks.ask(f"{_LAB}.look_at((0, 3_000_000))")
    stacks.ask(f"[setattr({_LAB}.texts.box, 'selected_index', 0)]")
    stacks.panel.get_by_role("region", name="This figure in words").wait_for()
    assert stacks.page.evaluate(_AXE) == []
    stacks.panel.screenshot(path=str(pictures / f"everything-{theme.lower()}.png"))
    stacks.ask(f"[setattr({_LAB}.texts.box, 'selected_index', None)]")
    stacks.button("Keys and help").click()
    stacks.button("Unpin").click()
    stacks.button("All of it").click()


def test_a_narrow_window_and_twice_the_size_cut_nothing_off(stacks: NotebookPage, pictures: Path) -> None:
    stacks.page.set_viewport_size({"width": 700, "height": 900})  # as 1400 pixels at 200 %
    width = (
        "panel => [panel.clientWidth, Math.max(...[...panel.querySelectorAll('button, select, .widget-slider')]"
        ".filter(it => it.checkVisibility()).map(it => it.getBoundingClientRect().right"
        " - panel.getBoundingClientRect().left))]"
    )
    stacks.page.wait_for_function("document.querySelector('.gmp-lab-panel').classList.contains('gmp-narrow')")
    room, right = stacks.panel.evaluate(width)
    tracks = "[...panel.querySelectorAll('.slider-container')].filter(it => it.checkVisibility())"
    assert min(stacks.panel.evaluate(f"panel => {tracks}.map(it => it.clientWidth)")) > 100
    stacks.screenshot(pictures / "narrow.png")
    stacks.page.set_viewport_size({"width": 1300, "height": 1400})
    assert right <= room + 2  # borders
