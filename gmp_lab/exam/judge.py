"""An answer's marks: whatever the answer does, there is a verdict with a reason for every lost point."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from gmp_lab.claims.misconceptions import misconception
from gmp_lab.errors import ConfigError
from gmp_lab.exam.answer import Answer, Unanswered
from gmp_lab.exam.model import Mark, Question


@dataclass(frozen=True, slots=True)
class Verdict:
    """The marks of an answer to a question, and the first lines of what its cell has printed."""

    question: str
    of: float
    marks: tuple[Mark, ...]
    output: str = ""

    @property
    def points(self) -> float:
        """Points, 0 to ``of``."""
        return round(min(self.of, sum(one.points for one in self.marks)), 2)

    def feedback(self) -> str:
        """What the student reads: a line for each mark, and for lost points the reason and where to read."""
        lines = [f"{self.points:g} of {self.of:g} points"]
        for one in self.marks:
            lines.append(f"  {'+' if one.points == one.of else '-'} {one.what}: {one.points:g} of {one.of:g}")
            lines += [f"      {said}" for said in (one.reason, _belief(one), _place(one)) if said]
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """The verdict as plain values, for a file."""
        marks = [[m.what, m.points, m.of, m.reason, m.misconception, m.see] for m in self.marks]
        return {"question": self.question, "of": self.of, "marks": marks, "output": self.output}

    @classmethod
    def from_dict(cls, row: Mapping[str, Any]) -> Verdict:
        """The verdict that ``to_dict`` has written; ConfigError for anything else."""
        try:
            marks = tuple(Mark(*one) for one in row["marks"])
            return cls(str(row["question"]), float(row["of"]), marks, str(row["output"]))
        except (KeyError, TypeError, ValueError) as problem:
            raise ConfigError("verdict", str(row)[:60], "what Verdict.to_dict gives") from problem


def _belief(one: Mark) -> str:
    return misconception(one.misconception).feedback if one.misconception else ""


def _place(one: Mark) -> str:
    return f"Read again: notebook {one.see}." if one.see else ""


def unanswered(question: Question, why: str) -> Verdict:
    """No points, and why."""
    return Verdict(question.id, question.points, (Mark("an answer", 0, question.points, why, "", question.see),))


#: what is said if a check cannot deal with an answer: a mistake of the bank, which must not stop a class
CHECK_FAILED: Final = "This answer could not be judged. That is a mistake in the exam: tell your instructor."
_FAILURES: Final = (ValueError, TypeError, LookupError, AttributeError, AssertionError, RuntimeError, ArithmeticError)


def is_blank(source: str, starter: str) -> bool:
    """Whether a cell does what it did when it was handed out, or nothing."""
    try:
        given, handed_out = ast.dump(ast.parse(source)), ast.dump(ast.parse(starter))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return not source.strip()
    return given in (handed_out, ast.dump(ast.parse("")))


def judge(question: Question, params: Mapping[str, Any], source: str) -> Verdict:
    """The marks of an answer, the text of its cell, to a question with these parameters; no answer makes it raise."""
    if is_blank(source, question.starter(params)):
        return unanswered(question, "The cell holds no answer.")
    answer = Answer(source, question.budget)
    try:
        marks = question.check(params, answer)
    except Unanswered as problem:
        return unanswered(question, str(problem))
    except _FAILURES as problem:
        return unanswered(question, f"{CHECK_FAILED} ({type(problem).__name__}: {str(problem)[:80]})")
    total = sum(one.of for one in marks)
    if round(total, 6) != question.points:
        raise ConfigError(question.id, total, f"marks that add up to {question.points:g}")
    return Verdict(question.id, question.points, tuple(marks), "\n".join(answer.output.splitlines()[:10])[:500])
