"""The pacer's goal and trigger: the worked examples, the memory limit, and the goals of recorded cycles."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest
from gctrace_lines import parse
from hypothesis import given
from hypothesis import strategies as st
from pacers import GiB, MiB, controller

from gmp_lab.errors import ConfigError, Throw
from gmp_lab.runtime.goarith import MaxInt64, divide, float_to_int64, float_to_uint64, int64, maxUint64, uint64
from gmp_lab.runtime.mgcpacer import gcTriggerHeap

# --- Go's arithmetic, as go1.27.3 prints it -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("x", "unsigned", "signed"),
    [
        (math.inf, 1 << 63, -(1 << 63)), (-math.inf, 1 << 63, -(1 << 63)), (math.nan, 1 << 63, -(1 << 63)),
        (1e30, 1 << 63, -(1 << 63)), (9.3e18, 9300000000000000000, -(1 << 63)), (-5.7, 18446744073709551611, -5),
        (1.9e19, 1 << 63, -(1 << 63)), (-9.3e18, 1 << 63, -(1 << 63)), (2e18, 2 * 10**18, 2 * 10**18),
    ],
)  # fmt: skip
def test_conversions_of_what_does_not_fit_give_what_go_gives_on_amd64(x: float, unsigned: int, signed: int) -> None:
    assert (float_to_uint64(x), float_to_int64(x)) == (unsigned, signed)


def test_integers_wrap_and_division_by_zero_is_infinite() -> None:
    assert (uint64(-1), uint64(1 << 64)) == (maxUint64, 0)
    assert (int64(1 << 63), int64(-(1 << 63) - 1)) == (-(1 << 63), MaxInt64)
    assert (divide(1.0, 0.0), divide(-1.0, 0.0), divide(1.0, -0.0)) == (math.inf, -math.inf, -math.inf)
    assert math.isnan(divide(0.0, 0.0)) and divide(3.0, 2.0) == 1.5


# --- goal and trigger ---------------------------------------------------------------------------------------


def test_the_first_cycle_starts_at_3_8_mib_with_a_goal_of_4() -> None:
    assert controller().trigger() == (int(3.8125 * MiB), 4 * MiB)


@pytest.mark.parametrize(("runway", "trigger"), [(0, 198.0), (20, 182.0), (40, 171.71875), (1000, 171.71875)])
def test_the_example_of_the_specification_triggers_between_172_and_198_mib(runway: int, trigger: float) -> None:
    c = controller(heapMarked=100 * MiB, lastStackScan=1 * MiB, globalsScan=1 * MiB)
    c.runway = runway * MiB
    assert c.trigger() == (trigger * MiB, 202 * MiB)


@pytest.mark.parametrize(
    ("gc_percent", "least"), [(100, 4 * MiB), (50, 2 * MiB), (200, 8 * MiB), (10, 4 * MiB // 10), (0, 0)]
)
def test_the_smallest_goal_is_4_mib_times_gogc(gc_percent: int, least: int) -> None:
    assert (controller(gc_percent).heapMinimum, controller(gc_percent).heapGoal()) == (least, least)


@pytest.mark.parametrize(("gc_percent", "goal"), [(50, 15.5), (100, 21.0), (200, 32.0), (0, 10.0)])
def test_the_goal_grows_by_gogc_of_heap_stacks_and_globals(gc_percent: int, goal: float) -> None:
    c = controller(gc_percent, heapMarked=10 * MiB, globalsScan=MiB // 2, lastStackScan=MiB // 2)
    assert c.heapGoal() == goal * MiB


def test_without_gogc_there_is_no_goal_but_the_farthest_limit() -> None:
    c = controller(-1, heapMarked=10 * MiB)
    assert c.gcPercentHeapGoal == maxUint64
    assert c.heapGoal() == MaxInt64 - MaxInt64 // 100 * 3


def test_a_large_heap_triggers_at_most_one_minimal_heap_before_the_goal() -> None:
    assert controller(heapMarked=10 * GiB).trigger() == (20 * GiB - 4 * MiB, 20 * GiB)


def test_sweeping_that_is_not_done_moves_trigger_and_goal_a_mib_ahead() -> None:
    c = controller(10, heapMarked=2 * MiB)
    assert c.heapGoal() == 2 * MiB + 2 * MiB * 10 // 100
    c.commit(False)
    assert c.trigger() == (3 * MiB, 3 * MiB)


def test_the_goal_is_at_least_64_kib_ahead_of_the_heap_that_triggered() -> None:
    c = controller(heapMarked=10 * MiB)
    c.heapLive = 20 * MiB - 1000
    c.startCycle(0, 4, gcTriggerHeap)
    assert c.heapGoal() == 20 * MiB - 1000 + 65536
    c.resetLive(10 * MiB)
    assert c.heapGoal() == 20 * MiB


def test_the_runway_is_the_work_times_what_is_allocated_meanwhile() -> None:
    c = controller(heapMarked=100 * MiB)
    c.consMark, c.lastHeapScan, c.lastStackScan, c.globalsScan = 0.05, 60 * MiB, 3 * MiB, 1 * MiB
    c.commit(True)
    assert c.runway == int(0.05 * 0.75 / 0.25 * 64 * MiB)
    assert c.trigger()[0] == c.heapGoal() - c.runway


def test_figures_without_a_bound_give_a_runway_without_one_and_the_earliest_trigger() -> None:
    c = controller(heapMarked=100 * MiB)
    c.consMark, c.lastHeapScan = math.inf, MiB
    c.commit(True)
    assert c.runway == 1 << 63 and c.trigger()[0] == 100 * MiB + 100 * MiB // 64 * 45


def test_gogc_is_set_for_the_next_commit_and_what_it_was_is_returned() -> None:
    c = controller(heapMarked=10 * MiB)
    assert [c.setGCPercent(50), c.setGCPercent(-7), c.setGCPercent(100)] == [100, 50, -1]
    with pytest.raises(ConfigError, match="gcPercent"):
        c.setGCPercent(1 << 31)


# --- the memory limit ---------------------------------------------------------------------------------------

LIMITS = [  # limit, mappedReady, heapFree, heapAlloc, marked (MiB); goal (MiB)
    (1000, 0, 0, 0, 10, 970.0),  # 3 % of headroom
    (64, 42, 0, 40, 32, 64 - 2 - 1.86),  # other memory is taken off
    (64, 42, 5, 35, 32, 64 - 2 - 1.86),  # memory that is free counts for the heap
    (20, 0, 0, 0, 1, 19.0),  # at least 1 MiB of headroom
    (1.5, 0, 0, 0, 0.1, 1.0),  # with less than twice that, all of it
    (64, 80, 0, 78, 32, 64 - 2 - 16 - 1.38),  # above the limit: the excess is taken off as well
    (64, 80, 0, 10, 32, 32.0),  # other memory passes the limit alone: collect all the time
    (40, 60, 0, 50, 48, 48.0),  # never below the live heap
]


@pytest.mark.parametrize(("limit", "ready", "free", "alloc", "marked", "goal"), LIMITS)
def test_the_goal_of_a_memory_limit_leaves_room_for_what_is_not_heap(
    *, limit: float, ready: int, free: int, alloc: int, marked: float, goal: float
) -> None:
    c = controller(-1, int(limit * MiB), heapMarked=int(marked * MiB))
    c.mappedReady, c.heapFree, c.totalAlloc, c.totalFree = ready * MiB, free * MiB, (alloc + 7) * MiB, 7 * MiB
    assert abs(c.heapGoal() - goal * MiB) < 200  # the headroom is 3 * (goal // 100)
    assert c.heapGoal() == c.memoryLimitHeapGoal()


def test_the_smaller_of_both_goals_holds() -> None:
    assert controller(100, 64 * MiB, heapMarked=20 * MiB).heapGoal() == 40 * MiB
    assert controller(100, 64 * MiB, heapMarked=40 * MiB).heapGoal() == 64 * MiB - 64 * MiB // 100 * 3


def test_at_a_limit_neither_sweeping_nor_a_late_start_moves_the_goal() -> None:
    c = controller(-1, 20 * MiB, heapMarked=18 * MiB)
    c.heapLive = 30 * MiB
    c.commit(False)
    c.startCycle(0, 2, gcTriggerHeap)
    assert c.heapGoal() == 19 * MiB


def test_in_1_19_the_headroom_is_always_one_mib() -> None:
    assert controller(-1, 1000 * MiB, go="1.19", heapMarked=10 * MiB).heapGoal() == 999 * MiB


def test_counts_of_memory_that_contradict_one_another_are_a_throw() -> None:
    c = controller(100, 64 * MiB, heapMarked=MiB)
    c.heapFree = 1
    with pytest.raises(Throw, match="mappedReady"):
        c.heapGoal()


def test_a_memory_limit_is_refused_where_go_has_none_and_above_int64() -> None:
    with pytest.raises(ConfigError, match=r"1\.19"):
        controller(100, 64 * MiB, go="1.14")
    with pytest.raises(ConfigError, match="memoryLimit"):
        controller(100, 1 << 63)
    assert controller(100, 64 * MiB).setMemoryLimit(-1) == 64 * MiB


# --- recorded cycles of real Go -----------------------------------------------------------------------------


SAMPLES = sorted((Path(__file__).parent / "data" / "gctrace").glob("gctrace_gogc*.txt"))


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_every_recorded_goal_follows_from_the_heap_marked_before(sample: Path) -> None:
    text = sample.read_text(encoding="utf-8").splitlines()
    found = re.search(r"GOGC=(\d+)", text[0])
    assert found
    gc_percent = int(found[1])
    go = {"119": "1.19", "123": "1.23", "127": "1.27"}[sample.stem[-3:]]
    low = high = 0  # bytes marked by the cycle before
    checked = 0
    for line in (parse(t) for t in text if t.startswith("gc ")):
        least = controller(gc_percent, go=go, heapMarked=low)
        most = controller(gc_percent, go=go, heapMarked=high, globalsScan=300 << 10)  # e8's own globals and stacks
        most.commit(False)
        most.triggered = (line.heap[0] + 1) * MiB - 1
        assert least.heapGoal() >> 20 <= line.goal <= most.heapGoal() >> 20
        if not line.forced:
            least.runway = maxUint64  # as early as a cycle may start
            assert line.heap[0] >= least.trigger()[0] >> 20
        low, high = line.heap[2] * MiB, (line.heap[2] + 1) * MiB - 1
        checked += 1
    assert checked > 5


# experiment e8 (32 MiB of live objects, one P), go1.27.3: GOGC, live heap and goal at the start, in bytes
MEASURED = [(50, 33633256, 50542013), (100, 33632936, 67449842), (200, 33633096, 101266940)]


def test_the_goals_measured_for_three_gogcs_agree_on_how_much_stacks_and_globals_count() -> None:
    roots = [(goal - live) * 100 // gc_percent - live for gc_percent, live, goal in MEASURED]
    assert max(roots) - min(roots) < 1000 and 100_000 < min(roots) < 300_000
    for gc_percent, live, goal in MEASURED:
        assert abs(controller(gc_percent, heapMarked=live, globalsScan=roots[1]).heapGoal() - goal) < 1000


# --- properties ---------------------------------------------------------------------------------------------

sizes = st.integers(0, 1 << 44)
percents = st.integers(-1, 3000)


@given(
    gc_percent=percents, marked=sizes, scan=sizes, stacks=sizes, globals_=sizes, cons=st.floats(0, 1e6),
    swept=st.booleans(), limit=st.integers(0, 1 << 45) | st.just(MaxInt64), other=st.integers(0, 1 << 40),
)  # fmt: skip
def test_the_trigger_lies_between_the_live_heap_and_the_goal(
    *, gc_percent: int, marked: int, scan: int, stacks: int, globals_: int, cons: float, swept: bool, limit: int,
    other: int
) -> None:
    c = controller(gc_percent, limit, heapMarked=marked, lastHeapScan=scan, lastStackScan=stacks)
    c.mappedReady, c.totalAlloc, c.consMark, c.globalsScan = marked + other, marked, cons, globals_
    c.commit(swept)
    trigger, goal = c.trigger()
    assert marked <= trigger <= goal
