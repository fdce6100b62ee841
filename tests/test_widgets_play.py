"""The game as a widget: what is shown is the game's, and all of it can be read without a kernel."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gmp_lab import ConfigError
from gmp_lab.draw import stage_html, stage_text
from gmp_lab.play import LEVELS, Game, grade
from gmp_lab.widgets.play import Play, play


def press(game: Play, words: str) -> None:
    """Press a button, as a click or a key does."""
    bar = next(part for part in game.children if type(part).__name__ == "Box")
    next(button for button in bar.children if button.description == words).click()


def choose(game: Play, good: bool = True) -> None:
    assert game.question is not None
    game.choice.value = next(o.id for o in game.question.options if (o.points == 1 if good else o.points == 0))


def shown(game: Play) -> tuple[Any, ...]:
    """What of the game can be seen."""
    return (
        game.stage.value, game.asked.value, game.choice.options, game.choice.value, game.score_line.value,
        game.told.value,
    )  # fmt: skip


def test_the_stage_before_the_decision_and_its_options_are_shown() -> None:
    game = play(3, "several")
    question, rec = game.question, game.situation.recording
    assert question is not None and question.text in game.asked.value and "Decision 1 of 6" in game.asked.value
    assert game.choice.options == tuple((o.words, o.id) for o in question.options) and game.choice.value is None
    assert game.stage.value == stage_html(rec, question.shown, said=False)


def test_the_stage_does_not_tell_the_rule_of_the_last_event() -> None:
    game = play(3)
    assert 'class="gmp-said"' not in game.stage.value and "runtime/proc.go" not in game.stage.value


def test_a_decision_is_judged_with_its_rule_and_the_next_one_is_asked() -> None:
    game = play(3)
    choose(game)
    press(game, "Decide")
    assert "Right. The rule:" in game.said.value and "in runtime/proc.go" in game.said.value
    assert "Decision 2 of 6" in game.asked.value and "1 of 6 points; 1 of 6 decisions" in game.score_line.value


def test_a_wrong_decision_names_the_rule_that_it_breaks_and_what_is_right() -> None:
    game = play(3)
    question = game.question
    assert question is not None
    choose(game, good=False)
    press(game, "Decide")
    assert "Wrong:" in game.said.value and "rule that this breaks" in game.said.value
    assert "0 of 6 points" in game.score_line.value


def test_without_a_choice_nothing_is_decided() -> None:
    game = play(3)
    press(game, "Decide")
    assert "Choose an option first" in game.said.value and game.game.at == 0


def test_undo_shows_again_what_was_shown() -> None:
    game = play(5, "full")
    before = shown(game)
    choose(game, good=False)
    press(game, "Decide")
    assert shown(game) != before
    press(game, "Undo")
    assert shown(game) == before and "taken back" in game.said.value
    press(game, "Undo")
    assert shown(game) == before and "first decision" in game.said.value


def test_the_model_run_is_shown_from_here_on() -> None:
    game = play(4, "several")
    choose(game)
    press(game, "Decide")
    press(game, "Show the model run")
    lines = re.findall(r"<p>(\d)\. ", game.told.value)
    assert lines == list("23456")


def test_in_an_exam_the_model_run_waits_for_the_end() -> None:
    game = play(4, mode="exam")
    press(game, "Show the model run")
    assert "when all is decided" in game.told.value
    for _ in range(6):
        choose(game)
        press(game, "Decide")
    press(game, "Show the model run")
    assert "1. " in game.told.value and "6 of 6 points" in game.score_line.value


def test_a_new_situation_is_the_next_seed_s_of_the_same_kinds() -> None:
    game = play(4, "several", ("next", "half"))
    press(game, "New situation")
    assert (game.situation.seed, game.situation.level, game.situation.kinds) == (5, "several", ("next", "half"))
    assert "situation 5" in game.head.value and "Decision 1 of 6" in game.asked.value


def test_when_all_is_decided_the_buttons_still_answer() -> None:
    game = play(1)
    for _ in range(6):
        choose(game)
        press(game, "Decide")
    assert game.choice.options == () and "All is decided" in game.asked.value
    press(game, "Decide")
    assert "All is decided" in game.said.value
    press(game, "Undo")
    assert "Decision 6 of 6" in game.asked.value


def test_no_button_is_ever_switched_off() -> None:
    game = play(1)
    bar = next(part for part in game.children if type(part).__name__ == "Box")
    for _ in range(7):
        assert not any(button.disabled for button in bar.children)
        if game.question:
            choose(game)
        press(game, "Decide")


def test_help_comes_and_goes_with_its_button() -> None:
    game = play(1)
    press(game, "Keys and help")
    assert 'role="region"' in game.help.value and "Space chooses it" in game.help.value
    press(game, "Keys and help")
    assert game.help.value == ""


def test_the_stage_follows_the_theme_of_the_page() -> None:
    game = play(1)
    light = game.stage.value
    game.page.theme = "dark"
    assert game.question is not None and game.stage.value != light
    assert game.stage.value == stage_html(game.situation.recording, game.question.shown, "dark", said=False)


def test_all_of_it_can_be_done_in_code() -> None:
    game = play(2)
    assert game.question is not None
    verdict = game.decide(game.question.right.id)
    assert verdict.right and repr(verdict) == verdict.said and str(game.score).startswith("1 of 6 points")
    assert game.undo() and not game.undo() and len(game.model_run()) == 6
    game.new(seed=9)
    assert game.situation.seed == 9 and grade(game.transcript, seed=9).points == 0


def test_a_bad_decision_in_code_changes_nothing() -> None:
    game = play(2)
    before = shown(game)
    with pytest.raises(ConfigError, match="option"):
        game.decide("nowhere")
    assert shown(game) == before


@pytest.mark.parametrize(
    "broken", [lambda: play(-1), lambda: play(1, "hard"), lambda: play(1, kinds="next"), lambda: play(1, mode="fun")]
)
def test_what_there_is_not_is_refused(broken: Callable[[], object]) -> None:
    with pytest.raises(ConfigError):
        broken()


def test_kinds_may_be_a_list() -> None:
    assert play(1, "several", ["next", "wake"]).situation.kinds == ("next", "wake")  # type: ignore[arg-type]


# --- without a kernel --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", LEVELS)
def test_the_whole_situation_is_stored_and_its_answers_are_folded_away(level: str) -> None:
    game = play(6, level)
    bundle: dict[str, Any] = game._repr_mimebundle_()
    text, page = bundle["text/plain"], bundle["text/html"]
    rec = game.situation.recording
    for question in game.situation.questions:
        assert question.text in text and stage_text(rec, question.shown, said=False) in text
        assert all(option.words in text for option in question.options)
    assert page.count("<details>") == page.count("<ul>") == 6
    open_page = re.sub(r"<details>.*?</details>", "", page, flags=re.DOTALL)
    assert "Right" not in open_page and "rule" not in open_page and "runtime/proc.go" not in open_page


def test_the_folded_answer_is_the_game_s() -> None:
    game = play(6)
    page = game._repr_mimebundle_()["text/html"]
    folded = re.findall(r"<details>.*?</details>", page, flags=re.DOTALL)
    told = Game(6).situation.questions
    assert all(one.right.words.split(",")[0].replace("'", "&#x27;") in part.replace("'", "&#x27;")
               for one, part in zip(told, folded, strict=True))  # fmt: skip


def test_what_is_stored_does_not_change_while_it_is_played() -> None:
    game = play(6)
    before = game._repr_mimebundle_()
    choose(game)
    press(game, "Decide")
    after = game._repr_mimebundle_()
    assert all(before[kind] == after[kind] for kind in ("text/plain", "text/html"))


def test_what_is_stored_is_small() -> None:
    for level in LEVELS:
        bundle = play(8, level)._repr_mimebundle_()
        assert len(bundle["text/plain"]) + len(bundle["text/html"]) < 25_000


def test_the_readme_s_game_goes_as_it_says(root: Path) -> None:
    text = (root / "README.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```python\n(from gmp_lab\.widgets\.play.*?)```", text, re.DOTALL)
    (said,) = re.findall(r'# "(.*)"', block)
    names: dict[str, Any] = {}
    exec(block.replace("game.decide(", "verdict = game.decide("), names)
    start, middle, end = said.split(" ... ")
    verdict = names["verdict"].said
    assert verdict.startswith(start) and f"{middle} " in verdict and end in verdict
