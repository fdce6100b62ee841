"""A lab panel as data: its controls, what they set, and the program that they run.

A chapter's panel is a declaration (``labs.py``); this module gives it a meaning.  A control *sets* parameters of
``Config`` or of a workload of the catalogue, named as "config.gomaxprocs" or "program.burst_us", so that values of
controls become a Config, a Program and the text of the code that builds the same two.  Nothing here knows what a
slider is: a spec can be checked, run and printed without a notebook.

Rejected: functions that turn values into parameters.  They could express more, but the code shown to the student
could then not be made from them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import prod
from textwrap import fill
from typing import Any, Final

from gmp_lab.config import Config
from gmp_lab.errors import ConfigError, check_choice, check_int
from gmp_lab.workload import Program

Value = int | str
Values = dict[str, Value]

MAX_BURSTS: Final = 10_000  # so that a slider's step stays fast
MAX_EVENTS: Final = 400_000  # engine steps; the longest run that sliders can ask for stays under a second
_WIDTH: Final = 88


@dataclass(frozen=True, slots=True)
class Control:
    """A whole number from ``low`` to ``high`` in steps of ``step``, set with a slider.

    ``label`` is what the student reads, ``unit`` what follows it in parentheses, ``sets`` the parameters that get
    the value: names that begin with "config." or "program.".
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

    def __post_init__(self) -> None:
        check_int(f"{self.name} (default)", self.default, self.low, self.high)

    def check(self, value: object) -> Value:
        """Return value if the control can have it, else raise ConfigError."""
        return check_int(self.name, value, self.low, self.high, self.unit)

    def words(self) -> str:
        """Label and unit."""
        return f"{self.label} ({self.unit})" if self.unit else self.label


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words, such as a Go version."""

    name: str
    label: str
    options: tuple[str, ...]
    default: str
    sets: tuple[str, ...]
    tooltip: str

    def __post_init__(self) -> None:
        check_choice(f"{self.name} (default)", self.default, self.options)

    def check(self, value: object) -> Value:
        """Return value if it is one of the options, else raise ConfigError."""
        return check_choice(self.name, value, self.options)

    def words(self) -> str:
        """The label."""
        return self.label


@dataclass(frozen=True, slots=True)
class LabSpec:
    """A panel: ``program`` is a function of the catalogue that returns a Program, called with keyword arguments.

    ``config`` and ``arguments`` are parameters of Config and of ``program`` that no control sets.  ``about`` tells
    the student what the program does.  ``views`` are names of ``views.VIEWS``; ``figures`` are the rows of the
    summary (``metrics.summary_rows``) in the small table.  ``bursts`` names the arguments whose product is the
    number of bursts, at most ``MAX_BURSTS``.
    """

    name: str
    title: str
    about: str
    controls: tuple[Control | Choice, ...]
    program: Callable[..., Program]
    figures: tuple[str, ...]
    arguments: Mapping[str, Any] = field(default_factory=dict)
    config: Mapping[str, Any] = field(default_factory=dict)
    bursts: tuple[str, ...] = ("goroutines", "bursts")
    views: tuple[str, ...] = ("timeline", "queues")

    def defaults(self) -> Values:
        """Value of each control at the start and after a reset."""
        return {control.name: control.default for control in self.controls}

    def check(self, values: Mapping[str, object]) -> Values:
        """Return a value for each control, the default where none is given; ConfigError for a bad name or value."""
        known = {control.name: control for control in self.controls}
        for name, value in values.items():
            if name not in known:
                raise ConfigError(name, value, "a control of this lab: " + ", ".join(known))
        given = {**self.defaults(), **values}
        return {name: control.check(given[name]) for name, control in known.items()}

    def _set_by(self, values: Mapping[str, object], where: str, fixed: Mapping[str, Any]) -> dict[str, Any]:
        checked = self.check(values)
        put = {
            parameter.removeprefix(where): checked[control.name]
            for control in self.controls
            for parameter in control.sets
            if parameter.startswith(where)
        }
        return {**put, **fixed}

    def config_parameters(self, values: Mapping[str, object]) -> dict[str, Any]:
        """Parameters of Config for values of the controls; ConfigError for a bad value."""
        return {**self._set_by(values, "config.", self.config), "max_events": MAX_EVENTS}

    def program_arguments(self, values: Mapping[str, object]) -> dict[str, Any]:
        """Arguments of the program for values of the controls; ConfigError for a bad value, or too many bursts."""
        arguments = self._set_by(values, "program.", self.arguments)
        total = prod(arguments[name] for name in self.bursts)
        if total > MAX_BURSTS:
            raise ConfigError(" x ".join(self.bursts), total, f"at most {MAX_BURSTS:,} bursts in a run of the panel")
        return arguments

    def make(self, values: Mapping[str, object]) -> tuple[Config, Program]:
        """The Config and the Program for values of the controls; ConfigError if they are not possible."""
        return Config(**self.config_parameters(values)), self.program(**self.program_arguments(values))

    def code(self, values: Mapping[str, object]) -> str:
        """Python code that makes the same run: its ``recording`` equals the panel's to the byte."""
        program = self.program
        return "\n".join(
            (
                "from gmp_lab import Config, simulate",
                f"from {program.__module__} import {program.__name__}",
                "",
                _call("config", "Config", self.config_parameters(values)),
                _call("program", program.__name__, self.program_arguments(values)),
                "recording = simulate(config, program)",
                "recording",
            )
        )


def _call(target: str, function: str, arguments: Mapping[str, Any]) -> str:
    """``target = function(name=value, ...)``, on several lines if it is long."""
    words = [f"{name}={_literal(value)}" for name, value in arguments.items()]
    line = f"{target} = {function}({', '.join(words)})"
    if len(line) <= _WIDTH:
        return line
    inside = fill(", ".join(words) + ",", _WIDTH, initial_indent="    ", subsequent_indent="    ")
    return f"{target} = {function}(\n{inside}\n)"


def _literal(value: object) -> str:
    return f"{value:_}" if type(value) is int and value >= 10_000 else repr(value)
