"""nbgrader's part: the release, the gradebook, the feedback.

nbgrader keeps what it is good at: notebooks without solutions, points by cell, manual grading, a gradebook, feedback
as HTML.  Two things are not its own here.  It does not run answers: its step that executes a notebook is replaced by
one that puts the marks of ``judge`` into the cells.  And it never sees what was handed in: it is given the paper
again, with the texts of the answers put into it.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import re
import shutil
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import nbformat
from nbgrader.apps import NbGraderAPI
from nbgrader.preprocessors import ComputeChecksums, NbGraderPreprocessor
from nbgrader.utils import is_grade, is_solution
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from gmp_lab.errors import ConfigError
from gmp_lab.exam.course import Course, Judged, Progress, _write
from gmp_lab.exam.judge import Verdict
from gmp_lab.exam.paper import normalised, paper
from gmp_lab.exam.variants import SAMPLE

_nbformat: Final[Any] = nbformat  # it has no type information
_Notebook = Any  # an nbformat.NotebookNode: nbformat has no type information
_DONE: Final = ".gmp-lab-done"


class GradingError(RuntimeError):
    """nbgrader could not do a step; the message is the last thing that it said."""


class Judge(NbGraderPreprocessor):  # type: ignore[misc]  # nbgrader has no type information
    """In the place of nbgrader's Execute: puts a student's marks into the graded cells; nothing is executed."""

    def preprocess(self, nb: _Notebook, resources: Any) -> tuple[_Notebook, Any]:
        """Fill the outputs of the cells that get points."""
        told = resources["nbgrader"]
        judged = Course(Path.cwd()).judged(told["assignment"], told["student"])
        if judged is None:
            raise ConfigError("student", told["student"], "one who was judged before: gmp-lab exam grade does that")
        verdicts = {one.question: one for one in judged.verdicts}
        for cell in nb.cells:
            if is_grade(cell) and not is_solution(cell):
                _fill(cell, verdicts[cell.metadata.nbgrader["grade_id"]])
        return nb, resources


def _fill(cell: _Notebook, verdict: Verdict) -> None:
    printed = f"\n\nYour cell printed:\n{verdict.output}" if verdict.output else ""
    said = _nbformat.v4.new_output("stream", name="stdout", text=verdict.feedback() + printed + "\n")
    points = _nbformat.v4.new_output("execute_result", {"text/plain": f"{verdict.points:g}"}, execution_count=1)
    cell.outputs, cell.execution_count = [said, points], 1


# --- release ------------------------------------------------------------------------------------------------------


def write_source(course: Course, name: str) -> Path:
    """Write the instructor's notebook of an assignment, with solutions, into ``source``."""
    path = course.folder / "source" / name / f"{name}.ipynb"
    _write(path, _text(paper(course.assignment(name), SAMPLE, solved=True)))
    return path


def release(course: Course, name: str) -> Path:
    """Make ``release`` from ``source`` with nbgrader; GradingError if it refuses."""
    write_source(course, name)
    _done(_api(course).generate_assignment(name, force=True, create=True), "generate_assignment")
    path = course.folder / "release" / name / f"{name}.ipynb"
    _write(path, _text(_nbformat.read(path, as_version=4)))  # with a newline at its end, as the source has
    return path


def hand_out(course: Course, name: str, students: Iterable[str]) -> list[Path]:
    """Write each student's own variant into ``handout``; the secret is made if there is none yet."""
    course.secret(make=True)
    assignment, made = course.assignment(name), []
    for student in students:
        path = course.folder / "handout" / student / name / f"{name}.ipynb"
        _write(path, _text(with_checksums(paper(assignment, course.key(name, student)))))
        made.append(path)
    return made


def with_checksums(notebook: dict[str, Any]) -> _Notebook:
    """The notebook with nbgrader's checksums, by which Validate notices a locked cell that was changed."""
    nb = _nbformat.from_dict(notebook)
    return ComputeChecksums().preprocess(nb, {})[0]


# --- grading ------------------------------------------------------------------------------------------------------


def fill_gradebook(course: Course, judged: Iterable[Judged], progress: Progress | None = None) -> None:
    """Put verdicts into the gradebook and ``autograded``, a student at a time; who is there already is left."""
    api, known = _api(course), set()
    for one in judged:
        mark = course.folder / "autograded" / one.student / one.assignment / _DONE
        if mark.is_file() and mark.read_text(encoding="utf-8") == one.made_from:
            continue
        if one.assignment not in known:
            known.add(one.assignment)
            if not _is_released(api, one.assignment):
                release(course, one.assignment)
        _normalise(course, one)
        _done(api.autograde(one.assignment, one.student, force=True, create=True), f"autograde {one.student}")
        _write(mark, one.made_from)
        if progress:
            progress(f"{one.student}: in the gradebook")


def _normalise(course: Course, one: Judged) -> None:
    key = course.key(one.assignment, one.student)
    assignment = course.assignment(one.assignment)
    blank = with_checksums(normalised(assignment, key, {}))
    for cell in blank.cells:
        name = cell.metadata.nbgrader["grade_id"]
        if name in one.answers and is_solution(cell):
            cell.source = one.answers[name]
    target = course.folder / "normalised" / one.student / one.assignment
    shutil.rmtree(target, ignore_errors=True)
    _write(target / f"{one.assignment}.ipynb", _text(blank))


def feedback(course: Course, name: str) -> list[Path]:
    """Make feedback as HTML for all who are in the gradebook: marks, reasons, a person's comments; its files."""
    api = _api(course)
    made = []
    for student in course.submissions(name):
        if (course.folder / "autograded" / student / name / f"{name}.ipynb").is_file():
            _done(api.generate_feedback(name, student, force=True), f"generate_feedback {student}")
            made.append(course.folder / "feedback" / student / name / f"{name}.html")
    return made


def scores(course: Course) -> list[dict[str, Any]]:
    """The gradebook, a row for each student and assignment: score, max_score, what waits for a person."""
    with _api(course).gradebook as book:
        return [
            {"student": submission.student_id, "assignment": assignment.name, "score": submission.score,
             "max_score": assignment.max_score, "needs_manual_grade": submission.needs_manual_grade}
            for assignment in book.assignments for submission in book.assignment_submissions(assignment.name)
        ]  # fmt: skip


def _is_released(api: NbGraderAPI, name: str) -> bool:
    with api.gradebook as book:
        return any(one.name == name and one.notebooks for one in book.assignments)


def _api(course: Course) -> NbGraderAPI:
    """nbgrader for this course folder, as its nbgrader_config.py says."""
    loaded = Config()
    file = course.folder / "nbgrader_config.py"
    if file.is_file():
        loaded.merge(PyFileConfigLoader(str(file)).load_config())
    loaded.CourseDirectory.root = str(course.folder)
    loaded.CourseDirectory.submitted_directory = "normalised"
    _find_alembic()
    api = NbGraderAPI(config=loaded)
    api.log.setLevel(logging.ERROR)
    return api


def _find_alembic() -> None:
    """nbgrader calls alembic by its name: it is to be found also in an environment that was not activated."""
    beside = str(Path(sys.executable).parent)
    if beside not in os.environ.get("PATH", "").split(os.pathsep):
        os.environ["PATH"] = os.pathsep.join([beside, os.environ.get("PATH", os.defpath)])


def _done(answer: dict[str, Any], step: str) -> None:
    """GradingError, with the last exception that nbgrader's log names, if a step has failed."""
    if not answer["success"]:
        log = f"{answer.get('error') or ''}\n{answer.get('log') or ''}"
        named = re.findall(r"^\s*([\w.]+(?:Error|Exception|Entry)\b.*)$", log, re.MULTILINE)
        telling = [line for line in named if "see the the above traceback" not in line] or named
        raise GradingError(f"{step}: {telling[-1] if telling else 'nbgrader does not say why'}")


def _text(notebook: Any) -> str:
    return json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


@contextlib.contextmanager
def quiet() -> Iterator[io.StringIO]:
    """What nbgrader says on stderr, kept instead of shown."""
    kept = io.StringIO()
    with contextlib.redirect_stderr(kept):
        yield kept


def cpu_count() -> int:
    """How many answers are judged at the same time, if nothing else is said."""
    return max(1, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
