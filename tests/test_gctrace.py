"""gctrace lines: the numbers as Go prints them, and real lines written again from their own figures."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path

import pytest
from gctrace_lines import MB, Line, milliseconds, parse
from hypothesis import given
from hypothesis import strategies as st

from gmp_lab.errors import ConfigError
from gmp_lab.gctrace import FORMATS, GCCycle, fmtNSAsMS, format_gctrace, itoaDiv, parse_gctrace

SAMPLES = sorted((Path(__file__).parent / "data" / "gctrace").glob("*.txt"))
FORM = {"119": "1.19", "123": "1.23", "127": "1.27"}  # of a sample, by the end of its name
CPUS = 2  # of the machine that recorded the samples

CYCLE = GCCycle(
    numgc=5, tSweepTerm=151_700_000, tMark=151_854_000, tMarkTerm=152_020_000, tEnd=152_022_100,
    gc_cpu_fraction=0.0099, assistTime=0, dedicatedMarkTime=110_000, fractionalMarkTime=9_000, idleMarkTime=69_900,
    heap0=64 * MB, heap1=65 * MB - 1, heap2=64 * MB + 1, lastHeapGoal=72 * MB, maxprocs=2, stwprocs=2,
    lastStackScan=MB - 1, maxStackScan=3 * MB, globalsScan=1000, userForced=True,
)  # fmt: skip
CLOCK = "gc 5 @0.151s 0%: 0.15+0.16+0.002 ms clock, 0.30+0/0.11/0.069+0.004 ms cpu, 64->64->64 MB, 72 MB goal, "


@pytest.mark.parametrize(
    ("ns", "text"),
    [
        (0, "0"), (999, "0"), (1000, "0.001"), (9_999, "0.009"), (10_000, "0.010"), (99_999, "0.099"),
        (100_000, "0.10"), (154_999, "0.15"), (159_999, "0.15"), (999_999, "0.99"), (1_000_000, "1.0"),
        (5_199_999, "5.1"), (9_999_999, "9.9"), (10_000_000, "10"), (10_999_999, "10"), (123_456_789_000, "123456"),
    ],
)  # fmt: skip
def test_times_are_cut_to_two_digits_below_ten_milliseconds_and_to_whole_ones_above(ns: int, text: str) -> None:
    assert fmtNSAsMS(ns) == text


@pytest.mark.parametrize(
    ("val", "dec", "text"),
    [(0, 3, "0.000"), (7, 3, "0.007"), (1234, 3, "1.234"), (1_000_000, 3, "1000.000"), (42, 0, "42"), (0, 0, "0")],
)
def test_a_number_is_divided_by_a_power_of_ten_exactly(val: int, dec: int, text: str) -> None:
    assert itoaDiv(val, dec) == text


@given(st.integers(0, 10**15))
def test_what_is_printed_for_a_time_is_a_range_that_holds_it(ns: int) -> None:
    low, high = milliseconds(fmtNSAsMS(ns))
    assert low <= ns < high and fmtNSAsMS(low) == fmtNSAsMS(high - 1) == fmtNSAsMS(ns)


def test_the_line_of_the_specification_is_written() -> None:
    assert format_gctrace(CYCLE, "1.27") == CLOCK + "0 MB stacks, 0 MB globals, 2 P (forced)"


def test_go_1_19_prints_the_stacks_allocated_and_not_those_scanned() -> None:
    assert format_gctrace(CYCLE, "1.19") == CLOCK + "3 MB stacks, 0 MB globals, 2 P (forced)"


def test_before_the_new_pacer_stacks_and_globals_are_not_printed() -> None:
    assert format_gctrace(replace(CYCLE, userForced=False), "1.6") == CLOCK + "2 P"


def test_a_search_for_leaked_goroutines_is_told_where_go_has_it() -> None:
    leaks = replace(CYCLE, goroutineLeakDone=True)
    assert " 0% (checking for goroutine leaks): 0.15+" in format_gctrace(leaks, "1.27")
    assert format_gctrace(leaks, "1.23") == format_gctrace(CYCLE, "1.23")


@pytest.mark.parametrize("wrong", [{"tMark": 1}, {"tEnd": 152_019_999}, {"heap2": -1}, {"assistTime": -5}])
def test_figures_that_no_cycle_can_have_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        replace(CYCLE, **wrong)


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(ConfigError, match="form"):
        format_gctrace(CYCLE, "1.5")


def lines(sample: Path) -> list[str]:
    return [line for line in sample.read_text(encoding="utf-8").splitlines() if line.startswith("gc ")]


def figures(line: Line) -> GCCycle:
    """A cycle with figures that the line allows: both numbers for a stop of the world must agree on its length."""
    stwprocs = min(line.procs, CPUS)
    first = line.clock[0].both(line.cpu[0].over(stwprocs))
    second = line.clock[2].both(line.cpu[4].over(stwprocs))
    assert first.low < first.high and second.low < second.high, "no length of the stop fits both its numbers"
    start = line.at_ms * 1_000_000
    mark = start + first.high - 1
    term = mark + line.clock[1].low
    background = line.cpu[2].low
    return GCCycle(
        line.numgc, start, mark, term, term + second.low, (line.percent + 0.5) / 100, line.cpu[1].low,
        background // 2, background - background // 2, line.cpu[3].high - 1, *(size * MB for size in line.heap),
        line.goal * MB, line.procs, stwprocs, (line.stacks or 0) * MB, (line.stacks or 0) * MB,
        (line.globals or 0) * MB, line.forced,
    )  # fmt: skip


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_every_recorded_line_of_real_go_is_written_again_byte_for_byte(sample: Path) -> None:
    real = lines(sample)
    form = FORM[sample.stem[-3:]]
    assert len(real) > 5 and form in FORMATS
    assert [format_gctrace(figures(parse(line)), form) for line in real] == real


# --- reading -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", SAMPLES, ids=lambda p: p.stem)
def test_every_line_of_a_sample_is_read_and_written_again(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.startswith("gc ")]
    assert [one.text() for one in parse_gctrace(text)] == lines and lines


@given(st.sampled_from(sorted(FORMATS)), st.integers(0, 10**12), st.integers(0, 10**12), st.booleans())
def test_what_is_written_is_read_back_to_equal_values(form: str, at: int, long: int, leaks: bool) -> None:
    cycle = replace(
        CYCLE, tSweepTerm=at, tMark=at + long % 977, tMarkTerm=at + long, tEnd=at + long + 5, goroutineLeakDone=leaks
    )
    line = format_gctrace(cycle, form)
    (one,) = parse_gctrace(f"noise\n{line}\nmore noise\n")
    assert one.text() == line and one.numgc == cycle.numgc and one.goal == cycle.lastHeapGoal // MB
    assert one.heap == tuple(x // MB for x in (cycle.heap0, cycle.heap1, cycle.heap2)) and one.forced
    assert (one.stacks == -1) == (form == "1.6") and one.leaks == (leaks and FORMATS[form].leaks)


@pytest.mark.parametrize("bad", ["", "nothing", "gc 1 @0.1s", "gc 1 @0.005s 2%: 1+1 ms clock", CLOCK])
def test_a_text_without_whole_lines_is_one_clear_error(bad: str) -> None:
    with pytest.raises(ConfigError, match="gctrace"):
        parse_gctrace(bad)


@given(st.text())
def test_garbage_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(ConfigError):
        parse_gctrace(text)
