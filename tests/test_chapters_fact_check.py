"""What the notebook of the fact check computes: the ledger in numbers, and a task that tells good checks from bad."""

from __future__ import annotations

from typing import Any

import pytest

from gmp_lab import golang
from gmp_lab.chapters import fact_check
from gmp_lab.chapters.fact_check import try_check
from gmp_lab.claims import VERDICTS, claims, verdicts
from gmp_lab.claims.check import KINDS, checks


def test_the_counts_are_the_ledger_s() -> None:
    table = fact_check.verdict_counts()
    sums = [sum(int(row[k]) for row in table.rows) for k in range(1, len(VERDICTS) + 1)]
    assert dict(zip(VERDICTS, sums, strict=True)) == verdicts()
    assert table.caption.startswith(f"{sums[0] + sums[1]} of the article's 230 claims are true")


def test_every_claim_is_counted_under_each_kind_of_its_checks() -> None:
    rows = dict(fact_check.kind_counts().rows)
    assert tuple(rows) == KINDS
    assert rows["none"] == sum(any(one.kind == "none" for one in checks(c.id)) for c in claims())


def test_the_places_to_read_are_functions_of_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GMP_LAB_GO", "none")
    rows = fact_check.most_read(5).rows
    assert [row[0] for row in rows][:2] == ["runqgrab", "newstack"] and {row[3] for row in rows} == {"-"}
    assert [row[2] for row in rows] == sorted((int(row[2]) for row in rows), reverse=True)


@pytest.mark.go
def test_beside_go_they_have_lines() -> None:
    golang.require_toolchain("1.27")
    assert all(str(row[3]).isdecimal() for row in fact_check.most_read(10).rows)


def test_all_checks_of_a_section_are_listed_with_their_outcome() -> None:
    rows = fact_check.outcomes_of("3.2").rows
    assert [row[0] for row in rows] == [c.id for c in claims("3.2")]
    words = [part.split()[1] for row in rows for part in str(row[2]).split(", ")]
    assert set(words) <= {"confirmed", "open"} and words.count("confirmed") > len(rows)


def test_1_13_is_the_last_that_waits_for_a_loop() -> None:
    assert fact_check.last_version_that_waits(("1.4", "1.13", "1.14", "1.27")) == "1.13"
    assert fact_check.last_version_that_waits(("1.14", "1.27")) == "none"


# --- the task -------------------------------------------------------------------------------------------------------


def solution(queued: int, taken: tuple[int, ...]) -> bool:
    for n in taken:
        if n != queued - queued // 2:
            return False
        queued -= n
    return queued == 0


def test_the_solution_holds_in_every_case() -> None:
    assert try_check(solution).holds


@pytest.mark.parametrize(
    "bad",
    [
        lambda queued, taken: True,
        lambda queued, taken: False,
        lambda queued, taken: sum(taken) == queued,
        lambda queued, taken: taken[0] == queued // 2,
        lambda queued, taken: taken[0] >= queued // 2,
        lambda queued, taken: len(taken) < queued,
    ],
    ids=["always", "never", "the sum", "half, rounded down", "half or more", "fewer thefts"],
)
def test_a_check_that_cannot_fail_or_fails_wrongly_is_told_so(bad: Any) -> None:
    assert not try_check(bad).holds


def test_a_stub_is_neither_right_nor_wrong() -> None:
    assert "Nothing is written yet" in try_check(lambda queued, taken: ...).said  # type: ignore[arg-type, return-value]
