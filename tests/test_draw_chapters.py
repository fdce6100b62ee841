"""The figures of single chapters: responses and their parts, stops and assists, loads, requests to stop, thefts."""

from __future__ import annotations

import re
from functools import cache
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from helpers import run

from gmp_lab import Config, Recording, draw, simulate
from gmp_lab import vocabulary as v
from gmp_lab.catalog import allocators, service, skewed, tight_loops, unsafe_loops
from gmp_lab.metrics import assists, measured, preemptions, responses, steals, stops
from gmp_lab.metrics.responses import PARTS
from gmp_lab.workload import go, gosched, log, now, sleep, syscall, work

SERVICES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "idle": ({}, {"hogs": 0, "arrivals_per_s": 500}),
    "hogs": ({"gomaxprocs": 2}, {"hogs": 4}),
    "calls": ({"gomaxprocs": 2}, {"syscall_percent": 80, "arrivals_per_s": 4000}),
    "one P": ({"gomaxprocs": 1}, {"arrivals_per_s": 3000}),
    "quota": ({"cores": 8, "gomaxprocs": 8, "quota_us": 100_000}, {"hogs": 0, "arrivals_per_s": 5000}),
    "few cores": ({"cores": 2, "gomaxprocs": 8}, {"hogs": 4}),
    "1.0": ({"go": "1.0"}, {"arrivals_per_s": 2000, "hogs": 0}),
}


@cache
def served(name: str) -> Recording:
    config, program = SERVICES[name]
    return simulate(Config(until_ns=10**11, **config), service(**program))


# --- responses ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", list(SERVICES))
def test_the_parts_of_each_response_add_up_to_its_length(name: str) -> None:
    found = responses(served(name))
    assert len(found) == len(list(served(name).logs())) > 0
    assert found.parts.min() >= 0
    assert np.abs(found.parts.sum(axis=0) - found.length_ns).max() <= 2 * len(PARTS)  # each is rounded to a ns


@pytest.mark.parametrize("name", list(SERVICES))
def test_a_request_computes_as_long_whatever_it_waits_for(name: str) -> None:
    _, program = SERVICES[name]
    alone = responses(simulate(Config(gomaxprocs=64, until_ns=10**11), service(**{**program, "hogs": 0})))
    crowded = responses(served(name))
    computing = [np.sort(one.parts[PARTS.index("computing")]) for one in (alone, crowded)]
    assert np.abs(computing[0] - computing[1]).max() < 2000  # ns: switches and steals are part of it


def due_at(ns: int, body: Any) -> Any:
    """A main that starts one request, due at a time, after work of its own."""

    def main() -> Any:
        yield go(body, ns)
        yield sleep(ms=100)

    return main


def test_a_request_that_waits_behind_a_loop_says_so() -> None:
    def request(due: int) -> Any:
        yield work(us=10)
        ended = yield now()
        yield log((ended - due) // 1000)

    def hog() -> Any:
        yield work(us=300)

    def main() -> Any:
        yield go(request, 0)  # moves to the ring when the loop takes its place in runnext
        yield go(hog)
        yield sleep(ms=5)

    found = responses(run(main, gomaxprocs=1))
    told = dict(zip(PARTS, found.parts[:, 0].tolist(), strict=True))
    assert 300 <= told["behind other goroutines"] // 1000 < 305 and told["computing"] // 1000 == 10
    assert told["behind other requests"] == 0


def test_a_request_that_waits_behind_its_like_says_so() -> None:
    def request(due: int) -> Any:
        yield work(us=50)
        ended = yield now()
        yield log((ended - due) // 1000)

    def main() -> Any:
        for _ in range(3):
            yield go(request, 0)
        yield sleep(ms=5)

    found = responses(run(main, gomaxprocs=1))
    behind = sorted(found.parts[PARTS.index("behind other requests")] // 50_000)
    assert behind == [0, 1, 2]


def test_a_system_call_and_sleep_of_a_request_are_parts_of_it() -> None:
    def request(due: int) -> Any:
        yield work(us=10)
        yield syscall(us=40)
        yield sleep(ms=2)
        yield gosched()
        ended = yield now()
        yield log((ended - due) // 1000)

    found = responses(run(due_at(0, request), gomaxprocs=2))
    told = dict(zip(PARTS, found.parts[:, 0].tolist(), strict=True))
    assert told["in a system call"] // 1000 == 40 and told["parked"] >= 2_000_000


def test_without_logs_there_are_no_responses() -> None:
    def main() -> Any:
        yield work(us=1)

    rec = run(main)
    assert len(responses(rec)) == 0
    assert {plot.title(rec) for plot in (draw.RESPONSES, draw.CAUSES)} == {"The program told no responses"}


@pytest.mark.parametrize("name", list(SERVICES))
def test_the_response_plot_counts_all_and_draws_the_slo(name: str) -> None:
    line, _, bars, slo = draw.RESPONSES.drawn(served(name), None).traces
    assert line["y"][-1] == 100 and sum(bars["y"]) == len(responses(served(name)))
    assert slo["x"] == [10_000, 10_000]


@pytest.mark.parametrize("name", list(SERVICES))
def test_the_budget_is_used_by_the_late_ones_alone(name: str) -> None:
    rec = served(name)
    late = [us for _, _, us in rec.logs() if us > 10_000]
    used, _, marks = draw.BUDGET.drawn(rec, None).traces
    wanted = 100 * len(late) / (len(list(rec.logs())) / 100)
    assert used["y"][-1] == pytest.approx(wanted) and len(marks["x"]) == len(late)
    assert measured(rec, ("error budget used",))[0][1] == pytest.approx(wanted, abs=0.06)
    kept = measured(rec, ("within the SLO",))[0][1]
    assert kept == pytest.approx(100 - wanted / 100, abs=0.006)


def test_the_slowest_group_is_the_slowest() -> None:
    us = draw.CAUSES.drawn(served("hogs"), None).traces
    all_, ten, one = (sum(trace["x"][k] for trace in us) for k in range(3))
    assert all_ < ten <= one


# --- the collector ------------------------------------------------------------------------------------------------


@cache
def collected() -> Recording:
    return simulate(Config(), allocators(allocators=4, loop_ms=2, loop="nosplit"))


def test_stops_are_told_with_both_their_phases() -> None:
    rec = collected()
    found = stops(rec)
    assert [one.asked_ns for one in found] == [e.t for e in rec if e.kind == v.E_STW_STOP]
    assert [one.stopped_ns for one in found] == [e.t for e in rec if e.kind == v.E_STW_STOPPED]
    assert [one.started_ns for one in found] == [e.t for e in rec if e.kind == v.E_STW_START]
    wait, still = draw.STOPS.drawn(rec, None).traces
    assert sum(wait["y"]) + sum(still["y"]) == pytest.approx(sum(one.length_ns for one in found) / 1000)
    longest = measured(rec, ("longest stop of the world",))[0][1]
    assert longest == max(one.length_ns for one in found) / 1000


def test_a_loop_that_cannot_be_stopped_makes_everybody_wait() -> None:
    quick, slow = (simulate(Config(), allocators(loop_ms=5, loop=loop)) for loop in ("free", "nosplit"))
    assert max(one.length_ns for one in stops(slow)) > 20 * max(one.length_ns for one in stops(quick))


def test_assists_are_summed_for_each_goroutine() -> None:
    rec = collected()
    found = assists(rec)
    begun = [e for e in rec if e.kind == v.E_GC_ASSIST and e.arg]
    assert sum(one.times for one in found) == len(begun) > 0
    assert {one.g for one in found} == {e.g for e in begun}
    (bars,) = draw.ASSISTS.drawn(rec, None).traces
    assert sum(bars["x"]) == pytest.approx(measured(rec, ("time in assists",))[0][1], abs=0.1)


def test_two_halves_of_a_run_have_the_assists_of_the_whole() -> None:
    rec = collected()
    half = rec.end_ns // 2
    both = sum(one.total_ns for part in ((0, half), (half, rec.end_ns)) for one in assists(rec, *part))
    assert both == sum(one.total_ns for one in assists(rec))


def test_the_table_of_the_heap_has_trigger_and_goal_of_every_collection() -> None:
    rec = collected()
    rows = draw.HEAP.table(rec, None).rows
    assert len(rows) == min(60, sum(e.kind == v.E_GC_CYCLE for e in rec))
    first = next(i for i, e in enumerate(rec) if e.kind == v.E_GC_CYCLE)
    goal = [e.arg for e in list(rec)[:first] if e.kind == v.E_GC_GOAL][-1]
    assert rows[0][3] == f"{goal / 1024:,.2f}"


def test_without_a_collector_nobody_stops_and_nobody_assists() -> None:
    rec = simulate(Config(gogc=-1), allocators(live_mib=0, ms=1))
    calm = [one for one in stops(rec) if "GC" in one.reason and one.asked_ns > rec.end_ns // 2]
    assert assists(rec) == [] and calm == []


# --- who did the work ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("procs", [1, 4, 64])
def test_loads_count_every_goroutine_once_before_and_once_after(procs: int) -> None:
    rec = simulate(Config(gomaxprocs=procs), skewed(tasks=300))
    made, ran = (np.array(trace["x"]) for trace in draw.LOADS.drawn(rec, None).traces[:2])
    assert made.sum() == sum(e.kind == v.E_GO_CREATE and e.p >= 0 for e in rec)
    assert ran.sum() == len({e.g for e in rec if e.kind == v.E_EXECUTE})
    assert procs == 1 or (made.max() >= 300 and ran.max() < 300)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("procs", [1, 2, 5, 16, 32, 64])
def test_the_steal_graph_has_an_arrow_for_each_pair_and_says_what_it_leaves_out(procs: int, theme: str) -> None:
    rec = simulate(Config(gomaxprocs=procs), skewed(tasks=500))
    root = ET.fromstring(draw.steal_graph_svg(rec, theme=theme))
    texts = ["".join(node.itertext()) for node in root.iter() if node.tag.endswith("text")]
    pairs = [n for row in steals(rec).moved for n in row if n]
    numbers = [int(text.replace(",", "")) for text in texts if re.fullmatch(r"[\d,]+", text)]
    assert sorted(numbers, reverse=True) == sorted(pairs, reverse=True)[:60]
    assert ("strongest" in texts[1]) == (len(pairs) > 60)
    assert sum(bool(re.match(r"P\d", text)) for text in texts) == procs
    assert texts[0] == draw.steal_graph_title(rec) == draw.steal_graph_text(rec).splitlines()[0]


# --- requests to stop ---------------------------------------------------------------------------------------------


def test_the_steps_of_a_request_lead_from_asking_to_leaving() -> None:
    rec = simulate(Config(gomaxprocs=1), unsafe_loops())
    handled = [e.t for e in rec if e.kind == v.E_SIGNAL]
    for one in preemptions(rec):
        assert set(one.handled_ns) <= set(handled) and len(one.handled_ns) == one.signals
        stages = draw.plots_work.steps(rec, one)
        assert stages[0][1] == 0 and all(a[2] == b[1] for a, b in pairwise(stages))
        assert one.left_ns < 0 or stages[-1][2] == one.wait_ns
        assert [kind for kind, _, _ in stages].count(1) == max(0, one.signals - (one.how == "signal"))


def test_a_loop_before_signals_has_one_step_without_any() -> None:
    rec = simulate(Config(gomaxprocs=1, go="1.13", until_ns=10**11), tight_loops(loop_us=50_000))
    found = [one for one in preemptions(rec) if one.wait_ns > 10_000_000]
    assert found and all(draw.plots_work.steps(rec, one) == [(3, 0, one.wait_ns)] for one in found)


def test_the_chart_of_requests_begins_with_the_longest() -> None:
    rec = simulate(Config(gomaxprocs=1), unsafe_loops())
    longest = max(one.wait_ns for one in preemptions(rec))
    drawn = draw.GANTT.drawn(rec, None)
    ends = [(b + x) * 1000 for trace in drawn.traces for b, x in zip(trace["base"], trace["x"], strict=True)]
    assert max(ends) == pytest.approx(longest)
