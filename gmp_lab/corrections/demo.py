"""A demonstration: the same program twice, with one setting changed, one number of each run, and what must hold.

``holds`` says of the two numbers what is so if the correction is right, ``article`` what would be so if the article
were.  Both are functions of the two numbers and of the settings, so that students can change these.  Where both hold
the settings do not tell the two apart (a ring of two goroutines has a half in any rounding), and the verdict says so.

Rejected: one number and a threshold.  A number alone is explained by anything; a change that follows from one rule
and not from another is evidence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from gmp_lab.config import Config
from gmp_lab.errors import ConfigError, check_bool, check_choice, check_int
from gmp_lab.recording import Recording
from gmp_lab.simulate import simulate
from gmp_lab.workload import Program

Setting = int | str | bool
Settings = Mapping[str, Any]  # name: value; the changed one has a pair
Relation = Callable[[Any, Any, Settings], bool]
Measured = int | float | str

VERDICTS: Final = {
    (True, False): "as corrected",
    (False, True): "as the article says",
    (True, True): "these settings do not tell the two apart",
    (False, False): "neither as the article says nor as corrected",
}
_LONG: Final = 60_000_000_000  # ns; longer than any of these runs, so that all of them end by themselves


@dataclass(frozen=True, slots=True)
class Knob:
    """A setting that students can change: ``where`` it goes ("config", "program", "measure"), what it can be.

    ``allowed`` are the least and the greatest whole number, or the words (texts, or False and True) to choose from.
    ``default`` is a value, or for the setting that differs between A and B the pair of both.
    """

    name: str
    where: str
    default: Setting | tuple[Setting, Setting]
    allowed: tuple[Setting, ...]
    unit: str = ""

    def check(self, value: object) -> Setting:
        """Return value if it is allowed, else raise ConfigError with name, value and range."""
        first = self.allowed[0]
        if isinstance(first, bool):
            return check_bool(self.name, value)
        if isinstance(first, str):
            return check_choice(self.name, value, tuple(map(str, self.allowed)))
        return check_int(self.name, value, first, int(self.allowed[-1]), self.unit)

    def words(self) -> str:
        """Name and range: "tasks 2 to 257", "go '1.13' or '1.27'"."""
        if isinstance(self.allowed[0], int) and not isinstance(self.allowed[0], bool):
            return f"{self.name} {self.allowed[0]} to {self.allowed[-1]}{self.unit and ' ' + self.unit}"
        return f"{self.name} " + " or ".join(map(repr, self.allowed))


@dataclass(frozen=True, slots=True)
class Comparison:
    """What two runs showed: the settings, the two numbers, and which of the two accounts they fit."""

    settings: Settings
    a: Measured
    b: Measured
    holds: bool
    article: bool

    @property
    def verdict(self) -> str:
        """One of VERDICTS, in words."""
        return VERDICTS[self.holds, self.article]


@dataclass(frozen=True, slots=True)
class Demo:
    """``knobs``: the first one differs between A and B.  ``config`` and ``arguments`` are what nobody changes.

    ``measure`` gives a number (or a word) of a Recording, which ``seen`` names; it gets the knobs of "measure".
    """

    id: str
    program: Callable[..., Program]
    knobs: tuple[Knob, ...]
    measure: Callable[..., Measured]
    seen: str
    holds: Relation
    article: Relation
    config: Settings = field(default_factory=dict)
    arguments: Settings = field(default_factory=dict)

    @property
    def changed(self) -> Knob:
        """The setting that differs between A and B."""
        return self.knobs[0]

    def settings(self, given: Settings) -> dict[str, Any]:
        """All settings, from those given and the defaults; of the changed one a pair, (A, B).

        One value for the changed one is B's.  ConfigError for a name that is not there, a value out of range, or
        A and B alike.
        """
        known = {knob.name: knob for knob in self.knobs}
        for name, value in given.items():
            if name not in known:
                raise ConfigError(name, value, "a setting of this demonstration: " + ", ".join(known))
        changed = self.changed
        assert isinstance(changed.default, tuple)
        asked = given.get(changed.name, changed.default)
        both = tuple(asked) if isinstance(asked, (tuple, list)) else (changed.default[0], asked)
        if len(both) != 2 or both[0] == both[1]:
            raise ConfigError(changed.name, asked, f"a pair of two different values: {changed.words()}")
        pair = (changed.check(both[0]), changed.check(both[1]))
        rest = {knob.name: knob.check(given.get(knob.name, knob.default)) for knob in self.knobs[1:]}
        return {changed.name: pair, **rest}

    def _put(self, settings: Settings, side: int, where: str) -> dict[str, Any]:
        values = {**settings, self.changed.name: settings[self.changed.name][side]}
        return {knob.name: values[knob.name] for knob in self.knobs if knob.where == where}

    def config_of(self, settings: Settings, side: int) -> dict[str, Any]:
        """Parameters of Config of run A (side 0) or B (1)."""
        return {**self._put(settings, side, "config"), "until_ns": _LONG, **self.config}

    def arguments_of(self, settings: Settings, side: int) -> dict[str, Any]:
        """Arguments of the program of run A (side 0) or B (1)."""
        return {**self._put(settings, side, "program"), **self.arguments}

    def recording(self, settings: Settings, side: int) -> Recording:
        """Run A (side 0) or B (1)."""
        return simulate(Config(**self.config_of(settings, side)), self.program(**self.arguments_of(settings, side)))

    def compare(self, settings: Settings) -> Comparison:
        """Make both runs, which may be one and the same if only the measure differs, and look at them."""
        keys = [(self.config_of(settings, side), self.arguments_of(settings, side)) for side in (0, 1)]
        first = self.recording(settings, 0)
        runs = (first, first if keys[0] == keys[1] else self.recording(settings, 1))
        a, b = (self.measure(runs[side], **self._put(settings, side, "measure")) for side in (0, 1))
        return Comparison(settings, a, b, self.holds(a, b, settings), self.article(a, b, settings))

    def code(self, settings: Settings) -> str:
        """Python code that makes both runs and ends in the pair of numbers."""
        program, home = self.program, self.program.__module__
        home = "gmp_lab.catalog" if home.startswith("gmp_lab.catalog") else home
        lines = [
            "from gmp_lab import Config, simulate",
            f"from {home} import {program.__name__}",
            f"from {self.measure.__module__} import {self.measure.__name__}",
            "",
        ]
        for side, name in enumerate("ab"):
            config = f"Config({_arguments(self.config_of(settings, side))})"
            made = f"{program.__name__}({_arguments(self.arguments_of(settings, side))})"
            lines += [f"{name} = simulate(", f"    {config},", f"    {made},", ")"]
        looks = [", ".join(filter(None, (name, _arguments(self._put(settings, side, "measure")))))
                 for side, name in enumerate("ab")]  # fmt: skip
        lines.append(", ".join(f"{self.measure.__name__}({look})" for look in looks))
        return "\n".join(lines)


def _arguments(values: Settings) -> str:
    return ", ".join(f"{name}={_literal(value)}" for name, value in values.items())


def _literal(value: object) -> str:
    return f"{value:_}" if type(value) is int and value >= 10_000 else repr(value)
