"""gctrace: the line that GODEBUG=gctrace=1 prints at the end of a collection, written as Go writes it.

What the numbers mean: ``gc 5 @0.151s 0%: 0.15+0.16+0.002 ms clock, 0.30+0/0.11/0.069+0.004 ms cpu, 64->64->64 MB,
72 MB goal, 0 MB stacks, 0 MB globals, 2 P (forced)`` is cycle 5, 151 ms after the start, with none of the CPU time
so far spent on collections; the first stop, marking, the second stop; the CPU time of the first stop, of assists, of
background workers, of idle workers, of the second stop; the heap at the trigger, at the end of marking, what of it is
marked, and what had been aimed at.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple

from gmp_lab.errors import ConfigError


@dataclass(frozen=True, slots=True)
class GCTraceFormat:
    """What the line of one Go version holds besides what all hold; ``stacks`` names the field that it prints."""

    stacks: str = ""  # gcController's "lastStackScan" or "maxStackScan"; "": neither stacks nor globals
    leaks: bool = False  # " (checking for goroutine leaks)" after the percentage


#: by the first version whose source was read to have it; 1.6 to 1.17 from the source of 1.17
FORMATS: Final[dict[str, GCTraceFormat]] = {
    "1.6": GCTraceFormat(),
    "1.19": GCTraceFormat(stacks="maxStackScan"),
    "1.23": GCTraceFormat(stacks="lastStackScan"),
    "1.27": GCTraceFormat(stacks="lastStackScan", leaks=True),
}


@dataclass(frozen=True, slots=True)
class GCCycle:
    """One collection.  Times in ns, the first four since runtimeInitTime; sizes in bytes; Go's names."""

    numgc: int  # the number of this cycle, from 1
    tSweepTerm: int  # the first stop of the world begins
    tMark: int  # and ends: marking begins
    tMarkTerm: int  # marking ends, the second stop begins
    tEnd: int  # and ends
    gc_cpu_fraction: float  # share of all CPU time since the start, without idle marking
    assistTime: int
    dedicatedMarkTime: int
    fractionalMarkTime: int
    idleMarkTime: int
    heap0: int  # heapLive when the cycle began
    heap1: int  # heapLive when marking ended
    heap2: int  # bytes marked
    lastHeapGoal: int
    maxprocs: int  # GOMAXPROCS
    stwprocs: int  # the same, but at most the number of CPUs
    lastStackScan: int = 0
    maxStackScan: int = 0
    globalsScan: int = 0
    userForced: bool = False  # runtime.GC()
    goroutineLeakDone: bool = False  # the cycle looked for leaked goroutines

    def __post_init__(self) -> None:
        times = (0, self.tSweepTerm, self.tMark, self.tMarkTerm, self.tEnd)
        if any(later < earlier for earlier, later in pairwise(times)):
            raise ConfigError("tSweepTerm, tMark, tMarkTerm, tEnd", times[1:], "times from 0 on, in this order")
        for name in ("numgc", "assistTime", "dedicatedMarkTime", "fractionalMarkTime", "idleMarkTime", "heap0",
                     "heap1", "heap2", "lastHeapGoal", "maxprocs", "stwprocs", "lastStackScan", "maxStackScan",
                     "globalsScan"):  # fmt: skip
            if getattr(self, name) < 0:
                raise ConfigError(name, getattr(self, name), "0 or more")


def itoaDiv(val: int, dec: int) -> str:
    """val / 10**dec in decimals, exactly dec of them.

    Go: runtime/mgc.go itoaDiv (1.27.3)
    Differs: returns a string instead of filling a buffer.
    """
    digits = str(val).rjust(dec + 1, "0")
    return f"{digits[:-dec]}.{digits[-dec:]}" if dec else digits


def fmtNSAsMS(ns: int) -> str:
    """ns in ms: whole from 10 ms on, below it cut (not rounded) to two digits and at most three decimals.

    Go: runtime/mgc.go fmtNSAsMS (1.27.3)
    Differs: returns a string instead of filling a buffer.
    """
    if ns >= 10_000_000:
        return itoaDiv(ns // 1_000_000, 0)
    x = ns // 1000
    if x == 0:
        return "0"
    dec = 3
    while x >= 100:
        x //= 10
        dec -= 1
    return itoaDiv(x, dec)


def format_gctrace(cycle: GCCycle, form: str) -> str:
    """Write the line byte for byte, without the newline; form is one of FORMATS.  ConfigError for another form."""
    if form not in FORMATS:
        raise ConfigError("form", form, "one of " + ", ".join(FORMATS))
    shape = FORMATS[form]
    c = cycle
    leaks = " (checking for goroutine leaks)" if shape.leaks and c.goroutineLeakDone else ""
    head = f"gc {c.numgc} @{itoaDiv(c.tSweepTerm // 1_000_000, 3)}s {int(c.gc_cpu_fraction * 100)}%{leaks}: "
    stop1, mark, stop2 = c.tMark - c.tSweepTerm, c.tMarkTerm - c.tMark, c.tEnd - c.tMarkTerm
    clock = "+".join(map(fmtNSAsMS, (stop1, mark, stop2)))
    marking = (c.assistTime, c.dedicatedMarkTime + c.fractionalMarkTime, c.idleMarkTime)
    cpu = "+".join((fmtNSAsMS(c.stwprocs * stop1), "/".join(map(fmtNSAsMS, marking)), fmtNSAsMS(c.stwprocs * stop2)))
    heap = f"{c.heap0 >> 20}->{c.heap1 >> 20}->{c.heap2 >> 20} MB, {c.lastHeapGoal >> 20} MB goal, "
    roots = ""
    if shape.stacks:
        stacks = c.maxStackScan if shape.stacks == "maxStackScan" else c.lastStackScan
        roots = f"{stacks >> 20} MB stacks, {c.globalsScan >> 20} MB globals, "
    forced = " (forced)" if c.userForced else ""
    return f"{head}{clock} ms clock, {cpu} ms cpu, {heap}{roots}{c.maxprocs} P{forced}"


# --- reading ------------------------------------------------------------------------------------------------------

_MS: Final = r"(\d{1,15}(?:\.\d{1,3})?)"
_LINE: Final = re.compile(
    rf"gc (\d{{1,10}}) @(\d{{1,12}}\.\d{{3}})s (\d{{1,3}})%( \(checking for goroutine leaks\))?: "
    rf"{_MS}\+{_MS}\+{_MS} ms clock, {_MS}\+{_MS}/{_MS}/{_MS}\+{_MS} ms cpu, "
    r"(\d{1,9})->(\d{1,9})->(\d{1,9}) MB, (\d{1,12}) MB goal, (?:(\d{1,9}) MB stacks, (\d{1,9}) MB globals, )?"
    r"(\d{1,5}) P( \(forced\))?",
    re.ASCII,
)


class GCTraceLine(NamedTuple):
    """A line as it was printed: numbers keep the digits that they had, as text; sizes in MB.

    ``clock``: ms of the first stop, of marking, of the second stop; ``cpu``: ms of CPU time of the first stop, of
    assists, of background workers, of idle workers, of the second stop; ``heap``: MB at the trigger, at the end of
    marking, and marked.  ``stacks`` and ``globals`` are -1 where the version prints none.
    """

    numgc: int
    at_s: str
    percent: int
    clock: tuple[str, str, str]
    cpu: tuple[str, str, str, str, str]
    heap: tuple[int, int, int]
    goal: int
    stacks: int
    globals: int
    procs: int
    forced: bool
    leaks: bool

    def text(self) -> str:
        """The line again, byte for byte."""
        first, *marking, last = self.cpu
        roots = f"{self.stacks} MB stacks, {self.globals} MB globals, " if self.stacks >= 0 else ""
        forced = " (forced)" if self.forced else ""
        return (
            f"gc {self.numgc} @{self.at_s}s {self.percent}%{' (checking for goroutine leaks)' * self.leaks}: "
            f"{'+'.join(self.clock)} ms clock, {first}+{'/'.join(marking)}+{last} ms cpu, "
            f"{'->'.join(map(str, self.heap))} MB, {self.goal} MB goal, {roots}{self.procs} P{forced}"
        )


def parse_gctrace(text: str) -> list[GCTraceLine]:
    """Read the gctrace lines out of a program's stderr, of any version; what is no such line is passed over.

    Raises ConfigError for a text without any, and for a line that begins like one and is broken.
    """
    lines = []
    for number, line in enumerate(text.split("\n"), 1):
        if re.match(r"gc \d+ @", line):
            lines.append(_parsed(line.rstrip("\r"), number))
    if not lines:
        raise ConfigError("gctrace", text[:60], "text with at least one line such as 'gc 1 @0.005s 2%: ...'")
    return lines


def _parsed(line: str, number: int) -> GCTraceLine:
    found = _LINE.fullmatch(line)
    if found is None:
        raise ConfigError("gctrace", line[:80], f"a whole line as GODEBUG=gctrace=1 prints it (line {number} is not)")
    numgc, at, percent, leaks, *rest = found.groups()
    t, heap, (goal, stacks, globals_, procs, forced) = rest[:8], rest[8:11], rest[11:]
    return GCTraceLine(
        int(numgc), at, int(percent), (t[0], t[1], t[2]), (t[3], t[4], t[5], t[6], t[7]),
        (int(heap[0]), int(heap[1]), int(heap[2])), int(goal), -1 if stacks is None else int(stacks),
        -1 if globals_ is None else int(globals_), int(procs), forced is not None, leaks is not None,
    )  # fmt: skip
