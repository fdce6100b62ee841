"""What checks look at: simulated runs, and experiments of the catalogue from both sides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from gmp_lab.catalog import CATALOG
from gmp_lab.claims.check import Outcome, all_of, expect, live, shared
from gmp_lab.config import Config
from gmp_lab.experiments import CATALOGUE, Experiment, Point, Result, Values
from gmp_lab.golang import GoRunError
from gmp_lab.recording import Event, Recording
from gmp_lab.simulate import simulate
from gmp_lab.workload import Program

_TRIES: Final = 5  # of a live experiment, as in the tests of the catalogue


@shared
def run(main: Callable[..., Any], *args: Any, **settings: Any) -> Recording:
    """Simulate a main function with its arguments; settings are fields of Config. The same call is made once."""
    return simulate(Config(**settings), Program(main, *args))


@shared
def run_workload(name: str, params: tuple[tuple[str, Any], ...] = (), **settings: Any) -> Recording:
    """Simulate a workload of the catalog: ``run_workload("spawn", (("count", 300),), gomaxprocs=1)``."""
    return simulate(Config(**settings), CATALOG[name][0](**dict(params)))


def seen(rec: Recording, *kinds: int, **where: int) -> list[Event]:
    """The events of these kinds, in order; where: fields that must have a value (``g=2``, ``arg=0``)."""
    return [e for e in rec if e.kind in kinds and all(getattr(e, name) == value for name, value in where.items())]


def counted(rec: Recording, *kinds: int, **where: int) -> int:
    """How many such events there are."""
    return len(seen(rec, *kinds, **where))


def logged(rec: Recording) -> list[int]:
    """The numbers that bodies wrote with ``log``, in order."""
    return [value for _, _, value in rec.logs()]


@dataclass(frozen=True, slots=True)
class Both:
    """An experiment's values on both sides; ``outcome``: what must hold on any machine, for both."""

    real: Values
    simulated: Values
    outcome: Outcome

    def numbers(self, key: str) -> list[float]:
        """The real side's numbers of that name; LookupError if it has none."""
        found = [x for x in self.real[key] if not isinstance(x, str)]
        if not found:
            raise LookupError(f"no numbers called {key}")
        return found


def experiment(name: str, point: int = 0) -> Both:
    """An entry of the catalogue at one of its points: recorded, or on the installed Go if the checks run live."""
    return _experiment(name, point, live.get())


def _live(chosen: Experiment, point: Point) -> Result:
    """The result of running it now: the first of a few runs that a busy machine has not disturbed, else the last.

    Recorded, if the toolchain is missing or the program cannot be watched here; the outcome says which it was.
    """
    try:
        for _ in range(_TRIES):
            result = chosen.real(point)
            if result.source != "live" or not point.wrong(result.values):
                break
    except GoRunError:
        return chosen.recorded(point)
    return result


@shared
def _experiment(name: str, number: int, on_go: bool) -> Both:
    chosen = CATALOGUE[name]
    point = chosen.points[number]
    real = _live(chosen, point) if on_go else chosen.recorded(point)
    ours = chosen.simulated(point)
    sides = f"{name} ({real.source} and simulated)"
    found = []
    for band in point.bands:
        wrong = [side.source for side in (real, ours) if not band.holds(side.values)]
        found.append(expect(not wrong, f"{sides}: {band.says}" + f"; not so: {', '.join(wrong)}" * bool(wrong)))
    if point.exact:
        other = [key for key in point.exact if not real.values.get(key) or real.values[key] != ours.values.get(key)]
        same = f"the same {', '.join(point.exact)}"
        found.append(expect(not other, f"{sides}: {', '.join(other)} differs" if other else f"{sides}: {same}"))
    return Both(real.values, ours.values, all_of(*found))
