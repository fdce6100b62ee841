"""Ready workloads, each a function of a few numbers that gives a Program.

Units are part of a parameter's name.  All of them end by themselves and do the same work whatever the schedule: each
goroutine draws from a stream of its own.  ``basic`` holds those for everybody, the other modules those of chapters.
"""

from __future__ import annotations

from collections.abc import Callable

from gmp_lab.catalog.basic import fan_out, hogs_and_victims, ping_pong, pipeline, steady_mix
from gmp_lab.catalog.blocking import backlog, callers
from gmp_lab.catalog.loops import loops, tight_loops, unsafe_loops
from gmp_lab.catalog.memory import allocators, deep_calls
from gmp_lab.catalog.numbers import MAX_GOROUTINES
from gmp_lab.catalog.queues import PATTERNS, skewed, spawn
from gmp_lab.catalog.service import service
from gmp_lab.catalog.tour import WORKLOADS, tour
from gmp_lab.workload import Program

__all__ = [
    "CATALOG", "MAX_GOROUTINES", "PATTERNS", "WORKLOADS", "allocators", "backlog", "callers", "deep_calls", "fan_out",
    "hogs_and_victims", "loops", "ping_pong", "pipeline", "service", "skewed", "spawn", "steady_mix", "tight_loops",
    "tour", "unsafe_loops",
]  # fmt: skip

CATALOG: dict[str, tuple[Callable[..., Program], str]] = {
    "steady_mix": (steady_mix, "bursts of computing, blocking system calls and meetings"),
    "fan_out": (fan_out, "main starts many goroutines and waits for all"),
    "ping_pong": (ping_pong, "pairs that pass a token over unbuffered channels"),
    "hogs_and_victims": (hogs_and_victims, "endless loops beside goroutines that only need a little"),
    "pipeline": (pipeline, "items that pass through stages over channels"),
    "deep_calls": (deep_calls, "goroutines whose stacks grow, and collections that shrink them"),
    "callers": (callers, "goroutines that wait in system calls or for the network"),
    "spawn": (spawn, "many goroutines, started in one of several ways"),
    "backlog": (backlog, "system calls beside goroutines that want to compute"),
    "skewed": (skewed, "tasks that begin on few Ps and have to be stolen"),
    "allocators": (allocators, "goroutines that allocate, beside a live heap"),
    "loops": (loops, "loops with and without calls, between system calls"),
    "unsafe_loops": (unsafe_loops, "loops that can be stopped only for a part of the time"),
    "tight_loops": (tight_loops, "long loops beside goroutines that need little, and stops of the world"),
    "service": (service, "requests that arrive at random, beside loops"),
    "tour": (tour, "one of eight small programs, for a look at states and traces"),
}
