"""Panels under strain, in Chromium: keys faster than runs, all panels on a page, runs that fail, a saved notebook."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
import pytest
from conftest import run_in
from jupyter_page import NotebookPage, jupyter_server
from panel_checks import expected, status_words

from gmp_lab.draw import timeline_data
from gmp_lab.notebook_tool import normalise
from gmp_lab.widgets import LABS

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.e2e

SPEC = LABS["01-gmp-model"]
#: simulate takes its time, and fails for two numbers of goroutines: with an error that the panel knows, with another
STRAINED = """import time
import gmp_lab.widgets.panel as module
from gmp_lab import ConfigError
from gmp_lab.widgets import lab
direct, calls = module.simulate, []
def slow(config, program):
    calls.append(program)
    time.sleep(0.3)
    if program.params["goroutines"] == 3:
        raise ConfigError("goroutines", 3, "a number that works")
    if program.params["goroutines"] == 4:
        raise ZeroDivisionError("a mistake")
    return direct(config, program)
panel = lab("01")
module.simulate = slow
panel"""
PLAIN = "from gmp_lab.widgets import lab\npanel = lab('01')\npanel"
MOVES = 60


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that is served."""
    folder = tmp_path_factory.mktemp("robust")
    (folder / "notebooks").mkdir()
    kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    for name, source in (("strained", STRAINED), ("plain", PLAIN)):
        book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
        book.metadata.kernelspec = kernel
        nbformat.write(book, folder / "notebooks" / f"{name}.ipynb")
    return folder


@pytest.fixture(scope="module")
def address(home: Path) -> Iterator[str]:
    with jupyter_server(home / "notebooks", home) as served:
        yield served


@pytest.fixture(scope="module")
def strained(browser: Browser, address: str, pictures: Path) -> Iterator[NotebookPage]:
    """A panel whose runs are slow, and fail for 3 and 4 goroutines."""
    with run_in(browser, address, "strained.ipynb", pictures) as page:
        yield page


def show(page: NotebookPage, **values: Any) -> None:
    rec = expected(SPEC, values)
    page.until_shown(status_words(rec), timeline_data(rec).title)


def test_a_key_that_is_held_down_makes_few_runs_and_ends_at_the_last_value(strained: NotebookPage) -> None:
    before = strained.ask("len(calls)")
    strained.press(strained.slider("seed"), *["ArrowRight"] * MOVES)
    show(strained, seed=1 + MOVES)
    assert 1 <= strained.ask("len(calls)") - before <= MOVES // 2  # what came meanwhile was merged, not queued
    assert strained.ask("panel.values") == {**SPEC.defaults(), "seed": 1 + MOVES}
    strained.press(strained.button("Reset"), "Enter")
    show(strained)


@pytest.mark.parametrize("goroutines", [3, 4])
def test_a_run_that_fails_leaves_the_last_good_figure_and_a_panel_that_goes_on(
    strained: NotebookPage, goroutines: int
) -> None:
    strained.press(strained.number("goroutines"), "Control+a", *str(goroutines), "Enter")
    alert = strained.panel.get_by_role("alert")
    alert.wait_for()
    assert ("a number that works" if goroutines == 3 else "could not be shown") in alert.inner_text()
    assert strained.painted()["title"] == timeline_data(expected(SPEC, {})).title
    strained.press(strained.number("goroutines"), "Control+a", *"20", "Enter")
    show(strained, goroutines=20)
    assert strained.panel.get_by_role("alert").count() == 0
    strained.press(strained.button("Reset"), "Enter")
    show(strained)


def test_a_step_in_one_of_all_panels_runs_that_one_alone(all_labs: NotebookPage) -> None:
    labs = '[x for x in __import__("gc").get_objects() if type(x).__name__ == "Lab"]'
    runs = f"{{x.spec.name: x.runs for x in {labs}}}"
    before = all_labs.ask(runs)
    name = "04-1-preemption-triggers"
    panel = all_labs.page.locator(".gmp-lab-panel").nth(list(LABS).index(name))
    slider = panel.get_by_role("slider", name="workers", exact=True)
    slider.focus()
    all_labs.page.keyboard.press("ArrowRight")
    rec = expected(LABS[name], {"workers": 5})
    panel.locator(".gmp-status", has_text=status_words(rec)).first.wait_for()
    after = all_labs.ask(runs)
    assert {key: after[key] - before[key] for key in before} == {key: int(key == name) for key in before}
    all_labs.page.keyboard.press("ArrowLeft")


def test_opening_a_notebook_runs_nothing(browser: Browser, address: str) -> None:
    page = NotebookPage(browser, address)
    page.open("plain.ipynb")
    assert page.ask("'gmp_lab' in __import__('sys').modules") is False
    assert page.page.locator(".gmp-lab-panel").count() == 0
    page.close()


def test_a_saved_notebook_has_no_state_of_widgets_and_shows_the_panel_as_a_page(
    browser: Browser, address: str, home: Path, pictures: Path
) -> None:
    with run_in(browser, address, "plain.ipynb", pictures) as page:
        page.press(page.slider("GOMAXPROCS"), "ArrowRight")
        show(page, gomaxprocs=5)
        page.command("docmanager:save")
    path = home / "notebooks" / "plain.ipynb"
    saved = json.loads(path.read_text(encoding="utf-8"))
    (output,) = saved["cells"][0]["outputs"]
    page_part = "".join(output["data"]["text/html"])
    assert "widgets" not in saved["metadata"] and path.stat().st_size < 30_000
    assert "gmp-stored" in page_part and "Timeline of the Ps in letters" in page_part
    book = nbformat.read(path, as_version=4)
    normalise(book)
    assert set(book.cells[0].outputs[0].data) == {"text/html", "text/plain"}
