"""The assignments of a course folder: what lies in its ``bank``, one module for each assignment.

``bank/ch1.py`` defines ``ASSIGNMENT``.  These modules hold checks and solutions, so they are the instructor's; the
package that students have only knows how to read them.
"""

from __future__ import annotations

import importlib
import sys
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from types import ModuleType
from typing import Final

from gmp_lab.errors import ConfigError, check_choice
from gmp_lab.exam.model import Question

ASSIGNMENTS: Final = ("ch1", "ch2", "ch3", "ch4", "final-exam")


@dataclass(frozen=True, slots=True)
class Assignment:
    """An assignment: ``name``, ``title`` (English and 中文), what it is about, its questions in order."""

    name: str
    title: str
    about: str
    questions: tuple[Question, ...]

    @property
    def minutes(self) -> int:
        """The time that the questions are meant to take."""
        return sum(question.minutes for question in self.questions)

    @property
    def points(self) -> float:
        """All points, those of the manual parts too."""
        return sum(question.points + question.manual_points for question in self.questions)

    def question(self, name: str) -> Question:
        """A question by its id; ConfigError if there is none."""
        names = tuple(question.id for question in self.questions)
        return self.questions[names.index(check_choice("question", name, names))]


def load_assignment(course: Path, name: str) -> Assignment:
    """The assignment of this name in the course folder's bank; ConfigError if there is none or it is not sound."""
    check_choice("assignment", name, tuple(one for one in ASSIGNMENTS if module_path(course, one).is_file()))
    assignment = getattr(_module(course, name), "ASSIGNMENT", None)
    if not isinstance(assignment, Assignment) or assignment.name != name:
        raise ConfigError("assignment", name, f"a bank module that defines ASSIGNMENT with the name {name!r}")
    ids = [question.id for question in assignment.questions]
    if len(set(ids)) != len(ids) or not all(one.startswith(f"{name}-") for one in ids):
        raise ConfigError("assignment", name, f"questions with ids of their own that begin with {name}-")
    return assignment


def assignments(course: Path) -> tuple[Assignment, ...]:
    """All assignments of a course folder."""
    return tuple(load_assignment(course, name) for name in ASSIGNMENTS if module_path(course, name).is_file())


def module_path(course: Path, name: str) -> Path:
    """The file of an assignment."""
    return course / "bank" / f"{name.replace('-', '_')}.py"


def _module(course: Path, name: str) -> ModuleType:
    """The module, loaded from its file, with the bank's folder as a package so that its modules can share code."""
    package = f"gmp_lab_bank_{sha256(str(course.resolve()).encode()).hexdigest()[:8]}"
    if package not in sys.modules:
        made = ModuleType(package)
        made.__path__ = [str((course / "bank").resolve())]
        sys.modules[package] = made
    return importlib.import_module(f"{package}.{name.replace('-', '_')}")


def version_of(course: Path) -> str:
    """A hash of everything in the bank and of what judges: grades that were made with another one are made anew."""
    digest = sha256()
    for path in [*sorted((course / "bank").glob("*.py")), *sorted(Path(__file__).parent.glob("*.py"))]:
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()
