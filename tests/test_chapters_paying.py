"""Chapter 3.3: who pays for the collector, what a cycle's stops are, and the student's goal."""

from __future__ import annotations

import pytest

from gmp_lab import Config, Program, go, simulate, sleep, work
from gmp_lab.chapters import paying
from gmp_lab.chapters.paying import MIB
from gmp_lab.heap import alloc
from gmp_lab.workload import Body


@pytest.fixture(scope="module")
def churned() -> object:
    return paying.run(procs=4, many=4, live_mib=16, rate_mib_s=1000, ms=60)


def test_who_does_not_allocate_never_assists() -> None:
    def hungry() -> Body:
        for _ in range(400):
            yield alloc(bytes=512, n=64, scan=0)

    def modest() -> Body:
        yield work(ms=20)

    def main() -> Body:
        yield alloc(bytes=64, n=4 * MIB // 64, scan=8, keep=True)
        yield go(hungry)
        yield go(modest)
        yield sleep(ms=100)

    by_name = {one.name.split()[1]: one for one in paying.paid(simulate(Config(gomaxprocs=1), Program(main)))}
    assert by_name["hungry"].assists > 0 < by_name["hungry"].assisted_us
    assert by_name["modest"].assists == 0 == by_name["modest"].assisted_us
    assert 20_000 <= by_name["modest"].own_us < 20_100
    assert by_name["hungry"].own_us < 6_000  # 400 times some 12 us, and sweeping


def test_background_workers_take_a_quarter_and_assists_come_on_top(churned: object) -> None:
    assert 22 <= paying.background_percent(churned) <= 27  # type: ignore[arg-type]
    assert paying.collector_percent(churned) > 35  # type: ignore[arg-type]


def test_the_first_cycle_that_was_asked_for_is_not_one_that_the_heap_began(churned: object) -> None:
    assert churned and not any(c.userForced for c in paying.started_by_the_heap(churned))  # type: ignore[arg-type]


def test_a_loop_that_cannot_be_stopped_makes_the_world_wait() -> None:
    free, deaf = (paying.stops(paying.run(procs=2, loop=loop, loop_ms=5)) for loop in ("free", "nosplit"))
    assert max(us for _, us in free) < 1000
    assert max(us for _, us in deaf) > 4000
    assert {why for why, _ in free} == {"GC sweep termination", "GC mark termination"}


def test_without_a_collector_nobody_pays() -> None:
    rec = paying.run(gogc=-1, live_mib=0, ms=5)
    assert paying.background_percent(rec) == 0 and sum(one.assists for one in paying.paid(rec)) == 0


def test_a_limit_makes_cycles_where_gogc_makes_none() -> None:
    none = paying.run(gogc=-1, ms=40)
    assert not paying.started_by_the_heap(none) and paying.marked_mib_s(none) == 0
    assert paying.started_by_the_heap(paying.run(gogc=-1, limit_mib=20, ms=40))


def test_the_goal_holds_and_a_plain_multiple_does_not() -> None:
    assert paying.try_goal(paying.heap_goal).holds
    assert paying.try_goal(lambda marked, gogc: marked * (1 + gogc / 100)).said.startswith("It holds in 4 of 5")


@pytest.mark.parametrize(("procs", "expected"), [(1, (0, 0.25)), (4, (1, 0.0)), (6, (1, 0.5 / 6)), (8, (2, 0.0))])
def test_a_quarter_of_the_ps_marks_in_whole_workers_where_that_is_near_enough(
    procs: int, expected: tuple[int, float]
) -> None:
    assert paying.workers(procs) == pytest.approx(expected)


def test_assists_begin_while_it_is_marked_and_at_no_other_time(churned: object) -> None:
    assert paying.outside_marking(churned) == 0  # type: ignore[arg-type]
    assert paying.assists_of(churned, "allocator") > 50 > paying.assists_of(churned, "nobody") == 0  # type: ignore[arg-type]
