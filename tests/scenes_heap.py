"""Programs about the heap: the experiments e8 and e9, and what they measure."""

from __future__ import annotations

from typing import Any

from gmp_lab import Config, Program, Recording, WaitGroup, go, now, simulate, work
from gmp_lab.heap import alloc, gc, read_mem_stats

MIB = 1 << 20
NODE = 64  # bytes of a node of the live list, one pointer in it
OBJECT = 512  # bytes of what is allocated and forgotten
GROUP = 16  # so many of them between two pieces of work


def churner(n: int, us: float, wg: WaitGroup) -> Any:
    for _ in range(n):
        yield alloc(bytes=OBJECT, n=GROUP, scan=0)
        if us:
            yield work(us=us)
    yield wg.Done()


def churn(live: int, mib: int, us: float, seen: list[Any]) -> Any:
    """Keep ``live`` MiB in nodes, allocate ``mib`` MiB and forget it; the heap's statistics before and after."""
    per_step = 16 * 1024 // NODE
    for _ in range(live * MIB // NODE // per_step):
        yield alloc(bytes=NODE, n=per_step, scan=8, keep=True)
    yield gc()
    yield gc()
    before = yield read_mem_stats()
    t0 = yield now()
    wg = WaitGroup()
    yield wg.Add(1)
    yield go(churner, mib * MIB // (OBJECT * GROUP), us, wg)
    yield wg.Wait()
    churned = yield read_mem_stats()
    t1 = yield now()
    yield gc()
    after = yield read_mem_stats()
    t2 = yield now()
    seen.extend([before, churned, after, t0, t1, t2])


def run_churn(live: int, mib: int, us: float, **settings: Any) -> tuple[Recording, list[Any]]:
    seen: list[Any] = []
    config = Config(until_ns=30_000_000_000, max_events=100_000_000, **settings)
    rec = simulate(config, Program(churn, live, mib, us, seen))
    return rec, seen
