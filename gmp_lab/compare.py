"""Two runs side by side: their measures in one table, and the first decision in which they part.

The two may be simulations with other parameters or versions, or a simulation and a real trace of the same program.
Ids of goroutines differ between such runs (a real process has goroutines of its own first), so a goroutine is known
by its descent: the third that the first that main started has started is (1, 3).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gmp_lab import vocabulary as v
from gmp_lab.metrics import rows_of, summary
from gmp_lab.recording import Event, Recording

Descent = tuple[int, ...]
_MAIN: Final = 1  # the id of the main goroutine, in every Go process
_TIMES: Final = "costs are those of one machine: compare ratios, not times"
_OS: Final = "the model's threads wake after a fixed time; real ones share the machine with other programs"
#: label of a measure (see metrics.summary): why a simulation and a real run of one program may differ in it
WHY: Final[dict[str, str]] = {
    "time": _TIMES,
    "running goroutines": "what the program computes takes other times on another machine",
    "in a system call, P kept": "the kernel decides how long a call lasts",
    "scheduling": _TIMES,
    "spinning": _OS,
    "waiting for its thread": _OS,
    "waiting for a core": "the model knows only this process's threads",
    "idle": _OS,
    "scheduling latency, median": _TIMES,
    "scheduling latency, p90": _OS,
    "scheduling latency, p99": _OS,
    "scheduling latency, maximum": _OS,
    "goroutines started": "a real process starts goroutines of its own (tracing, finalizers, collector)",
    "goroutines ended": "a real process starts goroutines of its own (tracing, finalizers, collector)",
    "executes": "follows the number of preemptions and waits",
    "steals": "whoever wakes first steals: that is a matter of microseconds",
    "goroutines stolen": "whoever wakes first steals: that is a matter of microseconds",
    "preemptions asked for": "a trace does not tell requests, only that a goroutine was stopped",
    "preempted": "sysmon looks every 10 ms: its phase differs from run to run",
    "system calls": "a real program makes more of them than its text shows",
    "Ps retaken by sysmon": "sysmon's phase, and how long the kernel takes",
    "hand-offs": "a trace does not tell them",
    "longest ring": "a trace does not tell queues",
    "longest global queue": "a trace does not tell queues",
    "threads, at most": "a real process has threads of its own (template thread, tracing)",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One measure: ``ratio`` is b / a, None where one of them is unknown or a is 0; ``why``: of real runs."""

    quantity: str
    unit: str
    a: float | None
    b: float | None
    ratio: float | None
    why: str


@dataclass(frozen=True, slots=True)
class Parting:
    """The first decision in which two runs part: on which P, the how many-th there (from 1), and what each did.

    ``a`` and ``b`` are the event's indexes (-1: that run made no more decisions on this P).
    """

    p: int
    number: int
    a: int
    b: int
    sentence: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """``rows`` of measures, the names of the two runs, and where they part (None: they decide alike throughout)."""

    names: tuple[str, str]
    rows: tuple[Row, ...]
    parting: Parting | None

    def text(self) -> str:
        """The comparison as a plain text table."""
        a, b = self.names
        cells = [("quantity", a, b, "ratio", "unit")]
        cells += [
            (r.quantity, _shown(r.a), _shown(r.b), "" if r.ratio is None else f"{r.ratio:.2f}", r.unit)
            for r in self.rows
        ]
        widths = [max(len(row[i]) for row in cells) for i in range(5)]
        lines = [
            f"{q:{widths[0]}}  {x:>{widths[1]}}  {y:>{widths[2]}}  {z:>{widths[3]}}  {u}".rstrip()
            for q, x, y, z, u in cells
        ]
        end = self.parting.sentence if self.parting else "Both make the same decisions, P by P."
        return "\n".join([*lines, "", end]) + "\n"


def _shown(value: float | None) -> str:
    return "unknown" if value is None else f"{value:,.4g}" if isinstance(value, float) else f"{value:,}"


def compare(a: Recording, b: Recording, names: tuple[str, str] = ("simulated", "real")) -> Comparison:
    """Measure two runs and find the first decision in which they part; names are the columns' heads."""
    return Comparison(names, tuple(_rows(a, b)), parting(a, b, names))


def _rows(a: Recording, b: Recording) -> list[Row]:
    told = WHY if a.complete != b.complete else {}
    out = []
    for (label, x, unit), (_, y, _) in zip(rows_of(summary(a)), rows_of(summary(b)), strict=True):
        left, right = known(a, label, x), known(b, label, y)
        ratio = right / left if left and right is not None else None
        out.append(Row(label, unit, left, right, ratio, told.get(label, "")))
    return out


def known(rec: Recording, label: str, value: float) -> float | None:
    """A measure's value, None for what a real trace does not tell (its queues, hand-offs, requests to stop)."""
    return None if not rec.complete and WHY.get(label, "").startswith("a trace does not") else value


def descents(rec: Recording) -> dict[int, Descent]:
    """Who descends from main how, by goroutine id; main is (). The runtime's own goroutines are left out."""
    children: dict[int, int] = {}
    known: dict[int, Descent] = {_MAIN: ()}
    for e in rec:
        if e.kind == v.E_GO_CREATE and e.arg in known and e.g not in known and not _system(rec, e.g):
            children[e.arg] = children.get(e.arg, 0) + 1
            known[e.g] = (*known[e.arg], children[e.arg])
    return known


def _system(rec: Recording, g: int) -> bool:
    return 0 < g <= len(rec.g_names) and rec.g_names[g - 1].startswith("runtime.")


def decisions(rec: Recording) -> dict[int, list[tuple[int, Descent]]]:
    """What each P ran, in order: (index of the event, descent of the goroutine), by id of the P."""
    known = descents(rec)
    out: dict[int, list[tuple[int, Descent]]] = {}
    for i, e in enumerate(rec):
        if e.kind == v.E_EXECUTE and e.g in known:
            out.setdefault(e.p, []).append((i, known[e.g]))
    return out


def parting(a: Recording, b: Recording, names: tuple[str, str] = ("simulated", "real")) -> Parting | None:
    """The first decision, by the time of a (of b where a has ended), in which two runs part; None if in none.

    A decision is which goroutine a P runs next; Ps are compared one by one, for the order between two Ps is no
    decision of anybody.
    """
    left, right = decisions(a), decisions(b)
    found = [_first(p, left.get(p, []), right.get(p, [])) for p in sorted({*left, *right})]
    times = [(a[i].t if i >= 0 else b[j].t, p, n, i, j) for one in found if one is not None for p, n, i, j in (one,)]
    if not times:
        return None
    _, p, n, i, j = min(times)
    told = f"They part at the goroutine that P{p} runs as number {n}: {_did(a, i, names[0])}; {_did(b, j, names[1])}."
    return Parting(p, n, i, j, told)


def _first(
    p: int, left: list[tuple[int, Descent]], right: list[tuple[int, Descent]]
) -> tuple[int, int, int, int] | None:
    for n, ((i, x), (j, y)) in enumerate(zip(left, right, strict=False), 1):
        if x != y:
            return p, n, i, j
    n = min(len(left), len(right))
    if len(left) == len(right):
        return None
    return p, n + 1, left[n][0] if len(left) > n else -1, right[n][0] if len(right) > n else -1


def _did(rec: Recording, i: int, name: str) -> str:
    if i < 0:
        return f"{name}, none any more"
    e: Event = rec[i]
    who = f"{rec.g_names[e.g - 1]} G{e.g}" if 0 < e.g <= len(rec.g_names) else f"G{e.g}"
    return f"{name}, {who} at {e.t / 1000:.3f} us"
