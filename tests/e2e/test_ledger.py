"""The ledger in Chromium: played with the keyboard alone, searched, run, in both themes; axe finds nothing."""

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
  const found = await axe.run(".gmp-ledger", { resultTypes: ["violations"] });
  return found.violations.map(it => [it.id, it.impact, it.help, ...it.nodes.map(node => node.html.slice(0, 200))]);
}"""


@pytest.fixture(scope="module")
def page(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[NotebookPage]:
    """A notebook with the ledger alone, run."""
    home = tmp_path_factory.mktemp("ledger")
    (home / "notebooks").mkdir()
    source = "from gmp_lab.widgets.ledger import fact_check\nboard = fact_check()\nboard"
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    book.metadata.kernelspec = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    nbformat.write(book, home / "notebooks" / "ledger.ipynb")
    with jupyter_server(home / "notebooks", home) as address:
        found = NotebookPage(browser, address)
        found.open("ledger.ipynb")
        found.command("notebook:run-all-cells")
        found.page.locator(".gmp-ledger").wait_for()
        yield found
        assert (found.errors, found.foreign, found.cell_errors()) == ([], [], [])
        found.close()


@pytest.fixture
def ledger(page: NotebookPage) -> Locator:
    """The widget as it was at the start."""
    page.ask("[board.reset(), setattr(board.search, 'value', ''), setattr(board.chapter, 'value', ''), "
             "setattr(board.show, 'value', 'all'), board._to('1-01')][0]")  # fmt: skip
    found = page.page.locator(".gmp-ledger")
    found.get_by_text("Claim 1-01. The article says:").wait_for()
    found.get_by_text("230 of 230 claims found").wait_for()
    return found


def named(ledger: Locator, role: Any, name: str) -> Locator:
    """A part of the widget by its role and the name that a screen reader says."""
    return ledger.get_by_role(role, name=name, exact=True)


def answer(page: NotebookPage) -> Any:
    """What has been answered, in the kernel."""
    return page.ask("board.answers")


def test_a_claim_is_answered_and_its_check_run_with_keys_alone(
    page: NotebookPage, ledger: Locator, pictures: Path
) -> None:
    page.press(named(ledger, "textbox", "Search"), *"3.2-02")
    ledger.get_by_text("1 of 230 claims found").wait_for()
    page.press(named(ledger, "listbox", "Claims"), "ArrowDown")
    ledger.get_by_text("Claim 3.2-02. The article says:").wait_for()
    page.page.keyboard.press("Tab")  # to the verdicts
    assert page.focused() == "Your verdict"
    for _ in range(5):
        page.page.keyboard.press("ArrowDown")
    page.until_kernel_has("board.choice.value", "false")
    page.page.keyboard.press("Tab")
    assert page.focused() == "Give this verdict"
    page.page.keyboard.press("Space")
    ledger.get_by_text("Right: false.").wait_for()
    assert answer(page) == {"3.2-02": "false"}
    named(ledger, "button", "Next claim").wait_for()
    assert page.focused() == "Next claim"  # the focus is where it was
    page.page.keyboard.press("Tab")
    assert page.focused() == "Run the check"
    page.page.keyboard.press("Space")
    ledger.get_by_text("The verdict is confirmed.").wait_for()
    status = ledger.get_by_role("status").all_inner_texts()
    assert any("The verdict is confirmed." in one for one in status) and any("1 points" in one for one in status)
    ledger.screenshot(path=str(pictures / "ledger-light.png"))


def test_without_a_verdict_nothing_is_told_and_looking_earns_nothing(page: NotebookPage, ledger: Locator) -> None:
    page.press(named(ledger, "button", "Give this verdict"), "Space")
    ledger.get_by_text("Choose a verdict first.").wait_for()
    page.press(named(ledger, "button", "Look it up"), "Space")
    ledger.get_by_text("Looked up: true.").wait_for()
    assert page.ask("board.board.total().points") == 0


def test_arrows_walk_through_the_list_filtered_by_a_verdict(page: NotebookPage, ledger: Locator) -> None:
    named(ledger, "combobox", "Show").select_option("verdict: false")
    named(ledger, "combobox", "Chapter").select_option("3.2")
    wanted = page.ask("board.find('', '3.2', 'false')")
    ledger.get_by_text(f"{len(wanted)} of 230 claims found").wait_for()
    claims = named(ledger, "listbox", "Claims")
    claims.focus()
    for name in wanted:
        page.page.keyboard.press("ArrowDown")
        ledger.get_by_text(f"Claim {name}. The article says:").wait_for()
    assert page.focused() == "Claims" and sorted(answer(page)) == sorted(wanted)


def test_score_and_mistakes_unfold_with_a_key(page: NotebookPage, ledger: Locator) -> None:
    page.ask("board.answer('3.2-01', 'false')")
    summary = ledger.get_by_text("To look at again: 1")
    page.press(summary, "Enter")
    ledger.get_by_role("table", name="What to look at again").wait_for()
    page.press(ledger.get_by_text("Score by chapter").first, "Enter")
    ledger.get_by_role("table", name="Score by chapter").wait_for()


@pytest.mark.parametrize("theme", ["Dark", "Light"])
def test_axe_finds_nothing_in_either_theme(page: NotebookPage, ledger: Locator, theme: str, pictures: Path) -> None:
    axe = pytest.importorskip("axe_playwright_python.base", reason="axe-playwright-python is not installed")
    page.command("apputils:change-theme", theme=f"JupyterLab {theme}")
    page.ask("[board.answer('3.2-02', 'true'), board.run('3.2-02')]")
    ledger.get_by_text("The verdict is confirmed.").wait_for()
    page.page.evaluate(Path(axe.AXE_FILE_PATH).read_text(encoding="utf-8"))
    assert page.page.evaluate(_AXE) == []
    ledger.screenshot(path=str(pictures / f"ledger-{theme.lower()}.png"))


def test_a_narrow_window_cuts_nothing_off(page: NotebookPage, ledger: Locator, pictures: Path) -> None:
    page.page.set_viewport_size({"width": 700, "height": 900})  # as 1400 pixels at 200 %
    page.ask("board.look_up('3.3-01')")
    ledger.get_by_text("Looked up: true.").wait_for()
    over = ledger.evaluate("it => [...it.querySelectorAll('*')].filter(x => x.checkVisibility()"
                           " && x.getBoundingClientRect().right > it.getBoundingClientRect().right + 2"
                           " && !x.closest('select')).map(x => x.outerHTML.slice(0, 120))")  # fmt: skip
    ledger.screenshot(path=str(pictures / "ledger-narrow.png"))
    page.page.set_viewport_size({"width": 1300, "height": 1400})
    assert over == []
