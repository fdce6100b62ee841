"""The panels of chapters 0 to 2: which controls, what they set, which program they run, which figures it shows.

Ranges are chosen so that every combination runs, ends, and can be drawn while a slider is being dragged.
"""

from __future__ import annotations

from typing import Final

from gmp_lab.catalog import PATTERNS, WORKLOADS, backlog, callers, deep_calls, spawn, steady_mix, tour
from gmp_lab.widgets.chapter_controls import (
    BURST,
    CALL_RATE,
    GOMAXPROCS,
    GOROUTINES,
    LONG,
    MIXED,
    RUNNING,
    SEED,
    SYSCALL,
    SYSCALL_RATE,
    WAITS,
    count,
    procs,
    rungs,
    version,
)
from gmp_lab.widgets.chapter_sweeps import HAND_OFF, HOT_SPLIT, MODEL, OVERFLOW, THREADS
from gmp_lab.widgets.control import Choice, Control, Ladder, Switch
from gmp_lab.widgets.spec import LabSpec

BURSTS: Final = 20
MIX: Final = (
    f"main starts the goroutines and waits for all of them. Each computes {BURSTS} times; after a burst it makes a "
    "blocking system call, or else it meets its partner over a channel."
)

FIRST: Final = (
    LabSpec(
        name="00-start-here",
        title="A first run: goroutines on Ps",
        about=MIX,
        controls=(GOMAXPROCS, GOROUTINES),
        program=steady_mix,
        figures=("running goroutines", "idle", "scheduling latency, median", "steals", "threads, at most"),
        arguments={"bursts": BURSTS},
        config=LONG,
    ),
    LabSpec(
        name="01-gmp-model",
        title="Chapter 1: G, M and P",
        about=MIX,
        controls=(GOMAXPROCS, GOROUTINES, BURST, SYSCALL_RATE, SYSCALL, SEED),
        program=steady_mix,
        figures=MIXED,
        arguments={"bursts": BURSTS},
        config=LONG,
        views=("timeline", "queues", "cpu"),
        sweeps=(MODEL,),
    ),
    LabSpec(
        name="02-1-goroutine-and-stack",
        title="Chapter 2.1: the life of a goroutine, and its stack",
        about="Goroutines go some calls deep, call in a loop there, come back, sleep, dive again; then new ones do "
        "the same. Collections that main forces meanwhile halve stacks of which less than a quarter is used.",
        controls=(
            count("goroutines", "goroutines", 1, 16, 4, "How many of them dive"),
            Ladder(
                "depth",
                "recursion depth",
                (0, 5, 10, 15, 20, 30, 50, 100, 200, 500, 1000, 2000),
                50,
                ("program.depth",),
                "How many calls, one within the other",
            ),
            Control(
                "frame", "frame size", 8, 1024, 120, ("program.frame",), "Of each function", unit="bytes", step=8
            ),
            version("1.27", "1.1", "1.2", "1.4", "1.13", "1.19", "1.27"),
            Control(
                "loop_calls",
                "calls in a loop",
                0,
                500,
                0,
                ("program.loop_calls",),
                "At the deepest point: with linked segments (up to 1.2) each may need a new one (hot split)",
                step=10,
            ),
            Ladder(
                "initial",
                "initial stack",
                (0, 2, 4, 8, 16, 32, 64),
                0,
                ("config.initial_stack",),
                "What if a new goroutine got more than its Go version gives it",
                unit="KiB",
                factor=1024,
                special=((0, "as the version", None),),
            ),
            Control(
                "collections",
                "collections",
                0,
                5,
                3,
                ("program.collections",),
                "runtime.GC() in each round; 0: the collector is off, and no stack shrinks",
            ),
            Switch(
                "gcshrinkstackoff",
                "gcshrinkstackoff=1",
                False,
                ("config.gcshrinkstackoff",),
                "GODEBUG=gcshrinkstackoff=1: the collector runs, and shrinks no stacks",
            ),
            Switch(
                "adaptive",
                "adaptive initial stack",
                True,
                ("config.adaptivestackstart",),
                "GODEBUG=adaptivestackstart (1.19 and later): new goroutines start with the average stack in use",
            ),
        ),
        program=deep_calls,
        figures=("time", "stacks copied", "copied between stacks", "segments linked", "largest stack", "collections"),
        config=LONG,
        bursts=("goroutines", "depth"),
        views=("stacks", "states_g", "goroutines", "timeline"),
        sweeps=(HOT_SPLIT,),
    ),
    LabSpec(
        name="02-2-os-threads",
        title="Chapter 2.2: threads",
        about="Goroutines compute and then wait for the outside: in a system call, which blocks their thread, or for "
        "the network, which does not; the others call runtime.Gosched.",
        controls=(
            count("goroutines", "goroutines", 1, 500, 16, "How many there are"),
            CALL_RATE,
            Ladder(
                "call_us",
                "syscall duration",
                rungs(1, 100_000),
                500,
                ("program.call_us",),
                "Mean time of a wait",
                unit="us",
            ),
            Choice(
                "way",
                "they wait",
                ("system call", "network"),
                "system call",
                ("program.way",),
                "In a blocking system call, or in the network poller",
            ),
            procs(),
            SEED,
        ),
        program=callers,
        figures=(
            "threads, at most",
            "threads made (clone)",
            "threads woken (futex)",
            "threads put to sleep (futex)",
            "system calls",
            "calls that lost their P",
            "hand-offs",
            *RUNNING,
            *WAITS,
        ),
        arguments={"rounds": 10},
        config=LONG,
        bursts=("goroutines", "rounds"),
        views=("thread_states", "threads", "states_m", "timeline"),
        sweeps=(THREADS,),
    ),
    LabSpec(
        name="02-3-run-queues",
        title="Chapter 2.3: run queues",
        about="Many goroutines are started, each of which only computes for a moment. A ring holds 256 of them; what "
        "does not fit goes to the global queue, half a ring at a time.",
        controls=(
            Control(
                "goroutines", "goroutines", 1, 2000, 300, ("program.goroutines",), "How many are started", step=1
            ),
            Choice("pattern", "started", PATTERNS, "at once", ("program.pattern",), "Who starts them, and when"),
            procs(1),
            Control("task_us", "burst length", 1, 500, 20, ("program.task_us",), "That each computes", unit="us"),
        ),
        program=spawn,
        figures=("time", "longest ring", "longest global queue", "steals", "goroutines stolen", *WAITS),
        config=LONG,
        bursts=("goroutines",),
        views=("queues", "sources", "timeline", "steal_graph"),
        sweeps=(OVERFLOW,),
    ),
    LabSpec(
        name="02-4-states-and-trace",
        title="Chapter 2.4: states, and how to read a trace",
        about="One of eight small programs, to see what states its goroutines, Ps and threads go through.",
        controls=(
            Choice(
                "workload",
                "workload",
                tuple(WORKLOADS),
                "bursts, calls, meetings",
                ("program.workload",),
                "Which program is run",
            ),
            count("goroutines", "goroutines", 1, 64, 8, "That do its work"),
            procs(2),
        ),
        program=tour,
        figures=(*RUNNING, "in a system call, P kept", "executes", "preempted", "system calls", *WAITS),
        config=LONG,
        bursts=("goroutines",),
        views=("states_g", "states_p", "states_m", "goroutines", "timeline", "threads"),
    ),
    LabSpec(
        name="02-5-syscall-handoff",
        title="Chapter 2.5: system calls and hand-off",
        about="Some goroutines make blocking system calls of one length; others only want to compute. sysmon takes "
        "the P of a call away if it lasts too long and the P has work, and hands it to another thread.",
        controls=(
            count("callers", "callers", 1, 64, 4, "Goroutines that make system calls"),
            CALL_RATE,
            Ladder(
                "call_us",
                "syscall duration",
                rungs(1, 100_000),
                200,
                ("program.call_us",),
                "Of every call",
                unit="us",
            ),
            count("runnable", "runnable backlog", 0, 64, 8, "Goroutines that only want to compute"),
            procs(2),
            version("1.27", "1.0", "1.13", "1.19", "1.25", "1.27"),
            SEED,
        ),
        program=backlog,
        figures=(
            *RUNNING,
            "in a system call, P kept",
            "system calls",
            "calls that lost their P",
            "call until its P was taken, median",
            "hand-offs",
            "threads, at most",
            *WAITS,
        ),
        arguments={"rounds": 20},
        config=LONG,
        bursts=("callers", "rounds"),
        views=("timeline", "calls", "threads", "thread_states"),
        sweeps=(HAND_OFF,),
    ),
)
