"""The Recording as a table: any numbers are kept, every part counts for the digest, questions are answered.

What a file on disk may suffer, copies, and equal bytes on every Python are in test_recording_exact.py.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gmp_lab import Config, ConfigError, Event, Program, Recording, go, log, simulate, sleep, work
from gmp_lab import vocabulary as v
from gmp_lab.catalog import steady_mix
from gmp_lab.recording import Columns

Row = tuple[int, int, int, int, int, int]
BITS = (63, 8, 31, 15, 31, 31)
ROW = st.tuples(*(st.integers(0 if bits in (63, 8) else -(2**bits), 2**bits - 1) for bits in BITS))
TEXT = st.text(st.characters(exclude_categories=["Cs"]))  # no halves of surrogate pairs: no file can keep them


def small() -> Recording:
    return simulate(Config(gomaxprocs=2), steady_mix(goroutines=3, bursts=2))


def made_of(rows: list[Any], **changes: Any) -> Recording:
    columns = Columns()
    columns.extend(rows)
    given = {"program": "hand", "params": {}, "g_names": ["main"], "end_ns": 9, "ended": "exit", "steps": 1} | changes
    return Recording(Config(), columns, **given)


@given(rows=st.lists(ROW, max_size=40), complete=st.booleans(), name=TEXT, names=st.lists(TEXT, max_size=4))
def test_any_numbers_and_names_come_back_as_they_were(
    rows: list[Row], complete: bool, name: str, names: list[str]
) -> None:
    rec = made_of(rows, complete=complete, program=name, g_names=names, params={name: name})
    back = Recording.from_bytes(rec.to_bytes())
    assert [tuple(e) for e in back] == rows and back == rec
    assert (back.program, back.g_names, back.params, back.complete) == (name, tuple(names), {name: name}, complete)


@given(rows=st.lists(ROW, max_size=40))
def test_rows_and_flat_numbers_fill_the_same_columns(rows: list[Row]) -> None:
    one, other = Columns(), Columns()
    one.extend(rows)
    other.extend_flat([number for row in rows for number in row])
    assert one.arrays == other.arrays and list(zip(*one.arrays, strict=True)) == rows


def test_an_hour_in_the_poller_fits_its_column() -> None:
    """An hour is more microseconds than 31 bits can count."""

    def main() -> Any:
        yield sleep(ms=3_600_000)

    rec = simulate(Config(until_ns=3_600_000_000_000), Program(main))
    assert max(e.arg for e in rec if e.kind == v.E_POLL_BLOCK) == 2**31 - 1


def test_a_saved_file_takes_less_than_half_of_what_is_in_memory() -> None:
    rec = simulate(Config(), steady_mix())
    assert len(rec.to_bytes()) < rec.nbytes() / 2


def outcome(data: bytes, rec: Recording) -> str:
    try:
        back = Recording.from_bytes(data)
    except ConfigError as error:
        return error.parameter
    return "equal" if back == rec else "another run"


def test_every_changed_byte_of_a_small_file_is_noticed_or_changes_nothing() -> None:
    rec = small()
    data = rec.to_bytes()
    outcomes = {outcome(data[:i] + bytes([data[i] ^ 0xFF]) + data[i + 1 :], rec) for i in range(len(data))}
    assert outcomes == {"recording", "equal"}  # equal: dates and other notes of the zip that nobody reads


@pytest.mark.parametrize(
    "change",
    [{"program": "x"}, {"params": {"a": 1}}, {"g_names": []}, {"end_ns": 8}, {"ended": "until"}, {"steps": 2},
     {"complete": False}],
)  # fmt: skip
def test_every_part_of_a_run_counts_for_its_digest(change: dict[str, Any]) -> None:
    assert made_of([], **change).digest() != made_of([]).digest()


@pytest.mark.parametrize("column", range(6))
def test_every_column_counts_for_the_digest(column: int) -> None:
    row = (1, 1, 1, 1, 1, 1)
    assert made_of([(*row[:column], 2, *row[column + 1 :])]).digest() != made_of([row]).digest()


def test_iterating_gives_the_rows_of_the_columns_as_events() -> None:
    rec = small()
    assert list(rec) == [rec[i] for i in range(len(rec))] and isinstance(rec[0], Event)
    assert rec[-1] == list(rec)[-1] and rec[0].name == v.KIND_NAMES[rec.kind[0]]


@given(times=st.lists(st.integers(0, 30), max_size=40), t=st.integers(0, 31))
@settings(max_examples=60)
def test_index_at_counts_the_events_up_to_a_time(times: list[int], t: int) -> None:
    rec = made_of([(time, v.E_LOG, 1, 0, 0, 0) for time in sorted(times)])
    assert rec.index_at(t) == sum(time <= t for time in times)


def test_logs_and_names_tell_who_wrote_what_and_when() -> None:
    def child() -> Any:
        yield work(us=3)
        yield log(7)

    def main() -> Any:
        yield go(child)
        yield work(ms=1)

    rec = simulate(Config(gomaxprocs=2), Program(main))
    ((t, g, value),) = rec.logs()
    assert (g, value, rec.g_name(g), rec.g_name(0), rec.g_name(99)) == (2, 7, "child", "?", "?")
    assert 0 < t <= rec.end_ns


def test_a_recording_prints_as_one_line_about_the_run() -> None:
    text = repr(small())
    assert re.fullmatch(r"Recording\(steady_mix, go 1.27, 2 Ps, \d+ events, [\d.]+ ms, ended: exit\)", text)
