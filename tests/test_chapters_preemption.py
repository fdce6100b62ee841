"""Chapter 4: slices and sysmon's looks, experiments side by side, and what a request to stop lives through."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gmp_lab import (
    Chan,
    Config,
    ConfigError,
    Costs,
    Program,
    chan,
    go,
    gosched,
    log,
    metrics,
    recv,
    send,
    simulate,
    sleep,
    syscall,
    work,
)
from gmp_lab.catalog import service, tight_loops
from gmp_lab.chapters import latency, signals, slices, tight
from gmp_lab.chapters.sides import sides
from gmp_lab.chapters.tasks import tried
from gmp_lab.chapters.tight import Hog
from gmp_lab.experiments import CATALOGUE
from gmp_lab.recording import Recording
from gmp_lab.workload import Body

MS = 1_000_000


def hog() -> Body:
    yield work(forever=True)


def three(ms: int) -> Body:
    for _ in range(3):
        yield go(hog)
    yield sleep(ms=ms)


def short() -> Body:
    yield work(ms=8)


def short_first() -> Body:
    for f in (hog, hog, short):
        yield go(f)
    yield sleep(ms=400)


@pytest.fixture(scope="module")
def looked() -> Recording:
    return simulate(Config(gomaxprocs=1, schedtrace_ms=1), Program(short_first))


def rule(tick: int, now: int, seen_tick: int, seen_at: int) -> bool:
    return tick == seen_tick and now - seen_at >= 10 * MS


# --- slices --------------------------------------------------------------------------------------------------------


def test_slices_grow_with_sysmon_s_sleep_until_they_last_two_rounds() -> None:
    found = slices.slices(simulate(Config(gomaxprocs=1), Program(three, 400)), "hog")
    lengths = [one.length_ns / MS for one in found]
    assert lengths[0] < lengths[1] < 16 and all(20 < length < 20.3 for length in lengths[2:])
    assert found[0].pace_us == 20 and {one.pace_us for one in found[3:]} == {10_000}


def test_a_slice_that_nobody_ended_is_not_among_them() -> None:
    rec = simulate(Config(gomaxprocs=1), Program(short_first))
    assert slices.slices(rec, "short") == [] and len(slices.slice_table(rec, "hog", 3).rows) == 3


# --- looks ---------------------------------------------------------------------------------------------------------


def test_sysmon_asks_where_the_rule_of_retake_says_so(looked: Recording) -> None:
    found = slices.looks(looked)
    assert len(found) > 20 and {one.asked for one in found} == {True, False}
    assert all(rule(*one[:4]) == one.asked for one in found)


@pytest.mark.parametrize("seed", range(5))
def test_the_looks_of_every_seed_follow_the_rule(seed: int) -> None:
    rec = simulate(Config(gomaxprocs=1, schedtrace_ms=1, seed=seed), Program(three, 400))
    assert all(rule(*one[:4]) == one.asked for one in slices.looks(rec))


def test_the_cases_tell_the_right_rule_from_those_that_forget_half_of_it(looked: Recording) -> None:
    cases = slices.look_cases(looked)
    assert tried(rule, cases).holds
    assert not tried(lambda tick, now, seen_tick, seen_at: tick == seen_tick, cases).holds
    assert not tried(lambda tick, now, seen_tick, seen_at: now - seen_at >= 10 * MS, cases).holds


def test_looks_need_a_run_in_which_rounds_leave_lines() -> None:
    with pytest.raises(ConfigError, match="schedtrace_ms"):
        slices.looks(simulate(Config(gomaxprocs=1), Program(three, 50)))


def test_the_tiny_world_gives_the_slices_that_the_run_has() -> None:
    rec = simulate(Config(gomaxprocs=1), Program(three, 400))
    real = slices.slices(rec, "hog")[-1].length_ns / MS
    assert slices.slices_by(rule, 10_075)[-1] == pytest.approx(real, rel=0.01)
    assert slices.slices_by(rule, 1_000, 2) == [11.0, 11.0]


@pytest.mark.parametrize(("round_us", "number"), [(0, 1), (10, 0), (2_000_000, 1)])
def test_a_tiny_world_without_sense_is_refused(round_us: int, number: int) -> None:
    with pytest.raises(ConfigError):
        slices.slices_by(rule, round_us, number)


def test_a_rule_that_asks_nobody_is_told_so() -> None:
    with pytest.raises(ConfigError, match="asks somebody"):
        slices.slices_by(lambda tick, now, seen_tick, seen_at: False, 1_000_000)


# --- losses --------------------------------------------------------------------------------------------------------


def test_each_way_to_lose_a_p_is_listed_with_its_function() -> None:
    def caller() -> Body:
        yield syscall(ms=30)

    def main() -> Body:
        yield go(caller)
        yield go(hog)
        yield gosched()
        yield sleep(ms=60)

    functions = [row[2] for row in slices.losses(simulate(Config(gomaxprocs=1), Program(main))).rows]
    assert {"goschedImpl", "gopreempt_m", "retake", "park_m", "goexit0"} == set(functions)


# --- a request lives through a system call that keeps its P --------------------------------------------------------


def ready() -> Body:
    yield log(0)


def calling(us: int) -> Body:
    yield go(ready)
    yield work(ms=30)
    yield syscall(us=us)
    yield work(ms=20)
    yield gosched()


@pytest.mark.parametrize("go_version", ["1.25", "1.27"])
def test_a_short_system_call_does_not_answer_a_request(go_version: str) -> None:
    rec = simulate(Config(gomaxprocs=1, asyncpreemptoff=True, go=go_version), Program(calling, 1))
    (one,) = metrics.preemptions(rec)
    assert one.how == "itself" and 50 * MS < one.left_ns < rec.logs()[0][0]


@pytest.mark.parametrize("go_version", ["1.25", "1.27"])
def test_a_request_ends_when_the_p_is_taken_during_the_call(go_version: str) -> None:
    rec = simulate(Config(gomaxprocs=1, asyncpreemptoff=True, go=go_version), Program(calling, 20_000))
    taken = next(e.t for e in rec if e.name == "retake")
    assert metrics.preemptions(rec)[0].left_ns == taken


# --- side by side --------------------------------------------------------------------------------------------------


def test_an_experiment_s_points_stand_side_by_side(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GMP_LAB_GO", "none")
    table = sides(CATALOGUE["triggers"], "wait_over_loop", [(3, "to the end", "no check"), (0, "stopped", "signal")])
    assert "recorded: Go" in table.caption and table.rows[0][2] == 1.0 and float(table.rows[1][2]) < 0.3


def test_several_values_of_a_point_stand_in_one_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GMP_LAB_GO", "none")
    table = sides(CATALOGUE["service"], ("p50_10ms", "p99_10ms"), [(3, "two Ps", "one is free")])
    assert table.heads[1:3] == ("p50_10ms, simulated", "p50_10ms, real Go") and len(table.rows[0]) == len(table.heads)
    table = sides(CATALOGUE["service"], {"p50_10ms": "median", "p99_10ms": "p99"}, [(3, "two Ps", "one is free")])
    assert table.heads[1:4:2] == ("median, simulated", "p99, simulated")


@pytest.mark.parametrize(("number", "key"), [(99, "wait_over_loop"), (0, "nothing")])
def test_a_point_or_key_that_is_not_there_is_refused(number: int, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GMP_LAB_GO", "none")
    with pytest.raises(ConfigError):
        sides(CATALOGUE["triggers"], key, [(number, "", "")])


# --- signals -------------------------------------------------------------------------------------------------------


def two_hogs(ms: int = 60) -> Body:
    yield go(hog)
    yield go(hog)
    yield sleep(ms=ms)


def test_a_preemption_is_told_step_by_step_from_the_request_on() -> None:
    rec = simulate(Config(gomaxprocs=1, costs=Costs(signal=700)), Program(two_hogs))
    rows = signals.steps(rec, signals.first_request(rec)).rows
    assert [row[2] for row in rows] == ["preemptone", "doSigPreempt", "gopreempt_m", "execute"]
    assert [row[0] for row in rows[:2]] == [0, 700]


def test_a_run_in_which_nobody_is_asked_has_no_first_request() -> None:
    with pytest.raises(ConfigError, match="asked"):
        signals.first_request(simulate(Config(gomaxprocs=2), Program(short)))


def test_the_mean_wait_is_that_of_the_requests() -> None:
    rec = simulate(Config(gomaxprocs=1), Program(two_hogs))
    assert signals.waited_ms(rec) == pytest.approx(0.0009)
    assert signals.waited_ms(simulate(Config(gomaxprocs=1), Program(short))) == 0


def player(out: Chan, into: Chan, serves: bool) -> Body:
    while True:
        if not serves:
            yield recv(into)
        yield work(us=20)
        yield send(out)
        if serves:
            yield recv(into)


def pair() -> Body:
    there, back = chan(), chan()
    yield go(player, there, back, True)
    yield go(player, back, there, False)
    yield go(hog)
    yield sleep(ms=600)


def test_a_pair_keeps_the_p_for_whole_rounds_and_a_hog_for_two() -> None:
    config = Config(gomaxprocs=1, costs=Costs(switch=20_000, deaf=20_000), until_ns=1_000_000_000)
    found = signals.turns(simulate(config, Program(pair)), {"player": "pair", "hog": "hog"})[2:]
    assert {round(turn.rounds) for turn in found if turn.who == "hog"} == {2}
    longest = [turn.rounds for turn in found if turn.who == "pair"]
    assert min(longest) > 1.95 and max(longest) > 2.9 and all(abs(x - round(x)) < 0.05 for x in longest)


def test_turns_are_counted_by_length() -> None:
    turns = [signals.Turn("a", 1.0), signals.Turn("b", 1.5), *(signals.Turn("a", x) for x in (2.01, 2.0, 3.0))]
    assert signals.turn_table(turns).rows == (("a", 2, 1),)


def test_the_right_order_holds_and_a_wrong_one_is_told_up_to_where_it_is_right() -> None:
    assert signals.in_order(signals.WAY).holds
    wrong = signals.in_order([*signals.WAY[:3], *reversed(signals.WAY[3:])])
    assert not wrong.holds and "up to step 3;" in wrong.said


def test_an_order_with_other_names_is_refused() -> None:
    with pytest.raises(ConfigError, match="each once"):
        signals.in_order(["sysmon"])


def test_the_system_stops_threads_that_keep_all_and_the_runtime_goroutines_that_lose_the_p() -> None:
    (system, runtime) = signals.levels(simulate(Config(gomaxprocs=2, cores=1), Program(three, 100))).rows
    assert system[2] == system[3] != 0
    assert runtime[2] != 0 and runtime[3] == 0
    assert signals.levels(simulate(Config(gomaxprocs=2, cores=2), Program(three, 100))).rows[0][2] == 0


# --- tight loops ---------------------------------------------------------------------------------------------------


def test_a_victim_is_late_by_the_loop_in_1_13_and_by_two_rounds_since() -> None:
    def late(go_version: str) -> float:
        config = Config(gomaxprocs=1, go=go_version, until_ns=20_000 * MS)
        return tight.late_ms(simulate(config, tight_loops(loop_us=300_000, victims=1, turns=5)))

    assert late("1.13") == 299 and 18 < late("1.14") < 20 and 18 < late("1.27") < 20


def test_nobody_late_and_no_stop_are_nothing() -> None:
    rec = simulate(Config(gomaxprocs=1), Program(short))
    assert (tight.late_ms(rec), tight.stop_ms(rec)) == (0, 0)


def test_a_stop_of_the_world_lasts_as_long_as_the_loop_in_1_13() -> None:
    def stopped(go_version: str) -> float:
        config = Config(gomaxprocs=2, go=go_version, until_ns=20_000 * MS)
        return tight.stop_ms(simulate(config, tight_loops(loop_us=100_000, victims=1, turns=10, stops=True)))

    assert 90 < stopped("1.13") < 100 and stopped("1.27") < 0.1


def whole(ms: int) -> Body:
    yield work(ms=ms)


def in_pieces(us: int) -> Hog:
    def body(ms: int) -> Body:
        for _ in range(1000 * ms // us):
            yield work(us=us)
            yield gosched()

    return body


def half(ms: int) -> Body:
    yield from in_pieces(100)(ms // 2)


@pytest.mark.parametrize(
    ("loop", "says"),
    [
        (whole, ("yes", "no", "yes")),
        (in_pieces(100), ("yes", "yes", "yes")),
        (in_pieces(1), ("yes", "yes", "no")),
        (in_pieces(5000), ("yes", "no", "yes")),
        (half, ("no", "yes", "yes")),
    ],
    ids=["whole", "100 us", "1 us", "5 ms", "half of it"],
)
def test_a_mended_loop_does_its_work_and_lets_others_live_and_costs_little(loop: Hog, says: tuple[str, ...]) -> None:
    found = tight.mended(loop)
    assert tuple(row[-1] for row in found.table.rows) == says and found.holds == (set(says) == {"yes"})


def test_a_signal_does_not_make_the_loop_good_enough() -> None:
    assert not tight.mended(whole, go_version="1.27").holds


def test_a_loop_of_no_length_is_refused() -> None:
    with pytest.raises(ConfigError, match="ms"):
        tight.mended(whole, 0)


# --- latency -------------------------------------------------------------------------------------------------------


def served(hogs: int, ms: int = 1000, gomaxprocs: int = 1, rate: int = 200) -> Recording:
    program = service(arrivals_per_s=rate, service_us=200, hogs=hogs, loop_us=1_000_000, ms=ms)
    return simulate(Config(gomaxprocs=gomaxprocs, cores=2, until_ns=60_000 * MS), program)


@pytest.fixture(scope="module")
def beside() -> Recording:
    return served(1)


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=300), st.sampled_from([1, 25, 50, 90, 99, 99.9, 100]))
def test_a_percentile_is_the_smallest_value_that_so_many_do_not_exceed(values: list[int], percent: float) -> None:
    found = latency.nearest(values, percent)
    below = [value for value in values if value < found]
    assert found in values and sum(value <= found for value in values) * 100 >= percent * len(values)
    assert len(below) * 100 < percent * len(values)


@pytest.mark.parametrize("percent", [0, -1, 100.5])
def test_a_percentile_that_there_is_not_is_refused(percent: float) -> None:
    with pytest.raises(ConfigError, match="percent"):
        latency.nearest([1], percent)


def test_the_cases_tell_nearest_rank_from_other_ways_to_count(beside: Recording) -> None:
    cases = latency.percentile_cases({"beside": beside})
    assert tried(latency.nearest, cases).holds
    assert not tried(lambda values, q: sorted(values)[int(len(values) * q / 100) - 1], cases).holds
    assert not tried(lambda values, q: sorted(values)[min(len(values) - 1, int(len(values) * q / 100))], cases).holds
    assert not tried(lambda values, q: sum(values) / len(values), cases).holds


def test_the_cases_are_copies_that_a_student_may_sort(beside: Recording) -> None:
    given_values = latency.percentile_cases({"beside": beside})[-1].given[0]
    given_values.sort()
    assert latency.responses_us(beside) != given_values


def test_buckets_know_values_by_their_upper_edge() -> None:
    assert latency.rounded([0, 99, 100, 250], 100) == [100, 100, 200, 300]
    with pytest.raises(ConfigError, match="width"):
        latency.rounded([1], 0)


def test_a_hog_makes_half_a_slice_the_median_and_two_slices_the_tail(beside: Recording) -> None:
    assert 8 < latency.p50_ms(beside) < 12 and 20 < latency.p99_ms(beside) < 45
    assert latency.p50_ms(served(0)) < 1


def test_each_service_has_the_tail_of_its_cause(beside: Recording) -> None:
    hog, queue = latency.tails({"hog": beside, "queue": served(0, rate=4000, ms=300)}).rows
    assert str(hog[3]).startswith("behind other goroutines")
    assert str(queue[3]).startswith("behind other requests")
    assert latency.slowest(simulate(Config(), Program(short)))[1] == 0


def test_the_metric_sees_less_than_the_users(beside: Recording) -> None:
    half, _, worst = latency.seen(beside).rows
    assert float(half[2]) < 1 < float(half[1]) and float(worst[2]) > 10


def test_an_empty_histogram_has_no_percentile() -> None:
    rec = simulate(Config(), Program(short))
    histogram = metrics.runtime_metrics(rec)["/sched/latencies:seconds"]
    assert isinstance(histogram, metrics.TimeHistogram)
    empty = metrics.TimeHistogram(histogram.counts * 0, histogram.buckets)
    assert latency.upper_edge(empty, 50) == 0


def test_the_slowest_response_waits_for_the_hog_s_61st_tick() -> None:
    told = [str(row[1]) for row in latency.story(served(1, ms=2000)).rows]
    assert any("61st tick" in words and "(hog)" in words for words in told)
    assert told[0].endswith("is due") and told[-1].endswith("(request) has answered")
    assert sum("has answered" in words for words in told) == 1


def test_a_run_without_responses_has_no_story() -> None:
    with pytest.raises(ConfigError, match="answered"):
        latency.story(simulate(Config(), Program(short)))
