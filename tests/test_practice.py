"""Questions to practise with: every solution and mistake, fifty seeds of each, and what opens the solution."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from gmp_lab import ConfigError
from gmp_lab.exam.answer import Answer
from gmp_lab.exam.bank import assignments
from gmp_lab.exam.form import check_form
from gmp_lab.exam.judge import judge
from gmp_lab.exam.model import KINDS, Question
from gmp_lab.exam.variants import params_of
from gmp_lab.practice import NOTEBOOKS, TRIES, Drill, drills

ROOT = Path(__file__).resolve().parent.parent
ALL = [question for notebook in NOTEBOOKS for question in drills(notebook)]
SEEDS = range(50)
named = pytest.mark.parametrize("question", ALL, ids=lambda question: question.id)
CHAPTERS = (
    "01", "02-1", "02-2", "02-3", "02-4", "02-5", "03-1", "03-2", "03-3", "04-1", "04-2", "04-3", "04-4", "05",
)  # fmt: skip


def params(question: Question, seed: int) -> dict[str, object]:
    return params_of(question, f"practice {seed}")


# --- what there is --------------------------------------------------------------------------------------------------


def test_every_chapter_notebook_has_questions_of_two_kinds_at_least() -> None:
    assert NOTEBOOKS == CHAPTERS
    for notebook in NOTEBOOKS:
        kinds = [question.kind for question in drills(notebook)]
        assert len(kinds) >= 2 and len(set(kinds)) == len(kinds), notebook


def test_every_kind_is_there_twice_at_least() -> None:
    count = Counter(question.kind for question in ALL)
    assert set(count) == set(KINDS) and min(count.values()) >= 2


def test_no_question_is_one_of_the_exams() -> None:
    exam = [question for assignment in assignments(ROOT / "exercises") for question in assignment.questions]
    for of in (lambda q: q.id, lambda q: q.title, lambda q: q.objective):
        shared = {of(question) for question in ALL} & {
            of(question) for question in exam if question.kind != "verdict"
        }
        assert shared <= {"Decide as the scheduler does, from the state that it sees"}  # the kind's own words


def test_nothing_of_the_exercises_is_imported() -> None:
    for path in (ROOT / "gmp_lab" / "practice").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not any(name.startswith(("exercises", "bank", "gmp_lab.exam.bank")) for name in names), path


def test_students_need_nothing_that_only_instructors_have() -> None:
    code = "import sys, gmp_lab.widgets.practice\nprint({'nbgrader', 'gmp_lab.exam.bank'} & set(sys.modules))"
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT, timeout=60
    )
    assert ran.stdout.strip() == "set()"


# --- solutions and mistakes -----------------------------------------------------------------------------------------


@named
@pytest.mark.parametrize("seed", [0, 7])
def test_the_reference_gets_every_point_and_has_the_form(question: Question, seed: int) -> None:
    p = params(question, seed)
    verdict = judge(question, p, question.reference(p))
    assert verdict.points == verdict.of == question.points, verdict.feedback()
    names: dict[str, object] = {}
    exec(question.reference(p), names)  # our own solution
    assert "right" in check_form(names, question.form)


@named
def test_a_blank_answer_gets_nothing(question: Question) -> None:
    p = params(question, 0)
    assert judge(question, p, question.starter(p)).points == judge(question, p, "").points == 0


@named
def test_who_believes_the_article_loses_most_points(question: Question) -> None:
    shares = []
    for seed in (0, 1, 2):
        p = params(question, seed)
        shares.append(judge(question, p, question.believer(p)).points / question.points)
    assert sum(shares) / 3 <= 0.4


@named
def test_every_mistake_costs_what_it_must_and_says_why(question: Question) -> None:
    assert question.wrong
    p = params(question, 3)
    for wrong in question.wrong:
        verdict = judge(question, p, wrong.source(p))
        assert verdict.points <= wrong.at_most * question.points + 0.01, (wrong.name, verdict.feedback())
        assert verdict.points < question.points, wrong.name
        lost = [one for one in verdict.marks if one.points < one.of]
        assert all(one.reason and one.see in NOTEBOOKS for one in lost), wrong.name


@named
def test_a_correct_answer_may_be_written_in_other_ways(question: Question) -> None:
    assert question.right or question.kind not in {"implement", "repair"}
    p = params(question, 4)
    for source in question.right:
        verdict = judge(question, p, source(p))
        assert verdict.points == question.points, verdict.feedback()


@named
def test_an_answer_of_another_type_is_no_error(question: Question) -> None:
    p = params(question, 5)
    asked = [part.partition(":")[0].strip() for part in question.form.split(";")]
    for value in ("None", "'x'", "[None]", "True", "{}", "-1", "10**30"):
        verdict = judge(question, p, "\n".join(f"{name} = {value}" for name in asked))
        assert 0 <= verdict.points < question.points, (value, verdict.feedback())


# --- without end ----------------------------------------------------------------------------------------------------


@named
def test_fifty_seeds_give_fifty_questions(question: Question) -> None:
    made = [params(question, seed) for seed in SEEDS]
    assert all(json.loads(json.dumps(p)) == p for p in made), "plain values"
    assert made[0] == params(question, 0), "the same seed, the same numbers"
    texts = {question.text(p) for p in made}
    assert len(texts) >= len(SEEDS) // 2, "not the same again and again"
    for p in made:
        reference = question.reference(p)
        mistakes = [question.believer(p), *(wrong.source(p) for wrong in question.wrong)]
        assert reference not in mistakes and question.starter(p) != reference
        ast.parse(reference)


@named
def test_the_text_names_what_is_asked_for_and_can_be_read(question: Question) -> None:
    text = question.text(params(question, 6))
    for part in question.form.split(";"):
        assert f"`{part.partition(':')[0].strip()}" in text, part
    prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    assert not re.search(r"(?m)^\s*([+-]|#|>|\d+\))", prose), "no list or heading by a break of a line"
    assert text.count("```") % 2 == 0 and max(map(len, text.splitlines())) < 1200
    assert (
        question.kind in KINDS and question.see in NOTEBOOKS and question.id.startswith(f"practice-{question.see}-")
    )


# --- the solution ---------------------------------------------------------------------------------------------------


def test_the_solution_is_locked_until_three_different_answers_were_tried() -> None:
    drill = Drill("01")
    for tries in range(TRIES):
        assert (drill.tries, drill.unlocked) == (tries, False)
        with pytest.raises(ConfigError, match="more tr"):
            drill.solution()
        drill.answer(f"order = [{tries}]")
    assert drill.unlocked and not drill.solved
    assert drill.solution() == drill.question.reference(drill.params)


def test_the_solution_opens_after_success() -> None:
    drill = Drill("02-4", seed=3)
    verdict = drill.answer(drill.question.reference(drill.params))
    assert verdict.points == verdict.of and drill.solved and drill.unlocked and drill.tries == 1
    assert drill.solution()


def test_nothing_and_the_same_again_are_no_tries() -> None:
    drill = Drill("01")
    for source in ("", drill.starter, "order = [1]", "order = [1]", "order = [1]"):
        drill.answer(source)
    assert drill.tries == 1 and not drill.unlocked


def test_an_answer_that_was_judged_is_not_run_again(monkeypatch: pytest.MonkeyPatch) -> None:
    drill = Drill("01")
    first = drill.answer("order = [1]")

    def forbidden(*_: object) -> None:
        raise AssertionError("the cell was run again")

    monkeypatch.setattr(Answer, "_ask", forbidden)
    assert drill.answer("order = [1]") == first


def test_the_next_one_is_the_same_question_with_other_numbers() -> None:
    drill = Drill("02-3", seed=5, kind="play")
    drill.answer("decisions = []\nx = 1")
    following = drill.next()
    assert (following.question, following.seed, following.tries) == (drill.question, 6, 0)
    assert following.text != drill.text
    assert Drill("02-3", seed=2**31 - 1).next().seed == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("06",), "notebook"),
        (("01", -1), "seed"),
        (("01", True), "seed"),
        (("01", 1, "essay"), "kind"),
        ((1,), "notebook"),
    ],
)
def test_what_there_is_not_is_refused(arguments: tuple[object, ...], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        Drill(*arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize("source", [None, 3, ["order = []"]])
def test_an_answer_that_is_no_text_is_refused(source: object) -> None:
    with pytest.raises(ConfigError, match="source"):
        Drill("01").answer(source)  # type: ignore[arg-type]


@pytest.mark.parametrize("source", ["order = [", "1 / 0", "while True: pass", "import os; os._exit(0)", "x\x00y"])
def test_an_answer_that_fails_gets_nothing_and_is_told_why(source: str) -> None:
    verdict = Drill("01").answer(source)
    assert verdict.points == 0 and verdict.marks[0].reason
