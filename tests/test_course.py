"""What the notebooks use beside the model: questions, claims, the programs of the chapters."""

from __future__ import annotations

import re

import pytest

from gmp_lab import ConfigError, golang
from gmp_lab.claims import VERDICTS, claim, claims, verdict_counts
from gmp_lab.course import ch00, ch01
from gmp_lab.quiz import Question
from gmp_lab.widgets.quiz import ask, predict

QUESTIONS = [ch00.PS, ch00.SAME, *ch00.EXAM, ch01.ORDER, ch01.PLACES, ch01.CALL, *ch01.EXAM]


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda q: q.text[:30])
def test_every_answer_of_every_question_has_its_own_reason(question: Question) -> None:
    reasons = [why for _, why in question.choices]
    assert all(len(why) > 20 for why in reasons) and len(set(reasons)) == len(reasons)
    assert not question.claim or claim(question.claim)


def test_feedback_says_whether_and_why() -> None:
    assert ch01.ORDER.feedback(1).startswith("Right. The go statement")
    assert ch01.ORDER.answer("a") == "Not so. A plain queue would do this, but a P has one more place: runnext."


@pytest.mark.parametrize("letter", ["e", "", "ab", None, 1])
def test_a_letter_that_is_no_answer_is_refused(letter: object) -> None:
    with pytest.raises(ConfigError, match="one of a, b, c, d"):
        ch01.ORDER.answer(letter)  # type: ignore[arg-type]


def test_a_question_needs_two_answers_and_a_right_one() -> None:
    with pytest.raises(ConfigError, match="two answers"):
        Question("?", (("a", "because"),), 0)
    with pytest.raises(ConfigError, match="right"):
        Question("?", (("a", "because"), ("b", "because not")), 2)


def test_choosing_an_answer_shows_at_once_whether_it_is_right_and_why() -> None:
    asked = ask(ch01.EXAM[0])
    asked.radio.index = 0
    assert "✗ Not so. Ps bound" in asked.feedback.value
    asked.radio.index = 1
    assert "✓ Right." in asked.feedback.value


def test_a_prediction_is_laid_beside_the_outcome() -> None:
    predicted = predict(ch01.ORDER)
    assert predicted.compare("5 0 1").splitlines()[:2] == ["predicted: (nothing yet)", "the run:   5 0 1"]
    predicted.radio.index = 0
    lines = predicted.compare("5 0 1").splitlines()
    assert lines[0] == "predicted: 0 1 2 3 4 5" and lines[2].startswith("Not so.") and "runnext" in lines[3]


def test_the_right_answers_are_what_the_runs_give() -> None:
    assert ch01.ORDER.choices[ch01.ORDER.right][0] == " ".join(map(str, ch01.order(ch01.started_on_one_p(6))))
    assert ch01.PLACES.choices[ch01.PLACES.right][0] == ch01.where(ch01.when_main_waits(ch01.started_on_one_p(300)))
    waits = [ch01.waited_ms(ch01.a_call_with_work_waiting(40, busy)) for busy in range(20, 30)]
    assert 0.05 < min(waits) < max(waits) < 11


def test_every_claim_has_a_verdict_a_truth_and_evidence() -> None:
    assert all(c.verdict in VERDICTS and c.truth and c.evidence for c in claims("1"))
    assert sum(verdict_counts("1").values()) == len(claims("1")) == 28


def test_an_unknown_claim_or_section_is_named() -> None:
    with pytest.raises(ConfigError, match="9-99"):
        claim("9-99")
    with pytest.raises(ConfigError, match="section"):
        claims("17")


@pytest.mark.go
def test_the_functions_that_the_claims_point_to_are_in_the_runtime_s_source() -> None:
    goroot = golang.require_toolchain("1.27").goroot
    lines = [(one.id, evidence) for one in claims("1") for evidence in one.evidence]
    pointers = [
        (id, found[1], symbol)
        for id, evidence in lines
        if (found := re.match(r"go1\.27\.3 src/(runtime/\w+\.go): func ([\w, ]+)", evidence))
        for symbol in re.split(r",\s*", found[2])
        if " " not in symbol.strip()
    ]
    assert len(pointers) > 20
    assert [p for p in pointers if not golang.resolve_symbol(goroot, p[1], p[2].strip())] == []
