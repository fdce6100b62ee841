"""schedtrace lines: written as Go writes them, and read back."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gmp_lab import Config, ConfigError, simulate
from gmp_lab.catalog import hogs_and_victims, steady_mix
from gmp_lab.schedtrace import (
    FORMATS,
    SchedTraceLine,
    format_schedtrace,
    parse_schedtrace,
    schedtrace_every,
    schedtrace_lines,
    schedtrace_text,
)

SAMPLES = Path(__file__).parent / "data" / "schedtrace"
REAL_127 = (
    "SCHED 53ms: gomaxprocs=2 idleprocs=0 threads=4 spinningthreads=0 needspinning=1 idlethreads=1 runqueue=3 "
    "[ 1 2 ] schedticks=[ 5 13 ]"
)
COUNT = st.integers(0, 10**6)


@pytest.mark.parametrize(
    ("file", "form"),
    [("hogs6_2p_119", "1.19"), ("hogs6_2p_123", "1.23"), ("hogs6_2p_127", "1.25"), ("syscalls20_1p_127", "1.25")],
)
def test_real_lines_of_every_format_are_read_and_written_again_byte_for_byte(file: str, form: str) -> None:
    text = (SAMPLES / f"schedtrace_{file}.txt").read_text(encoding="utf-8")
    real = [line for line in text.splitlines() if line.startswith("SCHED")]
    assert [format_schedtrace(line, form) for line in parse_schedtrace(text)] == real


def test_a_real_line_is_read_field_by_field() -> None:
    assert parse_schedtrace(REAL_127) == [SchedTraceLine(53, 2, 0, 4, 0, 1, 1, 3, (1, 2), (5, 13))]


@given(
    numbers=st.tuples(COUNT, COUNT, COUNT, COUNT, COUNT, COUNT, COUNT),
    queues=st.lists(st.tuples(COUNT, COUNT), min_size=1, max_size=64),
    form=st.sampled_from(FORMATS),
)
def test_what_is_written_is_read_back(numbers: tuple[int, ...], queues: list[tuple[int, int]], form: str) -> None:
    ms, idle, threads, spinning, need, parked, runqueue = numbers
    line = SchedTraceLine(
        ms, len(queues), idle, threads, spinning, None if form == "1.19" else need, parked, runqueue,
        tuple(q for q, _ in queues), tuple(t for _, t in queues) if form == "1.25" else None,
    )  # fmt: skip
    assert parse_schedtrace(f"noise\n{format_schedtrace(line, form)}\nmore") == [line]


@pytest.mark.parametrize(
    "text",
    ["", "nothing", "SCHED 5ms: gomaxprocs=2", REAL_127[:-3], REAL_127.replace("[ 1 2 ]", "[ 1 ]"), "SCHED \x00"],
)
def test_garbage_gives_one_clear_error(text: str) -> None:
    with pytest.raises(ConfigError, match="schedtrace"):
        parse_schedtrace(text)


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(ConfigError):
        assert parse_schedtrace(text)


def test_a_format_that_needs_a_missing_value_says_so() -> None:
    line = SchedTraceLine(0, 1, 0, 1, 0, None, 0, 0, (0,), None)
    with pytest.raises(ConfigError, match="needspinning"):
        format_schedtrace(line, "1.23")


@pytest.mark.parametrize("version", ["1.25", "1.27"])
def test_a_run_prints_lines_that_read_back_to_its_states(version: str) -> None:
    config = Config(gomaxprocs=2, go=version, schedtrace_ms=1)
    rec = simulate(config, steady_mix(goroutines=40, bursts=60))
    lines = schedtrace_lines(rec)
    assert parse_schedtrace(schedtrace_text(rec)) == lines
    assert len(lines) >= 20 and lines[0].ms == 0 and max(sum(line.queues) + line.runqueue for line in lines) > 5


def test_the_states_of_any_run_are_lines_that_read_back() -> None:
    rec = simulate(Config(gomaxprocs=2), steady_mix(goroutines=40, bursts=60))
    found = parse_schedtrace(schedtrace_every(rec, 1))
    assert [line.ms for line in found] == list(range(rec.end_ns // 1_000_000 + 1))
    assert max(sum(line.queues) + line.runqueue for line in found) > 5


def test_schedtrace_keeps_sysmon_awake_as_in_go() -> None:
    config = Config(gomaxprocs=1, schedtrace_ms=5)
    sleepers = hogs_and_victims(hogs=0, period_us=30_000, turns=3)
    asleep, awake = (simulate(c, sleepers) for c in (Config(gomaxprocs=1), config))
    assert any(e.name == "sysmon_deep" for e in asleep) and not any(e.name == "sysmon_deep" for e in awake)


def test_a_run_without_schedtrace_says_what_is_missing() -> None:
    with pytest.raises(ConfigError, match="schedtrace_ms"):
        schedtrace_text(simulate(Config(), steady_mix(goroutines=2, bursts=1)))


def test_a_broken_line_of_many_digits_is_refused_at_once() -> None:
    """A fuzzer found this: an ambiguous pattern tries every way to cut the digits into numbers."""
    head = "SCHED 0ms: gomaxprocs=1 idleprocs=0 threads=1 spinningthreads=0 idlethreads=0 runqueue=0 "
    for text in (f"{head}[{'1' * 4000}", f"{head}[ 0 ] schedticks=[ {'12 ' * 1000}x ]"):
        with pytest.raises(ConfigError, match="schedtrace"):
            parse_schedtrace(text)
