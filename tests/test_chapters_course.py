"""The map of the course and the page of versions: made from the notebooks' headers and from the rows of versions."""

from __future__ import annotations

import json
from collections import Counter
from importlib.resources import files
from pathlib import Path

import pytest

from gmp_lab import ConfigError
from gmp_lab.chapters import course, versions
from gmp_lab.claims import claims
from gmp_lab.claims.misconceptions import misconceptions
from gmp_lab.exam.bank import assignments
from gmp_lab.params import VERSIONS

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"


def test_the_map_says_what_the_notebooks_headers_say() -> None:
    assert course.chapters() == course.headers(NOTEBOOKS), "write course.text(notebooks) to course.json"


def test_whatever_a_notebook_needs_is_read_before_it() -> None:
    seen: set[str] = set()
    for chapter in course.chapters():
        assert set(chapter.needs) <= seen, chapter.number
        seen.add(chapter.number)


def test_every_notebook_but_the_first_needs_one() -> None:
    assert [c.number for c in course.chapters() if not c.needs] == ["0"]


def test_claims_and_weights_of_the_map_add_up_to_those_of_its_chapters() -> None:
    mapped = {c.number for c in course.chapters()}
    assert sum(c.claims for c in course.chapters()) == sum(one.section in mapped for one in claims())
    numbers = {c.stem[:4] if c.stem[2] == "-" and c.stem[3].isdigit() else c.stem[:2] for c in course.chapters()}
    assert sum(c.misconceptions for c in course.chapters()) == sum(m.notebook in numbers for m in misconceptions())
    assert course.reading_path().text().count("\n") >= len(course.chapters())


def test_the_weight_in_the_exam_is_the_share_of_its_points() -> None:
    points: Counter[str] = Counter()
    for question in (q for one in assignments(NOTEBOOKS.parent / "exercises") for q in one.questions):
        points[question.see] += question.points + question.manual_points
    stored = json.loads(files("gmp_lab").joinpath("data", "chapters", "exam_points.json").read_text(encoding="utf-8"))
    assert dict(sorted(points.items())) == stored
    shares = [float(row[-1]) for row in course.reading_path().rows]
    assert sum(shares) == pytest.approx(100, abs=3)
    assert sum(c.exam_points for c in course.chapters()) == points.total()


def test_every_chapter_with_experiments_is_in_their_table() -> None:
    told = course.experiments().text()
    assert all(name in told for name in ("handoff", "threads", "order"))


def test_a_header_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "09-x.ipynb").write_text('{"cells": [{"source": ["# no number"]}]}')
    with pytest.raises(ConfigError, match="09-x"):
        course.headers(tmp_path)


def test_the_page_of_versions_is_made_from_the_rows() -> None:
    assert (NOTEBOOKS / "reference" / "versions.md").read_text(encoding="utf-8") == versions.text()


def test_the_table_of_versions_holds_the_turning_points() -> None:
    rows = {row[0]: row[1:] for row in versions.table("1.13", "1.14", "1.25", "1.27").rows}
    assert rows["a signal stops a loop"] == ("no", "yes", "yes", "yes")
    assert rows["status of a P in a system call"] == ("_Psyscall", "_Psyscall", "_Psyscall", "_Prunning")
    assert len(versions.table().heads) == 1 + len(VERSIONS)


def test_a_version_without_a_row_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"1\.99"):
        versions.table("1.99")
