"""The pacers of older versions of Go: 1.19's PI controller, the feedback loop of 1.5 to 1.17, none before."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st
from pacers import MS, MiB, controller

from gmp_lab.params import VERSIONS
from gmp_lab.runtime.mgcfeedback import feedbackController, newController
from gmp_lab.runtime.mgcgoal import PACERS
from gmp_lab.runtime.mgcpacer import gcTriggerHeap
from gmp_lab.runtime.picontroller import piController


def test_every_version_has_a_pacer() -> None:
    assert set(PACERS) == set(VERSIONS)
    for go in VERSIONS:
        c = newController(go)
        c.init(100)
        trigger, goal = c.trigger()
        assert trigger <= goal and goal >> 20 == 4


def test_up_to_1_17_stacks_and_globals_do_not_count() -> None:
    old, new = (controller(go=go, heapMarked=100 * MiB, globalsScan=50 * MiB).heapGoal() for go in ("1.14", "1.19"))
    assert (old, new) == (200 * MiB, 250 * MiB)


def test_in_1_19_a_pi_controller_follows_the_estimate_slowly() -> None:
    pi, value, seen = piController(), 0.0, []
    for _ in range(40):
        value = pi.next(value, 1.0, 1.0)
        seen.append(value)
    assert seen[0] == 0.9 and abs(seen[-1] - 1.0) < 0.05 and max(abs(s - 1) for s in seen[20:]) < 0.2
    assert pi.next(math.inf, 1.0, 1.0) == 0.0 and pi.errIntegral == 0.0


def test_in_1_19_a_cycle_counts_from_the_trigger_and_not_from_the_heap_when_it_began() -> None:
    for go, triggered in (("1.19", 198 * MiB), ("1.27", 199 * MiB)):
        c = controller(go=go, heapMarked=100 * MiB, lastStackScan=1 * MiB, globalsScan=1 * MiB)
        c.heapLive = 199 * MiB
        c.startCycle(0, 4, gcTriggerHeap)
        assert c.triggered == triggered


def feedback(marked: int = 100 * MiB) -> feedbackController:
    c = newController("1.14")
    assert isinstance(c, feedbackController)
    c.init(100)
    c.heapMarked = c.heapLive = marked
    c.commit(True)
    return c


def test_the_old_pacer_triggers_at_seven_eighths_first_then_corrects_half_the_error() -> None:
    c = feedback()
    assert c.trigger() == (187.5 * MiB, 200 * MiB)
    c.heapLive = int(187.5 * MiB)
    c.startCycle(0, 4, gcTriggerHeap)
    c.heapLive = 200 * MiB
    c.endCycle(10 * MS, 4)  # no assists: 25 of the wanted 30 %
    c.commit(True)
    assert math.isclose(c.triggerRatio, 0.875 + 0.5 * (1.0 - 0.875 - 0.25 / 0.30 * 0.125))
    assert c.trigger()[0] == int(100 * MiB * (1 + c.triggerRatio))


def test_the_old_pacer_learns_nothing_from_a_forced_cycle_and_keeps_within_60_and_95_percent() -> None:
    c = feedback()
    c.endCycle(10 * MS, 4, userForced=True)
    assert c.triggerRatio == 0.875
    for ratio, kept in ((0.1, 0.6), (3.0, 0.95)):
        c.triggerRatio = ratio
        c.commit(True)
        assert c.triggerRatio == kept


def test_the_old_pacer_expects_half_the_scannable_heap_to_be_alive_at_gogc_100() -> None:
    c = feedback()
    c.heapScan, c.heapLive = 100 * MiB, 180 * MiB
    c.startCycle(0, 4, gcTriggerHeap)
    assert c.assistWorkPerByte == 50 / 20
    c.heapScanWork = 51 * MiB
    c.revise()
    assert c.assistWorkPerByte == 49 * MiB / (int(200 * MiB * 1.1) - 180 * MiB)
    c.heapLive = 199 * MiB + MiB // 2
    c.startCycle(0, 4, gcTriggerHeap)
    assert c.heapGoal() == 200 * MiB + MiB // 2  # at least a MiB ahead
    c.update(0, MiB, True)
    assert c.heapScan == 101 * MiB


def test_before_1_5_a_cycle_starts_at_the_goal_as_the_world_stands_still() -> None:
    c = controller(go="1.4", heapMarked=100 * MiB)
    assert c.trigger() == (200 * MiB, 200 * MiB)


@given(st.integers(0, 1 << 44), st.integers(0, 1000))
def test_the_old_pacers_trigger_is_not_above_its_goal(marked: int, gc_percent: int) -> None:
    c = controller(gc_percent, go="1.13", heapMarked=marked)
    trigger, goal = c.trigger()
    assert trigger <= goal and goal >= marked
