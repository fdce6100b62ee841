"""What the panel of each chapter is: which controls, what they set, which program they run, which figures it shows.

Ranges are chosen so that every combination runs, ends, and can be drawn while a slider is being dragged.
"""

from __future__ import annotations

from typing import Final

from gmp_lab.catalog import (
    PATTERNS,
    WORKLOADS,
    allocators,
    backlog,
    callers,
    deep_calls,
    loops,
    service,
    skewed,
    spawn,
    steady_mix,
    tight_loops,
    tour,
    unsafe_loops,
)
from gmp_lab.config import STEALS
from gmp_lab.widgets.control import Choice, Control, Ladder, Switch
from gmp_lab.widgets.spec import LabSpec

_LONG: Final = {"until_ns": 60_000_000_000}  # longer than any of these runs, so that all of them end by themselves
_BURSTS: Final = 20
_MIX: Final = (
    f"main starts the goroutines and waits for all of them. Each computes {_BURSTS} times; after a burst it makes a "
    "blocking system call, or else it meets its partner over a channel."
)

# --- controls that several chapters have -----------------------------------------------------------------------


def procs(default: int = 4, high: int = 16) -> Control:
    """GOMAXPROCS."""
    said = "How many Ps there are: as many goroutines can compute at the same time"
    return Control("gomaxprocs", "GOMAXPROCS", 1, high, default, ("config.gomaxprocs",), said)


def count(name: str, label: str, low: int, high: int, default: int, said: str) -> Control:
    """A number of something that the program has."""
    return Control(name, label, low, high, default, (f"program.{name}",), said)


def version(default: str, *names: str) -> Choice:
    """The Go version whose rules hold."""
    return Choice("go", "Go version", names, default, ("config.go",), "Whose rules hold")


def rungs(low: int, high: int) -> tuple[int, ...]:
    """1, 2, 5, 10, 20, 50, ... from low to high."""
    return tuple(n * 10**k for k in range(8) for n in (1, 2, 5) if low <= n * 10**k <= high)


GOMAXPROCS: Final = procs()
GOROUTINES: Final = count("goroutines", "goroutines", 1, 500, 16, "How many goroutines main starts")
BURST: Final = Control(
    "burst_us", "burst length", 10, 1000, 50, ("program.burst_us",),
    "Mean time that a goroutine computes before it calls or meets", unit="us", step=10,
)  # fmt: skip
SYSCALL_RATE: Final = Control(
    "syscall_percent", "syscall rate", 0, 100, 20, ("program.syscall_percent",),
    "Share of the bursts that end in a blocking system call", unit="%",
)  # fmt: skip
SYSCALL: Final = Control(
    "syscall_us", "syscall duration", 10, 2000, 200, ("program.syscall_us",),
    "Mean time that a system call lasts", unit="us", step=10,
)  # fmt: skip
SEED: Final = Control(
    "seed", "seed", 0, 999, 1, ("config.seed", "program.seed"),
    "Another number gives another run of the same kind; the same number gives the same run",
)  # fmt: skip
CALL_RATE: Final = Control(
    "call_percent", "syscall rate", 0, 100, 50, ("program.call_percent",),
    "Share of the rounds in which a goroutine waits for the outside", unit="%",
)  # fmt: skip
NO_SIGNAL: Final = Switch(
    "asyncpreemptoff", "asyncpreemptoff=1", False, ("config.asyncpreemptoff",),
    "GODEBUG=asyncpreemptoff=1: no signal; only checks in function prologues stop a goroutine",
)  # fmt: skip


def loop_length(default: int, high: int = 1_000_000) -> Ladder:
    """How long a loop without a call runs."""
    said = "How long each loop runs without calling anything"
    return Ladder("loop_us", "loop length", rungs(1, high), default, ("program.loop_us",), said, unit="us")


_RUNNING: Final = ("time", "running goroutines", "idle")
_WAITS: Final = ("scheduling latency, median", "scheduling latency, p99")
_MIXED: Final = (
    "running goroutines", "in a system call, P kept", "idle", *_WAITS, "steals", "hand-offs", "longest ring",
    "longest global queue", "threads, at most",
)  # fmt: skip
_RESPONSES: Final = ("requests answered", "response, median", "response, p99", "response, p99.9")

CHAPTERS: Final = (
    LabSpec(
        name="00-start-here",
        title="A first run: goroutines on Ps",
        about=_MIX,
        controls=(GOMAXPROCS, GOROUTINES),
        program=steady_mix,
        figures=("running goroutines", "idle", "scheduling latency, median", "steals", "threads, at most"),
        arguments={"bursts": _BURSTS},
        config=_LONG,
    ),
    LabSpec(
        name="01-gmp-model",
        title="Chapter 1: G, M and P",
        about=_MIX,
        controls=(GOMAXPROCS, GOROUTINES, BURST, SYSCALL_RATE, SYSCALL, SEED),
        program=steady_mix,
        figures=_MIXED,
        arguments={"bursts": _BURSTS},
        config=_LONG,
    ),
    LabSpec(
        name="02-1-goroutine-and-stack",
        title="Chapter 2.1: the life of a goroutine, and its stack",
        about="Goroutines go some calls deep, call in a loop there, come back and sleep; this twice. In the meantime "
        "main forces collections, which halve stacks of which less than a quarter is used.",
        controls=(
            count("goroutines", "goroutines", 1, 32, 4, "How many of them dive"),
            Ladder(
                "depth", "recursion depth", (0, 5, 10, 15, 20, 30, 50, 100, 200, 500, 1000, 2000, 5000), 50,
                ("program.depth",), "How many calls, one within the other",
            ),
            Control("frame", "frame size", 8, 1024, 120, ("program.frame",), "Of each function", unit="bytes", step=8),
            version("1.27", "1.1", "1.2", "1.4", "1.13", "1.19", "1.27"),
            Control(
                "loop_calls", "calls in a loop", 0, 500, 0, ("program.loop_calls",),
                "At the deepest point: with linked segments (up to 1.2) each may need a new one (hot split)", step=10,
            ),
            Control("collections", "collections", 0, 5, 3, ("program.collections",), "runtime.GC() in each round"),
            Switch("adaptive", "adaptive initial stack", True, ("config.adaptivestackstart",),
                   "GODEBUG=adaptivestackstart (1.19 and later): new goroutines start with the average stack in use"),
        ),
        program=deep_calls,
        figures=("time", "stacks copied", "copied between stacks", "segments linked", "largest stack", "collections"),
        config=_LONG,
        bursts=("goroutines", "loop_calls"),
        views=("stacks", "states_g", "goroutines", "timeline"),
    ),
    LabSpec(
        name="02-2-os-threads",
        title="Chapter 2.2: threads",
        about="Goroutines compute and then wait for the outside: in a system call, which blocks their thread, or for "
        "the network, which does not; the others call runtime.Gosched.",
        controls=(
            count("goroutines", "goroutines", 1, 500, 16, "How many there are"),
            CALL_RATE,
            Ladder("call_us", "syscall duration", rungs(1, 100_000), 500, ("program.call_us",), "Mean time of a wait",
                   unit="us"),
            Choice("way", "they wait", ("system call", "network"), "system call", ("program.way",),
                   "In a blocking system call, or in the network poller"),
            procs(),
            SEED,
        ),
        program=callers,
        figures=("threads, at most", "system calls", "calls that lost their P", "hand-offs", *_RUNNING, *_WAITS),
        arguments={"rounds": 10},
        config=_LONG,
        bursts=("goroutines", "rounds"),
        views=("thread_states", "threads", "states_m", "timeline"),
    ),
    LabSpec(
        name="02-3-run-queues",
        title="Chapter 2.3: run queues",
        about="Many goroutines are started, each of which only computes for a moment. A ring holds 256 of them; what "
        "does not fit goes to the global queue, half a ring at a time.",
        controls=(
            Control("goroutines", "goroutines", 1, 2000, 300, ("program.goroutines",), "How many are started", step=1),
            Choice("pattern", "started", PATTERNS, "at once", ("program.pattern",), "Who starts them, and when"),
            procs(1),
            Control("task_us", "burst length", 1, 500, 20, ("program.task_us",), "That each computes", unit="us"),
        ),
        program=spawn,
        figures=("time", "longest ring", "longest global queue", "steals", "goroutines stolen", *_WAITS),
        config=_LONG,
        bursts=("goroutines",),
        views=("queues", "sources", "timeline", "steals"),
    ),
    LabSpec(
        name="02-4-states-and-trace",
        title="Chapter 2.4: states, and how to read a trace",
        about="One of eight small programs, to see what states its goroutines, Ps and threads go through.",
        controls=(
            Choice("workload", "workload", tuple(WORKLOADS), "bursts, calls, meetings", ("program.workload",),
                   "Which program is run"),
            count("goroutines", "goroutines", 1, 64, 8, "That do its work"),
            procs(2),
        ),
        program=tour,
        figures=(*_RUNNING, "in a system call, P kept", "executes", "preempted", "system calls", *_WAITS),
        config=_LONG,
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
            Ladder("call_us", "syscall duration", rungs(1, 100_000), 200, ("program.call_us",), "Of every call",
                   unit="us"),
            count("runnable", "runnable backlog", 0, 64, 8, "Goroutines that only want to compute"),
            procs(2),
            version("1.27", "1.0", "1.13", "1.19", "1.25", "1.27"),
            SEED,
        ),
        program=backlog,
        figures=(*_RUNNING, "in a system call, P kept", "system calls", "calls that lost their P",
                 "call until its P was taken, median", "hand-offs", "threads, at most", *_WAITS),
        arguments={"rounds": 20},
        config=_LONG,
        bursts=("callers", "rounds"),
        views=("timeline", "calls", "threads", "thread_states"),
    ),
    LabSpec(
        name="03-1-from-gm-to-gmp",
        title="Chapter 3.1: from GM to GMP",
        about="Pairs of goroutines compute and meet. Go 1.0 has one queue under one lock; since 1.1 each P has its own. "
        "What the lock costs is up to you: the model charges it for each goroutine from the global queue.",
        controls=(
            Control("cores", "cores", 1, 32, 8, ("config.cores", "config.gomaxprocs"),
                    "CPUs, and GOMAXPROCS with them"),
            count("goroutines", "goroutines", 2, 400, 64, "In pairs that meet over a channel"),
            Ladder("burst_us", "burst length", rungs(1, 500), 5, ("program.burst_us",), "Mean time between two meetings",
                   unit="us"),
            Ladder("lock_ns", "lock cost", (0, *rungs(10, 5000)), 500, ("costs.sched_lock",),
                   "How long the scheduler's lock is held for each goroutine from the global queue", unit="ns"),
            version("1.0", "1.0", "1.1", "1.5", "1.27"),
            SEED,
        ),
        program=steady_mix,
        figures=("time", "switches", "waiting for the scheduler's lock", "running goroutines", "scheduling", "steals",
                 *_WAITS),
        arguments={"bursts": 20, "syscall_percent": 0},
        config=_LONG,
        views=("timeline", "queues", "sources", "states_p"),
    ),
    LabSpec(
        name="03-2-work-stealing",
        title="Chapter 3.2: work stealing",
        about="Tasks begin on one P or on all of them; who has none steals. What a thief takes can be changed, to see "
        "why Go takes half.",
        controls=(
            procs(4, 64),
            count("tasks", "tasks", 1, 2000, 200, "How many there are"),
            Control("skew_percent", "skew", 0, 100, 100, ("program.skew_percent",),
                    "Share of the tasks that begin on one P", unit="%", step=5),
            Choice("steal", "a thief takes", STEALS, "half", ("config.steal",), "What of a victim's ring; Go: half"),
            Control("task_us", "task length", 1, 500, 50, ("program.task_us",), "Mean", unit="us"),
            Control("spread_percent", "spread of lengths", 0, 100, 0, ("program.spread_percent",),
                    "How much longer or shorter a task can be", unit="%", step=5),
            SEED,
        ),
        program=skewed,
        figures=("time", "time over the ideal", "busiest P over the average", "steals", "goroutines stolen", "spinning",
                 *_WAITS),
        config=_LONG,
        bursts=("tasks",),
        views=("steal_map", "timeline", "queues", "sources", "steals"),
    ),
    LabSpec(
        name="03-3-gc-assist",
        title="Chapter 3.3: the collector, and who helps it",
        about="Goroutines allocate garbage beside a live heap. Marking takes a quarter of the Ps, and whoever allocates "
        "faster than that has to assist. A loop that cannot be stopped makes everybody wait for it.",
        controls=(
            Ladder("gogc", "GOGC", (-1, 25, 50, 100, 200, 400, 800), 100, ("config.gogc",),
                   "How much garbage may come on top of what is live", unit="%", special=((-1, "off", -1),)),
            Ladder("gomemlimit", "GOMEMLIMIT", (0, 8, 16, 32, 64, 128, 256), 0, ("config.gomemlimit",),
                   "Memory beyond which the collector works harder", unit="MiB", factor=1 << 20,
                   special=((0, "none", (1 << 63) - 1),)),
            Control("live_mib", "live heap", 0, 32, 4, ("program.live_mib",), "That stays reachable", unit="MiB"),
            Ladder("rate_mib_s", "allocation rate of each", rungs(10, 2000), 500, ("program.rate_mib_s",),
                   "If it did not have to wait", unit="MiB/s"),
            count("allocators", "allocators", 1, 16, 2, "Goroutines that allocate"),
            procs(4),
            Ladder("loop_ms", "loop beside them", (0, 1, 2, 5, 10, 20), 0, ("program.loop_ms",),
                   "One goroutine more computes in loops of this length", unit="ms", special=((0, "none", 0),)),
            Choice("loop", "that loop", ("can be stopped", "cannot be stopped"), "can be stopped", ("program.loop",),
                   "By the signal, or not at all until its end", ("free", "nosplit")),
        ),
        program=allocators,
        figures=("time", "collections", "assists", "stops of the world", "longest stop of the world", *_WAITS),
        config=_LONG,
        bursts=(),
        views=("heap", "cpu", "timeline", "goroutines"),
    ),
    LabSpec(
        name="04-1-preemption-triggers",
        title="Chapter 4.1: when a goroutine can lose its P",
        about="Workers loop for a while and then give way or make a system call. Whether they are stopped before that "
        "depends on what the loop is made of, and on the Go version.",
        controls=(
            loop_length(20_000, 100_000),
            Control("calls", "calls per iteration", 0, 3, 0, ("program.calls",),
                    "Function calls in the loop: each begins with a check"),
            SYSCALL_RATE,
            version("1.27", "1.0", "1.1", "1.2", "1.13", "1.14", "1.19", "1.27"),
            NO_SIGNAL,
            procs(2),
            count("workers", "workers", 1, 32, 4, "Goroutines that loop"),
            SEED,
        ),
        program=loops,
        figures=("time", "preemptions asked for", "preempted", "signals", "asked to stop until stopped, median",
                 "system calls", *_WAITS),
        config=_LONG,
        bursts=("workers",),
        views=("timeline", "switches", "preemptions", "goroutines"),
    ),
    LabSpec(
        name="04-2-signal-preemption",
        title="Chapter 4.2: preemption by a signal",
        about="Loops that the signal can stop only outside their unsafe parts. A signal that comes at the wrong moment "
        "is lost, and sysmon asks again.",
        controls=(
            loop_length(30_000, 100_000),
            Control("unsafe_percent", "unsafe share", 0, 100, 50, ("program.unsafe_percent",),
                    "Of each 100 us of the loop: there it cannot be stopped", unit="%", step=5),
            Ladder("signal", "signal delivery", (100, *rungs(200, 1_000_000)), 1000, ("costs.signal",),
                   "From tgkill until the handler runs", unit="ns"),
            procs(1),
            count("hogs", "loops", 1, 16, 2, "Goroutines that loop"),
        ),
        program=unsafe_loops,
        figures=("time", "preemptions asked for", "signals", "preempted", "asked to stop until stopped, median",
                 "asked to stop until stopped, longest", *_WAITS),
        config=_LONG,
        bursts=("hogs",),
        views=("preemptions", "timeline", "goroutines", "switches"),
    ),
    LabSpec(
        name="04-3-tight-loops",
        title="Chapter 4.3: tight loops",
        about="Loops without a call run beside victims that sleep 1 ms and need 100 us, ten times. Since 1.14 a signal "
        "stops such a loop after 10 ms; before, everybody waited for its end.",
        controls=(
            loop_length(50_000),
            count("hogs", "hogs", 0, 8, 1, "Goroutines that loop for ever"),
            count("victims", "victims", 1, 16, 2, "Goroutines that need little"),
            procs(1, 8),
            version("1.27", "1.13", "1.14", "1.19", "1.27"),
            NO_SIGNAL,
            Switch("stops", "stops of the world", False, ("program.stops",),
                   "A goroutine more calls runtime.ReadMemStats every 5 ms"),
        ),
        program=tight_loops,
        figures=("time", *_WAITS, "scheduling latency, maximum", "preempted", "stops of the world",
                 "longest stop of the world"),
        config=_LONG,
        bursts=(),
        views=("timeline", "goroutines", "latencies", "states_g"),
    ),
    LabSpec(
        name="04-4-latency",
        title="Chapter 4.4: latency of a service",
        about="Requests arrive at random for 200 ms, each a goroutine; loops without calls run beside them. What a "
        "request waits for is the sum of many small things, and the tail comes from the rare ones.",
        controls=(
            Ladder("arrivals_per_s", "arrival rate", rungs(100, 10_000), 1000, ("program.arrivals_per_s",),
                   "Requests, on average", unit="per s"),
            Ladder("service_us", "service time", rungs(10, 2000), 200, ("program.service_us",), "Mean", unit="us"),
            count("hogs", "hogs", 0, 8, 1, "Goroutines that loop for ever"),
            loop_length(20_000, 200_000),
            SYSCALL_RATE,
            procs(2),
            Control("cores", "cores", 1, 16, 2, ("config.cores",), "CPUs of the machine"),
            SEED,
        ),
        program=service,
        figures=(*_RESPONSES, *_WAITS, "scheduling latency, maximum", "running goroutines", "preempted"),
        config=_LONG,
        bursts=(),
        views=("latencies", "timeline", "switches", "states_g"),
    ),
    LabSpec(
        name="05-production",
        title="Chapter 5: in a container",
        about="The same service where the group's CPU time is limited: what it has used up early, all its threads wait "
        "for until the next period begins.",
        controls=(
            Ladder("quota_us", "CPU quota", (0, 50, 100, 150, 200, 300, 400, 800), 200, ("config.quota_us",),
                   "Of one CPU, in each period of 100 ms", unit="% of a CPU", factor=1000,
                   special=((0, "no limit", None),)),
            Control("cores", "cores of the host", 1, 32, 8, ("config.cores",), "CPUs of the machine"),
            Ladder("gomaxprocs", "GOMAXPROCS", (0, 1, 2, 4, 8, 16, 32), 8, ("config.gomaxprocs",),
                   "auto: what Go takes, by itself", special=((0, "auto", None),)),
            version("1.27", "1.19", "1.25", "1.27"),
            Ladder("arrivals_per_s", "load", rungs(100, 20_000), 5000, ("program.arrivals_per_s",),
                   "Requests of 400 us, on average", unit="per s"),
            SEED,
        ),
        program=service,
        figures=("throttled", *_RESPONSES, *_WAITS, "running goroutines", "waiting for a core", "threads, at most"),
        arguments={"service_us": 400, "hogs": 0, "ms": 500},
        config=_LONG,
        bursts=(),
        views=("throttling", "timeline", "latencies", "threads"),
    ),
)  # fmt: skip
