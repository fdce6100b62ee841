"""The glossary: whole, as the page says it, and with names that Go's source has."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from gmp_lab.chapters import glossary
from gmp_lab.golang import require_toolchain

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
FOLDERS = ("runtime", "internal/runtime", "syscall")


def test_every_term_of_a_recap_is_in_the_glossary() -> None:
    assert len(list(glossary.recaps(NOTEBOOKS))) > 50
    assert glossary.missing(NOTEBOOKS) == []


def test_a_term_that_is_not_there_is_found(tmp_path: Path) -> None:
    rows = ("## Recap", "", "| English | 中文 | - |", "|---|---|---|", "| flux | 流 | - |", "| running | 中 | - |")
    cells = {"cells": [{"cell_type": "markdown", "source": ["\n".join(rows)]}]}
    (tmp_path / "09-x.ipynb").write_text(json.dumps(cells), encoding="utf-8")
    assert glossary.missing(tmp_path) == [("09-x", "flux")]


def test_the_page_is_made_from_the_terms() -> None:
    assert (NOTEBOOKS / "reference" / "glossary.md").read_text(encoding="utf-8") == glossary.text()


def test_no_term_is_there_twice_and_each_has_a_line_and_chinese_words() -> None:
    names = [term.english for term in glossary.terms()]
    assert len(set(names)) == len(names)
    assert all(re.search("[\u4e00-\u9fff]", term.chinese) and term.line[-1] == "." for term in glossary.terms())
    assert not any("|" in term.line for term in glossary.terms())


@pytest.mark.go
def test_every_name_of_the_runtime_is_in_go_s_source() -> None:
    source = Path(require_toolchain().goroot, "src")
    words: set[str] = set()
    for folder in FOLDERS:
        for file in (source / folder).rglob("*.[gs]*"):
            words.update(re.findall(r"\w+", file.read_text(encoding="utf-8", errors="replace")))
    names = {word for term in glossary.terms() for name in term.runtime for word in name.split(".")}
    assert names - words == set()
    assert "runqdrop" not in words  # the search does not find whatever it is asked for
