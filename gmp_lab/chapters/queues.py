"""The rules of the run queues on paper: a replay of one P with a student's rules, and two takers at one ring.

``replay`` is what is left of the scheduler when there is one P and nothing blocks: a slot, a ring, a global queue,
and two rules.  A student writes the two; ``try_rules`` compares the orders that follow with those of runs.

``race`` lets an owner and a thief take from one ring, step by step, in an order that is given: a read, a copy and a
compare-and-swap are separate steps, so that one can come between two of the other.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any, Final

from gmp_lab import params, twins
from gmp_lab.chapters.tasks import Case, Tried, tried
from gmp_lab.config import Config
from gmp_lab.draw import Table
from gmp_lab.errors import ConfigError, check_bool, check_int
from gmp_lab.golang.experiments import compact
from gmp_lab.recording import Recording
from gmp_lab.replay import state_after
from gmp_lab.simulate import simulate
from gmp_lab.workload import Body, Program, WaitGroup, go, gosched, log, work

Put = Callable[[list[int], list[int], int], Any]
Take = Callable[[list[int], list[int], int], Any]
CASES: Final = (10, 257, 258, 300, 400)
_TASK, _OTHER = 1, -1  # what the two kinds of goroutines of endless_ring note

# --- one P, replayed with the student's rules ----------------------------------------------------------------------


def replay(put: Put, take: Take, n: int, tick: int) -> list[int] | None:
    """The order in which n goroutines run that one loop has started; None if a rule is not written yet.

    ``put(ring, glob, g)`` stores g, which was pushed out of runnext; ``take(ring, glob, tick)`` removes the next one
    and returns it.  Both change the two lists.  ``tick``: schedtick when main waits.
    """
    ring: list[int] = []
    glob: list[int] = []
    for g in range(n - 1):  # the last one stays in runnext
        put(ring, glob, g)
        if g not in (*ring[-1:], *glob[-1:]):
            return None
    ran = [n - 1]  # runnext, in main's own time slice
    while (ring or glob) and len(ran) <= n:
        g = take(ring, glob, tick)
        if g is None or g is ...:
            return None
        ran.append(g)
        tick += 1
    return ran


def tick_when_main_waits(rec: Recording) -> int:
    """schedtick of P0 when main parks in a run on one P."""
    parks = next(i for i, event in enumerate(rec) if event.name == "park" and event.g == 1)
    return state_after(rec, parks + 1).ps[0].schedtick


def try_rules(put: Put, take: Take) -> Tried:
    """Try a student's two rules: the orders that follow from them, beside those of runs of 10 to 1500 goroutines."""
    cases = []
    for n in CASES:
        run = simulate(Config(gomaxprocs=1), twins.order(n, 3))
        given = (n, tick_when_main_waits(run))
        cases.append(Case(f"{n} goroutines, tick {given[1]}", given, compact(twins.noted(run))))

    def answer(n: int, tick: int) -> str | None:
        ran = replay(put, take, n, tick)
        return None if ran is None else compact(ran)

    return tried(answer, cases)


def model_put(ring: list[int], glob: list[int], g: int) -> None:
    """Go's rule, runqput and runqputslow: a full ring sheds its older half, and g with it."""
    if len(ring) < params.runqsize:
        ring.append(g)
    else:
        half = params.runqsize // 2
        glob += [*ring[:half], g]
        del ring[:half]


def model_take(ring: list[int], glob: list[int], tick: int) -> int:
    """Go's rule, findRunnable with one P: each 61st tick the global queue first, else the ring, filled by a batch."""
    if glob and tick % params.schedtickGlobal == 0:
        return glob.pop(0)
    if not ring:
        batch = min(params.globrunqBatch, len(glob))  # with one P, size / GOMAXPROCS + 1 is more than there are
        ring += glob[:batch]
        del glob[:batch]
    return ring.pop(0)


# --- a ring that never becomes empty -------------------------------------------------------------------------------


def endless_ring(turns: int = 5) -> list[int]:
    """How many goroutines of the ring run between two turns of one that stands in the global queue (1 to 1000 turns).

    The ring never becomes empty: each task starts its successor and then somebody who does nothing, who takes runnext
    and so pushes the successor into the ring.
    """
    check_int("turns", turns, 1, 1000)
    run = simulate(Config(gomaxprocs=1), Program(_endless_main, turns + 2))
    at = [k for k, number in enumerate(twins.noted(run)) if number == _OTHER]
    return [after - before - 1 for before, after in itertools.pairwise(at[1:])]  # its first turn is in the ring


def _endless_main(turns: int) -> Body:
    left, wg = [turns], WaitGroup()
    yield wg.Add(1)
    yield go(_other, left, wg)
    yield go(_chain, left)
    yield wg.Wait()


def _other(left: list[int], wg: WaitGroup) -> Body:
    while left[0]:
        left[0] -= 1
        yield log(_OTHER)
        yield gosched()
    yield wg.Done()


def _chain(left: list[int]) -> Body:
    yield log(_TASK)
    yield work(us=5)
    if left[0]:
        yield go(_chain, left)
        yield go(_nothing)


def _nothing() -> Body:
    yield work(ns=0)


# --- two takers at one ring ----------------------------------------------------------------------------------------


def race(steps: str, *, cas: bool = True) -> Table:
    """An owner (O) and a thief (T) take from a ring of four, in the order of the letters; three steps each at a time.

    Each reads the head, then copies what it wants (the owner one, the thief half), then moves the head: with ``cas``
    only if the head is still where it was, else whatever has happened.  ConfigError for other letters.
    """
    if not steps or set(steps) - {"O", "T"}:
        raise ConfigError("steps", steps, 'letters O and T, such as "OOTTTO"')
    check_bool("cas", cas)
    slots, head, tail = "ABCD", 0, 4
    seen: dict[str, tuple[int, int] | None] = {"O": None, "T": None}
    copied: dict[str, str] = {"O": "", "T": ""}
    rows: list[tuple[str, str, str, str]] = []
    taken: list[str] = []
    for who in steps:
        name, saw = ("owner", "thief")[who == "T"], seen[who]
        if saw is None:
            n = min(1, tail - head) if who == "O" else (tail - head) - (tail - head) // 2
            seen[who] = (head, n) if n else None
            did = f"reads head {head}, wants {n}" if n else "finds the ring empty"
        elif not copied[who]:
            copied[who] = slots[saw[0] : saw[0] + saw[1]]
            did = f"copies {' '.join(copied[who])}"
        elif cas and head != saw[0]:
            did = f"swap fails, head is {head}: forgets {' '.join(copied[who])}, begins again"
            seen[who], copied[who] = None, ""
        else:
            head = saw[0] + saw[1]
            taken += copied[who]
            did = f"moves head to {head}, has {' '.join(copied[who])}"
            seen[who], copied[who] = None, ""
        rows.append((name, did, str(head), " ".join(taken) or "-"))
    twice = sorted({g for g in taken if taken.count(g) > 1})
    said = f"{' and '.join(twice)} taken twice" if twice else "nobody is taken twice"
    how = "with compare-and-swap" if cas else "without compare-and-swap"
    return Table(f"Owner and thief at one ring, {how}: {said}", ("who", "does", "head", "taken so far"), tuple(rows))
