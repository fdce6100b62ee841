"""GOMAXPROCS when nobody sets it: by version, cores and quota, and how it follows a quota that changes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from helpers import run

from gmp_lab import Config, ConfigError, Recording, WaitGroup, go, work
from gmp_lab import vocabulary as v
from gmp_lab.metrics import cpu_time_ns, throttled
from gmp_lab.replay import state_at
from gmp_lab.validate import validate
from gmp_lab.workload import gomaxprocs, set_default_gomaxprocs


def default(**settings: Any) -> int:
    settings["gomaxprocs"] = None
    return Config(**settings).gomaxprocs


# --- at the start -------------------------------------------------------------------------------------------------

VERSIONS = [("1.0", 1), ("1.4", 1), ("1.5", 8), ("1.23", 8), ("1.25", 3), ("1.27", 3)]


@pytest.mark.parametrize(("go", "procs"), VERSIONS)
def test_each_version_has_its_own_default(go: str, procs: int) -> None:
    assert default(go=go, cores=8, quota_us=250_000) == procs


@pytest.mark.parametrize(("quota_us", "procs"), [(None, 8), (10_000, 2), (200_000, 2), (200_001, 3), (9_000_000, 8)])
def test_the_default_is_the_quota_rounded_up_and_at_least_two_and_at_most_the_cores(
    quota_us: int | None, procs: int
) -> None:
    assert default(cores=8, quota_us=quota_us) == procs


def test_a_limit_below_two_gives_one_p_on_one_core() -> None:
    assert default(cores=1, quota_us=50_000) == 1


def test_the_period_counts() -> None:
    assert default(cores=8, quota_us=50_000, period_us=10_000) == 5


def test_containermaxprocs_0_looks_at_the_cores_alone() -> None:
    assert default(cores=8, quota_us=250_000, containermaxprocs=False) == 8


def test_the_default_needs_a_number_of_cores_but_where_it_is_one() -> None:
    assert default(go="1.4") == 1
    with pytest.raises(ConfigError, match="cores"):
        default()


def test_a_default_can_be_written_down_and_read_again() -> None:
    config = Config(gomaxprocs=None, cores=8, quota_us=250_000)  # type: ignore[arg-type]
    assert config.auto_procs and Config.from_dict(config.to_dict()) == config
    assert Config(gomaxprocs=3, cores=8, quota_us=250_000) != config


def test_a_number_that_is_not_the_default_is_refused_as_one() -> None:
    with pytest.raises(ConfigError) as caught:
        Config(gomaxprocs=4, cores=8, quota_us=250_000, auto_procs=True)
    assert caught.value.parameter == "gomaxprocs"


# --- while the program runs ---------------------------------------------------------------------------------------

MS = 1_000_000


def spinners(n: int = 8, ms: int = 4_000, sets: int = -1) -> Any:
    """Main: n goroutines that compute; before that GOMAXPROCS is set if sets is not -1 (0: as if never set)."""
    wg = WaitGroup()

    def worker() -> Any:
        yield work(ms=ms)
        yield wg.Done()

    if sets > 0:
        yield gomaxprocs(sets)
    elif sets == 0:
        yield set_default_gomaxprocs()
    yield wg.Add(n)
    for _ in range(n):
        yield go(worker)
    yield wg.Wait()


def changing(*args: int, **settings: Any) -> Recording:
    settings = {
        "gomaxprocs": None, "cores": 8, "quota_us": 200_000, "until_ns": 4_000 * MS,
        "quota_changes": ((1_500 * MS, 500_000),), **settings,
    }  # fmt: skip
    return run(spinners, *args, **settings)


def procs_over_time(rec: Recording) -> list[tuple[int, int]]:
    """(ms, GOMAXPROCS) from each start of the world on."""
    return [(e.t // MS, e.arg) for e in rec if e.kind == v.E_STW_START]


def test_gomaxprocs_follows_the_quota_within_about_a_second() -> None:
    rec = changing()
    [(when, procs)] = procs_over_time(rec)
    assert procs == 5 and 1_500 <= when <= 2_700
    assert len(state_at(rec, rec.end_ns).ps) == 5


def test_a_smaller_quota_takes_ps_away_and_no_limit_gives_all_cores() -> None:
    rec = changing(quota_us=600_000, quota_changes=((500 * MS, 100_000), (2_500 * MS, 0)))
    assert [procs for _, procs in procs_over_time(rec)] == [2, 8]


def test_a_process_that_began_without_a_limit_gets_one() -> None:
    rec = changing(quota_us=None)
    assert rec.config.gomaxprocs == 8 and [procs for _, procs in procs_over_time(rec)] == [5]
    after = [s for s in throttled(rec) if s.start_ns >= 1_500 * MS]
    assert after and len(after) == len(throttled(rec))


def test_the_group_uses_no_more_than_its_new_quota() -> None:
    rec = changing(updatemaxprocs=False, gomaxprocs=8, quota_us=600_000, quota_changes=((1_000 * MS, 200_000),))
    used = [cpu_time_ns(rec, k * 100 * MS, (k + 1) * 100 * MS) // MS for k in range(2, 30)]
    assert all(595 <= u <= 605 for u in used[:8]) and all(195 <= u <= 205 for u in used[9:])


@pytest.mark.parametrize(
    "settings", [{"updatemaxprocs": False}, {"go": "1.23"}, {"containermaxprocs": False}, {"gomaxprocs": 4}]
)
def test_gomaxprocs_stays_if_it_is_not_to_follow(settings: dict[str, Any]) -> None:
    assert procs_over_time(changing(**settings)) == []


def test_a_call_of_gomaxprocs_ends_the_following_even_with_the_number_it_was() -> None:
    assert procs_over_time(changing(8, 4_000, 2)) == []
    assert [procs for _, procs in procs_over_time(changing(8, 4_000, 3))] == [3]


def test_setdefaultgomaxprocs_lets_it_follow_again() -> None:
    rec = changing(8, 4_000, 0, gomaxprocs=7)
    assert [procs for _, procs in procs_over_time(rec)] == [2, 5]


def test_setdefaultgomaxprocs_is_no_function_of_go_1_23() -> None:
    with pytest.raises(ConfigError, match="SetDefaultGOMAXPROCS"):
        changing(8, 4_000, 0, go="1.23")


def test_with_a_real_start_it_is_the_goroutine_of_the_dump_that_stops_the_world() -> None:
    rec = changing(startup="real")
    stopper = next(e.g for e in rec if e.kind == v.E_STW_STOP)
    assert rec.g_name(stopper) == "runtime.updateMaxProcsGoroutine"
    assert list(rec.g_names).count("runtime.updateMaxProcsGoroutine") == 1


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_such_runs_are_valid_and_keep_the_invariants(seed: int) -> None:
    changes = ((30 * MS, 100_000), (1_050 * MS, 700_000), (2_200 * MS, 0), (3_100 * MS, 50_000))
    rec = changing(6, 3_000, seed=seed, quota_us=None, quota_changes=changes, until_ns=4_500 * MS)
    assert validate(rec) == []
    assert [procs for _, procs in procs_over_time(rec)] == [2, 7, 8, 2][: len(procs_over_time(rec))]


@pytest.mark.parametrize(
    "changes", [5, ((1, 2, 3),), ((5, 2_000), (5, 3_000)), ((0, 2_000),), ((5, 10),), (("a", 2_000),)]
)
def test_changes_that_are_none_are_refused(changes: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        Config(cores=2, quota_changes=changes)
    assert caught.value.parameter.startswith("quota_changes")


def test_changes_need_cores_and_are_kept_when_written_down() -> None:
    with pytest.raises(ConfigError, match="cores"):
        Config(quota_changes=((5, 2_000),))
    config = Config(cores=2, quota_changes=((5, 2_000),))
    assert Config.from_dict(json.loads(json.dumps(config.to_dict()))) == config
