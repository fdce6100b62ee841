"""Notebook 02-2: what four phases do to threads, where goroutines ran, and the student's rule for what an M does."""

from __future__ import annotations

from typing import Any

import pytest

from gmp_lab import Config, ConfigError, Program, WaitGroup, go, lock_os_thread, simulate, sleep, work
from gmp_lab.chapters.threads import MOST, STATES, homes, m_cases, phase_table, phases, try_state_of, watched


@pytest.fixture(scope="module")
def rows() -> list[tuple[Any, ...]]:
    return list(phase_table(simulate(Config(gomaxprocs=2), phases(30))).rows)


def test_computing_and_waiting_need_hardly_a_thread_more(rows: list[tuple[Any, ...]]) -> None:
    assert [made < 5 for _, _, made, _ in rows[:2]] == [True, True]


def test_each_blocked_call_has_a_thread_and_the_next_ones_use_it_again(rows: list[tuple[Any, ...]]) -> None:
    _, _, made, _ = rows[2]
    _, _, made_again, woken = rows[3]
    assert 25 <= made <= 31 and made_again < 5 and woken >= 25


def test_the_threads_of_all_phases_are_those_of_the_run() -> None:
    run = simulate(Config(gomaxprocs=2), phases(10))
    at_start = sum(e.name == "m_new" and e.t == 0 for e in run)
    made = sum(int(row[2]) for row in phase_table(run).rows)
    assert made >= sum(e.name == "m_new" for e in run) - at_start


@pytest.mark.parametrize("bad", [0, MOST + 1, 2.0])
def test_a_number_of_goroutines_out_of_range_is_named(bad: Any) -> None:
    with pytest.raises(ConfigError, match="goroutines"):
        phases(bad)


def traveller(i: int, wg: WaitGroup, locked: bool) -> Any:
    if locked:
        yield lock_os_thread()
    for _ in range(20):
        yield work(us=20 + 10 * i)
        yield sleep(us=200)
    yield wg.Done()


def travel(locked: bool) -> Any:
    wg = WaitGroup()
    yield wg.Add(8)
    for i in range(8):
        yield go(traveller, i, wg, locked)
    yield wg.Wait()


def test_a_locked_goroutine_runs_on_one_thread_and_a_free_one_on_several() -> None:
    runs = (simulate(Config(gomaxprocs=2), Program(travel, lock)) for lock in (False, True))
    free, locked = (homes(run, "traveller") for run in runs)
    assert locked == [1] * 8 and max(free) > 1 and len(free) == 8


def state_of(m: Any, status: int | None) -> str:
    if m.spinning:
        return "spinning"
    if m.curg is None:
        return "parked"
    return "syscall" if status == 3 else "running"


def test_the_rule_from_the_fields_holds_for_every_kind() -> None:
    tried = try_state_of(state_of)
    assert tried.holds and {row[2] for row in tried.table.rows} == set(STATES)


def test_there_is_a_thread_in_a_call_with_its_p_and_one_without() -> None:
    calls = [m.p is None for m, _, state in m_cases(watched()) if state == "syscall"]
    assert calls == [False, True]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda m, status: "running" if m.p is not None else "parked",
        lambda m, status: "syscall" if m.p is None and m.curg else state_of(m, 2),
        lambda m, status: ...,
    ],
    ids=["by its P alone", "in a call without a P only", "not written"],
)
def test_another_rule_fails_in_some_case(wrong: Any) -> None:
    assert not try_state_of(wrong).holds
