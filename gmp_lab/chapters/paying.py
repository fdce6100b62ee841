"""Who pays for the collector: marking, assists and stops of a run, by goroutine and by cycle.

All is read from a Recording: what gctrace says of each cycle (``gmp_lab.cycles``), and who marked when.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from gmp_lab import vocabulary as v
from gmp_lab.catalog import allocators
from gmp_lab.chapters.tasks import Case, Tried, tried
from gmp_lab.config import Config
from gmp_lab.cycles import cycles
from gmp_lab.errors import check_int
from gmp_lab.gctrace import GCCycle
from gmp_lab.heap import NO_LIMIT
from gmp_lab.metrics import spans
from gmp_lab.metrics.states import G_RUNNING
from gmp_lab.recording import Recording
from gmp_lab.runtime.mgcpacer import markWorkers
from gmp_lab.simulate import simulate

LONG_NS: Final = 60_000_000_000
MIB: Final = 1 << 20
CASES: Final = ((8, 100), (8, 50), (8, 200), (16, 100), (1, 100))  # live heap in MiB, GOGC


class Paid(NamedTuple):
    """Of one goroutine: ``own_us`` of its own, ``assisted_us`` for the collector, and in how many ``assists``."""

    name: str
    own_us: float
    assisted_us: float
    assists: int


def paid(rec: Recording) -> list[Paid]:
    """What each goroutine of the program did, the runtime's own left out, in order of creation."""
    stays = spans(rec, of="G")
    on = stays.take(stays.state == G_RUNNING)  # assists included
    ran = [int(on.length_ns[on.row == g].sum()) for g in range(len(rec.g_names) + 1)]
    since: dict[int, int] = {}
    spent, times = [0] * len(ran), [0] * len(ran)
    for e in rec:
        if e.kind == v.E_GC_ASSIST and e.arg:
            since[e.g] = e.t
            times[e.g] += 1
        elif e.kind == v.E_GC_ASSIST and e.g in since:
            spent[e.g] += e.t - since.pop(e.g)
    mine = [g for g in range(1, len(ran)) if not rec.g_name(g).startswith("runtime.")]
    return [Paid(f"G{g} {rec.g_name(g)}", (ran[g] - spent[g]) / 1000, spent[g] / 1000, times[g]) for g in mine]


def assists_of(rec: Recording, body: str) -> int:
    """In how many assists the goroutines with this body (the name of its function) were."""
    return sum(one.assists for one in paid(rec) if one.name.split()[1] == body)


def marked_mib_s(rec: Recording) -> float:
    """How fast it was marked, MiB in a second of marking, over the cycles that the heap began; 0.0 without one."""
    found = started_by_the_heap(rec)
    took = sum(c.tMarkTerm - c.tMark for c in found)
    return sum(c.heap2 for c in found) / MIB / took * 1e9 if took else 0.0


def started_by_the_heap(rec: Recording) -> list[GCCycle]:
    """The cycles that began because of the heap's size: those that runtime.GC() asked for left out."""
    return [cycle for cycle in cycles(rec) if not cycle.userForced]


def background_percent(rec: Recording) -> float:
    """CPU time of the mark workers, idle ones left out, in % of all Ps' time while it was marked."""
    found = started_by_the_heap(rec)
    marked = sum(c.dedicatedMarkTime + c.fractionalMarkTime for c in found)
    there = sum((c.tMarkTerm - c.tMark) * c.maxprocs for c in found)
    return round(100 * marked / there, 1) if there else 0.0


def workers(procs: int) -> tuple[int, float]:
    """Of so many Ps (1..256): dedicated mark workers, and the share of its time that each P lends a fractional one.

    Both by the rule of startCycle: a quarter of the Ps, in whole workers where that is near enough.
    """
    return markWorkers(check_int("procs", procs, 1, 256))


def outside_marking(rec: Recording) -> int:
    """How many assists began while nothing was being marked."""
    marked = [(c.tMark, c.tMarkTerm) for c in cycles(rec)]
    began = [e.t for e in rec if e.kind == v.E_GC_ASSIST and e.arg]
    over = max((end for _, end in marked), default=0)  # a cycle that is not over at the end has no figures
    return sum(not any(a <= t <= b for a, b in marked) for t in began if t <= over)


def collector_percent(rec: Recording) -> float:
    """CPU time of all that the collector did, in % of what it and the program's goroutines used together."""
    collector = sum(
        c.dedicatedMarkTime + c.fractionalMarkTime + c.assistTime + c.idleMarkTime
        + (c.tMark - c.tSweepTerm + c.tEnd - c.tMarkTerm) * c.maxprocs
        for c in cycles(rec)
    )  # fmt: skip
    user = sum(one.own_us for one in paid(rec)) * 1000
    return round(100 * collector / (collector + user), 1) if collector else 0.0


def stops(rec: Recording) -> list[tuple[str, float]]:
    """Reason and length (us) of each stop of the world, from the request until everybody may go on."""
    out, since, why = [], -1, 0
    for e in rec:
        if e.kind == v.E_STW_STOP:
            since, why = e.t, e.arg
        elif e.kind == v.E_STW_START and since >= 0:
            out.append((v.STW_REASONS[why], (e.t - since) / 1000))
            since = -1
    return out


def run(  # noqa: PLR0913  # the numbers of one program, each with a name
    *, procs: int = 1, live_mib: int = 8, rate_mib_s: float = 500, many: int = 1, ms: int = 60, gogc: int = 100,
    limit_mib: int = 0, loop: str = "free", loop_ms: int = 0,
) -> Recording:  # fmt: skip
    """``allocators`` beside a live heap, on so many Ps; limit_mib is GOMEMLIMIT in MiB, 0: none."""
    limit = limit_mib * MIB if limit_mib else NO_LIMIT
    config = Config(gomaxprocs=procs, gogc=gogc, gomemlimit=limit, until_ns=LONG_NS)
    return simulate(config, allocators(many, live_mib, rate_mib_s, ms, loop, loop_ms))


# --- the student's task: the goal of a cycle -----------------------------------------------------------------------


def heap_goal(marked: int, gogc: int) -> float:
    """The size (bytes) that a cycle aims at, from what the last one marked (stacks and globals left out)."""
    return max(marked + marked * gogc / 100, 4 * MIB * gogc / 100)


def try_goal(answer: Callable[[int, int], Any]) -> Tried:
    """Try a student's ``answer(marked, gogc)`` on cycles of some runs: it may be off by 3 %."""
    return tried(answer, [_case(live, gogc) for live, gogc in CASES], within=0.03)


def _case(live_mib: int, gogc: int) -> Case:
    found = cycles(run(live_mib=live_mib, gogc=gogc, rate_mib_s=2000, ms=40))
    n = next(n for n, cycle in enumerate(found) if not cycle.userForced and n and found[n - 1].userForced)
    said = f"{found[n - 1].heap2 / MIB:.1f} MiB marked, GOGC {gogc}"
    return Case(said, (found[n - 1].heap2, gogc), found[n].lastHeapGoal)
