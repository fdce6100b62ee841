"""What a sweep will run, checked before anything runs: the grid, the seeds, the measures.

A plan holds names and plain values and functions of modules, so that it can be sent to another process.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import product
from math import prod
from typing import Any, Final

from gmp_lab.config import Config
from gmp_lab.errors import ConfigError, check_int
from gmp_lab.recording import Recording
from gmp_lab.sweeps.measure import MEASURES
from gmp_lab.workload import Program

Axes = tuple[tuple[str, tuple[Any, ...]], ...]
Measure = Callable[[Recording], float]
Measures = Sequence[str] | Mapping[str, Measure]

MAX_RUNS: Final = 1_000_000
BOTH: Final = "+"  # an axis can set several parameters: "config.cores+config.gomaxprocs"
_PARAMETERS: Final = tuple(f.name for f in fields(Config))


@dataclass(frozen=True)
class Plan:
    """``program`` called for each point of the grid of ``axes`` and each of ``seeds``; what is measured of each run.

    ``functions`` are the measures that are functions, in the order of ``measures``; () if these are names.
    """

    program: Callable[..., Program]
    axes: Axes
    seeds: tuple[int, ...]
    config: tuple[tuple[str, Any], ...]
    arguments: tuple[tuple[str, Any], ...]
    measures: tuple[str, ...]
    functions: tuple[Measure, ...]
    seeded: bool

    def __len__(self) -> int:
        return prod(len(values) for _, values in self.axes) * len(self.seeds)

    def at(self, index: int) -> tuple[tuple[Any, ...], int]:
        """Axis values and seed of a run: seeds change fastest, then the last axis."""
        index, which = divmod(index, len(self.seeds))
        values: list[Any] = []
        for _, choices in reversed(self.axes):
            index, k = divmod(index, len(choices))
            values.insert(0, choices[k])
        return tuple(values), self.seeds[which]

    def make(self, at: tuple[Any, ...], seed: int) -> tuple[Config, Program]:
        """Config and Program of one run; ConfigError if they are not possible."""
        put = {
            parameter: value
            for (name, _), value in zip(self.axes, at, strict=True)
            for parameter in name.split(BOTH)
        }
        config = {**dict(self.config), **_part(put, "config."), "seed": seed}
        arguments = {**dict(self.arguments), **_part(put, "program.")}
        if self.seeded:
            arguments["seed"] = seed
        made = self.program(**arguments)
        if not isinstance(made, Program):
            raise ConfigError("program", self.program.__name__, "a function that returns a Program")
        return Config(**config), made


def _part(put: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    return {name.removeprefix(prefix): value for name, value in put.items() if name.startswith(prefix)}


def make_plan(  # noqa: PLR0913, PLR0917  # what a sweep is made of
    program: Callable[..., Program],
    axes: Mapping[str, Sequence[Any]],
    seeds: Sequence[int],
    config: Config | Mapping[str, Any] | None,
    arguments: Mapping[str, Any] | None,
    measures: Measures,
) -> Plan:
    """Check all parameters of a sweep; ConfigError for one that no run could have."""
    _check_function("program", program)
    takes = inspect.signature(program).parameters
    names, functions = _checked_measures(measures)
    plan = Plan(
        program, _checked_axes(axes, tuple(takes)), _checked_seeds(seeds), _config_items(config),
        _argument_items(arguments, tuple(takes)), names, functions, "seed" in takes,
    )  # fmt: skip
    if len(plan) > MAX_RUNS:
        raise ConfigError("axes x seeds", len(plan), f"at most {MAX_RUNS:,} runs")
    _try_values(plan)
    return plan


def _check_function(parameter: str, function: object) -> None:
    """A function is sent to another process by the name that it has in its module."""
    found: Any = sys.modules.get(getattr(function, "__module__", None) or "")
    for part in getattr(function, "__qualname__", "").split("."):
        found = getattr(found, part, None)
    if not callable(function) or found is not function:
        raise ConfigError(parameter, function, "a function that stands at the top of a module")


def _checked_axes(axes: object, takes: tuple[str, ...]) -> Axes:
    if not isinstance(axes, Mapping) or not axes:
        raise ConfigError("axes", axes, 'values for at least one name, as {"config.gomaxprocs": (1, 2, 4)}')
    return tuple((name, _checked_axis(name, values, takes)) for name, values in axes.items())


def _checked_axis(name: object, values: object, takes: tuple[str, ...]) -> tuple[Any, ...]:
    known = [f"config.{n}" for n in _PARAMETERS if n != "seed"] + [f"program.{n}" for n in takes if n != "seed"]
    if not isinstance(name, str) or not set(name.split(BOTH)) <= set(known):
        raise ConfigError("axes", name, "one of " + ", ".join(known) + " (seeds are a parameter of their own)")
    if not isinstance(values, (tuple, list, range)) or not values:
        raise ConfigError(f"axes: {name}", values, "a tuple of values, at least one")
    if any(a == b for k, a in enumerate(values) for b in values[:k]):
        raise ConfigError(f"axes: {name}", values, "values that are all different")
    return tuple(values)


def _checked_seeds(seeds: object) -> tuple[int, ...]:
    if not isinstance(seeds, (tuple, list, range)) or not seeds or len(set(seeds)) < len(seeds):
        raise ConfigError("seeds", seeds, "different whole numbers, at least one")
    return tuple(check_int("seeds", seed, 0, 2**63 - 1) for seed in seeds)


def _config_items(config: object) -> tuple[tuple[str, Any], ...]:
    if isinstance(config, Config):
        values = {name: getattr(config, name) for name in _PARAMETERS}
        if values.pop("auto_procs"):
            values["gomaxprocs"] = None
        return tuple(values.items())
    return _items("config", config, _PARAMETERS)


def _argument_items(arguments: object, takes: tuple[str, ...]) -> tuple[tuple[str, Any], ...]:
    return _items("arguments", arguments, takes)


def _items(parameter: str, given: object, known: tuple[str, ...]) -> tuple[tuple[str, Any], ...]:
    if not isinstance(given, Mapping | None):
        raise ConfigError(parameter, given, "a mapping of names to values")
    for name in given or ():
        if name not in known or name == "seed":
            raise ConfigError(parameter, name, "one of " + ", ".join(n for n in known if n != "seed"))
    return tuple((given or {}).items())


def _checked_measures(measures: object) -> tuple[tuple[str, ...], tuple[Measure, ...]]:
    if isinstance(measures, Mapping) and measures:
        for name, function in measures.items():
            _check_function(f"measures: {name}", function)
        return tuple(map(str, measures)), tuple(measures.values())
    if not isinstance(measures, (tuple, list)) or not measures or len(set(measures)) < len(measures):
        raise ConfigError("measures", measures, "different measures by name, or functions with their names")
    for name in measures:
        if name not in MEASURES:
            raise ConfigError("measures", name, "one of " + ", ".join(MEASURES))
    return tuple(measures), ()


def _try_values(plan: Plan) -> None:
    """ConfigError for a value that is possible at no point; one that is possible at some fails at the others only."""
    good: set[tuple[int, Any]] = set()
    problems: dict[tuple[int, Any], ConfigError] = {}
    for at in product(*(range(len(values)) for _, values in plan.axes)):
        chosen = tuple(values[k] for (_, values), k in zip(plan.axes, at, strict=True))
        try:
            plan.make(chosen, plan.seeds[0])
            good.update(enumerate(at))
        except ConfigError as problem:
            for key in enumerate(at):
                problems.setdefault(key, problem)
    for key, first in problems.items():
        if key not in good:
            raise first
