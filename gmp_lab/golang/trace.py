"""A real execution trace becomes a Recording: ``read_trace(path)``, or ``parse_trace`` for the tool's text.

The file is read by the toolchain's own ``go tool trace -d=parsed``, which knows every version of the format (a newer
Go reads older traces).  What a trace does not hold (queues, runnext, ticks, why somebody was chosen) is unknown in
the Recording: its ``complete`` is False, and figures and tables say so.
"""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from gmp_lab import params
from gmp_lab.config import Config
from gmp_lab.errors import ConfigError
from gmp_lab.golang.errors import GoRunError
from gmp_lab.golang.run import tool_environment
from gmp_lab.golang.toolchain import Toolchain, require_toolchain
from gmp_lab.golang.tracereader import TraceReader
from gmp_lab.golang.tracetext import Progress, read_events
from gmp_lab.recording import Recording

_HEADER: Final = re.compile(rb"go (1\.\d{1,3}) trace\0{3}")
_LONGEST_NS: Final = 3_600 * 10**9  # Config.until_ns


def read_trace(
    path: str | Path, toolchain: Toolchain | None = None, progress: Progress | None = None
) -> Recording:
    """Read an execution trace (what runtime/trace writes) and return it as a Recording.

    ``toolchain``: whose ``go tool trace`` reads it (any newer than the trace's Go; by default the one found);
    ``progress``: called with the number of events so far, now and then.
    Raises GoNotFound without a toolchain, ConfigError for a file that is no trace, is cut off, or cannot be read.
    """
    file = Path(path)
    form = _form(file)
    return parse_trace(tool_lines(file, toolchain or require_toolchain()), form, file.name, progress)


def _form(file: Path) -> str:
    """The version in a trace's first bytes, "1.26"."""
    try:
        with file.open("rb") as f:
            head = f.read(16)
    except OSError as problem:
        raise ConfigError("trace", file.name, f"a file that can be read ({problem.strerror})") from problem
    found = _HEADER.fullmatch(head)
    if found is None:
        raise ConfigError("trace", file.name, "a file that runtime/trace wrote (its first bytes are others)")
    return found[1].decode()


def tool_lines(file: Path, toolchain: Toolchain) -> Iterator[str]:
    """The lines that ``go tool trace -d=parsed`` prints for a file; ConfigError with the tool's words if it fails."""
    command = [toolchain.path, "tool", "trace", "-d=parsed", str(file.absolute())]
    try:
        tool = subprocess.Popen(
            command, env=tool_environment(toolchain), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, encoding="utf-8", errors="replace",
        )  # fmt: skip
    except OSError as problem:
        raise GoRunError(f"go tool trace cannot be started: {problem}") from problem
    with tool:
        assert tool.stdout is not None and tool.stderr is not None
        try:
            yield from tool.stdout
        finally:
            tool.stdout.close()
        said = tool.stderr.read(4096).strip()
    if tool.returncode:
        last = said.splitlines()[-1][:200] if said else f"exit code {tool.returncode}"
        raise ConfigError("trace", file.name, f"a whole trace that go tool trace can read; it says: {last}")


def parse_trace(
    lines: Iterable[str], form: str = "1.27", program: str = "trace", progress: Progress | None = None
) -> Recording:
    """Make a Recording of the text that ``go tool trace -d=parsed`` prints; form is the version in the file's header.

    Raises ConfigError for a text of another kind and for one that is cut off.
    """
    reader = TraceReader()
    read_events(lines, reader, progress)
    reader.flush()
    end = reader.now
    if end > _LONGEST_NS:
        raise ConfigError("trace", f"{end} ns", "a trace of at most an hour")
    config = Config(gomaxprocs=max(1, reader.procs, reader.ps), go=rules_of(form), until_ns=max(1, end))
    names = ["main" if g == 1 else reader.names.get(g, "?") for g in range(1, reader.largest + 1)]
    return Recording(
        config, reader.columns, program=program, params={"trace": form}, g_names=names, end_ns=end, ended="trace",
        steps=0, complete=False, notes=tuple(reader.notes),
    )  # fmt: skip


def rules_of(form: str) -> str:
    """The row of ``params.VERSIONS`` for a trace of this version: the next one that is not older, or the newest."""
    wanted = tuple(map(int, form.split(".")))
    return next((name for name in params.VERSIONS if tuple(map(int, name.split("."))) >= wanted), "1.27")


class _Counts:
    """Counts events by what they say, without what is different in each."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def transition(  # noqa: PLR0913, PLR0917  # the fields of a line
        self, m: int, p: int, g: int, t: int, of: str, which: int, change: str, reason: str
    ) -> int:
        self.counts[f"{of[0]} {change}"] += 1
        return 0

    def event(  # noqa: PLR0913, PLR0917  # the fields of a line
        self, m: int, p: int, g: int, t: int, kind: str, rest: str
    ) -> int:
        name = re.search(r'Name="([^"]*)"', rest)
        self.counts[f"{kind} {name[1]}" if name else kind] += 1
        return 0

    def name(self, g: int, function: str) -> None:
        """Names do not count."""

    def flush(self) -> None:
        """Nothing to put away."""


def event_counts(lines: Iterable[str]) -> Counter[str]:
    """How many events of each kind a text of the tool holds: "G Runnable->Running", "Metric /gc/heap/goal:bytes"."""
    counts = _Counts()
    read_events(lines, counts)
    return counts.counts
