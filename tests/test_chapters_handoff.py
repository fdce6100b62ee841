"""Chapter 2.5: how long a neighbour waits for the P of a goroutine that is in a call."""

from __future__ import annotations

import pytest

from gmp_lab import Config, simulate
from gmp_lab.chapters import handoff
from gmp_lab.metrics import calls

ONE = Config(gomaxprocs=1)


def waited(**arguments: object) -> float:
    return handoff.waited_us(simulate(ONE, handoff.beside(**arguments)))  # type: ignore[arg-type]


def test_in_a_quiet_program_the_p_is_taken_after_a_few_looks_and_in_a_busy_one_within_ten_ms() -> None:
    quiet, busy = waited(us=40_000), [waited(us=40_000, before_us=1000 * ms) for ms in range(20, 30)]
    assert quiet < 300
    assert max(busy) > 8000 and all(us < 10_500 for us in busy)


@pytest.mark.parametrize(("kind", "low", "high"), [("handoff", 0, 50), ("raw", 2000, 2001), ("blocking", 50, 300)])
def test_the_kind_of_call_decides_who_may_take_the_p(kind: str, low: float, high: float) -> None:
    assert low <= waited(us=2000, kind=kind) < high


def test_a_read_from_the_network_costs_the_neighbour_nothing_and_no_p_is_taken() -> None:
    run = handoff.ways(2000)["read from the network"]
    assert handoff.waited_us(run) < 1
    assert calls(run) == [] and not any(e.name == "retake" for e in run)


def test_calls_of_growing_length_keep_their_p_up_to_one_and_lose_it_from_then_on() -> None:
    found = calls(simulate(ONE, handoff.lengths()))
    assert [c.length_ns for c in found] == [us * 1000 for us in handoff.LENGTHS_US]
    kept = [c.taken_ns < 0 for c in found]
    assert kept == sorted(kept, reverse=True) and 0 < sum(kept) < len(kept)


@pytest.mark.parametrize(("go", "p_status", "m"), [("1.19", 2, None), ("1.25", 2, None), ("1.27", 1, 0)])
def test_the_status_of_a_p_in_a_call_by_version(go: str, p_status: int, m: int | None) -> None:
    assert handoff.in_call(go) == (p_status, m, 3)
