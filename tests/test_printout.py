"""A notebook as a page: every figure drawn where it stood, nothing from another host, bad files are told."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import nbformat
import pytest

from gmp_lab import ConfigError, cli
from gmp_lab.printout import FIGURE, page

NOTEBOOKS = sorted((Path(__file__).resolve().parent.parent / "notebooks").glob("*.ipynb"))


@cache
def made(path: Path) -> str:
    return page(path)


def figures(path: Path) -> int:
    book: Any = nbformat.read(path, as_version=4)
    outputs = [one for cell in book.cells for one in cell.get("outputs", ())]
    return sum(FIGURE in one.get("data", {}) for one in outputs)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_figure_of_a_notebook_is_drawn_once_with_one_copy_of_the_library(path: Path) -> None:
    text = made(path)
    assert len(re.findall(r'class="plotly-graph-div"', text)) == figures(path)
    assert text.count("plotly.js v") == min(1, figures(path))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_page_asks_no_other_host(path: Path) -> None:
    foreign = r'<(?:script|img|iframe)[^>]+src="(?:https?:)?//|<link[^>]+href="(?:https?:)?//'
    assert not re.findall(foreign, made(path))


def test_the_stored_notebook_stays_as_it_is(tmp_path: Path) -> None:
    copy = tmp_path / "x.ipynb"
    copy.write_bytes(NOTEBOOKS[3].read_bytes())
    page(copy)
    assert copy.read_bytes() == NOTEBOOKS[3].read_bytes()


@pytest.mark.parametrize("content", [None, "no JSON", "{}", "[]", '{"nbformat": 4}'])
def test_what_is_no_notebook_is_told(content: str | None, tmp_path: Path) -> None:
    path = tmp_path / "x.ipynb"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ConfigError, match=r"^notebook = .*a file that holds a notebook"):
        page(path)


def test_the_command_makes_what_it_can_and_names_what_it_cannot(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    to = tmp_path / "new" / "paper"
    assert cli.main(["paper", str(tmp_path / "none.ipynb"), str(NOTEBOOKS[0]), "--to", str(to)]) == 1
    said = capsys.readouterr()
    assert [one.name for one in to.iterdir()] == [f"{NOTEBOOKS[0].stem}.html"]
    assert "none.ipynb" in said.err and f"{NOTEBOOKS[0].stem}.html" in said.out
    assert cli.main(["paper", str(NOTEBOOKS[0]), "--to", str(to)]) == 0
