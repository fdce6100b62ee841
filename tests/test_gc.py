"""The collector as the scheduler sees it: cycles, workers, assists, safe points, and what it does to a program."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from helpers import kinds, run

from gmp_lab import Config, Program, Recording, WaitGroup, go, gosched, log, now, simulate, sleep, syscall, work
from gmp_lab import vocabulary as v
from gmp_lab.cycles import cycles, gctrace_text
from gmp_lab.errors import ConfigError
from gmp_lab.heap import (
    NO_LIMIT,
    alloc,
    drop,
    gc,
    read_mem_stats,
    set_gc_percent,
    set_memory_limit,
)
from gmp_lab.replay import Replay
from gmp_lab.stacks import recurse, ret
from gmp_lab.validate import validate

MIB = 1 << 20
MS = 1_000_000


def keep(mib: int) -> Any:
    """An operation: so many MiB in objects of 64 bytes with one pointer."""
    return alloc(bytes=64, n=mib * MIB // 64, scan=8, keep=True)


def churner(mib: int, us: float, wg: WaitGroup) -> Any:
    for _ in range(mib * 128):
        yield alloc(bytes=512, n=16, scan=0)
        yield work(us=us)
    yield wg.Done()


def churn(live: int, mib: int, us: float = 20, workers: int = 1) -> Any:
    yield keep(live)
    wg = WaitGroup()
    yield wg.Add(workers)
    for _ in range(workers):
        yield go(churner, mib // workers, us, wg)
    yield wg.Wait()
    yield gc()


def caller(n: int) -> Any:
    for _ in range(n):
        yield syscall(us=300)
        yield work(us=30)


def hog(ms: float, loop: str = "free") -> Any:
    yield work(ms=ms, loop=loop)


def crowd(live: int, mib: int) -> Any:
    """Who allocates among hogs, system calls, sleepers and goroutines that yield."""

    def yielder() -> Any:
        for _ in range(200):
            yield work(us=50)
            yield gosched()

    def sleeper() -> Any:
        for _ in range(30):
            yield sleep(ms=1)

    for body in (hog, hog):
        yield go(body, 60)
    yield go(caller, 100)
    yield go(yielder)
    yield go(sleeper)
    yield from churn(live, mib, 20, 3)


def collect(main: Any, *args: Any, **settings: Any) -> Recording:
    rec = run(main, *args, **{"until_ns": 20_000 * MS} | settings)
    assert rec.ended == "exit" and validate(rec) == []
    return rec


@pytest.mark.parametrize(("version", "p"), list(product(["1.5", "1.13", "1.19", "1.25", "1.27"], [1, 2, 5])))
def test_a_collected_crowd_could_have_happened_in_every_version(version: str, p: int) -> None:
    rec = collect(crowd, 4, 12, gomaxprocs=p, go=version, seed=3)
    assert len(cycles(rec)) >= 2


@pytest.mark.parametrize(("cores", "off"), [(1, False), (2, False), (2, True)])
def test_nor_do_few_cores_or_missing_signals_break_it(cores: int, off: bool) -> None:
    collect(crowd, 4, 12, gomaxprocs=4, cores=cores, asyncpreemptoff=off, startup="real")


def test_a_program_that_does_not_allocate_has_no_collector() -> None:
    rec = collect(hog, 30, startup="real")
    names = [rec.g_name(g) for g in range(1, 30)]
    assert not [e for e in rec if 64 <= e.kind <= 90] and "runtime.gcBgMarkWorker" not in names


def test_the_phases_follow_each_other_between_two_stops_of_the_world() -> None:
    rec = collect(churn, 4, 12, gomaxprocs=2)
    wanted = {v.E_STW_STOP, v.E_GC_PHASE, v.E_STW_START}
    seen = [(e.kind, e.arg) for e in rec if e.kind in wanted]
    cycle = [
        (v.E_STW_STOP, v.STW_SWEEP_TERM), (v.E_GC_PHASE, v.GC_MARK), (v.E_STW_START, 2),
        (v.E_STW_STOP, v.STW_MARK_TERM), (v.E_GC_PHASE, v.GC_TERM), (v.E_GC_PHASE, v.GC_OFF), (v.E_STW_START, 2),
    ]  # fmt: skip
    assert seen == cycle * (len(seen) // 7) and len(seen) >= 21


@pytest.mark.parametrize(("p", "most"), [(1, {2, 3}), (2, {2, 3}), (4, {1, 3}), (5, {1, 3}), (6, {1, 2, 3})])
def test_the_modes_of_workers_follow_from_the_number_of_ps(p: int, most: set[int]) -> None:
    rec = collect(churn, 8, 24, gomaxprocs=p)
    modes = {e.arg for e in rec if e.kind == v.E_GC_WORKER and e.arg}
    assert modes <= most and modes & {1, 2}


def test_there_is_one_worker_for_each_p_and_it_is_made_once() -> None:
    rec = collect(churn, 4, 24, gomaxprocs=3)
    assert list(rec.g_names).count("runtime.gcBgMarkWorker") == 3 and len(cycles(rec)) > 3


def test_only_who_allocates_assists() -> None:
    rec = collect(crowd, 8, 24, gomaxprocs=1)
    assisting = {rec.g_name(g) for _, g, _, _, arg in kinds(rec, v.E_GC_ASSIST) if arg}
    assert assisting == {"churner"}


def test_a_dedicated_worker_gives_its_ps_queue_away_when_it_is_preempted() -> None:
    def main() -> Any:
        yield keep(48)
        for _ in range(30):
            yield go(hog, 2)
        yield gc()

    rec = collect(main, gomaxprocs=4, startup="real")
    assert all(e.arg > 0 for e in rec if e.kind == v.E_QUEUE_DRAIN)
    preempted = [e for e in rec if e.kind == v.E_PREEMPT and rec.g_name(e.g) == "runtime.gcBgMarkWorker"]
    assert preempted


def test_a_running_goroutine_is_stopped_for_the_scan_of_its_stack_and_readied_by_who_scans_it() -> None:
    rec = collect(crowd, 4, 12, gomaxprocs=5, seed=3)
    stopped = [e for e in rec if e.kind == v.E_PARK and e.arg == v.WAIT_NO["preempted"]]
    asked = {e.g for e in rec if e.kind == v.E_PREEMPT and e.arg == v.PREEMPT_SCAN}
    assert stopped and {e.g for e in stopped} <= asked


def test_without_the_signal_marking_waits_for_a_loop() -> None:
    def main() -> Any:
        yield go(hog, 100)
        yield work(ms=1)
        before = yield now()
        yield gc()
        yield log(((yield now()) - before) // MS)

    waits = [collect(main, gomaxprocs=2, asyncpreemptoff=off).logs() for off in (False, True)]
    assert waits[0][0][2] < 10 and waits[1][0][2] > 80


def test_shrinking_is_the_collectors() -> None:
    def deep() -> Any:
        yield recurse(100, frame=512)
        for _ in range(100):
            yield ret()
        yield sleep(ms=50)

    def main() -> Any:
        yield go(deep)
        yield sleep(ms=5)
        yield gc()
        yield gc()

    rec = collect(main, gomaxprocs=2)
    shrunk = [v.stack_unpack(e.arg)[0] for e in rec if e.kind == v.E_STACK_SHRINK]
    assert len(shrunk) == 2 and shrunk[0] == 2 * shrunk[1]


def test_with_gcstoptheworld_no_user_goroutine_runs_while_marking() -> None:
    rec = collect(crowd, 4, 12, gomaxprocs=3, gcstoptheworld=True)
    marking, ran = False, set()
    for e in rec:
        if e.kind == v.E_GC_PHASE:
            marking = e.arg == v.GC_MARK
        elif e.kind == v.E_EXECUTE and marking:
            ran.add(rec.g_name(e.g).startswith("runtime."))
    assert ran == {True} and kinds(rec, v.E_GC_HELD)


def test_two_minutes_without_a_cycle_force_one() -> None:
    def main() -> Any:
        yield gc()
        for _ in range(26):
            yield sleep(ms=10_000)

    rec = simulate(Config(gomaxprocs=2, until_ns=400_000 * MS), Program(main))
    starts = [(e.t // (1000 * MS), v.GC_TRIGGERS[e.arg]) for e in rec if e.kind == v.E_GC_CYCLE]
    assert [why for _, why in starts] == ["forced", "time", "time"] and 120 <= starts[1][0] <= 190
    assert validate(rec) == []


def stats(*operations: Any, **settings: Any) -> Any:
    seen: list[Any] = []

    def main() -> Any:
        for op in (*operations, read_mem_stats()):
            result = yield op
            seen.append(result)

    collect(main, **settings)
    return seen


def test_the_goal_is_the_live_heap_with_its_roots_and_gogc_percent_more() -> None:
    globals_scanned = 180 << 10
    for gogc in (50, 100, 300):
        m = stats(keep(32), gc(), gogc=gogc)[-1]
        assert m.heap_marked == 32 * MIB
        assert m.next_gc == 32 * MIB + (32 * MIB + globals_scanned) * gogc // 100


def test_what_was_dropped_is_freed_by_the_next_cycle_and_what_is_allocated_while_marking_is_not() -> None:
    m = stats(keep(8), drop(bytes=64, n=4 * MIB // 64, scan=8), gc(), gogc=-1)[-1]
    assert (m.heap_marked, m.num_gc, m.num_forced_gc) == (4 * MIB, 1, 1)
    rec = collect(churn, 8, 32, gomaxprocs=1)
    assert any(c.heap2 > 9 * MIB for c in cycles(rec))


def test_with_gogc_off_only_a_memory_limit_starts_cycles() -> None:
    off = collect(churn, 8, 64, gogc=-1)
    limited = collect(churn, 8, 64, gogc=-1, gomemlimit=24 * MIB)
    assert len(cycles(off)) == 1 and len(cycles(limited)) > 3
    assert all(c.heap1 < 24 * MIB for c in cycles(limited))


def test_settings_can_be_changed_by_the_program_which_is_told_the_old_ones() -> None:
    seen = stats(set_gc_percent(50), set_gc_percent(-1), set_memory_limit(30 * MIB), set_memory_limit(-1))
    assert seen[:4] == [100, 50, NO_LIMIT, 30 * MIB]


def test_gctrace_prints_a_line_for_each_cycle() -> None:
    rec = collect(churn, 4, 16, gomaxprocs=2, gctrace=True)
    lines = gctrace_text(rec).splitlines()
    assert len(lines) == len(kinds(rec, v.E_GC_TRACE)) >= 3
    assert lines[0].startswith("gc 1 @0.0") and lines[-1].endswith("2 P (forced)")


def test_the_replay_knows_phase_heap_and_who_marks() -> None:
    rec = collect(churn, 4, 16, gomaxprocs=2)
    replay, most = Replay(rec.config), 0
    for e in rec:
        replay.apply(e)
        state = replay.state.gc
        assert not state.marking or state.phase == v.GC_MARK
        most = max(most, len(state.marking))
    assert most == 2 and (state.phase, state.cycles) == (v.GC_OFF, len(cycles(rec))) and state.goal_kib > 8000


@pytest.mark.parametrize("n", [5, 3])
def test_more_cannot_be_dropped_than_is_kept(n: int) -> None:
    def main() -> Any:
        yield alloc(bytes=64, n=2, keep=True)
        yield drop(bytes=64, n=n)

    with pytest.raises(ConfigError, match=r"drop\(bytes\)"):
        simulate(Config(), Program(main))


@pytest.mark.parametrize(
    "bad", [{"bytes": 0}, {"bytes": 8, "n": 0}, {"bytes": 8, "scan": 9}, {"bytes": 8, "keep": 1}]
)
def test_an_allocation_that_cannot_be_is_refused(bad: Any) -> None:
    with pytest.raises(ConfigError, match=r"alloc\("):
        alloc(**bad)
