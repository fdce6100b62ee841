"""Notebook 02-3: the queues' rules replayed on paper, a ring that never becomes empty, two takers at one ring."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gmp_lab import Config, ConfigError, simulate, twins
from gmp_lab.chapters.queues import (
    endless_ring,
    model_put,
    model_take,
    race,
    replay,
    tick_when_main_waits,
    try_rules,
)


def no_tick(ring: list[int], glob: list[int], _tick: int) -> int:
    if not ring:
        ring += glob[:128]
        del glob[:128]
    return ring.pop(0)


def no_batch(ring: list[int], glob: list[int], tick: int) -> int:
    if glob and (tick % 61 == 0 or not ring):
        return glob.pop(0)
    return ring.pop(0)


def newer_half(ring: list[int], glob: list[int], g: int) -> None:
    if len(ring) < 256:
        ring.append(g)
    else:
        glob += [*ring[128:], g]
        del ring[128:]


@pytest.mark.parametrize(("n", "gosched"), [(1, 1), (257, 1), (258, 2), (600, 7), (1500, 40)])
def test_the_two_rules_give_the_order_of_the_mirror(n: int, gosched: int) -> None:
    run = simulate(Config(gomaxprocs=1), twins.order(n, gosched))
    assert replay(model_put, model_take, n, tick_when_main_waits(run)) == twins.noted(run)


def test_go_s_rules_hold_in_all_cases() -> None:
    assert try_rules(model_put, model_take).holds


@pytest.mark.parametrize(
    ("put", "take"),
    [(model_put, no_tick), (model_put, no_batch), (newer_half, model_take)],
    ids=["without the tick", "one by one", "the newer half"],
)
def test_other_rules_fail_in_some_case(put: Any, take: Any) -> None:
    assert not try_rules(put, take).holds


def test_rules_that_are_not_written_are_not_wrong_yet() -> None:
    said = try_rules(lambda ring, glob, g: ..., lambda ring, glob, tick: ...)
    assert not said.holds and "Nothing is written yet" in said.said


def test_a_rule_that_never_empties_the_queues_comes_to_an_end() -> None:
    assert not try_rules(model_put, lambda ring, glob, tick: 7).holds


def test_between_two_looks_at_the_global_queue_60_of_the_ring_run() -> None:
    assert endless_ring(20) == [60] * 20
    with pytest.raises(ConfigError, match="turns"):
        endless_ring(0)


@pytest.mark.parametrize("steps", ["".join(p) for p in sorted(set(permutations("OOOTTT")))])
def test_with_compare_and_swap_nobody_is_taken_twice_in_any_order(steps: str) -> None:
    assert "nobody is taken twice" in race(steps).caption


@given(st.text("OT", min_size=1, max_size=40))
def test_nor_in_a_longer_one(steps: str) -> None:
    taken = race(steps).rows[-1][-1]
    assert taken == "-" or str(taken).split() == list("ABCD")[: len(str(taken).split())]


def test_who_comes_to_an_empty_ring_finds_that() -> None:
    assert race("TTTTTTTTT" + "O").rows[-1][1] == "finds the ring empty"


def test_without_it_somebody_is() -> None:
    assert race("OTOTOT", cas=False).caption.endswith("without compare-and-swap: A taken twice")
    assert "nobody" in race("OOOTTT", cas=False).caption  # one after the other


@pytest.mark.parametrize("bad", ["", "OX", "ot"])
def test_other_letters_are_refused(bad: str) -> None:
    with pytest.raises(ConfigError, match="steps"):
        race(bad)
