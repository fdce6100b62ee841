"""Sweeps: checked before they run, the same rows wherever they run, bands by hand, what survives a failure."""

from __future__ import annotations

import csv
import io
import math
import multiprocessing
import pickle
import threading
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any

import dask
import distributed
import pytest
import sweep_programs as programs
from hypothesis import given, settings
from hypothesis import strategies as st

from gmp_lab import Config, ConfigError, metrics, simulate
from gmp_lab.catalog import ping_pong, steady_mix
from gmp_lab.metrics import summary_rows
from gmp_lab.sweeps import MEASURES, Run, SweepTable, make_plan, run_chunk, sweep, t_quantile

AXES = {"config.gomaxprocs": (1, 2, 4), "program.burst_us": (20, 50)}
SMALL = {"goroutines": 4, "bursts": 5}
BURSTS = {"program.burst_us": (5, 6, 7, 8)}
SPAWN = multiprocessing.get_context("spawn")  # fork is not safe in a process with threads


@pytest.fixture(scope="module")
def inline() -> SweepTable:
    return sweep(steady_mix, AXES, range(3), arguments=SMALL)


# --- the runs --------------------------------------------------------------------------------------------------


def test_each_row_is_what_a_direct_simulation_measures(inline: SweepTable) -> None:
    expected = []
    for procs in (1, 2, 4):
        for burst in (20, 50):
            for seed in range(3):
                program = steady_mix(burst_us=burst, seed=seed, **SMALL)
                rec = simulate(Config(gomaxprocs=procs, seed=seed), program)
                rows = {row[0]: row[1] for row in summary_rows(rec)}
                values = tuple(rows[name] for name in inline.measures)
                expected.append(Run((procs, burst), seed, values, "exit"))
    assert inline.runs == tuple(expected)


def test_every_row_of_the_summary_and_every_named_measure_can_be_one() -> None:
    rec = simulate(Config(), steady_mix(**SMALL))
    assert (*(row[0] for row in summary_rows(rec)), *metrics.MEASURES) == MEASURES


@pytest.mark.parametrize("name", MEASURES)
def test_a_measure_taken_alone_is_what_the_tables_show(name: str) -> None:
    program = {"goroutines": 300, "bursts": 8, "syscall_percent": 40}
    rec = simulate(Config(gomaxprocs=3, seed=5), steady_mix(seed=5, **program))
    table = sweep(steady_mix, {"config.gomaxprocs": (3,)}, [5], arguments=program, measures=(name,))
    assert table.runs[0].values == (metrics.measured(rec, (name,))[0][1],)


def test_one_axis_can_set_several_parameters() -> None:
    both = sweep(steady_mix, {"config.cores+config.gomaxprocs": (1, 2)}, [1], arguments=SMALL)
    for run, n in zip(both.runs, (1, 2), strict=True):
        rec = simulate(Config(cores=n, gomaxprocs=n, seed=1), steady_mix(seed=1, **SMALL))
        assert run.values[0] == rec.end_ns / 1000
    with pytest.raises(ConfigError, match=r"axes = 'config\.cores\+config\.speed'"):
        sweep(steady_mix, {"config.cores+config.speed": (1, 2)}, [1])


def test_a_function_can_be_a_measure() -> None:
    table = sweep(programs.one_burst, {"program.burst_us": (10, 20)}, [1], measures={"end": programs.end_us})
    assert [run.values for run in table.runs] == [
        (programs.end_us(simulate(Config(seed=1), programs.one_burst(us, 1))),) for us in (10, 20)
    ]


def test_a_program_without_a_seed_gets_none() -> None:
    table = sweep(ping_pong, {"program.rounds": (2, 3)}, (1, 2))
    assert (len(table), table.failed) == (4, ())


def test_an_axis_goes_before_a_config_that_is_given_whole() -> None:
    given_ = Config(cores=2, gomaxprocs=None)
    table = sweep(steady_mix, {"config.gomaxprocs": (1, 4)}, [1], config=given_, arguments=SMALL)
    alone = [simulate(Config(cores=2, gomaxprocs=n), steady_mix(seed=1, **SMALL)).end_ns / 1000 for n in (1, 4)]
    assert [run.values[0] for run in table.runs] == alone


def test_a_run_that_is_cut_off_is_told() -> None:
    table = sweep(steady_mix, {"config.until_ns": (1000, 10**9)}, [1], arguments=SMALL)
    assert [run.ended for run in table.runs] == ["until", "exit"]
    assert "1 did not end by themselves" in table.summary()


# --- checked before anything runs ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"axes": {}}, "axes = {} is not possible: values for at least one name"),
        ({"axes": {"gomaxprocs": (1,)}}, "axes = 'gomaxprocs' is not possible: one of config.gomaxprocs"),
        ({"axes": {"config.seed": (1,)}}, "seeds are a parameter of their own"),
        ({"axes": {"config.gomaxprocs": ()}}, "at least one"),
        ({"axes": {"config.gomaxprocs": (1, 1)}}, "all different"),
        ({"axes": {"config.gomaxprocs": (1, 257)}}, "gomaxprocs = 257"),
        ({"axes": {"program.burst_us": (10, -1)}}, "burst_us = -1"),
        ({"seeds": ()}, "seeds = ()"),
        ({"seeds": (1, 1)}, "different whole numbers"),
        ({"seeds": (-1,)}, "seeds = -1"),
        ({"config": {"speed": 1}}, "config = 'speed'"),
        ({"arguments": {"seed": 1}}, "arguments = 'seed'"),
        ({"measures": ("speed",)}, "measures = 'speed'"),
        ({"measures": ()}, "measures = ()"),
        ({"measures": {"end": lambda rec: 1.0}}, "top of a module"),
        ({"program": lambda: None}, "top of a module"),
        ({"program": programs.no_program}, "a function that returns a Program"),
        ({"seeds": range(400_000), "axes": {"config.gomaxprocs": (1, 2, 3)}}, "at most 1,000,000 runs"),
    ],
)
def test_what_no_run_could_have_is_refused_in_one_sentence(change: dict[str, Any], said: str) -> None:
    told: list[int] = []
    given_: dict[str, Any] = {"program": steady_mix, "axes": AXES, "seeds": (1, 2), **change}
    if given_["program"] is programs.no_program:
        given_["axes"] = {"program.burst_us": (1,)}
    with pytest.raises(ConfigError) as refused:
        sweep(**given_, progress=lambda done, _: told.append(done))
    assert (said in str(refused.value), told) == (True, [])


# --- the same everywhere ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cluster() -> Iterator[distributed.Client]:
    settings_ = {"distributed.scheduler.allowed-failures": 0, "distributed.comm.timeouts.connect": "60s"}
    with (
        dask.config.set(settings_),
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as local,
        distributed.Client(local) as client,
    ):
        yield client


def test_threads_give_the_same_table(inline: SweepTable) -> None:
    with ThreadPoolExecutor(2) as pool:
        assert sweep(steady_mix, AXES, range(3), arguments=SMALL, executor=pool) == inline


def test_processes_give_the_same_table(inline: SweepTable) -> None:
    with ProcessPoolExecutor(2, mp_context=SPAWN) as pool:
        assert sweep(steady_mix, AXES, range(3), arguments=SMALL, executor=pool) == inline


@pytest.mark.slow
def test_a_dask_cluster_gives_the_same_table(inline: SweepTable, cluster: distributed.Client) -> None:
    assert sweep(steady_mix, AXES, range(3), arguments=SMALL, executor=cluster.get_executor()) == inline


def test_runs_that_are_ready_in_another_order_give_the_same_table(inline: SweepTable) -> None:
    later: list[tuple[Any, Any]] = []

    class Backwards(Executor):
        def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
            later.insert(0, (future := Future[Any](), lambda: fn(*args, **kwargs)))
            return future

    def one_more() -> bool:
        if later:
            future, work = later.pop(0)
            future.set_result(work())
        return False

    table = sweep(steady_mix, AXES, range(3), arguments=SMALL, executor=Backwards(), cancel=one_more)
    assert table == inline


def test_a_plan_that_was_sent_gives_the_same_runs() -> None:
    plan = make_plan(steady_mix, AXES, range(3), None, SMALL, ("time",))
    assert run_chunk(pickle.loads(pickle.dumps(plan)), 4, 9) == run_chunk(plan, 0, len(plan))[4:9]


# --- what survives ---------------------------------------------------------------------------------------------


def test_a_value_that_fails_at_one_point_only_leaves_the_others() -> None:
    axes = {"config.cores": (None, 2), "config.quota_us": (None, 50_000)}
    table = sweep(programs.one_burst, axes, (1, 2))
    assert [(run.at, bool(run.failed)) for run in table.runs[::2]] == [
        ((None, None), False), ((None, 50_000), True), ((2, None), False), ((2, 50_000), False),
    ]  # fmt: skip
    assert "cores = None is not possible" in table.failed[0].failed


def test_a_throw_fails_its_point_and_leaves_the_others() -> None:
    table = sweep(programs.breaks, BURSTS, (1, 2))
    assert [run.failed for run in table.runs] == [""] * 4 + ["casgstatus: bad incoming values"] * 2 + [""] * 2
    assert [p.at for p in table.points("time")] == [(5,), (6,), (8,)]


def test_a_measure_that_is_not_a_number_fails_its_runs() -> None:
    table = sweep(programs.one_burst, {"program.burst_us": (5,)}, [1], measures={"odd": programs.no_number})
    assert "measures: odd = nan is not possible" in table.failed[0].failed


def test_a_mistake_in_a_program_ends_the_sweep_and_withdraws_the_rest() -> None:
    held: list[Future[Any]] = []

    def act(n: int, future: Future[Any]) -> bool:
        if n == 0:
            future.set_exception(ZeroDivisionError("a mistake"))
        else:
            held.append(future)
        return True

    with pytest.raises(ZeroDivisionError):
        sweep(programs.one_burst, BURSTS, (1, 2), executor=programs.Chosen(act))
    assert held and all(future.cancelled() for future in held)


def test_a_worker_that_is_killed_leaves_the_runs_that_were_done() -> None:
    with ProcessPoolExecutor(1, mp_context=SPAWN) as pool:
        table = sweep(programs.kills, BURSTS, [1], executor=pool)
    whole = sweep(programs.kills, BURSTS, [1])
    assert table.runs[:2] == whole.runs[:2]
    assert [run.failed[:36] for run in table.runs[2:]] == ["The worker of this run was lost: A p"] * 2


@pytest.mark.slow
def test_a_dask_worker_that_is_killed_leaves_the_others(cluster: distributed.Client) -> None:
    table = sweep(programs.kills, BURSTS, [1], executor=cluster.get_executor(retries=0))
    whole = sweep(programs.kills, BURSTS, [1])
    assert "The worker of this run was lost" in table.runs[2].failed
    assert all(mine == theirs for mine, theirs in zip(table.runs, whole.runs, strict=True) if not mine.failed)
    assert len(table.failed) < len(table)


@settings(max_examples=40)
@given(st.sets(st.integers(0, 7)), st.booleans())
def test_whatever_workers_are_lost_the_other_rows_are_the_same(lost: set[int], cancelled: bool) -> None:
    def act(n: int, future: Future[Any]) -> bool:
        if n in lost:
            if cancelled:
                future.cancel()
                future.set_running_or_notify_cancel()
            else:
                future.set_exception(BrokenProcessPool("gone"))
        return n in lost

    table = sweep(programs.one_burst, BURSTS, (1, 2), executor=programs.Chosen(act))
    whole = sweep(programs.one_burst, BURSTS, (1, 2))
    assert {k for k, run in enumerate(table.runs) if run.failed} == lost
    assert all(a == b for a, b in zip(table.runs, whole.runs, strict=True) if not a.failed)


def test_a_pool_that_breaks_while_pieces_are_sent_fails_the_rest_only() -> None:
    def act(n: int, _future: Future[Any]) -> bool:
        if n >= 3:
            raise BrokenProcessPool("gone")
        return False

    table = sweep(programs.one_burst, BURSTS, (1, 2), executor=programs.Chosen(act))
    assert [bool(run.failed) for run in table.runs] == [False] * 3 + [True] * 5


# --- cancelling ------------------------------------------------------------------------------------------------


def test_a_cancelled_sweep_keeps_what_was_done_and_says_what_is_missing() -> None:
    answers = iter([False] * 3 + [True])
    table = sweep(programs.one_burst, BURSTS, (1, 2), cancel=lambda: next(answers))
    assert table.runs == sweep(programs.one_burst, BURSTS, (1, 2)).runs[:3]
    assert (table.missing_points, table.planned) == (3, 8)
    assert "cancelled: 5 runs missing at 3 points" in table.summary()


def test_a_cancelled_pool_keeps_what_was_done_and_withdraws_the_rest() -> None:
    held: list[Future[Any]] = []

    def act(n: int, future: Future[Any]) -> bool:
        if n >= 3:
            held.append(future)
        return n >= 3

    stop = threading.Event()
    stop.set()
    table = sweep(programs.one_burst, BURSTS, (1, 2), executor=programs.Chosen(act), cancel=stop)
    assert table.runs == sweep(programs.one_burst, BURSTS, (1, 2)).runs[:3]
    assert len(held) == 5 and all(future.cancelled() for future in held)


def test_progress_counts_from_none_to_all() -> None:
    told: list[tuple[int, int]] = []
    sweep(programs.one_burst, BURSTS, (1, 2), progress=lambda *now: told.append(now))
    assert told == [(done, 8) for done in range(9)]


def test_a_large_sweep_is_sent_in_few_pieces() -> None:
    executor = programs.Chosen(lambda n, future: False)
    sweep(programs.one_burst, {"program.burst_us": tuple(range(20, 40))}, range(5), executor=executor)
    assert executor.submitted <= 32


# --- the table -------------------------------------------------------------------------------------------------


def table_of(*values: float) -> SweepTable:
    runs = tuple(Run((1,), seed, (value,), "exit") for seed, value in enumerate(values))
    return SweepTable((("config.gomaxprocs", (1,)),), tuple(range(len(values))), ("time",), runs)


def test_a_band_is_that_of_the_hand_computed_example() -> None:
    (point,) = table_of(1.0, 2.0, 3.0, 10.0).points()
    # mean 4; squares 9 + 4 + 1 + 36 = 50; sd sqrt(50 / 3) = 4.08248; error / 2 = 2.04124; x 3.1824 = 6.49605
    assert (point.n, point.mean, point.median) == (4, 4.0, 2.5)
    assert (point.low, point.high) == (pytest.approx(4 - 6.49605, abs=1e-4), pytest.approx(4 + 6.49605, abs=1e-4))


def test_one_run_has_no_band_and_equal_runs_a_band_of_no_width() -> None:
    (one,), (same,) = table_of(5.0).points(), table_of(5.0, 5.0, 5.0).points()
    assert (one.low, one.high, same.low, same.high) == (None, None, 5.0, 5.0)


@pytest.mark.parametrize("df", [1, 2, 3, 7, 19, 30, 31, 40, 100, 1000])
def test_the_quantile_cuts_off_a_fortieth_of_students_density(df: int) -> None:
    scale = math.exp(math.lgamma((df + 1) / 2) - math.lgamma(df / 2)) / math.sqrt(df * math.pi)
    t, n = t_quantile(df), 4000
    height = [scale * (1 + (t * k / n) ** 2 / df) ** (-(df + 1) / 2) for k in range(n + 1)]
    area = (height[0] + height[-1] + 4 * sum(height[1::2]) + 2 * sum(height[2:-1:2])) * t / n / 3
    assert area == pytest.approx(0.475, abs=2e-6)


@settings(max_examples=50)
@given(st.lists(st.floats(-1e9, 1e9), min_size=2, max_size=30))
def test_the_mean_stands_in_the_middle_of_its_band(values: list[float]) -> None:
    (point,) = table_of(*values).points()
    assert point.low is not None and point.high is not None
    assert point.low <= point.mean <= point.high
    assert point.high - point.mean == pytest.approx(point.mean - point.low, rel=1e-6, abs=1e-3)


def test_text_and_html_tell_the_same_points(inline: SweepTable) -> None:
    html = inline._repr_html_()
    told = [f"{p.mean:,.3f}" for p in inline.points()]
    assert all(word in inline.text() and word in html for word in told)
    assert repr(inline) == inline.text() and inline.text().startswith("Sweep: 18 of 18 runs")


def test_csv_holds_every_run_exactly(inline: SweepTable) -> None:
    head, *rows = csv.reader(io.StringIO(inline.to_csv()))
    assert head == ["config.gomaxprocs", "program.burst_us", "seed", *inline.measures, "ended", "failed"]
    assert [tuple(map(float, row[3:6])) for row in rows] == [run.values for run in inline.runs]


def test_an_unknown_measure_is_refused(inline: SweepTable) -> None:
    with pytest.raises(ConfigError, match="'time'"):
        inline.points("speed")
