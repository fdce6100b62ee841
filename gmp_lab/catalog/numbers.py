"""The parameters of workloads, checked: numbers of a range, and times in us that become ns."""

from __future__ import annotations

from gmp_lab.errors import ConfigError

MAX_GOROUTINES = 1_000_000
MAX_US = 10_000_000


def number(name: str, value: object, low: float, high: float, unit: str) -> float:
    """Return value if it is a number of this range, else raise ConfigError."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        raise ConfigError(name, value, f"a number from {low:g} to {high:g} {unit}")
    return value


def us(name: str, value: object, low: float = 0) -> int:
    """A time given in us (up to 10 s), in ns; ConfigError if it is none."""
    return round(number(name, value, low, MAX_US, "us") * 1000)
