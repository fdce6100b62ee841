"""schedule, findRunnable, wake-ups: who runs next, and which M is woken for it."""

from __future__ import annotations

from typing import Any

import pytest
from helpers import kinds, log_order, run, sources

from gmp_lab import (
    Config,
    ConfigError,
    Program,
    WaitGroup,
    chan,
    go,
    gosched,
    log,
    recv,
    send,
    simulate,
    sleep,
    work,
)
from gmp_lab import vocabulary as v
from gmp_lab.params import bareSchedtick


def test_the_goroutine_started_last_runs_first() -> None:
    def task(i: int) -> Any:
        yield log(i)

    def main() -> Any:
        for i in range(4):
            yield go(task, i)
        yield gosched()

    assert log_order(run(main, gomaxprocs=1)) == [3, 0, 1, 2]


def test_gosched_goes_behind_everything_that_is_queued() -> None:
    def turns(i: int, wg: WaitGroup) -> Any:
        for _ in range(3):
            yield log(i)
            yield gosched()
        yield wg.Done()

    def main() -> Any:
        wg = WaitGroup()
        yield wg.Add(3)
        for i in range(3):
            yield go(turns, i, wg)
        yield wg.Wait()

    assert log_order(run(main, gomaxprocs=1)) == [2, 0, 1] * 3


def test_a_woken_goroutine_runs_on_the_p_of_its_waker_and_in_its_slice() -> None:
    def receiver(c: Any) -> Any:
        yield recv(c)
        yield log(1)

    def main() -> Any:
        c = chan()
        yield go(receiver, c)
        yield gosched()
        yield send(c, 1)
        yield work(us=1)
        yield gosched()

    rec = run(main, gomaxprocs=1)
    (ready,) = [e for e in rec if e.kind == v.E_READY]
    woken = [e for e in rec if e.kind == v.E_EXECUTE and e.g == ready.g][-1]
    assert (ready.p, woken.arg) == (0, v.SRC_RUNNEXT | v.INHERIT)


def test_a_chain_of_runnext_does_not_advance_schedtick() -> None:
    def ping(c: Any, d: Any, n: int) -> Any:
        for _ in range(n):
            yield send(c, 0)
            yield recv(d)

    def main() -> Any:
        c, d = chan(), chan()
        yield go(ping, c, d, 100)
        for _ in range(100):
            yield recv(c)
            yield send(d, 0)

    rec = run(main, gomaxprocs=1)
    fresh = [e for e in rec if e.kind == v.E_EXECUTE and not e.arg & v.INHERIT]
    assert len(fresh) <= 2


def test_every_61st_tick_takes_one_from_the_global_queue_first() -> None:
    def chain(n: int) -> Any:
        if n:
            yield go(chain, n - 1)
            yield go(nothing)

    def nothing() -> Any:
        return
        yield

    def main() -> Any:
        yield go(chain, 300)
        for _ in range(4):
            yield log(0)
            yield gosched()

    rec = run(main, gomaxprocs=1)
    tick, seen = bareSchedtick, []
    for e in rec:
        if e.kind == v.E_EXECUTE:
            if e.g == 1 and e.t:  # not its first turn
                seen.append((tick % 61, e.arg & 15))
            tick += not e.arg & v.INHERIT
    assert seen[:3] == [(0, v.SRC_GLOBAL61)] * 3


def test_one_m_is_woken_at_a_time_and_wakes_the_next_when_it_finds_work() -> None:
    def task() -> Any:
        yield work(ms=1)

    def main() -> Any:
        for _ in range(8):
            yield go(task)
        yield work(ms=1)

    rec = run(main, gomaxprocs=4)
    starts = [e for e in rec if e.kind in (v.E_M_START, v.E_SPIN)]
    spinning = most = 0
    for e in starts:
        spinning += 1 if e.arg else (-1 if e.kind == v.E_SPIN else 0)
        most = max(most, spinning)
    assert most == 1 and sum(e.kind == v.E_M_START for e in starts) == 3


@pytest.mark.parametrize(("go_version", "first"), [("1.27", 3), ("1.25", 1)])
def test_the_first_idle_p_that_is_used_depends_on_the_version(go_version: str, first: int) -> None:
    def task() -> Any:
        yield work(us=100)

    def main() -> Any:
        yield go(task)
        yield work(us=100)

    rec = run(main, gomaxprocs=4, go=go_version)
    assert next(e.p for e in rec if e.kind == v.E_M_START) == first


def test_idle_ms_are_kept_and_used_again_last_parked_first() -> None:
    def task() -> Any:
        yield work(us=200)

    def main() -> Any:
        for _ in range(10):
            for _ in range(4):
                yield go(task)
            yield work(us=300)
            yield sleep(ms=2)

    rec = run(main, gomaxprocs=4)
    parked: list[int] = []
    for e in rec:
        if e.kind == v.E_M_PARK:
            parked.append(e.m)
        elif e.kind == v.E_M_START and e.m in parked:
            assert parked.pop() == e.m
    assert sum(e.kind == v.E_M_NEW for e in rec) <= 6


def test_a_ring_p_of_one_does_not_steal_and_ends() -> None:
    def main() -> Any:
        yield work(us=5)

    rec = run(main, gomaxprocs=1)
    assert (rec.ended, kinds(rec, v.E_STEAL), sources(rec)) == ("exit", [], ["runnext"])


def test_a_program_in_which_all_goroutines_wait_is_a_deadlock() -> None:
    def main() -> Any:
        yield recv(chan())

    assert run(main, gomaxprocs=2).ended == "deadlock"


def test_a_sleeping_goroutine_is_no_deadlock() -> None:
    def main() -> Any:
        yield sleep(ms=3)

    rec = run(main, gomaxprocs=2)
    assert rec.ended == "exit" and 3_000_000 <= rec.end_ns <= 3_400_000


def test_a_timer_of_a_busy_p_is_run_by_an_idle_one() -> None:
    def sleeper() -> Any:
        yield sleep(ms=2)
        yield log(1)

    def main() -> Any:
        yield go(sleeper)
        yield gosched()
        yield work(ms=9, loop="unsafe")

    rec = run(main, gomaxprocs=2)
    (timer,) = [e for e in rec if e.kind == v.E_TIMER]
    assert 2_000_000 <= timer.t <= 2_400_000


def test_equal_seeds_give_equal_bytes_and_other_seeds_other_thefts() -> None:
    def task() -> Any:
        yield work(us=37)
        yield gosched()
        yield work(us=11)

    def main() -> Any:
        for _ in range(60):
            yield go(task)
        yield work(ms=2)

    digests = [run(main, gomaxprocs=6, seed=seed).digest() for seed in (1, 1, 2)]
    assert digests[0] == digests[1] != digests[2]


def test_config_is_required() -> None:
    def main() -> Any:
        yield work(us=1)

    with pytest.raises(ConfigError, match="config"):
        simulate(None, Program(main))  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="program"):
        simulate(Config(), main)  # type: ignore[arg-type]
