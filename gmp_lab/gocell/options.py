"""The options of a ``%%go`` cell."""

from __future__ import annotations

import argparse
import shlex
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from gmp_lab.errors import ConfigError, check_int

MOST_SECONDS: Final = 600


@dataclass(frozen=True, slots=True)
class Options:
    """How a cell is run: see ``HELP`` (``%go --help``). procs None: Go's own default, go None: any version."""

    procs: int | None = None
    go: str | None = None
    godebug: str = ""
    gogc: str = ""
    gomemlimit: str = ""
    timeout: float = 20.0
    output: int = 20_000
    args: tuple[str, ...] = ()
    schedtrace: int = 0
    gctrace: bool = False
    trace: bool = False
    asm: bool = False
    dump: bool = False
    metrics: bool = False
    help: bool = False


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise ConfigError("%%go", message, "options as %go --help lists them")


def _parser() -> _Parser:
    parser = _Parser(
        prog="%%go", add_help=False, allow_abbrev=False,
        description="Compile the cell's Go program and run it. Without 'package main' the line is put in front.",
    )  # fmt: skip
    add = parser.add_argument
    add("--procs", "--gomaxprocs", type=int, metavar="N", help="GOMAXPROCS, 1 to 1024")
    add("--go", metavar="VERSION", help='the toolchain, such as 1.23; "gmp-lab go add 1.23" installs one')
    add("--godebug", default="", metavar="NAME=VALUE,...", help="GODEBUG")
    add("--gogc", default="", metavar="PERCENT", help="GOGC")
    add("--gomemlimit", default="", metavar="SIZE", help="GOMEMLIMIT, such as 64MiB")
    add("--timeout", type=float, default=20.0, metavar="SECONDS", help=f"ended after so long; at most {MOST_SECONDS}")
    add("--output", type=int, default=20_000, metavar="BYTES", help="so much of its output is kept; at most 1000000")
    add("--args", default="", metavar="'A B'", help="arguments of the program")
    every = {"nargs": "?", "const": 100, "default": 0, "metavar": "MS"}
    add("--schedtrace", type=int, help="the scheduler's report, every MS", **every)  # type: ignore[arg-type]
    add("--gctrace", action="store_true", help="a line for each collection")
    add("--trace", action="store_true", help="record an execution trace, as a Recording")
    add("--asm", action="store_true", help="the compiler's listing, loops marked, calls counted")
    add("--dump", action="store_true", help="a dump of all goroutines at the end of the time limit")
    add("--metrics", action="store_true", help="every name of runtime/metrics when main returns")
    add("--help", action="store_true", help="show this")
    return parser


HELP: Final = _parser().format_help()


def parse_options(line: str) -> Options:
    """Read the line behind ``%%go``; ConfigError with one sentence for what is no option or out of range."""
    try:
        words = shlex.split(line)
    except ValueError as problem:
        raise ConfigError("%%go", line[:60], f"options whose quotes are closed ({problem})") from problem
    given: dict[str, Any] = vars(_parser().parse_args(words))
    try:
        given["args"] = tuple(shlex.split(given["args"]))
    except ValueError as problem:
        raise ConfigError("--args", given["args"][:60], f"words whose quotes are closed ({problem})") from problem
    return checked(Options(**given))


def checked(options: Options) -> Options:
    """The options, or ConfigError for one out of range."""
    if options.procs is not None:
        check_int("--procs", options.procs, 1, 1024)
    if not 0 < options.timeout <= MOST_SECONDS:
        raise ConfigError("--timeout", options.timeout, f"more than 0, at most {MOST_SECONDS} s")
    check_int("--output", options.output, 1, 1_000_000, "bytes")
    if options.schedtrace:
        check_int("--schedtrace", options.schedtrace, 1, 60_000, "ms")
    for name in ("godebug", "gogc", "gomemlimit"):
        if any(c.isspace() or c == "\0" for c in getattr(options, name)):
            raise ConfigError(f"--{name}", getattr(options, name), "a value without spaces")
    return options
