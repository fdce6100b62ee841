"""The bank's own proof: every solution, every mistake, every variant.  What is here is what students never see."""

from __future__ import annotations

import ast
import json
import re
import shutil
import statistics
from functools import cache
from itertools import combinations
from pathlib import Path

import pytest

from gmp_lab.exam.answer import Answer
from gmp_lab.exam.bank import Assignment, assignments
from gmp_lab.exam.judge import CHECK_FAILED, judge
from gmp_lab.exam.model import KINDS, Question
from gmp_lab.exam.paper import paper
from gmp_lab.exam.report import spreads, spreads_text
from gmp_lab.exam.variants import SAMPLE, params_of, variant_key

pytestmark = pytest.mark.usefixtures("plain_runs")

EXERCISES = Path(__file__).resolve().parent.parent / "exercises"
ALL = assignments(EXERCISES)
QUESTIONS = [question for assignment in ALL for question in assignment.questions]
KEYS = ("variant one", "variant two")
named = pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.id)
by_assignment = pytest.mark.parametrize("assignment", ALL, ids=lambda assignment: assignment.name)


@cache
def keys_of_a_class(assignment: str) -> tuple[str, ...]:
    return tuple(variant_key(b"a secret of the tests, long enough", assignment, f"s{n:03}") for n in range(200))


# --- solutions and mistakes -----------------------------------------------------------------------------------------


@named
@pytest.mark.parametrize("key", KEYS)
def test_the_reference_gets_every_point(question: Question, key: str) -> None:
    params = params_of(question, key)
    verdict = judge(question, params, question.reference(params))
    assert verdict.points == question.points, verdict.feedback()


@named
def test_a_blank_answer_gets_nothing(question: Question) -> None:
    params = params_of(question, KEYS[0])
    assert judge(question, params, question.starter(params)).points == 0
    assert judge(question, params, "").points == 0


@named
def test_every_mistake_costs_what_it_must(question: Question) -> None:
    params = params_of(question, KEYS[0])
    for wrong in question.wrong:
        verdict = judge(question, params, wrong.source(params))
        assert verdict.points <= wrong.at_most * question.points + 0.01, (wrong.name, verdict.feedback())
        assert verdict.points < question.points, wrong.name


@named
def test_a_correct_answer_may_be_written_in_other_ways(question: Question) -> None:
    params = params_of(question, KEYS[1])
    for source in question.right:
        verdict = judge(question, params, source(params))
        assert verdict.points == question.points, (source(params), verdict.feedback())


@named
def test_a_partial_answer_gets_its_share_and_every_lost_point_a_reason(question: Question) -> None:
    params = params_of(question, KEYS[0])
    for source, share in question.partial:
        verdict = judge(question, params, source(params))
        assert verdict.points == pytest.approx(share * question.points, abs=0.02), verdict.feedback()
        assert all(mark.reason for mark in verdict.marks if mark.points < mark.of)


def test_a_result_of_another_type_is_told_and_shows_no_misconception() -> None:
    question = next(one for one in QUESTIONS if one.id == "ch1-runqput")
    params = params_of(question, KEYS[0])
    told = {"[1, [], []]": "returns a list; a tuple", "None": "returns None; a tuple", "1 // 0": "A call failed"}
    for given, says in told.items():
        verdict = judge(question, params, f"def runqput(runnext, ring, gp, next):\n    return {given}")
        assert all(says in one.reason and not one.misconception for one in verdict.marks)


def test_what_decides_a_claim_decides_no_other() -> None:
    for question in (one for one in QUESTIONS if one.kind == "verdict"):
        for key in keys_of_a_class(question.id.rpartition("-")[0]):
            lines = question.text(params_of(question, key)).splitlines()
            seen = [line for line in lines if line.startswith("* **")]
            words = [set(re.findall(r"[A-Za-z_.]{4,}", line.lower())) for line in seen]
            assert all(2 * len(a & b) < min(len(a), len(b)) for a, b in combinations(words, 2)), seen


ODD = (
    "None", "True", "-1", "0", "10**60", "1.5", "float('nan')", "''", "'a'", "'\\x00'", "[]", "[[]]",
    "[None, 'a', 1.5]", "['a'] * 500", "list(range(500))", "()", "{}", "{'a': [1]}", "[float('inf')]",
    "['a', 'b', 'c', 'd', 'e', 'f', 'g']",
)  # fmt: skip


@named
def test_no_answer_of_whatever_type_breaks_a_check(question: Question) -> None:
    """Names that are asked for, with values of every type, and functions that give them: always a verdict."""
    params = params_of(question, KEYS[0])
    names = [part.split(":")[0].strip() for part in question.form.split(";")]
    function = "function(" in question.form or "goroutine" in question.form
    for value in ODD:
        lines = [f"def {name}(*a): return {value}" if function else f"{name} = {value}" for name in names]
        verdict = judge(question, params, "\n".join(lines))
        lucky = len(names) == 1 and not function  # a single value may happen to be right
        assert 0 <= verdict.points < question.points or lucky, value
        assert CHECK_FAILED not in verdict.feedback(), (value, verdict.feedback())
        assert all(mark.reason for mark in verdict.marks if mark.points < mark.of)


@by_assignment
def test_who_believes_the_article_fails(assignment: Assignment) -> None:
    got = of = 0.0
    for question in assignment.questions:
        params = params_of(question, KEYS[0])
        got += judge(question, params, question.believer(params)).points
        of += question.points
    assert got / of < 0.35


def test_there_are_enough_mutants_and_enough_other_solutions() -> None:
    implement = [question for question in QUESTIONS if question.kind == "implement"]
    assert sum(len(question.wrong) for question in implement) >= 40
    assert sum(len(question.right) for question in implement) >= 10
    assert all(len(question.wrong) >= 4 and question.right for question in implement)


def test_the_bank_is_large_and_has_every_kind() -> None:
    assert len(QUESTIONS) >= 60
    assert {question.kind for question in QUESTIONS} == set(KINDS)
    assert {assignment.name for assignment in ALL} == {"ch1", "ch2", "ch3", "ch4", "final-exam"}


# --- variants -------------------------------------------------------------------------------------------------------


@named
def test_variants_are_plain_equal_on_repetition_and_differ(question: Question) -> None:
    keys = keys_of_a_class(question.id.rpartition("-")[0])
    made = [json.dumps(params_of(question, key), sort_keys=True) for key in keys]
    assert made == [json.dumps(params_of(question, key), sort_keys=True) for key in keys]
    assert len(set(made)) >= 8


@named
def test_all_variants_are_equally_long_to_read_and_to_answer(question: Question) -> None:
    """A band for what can be measured of difficulty without a student: the text and the answer that it asks for."""
    some = keys_of_a_class(question.id.rpartition("-")[0])[:: 5 if question.kind in ("play", "tune", "repair") else 1]
    texts = [len(question.text(params_of(question, key))) for key in some]
    sources = [len(question.reference(params_of(question, key))) for key in some]
    for lengths in (texts, sources):
        middle = statistics.median(lengths)
        shortest, longest = min(lengths), max(lengths)
        assert longest <= 1.6 * middle + 40 and shortest >= middle / 1.8 - 40, (shortest, middle, longest)


@by_assignment
def test_the_report_on_variants_has_every_question(assignment: Assignment) -> None:
    found = spreads(assignment, keys_of_a_class(assignment.name)[:8])
    assert [one.question for one in found] == [question.id for question in assignment.questions]
    assert all(1 <= one.band < 2 and one.different >= 2 for one in found)
    assert spreads_text(found, 8).count("\n") == len(found) + 2


@named
def test_another_students_answer_is_rarely_right(question: Question) -> None:
    """Of ten students, at most three have the answer of the first; functions to be written are the same for all."""
    if question.kind in ("implement", "repair", "tune"):
        return
    keys = keys_of_a_class(question.id.rpartition("-")[0])[:10]
    first = question.reference(params_of(question, keys[0]))
    assert sum(question.reference(params_of(question, key)) == first for key in keys) <= 3


# --- what students are given ----------------------------------------------------------------------------------------


@by_assignment
def test_source_and_release_are_what_the_bank_gives(assignment: Assignment, tmp_path: Path) -> None:
    pytest.importorskip("nbgrader", reason="nbgrader is not installed: it comes with make test")
    from gmp_lab.exam import grading  # noqa: PLC0415
    from gmp_lab.exam.course import Course  # noqa: PLC0415

    shutil.copytree(EXERCISES / "bank", tmp_path / "bank")
    shutil.copyfile(EXERCISES / "nbgrader_config.py", tmp_path / "nbgrader_config.py")
    grading.release(Course(tmp_path), assignment.name)
    for place in ("source", "release"):
        made = (tmp_path / place / assignment.name / f"{assignment.name}.ipynb").read_text(encoding="utf-8")
        kept = (EXERCISES / place / assignment.name / f"{assignment.name}.ipynb").read_text(encoding="utf-8")
        assert made == kept, f"gmp-lab exam release {assignment.name} makes {place} anew"


def _released(assignment: Assignment) -> str:
    return (EXERCISES / "release" / assignment.name / f"{assignment.name}.ipynb").read_text(encoding="utf-8")


@by_assignment
def test_no_solution_no_check_and_no_secret_is_in_the_release(assignment: Assignment) -> None:
    text = _released(assignment)
    assert "BEGIN SOLUTION" not in text and "def check" not in text and "rubric" not in text.lower()
    cells = json.loads(text)["cells"]
    for question in assignment.questions:
        params = params_of(question, SAMPLE)
        (answer,) = (c for c in cells if c["metadata"]["nbgrader"]["grade_id"] == f"{question.id}-answer")
        given = "".join(answer["source"])
        for source in (question.reference, question.believer, *question.right, *(w.source for w in question.wrong)):
            lines = [line.strip() for line in source(params).splitlines() if len(line.strip()) > 25]
            assert not any(line in given for line in lines if line not in question.starter(params)), question.id
        if question.rubric:
            assert question.rubric.split(".")[0] not in text


@by_assignment
def test_every_question_says_what_it_is_worth_and_how_long_it_takes(assignment: Assignment) -> None:
    header = "".join(json.loads(_released(assignment))["cells"][0]["source"])
    assert f"{assignment.minutes} minutes, {assignment.points:g} points" in header and "Rules" in header
    assert re.search("[\u4e00-\u9fff]", header)
    for question in assignment.questions:
        assert question.objective in header
        assert (EXERCISES.parent / "notebooks").glob(f"{question.see}-*.ipynb") or question.see


@named
def test_the_starter_is_a_cell_that_can_be_read(question: Question) -> None:
    params = params_of(question, SAMPLE)
    ast.parse(question.starter(params))
    ast.parse(question.reference(params))
    names = [part.split(":")[0].strip() for part in question.form.split(";")]
    assert all(name in question.starter(params) for name in names)


@named
def test_the_form_that_validate_looks_at_is_that_of_the_reference(question: Question) -> None:
    params = params_of(question, KEYS[0])
    told = f"from gmp_lab.exam import check_form\nsaid = check_form(globals(), {question.form!r})"
    answer = Answer(f"{question.reference(params)}\n{told}", question.budget)
    assert "form is right" in answer.value("said")


def test_the_paper_of_a_variant_has_four_kinds_of_cells_and_nothing_of_other_variants() -> None:
    for assignment in ALL:
        ids = [cell["metadata"]["nbgrader"]["grade_id"] for cell in paper(assignment)["cells"]]
        assert len(ids) == len(set(ids))
        assert len(ids) == 1 + sum(4 if q.manual else 3 for q in assignment.questions)
