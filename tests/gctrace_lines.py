"""Reads gctrace lines for the tests: the figures of a line, each as the range of values that is printed so."""

from __future__ import annotations

import re
from typing import NamedTuple

MB = 1 << 20
MS = r"(\d+(?:\.\d+)?)"
LINE = re.compile(
    rf"gc (\d+) @(\d+)\.(\d{{3}})s (\d+)%: {MS}\+{MS}\+{MS} ms clock, {MS}\+{MS}/{MS}/{MS}\+{MS} ms cpu, "
    r"(\d+)->(\d+)->(\d+) MB, (\d+) MB goal, (?:(\d+) MB stacks, (\d+) MB globals, )?(\d+) P( \(forced\))?"
)


class Range(NamedTuple):
    """Whole numbers from low up to high, high left out."""

    low: int
    high: int

    def both(self, other: Range) -> Range:
        return Range(max(self.low, other.low), min(self.high, other.high))

    def over(self, n: int) -> Range:
        """The numbers whose n-fold lies here."""
        return Range(-(-self.low // n), -(-self.high // n))


class Line(NamedTuple):
    """A line of gctrace; times as ranges of ns, sizes in MB."""

    numgc: int
    at_ms: int
    percent: int
    clock: tuple[Range, ...]  # first stop, marking, second stop
    cpu: tuple[Range, ...]  # first stop, assists, background, idle, second stop
    heap: tuple[int, ...]
    goal: int
    stacks: int | None
    globals: int | None
    procs: int
    forced: bool


def milliseconds(text: str) -> Range:
    """The ns that fmtNSAsMS prints so: it cuts, so the range begins at the number."""
    digits = len(text.partition(".")[2])
    step = 10 ** (6 - digits) if float(text) else 1000
    low = int(text.replace(".", "")) * 10 ** (6 - digits)
    return Range(low, low + step)


def parse(line: str) -> Line:
    found = LINE.fullmatch(line)
    assert found, line
    numgc, s, ms, percent, *times, heap0, heap1, heap2, goal, stacks, globals_, procs, forced = found.groups()
    ranges = tuple(milliseconds(t) for t in times)
    return Line(
        int(numgc), int(s) * 1000 + int(ms), int(percent), ranges[:3], ranges[3:],
        (int(heap0), int(heap1), int(heap2)), int(goal), stacks and int(stacks), globals_ and int(globals_),
        int(procs), forced is not None,
    )  # fmt: skip
