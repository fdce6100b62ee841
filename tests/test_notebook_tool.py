"""The notebooks' tool: each of its checks against a notebook with that one defect, and what ``run`` leaves out."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from gmp_lab import notebook_tool as tool

FIGURE = {"application/vnd.plotly.v1+json": {"data": [], "layout": {}}, "text/plain": "Figure()"}


HEADER = """# The model · 模型

About 30 minutes

1. **name** this;
2. **predict** that;
3. **explain** why.

**You need** nothing."""


def code(source: str, **more: Any) -> Any:
    return new_code_cell(source, **more)


def good() -> Any:
    """A notebook that has everything a chapter must have."""
    parts = [new_markdown_cell(f"## {part}: more words") for part in tool.PARTS]
    cells = [new_markdown_cell(HEADER), *parts]
    cells[2:2] = [code("fig", outputs=[new_output("display_data", FIGURE)]), code("usage_table(run)")]
    cells += [code("one = predict('a')"), code("two = predict('b')"), new_markdown_cell("[part](#Recap:-more-words)")]
    nb = new_notebook(cells=cells, metadata={"kernelspec": tool.KERNELSPEC, "language_info": tool.LANGUAGE})
    for count, cell in enumerate((c for c in cells if c.cell_type == "code"), 1):
        cell.execution_count = count
    tool.normalise(nb)
    return nb


def first_code(nb: Any) -> Any:
    return next(cell for cell in nb.cells if cell.cell_type == "code")


def add_code(nb: Any, source: str, **more: Any) -> Any:
    count = sum(cell.cell_type == "code" for cell in nb.cells)
    nb.cells.append(code(source, execution_count=count + 1, **more))
    return nb.cells[-1]


def never_executed(nb: Any) -> None:
    first_code(nb).execution_count = None


def executed_out_of_order(nb: Any) -> None:
    first_code(nb).execution_count = 7


def with_widget_state(nb: Any) -> None:
    nb.metadata["widgets"] = {"state": {}}


def with_an_error(nb: Any) -> None:
    add_code(nb, "1 / 0", outputs=[new_output("error", ename="ZeroDivisionError", evalue="", traceback=[])])


def with_stderr(nb: Any) -> None:
    add_code(nb, "warn()", outputs=[new_output("stream", name="stderr", text="careful\n")])


def too_big(nb: Any) -> None:
    nb.cells.append(new_markdown_cell("x" * tool.MAX_BYTES))


def with_a_long_cell(nb: Any) -> None:
    add_code(nb, "\n".join(f"x{i} = {i}" for i in range(tool.MAX_LINES + 1)))


def with_long_cells(nb: Any) -> None:
    for _ in range(10):
        add_code(nb, "\n".join("abcde"))


def without_a_header(nb: Any) -> None:
    nb.cells[0].source = HEADER.replace(" · 模型", "")


def without_a_part(nb: Any) -> None:
    nb.cells = [cell for cell in nb.cells if not cell.source.startswith("## Exam corner")]


def with_parts_in_another_order(nb: Any) -> None:
    at = {cell.source: i for i, cell in enumerate(nb.cells)}
    i, j = (at[f"## {part}: more words"] for part in ("The lab", "Exam corner"))
    nb.cells[i], nb.cells[j] = nb.cells[j], nb.cells[i]


def with_one_prediction(nb: Any) -> None:
    next(cell for cell in nb.cells if "predict(" in cell.source).source = "one = 1"


def with_an_unforeseen_outcome(nb: Any) -> None:
    said = "predicted: nothing\nthe run:   7, which no option said"
    add_code(nb, "guess.outcome(7)", outputs=[new_output("execute_result", {"text/plain": said}, execution_count=5)])


def with_a_figure_without_text(nb: Any) -> None:
    add_code(nb, "fig", outputs=[new_output("display_data", FIGURE)])


def with_a_lost_file(nb: Any) -> None:
    nb.cells.append(new_markdown_cell("[next](02-nowhere.ipynb)"))


def with_a_lost_heading(nb: Any) -> None:
    nb.cells.append(new_markdown_cell("[part](#Nothing)"))


def with_an_id_twice(nb: Any) -> None:
    nb.cells[1].id = nb.cells[0].id


def with_a_path(nb: Any) -> None:
    path = "/hom" "e/somebody/x.py"  # in two pieces: another test wants no such path in any file
    add_code(nb, "where()", outputs=[new_output("stream", name="stdout", text=path)])


def with_a_picture_without_words(nb: Any) -> None:
    nb.cells.append(new_markdown_cell("![](attachment:x.png)"))


def with_a_picture_in_html_without_words(nb: Any) -> None:
    nb.cells.append(new_markdown_cell('<img src="x.png" alt="">'))


def with_an_address(nb: Any) -> None:
    add_code(nb, "object()", outputs=[new_output("stream", text="<object object at 0x7f4c8a1b2c30>\n")])


def with_a_random_id(nb: Any) -> None:
    add_code(nb, "uid", outputs=[new_output("stream", text="8c0ea1a4-1f6e-4b1c-9d59-0b6f4f2a7c11\n")])


def ignored_without_a_reason(nb: Any) -> None:
    first_code(nb).metadata["tags"] = ["nbval-ignore-output"]


def with_a_patch_version(nb: Any) -> None:
    nb.metadata["language_info"]["version"] = "3.11.2"


def with_times(nb: Any) -> None:
    first_code(nb).metadata["execution"] = {"iopub.execute_input": "2026-01-01T00:00:00Z"}


DEFECTS: dict[Callable[[Any], None], str] = {
    never_executed: "cell 3 has no execution count",
    executed_out_of_order: "executed as number 7, not 1",
    with_widget_state: "saved state of widgets",
    with_an_error: "ends in an error: ZeroDivisionError",
    with_stderr: "writes to stderr: careful",
    too_big: "more than 200,000",
    with_a_long_cell: "has 15 lines of code, more than 14",
    with_long_cells: "median 5",
    without_a_header: "in English and Chinese",
    without_a_part: 'no part "Exam corner"',
    with_parts_in_another_order: "not in the order",
    with_one_prediction: "fewer than two predictions",
    with_an_unforeseen_outcome: "none of its prediction's options",
    with_a_figure_without_text: "has no text beside it",
    with_a_lost_file: "link to 02-nowhere.ipynb leads nowhere",
    with_a_lost_heading: "link to #Nothing names a heading",
    with_an_id_twice: "is there 2 times",
    with_a_path: "path of the machine",
    with_a_picture_without_words: "(alt text)",
    with_a_picture_in_html_without_words: "(alt text)",
    with_an_address: "another one at each run",
    with_a_random_id: "another one at each run",
    ignored_without_a_reason: "no comment in it says why",
    with_a_patch_version: "metadata are not the normal ones",
    with_times: "times of its last execution",
}


def stored(nb: Any, tmp_path: Path) -> Path:
    path = tmp_path / "n.ipynb"
    tool.write(nb, path)
    return path


def test_a_notebook_as_it_should_be_has_no_findings(tmp_path: Path) -> None:
    assert tool.findings(stored(good(), tmp_path)) == []


@pytest.mark.parametrize(("spoil", "said"), DEFECTS.items(), ids=[spoil.__name__ for spoil in DEFECTS])
def test_a_defect_is_the_one_finding(spoil: Callable[[Any], None], said: str, tmp_path: Path) -> None:
    nb = good()
    spoil(nb)
    (found,) = tool.findings(stored(nb, tmp_path))
    assert said in found


def test_check_says_what_is_wrong_and_ends_with_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nb = good()
    never_executed(nb)
    stored(nb, tmp_path)
    assert tool.main(["check", str(tmp_path)]) == 1
    assert "1 to mend" in capsys.readouterr().out


def test_check_ends_with_0_if_nothing_is_wrong(tmp_path: Path) -> None:
    assert tool.main(["check", str(stored(good(), tmp_path))]) == 0


def test_a_folder_without_notebooks_is_not_taken_for_a_good_one(tmp_path: Path) -> None:
    assert tool.main(["check", str(tmp_path)]) == 1


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, bytes, list[str]]:
    """A small notebook, executed twice: its bytes, and what was found wrong."""
    folder = tmp_path_factory.mktemp("executed")
    (folder / "beside.txt").write_text("beside")
    cells = [
        code("import sys, ipywidgets\nopen('beside.txt').read(), sys.executable == WANTED"),
        code("ipywidgets.IntSlider(description='x')"),
        code("print('a')\nprint('b')"),
        code("from gmp_lab import golang\nprint(golang.find_toolchain(), golang.recorded_or_live('steal').source)"),
    ]
    cells[0].source = cells[0].source.replace("WANTED", repr(tool.sys.executable))
    path = folder / "n.ipynb"
    tool.write(new_notebook(cells=cells), path)
    found = tool.run(path)
    once = path.read_bytes()
    tool.run(path)
    return once, path.read_bytes(), found


def test_executing_twice_gives_the_same_bytes(executed: tuple[bytes, bytes, list[str]]) -> None:
    assert executed[0] == executed[1]


def test_the_kernel_is_this_python_and_its_folder_that_of_the_notebook(
    executed: tuple[bytes, bytes, list[str]],
) -> None:
    nb = json.loads(executed[0])
    assert nb["cells"][0]["outputs"][0]["data"]["text/plain"] == ["('beside', True)"]


def test_no_widget_state_and_no_times_are_stored(executed: tuple[bytes, bytes, list[str]]) -> None:
    text = executed[0].decode()
    assert set(json.loads(text)["metadata"]) == {"kernelspec", "language_info"}
    assert re.findall(r"iopub|shell\.execute_reply|\d\d:\d\d:\d\d", text) == []


def test_recorded_results_are_stored_also_where_go_is_installed(executed: tuple[bytes, bytes, list[str]]) -> None:
    nb = json.loads(executed[0])
    assert nb["cells"][3]["outputs"][0]["text"] == ["None recorded\n"]


def test_a_cell_that_fails_is_named_and_nothing_is_written(tmp_path: Path) -> None:
    path = tmp_path / "n.ipynb"
    tool.write(new_notebook(cells=[code("1 / 0")]), path)
    before = path.read_bytes()
    (found,) = tool.run(path)
    assert "ZeroDivisionError" in found and path.read_bytes() == before


def test_an_id_follows_the_cell_and_not_its_place(tmp_path: Path) -> None:
    nb = new_notebook(cells=[code("a = 1"), code("a = 1"), new_markdown_cell("## The idea")])
    tool.normalise(nb)
    assert [cell.id for cell in nb.cells] == ["a-1", "a-1-2", "the-idea"]
