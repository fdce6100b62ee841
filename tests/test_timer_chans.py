"""Timers and tickers of package time: what they send and when, and what they cost; compared with real Go."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gmp_lab import (
    Config,
    ConfigError,
    Program,
    Recording,
    after,
    after_func,
    cap,
    chan,
    close,
    go,
    golang,
    log,
    new_ticker,
    new_timer,
    recv,
    recv2,
    recv_case,
    select,
    send,
    send_case,
    simulate,
    sleep,
    work,
)
from gmp_lab import vocabulary as v
from gmp_lab.params import VERSIONS
from gmp_lab.recording import Columns
from gmp_lab.replay import state_after
from gmp_lab.validate import validate

MS = 1_000_000
NEW = ("1.27", "1.25", "1.23")  # channels of timers without old values
OLD = ("1.19", "1.13", "1.2", "1.0")


def run(main: Any, *args: Any, **changed: Any) -> Recording:
    config = Config(**{"gomaxprocs": 1} | changed)
    rec = simulate(config, Program(main, *args), observe=lambda runtime, rows: runtime.check())
    assert validate(rec) == []
    return rec


def said(rec: Recording) -> list[int]:
    return [number for _, _, number in rec.logs()]


def say(number: int) -> Any:
    yield log(number)


# --- what is sent -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("gomaxprocs", [1, 2])
def test_a_slow_listener_gets_one_tick_that_waited_and_no_more(version: str, gomaxprocs: int) -> None:
    def main() -> Any:
        t = yield new_ticker(ms=10)
        for _ in range(4):
            due = yield recv(t.C)
            yield log(round(due / MS))
            yield sleep(ms=25)
        yield t.Stop()
        case, _, _ = yield select(recv_case(t.C), default=True)
        yield log(case)

    left = 0 if version in OLD or VERSIONS[version].sync_timer_chans is False else -1
    assert said(run(main, go=version, gomaxprocs=gomaxprocs)) == [10, 20, 40, 70, left]


@pytest.mark.parametrize("version", [*NEW, *OLD])
def test_a_timer_that_has_run_unheard_can_be_stopped_since_1_23(version: str) -> None:
    def main() -> Any:
        t = yield new_timer(ms=2)
        yield sleep(ms=4)
        yield log(int((yield t.Stop())))
        yield log(int((yield t.Reset(ms=1))))
        case, _, _ = yield select(recv_case(t.C), default=True)
        yield log(case)

    assert said(run(main, go=version)) == ([1, 0, -1] if version in NEW else [0, 0, 0])


@pytest.mark.parametrize("version", [*NEW, *OLD])
def test_a_time_limit_wins_only_when_the_work_is_late(version: str) -> None:
    def worker(c: Any) -> Any:
        yield sleep(ms=5)
        yield send(c, 7)

    def main() -> Any:
        c = chan()
        yield go(worker, c)
        for _ in range(2):
            case, _, ok = yield select(recv_case(c), recv_case((yield after(ms=3))))
            yield log(case * 10 + ok)

    assert said(run(main, go=version)) == [11, 1]


@pytest.mark.parametrize("version", [*NEW, *OLD])
def test_functions_start_when_they_are_due_unless_stopped(version: str) -> None:
    def main() -> Any:
        yield after_func(say, 3, ms=3)
        stopped = yield after_func(say, 2, ms=2)
        yield after_func(say, 1, ms=1)
        yield log(int((yield stopped.Stop())))
        yield log(int((yield stopped.Stop())))
        yield sleep(ms=5)

    assert said(run(main, go=version)) == [1, 0, 1, 3]


@pytest.mark.parametrize("version", [*NEW, *OLD])
def test_a_reset_moves_a_timer_both_ways(version: str) -> None:
    def main() -> Any:
        began = 0
        for first, second in ((9, 2), (2, 9)):
            t = yield new_timer(ms=first)
            active = yield t.Reset(ms=second)
            due, ok = yield recv2(t.C)
            yield log(round((due - began) / MS) * 10 + active)
            began = due
            assert ok

    assert [n // 10 for n in said(run(main, go=version))] == [2, 9]


def test_a_ticker_has_its_new_period_after_a_reset() -> None:
    def main() -> Any:
        t = yield new_ticker(ms=3)
        yield recv(t.C)
        yield t.Reset(ms=7)
        for _ in range(2):
            yield log(round((yield recv(t.C)) / MS))

    assert said(run(main)) == [10, 17]


@pytest.mark.parametrize(("version", "sizes"), [("1.27", [0, 0]), ("1.19", [1, 1])])
def test_the_channel_of_a_timer_hides_its_buffer_since_1_23(version: str, sizes: list[int]) -> None:
    def main() -> Any:
        t = yield new_timer(ms=1)
        yield sleep(ms=2)
        yield log(cap(t.C))
        yield log(len(t.C))

    assert said(run(main, go=version)) == sizes


# --- what it costs ----------------------------------------------------------------------------------------------


def forgotten() -> Any:
    yield new_ticker(ms=1)
    yield sleep(ms=20)


@pytest.mark.parametrize(("version", "ticks"), [("1.27", 0), ("1.23", 0), ("1.19", 19)])
def test_nobody_wakes_for_a_ticker_that_nobody_hears_since_1_23(version: str, ticks: int) -> None:
    assert abs(sum(e.kind == v.E_TIMER_RUN for e in run(forgotten, go=version)) - ticks) <= 1


def test_a_heap_is_rid_of_stopped_timers_before_they_are_due() -> None:
    def main() -> Any:
        made: list[Any] = [None] * 20
        for n in range(20):
            made[n] = yield after_func(say, n, ms=500)
        for t in made:
            yield t.Stop()
        yield sleep(ms=1)
        yield log(99)

    rec = run(main)
    assert sum(e.arg for e in rec if e.kind == v.E_TIMER_HEAP) == 0 and said(rec) == [99] and rec.end_ns < 2 * MS


def test_a_hog_keeps_the_only_p_from_running_timers() -> None:
    def main() -> Any:
        c = yield after(ms=1)
        yield go(hog)
        yield recv(c)

    def hog() -> Any:
        yield work(ms=8)

    assert run(main).end_ns > 8 * MS
    assert run(main, gomaxprocs=2).end_ns < 3 * MS  # the other P steals the timer


def test_a_goroutine_that_waits_for_a_stopped_timer_is_a_deadlock_since_nothing_is_left() -> None:
    def main() -> Any:
        t = yield new_timer(ms=1)
        yield t.Stop()
        yield recv(t.C)

    assert run(main).ended == "deadlock"


def test_a_lone_ticker_keeps_the_program_alive() -> None:
    def main() -> Any:
        t = yield new_ticker(ms=200)
        yield recv(t.C)

    assert run(main).ended == "exit"


# --- mistakes ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [new_timer, new_ticker, after, lambda **d: after_func(say, **d)])
def test_a_duration_is_a_number_up_to_one_hour(make: Any) -> None:
    for wrong in ({"ms": -1}, {"ms": 4e6}, {"us": "1"}):
        with pytest.raises(ConfigError):
            make(**wrong)


def test_a_ticker_needs_time_between_its_ticks() -> None:
    def main() -> Any:
        yield new_ticker(ns=0)

    def later() -> Any:
        t = yield new_ticker(ms=1)
        yield t.Reset(ns=0)

    assert "panic: non-positive interval for NewTicker" in run(main).ended
    assert "panic: non-positive interval for Ticker.Reset" in run(later).ended


@pytest.mark.parametrize("wrong", [send, close, send_case])
def test_the_channel_of_a_timer_is_for_receiving(wrong: Any) -> None:
    def main() -> Any:
        t = yield new_timer(ms=1)
        yield wrong(t.C)

    with pytest.raises(ConfigError, match="not that of a timer"):
        run(main)


def test_a_timer_belongs_to_its_run() -> None:
    kept: list[Any] = []

    def main() -> Any:
        kept.append((yield new_timer(ms=1)))

    def other() -> Any:
        yield kept[0].Stop()

    run(main)
    with pytest.raises(ConfigError, match="another run"):
        run(other)


def test_a_timer_that_sends_without_being_due_is_found() -> None:
    def main() -> Any:
        t = yield new_timer(ms=1)
        yield recv(t.C)

    rec = run(main)
    columns = Columns()
    columns.extend([tuple(e) for e in rec if e.kind != v.E_TIMER_RUN])
    without = Recording(
        rec.config, columns, program="", params={}, g_names=rec.g_names, end_ns=rec.end_ns, ended=rec.ended, steps=0,
        complete=True,
    )  # fmt: skip
    assert len(without) == len(rec) - 1 and "timer" in {x.rule for x in validate(without)}


# --- whatever is done with them ---------------------------------------------------------------------------------

STEPS = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 3), st.integers(1, 40)), min_size=1, max_size=30)


def user(steps: list[tuple[int, int, int]]) -> Any:
    kept: list[Any] = []
    for what, which, us in steps:
        t = kept[which % len(kept)] if kept else None
        if what < 2 or t is None:
            make = (new_timer, new_ticker)[what % 2]
            kept.append((yield make(us=us * 10)))
        elif what == 2:
            kept.append((yield after_func(say, us, us=us * 10)))
        elif what == 3:
            yield t.Stop()
        elif what == 4:
            yield t.Reset(us=us * 10)
        elif what == 5:
            yield sleep(us=us)
        elif what == 6:
            yield work(us=us)
        elif t.C is not None:
            limit = yield after(us=us * 5)
            cases = (recv_case(t.C), recv_case(limit)) if what < 9 else (recv_case(t.C),)
            yield select(*cases, default=what == 9)


@given(st.lists(STEPS, min_size=1, max_size=4), st.integers(1, 3), st.sampled_from(["1.27", "1.19", "1.13", "1.0"]))
@settings(max_examples=80, deadline=None)
def test_no_use_of_timers_breaks_anything(scripts: list[Any], gomaxprocs: int, version: str) -> None:
    def main() -> Any:
        for steps in scripts:
            yield go(user, steps)
        yield sleep(ms=5)

    rec = run(main, gomaxprocs=gomaxprocs, go=version)
    assert state_after(rec, len(rec)).t == rec.end_ns


# --- real Go ----------------------------------------------------------------------------------------------------

SOURCE = """package main

import (
	"fmt"
	"time"
)

func main() {
	t := time.NewTimer(2 * time.Millisecond)
	time.Sleep(4 * time.Millisecond)
	fmt.Print(t.Stop(), " ", t.Reset(30*time.Millisecond), " ", len(t.C), cap(t.C), " ")
	select {
	case <-t.C:
		fmt.Print("old ")
	default:
		fmt.Print("none ")
	}
	k := time.NewTicker(20 * time.Millisecond)
	t0 := time.Now()
	for i := 0; i < 3; i++ {
		fmt.Print((<-k.C).Sub(t0).Round(10*time.Millisecond).Milliseconds(), " ")
		time.Sleep(50 * time.Millisecond)
	}
	k.Stop()
	f := func(n int) func() { return func() { fmt.Print(n, " ") } }
	time.AfterFunc(30*time.Millisecond, f(3))
	a := time.AfterFunc(20*time.Millisecond, f(2))
	time.AfterFunc(10*time.Millisecond, f(1))
	fmt.Print(a.Stop(), a.Stop(), " ")
	time.Sleep(50 * time.Millisecond)
}
"""


def the_same(out: list[str]) -> Any:
    def say_(n: int) -> Any:
        out.append(str(n))
        yield log(n)

    t = yield new_timer(ms=2)
    yield sleep(ms=4)
    first = yield t.Stop()
    second = yield t.Reset(ms=30)
    out += [str(first).lower(), str(second).lower(), f"{len(t.C)} {cap(t.C)}"]
    case, _, _ = yield select(recv_case(t.C), default=True)
    out.append("none" if case < 0 else "old")
    k = yield new_ticker(ms=20)
    began = 4
    for _ in range(3):
        due = yield recv(k.C)
        out.append(str(round((due / MS - began) / 10) * 10))
        yield sleep(ms=50)
    yield k.Stop()
    yield after_func(say_, 3, ms=30)
    a = yield after_func(say_, 2, ms=20)
    yield after_func(say_, 1, ms=10)
    first = yield a.Stop()
    second = yield a.Stop()
    out.append(f"{str(first).lower()} {str(second).lower()}")
    yield sleep(ms=50)


@pytest.mark.go
def test_timers_do_what_real_ones_do() -> None:
    out: list[str] = []
    run(the_same, out)
    wanted, seen = " ".join(out).split(), []
    for _ in range(5):  # a busy machine may be late by 10 ms
        seen.append(golang.run_go(SOURCE).stdout.split())
        if seen[-1] == wanted:
            return
    raise AssertionError(f"simulated {wanted}, real {seen}")
