"""Running a cell: what its options ask for, within limits, and everything that it reported as one result.

The program runs in a folder of its own, which is removed afterwards; it cannot write files of more than FILE_LIMIT
bytes, nor (on Linux) anywhere else, and is ended, with whatever it has started, when its time is up or the folder
holds more than FOLDER_LIMIT.  These are limits against accidents, not a prison: memory and network are not limited.
"""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from gmp_lab.dump import DumpedG, parse_dump
from gmp_lab.errors import ConfigError
from gmp_lab.gctrace import parse_gctrace
from gmp_lab.gocell.asm import Listing, listing
from gmp_lab.gocell.options import Options, checked
from gmp_lab.gocell.wrapper import METRICS_FILE, STOPPED, wrapper
from gmp_lab.golang import GoRun, Toolchain, read_trace, require_toolchain
from gmp_lab.golang.limits import FILE_LIMIT, FOLDER_LIMIT, run_limited
from gmp_lab.golang.run import build
from gmp_lab.metrics.metricstext import Value, parse_metrics
from gmp_lab.recording import Recording
from gmp_lab.schedtrace import SchedTraceLine, parse_schedtrace

_PACKAGE: Final = re.compile(r"^\s*package\s+\w+", re.MULTILINE)
_MAIN: Final = re.compile(r"^(package main; )?func main\(\)", re.MULTILINE)
SHOWN_LINES: Final = 100  # of what the program printed, and as many of what it and the runtime reported
_LAST: Final = 20


@dataclass(frozen=True, slots=True)
class CellResult:
    """What a cell gave. ``text()`` (and the notebook) show it, long output in short; the parts are for further cells.

    ``run``         how the program ended; None if only a listing was asked for and nothing ran
    ``schedtrace``  lines of schedtrace, ``gctrace`` collections, ``dump`` goroutines, as the readers give them
    ``metrics``     every name of runtime/metrics with its value when main returned
    ``trace``       the execution trace as a Recording, ``asm`` the compiler's listing; None if not asked for
    ``notes``       sentences about limits and about what could not be had
    """

    run: GoRun
    options: Options
    schedtrace: tuple[SchedTraceLine, ...] = ()
    gctrace: tuple[Any, ...] = ()
    dump: tuple[DumpedG, ...] = ()
    trace: Recording | None = None
    asm: Listing | None = None
    metrics: dict[str, Value] = field(default_factory=dict)
    notes: tuple[str, ...] = field(default=())

    @property
    def stdout(self) -> str:
        """What the program printed."""
        return self.run.stdout

    @property
    def stderr(self) -> str:
        """What the program and the runtime reported."""
        return self.run.stderr

    def text(self) -> str:
        """Everything as text, in this order: output, reports, listing, notes."""
        parts = [_in_short(self.stdout, "stdout"), _in_short(self.stderr, "stderr")]
        if self.asm is not None:
            parts.append(self.asm.text())
        parts += [f"[{note}]\n" for note in self.notes]
        return "".join(part if part.endswith("\n") else part + "\n" for part in parts if part)

    def __repr__(self) -> str:
        return self.text().rstrip("\n")


def _in_short(text: str, name: str) -> str:
    """The first and last lines of a long text, and between them how many are not shown and where they are."""
    lines = text.splitlines()
    left_out = len(lines) - SHOWN_LINES
    if left_out <= 0:
        return text
    told = f"[{left_out:,} lines are not shown here: the result's {name} has all]"
    return "\n".join([*lines[: SHOWN_LINES - _LAST], told, *lines[-_LAST:]])


def whole_program(source: str, first_line: int = 1) -> str:
    """The cell's text as a Go file: errors and stacks name the cell's own lines, counted from first_line."""
    package = "" if _PACKAGE.search(source) else "package main; "
    return f"//line cell.go:{first_line}:1\n{package}{source}"


def run_cell(
    source: str, options: Options | None = None, *, first_line: int = 1, toolchain: Toolchain | None = None
) -> CellResult:
    """Compile and run a Go program with these options (all defaults if None).

    ``first_line``: the number of the program's first line in what the reader sees (2 below ``%%go``).
    Raises GoNotFound, GoCompileError (in Go's words, at the cell's lines), GoRunError, ConfigError.
    """
    options = checked(options or Options())
    toolchain = toolchain or require_toolchain(options.go)
    program = whole_program(source, first_line)
    asm = listing(program, toolchain, first_line) if options.asm else None
    with tempfile.TemporaryDirectory(prefix="gocell") as folder:
        run, trace_file = _run(program, options, toolchain, Path(folder))
        result = CellResult(run, options, asm=asm, notes=tuple(_notes(run, options)))
        if trace_file is not None:
            result = _with_trace(result, trace_file, toolchain)
        if options.metrics:
            result = _with_metrics(result, Path(folder, METRICS_FILE))
    return _with_reports(result)


def _run(program: str, options: Options, toolchain: Toolchain, folder: Path) -> tuple[GoRun, Path | None]:
    env, files = _environment(options), {}
    trace_file = folder / "cell.trace" if options.trace else None
    if options.trace or options.metrics:
        program, found = _MAIN.subn(r"\1func gmpLabMain()", program)
        if found != 1:
            asked = "--trace" if options.trace else "--metrics"
            raise ConfigError(asked, "the cell", 'a program with one line that begins with "func main()"')
        files = {"gmp_lab_main.go": wrapper()}
        env["GMP_LAB_LIMIT"] = f"{max(0.05, options.timeout - 0.5):.3f}s"
        env |= {"GMP_LAB_TRACE": str(trace_file)} if options.trace else {}
        env |= {"GMP_LAB_METRICS": str(folder / METRICS_FILE)} if options.metrics else {}
    executable = build(program, toolchain, files)
    run = run_limited(
        [str(executable), *options.args], toolchain, folder, env, timeout_s=options.timeout,
        output_limit=options.output, dump=options.dump,
    )  # fmt: skip
    return run, trace_file


def _environment(options: Options) -> dict[str, str]:
    debug = [options.godebug] if options.godebug else []
    debug += [f"schedtrace={options.schedtrace}"] * bool(options.schedtrace) + ["gctrace=1"] * options.gctrace
    settings = {
        "GOMAXPROCS": "" if options.procs is None else str(options.procs), "GODEBUG": ",".join(debug),
        "GOGC": options.gogc, "GOMEMLIMIT": options.gomemlimit,
    }  # fmt: skip
    return {name: value for name, value in settings.items() if value}


def _notes(run: GoRun, options: Options) -> list[str]:
    notes = []
    if run.timed_out:
        notes.append(f"the program did not end: it was stopped after {options.timeout:g} s")
    elif run.returncode == STOPPED and (options.trace or options.metrics):
        notes.append(f"the program did not end: it was stopped shortly before {options.timeout:g} s were over")
    elif run.returncode:
        notes.append(f"the program ended with exit code {run.returncode}")
    if run.truncated:
        notes.append("the rest of its output was thrown away: --output allows more")
    if run.filled:
        limits = f"{FILE_LIMIT >> 20} MiB in a file, {FOLDER_LIMIT >> 20} MiB in all"
        notes.append(f"it wrote more into its folder than is allowed ({limits})")
    if options.dump and not run.timed_out:
        notes.append("the program ended before its time was up, so there is no dump of that moment (--timeout)")
    return notes


def _with_trace(result: CellResult, path: Path, toolchain: Toolchain) -> CellResult:
    try:
        trace = read_trace(path, toolchain)
    except ConfigError as problem:
        note = f"no trace: the program did not end by itself ({problem.allowed})"
        return replace(result, notes=(*result.notes, note))
    note = f"trace: {len(trace):,} events, {trace.end_ns / 1e6:.1f} ms"
    return replace(result, trace=trace, notes=(*result.notes, note))


def _with_metrics(result: CellResult, path: Path) -> CellResult:
    try:
        metrics = parse_metrics(path.read_text(encoding="utf-8"))
    except (OSError, ConfigError):
        return replace(result, notes=(*result.notes, "no metrics: the program did not end by itself"))
    return replace(result, metrics=metrics, notes=(*result.notes, f"metrics: {len(metrics)} names"))


def _with_reports(result: CellResult) -> CellResult:
    """Read what the runtime reported on stderr; what cannot be read is told in a note."""
    whole = result.stderr[: result.stderr.rfind("\n") + 1]
    readers: list[tuple[bool, str, str, Any]] = [
        (bool(result.options.schedtrace), "schedtrace", "SCHED ", parse_schedtrace),
        (result.options.gctrace, "gctrace", "gc ", parse_gctrace),
        ("goroutine " in whole, "dump", "goroutine ", parse_dump),
    ]
    notes = list(result.notes)
    found: dict[str, Any] = {}
    for asked, name, begins, read in readers:
        if not asked or not any(line.startswith(begins) for line in whole.splitlines()):
            continue
        try:
            found[name] = tuple(read(whole))
        except ConfigError as problem:
            notes.append(f"{name} could not be read: {problem.allowed}")
    return replace(result, notes=tuple(notes), **found)
