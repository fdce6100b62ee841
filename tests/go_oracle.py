"""Real Go, asked there and then: the ground truth's experiments, under the names of their twins in ``scenes``.

Each function runs one of the programs in ``go/`` (or of the course) once and returns what its twin returns; times are
in units of 10 ms.  ``toolchain`` is always last and optional: without it, the first one found.  GC is off, as in the
recorded runs.

About one real run in ten is disturbed: a preemption of main's loop, main's P lost in a system call at start-up.
``runs_of`` repeats a function and returns all distinct results, the most frequent first.

``python tests/go_oracle.py`` measures every statistical point and says what is out of its recorded band just now; on
a busy machine that is always something, so no test looks at these times.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from statistics import mean, median
from typing import Any

from ground_truth import out_of_band, points

from gmp_lab import golang

PROGRAMS = Path(__file__).parent / "go"
TICK = 10_000_000
SCENES = (
    "gosched", "gosched_turns", "chan_wake", "chan_wake_block", "close_wake", "cond_broadcast", "mutex_wake",
    "senders_fifo", "unbuffered", "buffered3", "waitgroup3",
)  # fmt: skip


class Disturbed(RuntimeError):
    """A real run that ended otherwise than it should have: no toolchain's fault, so it may be tried again."""


def _ask(
    program: str, *args: object, gomaxprocs: int = 1, toolchain: golang.Toolchain | None = None, **env: str
) -> Any:
    """Run go/<program>.go and return what it prints, a piece of JSON."""
    source = (PROGRAMS / f"{program}.go").read_text(encoding="utf-8")
    run = golang.run_go(
        source, gomaxprocs=gomaxprocs, args=[str(a) for a in args], env={"GOGC": "off"} | env, toolchain=toolchain
    )
    if run.returncode or run.timed_out or run.truncated:
        raise Disturbed(f"{program} {args}: exit code {run.returncode}, {run.stderr[:500]}")
    return json.loads(run.stdout)


def runs_until(wanted: Any, ask: Callable[[], Any], most: int = 40) -> list[Any]:
    """The distinct results of some runs, up to the first that is ``wanted``: a busy machine wakes threads late."""
    seen: list[Any] = []
    for _ in range(most):
        found = ask()
        if found not in seen:
            seen.append(found)
        if found == wanted:
            break
    return seen


# --- exact -------------------------------------------------------------------------------------------------------


def order(n: int, k: int, toolchain: golang.Toolchain | None = None) -> list[int]:
    """e1: main calls Gosched k times, starts n goroutines on one P, and waits: the order in which they ran."""
    return list(golang.run_live("order", toolchain or golang.require_toolchain(), n=n, k=k).numbers)


def steal_order(n: int, toolchain: golang.Toolchain | None = None) -> list[int]:
    """e6b: the order in which a thief ran the n goroutines of another P."""
    return list(golang.run_live("steal", toolchain or golang.require_toolchain(), n=n).numbers)


def scene(name: str, n: int = 5, toolchain: golang.Toolchain | None = None) -> str:
    """e11: the marks of one of SCENES, as one line."""
    marks: str = _ask("wakes", name, n, toolchain=toolchain)
    return marks


def global_gaps(
    chains: int, globals_: int, turns: int = 38, toolchain: golang.Toolchain | None = None
) -> tuple[list[int], list[int]]:
    """e13: executions from the local ring between two turns of a global goroutine; and whose turns they were.

    Each global goroutine's first turn is left out here: it came from the ring, where main's go statement had put it.
    """
    told = _ask("global", chains, globals_, turns, toolchain=toolchain)
    return told["gaps"], told["whose"]


# --- statistics --------------------------------------------------------------------------------------------------


def hog_slices(
    n: int, loop: str, dur_ms: int = 1000, asyncpreemptoff: bool = False, toolchain: golang.Toolchain | None = None
) -> list[tuple[int, float]]:
    """e2, e2t: CPU-bound goroutines on one P: [(goroutine 0..n-1, length of its turn)]; the last turn is left out.

    loop "free" (no call), "leaf", "call". dur_ms 0: each runs a fixed number of rounds, and no turn is left out.
    """
    env = {"GODEBUG": "asyncpreemptoff=1"} if asyncpreemptoff else {}
    turns = [(who, ns / TICK) for who, ns in _ask("slices", n, loop, dur_ms, toolchain=toolchain, **env)]
    return turns[:-1] if dur_ms else turns


def threads_of_blocking_calls(k: int, gomaxprocs: int, toolchain: golang.Toolchain | None = None) -> dict[str, int]:
    """e4a: threads while k goroutines are in a blocking read, twice.

    The recorded runs were linked with cgo, whose runtime keeps one more thread (startTemplateThread).
    """
    told = _ask("threads", k, gomaxprocs=gomaxprocs, toolchain=toolchain)
    base, peak = told["base"], told["peak"]
    return {
        "base": base, "peak": peak, "new_threads": peak - base, "peak_minus_k": peak - k,
        "second_round_new": told["peak2"] - told["after"],
    }  # fmt: skip


def handoff_latency(
    state: str, us: int, kind: str = "blocking", times: int = 15, toolchain: golang.Toolchain | None = None
) -> list[tuple[float, float]]:
    """e4b: from the start of a call to the next goroutine's first instruction; the same as a share of the call."""
    told = _ask("handoff", state, us, kind, times, toolchain=toolchain)
    return [(latency / TICK, latency / call) for latency, call in told]


def short_calls_and_a_hog(dur_ms: int = 800, toolchain: golang.Toolchain | None = None) -> dict[str, float]:
    """e4c: gettid in a loop beside a hog on one P."""
    told = _ask("hogcalls", 1, 0, dur_ms, "free", toolchain=toolchain)
    turns = [ns for party, ns in told["turns"] if party == 1]
    return {
        "hog_share": sum(turns) / sum(ns for _, ns in told["turns"]),
        "hog_turns": len(turns) * 800 / dur_ms,
        "tid_changes_per_turn": told["thread_changes"] / len(turns),
        "new_threads": told["new_threads"],
    }


def sleeping_calls_and_a_hog(
    k: int, us: int, dur_ms: int = 800, hog: str = "clock", toolchain: golang.Toolchain | None = None
) -> dict[str, float]:
    """e4d: k goroutines in a loop of nanosleep beside a hog on one P.

    hog "clock" reads the clock in its loop, as the recorded one seems to: a signal that finds it there is lost, so it
    keeps the P longer than a "free" one.
    """
    told = _ask("hogcalls", k, us, dur_ms, hog, toolchain=toolchain)
    return {
        "hog_share": sum(ns for party, ns in told["turns"] if party == 1) / sum(ns for _, ns in told["turns"]),
        "calls_per_g_per_10ms": told["calls"] / k / (dur_ms / 10),
        "new_threads": told["new_threads"],
    }


# --- every point, in the words of the ground truth ------------------------------------------------------------------


def quantile(values: list[float], q: float) -> float:
    return sorted(values)[min(len(values) - 1, int(q * len(values)))]


def slice_statistics(slices: list[tuple[int, float]], n: int) -> dict[str, float]:
    """The statistics of e2 and e2t."""
    who, lengths = [g for g, _ in slices], [length for _, length in slices]
    totals = [sum(length for g, length in slices if g == i) for i in range(n)]
    return {
        "switches": len(slices),
        "mean_slice_10ms": mean(lengths),
        "jain": sum(totals) ** 2 / (n * sum(x * x for x in totals)),
        "min_over_max": min(totals) / max(totals),
        "rr_violations": sum(a != b for a, b in zip(who[n:], who, strict=False)),
        "slice_10ms.p50": median(lengths),
        "slice_10ms.p90": quantile(lengths, 0.9),
        "share_within_1.9_2.2": mean(1.9 <= x <= 2.2 for x in lengths),
    }


def latency_statistics(seen: list[tuple[float, float]]) -> dict[str, float]:
    """The statistics of e4b."""
    found = {}
    for name, values in zip(("latency_10ms", "latency_over_syscall"), zip(*seen, strict=True), strict=True):
        found |= {
            f"{name}.p50": median(values), f"{name}.p90": quantile(list(values), 0.9), f"{name}.max": max(values),
        }  # fmt: skip
    return found


def measure(point: dict[str, Any], toolchain: golang.Toolchain | None = None) -> dict[str, float]:
    """The statistics of a point of e2, e2t, e4a-e4d, by the names that its bands have."""
    args, experiment = point["args"], point["experiment"]
    if experiment in ("e2", "e2t"):
        off = "asyncpreemptoff=1" in point["env"].get("GODEBUG", "")
        slices = hog_slices(args["n"], args.get("mode", "free"), args.get("dur", 1000), off, toolchain)
        found = slice_statistics(slices, args["n"])
        if args.get("dur") == 0:  # recorded in rounds, of which each has the same number
            del found["jain"], found["min_over_max"]
        return found
    if experiment == "e4a":
        return dict(threads_of_blocking_calls(args["k"], point["GOMAXPROCS"], toolchain))
    if experiment == "e4b":
        return latency_statistics(handoff_latency(**args, toolchain=toolchain))
    if experiment == "e4c":
        return short_calls_and_a_hog(toolchain=toolchain)
    return sleeping_calls_and_a_hog(**args, toolchain=toolchain)


def main() -> None:
    """Print, for every statistical point, what is out of its recorded band just now."""
    for experiment in ("e2", "e2t", "e4a", "e4b", "e4c", "e4d"):
        for point in points(experiment):
            found = measure(point)
            shown = ", ".join(f"{k} {found[k]:.4g}" for k in point["accept"] if k in found)
            print(point["id"], point["args"], shown, *out_of_band(found, point["accept"]), sep="\n    ")  # noqa: T201  # a command


if __name__ == "__main__":
    main()
