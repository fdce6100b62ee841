"""Programs and measures for the tests of sweeps: functions of a module, so that other processes find them."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any

from gmp_lab import ConfigError, Program, Recording, Throw, work
from gmp_lab.workload import Body


def one_burst(burst_us: int = 10, seed: int = 1) -> Program:
    """One goroutine that computes; 13 us are not possible."""
    if burst_us == 13:
        raise ConfigError("burst_us", burst_us, "any number but 13")
    return Program(_main, burst_us, seed, name="one_burst")


def _main(burst_us: int, seed: int) -> Body:
    yield work(ns=1000 * burst_us + seed)


def breaks(burst_us: int = 10) -> Program:
    """A program in which an invariant breaks at 7 us."""
    return Program(_breaking, burst_us, name="breaks")


def _breaking(burst_us: int) -> Body:
    yield work(us=burst_us)
    if burst_us == 7:
        raise Throw("casgstatus: bad incoming values")


def kills(burst_us: int = 10) -> Program:
    """A program that ends its whole process at 7 us, if that is the worker of a pool."""
    return Program(_killing, burst_us, name="kills")


def _killing(burst_us: int) -> Body:
    yield work(us=burst_us)
    if burst_us == 7 and multiprocessing.parent_process() is not None:
        os._exit(1)


def no_program(burst_us: int = 10) -> Program:
    """Not a program."""
    return burst_us  # type: ignore[return-value]


def end_us(rec: Recording) -> float:
    """When the run ended."""
    return rec.end_ns / 1000


def no_number(rec: Recording) -> float:
    """Nothing that has a mean."""
    return float("nan")


class Chosen(Executor):
    """Runs what is submitted at once, except where ``act`` does something else with the n-th future."""

    def __init__(self, act: Callable[[int, Future[Any]], bool]) -> None:
        self.act, self.submitted = act, 0

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        if not self.act(self.submitted, future):
            future.set_result(fn(*args, **kwargs))
        self.submitted += 1
        return future
