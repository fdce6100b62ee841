"""The validator: what happened is accepted, what could not have happened is named."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from random import Random
from typing import Any

import pytest

from gmp_lab import Config, Program, Recording, go, lock_os_thread, recv, simulate, work
from gmp_lab import chan as make_chan
from gmp_lab import vocabulary as v
from gmp_lab.catalog import CATALOG, fan_out, hogs_and_victims, steady_mix
from gmp_lab.recording import Columns
from gmp_lab.validate import validate

Row = tuple[int, int, int, int, int, int]
T, KIND, G, P, M, ARG = range(6)


def rows_of(rec: Recording) -> list[Row]:
    return [tuple(e) for e in rec]


def again(rec: Recording, rows: list[Row]) -> Recording:
    """The same run with other events."""
    columns = Columns()
    columns.extend(rows)
    return Recording(
        rec.config, columns, program="", params={}, g_names=rec.g_names, end_ns=rec.end_ns, ended=rec.ended, steps=0
    )


def mix(**settings: Any) -> Recording:
    return simulate(Config(**{"gomaxprocs": 4} | settings), steady_mix(goroutines=12, bursts=10))


def crowd() -> Recording:
    """One P and so many goroutines that the ring overflows."""
    return simulate(Config(gomaxprocs=1, startup="real"), fan_out(tasks=700, task_us=1))


def thieves() -> Recording:
    return simulate(Config(gomaxprocs=4), fan_out(tasks=60, task_us=200))


def hogs() -> Recording:
    return simulate(Config(gomaxprocs=1), hogs_and_victims(turns=3))


def late_thief() -> Recording:
    """The second P can only take what is in main's runnext."""

    def task() -> Any:
        yield work(us=5)

    def main() -> Any:
        yield go(task)
        yield work(ms=1)

    return simulate(Config(gomaxprocs=2), Program(main))


def sleepers() -> Recording:
    return simulate(Config(gomaxprocs=2), hogs_and_victims(hogs=0, victims=3, turns=3))


def locked() -> Recording:
    def main() -> Any:
        yield lock_os_thread()
        c = make_chan()
        yield go(partner, c)
        yield recv(c)

    def partner(c: Any) -> Any:
        from gmp_lab import send  # noqa: PLC0415

        yield work(us=5)
        yield send(c)

    return simulate(Config(gomaxprocs=2), Program(main))


@pytest.mark.parametrize("name", sorted(CATALOG))
@pytest.mark.parametrize("version", ["1.25", "1.27"])
@pytest.mark.parametrize(("gomaxprocs", "cores"), [(1, None), (2, 1), (4, None), (8, 3)])
def test_every_ready_workload_gives_a_possible_run(name: str, version: str, gomaxprocs: int, cores: Any) -> None:
    config = Config(gomaxprocs=gomaxprocs, go=version, cores=cores, until_ns=20_000_000_000)
    assert validate(simulate(config, CATALOG[name][0]())) == []


@pytest.mark.parametrize("make", [crowd, thieves, hogs, locked, late_thief, sleepers])
def test_the_runs_that_the_defects_below_are_made_from_are_possible(make: Callable[[], Recording]) -> None:
    assert validate(make()) == []


def change(kind: int, column: int, value: Callable[[Row], int], which: int = 0) -> Callable[[list[Row]], list[Row]]:
    """Change one column of the which-th event of a kind."""

    def apply(rows: list[Row]) -> list[Row]:
        found = [i for i, row in enumerate(rows) if row[KIND] == kind]
        i = found[which]
        row = list(rows[i])
        row[column] = value(rows[i])
        return [*rows[:i], tuple(row), *rows[i + 1 :]]  # type: ignore[list-item]

    return apply


def drop(kind: int, which: int = 0) -> Callable[[list[Row]], list[Row]]:
    def apply(rows: list[Row]) -> list[Row]:
        i = [i for i, row in enumerate(rows) if row[KIND] == kind][which]
        return rows[:i] + rows[i + 1 :]

    return apply


def repeat(kind: int, which: int = 0) -> Callable[[list[Row]], list[Row]]:
    def apply(rows: list[Row]) -> list[Row]:
        i = [i for i, row in enumerate(rows) if row[KIND] == kind][which]
        return [*rows[: i + 1], rows[i], *rows[i + 1 :]]

    return apply


def one_fewer(row: Row) -> int:
    victim, n, runnext = v.steal_unpack(row[ARG])
    return v.steal_arg(victim, n - 1, runnext)


def from_itself(row: Row) -> int:
    _, n, runnext = v.steal_unpack(row[ARG])
    return v.steal_arg(row[P], n, runnext)


def swap_parked(rows: list[Row]) -> list[Row]:
    """Two Ms that parked one after the other did so in the other order."""
    parked = [i for i, row in enumerate(rows) if row[KIND] == v.E_M_PARK]
    woken = {i: next((r[M] for r in rows[i:] if r[KIND] in (v.E_M_PARK, v.E_M_START)), -1) for i in parked}
    for i, j in pairwise(parked):
        between = {row[KIND] for row in rows[i + 1 : j]}
        if v.E_M_START not in between and rows[i][M] != rows[j][M] and woken[i] == rows[i][M]:
            swapped = list(rows)
            swapped[i] = (*rows[i][:M], rows[j][M], rows[i][ARG])
            swapped[j] = (*rows[j][:M], rows[i][M], rows[j][ARG])
            return swapped
    raise AssertionError("no two Ms parked in a row")


def inherit_once(rows: list[Row]) -> list[Row]:
    """The first goroutine that is taken at a 61st tick is taken one tick late."""
    i = next(i for i, row in enumerate(rows) if row[KIND] == v.E_EXECUTE and row[ARG] == v.SRC_LOCAL)
    return [*rows[:i], (*rows[i][:ARG], v.SRC_RUNNEXT | v.INHERIT), *rows[i + 1 :]]


DEFECTS: list[tuple[str, Callable[[], Recording], Callable[[list[Row]], list[Row]], str]] = [
    ("time runs backwards", mix, change(v.E_PARK, T, lambda r: r[T] - 10**6), "time"),
    ("an unknown kind", mix, change(v.E_PARK, KIND, lambda r: 99), "kind"),
    ("a P that does not exist", mix, change(v.E_EXECUTE, P, lambda r: 77), "ids"),
    ("a goroutine is readied twice", mix, repeat(v.E_READY), "transition"),
    ("a dead goroutine comes back", mix, repeat(v.E_EXIT), "transition"),
    ("a goroutine is executed twice", mix, repeat(v.E_EXECUTE, 3), "transition"),
    ("half of an overflow is more than half", crowd, change(v.E_OVERFLOW, ARG, lambda r: 129), "overflow"),
    ("an overflow is lost", crowd, drop(v.E_OVERFLOW), "overflow"),
    ("the global queue is looked at on another tick", crowd, inherit_once, "tick-61"),
    ("a batch is larger than the share", crowd, change(v.E_GLOB_GET, ARG, lambda r: r[ARG] + 1), "batch"),
    ("a thief takes less than half", thieves, change(v.E_STEAL, ARG, one_fewer), "steal-half"),
    ("a P steals from itself", thieves, change(v.E_STEAL, ARG, from_itself), "steal"),
    ("a thief runs the first that it stole", thieves, change(v.E_STEAL, G, lambda r: 2), "steal-last"),
    ("a runnext is stolen without a sleep", late_thief, drop(v.E_STEAL_SLEEP), "steal-sleep"),
    ("a spinning M is not counted", thieves, drop(v.E_SPIN), "spin"),
    ("a woken M is not the last that parked", mix, swap_parked, "midle"),
    ("a P is wired to two Ms", mix, repeat(v.E_ACQUIRE_P, 1), "one-m"),
    ("an idle P is listed twice", mix, repeat(v.E_PIDLE_PUT), "idle"),
    ("the idle list is no stack", mix, change(v.E_PIDLE_GET, P, lambda r: 1), "idle"),
    ("a P is taken from nobody's call", mix, repeat(v.E_RETAKE), "retake"),
    ("a call is left by who made none", mix, repeat(v.E_SYSEXIT), "transition"),
    ("a slice is cut after 1 ms", hogs, change(v.E_PREEMPT, T, lambda r: r[T] - 9_900_000), "time"),
    ("a fresh slice is cut", hogs, repeat(v.E_PREEMPT), ""),
    ("an inherited slice from the ring", crowd, change(v.E_EXECUTE, ARG, lambda r: v.SRC_LOCAL | 16, 9), "inherit"),
    ("two poll at once", sleepers, repeat(v.E_POLL_BLOCK), "poller"),
    ("a locked goroutine moves to another thread", locked, change(v.E_EXECUTE, M, lambda r: 3, -1), "owner"),
    ("main has not returned", mix, drop(v.E_EXIT, -1), "end"),
]


@pytest.mark.parametrize(("name", "make", "defect", "rule"), DEFECTS, ids=[d[0] for d in DEFECTS])
def test_a_run_with_one_defect_is_named_by_its_rule(
    name: str, make: Callable[[], Recording], defect: Callable[[list[Row]], list[Row]], rule: str
) -> None:
    rec = make()
    found = validate(again(rec, defect(rows_of(rec))))
    if rule:
        assert rule in {violation.rule for violation in found[:6]}
    else:
        assert found == []  # asking twice is allowed


def test_nearly_every_random_change_of_a_run_is_noticed() -> None:
    rec = mix()
    rows = rows_of(rec)
    silent = {v.E_LOG, v.E_SYSMON, v.E_SYSMON_DEEP, v.E_SIGNAL, v.E_HANDOFF, v.E_M_WAKE, v.E_NEED_SPIN, v.E_TIMER}
    random = Random(5)
    candidates = [i for i, row in enumerate(rows) if row[KIND] not in silent]
    noticed = 0
    for _ in range(300):
        i = random.choice(candidates)
        mutant = rows[:i] + rows[i + 1 :] if random.random() < 0.5 else [*rows[:i], rows[i], *rows[i:]]
        noticed += bool(validate(again(rec, mutant)))
    assert noticed >= 285


def test_a_violation_is_a_sentence_about_named_things() -> None:
    rec = thieves()
    first = validate(again(rec, change(v.E_STEAL, ARG, one_fewer)(rows_of(rec))))[0]
    assert first.message.endswith("half, rounded up, is " + first.message.rsplit(" ", 1)[1])
    assert first.message.startswith("P") and 0 < first.event < len(rec)


def test_a_broken_recording_gives_at_most_200_violations() -> None:
    rec = mix()
    assert len(validate(again(rec, rows_of(rec)[40:]))) <= 205
