"""Chapter 5: a service in a container, a change of a setting with a guard, a policy for settings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gmp_lab import ConfigError
from gmp_lab.chapters import container, policy, rollout
from gmp_lab.chapters.policy import Container, check_settings

# --- the container -------------------------------------------------------------------------------------------------


def test_the_default_follows_the_quota_since_1_25_and_is_never_below_two() -> None:
    rows = container.defaults((None, 0.5, 3), ("1.4", "1.23", "1.27"))
    assert rows == (("no limit", 1, 8, 8), ("0.5", 1, 8, 2), ("3", 1, 8, 3))


def test_loops_on_eight_ps_use_up_two_cpus_in_a_quarter_of_the_period() -> None:
    eight, two = (container.served(container.run("busy", procs)) for procs in (8, 2))
    assert 70 < eight.throttled < 76 and two.throttled < 1  # 8 x 25 ms of 100 ms are 2 CPUs
    assert eight.p99_ms > 10 * two.p99_ms


def test_a_service_alone_profits_from_more_ps_than_its_quota() -> None:
    eight, two = (container.served(container.run("calm", procs)) for procs in (8, 2))
    assert eight.p99_ms < two.p99_ms and eight.throttled < 1


def test_late_responses_are_those_above_the_slo() -> None:
    rec = container.run("calm", 2, slo_us=700)
    took = [us for _, _, us in rec.logs()]
    assert container.late_percent(rec) == 100 * sum(us > 700 for us in took) / len(took) > 10
    assert container.served(rec).answered == len(took)


def test_cpus_used_are_what_requests_compute() -> None:
    assert 1.2 < container.cpus_used(container.run("calm", 4)) < 1.6  # 3500 a second, 400 us each


@pytest.mark.parametrize(("kind", "rate"), [("loud", 0), ("calm", -1), ("calm", 1.5)])
def test_an_impossible_workload_is_refused(kind: str, rate: int) -> None:
    with pytest.raises(ConfigError):
        container.workload(kind, rate)


# --- the change ----------------------------------------------------------------------------------------------------


def test_a_bad_change_is_taken_back_after_the_first_replica_and_costs_less_than_all_at_once() -> None:
    result = rollout.roll_out("busy", 2, 8)
    assert not result.done and [stage.replicas for stage in result.stages] == [1]
    assert 0 < result.late < result.at_once / 5 and "Taken back" in repr(result)


def test_a_good_change_comes_to_all_replicas() -> None:
    result = rollout.roll_out("busy", 8, 2)
    assert result.done and [stage.replicas for stage in result.stages] == [1, 3, 10]
    assert result.late == result.at_once - sum(
        rollout._late("busy", 2, 2, n, r)[1] for n, many in enumerate((1, 3)) for r in range(many, 10)
    )


def test_a_guard_of_ones_own_decides() -> None:
    asked: list[tuple[float, float, float]] = []

    def never(new: float, old: float, allowed: float) -> bool:
        asked.append((new, old, allowed))
        return False

    assert not rollout.roll_out("busy", 8, 2, check=never).done
    assert len(asked) == 1 and asked[0][0] < asked[0][1] and asked[0][2] == rollout.ALLOWED


@pytest.mark.parametrize("said", [None, 1, "yes", ...])
def test_a_guard_that_says_neither_yes_nor_no_is_refused(said: object) -> None:
    with pytest.raises(ConfigError, match="guard"):
        rollout.roll_out("busy", 2, 8, check=lambda *_: said)


def test_the_guard_holds_and_one_that_forgets_the_old_setting_does_not() -> None:
    assert rollout.try_guard(rollout.guard).holds
    assert rollout.try_guard(lambda new, old, allowed: new <= allowed).said == "It holds in 4 of 5 cases."


# --- the policy ----------------------------------------------------------------------------------------------------

SMALL = Container(cpus=2, memory_mib=512, live_mib=100)


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"GOMAXPROCS": "8"}, "GOMAXPROCS=8"),
        ({"GODEBUG": "containermaxprocs=0"}, "GODEBUG=containermaxprocs=0"),
        ({"GOGC": "off"}, "GOGC=off"),
        ({"GOMEMLIMIT": "120MiB"}, "GOMEMLIMIT=120MiB"),
        ({"GOMEMLIMIT": "1GiB", "GOGC": "off"}, "GOMEMLIMIT=1GiB"),
        ({"GODEBUG": "gctrace=1,asyncpreemptoff=1"}, "GODEBUG=asyncpreemptoff=1"),
    ],
)
def test_an_unsafe_setting_is_found(settings: dict[str, str], named: str) -> None:
    assert [one.setting for one in check_settings(settings, SMALL)] == [named]


@pytest.mark.parametrize(
    "settings",
    [{}, {"GOMAXPROCS": "2"}, {"GOGC": "off", "GOMEMLIMIT": "400MiB"}, {"GODEBUG": "asyncpreemptoff=0"}],
)
def test_a_safe_setting_is_left_alone(settings: dict[str, str]) -> None:
    assert check_settings(settings, SMALL) == []


def test_without_a_quota_any_number_of_ps_will_do() -> None:
    assert check_settings({"GOMAXPROCS": "64"}, Container()) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [("GOMAXPROCS", "two"), ("GOGC", "-5"), ("GOMEMLIMIT", "1GB"), ("GODEBUG", "asyncpreemptoff"), ("GOOS", "linux")],
)
def test_what_go_cannot_read_is_one_clear_error(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=name):
        check_settings({name: value}, SMALL)


@given(st.dictionaries(st.sampled_from(policy.KNOWN), st.text(max_size=20)))
def test_any_text_gives_findings_or_one_clear_error(settings: dict[str, str]) -> None:
    named: set[str] = set()
    try:
        named = {one.setting.partition("=")[0] for one in check_settings(settings, SMALL)}
    except ConfigError as problem:
        named = {problem.parameter}
    assert named <= settings.keys()


@pytest.mark.parametrize("given_", [{"cpus": 0}, {"memory_mib": 0}, {"live_mib": -1}])
def test_an_impossible_container_is_refused(given_: dict[str, int]) -> None:
    with pytest.raises(ConfigError):
        Container(**given_)


def test_the_table_says_what_was_given_and_how_much_is_to_mend() -> None:
    assert policy.policy_table({}, SMALL).caption == "no settings: nothing to mend"
    assert "1 to mend" in policy.policy_table({"GOGC": "off"}, SMALL).text()
