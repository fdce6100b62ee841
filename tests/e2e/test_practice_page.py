"""Practice in Chromium: answered with the keyboard alone, nothing lost meanwhile, both themes; axe finds nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
import pytest
from jupyter_page import NotebookPage, jupyter_server

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator

pytestmark = pytest.mark.e2e

_AXE = """async () => {
  const found = await axe.run(".gmp-practice", { resultTypes: ["violations"] });
  const serious = found.violations.filter(it => ["serious", "critical"].includes(it.impact));
  return serious.map(it => [it.id, it.impact, it.help, ...it.nodes.map(node => node.html.slice(0, 200))]);
}"""
_WIDE = """it => [...it.querySelectorAll("*")].filter(x => x.checkVisibility() && !x.closest("pre, select")
  && x.getBoundingClientRect().right > it.getBoundingClientRect().right + 2).map(x => x.outerHTML.slice(0, 120))"""
WRONG = "order = [1, 2, 3, 4]"


@pytest.fixture(scope="module")
def page(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[NotebookPage]:
    """A notebook with the practice of notebook 01 alone, run."""
    home = tmp_path_factory.mktemp("practice")
    (home / "notebooks").mkdir()
    source = 'from gmp_lab.widgets.practice import practice\ndrill = practice("01")\ndrill'
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    book.metadata.kernelspec = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    nbformat.write(book, home / "notebooks" / "practice.ipynb")
    with jupyter_server(home / "notebooks", home) as address:
        found = NotebookPage(browser, address)
        found.open("practice.ipynb")
        found.command("notebook:run-all-cells")
        found.page.locator(".gmp-practice").wait_for()
        yield found
        assert (found.errors, found.foreign, found.cell_errors()) == ([], [], [])
        found.close()


@pytest.fixture
def drill(page: NotebookPage) -> Locator:
    """The widget with its first question, never tried."""
    page.ask("[drill._left.clear(), setattr(drill.choose, 'value', 'predict'), "
             "drill._ask(type(drill.drill)('01'), 'order = []')][0]")  # fmt: skip
    found = page.page.locator(".gmp-practice")
    found.get_by_text("Whom does a P take?").locator("visible=true").first.wait_for()
    found.get_by_role("textbox").and_(page.page.locator("[aria-label*='order: list of int']")).wait_for()
    return found


def named(drill: Locator, role: Any, name: str) -> Locator:
    """A part of the widget by its role and the name that a screen reader says."""
    return drill.get_by_role(role, name=name, exact=True)


def write(page: NotebookPage, drill: Locator, text: str) -> None:
    """Write an answer into the box with the keyboard."""
    box = drill.get_by_role("textbox")
    box.focus()
    page.page.keyboard.press("ControlOrMeta+a")
    page.page.keyboard.type(text)
    page.until_kernel_has("drill.box.value", text)


def test_a_question_is_answered_and_its_solution_read_with_keys_alone(
    page: NotebookPage, drill: Locator, pictures: Path
) -> None:
    named(drill, "combobox", "Practise:").focus()
    page.page.keyboard.press("Tab")
    assert page.focused().startswith("Your answer, as Python: order: list of int")
    page.page.keyboard.press("ControlOrMeta+a")
    page.page.keyboard.type(WRONG)
    page.until_kernel_has("drill.box.value", WRONG)
    page.page.keyboard.press("Tab")
    assert page.focused() == "Check"
    page.page.keyboard.press("Space")
    drill.get_by_text("0 of 3 points.").wait_for()
    assert page.focused() == "Check", "the focus is where it was"
    assert drill.get_by_role("textbox").input_value() == WRONG, "what was written is still there"
    page.page.keyboard.press("Tab")
    page.page.keyboard.press("Space")
    drill.get_by_text("Not yet: there is one after success or 2 more tries.").wait_for()
    write(page, drill, page.ask("drill.drill.question.reference(drill.drill.params)"))
    page.press(named(drill, "button", "Check"), "Enter")
    drill.get_by_text("Solved.").wait_for()
    drill.screenshot(path=str(pictures / "practice-solved.png"))
    page.page.keyboard.press("Tab")
    assert page.focused() == "Show a solution"
    page.page.keyboard.press("Space")
    drill.get_by_text("A solution:").wait_for()
    page.page.keyboard.press("Tab")
    assert page.focused() == "Another one"
    page.page.keyboard.press("Space")
    drill.get_by_text("The same question with other numbers (seed 2).").wait_for()
    assert drill.get_by_role("textbox").input_value() == "order = []"


def test_what_is_said_is_a_live_region(page: NotebookPage, drill: Locator) -> None:
    page.ask(f"drill.answer({WRONG!r})")
    drill.get_by_role("status").get_by_text("0 of 3 points.").wait_for()


def test_the_list_is_walked_with_arrows_and_the_box_keeps_what_was_written(
    page: NotebookPage, drill: Locator
) -> None:
    write(page, drill, WRONG)
    choose = named(drill, "combobox", "Practise:")
    page.press(choose, "ArrowDown")
    drill.get_by_text("Six decisions of one P").locator("visible=true").first.wait_for()
    page.until_kernel_has("drill.box.value", "decisions = []")
    page.page.keyboard.press("ArrowUp")
    page.until_kernel_has("drill.box.value", WRONG)
    assert page.focused() == "Practise:"


def test_two_fast_clicks_are_one_try_and_the_second_is_not_lost(page: NotebookPage, drill: Locator) -> None:
    write(page, drill, WRONG)
    page.press(named(drill, "button", "Check"), "Space", "Space", "Space")
    drill.get_by_text("0 of 3 points.").wait_for()
    page.page.wait_for_function("() => !document.body.textContent.includes('Judging ...')")
    assert page.ask("drill.drill.tries") == 1
    write(page, drill, "order = [7]")
    page.press(named(drill, "button", "Check"), "Space")
    drill.get_by_text("Tried 2 times.").wait_for()


def test_while_it_is_judged_it_says_so(page: NotebookPage, drill: Locator) -> None:
    write(page, drill, "while True: pass")
    page.press(named(drill, "button", "Check"), "Space")
    drill.get_by_role("status").get_by_text("Judging ...").wait_for()
    assert not named(drill, "button", "Check").is_disabled()
    drill.get_by_text("did not end within 5 s").wait_for()


@pytest.mark.parametrize("kind", ["predict", "play", "verdict"])
@pytest.mark.parametrize("theme", ["Dark", "Light"])
def test_axe_finds_nothing_in_either_theme(
    page: NotebookPage, drill: Locator, theme: str, kind: str, pictures: Path
) -> None:
    axe = pytest.importorskip("axe_playwright_python.base", reason="axe-playwright-python is not installed")
    page.command("apputils:change-theme", theme=f"JupyterLab {theme}")
    page.ask(f"[setattr(drill.choose, 'value', {kind!r}), drill.answer('x = 1'), "
             "drill.answer(drill.drill.question.believer(drill.drill.params))][0]")  # fmt: skip
    drill.get_by_text("Tried 2 times.").wait_for()
    page.page.evaluate(Path(axe.AXE_FILE_PATH).read_text(encoding="utf-8"))
    assert page.page.evaluate(_AXE) == []
    drill.screenshot(path=str(pictures / f"practice-{kind}-{theme.lower()}.png"))


def test_a_narrow_window_cuts_nothing_off(page: NotebookPage, drill: Locator, pictures: Path) -> None:
    page.page.set_viewport_size({"width": 700, "height": 900})  # as 1400 pixels at 200 %
    page.ask(f"[setattr(drill.choose, 'value', 'play'), drill.answer({WRONG!r})][0]")
    drill.get_by_text("Tried 1 time.").wait_for()
    over = drill.evaluate(_WIDE)
    drill.screenshot(path=str(pictures / "practice-narrow.png"))
    page.page.set_viewport_size({"width": 1300, "height": 1400})
    assert over == []
