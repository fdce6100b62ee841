"""Small tools for tests of the model: run a main under checks, read the record in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gmp_lab import Config, Program, Recording, simulate
from gmp_lab import vocabulary as v
from gmp_lab.runtime.mloop import Machine


def checked(runtime: Machine, rows: object) -> None:
    """An observer that states every invariant after every event."""
    runtime.check()


def run(main: Callable[..., Any], *args: Any, **settings: Any) -> Recording:
    """Simulate main with the invariants checked after every engine step; bare start, no jitter unless asked for."""
    return simulate(Config(**settings), Program(main, *args), observe=checked)


def kinds(rec: Recording, *wanted: int) -> list[tuple[str, int, int, int, int]]:
    """The events of some kinds as (name, g, p, m, arg)."""
    return [(e.name, e.g, e.p, e.m, e.arg) for e in rec if e.kind in wanted]


def sources(rec: Recording, g: int | None = None) -> list[str]:
    """Where each executed goroutine (or those of one id) came from, in words."""
    return [v.SRC_NAMES[e.arg & 15] for e in rec if e.kind == v.E_EXECUTE and g in (None, e.g)]


def log_order(rec: Recording) -> list[int]:
    return [value for _, _, value in rec.logs()]
