"""Chapter 4: slices and sysmon's looks, experiments side by side, and what a request to stop lives through."""

from __future__ import annotations

import pytest

from gmp_lab import Config, ConfigError, Program, go, gosched, log, metrics, simulate, sleep, syscall, work
from gmp_lab.chapters import slices
from gmp_lab.chapters.sides import sides
from gmp_lab.chapters.tasks import tried
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


@pytest.mark.parametrize(("number", "key"), [(99, "wait_over_loop"), (0, "nothing")])
def test_a_point_or_key_that_is_not_there_is_refused(number: int, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GMP_LAB_GO", "none")
    with pytest.raises(ConfigError):
        sides(CATALOGUE["triggers"], key, [(number, "", "")])
