"""The pacer's workers, assist ratio and estimates."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pacers import MS, MiB, controller, marking

from gmp_lab.errors import Throw
from gmp_lab.runtime import mgcpacer as pacer
from gmp_lab.runtime.goarith import MaxInt64, maxUint64
from gmp_lab.runtime.mgcpacer import gcControllerState, gcTriggerCycle, gcTriggerHeap, gcTriggerTime, markWorkers

# --- workers ------------------------------------------------------------------------------------------------

DEDICATED = [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4]  # for 1 to 16 Ps
FRACTIONAL = {1: 0.25, 2: 0.25, 3: 0.25, 6: 0.5 / 6}


@pytest.mark.parametrize("procs", range(1, 17))
def test_dedicated_and_fractional_workers_make_up_a_quarter_of_the_ps(procs: int) -> None:
    needed, fraction = markWorkers(procs)
    assert (needed, fraction) == (DEDICATED[procs - 1], FRACTIONAL.get(procs, 0.0))
    c = controller(heapMarked=10 * MiB)
    c.startCycle(0, procs, gcTriggerHeap)
    assert (c.dedicatedMarkWorkersNeeded, c.fractionalUtilizationGoal) == (needed, fraction)
    assert c.maxIdleMarkWorkers == procs - needed


@given(st.integers(1, 4096))
def test_the_share_of_the_workers_is_within_30_percent_of_a_quarter(procs: int) -> None:
    needed, fraction = markWorkers(procs)
    assert abs((needed / procs + fraction) / 0.25 - 1) <= 0.3
    assert 0 <= fraction <= 0.25


@pytest.mark.parametrize(("procs", "idle"), [(2, 1), (4, 0)])
def test_a_cycle_after_two_minutes_needs_no_idle_worker_if_there_is_a_dedicated_one(procs: int, idle: int) -> None:
    c = controller()
    c.startCycle(0, procs, gcTriggerTime)
    assert c.maxIdleMarkWorkers == idle


def test_gcstoptheworld_dedicates_every_p() -> None:
    c = controller()
    c.startCycle(0, 3, gcTriggerCycle, gcstoptheworld=1)
    assert (c.dedicatedMarkWorkersNeeded, c.fractionalUtilizationGoal, c.maxIdleMarkWorkers) == (3, 0.0, 0)


def test_dedicated_workers_go_first_then_fractional_ones_to_ps_that_gave_less_than_their_share() -> None:
    c = controller()
    c.startCycle(1000, 6, gcTriggerHeap)  # one dedicated, then one twelfth of each P
    modes = [c.chooseWorkerMode(0, 1000), c.chooseWorkerMode(100, 2199), c.chooseWorkerMode(100, 2201)]
    assert modes == [1, 0, 2] and c.dedicatedMarkWorkersNeeded == 0
    assert c.chooseWorkerMode(5000, 1000) == pacer.gcMarkWorkerFractionalMode  # no time has passed yet
    c.markWorkerStop(pacer.gcMarkWorkerDedicatedMode, 700)
    assert (c.chooseWorkerMode(0, 3000), c.dedicatedMarkTime) == (pacer.gcMarkWorkerDedicatedMode, 700)


def test_without_a_fractional_goal_no_p_is_asked_after_the_dedicated_ones() -> None:
    c = controller()
    c.startCycle(0, 4, gcTriggerHeap)
    assert c.needsBackgroundWorker() and c.chooseWorkerMode(0, 1) == pacer.gcMarkWorkerDedicatedMode
    assert not c.needsBackgroundWorker() and c.chooseWorkerMode(0, 1) == pacer.gcMarkWorkerNotWorker


def test_a_fractional_worker_goes_on_until_a_fifth_above_its_share() -> None:
    c = controller()
    c.startCycle(0, 1, gcTriggerHeap)
    assert c.pollFractionalWorkerExit(0, 0, 0)
    assert not c.pollFractionalWorkerExit(100, 800, 1000)  # 100 before and 200 now: 0.30
    assert c.pollFractionalWorkerExit(101, 800, 1000)


def test_times_of_workers_are_added_by_mode() -> None:
    c = marking()
    c.addIdleMarkWorker()
    for mode, ns in ((pacer.gcMarkWorkerFractionalMode, 5), (pacer.gcMarkWorkerIdleMode, 7)):
        c.markWorkerStop(mode, ns)
    assert (c.dedicatedMarkTime, c.fractionalMarkTime, c.idleMarkTime, c.idleMarkWorkers) == (0, 5, 7, 0)
    with pytest.raises(Throw, match="unknown mark worker mode"):
        c.markWorkerStop(pacer.gcMarkWorkerNotWorker, 1)


def test_idle_workers_are_counted_up_to_their_number_also_when_it_shrinks() -> None:
    c = gcControllerState()
    c.setMaxIdleMarkWorkers(3)
    assert [c.addIdleMarkWorker() for _ in range(4)] == [True, True, True, False]
    c.setMaxIdleMarkWorkers(1)
    c.removeIdleMarkWorker()
    c.removeIdleMarkWorker()
    assert not c.needIdleMarkWorker() and not c.addIdleMarkWorker()
    c.removeIdleMarkWorker()
    assert c.needIdleMarkWorker() and c.addIdleMarkWorker()
    c.removeIdleMarkWorker()
    with pytest.raises(Throw, match="negative"):
        c.removeIdleMarkWorker()


@pytest.mark.parametrize(
    ("npidle", "spinning", "procs", "green", "dedicated", "idle", "decision"),
    [
        (1, 0, 4, True, 1, 0, pacer.ENLIST_WAKEP), (1, 0, 4, True, 0, 1, pacer.ENLIST_WAKEP),
        (1, 1, 4, True, 1, 1, pacer.ENLIST_PREEMPT), (1, 1, 4, True, 0, 1, pacer.ENLIST_NOTHING),
        (1, 0, 4, True, 0, 0, pacer.ENLIST_NOTHING), (0, 0, 4, True, 1, 0, pacer.ENLIST_PREEMPT),
        (1, 0, 4, False, 1, 1, pacer.ENLIST_PREEMPT), (1, 0, 4, False, 0, 1, pacer.ENLIST_NOTHING),
        (0, 0, 1, True, 1, 0, pacer.ENLIST_NOTHING),
    ],
)  # fmt: skip
def test_new_work_wakes_a_p_where_green_tea_marks_or_preempts_one_for_a_dedicated_worker(
    *, npidle: int, spinning: int, procs: int, green: bool, dedicated: int, idle: int, decision: int
) -> None:
    c = gcControllerState()
    c.dedicatedMarkWorkersNeeded, c.maxIdleMarkWorkers = dedicated, idle
    assert c.enlistWorker(npidle, spinning, procs, green) == decision


# --- the assist ratio ---------------------------------------------------------------------------------------


def test_the_ratio_spreads_the_work_left_over_the_bytes_left() -> None:
    c = marking()
    assert c.assistWorkPerByte == (80 * MiB) / (20 * MiB) and c.assistBytesPerWork == 0.25
    c.heapScanWork, c.heapLive = 60 * MiB, 190 * MiB
    c.revise()
    assert c.assistWorkPerByte == 2.0


def test_a_thousand_units_and_one_byte_are_always_left() -> None:
    assert marking(heapScanWork=80 * MiB).assistWorkPerByte == 1000 / (20 * MiB)
    c = controller(-1, 60 * MiB, heapMarked=100 * MiB)
    c.heapLive = 200 * MiB
    c.startCycle(0, 4, gcTriggerHeap)
    assert (c.assistWorkPerByte, c.assistBytesPerWork) == (1000.0, 0.001)


def test_more_work_than_expected_moves_the_goal_so_that_assists_stay_as_they_are() -> None:
    c = marking(heapScanWork=80 * MiB + 1, heapLive=195 * MiB)
    extended = 180 * MiB + int(20 * MiB / (80 * MiB) * (150 * MiB))
    assert c.assistWorkPerByte == (150 * MiB - 80 * MiB - 1) / (extended - 195 * MiB)


def test_the_goal_is_not_moved_beyond_the_next_cycles_own() -> None:
    c = marking(heapScanWork=80 * MiB + 1, heapScan=5000 * MiB)
    assert c.assistWorkPerByte == (5000 * MiB - 80 * MiB - 1) / (2 * 200 * MiB - 180 * MiB)


def test_past_the_goal_a_tenth_more_is_left_for_the_worst_case() -> None:
    c = marking(heapLive=210 * MiB)
    assert c.assistWorkPerByte == 150 * MiB / (int(200 * MiB * 1.1) - 210 * MiB)


def test_allocation_counts_as_live_at_once_and_as_scannable_only_between_cycles() -> None:
    c = marking()
    before = c.assistWorkPerByte
    c.update(MiB, MiB, True)
    assert (c.heapLive, c.heapScan) == (181 * MiB, 150 * MiB) and c.assistWorkPerByte > before
    c.update(MiB, MiB, False)
    assert (c.heapLive, c.heapScan) == (182 * MiB, 151 * MiB)
    c.addScannableStack(4096)
    c.addGlobals(100)
    assert (c.maxStackScan, c.globalsScan) == (4096, 100)


# --- the end of a cycle -------------------------------------------------------------------------------------


def ended(assist: int = 0, idle: int = 0, live: int = 200 * MiB, now: int = 10 * MS) -> gcControllerState:
    c = marking(heapScanWork=80 * MiB, heapLive=live, assistTime=assist, idleMarkTime=idle)
    c.endCycle(now, 4)
    return c


@pytest.mark.parametrize(("assist", "idle"), [(0, 0), (4 * MS, 0), (4 * MS, 2 * MS)])
def test_cons_mark_weighs_what_was_allocated_against_what_was_scanned(assist: int, idle: int) -> None:
    u, i = 0.25 + assist / (40 * MS), idle / (40 * MS)
    assert math.isclose(ended(assist, idle).consMark, 20 * (u + i) / (80 * (1 - u)), rel_tol=1e-12)


def test_a_cycle_without_allocation_or_time_teaches_little() -> None:
    assert ended(live=180 * MiB).consMark == 0.0
    assert ended(now=0).consMark == 20 * 0.25 / (80 * 0.75)


def test_cons_mark_is_the_largest_of_the_last_five() -> None:
    c = marking()
    seen = []
    for mib in (10, 40, 20, 5, 5, 5, 5, 5):
        c.triggered, c.heapLive, c.heapScanWork = 180 * MiB, (180 + mib) * MiB, 100 * MiB
        c.endCycle(10 * MS, 4)
        seen.append(round(c.consMark * 300))
    assert seen == [10, 40, 40, 40, 40, 40, 20, 5]


def test_the_marked_heap_is_the_next_start() -> None:
    c = ended()
    assert c.lastHeapGoal == 200 * MiB
    c.stackScanWork = 123
    c.resetLive(110 * MiB)
    assert (c.heapMarked, c.heapLive, c.heapScan, c.lastHeapScan) == (110 * MiB, 110 * MiB, 80 * MiB, 80 * MiB)
    assert (c.lastStackScan, c.triggered) == (123, maxUint64)


# --- properties ---------------------------------------------------------------------------------------------

sizes = st.integers(0, 1 << 44)
percents = st.integers(-1, 3000)


@given(
    gc_percent=percents, marked=sizes, live=sizes, scan=sizes, last=sizes, work=sizes, stack=sizes,
    procs=st.integers(1, 256), limit=sizes | st.just(MaxInt64),
)  # fmt: skip
def test_the_assist_ratio_is_positive_and_finite_whatever_the_figures(
    *, gc_percent: int, marked: int, live: int, scan: int, last: int, work: int, stack: int, procs: int, limit: int
) -> None:
    c = controller(gc_percent, limit, heapMarked=marked, lastHeapScan=last, heapScan=scan, maxStackScan=stack)
    c.heapLive = marked + live
    c.startCycle(0, procs, gcTriggerHeap)
    for done, grown in ((0, 0), (work, live), (2 * work, 3 * live)):
        c.heapScanWork, c.heapLive = done, c.heapLive + grown
        c.revise()
        assert 0 < c.assistWorkPerByte < math.inf and 0 < c.assistBytesPerWork < math.inf


@given(
    grown=sizes, work=sizes, assist=st.integers(0, 10**12), idle=st.integers(0, 10**12), now=st.integers(0, 10**10),
    procs=st.integers(1, 64),
)  # fmt: skip
def test_an_estimate_from_any_cycle_can_be_used(
    *, grown: int, work: int, assist: int, idle: int, now: int, procs: int
) -> None:
    c = marking(heapLive=180 * MiB + grown, heapScanWork=work, assistTime=assist, idleMarkTime=idle)
    c.endCycle(now, procs)
    c.resetLive(100 * MiB)
    c.commit(False)
    trigger, goal = c.trigger()
    assert 100 * MiB <= trigger <= goal
