"""The panels of chapter 3: which controls, what they set, which program they run, which figures it shows.

Ranges are chosen so that every combination runs, ends, and can be drawn while a slider is being dragged.
"""

from __future__ import annotations

from typing import Final

from gmp_lab.catalog import allocators, skewed, steady_mix
from gmp_lab.config import STEALS
from gmp_lab.widgets.chapter_controls import (
    LONG,
    SEED,
    WAITS,
    count,
    procs,
    rungs,
    version,
)
from gmp_lab.widgets.chapter_sweeps import GOGC, SCALING, STEALING
from gmp_lab.widgets.control import Choice, Control, Ladder
from gmp_lab.widgets.spec import LabSpec

MIDDLE: Final = (
    LabSpec(
        name="03-1-from-gm-to-gmp",
        title="Chapter 3.1: from GM to GMP",
        about="Pairs of goroutines compute and meet. Go 1.0 has one queue under one lock; since 1.1 each P has one. "
        "What the lock costs is up to you: the model charges it for each goroutine from the global queue.",
        controls=(
            Control(
                "cores", "cores", 1, 32, 16, ("config.cores", "config.gomaxprocs"), "CPUs, and GOMAXPROCS with them"
            ),
            count("goroutines", "goroutines", 2, 400, 64, "In pairs that meet over a channel"),
            Ladder(
                "burst_us",
                "burst length",
                rungs(1, 500),
                5,
                ("program.burst_us",),
                "Mean time between two meetings",
                unit="us",
            ),
            Ladder(
                "lock_ns",
                "lock cost",
                (0, *rungs(10, 5000)),
                500,
                ("costs.sched_lock",),
                "How long the scheduler's lock is held for each goroutine from the global queue",
                unit="ns",
            ),
            version("1.0", "1.0", "1.1", "1.5", "1.27"),
            SEED,
        ),
        program=steady_mix,
        figures=(
            "time",
            "switches",
            "waiting for the scheduler's lock",
            "running goroutines",
            "scheduling",
            "steals",
            *WAITS,
        ),
        arguments={"bursts": 20, "syscall_percent": 0},
        config=LONG,
        views=("timeline", "queues", "sources", "states_p"),
        sweeps=(SCALING,),
    ),
    LabSpec(
        name="03-2-work-stealing",
        title="Chapter 3.2: work stealing",
        about="Tasks begin on one P or on all of them; who has none steals. What a thief takes can be changed, "
        "to see "
        "why Go takes half.",
        controls=(
            procs(4, 64),
            count("tasks", "tasks", 1, 2000, 200, "How many there are"),
            Control(
                "skew_percent",
                "skew",
                0,
                100,
                100,
                ("program.skew_percent",),
                "Share of the tasks that begin on one P",
                unit="%",
                step=5,
            ),
            Choice("steal", "a thief takes", STEALS, "half", ("config.steal",), "What of a victim's ring; Go: half"),
            Control("task_us", "task length", 1, 500, 50, ("program.task_us",), "Mean", unit="us"),
            Control(
                "spread_percent",
                "spread of lengths",
                0,
                100,
                0,
                ("program.spread_percent",),
                "How much longer or shorter a task can be",
                unit="%",
                step=5,
            ),
            SEED,
        ),
        program=skewed,
        figures=(
            "time",
            "time over the ideal",
            "busiest P over the average",
            "steals",
            "goroutines stolen",
            "spinning",
            *WAITS,
        ),
        config=LONG,
        bursts=("tasks",),
        views=("loads", "steal_graph", "steal_map", "timeline", "queues", "sources"),
        sweeps=(STEALING,),
    ),
    LabSpec(
        name="03-3-gc-assist",
        title="Chapter 3.3: the collector, and who helps it",
        about="Goroutines allocate garbage beside a live heap. Marking takes a quarter of the Ps, and who allocates "
        "meanwhile pays for it in work, with assists. A loop that cannot be stopped makes everybody wait for it.",
        controls=(
            Ladder(
                "gogc",
                "GOGC",
                (-1, 25, 50, 100, 200, 400, 800),
                100,
                ("config.gogc",),
                "How much garbage may come on top of what is live",
                unit="%",
                special=((-1, "off", -1),),
            ),
            Ladder(
                "gomemlimit",
                "GOMEMLIMIT",
                (0, 8, 16, 32, 64, 128, 256),
                0,
                ("config.gomemlimit",),
                "Memory beyond which the collector works harder",
                unit="MiB",
                factor=1 << 20,
                special=((0, "none", (1 << 63) - 1),),
            ),
            Control("live_mib", "live heap", 0, 32, 4, ("program.live_mib",), "That stays reachable", unit="MiB"),
            Ladder(
                "rate_mib_s",
                "allocation rate of each",
                rungs(10, 2000),
                500,
                ("program.rate_mib_s",),
                "If it did not have to wait",
                unit="MiB/s",
            ),
            count("allocators", "allocators", 1, 16, 2, "Goroutines that allocate"),
            procs(4),
            Ladder(
                "loop_ms",
                "loop beside them",
                (0, 1, 2, 5, 10, 20),
                0,
                ("program.loop_ms",),
                "One goroutine more computes in loops of this length",
                unit="ms",
                special=((0, "none", 0),),
            ),
            Choice(
                "loop",
                "that loop",
                ("can be stopped", "cannot be stopped"),
                "can be stopped",
                ("program.loop",),
                "By the signal, or not at all until its end",
                ("free", "nosplit"),
            ),
        ),
        program=allocators,
        figures=(
            "time",
            "collections",
            "assists",
            "time in assists",
            "stops of the world",
            "longest stop of the world",
            *WAITS,
        ),
        config=LONG,
        bursts=(),
        views=("heap", "cpu", "assists", "stops", "timeline", "goroutines"),
        sweeps=(GOGC,),
    ),
)
