"""Parameters of a run: what is allowed is kept, what is not is refused by name, value and range."""

from __future__ import annotations

import math
import pickle
from dataclasses import FrozenInstanceError, fields
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gmp_lab import Config, ConfigError, Costs, params
from gmp_lab.errors import check_bool, check_choice, check_int

# What no number field takes, whatever its range.
NO_INTS: list[Any] = [None, True, False, "4", "", b"4", 4.0, 4.5, math.nan, math.inf, -math.inf, 1j, [4], (4,), {}]
NO_BOOLS: list[Any] = [None, 0, 1, 1.0, math.nan, "True", "", [], [True]]
NO_TEXTS: list[Any] = [None, 1, 1.27, True, b"1.27", ["1.27"], ("1.27",), "", "1.27 ", "go1.27", math.nan]

RANGES: dict[str, tuple[int, int]] = {
    "gomaxprocs": (1, 256),
    "seed": (0, 2**63 - 1),
    "cores": (1, 256),
    "until_ns": (1, 3_600 * 10**9),
    "schedtrace_ms": (0, 3_600_000),
    "max_events": (1, 10**9),
}
COST_NAMES = [f.name for f in fields(Costs)]
OUTSIDE = [(name, value) for name, (low, high) in RANGES.items() for value in (low - 1, high + 1, -(10**30), 10**30)]
WRONG = [(name, value) for name in RANGES for value in NO_INTS if (name, value) != ("cores", None)]
CHOICES = [(name, value) for name in ("go", "startup", "os") for value in NO_TEXTS]
SWITCHES = [("asyncpreemptoff", value) for value in NO_BOOLS]
COSTS = [("costs", value) for value in (None, 5, {}, {"switch": 1}, "Costs()", Costs)]


@pytest.mark.parametrize(("name", "value"), OUTSIDE + WRONG + CHOICES + SWITCHES + COSTS)
def test_a_parameter_that_is_not_possible_is_named_with_its_value(name: str, value: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        Config(**{name: value})
    assert caught.value.parameter == name and caught.value.value is value


@pytest.mark.parametrize("name", RANGES)
def test_a_refused_number_is_told_the_range(name: str) -> None:
    low, high = RANGES[name]
    with pytest.raises(ConfigError) as caught:
        Config(**{name: high + 1})  # type: ignore[arg-type]
    assert str(caught.value).startswith(f"{name} = {high + 1} is not possible: a whole number from {low} to {high}")


@pytest.mark.parametrize("name", RANGES)
def test_both_ends_of_a_range_are_possible(name: str) -> None:
    low, high = RANGES[name]
    assert [getattr(Config(**{name: value}), name) for value in (low, high)] == [low, high]  # type: ignore[arg-type]


@pytest.mark.parametrize("name", COST_NAMES)
@pytest.mark.parametrize("value", [*NO_INTS, -1, 10**9 + 1])
def test_a_cost_that_is_not_possible_is_named(name: str, value: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        Costs(**{name: value})
    assert caught.value.parameter == f"costs.{name}" and "0 to 1000000000 ns" in str(caught.value)


@pytest.mark.parametrize("name", COST_NAMES)
def test_a_cost_may_be_nothing_or_a_second(name: str) -> None:
    assert [getattr(Costs(**{name: value}), name) for value in (0, 10**9)] == [0, 10**9]


def test_a_go_version_that_is_no_row_of_the_table_is_told_which_are() -> None:
    with pytest.raises(ConfigError, match=r"go = '1.3' is not possible: one of '1.0', '1.1', .*'1.27'"):
        Config(go="1.3")


@pytest.mark.parametrize("name", ["1.0", "1.25", "1.27"])
def test_every_version_says_how_it_is_known(name: str) -> None:
    assert params.version(name).name == name and params.version(name).known


@pytest.mark.parametrize("cls", [Config, Costs])
def test_parameters_cannot_be_changed_after_the_check(cls: type[Any]) -> None:
    value = cls()
    with pytest.raises(FrozenInstanceError):
        setattr(value, fields(cls)[0].name, 1)


CONFIGS = st.builds(
    Config,
    gomaxprocs=st.integers(1, 256),
    seed=st.integers(0, 2**63 - 1),
    go=st.sampled_from(["1.0", "1.25", "1.27"]),
    cores=st.none() | st.integers(1, 256),
    asyncpreemptoff=st.booleans(),
    os=st.sampled_from(["linux", "windows"]),
    startup=st.sampled_from(["bare", "real"]),
    costs=st.builds(Costs, switch=st.integers(0, 10**9), wake_m=st.integers(0, 10**9)),
)


@given(config=CONFIGS)
def test_plain_values_bring_the_same_config_back(config: Config) -> None:
    assert Config.from_dict(config.to_dict()) == config


@given(value=st.none() | st.integers() | st.floats() | st.text() | st.lists(st.text()) | st.tuples(st.text()))
def test_what_is_no_table_is_no_config(value: Any) -> None:
    with pytest.raises(ConfigError, match="a dict of parameters"):
        Config.from_dict(value)


@pytest.mark.parametrize(
    ("values", "parameter"),
    [
        ({"gomaxproc": 4}, "gomaxproc"),
        ({1: 4}, 1),
        ({"costs": {"switsh": 80}}, "costs.switsh"),
        ({"costs": {"switch": -1}}, "costs.switch"),
        ({"costs": 7}, "costs"),
        ({"costs": None}, "costs"),
        ({"gomaxprocs": "4"}, "gomaxprocs"),
        ({"until_ns": math.nan}, "until_ns"),
    ],
)
def test_a_table_with_a_mistake_is_refused_by_its_name(values: dict[Any, Any], parameter: object) -> None:
    with pytest.raises(ConfigError) as caught:
        Config.from_dict(values)
    assert caught.value.parameter == parameter


def test_what_a_table_does_not_name_has_its_default() -> None:
    assert Config.from_dict({"gomaxprocs": 2}) == Config(gomaxprocs=2)


# --- the three checks that all parameters go through ---------------------------------------------------------


@pytest.mark.parametrize("value", [*NO_INTS, Fraction(4), -5, 12])
def test_check_int_takes_whole_numbers_of_its_range_only(value: Any) -> None:
    with pytest.raises(ConfigError, match=r"^x = .* is not possible: a whole number from -4 to 11 ms$"):
        check_int("x", value, -4, 11, "ms")


@given(value=st.integers(-4, 11))
def test_check_int_gives_back_what_it_was_given(value: int) -> None:
    assert check_int("x", value, -4, 11) == value


@pytest.mark.parametrize("value", [None, 1, "c", "A", b"a", ["a"], {}, math.nan])
def test_check_choice_names_the_choices(value: Any) -> None:
    with pytest.raises(ConfigError, match=r"is not possible: one of 'a', 'b'$"):
        check_choice("x", value, ("a", "b"))


@pytest.mark.parametrize("value", NO_BOOLS)
def test_check_bool_takes_no_number_for_a_truth(value: Any) -> None:
    with pytest.raises(ConfigError, match="True or False"):
        check_bool("x", value)


def test_a_config_error_is_a_value_error_and_survives_a_process_boundary() -> None:
    error = ConfigError("gomaxprocs", 0, "a whole number from 1 to 256")
    again = pickle.loads(pickle.dumps(error))
    assert isinstance(again, ValueError) and (str(again), again.allowed) == (str(error), error.allowed)
