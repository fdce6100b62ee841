"""A quota of CPU time (cpu.max): who is throttled, for how long, and what that does to a program."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from helpers import checked, run
from hypothesis import given
from hypothesis import strategies as st

from gmp_lab import Config, ConfigError, Program, Recording, WaitGroup, go, now, params, simulate, sleep, work
from gmp_lab import vocabulary as v
from gmp_lab.metrics import cpu_stat, cpu_time_ns, nearest_rank, throttled
from gmp_lab.narrate import narrate
from gmp_lab.net import arrives, conn, read
from gmp_lab.replay import state_after, state_at
from gmp_lab.validate import validate

MS = 1_000_000
PERIOD = 100 * MS


def busy(n: int, ms: int) -> Iterator[Any]:
    """Main: n goroutines that compute for ms milliseconds each."""
    wg = WaitGroup()

    def worker() -> Iterator[Any]:
        yield work(ms=ms)
        yield wg.Done()

    yield wg.Add(n)
    for _ in range(n):
        yield go(worker)
    yield wg.Wait()


def limited(n: int, ms: int, cpus: float, cores: int, **settings: Any) -> Recording:
    settings = {"gomaxprocs": cores, "until_ns": 3_000 * MS, "quota_us": int(cpus * 100_000), **settings}
    return run(busy, n, ms, cores=cores, **settings)


def test_eight_busy_threads_with_two_cpus_run_a_quarter_of_each_period() -> None:
    rec = limited(8, 500, 2, 8)
    stalls = [s.end_ns - s.start_ns for s in throttled(rec) if s.start_ns > PERIOD]
    assert 73 * MS <= sum(stalls) / len(stalls) <= 77 * MS
    used = [cpu_time_ns(rec, k * PERIOD, (k + 1) * PERIOD) for k in range(1, 19)]
    assert 199 * MS <= sum(used) / len(used) <= 201 * MS


def test_every_stall_ends_when_a_period_begins() -> None:
    rec = limited(8, 500, 2, 8, until_ns=900 * MS)
    ends = {s.end_ns % PERIOD for s in throttled(rec) if s.end_ns < rec.end_ns}
    assert ends == {0}


def test_time_that_a_thread_gives_back_lets_a_throttled_one_go_on() -> None:
    rec = limited(8, 100, 2, 8)  # the first to end leave most of their slices
    last = [s for s in throttled(rec) if s.end_ns % PERIOD and s.end_ns < rec.end_ns]
    assert last and all(s.end_ns - s.start_ns >= params.bandwidthSlack for s in last)


def test_what_is_used_is_noticed_at_ticks_only() -> None:
    rec = limited(2, 200, 0.5, 2)
    starts = {(s.start_ns + params.bandwidthTick // 2) % params.bandwidthTick for s in throttled(rec)}
    assert starts == {0}


def test_one_busy_thread_with_two_cpus_is_never_throttled() -> None:
    rec = limited(1, 900, 2, 8)
    assert cpu_stat(rec).nr_throttled == 0 and cpu_stat(rec).nr_periods == 9
    assert rec.end_ns < 901 * MS


def test_a_burst_within_the_quota_runs_on_all_cores_at_once() -> None:
    rec = limited(8, 20, 2, 8)  # 160 ms of 200, but eight CPUs at a time
    assert not throttled(rec) and rec.end_ns < 21 * MS


def test_a_burst_beyond_the_quota_waits_for_the_next_period() -> None:
    rec = limited(8, 32, 2, 8)
    assert throttled(rec) and rec.end_ns > PERIOD


def test_the_same_quota_in_short_periods_stalls_shortly() -> None:
    long = limited(8, 100, 2, 8)
    short = limited(8, 100, 2, 8, quota_us=20_000, period_us=10_000)
    assert max(s.end_ns - s.start_ns for s in throttled(short)) < max(s.end_ns - s.start_ns for s in throttled(long))


def test_no_core_stays_free_while_a_thread_wants_one_and_time_is_left() -> None:
    def look(rt: Any, rows: Any) -> None:
        checked(rt, rows)
        if rt.quota.queue:
            assert not rt.quota.free

    config = Config(gomaxprocs=8, cores=4, quota_us=250_000, until_ns=500 * MS)
    simulate(config, Program(busy, 8, 100), observe=look)


def test_a_quota_that_is_never_reached_changes_nothing() -> None:
    free = limited(6, 30, 1, 4, quota_us=None)
    limit = limited(6, 30, 1, 4, quota_us=1_000_000)
    assert [e for e in limit if e.kind != v.E_REFILL] == list(free)


def test_a_throttled_thread_keeps_its_p_and_its_goroutine() -> None:
    rec = limited(8, 100, 2, 8)
    at = next(i for i, e in enumerate(rec) if e.kind == v.E_THROTTLE and e.m >= 0)
    m = state_after(rec, at + 1).ms[rec[at].m]
    assert m.cpu < 0 and m.p >= 0 and m.curg > 0


def test_the_state_names_the_throttled_cores() -> None:
    rec = limited(8, 100, 2, 8)
    assert sorted(state_at(rec, 99 * MS).throttled) == list(range(8)) and not state_at(rec, 101 * MS).throttled


def server(times: list[int], every_us: int, requests: int) -> Iterator[Any]:
    """Main: two goroutines compute all the time; requests come from outside. times gets how long each took, in ns."""
    c = conn()

    def hog() -> Iterator[Any]:
        while True:
            yield work(ms=1)

    yield go(hog)
    yield go(hog)
    for k in range(requests):
        yield arrives(c, 1, us=every_us * (k + 1))
    for k in range(requests):
        yield read(c)
        yield work(us=200)
        times.append((yield now()) - every_us * 1000 * (k + 1))


def latencies(quota_us: int | None) -> Any:
    times: list[int] = []
    config = Config(gomaxprocs=4, cores=4, quota_us=quota_us, until_ns=4_000 * MS)
    assert simulate(config, Program(server, times, 3_000, 400), False).ended == "exit"
    return sorted(times)


def test_under_throttling_the_slowest_requests_wait_for_a_stall() -> None:
    free, tight = latencies(None), latencies(100_000)
    assert len(free) == len(tight) == 400
    assert nearest_rank(free, 99) < 5 * MS
    assert nearest_rank(tight, 99) > 30 * MS  # two hogs use up a CPU's worth in half of the period
    assert nearest_rank(tight, 25) < 5 * MS  # most are not touched


def test_sysmon_stands_still_with_the_rest() -> None:
    def spin() -> Iterator[Any]:
        yield work(ms=300, loop="call")

    def main() -> Iterator[Any]:
        yield go(spin)
        yield go(spin)
        yield work(ms=300, loop="call")

    rec = run(main, gomaxprocs=2, cores=2, quota_us=20_000, until_ns=1_000 * MS)
    closed = throttled(rec)
    pairs = [(a, b) for a in closed for b in closed if a.core < b.core]
    quiet = [(max(a.start_ns, b.start_ns), min(a.end_ns, b.end_ns)) for a, b in pairs]
    asked = [e.t for e in rec if e.kind == v.E_PREEMPT]
    assert asked and not [t for t in asked for start, end in quiet if start < t < end]


def test_sysmon_uses_the_groups_time() -> None:
    def idle() -> Iterator[Any]:
        for _ in range(50):
            yield sleep(ms=10)

    config = Config(gomaxprocs=2, cores=2, quota_us=1_000, until_ns=600 * MS, schedtrace_ms=1000)
    busy_sysmon = simulate(config, Program(idle))  # a schedtrace keeps sysmon awake
    assert cpu_stat(busy_sysmon).nr_throttled > 0


def test_a_quota_needs_a_number_of_cores() -> None:
    with pytest.raises(ConfigError, match="cores"):
        Config(quota_us=100_000)


WRONG = [("quota_us", 999), ("quota_us", 10**9 + 1), ("quota_us", 1.5), ("period_us", 999), ("period_us", 1_000_001),
         ("period_us", None)]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_an_impossible_quota_is_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        Config(cores=2, **{name: value})
    assert caught.value.parameter == name


def test_every_event_of_the_quota_has_its_sentence() -> None:
    rec = limited(8, 50, 2, 8)
    said = {e.kind: narrate(rec, i).sentence for i, e in enumerate(rec) if e.kind in (101, 102, 103)}
    assert "throttled" in said[v.E_THROTTLE] and "free for the group" in said[v.E_UNTHROTTLE]
    assert "A new period begins" in said[v.E_REFILL]


SETTINGS = st.fixed_dictionaries({
    "gomaxprocs": st.integers(1, 6), "cores": st.integers(1, 5), "quota_us": st.integers(1_000, 300_000),
    "period_us": st.sampled_from([10_000, 50_000, 100_000]), "seed": st.integers(0, 999),
})  # fmt: skip


@given(n=st.integers(1, 6), ms=st.integers(1, 40), settings=SETTINGS)
def test_whatever_the_quota_no_more_is_used_than_was_given(n: int, ms: int, settings: dict[str, int]) -> None:
    rec = run(busy, n, ms, until_ns=400 * MS, **settings)
    assert validate(rec) == []
    p, quota, cores = settings["period_us"] * 1000, settings["quota_us"] * 1000, settings["cores"]
    for k in range(rec.end_ns // p):
        assert cpu_time_ns(rec, 0, (k + 1) * p) <= (k + 1) * quota + cores * params.bandwidthTick
        in_period = cpu_time_ns(rec, k * p, (k + 1) * p)
        assert in_period <= quota + cores * (params.bandwidthSlice + params.bandwidthTick)


@given(quota=st.integers(1_000, 300_000), seed=st.integers(0, 99))
def test_equal_runs_under_a_quota_are_equal(quota: int, seed: int) -> None:
    config = Config(gomaxprocs=4, cores=3, quota_us=quota, seed=seed, until_ns=250 * MS)
    assert simulate(config, Program(busy, 5, 30)) == simulate(config, Program(busy, 5, 30))
