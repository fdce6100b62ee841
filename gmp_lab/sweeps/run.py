"""Running a sweep: in this process, or in pieces on any executor.

One run is a pure function of the plan and its index, so who runs it, and in which order, changes nothing.  Pieces
hold several runs each, so that sending them costs little.  Rows are kept by index, not by who was ready first.

A point that cannot run, and one whose worker is lost, is a failed row with its sentence; the others stay.  What a
program or a measure raises besides (its own mistake) ends the sweep.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from math import isfinite
from typing import Any, Final

from gmp_lab.config import Config
from gmp_lab.errors import ConfigError, Throw
from gmp_lab.recording import Recording
from gmp_lab.simulate import simulate
from gmp_lab.sweeps.measure import measured
from gmp_lab.sweeps.plan import Measures, Plan, make_plan
from gmp_lab.sweeps.table import Run, SweepTable
from gmp_lab.workload import Program

Stop = Callable[[], bool]
Progress = Callable[[int, int], Any]

DEFAULT: Final = ("time", "running goroutines", "scheduling latency, p99")
_PIECES: Final = 32  # enough that the last ones end together, few enough that sending them costs little
_LOOK_S: Final = 0.05  # how often a waiting sweep asks whether it is cancelled


def run_one(plan: Plan, index: int) -> Run:
    """Simulate and measure one run of a plan; a ConfigError or a Throw makes it a failed one."""
    at, seed = plan.at(index)
    try:
        rec = simulate(*plan.make(at, seed))
        return Run(at, seed, _measured(plan, rec), rec.ended)
    except (ConfigError, Throw) as problem:
        return Run(at, seed, (), failed=str(problem))


def run_chunk(plan: Plan, first: int, end: int) -> list[Run]:
    """The runs ``first`` to ``end`` - 1 of a plan."""
    return [run_one(plan, index) for index in range(first, end)]


def _measured(plan: Plan, rec: Recording) -> tuple[float, ...]:
    if not plan.functions:
        return measured(rec, plan.measures)
    values = tuple(function(rec) for function in plan.functions)
    for name, value in zip(plan.measures, values, strict=True):
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not isfinite(value):
            raise ConfigError(f"measures: {name}", value, "a function that returns a finite number")
    return values


def sweep(  # noqa: PLR0913  # each with a name
    program: Callable[..., Program],
    axes: Mapping[str, Sequence[Any]],
    seeds: Sequence[int],
    *,
    config: Config | Mapping[str, Any] | None = None,
    arguments: Mapping[str, Any] | None = None,
    measures: Measures = DEFAULT,
    executor: Executor | None = None,
    progress: Progress | None = None,
    cancel: threading.Event | Stop | None = None,
) -> SweepTable:
    """Run ``program`` over the grid of ``axes``, once for each seed, and measure every run.

    program    a function of a module that returns a Program, such as ``catalog.steady_mix``
    axes       names as "config.gomaxprocs" or "program.burst_us", with the values of each; one axis can set several
               parameters: "config.cores+config.gomaxprocs"
    seeds      of each point: the Config's, and the program's where it takes a ``seed``
    config     all other parameters of Config (an axis goes before it), arguments all others of the program
    measures   names of ``metrics.measured``, or names with functions of a module that take a Recording
    executor   any Executor: a pool, ``client.get_executor()`` of Dask; None: here
    progress   called with (runs done, runs in all), in this thread
    cancel     an Event or a function; once it says so, what runs is finished and the rest left out

    ConfigError, before anything runs, for what no run could have.
    """
    plan = make_plan(program, axes, seeds, config, arguments, measures)
    stop: Stop = cancel.is_set if isinstance(cancel, threading.Event) else cancel or _never
    tell = progress or _silent
    tell(0, len(plan))
    runs = _inline(plan, tell, stop) if executor is None else _Pieces(plan, executor, tell).results(stop)
    return SweepTable(plan.axes, plan.seeds, plan.measures, tuple(runs))


def _never() -> bool:
    return False


def _silent(_done: int, _total: int) -> None:
    return None


def _inline(plan: Plan, tell: Progress, stop: Stop) -> list[Run]:
    runs: list[Run] = []
    for index in range(len(plan)):
        if stop():
            break
        runs.append(run_one(plan, index))
        tell(len(runs), len(plan))
    return runs


class _Pieces:
    """A plan in pieces on an executor; ``results`` waits for them."""

    def __init__(self, plan: Plan, executor: Executor, tell: Progress) -> None:
        self.plan, self.tell = plan, tell
        self.runs: dict[int, Run] = {}
        self.pending: dict[Future[list[Run]], tuple[int, int]] = {}
        size = -(-len(plan) // _PIECES)
        for first in range(0, len(plan), size):
            span = (first, min(first + size, len(plan)))
            try:
                self.pending[executor.submit(run_chunk, plan, *span)] = span
            except BrokenExecutor as problem:  # a worker died before all pieces were sent
                self._lost(span, problem)

    def results(self, stop: Stop) -> list[Run]:
        """The rows in order; those of pieces that did not begin before ``stop`` said so are left out."""
        stopped = False
        try:
            while self.pending:
                if not stopped and stop():
                    stopped = True
                    self._withdraw()
                done, _ = wait(self.pending, None if stopped else _LOOK_S, FIRST_COMPLETED)
                for future in done:
                    self._take(future, self.pending.pop(future))
        finally:  # also when a program's own mistake ends it, or the kernel is interrupted
            for future in self.pending:
                future.cancel()
        return [self.runs[index] for index in sorted(self.runs)]

    def _withdraw(self) -> None:
        self.pending = {future: span for future, span in self.pending.items() if not future.cancel()}

    def _take(self, future: Future[list[Run]], span: tuple[int, int]) -> None:
        if future.cancelled():
            self._lost(span, "it was cancelled")
            return
        problem = future.exception()
        if problem is None:
            self.runs.update(zip(range(*span), future.result(), strict=True))
        # distributed, which need not be installed, has errors of its own for a worker that died
        elif isinstance(problem, BrokenExecutor) or type(problem).__module__.startswith("distributed"):
            self._lost(span, problem)
        else:
            raise problem
        self.tell(len(self.runs), len(self.plan))

    def _lost(self, span: tuple[int, int], why: object) -> None:
        sentence = " ".join(f"The worker of this run was lost: {why or type(why).__name__}".split())
        for index in range(*span):
            self.runs[index] = Run(*self.plan.at(index), (), failed=sentence)
