"""The smaller figures: their numbers against counts of the events, in place as afresh, for every kind of run."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import numpy as np
import pytest
from handmade import recording

from gmp_lab import Config, Recording, draw, simulate
from gmp_lab import vocabulary as v
from gmp_lab.catalog import allocators, backlog, deep_calls, loops, service, skewed, spawn, steady_mix, unsafe_loops
from gmp_lab.draw.palette import LOOKS
from gmp_lab.draw.plot import Plot, columns_of, mean_per_column
from gmp_lab.draw.plots_time import cpu_shares
from gmp_lab.metrics import calls, cpu_time_ns, latency, queue_depths, spans, stack_changes, thread_count

NAMES = (
    "THREADS", "CPU", "HEAP", "STACKS", "THROTTLING", "LATENCIES", "SOURCES", "STEALS", "CALLS", "PREEMPTIONS",
    "STOPS", "ASSISTS", "RESPONSES", "CAUSES", "BUDGET", "LOADS", "GANTT",
)  # fmt: skip
PLOTS: dict[str, Plot] = {name: getattr(draw, name) for name in NAMES}
PROGRAMS = {
    "mix": (Config(), steady_mix()),
    "one P": (Config(gomaxprocs=1), spawn()),
    "many Ps": (Config(gomaxprocs=32), skewed()),
    "calls": (Config(gomaxprocs=2), backlog()),
    "heap": (Config(), allocators()),
    "stacks": (Config(), deep_calls()),
    "segments": (Config(go="1.2"), deep_calls(depth=200, loop_calls=5)),
    "loops": (Config(gomaxprocs=2), loops()),
    "unsafe": (Config(gomaxprocs=1), unsafe_loops()),
    "quota": (Config(cores=8, gomaxprocs=8, quota_us=100_000, until_ns=10**10), service(hogs=0, arrivals_per_s=5000)),
    "1.0": (Config(go="1.0"), steady_mix()),
}


@cache
def run(name: str) -> Recording:
    if name == "empty":
        return recording([])
    return simulate(*PROGRAMS[name])


def shown(figure: Any) -> Any:
    values = json.loads(figure.to_json())
    for trace in values["data"]:
        trace.pop("uid", None)
    values["layout"].pop("template", None)
    return values


@pytest.mark.parametrize("plot", NAMES)
@pytest.mark.parametrize("name", ["empty", *PROGRAMS])
def test_a_plot_of_any_run_has_a_title_a_table_and_the_same_json_each_time(plot: str, name: str) -> None:
    rec = run(name)
    first, again = (shown(PLOTS[plot].figure(rec)) for _ in range(2))
    assert first == again and first["layout"]["title"]["text"]
    assert first["layout"]["title"]["text"] in PLOTS[plot].alt(rec)
    assert PLOTS[plot].table(rec, None).heads


@pytest.mark.parametrize("plot", NAMES)
def test_another_run_in_a_shown_figure_is_what_a_fresh_one_shows(plot: str) -> None:
    figure = PLOTS[plot].figure(run("mix"))
    for name in (*PROGRAMS, "empty", "mix"):
        PLOTS[plot].apply(figure, run(name))
        now, fresh = shown(figure), shown(PLOTS[plot].figure(run(name)))
        assert now["layout"] == fresh["layout"]
        for old, new in zip(now["data"], fresh["data"], strict=True):
            assert {key: old[key] for key in new} == new


@pytest.mark.parametrize("plot", NAMES)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_an_update_sends_less_than_64_kb(plot: str, theme: str) -> None:
    for name in PROGRAMS:
        traces = PLOTS[plot].drawn(run(name), None).traces
        assert sum(_size(value) for trace in traces for value in trace.values()) < 64_000, name


def _size(value: Any) -> int:
    return value.nbytes if isinstance(value, np.ndarray) else len(json.dumps(value))


@pytest.mark.parametrize("plot", NAMES)
def test_a_window_shows_its_part_only(plot: str) -> None:
    rec = run("heap")
    window = (rec.end_ns // 4, rec.end_ns // 2)
    figure = PLOTS[plot].figure(rec, window=window)
    unit = figure.layout.meta["unit_ns"]
    if unit:
        assert [t * unit for t in figure.layout.xaxis.range] == pytest.approx(window)


@pytest.mark.parametrize("name", list(PROGRAMS))
def test_the_bands_of_the_threads_add_up_to_all_threads(name: str) -> None:
    rec = run(name)
    total = sum(np.asarray(trace["y"], float) for trace in draw.THREADS.drawn(rec, None).traces)
    assert float(total[-1]) == pytest.approx(thread_count(rec).maximum(), abs=0.02)


@pytest.mark.parametrize("name", list(PROGRAMS))
def test_the_uses_of_the_ps_add_up_to_all_ps(name: str) -> None:
    rec = run(name)
    total = sum(share for share in cpu_shares(rec)[1].values())
    assert np.allclose(np.asarray(total), rec.procs, atol=0.01)


def test_marking_is_what_the_events_say() -> None:
    rec = run("heap")
    ns = {v.E_GC_WORKER: 0, v.E_GC_ASSIST: 0}
    since: dict[tuple[int, int], int] = {}
    for e in rec:
        if e.kind in ns and e.arg > 0:
            since[e.kind, e.g] = e.t
        elif e.kind in ns and (e.kind, e.g) in since:
            ns[e.kind] += e.t - since.pop((e.kind, e.g))
    for (kind, _), began in since.items():
        ns[kind] += rec.end_ns - began
    rows = {row[0]: row[1] * 1000 for row in draw.CPU.table(rec, None).rows}
    assert rows["mark workers"] == pytest.approx(ns[v.E_GC_WORKER], rel=0.01)
    assert rows["assists"] == pytest.approx(ns[v.E_GC_ASSIST], rel=0.01)


def test_the_heap_plot_has_every_cycle_goal_and_stop() -> None:
    rec = run("heap")
    _, heap, goal, cycles, stops = draw.HEAP.drawn(rec, None).traces
    assert heap["y"] == [e.arg / 1024 for e in rec if e.kind == v.E_GC_HEAP]
    assert goal["y"] == [e.arg / 1024 for e in rec if e.kind == v.E_GC_GOAL and e.arg < 2**31 - 1]
    assert len(cycles["x"]) == sum(e.kind == v.E_GC_CYCLE for e in rec)
    assert len(stops["x"]) == sum(e.kind == v.E_STW_START for e in rec)


@pytest.mark.parametrize("name", ["stacks", "segments"])
def test_the_stack_plot_marks_every_change_of_the_goroutines_that_it_draws(name: str) -> None:
    rec = run(name)
    traces = draw.STACKS.drawn(rec, None).traces
    drawn = {int(trace["name"].split()[0][1:]) for trace in traces[:5] if trace["x"]}
    changes = [c for c in stack_changes(rec) if c.g in drawn]
    assert len(drawn) == 5 and sum(len(trace["x"]) for trace in traces[5:]) == len(changes) > 0
    assert sorted(y for trace in traces[5:] for y in trace["y"]) == sorted(c.new / 1024 for c in changes)


def test_the_cores_in_use_add_up_to_the_groups_cpu_time() -> None:
    rec = run("quota")
    used, held, _ = draw.THROTTLING.drawn(rec, None).traces
    wide = np.diff(columns_of(rec, None))
    assert float((used["y"] * wide).sum()) == pytest.approx(cpu_time_ns(rec), rel=0.01)
    assert float(held["y"].max()) > 0


@pytest.mark.parametrize("name", list(PROGRAMS))
def test_the_latency_plot_ends_at_all_waits_and_its_bars_count_them(name: str) -> None:
    rec = run(name)
    line, marks, bars = draw.LATENCIES.drawn(rec, None).traces
    all_ = latency(rec)
    assert line["y"][-1] == 100 and sum(bars["y"]) == all_.count
    assert [x * 1000 for x in marks["x"][:3]] == pytest.approx(
        [max(10, n) for n in (all_.p50_ns, all_.p90_ns, all_.p99_ns)]
    )


@pytest.mark.parametrize("name", list(PROGRAMS))
def test_sources_and_thefts_are_counted_per_p(name: str) -> None:
    rec = run(name)
    bars = draw.SOURCES.drawn(rec, None).traces
    for p in range(rec.procs):
        mine = [e for e in rec if e.kind == v.E_EXECUTE and e.p == p]
        assert [bar["x"][p] for bar in bars] == [sum(e.arg & 15 == k for e in mine) for k in range(len(bars))]
    moved = np.zeros((rec.procs, rec.procs), int)
    for e in rec:
        if e.kind == v.E_STEAL:
            victim, n, _ = v.steal_unpack(e.arg)
            moved[e.p, victim] += n
    assert draw.STEALS.drawn(rec, None).traces[0]["z"].tolist() == moved.tolist()


def test_each_system_call_is_a_point_and_those_that_lost_their_p_are_others() -> None:
    rec = run("calls")
    kept, lost = draw.CALLS.drawn(rec, None).traces
    taken = {e.g: 0 for e in rec if e.kind == v.E_RETAKE and e.arg >= 0}
    assert len(kept["x"]) + len(lost["x"]) == sum(e.kind == v.E_SYSEXIT for e in rec)
    assert len(lost["x"]) >= len(taken) > 0
    assert all(y <= x for x, y in zip(lost["x"], lost["y"], strict=True))
    assert kept["x"] == kept["y"]


def test_requests_to_stop_are_told_apart_by_what_came_of_them() -> None:
    rec = run("unsafe")
    points = draw.PREEMPTIONS.drawn(rec, None).traces
    asked = {(e.g, e.t) for e in rec if e.kind == v.E_PREEMPT}
    assert 0 < sum(len(trace["x"]) for trace in points) <= len(asked)
    stopped = sum(e.kind == v.E_YIELD and e.arg == v.YIELD_PREEMPTED for e in rec)
    assert len(points[0]["x"]) + len(points[1]["x"]) == stopped


def test_the_average_in_a_column_is_exact() -> None:
    edges = np.array([0, 10, 20, 30])
    mean = mean_per_column(edges, np.array([5, 12, 18]), np.array([1, 1, -2]))
    assert mean.tolist() == [0.5, (1 * 2 + 2 * 6 + 0 * 2) / 10, 0.0]


@pytest.mark.parametrize("go", ["1.13", "1.25", "1.27"])
def test_a_call_that_loses_its_p_is_counted_in_every_version(go: str) -> None:
    rec = simulate(Config(gomaxprocs=2, go=go), backlog(callers=4, runnable=8, call_us=200))
    lost = [c for c in calls(rec) if c.taken_ns >= 0]
    assert len(lost) == sum(e.kind == v.E_RETAKE and e.arg >= 0 for e in rec) > 0
    assert all(0 < c.taken_ns <= c.length_ns for c in lost)


def test_queues_of_the_first_go_are_one_global_queue() -> None:
    depths = queue_depths(run("1.0"))
    assert depths.global_.maximum() > 0 == max(ring.maximum() for ring in depths.ring)


def test_the_strip_of_a_life_has_the_stays_and_who_woke_it() -> None:
    rec = run("mix")
    for g in (1, 2, 5):
        one = draw.life(rec, g)
        stays = spans(rec, of="G")
        mine = stays.take(stays.row == g)
        assert [s.end_ns - s.start_ns for s in one.stays] == mine.length_ns.tolist()
        woken = [e.arg for e in rec if e.kind == v.E_READY and e.g == g]
        assert [s.woken_by for s in one.stays if s.woken_by] == [
            f"G{w} {rec.g_name(w)}" if w > 0 else "the runtime" for w in woken
        ]
        assert sum(one.dwell().values()) == int(mine.length_ns.sum())
        assert draw.life_svg(rec, g).count("<rect") == len(one.stays)
        wide = [s for s in one.stays if (s.end_ns - s.start_ns) * 1000 >= 20 * rec.end_ns and s.state != "dead"]
        letters = draw.life_svg(rec, g)
        assert all(f">{LOOKS[s.state].letter}</text>" in letters for s in wide)  # told without colours
        assert one.title() in draw.life_table(rec, g).text() and "stays" in draw.dwell_table(rec, g).text()
