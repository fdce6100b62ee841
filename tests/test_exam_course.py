"""Grading a whole class: everybody gets what is deserved, whatever was handed in, and a killed run goes on."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from exam_class import HOSTILE, class_of, deserves, hand_in

from gmp_lab.exam.command import main
from gmp_lab.exam.course import Course
from gmp_lab.exam.report import items

pytest.importorskip("nbgrader", reason="nbgrader is not installed: it comes with make test")
pytestmark = [pytest.mark.slow, pytest.mark.alone, pytest.mark.usefixtures("plain_runs")]

ASSIGNMENT = "ch1"
SIZE = 60


def new_course(folder: Path, root: Path) -> Course:
    for name in ("bank", "source", "release"):
        if (root / "exercises" / name).is_dir():
            shutil.copytree(root / "exercises" / name, folder / name)
    shutil.copyfile(root / "exercises" / "nbgrader_config.py", folder / "nbgrader_config.py")
    (folder / ".secret").write_text("a secret of the tests, 16 and more", encoding="utf-8")
    return Course(folder)


def run(course: Course, *words: str) -> int:
    return main([*words, "--course", str(course.folder)])


@pytest.fixture(scope="module")
def graded(
    tmp_path_factory: pytest.TempPathFactory, root: Path, measured: list[str]
) -> tuple[Course, dict[str, str]]:
    """A class of 60, released, collected, graded and given feedback, each with one command; its time is reported."""
    course = new_course(tmp_path_factory.mktemp("course"), root)
    students = class_of(SIZE)
    inbox = course.folder / "in"
    for student, kind in students.items():
        hand_in(course, inbox, course.assignment(ASSIGNMENT), student, kind)
    for words in (("release",), ("collect",), ("grade",), ("feedback",), ("report",)):
        more = (str(inbox),) if words[0] == "collect" else ()
        told = io.StringIO()
        with contextlib.redirect_stdout(told):
            assert run(course, words[0], ASSIGNMENT, *more) == 0, words
        if words[0] == "grade":
            (line,) = re.findall(rf"{SIZE} students, [\d.]+ s each", told.getvalue())
            measured.append(f"grading {ASSIGNMENT}: {line}")
    return course, students


@pytest.mark.timeout(900)
def test_everybody_gets_what_is_deserved(graded: tuple[Course, dict[str, str]]) -> None:
    course, students = graded
    assignment, wrong = course.assignment(ASSIGNMENT), []
    for student, kind in students.items():
        one = course.judged(ASSIGNMENT, student)
        assert one is not None, student
        least, most = deserves(assignment, kind)
        if not least - 1e-3 <= one.points / one.of <= most + 1e-3:
            wrong.append((kind, one.points, one.of, [v.feedback() for v in one.verdicts if v.points < v.of][:2]))
    assert wrong == []


def test_the_gradebook_says_the_same(graded: tuple[Course, dict[str, str]]) -> None:
    course, students = graded
    rows = list(csv.DictReader(io.StringIO((course.folder / f"grades-{ASSIGNMENT}.csv").read_text(encoding="utf-8"))))
    assert [row["student"] for row in rows] == list(students)
    for row in rows:
        assert float(row["score"]) == pytest.approx(float(row["points"]), abs=0.01)


def test_every_lost_point_has_a_reason(graded: tuple[Course, dict[str, str]]) -> None:
    course, students = graded
    for student in students:
        one = course.judged(ASSIGNMENT, student)
        assert one is not None
        for verdict in one.verdicts:
            assert all(mark.reason for mark in verdict.marks if mark.points < mark.of)


def test_everybody_gets_feedback_of_the_own_answers_alone(graded: tuple[Course, dict[str, str]]) -> None:
    course, students = graded
    secret = course.secret().decode()
    for student in students:
        page = (course.folder / "feedback" / student / ASSIGNMENT / f"{ASSIGNMENT}.html").read_text(encoding="utf-8")
        assert "points" in page and secret not in page
        keys = [course.key(ASSIGNMENT, other) for other in students]
        assert not any(key in page for key in keys)


def test_odd_files_are_remarked_upon(graded: tuple[Course, dict[str, str]]) -> None:
    course, students = graded
    odd = {"doubles all cells", "deletes a cell", "renames", "nothing", "is not JSON", "is huge", "is a list"}
    for student, kind in students.items():
        one = course.judged(ASSIGNMENT, student)
        assert one is not None
        assert bool(one.remarks) or kind not in odd


@pytest.mark.parametrize(
    ("kind", "says"), [("is not JSON", "it is not JSON"), ("nothing", "No notebook was handed in")]
)
def test_a_student_whose_file_could_not_be_read_is_told_why(
    graded: tuple[Course, dict[str, str]], kind: str, says: str
) -> None:
    course, students = graded
    student = next(one for one, found in students.items() if found == kind)
    page = (course.folder / "feedback" / student / ASSIGNMENT / f"{ASSIGNMENT}.html").read_text(encoding="utf-8")
    assert says in page


def test_the_items_tell_strong_from_weak(graded: tuple[Course, dict[str, str]]) -> None:
    course, _ = graded
    found = items(list(course.all_judged(ASSIGNMENT)))
    assert [one.question for one in found] == [q.id for q in course.assignment(ASSIGNMENT).questions]
    assert all(0 < one.difficulty < 1 for one in found)
    assert sum(one.discrimination or 0 for one in found) / len(found) > 0.3


def test_grading_again_changes_nothing_and_judges_nobody(graded: tuple[Course, dict[str, str]]) -> None:
    course, _ = graded
    before = book_of(course)
    made = {path: path.stat().st_mtime_ns for path in (course.folder / "judged").rglob("*.json")}
    assert run(course, "grade", ASSIGNMENT) == 0
    assert book_of(course) == before
    assert {path: path.stat().st_mtime_ns for path in made} == made


def book_of(course: Course) -> list[tuple[object, ...]]:
    from gmp_lab.exam import grading  # noqa: PLC0415

    return sorted(tuple(row.values()) for row in grading.scores(course))


@pytest.mark.timeout(600)
@pytest.mark.skipif(os.name != "posix", reason="kill -9: run it on Linux or macOS")
def test_killed_at_any_moment_it_goes_on_to_the_same_gradebook(tmp_path: Path, root: Path) -> None:
    """The same class graded without a stop, and by a run that is killed again and again at random moments."""
    kinds = ("reference", "blank", "believer", "partial", "is not JSON", "doubles all cells", "exits")
    students = {f"k{n:02}": kind for n, kind in enumerate(kinds)}
    books = []
    for name in ("whole", "killed"):
        folder = tmp_path / name
        folder.mkdir()
        course = new_course(folder, root)
        for student, kind in students.items():
            hand_in(course, folder / "in", course.assignment(ASSIGNMENT), student, kind)
        assert run(course, "release", ASSIGNMENT) == run(course, "collect", ASSIGNMENT, str(folder / "in")) == 0
        if name == "killed":
            _killed_often(course)
        assert run(course, "grade", ASSIGNMENT) == 0
        books.append(book_of(course))
    assert books[0] == books[1] and len(books[0]) == len(students)


def _killed_often(course: Course) -> None:
    draw = random.Random(7)
    command = [sys.executable, "-m", "gmp_lab", "exam", "grade", ASSIGNMENT, "--course", str(course.folder)]
    for _ in range(8):
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        process = subprocess.Popen(command, start_new_session=True, **quiet)
        time.sleep(draw.uniform(0.3, 4.0))
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def test_a_student_is_known_by_the_place_of_the_file_and_not_by_what_is_in_it(tmp_path: Path, root: Path) -> None:
    """Somebody hands in another's notebook, with that one's parameters: the own ones are what counts."""
    course = new_course(tmp_path, root)
    hand_in(course, tmp_path / "in", course.assignment(ASSIGNMENT), "a", "reference")
    shutil.copytree(tmp_path / "in" / "a", tmp_path / "in" / "b")
    course.collect(ASSIGNMENT, tmp_path / "in")
    a, b = course.judge_all(ASSIGNMENT)
    assert a.points == a.of and b.points < b.of


@pytest.mark.parametrize("name", ["../evil", "", ".hidden", "a/b", "x" * 65])
def test_a_folder_whose_name_is_no_student_is_not_collected(name: str, tmp_path: Path, root: Path) -> None:
    from gmp_lab import ConfigError  # noqa: PLC0415
    from gmp_lab.exam.variants import check_student  # noqa: PLC0415

    with pytest.raises(ConfigError, match="student"):
        check_student(name)


def test_a_zip_file_cannot_write_outside(tmp_path: Path, root: Path) -> None:
    import zipfile  # noqa: PLC0415

    course = new_course(tmp_path / "c", root) if (tmp_path / "c").mkdir() is None else None
    assert course is not None
    hand_in(course, tmp_path / "in", course.assignment(ASSIGNMENT), "a", "reference")
    archive = tmp_path / "in.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.write(tmp_path / "in" / "a" / f"{ASSIGNMENT}.ipynb", f"a/{ASSIGNMENT}.ipynb")
        packed.writestr("../../evil.ipynb", "{}")
        packed.writestr("/evil.ipynb", "{}")
    assert course.collect(ASSIGNMENT, archive) == ["a"]
    assert not list(tmp_path.rglob("evil.ipynb")) and not Path("/evil.ipynb").exists()


def test_every_hostile_kind_says_what_it_deserves() -> None:
    assert len(HOSTILE) >= 20
    assert json.dumps({kind: share for kind, (_, share) in HOSTILE.items()})
