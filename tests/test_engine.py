"""The clock: order of events, ties, the end."""

from __future__ import annotations

from typing import Any

from gmp_lab.engine import Engine


def logging_engine(until: int = 100) -> tuple[Engine, list[Any], Any]:
    seen: list[Any] = []
    eng = Engine(until)
    return eng, seen, lambda a, b: seen.append((eng.now, a))


def test_events_come_in_the_order_of_their_times() -> None:
    eng, seen, note = logging_engine()
    for t in (30, 10, 20):
        eng.at(t, note, t)
    eng.run(10)
    assert seen == [(10, 10), (20, 20), (30, 30)]


def test_simultaneous_events_come_in_the_order_in_which_they_were_made() -> None:
    eng, seen, note = logging_engine()
    for name in "abc":
        eng.at(5, note, name)
    eng.run(10)
    assert [name for _, name in seen] == ["a", "b", "c"]


def test_choose_takes_simultaneous_events_in_another_order() -> None:
    eng, seen, note = logging_engine()
    for name in "abc":
        eng.at(5, note, name)
    asked: list[int] = []
    eng.choose = lambda n: asked.append(n) or n - 1  # type: ignore[func-returns-value]
    eng.run(10)
    assert ([name for _, name in seen], asked) == (["c", "b", "a"], [3, 2])


def test_an_event_after_until_is_never_run() -> None:
    eng, seen, note = logging_engine(until=50)
    eng.at(50, note, "in")
    eng.at(51, note, "out")
    assert eng.run(10) is False and seen == [(50, "in")]


def test_run_says_whether_there_is_more_to_do() -> None:
    eng, _, note = logging_engine()
    for t in range(5):
        eng.at(t, note)
    assert [eng.run(3), eng.run(3), eng.steps] == [True, False, 5]
