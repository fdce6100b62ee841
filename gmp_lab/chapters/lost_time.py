"""Where the time of a goroutine goes: a job that computes for 3 ms and takes ten times as long, real and simulated.

The Go program is ``data/chapters/job.go``; ``lost_time`` is the same one for the simulator.  An execution trace of
the real one ships with the package as the text that ``go tool trace -d=parsed`` prints, so that it can be read where
there is no Go; places of files on the machine where it was made are left out.
"""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from gmp_lab.chapters.tasks import Case
from gmp_lab.config import Config
from gmp_lab.draw import life
from gmp_lab.errors import ConfigError
from gmp_lab.golang import Toolchain, find_toolchain, parse_trace, program, run_go
from gmp_lab.golang.trace import event_counts, tool_lines
from gmp_lab.recording import Recording
from gmp_lab.simulate import simulate
from gmp_lab.sync import Mutex
from gmp_lab.workload import Body, Chan, Program, chan, go, recv, send, syscall, work

RECORDED: Final = "recorded: Go 1.27.3, 2026-11-27, Linux x86_64, 2 CPUs, on which nothing else ran"
REPORTS: Final = 2
_BLOCK: Final = ("block_linux.go", "block_windows.go", "block_other.go")
_PLACE: Final = re.compile(r"^\t\t.*\n", re.MULTILINE)  # the line of a frame that names a file
_ADDRESS: Final = re.compile(r" @ 0x[0-9a-f]+$", re.MULTILINE)
_RUNS: Final = 5


def _file(name: str) -> str:
    return files("gmp_lab").joinpath("data", "chapters", name).read_text(encoding="utf-8")


def source() -> str:
    """The Go program."""
    return _file("job.go")


# --- the program for the simulator ----------------------------------------------------------------------------------


def lost_time(body: Callable[[Chan, Mutex, Chan], Body] | None = None) -> Program:
    """job.go for the simulator; ``body``: another body for the job, a function named "job"."""
    return Program(_main, body or job, name="lost_time")


def _main(body: Callable[[Chan, Mutex, Chan], Body]) -> Body:
    mu, prices, done = Mutex(), chan(), chan()
    yield go(keeper, mu)
    yield go(feed, prices)
    yield go(body, prices, mu, done)
    yield recv(done)


def job(prices: Chan, mu: Mutex, done: Chan) -> Body:
    """Compute, wait for a price, take a lock, start the reports, read from the disk, compute again."""
    yield work(ms=2)
    yield recv(prices)
    yield mu.Lock()
    yield mu.Unlock()
    for _ in range(REPORTS):
        yield go(report)
    yield syscall(ms=5)
    yield work(ms=1)
    yield send(done, True)


def feed(prices: Chan) -> Body:
    """Compute a price and send it."""
    yield work(ms=3)
    yield send(prices, 1)


def keeper(mu: Mutex) -> Body:
    """Write to the disk while holding the lock, which one should not do."""
    yield mu.Lock()
    yield syscall(ms=10)
    yield mu.Unlock()


def report() -> Body:
    """Compute for longer than a time slice."""
    yield work(ms=30)


# --- the real program, traced ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Traced:
    """A real run: its trace as a Recording, ``kinds`` of events with their numbers, and where it comes from."""

    recording: Recording
    kinds: Counter[str]
    origin: str


def recorded_trace() -> Traced:
    """The trace that ships with the package, of a run with one P."""
    return _traced(_file("job_trace.txt").splitlines(keepends=True), RECORDED)


def live_trace(toolchain: Toolchain, gomaxprocs: int = 1) -> Traced:
    """Run the program and read its trace; errors as for ``run_go`` and ``read_trace``."""
    return _traced(_lines(toolchain, gomaxprocs), f"live: Go {toolchain.version}")


def real_trace() -> Traced:
    """Live where a toolchain is found, else as recorded."""
    toolchain = find_toolchain()
    return recorded_trace() if toolchain is None else live_trace(toolchain)


def _traced(lines: Sequence[str], origin: str) -> Traced:
    return Traced(parse_trace(lines, program="job.go"), event_counts(lines), origin)


def _lines(toolchain: Toolchain, gomaxprocs: int = 1, under: Sequence[str] = ()) -> list[str]:
    with tempfile.TemporaryDirectory(prefix="job") as folder:
        path = Path(folder, "job.trace")
        run_go(
            source(), gomaxprocs=gomaxprocs, args=[str(path)], env={"GOGC": "off"}, toolchain=toolchain,
            files={name: program(name) for name in _BLOCK}, under=under,
        ).succeeded()  # fmt: skip
        return list(tool_lines(path, toolchain))


def record(toolchain: Toolchain, under: Sequence[str] = ()) -> str:
    """The text of the recorded file: of five runs the one with the median length; under: as for ``run_go``."""
    texts = ["".join(_lines(toolchain, 1, under)) for _ in range(_RUNS)]
    texts.sort(key=lambda text: parse_trace(text.splitlines(keepends=True)).end_ns)
    return _ADDRESS.sub("", _PLACE.sub("", texts[_RUNS // 2]))


# --- accounts -------------------------------------------------------------------------------------------------------


def named(rec: Recording, name: str) -> int:
    """The id of the first goroutine of this name; ConfigError if there is none."""
    if name not in rec.g_names:
        raise ConfigError("name", name, "one of " + ", ".join(sorted(set(rec.g_names) - {"?"})))
    return rec.g_names.index(name) + 1


def account(rec: Recording, name: str = "job") -> dict[str, float]:
    """How long (ms) a goroutine was in each state from its birth to its end, the longest first."""
    spent = life(rec, named(rec, name)).dwell()
    return {state: ns / 1e6 for state, ns in spent.items() if state != "dead"}


def cases() -> tuple[Case, ...]:
    """For the student's function: the stays of a goroutine, and the state in which it was longest."""
    real, simulated = recorded_trace().recording, simulate(Config(gomaxprocs=1), lost_time())
    return tuple(
        Case(f"{name}, {what}", (_stays(rec, name),), next(iter(account(rec, name))))
        for what, rec in (("real", real), ("simulated", simulated))
        for name in ("job", "feed", "keeper")
    )


def _stays(rec: Recording, name: str) -> tuple[Any, ...]:
    return tuple(stay for stay in life(rec, named(rec, name)).stays if stay.state != "dead")
