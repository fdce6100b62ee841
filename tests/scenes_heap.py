"""Programs about the heap: the experiments e8 and e9, and what they measure, under the names of the ground truth.

Nothing here knows a result.
"""

from __future__ import annotations

from itertools import pairwise
from operator import truediv
from statistics import mean, median
from typing import Any

from gmp_lab import Config, Program, Recording, WaitGroup, go, now, simulate, work
from gmp_lab import vocabulary as v
from gmp_lab.cycles import cycles
from gmp_lab.heap import MemStats, alloc, gc, read_mem_stats

MIB = 1 << 20
MS = 1_000_000
NODE = 64  # bytes of a node of the list that stays; its pointer is in front
OBJECT = 512  # bytes of what is allocated and forgotten
GROUP = 16  # so many of them between two pieces of work


def churn(live: int, mib: int, us: float, seen: list[Any]) -> Any:
    """Keep ``live`` MiB in nodes, then allocate ``mib`` MiB and forget it; what the runtime counted, and when."""

    def churner(wg: WaitGroup) -> Any:
        for _ in range(mib * MIB // (OBJECT * GROUP)):
            yield alloc(bytes=OBJECT, n=GROUP, scan=0)
            if us:
                yield work(us=us)
        yield wg.Done()

    for _ in range(live * 64):
        yield alloc(bytes=NODE, n=MIB // 64 // NODE, scan=8, keep=True)
    yield gc()
    yield gc()
    seen += [(yield read_mem_stats()), (yield now())]
    wg = WaitGroup()
    yield wg.Add(1)
    yield go(churner, wg)
    yield wg.Wait()
    seen += [(yield read_mem_stats()), (yield now())]
    yield gc()
    seen += [(yield read_mem_stats()), (yield now())]


def idle_ns(rec: Recording, begin: int, end: int) -> int:
    """Time that Ps were on the idle list, summed over them, in ns."""
    total, since = 0, {}
    for e in rec:
        if e.kind == v.E_PIDLE_PUT:
            since[e.p] = e.t
        elif e.kind == v.E_PIDLE_GET:
            total += max(0, min(e.t, end) - max(since.pop(e.p), begin))
    return total + sum(max(0, end - max(t, begin)) for t in since.values())


def churning(live: int, us: float, gomaxprocs: int, alloc: int = 640, **settings: Any) -> dict[str, float]:
    """The statistics of e8."""
    seen: list[Any] = []
    config = Config(
        gomaxprocs=gomaxprocs, startup="real", until_ns=60_000 * MS, max_events=200_000_000, **settings
    )
    rec = simulate(config, Program(churn, live, alloc, us, seen))
    assert rec.ended == "exit"
    before, t0, churned, t1, after, t2 = seen
    ideal = alloc * MIB / (before.next_gc - before.heap_live) if before.next_gc > before.heap_live else 0
    out = _shares(before, after, gomaxprocs * (t2 - t0) - idle_ns(rec, t0, t2))
    out |= {
        "goal0_over_live": before.next_gc / before.heap_live, "cycles": churned.num_gc - before.num_gc,
        "cycles_over_ideal": (churned.num_gc - before.num_gc) / ideal if ideal else 0,
    }  # fmt: skip
    return out | _gctrace(rec, t0, t1)


def _shares(before: MemStats, after: MemStats, busy: int) -> dict[str, float]:
    """Shares of the collector's CPU time, and its share of all that was used."""
    gc_ns = after.gc_cpu_ns - before.gc_cpu_ns
    return {
        "assist_over_gc": (after.assist_ns - before.assist_ns) / gc_ns,
        "dedicated_over_gc": (after.dedicated_ns - before.dedicated_ns) / gc_ns,
        "idle_over_gc": (after.idle_ns - before.idle_ns) / gc_ns,
        "gc_over_busy": gc_ns / busy,
    }


def _gctrace(rec: Recording, t0: int, t1: int) -> dict[str, float]:
    """Medians over the cycles of the churn, from what gctrace prints."""
    done = cycles(rec)
    churned = [(old, c) for old, c in pairwise(done) if t0 <= c.tSweepTerm <= t1]
    background = [c.dedicatedMarkTime + c.fractionalMarkTime for _, c in churned]
    everything = [(c.tMarkTerm - c.tMark) * c.maxprocs for _, c in churned]
    return {
        "gctrace.goal_over_previous_marked": median(c.lastHeapGoal / old.heap2 for old, c in churned),
        "gctrace.bg_share_of_P_time": median(map(truediv, background, everything)),
        "gctrace.trigger_over_goal": median(c.heap0 / c.lastHeapGoal for _, c in churned),
        "gctrace.end_heap_over_goal": median(c.heap1 / c.lastHeapGoal for _, c in churned),
    }


def stops_against_a_loop(loop_ms: int, tries: int = 5, **settings: Any) -> dict[str, float]:
    """e9: the time to stop the world, asked for 10 ms after a loop without calls has begun on the other P."""
    waits: list[tuple[float, float]] = []

    def loop() -> Any:
        yield work(ms=loop_ms)

    def main() -> Any:
        for _ in range(tries):
            yield go(loop)
            begun = yield now()
            yield work(ms=10)
            asked = yield now()
            yield read_mem_stats()
            stopped = yield now()
            waits.append((stopped - asked, begun + loop_ms * MS - asked))
            yield work(ms=2 * loop_ms)

    simulate(Config(gomaxprocs=2, startup="real", until_ns=10_000 * MS, **settings), Program(main))
    ratios = [wait / rest for wait, rest in waits]
    return {
        "wait_over_remaining_loop.p50": median(ratios), "wait_over_remaining_loop.mean": mean(ratios),
        "wait_over_remaining_loop.max": max(ratios), "wait_ms.p50": median(wait / MS for wait, _ in waits),
    }  # fmt: skip
