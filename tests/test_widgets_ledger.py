"""The ledger as a game: answers and points, what the search finds, what the widget shows, how it is stored."""

from __future__ import annotations

import re
from html import escape
from html.parser import HTMLParser
from typing import Any

import pytest

from gmp_lab import ConfigError
from gmp_lab.claims import VERDICTS, claim, claims
from gmp_lab.claims import check as checking
from gmp_lab.claims.board import GROUPS, MEANINGS, STATES, Board, points
from gmp_lab.claims.check import Check, Outcome
from gmp_lab.claims.misconceptions import misconceptions
from gmp_lab.widgets.ledger import FactCheck, fact_check

FALSE, TRUE = "3.2-02", "3.2-01"


@pytest.fixture
def board() -> Board:
    """The whole ledger, nothing answered."""
    return Board()


@pytest.fixture
def game() -> FactCheck:
    """The widget, nothing answered."""
    found: FactCheck = fact_check()
    return found


# --- answers and points ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "verdict", "earned"),
    [
        ("false", "false", 1), ("imprecise", "false", 0.5), ("changed", "imprecise", 0.5), ("true", "false", 0),
        ("true", "true since", 0.5), ("off topic", "unverifiable", 0.5), ("false", "off topic", 0),
    ],
)  # fmt: skip
def test_a_word_of_the_same_group_earns_half_a_point(given: str, verdict: str, earned: float) -> None:
    assert points(given, verdict) == earned


def test_every_verdict_has_a_meaning_and_is_in_one_group() -> None:
    assert tuple(MEANINGS) == VERDICTS
    assert sorted(one for group in GROUPS for one in group) == sorted(VERDICTS)


def test_an_answer_is_judged_and_the_truth_told(board: Board) -> None:
    assert board.answer(FALSE, " False ").startswith("Right: false.\n")
    assert claim(FALSE).truth in board.look_up(FALSE)
    assert board.answer(TRUE, "false").splitlines()[0] == "Not false. The verdict is true."
    assert board.answer("3.2-04", "changed").startswith("Half right: you said changed, the verdict is imprecise.")


def test_a_second_answer_is_refused_and_the_first_stays(board: Board) -> None:
    board.answer(FALSE, "true")
    with pytest.raises(ConfigError, match="only one: 'true' was given"):
        board.answer(FALSE, "false")
    assert board.answers == {FALSE: "true"}


def test_who_has_looked_cannot_answer_any_more(board: Board) -> None:
    assert board.look_up(FALSE).startswith("Looked up: false.")
    with pytest.raises(ConfigError, match="before looking"):
        board.answer(FALSE, "false")
    assert (board.total().points, board.total().looked_up) == (0, 1)


@pytest.mark.parametrize("given", ["wrong", "", None, 3])
def test_another_word_is_no_verdict(board: Board, given: Any) -> None:
    with pytest.raises(ConfigError, match="verdict"):
        board.answer(FALSE, given)
    assert board.answers == {}


def test_another_claim_is_not_on_the_board() -> None:
    with pytest.raises(ConfigError, match="claim"):
        Board("3.1").answer(FALSE, "false")


def test_the_score_counts_each_chapter_and_all(board: Board) -> None:
    for name, given in ((FALSE, "false"), (TRUE, "imprecise"), ("3.2-04", "changed"), ("1-01", "true")):
        board.answer(name, given)
    board.look_up("5-01")
    rows = {row.section: row for row in board.score()}
    assert rows["3.2"][1:] == (13, 3, 0, 1, 1) and rows["3.2"].points == 1.5
    assert board.total()[1:] == (230, 4, 1, 2, 1) and board.total().points == 2.5


def test_mistakes_are_what_was_answered_otherwise(board: Board) -> None:
    board.answer(TRUE, "false")
    board.answer(FALSE, "false")
    board.look_up("5-01")
    assert [(one.claim, one.given, one.verdict) for one in board.mistakes()] == [(TRUE, "false", "true")]


def test_a_mistake_brings_the_catalogue_s_belief_and_feedback(board: Board) -> None:
    known = next(one for one in misconceptions("3.2") if FALSE in one.claims)
    said = board.answer(FALSE, "true")
    (mistake,) = board.mistakes()
    assert known.feedback in said and known.feedback in mistake.text and known.belief in mistake.beliefs


def test_a_chapter_can_be_played_again(board: Board) -> None:
    board.answer(FALSE, "true")
    board.answer("1-01", "true")
    board.reset("3.2")
    assert board.answers == {"1-01": "true"} and board.answer(FALSE, "false").startswith("Right")
    board.reset()
    assert board.total().answered == 0


# --- running a check ------------------------------------------------------------------------------------------------


def test_a_check_says_what_it_has_seen(board: Board) -> None:
    said = board.run(FALSE)
    assert said.startswith("The verdict is confirmed.\n") and "simulation, confirmed: 16 in the ring" in said
    assert board.state(FALSE) == "looked up"


def test_a_check_that_fails_says_so(board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    failing = Check(FALSE, "simulation", "broken", "Broken.", lambda: Outcome(False, "nothing was stolen"))
    monkeypatch.setattr("gmp_lab.claims.board.checks", lambda name: (failing,))
    assert board.run(FALSE) == "The verdict is NOT confirmed.\nsimulation, FAILS: nothing was stolen"


def test_what_nothing_can_decide_says_so(board: Board) -> None:
    said = board.run("5-03").splitlines()
    assert said[0] == "The verdict stays open: nothing here can decide it."
    assert said[1].startswith("none, open: cannot be checked")


def test_experiments_run_on_go_only_when_asked_for(board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bool] = []

    def look() -> Outcome:
        seen.append(checking.live.get())
        return Outcome(True, "seen")

    monkeypatch.setattr("gmp_lab.claims.board.checks", lambda name: (Check(name, "experiment", "x", "X.", look),))
    board.run(FALSE)
    board.run(FALSE, on_go=True)
    assert seen == [False, True] and checking.live.get() is False


# --- finding --------------------------------------------------------------------------------------------------------


def test_all_words_must_stand_somewhere_in_the_claim(board: Board) -> None:
    found = board.find("victim TAIL")
    assert FALSE in [c.id for c in found] and len(found) < 5
    assert board.find("3.2-02")[0].id == FALSE and board.find("no such words at all") == ()
    assert board.find("带外数据")[0].id == "4.2-02"


def test_chapters_states_and_verdicts_narrow_the_list(board: Board) -> None:
    board.answer(FALSE, "false")
    board.answer(TRUE, "false")
    board.look_up("3.2-03")
    ids = {show: [c.id for c in board.find(section="3.2", show=show)] for show in (*STATES, "false")}
    assert ids["answered"] == [TRUE, FALSE, "3.2-03"] and ids["not right"] == [TRUE]
    assert len(ids["not answered"]) == 10 and len(ids["all"]) == 13
    assert ids["false"] == [c.id for c in claims("3.2") if c.verdict == "false"]


def test_an_unknown_filter_is_refused(board: Board) -> None:
    with pytest.raises(ConfigError, match="show"):
        board.find(show="maybe")
    with pytest.raises(ConfigError, match="section"):
        board.find(section="9")


# --- the widget -----------------------------------------------------------------------------------------------------


def test_the_truth_is_hidden_until_there_is_a_verdict(game: FactCheck) -> None:
    assert game.at == "1-01" and game.said.value == "" and game.first.description == "Give this verdict"
    game.first.click()
    assert "Choose a verdict first." in game.said.value and game.answers == {}
    game.choice.value = "true"
    game.first.click()
    assert game.answers == {"1-01": "true"} and "Right: true." in game.said.value
    assert claim("1-01").truth in re.sub("<[^>]+>", "", game.said.value)
    assert "read <code>runtime/" in game.evidence.value
    assert (game.first.description, game.second.description) == ("Next claim", "Run the check")
    assert game.choice.disabled


def test_the_buttons_are_never_switched_off(game: FactCheck) -> None:
    game.second.click()
    assert "Looked up: true." in game.said.value and not game.first.disabled and not game.second.disabled
    game.first.click()
    assert game.at == "1-02" and game.said.value == "" and not game.choice.disabled and game.choice.value is None


def test_next_goes_on_from_a_claim_that_has_left_the_list(game: FactCheck) -> None:
    game.show.value = "not answered"
    game.list.value = "3.2-05"
    game.choice.value = "true"
    game.first.click()
    assert "3.2-05" not in [name for _, name in game.list.options] and game.list.value == ""
    game.first.click()
    assert game.at == game.list.value == "3.2-06"


def test_next_goes_round(game: FactCheck) -> None:
    game.chapter.value = "5"
    game.look_up("5-13")
    game.first.click()
    assert game.at == "5-01"


def test_the_list_follows_search_and_chapter_and_counts(game: FactCheck) -> None:
    assert len(game.list.options) == 230 and game.list.value == "1-01"
    game.search.value = "sigurg"
    game.chapter.value = "4.2"
    first, *ids = [name for _, name in game.list.options]
    assert first == "" and ids == list(game.find("sigurg", "4.2"))
    assert f"{len(ids)} of 230 claims found" in game.count.value
    game.search.value = "nothing has this word"
    assert game.list.options == (("(nothing found)", ""),) and "0 of 230 claims found" in game.count.value


def test_a_line_of_the_list_says_how_the_answer_was(game: FactCheck) -> None:
    game.answer(FALSE, "false")
    game.answer(TRUE, "false")
    game.look_up("3.2-03")
    lines = {name: words for words, name in game.list.options}
    assert lines[FALSE].startswith("3.2-02  right: ") and lines[TRUE].startswith("3.2-01  wrong: ")
    assert lines["3.2-03"].startswith("3.2-03  seen: ") and lines["3.2-04"].startswith("3.2-04  This")
    assert all(len(words) < 120 for words in lines.values())


def test_picking_a_claim_shows_it_and_a_filter_by_verdict_gives_it_away(game: FactCheck) -> None:
    game.list.value = "3.2-03"
    assert game.at == "3.2-03" and "Claim 3.2-03" in game.head.value and game.answers == {}
    game.show.value = "false"
    assert game.answers == {}
    game.list.value = FALSE
    assert game.answers == {FALSE: ""} and "Looked up: false." in game.said.value


def test_the_check_runs_from_the_button_and_its_words_go_with_the_claim(game: FactCheck) -> None:
    game.answer(FALSE, "false")
    game.second.click()
    assert "The verdict is confirmed." in game.ran.value
    places = (game.count, game.said, game.ran, game.score_line)
    assert all("gmp-live" in place._dom_classes for place in places)  # spoken when they change
    game.first.click()
    assert game.ran.value == ""


def test_code_and_widget_say_the_same(game: FactCheck) -> None:
    said = game.answer(FALSE, "imprecise")
    assert game.at == FALSE and said.splitlines()[0] in game.said.value
    ran = game.run(FALSE)
    assert ran.splitlines()[0] in game.ran.value
    with pytest.raises(ConfigError, match="only one"):
        game.answer(FALSE, "false")


def test_score_and_mistakes_are_tables_and_stand_below(game: FactCheck) -> None:
    game.answer(FALSE, "false")
    game.answer(TRUE, "false")
    score = game.score().text().splitlines()
    assert score[-1].split()[1:3] == ["230", "2"] and score[-1].endswith(" 1.0")
    assert TRUE in game.misconceptions().text() and FALSE not in game.misconceptions().text()
    assert "To look at again: 1" in game.more.value and "1 points: 2 of 230" in game.score_line.value
    game.reset()
    assert "To look at again" not in game.more.value and game.score_line.value.count("0 of 230") == 1


def test_a_quote_in_chinese_is_marked(game: FactCheck) -> None:
    game.list.value = "4.2-02"
    assert '<q lang="zh">' in game.head.value
    game.list.value = "3.2-05"
    assert "<q>" in game.head.value


def test_a_section_alone_can_be_played() -> None:
    game = fact_check("3.2")
    assert [name for _, name in game.list.options] == [c.id for c in claims("3.2")] and game.chapter.value == "3.2"
    with pytest.raises(ConfigError, match="section"):
        fact_check("9.9")


# --- stored ---------------------------------------------------------------------------------------------------------


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.count: dict[str, int] = {}

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.count[tag] = self.count.get(tag, 0) + 1
        if tag not in ("br", "input", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_it_is_stored_as_a_table_and_as_text_without_a_kernel(game: FactCheck) -> None:
    bundle = game._repr_mimebundle_()
    html, text = bundle["text/html"], bundle["text/plain"]
    tags = _Tags()
    tags.feed(html)
    assert tags.open == [] and tags.count["tr"] == 231 and tags.count["td"] == 3 * 230
    for c in claims():
        assert f">{c.id}</th>" in html and escape(c.truth) in html
        assert f"{c.id} {c.claim} [{c.verdict}]" in text


def test_what_is_stored_does_not_depend_on_answers_and_is_small(game: FactCheck) -> None:
    before = game._repr_mimebundle_()
    game.answer(FALSE, "true")
    after = game._repr_mimebundle_()
    assert before["text/html"] == after["text/html"] and before["text/plain"] == after["text/plain"]
    assert len(before["text/html"]) + len(before["text/plain"]) < 90_000


def test_a_claim_at_a_time_keeps_it_quick(game: FactCheck) -> None:
    assert len(list(_widgets(game))) < 40


def _widgets(root: Any) -> Any:
    yield root
    for child in getattr(root, "children", ()):
        yield from _widgets(child)
