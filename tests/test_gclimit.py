"""The limiter: GC time fills the bucket, the program's time empties it, a full one stops assists."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gmp_lab.errors import Throw
from gmp_lab.runtime.mgclimit import (
    capacityPerProc,
    gcCPULimiterState,
    limiterEvent,
    limiterEventIdle,
    limiterEventIdleMarkWork,
    limiterEventMarkAssist,
    limiterEventNone,
    limiterEventScavengeAssist,
)

MS = 1_000_000
S = 1000 * MS
PROCS = 4


def limiter(procs: int = PROCS, marking: bool = False) -> gcCPULimiterState:
    one = gcCPULimiterState()
    one.resetCapacity(0, procs)
    if marking:
        one.startGCTransition(True, 0)
        one.finishGCTransition(0)
    return one


def busy(one: gcCPULimiterState, ns: int, gc_share: float) -> None:
    """Let ns pass while marking, with this share of all CPU time for the GC (background marking: a quarter)."""
    one.addAssistTime(int((gc_share - 0.25) * ns * one.nprocs))
    one.update(one.lastUpdate + ns)


def test_the_bucket_holds_one_second_of_every_p() -> None:
    assert (limiter().capacity, limiter().fill, limiter().limiting()) == (PROCS * capacityPerProc, 0, False)


def test_time_without_the_gc_earns_no_credit() -> None:
    one = limiter()
    one.update(3600 * S)
    assert (one.fill, one.lastUpdate) == (0, 3600 * S)


def test_an_update_is_due_after_more_than_10_ms() -> None:
    assert [limiter().needUpdate(now) for now in (5 * MS, 10 * MS, 10 * MS + 1)] == [False, False, True]


def test_a_stop_of_the_world_counts_for_all_ps_and_marking_alone_empties_the_bucket() -> None:
    one = limiter()
    one.startGCTransition(True, 100 * MS)
    one.finishGCTransition(102 * MS)
    assert one.fill == 2 * MS * PROCS
    one.update(104 * MS)  # a quarter fills, three quarters empty: half of the time is left
    assert one.fill == 2 * MS * PROCS - 2 * MS * PROCS // 2


def test_half_the_cpu_for_the_gc_moves_nothing() -> None:
    one = limiter(marking=True)
    busy(one, 10 * MS, 0.5)
    assert one.fill == 0


def test_the_limiter_switches_on_when_the_bucket_is_full_to_the_brim_and_not_before() -> None:
    one = limiter(marking=True)
    one.numgc = 6
    busy(one, 1 * S - 1, 1.0)
    assert (one.fill, one.limiting()) == ((S - 1) * PROCS, False)
    busy(one, 1, 1.0)
    assert (one.fill, one.limiting(), one.overflow, one.lastEnabledCycle) == (S * PROCS, True, 0, 7)


def test_a_full_bucket_stays_full_at_half_the_cpu_and_opens_with_the_first_time_for_the_program() -> None:
    one = limiter(marking=True)
    busy(one, 2 * S, 1.0)
    assert one.overflow == S * PROCS
    busy(one, 1 * S, 0.5)
    assert (one.limiting(), one.overflow) == (True, S * PROCS)
    busy(one, 1 * S, 0.25)
    assert (one.limiting(), one.fill) == (False, S * PROCS // 2)


def test_assists_left_over_count_in_the_cycle_that_ends_and_so_does_the_stop() -> None:
    one = limiter(marking=True)
    one.addAssistTime(3 * MS)
    one.startGCTransition(False, 1 * MS)
    assert one.fill == 3 * MS + PROCS * MS // 4 - (PROCS * MS - 3 * MS - PROCS * MS // 4)
    before = one.fill
    one.finishGCTransition(6 * MS)
    assert (one.fill - before, one.gcEnabled) == (5 * MS * PROCS, False)


def test_more_ps_open_the_bucket_and_fewer_close_it_without_overflow() -> None:
    one = limiter(marking=True)
    busy(one, 1 * S, 1.0)
    one.resetCapacity(one.lastUpdate, PROCS + 2)
    assert (one.fill, one.limiting()) == (S * PROCS, False)
    one.resetCapacity(one.lastUpdate, PROCS - 1)
    assert (one.fill, one.limiting(), one.overflow) == (S * (PROCS - 1), True, 0)


def test_idle_time_is_taken_out_of_the_time_in_which_the_program_could_have_run() -> None:
    one = limiter(procs=32, marking=True)
    one.addIdleTime(10 * MS * 22)  # 8 Ps mark, 2 run the program, 22 are idle: the GC has 80 % of what was wanted
    one.update(10 * MS)
    assert one.fill == 10 * MS * (8 - 2)


def test_what_is_still_going_on_counts_up_to_the_update_and_is_not_counted_again() -> None:
    one = limiter(marking=True)
    event = limiterEvent(one)
    one.events.append(event)
    assert event.start(limiterEventMarkAssist, 0) and not event.start(limiterEventIdle, 5)
    one.addAssistTime(10 * MS)
    one.update(10 * MS)
    assert one.fill == 2 * (10 * MS + 10 * MS + 10 * MS) - 40 * MS  # two assists and the background, less the rest
    event.stop(limiterEventMarkAssist, 13 * MS)
    assert (one.assistTimePool, event.typ) == (3 * MS, limiterEventNone)


@pytest.mark.parametrize(
    ("typ", "pools"),
    [
        (limiterEventIdle, (0, 7, 7)), (limiterEventIdleMarkWork, (0, 7, 0)), (limiterEventMarkAssist, (7, 0, 0)),
        (limiterEventScavengeAssist, (7, 0, 0)),
    ],
)  # fmt: skip
def test_each_kind_of_event_goes_into_its_own_pool(typ: int, pools: tuple[int, int, int]) -> None:
    one = limiter()
    event = limiterEvent(one)
    event.start(typ, 3)
    event.stop(typ, 10)
    assert (one.assistTimePool, one.idleTimePool, one.schedIdleTime) == pools
    consumed = limiter()
    other = limiterEvent(consumed)
    other.start(typ, 3)
    assert other.consume(10) == (typ, 7) and other.consume(10) == (limiterEventNone, 0)


def test_an_update_in_a_transition_is_dropped() -> None:
    one = limiter()
    one.startGCTransition(True, 1 * MS)
    one.update(2 * MS)
    assert one.lastUpdate == 1 * MS


def test_steps_out_of_order_are_a_throw() -> None:
    one = limiter()
    with pytest.raises(Throw, match="same state"):
        one.startGCTransition(False, 0)
    one = limiter()
    with pytest.raises(Throw, match="without starting one"):
        one.finishGCTransition(0)
    one.startGCTransition(True, 0)
    for step in (lambda: one.startGCTransition(False, 1), lambda: one.resetCapacity(1, 2)):
        with pytest.raises(Throw, match="failed to acquire lock"):
            step()
    with pytest.raises(Throw, match="wrong event"):
        limiterEvent(one).stop(limiterEventIdle, 1)


steps = st.lists(
    st.tuples(
        st.sampled_from(["update", "gc", "assist", "idle", "procs"]),
        st.integers(0, 3 * S),
        st.integers(0, 8 * S),
        st.integers(1, 8),
    )
)


@given(steps)
def test_the_bucket_keeps_within_its_bounds_and_the_limiter_is_on_only_if_it_is_full(
    walk: list[tuple[str, int, int, int]],
) -> None:
    one = limiter()
    now = 0
    for step, ns, cpu, procs in walk:
        now += ns
        if step == "update":
            one.update(now)
        elif step == "gc":
            one.startGCTransition(not one.gcEnabled, now)
            now += cpu // 100
            one.finishGCTransition(now)
        elif step == "assist":
            one.addAssistTime(cpu)
        elif step == "idle":
            one.addIdleTime(cpu)
        else:
            one.resetCapacity(now, procs)
        assert 0 <= one.fill <= one.capacity and one.overflow >= 0
        assert not one.limiting() or one.fill == one.capacity
