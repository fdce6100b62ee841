"""The pacer in a closed loop: with an ideal program it must settle, and settle where it should."""

from __future__ import annotations

import pytest
from pacer_loop import Cycle, Plant, constant, noise, peak, ramp, run_loop, step, total, wave

from gmp_lab.runtime.mgcgoal import PACER_1_19, defaultHeapMinimum

GOAL = 0.25  # the share of CPU time that marking should take
LIMIT = 512 << 20
LIMIT_GOAL = LIMIT - LIMIT // 100 * 3


def settled(cycles: list[Cycle], within: float = 0.005) -> list[int]:
    """The cycles whose share of CPU time is not that of the one before."""
    return [i for i in range(1, len(cycles)) if abs(cycles[i].utilization - cycles[i - 1].utilization) > within]


def off_goal(cycles: list[Cycle], low: float = 0.95, high: float = 1.05) -> list[float]:
    return [c.goal_ratio for c in cycles if not low <= c.goal_ratio <= high]


def off_share(cycles: list[Cycle], within: float = 0.005) -> list[float]:
    return [c.utilization for c in cycles if abs(c.utilization - GOAL) > within]


STEADY = {
    "heap": Plant(),
    "stacks": Plant(alloc_rate=constant(132.0), stacks=total(constant(2048), ramp(128 << 20, 8))),
    "globals": Plant(alloc_rate=constant(132.0), globals_bytes=128 << 20),
}


@pytest.mark.parametrize("plant", STEADY.values(), ids=STEADY)
def test_a_steady_program_is_marked_with_a_quarter_of_the_cpu_and_the_heap_ends_at_the_goal(plant: Plant) -> None:
    cycles = run_loop(plant, 50)[24:]
    assert (off_share(cycles), settled(cycles), off_goal(cycles)) == ([], [], [])


STEPS = {
    "allocation doubles and more": Plant(alloc_rate=total(constant(33.0), step(66.0, 50))),
    "allocation grows elevenfold": Plant(alloc_rate=total(constant(33.0), step(330.0, 50))),
    "much to scan in one cycle": Plant(alloc_rate=constant(128.0), scannable=total(constant(0.2), peak(0.5, 50))),
}


@pytest.mark.parametrize("plant", STEPS.values(), ids=STEPS)
def test_after_a_change_the_pacer_settles_again(plant: Plant) -> None:
    cycles = run_loop(plant, 100)
    for part in (cycles[24:49], cycles[74:]):
        assert (settled(part), off_goal(part)) == ([], [])


def test_with_a_high_gogc_a_jump_of_the_live_heap_costs_memory_and_not_cpu() -> None:
    plant = Plant(
        alloc_rate=total(constant(165.0), noise(7.0, 3)),
        growth=total(constant(2.0), ramp(-1.0, 12), noise(0.01, 1), peak(14.0, 25)),
    )
    cycles = run_loop(plant, 50, gc_percent=1500)
    jump = cycles[25]
    assert 0.90 <= jump.goal_ratio <= 15  # never past the next cycle's own goal
    assert off_goal(cycles[12:25] + cycles[26:], low=0.90) == []
    assert all(abs(c.utilization - GOAL) <= GOAL + 0.03 for c in cycles[12:])
    assert settled(cycles[12:], within=0.03) == []


JITTER = {
    "a wave": (Plant(alloc_rate=total(constant(67.0), wave(13.0, 8))), 1.05, 0.30),
    "noise": (
        Plant(
            alloc_rate=total(constant(132.0), noise(13.0, 15)),
            growth=total(constant(2.0), ramp(-1.0, 12), noise(0.01, 14)),
        ),
        1.025,
        0.275,
    ),
}


@pytest.mark.parametrize(("plant", "goal", "share"), JITTER.values(), ids=JITTER)
def test_a_rate_that_varies_leaves_the_heap_near_the_goal_and_the_share_near_a_quarter(
    plant: Plant, goal: float, share: float
) -> None:
    cycles = run_loop(plant, 50)[12:]
    assert off_goal(cycles, high=goal) == [] and all(0.25 <= c.utilization <= share for c in cycles)


def test_a_high_rate_that_varies_needs_assists_but_the_same_every_time() -> None:
    plant = Plant(
        alloc_rate=total(constant(330.0), noise(33.0, 5)),
        growth=total(constant(2.0), ramp(-1.0, 12), noise(0.01, 7)),
    )
    cycles = run_loop(plant, 50)[12:]
    assert (off_goal(cycles), settled(cycles, 0.05)) == ([], [])
    assert all(abs(c.utilization - cycles[0].utilization) <= 0.05 for c in cycles)


@pytest.mark.parametrize("growing", [3, 8])
def test_a_slow_program_with_little_to_scan_is_triggered_late_but_not_at_the_goal(growing: int) -> None:
    plant = Plant(
        constant(1.0), 2048.0, total(constant(2.0), ramp(-1.0, growing)), constant(0.01)
    )
    cycles = run_loop(plant, 50)
    assert off_goal(cycles[growing + 1 :], low=0.925, high=1.025) == []
    assert all(0.925 <= c.trigger_ratio <= 0.975 for c in cycles[growing + 1 :])
    assert off_share(cycles[25:]) == []


def test_a_large_heap_with_little_to_scan_is_triggered_one_minimal_heap_before_the_goal() -> None:
    plant = Plant(constant(1.0), 2048.0, total(constant(4.0), ramp(-3.0, 12)), constant(0.01))
    cycles = run_loop(plant, 50)
    assert off_goal(cycles[13:]) == [] and off_share(cycles[25:]) == []
    assert all(abs(c.runway - defaultHeapMinimum) <= 64 << 10 for c in cycles[13:])


def test_a_memory_limit_far_away_changes_nothing() -> None:
    assert run_loop(Plant(), 50, memory_limit=LIMIT) == run_loop(Plant(), 50)


@pytest.mark.parametrize("gc_percent", [100, -1])
def test_a_heap_that_would_pass_the_limit_is_held_there_at_no_more_cpu(gc_percent: int) -> None:
    plant = Plant(growth=total(constant(3.0), ramp(-2.0, 12)))
    cycles = run_loop(plant, 50, gc_percent, LIMIT)
    assert all(c.goal == LIMIT_GOAL for c in cycles[12 if gc_percent > 0 else 0 :])
    assert (off_share(cycles[24:]), off_goal(cycles[24:])) == ([], [])


def test_without_gogc_the_heap_grows_up_to_the_limit_at_once() -> None:
    cycles = run_loop(Plant(), 50, -1, LIMIT)
    assert all(c.goal == LIMIT_GOAL for c in cycles)
    assert (off_share(cycles[24:]), off_goal(cycles[24:])) == ([], [])


@pytest.mark.parametrize("gc_percent", [100, -1])
def test_a_live_heap_above_the_limit_is_collected_all_the_time(gc_percent: int) -> None:
    plant = Plant(growth=total(constant(3.5), ramp(-2.5, 12)))
    cycles = run_loop(plant, 50, gc_percent, LIMIT)
    assert all(c.goal == c.live for c in cycles[12:])
    assert all(c.utilization > 0.995 for c in cycles[24:])  # it is the limiter's work to hold this, not the pacer's


def test_the_pacer_of_1_19_settles_too_if_later() -> None:
    cycles = run_loop(Plant(), 60, version=PACER_1_19)
    assert settled(cycles[1:8]) != [] and settled(cycles[40:]) == [] and off_goal(cycles[40:], high=1.06) == []
