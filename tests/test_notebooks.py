"""The notebooks of the course as they are stored; that their outputs are those of today, nbval checks."""

from __future__ import annotations

from pathlib import Path

import pytest

from gmp_lab import notebook_tool as tool

NOTEBOOKS = tool.notebooks([str(Path(__file__).resolve().parent.parent / "notebooks")])


def test_the_first_two_notebooks_are_there() -> None:
    assert {"00-start-here", "01-gmp-model"} <= {path.stem for path in NOTEBOOKS}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_stored_notebook_has_nothing_to_mend(path: Path) -> None:
    assert tool.findings(path) == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_stored_notebook_is_normal_already(path: Path) -> None:
    nb = tool.read(path)
    before = [cell.id for cell in nb.cells]
    tool.normalise(nb)
    assert [cell.id for cell in nb.cells] == before
