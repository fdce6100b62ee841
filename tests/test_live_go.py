"""The simulation against real Go, run there and then; and the mirror against the installed source."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from statistics import median

import pytest
import scenes

from gmp_lab import golang, params
from gmp_lab import runtime as mirror

pytestmark = pytest.mark.go
PHASES = range(-2, 4)  # where a process stands in its 61 ticks differs from run to run by a little


def real_order(n: int, k: int) -> list[int]:
    return list(golang.run_live("order", golang.require_toolchain(), n=n, k=k).numbers)


@pytest.mark.parametrize("n", [10, 257, 258, 300, 600, 1000])
def test_n_goroutines_started_on_one_p_run_in_the_order_of_real_go(n: int) -> None:
    simulated = [scenes.order(n, 5 + phase) for phase in PHASES]
    # A preemption of main's loop, or its P lost in a system call at start-up, spoils about one run in ten.
    assert any(real_order(n, 5) in simulated for _ in range(4))


@pytest.mark.parametrize("n", [2, 5, 17, 100, 256])
def test_a_thief_runs_what_it_steals_in_the_order_of_real_go(n: int) -> None:
    simulated = scenes.steal_order(n)
    toolchain = golang.require_toolchain()
    assert any(list(golang.run_live("steal", toolchain, n=n).numbers) == simulated for _ in range(6))


HOGS = """package main

import (
	"fmt"
	"sync/atomic"
	"time"
)

func main() {
	var current atomic.Int32
	stop := time.Now().Add(600 * time.Millisecond)
	done := make(chan bool)
	var lengths []time.Duration
	last := time.Now()
	for i := range 3 {
		go func() {
			for {
				if current.Load() != int32(i) {
					current.Store(int32(i))
					now := time.Now()
					lengths = append(lengths, now.Sub(last))
					last = now
					if now.After(stop) {
						done <- true
					}
				}
			}
		}()
	}
	<-done
	for _, l := range lengths {
		fmt.Print(l.Microseconds(), " ")
	}
}
"""


def test_a_slice_of_real_go_is_two_ticks_of_sysmon_as_simulated() -> None:
    run = golang.run_go(HOGS, gomaxprocs=1, env={"GOGC": "off"})
    real = median(int(us) / 10_000 for us in run.stdout.split()[4:])
    simulated = median(length for _, length in scenes.hog_slices(3, "free", dur_ms=600)[4:])
    assert abs(real - simulated) < 0.35  # a slice of one tick, or of three, would be 1.0 away


# --- the mirror beside its source --------------------------------------------------------------------------------


def go_lines() -> list[tuple[str, str, str]]:
    """(our function, file, symbol) of every "Go:" line in the mirror."""
    found = []
    for info in pkgutil.iter_modules(mirror.__path__):
        module = importlib.import_module(f"gmp_lab.runtime.{info.name}")
        for name, thing in vars(module).items():
            if inspect.isfunction(thing) and thing.__module__ == module.__name__:
                for file, symbol in re.findall(r"Go: (\S+) (\S+) \(", thing.__doc__ or ""):
                    found.append((f"{info.name}.{name}", file, symbol))
    return found


def test_every_go_line_of_the_mirror_resolves_in_the_installed_source() -> None:
    goroot = golang.require_toolchain("1.27").goroot
    lines = go_lines()
    lost = [line for line in lines if golang.resolve_symbol(goroot, line[1], line[2]) is None]
    assert len(lines) > 60 and lost == []


CONSTANTS = [
    ("runtime/proc.go", r"forcePreemptNS = 10 \* 1000 \* 1000", params.forcePreemptNS == 10_000_000),
    ("runtime/runtime2.go", r"runq +\[256\]guintptr", params.runqsize == 256),
    ("runtime/proc.go", r"schedtick%61 == 0", params.schedtickGlobal == 61),
    ("runtime/proc.go", r"globrunqgetbatch\(int32\(len\(pp\.runq\)\) / 2\)", params.globrunqBatch == 128),
    ("runtime/proc.go", r"const stealTries = 4", params.stealTries == 4),
    ("runtime/proc.go", r"delay = 20\b", params.sysmonMinDelay == 20_000),
    ("runtime/proc.go", r"delay = 10 \* 1000", params.sysmonMaxDelay == 10_000_000),
    ("runtime/proc.go", r"idle > 50 ", params.sysmonIdleRounds == 50),
    ("runtime/proc.go", r"usleep\(3\)", params.stealSleepUs == 3),
    ("runtime/proc.go", r"sched\.maxmcount = 10000", params.maxmcount == 10_000),
    ("runtime/lock_spinbit.go", r"\bactive_spin += 4\b", params.active_spin == 4),
    ("internal/sync/mutex.go", r"starvationThresholdNs = 1e6", params.starvationThresholdNs == 1_000_000),
    ("sync/rwmutex.go", r"rwmutexMaxReaders = 1 << 30", params.rwmutexMaxReaders == 1 << 30),
    ("internal/abi/stack.go", r"StackSmall = 128", params.StackSmall == 128),
    ("internal/abi/stack.go", r"StackNosplitBase = 800", params.VERSIONS["1.27"].stack_guard == 800 + 128),
    ("runtime/stack.go", r"stackMin = 2048", params.version("1.27").stack_min == 2048),
    ("runtime/malloc.go", r"_StackCacheSize = 32 \* 1024", params.stackCacheSize == 32 * 1024),
    ("runtime/proc.go", r"maxstacksize = 1000000000", params.maxstacksize == 1_000_000_000),
    ("runtime/proc.go", r"gFree\.size >= 64", params.gFreeMost == 64),
    ("runtime/proc.go", r"gFree\.size < 32", params.gFreeKept == 32),
    ("runtime/proc.go", r"totalSize := uintptr\(4\*goarch\.PtrSize", params.stackEntry == 4 * 8),
]


@pytest.mark.parametrize(("file", "pattern", "ours"), CONSTANTS, ids=[c[1] for c in CONSTANTS])
def test_a_constant_stands_in_the_installed_source_as_in_ours(file: str, pattern: str, ours: bool) -> None:
    with open(f"{golang.require_toolchain('1.27').goroot}/src/{file}", encoding="utf-8") as source:
        assert ours and re.search(pattern, source.read())
