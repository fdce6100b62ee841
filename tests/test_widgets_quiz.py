"""Predictions are kept: a cell that is run again loses nothing, and a list says what was predicted and what came."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gmp_lab import ConfigError, quiz
from gmp_lab.widgets.quiz import Predict, exam, predict, prediction_counts, predictions


@pytest.fixture(autouse=True)
def nothing_predicted_yet() -> None:
    quiz.forget()


def commit(name: str, letter: str) -> Predict:
    guess = predict(name)
    guess.commit(letter)
    return guess


def test_a_predict_cell_that_is_run_again_still_has_its_answer() -> None:
    commit("01-steal", "a")
    again = predict("01-steal")
    assert again.answer == again.choice.value == "a" and again.choice.disabled
    assert "was predicted when this cell ran before" in again.said.value


def test_an_outcome_cell_that_is_run_again_shows_what_was_predicted() -> None:
    commit("01-steal", "a")
    shown = predict("01-steal").outcome(8)
    assert "predicted: a)" in repr(shown) and "predicted: a)" in shown.said.value


def test_another_question_knows_nothing_of_it() -> None:
    commit("01-steal", "a")
    assert predict("01-order").answer == ""


def test_the_same_answer_can_be_committed_twice_and_another_cannot() -> None:
    commit("01-steal", "a")
    again = commit("01-steal", "A")
    with pytest.raises(ConfigError, match="only one"):
        again.commit("b")
    assert len(quiz.predicted()) == 1


def test_who_predicts_again_keeps_the_first_answer_in_the_list() -> None:
    guess = commit("01-steal", "a")
    guess.button.click()
    assert (guess.answer, guess.choice.value, guess.choice.disabled) == ("", None, False)
    guess.choice.value = "b"
    guess.button.click()
    assert [one.letter for one in quiz.predicted("01")] == ["a", "b"] and predict("01-steal").answer == "b"


def test_the_list_says_what_was_predicted_and_what_the_run_showed() -> None:
    commit("01-steal", "a").outcome(8)
    commit("01-order", "c").outcome("9 0 1 2 3 4 5 6 7 8")
    commit("01-syscall", "a")
    assert predictions().rows == (
        ("01-steal", "a", "b", "not right"), ("01-order", "c", "c", "right"), ("01-syscall", "a", "-", "not run yet"),
    )  # fmt: skip
    assert predictions("00").rows == ()


def test_what_is_answered_after_the_outcome_was_seen_is_marked_and_not_counted() -> None:
    guess = commit("01-steal", "a")
    guess.outcome(8)
    guess.again()
    guess.commit("b")
    assert [row[3] for row in predictions().rows] == ["not right", "right, after the outcome was seen"]
    assert prediction_counts().rows == (("01", 1, 0, 1, 0, 0),)


def test_looking_without_a_prediction_is_told_as_that() -> None:
    predict("01-steal").outcome(8).button.click()
    commit("01-order", "c")
    assert predictions().rows[0] == ("01-steal", "-", "b", "looked without a prediction")
    assert prediction_counts().rows == (("01", 1, 0, 0, 1, 1),)


def test_an_outcome_that_stays_covered_tells_the_list_nothing() -> None:
    predict("01-steal").outcome(8)
    assert quiz.predicted() == ()


def test_the_counts_are_kept_by_notebook() -> None:
    commit("01-steal", "b").outcome(8)
    commit("00-again", "a")
    assert [row[0] for row in prediction_counts().rows] == ["00", "01"]


def test_a_result_that_no_option_says_is_a_question_mark() -> None:
    commit("01-order", "c").outcome("1 2 3")
    assert predictions().rows == (("01-order", "c", "?", "not right"),)


def test_a_second_run_with_another_result_is_what_counts() -> None:
    guess = commit("01-steal", "a")
    guess.outcome(8)
    guess.outcome(999_999)
    assert quiz.predicted()[0].run == "?"


@pytest.mark.parametrize("broken", [lambda: quiz.keep("99-x", "a"), lambda: quiz.keep("01-steal", "z")])
def test_only_answers_that_there_are_can_be_kept(broken: Callable[[], object]) -> None:
    with pytest.raises(ConfigError):
        broken()
    assert quiz.predicted() == ()


def test_what_is_stored_does_not_depend_on_who_answered_before() -> None:
    before = predict("01-steal")._repr_mimebundle_()
    commit("01-steal", "a")
    after = predict("01-steal")._repr_mimebundle_()
    assert all(before[kind] == after[kind] for kind in ("text/plain", "text/html"))


def test_the_button_that_was_pressed_is_still_there_to_be_focused() -> None:
    guess = predict("01-steal")
    guess.choice.value = "a"
    guess.button.click()
    assert guess.button.description == "Predict again" and not guess.button.disabled


def test_every_question_stands_before_its_radio_buttons_and_can_name_them() -> None:
    corner = exam("01")
    named = [type(part).__name__ for part in corner.children if "gmp-question" in str(part.get_state().get("value"))
             or type(part).__name__ == "RadioButtons"]  # fmt: skip
    assert named == ["HTML", "RadioButtons"] * len(corner.questions)
