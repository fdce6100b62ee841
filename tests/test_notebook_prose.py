"""What the text of a chapter may say: each check against a notebook with that one defect."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from gmp_lab import notebook_prose as prose
from gmp_lab.claims import claims

CHAPTER = Path("02-3-run-queues.ipynb")
HEADER = "# 2.3 · Queues — 队列\n\n30 minutes\n\n1. **name** a;\n2. **say** b;\n3. **do** c.\n\n**You need** 99."


def notebook(text: str, source: str = "run(us=2000)", printed: str = "waits 107.7 us, 1,024 of them") -> Any:
    cell = new_code_cell(source, outputs=[new_output("stream", text=printed)])
    return new_notebook(cells=[new_markdown_cell(HEADER), cell, new_markdown_cell(text)])


@pytest.mark.parametrize(
    "text",
    [
        "It waits **107.7 us**.",
        "There are **1,024** of them.",
        "A call of 2 ms, or 2,000 us.",  # a parameter, in two units
        "The ring has 256 slots; every 61st tick.",
        "Three things: 1, 2 and 17.",
        "Since Go 1.14, and in 1.27.",
        "See chapter 4.4 and [4.4 · Latency](04-4-latency.ipynb).",
        "`f(12345)` is code.",
        "```go\nfor i := 0; i < 12345; i++\n```",
        "1. the first\n2. the second",
    ],
)
def test_a_number_may_be_a_result_a_parameter_a_constant_or_small(text: str) -> None:
    assert list(prose.numbers(notebook(text), CHAPTER)) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("It waits **108.7 us**.", "no cell prints **108.7**"),
        ("It waits 107.7 us.", "107.7 is a result: set it in bold"),
        ("It waits 345 us.", "345 comes from nowhere"),
        ("It takes 1.7 times as long.", "1.7 comes from nowhere"),
        ("There are 12,345 of them.", "12345 comes from nowhere"),
    ],
)
def test_a_number_that_nothing_computes_is_found(text: str, said: str) -> None:
    (found,) = prose.numbers(notebook(text), CHAPTER)
    assert said in found


@pytest.mark.parametrize(
    ("header", "said"),
    [
        (HEADER.replace("3. **do** c.", ""), "2 objectives"),
        (HEADER.replace("**say** b", "say b"), "2 objectives"),
        (HEADER.replace("30 minutes", "a while"), "minutes"),
        (HEADER.replace("You need", "You"), "what one needs"),
    ],
)
def test_a_header_without_one_of_its_parts_is_found(header: str, said: str) -> None:
    (found,) = prose.objectives(new_notebook(cells=[new_markdown_cell(header)]), CHAPTER)
    assert said in found


def test_a_whole_header_has_nothing_to_mend() -> None:
    assert list(prose.objectives(notebook(""), CHAPTER)) == []


@pytest.mark.parametrize(
    ("name", "section"),
    [("02-3-run-queues", "2.3"), ("01-gmp-model", "1"), ("05-production", "5"), ("00-start", ""), ("06-facts", "")],
)
def test_a_notebook_belongs_to_the_section_of_its_number(name: str, section: str) -> None:
    assert prose.section_of(Path(f"{name}.ipynb")) == section


def test_a_claim_that_is_not_shown_is_found() -> None:
    ids = [claim.id for claim in claims("2.3")]
    assert list(prose.cited(notebook("", printed=" ".join(ids)), CHAPTER)) == []
    (found,) = prose.cited(notebook("", printed=" ".join(ids[1:])), CHAPTER)
    assert ids[0] in found


def test_a_verdict_in_the_text_is_found() -> None:
    ids = " ".join(claim.id for claim in claims("2.3"))
    (found,) = prose.cited(notebook("Claim 2.3-04 is **false**.", printed=ids), CHAPTER)
    assert "verdicts come from gmp_lab.claims" in found


@pytest.mark.go
def test_a_name_of_neither_go_nor_python_is_found() -> None:
    good = "`findRunnable`, `sched.runq`, `type g`, `simulate`, `run`, `runtime/proc.go`, `x + 1`, `GODEBUG=a=b`"
    assert list(prose.identifiers(notebook(good), CHAPTER)) == []
    (found,) = prose.identifiers(notebook("`findRunnableGoroutine`"), CHAPTER)
    assert "findRunnableGoroutine" in found


@pytest.mark.go
def test_a_name_that_is_not_in_the_file_that_is_named_is_found() -> None:
    good = "`retake` in `proc.go`, `netpoll` in `runtime/netpoll_epoll.go`, `gcAssistAlloc` in\n`mgcmark.go`"
    assert list(prose.places(notebook(good), CHAPTER)) == []
    (found,) = prose.places(notebook("`deductAssistCredit` in\n`malloc.go`"), CHAPTER)
    assert "not in malloc.go" in found


def test_without_go_no_name_is_called_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prose, "_go_words", frozenset)
    assert list(prose.identifiers(notebook("`findRunnableGoroutine`"), CHAPTER)) == []
