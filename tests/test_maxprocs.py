"""GOMAXPROCS when nobody sets it: by version, cores and quota, and how it follows the quota while the program runs."""

from __future__ import annotations

from typing import Any

import pytest

from gmp_lab import Config, ConfigError


def default(**settings: Any) -> int:
    settings["gomaxprocs"] = None
    return Config(**settings).gomaxprocs


# --- at the start ----------------------------------------------------------------------------------------------------

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
