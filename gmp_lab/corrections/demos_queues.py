"""Demonstrations of chapters 1 and 2 and of stealing: queues, threads, system calls, stacks."""

from __future__ import annotations

from math import ceil
from typing import Final

from gmp_lab.catalog import backlog, callers, deep_calls, fan_out, ping_pong
from gmp_lab.corrections import measures as see
from gmp_lab.corrections.demo import Demo, Knob, Settings
from gmp_lab.corrections.programs import queued_up, travellers
from gmp_lab.params import VERSIONS, runqsize, schedtickGlobal

RING: Final = runqsize + 1  # goroutines of one loop that find room: the ring's, and one in runnext
ALONE: Final = {"gomaxprocs": 1}
TASK: Final = Knob("task_us", "program", 5, (0, 50), "us")
SEED: Final = Knob("seed", "config", 1, (0, 999))


def procs(default: int = 2, least: int = 2, most: int = 16) -> Knob:
    """GOMAXPROCS."""
    return Knob("gomaxprocs", "config", default, (least, most))


def versions(a: str, b: str, least: str = "1.0") -> Knob:
    """The Go version, from the least one on."""
    names = tuple(VERSIONS)
    return Knob("go", "config", (a, b), names[names.index(least) :])


def since(go: str, first: str) -> bool:
    """Whether a Go version is this one or a later one.  Relations ask this and not the mirror's table of versions."""
    return tuple(map(int, go.split("."))) >= tuple(map(int, first.split(".")))


def tasks(default: int | tuple[int, int], most: int = RING, least: int = 2) -> Knob:
    """How many goroutines are started in one loop."""
    return Knob("tasks", "program", default, (least, most))


def waiting(n: int) -> int:
    """How many of n goroutines of one loop lie in the global queue: 129 for each time that the ring overflowed."""
    half = runqsize // 2 + 1
    return max(0, (n - RING - 1) // half + 1) * half


def _quota_procs(a: int, b: int, s: Settings) -> bool:
    seen = dict(zip(s["go"], (a, b), strict=True))
    limit = min(s["cores"], max(2, ceil(s["quota_us"] / 100_000)))
    return all(n == (limit if since(go, "1.25") else s["cores"] if since(go, "1.5") else 1) for go, n in seen.items())


def _last_first(a: int, b: int, s: Settings) -> bool:
    return all(first == (s["tasks"] - 1 if since(go, "1.5") else 0)
               for go, first in zip(s["go"], (a, b), strict=True))  # fmt: skip


def _segmented(a: int, b: int, s: Settings) -> bool:
    return all(n == 0 or not since(go, "1.3") for go, n in zip(s["go"], (a, b), strict=True))


def _at_61(n: int, tasks: int) -> bool:
    """Of the global queue one goroutine in 61 ticks, while the ring lasts."""
    return n <= min(tasks, RING + runqsize) // schedtickGlobal + 1


def _older(two: str) -> bool:
    """Whether the first of two goroutines ("7, then 11") is the older one."""
    first, second = map(int, two.split(", then "))
    return first < second


QUEUES: Final = (
    Demo(
        "quota-sets-procs", fan_out,
        (versions("1.23", "1.27"), Knob("cores", "config", 8, (1, 32)),
         Knob("quota_us", "config", 250_000, (100_000, 3_200_000), "us"), Knob("tasks", "program", 400, (300, 1000))),
        see.ps_used, "Ps that ran goroutines", _quota_procs, lambda a, b, s: a == b == s["cores"],
        config={"gomaxprocs": None}, arguments={"task_us": 500},
    ),
    Demo(
        "newest-runs-first", queued_up, (versions("1.4", "1.27"), tasks(10, RING - 1), TASK), see.first_to_run,
        "number of the goroutine that runs first", _last_first, lambda a, b, s: a == b == 0, config=ALONE,
    ),
    Demo(
        "half-a-ring-moves", queued_up, (tasks((257, 258), 5000), TASK), see.overflowed,
        "goroutines sent to the global queue",
        lambda a, b, s: (a, b) == tuple(map(waiting, s["tasks"])),
        lambda a, b, s: (a, b) == tuple(max(0, n - RING) for n in s["tasks"]), config=ALONE,
    ),
    Demo(
        "network-blocks-no-thread", callers,
        (Knob("way", "program", ("system call", "network"), ("system call", "network")),
         Knob("goroutines", "program", 50, (16, 500)), Knob("call_us", "program", 2000, (500, 10_000), "us"),
         procs(2, 1, 4), SEED),
        see.most_threads, "threads, at most",
        lambda a, b, s: dict(zip(s["way"], (a, b), strict=True))["network"] <= s["gomaxprocs"] + 3,
        lambda a, b, s: abs(a - b) <= 2, arguments={"call_percent": 100, "rounds": 5},
    ),
    Demo(
        "stacks-are-copied", deep_calls,
        (versions("1.2", "1.27", "1.1"), Knob("depth", "program", 100, (0, 500)),
         Knob("goroutines", "program", 4, (1, 16))),
        see.segments_linked, "stack segments linked", _segmented, lambda a, b, s: (a > 0) == (b > 0),
    ),
    Demo(
        "global-every-61st", queued_up, (tasks((100, 600), 2000), TASK), see.global_before_local,
        "taken from the global queue while the own one lasts",
        lambda a, b, s: _at_61(a, s["tasks"][0]) and _at_61(b, s["tasks"][1]),
        lambda a, b, s: (a, b) == tuple(map(waiting, s["tasks"])), config=ALONE,
    ),
    Demo(
        "thread-changes", travellers,
        (Knob("locked", "program", (False, True), (False, True)), Knob("goroutines", "program", 8, (8, 50)),
         Knob("rounds", "program", 30, (30, 100)), procs(2, 2, 4)),
        see.threads_of_one, "threads on which one goroutine ran",
        lambda a, b, s: all((n == 1) == lock for n, lock in zip((a, b), s["locked"], strict=True)),
        lambda a, b, s: a == b == 1,
    ),
    Demo(
        "global-before-theft", queued_up, (tasks((100, 300), 2000, 10), procs(), TASK), see.first_source,
        "where a P without work found the first goroutine",
        lambda a, b, s: (a, b) == tuple("global" if n > RING else "stolen" for n in s["tasks"]),
        lambda a, b, s: a == b == "stolen",
    ),
    Demo(
        "runnext-stolen-last", queued_up, (tasks((1, 9), RING, 1), procs(),
         Knob("task_us", "program", 5, (0, 10), "us")),
        see.thefts_before_runnext, "thefts before the runnext was taken",
        lambda a, b, s: all((k > 0) == (n > 1) for k, n in zip((a, b), s["tasks"], strict=True)),
        lambda a, b, s: a == b == 0,
    ),
    Demo(
        "new-ones-stay-home", queued_up, (tasks((20, 200)), procs(1, 1), TASK), see.from_global,
        "new goroutines that came out of the global queue", lambda a, b, s: a == b == 0,
        lambda a, b, s: min(a, b) > 0,
    ),
    Demo(
        "parking-keeps-the-p", ping_pong,
        (Knob("rounds", "program", (10, 1000), (1, 2000)), Knob("pairs", "program", 1, (1, 10))),
        see.ps_given_up, "Ps given up", lambda a, b, s: a == b <= 2,
        lambda a, b, s: a >= s["rounds"][0] * s["pairs"] and b >= s["rounds"][1] * s["pairs"], config=ALONE,
    ),
    Demo(
        "call-keeps-its-p", backlog,
        (Knob("call_us", "program", (1, 1000), (1, 10_000), "us"), procs(2, 1, 8),
         Knob("callers", "program", 4, (1, 16)), Knob("runnable", "program", 16, (8, 32)), SEED),
        see.calls_that_lost_their_p, "% of the calls that lost their P",
        lambda a, b, s: all(lost < 15 for lost, us in zip((a, b), s["call_us"], strict=True) if us <= 10),
        lambda a, b, s: a == b == 100,
    ),
    Demo(
        "oldest-first", queued_up, (Knob("gomaxprocs", "config", (1, 2), (1, 16)), tasks(17, least=4), TASK),
        see.first_two_out, "first two goroutines out of the ring", lambda a, b, s: _older(a) and _older(b),
        lambda a, b, s: all(_older(two) == (p == 1) for two, p in zip((a, b), s["gomaxprocs"], strict=True)),
    ),
    Demo(
        "half-rounded-up", queued_up, (tasks((2, 4)), procs(), TASK), see.first_theft,
        "goroutines that the first theft took from the ring",
        lambda a, b, s: (a, b) == tuple(ceil((n - 1) / 2) for n in s["tasks"]),
        lambda a, b, s: (a, b) == tuple((n - 1) // 2 for n in s["tasks"]),
    ),
)  # fmt: skip
