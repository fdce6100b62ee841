"""Who steals what from whom: thefts of a run one by one, the order on each P, how many threads search at a time.

All is read from a Recording.  Tasks are goroutines whose body is called ``task``, as in the catalogue's workloads.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from gmp_lab import twins
from gmp_lab import vocabulary as v
from gmp_lab.catalog import skewed
from gmp_lab.chapters.tasks import Case, Tried, tried
from gmp_lab.config import Config
from gmp_lab.errors import check_int
from gmp_lab.recording import Recording
from gmp_lab.replay import state_after
from gmp_lab.runtime.runq import stealOrder
from gmp_lab.simulate import simulate
from gmp_lab.vocabulary import steal_unpack

LONG_NS: Final = 600_000_000_000
STARTED: Final = (2, 3, 6, 9, 10)  # goroutines that main starts in the cases of the task: one of them is in runnext


class Theft(NamedTuple):
    """One theft: when (ns), who from whom (Ps), the victim's ring before it, how many, whether it was the runnext."""

    t: int
    thief: int
    victim: int
    ring: tuple[int, ...]
    taken: int
    runnext: bool


def thefts(rec: Recording) -> list[Theft]:
    """All thefts of a simulated run, in order of time."""
    found = []
    for i, e in enumerate(rec):
        if e.kind == v.E_STEAL:
            victim, taken, runnext = steal_unpack(e.arg)
            ring = tuple(state_after(rec, i).ps[victim].runq)
            found.append(Theft(e.t, e.p, victim, ring, taken, runnext))
    return found


def ran_on(rec: Recording) -> dict[int, list[int]]:
    """For each P the numbers that goroutines noted on it with ``log``, in order."""
    at: dict[int, int] = {}
    out: dict[int, list[int]] = {}
    for e in rec:
        if e.kind == v.E_EXECUTE:
            at[e.g] = e.p
        elif e.kind == v.E_LOG:
            out.setdefault(at[e.g], []).append(e.arg)
    return dict(sorted(out.items()))


def tasks_on(rec: Recording) -> tuple[int, ...]:
    """How many tasks each P has begun."""
    task = {g for g, name in enumerate(rec.g_names, 1) if name == "task"}
    ran = [0] * rec.procs
    seen: set[int] = set()
    for e in rec:
        if e.kind == v.E_EXECUTE and e.g in task and e.g not in seen:
            seen.add(e.g)
            ran[e.p] += 1
    return tuple(ran)


def most_searching(rec: Recording) -> tuple[int, int]:
    """The largest number of spinning threads at one instant, and the Ps that were not idle then."""
    most = (0, 0)
    for i, e in enumerate(rec):
        if e.kind in (v.E_SPIN, v.E_M_START) and e.arg == 1:
            s = state_after(rec, i + 1)
            most = max(most, (s.nmspinning, len(s.ps) - len(s.pidle)))
    return most


def visits(procs: int, draws: int) -> list[tuple[int, ...]]:
    """In which order a thief looks at the Ps (1..256 of them), for the random numbers 0 to draws - 1 (1..10,000)."""
    check_int("procs", procs, 1, 256)
    check_int("draws", draws, 1, 10_000)
    return [stealOrder(procs, number) for number in range(draws)]


def heap_of_tasks(steal: str = "half", tasks: int = 100_000, procs: int = 16) -> Recording:
    """The article's experiment: so many tasks of 50 us, all started by one goroutine, on so many Ps."""
    return simulate(Config(gomaxprocs=procs, steal=steal, until_ns=LONG_NS), skewed(tasks=tasks))


# --- the student's task: what does a thief take, and in which order does it run that? ------------------------------


def running_order(ring: list[int]) -> list[int]:
    """What a thief takes of a victim's ring (the oldest first), in the order in which it runs it."""
    batch = ring[: len(ring) - len(ring) // 2]
    return batch[-1:] + batch[:-1]


def try_theft(answer: Callable[[list[int]], Any]) -> Tried:
    """Try a student's ``answer(ring)`` on the first theft of some runs: what the thief ran next is right."""
    return tried(answer, [_case(n) for n in STARTED])


def _case(started: int) -> Case:
    rec = simulate(Config(gomaxprocs=2), twins.steal(started))
    first = next(theft for theft in thefts(rec) if len(theft.ring) == started - 1)
    numbers = {g: k for k, g in enumerate(first.ring)}
    after = [e.g for e in rec if e.kind == v.E_EXECUTE and e.p == first.thief and e.t >= first.t]
    ran = [numbers[g] for g in after[: first.taken]]
    return Case(f"a ring of {len(first.ring)}", (list(numbers.values()),), ran)
