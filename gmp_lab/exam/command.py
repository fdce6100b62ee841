"""``gmp-lab exam``: from the bank to feedback, as thin guides over nbgrader.

    gmp-lab exam release ch1 --students roster.csv   source, release, and a variant for each student
    gmp-lab exam collect ch1 INBOX                   what was handed in: a folder or a zip file, a folder a student
    gmp-lab exam grade ch1                           judge, fill the gradebook; goes on where it was stopped
    gmp-lab exam feedback ch1                        HTML for each student
    gmp-lab exam report ch1                          grades.csv, and how each question worked
    gmp-lab exam variants ch1                        are the variants of 200 students alike?

All take ``--course`` (default: exercises).
"""

from __future__ import annotations

import argparse
import csv
import secrets
import sys
import time
import warnings
from pathlib import Path

from gmp_lab.errors import ConfigError
from gmp_lab.exam.bank import ASSIGNMENTS
from gmp_lab.exam.course import Course
from gmp_lab.exam.report import grades_csv, items, items_text, spreads, spreads_text
from gmp_lab.exam.variants import variant_key

NO_NBGRADER = "nbgrader is not installed: python -m pip install nbgrader==0.9.6 (make test brings it too)"


def parser() -> argparse.ArgumentParser:
    """The command line of ``gmp-lab exam``."""
    made = argparse.ArgumentParser(
        prog="gmp-lab exam", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("step", choices=("release", "collect", "grade", "feedback", "report", "variants"))
    made.add_argument("assignment", choices=ASSIGNMENTS)
    made.add_argument("inbox", nargs="?", type=Path, help="for collect: a folder or zip file, by student")
    made.add_argument("--course", type=Path, default=Path("exercises"), help="the course folder (default: exercises)")
    made.add_argument("--students", type=Path, help="for release: a CSV file whose first column holds student ids")
    made.add_argument("--workers", type=int, default=0, metavar="N", help="for grade: answers judged at once")
    made.add_argument("--output", type=Path, help="for report: the CSV file (default: COURSE/grades-ASSIGNMENT.csv)")
    return made


def main(argv: list[str]) -> int:
    """Do one step; 1 with a sentence if it cannot be done."""
    options = parser().parse_args(argv)
    warnings.filterwarnings("ignore", module="nbgrader")  # SQLAlchemy's remarks on nbgrader's own code
    try:
        from gmp_lab.exam import grading  # noqa: PLC0415  # needs nbgrader, which students do not have
    except ImportError:
        print(NO_NBGRADER, file=sys.stderr)
        return 1
    try:
        steps = {"release": _release, "collect": _collect, "grade": _grade, "feedback": _feedback, "report": _report,
                 "variants": _variants}  # fmt: skip
        steps[options.step](Course(options.course), options)
    except (ConfigError, grading.GradingError) as problem:
        print(problem, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. The same command goes on from here.", file=sys.stderr)
        return 130
    return 0


def students_of(path: Path) -> list[str]:
    """The ids in the first column of a CSV file, with or without a heading; ConfigError if there is none."""
    try:
        rows = [row[0].strip() for row in csv.reader(path.read_text(encoding="utf-8-sig").splitlines()) if row]
    except OSError as problem:
        raise ConfigError("--students", str(path), "a CSV file that can be read") from problem
    found = [one for one in rows if one and one.lower() not in ("student", "id", "student_id")]
    if not found or len(set(found)) != len(found):
        raise ConfigError("--students", str(path), "a CSV file with an id in the first column, each once")
    return found


def _release(course: Course, options: argparse.Namespace) -> None:
    from gmp_lab.exam import grading  # noqa: PLC0415

    print(f"released: {grading.release(course, options.assignment)}")
    if options.students:
        made = grading.hand_out(course, options.assignment, students_of(options.students))
        print(f"{len(made)} variants in {course.folder / 'handout'}: hand each student the own one")


def _collect(course: Course, options: argparse.Namespace) -> None:
    if options.inbox is None:
        raise ConfigError("inbox", None, "a folder or a zip file, named behind the assignment")
    found = course.collect(options.assignment, options.inbox)
    print(f"collected from {len(found)} students: {', '.join(found[:8])}{' ...' if len(found) > 8 else ''}")


def _grade(course: Course, options: argparse.Namespace) -> None:
    from gmp_lab.exam import grading  # noqa: PLC0415

    began = time.monotonic()
    workers = options.workers or grading.cpu_count()
    judged = course.judge_all(options.assignment, workers, _say)
    grading.fill_gradebook(course, judged, _say)
    seconds = (time.monotonic() - began) / max(1, len(judged))
    odd = [one for one in judged if one.remarks]
    print(f"{len(judged)} students, {seconds:.1f} s each; remarks on {len(odd)} files:")
    for one in odd:
        print(f"  {one.student}: {' '.join(one.remarks)}")


def _say(line: str) -> None:
    print(line, flush=True)


def _feedback(course: Course, options: argparse.Namespace) -> None:
    from gmp_lab.exam import grading  # noqa: PLC0415

    made = grading.feedback(course, options.assignment)
    print(f"{len(made)} files in {course.folder / 'feedback'}")


def _variants(course: Course, options: argparse.Namespace) -> None:
    students = students_of(options.students) if options.students else [f"s{n:03}" for n in range(200)]
    secret = secrets.token_bytes(16)  # any will do: the variants of a course are as good as those of another
    keys = [variant_key(secret, options.assignment, student) for student in students]
    print(spreads_text(spreads(course.assignment(options.assignment), keys), len(keys)), end="")


def _report(course: Course, options: argparse.Namespace) -> None:
    from gmp_lab.exam import grading  # noqa: PLC0415

    judged = list(course.all_judged(options.assignment))
    if not judged:
        raise ConfigError("assignment", options.assignment, "one that was graded: gmp-lab exam grade does that")
    path = options.output or course.folder / f"grades-{options.assignment}.csv"
    path.write_text(grades_csv(judged, grading.scores(course)), encoding="utf-8")
    print(items_text(items(judged)), end="")
    print(f"grades: {path}")
