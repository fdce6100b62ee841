"""A run is a pure function: configuration and program in, Recording out."""

from __future__ import annotations

from collections.abc import Callable

from gmp_lab.config import Config
from gmp_lab.errors import ConfigError
from gmp_lab.recording import Columns, Recording
from gmp_lab.runtime.boot import boot
from gmp_lab.runtime.mloop import Machine
from gmp_lab.runtime.world import GoPanic, Row
from gmp_lab.workload import Program

_CHUNK = 4096  # engine steps between two emptyings of the event list


def simulate(  # noqa: PLR0913  # the last three are for tests
    config: Config,
    program: Program,
    record: bool = True,
    *,
    observe: Callable[[Machine, list[Row]], None] | None = None,
    choose: Callable[[int], int] | None = None,
    window_ns: int = 0,
) -> Recording:
    """Run program under config and return the Recording (without events if record is False).

    ``observe(runtime, events)`` is called after every engine step with the events so far (tests use it; the list
    is then kept whole); ``choose(n)`` picks which of n events within ``window_ns`` of each other comes first.
    Raises ConfigError for what is not a Config or a Program, Throw if an invariant of the model is broken, and
    whatever a body raises itself.  A Go panic of the program ends the run; ``Recording.ended`` tells it.

    >>> from gmp_lab.workload import Program, work
    >>> def main():
    ...     yield work(us=5)
    >>> simulate(Config(gomaxprocs=1), Program(main)).ended
    'exit'
    """
    if not isinstance(config, Config):
        raise ConfigError("config", config, "a Config(...)")
    if not isinstance(program, Program):
        raise ConfigError("program", program, "a Program(...)")
    columns = Columns()
    numbers: list[int] = []
    rows: list[Row] = []
    emit: Callable[[Row], None] | None = rows.append if observe is not None else numbers.extend
    rt = Machine(config, emit if record else None)
    if choose is not None:
        rt.engine.explore(choose, window_ns)
    try:
        boot(rt, program)
        if observe is None:
            _run(rt, numbers, columns)
        else:
            while rt.engine.run(1):
                observe(rt, rows)
            observe(rt, rows)
    except GoPanic as e:
        rt.stop(str(e))
    columns.extend_flat(numbers)
    columns.extend(rows)
    return Recording(
        config, columns, program=program.name, params=program.params, g_names=(g.name for g in rt.allgs),
        end_ns=rt.engine.now if rt.ended else config.until_ns, ended=rt.ended or "until", steps=rt.engine.steps,
    )  # fmt: skip


def _run(rt: Machine, numbers: list[int], columns: Columns) -> None:
    while rt.engine.run(_CHUNK):
        columns.extend_flat(numbers)
        numbers.clear()
        if rt.engine.steps > rt.config.max_events:
            rt.stop("events")
