"""What an experiment is: one Go program, the same program for the simulator, and what the two must have in common.

Both sides give ``Values``: names with numbers or words.  A ``Band`` is a statement about them that holds on any
machine (a ratio, a count, a share; never an absolute time); ``exact`` names those that must be equal.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from statistics import median
from typing import Any, Final

from gmp_lab.config import Config
from gmp_lab.errors import ConfigError
from gmp_lab.golang import GoRun, GoRunError, Toolchain, find_toolchain, require_toolchain, run_go

Value = tuple[float, ...] | tuple[str, ...]
Values = dict[str, Value]
SECONDS: Final = 60.0  # for one run of a program


@dataclass(frozen=True, slots=True)
class Band:
    """The median of the values called ``key`` lies between low and high; ``says`` is that in words."""

    key: str
    low: float
    high: float
    says: str

    def holds(self, values: Values) -> bool:
        """Whether it does; False also where there are no such numbers."""
        numbers = [x for x in values.get(self.key, ()) if not isinstance(x, str)]
        return bool(numbers) and self.low <= median(numbers) <= self.high


@dataclass(frozen=True, slots=True)
class Point:
    """One setting of an experiment. gomaxprocs None: Go's default; arguments in the program's order; go a version."""

    gomaxprocs: int | None = 1
    arguments: Mapping[str, int] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    bands: tuple[Band, ...] = ()
    exact: tuple[str, ...] = ()
    go: str = "1.27"

    @property
    def label(self) -> str:
        """The setting in one line: "GOMAXPROCS=1, n=300"."""
        procs = {} if self.gomaxprocs is None else {"GOMAXPROCS": self.gomaxprocs}
        parts = [f"{key}={value}" for key, value in {**procs, **self.arguments, **self.env}.items()]
        return ", ".join(parts + [f"Go {self.go}"] * (self.go != "1.27")) or "no settings"

    def config(self, **settings: Any) -> Config:
        """The same setting for the simulator; settings are further fields of Config."""
        env = dict(self.env)
        debug = dict(part.split("=") for part in env.pop("GODEBUG", "").split(",") if part)
        settings = {"startup": "real", "go": self.go, "until_ns": 20_000_000_000, **settings}
        if "GOGC" in env:
            settings["gogc"] = -1 if env["GOGC"] == "off" else int(env["GOGC"])
        if "asyncpreemptoff" in debug:
            settings["asyncpreemptoff"] = debug["asyncpreemptoff"] == "1"
        if "schedtrace" in debug:
            settings["schedtrace_ms"] = int(debug["schedtrace"])
        if self.gomaxprocs is not None:
            settings["gomaxprocs"] = self.gomaxprocs
        return Config(**settings)

    def wrong(self, values: Values) -> list[str]:
        """The statements of this point that do not hold for these values."""
        return [f"{b.says}: {show(values.get(b.key, ()))}" for b in self.bands if not b.holds(values)]


@dataclass(frozen=True, slots=True)
class Result:
    """Values and in one line where they come from ("live: ...", "recorded: ...", "simulated: ...")."""

    values: Values
    origin: str

    @property
    def source(self) -> str:
        """ "live", "recorded" or "simulated"."""
        return self.origin.partition(":")[0]


@dataclass(frozen=True, slots=True)
class Experiment:
    """One entry of the catalogue.

    ``question``   what it decides, in one sentence; ``claims`` the ids of the article's claims that it decides
    ``notebook``   where it is used
    ``program``    file of its Go source (in ``golang/programs`` or ``experiments/programs``), ``files`` further ones
    ``points``     its settings; the first is the one to show
    ``twin``       the same program for the simulator: point -> values
    ``measure``    how values are read off a real run; ``ends`` is its exit code
    ``examine``    instead of a run: how they are read off the compiled program
    ``under``      the command that watches the program: strace or gdb, with options
    """

    name: str
    question: str
    notebook: str
    program: str
    points: tuple[Point, ...]
    twin: Callable[[Point], Values]
    claims: tuple[str, ...] = ()
    measure: Callable[[GoRun], Values] | None = None
    files: tuple[str, ...] = ()
    ends: int = 0
    examine: Callable[[str, Toolchain], Values] | None = None
    under: tuple[str, ...] = ()

    @property
    def missing(self) -> str:
        """The tool that has to watch the program and is not installed, or ""."""
        return self.under[0] if self.under and shutil.which(self.under[0]) is None else ""

    @property
    def source(self) -> str:
        """The Go program's text."""
        return text(self.program)

    def simulated(self, point: Point | None = None) -> Result:
        """Run the twin."""
        point = self._known(point)
        return Result(self.twin(point), f"simulated: the rules of Go {point.go}")

    def live(self, point: Point | None = None, toolchain: Toolchain | None = None) -> Result:
        """Run the real program. Raises GoNotFound, GoCompileError, GoRunError, and ConfigError for foreign output."""
        point = self._known(point)
        chosen = toolchain or require_toolchain(point.go)  # never another version than the point's
        if self.missing:
            raise GoRunError(f"{self.missing} is not installed, and {self.name} is watched with it")
        if self.examine is not None:
            return Result(self.examine(self.source, chosen), f"live: Go {chosen.version}")
        run = run_go(
            self.source, gomaxprocs=point.gomaxprocs, args=[str(x) for x in point.arguments.values()], env=point.env,
            timeout_s=SECONDS, toolchain=chosen, files={name: text(name) for name in self.files},
            under=self.under,
        )  # fmt: skip
        run = run.succeeded() if not self.ends else run
        values = (self.measure or values_of)(run)
        return Result(values, f"live: Go {run.version}")

    def recorded(self, point: Point | None = None) -> Result:
        """The result that ships with the package."""
        point = self._known(point)
        data = json.loads(text(f"{self.name}.json", "recorded"))
        run = next((run for run in data["runs"] if run["point"] == point.label), None)
        if run is None:
            raise ConfigError("point", point.label, f"a recorded point of {self.name}")
        values = {key: tuple(value) for key, value in run["values"].items()}
        return Result(values, f"recorded: Go {run['go']}, {data['made']['date']}, {data['made']['machine']}")

    def real(self, point: Point | None = None) -> Result:
        """Live where a toolchain of the point's version and the tool to watch it are found, else as recorded."""
        point = self._known(point)
        toolchain = None if self.missing else find_toolchain(point.go)
        return self.recorded(point) if toolchain is None else self.live(point, toolchain)

    def table(self, point: Point | None = None, real: Result | None = None) -> str:
        """Simulated and real values side by side, as text, with the statements that must hold for both."""
        point = self._known(point)
        ours, theirs = self.simulated(point), real or self.real(point)
        rows = [("", ours.source, theirs.source)]
        for key in theirs.values:
            said = every if key in point.exact else show
            rows.append((key, said(ours.values.get(key, ())), said(theirs.values[key])))
        widths = [max(len(row[i]) for row in rows) for i in range(3)]
        lines = ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows]
        for band in point.bands:
            held = [name for name, r in (("simulated", ours), ("real", theirs)) if not band.holds(r.values)]
            lines.append(f"{band.says}: " + (f"does not hold ({', '.join(held)})" if held else "holds for both"))
        for key in point.exact:
            equal = ours.values.get(key) == theirs.values.get(key)
            lines.append(f"{key}: {'equal on both sides' if equal else 'DIFFERS'}")
        return "\n".join([f"{self.name}: {point.label}", *lines, theirs.origin]) + "\n"

    def _known(self, point: Point | None) -> Point:
        if point is None:
            return self.points[0]
        if point not in self.points:
            raise ConfigError("point", point, f"one of the points of {self.name}")
        return point


def text(name: str, folder: str = "programs") -> str:
    """A file of the catalogue: a program of this package, or of ``gmp_lab.golang``."""
    for package in ("gmp_lab.experiments", "gmp_lab.golang"):
        path = files(package).joinpath(folder, name)
        if path.is_file():
            return path.read_text(encoding="utf-8")
    raise ConfigError("name", name, f"a file of the catalogue's {folder}")


def values_of(run: GoRun) -> Values:
    """Read lines such as "new_threads: 10"; ConfigError for a line of another kind."""
    values: Values = {}
    for line in run.stdout.splitlines():
        name, colon, rest = line.partition(":")
        try:
            values[name] = tuple(map(float, rest.split()))
        except ValueError:
            colon = ""
        if not colon:
            raise ConfigError("output", line[:60], "lines such as 'new_threads: 10'")
    return values


def every(value: Value, most: int = 20) -> str:
    """A value that must be equal on both sides, as text: all of it, of a long one the first ``most`` numbers."""
    some = " ".join(x if isinstance(x, str) else f"{x:.4g}" for x in value[:most])
    return f"{some} and {len(value) - most} more" if len(value) > most else some or "-"


def show(value: Value) -> str:
    """A value as text: all of a short one, the median and the ends of a long one."""
    if not value:
        return "-"
    numbers = [x for x in value if not isinstance(x, str)]
    if len(value) <= 6 or len(numbers) < len(value):
        return " ".join(x if isinstance(x, str) else f"{x:.4g}" for x in value)
    return f"{median(numbers):.4g} ({min(numbers):.4g} to {max(numbers):.4g}, {len(numbers)} values)"
