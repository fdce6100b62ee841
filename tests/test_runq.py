"""Run queues: runnext, ring, overflow, global batches, theft."""

from __future__ import annotations

import pytest

from gmp_lab import Config
from gmp_lab.runtime import runq
from gmp_lab.runtime.mloop import Machine
from gmp_lab.runtime.runtime2 import G, M


@pytest.fixture
def rt() -> Machine:
    return Machine(Config(gomaxprocs=4), None)


def gs(n: int, first: int = 0) -> list[G]:
    return [G(first + i, None, "g") for i in range(n)]


def names(queue: object) -> list[int]:
    return [g.goid for g in queue]  # type: ignore[attr-defined]


def test_runqput_next_kicks_the_old_runnext_to_the_tail(rt: Machine) -> None:
    pp = rt.allp[0]
    for gp in gs(3):
        runq.runqput(rt, pp, gp, True)
    assert (pp.runnext.goid if pp.runnext else None, names(pp.runq)) == (2, [0, 1])


def test_runqput_without_next_leaves_runnext_alone(rt: Machine) -> None:
    pp = rt.allp[0]
    first, second = gs(2)
    runq.runqput(rt, pp, first, True)
    runq.runqput(rt, pp, second, False)
    assert (pp.runnext, names(pp.runq)) == (first, [1])


def test_runqget_prefers_runnext_and_only_runnext_inherits(rt: Machine) -> None:
    pp, mp = rt.allp[0], M(0)
    for gp in gs(2):
        runq.runqput(rt, pp, gp, True)
    taken = [runq.runqget(mp, pp) for _ in range(3)]
    assert [(g.goid if g else None, inherit) for g, inherit in taken] == [
        (1, True),
        (0, False),
        (None, False),
    ]


def test_a_full_ring_sends_its_first_half_and_the_kicked_one_to_the_global_queue(rt: Machine) -> None:
    pp = rt.allp[0]
    for gp in gs(258):
        runq.runqput(rt, pp, gp, True)
    assert names(rt.sched.runq) == [*range(128), 256]
    assert (names(pp.runq), pp.runnext.goid if pp.runnext else None) == ([*range(128, 256)], 257)


@pytest.mark.parametrize(("size", "taken"), [(1, 1), (3, 1), (4, 2), (100, 26), (508, 128), (2000, 128)])
def test_a_batch_from_the_global_queue_is_this_p_s_share_plus_one_at_most_128(
    rt: Machine, size: int, taken: int
) -> None:
    pp, mp = rt.allp[0], M(0)
    rt.sched.runq.extend(gs(size))
    first = runq.globrunqgetbatch(rt, mp, pp)
    assert (first.goid, names(pp.runq)) == (0, [*range(1, taken)])
    assert names(rt.sched.runq) == [*range(taken, size)]


@pytest.mark.parametrize(("n", "stolen"), [(1, 1), (2, 1), (3, 2), (9, 5), (16, 8), (255, 128), (256, 128)])
def test_a_thief_takes_half_rounded_up_from_the_head_and_runs_the_last(
    rt: Machine, n: int, stolen: int
) -> None:
    thief, victim = rt.allp[:2]
    victim.runq.extend(gs(n))
    gp = runq.runqsteal(rt, M(0), thief, victim, False)
    assert gp is not None and gp.goid == stolen - 1
    assert names(thief.runq) == [*range(stolen - 1)]
    assert names(victim.runq) == [*range(stolen, n)]


def test_runnext_is_left_alone_before_the_last_pass(rt: Machine) -> None:
    thief, victim = rt.allp[:2]
    victim.runnext = gs(1)[0]
    assert runq.runqsteal(rt, M(0), thief, victim, False) is None


def test_a_thief_sleeps_before_it_takes_the_runnext_of_a_running_p(rt: Machine) -> None:
    thief, victim = rt.allp[:2]
    mp, owner = M(0), M(1)
    victim.runnext = gp = gs(1)[0]
    victim.status, victim.m = 1, owner
    assert runq.runqsteal(rt, mp, thief, victim, True) is None and mp.stealing is gp
    assert runq.runqsteal(rt, mp, thief, victim, True) is gp and victim.runnext is None


def test_a_thief_that_slept_starts_over_if_another_g_is_in_runnext(rt: Machine) -> None:
    thief, victim = rt.allp[:2]
    mp, owner = M(0), M(1)
    first, second = gs(2)
    victim.status, victim.m, victim.runnext = 1, owner, first
    runq.runqsteal(rt, mp, thief, victim, True)
    victim.runnext = second
    assert runq.runqsteal(rt, mp, thief, victim, True) is None and mp.stealing is second


@pytest.mark.parametrize("n", [1, 2, 3, 4, 6, 8, 12, 64])
def test_every_steal_order_visits_every_p_once(n: int) -> None:
    orders = {runq.stealOrder(n, i) for i in range(n * len(runq.coprimes(n)))}
    assert all(sorted(order) == [*range(n)] for order in orders)
    assert len(orders) == n * len(runq.coprimes(n)) or n <= 2
