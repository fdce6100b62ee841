"""Which version of Go does what: a table made from the rows of ``gmp_lab.params``, which the mirror itself follows.

``notebooks/reference/versions.md`` is ``text()``; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from gmp_lab.draw import Table
from gmp_lab.params import GROWS, VERSIONS, Version, version

Row = tuple[str, str, Callable[[Version], Any]]

_PROCS: Final = {"one": "1", "cpus": "CPUs", "quota": "CPUs and quota"}
def _ring(v: Version) -> object:
    if not v.local_queues:
        return "-"
    return "no limit" if v.ring == GROWS else v.ring


def _victims(v: Version) -> str:
    if not v.local_queues:
        return "-"
    return f"{v.steal_picks} for each P, at random" if v.steal_picks else "all, in 4 passes"


def _in_call(v: Version) -> str:
    if v.syscall_hands_over:
        return "-"
    return "_Prunning" if v.syscall_keeps_p else "_Psyscall"


#: what, the function of the runtime in which it is seen, and what a version's row says of it
ROWS: Final[tuple[Row, ...]] = (
    ("each P has its own queue", "runqput", lambda v: v.local_queues),
    ("slots of the ring", "p.runq", _ring),
    ("runnext", "p.runnext", lambda v: v.runnext),
    ("the global queue comes first in every ... tick", "schedule", lambda v: v.global_tick),
    ("victims of a thief", "stealWork", _victims),
    ("GOMAXPROCS if nobody sets it", "schedinit", lambda v: _PROCS[v.default_procs]),
    ("a system call gives the P away at once", "entersyscall", lambda v: v.syscall_hands_over),
    ("status of a P in a system call", "entersyscall", _in_call),
    ("a prologue looks whether to stop", "newstack", lambda v: v.preempt_prologue),
    ("a signal stops a loop", "preemptM", lambda v: v.preempt_signal),
    ("timers belong to Ps", "p.timers", lambda v: v.timer_heaps),
    ("stacks are", "newstack", lambda v: v.stack_kind),
    ("bytes of a new stack", "stackMin", lambda v: v.stack_min),
    ("new stacks start with the average in use", "gcComputeStartingStackSize", lambda v: v.adaptive),
    ("an unwatched timer channel holds nothing old", "time.NewTimer", lambda v: v.sync_timer_chans),
    ("schedtrace shows needspinning", "schedtrace", lambda v: v.schedtrace != "1.19"),
    ("schedtrace shows schedticks", "schedtrace", lambda v: v.schedtrace == "1.25"),
    ("a goroutine stopped for the world goes to runnext", "goschedImpl", lambda v: v.stw_runnext),
)


def _words(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def table(*names: str) -> Table:
    """The table for these versions (none: all), a row for each behaviour; ConfigError for one that is not there."""
    chosen = tuple(map(version, names or VERSIONS))
    rows = tuple((what, *(_words(of(v)) for v in chosen)) for what, _, of in ROWS)
    return Table("Which version of Go does what", ("", *(v.name for v in chosen)), rows)


def text() -> str:
    """The page of the reference, as Markdown."""
    versions = tuple(VERSIONS.values())
    lines = [
        "# Which version of Go does what",
        "",
        'The simulator has a row of facts for each of these versions; `Config(go="1.13")` runs a program under the',
        "rules of that row. This page is made from the rows (`gmp_lab.chapters.versions`), so it says what the model",
        "does. Go 1.26 is like 1.27 in all of this; what else lies between two columns came with a version between",
        "them.",
        "",
        "| | see | " + " | ".join(v.name for v in versions) + " |",
        "|---|---|" + "---|" * len(versions),
    ]
    lines += [f"| {what} | `{see}` | " + " | ".join(_words(of(v)) for v in versions) + " |" for what, see, of in ROWS]
    lines += ["", "How each row is known:", ""]
    lines += [f"* **{v.name}**: {v.known}." for v in versions]
    return "\n".join(lines) + "\n"
