"""Each experiment of the ground truth as one function: what the simulation gives at one of its points.

An exact experiment gives the simulated and the recorded value; a statistical one its statistics by name.  The tests
of conformance and the fidelity table (``fidelity.py``) both ask here, so they cannot disagree.  The programs are in
``scenes`` and ``scenes_time``; nothing here or there decides what a result should be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from statistics import mean, median
from typing import Any

import scenes
import scenes_heap
import scenes_stack
import scenes_time
from ground_truth import decode, orders

Point = dict[str, Any]
Statistics = dict[str, float]
RECORDED = {"1.27": "go1.27.3", "1.23": "go1.23.9", "1.19": "go1.19.8"}  # the simulator's version: the real one
SEEDS = range(1, 6)  # five runs, as on the real machine


def medians(run: Callable[[int], Statistics]) -> Statistics:
    """The median over five seeds, of each statistic."""
    runs = [run(seed) for seed in SEEDS]
    return {name: median(r[name] for r in runs) for name in runs[0]}


def slice_statistics(slices: list[tuple[int, float]], n: int) -> Statistics:
    lengths = [length for _, length in slices]
    who = [g for g, _ in slices]
    totals = [sum(length for g, length in slices if g == i) for i in range(n)]
    return {
        "switches": len(slices),
        "mean_slice_10ms": mean(lengths),
        "jain": scenes.jain(totals),
        "min_over_max": min(totals) / max(totals),
        "rr_violations": sum(a != b for a, b in zip(who[n:], who, strict=False)),
        "slice_10ms.p50": median(lengths),
        "slice_10ms.p90": scenes.quantile(lengths, 0.9),
        "share_within_1.9_2.2": mean(1.9 <= x <= 2.2 for x in lengths),
    }


# --- exact: (simulated, recorded); where several values were recorded, any of them --------------------------------


def e1(point: Point, go: str) -> tuple[str, str]:
    return _one_of([scenes.order(**point["args"], go=go)], orders(point, RECORDED[go]))


def e6b(point: Point, go: str) -> tuple[str, str]:
    # Where the thief also meets the global queue, the order depends on its 61st tick; any phase is a real one.
    phases = range(61) if point["args"]["n"] > 257 else range(1)
    simulated = [scenes.steal_order(ticks=ticks, **point["args"], go=go) for ticks in phases]
    return _one_of(simulated, orders(point, RECORDED[go]))


def _one_of(simulated: list[list[int]], recorded: list[list[int]]) -> tuple[str, str]:
    same = [order for order in simulated if order in recorded]
    pair = (same[0], same[0]) if same else (simulated[0], recorded[0])
    return " ".join(map(str, pair[0])), " ".join(map(str, pair[1]))


def e7a(point: Point, go: str) -> tuple[str, str]:
    seen = point["measured"][RECORDED[go]]
    frame, local = seen["frame_bytes"]["median"], scenes_stack.LOCAL[RECORDED[go]]
    simulated = scenes_stack.growth(frame, point["args"]["depth"], local, go)
    return _rows(simulated), _rows(seen[what]["value"] for what in ("depths", "sizes", "used"))


def _rows(rows: Iterable[list[int]]) -> str:
    return "; ".join(" ".join(map(str, row)) for row in rows)


def e7b(point: Point, go: str) -> tuple[str, str]:
    recorded = point["measured"][RECORDED[go]]["sizes"]["value"]
    return _rows([scenes_stack.shrinking(point["args"]["kb"], len(recorded) - 1, go)]), _rows([recorded])


def e7c(point: Point, go: str) -> tuple[str, str]:
    recorded = point["measured"][RECORDED[go]]["fresh_sizes"]["value"]
    return _rows([scenes_stack.starting(point["args"]["kb"], len(recorded), go)]), _rows([recorded])


def e11(point: Point, go: str) -> tuple[str, str]:
    told = point["measured"][RECORDED[go]]
    simulated = {name: scenes.scene(name, go=go) for name in sorted(scenes.SCENES)}
    recorded = {name: told[name]["value"].replace("0-2", "0 1 2") for name in simulated}
    return "; ".join(map(": ".join, simulated.items())), "; ".join(map(": ".join, recorded.items()))


def e13(point: Point, go: str) -> tuple[str, str]:
    args = point["args"]
    gaps, whose = scenes.global_gaps(args["chains"], args["globals"], go=go)
    told = decode(point["measured"][RECORDED[go]]["turn_order"]["value"])[:12]
    steady = set(gaps[args["globals"] :])
    return f"gaps {sorted(steady)}, turns {whose[:12]}", f"gaps [60], turns {told}"


# --- statistics ----------------------------------------------------------------------------------------------------


def e2(point: Point, go: str) -> Statistics:
    args = point["args"]
    off = "asyncpreemptoff=1" in point["env"].get("GODEBUG", "")
    ms = 150 if args.get("dur") == 0 else 0
    slices = scenes.hog_slices(args["n"], args["mode"], work_ms=ms, asyncpreemptoff=off, go=go)
    return slice_statistics(slices, args["n"])


def e2t(point: Point, go: str) -> Statistics:
    return slice_statistics(scenes.hog_slices(point["args"]["n"], "free", go=go), point["args"]["n"])


def e3(point: Point, go: str) -> Statistics:
    return medians(lambda seed: scenes_time.pairs_and_hogs(**point["args"], seed=seed, go=go))


def e4a(point: Point, go: str) -> Statistics:
    k, gomaxprocs = point["args"]["k"], point["GOMAXPROCS"]
    return medians(lambda seed: scenes.threads_of_blocking_calls(k, gomaxprocs, seed=seed - 1, go=go))


def e4b(point: Point, go: str) -> Statistics:
    args = point["args"]
    seen = scenes.handoff_latency(args["state"], args["us"], args.get("kind", "blocking"), go=go)
    out: Statistics = {}
    for name, values in zip(("latency_10ms", "latency_over_syscall"), zip(*seen, strict=True), strict=True):
        out |= {f"{name}.p50": median(values), f"{name}.p90": scenes.quantile(list(values), 0.9)}
        out[f"{name}.max"] = max(values)
    return out


def e4c(point: Point, go: str) -> Statistics:
    return scenes.short_calls_and_a_hog(go=go)


def e4d(point: Point, go: str) -> Statistics:
    return scenes.sleeping_calls_and_a_hog(**point["args"], go=go)


def e5(point: Point, go: str) -> Statistics:
    return scenes_time.blocked_reads(point["args"]["n"], point["GOMAXPROCS"], go=go)


def e6a(point: Point, go: str) -> Statistics:
    us, gomaxprocs = point["args"]["us"], point["GOMAXPROCS"]
    return medians(lambda seed: scenes_time.shared_tasks(us, gomaxprocs, seed=seed, go=go))


def heap_settings(env: dict[str, str]) -> dict[str, Any]:
    """GOGC, GOMEMLIMIT and GODEBUG of a point as settings of a Config."""
    settings: dict[str, Any] = {"asyncpreemptoff": "asyncpreemptoff=1" in env.get("GODEBUG", "")}
    if "GOGC" in env:
        settings["gogc"] = -1 if env["GOGC"] == "off" else int(env["GOGC"])
    if "GOMEMLIMIT" in env:
        settings["gomemlimit"] = int(env["GOMEMLIMIT"].removesuffix("MiB")) << 20
    return settings


def e8(point: Point, go: str) -> Statistics:
    return scenes_heap.churning(**point["args"], gomaxprocs=point["GOMAXPROCS"], **heap_settings(point["env"]), go=go)


def e9(point: Point, go: str) -> Statistics:
    return scenes_heap.stops_against_a_loop(point["args"]["T"], **heap_settings(point["env"]), go=go)


def e10(point: Point, go: str) -> Statistics:
    args, gomaxprocs = point["args"], point["GOMAXPROCS"]
    return medians(lambda seed: scenes_time.overshoots(args["hogs"], args["sleep"], gomaxprocs, seed=seed, go=go))


def e12(point: Point, go: str) -> Statistics:
    args = point["args"]
    taken, waits = scenes.starved_waiter(args["us"], args.get("reps", 60), point["GOMAXPROCS"], go=go)
    return {"first_acquisitions_per_wait.p50": median(taken), "wait_ms.p50": median(waits)}


def e14(point: Point, go: str) -> Statistics:
    runs = [scenes_time.locked_ping_pong(locked, point["GOMAXPROCS"], go=go) for locked in range(3)]
    switches, ns = zip(*runs, strict=True)
    return {
        "nvcsw_unlocked": switches[0], "nvcsw_one": switches[1], "nvcsw_both": switches[2],
        "ratio_one_locked": ns[1] / ns[0], "ratio_both_locked": ns[2] / ns[0],
    }  # fmt: skip


def e15(point: Point, go: str) -> Statistics:
    return medians(lambda seed: scenes_time.service(point["args"]["hogs"], point["GOMAXPROCS"], seed=seed, go=go))


EXACT: dict[str, Callable[[Point, str], tuple[str, str]]] = {
    "e1": e1, "e6b": e6b, "e7a": e7a, "e7b": e7b, "e7c": e7c, "e11": e11, "e13": e13,
}  # fmt: skip
STATISTICS: dict[str, Callable[[Point, str], Statistics]] = {
    "e2": e2, "e2t": e2t, "e3": e3, "e4a": e4a, "e4b": e4b, "e4c": e4c, "e4d": e4d, "e5": e5, "e6a": e6a,
    "e8": e8, "e9": e9, "e10": e10, "e12": e12, "e14": e14, "e15": e15,
}  # fmt: skip
