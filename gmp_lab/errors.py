"""The package's two errors.

A wrong parameter is the caller's mistake and is told in one sentence that names the parameter, the value and
what would have been allowed.  A broken invariant is the model's mistake and is never repaired in silence: it is
a ``Throw``, as the Go runtime's ``throw`` is.
"""

from __future__ import annotations


class ConfigError(ValueError):
    """A parameter is out of its range.

    ``parameter`` is its name, ``value`` what was given, ``allowed`` says in words what is accepted.
    """

    def __init__(self, parameter: str, value: object, allowed: str) -> None:
        self.parameter = parameter
        self.value = value
        self.allowed = allowed
        super().__init__(f"{parameter} = {value!r} is not possible: {allowed}")

    def __reduce__(self) -> tuple[type[ConfigError], tuple[str, object, str]]:
        return (type(self), (self.parameter, self.value, self.allowed))


class Throw(RuntimeError):
    """An invariant of the model is broken; the message begins with the Go function's name."""


def check_int(parameter: str, value: object, low: int, high: int, unit: str = "") -> int:
    """Return value if it is a whole number (not a bool) in low..high, else raise ConfigError."""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ConfigError(parameter, value, f"a whole number from {low} to {high}{unit and ' ' + unit}")
    return value


def check_choice(parameter: str, value: object, choices: tuple[str, ...]) -> str:
    """Return value if it is one of choices, else raise ConfigError."""
    if not isinstance(value, str) or value not in choices:
        raise ConfigError(parameter, value, "one of " + ", ".join(repr(c) for c in choices))
    return value


def check_bool(parameter: str, value: object) -> bool:
    """Return value if it is True or False, else raise ConfigError."""
    if not isinstance(value, bool):
        raise ConfigError(parameter, value, "True or False")
    return value
