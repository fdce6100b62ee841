"""The panels of the chapters, as declarations; ``lab("01")`` builds one.

A new chapter adds an entry here: which controls, what they set, which program they run, which figures it shows.
Ranges are chosen so that every combination runs, ends, and can be drawn while a slider is being dragged: at most
500 goroutines of 20 bursts are 10,000 bursts.
"""

from __future__ import annotations

from typing import Final

from gmp_lab.catalog import steady_mix
from gmp_lab.errors import ConfigError
from gmp_lab.widgets.control import Control
from gmp_lab.widgets.panel import Lab
from gmp_lab.widgets.spec import LabSpec

_LONG_NS: Final = 60_000_000_000  # longer than any of these runs, so that all of them end by themselves
_BURSTS: Final = 20
_MIX: Final = (
    f"main starts the goroutines and waits for all of them. Each computes {_BURSTS} times; after a burst it makes a "
    "blocking system call, or else it meets its partner over a channel."
)

GOMAXPROCS: Final = Control(
    "gomaxprocs", "GOMAXPROCS", 1, 16, 4, ("config.gomaxprocs",),
    "How many Ps there are: as many goroutines can compute at the same time",
)  # fmt: skip
GOROUTINES: Final = Control(
    "goroutines", "goroutines", 1, 500, 16, ("program.goroutines",), "How many goroutines main starts"
)
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

_FIGURES: Final = (
    "running goroutines", "in a system call, P kept", "idle", "scheduling latency, median", "scheduling latency, p99",
    "steals", "hand-offs", "longest ring", "longest global queue", "threads, at most",
)  # fmt: skip

LABS: Final[dict[str, LabSpec]] = {
    spec.name: spec
    for spec in (
        LabSpec(
            name="00-start-here",
            title="A first run: goroutines on Ps",
            about=_MIX,
            controls=(GOMAXPROCS, GOROUTINES),
            program=steady_mix,
            figures=("running goroutines", "idle", "scheduling latency, median", "steals", "threads, at most"),
            arguments={"bursts": _BURSTS},
            config={"until_ns": _LONG_NS},
        ),
        LabSpec(
            name="01-gmp-model",
            title="Chapter 1: G, M and P",
            about=_MIX,
            controls=(GOMAXPROCS, GOROUTINES, BURST, SYSCALL_RATE, SYSCALL, SEED),
            program=steady_mix,
            figures=_FIGURES,
            arguments={"bursts": _BURSTS},
            config={"until_ns": _LONG_NS},
        ),
    )
}


def lab(chapter: str) -> Lab:
    """The panel of a chapter, by the name of its notebook or the number that it begins with: ``lab("01")``.

    ConfigError if there is none.  Make it the last expression of a cell; keep it in a name to read ``config``,
    ``program`` and ``recording`` in the next one.
    """
    found = [spec for name, spec in LABS.items() if chapter in (name, name.partition("-")[0])]
    if not found:
        raise ConfigError("chapter", chapter, "one of " + ", ".join(repr(name) for name in LABS))
    return Lab(found[0])
