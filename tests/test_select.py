"""select, nil channels, the second result of a receive, and closing under those who wait."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from helpers import kinds, log_order, run

from gmp_lab import (
    Config,
    ConfigError,
    Program,
    cap,
    chan,
    close,
    go,
    goexit,
    gosched,
    log,
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

NIL = None


def results(main: Any, **settings: Any) -> list[Any]:
    """What main appends to its list; the run must end by itself, with every invariant checked at every step."""
    seen: list[Any] = []
    settings.setdefault("gomaxprocs", 1)
    assert run(main, seen, **settings).ended == "exit"
    return seen


def reasons(rec: Any) -> list[str]:
    return [v.WAIT_REASONS[e.arg] for e in rec if e.kind == v.E_PARK]


# --- channels ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("operation", "reason"),
    [
        (lambda: send(NIL), "chan send (nil chan)"),
        (lambda: recv(NIL), "chan receive (nil chan)"),
        (lambda: recv2(NIL), "chan receive (nil chan)"),
        (select, "select (no cases)"),
        (lambda: select(recv_case(NIL)), "chan receive (nil chan)"),
        (lambda: select(send_case(NIL)), "chan send (nil chan)"),
        (lambda: select(recv_case(NIL), send_case(NIL)), "select"),
    ],
)
def test_what_nobody_can_end_is_a_deadlock_with_its_own_reason(operation: Any, reason: str) -> None:
    def main() -> Any:
        yield operation()

    rec = run(main, gomaxprocs=2)
    assert (reasons(rec), rec.ended) == ([reason], "deadlock")


def test_closing_a_nil_channel_panics() -> None:
    def main() -> Any:
        yield close(NIL)

    assert simulate(Config(), Program(main)).ended == "panic: close of nil channel"


def test_the_second_result_tells_a_value_from_the_end() -> None:
    def main(seen: list[Any]) -> Any:
        c = chan(2)
        yield send(c, None)
        yield close(c)
        seen.append((yield recv2(c)))
        seen.append((yield recv2(c)))

    assert results(main) == [(None, True), (None, False)]


def test_a_receiver_that_waited_learns_whether_it_was_a_value_or_the_end() -> None:
    def receiver(c: Any, seen: list[Any]) -> Any:
        seen.append((yield recv2(c)))

    def main(seen: list[Any]) -> Any:
        c = chan()
        for _ in range(3):
            yield go(receiver, c, seen)
        yield gosched()
        yield send(c, 7)
        yield gosched()
        yield close(c)
        yield gosched()

    assert results(main) == [(7, True), (None, False), (None, False)]


def test_senders_under_whom_a_channel_is_closed_panic_when_they_run_and_not_before() -> None:
    def sender(c: Any) -> Any:
        yield send(c)

    def main() -> Any:
        c = chan()
        yield go(sender, c)
        yield gosched()
        yield close(c)
        yield log(1)
        yield work(us=5)
        yield log(2)
        yield gosched()
        yield log(3)

    rec = run(main, gomaxprocs=1)
    assert (log_order(rec), rec.ended) == ([1, 2], "panic: send on closed channel")


def test_length_and_capacity_are_those_of_the_buffer() -> None:
    def main(seen: list[Any]) -> Any:
        c = chan(3)
        seen.append((len(c), cap(c), bool(c)))
        yield send(c, 1)
        seen.append((len(c), cap(c), cap(NIL)))

    assert results(main) == [(0, 3, True), (1, 3, 0)]


# --- select that need not wait -----------------------------------------------------------------------------------


@pytest.mark.parametrize("cases", [1, 2])
def test_a_default_is_taken_when_nothing_is_ready(cases: int) -> None:
    def main(seen: list[Any]) -> Any:
        full = chan(1)
        yield send(full, 0)
        seen.append((yield select(*[recv_case(chan())] * cases, default=True)))
        seen.append((yield select(*[send_case(full, 1)] * cases, default=True)))
        seen.append((yield select(*[recv_case(NIL)] * cases, default=True)))
        seen.append((yield select(default=True)))

    assert results(main) == [(-1, None, False)] * 4


@pytest.mark.parametrize("default", [False, True])
@pytest.mark.parametrize("others", [0, 2])
def test_a_ready_case_is_done_and_its_results_are_given(default: bool, others: int) -> None:
    rest = [recv_case(NIL)] * others

    def main(seen: list[Any]) -> Any:
        c, closed = chan(1), chan()
        yield close(closed)
        seen.append((yield select(send_case(c, 5), *rest, default=default)))
        seen.append((yield select(recv_case(c), *rest, default=default)))
        seen.append((yield select(recv_case(closed), *rest, default=default)))
        seen.append((yield select(*rest, recv_case(closed), default=default)))

    assert results(main) == [(0, None, False), (0, 5, True), (0, None, False), (others, None, False)]


@pytest.mark.parametrize("others", [0, 1])
def test_a_send_on_a_closed_channel_panics_in_a_select_too(others: int) -> None:
    def main() -> Any:
        c = chan()
        yield close(c)
        yield select(send_case(c), *[recv_case(NIL)] * others, default=True)

    assert simulate(Config(), Program(main)).ended == "panic: send on closed channel"


def test_of_several_ready_cases_each_gets_its_share() -> None:
    def main() -> Any:
        channels = [chan(1) for _ in range(4)]
        for c in channels:
            yield close(c)
        for _ in range(4_000):
            i, _, _ = yield select(*map(recv_case, channels))
            yield log(i)

    shares = Counter(log_order(simulate(Config(gomaxprocs=1), Program(main))))
    assert all(900 < shares[i] < 1_100 for i in range(4))  # 1000 each; sigma is 27


# --- select that waits -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("gomaxprocs", [1, 3])
@pytest.mark.parametrize("which", range(4))
def test_a_select_that_waits_goes_on_with_the_case_that_becomes_ready(which: int, gomaxprocs: int) -> None:
    def partner(a: Any, b: Any) -> Any:
        yield work(us=300)
        yield [send(a, 7), recv(b), close(a), send(b, 8)][which]

    def main(seen: list[Any]) -> Any:
        a, b = chan(), chan()
        yield go(partner, a, b)
        cases = [recv_case(a), send_case(b, 9)] if which != 3 else [recv_case(a), recv_case(b)]
        seen.append((yield select(*cases)))
        seen.append((len(a.recvq), len(a.sendq), len(b.recvq), len(b.sendq)))

    expected = [(0, 7, True), (1, None, False), (0, None, False), (1, 8, True)]
    assert results(main, gomaxprocs=gomaxprocs) == [expected[which], (0, 0, 0, 0)]


def test_a_select_that_has_been_decided_is_passed_over_by_others() -> None:
    """Both channels have a sender before the selecting goroutine runs again: it takes one value, the other stays."""

    def selector(a: Any, b: Any) -> Any:
        i, value, ok = yield select(recv_case(a), recv_case(b))
        yield log(value + i + ok)

    def late(b: Any) -> Any:
        yield log((yield recv(b)))

    def main() -> Any:
        a, b = chan(), chan(1)
        yield go(selector, a, b)
        yield gosched()
        yield send(a, 10)
        yield send(b, 20)  # finds the loser of the select in b's queue, and room in the buffer
        yield log(len(b))
        yield go(late, b)
        yield sleep(us=1)

    assert sorted(log_order(run(main, gomaxprocs=1))) == [1, 11, 20]


def test_two_selects_meet() -> None:
    def one(a: Any, b: Any) -> Any:
        i, value, _ = yield select(send_case(a, 1), recv_case(b))
        yield log(10 * i + (value or 0))

    def main() -> Any:
        a, b = chan(), chan()
        yield go(one, a, b)
        yield gosched()
        i, value, _ = yield select(recv_case(a), send_case(b, 2))
        yield log(100 + 10 * i + (value or 0))
        yield gosched()

    assert sorted(log_order(run(main, gomaxprocs=1))) in ([0, 101], [12, 110])


def test_a_select_with_twice_the_same_channel_is_woken_once() -> None:
    def main(seen: list[Any]) -> Any:
        c = chan()
        yield go(lambda: iter_send(c))
        i, value, ok = yield select(recv_case(c), recv_case(c))
        seen.append((i in (0, 1), value, ok, len(c.recvq)))

    def iter_send(c: Any) -> Any:
        yield send(c, 4)

    assert results(main) == [(True, 4, True, 0)]


def test_a_select_under_whose_send_the_channel_is_closed_panics() -> None:
    def closer(c: Any) -> Any:
        yield close(c)

    def main() -> Any:
        c = chan()
        yield go(closer, c)
        yield select(send_case(c, 1), recv_case(chan()))

    assert run(main, gomaxprocs=1).ended == "panic: send on closed channel"


@pytest.mark.parametrize("case", [None, 5, (chan(), False, None), recv(chan())])
def test_a_select_takes_cases_only(case: Any) -> None:
    with pytest.raises(ConfigError, match=r"^select\(case\)"):
        select(case)


# --- Goexit ------------------------------------------------------------------------------------------------------


def test_a_goroutine_that_calls_goexit_ends_there_and_its_deferred_calls_run() -> None:
    def leaver(seen: list[Any]) -> Any:
        try:
            yield goexit()
            seen.append("never")
        finally:
            seen.append("deferred")

    def main(seen: list[Any]) -> Any:
        yield go(leaver, seen)
        yield gosched()
        seen.append("main")

    assert results(main) == ["deferred", "main"]


@pytest.mark.parametrize("startup", ["bare", "real"])
@pytest.mark.parametrize("gomaxprocs", [1, 3])
def test_main_may_leave_and_the_program_ends_when_nobody_is_left(startup: str, gomaxprocs: int) -> None:
    def worker() -> Any:
        yield sleep(ms=1)
        yield log(1)

    def main() -> Any:
        yield go(worker)
        yield goexit()

    rec = run(main, gomaxprocs=gomaxprocs, startup=startup)
    assert log_order(rec) == [1]
    assert rec.ended == "fatal error: no goroutines (main called runtime.Goexit) - deadlock!"
    assert kinds(rec, v.E_DEADLOCK)[0][-1] == 1


def test_who_waits_when_main_has_left_makes_it_a_deadlock() -> None:
    def waiter() -> Any:
        yield recv(chan())

    def main() -> Any:
        yield go(waiter)
        yield goexit()

    assert run(main, gomaxprocs=1, startup="real").ended == "deadlock"
