"""The simulation against recorded real Go: exact orders, and statistics in their accepted bands.

The programs are in ``scenes``, the recorded results in ``data/ground_truth.json``; neither knows the other.
"""

from __future__ import annotations

from statistics import mean, median
from typing import Any

import pytest
import scenes
from ground_truth import GO, decode, orders, points, within


def each(experiment: str) -> Any:
    found = points(experiment)
    return pytest.mark.parametrize("point", found, ids=[p["id"] for p in found])


def out_of_band(values: dict[str, float], bands: dict[str, list[float]]) -> list[str]:
    """The statistics that are out of their bands, or missing, in words."""
    missing = [f"{name} is not measured" for name in bands if name not in values]
    return missing + [
        f"{k} = {values[k]:.4g} not in {bands[k]}"
        for k in values
        if k in bands and not within(values[k], bands[k])
    ]


# --- exact -------------------------------------------------------------------------------------------------------


@each("e1")
def test_e1_the_order_of_n_goroutines_is_the_measured_one(point: dict[str, Any]) -> None:
    assert scenes.order(**point["args"]) in orders(point)


@each("e6b")
def test_e6b_the_thief_s_order_is_a_measured_one_at_the_same_phase(point: dict[str, Any]) -> None:
    # Where the thief also meets the global queue, the order depends on its 61st tick; any phase is a real one.
    phases = range(61) if point["args"]["n"] > 257 else range(3)
    simulated = [scenes.steal_order(ticks=ticks, **point["args"]) for ticks in phases]
    assert all(order in simulated for order in orders(point))


@pytest.mark.parametrize("name", sorted(scenes.SCENES))
def test_e11_the_order_after_a_wake_is_the_measured_one(name: str) -> None:
    (point,) = points("e11")
    assert scenes.scene(name) == point["measured"][GO][name]["value"].replace("0-2", "0 1 2")


@each("e13")
def test_e13_a_global_goroutine_gets_exactly_every_61st_turn(point: dict[str, Any]) -> None:
    args = point["args"]
    gaps, whose = scenes.global_gaps(args["chains"], args["globals"])
    steady = gaps[args["globals"] :]
    assert len(steady) >= 34 and set(steady) == {60}
    assert whose[:12] == decode(point["measured"][GO]["turn_order"]["value"])[:12]


WAKES = [("close", [1, 6, 5, 4, 3, 2]), *((how, [6, 1, 2, 3, 4, 5]) for how in ("broadcast", "done", "sends"))]


@pytest.mark.parametrize(("how", "order"), WAKES)
def test_six_waiters_run_in_the_order_observed_on_real_go(how: str, order: list[int]) -> None:
    assert scenes.wake_order(how) == order


# --- statistics --------------------------------------------------------------------------------------------------


def slice_statistics(slices: list[tuple[int, float]], n: int) -> dict[str, float]:
    lengths = [length for _, length in slices]
    who = [g for g, _ in slices]
    totals = [sum(length for g, length in slices if g == i) for i in range(n)]
    return {
        "switches": len(slices),
        "mean_slice_10ms": mean(lengths),
        "jain": scenes.jain(totals),
        "min_over_max": min(totals) / max(totals),
        "rr_violations": sum(a != b for a, b in zip(who[n:], who, strict=False)),
        "slice_10ms.p50": median(lengths),
        "slice_10ms.p90": scenes.quantile(lengths, 0.9),
        "share_within_1.9_2.2": mean(1.9 <= x <= 2.2 for x in lengths),
    }


@each("e2")
def test_e2_cpu_bound_goroutines_share_a_p_as_measured(point: dict[str, Any]) -> None:
    args = point["args"]
    off = "asyncpreemptoff=1" in point["env"].get("GODEBUG", "")
    slices = scenes.hog_slices(
        args["n"], args["mode"], work_ms=150 if args.get("dur") == 0 else 0, asyncpreemptoff=off
    )
    statistics = slice_statistics(slices, args["n"])
    assert out_of_band(statistics, point["accept"]) == []


@each("e2t")
def test_e2t_a_slice_is_two_ticks_of_sysmon(point: dict[str, Any]) -> None:
    statistics = slice_statistics(scenes.hog_slices(point["args"]["n"], "free"), point["args"]["n"])
    assert out_of_band(statistics, point["accept"]) == []


@each("e4a")
def test_e4a_threads_follow_concurrent_blocking_calls(point: dict[str, Any]) -> None:
    k, gomaxprocs = point["args"]["k"], point["GOMAXPROCS"]
    runs = [scenes.threads_of_blocking_calls(k, gomaxprocs, seed=seed) for seed in range(5)]  # five, as recorded
    seen = {name: median(run[name] for run in runs) for name in runs[0]}
    assert set(point["accept"]) <= set(seen)
    assert out_of_band(seen, point["accept"]) == []


@each("e4b")
def test_e4b_the_hand_over_of_a_blocking_call_takes_as_long_as_measured(point: dict[str, Any]) -> None:
    args = point["args"]
    seen = scenes.handoff_latency(args["state"], args["us"], args.get("kind", "blocking"))
    statistics = {}
    for name, values in zip(("latency_10ms", "latency_over_syscall"), zip(*seen, strict=True), strict=True):
        statistics[f"{name}.p50"] = median(values)
        statistics[f"{name}.p90"] = scenes.quantile(list(values), 0.9)
        statistics[f"{name}.max"] = max(values)
    assert out_of_band(statistics, point["accept"]) == []


@each("e4c")
def test_e4c_short_calls_beside_a_hog_share_the_p_as_measured(point: dict[str, Any]) -> None:
    assert out_of_band(scenes.short_calls_and_a_hog(), point["accept"]) == []


@each("e4d")
def test_e4d_a_sleeping_thread_keeps_its_p_for_up_to_two_ticks(point: dict[str, Any]) -> None:
    assert out_of_band(scenes.sleeping_calls_and_a_hog(**point["args"]), point["accept"]) == []


@each("e12")
def test_e12_a_waiter_gets_a_contended_mutex_as_late_as_measured(point: dict[str, Any]) -> None:
    args = point["args"]
    taken, waits = scenes.starved_waiter(args["us"], args.get("reps", 60), point["GOMAXPROCS"])
    seen = {"first_acquisitions_per_wait.p50": median(taken), "wait_ms.p50": median(waits)}
    assert out_of_band(seen, point["accept"]) == []


def test_a_waiter_against_a_relocker_with_holds_of_100_us_waits_one_to_two_ms() -> None:
    _, waits = scenes.starved_waiter(100, 60, 2)
    assert scenes.quantile(waits, 0.1) >= 1.0 and scenes.quantile(waits, 0.9) <= 1.9
