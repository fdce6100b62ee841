"""An assignment as a notebook: the instructor's source, a student's variant, what a submission is cut down to.

Every cell is made here.  A question is four cells: its text, the cell for the answer, a cell that Validate runs and
that gets the points, and, if there is one, the part that a person judges.  Of a submission only one thing is taken:
the text of the answer cells, by their ids.  So it does not matter what else was done to the file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from gmp_lab.exam.bank import Assignment
from gmp_lab.exam.model import Question
from gmp_lab.exam.variants import SAMPLE, params_of

Cell = dict[str, Any]
ANSWER: Final = "-answer"  # grade ids: of a question's answer cell, its text, its manual part
TEXT: Final = "-text"
MANUAL: Final = "-reason"
STUB: Final = "# Your answer: replace this line and what else you want in this cell."
UNWRITTEN: Final = "*Write your reasons here.*"
MOST_BYTES: Final = 5_000_000  # of a submitted file
MOST_SOURCE: Final = 100_000  # characters of an answer
_HONOUR: Final = """**Rules.** This is your own work: talk about ideas, but do not share answers. Allowed: the
notebooks of the course, the package `gmp_lab` and its simulator, Go's source, your notes. Say in a comment who or
what helped you. Your parameters are yours alone, so somebody else's numbers are wrong for you.

**How to answer.** Write into the cells under the questions; each is judged by itself, in a fresh Python, so what an
answer needs (imports too) must stand in its own cell. *Validate* looks only at the form. Save, and hand the file in
under the name that it has. Cells that you add are not read."""


def _nbgrader(name: str, **more: Any) -> dict[str, Any]:
    told = {"grade": False, "grade_id": name, "locked": False, "schema_version": 3, "solution": False, "task": False}
    return {**told, **more}


def _cell(kind: str, source: str, nbgrader: dict[str, Any]) -> Cell:
    metadata: dict[str, Any] = {"nbgrader": nbgrader}
    cell: Cell = {"cell_type": kind, "id": nbgrader["grade_id"][:64], "metadata": metadata, "source": source}
    if nbgrader["locked"]:
        metadata |= {"deletable": False, "editable": False}
    return {**cell, "execution_count": None, "outputs": []} if kind == "code" else cell


def _header(assignment: Assignment) -> str:
    worth = f"**{assignment.minutes} minutes, {assignment.points:g} points.**"
    aims = "\n".join(
        f"{n}. {q.objective} ({q.title}: {_worth(q)}, {q.minutes} minutes)"
        for n, q in enumerate(assignment.questions, 1)
    )
    return "\n\n".join([f"# {assignment.title}", assignment.about, worth, "**What you show here**", aims, _HONOUR])


def _worth(question: Question) -> str:
    total = question.points + question.manual_points
    return f"{total:g} point" if total == 1 else f"{total:g} points"


def _question(n: int, question: Question, key: str, solved: bool) -> list[Cell]:
    params = params_of(question, key)
    worth = f"*{_worth(question)}, about {question.minutes} minutes; notebook {question.see}*"
    head = f"## {n}. {question.title}\n\n{worth}\n\n"
    answer = question.starter(params).rstrip("\n")
    if solved:
        answer = f"{answer}\n### BEGIN SOLUTION\n{question.reference(params).rstrip()}\n### END SOLUTION"
    else:
        answer = f"{answer}\n{STUB}"
    form = (
        "# Validate looks at the form of the answer; the grader judges it.\n"
        f"from gmp_lab.exam import check_form\n\nprint(check_form(globals(), {question.form!r}))"
    )
    cells = [
        _cell("markdown", head + question.text(params).strip(), _nbgrader(question.id + TEXT, locked=True)),
        _cell("code", answer.lstrip("\n"), _nbgrader(question.id + ANSWER, solution=True)),
        _cell("code", form, _nbgrader(question.id, grade=True, locked=True, points=question.points)),
    ]
    if question.manual:
        reason = f"{question.manual.strip()}\n\n" + (
            f"### BEGIN SOLUTION\n{question.rubric.strip()}\n### END SOLUTION" if solved else UNWRITTEN
        )
        told = _nbgrader(question.id + MANUAL, grade=True, solution=True, points=question.manual_points)
        cells.append(_cell("markdown", reason, told))
    return cells


def paper(assignment: Assignment, key: str = SAMPLE, *, solved: bool = False) -> dict[str, Any]:
    """The notebook (as nbformat's JSON) of a variant; ``solved``: with solutions, as the instructor's source."""
    cells = [_cell("markdown", _header(assignment), _nbgrader(f"{assignment.name}-header", locked=True))]
    for n, question in enumerate(assignment.questions, 1):
        cells += _question(n, question, key, solved)
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


# --- reading a submission -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Submission:
    """What was taken from a file: sources by grade id, and sentences for the instructor about what was odd in it."""

    answers: Mapping[str, str]
    remarks: tuple[str, ...] = field(default=())


def read_submission(path: Path, assignment: Assignment) -> Submission:
    """The answers in a submitted file; a file that cannot be read has none, and a remark says why. Never raises."""
    try:
        if path.stat().st_size > MOST_BYTES:
            return Submission({}, (f"The file is larger than {MOST_BYTES:,} bytes and was not read.",))
        notebook = json.loads(path.read_text(encoding="utf-8"))
    except OSError:
        return Submission({}, ("The file could not be opened.",))
    except (ValueError, RecursionError):
        return Submission({}, ("The file is no notebook: it is not JSON.",))
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list):
        return Submission({}, ("The file is no notebook: it has no cells.",))
    return _taken(cells, assignment)


def _taken(cells: list[Any], assignment: Assignment) -> Submission:
    wanted = {q.id + ANSWER for q in assignment.questions} | {q.id + MANUAL for q in assignment.questions if q.manual}
    answers: dict[str, str] = {}
    remarks: list[str] = []
    for cell in cells:
        name, source = _named(cell)
        if name not in wanted:
            continue
        if name in answers:
            remarks.append(f"The cell {name} is there more than once: the first one counts.")
        elif source is None or len(source) > MOST_SOURCE:
            remarks.append(f"The cell {name} holds no text that can be read.")
        else:
            answers[name] = source
    missing = sorted(wanted - set(answers))
    if missing:
        remarks.append(f"Cells are missing, and count as not answered: {', '.join(missing)}.")
    return Submission(answers, tuple(remarks))


def _named(cell: Any) -> tuple[str, str | None]:
    """The grade id of a cell ("" if it has none: then its own id), and its source."""
    if not isinstance(cell, dict):
        return "", None
    metadata = cell.get("metadata")
    told = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    name = told.get("grade_id") if isinstance(told, dict) else None
    source = cell.get("source")
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    name = name if isinstance(name, str) else cell.get("id")
    return name if isinstance(name, str) else "", source if isinstance(source, str) else None


def find_notebook(folder: Path, assignment: str) -> tuple[Path | None, str]:
    """The file that a student has handed in, and a remark if it has another name than it should have."""
    wanted = folder / f"{assignment}.ipynb"
    if wanted.is_file():
        return wanted, ""
    found = (path for path in folder.rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts)
    others = sorted(path for path in found if path.is_file())
    if not others:
        return None, "No notebook was handed in."
    return others[0], f"The notebook was handed in as {others[0].name}, not {wanted.name}."


def normalised(assignment: Assignment, key: str, answers: Mapping[str, str]) -> dict[str, Any]:
    """The paper of this variant with the answers put in: everything else is ours again."""
    made = paper(assignment, key)
    for cell in made["cells"]:
        name = cell["metadata"]["nbgrader"]["grade_id"]
        if cell["metadata"]["nbgrader"]["solution"] and name in answers:
            cell["source"] = answers[name]
    return made
