"""The sweeps that the panels offer: what happens if one control is turned all the way, for a few values of another.

They are small enough to be waited for: some hundred runs each, and Cancel keeps what is done.
"""

from __future__ import annotations

from typing import Final

from gmp_lab.config import STEALS
from gmp_lab.widgets.chapter_controls import rungs
from gmp_lab.widgets.sweepspec import SweepSpec

MODEL: Final = SweepSpec(
    "more Ps", "gomaxprocs", (1, 2, 3, 4, 6, 8, 12, 16), ("time", "running goroutines", "steals", "threads, at most"),
    by="syscall_percent", by_values=(0, 20, 60),
)  # fmt: skip
HOT_SPLIT: Final = SweepSpec(
    "the hot split: what 200 calls in a loop cost at each depth", "depth", tuple(range(20, 81, 2)),
    ("time computed", "segments linked", "copied between stacks"), by="go", by_values=("1.1", "1.2", "1.27"),
    fixed={"loop_calls": 200}, seeds=1,
)  # fmt: skip
THREADS: Final = SweepSpec(
    "threads for more goroutines", "goroutines", (1, 2, 5, 10, 20, 50, 100, 200),
    ("threads, at most", "threads made (clone)", "threads woken (futex)", "time"),
    by="way", by_values=("system call", "network"), log=True,
)  # fmt: skip
OVERFLOW: Final = SweepSpec(
    "longer and longer queues", "goroutines", (50, 100, 200, 250, 300, 400, 600, 1000, 2000),
    ("longest global queue", "longest ring", "time"), by="pattern", by_values=("at once", "as a tree"),
)  # fmt: skip
HAND_OFF: Final = SweepSpec(
    "hand-off over the length of a call", "call_us", rungs(5, 50_000),
    ("call until its P was taken, median", "calls that lost their P", "hand-offs", "running goroutines"),
    by="go", by_values=("1.13", "1.25", "1.27"), log=True,
)  # fmt: skip
SCALING: Final = SweepSpec(
    "throughput over cores, where the lock is held for 2 us", "cores", (1, 2, 4, 8, 12, 16, 24, 32),
    ("switches", "waiting for the scheduler's lock", "time", "running goroutines"),
    by="go", by_values=("1.0", "1.1", "1.27"), fixed={"lock_ns": 2000},
)  # fmt: skip
STEALING: Final = SweepSpec(
    "makespan over Ps, for each way to steal", "gomaxprocs", (1, 2, 4, 8, 16, 32, 64),
    ("time", "time over the ideal", "steals", "goroutines stolen"), by="steal", by_values=STEALS,
    log=True, log_y=True,
)  # fmt: skip
GOGC: Final = SweepSpec(
    "the price of GOGC", "gogc", (25, 50, 100, 200, 400, 800),
    ("collections", "time in assists", "running goroutines", "longest stop of the world"),
    by="allocators", by_values=(1, 4), log=True, seeds=5,
)  # fmt: skip
TRIGGERS: Final = SweepSpec(
    "what stops a loop, in each version", "go", ("1.0", "1.1", "1.2", "1.13", "1.14", "1.19", "1.27"),
    ("preempted", "preemptions asked for", "signals", "time", "scheduling latency, maximum"),
    by="calls", by_values=(0, 1), fixed={"asyncpreemptoff": False},
)  # fmt: skip
UNSAFE: Final = SweepSpec(
    "requests over the unsafe share", "unsafe_percent", tuple(range(0, 101, 10)),
    ("asked to stop until stopped, longest", "asked to stop until stopped, median", "signals", "preempted"),
)  # fmt: skip
VICTIMS: Final = SweepSpec(
    "what victims wait over the length of a loop", "loop_us", rungs(10, 1_000_000),
    ("scheduling latency, maximum", "scheduling latency, p99", "longest stop of the world", "time"),
    by="go", by_values=("1.13", "1.27"), log=True, log_y=True, seeds=4,
)  # fmt: skip
LOAD: Final = SweepSpec(
    "the tail over the load", "arrivals_per_s", rungs(200, 10_000),
    ("response, p99", "response, median", "response, p99.9", "running goroutines"),
    by="hogs", by_values=(0, 1, 2), log=True, log_y=True,
)  # fmt: skip
QUOTA: Final = SweepSpec(
    "GOMAXPROCS under a quota", "gomaxprocs", (1, 2, 3, 4, 6, 8, 16, 32),
    ("response, p99", "error budget used", "throttled", "CPU time a response", "threads, at most"),
    by="quota_us", by_values=(100, 200, 400), log_y=True, seeds=4,
)  # fmt: skip
COST: Final = SweepSpec(
    "the cost of over-provisioning", "quota_us", (100, 150, 200, 300, 400, 600, 800),
    ("error budget used", "response, p99", "throttled", "CPU time a response"), seeds=4,
)  # fmt: skip
