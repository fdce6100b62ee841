"""What README.md and CONTRIBUTING.md show is so: example, commands, notebooks, the map of the package."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import gmp_lab
from gmp_lab.params import VERSIONS


@pytest.fixture(scope="module")
def readme(root: Path) -> str:
    return (root / "README.md").read_text(encoding="utf-8")


def test_the_example_prints_what_stands_below_it(readme: str) -> None:
    shown = re.search(r"```python\n(.*?)```\n\n```text\n(.*?)```", readme, re.DOTALL)
    assert shown is not None
    program, output = shown.groups()
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == output


def test_every_make_target_that_is_named_exists(root: Path, readme: str) -> None:
    targets = set(re.findall(r"^([a-z]+):", (root / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"(?:`|^)make ([a-z]+)", readme, re.MULTILINE)) <= targets


def test_every_notebook_of_the_table_exists(root: Path, readme: str) -> None:
    named = re.findall(r"^\| `([\w-]+)` \|", readme, re.MULTILINE)
    assert [name for name in named if not (root / "notebooks" / f"{name}.ipynb").is_file()] == []


def test_every_notebook_stands_in_the_table(root: Path, readme: str) -> None:
    there = [path.stem for path in sorted((root / "notebooks").glob("*.ipynb"))]
    assert [name for name in there if f"| `{name}` |" not in readme] == []


def test_the_map_of_the_package_names_every_module(root: Path) -> None:
    text = (root / "CONTRIBUTING.md").read_text(encoding="utf-8")
    parts = [path for path in (root / "gmp_lab").iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()]
    names = [path.name + "/" * path.is_dir() for path in parts if not path.name.startswith("_")]
    names += [path.stem for path in (root / "gmp_lab" / "runtime").glob("[a-z]*.py")]
    (drawn,) = re.findall(r"```text\ngmp_lab/\n(.*?)```", text, re.DOTALL)
    assert [name for name in sorted(names) if name not in drawn.split()] == []


# --- the reference pages ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def programs(root: Path) -> str:
    return (root / "notebooks" / "reference" / "programs.md").read_text(encoding="utf-8")


def test_the_program_of_the_reference_runs(programs: str) -> None:
    (block,) = re.findall(r"```python\n(.*?)```", programs, re.DOTALL)
    done = subprocess.run([sys.executable, "-c", block], capture_output=True, text=True, check=True)
    assert done.stdout == "exit\n"


def test_every_operation_of_the_package_stands_in_the_reference(programs: str) -> None:
    not_operations = {"Chan", "ConfigError", "Event", "Recording", "State", "Throw", "__version__"}
    not_operations |= {"state_after", "state_at"}
    names = {*gmp_lab.__all__, *OPERATIONS} - not_operations
    assert sorted(name for name in names if not re.search(rf"\b{name}\b", programs)) == []


OPERATIONS = [
    name
    for module in ("heap", "net", "stacks", "sync", "timer", "workload")
    for name, value in vars(importlib.import_module(f"gmp_lab.{module}")).items()
    if inspect.isfunction(value) and value.__module__ == f"gmp_lab.{module}" and not name.startswith(("_", "check"))
    and name != "duration_ns"
]  # fmt: skip


def test_every_version_stands_in_the_reference(programs: str) -> None:
    assert [name for name in VERSIONS if f"{name}," not in programs and f"{name}." not in programs] == []


def rows() -> list[str]:
    page = Path(__file__).resolve().parent.parent / "notebooks" / "reference" / "programs.md"
    return [line for line in page.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]


@pytest.mark.parametrize("line", rows())
def test_every_expression_of_the_reference_is_one(line: str) -> None:
    _, here = re.split(r"(?<!\|) \| ", line.strip("| "), maxsplit=1)
    for code in re.findall(r"`([^`]+)`", here):
        ast.parse(code)
