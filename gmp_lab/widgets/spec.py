"""A lab panel as data: its controls, what they set, and the program that they run.

A chapter's panel is a declaration (``labs.py``); this module gives it a meaning.  A control (``control.py``) *sets*
parameters of ``Config``, of its ``Costs``, or of a workload of the catalogue, named as "config.gomaxprocs",
"costs.signal" or "program.burst_us", so that values of controls become a Config, a Program and the text of the code
that builds the same two.  Nothing here knows what a slider is: a spec can be checked, run and printed without one.

Rejected: functions that turn values into parameters.  They could express more, but the code shown to the student
could then not be made from them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from math import prod
from textwrap import fill
from typing import Any, Final

from gmp_lab.config import Config, Costs
from gmp_lab.errors import ConfigError
from gmp_lab.widgets.control import AnyControl, Values
from gmp_lab.widgets.sweepspec import SweepSpec
from gmp_lab.workload import Program

MAX_BURSTS: Final = 10_000  # so that a slider's step stays fast
MAX_EVENTS: Final = 400_000  # engine steps; the longest run that sliders can ask for stays under a second
_WIDTH: Final = 88
_HOME: Final = "gmp_lab.catalog"  # its modules are not for the student


@dataclass(frozen=True, slots=True)
class LabSpec:
    """A panel: ``program`` is a function of the catalogue that returns a Program, called with keyword arguments.

    ``config`` and ``arguments`` are parameters of Config and of ``program`` that no control sets.  ``about`` tells
    the student what the program does.  ``views`` are names of ``viewlist.VIEWS``; ``figures`` are names of measures
    (``metrics.measured``), the rows of the small table.  ``bursts`` names the arguments whose product is the number
    of bursts, at most ``MAX_BURSTS``.  ``sweeps`` are offered below the run, folded away.
    """

    name: str
    title: str
    about: str
    controls: tuple[AnyControl, ...]
    program: Callable[..., Program]
    figures: tuple[str, ...]
    arguments: Mapping[str, Any] = field(default_factory=dict)
    config: Mapping[str, Any] = field(default_factory=dict)
    bursts: tuple[str, ...] = ("goroutines", "bursts")
    views: tuple[str, ...] = ("timeline", "queues")
    sweeps: tuple[SweepSpec, ...] = ()

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
            parameter.removeprefix(where): control.means(checked[control.name])
            for control in self.controls
            for parameter in control.sets
            if parameter.startswith(where)
        }
        return {**put, **fixed}

    def config_parameters(self, values: Mapping[str, object]) -> dict[str, Any]:
        """Parameters of Config for values of the controls; ConfigError for a bad value."""
        costs = self._set_by(values, "costs.", {})
        put = {**self._set_by(values, "config.", self.config), "max_events": MAX_EVENTS}
        return {**put, "costs": Costs(**costs)} if costs else put

    def program_arguments(self, values: Mapping[str, object]) -> dict[str, Any]:
        """Arguments of the program for values of the controls; ConfigError for a bad value, or too many bursts."""
        arguments = self._set_by(values, "program.", self.arguments)
        total = prod(arguments[name] for name in self.bursts)
        if self.bursts and total > MAX_BURSTS:
            raise ConfigError(" x ".join(self.bursts), total, f"at most {MAX_BURSTS:,} bursts in a run of the panel")
        return arguments

    def make(self, values: Mapping[str, object]) -> tuple[Config, Program]:
        """The Config and the Program for values of the controls; ConfigError if they are not possible."""
        return Config(**self.config_parameters(values)), self.program(**self.program_arguments(values))

    def code(self, values: Mapping[str, object]) -> str:
        """Python code that makes the same run: its ``recording`` equals the panel's to the byte."""
        program, config = self.program, self.config_parameters(values)
        needed = "Config, Costs, simulate" if "costs" in config else "Config, simulate"
        home = _HOME if program.__module__.startswith(f"{_HOME}.") else program.__module__
        return "\n".join(
            (
                f"from gmp_lab import {needed}",
                f"from {home} import {program.__name__}",
                "",
                _call("config", "Config", config),
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
    if isinstance(value, Costs):
        changed = ((f.name, getattr(value, f.name)) for f in fields(value) if getattr(value, f.name) != f.default)
        return f"Costs({', '.join(f'{name}={_literal(number)}' for name, number in changed)})"
    return f"{value:_}" if type(value) is int and value >= 10_000 else repr(value)
