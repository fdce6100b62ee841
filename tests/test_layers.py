"""Imports point one way: read from the source of every module, and tried in a fresh interpreter.

A row of ``MAY_IMPORT`` says what a part of the package (a module, or a folder of modules) may import of the others.
Each check is a function of a part's name and its source, so it is tried on a line that breaks it as well.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "gmp_lab"
FACTS = {"errors", "params", "vocabulary", "config", "recording"}  # what a reader of a Recording needs
MODEL = FACTS | {"engine", "heap", "net", "stacks", "timer", "workload", "sync", "runtime", "simulate", "catalog"}
MODEL |= {"stream"}
READERS = MODEL | {"replay", "narrate", "metrics", "schedtrace", "draw", "golang", "quiz", "claims", "validate"}
READERS |= {"play", "sweeps", "aftermath", "compare", "cycles", "dump", "export", "gctrace", "scheddetail"}
READERS |= {"corrections"}

MAY_IMPORT: dict[str, set[str]] = {
    "errors": set(),
    "vocabulary": set(),
    "engine": set(),
    "stream": set(),
    "params": {"errors"},
    "config": {"errors", "params"},
    "workload": {"errors"},
    "net": {"errors", "workload"},
    "heap": {"errors", "workload"},
    "sync": {"errors", "workload"},
    "timer": {"errors", "workload"},
    "stacks": {"errors", "params", "workload"},
    "stackmath": {"errors", "params"},
    "catalog": {"errors", "heap", "net", "stacks", "stream", "sync", "workload"},
    "recording": {"errors", "config", "vocabulary"},
    "transcript": {"errors", "heap", "net", "stacks", "sync", "timer", "workload"},
    "runtime": {"engine", "heap", "net", "stacks", "timer", "workload", "sync", "params", "vocabulary", "errors"}
    | {"config"},
    "simulate": {"config", "recording", "runtime", "engine", "workload", "errors"},
    "replay": FACTS,
    "validate": FACTS,  # and not replay: two readings of one contract, so that a mistake in one shows
    "narrate": FACTS | {"replay"},
    "schedtrace": FACTS | {"replay"},
    "aftermath": FACTS,
    "scheddetail": FACTS | {"aftermath", "replay"},
    "dump": FACTS | {"aftermath", "replay"},
    "gctrace": {"errors"},
    "cycles": FACTS | {"gctrace"},
    "metrics": FACTS | {"replay"},
    "export": FACTS | {"metrics"},
    "compare": FACTS | {"metrics"},
    "draw": FACTS | {"compare", "metrics", "narrate", "replay"},
    "sweeps": MODEL | {"metrics", "draw"},  # draw for the table's looks alone, loaded when it is shown
    "golang": {"config", "errors", "params", "recording", "schedtrace", "vocabulary"},
    "play": FACTS | {"catalog", "narrate", "replay", "simulate", "stream", "workload"},
    "quiz": {"errors"},
    "claims": MODEL | {"cycles", "dump", "experiments", "gctrace", "golang", "gocell", "metrics", "replay"}
    | {"scheddetail", "schedtrace", "stackmath", "sweeps", "twins"},
    "corrections": FACTS | {"catalog", "claims", "metrics", "simulate", "workload"},
    "twins": {"catalog", "errors", "recording", "workload"},
    "experiments": FACTS | {"catalog", "cycles", "dump", "gctrace", "gocell", "golang", "heap", "metrics", "net"}
    | {"schedtrace", "simulate", "stacks", "stream", "sync", "twins", "workload"},
    "gocell": {"dump", "errors", "gctrace", "golang", "metrics", "recording", "schedtrace"},
    "chapters": READERS | {"experiments", "gocell", "stackmath", "twins"},
    "exam": READERS | {"transcript", "twins", "__init__"},
    "printout": {"errors"},
    "practice": READERS | {"exam", "stackmath", "twins", "__init__"},
    "widgets": READERS | {"exam", "practice"},
    "__init__": {"config", "errors", "recording", "replay", "simulate", "sync", "timer", "workload"},
}
# Commands: nothing imports them except one another.  What they may import themselves is not ruled here.
COMMANDS = {"__main__", "cli", "doctor", "checks", "setup_env", "notebook_tool", "notebook_prose", "compiled"}
STDLIB_ONLY = MODEL | {"replay", "validate", "narrate", "schedtrace", "golang", "quiz", "twins", "__init__"}
STDLIB_ONLY |= {"transcript", "play", "aftermath", "scheddetail", "dump", "gctrace", "cycles"}
MAY_NEED = {
    "metrics": {"numpy"},
    "export": set(),
    "compare": set(),
    "claims": set(),
    "corrections": set(),
    "draw": {"numpy", "plotly"},
    "exam": {"nbformat", "nbgrader", "traitlets"},
    "sweeps": {"numpy"},
    "chapters": {"numpy"},
    "practice": {"numpy"},
    "printout": {"nbconvert", "nbformat", "plotly", "traitlets"},
    "widgets": {"numpy", "plotly", "ipywidgets", "anywidget", "traitlets", "IPython", "mistune"},
}
PRINTS = {"cli", "checks", "setup_env", "notebook_tool", "compiled", "golang/record", "experiments/record"}
PRINTS |= {"exam/command"}
CATCHES = {"exam/child"}  # runs what students wrote, in a process of its own: whatever that raises is an answer


def part_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


SOURCES = [(part_of(path), path) for path in sorted(PACKAGE.rglob("*.py"))]
LIBRARY = [(part, path) for part, path in SOURCES if part not in COMMANDS]
PARTS = {part for part, _ in SOURCES}


def imported(source: str) -> Iterator[str]:
    """Every module that the source imports, anywhere in it, by its full name."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "a relative import"
            for alias in node.names:
                yield f"{node.module}.{alias.name}"


def wrong_imports(part: str, source: str) -> list[str]:
    """What a part must not import of the package."""
    wrong = []
    for name in imported(source):
        top, _, rest = name.partition(".")
        if top in ("tests", "notebooks"):
            wrong.append(name)
        if top == "gmp_lab":
            other = rest.split(".")[0]
            other = other if other in PARTS else "__init__"
            if other != part and other not in MAY_IMPORT[part]:
                wrong.append(name)
    return wrong


def wrong_packages(part: str, source: str) -> list[str]:
    """What a part must not import of other people's packages."""
    tops = {name.split(".")[0] for name in imported(source)}
    return sorted(tops - set(sys.stdlib_module_names) - {"gmp_lab", "tests", "notebooks"} - MAY_NEED.get(part, set()))


def prints(source: str) -> int:
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    return sum(isinstance(call.func, ast.Name) and call.func.id == "print" for call in calls)


def broad_catches(source: str) -> int:
    """Handlers that catch everything: except:, except Exception, except (ValueError, BaseException)."""
    handlers = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ExceptHandler)]
    count = 0
    for handler in handlers:
        caught = ast.walk(handler.type) if handler.type is not None else iter([ast.Name("Exception")])
        count += any(isinstance(n, ast.Name) and n.id in ("Exception", "BaseException") for n in caught)
    return count


def ids(value: object) -> str:
    return value.relative_to(PACKAGE).as_posix() if isinstance(value, Path) else ""


@pytest.mark.parametrize(("part", "path"), LIBRARY, ids=ids)
def test_a_module_imports_only_what_stands_below_it(part: str, path: Path) -> None:
    assert wrong_imports(part, path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(("part", "path"), LIBRARY, ids=ids)
def test_a_module_needs_only_the_packages_of_its_layer(part: str, path: Path) -> None:
    assert wrong_packages(part, path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", [path for _, path in SOURCES], ids=ids)
def test_only_commands_print_and_nothing_catches_broadly(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    name = path.relative_to(PACKAGE).with_suffix("").as_posix()
    assert (0 if name in PRINTS else prints(source), 0 if name in CATCHES else broad_catches(source)) == (0, 0)


def test_every_part_of_the_package_has_a_row_and_every_row_a_part() -> None:
    assert set(MAY_IMPORT) | COMMANDS == PARTS


def test_the_rows_allow_no_circle() -> None:
    below = {part: set(row) for part, row in MAY_IMPORT.items()}
    while free := {part for part, row in below.items() if not row}:
        below = {part: row - free for part, row in below.items() if part not in free}
    assert below == {}


@pytest.mark.parametrize(
    ("part", "line", "wrong"),
    [
        ("engine", "from gmp_lab.errors import Throw", ["gmp_lab.errors.Throw"]),
        ("validate", "from gmp_lab import replay", ["gmp_lab.replay"]),
        ("runtime", "import gmp_lab.recording", ["gmp_lab.recording"]),
        ("replay", "def f():\n    from gmp_lab import simulate", ["gmp_lab.simulate"]),
        ("recording", "from gmp_lab import Config", ["gmp_lab.Config"]),
        ("draw", "import tests.helpers", ["tests.helpers"]),
        ("runtime", "from gmp_lab.runtime.status import dropg", []),
    ],
)
def test_an_import_that_points_upwards_is_found(part: str, line: str, wrong: list[str]) -> None:
    assert wrong_imports(part, line) == wrong


@pytest.mark.parametrize(
    ("part", "line", "wrong"),
    [
        ("runtime", "import numpy as np", ["numpy"]),
        ("metrics", "from plotly import graph_objects", ["plotly"]),
        ("draw", "if x:\n    import ipywidgets", ["ipywidgets"]),
        ("metrics", "import numpy.typing, json", []),
    ],
)
def test_a_package_of_another_layer_is_found(part: str, line: str, wrong: list[str]) -> None:
    assert wrong_packages(part, line) == wrong


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("try:\n    f()\nexcept:\n    pass", 1),
        ("try:\n    f()\nexcept Exception as e:\n    pass", 1),
        ("try:\n    f()\nexcept (OSError, BaseException):\n    pass", 1),
        ("try:\n    f()\nexcept (OSError, ValueError):\n    pass", 0),
    ],
)
def test_a_handler_that_catches_everything_is_found(line: str, found: int) -> None:
    assert broad_catches(line) == found


# --- in a fresh interpreter ---------------------------------------------------------------------------------


def fresh(code: str, *options: str) -> str:
    command = [sys.executable, *options, "-c", f"import sys\nsys.path.insert(0, {str(PACKAGE.parent)!r})\n{code}"]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.strip()


def modules_of(parts: set[str]) -> list[str]:
    """The modules of these parts, by full name."""
    paths = [path.relative_to(PACKAGE.parent).with_suffix("") for part, path in SOURCES if part in parts]
    return [".".join(path.parts).removesuffix(".__init__") for path in paths]


def test_the_model_runs_with_the_standard_library_alone() -> None:
    names = [name for name in modules_of(STDLIB_ONLY) if not name.endswith(".record")]
    code = f"import importlib\nfor name in {names}: importlib.import_module(name)\nprint('site' in sys.modules)"
    assert fresh(code, "-S") == "False"  # without site-packages: nothing else is there to be imported


def test_importing_the_package_loads_none_of_the_heavy_ones() -> None:
    heavy = {"numpy", "plotly", "ipywidgets", "anywidget", "traitlets", "IPython", "asyncio"}
    code = f"import gmp_lab, gmp_lab.simulate, gmp_lab.validate\nprint(sorted({heavy} & set(sys.modules)))"
    assert fresh(code) == "[]"
