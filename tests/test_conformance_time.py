"""The simulation against recorded real Go: turns, the poller, sharing of work, sleeps, locked threads, a service.

The programs are in ``scenes_time``.  A statistic is, as the recorded one, the median over five runs (seeds).
"""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from typing import Any

import scenes_time
from test_conformance import each, out_of_band

SEEDS = range(1, 6)


def medians(run: Callable[[int], dict[str, float]]) -> dict[str, float]:
    runs = [run(seed) for seed in SEEDS]
    return {name: median(r[name] for r in runs) for name in runs[0]}


@each("e3")
def test_e3_a_pair_on_one_p_loses_most_requests_to_stop_and_a_hog_none(point: dict[str, Any]) -> None:
    values = medians(lambda seed: scenes_time.pairs_and_hogs(**point["args"], seed=seed))
    assert out_of_band(values, point["accept"]) == []


@each("e5")
def test_e5_goroutines_that_wait_for_the_network_block_no_thread(point: dict[str, Any]) -> None:
    values = scenes_time.blocked_reads(point["args"]["n"], point["GOMAXPROCS"])
    assert out_of_band(values, point["accept"]) == []


@each("e10")
def test_e10_a_sleep_lasts_until_a_p_looks_at_its_timers(point: dict[str, Any]) -> None:
    args = point["args"]
    values = medians(lambda seed: scenes_time.overshoots(args["hogs"], args["sleep"], point["GOMAXPROCS"], seed=seed))
    assert out_of_band(values, point["accept"]) == []


@each("e15")
def test_e15_a_service_beside_hogs_has_the_measured_latency(point: dict[str, Any]) -> None:
    values = medians(lambda seed: scenes_time.service(point["args"]["hogs"], point["GOMAXPROCS"], seed=seed))
    assert out_of_band(values, point["accept"]) == []


def test_without_deaf_moments_a_pair_is_stopped_nearly_as_often_as_a_hog() -> None:
    ideal = scenes_time.pairs_and_hogs(1, 1, 1500, deaf=0)
    assert 0.4 < ideal["hog_share"] < 0.52
