"""Chapter 3.2: thefts of a run, who ran what, how many search, and the student's rule."""

from __future__ import annotations

import pytest

from gmp_lab import Config, ConfigError, Program, go, log, simulate, twins, work
from gmp_lab.catalog import skewed, steady_mix
from gmp_lab.chapters import stealing
from gmp_lab.metrics import steals
from gmp_lab.workload import Body


def test_the_thefts_of_a_run_are_those_that_are_counted() -> None:
    rec = simulate(Config(gomaxprocs=8), skewed(tasks=100))
    found = stealing.thefts(rec)
    assert (len(found), sum(one.taken for one in found)) == (steals(rec).count, steals(rec).gs)
    assert all(one.taken == (1 if one.runnext else len(one.ring) - len(one.ring) // 2) for one in found)


def test_numbers_are_told_by_the_p_on_which_they_were_noted() -> None:
    def other() -> Body:
        yield log(2)

    def main() -> Body:
        yield log(1)
        yield go(other)
        yield work(us=500)
        yield log(3)

    assert stealing.ran_on(simulate(Config(gomaxprocs=2), Program(main))) == {0: [1, 3], 1: [2]}


def test_every_task_is_counted_once_where_it_began() -> None:
    rec = simulate(Config(gomaxprocs=4), skewed(tasks=50))
    assert sum(stealing.tasks_on(rec)) == 50 and len(stealing.tasks_on(rec)) == 4
    assert stealing.tasks_on(simulate(Config(gomaxprocs=4, steal="off"), skewed(tasks=50)))[1:] == (0, 0, 0)


@pytest.mark.parametrize("procs", [4, 8, 16])
def test_at_most_half_of_the_ps_that_are_not_idle_have_threads_that_search(procs: int) -> None:
    searching, busy = stealing.most_searching(simulate(Config(gomaxprocs=procs), steady_mix(2 * procs, 20, 0)))
    assert searching == procs // 2 == busy // 2


def test_each_visit_leaves_no_p_out() -> None:
    assert all(sorted(order) == list(range(6)) for order in stealing.visits(6, 20))


@pytest.mark.parametrize(("procs", "draws"), [(0, 1), (257, 1), (4, 0), (4.0, 1)])
def test_impossible_visits_are_refused(procs: int, draws: int) -> None:
    with pytest.raises(ConfigError):
        stealing.visits(procs, draws)


def test_the_ring_and_not_stealing_limits_what_stays_where_it_was_started() -> None:
    few, many = (stealing.tasks_on(stealing.heap_of_tasks("off", n, 4)) for n in (200, 4000))
    assert few == (200, 0, 0, 0) and max(many) < 1.2 * 1000


def test_the_rule_holds_and_the_articles_does_not() -> None:
    assert stealing.try_theft(stealing.running_order).holds
    wrong = stealing.try_theft(lambda ring: ring[::-1][: len(ring) // 2])
    assert wrong.said.startswith("It holds in 0 of")


def test_the_cases_of_the_task_are_what_thieves_did() -> None:
    noted = twins.noted(simulate(Config(gomaxprocs=2), twins.steal(10)))
    assert stealing.try_theft(lambda ring: noted[: len(ring) - len(ring) // 2] if len(ring) == 9 else []).said == (
        "It holds in 1 of 5 cases."
    )
