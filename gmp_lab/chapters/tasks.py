"""A function that the student writes, tried on cases whose answers come from runs.

The stub of a task returns ``...``; then nothing is wrong yet, and nothing is right.  What is tried never stops the
notebook: a function that raises is told so, in one line.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from gmp_lab.draw import Table

OPEN: Final = "not written yet"


@dataclass(frozen=True, slots=True)
class Case:
    """``says`` in words what is given; ``given`` are the arguments; ``expected`` is what the run shows."""

    says: str
    given: tuple[Any, ...]
    expected: Any


@dataclass(frozen=True, slots=True)
class Tried:
    """The result: a table with a row for each case, and whether all of them hold; it shows itself in a notebook."""

    table: Table
    holds: bool
    said: str

    def __repr__(self) -> str:
        return f"{self.table.text()}\n{self.said}"

    def _repr_html_(self) -> str:
        return f"{self.table.html()}<p>{self.said}</p>"


def tried(answer: Callable[..., Any], cases: Sequence[Case], *, within: float = 0.0) -> Tried:
    """Call ``answer`` for each case; a number may be off by the share ``within``, all else must be equal."""
    rows, right, written = [], 0, False
    for case in cases:
        said, good = _one(answer, case, within)
        written |= said != OPEN
        right += good
        rows.append((case.says, said, _words(case.expected), ("yes" if good else "no") if said != OPEN else "-"))
    table = Table("Your function, tried", ("case", "it says", "the run", "holds"), tuple(rows))
    return Tried(table, right == len(cases), _verdict(right, len(cases), written, within))


def _verdict(right: int, cases: int, written: bool, within: float) -> str:
    if not written:
        return "Nothing is written yet: put your answer in the place of the three dots, and run the cell again."
    allowed = f" (up to {within:.0%} off is fine)" if within else ""
    if right == cases:
        return f"It holds in all {cases} cases{allowed}."
    return f"It holds in {right} of {cases} cases{allowed}."


def _one(answer: Callable[..., Any], case: Case, within: float) -> tuple[str, bool]:
    """What the answer says to a case, and whether that is right."""
    try:
        said = answer(*case.given)
    except (ArithmeticError, AttributeError, LookupError, NameError, TypeError, ValueError) as problem:
        return f"{type(problem).__name__}: {problem}", False
    if said is None or said is ...:
        return OPEN, False
    return _words(said), _fits(said, case.expected, within)


def _fits(said: Any, expected: Any, within: float) -> bool:
    """Equal (a list may be a tuple), or a number that is near enough; True and False are no numbers here."""
    if isinstance(said, (list, tuple)) and isinstance(expected, (list, tuple)):
        return list(said) == list(expected)
    if type(said) is bool or type(expected) is bool or not _number(said) or not _number(expected):
        return type(said) is type(expected) and bool(said == expected)
    return bool(abs(said - expected) <= within * abs(expected))


def _number(value: Any) -> bool:
    return isinstance(value, (int, float))


def _words(value: Any) -> str:
    if isinstance(value, bool):
        return str(value)
    return f"{value:,.2f}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)
