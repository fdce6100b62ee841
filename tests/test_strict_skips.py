"""GMP_LAB_STRICT=1 turns a skipped test or a skipped notebook cell into a failed run, and changes nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

PASSING = "def test_holds():\n    assert True\n"
SKIPPING = "import pytest\n@pytest.mark.skip(reason='no Go toolchain found')\ndef test_with_go():\n    assert True\n"


def run(folder: Path, strict: str, files: dict[str, str], *options: str) -> subprocess.CompletedProcess[str]:
    """Run pytest on these files, laid out as this repository is, with the conftest of this one."""
    for name, content in {"tests/test_passing.py": PASSING, **files}.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(content)
    shutil.copy(Path(__file__).with_name("conftest.py"), folder / "tests")
    # Without the plugins, of which only nbval matters here, pytest starts in a fifth of the time.
    env = {**os.environ, "GMP_LAB_STRICT": strict, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    pytest_here = (sys.executable, "-m", "pytest", "-ra", "-p", "no:cacheprovider", "--rootdir=.", "tests")
    command = [*pytest_here, *options]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("strict", "code"), [("", 0), ("0", 0), ("1", 1)])
def test_a_skipped_test_fails_a_strict_run_only(tmp_path: Path, strict: str, code: int) -> None:
    assert run(tmp_path, strict, {"tests/test_with_go.py": SKIPPING}).returncode == code


def test_a_strict_run_without_a_skipped_test_passes(tmp_path: Path) -> None:
    assert run(tmp_path, "1", {}).returncode == 0


def test_the_reason_of_the_skipped_test_is_shown(tmp_path: Path) -> None:
    shown = run(tmp_path, "1", {"tests/test_with_go.py": SKIPPING}).stdout
    said = ("no Go toolchain found", "1 skipped: in strict mode that is a failure")
    assert [text for text in said if text not in shown] == []


def test_a_module_that_skips_itself_fails_a_strict_run(tmp_path: Path) -> None:
    module = "import pytest\npytest.importorskip('no_such_module')\n"
    assert run(tmp_path, "1", {"tests/test_with_go.py": module}).returncode == 1


@pytest.mark.parametrize(("tags", "code"), [([], 0), (["nbval-skip"], 1)])
def test_a_skipped_notebook_cell_fails_a_strict_run(tmp_path: Path, tags: list[str], code: int) -> None:
    cells = [new_code_cell("x = 1", execution_count=1), new_code_cell("y = 2", execution_count=2)]
    cells[1].metadata["tags"] = tags
    notebook = nbformat.writes(new_notebook(cells=cells))
    nbval = ("notebooks", "-p", "nbval.plugin", "--nbval", "--nbval-current-env")
    done = run(tmp_path, "1", {"notebooks/n.ipynb": notebook}, *nbval)
    assert done.returncode == code, done.stdout
