"""An experiment of the catalogue at several points as one table: simulated, real, and why the two agree or differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median

from gmp_lab.draw import Table
from gmp_lab.errors import ConfigError
from gmp_lab.experiments import Experiment, Result

Row = tuple[int, str, str]  # number of the point, what it is in words, why the sides agree or differ


def sides(
    experiment: Experiment, keys: str | Sequence[str] | Mapping[str, str], rows: Sequence[Row], *, digits: int = 2
) -> Table:
    """The medians of the values called ``keys`` (one name or several); the caption says where the real come from.

    With a mapping the headings have its words in the place of the names.
    ConfigError for a point or a key that the experiment does not have.
    """
    names = (keys,) if isinstance(keys, str) else tuple(keys)
    made: list[tuple[str | float, ...]] = []
    origins = set()
    for number, words, why in rows:
        if not 0 <= number < len(experiment.points):
            raise ConfigError("rows", number, f"the number of a point of {experiment.name}, from 0")
        point = experiment.points[number]
        both = experiment.simulated(point), experiment.real(point)
        origins.add(both[1].origin)
        made.append((words, *(_median(result, name) for name in names for result in both), why))
    caption = f"{experiment.question} ({'; '.join(sorted(origins))})"
    named: tuple[str, ...] = tuple(keys[name] for name in names) if isinstance(keys, Mapping) else names
    heads = [f"{name}{side}" for name in _said(named) for side in ("simulated", "real Go")]
    return Table(caption, ("case", *heads, "why"), tuple(made), digits=digits)


def _said(names: tuple[str, ...]) -> list[str]:
    """What stands before the side in a heading: nothing if there is one name only."""
    return [""] if len(names) == 1 else [f"{name}, " for name in names]


def _median(result: Result, key: str) -> float:
    numbers = [float(x) for x in result.values.get(key, ()) if not isinstance(x, str)]
    if not numbers:
        raise ConfigError("keys", key, "the name of numbers that it gives: " + ", ".join(result.values))
    return median(numbers)
