"""Notebook 02-1: a loop at the end of a segment, curves in words, the rule for new stacks that a student writes."""

from __future__ import annotations

import pytest

from gmp_lab import Config, ConfigError, metrics, simulate
from gmp_lab.chapters.stacks import CASES, levels_text, loop_at, ns_for_a_call, try_new_size
from gmp_lab.params import version
from gmp_lab.sweeps import sweep

UNLUCKY = 62  # calls deep, with frames of 120 bytes and segments of 8 KiB


def new_size(size: int, used: int, frame: int) -> int:
    new = size * 2
    while new - used < frame + version("1.27").stack_guard:
        new *= 2
    return new


def cost(go: str, depth: int) -> float:
    return ns_for_a_call(simulate(Config(gomaxprocs=1, go=go), loop_at(depth, calls=100)))


def test_a_loop_at_the_end_of_a_segment_links_one_for_each_call() -> None:
    rec = simulate(Config(gomaxprocs=1, go="1.2"), loop_at(UNLUCKY, calls=100))
    linked = sum(change.new > change.old for change in metrics.stack_changes(rec))
    assert linked == 101  # and one on the way down


def test_such_a_call_pays_for_linking_and_for_freeing() -> None:
    costs = Config().costs
    assert cost("1.2", UNLUCKY) == costs.call + 2 * costs.stack_segment
    assert cost("1.2", UNLUCKY - 1) == cost("1.2", UNLUCKY + 1) == costs.call


def test_a_stack_that_is_copied_has_no_unlucky_depth() -> None:
    assert {cost("1.4", depth) for depth in range(55, 70)} == {Config().costs.call}


def test_a_curve_is_told_by_its_levels_and_where_they_are_rare() -> None:
    grid = {"program.depth": range(60, 66), "config.go": ("1.2", "1.4")}
    table = sweep(loop_at, grid, [1], measures={"ns": ns_for_a_call})
    said = levels_text(table, "ns", x="program.depth", by="config.go").splitlines()
    assert said == ["go 1.2: ns 4 at 60, 61, 63, 64, 65, 404 at 62", "go 1.4: ns 4 at 6 points from 60 to 65"]


def test_the_runtime_s_own_rule_holds_in_all_cases() -> None:
    assert try_new_size(new_size).holds


@pytest.mark.parametrize(
    "wrong",
    [
        lambda size, used, frame: size * 2,
        lambda size, used, frame: size + frame,
        lambda size, used, frame: 1 << (used + frame).bit_length(),
        lambda size, used, frame: None,
    ],
    ids=["only twice", "just enough", "without the guard", "nothing"],
)
def test_another_rule_fails_in_some_case(wrong: object) -> None:
    assert not try_new_size(wrong).holds  # type: ignore[arg-type]


def test_the_cases_hold_some_that_one_doubling_is_not_enough_for() -> None:
    assert len(CASES) == len(try_new_size(new_size).table.rows)
    assert try_new_size(lambda size, used, frame: size * 2).said == "It holds in 3 of 5 cases."


@pytest.mark.parametrize("bad", [{"depth": -1}, {"depth": 1.5}, {"frame": 12}, {"calls": 0}])
def test_a_bad_parameter_is_named(bad: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match=next(iter(bad))):
        loop_at(**bad)
