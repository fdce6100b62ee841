"""The network poller: waiting goroutines need no thread, and who asks whether something is ready."""

from __future__ import annotations

from typing import Any

import pytest

from gmp_lab import Config, ConfigError, Program, Recording, WaitGroup, go, log, simulate, work
from gmp_lab import vocabulary as v
from gmp_lab.net import Conn, arrives, conn, read, write
from gmp_lab.replay import state_after
from gmp_lab.validate import validate
from gmp_lab.workload import now, sleep

US, MS = 1_000, 1_000_000


def run(main: Any, *args: Any, **config: Any) -> Recording:
    rec = simulate(Config(**config), Program(main, *args), observe=lambda rt, rows: rt.check())
    assert validate(rec) == []
    return rec


def reader(c: Conn, wg: WaitGroup) -> Any:
    value = yield read(c)
    yield log(value)
    yield wg.Done()


def readers(n: int) -> Any:
    """n goroutines wait; then each connection is written to, the last one first."""
    wg = WaitGroup()
    conns = [conn() for _ in range(n)]
    yield wg.Add(n)
    for c in conns:
        yield go(reader, c, wg)
    yield sleep(ms=20)
    for i, c in reversed(list(enumerate(conns))):
        yield write(c, i)
    yield wg.Wait()


@pytest.mark.parametrize("gomaxprocs", [1, 2])
@pytest.mark.parametrize("n", [1, 10, 1000])
def test_goroutines_that_wait_for_the_network_need_no_thread_and_are_all_woken(n: int, gomaxprocs: int) -> None:
    rec = run(readers, n, gomaxprocs=gomaxprocs)
    assert rec.ended == "exit" and sorted(value for _, _, value in rec.logs()) == list(range(n))
    assert rec.kind.tobytes().count(v.E_M_NEW) <= 3 + gomaxprocs


def outside(delay_us: int) -> Any:
    c = conn()
    yield arrives(c, 7, us=delay_us)
    value = yield read(c)
    yield log(value)
    t = yield now()
    yield log(t // US)


def test_an_idle_machine_reads_a_thread_s_wake_up_after_the_data_came() -> None:
    rec = run(outside, 500, gomaxprocs=1)
    (_, _, value), (_, _, us) = rec.logs()
    assert value == 7 and 520 <= us <= 522  # 500 and 20 for the thread in epoll_wait


def test_data_that_is_there_before_the_read_is_read_without_parking() -> None:
    def main() -> Any:
        c = conn()
        yield write(c, 1)
        yield write(c, 2)
        first = yield read(c)
        second = yield read(c)
        yield log(first * 10 + second)

    rec = run(main, gomaxprocs=1)
    assert [value for _, _, value in rec.logs()] == [12]
    assert v.E_PARK not in rec.kind.tobytes()


def test_an_old_notification_does_not_end_a_wait_that_begins_later() -> None:
    def main() -> Any:
        c, wg = conn(), WaitGroup()
        yield wg.Add(1)
        yield write(c, 1)
        yield read(c)
        yield go(reader, c, wg)
        yield work(us=100)
        yield arrives(c, 5, us=100)
        yield wg.Wait()

    rec = run(main, gomaxprocs=1)
    assert [value for _, _, value in rec.logs()] == [5]


def busy(hogs: int, delay_us: int) -> Any:
    """Every P computes when the data comes; how long until it is read?"""
    c, wg = conn(), WaitGroup()
    yield wg.Add(1)
    yield go(reader, c, wg)
    yield sleep(us=1)  # it parks in the poller
    yield arrives(c, 1, us=delay_us)
    for _ in range(hogs):
        yield go(hog)
    yield wg.Wait()
    t = yield now()
    yield log(t // US)


def hog() -> Any:
    yield work(forever=True)


def test_with_all_ps_busy_the_data_waits_for_sysmon_or_for_the_end_of_a_slice() -> None:
    rec = run(busy, 1, 1000, gomaxprocs=1)
    us = rec.logs()[-1][2]
    assert 10_000 < us < 35_000
    assert v.E_NET_READY in rec.kind.tobytes()


def test_sysmon_asks_when_nobody_has_asked_for_10_ms() -> None:
    rec = run(busy, 2, 15_000, gomaxprocs=1)
    ready = next(i for i, k in enumerate(rec.kind) if k == v.E_NET_READY)
    assert rec[ready].m == -1 and rec[ready].arg == v.NET_GLOBAL


def test_only_one_thread_blocks_in_the_poller() -> None:
    rec = run(readers, 50, gomaxprocs=4)
    polling = 0
    for i in range(len(rec) + 1):
        polling = max(polling, sum(m.doing == "polling" for m in state_after(rec, i).ms))
    assert polling == 1


def test_many_at_once_are_taken_128_at_a_time() -> None:
    rec = run(readers, 300, gomaxprocs=1)
    assert rec.ended == "exit" and len(rec.logs()) == 300


WRONG = [
    lambda: read(3), lambda: write(None, 1), lambda: arrives("c"), lambda: arrives(conn(), us=-1),
    lambda: arrives(conn(), us=float("nan")),
]  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG)
def test_bad_input_is_named(wrong: Any) -> None:
    with pytest.raises(ConfigError):
        wrong()


def test_a_connection_belongs_to_one_run() -> None:
    c = conn()

    def main() -> Any:
        yield write(c, 1)

    simulate(Config(), Program(main))
    with pytest.raises(ConfigError, match="made inside a body"):
        simulate(Config(), Program(main))
