"""What the kernel would say about the group's CPU time: cpu.stat, and who stood still when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from gmp_lab import vocabulary as v
from gmp_lab.errors import ConfigError
from gmp_lab.metrics.columns import check_window, columns
from gmp_lab.recording import Recording


class Throttled(NamedTuple):
    """One stay of a core in the throttled state, in ns; ``m`` is the thread that stood still there (-1: none)."""

    core: int
    m: int
    start_ns: int
    end_ns: int


@dataclass(frozen=True, slots=True)
class CpuStat:
    """The lines of cpu.stat of a cgroup with a quota.

    ``usage_usec`` is the time of all threads but sysmon's; ``nr_periods`` counts the periods that began while the
    group wanted time, ``nr_throttled`` those at whose beginning a core was throttled; ``throttled_usec`` is summed
    over the cores, so it may grow by more than a second in a second.
    """

    usage_usec: int
    nr_periods: int
    nr_throttled: int
    throttled_usec: int


def throttled(rec: Recording) -> list[Throttled]:
    """All throttled stays of all cores, in the order in which they ended; the last ones end with the run."""
    stays: list[Throttled] = []
    since: dict[int, tuple[int, int]] = {}
    c = columns(rec)
    for i in np.flatnonzero((c.kind == v.E_THROTTLE) | (c.kind == v.E_UNTHROTTLE)):
        e = rec[int(i)]
        if e.kind == v.E_THROTTLE:
            since[e.arg] = (e.t, e.m)
        else:
            start, m = since.pop(e.arg)
            stays.append(Throttled(e.arg, m, start, e.t))
    stays.extend(Throttled(core, m, start, rec.end_ns) for core, (start, m) in since.items())
    return stays


def cpu_time_ns(rec: Recording, start_ns: int = 0, end_ns: int | None = None) -> int:
    """CPU time (ns) that the threads used in a window, sysmon's left out; ConfigError if cores are not limited."""
    if rec.config.cores is None:
        raise ConfigError("recording", rec.program, "a run with a number of cores")
    start, end = check_window(rec, start_ns, end_ns)
    c = columns(rec)
    used = 0
    for kind, sign in ((v.E_CPU_ON, -1), (v.E_CPU_OFF, 1)):
        times = np.clip(c.t[c.kind == kind].astype(np.int64), start, end)
        used += sign * int(times.sum())
    on = int((c.kind == v.E_CPU_ON).sum()) - int((c.kind == v.E_CPU_OFF).sum())
    return used + on * end


def cpu_stat(rec: Recording) -> CpuStat:
    """The group's counters at the end of the run; ConfigError if cores are not limited."""
    c = columns(rec)
    stays = throttled(rec)
    periods = [int(t) for t in c.t[c.kind == v.E_REFILL]]
    hit = sum(any(s.start_ns < t <= s.end_ns for s in stays) for t in periods)
    return CpuStat(
        usage_usec=cpu_time_ns(rec) // 1000,
        nr_periods=len(periods),
        nr_throttled=hit,
        throttled_usec=sum(s.end_ns - s.start_ns for s in stays) // 1000,
    )
