"""The simulation against recorded real Go: exact orders, and statistics in their accepted bands.

The programs are in ``scenes`` and ``scenes_time``, what is computed from a run in ``experiments``, the recorded
results in ``data/ground_truth.json``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import experiments
import fidelity
import pytest
import scenes
import scenes_time
from ground_truth import points, within


def out_of_band(values: dict[str, float], bands: dict[str, list[float]]) -> list[str]:
    """The statistics that are out of their bands, or missing, in words."""
    missing = [f"{name} is not measured" for name in bands if name not in values]
    return missing + [
        f"{k} = {values[k]:.4g} not in {bands[k]}"
        for k in values
        if k in bands and not within(values[k], bands[k])
    ]


EXACT = [
    pytest.param(p, go, id=f"{p['id']}-{go}")
    for name in experiments.EXACT
    for p in points(name)
    for go, real in experiments.RECORDED.items()
    if real in p["measured"]
]
STATISTICS = [
    pytest.param(p, id=p["id"])
    for name in experiments.STATISTICS
    for p in points(name)
    if fidelity.LOOSE not in p.get("note", "")
]


@pytest.mark.parametrize(("point", "go"), EXACT)
def test_an_exact_result_is_the_measured_one_of_each_version(point: dict[str, Any], go: str) -> None:
    simulated, real = experiments.EXACT[point["experiment"]](point, go)
    assert simulated == real


@pytest.mark.parametrize("point", STATISTICS)
def test_a_statistic_lies_in_its_band(point: dict[str, Any]) -> None:
    values = experiments.STATISTICS[point["experiment"]](point, "1.27")
    known = {name for where, name in fidelity.KNOWN_TO_DIFFER if where == point["id"]}
    bands = {name: band for name, band in point["accept"].items() if name not in known}
    assert out_of_band(values, bands) == []
    assert known == {name for name in known if not within(values[name], point["accept"][name])}  # it still does


WAKES = [("close", [1, 6, 5, 4, 3, 2]), *((how, [6, 1, 2, 3, 4, 5]) for how in ("broadcast", "done", "sends"))]


@pytest.mark.parametrize(("how", "order"), WAKES)
def test_six_waiters_run_in_the_order_observed_on_real_go(how: str, order: list[int]) -> None:
    assert scenes.wake_order(how) == order


# --- what else was observed ----------------------------------------------------------------------------------------


def test_a_waiter_against_a_relocker_with_holds_of_100_us_waits_one_to_two_ms() -> None:
    _, waits = scenes.starved_waiter(100, 60, 2)
    assert scenes.quantile(waits, 0.1) >= 1.0 and scenes.quantile(waits, 0.9) <= 1.9


def test_without_deaf_moments_a_pair_is_stopped_nearly_as_often_as_a_hog() -> None:
    ideal = scenes_time.pairs_and_hogs(1, 1, 1500, deaf=0)
    assert 0.4 < ideal["hog_share"] < 0.52


def test_the_fidelity_page_is_what_a_run_gives(root: Path) -> None:
    """The page holds a row for every point; a few rows are run again and must be there as they are."""
    page = fidelity.PAGE.read_text(encoding="utf-8")
    wanted = [p["id"] for name in (*experiments.EXACT, *experiments.STATISTICS) for p in points(name)]
    assert [name for name in wanted if f"| {name} |" not in page] == []
    again = fidelity.markdown(fidelity.rows(["e13", "e2t", "e5", "e10"])).splitlines()[2:]
    assert [line for line in again if line not in page] == []
