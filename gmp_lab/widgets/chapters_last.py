"""The panels of chapters 4 and 5: which controls, what they set, which program they run, which figures it shows.

Ranges are chosen so that every combination runs, ends, and can be drawn while a slider is being dragged.
"""

from __future__ import annotations

from typing import Final

from gmp_lab.catalog import loops, service, tight_loops, unsafe_loops
from gmp_lab.widgets.chapter_controls import (
    LONG,
    NO_SIGNAL,
    RESPONSES,
    SEED,
    SYSCALL_RATE,
    WAITS,
    count,
    loop_length,
    procs,
    rungs,
    version,
)
from gmp_lab.widgets.chapter_sweeps import COST, LOAD, QUOTA, TRIGGERS, UNSAFE, VICTIMS
from gmp_lab.widgets.control import Control, Ladder, Switch
from gmp_lab.widgets.spec import LabSpec

LAST: Final = (
    LabSpec(
        name="04-1-preemption-triggers",
        title="Chapter 4.1: when a goroutine can lose its P",
        about="Workers loop for a while and then give way or make a system call. Whether they are stopped before "
        "that "
        "depends on what the loop is made of, and on the Go version.",
        controls=(
            loop_length(20_000, 100_000),
            Control(
                "calls",
                "calls per iteration",
                0,
                3,
                0,
                ("program.calls",),
                "Function calls in the loop: each begins with a check",
            ),
            SYSCALL_RATE,
            version("1.27", "1.0", "1.1", "1.2", "1.13", "1.14", "1.19", "1.27"),
            NO_SIGNAL,
            procs(2),
            count("workers", "workers", 1, 32, 4, "Goroutines that loop"),
            SEED,
        ),
        program=loops,
        figures=(
            "time",
            "preemptions asked for",
            "preempted",
            "signals",
            "asked to stop until stopped, median",
            "system calls",
            *WAITS,
        ),
        config=LONG,
        bursts=("workers",),
        views=("timeline", "switches", "preemptions", "goroutines"),
        sweeps=(TRIGGERS,),
    ),
    LabSpec(
        name="04-2-signal-preemption",
        title="Chapter 4.2: preemption by a signal",
        about="Loops that the signal can stop only outside their unsafe parts. A signal that comes at the wrong "
        "moment "
        "is lost, and sysmon asks again.",
        controls=(
            loop_length(20_000, 100_000),
            Control(
                "unsafe_percent",
                "unsafe share",
                0,
                100,
                50,
                ("program.unsafe_percent",),
                "Of each 100 us of the loop: there it cannot be stopped",
                unit="%",
                step=5,
            ),
            Ladder(
                "signal",
                "signal delivery",
                (100, *rungs(200, 1_000_000)),
                1000,
                ("costs.signal",),
                "From tgkill until the handler runs",
                unit="ns",
            ),
            procs(1),
            count("hogs", "loops", 1, 16, 2, "Goroutines that loop"),
        ),
        program=unsafe_loops,
        figures=(
            "time",
            "preemptions asked for",
            "signals",
            "preempted",
            "asked to stop until stopped, median",
            "asked to stop until stopped, longest",
            *WAITS,
        ),
        config=LONG,
        bursts=("hogs",),
        views=("preemptions", "gantt", "timeline", "goroutines", "switches"),
        sweeps=(UNSAFE,),
    ),
    LabSpec(
        name="04-3-tight-loops",
        title="Chapter 4.3: tight loops",
        about="Loops without a call run beside victims that sleep 1 ms and need 100 us, ten times. Since 1.14 a "
        "signal "
        "stops such a loop after 10 to 20 ms; before, everybody waited for its end.",
        controls=(
            loop_length(50_000),
            count("hogs", "hogs", 0, 4, 1, "Goroutines that loop for ever"),
            count("victims", "victims", 1, 16, 2, "Goroutines that need little"),
            procs(1, 8),
            version("1.27", "1.13", "1.14", "1.19", "1.27"),
            NO_SIGNAL,
            Switch(
                "stops",
                "stops of the world",
                False,
                ("program.stops",),
                "A goroutine more calls runtime.ReadMemStats every 5 ms",
            ),
        ),
        program=tight_loops,
        figures=(
            "time",
            "late, median",
            "late, longest",
            *WAITS,
            "preempted",
            "stops of the world",
            "longest stop of the world",
        ),
        config={"until_ns": 600_000_000_000},
        bursts=(),
        views=("timeline", "goroutines", "latencies", "stops", "states_g"),
        sweeps=(VICTIMS,),
    ),
    LabSpec(
        name="04-4-latency",
        title="Chapter 4.4: latency of a service",
        about="Requests arrive at random for 200 ms, each a goroutine; loops without calls run beside them. What a "
        "request waits for is the sum of many small things, and the tail comes from the rare ones.",
        controls=(
            Ladder(
                "arrivals_per_s",
                "arrival rate",
                rungs(100, 10_000),
                1000,
                ("program.arrivals_per_s",),
                "Requests, on average",
                unit="per s",
            ),
            Ladder("service_us", "service time", rungs(10, 2000), 200, ("program.service_us",), "Mean", unit="us"),
            count("hogs", "hogs", 0, 8, 1, "Goroutines that loop for ever"),
            loop_length(20_000, 200_000, 50),
            SYSCALL_RATE,
            procs(2),
            Control("cores", "cores", 1, 16, 2, ("config.cores",), "CPUs of the machine"),
            SEED,
        ),
        program=service,
        figures=(*RESPONSES, *WAITS, "scheduling latency, maximum", "running goroutines", "preempted"),
        config=LONG,
        bursts=(),
        views=("responses", "causes", "latencies", "timeline", "switches", "states_g"),
        sweeps=(LOAD,),
    ),
    LabSpec(
        name="05-production",
        title="Chapter 5: in a container",
        about="The same service where the group's CPU time is limited: when it is used up early, all threads of the "
        "group stand still until the next period begins.",
        controls=(
            Ladder(
                "quota_us",
                "CPU quota",
                (0, 50, 100, 150, 200, 300, 400, 800),
                200,
                ("config.quota_us",),
                "Of one CPU, in each period of 100 ms",
                unit="% of a CPU",
                factor=1000,
                special=((0, "no limit", None),),
            ),
            Control("cores", "cores of the host", 1, 32, 8, ("config.cores",), "CPUs of the machine"),
            Ladder(
                "gomaxprocs",
                "GOMAXPROCS",
                (0, 1, 2, 4, 8, 16, 32),
                8,
                ("config.gomaxprocs",),
                "auto: what Go takes, by itself",
                special=((0, "auto", None),),
            ),
            version("1.27", "1.19", "1.25", "1.27"),
            Ladder(
                "arrivals_per_s",
                "load",
                rungs(100, 20_000),
                5000,
                ("program.arrivals_per_s",),
                "Requests of 400 us, on average",
                unit="per s",
            ),
            Ladder(
                "slo_us",
                "SLO: 99 % within",
                rungs(500, 100_000),
                5_000,
                ("program.slo_us",),
                "99 of 100 responses have to come within this time; it changes the error budget, not the run",
                unit="us",
            ),
            SEED,
        ),
        program=service,
        figures=(
            "throttled",
            *RESPONSES,
            "within the SLO",
            "error budget used",
            *WAITS,
            "CPU time a response",
            "running goroutines",
            "waiting for a core",
            "threads, at most",
        ),
        arguments={"service_us": 400, "hogs": 0, "ms": 500},
        config=LONG,
        bursts=(),
        views=("throttling", "responses", "causes", "budget", "timeline", "latencies"),
        sweeps=(QUOTA, COST,),
    ),
)
