"""The notebooks' tool: ``run`` executes and normalises them, ``check`` says what is wrong with them.

    python -m gmp_lab.notebook_tool run notebooks
    python -m gmp_lab.notebook_tool check notebooks

A notebook is stored with its outputs, so that it can be read without a kernel and so that ``make test`` can compare
every output with a new one.  Both work only if a stored notebook is a function of its sources: the kernel is that of
the running interpreter, times, random ids and patch versions are left out, and the state of widgets is thrown away
(one figure widget stores plotly's whole JavaScript, 5 MB).  nbval compares nothing for a cell without an execution
count, so such a cell is a finding here.

``check`` executes nothing.  It prints one sentence for each finding and ends with 1 if there was any.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import nbformat
import nbformat.v4
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from gmp_lab import notebook_prose

MAX_BYTES: Final = 200_000
MAX_LINES: Final = 14
MEDIAN_LINES: Final = 4
CELL_SECONDS: Final = 60

#: The parts of a chapter after its header: what their headings begin with, in this order.
PARTS: Final = (
    "The idea", "A run in code", "Predict, then run", "The lab", "Meet the real runtime", "The article, checked",
    "Exam corner", "Recap",
)  # fmt: skip
#: Functions that say in text what a figure shows; one of them must be called in a figure's cell or the next one.
TWINS: Final = (
    "text_timeline", "timeline_alt", "queue_depth_alt", "stage_text", "usage_table", "depth_table", "summary_table",
    "steal_table", "source_table", "switch_table", "latency_table", ".alt", "sweep_plot_text", "levels_text",
    "stacked_text",
)  # fmt: skip

WIDGET: Final = "application/vnd.jupyter.widget-view+json"
KERNELSPEC: Final = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
LANGUAGE: Final = {
    "codemirror_mode": {"name": "ipython", "version": 3}, "file_extension": ".py", "mimetype": "text/x-python",
    "name": "python", "nbconvert_exporter": "python", "pygments_lexer": "ipython3",
}  # fmt: skip
_HEADING: Final = re.compile(r"^(#{1,6}) +(.+?) *$", re.MULTILINE)
_LINK: Final = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HAN: Final = re.compile("[\u4e00-\u9fff]")
_MACHINE: Final = re.compile(r"(?<![\w.:/])/(?:home|root|Users|tmp|var|opt|mnt|usr|private)/[\w.]|\b[A-Z]:\\\w")
# An object's address, a random id: another one at each run.
_RANDOM: Final = re.compile(r"\bat 0x[0-9a-f]{6,}|\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
_PICTURE: Final = re.compile(r"!\[\s*\]\(|<img(?![^>]*\balt=[\"'][^\"'])[^>]*>")

Notebook = Any  # an nbformat.NotebookNode: nbformat has no type information
_v4: Final[Any] = nbformat.v4
_node: Final[Any] = nbformat.from_dict
Finding = Iterator[str]


# --- run ----------------------------------------------------------------------------------------------------------


class _ThisPython(KernelSpecManager):
    """Knows one kernel, that of the running interpreter; a kernel that the user has installed could be another."""

    def get_kernel_spec(self, _name: str) -> KernelSpec:
        argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        return KernelSpec(argv=argv, display_name=KERNELSPEC["display_name"], language="python")


class _ThisKernel(AsyncKernelManager):
    """Starts that kernel."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(kernel_spec_manager=_ThisPython(), **settings)


def execute(nb: Notebook, folder: Path) -> None:
    """Run all cells in place, in ``folder``; nbclient's CellExecutionError at the first one that fails.

    Go is hidden from the kernel: what is stored are the recorded results, which are the same on every machine.
    """
    settings: dict[str, Any] = {"timeout": CELL_SECONDS, "record_timing": False, "coalesce_streams": True}
    place = {"metadata": {"path": str(folder)}}
    client = NotebookClient(
        nb, kernel_name="python3", kernel_manager_class=_ThisKernel, resources=place, **settings
    )
    client.execute(env={**os.environ, "GMP_LAB_GO": "none"})


def normalise(nb: Notebook) -> None:
    """Leave out what differs from run to run or from machine to machine, in place."""
    nb.metadata = _node({"kernelspec": KERNELSPEC, "language_info": LANGUAGE})
    nb.nbformat, nb.nbformat_minor = 4, 5
    seen: dict[str, int] = {}
    for cell in nb.cells:
        cell.metadata.pop("execution", None)
        cell.metadata.pop("trusted", None)
        cell.source = "\n".join(line.rstrip() for line in cell.source.strip("\n").split("\n"))
        cell.id = _cell_id(cell, seen)
        for output in cell.get("outputs", []):
            if "execution_count" in output:
                output.execution_count = cell.execution_count
            # A random id, of no use without the widget; a reader without a kernel is shown the text.
            output.get("data", {}).pop(WIDGET, None)


def _cell_id(cell: Notebook, seen: dict[str, int]) -> str:
    """An id made of the cell's first line, so that it stays when cells before it come or go."""
    first = next((line for line in cell.source.splitlines() if line.strip()), "empty")
    slug = re.sub(r"[^a-z0-9]+", "-", first.lower()).strip("-")[:40].strip("-") or "cell"
    seen[slug] = seen.get(slug, 0) + 1
    return slug if seen[slug] == 1 else f"{slug}-{seen[slug]}"


def write(nb: Notebook, path: Path) -> None:
    """Write a notebook as JupyterLab does: texts as lists of lines, indent 1, a newline at the end, UTF-8."""
    path.write_text(_v4.writes(nb) + "\n", encoding="utf-8")


def read(path: Path) -> Notebook:
    """A notebook as it is, also an invalid one: ``check`` has better words for it than nbformat."""
    return _v4.reads(path.read_text(encoding="utf-8"))


# --- check --------------------------------------------------------------------------------------------------------


def findings(path: Path) -> list[str]:
    """What is wrong with a stored notebook, one sentence each."""
    if path.stat().st_size > MAX_BYTES:
        return [f"it is {path.stat().st_size:,} bytes long, more than {MAX_BYTES:,}"]
    nb = read(path)
    return [one for look in CHECKS for one in look(nb, path)]


def _code(nb: Notebook) -> Iterator[tuple[int, Notebook]]:
    """Code cells with their numbers, counted from 1 among all cells."""
    return ((n, cell) for n, cell in enumerate(nb.cells, 1) if cell.cell_type == "code")


def _lines(source: str) -> int:
    return sum(1 for line in source.splitlines() if line.strip())


def _executed(nb: Notebook, _path: Path) -> Finding:
    for expected, (n, cell) in enumerate(_code(nb), 1):
        if cell.execution_count is None:
            yield f"cell {n} has no execution count, so nothing of it is compared"
        elif cell.execution_count != expected:
            yield f"cell {n} was executed as number {cell.execution_count}, not {expected}: run the whole notebook"


def _no_widget_state(nb: Notebook, _path: Path) -> Finding:
    outputs = (output for _, cell in _code(nb) for output in cell.outputs)
    if "widgets" in nb.metadata or any(WIDGET in output.get("data", {}) for output in outputs):
        yield "it holds the saved state of widgets"


def _no_errors(nb: Notebook, _path: Path) -> Finding:
    for n, cell in _code(nb):
        for output in cell.outputs:
            if output.output_type == "error" and "raises-exception" not in cell.metadata.get("tags", []):
                yield f"cell {n} ends in an error: {output.ename}"
            if output.get("name") == "stderr":
                yield f"cell {n} writes to stderr: {output.text.strip().splitlines()[0]}"


def _short_cells(nb: Notebook, _path: Path) -> Finding:
    lengths = [_lines(cell.source) for _, cell in _code(nb)]
    for n, cell in _code(nb):
        if _lines(cell.source) > MAX_LINES:
            yield f"cell {n} has {_lines(cell.source)} lines of code, more than {MAX_LINES}"
    if lengths and statistics.median(lengths) > MEDIAN_LINES:
        yield f"half of its code cells have more than {MEDIAN_LINES} lines (median {statistics.median(lengths):g})"


def _headings(nb: Notebook) -> list[tuple[int, str]]:
    """(level, text) of all headings."""
    text = "\n\n".join(cell.source for cell in nb.cells if cell.cell_type == "markdown")
    return [(len(marks), words) for marks, words in _HEADING.findall(re.sub(r"```.*?```", "", text, flags=re.DOTALL))]


def _nine_parts(nb: Notebook, _path: Path) -> Finding:
    headings = _headings(nb)
    if not headings or headings[0][0] != 1 or not _HAN.search(headings[0][1]):
        yield "it does not begin with a header: a title of the first level in English and Chinese"
    order = [k for level, words in headings if level == 2 for k, part in enumerate(PARTS) if words.startswith(part)]
    for k, part in enumerate(PARTS):
        if k not in order:
            yield f'it has no part "{part}"'
    if order != sorted(order):
        yield "its parts are not in the order of the course"
    if sum(cell.source.count("predict(") for _, cell in _code(nb)) < 2:
        yield "it has fewer than two predictions"


def _foreseen(nb: Notebook, _path: Path) -> Finding:
    for n, cell in _code(nb):
        if "which no option said" in json.dumps(cell.outputs):
            yield f"the outcome of cell {n} is none of its prediction's options"


def _text_twins(nb: Notebook, _path: Path) -> Finding:
    cells = list(_code(nb))
    for k, (n, cell) in enumerate(cells):
        if any("application/vnd.plotly.v1+json" in output.get("data", {}) for output in cell.outputs):
            near = cell.source + (cells[k + 1][1].source if k + 1 < len(cells) else "")
            if not any(f"{twin}(" in near for twin in TWINS):
                yield f"the figure of cell {n} has no text beside it (call one of {', '.join(TWINS[:4])}, ...)"


def _pictures(nb: Notebook, _path: Path) -> Finding:
    for n, cell in enumerate(nb.cells, 1):
        if cell.cell_type == "markdown" and _PICTURE.search(cell.source):
            yield f"cell {n} has a picture without words for those who do not see it (alt text)"


def _anchors(nb: Notebook) -> set[str]:
    return {words.replace(" ", "-") for _, words in _headings(nb)}


def _links(nb: Notebook, path: Path) -> Finding:
    text = "\n".join(cell.source for cell in nb.cells if cell.cell_type == "markdown")
    for target in _LINK.findall(text):
        if re.match(r"[a-z]+:", target):
            continue  # other people's pages: looking at them would need a network
        name, _, anchor = target.partition("#")
        other = path.parent / name if name else path
        if not other.is_file():
            yield f"its link to {target} leads nowhere"
        elif anchor and other.suffix == ".ipynb":
            there = nb if other == path else read(other)
            if anchor not in _anchors(there):
                yield f"its link to {target} names a heading that is not there"


def _ids(nb: Notebook, _path: Path) -> Finding:
    ids = [cell.get("id") for cell in nb.cells]
    for one in sorted({str(i) for i in ids if ids.count(i) > 1}):
        yield f"the cell id {one} is there {ids.count(one) or ids.count(None)} times"


def _no_machine(nb: Notebook, _path: Path) -> Finding:
    here = {str(Path.home()), sys.prefix, str(Path(__file__).resolve().parents[1])} - {"/"}
    for n, cell in enumerate(nb.cells, 1):
        text = json.dumps([cell.source, cell.get("outputs", [])], ensure_ascii=False).replace("\\\\", "\\")
        found = _MACHINE.search(text)
        if found or any(f"{place}/" in text for place in here):
            yield f"cell {n} contains a path of the machine on which it was executed"


def _nothing_random(nb: Notebook, _path: Path) -> Finding:
    for n, cell in _code(nb):
        if _RANDOM.search(json.dumps(cell.outputs)):
            yield f"cell {n} shows an object's address or a random id, another one at each run"


def _reasons(nb: Notebook, _path: Path) -> Finding:
    for n, cell in _code(nb):
        if any(tag.startswith("nbval-") for tag in cell.metadata.get("tags", [])) and "#" not in cell.source:
            yield f"cell {n} is not compared, and no comment in it says why"


def _normal(nb: Notebook, _path: Path) -> Finding:
    if nb.metadata.get("kernelspec") != KERNELSPEC or nb.metadata.get("language_info") != LANGUAGE:
        yield "its metadata are not the normal ones: run this tool"
    if any("execution" in cell.metadata for cell in nb.cells):
        yield "it holds the times of its last execution"


CHECKS: Final[tuple[Callable[[Notebook, Path], Finding], ...]] = (
    _executed, _no_widget_state, _no_errors, _short_cells, _nine_parts, _foreseen, _text_twins, _pictures, _links,
    _ids, _no_machine, _nothing_random, _reasons, _normal, *notebook_prose.CHECKS,
)  # fmt: skip


# --- command ------------------------------------------------------------------------------------------------------


def notebooks(names: list[str]) -> list[Path]:
    """The notebooks that are named, or are in the folders that are named."""
    found: list[Path] = []
    for path in map(Path, names):
        found += sorted(path.glob("*.ipynb")) if path.is_dir() else [path]
    return found


def run(path: Path) -> list[str]:
    """Execute a notebook and write it normalised; what is wrong with it then (not written if a cell failed)."""
    nb = read(path)
    try:
        execute(nb, path.parent)
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        return [f"it could not be executed: {str(error).strip().splitlines()[-1]}"]
    normalise(nb)
    write(nb, path)
    return findings(path)


def main(argv: list[str]) -> int:
    """Do what the command line says; 1 if there was a finding, or no notebook."""
    parser = argparse.ArgumentParser(prog="python -m gmp_lab.notebook_tool", description="Run or check notebooks.")
    parser.add_argument("command", choices=("run", "check"))
    parser.add_argument("paths", nargs="+", metavar="PATH", help="a notebook, or a folder of them")
    options = parser.parse_args(argv)
    paths = notebooks(options.paths)
    if not paths or not all(path.is_file() for path in paths):
        print("No notebook found there.")
        return 1
    wrong = 0
    for path in paths:
        began = time.monotonic()
        found = run(path) if options.command == "run" else findings(path)
        wrong += len(found)
        print(f"{path}: {'ok' if not found else f'{len(found)} to mend'}, {time.monotonic() - began:.1f} s")
        for sentence in found:
            print(f"  {sentence}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
