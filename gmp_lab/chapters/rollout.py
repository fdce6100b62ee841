"""A runtime setting is changed on some replicas first, guarded by the SLO, and taken back if the guard says so.

Ten replicas serve; each is a simulated run of its own, with requests of its own.  In each stage more of them get the
new setting.  After each stage a *guard* compares what users of the new and of the old setting got; if it says no, all
replicas go back.  What the change has cost: the responses that came late on replicas with the new setting.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from gmp_lab.chapters.container import KINDS, late_percent, run
from gmp_lab.chapters.tasks import Case, Tried, tried
from gmp_lab.draw import Table
from gmp_lab.errors import ConfigError, check_choice

REPLICAS: Final = 10
STAGES: Final = (1, 3, 10)  # replicas with the new setting
ALLOWED: Final = 1.0  # % of the responses may be late: the error budget
MS: Final = 300  # of a stage

Guard = Callable[[float, float, float], Any]  # late with the new setting, late with the old one, allowed (all in %)


def guard(new: float, old: float, allowed: float) -> bool:
    """Go on if the new setting keeps the SLO, or if it is at least no worse than the old one."""
    return new <= allowed or new <= old


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage: replicas with the new setting, % of late responses on them and on the others, what was decided."""

    replicas: int
    new: float
    old: float
    late: int  # responses that came late on replicas with the new setting
    goes_on: bool


@dataclass(frozen=True, slots=True, repr=False)
class Rollout:
    """What happened: ``stages`` up to the last one or to the first that the guard refused, and the damage."""

    change: str
    stages: tuple[Stage, ...]
    at_once: int  # responses that would have come late with the new setting on all replicas, in as much time

    @property
    def done(self) -> bool:
        """Whether all replicas have the new setting now."""
        return self.stages[-1].goes_on

    @property
    def late(self) -> int:
        """Responses that came late on replicas with the new setting."""
        return sum(stage.late for stage in self.stages)

    def table(self) -> Table:
        """A row for each stage."""
        heads = ("replicas with it", "late with it (%)", "late without (%)", "late responses", "the guard says")
        rows = tuple(
            (f"{s.replicas} of {REPLICAS}", s.new, "-" if s.replicas == REPLICAS else s.old, s.late,
             "go on" if s.goes_on else "take it back")
            for s in self.stages
        )  # fmt: skip
        return Table(self.change, heads, rows, digits=2)

    @property
    def said(self) -> str:
        """The end in one sentence."""
        if self.done:
            return "All replicas have the new setting."
        return f"Taken back after {self.late:,} late responses; on all replicas at once: {self.at_once:,}."

    def __repr__(self) -> str:
        return f"{self.table().text()}\n{self.said}"

    def _repr_html_(self) -> str:
        return f"{self.table().html()}<p>{self.said}</p>"


def roll_out(kind: str, old: int, new: int, quota: float = 2, check: Guard = guard) -> Rollout:
    """Change GOMAXPROCS from old to new on ten replicas of a workload in containers of so many CPUs.

    ``check(new, old, allowed)`` gets % of late responses and says whether to go on; ConfigError if it says neither.
    """
    check_choice("kind", kind, KINDS)
    stages: list[Stage] = []
    for number, replicas in enumerate(STAGES):
        stages.append(_stage(kind, (old, new), quota, number, replicas, check))
        if not stages[-1].goes_on:
            break
    damage = sum(_late(kind, new, quota, n, r)[1] for n in range(len(stages)) for r in range(REPLICAS))
    return Rollout(f"GOMAXPROCS from {old} to {new}, {kind}, {quota:g} CPUs", tuple(stages), damage)


def _stage(  # noqa: PLR0913, PLR0917  # what a stage is made of
    kind: str, procs: tuple[int, int], quota: float, number: int, replicas: int, check: Guard
) -> Stage:
    old, new = procs
    with_it = [_late(kind, new, quota, number, r) for r in range(replicas)]
    without = [_late(kind, old, quota, number, r) for r in range(replicas, REPLICAS)]
    percent = [100 * sum(late for _, late in of) / max(1, sum(n for n, _ in of)) for of in (with_it, without)]
    if not without:  # the last stage: nobody is left to compare with
        percent[1] = 100.0
    said = check(percent[0], percent[1], ALLOWED)
    if not isinstance(said, bool):
        raise ConfigError("guard", said, "True (go on) or False (take it back)")
    return Stage(replicas, percent[0], percent[1] if without else 0.0, sum(late for _, late in with_it), said)


@cache
def _late(kind: str, procs: int, quota: float, stage: int, replica: int) -> tuple[int, int]:
    """Responses of one replica in one stage: all, and late ones."""
    rec = run(kind, procs, quota, ms=MS, seed=1 + stage * 100 + replica)
    n = len(rec.logs())
    return n, round(late_percent(rec) * n / 100)


# --- the student's task: a guard -----------------------------------------------------------------------------------

_CASES: Final = (("calm", 2, 4, 2), ("busy", 2, 8, 2), ("busy", 8, 4, 2), ("calm", 4, 8, 2), ("calm", 4, 2, 2))


def try_guard(answer: Guard) -> Tried:
    """Try a student's guard on changes of GOMAXPROCS that were measured on one replica each."""
    cases = []
    for kind, old, new, quota in _CASES:
        late = [late_percent(run(kind, procs, quota, ms=MS)) for procs in (new, old)]
        said = f"{kind}, from {old} to {new}: {late[0]:.1f} % late, {late[1]:.1f} % before"
        cases.append(Case(said, (*late, ALLOWED), guard(late[0], late[1], ALLOWED)))
    return tried(answer, cases)
