"""Workloads for run queues and work stealing: how goroutines are started, and where."""

from __future__ import annotations

from typing import Final

from gmp_lab.catalog.numbers import number, us
from gmp_lab.errors import check_choice, check_int
from gmp_lab.stream import Stream
from gmp_lab.workload import Body, Program, WaitGroup, go, gomaxprocs, work

PATTERNS: Final = ("at once", "in four waves", "as a tree", "from every P")


def spawn(goroutines: int = 300, pattern: str = "at once", task_us: float = 20) -> Program:
    """``goroutines`` of task_us each, started in one of four ways (1 to 100,000 of them).

    pattern   "at once": main starts all; "in four waves": a quarter, wait for it, the next; "as a tree": each starts
              two more; "from every P": as many starters as there are Ps, each with its share
    """
    check_int("goroutines", goroutines, 1, 100_000)
    check_choice("pattern", pattern, PATTERNS)
    params = {"goroutines": goroutines, "pattern": pattern, "task_us": task_us}
    return Program(_MAINS[pattern], goroutines, us("task_us", task_us), name="spawn", params=params)


def task(ns: int, wg: WaitGroup) -> Body:
    """Compute, and be done."""
    yield work(ns=ns)
    yield wg.Done()


def _at_once(goroutines: int, ns: int) -> Body:
    wg = WaitGroup()
    yield wg.Add(goroutines)
    for _ in range(goroutines):
        yield go(task, ns, wg)
    yield wg.Wait()


def _in_waves(goroutines: int, ns: int) -> Body:
    for wave in range(4):
        wg = WaitGroup()
        many = goroutines * (wave + 1) // 4 - goroutines * wave // 4
        yield wg.Add(many)
        for _ in range(many):
            yield go(task, ns, wg)
        yield wg.Wait()


def _as_tree(goroutines: int, ns: int) -> Body:
    wg = WaitGroup()
    yield wg.Add(goroutines)
    yield go(_node, 1, goroutines, ns, wg)
    yield wg.Wait()


def _node(number: int, goroutines: int, ns: int, wg: WaitGroup) -> Body:
    for child in (2 * number, 2 * number + 1):
        if child <= goroutines:
            yield go(_node, child, goroutines, ns, wg)
    yield work(ns=ns)
    yield wg.Done()


def _from_every_p(goroutines: int, ns: int) -> Body:
    procs: int = yield gomaxprocs(0)
    wg = WaitGroup()
    yield wg.Add(goroutines)
    for p in range(procs):
        yield go(_starter, goroutines * (p + 1) // procs - goroutines * p // procs, ns, wg)
    yield wg.Wait()


def _starter(many: int, ns: int, wg: WaitGroup) -> Body:
    yield work(ns=100_000)  # time for other Ps to steal the other starters
    for _ in range(many):
        yield go(task, ns, wg)


_MAINS: Final = {
    "at once": _at_once,
    "in four waves": _in_waves,
    "as a tree": _as_tree,
    "from every P": _from_every_p,
}


def skewed(
    tasks: int = 200, skew_percent: float = 100, task_us: float = 50, spread_percent: int = 0, seed: int = 1
) -> Program:
    """``tasks`` of task_us (give or take spread_percent): skew_percent of them are started on one P, the rest on all.

    Each P gets a starter, which first computes for 100 us, so that the starters can spread; the first one starts the
    skewed share as well.  main waits for all.
    """
    check_int("tasks", tasks, 1, 100_000)
    check_int("spread_percent", spread_percent, 0, 100, "%")
    check_int("seed", seed, 0, 2**63 - 1)
    percent = number("skew_percent", skew_percent, 0, 100, "%")
    params = {
        "tasks": tasks, "skew_percent": skew_percent, "task_us": task_us, "spread_percent": spread_percent,
        "seed": seed,
    }  # fmt: skip
    args = (tasks, percent, us("task_us", task_us), spread_percent, seed)
    return Program(_skewed_main, *args, name="skewed", params=params)


def _skewed_main(tasks: int, percent: float, ns: int, spread: int, seed: int) -> Body:
    procs: int = yield gomaxprocs(0)
    draw, wg = Stream(seed), WaitGroup()
    width = ns * spread // 100
    lengths = [ns - width + draw.below(2 * width + 1) for _ in range(tasks)]
    first = round(tasks * percent / 100)
    rest = lengths[first:]
    shares = [rest[k::procs] for k in range(procs)]
    shares[0] = lengths[:first] + shares[0]
    yield wg.Add(tasks)
    for share in shares:
        yield go(_share, share, wg)
    yield wg.Wait()


def _share(lengths: list[int], wg: WaitGroup) -> Body:
    yield work(ns=100_000)
    for ns in lengths:
        yield go(task, ns, wg)
