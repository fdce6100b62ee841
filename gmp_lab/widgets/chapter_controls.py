"""Controls that the panels of several chapters have, and groups of figures for their tables."""

from __future__ import annotations

from typing import Final

from gmp_lab.widgets.control import Choice, Control, Ladder, Switch

LONG: Final = {"until_ns": 60_000_000_000}  # longer than any of these runs, so that all of them end by themselves


def procs(default: int = 4, high: int = 16) -> Control:
    """GOMAXPROCS."""
    said = "How many Ps there are: as many goroutines can compute at the same time"
    return Control("gomaxprocs", "GOMAXPROCS", 1, high, default, ("config.gomaxprocs",), said)


def count(  # noqa: PLR0913, PLR0917  # a control is its numbers and words
    name: str, label: str, low: int, high: int, default: int, said: str
) -> Control:
    """A number of something that the program has."""
    return Control(name, label, low, high, default, (f"program.{name}",), said)


def version(default: str, *names: str) -> Choice:
    """The Go version whose rules hold."""
    return Choice("go", "Go version", names, default, ("config.go",), "Whose rules hold")


def rungs(low: int, high: int) -> tuple[int, ...]:
    """1, 2, 5, 10, 20, 50, ... from low to high."""
    return tuple(n * 10**k for k in range(8) for n in (1, 2, 5) if low <= n * 10**k <= high)


GOMAXPROCS: Final = procs()
GOROUTINES: Final = count("goroutines", "goroutines", 1, 500, 16, "How many goroutines main starts")
BURST: Final = Control(
    "burst_us", "burst length", 10, 1000, 50, ("program.burst_us",),
    "Mean time that a goroutine computes before it calls or meets", unit="us", step=10,
)  # fmt: skip
SYSCALL_RATE: Final = Control(
    "syscall_percent", "syscall rate", 0, 100, 20, ("program.syscall_percent",),
    "Share of the bursts that end in a blocking system call", unit="%",
)  # fmt: skip
SYSCALL: Final = Control(
    "syscall_us", "syscall duration", 10, 2000, 200, ("program.syscall_us",),
    "Mean time that a system call lasts", unit="us", step=10,
)  # fmt: skip
SEED: Final = Control(
    "seed", "seed", 0, 999, 1, ("config.seed", "program.seed"),
    "Another number gives another run of the same kind; the same number gives the same run",
)  # fmt: skip
CALL_RATE: Final = Control(
    "call_percent", "syscall rate", 0, 100, 50, ("program.call_percent",),
    "Share of the rounds in which a goroutine waits for the outside", unit="%",
)  # fmt: skip
NO_SIGNAL: Final = Switch(
    "asyncpreemptoff", "asyncpreemptoff=1", False, ("config.asyncpreemptoff",),
    "GODEBUG=asyncpreemptoff=1: no signal; only checks in function prologues stop a goroutine",
)  # fmt: skip


def loop_length(default: int, high: int = 1_000_000, low: int = 1) -> Ladder:
    """How long a loop without a call runs."""
    said = "How long each loop runs without calling anything"
    return Ladder("loop_us", "loop length", rungs(low, high), default, ("program.loop_us",), said, unit="us")


RUNNING: Final = ("time", "running goroutines", "idle")
WAITS: Final = ("scheduling latency, median", "scheduling latency, p99")
MIXED: Final = (
    "running goroutines", "in a system call, P kept", "idle", *WAITS, "steals", "hand-offs", "longest ring",
    "longest global queue", "threads, at most",
)  # fmt: skip
RESPONSES: Final = ("requests answered", "response, median", "response, p99", "response, p99.9")
