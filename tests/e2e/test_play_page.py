"""Questions in Chromium, from the keyboard alone: the game of the scheduler, and predictions that are kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
import pytest
from jupyter_page import NotebookPage, jupyter_server

from gmp_lab.play import Game

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator

pytestmark = pytest.mark.e2e

SEED, LEVEL = 6, "full"
CELLS = [
    f"from gmp_lab.widgets.play import play\n\ngame = play({SEED}, {LEVEL!r})\ngame",
    'from gmp_lab.widgets.quiz import exam, predict, predictions\n\nguess = predict("01-steal")\nguess',
    "guess.outcome(8)",
    'corner = exam("01")\ncorner',
]
_AXE = """async () => {
  const found = await axe.run(".gmp-quiz", { resultTypes: ["violations"] });
  return found.violations.filter(it => it.impact === "serious" || it.impact === "critical")
    .map(it => [it.id, it.help, ...it.nodes.map(node => node.html.slice(0, 200))]);
}"""
_FOCUS = """() => {
  const it = document.activeElement;
  return it.type === "radio" ? "radio " + it.closest("label").textContent.trim() : it.textContent.trim();
}"""


@pytest.fixture(scope="module")
def page(browser: Browser, tmp_path_factory: pytest.TempPathFactory, pictures: Path) -> Iterator[NotebookPage]:
    """A notebook with a game, a prediction and an exam corner, all cells run."""
    home = tmp_path_factory.mktemp("play")
    (home / "notebooks").mkdir()
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in CELLS])
    book.metadata.kernelspec = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    nbformat.write(book, home / "notebooks" / "play.ipynb")
    with jupyter_server(home / "notebooks", home) as address:
        opened = NotebookPage(browser, address)
        try:
            opened.open("play.ipynb")
            opened.command("notebook:run-all-cells")
            opened.page.locator(".gmp-quiz").nth(3).get_by_text("Check answer 1").wait_for()
        except Exception:
            opened.page.screenshot(path=str(pictures / "failed-play.png"))
            raise
        yield opened
        assert (opened.errors, opened.foreign, opened.cell_errors()) == ([], [], [])
        opened.close()


def game_of(page: NotebookPage) -> Locator:
    return page.page.locator(".gmp-play")


def tab_to(page: NotebookPage, words: str, key: str = "Tab") -> None:
    """Go from control to control until one has these words; every one that is met can be named."""
    for _ in range(20):
        page.page.keyboard.press(key)
        met = page.page.evaluate(_FOCUS)
        assert met, "a control without a name"
        if words in met:
            return
    raise AssertionError(f"{words!r} is not reached with {key}")


def decide(page: NotebookPage, words: str) -> None:
    """Choose the option with these words and decide, with keys only; the focus stands behind the options before."""
    tab_to(page, f"radio {words}", "Shift+Tab")
    page.page.keyboard.press("Space")
    tab_to(page, "Decide")
    page.page.keyboard.press("Space")


def start(page: NotebookPage, mirror: Game) -> None:
    """Begin the game anew, with the focus on Decide."""
    page.ask(f"game.new({mirror.situation.seed})")
    game_of(page).get_by_text("Decision 1 of 6").wait_for()
    game_of(page).get_by_role("button", name="Decide", exact=True).focus()


@pytest.fixture
def mirror(page: NotebookPage) -> Game:
    """The same game in the test's process; the one in the page has just begun."""
    game = Game(SEED, LEVEL)
    start(page, game)
    return game


def test_a_game_is_played_to_its_end_with_keys(page: NotebookPage, mirror: Game, pictures: Path) -> None:
    panel = game_of(page)
    for number in range(6):
        asked = mirror.question
        assert asked is not None
        panel.get_by_text(f"Decision {number + 1} of 6").wait_for()
        chosen = asked.right if number % 2 else next(o for o in asked.options if o.points == 0)
        decide(page, chosen.words)
        verdict = mirror.decide(chosen.id)
        panel.get_by_text(verdict.said.splitlines()[0], exact=True).wait_for()
        panel.get_by_text(f"{mirror.score}.", exact=True).wait_for()
        if number == 0:
            panel.evaluate("it => it.scrollIntoView()")
            page.page.screenshot(path=str(pictures / "play-verdict.png"))
    panel.get_by_text("All is decided.", exact=True).wait_for()
    assert page.ask("game.score.points") == 3 and page.page.evaluate(_FOCUS) == "Decide"


def test_undo_and_the_model_run_answer_to_keys(page: NotebookPage, mirror: Game, pictures: Path) -> None:
    panel, first = game_of(page), mirror.situation.questions[0]
    decide(page, first.right.words)
    panel.get_by_text("Decision 2 of 6").wait_for()
    tab_to(page, "Undo")
    page.page.keyboard.press("Enter")
    panel.get_by_text("Decision 1 of 6").wait_for()
    assert page.ask("game.score.answered") == 0
    tab_to(page, "Show the model run")
    page.page.keyboard.press("Space")
    for line in mirror.model_run():
        panel.get_by_text(line.split(". The run goes on")[0], exact=False).first.wait_for()
    panel.evaluate("it => it.scrollIntoView()")
    page.page.screenshot(path=str(pictures / "play-model-run.png"))


def test_a_new_situation_and_the_help_come_with_keys(page: NotebookPage, mirror: Game) -> None:
    tab_to(page, "New situation")
    page.page.keyboard.press("Space")
    game_of(page).get_by_text(f"situation {SEED + 1}", exact=False).wait_for()
    tab_to(page, "Keys and help")
    page.page.keyboard.press("Space")
    game_of(page).get_by_role("region", name="Keys and help").wait_for()
    page.page.keyboard.press("Space")
    game_of(page).get_by_role("region", name="Keys and help").wait_for(state="detached")


def test_options_are_a_group_that_is_named_by_its_question(page: NotebookPage, mirror: Game) -> None:
    asked = mirror.question
    assert asked is not None
    group = game_of(page).get_by_role("radiogroup", name=f"Decision 1 of 6. {asked.text}")
    group.wait_for()
    radios = group.get_by_role("radio")
    assert [radios.nth(k).get_attribute("aria-posinset") for k in range(radios.count())] == [
        str(k + 1) for k in range(len(asked.options))
    ]
    assert page.page.get_by_role("radiogroup").count() == page.page.locator(".widget-radio-box").count() > 5


def test_what_is_said_stands_in_a_live_region(page: NotebookPage, mirror: Game) -> None:
    page.page.keyboard.press("Space")  # Decide, without a choice
    status = game_of(page).get_by_role("status").filter(has_text="Choose an option first.")
    status.wait_for()
    assert status.count() == 1


@pytest.mark.parametrize("theme", ["Dark", "Light"])
def test_axe_finds_no_serious_violation(page: NotebookPage, mirror: Game, theme: str, pictures: Path) -> None:
    page.command("apputils:change-theme", theme=f"JupyterLab {theme}")
    page.page.locator(f'body[data-jp-theme-light="{str(theme == "Light").lower()}"]').wait_for(state="attached")
    decide(page, mirror.situation.questions[0].right.words)
    game_of(page).get_by_text("Decision 2 of 6").wait_for()
    page.ask("game.model_run()")
    game_of(page).get_by_text("The model run from here").wait_for()
    axe = pytest.importorskip("axe_playwright_python.base", reason="axe-playwright-python is not installed")
    page.page.evaluate(Path(axe.AXE_FILE_PATH).read_text(encoding="utf-8"))
    found = page.page.evaluate(_AXE)
    game_of(page).evaluate("it => it.scrollIntoView()")
    page.page.screenshot(path=str(pictures / f"play-{theme.lower()}.png"))
    assert found == []


def test_a_narrow_window_and_twice_the_size_cut_nothing_off(page: NotebookPage, mirror: Game, pictures: Path) -> None:
    page.page.set_viewport_size({"width": 700, "height": 900})  # as 1400 pixels at 200 %
    over = """panel => [...panel.querySelectorAll("button, .widget-radio-box label, p")]
      .filter(it => it.checkVisibility() && !it.closest(".gmp-stage")) // a table that can be scrolled
      .map(it => [it.getBoundingClientRect().right - panel.getBoundingClientRect().right, it.textContent])
      .filter(([pixels]) => pixels > 2)"""
    found = game_of(page).evaluate(over)
    beside = "input => input.getBoundingClientRect().top - input.closest('label').getBoundingClientRect().top"
    lower = [radio.evaluate(beside) for radio in game_of(page).get_by_role("radio").all()]
    game_of(page).evaluate("it => it.scrollIntoView()")
    page.page.screenshot(path=str(pictures / "play-narrow.png"))
    page.page.set_viewport_size({"width": 1300, "height": 1400})
    assert found == [] and max(lower) < 10  # the circle stands beside the first line of its words


def test_a_prediction_is_kept_when_its_cell_is_run_again(page: NotebookPage, pictures: Path) -> None:
    asked = page.page.locator(".gmp-quiz").nth(1)
    asked.get_by_role("radio").first.focus()
    page.page.keyboard.press("Space")
    tab_to(page, "Commit")
    page.page.keyboard.press("Space")
    asked.get_by_text("Committed: a).", exact=False).wait_for()
    assert page.page.evaluate(_FOCUS) == "Predict again"
    page.page.locator(".gmp-quiz").nth(2).get_by_text("predicted: a)", exact=False).wait_for()
    page.page.locator(".jp-Cell").nth(1).locator(".cm-content").click()
    page.command("notebook:run-cell")
    asked.get_by_text("a) was predicted when this cell ran before; it is kept.").wait_for()
    asked.evaluate("it => it.scrollIntoView()")
    page.page.screenshot(path=str(pictures / "predict-kept.png"))
    page.page.locator(".jp-Cell").nth(2).locator(".cm-content").click()
    page.command("notebook:run-cell")
    page.page.locator(".gmp-quiz").nth(2).get_by_text("predicted: a)", exact=False).wait_for()
    assert page.ask("predictions().rows") == [["01-steal", "a", "b", "not right"]]
