"""runtime/metrics' values, on runs that can be checked on paper, against the Runtime, and against Go's own tables."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from go_oracle import runs_until
from handmade import BEGIN, HANDOVER, handover, in_syscall, recording
from hypothesis import given
from hypothesis import strategies as st

from gmp_lab import Config, ConfigError, Recording, golang, simulate
from gmp_lab import vocabulary as v
from gmp_lab.catalog import fan_out, hogs_and_victims, steady_mix
from gmp_lab.metrics import format_metrics, parse_metrics
from gmp_lab.metrics.runtime_metrics import (
    ABSENT,
    BUCKETS,
    METRICS,
    TimeHistogram,
    bucket_of,
    runtime_metrics,
    time_buckets,
    time_histogram,
    why_absent,
)
from gmp_lab.recording import Columns
from gmp_lab.workload import Body, Chan, Program, chan, go, gosched, now, recv, work

GOROUTINES = ("not-in-go", "runnable", "running", "waiting")


def counts(rec: Recording, t: int) -> tuple[Any, ...]:
    """(live, not in Go, runnable, running, waiting) at time t."""
    values = runtime_metrics(rec, t)
    parts = (values[f"/sched/goroutines/{word}:goroutines"] for word in GOROUTINES)
    return (values["/sched/goroutines:goroutines"], *parts)


@pytest.mark.parametrize(
    ("t", "expected"),
    [(50, (1, 0, 0, 1, 0)), (150, (2, 0, 1, 1, 0)), (300, (2, 0, 0, 2, 0)), (550, (2, 0, 0, 1, 1)),
     (650, (2, 0, 1, 1, 0)), (1000, (1, 0, 0, 1, 0))],
)  # fmt: skip
def test_goroutines_are_counted_by_what_they_do(t: int, expected: tuple[int, ...]) -> None:
    assert counts(handover(), t) == expected


@pytest.mark.parametrize("go", ["1.25", "1.27"])
def test_a_goroutine_in_a_system_call_is_not_in_go_with_its_p_and_without(go: str) -> None:
    assert [counts(in_syscall(go), t) for t in (200, 400, 600)] == [(1, 1, 0, 0, 0), (1, 1, 0, 0, 0), (1, 0, 0, 1, 0)]


def test_threads_and_goroutines_made_are_counted_from_the_start() -> None:
    names = ("/sched/threads/total:threads", "/sched/goroutines-created:goroutines", "/sched/gomaxprocs:threads")
    assert [[runtime_metrics(handover(), t)[name] for name in names] for t in (50, 1000)] == [[1, 1, 2], [2, 2, 2]]


def test_latencies_hold_each_wait_once_it_is_over() -> None:
    def histogram(t: int) -> dict[int, int]:
        found = runtime_metrics(handover(), t)["/sched/latencies:seconds"]
        assert isinstance(found, TimeHistogram)
        return {int(i): int(found.counts[i]) for i in np.flatnonzero(found.counts)}

    # main at once; G2 after 150 ns (made at 100, run at 250); main again after 120 ns (ready at 600, run at 720)
    assert histogram(200) == {bucket_of(0): 1}
    assert histogram(250) == {bucket_of(0): 1, bucket_of(150): 1}
    assert histogram(1000) == {bucket_of(0): 1, bucket_of(150): 1, bucket_of(120): 1}


@pytest.mark.parametrize(
    ("reason", "expected"), [("sync.Mutex.Lock", 2e-7), ("sync.RWMutex.RLock", 2e-7), ("chan receive", 0.0)]
)
def test_only_waits_for_a_mutex_count_as_mutex_wait_and_only_when_they_are_over(reason: str, expected: float) -> None:
    rows = [(*row[:5], v.WAIT_NO[reason]) if row[1] == v.E_PARK else row for row in HANDOVER]
    rec = recording(rows)
    waited = [runtime_metrics(rec, t)["/sync/mutex/wait/total:seconds"] for t in (599, 600)]
    assert waited == [0.0, expected]


@pytest.mark.parametrize(("go", "live"), [("1.27", 6), ("1.25", 1)])
def test_the_runtimes_own_goroutines_count_since_1_26(go: str, live: int) -> None:
    rec = simulate(Config(gomaxprocs=2, startup="real", go=go), steady_mix(goroutines=2, bursts=2))
    assert runtime_metrics(rec, 0)["/sched/goroutines:goroutines"] == live


def test_the_counts_are_those_of_the_runtime_at_every_moment() -> None:
    seen: dict[int, tuple[int, ...]] = {}
    told: dict[int, int] = {}  # how many events there were

    def look(rt: Any, events: list[Any]) -> None:
        alive = [g.atomicstatus for g in rt.allgs if g.atomicstatus != 6]
        queued = sum(len(p.runq) + (p.runnext is not None) for p in rt.allp) + len(rt.sched.runq)
        in_call = alive.count(3)
        running = sum(
            p.status == 1 and not (p.m.curg is not None and p.m.curg.atomicstatus == 3) for p in rt.allp
        )  # fmt: skip
        rest = max(len(alive) - in_call - queued - running, 0)
        told[rt.engine.now] = len(events)
        seen[rt.engine.now] = (len(alive), in_call, queued, running, rest)

    hogs, mix = hogs_and_victims(hogs=1, victims=3, turns=10), steady_mix(goroutines=9, bursts=5)
    for program in (hogs, mix, fan_out(50, 4)):
        seen.clear()
        rec = simulate(Config(gomaxprocs=3, until_ns=30_000_000), program, observe=look)
        times = [t for t in list(seen)[:-1] if rec.index_at(t) == told[t]]  # the next step may begin at the same time
        assert len(times) > 20
        assert {t: counts(rec, t) for t in times[::5]} == {t: seen[t] for t in times[::5]}


# --- the buckets --------------------------------------------------------------------------------------------------


@given(ns=st.integers(0, 2**50) | st.integers(0, 47).map(lambda bits: 1 << bits))
def test_a_duration_lies_within_the_boundaries_of_its_bucket(ns: int) -> None:
    bounds, i = time_buckets(), bucket_of(ns)
    assert bounds[i] <= ns / 1e9 < bounds[i + 1]


@pytest.mark.parametrize(
    ("ns", "bucket"),
    [(-1, 0), (0, 1), (63, 1), (64, 2), (255, 4), (256, 5), (319, 5), (320, 6), (512, 9), (2**47 - 1, BUCKETS - 2),
     (2**47, BUCKETS - 1)],
)  # fmt: skip
def test_the_buckets_of_small_and_large_durations_are_gos(ns: int, bucket: int) -> None:
    assert bucket_of(ns) == bucket


@given(values=st.lists(st.integers(-5, 2**48), max_size=40))
def test_a_histogram_counts_every_value_once(values: list[int]) -> None:
    h = time_histogram(np.array(values, np.int64))
    assert h.total == len(values) and len(h.buckets) == len(h.counts) + 1 == BUCKETS + 1
    assert bool((np.diff(h.buckets) > 0).all())


# --- names --------------------------------------------------------------------------------------------------------


def test_no_name_both_has_a_value_and_a_reason_why_not() -> None:
    assert not [name for name in METRICS if name.startswith(tuple(ABSENT))]
    assert "collector" in why_absent("/gc/cycles/total:gc-cycles")


@pytest.mark.parametrize("name", ["/sched/goroutines:goroutines", "/sched/steals:steals", ""])
def test_a_name_that_is_not_absent_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="name"):
        why_absent(name)


def test_a_time_outside_the_run_and_a_real_trace_are_refused() -> None:
    with pytest.raises(ConfigError, match="runtime_metrics"):
        runtime_metrics(handover(), 1001)
    with pytest.raises(ConfigError, match="real trace"):
        runtime_metrics(incomplete())


def incomplete() -> Recording:
    columns = Columns()
    columns.extend(list(BEGIN))
    return Recording(
        Config(gomaxprocs=2), columns, program="trace", params={}, g_names=("main",), end_ns=1, ended="exit", steps=1,
        complete=False,
    )  # fmt: skip


COUNTED = (
    "/sched/goroutines:goroutines", *(f"/sched/goroutines/{word}:goroutines" for word in GOROUTINES),
    "/sched/goroutines-created:goroutines", "/sched/threads/total:threads",
)  # fmt: skip
# At main's start, after five go statements, after two times Gosched: what Go 1.27.3 says (COUNTED) on one P
REAL = [[6, 0, 2, 1, 3, 6, 3], [11, 0, 7, 1, 3, 11, 3], [11, 0, 0, 1, 10, 11, 3]]

GO_COUNTS = """package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/metrics"
)

func main() {
	s := make([]metrics.Sample, len(os.Args)-1)
	for i := range s {
		s[i].Name = os.Args[i+1]
	}
	c := make(chan int)
	read := func() {
		metrics.Read(s)
		for i := range s {
			fmt.Print(s[i].Value.Uint64(), " ")
		}
		fmt.Println()
	}
	read()
	for range 5 {
		go func() { <-c }()
	}
	read()
	runtime.Gosched()
	runtime.Gosched()
	read()
}
"""


def test_a_real_programs_counts_are_those_of_its_twin() -> None:
    times: list[int] = []

    def main() -> Body:
        c = chan()
        times.append((yield now()))
        yield work(us=1)
        for _ in range(5):
            yield go(receiver, c)
        times.append((yield now()))
        yield work(us=1)
        yield gosched()
        yield gosched()
        times.append((yield now()))
        yield work(us=1)

    rec = simulate(Config(gomaxprocs=1, startup="real"), Program(main))
    assert [[runtime_metrics(rec, t)[name] for name in COUNTED] for t in times] == REAL


def receiver(c: Chan) -> Body:
    yield recv(c)


@pytest.mark.go
def test_the_counts_that_we_compare_with_are_those_of_an_installed_go() -> None:
    toolchain = golang.require_toolchain("1.27")

    def ask() -> list[list[int]]:
        run = golang.run_go(GO_COUNTS, gomaxprocs=1, args=list(COUNTED), toolchain=toolchain, env={"GOGC": "off"})
        return [[int(word) for word in line.split()] for line in run.stdout.splitlines()]

    assert REAL in runs_until(REAL, ask)


GO_TABLES = """package main

import (
	"encoding/json"
	"math"
	"os"
	"runtime/metrics"
)

func main() {
	names := []string{}
	for _, d := range metrics.All() {
		names = append(names, d.Name)
	}
	s := []metrics.Sample{{Name: "/sched/latencies:seconds"}}
	metrics.Read(s)
	h := s[0].Value.Float64Histogram()
	bounds := []float64{}
	for _, b := range h.Buckets {
		if !math.IsInf(b, 0) {
			bounds = append(bounds, b)
		}
	}
	json.NewEncoder(os.Stdout).Encode(map[string]any{"names": names, "bounds": bounds, "counts": len(h.Counts)})
}
"""


@pytest.mark.go
def test_gos_names_are_all_accounted_for_and_its_bucket_boundaries_are_ours() -> None:
    told = json.loads(golang.run_go(GO_TABLES, toolchain=golang.require_toolchain("1.27")).stdout)
    assert set(METRICS) <= set(told["names"])
    assert all(why_absent(name) for name in told["names"] if name not in METRICS)
    assert told["counts"] == BUCKETS and told["bounds"] == time_buckets()[1:-1].tolist()


# --- as text ------------------------------------------------------------------------------------------------------


def equal(a: Any, b: Any) -> bool:
    if isinstance(a, TimeHistogram):
        same = isinstance(b, TimeHistogram) and a.counts.tolist() == b.counts.tolist()
        return same and a.buckets.tolist() == b.buckets.tolist()
    return type(a) is type(b) and bool(a == b)


def test_the_metrics_of_a_run_are_written_and_read_back_to_equal_values() -> None:
    values = runtime_metrics(simulate(Config(gomaxprocs=2), steady_mix(goroutines=6, bursts=6)))
    back = parse_metrics(format_metrics(values))
    assert back.keys() == values.keys() and all(equal(values[name], back[name]) for name in values)


@given(st.dictionaries(st.from_regex(r"/[a-z]{1,8}/[a-z]{1,8}:[a-z]{1,8}", fullmatch=True),
                       st.one_of(st.integers(0, 2**63), st.floats(allow_nan=False)), min_size=1))  # fmt: skip
def test_numbers_are_read_back_to_equal_values(values: dict[str, Any]) -> None:
    back = parse_metrics(format_metrics(values))
    assert all(equal(values[name], back[name]) for name in values)


@given(st.text())
def test_other_text_is_one_clear_error(text: str) -> None:
    try:
        values = parse_metrics(text)
    except ConfigError as problem:
        assert problem.parameter == "metrics"  # noqa: PT017  # either is right
    else:
        assert values


@pytest.mark.parametrize("bad", ["/a:b x", "a 1", "/a:b 1\n/a:b 1", "/a:b histogram 1", "/a:b histogram 2:1 1",
                                 "/a:b histogram 1:x 2", "/a:b histogram 1:-1 2", "/a:b", ""])  # fmt: skip
def test_a_broken_line_is_told(bad: str) -> None:
    with pytest.raises(ConfigError, match="metrics"):
        parse_metrics(bad)
