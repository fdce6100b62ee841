"""System calls, sysmon and preemption: who has the P, and when it changes hands."""

from __future__ import annotations

from typing import Any

import pytest
from helpers import kinds, log_order, run

from gmp_lab import chan, go, gosched, lock_os_thread, log, recv, send, sleep, syscall, unlock_os_thread, work
from gmp_lab import vocabulary as v

MS = 1_000_000
VERSIONS = pytest.mark.parametrize("version", ["1.25", "1.27"])


@VERSIONS
def test_a_short_call_keeps_its_p(version: str) -> None:
    def main() -> Any:
        for _ in range(50):
            yield syscall(us=1)

    rec = run(main, gomaxprocs=1, go=version)
    assert {arg for _, _, _, _, arg in kinds(rec, v.E_SYSEXIT)} == {v.EXIT_FAST}
    assert kinds(rec, v.E_RETAKE, v.E_HANDOFF) == []


@VERSIONS
def test_entering_a_call_hands_nothing_over(version: str) -> None:
    def other() -> Any:
        yield log(1)

    def main() -> Any:
        yield go(other)
        yield syscall(ms=5)

    rec = run(main, gomaxprocs=1, go=version)
    (call,) = [e for e in rec if e.kind == v.E_SYSCALL]
    (retake,) = [e for e in rec if e.kind == v.E_RETAKE]
    assert retake.t - call.t > 20_000


@VERSIONS
def test_sysmon_takes_the_p_of_a_long_call_if_work_waits(version: str) -> None:
    def other() -> Any:
        yield log(1)

    def main() -> Any:
        yield go(other)
        yield syscall(ms=40)
        yield log(2)

    rec = run(main, gomaxprocs=1, go=version)
    assert log_order(rec) == [1, 2] and rec.logs()[0][0] < 1 * MS


@VERSIONS
def test_a_p_without_work_is_left_in_its_call_for_10_ms_if_another_is_idle(version: str) -> None:
    def main() -> Any:
        yield syscall(ms=8)

    assert kinds(run(main, gomaxprocs=2, go=version), v.E_RETAKE) == []


@VERSIONS
def test_a_goroutine_that_lost_its_p_queues_globally_and_its_thread_parks(version: str) -> None:
    def hog() -> Any:
        yield work(forever=True)

    def main() -> Any:
        yield go(hog)
        yield syscall(ms=2)
        yield log(1)

    rec = run(main, gomaxprocs=1, go=version)
    (leave,) = [e for e in rec if e.kind == v.E_SYSEXIT]
    assert leave.arg == v.EXIT_NO_P
    assert any(e.kind == v.E_M_PARK and e.m == leave.m and e.t == leave.t for e in rec)


@VERSIONS
def test_a_call_that_is_known_to_block_gives_its_p_up_at_once(version: str) -> None:
    def other() -> Any:
        yield log(1)

    def main() -> Any:
        yield go(other)
        yield syscall(ms=5, kind="handoff")
        yield log(2)

    rec = run(main, gomaxprocs=1, go=version)
    (call,) = [e for e in rec if e.kind == v.E_SYSCALL]
    (given_up,) = [e for e in rec if e.kind == v.E_HANDOFF]
    assert (given_up.t, log_order(rec)) == (call.t, [1, 2])


def test_a_raw_call_never_gives_its_p_up() -> None:
    def other() -> Any:
        yield log(1)

    def main() -> Any:
        yield go(other)
        yield syscall(ms=40, kind="raw")
        yield log(2)

    rec = run(main, gomaxprocs=1)
    assert kinds(rec, v.E_RETAKE, v.E_SYSCALL) == [] and log_order(rec) == [2]


def test_threads_follow_concurrent_blocking_calls_not_goroutines() -> None:
    def blocked() -> Any:
        yield syscall(ms=30)

    def idle(c: Any) -> Any:
        yield recv(c)

    def main(blocking: int, parked: int) -> Any:
        c = chan()
        for _ in range(blocking):
            yield go(blocked)
        for _ in range(parked):
            yield go(idle, c)
        yield sleep(ms=20)

    def threads(*args: int) -> int:
        return len(kinds(run(main, *args, gomaxprocs=2), v.E_M_NEW))

    assert threads(0, 200) <= 4 and 20 <= threads(20, 0) <= 25


def test_a_lone_loop_is_preempted_queued_globally_and_picked_again() -> None:
    def main() -> Any:
        yield work(ms=200)

    rec = run(main, gomaxprocs=1)
    yields = [e for e in rec if e.kind == v.E_YIELD]
    again = [e for e in rec if e.kind == v.E_EXECUTE][1:]
    assert len(yields) >= 8 and {e.arg for e in yields} == {v.YIELD_PREEMPTED}
    assert {e.arg & 15 for e in again} <= {v.SRC_GLOBAL, v.SRC_GLOBAL61}


@pytest.mark.parametrize(
    ("loop", "stops"), [("free", False), ("leaf", False), ("call", True), ("unsafe", False)]
)
def test_without_the_signal_only_loops_that_call_functions_are_preempted(loop: str, stops: bool) -> None:
    def main() -> Any:
        yield work(ms=100, loop=loop)

    rec = run(main, gomaxprocs=1, asyncpreemptoff=True)
    assert bool(kinds(rec, v.E_YIELD)) is stops


def test_unsafe_code_is_asked_but_not_stopped_and_yields_at_its_next_call() -> None:
    def main() -> Any:
        yield work(ms=50, loop="unsafe")
        yield send(chan(1), 0)

    rec = run(main, gomaxprocs=1)
    assert {arg for _, _, _, _, arg in kinds(rec, v.E_SIGNAL)} == {0}
    assert [e.t >= 50 * MS for e in rec if e.kind == v.E_YIELD] == [True]


def test_what_is_left_of_an_interrupted_computation_is_done_later() -> None:
    def hog() -> Any:
        yield work(ms=60)
        yield log(1)

    def main() -> Any:
        yield go(hog)
        yield work(ms=60)
        yield gosched()
        yield sleep(ms=100)

    rec = run(main, gomaxprocs=1)
    busy, since = 0, {}
    for e in rec:
        if e.kind == v.E_EXECUTE:
            since[e.g] = e.t
        elif e.kind in (v.E_YIELD, v.E_EXIT, v.E_PARK) and e.g in since:
            busy += e.t - since.pop(e.g)
    assert 120 * MS <= busy <= 120 * MS + 50_000


def test_a_locked_goroutine_runs_on_its_thread_only() -> None:
    def partner(c: Any, d: Any) -> Any:
        for _ in range(5):
            yield recv(c)
            yield send(d, 0)

    def main() -> Any:
        yield lock_os_thread()
        c, d = chan(), chan()
        yield go(partner, c, d)
        for _ in range(5):
            yield send(c, 0)
            yield recv(d)
        yield unlock_os_thread()

    rec = run(main, gomaxprocs=1)
    assert {e.m for e in rec if e.kind == v.E_EXECUTE and e.g == 1} == {0}
    assert 0 not in {e.m for e in rec if e.kind == v.E_EXECUTE and e.g == 2}
    assert rec.ended == "exit" and kinds(rec, v.E_START_LOCKED)


def test_fewer_cores_than_ps_add_no_throughput() -> None:
    def task() -> Any:
        yield work(ms=20)

    def main() -> Any:
        for _ in range(3):
            yield go(task)
        yield work(ms=20)
        yield sleep(ms=200)

    def last_exit(**settings: Any) -> int:
        rec = run(main, **settings)
        return max(e.t for e in rec if e.kind == v.E_EXIT and e.g != 1)

    two, four = last_exit(gomaxprocs=4, cores=2), last_exit(gomaxprocs=4)
    assert 1.8 < two / four < 2.2


def test_sysmon_slows_down_to_10_ms_and_a_retake_makes_it_fast_again() -> None:
    def other() -> Any:
        yield work(us=50)

    def main() -> Any:
        yield work(ms=60)
        yield go(other)
        yield syscall(ms=40)

    rec = run(main, gomaxprocs=1)
    delays = [arg for _, _, _, _, arg in kinds(rec, v.E_SYSMON)]
    assert delays[:10] == [20, 40, 80, 160, 320, 640, 1280, 2560, 5120, 10_000] and 20 in delays[10:]
