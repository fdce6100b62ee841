"""Experiments of the notebooks on the real runtime: run live where a toolchain is found, else as recorded.

A recorded result is what these same programs printed on a machine with Go; each says with which version, when and on
what machine.  ``python -m gmp_lab.golang.record`` makes all of them again.

``order`` and ``steal`` give orders of goroutines, which real Go repeats exactly; ``mix`` is the twin of
``catalog.steady_mix``: the same bursts and the same calls, of which schedtrace shows the queues.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any, Final

from gmp_lab.errors import ConfigError, check_choice, check_int
from gmp_lab.golang.run import GoRun, run_go
from gmp_lab.golang.toolchain import Toolchain, find_toolchain
from gmp_lab.schedtrace import SchedTraceLine, format_schedtrace, parse_schedtrace

SCHEDTRACE_MS: Final = 10  # the shortest period of sysmon while it finds nothing to do


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument of a program: its default and range; the program gets it times ``scale``, as a whole number."""

    default: float
    low: float
    high: float
    scale: int = 1
    unit: str = ""

    def checked(self, name: str, value: object) -> float:
        """Return value if it is a number in the range (whole, if scale is 1), else raise ConfigError."""
        if self.scale == 1:
            return check_int(name, value, int(self.low), int(self.high), self.unit)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not self.low <= value <= self.high:
            raise ConfigError(name, value, f"a number from {self.low:g} to {self.high:g} {self.unit}")
        return value


@dataclass(frozen=True, slots=True)
class Experiment:
    """A Go program with its further files, its GOMAXPROCS and arguments (in the program's order), and what it prints.

    ``values`` names the numbers that it prints; without them it prints an order of goroutines.
    """

    program: str
    gomaxprocs: int
    arguments: Mapping[str, Argument]
    files: tuple[str, ...] = ()
    values: tuple[str, ...] = ()


#: The arguments of mix have the names and units of catalog.steady_mix, and ranges that a real machine can bear.
EXPERIMENTS: Final[dict[str, Experiment]] = {
    "order": Experiment("order.go", 1, {"n": Argument(300, 1, 100_000), "k": Argument(5, 0, 1000)}),
    "steal": Experiment("steal.go", 2, {"n": Argument(17, 1, 10_000)}),
    "mix": Experiment(
        "mix.go", 4,
        {
            "goroutines": Argument(64, 1, 10_000), "burst_us": Argument(100, 0, 1e6, 1000, "us"),
            "syscall_percent": Argument(20, 0, 100, 100, "%"), "syscall_us": Argument(200, 0, 1e6, 1000, "us"),
            "bursts": Argument(30, 1, 100_000), "seed": Argument(1, 0, 2**63 - 1), "fixed": Argument(0, 0, 1),
        },
        files=("block_linux.go", "block_windows.go", "block_other.go"),
        values=("elapsed_ns", "burst_ns", "syscall_ns"),
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Result:
    """What an experiment gave.

    ``source`` is "live" or "recorded"; ``origin`` says in one line where the result comes from.
    ``numbers`` holds an order of goroutines ("order", "steal"), ``trace`` schedtrace lines and ``values`` sums in ns
    ("mix"); ``arguments`` and ``gomaxprocs`` are those of the run that this is the result of.
    """

    name: str
    source: str
    origin: str
    numbers: tuple[int, ...] = ()
    trace: tuple[SchedTraceLine, ...] = ()
    gomaxprocs: int = 1
    arguments: Mapping[str, float] = field(default_factory=dict, hash=False)
    values: Mapping[str, int] = field(default_factory=dict, hash=False)

    @property
    def schedtrace(self) -> str:
        """The schedtrace lines as text, in the format in which this run's Go printed them; "" if there are none."""
        return "".join(format_schedtrace(line, schedtrace_form(line)) + "\n" for line in self.trace)


def program(name: str) -> str:
    """The Go source of a program, e.g. "order.go"."""
    return files("gmp_lab.golang").joinpath("programs", name).read_text(encoding="utf-8")


def _checked(name: str, gomaxprocs: int | None, given: Mapping[str, object]) -> tuple[int, dict[str, float]]:
    """GOMAXPROCS and all arguments of a run, or ConfigError for an unknown name or a value out of range."""
    what = EXPERIMENTS[check_choice("name", name, tuple(EXPERIMENTS))]
    for key in given:
        check_choice(f"{name}(...)", key, tuple(what.arguments))
    procs = what.gomaxprocs if gomaxprocs is None else check_int("gomaxprocs", gomaxprocs, 1, 1024)
    return procs, {key: a.checked(key, given.get(key, a.default)) for key, a in what.arguments.items()}


def run_live(
    name: str,
    toolchain: Toolchain,
    gomaxprocs: int | None = None,
    schedtrace_ms: int = SCHEDTRACE_MS,
    **arguments: float,
) -> Result:
    """Run an experiment on a real toolchain.

    Raises ConfigError for an unknown name or argument, GoRunError if the program does not end well within 20 s.
    """
    procs, values = _checked(name, gomaxprocs, arguments)
    what = EXPERIMENTS[name]
    debug = f"schedtrace={check_int('schedtrace_ms', schedtrace_ms, 1, 3_600_000, 'ms')}"
    run = run_go(
        program(what.program), gomaxprocs=procs, toolchain=toolchain, files={f: program(f) for f in what.files},
        args=[str(round(value * what.arguments[key].scale)) for key, value in values.items()],
        env={"GOGC": "off"} | ({"GODEBUG": debug} if what.values else {}),
    ).succeeded()  # fmt: skip
    origin = f"live: Go {toolchain.version} ({toolchain.source}), {cpus()} CPUs"
    return _result(name, origin, procs, values, run)


def cpus() -> int:
    """How many CPUs this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _result(name: str, origin: str, gomaxprocs: int, arguments: Mapping[str, float], run: GoRun) -> Result:
    numbers = tuple(map(int, run.stdout.split()))
    what = EXPERIMENTS[name]
    if not what.values:
        return Result(name, "live", origin, numbers, (), gomaxprocs, arguments)
    values = dict(zip(what.values, numbers, strict=True))
    lines = whole_lines(run.stderr)
    trace = parse_schedtrace(lines) if lines else []  # the shortest runs end before sysmon's first line
    return Result(name, "live", origin, (), tuple(trace), gomaxprocs, arguments, values)


def whole_lines(text: str) -> str:
    """The text without what follows its last newline: a process may end while sysmon is in the middle of a line."""
    return text[: text.rfind("\n") + 1]


def recorded(name: str, gomaxprocs: int | None = None, **arguments: float) -> Result:
    """The result that ships with the package for these arguments; if there is none, that of the default ones.

    The result's ``arguments`` tell, and so does ``origin``.
    """
    procs, values = _checked(name, gomaxprocs, arguments)
    text = files("gmp_lab.golang").joinpath("recorded", f"{name}.json").read_text(encoding="utf-8")
    data: dict[str, Any] = json.loads(text)
    found = next((r for r in data["runs"] if (r["gomaxprocs"], r["arguments"]) == (procs, values)), None)
    run, made = found or data["runs"][0], data["made"]
    origin = f"recorded: Go {made['go']}, {made['date']}, {made['machine']}"
    if not found:
        origin += f"; made with gomaxprocs={run['gomaxprocs']}, "
        origin += ", ".join(f"{key}={value:g}" for key, value in run["arguments"].items())
    trace = tuple(parse_schedtrace("\n".join(run["trace"]))) if run["trace"] else ()
    return Result(
        name, "recorded", origin, expand(run["order"]), trace, run["gomaxprocs"], run["arguments"], run["values"]
    )  # fmt: skip


def schedtrace_form(line: SchedTraceLine) -> str:
    """The format of the Go that printed this line, told by what it lacks."""
    if line.needspinning is None:
        return "1.19"
    return "1.23" if line.schedticks is None else "1.25"


def compact(order: Sequence[int]) -> str:
    """An order of goroutines as text, with runs of neighbours drawn together: "9 0-3" for 9, 0, 1, 2, 3."""
    parts: list[list[int]] = []
    for number in order:
        if parts and number == parts[-1][1] + 1:
            parts[-1][1] = number
        else:
            parts.append([number, number])
    return " ".join(str(a) if a == b else f"{a}-{b}" for a, b in parts)


def expand(order: str) -> tuple[int, ...]:
    """The numbers of a compact order."""
    numbers: list[int] = []
    for part in order.split():
        first, _, last = part.partition("-")
        numbers.extend(range(int(first), int(last or first) + 1))
    return tuple(numbers)


def recorded_or_live(
    name: str, gomaxprocs: int | None = None, schedtrace_ms: int = SCHEDTRACE_MS, **arguments: float
) -> Result:
    """Run the experiment if a toolchain is found, else return the recorded result, see ``recorded``."""
    toolchain = find_toolchain()
    if toolchain is None:
        return recorded(name, gomaxprocs, **arguments)
    return run_live(name, toolchain, gomaxprocs, schedtrace_ms, **arguments)


def schedtrace_of_mix(  # noqa: PLR0913, PLR0917  # a workload is a function of its numbers, as in catalog
    gomaxprocs: int = 4,
    goroutines: int = 64,
    burst_us: float = 100,
    syscall_percent: float = 20,
    syscall_us: float = 200,
    bursts: int = 30,
    seed: int = 1,
    fixed: bool = False,
) -> Result:
    """schedtrace of the real twin of ``catalog.steady_mix`` with the same parameters, live or recorded.

    On a real machine a call lasts longer than it was to: sleeps are some 50 us too long (the timer slack of Linux).
    ``values`` holds the time that the program took, and the sums of all bursts and calls.
    """
    return recorded_or_live(
        "mix", gomaxprocs, goroutines=goroutines, burst_us=burst_us, syscall_percent=syscall_percent,
        syscall_us=syscall_us, bursts=bursts, seed=seed, fixed=int(fixed),
    )  # fmt: skip


def agrees(name: str, expected: Sequence[Sequence[int]], tries: int = 5, **arguments: int) -> Result | None:
    """A result whose numbers are one of the expected sequences, or None.

    A real process is sometimes disturbed (a preemption at the wrong moment), so a live experiment has some tries; a
    recorded one has one.
    """
    wanted = [tuple(one) for one in expected]
    for _ in range(check_int("tries", tries, 1, 100)):
        result = recorded_or_live(name, **arguments)
        if result.numbers in wanted:
            return result
        if result.source == "recorded":
            break
    return None
