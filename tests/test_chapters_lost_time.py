"""Chapter 2.4: the job that takes ten times as long as it computes, simulated and in its recorded trace."""

from __future__ import annotations

from typing import Any

import pytest

from gmp_lab import Config, ConfigError, go, recv, send, simulate, syscall, work
from gmp_lab.chapters import lost_time
from gmp_lab.chapters.tasks import tried
from gmp_lab.golang import Toolchain, require_toolchain
from gmp_lab.validate import validate


@pytest.fixture(scope="module")
def toolchain() -> Toolchain:
    return require_toolchain()


def test_the_job_is_runnable_for_longer_than_in_all_other_states_on_one_p() -> None:
    spent = lost_time.account(simulate(Config(gomaxprocs=1), lost_time.lost_time()))
    assert spent["runnable"] > sum(spent.values()) / 2


def test_with_three_ps_it_hardly_waits_for_its_turn_and_as_long_for_the_lock() -> None:
    one, three = (lost_time.account(simulate(Config(gomaxprocs=p), lost_time.lost_time())) for p in (1, 3))
    assert three["runnable"] < 0.01 * one["runnable"]
    assert three["waiting"] > 0.7 * one["waiting"]


def test_the_states_account_for_the_whole_life_of_the_job() -> None:
    rec = simulate(Config(gomaxprocs=1), lost_time.lost_time())
    g = lost_time.named(rec, "job")
    born, ended = (next(e.t for e in rec if e.name == name and e.g == g) for name in ("go_create", "exit"))
    assert sum(lost_time.account(rec).values()) == pytest.approx((ended - born) / 1e6)


def test_another_body_can_be_the_job() -> None:
    def job(prices: Any, mu: Any, done: Any) -> Any:
        yield go(lost_time.report)
        yield recv(prices)
        yield syscall(us=10)
        yield work(us=5)
        yield send(done, True)

    assert simulate(Config(gomaxprocs=1), lost_time.lost_time(job)).ended == "exit"


def test_the_recorded_trace_is_whole_possible_and_shows_the_same_order_of_states() -> None:
    rec = lost_time.recorded_trace().recording
    assert validate(rec) == []
    real, simulated = (
        [stay.state for stay in lost_time._stays(one, "job")]
        for one in (rec, simulate(Config(gomaxprocs=1), lost_time.lost_time()))
    )
    assert real == simulated


def test_the_recorded_trace_names_no_file_of_the_machine_where_it_was_made() -> None:
    text = lost_time._file("job_trace.txt")
    assert "\t\t" not in text and "0x" not in text


def test_a_name_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(ConfigError, match="feed, job"):
        lost_time.account(simulate(Config(gomaxprocs=1), lost_time.lost_time()), "jobs")


def test_without_go_the_recorded_trace_is_shown_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GMP_LAB_GO", "none")
    assert lost_time.real_trace() == lost_time.recorded_trace()
    assert lost_time.real_trace().origin.startswith("recorded: Go 1.27.3")


def longest(stays: Any) -> str:
    """The solution that the notebook folds away."""
    total: dict[str, int] = {}
    for stay in stays:
        total[stay.state] = total.get(stay.state, 0) + stay.end_ns - stay.start_ns
    return max(total, key=lambda state: total[state])


def test_the_folded_solution_holds_and_a_constant_answer_does_not() -> None:
    assert tried(longest, lost_time.cases()).holds
    assert not tried(lambda stays: "runnable", lost_time.cases()).holds


@pytest.mark.go
def test_the_real_program_runs_and_its_trace_accounts_for_the_job(toolchain: Toolchain) -> None:
    traced = lost_time.live_trace(toolchain)
    spent = lost_time.account(traced.recording)
    assert validate(traced.recording) == [] and traced.origin.startswith("live: Go 1.")
    assert spent["running"] > 2 and spent["syscall"] > 5


@pytest.mark.go
def test_recording_leaves_out_places_and_addresses(toolchain: Toolchain) -> None:
    text = lost_time.record(toolchain)
    assert "main.job" in text and "\t\t" not in text and "0x" not in text
