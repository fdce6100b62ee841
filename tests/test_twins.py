"""The course's Go programs as goroutine bodies: they print what the real ones have printed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gmp_lab import Config, ConfigError, Program, golang, simulate, twins

PHASES = range(3, 9)  # how many slices a real process has had when main calls Gosched five times


def real(name: str, **arguments: int) -> list[int]:
    return list(golang.recorded(name, **arguments).numbers)


@pytest.mark.parametrize("n", [10, 300])
def test_order_gives_the_recorded_order_for_one_of_the_possible_starts(n: int) -> None:
    config = Config(gomaxprocs=1, startup="real")
    assert real("order", n=n) in [twins.noted(simulate(config, twins.order(n, k))) for k in PHASES]


@pytest.mark.parametrize("startup", ["bare", "real"])
def test_steal_gives_the_recorded_order(startup: str) -> None:
    config = Config(gomaxprocs=2, startup=startup)
    assert twins.noted(simulate(config, twins.steal(17))) == real("steal", n=17)


@pytest.mark.parametrize("name", ["order", "steal"])
def test_a_twin_has_the_arguments_of_its_go_program(name: str) -> None:
    program: Program = getattr(twins, name)()
    defaults = {key: argument.default for key, argument in golang.EXPERIMENTS[name].arguments.items()}
    assert (program.name, program.params) == (name, defaults)


@pytest.mark.parametrize("make", [twins.order, twins.steal])
@pytest.mark.parametrize("n", [0, -1, 2.5, "9", True, None])
def test_a_number_of_goroutines_that_cannot_be_is_refused(make: Callable[[object], Program], n: object) -> None:
    with pytest.raises(ConfigError, match="n = "):
        make(n)


@pytest.mark.parametrize("k", [-1, "5"])
def test_a_number_of_yields_that_cannot_be_is_refused(k: object) -> None:
    with pytest.raises(ConfigError, match="k = "):
        twins.order(10, k)  # type: ignore[arg-type]
