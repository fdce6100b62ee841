"""Counts as bars in parts: every number is drawn and told, parts differ in colour and in pattern."""

from __future__ import annotations

from itertools import pairwise

import pytest

from gmp_lab import ConfigError
from gmp_lab.draw.palette import THEMES, colour
from gmp_lab.draw.stacked import _LOOKS, stacked, stacked_text
from gmp_lab.draw.tables import Table

FRUIT = Table("Fruit by day", ("day", "apples", "pears", "plums"), (("Mon", 3, 0, 1), ("Tue", 1, 2, 4)))


def test_every_count_is_a_part_of_its_row_s_bar() -> None:
    fig = stacked(FRUIT)
    assert {trace.name: list(trace.x) for trace in fig.data} == {"apples": [3, 1], "pears": [0, 2], "plums": [1, 4]}
    assert all(list(trace.y) == ["Mon", "Tue"] for trace in fig.data) and fig.layout.barmode == "stack"
    assert fig.layout.title.text == "Fruit by day" and list(fig.layout.xaxis.range) == [0, 7]


def test_equal_tables_give_equal_figures() -> None:
    assert stacked(FRUIT).to_json() == stacked(FRUIT).to_json()


@pytest.mark.parametrize("theme", THEMES)
def test_parts_differ_in_colour_and_in_pattern_from_their_neighbours(theme: str) -> None:
    wide = Table("Wide", ("row", *(f"part {k}" for k in range(len(_LOOKS)))), (("a", *range(len(_LOOKS))),))
    looks = [(t.marker.color, t.marker.pattern.shape) for t in stacked(wide, theme=theme).data]
    assert len(set(looks)) == len(looks) and [c for c, _ in looks] == [colour(state, theme) for state, _ in _LOOKS]
    assert all(a != b and c != d for (a, c), (b, d) in pairwise(looks))


def test_the_text_has_all_numbers_and_a_strip_of_letters() -> None:
    lines = stacked_text(FRUIT).splitlines()
    assert lines[0] == "Fruit by day" and lines[2].split() == ["Mon", "3", "0", "1"]
    assert lines[4:] == ["Mon |aaac", "Tue |abbcccc", "(a apples, b pears, c plums; a letter is 1)"]


def test_long_bars_have_a_letter_for_several() -> None:
    text = stacked_text(Table("Many", ("row", "one", "two"), (("x", 600, 300), ("y", 0, 0))))
    assert "x |" + "a" * 40 + "b" * 20 in text and "y |\n" in text and "a letter is 15" in text


@pytest.mark.parametrize(
    "table",
    [
        Table("No rows", ("row", "one"), ()), Table("Words", ("row", "one"), (("a", "b"),)),
        Table("Part", ("row", "one"), (("a", 1.5),)), Table("Less", ("row", "one"), (("a", -1),)),
        Table("No counts", ("row",), (("a",),)), Table("Wide", ("row", *"abcdefghi"), (("a", *range(9)),)),
    ],
    ids=lambda table: table.caption,
)  # fmt: skip
def test_a_table_of_another_kind_is_refused(table: Table) -> None:
    with pytest.raises(ConfigError, match="table"):
        stacked(table)
    with pytest.raises(ConfigError, match="table"):
        stacked_text(table)
