"""What grading says about a class and about the questions: points as CSV, and how each question worked.

A question's *difficulty* is the mean share of its points (1: everybody had all).  Its *discrimination* is the
correlation of its points with the points of all other questions: near 0 or below, it does not tell the strong from
the weak.  Misconceptions are counted by the marks that name them.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import StatisticsError, correlation, fmean, median

from gmp_lab.exam.bank import Assignment
from gmp_lab.exam.course import Judged
from gmp_lab.exam.variants import params_of


@dataclass(frozen=True, slots=True)
class Item:
    """A question in a class: ``answered`` of ``asked``, difficulty (0..1), discrimination (-1..1; None: not known).

    ``lost`` names the things that most points were lost for, ``misconceptions`` how often each was seen.
    """

    question: str
    of: float
    asked: int
    answered: int
    difficulty: float
    discrimination: float | None
    lost: tuple[tuple[str, int], ...]
    misconceptions: tuple[tuple[str, int], ...]


def items(judged: Sequence[Judged]) -> list[Item]:
    """One Item for each question, in order; [] without anybody."""
    if not judged:
        return []
    return [_item(judged, n) for n in range(len(judged[0].verdicts))]


def _item(judged: Sequence[Judged], n: int) -> Item:
    verdicts = [one.verdicts[n] for one in judged]
    points = [verdict.points for verdict in verdicts]
    rest = [one.points - one.verdicts[n].points for one in judged]
    marks = [mark for verdict in verdicts for mark in verdict.marks]
    lost = Counter(mark.what for mark in marks if mark.points < mark.of)
    believed = Counter(mark.misconception for mark in marks if mark.misconception)
    first = verdicts[0]
    return Item(
        first.question, first.of, len(verdicts), sum(v.marks[0].what != "an answer" for v in verdicts),
        fmean(points) / first.of, _correlation(points, rest), tuple(lost.most_common(3)),
        tuple(believed.most_common(3)),
    )  # fmt: skip


def _correlation(a: Sequence[float], b: Sequence[float]) -> float | None:
    try:
        return round(correlation(a, b), 3)
    except StatisticsError:  # fewer than two students, or all alike
        return None


def items_text(found: Sequence[Item]) -> str:
    """The items as a table of text."""
    lines = [f"{'question':24} {'of':>4} {'answered':>9} {'difficulty':>10} {'discrimination':>14}  most lost for"]
    for one in found:
        apart = "-" if one.discrimination is None else f"{one.discrimination:.2f}"
        lost = "; ".join(f"{what} ({n})" for what, n in one.lost)
        counted = f"{one.answered:4}/{one.asked:<4} {one.difficulty:10.2f} {apart:>14}"
        lines.append(f"{one.question:24} {one.of:4g} {counted}  {lost}")
        lines += [f"{'':24} misconception {name}: {n}" for name, n in one.misconceptions]
    return "\n".join(lines) + "\n"


@dataclass(frozen=True, slots=True)
class Spread:
    """A question over the variants of many students: how many differ, and (least, median, most) characters.

    ``text`` is what there is to read, ``answer`` the reference solution, as far as difficulty can be measured without
    students; ``band`` is the larger of most / median of the two.
    """

    question: str
    different: int
    text: tuple[int, float, int]
    answer: tuple[int, float, int]

    @property
    def band(self) -> float:
        """How far the longest lies above the median: 1.0 means that all are alike."""
        return round(max(most / middle for _, middle, most in (self.text, self.answer)), 2)


def spreads(assignment: Assignment, keys: Sequence[str]) -> list[Spread]:
    """One Spread for each question of an assignment, over the variants of these keys."""
    found = []
    for question in assignment.questions:
        made = [params_of(question, key) for key in keys]
        texts = [len(question.text(params)) for params in made]
        answers = [len(question.reference(params)) for params in made]
        found.append(Spread(question.id, len({repr(one) for one in made}), _spread(texts), _spread(answers)))
    return found


def _spread(lengths: Sequence[int]) -> tuple[int, float, int]:
    return min(lengths), median(lengths), max(lengths)


def spreads_text(found: Sequence[Spread], students: int) -> str:
    """The spreads as a table of text."""
    lines = [f"{students} students", f"{'question':24} {'variants':>8} {'text':>18} {'answer':>18} {'band':>5}"]
    for one in found:
        text, answer = ("/".join(f"{n:g}" for n in three) for three in (one.text, one.answer))
        lines.append(f"{one.question:24} {one.different:8} {text:>18} {answer:>18} {one.band:5.2f}")
    return "\n".join(lines) + "\n"


def grades_csv(judged: Sequence[Judged], gradebook: Sequence[Mapping[str, object]] = ()) -> str:
    """A row for each student: points by question and in all, the gradebook's score with manual parts, remarks."""
    out = io.StringIO()
    write = csv.writer(out, lineterminator="\n")
    names = [verdict.question for verdict in judged[0].verdicts] if judged else []
    write.writerow(["student", "assignment", *names, "points", "of", "score", "max_score", "needs_person", "remarks"])
    book = {(row["student"], row["assignment"]): row for row in gradebook}
    for one in judged:
        row = book.get((one.student, one.assignment), {})
        told = [row.get("score", ""), row.get("max_score", ""), row.get("needs_manual_grade", "")]
        cells = [f"{verdict.points:g}" for verdict in one.verdicts]
        write.writerow(
            [one.student, one.assignment, *cells, f"{one.points:g}", f"{one.of:g}", *told, " ".join(one.remarks)]
        )
    return out.getvalue()
