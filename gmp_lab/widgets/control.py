"""The kinds of controls of a panel, as data: a number, a ladder of numbers, a choice, a switch.

A control has a *value*, which is what the student sets and what is kept, and that value *means* a parameter: a
slider in MiB means bytes, a choice "auto" means None.  What it means is data, too (a factor, a table), so that the
code shown to the student can be made from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gmp_lab.errors import ConfigError, check_bool, check_choice, check_int

Value = int | str | bool
Values = dict[str, Value]


@dataclass(frozen=True, slots=True)
class Control:
    """A whole number from ``low`` to ``high`` in steps of ``step``, set with a slider.

    ``label`` is what the student reads, ``unit`` what follows it in parentheses, ``sets`` the parameters that get
    the value times ``factor``: names that begin with "config.", "costs." or "program.".
    """

    name: str
    label: str
    low: int
    high: int
    default: int
    sets: tuple[str, ...]
    tooltip: str
    unit: str = ""
    step: int = 1
    factor: int = 1

    def __post_init__(self) -> None:
        check_int(f"{self.name} (default)", self.default, self.low, self.high)

    def check(self, value: object) -> Value:
        """Return value if the control can have it, else raise ConfigError."""
        return check_int(self.name, value, self.low, self.high, self.unit)

    def means(self, value: Value) -> Any:
        """What the parameters get."""
        return int(value) * self.factor

    def words(self) -> str:
        """Label and unit."""
        return f"{self.label} ({self.unit})" if self.unit else self.label

    def samples(self) -> tuple[Value, ...]:
        """Values to try: the limits, and one between."""
        return tuple(dict.fromkeys((self.low, self.high, self.default, min(self.high, self.default + self.step))))


@dataclass(frozen=True, slots=True)
class Ladder:
    """One of a rising row of whole numbers, such as 1, 2, 5, 10, 20, ..., set with a slider that goes step by step.

    ``special`` gives words and meanings to values that are no number for the runtime: {0: ("no limit", None)}.
    """

    name: str
    label: str
    rungs: tuple[int, ...]
    default: int
    sets: tuple[str, ...]
    tooltip: str
    unit: str = ""
    factor: int = 1
    special: tuple[tuple[int, str, Any], ...] = ()

    def __post_init__(self) -> None:
        if list(self.rungs) != sorted(set(self.rungs)):
            raise ConfigError(f"{self.name} (rungs)", self.rungs, "rising numbers")
        self.check(self.default)

    def check(self, value: object) -> Value:
        """Return value if it is one of the rungs, else raise ConfigError."""
        check_int(self.name, value, self.rungs[0], self.rungs[-1], self.unit)
        if value not in self.rungs:
            raise ConfigError(self.name, value, "one of " + ", ".join(map(str, self.rungs)))
        return int(str(value))

    def means(self, value: Value) -> Any:
        """What the parameters get."""
        return next((meant for rung, _, meant in self.special if rung == value), int(value) * self.factor)

    def options(self) -> tuple[tuple[str, int], ...]:
        """Words and value of each rung."""
        named = {rung: words for rung, words, _ in self.special}
        return tuple((named.get(rung, f"{rung:,}"), rung) for rung in self.rungs)

    def words(self) -> str:
        """Label and unit."""
        return f"{self.label} ({self.unit})" if self.unit else self.label

    def samples(self) -> tuple[Value, ...]:
        """Values to try: the limits, and one between."""
        return tuple(dict.fromkeys((self.rungs[0], self.rungs[-1], self.default)))


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words, such as a Go version; ``meanings`` are what they stand for, by default themselves."""

    name: str
    label: str
    options: tuple[str, ...]
    default: str
    sets: tuple[str, ...]
    tooltip: str
    meanings: tuple[Any, ...] = ()

    def __post_init__(self) -> None:
        check_choice(f"{self.name} (default)", self.default, self.options)
        if self.meanings and len(self.meanings) != len(self.options):
            raise ConfigError(f"{self.name} (meanings)", self.meanings, "one for each option")

    def check(self, value: object) -> Value:
        """Return value if it is one of the options, else raise ConfigError."""
        return check_choice(self.name, value, self.options)

    def means(self, value: Value) -> Any:
        """What the parameters get."""
        return self.meanings[self.options.index(str(value))] if self.meanings else value

    def words(self) -> str:
        """The label."""
        return self.label

    def samples(self) -> tuple[Value, ...]:
        """Values to try: all."""
        return self.options


@dataclass(frozen=True, slots=True)
class Switch:
    """Yes or no, such as GODEBUG=asyncpreemptoff=1."""

    name: str
    label: str
    default: bool
    sets: tuple[str, ...]
    tooltip: str

    def check(self, value: object) -> Value:
        """Return value if it is True or False, else raise ConfigError."""
        return check_bool(self.name, value)

    def means(self, value: Value) -> Any:
        """What the parameters get."""
        return bool(value)

    def words(self) -> str:
        """The label."""
        return self.label

    def samples(self) -> tuple[Value, ...]:
        """Values to try: both."""
        return (False, True)


AnyControl = Control | Ladder | Choice | Switch
