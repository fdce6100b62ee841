"""Stopping the world: who stops whom, when, and where the stopped goroutines go."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from helpers import kinds, log_order, run

from gmp_lab import (
    Config,
    Program,
    Recording,
    WaitGroup,
    chan,
    go,
    gomaxprocs,
    log,
    now,
    recv,
    send,
    simulate,
    sleep,
    syscall,
    work,
)
from gmp_lab import vocabulary as v
from gmp_lab.errors import ConfigError
from gmp_lab.replay import Replay, state_after
from gmp_lab.timer import new_timer
from gmp_lab.validate import validate

MS = 1_000_000


def hog(ms: float, loop: str = "free") -> Any:
    yield work(ms=ms, loop=loop)


def caller(n: int) -> Any:
    for _ in range(n):
        yield syscall(us=300)
        yield work(us=30)


def pinger(c: Any, d: Any, n: int, first: bool) -> Any:
    for _ in range(n):
        if first:
            yield send(c)
            yield recv(d)
        else:
            yield recv(c)
            yield send(d)


def resizing(numbers: list[int]) -> Any:
    """Hogs, system calls, a ping-pong and a crowd while GOMAXPROCS changes; the old numbers are logged."""
    yield go(hog, 30)
    yield go(hog, 10, "call")
    yield go(caller, 50)
    c, d = chan(), chan()
    yield go(pinger, c, d, 300, True)
    yield go(pinger, c, d, 300, False)
    for _ in range(40):
        yield go(hog, 1)
    yield work(ms=1)
    for n in numbers:
        old = yield gomaxprocs(n)
        yield log(old)
        yield work(us=500)
    yield sleep(ms=30)


@pytest.mark.parametrize(("version", "p"), list(product(["1.25", "1.27"], [1, 2, 4])))
@pytest.mark.parametrize(("cores", "off"), [(None, False), (None, True), (2, False)])
def test_any_number_of_ps_follows_any_other(version: str, p: int, cores: Any, off: bool) -> None:
    numbers = [1, 3, 2, 5, 1, 4, 8, 2]
    rec = run(resizing, numbers, gomaxprocs=p, go=version, cores=cores, asyncpreemptoff=off)
    assert (rec.ended, log_order(rec)) == ("exit", [n for n, m in zip([p, *numbers], numbers, strict=False)])
    assert validate(rec) == []


def waiting(loop: str, **settings: Any) -> tuple[int, Recording]:
    """How long main waits for the end of its stop against a hog of 50 ms on the other P."""

    def main() -> Any:
        yield go(hog, 50, loop)
        yield work(ms=1)
        before = yield now()
        yield gomaxprocs(1)
        after = yield now()
        yield log((after - before) // 1000)

    rec = run(main, gomaxprocs=2, **settings)
    return log_order(rec)[0], rec


def test_a_loop_is_stopped_by_a_signal_in_microseconds() -> None:
    us, rec = waiting("free")
    assert us < 200 and [e.arg for e in rec if e.kind == v.E_PREEMPT] == [v.PREEMPT_STW]


def test_without_the_signal_the_world_waits_for_the_loop_and_asks_again_and_again() -> None:
    us, rec = waiting("free", asyncpreemptoff=True)
    assert us > 48_000
    asked = sum(e.kind == v.E_PREEMPT and e.arg == v.PREEMPT_STW for e in rec)
    assert us / 250 < asked < us / 100


def test_a_loop_with_calls_stops_without_the_signal() -> None:
    assert waiting("call", asyncpreemptoff=True)[0] < 200


@pytest.mark.parametrize(("version", "why"), [("1.25", v.YIELD_PREEMPTED), ("1.27", v.YIELD_STW)])
def test_a_goroutine_stopped_with_the_world_goes_where_its_version_says(version: str, why: int) -> None:
    rec = waiting("free", go=version)[1]
    assert [e.arg for e in rec if e.kind == v.E_YIELD] == [why]


def test_ps_in_calls_and_idle_ps_are_stopped_at_once() -> None:
    def main() -> Any:
        yield go(caller, 1)
        yield work(us=200)
        yield gomaxprocs(2)

    rec = run(main, gomaxprocs=3)
    stop = next(e for e in rec if e.kind == v.E_STW_STOP)
    hows = sorted(e.arg for e in rec if e.kind == v.E_GCSTOP and e.t == stop.t)
    assert hows == [v.GCSTOP_IDLE, v.GCSTOP_SYSCALL]
    assert next(e.t for e in rec if e.kind == v.E_STW_STOPPED) == stop.t


def test_who_comes_back_from_a_call_during_the_stop_finds_no_p() -> None:
    def main() -> Any:
        yield go(hog, 5)
        yield go(caller, 1)
        yield work(us=150)
        yield gomaxprocs(2)

    rec = run(main, gomaxprocs=3, asyncpreemptoff=True)
    assert [e[4] for e in kinds(rec, v.E_SYSEXIT)] == [v.EXIT_NO_P]


def test_who_goes_into_a_call_during_the_stop_gives_its_p_up() -> None:
    def late() -> Any:
        yield work(us=500)
        yield syscall(us=900)

    def main() -> Any:
        yield go(late)
        yield work(us=200)
        yield gomaxprocs(1)

    rec = run(main, gomaxprocs=2, asyncpreemptoff=True)
    call = next(e for e in rec if e.kind == v.E_SYSCALL)
    assert [(e.g, e.t, e.arg) for e in rec if e.kind == v.E_GCSTOP] == [(call.g, call.t, v.GCSTOP_SYSCALL)]


def test_the_work_of_a_surplus_p_comes_first_in_the_global_queue() -> None:
    def maker() -> Any:
        for _ in range(6):
            yield go(hog, 1)
        yield work(us=500)

    def main() -> Any:
        yield go(maker)
        yield work(us=200)
        yield gomaxprocs(1)

    rec = run(main, gomaxprocs=2)
    at = next(i for i, e in enumerate(rec) if e.kind == v.E_P_DESTROY and e.arg)
    before, after = state_after(rec, at), state_after(rec, at + 1)
    p = before.ps[rec[at].p]
    assert list(after.runq) == [p.runnext, *p.runq, *before.runq] and len(p.runq) > 4


def test_the_timers_of_a_surplus_p_are_kept_by_another() -> None:
    def sleeper(t: Any) -> Any:
        yield recv(t.C)
        yield work(us=500)
        yield sleep(us=300)
        yield log(1)

    def ticking() -> Any:
        t = yield new_timer(ms=1)
        yield go(sleeper, t)
        yield work(us=500, loop="unsafe")
        yield recv(t.C)

    def main() -> Any:
        yield go(ticking)
        yield work(us=700)
        yield gomaxprocs(1)
        yield work(ms=3)
        yield sleep(ms=3)

    def timers_are_on_ps(rt: Any, rows: Any) -> None:
        rt.check()
        assert all(t.ts in rt.allp for p in rt.allp for _, _, t in p.timers if hasattr(t, "ts") and t.heaped)

    rec = simulate(Config(gomaxprocs=2), Program(main), observe=timers_are_on_ps)
    assert kinds(rec, v.E_TIMER_RUN) and validate(rec) == []


def test_the_number_that_is_set_already_stops_nothing() -> None:
    def main() -> Any:
        for n in (0, 3):
            old = yield gomaxprocs(n)
            yield log(old)

    rec = run(main, gomaxprocs=3)
    assert log_order(rec) == [3, 3] and not kinds(rec, v.E_STW_STOP)


def test_two_stoppers_come_one_after_the_other() -> None:
    def stopper(n: int, wg: WaitGroup) -> Any:
        yield gomaxprocs(n)
        yield wg.Done()

    def main() -> Any:
        wg = WaitGroup()
        yield wg.Add(3)
        for n in (2, 4, 6):
            yield go(stopper, n, wg)
        yield wg.Wait()

    rec = run(main, gomaxprocs=3)
    order = [e.kind for e in rec if e.kind in (v.E_STW_STOP, v.E_STW_START)]
    assert order == [v.E_STW_STOP, v.E_STW_START] * 3 and validate(rec) == []


def test_the_replay_knows_the_new_number_of_ps_and_when_the_world_is_stopped() -> None:
    rec = run(resizing, [3, 1], gomaxprocs=2)
    replay = Replay(rec.config)
    alive, waits = set(), []
    for e in rec:
        replay.apply(e)
        alive.add(sum(p.status != 4 for p in replay.state.ps))
        if e.kind == v.E_STW_STOPPED:
            waits.append((replay.state.gcwaiting, {p.status for p in replay.state.ps if p.status != 4}))
    assert alive == {1, 2, 3} and waits == [(True, {3})] * 2


@pytest.mark.parametrize("n", [-1, 257, 1.0, True, "2"])
def test_a_number_of_ps_that_cannot_be_is_refused(n: Any) -> None:
    with pytest.raises(ConfigError, match=r"gomaxprocs\(n\)"):
        gomaxprocs(n)


def test_a_run_that_never_stops_the_world_has_no_trace_of_it() -> None:
    rec = simulate(Config(gomaxprocs=2), Program(hog, 30))
    assert not [e for e in rec if 64 <= e.kind <= 90]
