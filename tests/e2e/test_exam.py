"""An assignment as a student meets it: opened in JupyterLab, answered, validated, saved; then its feedback."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from exam_class import answers
from jupyter_page import NotebookPage, jupyter_server

from gmp_lab.exam.command import main
from gmp_lab.exam.course import Course
from gmp_lab.exam.paper import ANSWER, MANUAL
from gmp_lab.exam.variants import params_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytest.importorskip("nbgrader", reason="nbgrader is not installed: it comes with make test")
pytestmark = [pytest.mark.e2e, pytest.mark.slow]

_WRITE = """([name, source]) => {
  const cells = window.jupyterapp.shell.currentWidget.content.widgets;
  const cell = cells.find(it => (it.model.getMetadata("nbgrader") || {}).grade_id === name);
  cell.model.sharedModel.setSource(source);
}"""


@pytest.fixture(scope="module")
def course(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A course with a variant of the first assignment for one student."""
    folder = tmp_path_factory.mktemp("course")
    shutil.copytree(root / "exercises" / "bank", folder / "bank")
    shutil.copyfile(root / "exercises" / "nbgrader_config.py", folder / "nbgrader_config.py")
    (folder / "roster.csv").write_text("student\nada\n", encoding="utf-8")
    words = ["release", "ch1", "--students", str(folder / "roster.csv"), "--course", str(folder)]
    assert main(words) == 0
    return Course(folder)


@pytest.fixture(scope="module")
def desk(course: Course, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[NotebookPage]:
    """The student's notebook, open in JupyterLab."""
    home = tmp_path_factory.mktemp("ada")
    (home / "notebooks").mkdir()
    shutil.copyfile(course.folder / "handout" / "ada" / "ch1" / "ch1.ipynb", home / "notebooks" / "ch1.ipynb")
    with jupyter_server(home / "notebooks", home) as address:
        page = NotebookPage(browser, address)
        page.open("ch1.ipynb")
        yield page
        page.close()


def validated(desk: NotebookPage) -> str:
    """What Validate says."""
    desk.page.get_by_text("Validate", exact=True).first.click()
    dialog = desk.page.locator(".jp-Dialog")
    dialog.wait_for(timeout=120_000)
    said = dialog.inner_text()
    dialog.locator("button").last.click()
    return said


def test_a_blank_notebook_does_not_validate(desk: NotebookPage, pictures: Path) -> None:
    desk.page.screenshot(path=str(pictures / "exam-blank.png"))
    assert "is of type ellipsis" in validated(desk)


def test_locked_cells_cannot_be_edited(desk: NotebookPage) -> None:
    locked = "() => window.jupyterapp.shell.currentWidget.content.widgets.map(it => it.model.getMetadata('editable'))"
    assert desk.page.evaluate(locked).count(False) > 10


def test_answered_it_validates_is_saved_and_graded_and_its_feedback_can_be_read(
    course: Course, desk: NotebookPage, browser: Browser, pictures: Path
) -> None:
    assignment, key = course.assignment("ch1"), course.key("ch1", "ada")
    given = answers(assignment, key, "reference")
    first = assignment.questions[0]
    given[first.id] = first.believer(params_of(first, key))  # mistakes, with reasons
    written = {name + ANSWER: source for name, source in given.items()}
    with_reasons = (question for question in assignment.questions if question.manual)
    written |= {question.id + MANUAL: "Because runqput says so." for question in with_reasons}
    for name, source in written.items():
        desk.page.evaluate(_WRITE, [name, source])
    assert "Success" in validated(desk)
    desk.command("docmanager:save")
    saved = Path(served_folder(desk)) / "ch1.ipynb"
    inbox = course.folder / "inbox0" / "ada"
    inbox.mkdir(parents=True)
    shutil.copyfile(saved, inbox / "ch1.ipynb")
    more = ["--course", str(course.folder)]
    assert main(["collect", "ch1", str(inbox.parent), *more]) == 0
    for step in ("grade", "feedback"):
        assert main([step, "ch1", *more]) == 0
    judged = course.judged("ch1", "ada")
    assert judged is not None and judged.of - first.points <= judged.points < judged.of
    page = browser.new_page()
    page.goto((course.folder / "feedback" / "ada" / "ch1" / "ch1.html").as_uri())
    text = page.locator("body").inner_text()
    page.screenshot(path=str(pictures / "exam-feedback.png"), full_page=True)
    page.close()
    assert f"{judged.verdicts[0].points:g} of {first.points:g} points" in text
    assert next(mark.reason for mark in judged.verdicts[0].marks if mark.reason)[:40] in text


def served_folder(desk: NotebookPage) -> str:
    """The folder that the notebook's kernel works in: that of the file."""
    folder: str = desk.ask("__import__('os').getcwd()")
    return folder
