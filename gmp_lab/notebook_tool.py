"""Executes, normalises and checks the course's notebooks: ``python -m gmp_lab.notebook_tool run|check notebooks``.

The .ipynb files are the source and are committed with their outputs, so that they can be read without a kernel and
compared by nbval.  For that they must not depend on the machine or the moment: no widget state (one FigureWidget
weighs 5 MB), no times, no random ids, no name of a kernel's patch version.  ``run`` executes a notebook from top to
bottom and leaves it in this form; ``check`` says in one sentence each what is wrong with one.
"""

from __future__ import annotations

import argparse
import re
import statistics
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat

MAX_BYTES = 200_000
MAX_LINES = 14
MEDIAN_LINES = 4
#: the nine parts of a chapter, each a heading; the first is the title
PARTS = (
    "# ", "## The idea", "## A run in code", "## Predict, then run", "## The lab", "## Meet the real runtime",
    "## The article, checked", "## Exam corner", "## Recap",
)  # fmt: skip
_WIDGET = "application/vnd.jupyter.widget-view+json"
_FIGURE = "application/vnd.plotly.v1+json"
_MACHINE = re.compile(r"(?<![\w.])/(?:home|root|Users|work|tmp|usr)/\w+|0x[0-9a-f]{8,}|site-packages")


def read(path: Path) -> Any:
    """The notebook at path."""
    return nbformat.reads(path.read_text(encoding="utf-8"), as_version=4)  # type: ignore[no-untyped-call]


def execute(path: Path, timeout: int = 120) -> Any:
    """Run all cells of the notebook at path in its own folder and return it; CellExecutionError if one fails."""
    from nbclient import NotebookClient  # noqa: PLC0415  # only who executes pays for its import

    notebook = read(path)
    resources = {"metadata": {"path": str(path.parent)}}
    NotebookClient(notebook, timeout=timeout, kernel_name="python3", resources=resources).execute()
    return notebook


def normalise(notebook: Any) -> None:
    """Take out of an executed notebook what differs by machine or moment."""
    notebook.metadata = nbformat.from_dict(  # type: ignore[no-untyped-call]
        {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        }
    )
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number:02}"
        if cell.cell_type != "code":
            continue
        cell.metadata.pop("execution", None)
        cell.outputs = _joined(cell.outputs)
        for output in cell.outputs:
            if "data" in output:
                output.data.pop(_WIDGET, None)
                output.metadata = nbformat.from_dict({})  # type: ignore[no-untyped-call]


def _joined(outputs: list[Any]) -> list[Any]:
    """The outputs with pieces of one stream joined: how a kernel cuts them is a matter of time."""
    joined: list[Any] = []
    for output in outputs:
        last = joined[-1] if joined else None
        if last is not None and last.output_type == output.output_type == "stream" and last.name == output.name:
            last.text += output.text
        else:
            joined.append(output)
    return joined


def run(path: Path) -> None:
    """Execute and normalise the notebook at path, in place."""
    notebook = execute(path)
    normalise(notebook)
    path.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")  # type: ignore[no-untyped-call]


# --- checks ------------------------------------------------------------------------------------------------------


def check(path: Path) -> list[str]:
    """What is wrong with the notebook at path, a sentence each; [] if nothing is."""
    size = path.stat().st_size
    notebook = read(path)
    cells = list(notebook.cells)
    code = [cell for cell in cells if cell.cell_type == "code"]
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    problems = []
    if size > MAX_BYTES:
        problems.append(f"the file has {size} bytes; at most {MAX_BYTES} are allowed")
    if "widgets" in notebook.metadata:
        problems.append("widget state is saved in its metadata")
    if [cell.id for cell in cells] != [f"cell-{i:02}" for i in range(len(cells))]:
        problems.append("its cell ids are not the normal ones")
    problems += [f"part '{part.strip('# ') or 'title'}' is missing" for part in PARTS if not _has_part(text, part)]
    problems += list(_code_problems(code))
    problems += list(_figures_without_text(cells))
    problems += [f"link to {target} leads nowhere" for target in _broken_links(path, text)]
    return [f"{path.name}: {problem}" for problem in problems]


def _has_part(text: str, part: str) -> bool:
    return any(line.startswith(part) for line in text.splitlines())


def _code_problems(code: list[Any]) -> Iterator[str]:
    for cell in code:
        where = f"cell {cell.id} ('{cell.source.splitlines()[0][:40] if cell.source else ''}')"
        lines = _lines(cell)
        if cell.execution_count is None:
            yield f"{where} has no execution count: nbval would compare nothing"
        if lines > MAX_LINES:
            yield f"{where} has {lines} lines; at most {MAX_LINES} are allowed"
        for output in cell.outputs:
            if output.output_type == "error":
                yield f"{where} ends in an error"
            if _WIDGET in output.get("data", {}):
                yield f"{where} holds a widget's id, which differs at each run"
            if _MACHINE.search(str(output.get("text", output.get("data", {}).get("text/plain", "")))):
                yield f"{where} prints a path or an address of this machine"
    if code and statistics.median(map(_lines, code)) > MEDIAN_LINES:
        yield f"the median of its code cells is over {MEDIAN_LINES} lines"


def _lines(cell: Any) -> int:
    return sum(1 for line in cell.source.splitlines() if line.strip() and not line.lstrip().startswith("#"))


def _figures_without_text(cells: list[Any]) -> Iterator[str]:
    """A figure needs a twin in text: printed by the same cell or by the next code cell."""
    code = [cell for cell in cells if cell.cell_type == "code"]
    for i, cell in enumerate(code):
        shows = any(_FIGURE in output.get("data", {}) for output in cell.outputs)
        near = [output for c in code[i : i + 2] for output in c.outputs]
        if shows and not any(output.output_type == "stream" for output in near):
            yield f"the figure of cell {cell.id} has no text beside it"


def _broken_links(path: Path, text: str) -> Iterator[str]:
    for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", text):
        if "://" not in target and not (path.parent / target).exists():
            yield target


def notebooks(places: list[str]) -> list[Path]:
    """The notebooks at or below the places, sorted."""
    found: list[Path] = []
    for place in map(Path, places):
        inside = place.rglob("*.ipynb") if place.is_dir() else [place]
        found += [path for path in inside if ".ipynb_checkpoints" not in path.parts]
    return sorted(found)


def main(argv: list[str]) -> int:
    """Run or check; 0 if all is well."""
    parser = argparse.ArgumentParser(prog="python -m gmp_lab.notebook_tool", description="Keep the notebooks.")
    parser.add_argument("command", choices=("run", "check"))
    parser.add_argument("places", nargs="+", help="notebooks, or folders of them")
    options = parser.parse_args(argv)
    problems: list[str] = []
    for path in notebooks(options.places):
        if options.command == "run":
            run(path)
        problems += check(path)
        print(f"{path.name}: {options.command}, {path.stat().st_size // 1000} kB")
    print("\n".join(problems) or "no problems found")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
