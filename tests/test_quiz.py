"""Questions, as data and as widgets."""

from __future__ import annotations

from typing import Any

import pytest

from gmp_lab import ConfigError, claims, quiz
from gmp_lab.widgets.quiz import exam, predict

QUESTIONS = quiz.questions()
PREDICTIONS = [q for q in QUESTIONS if q.kind == "predict"]
EXAM = [q for q in QUESTIONS if q.kind == "exam"]


@pytest.fixture(autouse=True)
def nothing_predicted_yet() -> None:
    quiz.forget()


# --- the data ----------------------------------------------------------------------------------------------------


def test_ids_are_there_once() -> None:
    names = [q.id for q in QUESTIONS]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda q: q.id)
def test_every_option_says_why_and_no_two_are_alike(question: quiz.Question) -> None:
    texts = {option.text for option in question.options}
    assert len(texts) == len(question.options) >= 2 and all(option.why for option in question.options)


@pytest.mark.parametrize("question", EXAM, ids=lambda q: q.id)
def test_an_exam_question_has_one_right_option_and_says_what_it_practises(question: quiz.Question) -> None:
    assert sum(option.right for option in question.options) == 1 and question.about


@pytest.mark.parametrize("question", PREDICTIONS, ids=lambda q: q.id)
def test_no_option_of_a_prediction_knows_that_it_is_right(question: quiz.Question) -> None:
    assert not any(option.right for option in question.options)


@pytest.mark.parametrize("question", PREDICTIONS, ids=lambda q: q.id)
def test_a_result_fits_at_most_one_option_of_a_prediction(question: quiz.Question) -> None:
    results = [option.value if option.low is None else option.low for option in question.options]
    assert all(sum(option.fits(result) for option in question.options) == 1 for result in results)


@pytest.mark.parametrize("notebook", sorted({q.notebook for q in QUESTIONS}))
def test_an_exam_corner_has_four_to_six_questions_with_answers_at_different_places(notebook: str) -> None:
    right = [q.right() for q in quiz.questions(notebook, "exam")]
    assert 4 <= len(right) <= 6 and len({option.letter for option in right if option}) >= 3


def test_every_claim_that_a_question_names_is_in_the_ledger() -> None:
    known = {c.id for c in claims.claims()}
    assert {c for q in QUESTIONS for c in q.claims} <= known


# --- the rules ---------------------------------------------------------------------------------------------------


def test_a_wrong_answer_is_told_why_and_what_is_right() -> None:
    question = quiz.question("01-exam-1")
    wrong, right = question.options[0], question.right()
    said = quiz.check(question, "A ")
    assert right and said.startswith("Not a)") and wrong.why in said and right.why in said


def test_a_right_answer_is_told_why() -> None:
    question = quiz.question("01-order")
    assert quiz.check(question, "c", "9 0 1 2 3 4 5 6 7 8").startswith("Right: c)")


def test_the_run_decides_what_is_right_and_not_the_question() -> None:
    assert "the run:   b)" in quiz.outcome(quiz.question("01-order"), "9 8 7 6 5 4 3 2 1 0", "c")


def test_a_result_that_no_option_names_is_shown_as_it_is() -> None:
    assert "1 2 3, which no option said" in quiz.outcome(quiz.question("01-order"), "1 2 3", "c")


@pytest.mark.parametrize("letter", ["", "z", 1, None, "ab"])
def test_what_is_no_letter_of_an_option_is_refused(letter: object) -> None:
    with pytest.raises(ConfigError, match="answer"):
        quiz.question("01-order").option(letter)


def test_unknown_questions_and_notebooks_are_named() -> None:
    with pytest.raises(ConfigError, match="question"):
        quiz.question("99-x")
    with pytest.raises(ConfigError, match="notebook"):
        quiz.questions("99")


# --- the widgets -------------------------------------------------------------------------------------------------


def test_an_outcome_is_covered_until_a_prediction_is_committed() -> None:
    guess = predict("01-steal")
    shown = guess.outcome(8)
    before = shown.said.value
    guess.choice.value = "a"
    guess.button.click()
    assert "the run:" not in before and "predicted: a)" in shown.said.value and "b) 8" in shown.said.value


def test_an_outcome_can_be_looked_at_without_a_prediction() -> None:
    shown = predict("01-steal").outcome(8)
    shown.button.click()
    assert "predicted: nothing" in shown.said.value and shown.button.layout.display == "none"


def test_a_committed_prediction_stays() -> None:
    guess = predict("01-steal")
    guess.commit("b")
    with pytest.raises(ConfigError, match="only one"):
        guess.commit("a")
    assert guess.answer == "b" and guess.choice.disabled


def test_commit_without_a_choice_asks_for_one() -> None:
    guess = predict("01-steal")
    guess.button.click()
    assert "Choose an answer first" in guess.said.value and guess.answer == ""


def test_an_exam_answer_is_judged_at_once_and_can_be_changed() -> None:
    corner = exam("01")
    right = corner.questions[0].right()
    corner.choices[0].value = "a"
    corner._clicked(1)
    first = corner.feedback[0].value
    assert right is not None
    corner.answer(1, right.letter)
    assert "Not a)" in first and "Right:" in corner.feedback[0].value and "1 right of 1" in corner.score.value


def test_all_of_a_widget_is_in_its_text() -> None:
    corner = exam("01")
    text = repr(corner) + repr(predict("01-order"))
    shown = [option.text for q in (*corner.questions, quiz.question("01-order")) for option in q.options]
    assert all(words in text for words in shown)


def test_text_of_a_question_cannot_become_markup() -> None:
    assert quiz.paragraphs("a < b, `x<y>`") == "<p>a &lt; b, <code>x&lt;y&gt;</code></p>"


def stored(widget: Any) -> dict[str, Any]:
    """What a notebook stores of a widget that is the last expression of a cell."""
    bundle: dict[str, Any] = widget._repr_mimebundle_()
    return bundle


def test_the_whole_text_is_stored_and_not_its_beginning() -> None:
    corner = exam("01")
    assert stored(corner)["text/plain"] == repr(corner) and len(repr(corner)) > 1000


def test_without_a_kernel_an_exam_question_unfolds_its_reasons() -> None:
    page = stored(exam("01"))["text/html"]
    whys = [o.why for q in quiz.questions("01", "exam") for o in q.options]
    assert page.count("<details>") == len(quiz.questions("01", "exam"))
    assert all(quiz.paragraphs(why)[3:-4] in page for why in whys)


def test_without_a_kernel_a_prediction_does_not_give_its_outcome_away() -> None:
    guess = predict("01-steal")
    asked, shown = stored(guess)["text/html"], stored(guess.outcome(8))["text/html"]
    assert "<details>" not in asked and shown.startswith("<details>")
