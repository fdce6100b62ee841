"""Checks of section 3.2: who steals what from whom, from which end, and in which order it runs."""

from __future__ import annotations

from math import isclose

from gmp_lab.claims.check import Outcome, all_of, by_document, check, expect
from gmp_lab.claims.runs import experiment
from gmp_lab.claims.runs_queues import search, spread, started, thefts
from gmp_lab.claims.source import in_order, source_has
from gmp_lab.claims.words import agreed, none_of, shown
from gmp_lab.runtime.runq import stealOrder

PROC = "runtime/proc.go"
N = 17  # goroutines of steal.go: 16 in the ring, one in runnext


def _batches(n: int = N) -> list[int]:
    """How many the thief took from the ring, each time."""
    return [one.taken for one in thefts(n).thefts if not one.runnext]


def _halves(queued: int) -> list[int]:
    """Half, rounded up, again and again."""
    taken = []
    while queued:
        taken.append(queued - queued // 2)
        queued //= 2
    return taken


@check("3.2-01", kind="simulation")
def idle_ps_steal_and_without_it_one_p_works_alone() -> Outcome:
    on, off = spread(), spread("off")
    said = f"200 tasks made on one of 4 Ps: {on.us:,.0f} us with stealing, {off.us:,.0f} us without"
    return expect(min(on.ran) > 0 and off.us > 3 * on.us and off.ran.count(0) == 3, said)


by_document("3.2-01")


@check("3.2-02", kind="simulation")
def a_thief_takes_the_oldest_from_the_head() -> Outcome:
    first = _batches()[0]
    taken, newest = set(thefts(N).order[:first]), set(range(N - 1 - first, N - 1))
    said = f"16 in the ring, the first theft took numbers {shown(tuple(sorted(taken)))}"
    return expect(taken == set(range(first)) and taken != newest, f"{said}: the head, not the tail")


@check("3.2-02", "3.2-06", "3.2-07", kind="experiment")
def a_real_thief_runs_them_in_the_same_order() -> Outcome:
    seen = experiment("steal")
    order = tuple(int(number) for number in seen.real["order"])
    return agreed(expect(order[:3] == (7, 0, 1), f"real Go ran {shown(order)}"), seen)


@check("3.2-03", kind="simulation")
def a_thief_takes_half_rounded_up() -> Outcome:
    for n in (5, N, 33, 100):
        if _batches(n) != _halves(n - 1):
            return expect(False, f"of {n - 1} queued it took {_batches(n)}, half rounded up is {_halves(n - 1)}")
    return expect(True, f"of 16 queued: {_batches()}; of 99: {_batches(100)}")


@check("3.2-04", kind="simulation")
def a_batch_saves_thefts_and_runnext_is_left_to_the_last() -> Outcome:
    half, one = thefts(N).thefts, thefts(N, "one").thefts
    last = [theft.runnext for theft in half]
    said = f"17 goroutines need {len(half)} thefts by halves and {len(one)} one by one; runnext went last"
    return expect(2 * len(half) < len(one) and last == [False] * (len(half) - 1) + [True], said)


@check("3.2-05", kind="simulation")
def a_lone_goroutine_is_stolen_which_n_over_2_would_not_do() -> Outcome:
    alone = [taken for taken in _batches() if taken == 1]
    formula = 1 // 2
    said = f"a ring of one lost {alone[-1]} goroutine to the thief; size / 2 would be {formula}"
    return expect(alone[-1] == 1 - 1 // 2 != formula, said)


@check("3.2-05", kind="source")
def go_writes_n_minus_n_over_2() -> Outcome:
    return in_order(PROC, "runqgrab", "n := t - h", "n = n - n/2")


@check("3.2-06", kind="simulation")
def stolen_goroutines_keep_their_order() -> Outcome:
    order, first = thefts(N).order, _batches()[0]
    rest = order[1:first]
    said = f"the first batch ran as {shown(order[:first])}: after its last, oldest first"
    return expect(rest == tuple(sorted(rest)) and order[0] == first - 1, said)


@check("3.2-06", kind="source")
def there_is_no_pop_back() -> Outcome:
    copied = in_order(PROC, "runqgrab", "pp.runq[(h+i)%", "batch[(batchHead+i)%", "CasRel(&pp.runqhead, h, h+n)")
    return all_of(none_of("popBack", "PopBack"), copied)


@check("3.2-07", kind="simulation")
def the_batch_becomes_the_tail_and_its_last_runs_at_once() -> Outcome:
    order, first = thefts(N).order, _batches()[0]
    by_head = tuple(range(first - 1, -1, -1))
    said = f"the thief ran {shown(order[:first])}; pushed at its head one by one they would run {shown(by_head)}"
    own = (first - 1, *range(first - 1))
    return expect(order[:first] == own and own != by_head, said)


@check("3.2-07", kind="source")
def the_batch_is_published_by_one_store_of_the_tail() -> Outcome:
    return in_order(PROC, "runqsteal", "t := pp.runqtail", "runqgrab(p2, &pp.runq, t", "StoreRel(&pp.runqtail, t+n)")


@check("3.2-08", kind="source")
def local_queues_have_no_lock() -> Outcome:
    functions = ("runqgrab", "runqsteal", "runqput", "runqget")
    return all_of(
        *(none_of("lock", where=PROC, symbol=name) for name in functions),
        in_order(PROC, "runqgrab", "CasRel(&pp.runqhead"), in_order(PROC, "runqsteal", "StoreRel(&pp.runqtail"),
    )  # fmt: skip


@check("3.2-08", kind="simulation")
def a_batch_of_half_needs_fewer_thefts_than_one_by_one() -> Outcome:
    half, one = spread(), spread("one")
    said = f"200 tasks on 4 Ps: {half.thefts} thefts by halves, {one.thefts} one by one"
    return expect(half.thefts < one.thefts / 3, said)


@check("3.2-09", kind="simulation")
def the_owner_takes_from_the_head_too() -> Outcome:
    order = started(1, 10)[0]
    said = f"ten goroutines ran {shown(order)} on their own P: runnext, then oldest first"
    return expect(order == (9, *range(9)) and order != tuple(range(9, -1, -1)), said)


@check("3.2-09", kind="experiment")
def so_does_the_owner_in_real_go() -> Outcome:
    seen = experiment("order", 1)
    order = tuple(int(number) for number in seen.real["order"])
    return agreed(expect(order == (9, *range(9)), f"real Go ran {shown(order)}"), seen)


@check("3.2-10", kind="source")
def the_code_gives_no_measurement_for_half() -> Outcome:
    return all_of(
        source_has(PROC, "runqgrab", "n = n - n/2"),
        none_of("throughput", "fairness", "threshold", where=PROC, symbol="runqgrab"),
    )


@check("3.2-10", kind="simulation")
def one_half_or_all_are_equally_good_here() -> Outcome:
    took = {steal: spread(steal).us for steal in ("one", "half", "all")}
    said = ", ".join(f"{steal} {us:,.0f} us" for steal, us in took.items())
    return expect(max(took.values()) < 1.1 * min(took.values()), f"200 tasks on 4 Ps, a thief takes: {said}")


@check("3.2-11", kind="simulation")
def the_arithmetic_fits_and_stealing_does_level_the_load() -> Outcome:
    average, change = 100_000 / 16, 6217 / 12480 - 1
    few, many = (spread(steal, 16, 240).busiest for steal in ("half", "off"))
    said = f"100000 / 16 = {average:.0f}, 6217 is {change:.1%} against 12480; no program is given. Simulated, 240 "
    said += f"tasks of one of 16 Ps: the busiest ran {many:.1f} times the average without stealing, {few:.2f} with it"
    fits = isclose(average, 6250) and round(change, 3) == -0.502
    return expect(fits and few < 1.5 and many > 10, said)


@check("3.2-11", kind="simulation")
def a_ring_that_overflows_spreads_tasks_without_any_theft() -> Outcome:
    off = spread("off", 16, 3200)
    said = f"3,200 tasks of one of 16 Ps, no stealing: {min(off.ran)} to {max(off.ran)} on each, by the global queue"
    return expect(off.thefts == 0 and min(off.ran) > 100, said)


@check("3.2-12", kind="simulation")
def a_random_order_visits_every_p_once() -> Outcome:
    for n in range(1, 65):
        if any(sorted(stealOrder(n, i)) != list(range(n)) for i in range(0, 4 * n * n, 7)):
            return expect(False, f"an order of {n} Ps leaves one out")
    orders = {stealOrder(8, i) for i in range(64)}
    robbed = spread("half", 16, 3200).victims
    said = f"8 Ps are visited in {len(orders)} orders, each P once; in a run of 16 Ps {robbed} of them were robbed"
    return expect(len(orders) == 32 and robbed > 8, said)


@check("3.2-12", kind="source")
def the_order_is_drawn_from_a_random_number() -> Outcome:
    return all_of(
        in_order(PROC, "stealWork", "stealOrder.start(cheaprand())", "idlepMask.read", "runqsteal"),
        source_has(PROC, "stealWork", "stealTries = 4"),
    )


@check("3.2-13", kind="simulation")
def only_half_of_the_busy_ps_look_for_work_and_then_they_park() -> Outcome:
    found = search()
    said = f"of {found.procs} Ps at most {found.most} looked for work at once; threads parked {found.parked} times"
    return expect(0 < found.most <= found.procs // 2 and found.parked > 0, said)


@check("3.2-13", kind="source")
def after_four_rounds_it_gives_its_p_up_looks_again_and_parks() -> Outcome:
    steps = (
        "2*sched.nmspinning.Load() <", "stealWork(now)", "addIdleMarkWorker", "pidleput", "checkRunqsNoP",
        "netpoll(delay)", "stopm()",
    )  # fmt: skip
    return all_of(source_has(PROC, "stealWork", "stealTries = 4"), in_order(PROC, "findRunnable", *steps))
