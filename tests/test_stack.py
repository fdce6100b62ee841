"""Goroutine stacks: growth, copying, shrinking, reuse, segments; and that a program without calls pays nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import scenes_stack as scenes
from helpers import kinds, log_order
from hypothesis import given, settings
from hypothesis import strategies as st
from scenes_stack import CYCLE, collecting, run, size_of

from gmp_lab import (
    ConfigError,
    Costs,
    chan,
    go,
    gosched,
    log,
    now,
    recv,
    sleep,
    syscall,
    work,
)
from gmp_lab import vocabulary as v
from gmp_lab.errors import Throw
from gmp_lab.metrics import stack_changes, stack_sizes, stack_total
from gmp_lab.params import VERSIONS
from gmp_lab.replay import state_after
from gmp_lab.runtime.mloop import Machine
from gmp_lab.runtime.stackscan import gcScanStacks
from gmp_lab.stackmath import deepest, growths
from gmp_lab.stacks import Bounds, call, recurse, ret, set_max_stack, stack
from gmp_lab.validate import validate

KIB = 1024


def looked(*before: Any, **settings: Any) -> Bounds:
    """The stack of a main that has done these operations."""
    seen: list[Bounds] = []

    def main() -> Any:
        yield from before
        seen.append((yield stack()))

    run(main, **settings)
    return seen[0]


def grown(rec: Any) -> list[tuple[int, int]]:
    return [v.stack_unpack(e.arg) for e in rec if e.kind == v.E_STACK_GROW]


# --- the prologue -----------------------------------------------------------------------------------------------


def test_a_new_goroutine_has_the_least_stack_and_a_guard_928_bytes_above_its_lower_end() -> None:
    b = looked()
    assert (b.size, b.hi - b.lo, b.guard - b.lo, b.used) == (2048, 2048, 928, 32)


def test_a_call_uses_the_frame_and_the_return_address() -> None:
    assert looked(call(frame=96)).used - looked().used == 96 + 8


@pytest.mark.parametrize(("frame", "fits"), [(128, True), (136, True), (144, False)])
def test_a_frame_may_reach_128_bytes_below_the_guard(frame: int, fits: bool) -> None:
    before = 2048 - 928 - 32 - 8 - 8 - 16  # after it SP is 16 bytes above the guard, less the next return address
    assert (looked(call(frame=before), call(frame=frame)).size == 2048) == fits


@pytest.mark.parametrize(("left", "size"), [(8, 2048), (0, 4096)])
def test_the_smallest_frame_needs_sp_above_the_guard(left: int, size: int) -> None:
    before = 2048 - 928 - 32 - 8 - 8 - left  # at its entry SP is so many bytes above the guard
    assert looked(call(frame=before), call(frame=0)).size == size


def test_one_large_frame_is_one_copy() -> None:
    def main() -> Any:
        yield call(frame=100_000)

    assert grown(run(main)) == [(131072, 40)]


def test_a_return_gives_the_bytes_back_and_not_the_stack() -> None:
    b = looked(call(frame=10_000), ret())
    assert (b.size, b.used) == (16384, 32)


def test_a_stack_that_grows_lies_elsewhere_and_its_old_place_is_used_again() -> None:
    places: list[Bounds] = []

    def second() -> Any:
        places.append((yield stack()))

    def main() -> Any:
        places.append((yield stack()))
        yield call(frame=4000)
        places.append((yield stack()))
        yield go(second)
        yield sleep(us=1)

    run(main)
    before, after, other = places
    assert before.hi <= after.lo or after.hi <= before.lo
    assert other.lo == before.lo


def test_recursing_is_calling_many_times() -> None:
    def one_by_one() -> Any:
        for _ in range(700):
            yield call(frame=88)

    def at_once() -> Any:
        yield recurse(700, frame=88)

    assert grown(run(one_by_one)) == grown(run(at_once)) != []


def test_a_copy_costs_its_kibibytes_in_use() -> None:
    def main() -> Any:
        yield call(frame=0)
        start = yield now()
        yield call(frame=2000)
        yield log((yield now()) - start)

    costs = Costs(call=7, stack_kb=10_240)
    assert log_order(run(main, costs=costs)) == [7 + 48 * 10]  # 32 and two return addresses are copied


# --- what a goroutine may and may not do --------------------------------------------------------------------------


def test_returning_more_often_than_calling_is_refused() -> None:
    def main() -> Any:
        yield call(frame=8)
        yield ret(2)

    with pytest.raises(ConfigError, match="at most as many as there were calls"):
        run(main)


@pytest.mark.parametrize("make", [
    lambda: call(frame=12), lambda: call(frame=-8), lambda: recurse(-1, frame=8), lambda: ret(0),
    lambda: set_max_stack(2_000_000_000), lambda: recurse(3, frame=True),
])  # fmt: skip
def test_a_wrong_call_is_refused(make: Callable[[], Any]) -> None:
    with pytest.raises(ConfigError):
        make()


def test_setting_the_limit_tells_the_old_one() -> None:
    seen: list[int] = []

    def main() -> Any:
        seen.append((yield set_max_stack(1 << 20)))
        seen.append((yield set_max_stack(1 << 21)))

    run(main)
    assert seen == [1_000_000_000, 1 << 20]


# --- preemption -----------------------------------------------------------------------------------------------------


def hog(ops: list[Any], turns: int) -> Any:
    for _ in range(turns):
        yield from ops


@pytest.mark.parametrize("ops", [[call(frame=16), work(ms=1), ret()], [recurse(400_000, frame=0), ret(400_000)]])
def test_a_request_to_stop_is_heard_at_a_call(ops: list[Any]) -> None:
    def other() -> Any:
        yield log(1)

    def main() -> Any:
        yield go(other)
        for _ in range(30):
            yield from ops
        yield log(2)

    rec = run(main, asyncpreemptoff=True, startup="bare")
    assert log_order(rec) == [1, 2] and validate(rec) == []


def test_a_return_hears_no_request() -> None:
    def other() -> Any:
        yield log(1)

    def main() -> Any:
        yield recurse(40, frame=0)
        yield go(other)
        for _ in range(30):
            yield work(ms=1)
            yield ret()
        yield log(2)

    assert log_order(run(main, asyncpreemptoff=True)) == [2]


# --- the collector's part -------------------------------------------------------------------------------------------


def cycles(main: Any, goroutine: int = 1, **settings: Any) -> list[int]:
    """The stack sizes of a goroutine after each cycle that main asks for."""
    sizes: list[int] = []

    def note(runtime: Machine, n: int) -> None:
        sizes.append(size_of(runtime.allgs[goroutine]))

    rec = run(main, observe=collecting(note), **settings)
    assert validate(rec) == []
    return sizes


def waiting(prepare: list[Any], wait: Callable[[], Any]) -> Any:
    """A main that starts a goroutine, which prepares and then waits, and asks for three cycles."""

    def worker() -> Any:
        yield from prepare
        yield wait()
        yield gosched()

    def main() -> Any:
        yield go(worker)
        yield sleep(us=50)
        for n in range(3):
            yield log(CYCLE + n)
            yield sleep(us=50)

    return main


DEEP_AND_BACK = [call(frame=24), call(frame=60 * KIB), ret()]


def test_a_waiting_goroutine_s_stack_is_halved_once_a_cycle() -> None:
    assert cycles(waiting(DEEP_AND_BACK, lambda: recv(chan()))) == [32 * KIB, 16 * KIB, 8 * KIB]


def test_a_stack_in_use_is_left_alone() -> None:
    assert cycles(waiting(DEEP_AND_BACK[:2], lambda: recv(chan()))) == [64 * KIB] * 3


def test_with_gcshrinkstackoff_no_stack_shrinks() -> None:
    main = waiting(DEEP_AND_BACK, lambda: recv(chan()))
    assert cycles(main, gcshrinkstackoff=True) == [64 * KIB] * 3


def test_in_a_system_call_no_stack_shrinks() -> None:
    assert cycles(waiting(DEEP_AND_BACK, lambda: syscall(ms=50)), gomaxprocs=2) == [64 * KIB] * 3


def test_a_goroutine_that_a_signal_stopped_shrinks_at_its_next_call_that_is_asked_to_stop() -> None:
    def worker() -> Any:
        yield from DEEP_AND_BACK
        yield work(ms=30)
        for _ in range(60):
            yield call(frame=16)
            yield work(ms=1, loop="call")
            yield ret()

    def main() -> Any:
        yield go(worker)
        yield sleep(ms=1)
        yield sleep(ms=1)  # comes back when the worker is preempted
        yield log(CYCLE)
        yield sleep(us=20)
        yield log(CYCLE + 1)
        yield work(ms=50)
        yield log(CYCLE + 2)
        yield work(ms=200)

    sizes: list[tuple[int, bool]] = []

    def note(runtime: Machine, n: int) -> None:
        st = runtime.allgs[1].stack
        assert st is not None
        sizes.append((st.hi - st.lo, st.preemptShrink))

    rec = run(main, observe=collecting(note), until_ns=2_000_000_000)
    assert sizes[0] == (64 * KIB, True)  # stopped between any two instructions
    shrunk = [e for e in rec if e.kind == v.E_STACK_SHRINK]
    assert shrunk and v.stack_unpack(shrunk[0].arg)[0] == 32 * KIB and validate(rec) == []


def test_without_the_adaptive_start_fresh_goroutines_have_the_least_stack() -> None:
    assert scenes.starting(7, adaptivestackstart=False) == [2048] * 4
    assert scenes.starting(7, go_version="1.14") == [2048] * 4


def starting_at_8192(then: Any) -> Any:
    """A main with 400 goroutines that wait in the depth, one cycle, and then what ``then`` yields."""

    def deep(c: Any) -> Any:
        yield call(frame=3 * KIB + 200)
        yield recv(c)

    def main() -> Any:
        c = chan()
        for _ in range(400):
            yield go(deep, c)
        yield sleep(ms=2)
        yield log(CYCLE)
        yield sleep(us=50)
        yield from then

    return main


def test_goroutines_that_are_really_new_take_the_least_stack_whatever_the_starting_size() -> None:
    sizes: list[int] = []

    def fresh() -> Any:
        sizes.append((yield stack()).size)
        yield recv(chan())

    run(starting_at_8192([*[go(fresh)] * 2000, sleep(ms=9)]), observe=collecting())
    assert sizes == [2048] * 2000


def test_reused_goroutines_start_with_the_average_and_keep_such_stacks() -> None:
    sizes: list[int] = []

    def fresh() -> Any:
        sizes.append((yield stack()).size)

    rec = run(starting_at_8192([go(fresh), sleep(us=9)] * 3), observe=collecting())
    assert sizes == [2048, 8192, 8192]
    assert kinds(rec, v.E_STACK_NEW) == [("stack_new", 403, 0, 0, 8192), ("stack_new", 404, 0, 0, 8192)]
    assert validate(rec) == [] and state_after(rec, len(rec)).gs[403].stack == 8192


def test_a_p_keeps_at_most_63_dead_goroutines_and_gives_33_of_64_away() -> None:
    seen: list[tuple[int, int, int]] = []

    def one() -> Any:
        yield work(ns=1)

    def main() -> Any:
        yield call(frame=8)
        for count in (63, 64):
            for _ in range(count):
                yield go(one)
            yield sleep(us=50)

    def observe(runtime: Machine, rows: list[Any]) -> None:
        s = runtime.stacks
        if s is not None:
            seen.append((len(s.gFree.get(0, [])), len(s.gFreeStack), s.gFreeNoStack))

    run(main, observe=observe)
    assert (63, 0, 0) in seen and (31, 33, 0) in seen


def test_a_cycle_frees_the_stacks_on_the_global_list_only() -> None:
    seen: list[tuple[int, int, int]] = []

    def one() -> Any:
        yield work(ns=1)

    def main() -> Any:
        yield call(frame=8)
        for _ in range(64):
            yield go(one)
        yield sleep(us=50)
        yield log(CYCLE)
        yield sleep(us=50)

    def note(runtime: Machine, n: int) -> None:
        s = runtime.stacks
        assert s is not None
        seen.append((sum(st is not None for st in s.gFree[0]), len(s.gFreeStack), s.gFreeNoStack))

    run(main, observe=collecting(note))
    assert seen == [(31, 0, 33)]


# --- segments -------------------------------------------------------------------------------------------------------


def hot(go_version: str) -> tuple[list[tuple[str, int, int, int, int]], int]:
    """A loop that calls a function with the stack nearly full; stack events, and what ten rounds cost."""

    def main() -> Any:
        b = yield stack()
        yield call(frame=b.guard and (b.sp - b.guard - 8 - 16))
        start = yield now()
        for _ in range(10):
            yield call(frame=256)
            yield ret()
        yield log((yield now()) - start)

    rec = run(main, go=go_version, costs=Costs(call=0, stack_kb=0, stack_segment=50))
    assert validate(rec) == []
    return kinds(rec, v.E_STACK_SEGMENT, v.E_STACK_GROW), log_order(rec)[0]


def test_a_call_at_the_end_of_a_segment_links_and_frees_one_each_time_round() -> None:
    events, ns = hot("1.2")
    assert [arg for *_, arg in events] == [8192, -8192] * 10 and ns == 2 * 10 * 50


def test_a_copied_stack_grows_once_in_the_same_loop() -> None:
    events, ns = hot("1.27")
    assert [name for name, *_ in events] == ["stack_grow"] and ns == 0


def test_what_segments_are_like_is_version_data(monkeypatch: pytest.MonkeyPatch) -> None:
    row = replace(VERSIONS["1.27"], name="segments", stack_kind="segmented", stack_min=1024, stack_guard=256)
    monkeypatch.setitem(VERSIONS, "segments", row)
    b = looked(call(frame=400), call(frame=600), go="segments")
    assert (b.hi - b.lo, b.size, b.guard - b.lo) == (600 + 2048, 1024 + 600 + 2048, 256)
    assert b.used == 32 + 408 + 608


def test_segments_are_freed_when_their_goroutine_ends() -> None:
    def one() -> Any:
        yield recurse(100, frame=1000)

    def main() -> Any:
        yield go(one)
        yield sleep(us=500)
        yield go(one)
        yield sleep(us=500)

    rec = run(main, go="1.2")
    assert validate(rec) == [] and len(kinds(rec, v.E_STACK_SEGMENT)) > 10


def test_a_segmented_stack_has_a_limit_too() -> None:
    def main() -> Any:
        yield set_max_stack(100_000)
        yield recurse(1 << 20, frame=400)

    assert run(main, go="1.2").ended.endswith("fatal error: stack overflow")


# --- invariants, records, measures ----------------------------------------------------------------------------------


def broken(harm: Callable[[Machine], None]) -> None:
    def main() -> Any:
        yield call(frame=4000)
        yield sleep(us=5)

    def observe(runtime: Machine, rows: list[Any]) -> None:
        if any(row[1] == v.E_PARK for row in rows):
            harm(runtime)
        runtime.check()

    with pytest.raises(Throw, match=r"check: .*(sp|overlap)"):
        run(main, observe=observe)


def test_a_stack_pointer_outside_its_stack_is_found() -> None:
    def harm(runtime: Machine) -> None:
        st = runtime.allgs[0].stack
        assert st is not None
        st.sp = st.lo + 100

    broken(harm)


def test_a_stack_that_is_free_at_the_same_time_is_found() -> None:
    def harm(runtime: Machine) -> None:
        st, stacks = runtime.allgs[0].stack, runtime.stacks
        assert st is not None and stacks is not None
        stacks.free[st.hi - st.lo].append(st.lo)

    broken(harm)


def test_a_program_without_calls_has_no_stacks_at_all() -> None:
    seen: list[bool] = []

    def main() -> Any:
        yield go(hog, [work(us=1)], 3)
        yield sleep(us=50)

    run(main, observe=lambda runtime, rows: seen.append(runtime.stacks is None))
    assert all(seen)


def test_the_sizes_over_time_are_those_of_the_replay() -> None:
    def deep(depth: int) -> Any:
        yield recurse(depth, frame=248)
        yield sleep(ms=5)

    def main() -> Any:
        for depth in (10, 100, 400):
            yield go(deep, depth)
        yield sleep(ms=2)
        yield log(1)
        yield sleep(ms=9)

    rec = run(main, gomaxprocs=2)
    sizes, total = stack_sizes(rec), stack_total(rec)
    at = next(i for i, e in enumerate(rec) if e.kind == v.E_LOG)
    state = state_after(rec, at)
    assert {g: sizes[g].at(state.t) for g in sizes} == {g: s.stack for g, s in state.gs.items()}
    assert total.at(state.t) == sum(s.stack for s in state.gs.values()) == 2048 + 4096 + 32 * KIB + 128 * KIB
    assert total.at(rec.end_ns) == 0  # main has ended as well
    changes = stack_changes(rec)
    assert [c.new for c in changes if c.g == 2] == [4096] and all(c.new == 2 * c.old > c.used for c in changes)


# --- the rules on paper, one call at a time and all at once -------------------------------------------------------

FRAMES = st.integers(0, 900).map(lambda n: n * 8)


def naive(frames: list[int]) -> list[tuple[int, int]]:
    """(new size, used) of each growth, by the rules as they are written, call by call."""
    size, used, found = 2048, 32, []
    for frame in frames:
        used += 8
        while (frame <= 128 and size - used <= 928) or (frame > 128 and size - used - (frame - 128) <= 928):
            size *= 2
            while size - used < frame + 928:
                size *= 2
            found.append((size, used))
        used += frame
    return found


@given(st.lists(FRAMES, max_size=60))
@settings(max_examples=60, deadline=None)
def test_any_calls_grow_the_stack_where_the_rules_say(frames: list[int]) -> None:
    def main() -> Any:
        for frame in frames:
            yield call(frame=frame)

    rec = run(main)
    assert grown(rec) == naive(frames) and validate(rec) == []


@given(FRAMES, st.integers(1, 3000), st.integers(0, 80).map(lambda n: n * 8))
@settings(max_examples=60, deadline=None)
def test_growths_are_foretold_without_a_simulation(frame: int, depth: int, own: int) -> None:
    def main() -> Any:
        yield call(frame=own)
        yield recurse(depth, frame=frame)

    foretold = growths(frame=frame, depth=depth, below=32 + 8 + own + 8)
    assert grown(run(main)) == [(step.new, step.used) for step in foretold]
    assert grown(run(main)) == naive([own, *[frame] * depth])


def test_the_deepest_recursion_is_foretold() -> None:
    depth = deepest(frame=1040, below=72)
    assert depth == 0x7D118 and deepest(frame=1040, below=72, limit=1 << 20) == 0x3E7  # calls, the first is number 1

    def main(calls: int) -> Any:
        yield call(frame=24)
        yield recurse(calls, frame=1040)

    assert run(main, depth).ended == "exit" and "overflow" in run(main, depth + 1).ended


def test_on_paper_only_contiguous_stacks_grow() -> None:
    with pytest.raises(ConfigError, match="contiguous"):
        growths(frame=8, depth=1, go="1.2")


# --- many goroutines at once, with collections in between -------------------------------------------------------


def test_deep_and_shallow_goroutines_share_cores_in_every_version() -> None:
    def main() -> Any:
        for depth in (50, 500, 5000):
            yield go(hog, [recurse(depth, frame=120), ret(depth), work(us=40)], 20)
        yield sleep(ms=20)

    for changed in ({}, {"cores": 1}, {"go": "1.25"}, {"go": "1.2"}, {"go": "1.0"}):
        assert validate(run(main, **{"gomaxprocs": 2} | changed)) == []


def script(steps: list[int]) -> Any:
    """A body that goes up and down as the numbers say, and lets others run in between."""
    entered = 0
    for step in steps:
        what, size = step % 8, step // 8
        if what < 3:
            yield call(frame=size * 16)
            entered += 1
        elif what == 3:
            yield recurse(size, frame=256)
            entered += size
        elif what < 6 and entered:
            back = min(entered, 1 + size)
            yield ret(back)
            entered -= back
        elif what == 6:
            yield syscall(us=size)
        else:
            yield work(us=1 + size * 10, loop=("free", "call")[size % 2])
    yield recv(chan())


SCRIPTS = st.lists(st.lists(st.integers(0, 2000), min_size=3, max_size=25), min_size=1, max_size=5)


@given(SCRIPTS, st.integers(1, 3), st.integers(2, 60), st.sampled_from(["1.27", "1.25", "1.2"]))
@settings(max_examples=60, deadline=None)
def test_whatever_many_goroutines_do_their_stacks_stay_sound(
    scripts: list[list[int]], gomaxprocs: int, every: int, version: str
) -> None:
    last: list[Machine] = []
    count = 0

    def main() -> Any:
        for steps in scripts:
            yield go(script, steps)
        yield sleep(ms=300)

    def observe(runtime: Machine, rows: list[Any]) -> None:
        nonlocal count
        count += 1
        if count % every == 0 and not runtime.ended:
            gcScanStacks(runtime)
        runtime.check()
        last[:] = [runtime]

    rec = run(main, observe=observe, gomaxprocs=gomaxprocs, go=version, costs=Costs(stack_kb=900))
    assert validate(rec) == []
    if last[0].stacks is not None:
        for gp in last[0].allgs[1:]:
            least = VERSIONS[version].stack_min
            st_ = gp.stack
            size = least if st_ is None else st_.hi - st_.lo + sum(hi - lo for lo, hi, _, _ in st_.below)
            assert state_after(rec, len(rec)).gs[gp.goid].stack == size
