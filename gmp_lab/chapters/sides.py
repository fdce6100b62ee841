"""An experiment of the catalogue at several points as one table: simulated, real, and why the two agree or differ."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from gmp_lab.draw import Table
from gmp_lab.errors import ConfigError
from gmp_lab.experiments import Experiment, Result

Row = tuple[int, str, str]  # number of the point, what it is in words, why the sides agree or differ


def sides(experiment: Experiment, key: str, rows: Sequence[Row], *, digits: int = 2) -> Table:
    """The medians of the values called ``key``; the caption says whether the real ones are live or recorded.

    ConfigError for a point or a key that the experiment does not have.
    """
    made, origins = [], set()
    for number, words, why in rows:
        if not 0 <= number < len(experiment.points):
            raise ConfigError("rows", number, f"the number of a point of {experiment.name}, from 0")
        point = experiment.points[number]
        real = experiment.real(point)
        origins.add(real.origin)
        made.append((words, _median(experiment.simulated(point), key), _median(real, key), why))
    caption = f"{experiment.question} ({'; '.join(sorted(origins))})"
    return Table(caption, ("case", "simulated", "real Go", "why"), tuple(made), digits=digits)


def _median(result: Result, key: str) -> float:
    numbers = [float(x) for x in result.values.get(key, ()) if not isinstance(x, str)]
    if not numbers:
        raise ConfigError("key", key, "the name of numbers that it gives: " + ", ".join(result.values))
    return median(numbers)
