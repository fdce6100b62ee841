"""The practice widget: a list of questions, a box that keeps what was written, a verdict in words, the solution."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import ipywidgets as w
import pytest

from gmp_lab import ConfigError
from gmp_lab.exam.judge import Verdict
from gmp_lab.practice import NOTEBOOKS, drills
from gmp_lab.widgets import practice as module
from gmp_lab.widgets.practice import Practice, practice

WRONG = "order = [1, 2, 3, 4]"


@pytest.fixture
def asked() -> Practice:
    return practice("01")


def right(one: Practice) -> str:
    return one.drill.question.reference(one.drill.params)


def plain(html: str) -> str:
    """What is read of HTML."""
    text = unescape(re.sub(r"<style>.*?</style>|<[^>]*>", " ", html, flags=re.DOTALL))
    return re.sub(r"\s+", " ", text).strip()


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_every_question_of_a_notebook_can_be_chosen(notebook: str) -> None:
    one = practice(notebook)
    for question in drills(notebook):
        one.choose.value = question.kind
        assert one.drill.question is question and question.title in plain(one.asked.value)
        assert one.box.value == one.drill.starter and one.said.value == ""


def test_the_text_is_shown_as_html_with_its_code_and_lists() -> None:
    one = practice("02-4", kind="find the rule")
    html = one.asked.value
    assert '<pre tabindex="0">' in html and "<li>" in html and "<strong>a</strong>" in html
    assert "-&gt;" in html, "code is escaped"
    assert "```" not in html


def test_an_answer_in_the_box_is_judged_by_the_button(asked: Practice) -> None:
    asked.box.value = WRONG
    asked.check.click()
    said = plain(asked.said.value)
    assert "0 of 3 points." in said and "Not right: the whole order (0 of 2)." in said
    assert "The solution opens after 2 more tries." in said
    assert asked.box.value == WRONG, "what was written stays"


def test_while_it_is_judged_it_says_so_and_the_buttons_stay(asked: Practice, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    judged = asked.drill.answer

    def watched(source: str) -> Verdict:
        seen.append(plain(asked.said.value))
        assert not any(button.disabled for button in (asked.check, asked.show, asked.go_on))
        return judged(source)

    monkeypatch.setattr(asked.drill, "answer", watched)
    asked.answer(WRONG)
    assert seen == ["Judging ..."] and "points" in asked.said.value


def test_a_second_click_is_no_second_try(asked: Practice) -> None:
    asked.box.value = WRONG
    for _ in range(3):
        asked.check.click()
    assert asked.drill.tries == 1 and "2 more tries" in asked.said.value


def test_success_opens_the_solution_and_says_so(asked: Practice) -> None:
    said = asked.answer(right(asked))
    assert "3 of 3 points" in said and "Solved." in said and "Solved." in plain(asked.said.value)
    asked.show.click()
    assert "A solution:" in asked.said.value and right(asked) in asked.said.value


def test_the_solution_is_locked_before(asked: Practice) -> None:
    asked.show.click()
    assert plain(asked.said.value) == "Not yet: there is one after success or 3 more tries."
    with pytest.raises(ConfigError, match="one after success"):
        asked.solution()
    for n in range(3):
        asked.answer(f"order = [{n}]")
    assert "You can see the solution." in asked.said.value
    assert asked.solution() == right(asked)


def test_a_solution_keeps_its_lines() -> None:
    one = practice("02-3", kind="implement")
    one.answer(right(one))
    one.show.click()
    assert f"<code>{right(one)}</code>" in one.said.value and "\n    if" in one.said.value


def test_another_one_has_other_numbers_and_an_empty_box(asked: Practice) -> None:
    before = asked.asked.value
    asked.answer(WRONG)
    asked.box.value = WRONG
    asked.go_on.click()
    assert asked.asked.value != before and asked.box.value == asked.drill.starter
    assert plain(asked.said.value) == "The same question with other numbers (seed 2)."
    assert asked.drill.tries == 0


def test_who_comes_back_to_a_question_finds_what_was_left(asked: Practice) -> None:
    asked.go_on.click()
    asked.box.value = WRONG
    asked.check.click()
    asked.choose.value = "play"
    assert asked.box.value == asked.drill.starter != WRONG
    asked.choose.value = "predict"
    assert (asked.box.value, asked.drill.seed, asked.drill.tries) == (WRONG, 2, 1)


def test_what_a_cell_prints_is_shown_and_escaped(asked: Practice) -> None:
    asked.answer(f"print('<b>hello</b>')\n{WRONG}")
    assert "&lt;b&gt;hello&lt;/b&gt;" in asked.said.value and "<b>" not in asked.said.value


def test_an_answer_that_cannot_run_is_told_why(asked: Practice) -> None:
    said = asked.answer("order = [")
    assert "could not be judged" in said and "SyntaxError in line 1" in plain(asked.said.value)


def test_an_answer_that_is_no_text_is_refused_and_nothing_is_left_judging(asked: Practice) -> None:
    with pytest.raises(ConfigError, match="source"):
        asked.answer(3)  # type: ignore[arg-type]
    assert asked.said.value == ""


def test_every_part_for_the_keyboard_has_a_name(asked: Practice) -> None:
    assert asked.choose.description == "Practise:"
    assert "order: list of int" in asked.box.tooltip and "Tab leaves" in asked.box.tooltip
    assert [button.description for button in (asked.check, asked.show, asked.go_on)] == [
        "Check", "Show a solution", "Another one",
    ]  # fmt: skip
    assert "gmp-live" in asked.said._dom_classes and "gmp-answer" in asked.box._dom_classes
    script = (Path(module.__file__).parent / "page.js").read_text(encoding="utf-8")
    assert ".gmp-answer textarea" in script, "page.js makes the box's title its name"


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_it_is_stored_whole_without_a_kernel(notebook: str) -> None:
    one = practice(notebook)
    bundle = one._repr_mimebundle_()
    for form in ("text/plain", "text/html"):
        assert one.drill.question.title in plain(bundle[form])
        for word in re.findall(r"\w{4,}", one.drill.text):
            assert word in bundle[form], (form, word)
    assert right(one) not in bundle["text/html"] + bundle["text/plain"]
    assert len(bundle["text/html"]) + len(bundle["text/plain"]) < 9_000


def test_in_a_cell_the_words_of_a_verdict_stand_line_by_line(asked: Practice) -> None:
    said = asked.answer(WRONG)
    assert repr(said) == said and "\n" in said


def test_a_terminal_is_shown_no_tags() -> None:
    one = practice("04-1", kind="verdict")
    assert "<span lang='zh'>" in one.drill.text and "span" not in repr(one)
    assert "<span lang='zh'>" in one._repr_mimebundle_()["text/html"]


def test_other_seeds_and_kinds_can_be_asked_for() -> None:
    assert practice("01", seed=9).drill.seed == 9
    assert practice("01", kind="verdict").choose.value == "verdict"
    with pytest.raises(ConfigError, match="kind"):
        practice("01", kind="essay")
    with pytest.raises(ConfigError, match="notebook"):
        practice("99")


def test_it_is_a_widget_with_a_page_beside_it(asked: Practice) -> None:
    assert isinstance(asked, w.VBox) and {"gmp-quiz", "gmp-practice"} <= set(asked._dom_classes)
    assert type(asked.children[-1]).__name__ == "Page"
