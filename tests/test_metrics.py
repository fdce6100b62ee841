"""Measures, on runs that can be checked on paper, and against the replay of simulated ones."""

from __future__ import annotations

import random
import subprocess
import sys
from collections import Counter
from typing import Any

import numpy as np
import pytest
from handmade import BEGIN, handover, in_syscall, overflow, recording
from hypothesis import given, settings
from hypothesis import strategies as st

from gmp_lab import Config, ConfigError, Program, Recording, WaitGroup, go, gosched, metrics, simulate, syscall, work
from gmp_lab import vocabulary as v
from gmp_lab.catalog import CATALOG
from gmp_lab.draw.scene import p_state
from gmp_lab.metrics.spans import Spans
from gmp_lab.params import VERSIONS
from gmp_lab.replay import Replay, state_at


def stays(s: Spans, row: int) -> list[tuple[int, int, str]]:
    """(start, end, state) of one row."""
    mine = s.take(s.row == row)
    names = (s.states[k] for k in mine.state)
    return list(zip(mine.start_ns.tolist(), mine.end_ns.tolist(), names, strict=True))


# --- stays ---------------------------------------------------------------------------------------------------


def test_a_p_runs_then_schedules_then_is_idle() -> None:
    expected = [(0, 400, "running"), (400, 500, "scheduling"), (500, 1000, "idle")]
    assert stays(metrics.spans(handover()), 0) == expected


def test_a_p_waits_for_its_thread_then_spins_then_runs() -> None:
    assert stays(metrics.spans(handover()), 1) == [
        (0, 100, "idle"),
        (100, 200, "waking"),
        (200, 250, "spinning"),
        (250, 700, "running"),
        (700, 720, "scheduling"),
        (720, 1000, "running"),
    ]


def test_a_goroutine_waits_is_readied_and_runs_elsewhere() -> None:
    assert stays(metrics.spans(handover(), of="G"), 1) == [
        (0, 0, "runnable"),
        (0, 400, "running"),
        (400, 600, "waiting"),
        (600, 720, "runnable"),
        (720, 1000, "running"),
    ]


def test_a_waiting_stay_carries_its_reason_and_a_running_one_its_p() -> None:
    s = metrics.spans(handover(), of="G")
    waiting = s.take((s.row == 1) & (s.state == metrics.G_STATES.index("waiting")))
    assert waiting.m.tolist() == [v.WAIT_NO["chan receive"]]
    running = s.take((s.row == 1) & (s.state == metrics.G_STATES.index("running")))
    assert running.p.tolist() == [0, 1]


def test_a_thread_starts_spins_runs_and_parks() -> None:
    s = metrics.spans(handover(), of="M")
    assert stays(s, 0) == [(0, 400, "running"), (400, 500, "scheduling"), (500, 1000, "parked")]
    assert stays(s, 1)[:3] == [(100, 200, "starting"), (200, 250, "spinning"), (250, 700, "running")]


def test_a_stay_names_the_events_that_began_and_ended_it() -> None:
    rec = handover()
    s = metrics.spans(rec)
    second = s.take(s.row == 1).take(np.array([3]))
    kinds = (rec.kind[int(second.event[0])], rec.kind[int(second.until[0])])
    assert (kinds, second.g.tolist(), second.m.tolist()) == ((v.E_EXECUTE, v.E_EXIT), [2], [1])


@pytest.mark.parametrize("go", ["1.25", "1.27"])
def test_a_p_stays_in_the_system_call_until_it_is_retaken(go: str) -> None:
    assert stays(metrics.spans(in_syscall(go)), 0) == [
        (0, 100, "running"),
        (100, 300, "syscall"),
        (300, 500, "idle"),
        (500, 900, "running"),
        (900, 950, "syscall"),
        (950, 1000, "running"),
    ]


def test_a_thread_without_a_core_stops_its_p_and_goes_on_where_it_was() -> None:
    rows = [
        (0, v.E_M_NEW, -1, -1, 0, 0),
        (0, v.E_CPU_ON, -1, -1, 0, 0),
        (0, v.E_ACQUIRE_P, -1, 0, 0, -1),
        (10, v.E_EXECUTE, 1, 0, 0, v.SRC_RUNNEXT),
        (300, v.E_CPU_OFF, -1, -1, 0, 0),
        (700, v.E_CPU_ON, -1, -1, 0, 0),
    ]
    s = metrics.spans(recording(rows, p=1, cores=1))
    assert stays(s, 0) == [(0, 10, "scheduling"), (10, 300, "running"), (300, 700, "no core"), (700, 1000, "running")]
    assert s.g.tolist()[1:] == [1, 1, 1]


def test_a_p_that_was_taken_is_idle_until_somebody_has_it() -> None:
    rows = [*BEGIN, (100, v.E_SYSCALL, 1, 0, 0, 0), (300, v.E_RETAKE, 1, 0, 0, 9), (400, v.E_M_START, -1, 0, 3, 0)]
    expected = [(100, 300, "syscall"), (300, 400, "idle"), (400, 1000, "waking")]
    assert stays(metrics.spans(recording(rows)), 0)[1:] == expected


def test_a_goroutine_that_comes_back_without_a_p_is_runnable_and_its_thread_stops() -> None:
    rows = [
        *BEGIN,
        (100, v.E_SYSCALL, 1, 0, 0, 0),
        (500, v.E_SYSEXIT, 1, -1, 0, v.EXIT_NO_P),
        (600, v.E_M_PARK, -1, -1, 0, -1),
    ]
    rec = recording(rows)
    assert stays(metrics.spans(rec, of="G"), 1)[2:] == [(100, 500, "syscall"), (500, 1000, "runnable")]
    assert stays(metrics.spans(rec, of="M"), 0)[2:] == [(500, 600, "scheduling"), (600, 1000, "parked")]
    assert stays(metrics.spans(rec), 0)[1:] == [(100, 1000, "syscall")]


def test_goroutines_that_the_runtime_parked_before_main_wait() -> None:
    rec = recording([(0, v.E_GO_CREATE, 2, -1, -1, -1)])
    assert stays(metrics.spans(rec, of="G"), 2) == [(0, 1000, "waiting")]


def test_a_window_cuts_the_stays_at_both_ends() -> None:
    expected = [(230, 250, "spinning"), (250, 700, "running"), (700, 710, "scheduling")]
    assert stays(metrics.spans(handover(), 230, 710), 1) == expected


def test_a_run_without_events_is_idle_all_the_time() -> None:
    assert stays(metrics.spans(recording([])), 1) == [(0, 1000, "idle")]


@pytest.mark.parametrize("window", [(-1, 10), (0, 1001), (10, 10), (20, 10), (0.5, 10), (True, 10), (0, "10")])
def test_an_impossible_window_is_refused(window: tuple[Any, Any]) -> None:
    with pytest.raises(ConfigError, match=r"start_ns|end_ns"):
        metrics.spans(handover(), *window)


def test_an_unknown_kind_of_row_is_refused() -> None:
    with pytest.raises(ConfigError, match="'P', 'G', 'M'"):
        metrics.spans(handover(), of="Q")


# --- usage ---------------------------------------------------------------------------------------------------


def test_usage_adds_up_the_stays_of_each_p() -> None:
    first, second = metrics.usage(handover())
    assert (first.running_ns, first.scheduling_ns, first.idle_ns, first.total_ns) == (400, 100, 500, 1000)
    assert (second.running_ns, second.waking_ns, second.spinning_ns, second.scheduling_ns) == (730, 100, 50, 20)


def test_utilisation_is_the_running_share_of_all_ps() -> None:
    total = metrics.total_usage(metrics.usage(handover()))
    assert (total.running_ns, total.total_ns, total.utilisation) == (1130, 2000, 0.565)


def test_two_windows_side_by_side_add_up_to_the_whole() -> None:
    rec = handover()
    parts = [metrics.total_usage(metrics.usage(rec, *w)) for w in ((0, 333), (333, 1000))]
    whole = metrics.total_usage(metrics.usage(rec))
    names = [name for name in whole.__slots__ if name != "p"]
    assert [sum(getattr(u, n) for u in parts) for n in names] == [getattr(whole, n) for n in names]


# --- latency -------------------------------------------------------------------------------------------------


def test_latency_is_the_time_from_runnable_to_running() -> None:
    g, ns = metrics.waits(handover())
    assert list(zip(g.tolist(), ns.tolist(), strict=True)) == [(1, 0), (1, 120), (2, 150)]


def test_latency_percentiles_are_measured_values() -> None:
    w = metrics.latency(handover())
    assert (w.count, w.p50_ns, w.p90_ns, w.p99_ns, w.max_ns, w.sum_ns) == (3, 120, 150, 150, 150, 270)


def test_a_wait_counts_in_the_window_in_which_it_ends() -> None:
    assert metrics.latency(handover(), 200, 600).max_ns == 150
    assert metrics.latency(handover(), 300, 700).count == 0


def test_latency_by_goroutine_lists_those_that_ran() -> None:
    assert [(w.g, w.count, w.max_ns) for w in metrics.latency_by_g(handover())] == [(1, 2, 120), (2, 1, 150)]


@pytest.mark.parametrize(("percent", "value"), [(1, 10), (10, 10), (11, 20), (50, 50), (90, 90), (99, 100)])
def test_percentiles_are_by_nearest_rank(percent: int, value: int) -> None:
    assert metrics.nearest_rank(np.arange(10, 101, 10), percent) == value


# --- queues --------------------------------------------------------------------------------------------------


def steps(s: metrics.Steps) -> list[tuple[int, int]]:
    return list(zip(s.t_ns.tolist(), s.value.tolist(), strict=True))


def test_runnext_is_taken_and_left() -> None:
    first, second = metrics.queue_depths(handover()).runnext
    assert steps(first) == [(0, 0), (100, 1), (250, 0)]
    assert steps(second) == [(0, 0), (600, 1), (720, 0)]


def test_runnexts_of_two_ps_do_not_displace_each_other() -> None:
    rows = [(1, v.E_GO_CREATE, 2, 0, 0, 1), (2, v.E_GO_CREATE, 3, 1, 0, 1)]
    depths = metrics.queue_depths(recording(rows))
    assert [(r.at(2), n.at(2)) for r, n in zip(depths.ring, depths.runnext, strict=True)] == [(0, 1), (0, 1)]


def test_who_is_kicked_out_of_runnext_enters_the_ring() -> None:
    ring = metrics.queue_depths(overflow()).ring[0]
    assert [ring.at(t) for t in (0, 1, 2, 3, 257)] == [0, 0, 1, 2, 256]


def test_a_full_ring_gives_half_of_itself_and_the_newcomer_to_the_global_queue() -> None:
    depths = metrics.queue_depths(overflow())
    assert (depths.ring[0].at(258), depths.global_.at(258), depths.ring[0].maximum()) == (128, 129, 256)


def test_taking_from_the_ring_shortens_it() -> None:
    assert steps(metrics.queue_depths(overflow()).ring[0])[-2:] == [(258, 128), (700, 127)]


def test_a_batch_from_the_global_queue_runs_one_and_queues_the_rest() -> None:
    rows = [(t, v.E_YIELD, g, 0, 0, v.YIELD_GOSCHED) for t, g in ((1, 2), (2, 3), (3, 4))]
    depths = metrics.queue_depths(recording([*rows, (10, v.E_GLOB_GET, 2, 1, 0, 3)]))
    assert (steps(depths.global_)[-2:], steps(depths.ring[1])) == ([(3, 3), (10, 0)], [(0, 0), (10, 2)])


def test_a_theft_moves_all_but_the_one_that_runs() -> None:
    rows = [(t, v.E_QUEUE_TAIL, t + 1, 0, 0, -1) for t in range(1, 6)]
    depths = metrics.queue_depths(recording([*rows, (10, v.E_STEAL, 4, 1, 1, v.steal_arg(0, 3, False))]))
    assert (depths.ring[0].at(10), depths.ring[1].at(10), depths.ring_total().at(10)) == (2, 2, 4)


def test_the_61st_tick_takes_one_from_the_global_queue() -> None:
    rows = [(1, v.E_READY, 2, -1, -1, -1), (5, v.E_EXECUTE, 2, 0, 0, v.SRC_GLOBAL61)]
    assert steps(metrics.queue_depths(recording(rows)).global_) == [(0, 0), (1, 1), (5, 0)]


def test_a_mean_weighs_each_length_with_its_time() -> None:
    first, _ = metrics.queue_depths(handover()).runnext
    assert (first.mean(0, 1000), first.mean(0, 200), first.maximum(250, 900)) == (0.15, 0.5, 0)


def test_a_real_trace_has_no_queues() -> None:
    rec = handover()
    object.__setattr__(rec, "complete", False)
    with pytest.raises(ConfigError, match="a simulated run"):
        metrics.queue_depths(rec)
    assert metrics.summary(rec).ring_max == -1


def test_threads_are_counted_as_they_are_made() -> None:
    assert steps(metrics.thread_count(handover())) == [(0, 1), (100, 2)]


# --- counts --------------------------------------------------------------------------------------------------


def test_thefts_are_counted_by_thief_and_victim() -> None:
    rows = [
        (1, v.E_STEAL, 5, 1, 1, v.steal_arg(0, 3, False)),
        (2, v.E_STEAL, 6, 1, 1, v.steal_arg(0, 1, True)),
        (3, v.E_STEAL, 7, 0, 0, v.steal_arg(1, 2, False)),
    ]
    s = metrics.steals(recording(rows))
    assert (s.count, s.gs, s.runnexts, s.moved, s.times) == (3, 6, 1, ((0, 2), (4, 0)), ((0, 1), (2, 0)))


def test_sources_say_where_each_executed_goroutine_came_from() -> None:
    found = {name: n for name, n in metrics.sources(handover()).items() if n}
    assert found == {"runnext": 2, "stolen": 1}


def test_switches_are_counted_by_reason() -> None:
    assert metrics.switches(handover()) == {"chan receive": 1, "exit": 1}
    assert metrics.switches(in_syscall()) == {"syscall: P retaken": 1}


def test_events_are_counted_in_a_window() -> None:
    whole, part = metrics.counts(handover()), metrics.counts(handover(), 0, 250)
    assert (whole.created, whole.executes, whole.inherited, whole.exited, whole.threads_made) == (2, 3, 2, 1, 2)
    assert (part.created, part.executes, part.exited) == (2, 1, 0)


def test_only_the_last_window_counts_what_happens_at_its_end() -> None:
    rec = recording([(500, v.E_YIELD, 1, 0, 0, 0), (1000, v.E_EXIT, 1, 0, 0, -1)])
    found = [metrics.counts(rec, *window) for window in ((0, 500), (500, 1000))]
    assert [(c.yields, c.exited) for c in found] == [(0, 0), (1, 1)]


def test_preemptions_asked_for_and_delivered_are_told_apart() -> None:
    rows = [
        (10, v.E_PREEMPT, 1, 0, 0, v.PREEMPT_SLICE),
        (11, v.E_SIGNAL, 1, 0, 0, 0),
        (20, v.E_PREEMPT, 1, 0, 0, v.PREEMPT_SLICE),
        (21, v.E_SIGNAL, 1, 0, 0, 1),
        (21, v.E_YIELD, 1, 0, 0, v.YIELD_PREEMPTED),
        (22, v.E_YIELD, 2, 0, 0, v.YIELD_GOSCHED),
    ]
    c = metrics.counts(recording(rows))
    assert (c.preempt_requests, c.signals_stopped, c.signals_missed, c.preempted, c.yields) == (2, 1, 1, 1, 1)


def test_the_summary_is_a_table_of_label_value_and_unit() -> None:
    rows = {label: (value, unit) for label, value, unit in metrics.summary_rows(handover())}
    assert rows["running goroutines"] == (56.5, "% of the Ps' time")
    assert rows["scheduling latency, maximum"] == (0.15, "us")
    assert rows["threads, at most"] == (2, "")


def test_stays_and_depths_that_are_handed_in_give_the_same_summary() -> None:
    rec = handover()
    again = metrics.summary(rec, p_stays=metrics.spans(rec), depths=metrics.queue_depths(rec))
    assert again == metrics.summary(rec)


# --- against the replay --------------------------------------------------------------------------------------


def random_run(seed: int, p: int, go_version: str, cores: int | None) -> Recording:
    """A short run of everything that moves Ps and queues."""

    def worker(wg: WaitGroup, seed: int) -> Any:
        r = random.Random(seed)
        for _ in range(r.randrange(1, 6)):
            yield work(us=r.randrange(1, 120))
            if r.random() < 0.4:
                yield syscall(us=r.randrange(1, 400), kind=r.choice(("blocking", "cpu")))
            elif r.random() < 0.5:
                yield gosched()
        yield wg.Done()

    def main() -> Any:
        wg, n = WaitGroup(), random.Random(seed).randrange(2, 40)
        yield wg.Add(n)
        for i in range(n):
            yield go(worker, wg, seed + i)
        yield wg.Wait()

    config = Config(gomaxprocs=p, seed=seed, go=go_version, cores=cores, until_ns=20_000_000)
    return simulate(config, Program(main, name="random"))


def replayed(rec: Recording) -> tuple[list[Counter[str]], int]:
    """Time of each P in each state, and the number of wrong depths, by replaying event by event."""
    time: list[Counter[str]] = [Counter() for _ in range(rec.config.gomaxprocs)]
    depths, wrong, replay = metrics.queue_depths(rec), 0, Replay(rec.config)
    for i, event in enumerate(rec):
        replay.apply(event)
        length = (rec.t[i + 1] if i + 1 < len(rec) else rec.end_ns) - event.t
        if not length:
            continue
        for p in replay.state.ps:
            time[p.id][p_state(rec, replay.state, p)] += length
            wrong += depths.ring[p.id].at(event.t) != len(p.runq)
            wrong += depths.runnext[p.id].at(event.t) != (p.runnext > 0)
        wrong += depths.global_.at(event.t) != len(replay.state.runq)
    return time, wrong


@settings(max_examples=25)
@given(
    st.integers(0, 10**6), st.integers(1, 5), st.sampled_from(("1.25", "1.27")), st.sampled_from((None, 1, 2))
)
def test_whole_columns_give_what_a_replay_event_by_event_gives(
    seed: int, p: int, go_version: str, cores: int | None
) -> None:
    rec = random_run(seed, p, go_version, cores)
    time, wrong = replayed(rec)
    found = [
        {state: ns for state, ns in zip(metrics.P_STATES, row, strict=True) if ns}
        for row in metrics.state_ns(metrics.spans(rec))
    ]
    assert (found, wrong) == ([dict(t) for t in time], 0)


def test_metrics_can_be_used_without_plotly() -> None:
    code = "import sys, gmp_lab.metrics; sys.exit('plotly' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("go", [name for name in VERSIONS if name not in {"1.23", "1.25"}])
@pytest.mark.parametrize("workload", ["steady_mix", "spawn", "backlog", "skewed", "loops"])
def test_queue_depths_of_every_version_are_those_of_the_replay(go: str, workload: str) -> None:
    rec = simulate(Config(go=go, gomaxprocs=3), CATALOG[workload][0]())
    depths = metrics.queue_depths(rec)
    for t in range(0, rec.end_ns, max(1, rec.end_ns // 40)):
        state = state_at(rec, t)
        assert depths.global_.at(t) == len(state.runq)
        assert [ring.at(t) for ring in depths.ring] == [len(p.runq) for p in state.ps]
        assert [slot.at(t) for slot in depths.runnext] == [int(p.runnext > 0) for p in state.ps]
