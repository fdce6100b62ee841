"""The real Go beside the simulation: find a toolchain, build and run programs, read what they report.

``find_toolchain`` says what is there, ``run_go`` runs a program within limits, ``recorded_or_live`` gives the result
of one of the course's experiments, live where Go is found and recorded where it is not.
"""

from gmp_lab.golang.errors import GoCompileError, GoNotFound, GoRunError
from gmp_lab.golang.experiments import (
    EXPERIMENTS,
    Experiment,
    Result,
    agrees,
    program,
    recorded,
    recorded_or_live,
    run_live,
    schedtrace_of_mix,
)
from gmp_lab.golang.run import GoRun, build, run_go
from gmp_lab.golang.source import resolve_symbol, runtime_source
from gmp_lab.golang.toolchain import Toolchain, all_toolchains, find_toolchain, require_toolchain
from gmp_lab.golang.trace import parse_trace, read_trace

__all__ = [
    "EXPERIMENTS",
    "Experiment",
    "GoCompileError",
    "GoNotFound",
    "GoRun",
    "GoRunError",
    "Result",
    "Toolchain",
    "agrees",
    "all_toolchains",
    "build",
    "find_toolchain",
    "parse_trace",
    "program",
    "read_trace",
    "recorded",
    "recorded_or_live",
    "require_toolchain",
    "resolve_symbol",
    "run_go",
    "run_live",
    "runtime_source",
    "schedtrace_of_mix",
]
