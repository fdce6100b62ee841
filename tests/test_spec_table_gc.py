"""The collector's lines of the specification's table of conformance tests (the others: test_spec_table)."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from scenes import run

from gmp_lab import WaitGroup, chan, go, log, now, recv, sleep, work
from gmp_lab import vocabulary as v
from gmp_lab.heap import alloc, gc
from gmp_lab.stacks import call, ret, stack

# --- call-free loop, async off: runtime.GC() waits for it ----------------------------------------------------


def collection_beside_a_loop(**settings: Any) -> float:
    """How long runtime.GC() takes beside a call-free loop of 160 ms on the other P, in ms."""

    def loop() -> Any:
        yield work(ms=160)

    def main() -> Any:
        yield go(loop)
        yield work(ms=1)
        before = yield now()
        yield gc()
        yield log(((yield now()) - before) // 1000)

    return run(main, gomaxprocs=2, **settings).logs()[0][2] / 1000


def test_with_async_preemption_off_a_collection_waits_for_a_call_free_loop() -> None:
    assert 155 <= collection_beside_a_loop(asyncpreemptoff=True) <= 162
    assert collection_beside_a_loop() <= 1.5


# --- 64 KB stacks, then GCs: 64 -> 32 -> 16 -> 8 -> 4 KB, stays 4 KB while blocked in a receive --------------


def test_collections_shrink_a_stack_of_64_kb_by_half_each_and_leave_4_kb() -> None:
    def deep(c: Any) -> Any:
        yield call(frame=24)
        yield call(frame=40 << 10)
        yield ret()
        yield recv(c)

    def main() -> Any:
        yield go(deep, chan())
        yield sleep(ms=1)
        for _ in range(7):
            yield gc()

    rec = run(main, gomaxprocs=2)
    g = rec.g_names.index("deep") + 1
    changes = [e for e in rec if e.g == g and e.kind in (v.E_STACK_GROW, v.E_STACK_SHRINK)]
    assert [v.stack_unpack(e.arg)[0] >> 10 for e in changes] == [64, 32, 16, 8, 4]


# --- dedicated/fractional workers for P=1..16: table in 7.4 ----------------------------------------------------


@pytest.mark.parametrize(("procs", "dedicated"), [(1, 0), (2, 0), (3, 0), (4, 1), (6, 1), (7, 2), (10, 3), (16, 4)])
def test_so_many_dedicated_workers_mark_at_the_same_time(procs: int, dedicated: int) -> None:
    def main() -> Any:
        yield alloc(bytes=1 << 20, n=3, keep=True)
        yield work(us=50)
        yield alloc(bytes=64 << 10, n=60, keep=True)
        yield work(ms=20)

    def busy() -> Any:
        yield work(ms=40)

    def program() -> Any:
        for _ in range(procs):
            yield go(busy)
        yield sleep(ms=1)
        yield from main()

    rec = run(program, gomaxprocs=procs)
    modes: Counter[int] = Counter()
    most = 0
    mode: dict[int, int] = {}
    for e in rec:
        if e.kind == v.E_GC_WORKER:
            modes[mode.get(e.g, 0)] -= 1
            mode[e.g] = e.arg
            modes[e.arg] += 1
            most = max(most, modes[1])
    assert most == dedicated


# --- 2000 fresh Gs while starting-size is 8192: 2 KB each ---------------------------------------------------------


def test_after_a_collection_with_deep_stacks_fresh_goroutines_have_2_kb_and_used_ones_8() -> None:
    sizes: list[list[int]] = [[], []]

    def deep(c: Any, wg: WaitGroup) -> Any:
        yield call(frame=24)
        yield call(frame=5 << 10)
        yield recv(c)
        yield wg.Done()

    def fresh(c: Any, into: list[int]) -> Any:
        into.append((yield stack()).size)
        yield recv(c)

    def main() -> Any:
        c, never, wg = chan(), chan(), WaitGroup()
        yield wg.Add(1000)
        for _ in range(1000):
            yield go(deep, c, wg)
        yield sleep(ms=5)
        yield gc()
        for _ in range(2000):
            yield go(fresh, never, sizes[0])
        yield sleep(ms=5)

    run(main, gomaxprocs=1)
    assert sizes[0] == [2048] * 2000


# --- program that only keeps 1 MB blocks, GOGC=100: goals 4, 9, 18, 36, 72 MB ---------------------------------------


def goals_of_a_hoarder(procs: int) -> list[int]:
    """MB of the goal at the end of each cycle's mark phase, and of the one after the last."""

    def main() -> Any:
        yield alloc(bytes=126_056, scan=52_000, keep=True)  # what a real program has on its heap at main.main
        for _ in range(64):
            yield alloc(bytes=1 << 20, scan=0, keep=True)

    rec = run(main, gomaxprocs=procs)
    goals = [e.arg >> 10 for e in rec if e.kind == v.E_GC_GOAL]
    return list(dict.fromkeys(goals))


@pytest.mark.parametrize("procs", [1, 2, 4])
def test_the_goals_of_a_program_that_keeps_blocks_of_1_mb_are_4_9_18_36_72_mb(procs: int) -> None:
    goals = goals_of_a_hoarder(procs)
    assert [goal for goal in (4, 9, 18, 36, 72) if goal not in goals] == []
    assert goals[0] == 4 and goals[-1] == 72
