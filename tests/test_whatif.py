"""What-ifs: what no Go has, to see why Go is as it is: other shares for thieves, a priced lock, a first stack."""

from __future__ import annotations

from typing import Any

import pytest
from helpers import run

from gmp_lab import Config, ConfigError, simulate
from gmp_lab import vocabulary as v
from gmp_lab.catalog import deep_calls, skewed, steady_mix
from gmp_lab.config import Costs
from gmp_lab.metrics import measured, stack_changes, steals
from gmp_lab.replay import state_after
from gmp_lab.stacks import call, recurse, ret
from gmp_lab.validate import validate
from gmp_lab.workload import work

# --- what a thief takes -----------------------------------------------------------------------------------------


def stolen(how: str) -> list[tuple[int, int]]:
    """(goroutines taken, goroutines that the victim's ring held) of each steal from a ring."""
    rec = simulate(Config(gomaxprocs=4, steal=how), skewed(tasks=100))
    assert validate(rec) == []
    found = []
    for i, e in enumerate(rec):
        if e.kind == v.E_STEAL:
            victim, n, runnext = v.steal_unpack(e.arg)
            if not runnext:
                found.append((n, len(state_after(rec, i).ps[victim].runq)))
    return found


def test_a_thief_takes_half_of_a_ring_rounded_up() -> None:
    assert stolen("half") and all(n == held - held // 2 for n, held in stolen("half"))


def test_a_thief_can_take_one_only() -> None:
    assert stolen("one") and {n for n, _ in stolen("one")} == {1}


def test_a_thief_can_take_all() -> None:
    assert stolen("all") and all(n == held for n, held in stolen("all"))


def test_without_stealing_nothing_is_stolen_and_one_p_does_it_all() -> None:
    rec = simulate(Config(gomaxprocs=4, steal="off"), skewed(tasks=100))
    assert (steals(rec).count, rec.ended) == (0, "exit")
    assert {found.rule for found in validate(rec)} == {"conserve"}  # work lies there and a P is idle


# --- a price for the scheduler's lock ---------------------------------------------------------------------------


def lock_waits(**changes: Any) -> list[int]:
    rec = simulate(Config(gomaxprocs=8, go="1.0", **changes), steady_mix(syscall_percent=0))
    assert validate(rec) == []
    return [e.arg for e in rec if e.kind == v.E_SCHED_LOCK]


def test_a_lock_that_costs_nothing_is_never_waited_for() -> None:
    assert lock_waits() == []


def test_a_lock_that_is_held_longer_is_waited_for_longer() -> None:
    short, long = (sum(lock_waits(costs=Costs(sched_lock=ns))) for ns in (200, 2000))
    assert 0 < short < long


def test_the_share_of_the_time_that_ps_wait_for_the_lock_is_measured() -> None:
    rec = simulate(Config(gomaxprocs=8, go="1.0", costs=Costs(sched_lock=2000)), steady_mix(syscall_percent=0))
    waited = sum(e.arg for e in rec if e.kind == v.E_SCHED_LOCK)
    rows = measured(rec, ("waiting for the scheduler's lock",))
    assert rows[0][1] == round(100 * waited / (rec.end_ns * 8), 1)


# --- the first stack of a goroutine -----------------------------------------------------------------------------


def shallow() -> Any:
    yield call(frame=24)
    yield work(us=1)
    yield ret()


def dive() -> Any:
    yield call(frame=24)
    yield recurse(40, frame=120)
    yield work(us=1)
    yield ret(41)


@pytest.mark.parametrize("size", [2048, 8192, 65536])
def test_a_goroutine_begins_with_the_stack_that_was_asked_for(size: int) -> None:
    rec = run(shallow, initial_stack=size)
    assert state_after(rec, len(rec)).gs[1].stack == size and validate(rec) == []


def test_a_larger_first_stack_is_copied_less_often() -> None:
    copies = [len(stack_changes(run(dive, initial_stack=size))) for size in (None, 2048, 4096, 8192)]
    assert copies == [2, 2, 1, 0]


def test_the_collector_shrinks_no_stack_below_the_first_size() -> None:
    rec = simulate(Config(initial_stack=16384), deep_calls(depth=400))
    assert min(change.new for change in stack_changes(rec)) == 16384 and validate(rec) == []


@pytest.mark.parametrize("size", [0, 1024, 3000, 1 << 21, "2048", 4096.0])
def test_a_first_stack_is_a_power_of_two_within_limits(size: Any) -> None:
    with pytest.raises(ConfigError, match="initial_stack"):
        Config(initial_stack=size)
