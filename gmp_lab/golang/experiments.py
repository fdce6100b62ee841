"""Experiments of the notebooks on the real runtime: run live where a toolchain is found, else as recorded.

A recorded result is what this same module printed on a machine with Go; each says with which version, when, on what
machine and by which command.  ``python -m gmp_lab.golang.record`` makes all of them again.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final

from gmp_lab.errors import check_choice, check_int
from gmp_lab.golang.run import GoRun, run_go
from gmp_lab.golang.toolchain import Toolchain, find_toolchain
from gmp_lab.schedtrace import SchedTraceLine, parse_schedtrace

#: name -> (program, GOMAXPROCS, arguments in the order of the program, with their defaults)
EXPERIMENTS: Final[dict[str, tuple[str, int, dict[str, int]]]] = {
    "order": ("order.go", 1, {"n": 300, "k": 5}),
    "steal": ("steal.go", 2, {"n": 17}),
    "mix": (
        "mix.go",
        4,
        {"goroutines": 64, "burst_us": 100, "syscall_percent": 10, "syscall_us": 2000, "run_ms": 300},
    ),
}
SCHEDTRACE_MS: Final = 50


@dataclass(frozen=True, slots=True)
class Result:
    """What an experiment gave. ``source``: "live" or "recorded"; ``origin`` says in one line where it comes from.

    ``numbers`` holds an order of goroutines ("order", "steal"), ``trace`` schedtrace lines ("mix").
    """

    name: str
    source: str
    origin: str
    numbers: tuple[int, ...] = ()
    trace: tuple[SchedTraceLine, ...] = ()


def program(name: str) -> str:
    """The Go source of a program, e.g. "order.go"."""
    return files("gmp_lab.golang").joinpath("programs", name).read_text(encoding="utf-8")


def run_live(name: str, toolchain: Toolchain, gomaxprocs: int | None = None, **arguments: int) -> Result:
    """Run an experiment on a real toolchain; ConfigError for an unknown name or argument."""
    check_choice("name", name, tuple(EXPERIMENTS))
    source, procs, defaults = EXPERIMENTS[name]
    for key, value in arguments.items():
        check_choice(f"{name}(...)", key, tuple(defaults))
        check_int(key, value, 0, 10_000_000)
    values = defaults | arguments
    env = {"GOGC": "off"} | ({"GODEBUG": f"schedtrace={SCHEDTRACE_MS}"} if name == "mix" else {})
    run = run_go(
        program(source), gomaxprocs=gomaxprocs or procs, args=[str(x) for x in values.values()], env=env,
        toolchain=toolchain,
    )  # fmt: skip
    origin = f"live: Go {toolchain.version} ({toolchain.source})"
    return _result(name, "live", origin, run)


def _result(name: str, source: str, origin: str, run: GoRun) -> Result:
    if name == "mix":
        return Result(name, source, origin, trace=tuple(parse_schedtrace(run.stderr)))
    return Result(name, source, origin, numbers=tuple(map(int, run.stdout.split())))


def recorded(name: str) -> Result:
    """The result that ships with the package, made with the default arguments."""
    check_choice("name", name, tuple(EXPERIMENTS))
    text = files("gmp_lab.golang").joinpath("recorded", f"{name}.json").read_text(encoding="utf-8")
    data: dict[str, Any] = json.loads(text)
    made = data["made"]
    origin = f"recorded: Go {made['go']}, {made['date']}, {made['machine']}"
    trace = tuple(parse_schedtrace(data["trace"])) if data["trace"] else ()
    return Result(name, "recorded", origin, tuple(data["numbers"]), trace)


def recorded_or_live(name: str, **arguments: int) -> Result:
    """Run the experiment if a toolchain is found, else return the recorded result (of the default arguments)."""
    toolchain = find_toolchain()
    if toolchain is None:
        return recorded(name)
    return run_live(name, toolchain, **arguments)


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
