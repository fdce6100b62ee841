"""Channels, WaitGroups, timers and what a program can do wrong."""

from __future__ import annotations

from typing import Any

import pytest
from helpers import kinds, log_order, run

from gmp_lab import (
    Config,
    ConfigError,
    Program,
    WaitGroup,
    chan,
    close,
    go,
    gosched,
    log,
    recv,
    send,
    simulate,
    sleep,
    syscall,
    work,
)
from gmp_lab import vocabulary as v


def test_a_buffered_send_with_room_wakes_and_switches_nobody() -> None:
    def main() -> Any:
        c = chan(3)
        for i in range(3):
            yield send(c, i)

    rec = run(main, gomaxprocs=1)
    assert kinds(rec, v.E_PARK, v.E_READY) == [] and rec.ended == "exit"


def test_a_waiting_receiver_gets_the_value_past_the_buffer() -> None:
    seen: list[int] = []

    def receiver(c: Any) -> Any:
        yield log((yield recv(c)))
        seen.append(len(c.buf))

    def main() -> Any:
        c = chan(4)
        yield go(receiver, c)
        yield gosched()
        yield send(c, 7)
        seen.append(len(c.buf))
        yield gosched()

    assert log_order(run(main, gomaxprocs=1)) == [7] and seen == [0, 0]


def test_a_full_buffer_keeps_the_order_of_values() -> None:
    def sender(c: Any) -> Any:
        for i in range(9):
            yield send(c, i)

    def main() -> Any:
        c = chan(2)
        yield go(sender, c)
        yield gosched()
        for _ in range(9):
            yield log((yield recv(c)))

    assert log_order(run(main, gomaxprocs=1)) == [*range(9)]


def test_receivers_of_a_closed_channel_are_woken_last_come_first_served() -> None:
    def receiver(c: Any, i: int) -> Any:
        yield recv(c)
        yield log(i)

    def main() -> Any:
        c = chan()
        for i in range(5):
            yield go(receiver, c, i)
        yield gosched()
        yield close(c)
        yield gosched()

    # parked in the order 4 0 1 2 3, readied from the last one back: 4 is readied last and sits in runnext
    assert log_order(run(main, gomaxprocs=1)) == [4, 3, 2, 1, 0]


@pytest.mark.parametrize("gomaxprocs", [1, 4])
def test_a_closed_channel_gives_what_is_left_and_then_the_zero_value(gomaxprocs: int) -> None:
    def main() -> Any:
        c = chan(2)
        yield send(c, 5)
        yield close(c)
        yield log((yield recv(c)))
        yield log(1 if (yield recv(c)) is None else 0)

    assert log_order(run(main, gomaxprocs=gomaxprocs)) == [5, 1]


def close_twice() -> Any:
    c = chan()
    yield close(c)
    yield close(c)


def send_on_closed() -> Any:
    c = chan(1)
    yield close(c)
    yield send(c)


def close_under_a_sender() -> Any:
    def sender(c: Any) -> Any:
        yield send(c)

    c = chan()
    yield go(sender, c)
    yield gosched()
    yield close(c)
    yield gosched()  # the panic is the sender's, when it runs


def one_done_too_many() -> Any:
    wg = WaitGroup()
    yield wg.Done()


def wait_with_a_waiter_on_its_way() -> Any:
    def waiter(wg: WaitGroup) -> Any:
        yield wg.Wait()

    def spoil() -> Any:
        yield log(8)  # does not run any more: main's Wait takes what was released for the waiter, and panics itself

    wg = WaitGroup()
    yield wg.Add(1)
    yield go(waiter, wg)
    yield gosched()
    yield wg.Done()
    yield wg.Add(1)
    yield go(spoil)
    yield wg.Wait()


def test_a_second_wait_takes_what_was_released_for_the_first_as_in_go() -> None:
    rec = run(wait_with_a_waiter_on_its_way, gomaxprocs=1)
    assert rec.ended == "panic: sync: WaitGroup is reused before previous Wait has returned"
    assert log_order(rec) == []


@pytest.mark.parametrize(
    ("main", "message"),
    [
        (close_twice, "panic: close of closed channel"),
        (send_on_closed, "panic: send on closed channel"),
        (close_under_a_sender, "panic: send on closed channel"),
        (one_done_too_many, "panic: sync: negative WaitGroup counter"),
    ],
)
def test_a_panic_ends_the_run_with_go_s_message(main: Any, message: str) -> None:
    assert simulate(Config(gomaxprocs=1), Program(main)).ended == message


def test_more_than_10000_threads_end_the_program_as_in_go() -> None:
    def blocked() -> Any:
        yield syscall(ms=3_000)

    def main() -> Any:
        for _ in range(10_100):
            yield go(blocked)
        yield sleep(ms=2_900)

    rec = simulate(Config(gomaxprocs=8, until_ns=5_000_000_000), Program(main), record=False)
    assert rec.ended.startswith("runtime: program exceeds 10000-thread limit")


def test_waiters_of_a_waitgroup_wake_in_the_order_in_which_they_came() -> None:
    def waiter(wg: WaitGroup, done: WaitGroup, i: int) -> Any:
        yield wg.Wait()
        yield log(i)
        yield done.Done()

    def main() -> Any:
        wg, done = WaitGroup(), WaitGroup()
        yield wg.Add(1)
        yield done.Add(3)
        for i in range(3):
            yield go(waiter, wg, done, i)
        yield gosched()
        yield wg.Done()
        yield done.Wait()

    # parked in the order 2 0 1, readied in that order: the last, 1, is in runnext
    assert log_order(run(main, gomaxprocs=1)) == [1, 2, 0]


def test_timers_fire_in_the_order_of_their_times() -> None:
    def sleeper(ms: int) -> Any:
        yield sleep(ms=ms)
        yield log(ms)

    def main() -> Any:
        for ms in (7, 2, 5, 1):
            yield go(sleeper, ms)
        yield sleep(ms=20)

    assert log_order(run(main, gomaxprocs=2)) == [1, 2, 5, 7]


def test_a_channel_belongs_to_one_run() -> None:
    shared = chan(5)

    def main() -> Any:
        yield send(shared, 1)

    simulate(Config(), Program(main))
    with pytest.raises(ConfigError, match="another run"):
        simulate(Config(), Program(main))


def test_what_is_no_operation_is_named_with_its_goroutine() -> None:
    def main() -> Any:
        yield 5

    with pytest.raises(ConfigError, match="main: yield = 5"):
        simulate(Config(), Program(main))


def test_a_function_without_yield_is_no_body() -> None:
    def nothing() -> None:
        return None

    def main() -> Any:
        yield go(nothing)

    with pytest.raises(ConfigError, match="a generator function"):
        simulate(Config(), Program(main))


def test_an_endless_program_is_cut_off_at_its_time_or_at_its_number_of_events() -> None:
    def main() -> Any:
        while True:
            yield gosched()

    assert simulate(Config(until_ns=1_000_000), Program(main)).ended == "until"

    def idle() -> Any:
        while True:
            yield log(0)

    rec = simulate(Config(max_events=1000), Program(idle))
    assert rec.ended == "events" and len(rec) < 1100


def test_an_error_in_a_body_is_the_reader_s_own() -> None:
    def main() -> Any:
        yield work(us=1)
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        simulate(Config(), Program(main))
