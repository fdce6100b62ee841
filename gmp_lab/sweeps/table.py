"""What a sweep found: a row for each run, and for each point the mean with its confidence band."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from itertools import product
from math import fsum, prod, sqrt
from statistics import median
from typing import TYPE_CHECKING, Any

from gmp_lab.errors import check_choice
from gmp_lab.sweeps.student import t_quantile

if TYPE_CHECKING:
    from gmp_lab.draw.tables import Table


@dataclass(frozen=True, slots=True)
class Run:
    """One run: the axis values, the seed, a value for each measure, and how it ended ("exit", "deadlock", ...).

    A run that failed has no values, and ``failed`` says why.
    """

    at: tuple[Any, ...]
    seed: int
    values: tuple[float, ...]
    ended: str = ""
    failed: str = ""


@dataclass(frozen=True, slots=True)
class Point:
    """A measure at one point of the grid, over ``n`` seeds: mean, median, and the 95 % band of the mean.

    ``low`` and ``high`` are None for a single run, which tells nothing about how runs differ.
    """

    at: tuple[Any, ...]
    measure: str
    n: int
    mean: float
    low: float | None
    high: float | None
    median: float


def _point(at: tuple[Any, ...], measure: str, values: list[float]) -> Point:
    n = len(values)
    mean = fsum(values) / n
    if n == 1:
        return Point(at, measure, n, mean, None, None, median(values))
    wide = t_quantile(n - 1) * sqrt(fsum((v - mean) ** 2 for v in values) / (n - 1) / n)
    return Point(at, measure, n, mean, mean - wide, mean + wide, median(values))


@dataclass(frozen=True, slots=True, repr=False)
class SweepTable:
    """The grid (``axes``: names with values; ``seeds``), the names of the ``measures``, and the ``runs`` in order.

    Two tables are equal if all of this is.  It shows itself as a table of points, in a notebook and as text.
    """

    axes: tuple[tuple[str, tuple[Any, ...]], ...]
    seeds: tuple[int, ...]
    measures: tuple[str, ...]
    runs: tuple[Run, ...]

    def __len__(self) -> int:
        return len(self.runs)

    @property
    def planned(self) -> int:
        """How many runs the grid has."""
        return prod(len(values) for _, values in self.axes) * len(self.seeds)

    @property
    def failed(self) -> tuple[Run, ...]:
        """The runs that failed, each with its sentence."""
        return tuple(run for run in self.runs if run.failed)

    @property
    def missing_points(self) -> int:
        """How many points of the grid lack at least one run, because the sweep was cancelled."""
        there: dict[tuple[Any, ...], int] = {}
        for run in self.runs:
            there[run.at] = there.get(run.at, 0) + 1
        return sum(there.get(at, 0) < len(self.seeds) for at in self._grid())

    def points(self, measure: str | None = None) -> tuple[Point, ...]:
        """Mean, band and median of each point that has a value, of one measure or of all; ConfigError for another."""
        names = self.measures if measure is None else (check_choice("measure", measure, self.measures),)
        there: dict[tuple[Any, ...], list[Run]] = {}
        for run in self.runs:
            if not run.failed:
                there.setdefault(run.at, []).append(run)
        which = [self.measures.index(name) for name in names]
        return tuple(
            _point(at, self.measures[k], [run.values[k] for run in there[at]])
            for at in self._grid() if at in there for k in which
        )  # fmt: skip

    def _grid(self) -> list[tuple[Any, ...]]:
        return list(product(*(values for _, values in self.axes)))

    def summary(self) -> str:
        """One sentence: how many runs there are, how many failed (and why the first did), what is missing."""
        lost = self.planned - len(self.runs)
        parts = [f"{len(self.runs) - len(self.failed):,} of {self.planned:,} runs"]
        if self.failed:
            parts.append(f"{len(self.failed):,} failed ({self.failed[0].failed})")
        cut = sum(run.ended not in ("", "exit") for run in self.runs)
        if cut:
            parts.append(f"{cut:,} did not end by themselves")
        if lost:
            parts.append(f"cancelled: {lost:,} runs missing at {self.missing_points:,} points")
        return "; ".join(parts)

    def table(self) -> Table:
        """The points as a ``draw.Table``."""
        # draw loads plotly, which a worker of a pool never needs
        from gmp_lab.draw.tables import Table  # noqa: PLC0415

        heads = (*(name for name, _ in self.axes), "measure", "runs", "mean", "95 % from", "to", "median")
        rows: tuple[tuple[str | int | float, ...], ...] = tuple(
            (*map(str, p.at), p.measure, p.n, float(p.mean), _edge(p.low), _edge(p.high), float(p.median))
            for p in self.points()
        )
        return Table(f"Sweep: {self.summary()}", heads, rows, digits=3)

    def text(self) -> str:
        """The points as aligned text."""
        return self.table().text()

    def _repr_html_(self) -> str:
        return self.table().html()

    def __repr__(self) -> str:
        return self.text()

    def to_csv(self) -> str:
        """The runs as CSV: a line for each, with axis values, seed, measures, how it ended, why it failed."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow([*(name for name, _ in self.axes), "seed", *self.measures, "ended", "failed"])
        for run in self.runs:
            writer.writerow([*run.at, run.seed, *(run.values or [""] * len(self.measures)), run.ended, run.failed])
        return out.getvalue()


def _edge(value: float | None) -> str:
    return "-" if value is None else f"{value:,.3f}"
