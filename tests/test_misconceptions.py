"""The catalogue of misconceptions: each comes from claims, is refuted by a check, and explains itself."""

from __future__ import annotations

import re

import pytest

from gmp_lab import ConfigError, claims
from gmp_lab.claims.misconceptions import ASKED, Misconception, misconception, misconceptions, not_asked, refute

ALL = misconceptions()
COVERED = {name for one in ALL for name in one.claims}


def test_ids_are_there_once_and_can_be_read() -> None:
    names = [one.id for one in ALL]
    assert len(names) == len(set(names)) >= 60
    assert [name for name in names if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name)] == []


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.id)
def test_it_comes_from_claims_that_are_not_true(one: Misconception) -> None:
    assert one.claims and {claims.claim(name).verdict for name in one.claims} <= set(ASKED)


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.id)
def test_it_is_refuted_by_a_check_that_runs(one: Misconception) -> None:
    assert one.demonstration.kind in ("simulation", "experiment", "source")
    assert refute(one.id).holds is not False


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.id)
def test_it_has_a_question_two_answers_and_an_explanation(one: Misconception) -> None:
    assert one.question.endswith((".", "?")) and one.belief.endswith(".")
    assert one.right and one.wrong and one.right != one.wrong
    assert 2 <= len(re.findall(r"[.!?](?: |$)", one.feedback)) <= 4 and len(one.feedback) < 420


def test_every_false_claim_leads_to_one_or_says_why_it_is_not_asked() -> None:
    false = {c.id for c in claims.claims() if c.verdict == "false"}
    assert false - COVERED - set(not_asked()) == set()


def test_so_does_every_imprecise_and_changed_one() -> None:
    others = {c.id for c in claims.claims() if c.verdict in ASKED}
    assert others - COVERED - set(not_asked()) == set()


def test_what_is_not_asked_is_not_asked_and_has_a_reason() -> None:
    assert not set(not_asked()) & COVERED
    assert all(claims.claim(name).verdict in ASKED and len(why) > 20 for name, why in not_asked().items())


def test_questions_and_answers_are_not_told_twice() -> None:
    told = [text for one in ALL for text in (one.belief, one.question, one.feedback)]
    assert sorted({text for text in told if told.count(text) > 1}) == []


def test_a_section_has_its_own() -> None:
    found = misconceptions("2.3")
    assert {one.id for one in found} >= {"runqpush", "runnext-stolen-first"}
    assert all("2.3" in one.sections for one in found) and len(found) < len(ALL)


def test_the_notebook_follows_from_the_section() -> None:
    assert (misconception("runqpush").notebook, misconception("p-runs-many").notebook) == ("02-3", "01")


def test_an_unknown_one_is_named() -> None:
    with pytest.raises(ConfigError, match="misconception"):
        misconception("nonsense")
    with pytest.raises(ConfigError, match="section"):
        misconceptions("9")
