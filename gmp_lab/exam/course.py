"""A course folder and what happens in it: collecting, judging, and where everything lies.

    bank/                       the assignments: questions, checks, solutions
    source/ch1/ch1.ipynb        the instructor's notebook, made from the bank
    release/ch1/ch1.ipynb       made from it by nbgrader, without solutions: the sample variant
    handout/s01/ch1/ch1.ipynb   a student's own variant
    submitted/s01/ch1/...       what was handed in, as it came
    judged/ch1/s01.json         marks with reasons, made by ``judge``; the gradebook is filled from these
    normalised, autograded, feedback, gradebook.db     nbgrader's
    .secret                     what the variants are drawn with: never committed, never handed out

Everything below bank, source and release can be deleted and made again.  A file is written under another name and
then moved, so that a run that is killed leaves whole files or none; a verdict says what it was made from, and is made
again only if that has changed.  So grading goes on where it was stopped.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import zipfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from gmp_lab.errors import ConfigError
from gmp_lab.exam.bank import Assignment, load_assignment, version_of
from gmp_lab.exam.judge import CHECK_FAILED, Verdict, judge, unanswered
from gmp_lab.exam.paper import ANSWER, MANUAL, Submission, find_notebook, read_submission
from gmp_lab.exam.variants import check_student, params_of, variant_key

FORMAT: Final = "gmp-lab-judged-1"
SECRET: Final = ".secret"
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Judged:
    """A student's verdicts, the texts that a person has to judge, and remarks about the file that was handed in."""

    student: str
    assignment: str
    made_from: str
    verdicts: tuple[Verdict, ...]
    answers: Mapping[str, str]
    remarks: tuple[str, ...]

    @property
    def points(self) -> float:
        """Points of all questions, without the parts that a person judges."""
        return round(sum(one.points for one in self.verdicts), 2)

    @property
    def of(self) -> float:
        """All points that can be had without those parts."""
        return sum(one.of for one in self.verdicts)


class Course:
    """A course folder.  ConfigError if there is no ``bank`` in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        if not (self.folder / "bank").is_dir():
            raise ConfigError("course", str(folder), "a folder that holds bank, such as exercises")

    # --- variants -----------------------------------------------------------------------------------------------

    def secret(self, make: bool = False) -> bytes:
        """The course's secret: of the environment (GMP_LAB_COURSE_SECRET) or of ``.secret``; made there if wanted."""
        given = os.environ.get("GMP_LAB_COURSE_SECRET", "")
        path = self.folder / SECRET
        if not given and not path.exists() and make:
            _write(path, secrets.token_hex(32))
            path.chmod(0o600)
        text = given or (path.read_text(encoding="utf-8").strip() if path.exists() else "")
        if len(text) < 16:
            raise ConfigError("secret", SECRET, "a file with at least 16 characters: gmp-lab exam release makes it")
        return text.encode()

    def key(self, assignment: str, student: str) -> str:
        """The key of a student's variant."""
        return variant_key(self.secret(), assignment, student)

    def assignment(self, name: str) -> Assignment:
        """An assignment of the bank; ConfigError if there is none."""
        return load_assignment(self.folder, name)

    # --- collecting ----------------------------------------------------------------------------------------------

    def collect(self, name: str, inbox: Path) -> list[str]:
        """Copy what was handed in into ``submitted``: a folder or a zip file with a folder for each student.

        What is there already for a student is replaced.  Returns the students; ConfigError if there is none.
        """
        self.assignment(name)
        if inbox.is_file() and zipfile.is_zipfile(inbox):
            unpacked = self.folder / "unpacked"  # and not inbox, which may be where the instructor keeps files
            shutil.rmtree(unpacked, ignore_errors=True)
            _unzip(inbox, unpacked)
            inbox = unpacked
        if not inbox.is_dir():
            raise ConfigError("inbox", str(inbox), "a folder or a zip file with a folder for each student")
        students = [self._take(name, one) for one in sorted(inbox.iterdir()) if one.is_dir()]
        found = [student for student in students if student]
        if not found:
            raise ConfigError("inbox", str(inbox), "a folder for each student")
        return found

    def _take(self, name: str, folder: Path) -> str:
        try:
            student = check_student(folder.name)
        except ConfigError:
            return ""
        inside = folder / name if (folder / name).is_dir() else folder
        target = self.folder / "submitted" / student / name
        shutil.rmtree(target, ignore_errors=True)
        for path in sorted(inside.rglob("*.ipynb")):
            if path.is_file() and not path.is_symlink():
                place = target / path.relative_to(inside)
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, place)
        target.mkdir(parents=True, exist_ok=True)
        return student

    def submissions(self, name: str) -> list[str]:
        """The students who have a folder for this assignment in ``submitted``, in order."""
        root = self.folder / "submitted"
        return [one.name for one in sorted(root.iterdir()) if (one / name).is_dir()] if root.is_dir() else []

    # --- judging --------------------------------------------------------------------------------------------------

    def judge_all(self, name: str, workers: int = 2, progress: Progress | None = None) -> list[Judged]:
        """The verdicts of all who have handed in; what was judged before and has not changed is taken as it is."""
        assignment, bank = self.assignment(name), version_of(self.folder)
        students = self.submissions(name)
        with ThreadPoolExecutor(max(1, workers)) as pool:
            futures = [pool.submit(self.judge_one, assignment, student, bank) for student in students]
            judged = []
            for n, future in enumerate(futures, 1):
                judged.append(future.result())
                if progress:
                    one = judged[-1]
                    progress(f"[{n:3}/{len(students)}] {one.student}: {one.points:g} of {one.of:g} points")
        return judged

    def judge_one(self, assignment: Assignment, student: str, bank: str) -> Judged:
        """A student's verdicts: from ``judged`` if they were made from the same file, bank and key, else made now."""
        path, remark = find_notebook(self.folder / "submitted" / student / assignment.name, assignment.name)
        key = self.key(assignment.name, student)
        submission = read_submission(path, assignment) if path else Submission({}, ())
        submission = Submission(submission.answers, (remark, *submission.remarks) if remark else submission.remarks)
        made_from = _fingerprint(key, bank, submission)
        known = self.judged(assignment.name, student)
        if known is not None and known.made_from == made_from:
            return known
        verdicts = tuple(_verdicts(assignment, key, submission))
        written = {q.id + MANUAL for q in assignment.questions if q.manual}
        texts = {name: text for name, text in submission.answers.items() if name in written or name.endswith(ANSWER)}
        failed = [one.question for one in verdicts if any(m.reason.startswith(CHECK_FAILED) for m in one.marks)]
        remarks = (*submission.remarks, *(f"The check of {name} has failed: grade it by hand." for name in failed))
        judged = Judged(student, assignment.name, made_from, verdicts, texts, remarks)
        _write(self._judged_path(assignment.name, student), _to_json(judged))
        return judged

    def judged(self, name: str, student: str) -> Judged | None:
        """The verdicts that are kept for a student, None if there are none (or no whole ones)."""
        try:
            return _from_json(self._judged_path(name, student).read_text(encoding="utf-8"))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def all_judged(self, name: str) -> Iterator[Judged]:
        """All verdicts that are kept for an assignment."""
        for student in self.submissions(name):
            found = self.judged(name, student)
            if found is not None:
                yield found

    def _judged_path(self, name: str, student: str) -> Path:
        return self.folder / "judged" / name / f"{student}.json"


def _verdicts(assignment: Assignment, key: str, submission: Submission) -> Iterator[Verdict]:
    why = " ".join(submission.remarks) if not submission.answers else "The file that was handed in has not its cell."
    for question in assignment.questions:
        source = submission.answers.get(question.id + ANSWER)
        if source is None:
            yield unanswered(question, f"There is no answer to this question. {why}")
        else:
            yield judge(question, params_of(question, key), source)


def _fingerprint(key: str, bank: str, submission: Submission) -> str:
    said = json.dumps([FORMAT, key, bank, dict(sorted(submission.answers.items())), submission.remarks])
    return sha256(said.encode("utf-8", "surrogatepass")).hexdigest()


def _to_json(judged: Judged) -> str:
    told: dict[str, Any] = {
        "format": FORMAT, "student": judged.student, "assignment": judged.assignment, "made_from": judged.made_from,
        "verdicts": [one.to_dict() for one in judged.verdicts], "answers": dict(judged.answers),
        "remarks": list(judged.remarks),
    }  # fmt: skip
    return json.dumps(told, indent=1, ensure_ascii=True) + "\n"


def _from_json(text: str) -> Judged:
    told = json.loads(text)
    verdicts = tuple(map(Verdict.from_dict, told["verdicts"]))
    return Judged(
        told["student"], told["assignment"], told["made_from"], verdicts, told["answers"], tuple(told["remarks"])
    )


def _write(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partly = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}.part")
    try:
        partly.write_text(text, encoding="utf-8")
        partly.replace(path)
    finally:
        partly.unlink(missing_ok=True)


def _unzip(archive: Path, target: Path) -> None:
    """Unpack the notebooks of a zip file, each below the target whatever its name says; none larger than 5 MB."""
    with zipfile.ZipFile(archive) as packed:
        for entry in packed.infolist():
            place = (target / entry.filename).resolve()
            inside = target.resolve() in place.parents
            if inside and entry.filename.endswith(".ipynb") and not entry.is_dir() and entry.file_size <= 5_000_000:
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(packed.read(entry))
