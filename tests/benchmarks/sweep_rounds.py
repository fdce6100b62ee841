"""A sweep beside its single runs, and on two processes; a program of its own that prints the times as JSON.

The tests' conftest lets ``simulate`` check invariants in pytest's process, not in the workers of a pool; measured
there, two processes would look five times as fast as one.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from gmp_lab import Config, simulate
from gmp_lab.catalog import steady_mix
from gmp_lab.metrics import summary_rows
from gmp_lab.sweeps import SweepTable, sweep

PROCS, SEEDS = tuple(range(1, 22)), range(20)
MIX = {"goroutines": 16, "bursts": 20}


def whole(executor: ProcessPoolExecutor | None = None) -> SweepTable:
    """The sweep of the goal with its default measures, here or on an executor."""
    return sweep(steady_mix, {"config.gomaxprocs": PROCS}, SEEDS, arguments=MIX, executor=executor)


def single(measured: bool) -> None:
    """The same runs one by one; measured: each with its summary."""
    for procs in PROCS:
        for seed in SEEDS:
            rec = simulate(Config(gomaxprocs=procs, seed=seed), steady_mix(seed=seed, **MIX))
            if measured:
                summary_rows(rec)


def timed(clock: Callable[[], float], f: Callable[[], object]) -> float:
    """Seconds of a call on a clock."""
    began = clock()
    f()
    return clock() - began


def worker_cpu_s(pool: ProcessPoolExecutor) -> list[float]:
    """CPU time that each worker of a pool has used so far; zeros where there is no /proc."""
    told = []
    for pid in pool._processes:
        stat = Path(f"/proc/{pid}/stat")
        fields = stat.read_text(encoding="utf-8").rpartition(")")[2].split() if stat.exists() else ["0"] * 13
        told.append(sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK"))
    return told


def busier(pool: ProcessPoolExecutor) -> float:
    """CPU time that the busier of the two workers needs for the sweep: what it takes where each has a core."""
    before = worker_cpu_s(pool)
    whole(pool)
    return max(b - a for a, b in zip(before, worker_cpu_s(pool), strict=True))


def main(rounds: int) -> None:
    """CPU of the runs alone, with summaries, of the sweep; wall of one process, of two; CPU of the busier."""
    cpu, wall = time.process_time, time.perf_counter
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        assert whole(pool) == whole()  # also starts both workers
        told = [
            (timed(cpu, lambda: single(False)), timed(cpu, lambda: single(True)), timed(cpu, whole),
             timed(wall, whole), timed(wall, lambda: whole(pool)), busier(pool))
            for _ in range(rounds)
        ]  # fmt: skip
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main(int(sys.argv[1]))
