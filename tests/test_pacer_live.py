"""The pacer beside real Go, there and then: fed with what GODEBUG=gcpacertrace=1 prints, it must answer the same."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise

import pytest
from gctrace_lines import LINE, Line, Range, parse
from pacers import MiB

from gmp_lab import gctrace, golang
from gmp_lab.runtime import mgcgoal, mgclimit, mgcpacer
from gmp_lab.runtime.goarith import MaxInt64, maxUint64
from gmp_lab.runtime.mgcfeedback import newController
from gmp_lab.runtime.mgcgoal import PACERS
from gmp_lab.runtime.mgcpacer import gcControllerState, gcTriggerHeap

pytestmark = pytest.mark.go

# A list of 12 MiB stays alive, 96 MiB of garbage go by; after each cycle the runtime's own figures are printed.
CHURN = """package main

import (
	"fmt"
	"runtime/metrics"
)

type node struct {
	next *node
	pad  [7]uint64
}

var keep, junk *node

func main() {
	names := []string{"/gc/cycles/total:gc-cycles", "/gc/heap/live:bytes", "/gc/heap/goal:bytes",
		"/gc/scan/stack:bytes", "/gc/scan/globals:bytes", "/gc/gogc:percent"}
	samples := make([]metrics.Sample, len(names))
	for i, name := range names {
		samples[i].Name = name
	}
	for range 12 << 20 / 64 {
		keep = &node{next: keep}
	}
	last := uint64(0)
	for i := range 96 << 20 / 64 {
		junk = &node{}
		if i%1024 == 0 {
			metrics.Read(samples[:1])
			if n := samples[0].Value.Uint64(); n != last {
				metrics.Read(samples)
				last = n
				for _, sample := range samples {
					fmt.Print(sample.Value.Uint64(), " ")
				}
				fmt.Println()
			}
		}
	}
}
"""

START = re.compile(r"pacer: assist ratio=(\S+) \(scan (\d+) MB in (\d+)->(\d+) MB\) workers=(\d+)\+(\S+)")
END = re.compile(
    r"pacer: (\d+)% CPU \(25 exp\.\) for (\d+)\+(\d+)\+(\d+) B work \((\d+) B exp\.\) in (\d+) B -> (\d+) B "
    r"\(∆goal (-?\d+), cons/mark (\S+)\)"
)


@dataclass
class Real:
    """What Go printed of one cycle."""

    line: Line
    ratio: float
    goal_mb: int
    workers: tuple[int, float]
    percent: int
    work: tuple[int, int, int]  # of heap, stacks, globals
    expected: int
    triggered: int
    live: int
    goal: int
    cons_mark: float  # before the cycle
    after: tuple[int, ...] = field(default=())  # metrics: live heap, goal, stacks, globals, GOGC


@cache
def cycles(procs: int, gogc: str, attempt: int) -> tuple[Real, ...]:
    """The whole cycles of a run of CHURN; each attempt is another run."""
    env = {"GODEBUG": "gctrace=1,gcpacertrace=1", "GOGC": gogc}
    run = golang.run_go(CHURN, gomaxprocs=procs, env=env, toolchain=golang.require_toolchain()).succeeded()
    seen = [tuple(map(int, line.split())) for line in run.stdout.splitlines()]
    after = {numbers[0]: numbers[1:] for numbers in seen}
    start = end = None
    found = []
    for text in run.stderr.splitlines():
        start, end = START.match(text) or start, END.match(text) or end
        if LINE.fullmatch(text) and start and end:  # the end of the program may cut the last line
            n, live, goal = parse(text), int(end[7]), int(end[7]) - int(end[8])
            found.append(
                Real(
                    n, float(start[1]), int(start[4]), (int(start[5]), float(start[6])), int(end[1]),
                    (int(end[2]), int(end[3]), int(end[4])), int(end[5]), int(end[6]), live, goal, float(end[9]),
                    after.get(n.numgc, ()),
                )
            )  # fmt: skip
            start = end = None
    return tuple(found)


def enough(check: Callable[[tuple[Real, ...]], int], procs: int, gogc: str = "100") -> bool:
    """Check runs until three cycles could be compared: on a busy machine a run has few that can be."""
    checked = 0
    for attempt in range(8):
        checked += check(cycles(procs, gogc, attempt))
        if checked >= 3:
            return True
    return False


def printed(x: float) -> float:
    """What of a float64 the toolchain's print shows: all of it in 1.27, in 1.23 and before the first 7 digits."""
    return x if golang.require_toolchain().numbers >= (1, 27) else float(f"{x:.6e}")


def fed(real: Real, procs: int) -> gcControllerState:
    """The controller at the start of a cycle, with the goal and the expected work that Go printed."""
    c = newController(version())
    c.init(100)
    c.gcPercentHeapGoal, c.lastHeapScan, c.heapLive = real.goal, real.expected, real.triggered
    c.startCycle(0, procs, gcTriggerHeap)
    return c


def version() -> str:
    """The pacer's row for the toolchain: the newest that is not newer."""
    numbers = golang.require_toolchain().numbers
    return max((go for go in PACERS if tuple(map(int, go.split("."))) <= numbers), key=lambda go: int(go[2:]))


@pytest.mark.parametrize("procs", range(1, 17))
def test_workers_and_the_first_assist_ratio_are_those_of_real_go_to_the_last_bit(procs: int) -> None:
    def check(run: tuple[Real, ...]) -> int:
        checked = 0
        for real in run:
            c = fed(real, procs)
            assert c.dedicatedMarkWorkersNeeded == real.workers[0]
            assert printed(c.fractionalUtilizationGoal) == real.workers[1]
            assert (real.line.procs, c.heapGoal() >> 20) == (procs, real.goal_mb)
            if real.triggered <= real.goal and real.expected:
                assert printed(c.assistWorkPerByte) == real.ratio
                checked += 1
        return checked

    assert enough(check, procs)


def committed(after: tuple[int, ...], heap_scan: int, cons_mark: float = 0.0) -> gcControllerState:
    """The controller after a cycle, with the runtime's own figures (metrics)."""
    live, _, stacks, globals_, percent = after
    c = newController(version())
    c.init(percent)
    c.heapScanWork, c.stackScanWork, c.globalsScan, c.consMark = heap_scan, stacks, globals_, cons_mark
    c.resetLive(live)
    c.commit(False)
    return c


@pytest.mark.parametrize(("procs", "gogc"), [(1, "100"), (2, "100"), (4, "100"), (2, "50"), (2, "30")])
def test_the_goal_after_each_cycle_is_that_of_real_go_to_the_byte(procs: int, gogc: str) -> None:
    def check(run: tuple[Real, ...]) -> int:
        seen = [real for real in run if real.after]
        for real in seen:
            _, goal, stacks, *_ = real.after
            assert (committed(real.after, real.work[0]).heapGoal(), stacks) == (goal, real.work[1])
        return len(seen)

    assert enough(check, procs, gogc)


@pytest.mark.parametrize(("procs", "gogc"), [(1, "100"), (2, "100"), (4, "100"), (2, "30")])
def test_real_go_starts_its_cycles_at_our_trigger(procs: int, gogc: str) -> None:
    def check(run: tuple[Real, ...]) -> int:
        checked = 0
        for before, now in pairwise(run):
            if not before.after or now.line.numgc != before.line.numgc + 1:
                continue
            trigger, _ = committed(before.after, before.work[0], now.cons_mark).trigger()
            # Memory is taken in spans, and others allocate while one starts the cycle: the heap is past the trigger.
            assert 0 <= now.triggered - trigger < MiB
            checked += 1
        return checked

    assert enough(check, procs, gogc)


def estimate(c: gcControllerState, real: Real, assist: int, idle: int, duration: int) -> float:
    """End a cycle with Go's figures and these times (ns); return what is expected for the next."""
    c.gcPercentHeapGoal, c.triggered, c.heapLive, c.markStartTime = real.goal, real.triggered, real.live, 0
    c.heapScanWork, c.stackScanWork, c.globalsScanWork = real.work
    c.assistTime, c.idleMarkTime = assist, idle
    c.endCycle(duration, real.line.procs)
    return c.consMark


@pytest.mark.parametrize("procs", [1, 2, 4, 8])
def test_the_estimate_of_real_go_lies_within_what_its_rounded_times_allow(procs: int) -> None:
    if PACERS[version()].cons_mark_pi:
        pytest.skip("before 1.20 a PI controller follows the estimate: install Go 1.20 or newer")

    def check(run: tuple[Real, ...]) -> int:
        low, high = newController(version()), newController(version())
        low.init(100)
        high.init(100)
        checked = 0
        for now, then in pairwise(run):
            first, marked = now.line.clock[:2]
            duration = Range(first.low + marked.low, first.high + marked.high)
            assist, idle = now.line.cpu[1], now.line.cpu[3]
            least = 25 + 100 * assist.low / (duration.high * procs)
            most = 25 + 100 * assist.high / (duration.low * procs)
            assert int(least) <= now.percent <= most
            # A cycle may print no estimate; and with all the CPU time for the GC the estimate has no bound.
            if now.line.numgc != checked + 1 or then.line.numgc != checked + 2 or most >= 100:
                break
            lowest = estimate(low, now, assist.low, idle.low, duration.high)
            highest = estimate(high, now, assist.high, idle.high, duration.low)
            assert lowest * (1 - 1e-9) <= then.cons_mark <= highest * (1 + 1e-9)
            checked += 1
        return checked

    assert enough(check, procs)


SETTINGS = """package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strconv"
)

var keep [][]byte

func main() {
	names := []string{"/gc/heap/live:bytes", "/gc/heap/goal:bytes", "/gc/scan/stack:bytes", "/gc/scan/globals:bytes",
		"/memory/classes/heap/free:bytes", "/memory/classes/heap/objects:bytes", "/memory/classes/total:bytes",
		"/memory/classes/heap/released:bytes"}
	samples := make([]metrics.Sample, len(names))
	for i, name := range names {
		samples[i].Name = name
	}
	for range 20 {
		keep = append(keep, make([]byte, 1<<20))
	}
	for _, arg := range os.Args[1:] {
		n, _ := strconv.ParseInt(arg[1:], 10, 64)
		runtime.GC()
		if arg[0] == 'g' {
			debug.SetGCPercent(int(n))
		} else {
			debug.SetMemoryLimit(n)
		}
		metrics.Read(samples)
		for _, sample := range samples {
			fmt.Print(sample.Value.Uint64(), " ")
		}
		fmt.Println()
	}
}
"""


def with_settings(*args: str) -> list[tuple[int, ...]]:
    run = golang.run_go(SETTINGS, gomaxprocs=2, args=args, toolchain=golang.require_toolchain()).succeeded()
    return [tuple(map(int, line.split())) for line in run.stdout.splitlines()]


def test_set_gc_percent_moves_the_goal_as_in_real_go() -> None:
    percents = [50, 400, 10, 1, 1000, 100]
    for percent, seen in zip(percents, with_settings(*(f"g{p}" for p in percents)), strict=True):
        live, goal, stacks, globals_ = seen[:4]
        c = newController(version())
        c.init(100)
        c.heapMarked = c.heapLive = live
        c.lastStackScan, c.globalsScan = stacks, globals_
        c.setGCPercent(percent)
        c.commit(True)  # runtime.GC() has swept
        assert c.heapGoal() == goal


def test_a_memory_limit_moves_the_goal_as_in_real_go() -> None:
    limits = [64 * MiB, 40 * MiB, 30 * MiB, 10 * MiB, MaxInt64]
    seen = with_settings("g-1", *(f"m{limit}" for limit in limits))[1:]
    for limit, (live, goal, _, _, free, objects, total, released) in zip(limits, seen, strict=True):
        c = newController(version())
        c.init(-1, limit)
        c.heapMarked = c.heapLive = live
        c.heapFree, c.totalAlloc, c.mappedReady = free, objects, total - released
        c.commit(True)
        assert c.gcPercentHeapGoal == maxUint64
        # Go sums up what is mapped and allocated at three moments; the parts are allocated in chunks of 64 KiB.
        assert abs(c.heapGoal() - goal) <= MiB


# --- the mirror beside its source --------------------------------------------------------------------------------


def go_lines() -> list[tuple[str, str]]:
    """File and symbol of every "Go:" line of the pacer's classes and functions."""
    found = []
    for module in (gctrace, mgcgoal, mgcpacer, mgclimit):
        for thing in vars(module).values():
            if inspect.isclass(thing) or inspect.isfunction(thing):
                docs = [thing.__doc__, *(m.__doc__ for m in vars(thing).values() if inspect.isfunction(m))]
                found += re.findall(r"Go: (\S+) (\S+) \(1\.27", "".join(doc or "" for doc in docs))
    return found


def test_every_go_line_of_the_pacer_resolves_in_the_installed_source() -> None:
    goroot = golang.require_toolchain("1.27").goroot
    lines = go_lines()
    assert len(lines) > 40
    assert [line for line in lines if golang.resolve_symbol(goroot, *line) is None] == []


CONSTANTS = [
    ("mgcpacer.go", r"gcBackgroundUtilization = 0\.25", mgcgoal.gcBackgroundUtilization == 0.25),
    ("mgcpacer.go", r"gcCreditSlack = 2000\b", mgcpacer.gcCreditSlack == 2000),
    ("mgcpacer.go", r"gcAssistTimeSlack = 5000\b", mgcpacer.gcAssistTimeSlack == 5000),
    ("mgcpacer.go", r"gcOverAssistWork = 64 << 10", mgcpacer.gcOverAssistWork == 64 << 10),
    ("mgcpacer.go", r"HeapMinimum512KiBInt\)\*\(4<<20\)", mgcgoal.defaultHeapMinimum == 4 << 20),
    ("mgcpacer.go", r"memoryLimitMinHeapGoalHeadroom = 1 << 20", mgcgoal.memoryLimitMinHeapGoalHeadroom == 1 << 20),
    ("mgcpacer.go", r"HeapGoalHeadroomPercent = 3\b", mgcgoal.memoryLimitHeapGoalHeadroomPercent == 3),
    ("mgcpacer.go", r"triggerRatioDen = 64\b", mgcgoal.triggerRatioDen == 64),
    ("mgcpacer.go", r"minTriggerRatioNum = 45\b", mgcgoal.minTriggerRatioNum == 45),
    ("mgcpacer.go", r"maxTriggerRatioNum = 61\b", mgcgoal.maxTriggerRatioNum == 61),
    ("mgcpacer.go", r"maxStackScanSlack = 8 << 10", mgcpacer.maxStackScanSlack == 8 << 10),
    ("mgc.go", r"sweepMinHeapDistance = 1024 \* 1024", mgcgoal.sweepMinHeapDistance == 1024 * 1024),
    ("mgclimit.go", r"gcCPULimiterUpdatePeriod = 10e6\b", mgclimit.gcCPULimiterUpdatePeriod == 10_000_000),
    ("mgclimit.go", r"capacityPerProc = 1e9\b", mgclimit.capacityPerProc == 1_000_000_000),
]


@pytest.mark.parametrize(("file", "pattern", "ours"), CONSTANTS, ids=[c[1] for c in CONSTANTS])
def test_a_constant_of_the_pacer_stands_in_the_installed_source(file: str, pattern: str, ours: bool) -> None:
    with open(f"{golang.require_toolchain('1.27').goroot}/src/runtime/{file}", encoding="utf-8") as source:
        assert ours and re.search(pattern, source.read())
