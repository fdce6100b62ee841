"""Goals and verdicts: measured, printed at the end, and never a reason to fail.

A time on a shared machine decides no test.  Ratios of CPU times taken in turns in one process come close to a
property of the code; still, who reads them must look at the spread, so both are printed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest


@dataclass(frozen=True)
class Verdict:
    """One goal: what was measured (and its spread, in words), against a limit from below or above."""

    goal: str
    value: float
    limit: float
    at_least: bool
    unit: str
    spread: str

    def __str__(self) -> str:
        met = self.value >= self.limit if self.at_least else self.value <= self.limit
        sign = ">=" if self.at_least else "<="
        return (
            f"{'met   ' if met else 'MISSED'}  {self.goal}: {self.value:.2f} {self.unit} "
            f"(goal {sign} {self.limit:g}{self.spread and '; ' + self.spread})"
        )


_VERDICTS = pytest.StashKey[list[Verdict]]()
Note = Callable[..., None]


@pytest.fixture(autouse=True, scope="session")
def _invariants_hold() -> None:
    """Nothing is checked beside the run here: the tests' own checks of the invariants would be measured, too."""


@pytest.fixture
def note(request: pytest.FixtureRequest) -> Note:
    """Return a function that keeps a verdict for the end of the run."""
    verdicts = request.config.stash.setdefault(_VERDICTS, [])

    def add(goal: str, value: float, limit: float, unit: str, *, at_least: bool = False, spread: str = "") -> None:
        verdicts.append(Verdict(goal, value, limit, at_least, unit, spread))

    return add


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print a line for each goal, below the table of times."""
    verdicts = terminalreporter.config.stash.get(_VERDICTS, [])
    if verdicts:
        terminalreporter.section("goals (CPU time, medians; they decide no test)")
        for verdict in verdicts:
            terminalreporter.line(str(verdict))
