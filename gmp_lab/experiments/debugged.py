"""An experiment of chapter 4.2: what gdb itself says when it is told to stop at the runtime's signal."""

from __future__ import annotations

import re
from typing import Final

from gmp_lab import vocabulary as v
from gmp_lab.experiments import bodies_time
from gmp_lab.experiments.model import Experiment, Point, Values
from gmp_lab.golang import GoRun, GoRunError

STOPS: Final = 3
_COMMANDS: Final = (
    "set debuginfod enabled off", "info signals SIGURG", "handle SIGURG stop print pass", "run",
    "info registers | grep rip", *("pipe info registers | grep eflags", "continue") * (STOPS - 1),
    "pipe info registers | grep eflags", "kill",
)  # fmt: skip
SHOWN: Final = (
    "gdb", "-q", "-batch", "-nx", *(word for command in _COMMANDS for word in ("-ex", command)), "--args",
)  # fmt: skip


def shown(run: GoRun) -> Values:
    """gdb's default for SIGURG (stop, print, pass), the signals that stopped it, eflags at each, what grep gave."""
    default = re.search(r"^SIGURG\s+(\w+)\s+(\w+)\s+(\w+)", run.stdout, re.MULTILINE)
    signals = re.findall(r"received signal (\w+)", run.stdout)
    flags = re.findall(r"^eflags +\S+ +\[ ([A-Z ]*) \]", run.stdout, re.MULTILINE)
    if default is None or not signals:
        raise GoRunError(f"gdb could not watch the program: {run.stderr.strip()[-200:]}")
    refused = [line for line in run.stderr.splitlines() if line.startswith("Invalid register")]
    return {
        "stopped_by": tuple(dict.fromkeys(signals)), "default": tuple(default.groups()),
        "interrupts_on": tuple("yes" if "IF" in one.split() else "no" for one in flags),
        "info_with_grep": tuple(refused),
    }  # fmt: skip


def signalled(point: Point) -> Values:
    """tight_loop.go: which signal there is to stop at; the rest is gdb's own, of which a simulation knows nothing."""
    rec = bodies_time.tight_loop_run(point, [])
    sent = sum(e.kind == v.E_SIGNAL for e in rec)
    return {"stopped_by": ("SIGURG",) * bool(sent), "default": (), "interrupts_on": (), "info_with_grep": ()}


ALL: Final = (
    Experiment(
        "debugger", "What does gdb show when it stops at the signal that the runtime sends?",
        "04-2-signal-preemption", "tight_loop.go", (Point(1, {"ms": 300}, exact=("stopped_by",)),), signalled,
        ("4.2-07", "4.2-08", "4.2-09"), shown, under=SHOWN,
    ),
)  # fmt: skip
