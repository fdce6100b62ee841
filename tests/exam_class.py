"""A class for the tests of grading: students of every kind, and what each of them deserves."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gmp_lab.exam.bank import Assignment
from gmp_lab.exam.course import Course
from gmp_lab.exam.paper import ANSWER, paper
from gmp_lab.exam.variants import params_of

Notebook = dict[str, Any]
#: what a student's share of the points must be: the least and the most
Share = tuple[float, float]


def answers(assignment: Assignment, key: str, kind: str) -> dict[str, str]:
    """The sources of all answers of a kind: "reference", "believer", "partial" or "wrong"."""
    found = {}
    for question in assignment.questions:
        params = params_of(question, key)
        if kind == "partial" and question.partial:
            found[question.id] = question.partial[0][0](params)
        elif kind == "wrong" and question.wrong:
            found[question.id] = question.wrong[0].source(params)
        else:
            found[question.id] = (question.believer if kind == "believer" else question.reference)(params)
    return found


def fill(notebook: Notebook, given: dict[str, str]) -> Notebook:
    """The notebook with these answers written into its cells."""
    for cell in notebook["cells"]:
        name = cell["metadata"]["nbgrader"]["grade_id"].removesuffix(ANSWER)
        if cell["metadata"]["nbgrader"]["solution"] and name in given:
            cell["source"] = given[name]
    return notebook


def _before_each(line: str) -> Callable[[Notebook], Any]:
    def spoil(nb: Notebook) -> Notebook:
        for cell in _answers_of(nb):
            cell["source"] = f"{line}\n{cell['source']}"
        return nb

    return spoil


def _in_first(line: str) -> Callable[[Notebook], Any]:
    def spoil(nb: Notebook) -> Notebook:
        _answers_of(nb)[0]["source"] = f"{line}\n{_answers_of(nb)[0]['source']}"
        return nb

    return spoil


def _answers_of(nb: Notebook) -> list[dict[str, Any]]:
    return [c for c in nb["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id", "").endswith(ANSWER)]


def _deleted(nb: Notebook) -> Notebook:
    first = _answers_of(nb)[0]
    nb["cells"] = [cell for cell in nb["cells"] if cell is not first]
    return nb


def _graded_deleted(nb: Notebook) -> Notebook:
    nb["cells"] = _answers_of(nb)
    return nb


def _doubled(nb: Notebook) -> Notebook:
    again = copy.deepcopy(nb["cells"])
    for cell in again:
        cell["source"] = "1 / 0"
    nb["cells"] += again
    return nb


def _tampered(nb: Notebook) -> Notebook:
    for cell in nb["cells"]:
        if cell["metadata"]["nbgrader"]["grade"]:
            cell["source"] = "1000"
    return nb


def _metadata(nb: Notebook) -> Notebook:
    for cell in nb["cells"]:
        told = {"points": 1000, "locked": False, "grade": True, "checksum": "0", "schema_version": 1}
        cell["metadata"]["nbgrader"] |= told
    return nb


def _no_metadata(nb: Notebook) -> Notebook:
    for cell in nb["cells"]:
        cell["metadata"] = {}
    return nb


def _odd_shapes(nb: Notebook) -> Notebook:
    nb["cells"] = [None, 3, {"cell_type": "code"}, {"metadata": {"nbgrader": 3}, "source": 4}, *nb["cells"]]
    nb["nbformat"] = "four"
    return nb


EQUAL = "class E:\n    def __eq__(self, other): return True\n    def __call__(self, *a): return self\n"

#: hostile submissions: what is done to a notebook with right answers, and the share of the points that it deserves;
#: "first" stands for all but the first question
HOSTILE: dict[str, tuple[Callable[[Notebook], Any], Share | str]] = {
    "hangs": (_in_first("while True: pass"), "first"),
    "exits": (_before_each("import os; os._exit(0)"), (0, 0)),
    "forks": (_before_each("import os\nwhile True: os.fork()"), (0, 0)),
    "eats memory": (_in_first("x = [0] * 10**10"), "first"),
    "prints megabytes": (_in_first("print('x' * 10**8)"), (1, 1)),
    "deletes a cell": (_deleted, "first"),
    "hands in its answers alone": (_graded_deleted, (1, 1)),
    "doubles all cells": (_doubled, (1, 1)),
    "rewrites locked tests": (_tampered, (1, 1)),
    "rewrites metadata": (_metadata, (1, 1)),
    "removes metadata": (_no_metadata, (1, 1)),
    "has cells of no shape": (_odd_shapes, (1, 1)),
    "patches the display": (_before_each("import IPython.display, sys; sys.displayhook = print"), (1, 1)),
    "patches sys.modules": (_before_each("import sys; sys.modules['json'] = sys.modules['math'] = None"), (1, 1)),
    "reads the grader's files": (_before_each("open('../../bank/ch1.py').read()"), (0, 0)),
    "writes the grader's files": (_before_each("open('../../gradebook.db', 'w')"), (0, 0)),
    "equals everything": (lambda nb: fill(nb, dict.fromkeys(_ids(nb), EQUAL)), (0, 0)),
    "is empty": (lambda _: "", (0, 0)),
    "is not JSON": (lambda _: "{ this is no notebook", (0, 0)),
    "is a list": (lambda _: "[]", (0, 0)),
    "is deep": (lambda _: "[" * 100_000, (0, 0)),
    "is huge": (lambda nb: json.dumps(nb) + " " * 6_000_000, (0, 0)),
}


def _ids(nb: Notebook) -> list[str]:
    return [c["metadata"]["nbgrader"]["grade_id"].removesuffix(ANSWER) for c in _answers_of(nb)]


def hand_in(course: Course, inbox: Path, assignment: Assignment, student: str, kind: str) -> None:
    """Write what a student of this kind hands in, into the student's folder of the inbox."""
    key = course.key(assignment.name, student)
    notebook = paper(assignment, key)
    name = f"{assignment.name}.ipynb"
    if kind == "renames":
        name = "My answers (final).ipynb"
    if kind == "copies":
        given = answers(assignment, course.key(assignment.name, f"not-{student}"), "reference")
    elif kind in ("blank", "nothing"):
        given = {}
    else:
        given = answers(assignment, key, kind if kind in ("believer", "partial", "wrong") else "reference")
    made: Any = fill(notebook, given)
    if kind in HOSTILE:
        made = HOSTILE[kind][0](made)
    folder = inbox / student
    folder.mkdir(parents=True, exist_ok=True)
    if kind != "nothing":
        (folder / name).write_text(made if isinstance(made, str) else json.dumps(made), encoding="utf-8")


def deserves(assignment: Assignment, kind: str) -> Share:
    """The least and the most share of the points that a student of this kind must get."""
    known: dict[str, Share] = {
        "reference": (1, 1), "renames": (1, 1), "blank": (0, 0), "nothing": (0, 0), "believer": (0, 0.35),
        "copies": (0, 0.9), "partial": (0.05, 0.999), "wrong": (0, 0.999),
    }  # fmt: skip
    share = known.get(kind) or HOSTILE[kind][1]
    if isinstance(share, str):
        total = sum(question.points for question in assignment.questions)
        rest = (total - assignment.questions[0].points) / total
        return rest, rest
    return share


def class_of(size: int) -> dict[str, str]:
    """Students s000, s001, ... and their kinds: all hostile ones once, then the others in turn."""
    kinds = [*HOSTILE, "renames", "nothing", "copies"]
    others = ("reference", "blank", "believer", "partial", "wrong")
    kinds += [others[n % len(others)] for n in range(size - len(kinds))]
    return {f"s{n:03}": kind for n, kind in enumerate(kinds)}
