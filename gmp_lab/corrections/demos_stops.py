"""Demonstrations of chapters 3.3 and 4: stops of the world, the collector, preemption, measuring."""

from __future__ import annotations

from typing import Final

from gmp_lab.catalog import allocators, loops, service, tight_loops
from gmp_lab.corrections import measures as see
from gmp_lab.corrections.demo import Demo, Knob, Settings
from gmp_lab.corrections.demos_queues import ALONE, SEED, procs, since, versions
from gmp_lab.corrections.programs import in_pieces, loops_and_calls

SLICE: Final = 23.0  # ms: two rounds of sysmon at its slowest pace, and what they last longer than asked for
FAST: Final = 500  # MiB/s: about what one P marks
LOOP: Final = Knob("loop_us", "program", 50_000, (50_000, 1_000_000), "us")


def _no_signal(a: float, b: float, s: Settings) -> bool:
    """Only the signal stops such loops: without it everybody waits for the end of one."""
    longest = s["loop_us"] / 1000
    return all(ms > 0.9 * longest if off else ms < SLICE * s["hogs"] + 1
               for ms, off in zip((a, b), s["asyncpreemptoff"], strict=True))  # fmt: skip


def _stopped(a: float, b: float, s: Settings) -> bool:
    return all((us > 1000) != since(go, "1.14") for go, us in zip(s["go"], (a, b), strict=True))


def _places(a: str, b: str, s: Settings) -> bool:
    places = {True: "runnable, in runnext", False: "runnable, in the global queue"}
    return (a, b) == tuple(places[since(go, "1.26")] for go in s["go"])


def _turns(a: float, b: float, s: Settings) -> bool:
    """Two rounds: of 20 us while sysmon takes Ps from calls, of up to 10 ms while it has nothing to do."""
    return all(
        (10 if n else 13) <= ms <= (12 if n >= 3 * s["gomaxprocs"] else SLICE)
        for ms, n in zip((a, b), s["callers"], strict=True)
    )


STOPS: Final = (
    Demo(
        "stop-waits-for-the-slowest", allocators,
        (Knob("loop", "program", ("free", "nosplit"), ("free", "nosplit")),
         Knob("loop_ms", "program", 5, (2, 20), "ms"), procs(4), SEED),
        see.longest_stop_us, "longest stop of the world, us",
        lambda a, b, s: all((us > 500) == (kind == "nosplit") for kind, us in zip(s["loop"], (a, b), strict=True)),
        lambda a, b, s: b < 2 * a and a < 2 * b, arguments={"ms": 30},
    ),
    Demo(
        "stopped-are-runnable", tight_loops,
        (versions("1.25", "1.27", "1.14"), Knob("hogs", "program", 2, (1, 3)), procs(4, 4), SEED),
        see.where_stopped, "goroutines that ran are then", _places, lambda a, b, s: a == b == "waiting",
        config={"until_ns": 1_000_000_000}, arguments={"stops": True, "victims": 1},
    ),
    Demo(
        "marking-needs-no-stop", allocators,
        (Knob("live_mib", "program", (2, 16), (1, 32), "MiB"), procs(4, 1), SEED),
        see.longest_stop_us, "longest stop of the world, us",
        lambda a, b, s: max(a, b) < 2 * min(a, b) and max(a, b) < 500,
        lambda a, b, s: (b > a) == (s["live_mib"][1] > s["live_mib"][0]) and max(a, b) > 2 * min(a, b),
        arguments={"ms": 40},
    ),
    Demo(
        "debt-starts-an-assist", allocators,
        (Knob("rate_mib_s", "program", (20, 1000), (10, 1000), "MiB/s"),
         Knob("ms", "program", 300, (300, 600), "ms"), SEED),
        see.assists, "assists", lambda a, b, s: a > 0 and b > 0,
        lambda a, b, s: all((n > 0) == (rate >= FAST) for n, rate in zip((a, b), s["rate_mib_s"], strict=True)),
        config=ALONE, arguments={"allocators": 1, "live_mib": 2},
    ),
    Demo(
        "two-rounds-of-sysmon", loops_and_calls,
        (Knob("callers", "program", (0, 6), (0, 16)), Knob("loops", "program", 1, (1, 4)),
         Knob("call_us", "program", 300, (200, 1000), "us"), procs(2, 2, 4), SEED),
        see.median_turn_ms, "turn of a loop, ms (median)",
        _turns, lambda a, b, s: all(9 < ms <= 12 for ms in (a, b)),
    ),
    Demo(
        "calls-are-no-check", loops,
        (Knob("syscall_percent", "program", (0, 100), (0, 100), "%"),
         Knob("loop_us", "program", 30_000, (25_000, 100_000), "us"), procs(2, 1, 4), SEED),
        see.stopped_before_calls, "goroutines stopped right before a call", lambda a, b, s: a == b == 0,
        lambda a, b, s: all((n > 0) == (rate > 0) for n, rate in zip((a, b), s["syscall_percent"], strict=True)),
        config={"asyncpreemptoff": True},
    ),
    Demo(
        "sigurg-preempts", loops,
        (versions("1.13", "1.14", "1.2"), Knob("loop_us", "program", 50_000, (25_000, 100_000), "us"),
         Knob("workers", "program", 4, (1, 16)), procs(2, 1, 8), SEED),
        see.signals, "times SIGURG came",
        lambda a, b, s: all((n > 0) == since(go, "1.14") for go, n in zip(s["go"], (a, b), strict=True)),
        lambda a, b, s: a == b == 0,
    ),
    Demo(
        "nothing-in-the-loop", tight_loops,
        (Knob("asyncpreemptoff", "config", (False, True), (False, True)), LOOP, Knob("hogs", "program", 1, (1, 4))),
        see.longest_wait_ms, "longest wait of the others, ms", _no_signal,
        lambda a, b, s: max(a, b) < SLICE * s["hogs"] + 1, config=ALONE,
    ),
    Demo(
        "loops-reach-safe-points", tight_loops,
        (versions("1.13", "1.27", "1.2"), LOOP, Knob("hogs", "program", 1, (1, 3)), procs(4, 4)),
        see.longest_stop_us, "longest stop of the world, us", _stopped, lambda a, b, s: a > 1000 and b > 1000,
        arguments={"stops": True, "turns": 20},
    ),
    Demo(
        "short-loops-stop-too", in_pieces,
        (Knob("pieces", "program", (1, 10_000), (1, 20_000)), Knob("total_ms", "program", 60, (30, 200), "ms"), SEED),
        see.first_log_ms, "another goroutine had to wait, ms", lambda a, b, s: max(a, b) < SLICE,
        lambda a, b, s: all((ms < SLICE) == (n < 1000) for n, ms in zip(s["pieces"], (a, b), strict=True)),
        config=ALONE,
    ),
    Demo(
        "buckets-hide", service,
        (Knob("bucket_us", "measure", (1, 100), (1, 1000), "us"),
         Knob("arrivals_per_s", "program", 1000, (500, 5000)), Knob("hogs", "program", 1, (0, 4)), SEED),
        see.bucket_error_us, "largest error of a response time, us",
        lambda a, b, s: all(n < us and n >= 0.7 * (us - 1) for us, n in zip(s["bucket_us"], (a, b), strict=True)),
        lambda a, b, s: max(a, b) <= 1, config={"gomaxprocs": 2},
    ),
)  # fmt: skip
