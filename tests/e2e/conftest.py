"""One JupyterLab server, one browser, and notebook 01 opened and run in it, for all browser tests.

They are marked ``e2e`` and skipped, with the reason and the remedy, where Chromium or playwright is missing
(``tests/conftest.py``).  Screenshots go to the folder that GMP_LAB_ARTIFACTS names, or else to ``test-artifacts``.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
import pytest
from jupyter_page import FLAGS, NotebookPage, jupyter_server
from panel_checks import expected, status_words

from gmp_lab import doctor
from gmp_lab.draw import timeline_data
from gmp_lab.widgets import LABS

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="session")
def pictures(artifacts: Path) -> Path:
    """The folder for screenshots."""
    named = os.environ.get("GMP_LAB_ARTIFACTS")
    folder = Path(named) if named else artifacts
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def server(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a JupyterLab that serves a copy of the course's notebooks."""
    home = tmp_path_factory.mktemp("jupyter")
    notebooks = shutil.copytree(root / "notebooks", home / "notebooks")
    with jupyter_server(notebooks, home) as address:
        yield address


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, without a window."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415  # missing where these tests are skipped

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=doctor.find_chromium(), args=list(FLAGS))
        yield chromium
        chromium.close()


@contextmanager
def run_in(browser: Browser, server: str, name: str, pictures: Path, late: float = 0) -> Iterator[NotebookPage]:
    """A notebook with all cells run; a picture of the page if it does not get that far."""
    page = NotebookPage(browser, server, late)
    try:
        page.open(name)
        page.run_all()
    except Exception:
        page.page.screenshot(path=str(pictures / f"failed-{Path(name).stem}.png"))
        raise
    yield page
    page.close()


@pytest.fixture(scope="session")
def opened(browser: Browser, server: str, pictures: Path) -> Iterator[NotebookPage]:
    """Notebook 01 with all cells run; at the end, nothing may have gone wrong in the page."""
    with run_in(browser, server, "01-gmp-model.ipynb", pictures) as page:
        yield page
        assert (page.errors, page.foreign) == ([], []), "errors in the page, requests to other hosts"


@pytest.fixture
def first_notebook(browser: Browser, server: str, pictures: Path) -> Iterator[NotebookPage]:
    """Notebook 00 with all cells run, where plotly takes longer to load than anywidget waits for a widget (2 s)."""
    with run_in(browser, server, "00-start-here.ipynb", pictures, late=3) as page:
        yield page


def labs_notebook(path: Path, names: Iterable[str]) -> None:
    """Write a notebook with the panels of these chapters, one in each cell."""
    cells = [nbformat.v4.new_code_cell("from gmp_lab.widgets import lab")]
    cells += [nbformat.v4.new_code_cell(f"panel = lab({name!r})\npanel") for name in names]
    book = nbformat.v4.new_notebook(cells=cells)
    book.metadata.kernelspec = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    nbformat.write(book, path)


@pytest.fixture(scope="session")
def labs_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a JupyterLab that serves a notebook with all panels, and one for each of two chapters."""
    home = tmp_path_factory.mktemp("labs")
    (home / "notebooks").mkdir()
    labs_notebook(home / "notebooks" / "all.ipynb", LABS)
    for name in ("02-1", "04-3"):
        labs_notebook(home / "notebooks" / f"{name}.ipynb", [name])
    with jupyter_server(home / "notebooks", home) as address:
        yield address


@pytest.fixture(scope="session")
def all_labs(browser: Browser, labs_server: str, pictures: Path) -> Iterator[NotebookPage]:
    """All panels of the course on one page."""
    with run_in(browser, labs_server, "all.ipynb", pictures) as page:
        yield page
        assert (page.errors, page.foreign) == ([], []), "errors in the page, requests to other hosts"


@pytest.fixture
def notebook(opened: NotebookPage) -> NotebookPage:
    """Notebook 01 with its panel as it was at the start: defaults, timeline, the whole run."""
    opened.button("Timeline of the Ps").click()
    opened.button("Reset").click()
    start = expected(LABS["01-gmp-model"], {})
    opened.until_shown(status_words(start), timeline_data(start).title)
    return opened
