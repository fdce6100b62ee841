"""A service in a container: two workloads, what its users get, what it costs.

The container may use ``quota`` CPUs (cgroup: cpu.max, in periods of 100 ms) of a host with 8 cores.  *calm* is a
service alone; *busy* shares the container with eight loops that always have something to compute.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from gmp_lab.catalog import service
from gmp_lab.config import Config
from gmp_lab.errors import check_choice, check_int
from gmp_lab.metrics import cpu_time_ns, measured
from gmp_lab.recording import Recording
from gmp_lab.simulate import simulate
from gmp_lab.workload import Program

CORES: Final = 8
PERIOD_MS: Final = 100
KINDS: Final = ("calm", "busy")
SLO_US: Final = 5_000
LONG_NS: Final = 60_000_000_000


class Served(NamedTuple):
    """What users got: ``answered`` requests, median and 99th percentile in ms, and how many % came after the SLO.

    ``throttled`` is the share of the cores' time in which the group was not allowed to run, in %.
    """

    answered: int
    p50_ms: float
    p99_ms: float
    late: float
    throttled: float


def workload(kind: str = "calm", rate: int = 0, ms: int = 500, slo_us: int = SLO_US, seed: int = 1) -> Program:
    """A service whose requests compute 400 us on average; ``rate`` per second (0: 3500 if calm, 1000 if busy)."""
    check_choice("kind", kind, KINDS)
    calm = kind == "calm"
    arrivals = check_int("rate", rate, 0, 100_000) or (3500 if calm else 1000)
    return service(arrivals, 400, hogs=0 if calm else 8, loop_us=1000, ms=ms, seed=seed, slo_us=slo_us)


def config(procs: int | None = None, quota: float | None = 2, *, go: str = "1.27", seed: int = 1) -> Config:
    """A container of so many CPUs (None: no limit) on the host; procs None: what Go takes by itself."""
    quota_us = None if quota is None else round(quota * PERIOD_MS * 1000)
    given: Any = procs  # Config puts a number in the place of None
    return Config(gomaxprocs=given, cores=CORES, quota_us=quota_us, go=go, seed=seed, until_ns=LONG_NS)


def run(kind: str, procs: int | None = None, quota: float | None = 2, **more: int) -> Recording:
    """One run of a workload in a container; ``more``: rate, ms, slo_us, seed."""
    return simulate(config(procs, quota, seed=more.get("seed", 1)), workload(kind, **more))


def late_percent(rec: Recording) -> float:
    """Share (%) of the responses that came later than the SLO of the program."""
    took = [us for _, _, us in rec.logs()]
    return 100 * sum(us > rec.params["slo_us"] for us in took) / len(took) if took else 0.0


def served(rec: Recording) -> Served:
    """What the users of a run got."""
    names = ("requests answered", "response, median", "response, p99", "throttled")
    answered, p50, p99, stood = (value for _, value, _ in measured(rec, names))
    return Served(int(answered), p50 / 1000, p99 / 1000, late_percent(rec), float(stood))


def cpus_used(rec: Recording) -> float:
    """CPUs that the group used on average over the run."""
    return cpu_time_ns(rec) / rec.end_ns


def defaults(quotas: tuple[float | None, ...], versions: tuple[str, ...]) -> tuple[tuple[str | int, ...], ...]:
    """GOMAXPROCS that each version of Go takes by itself on the host, a row for each quota (None: no limit)."""
    names = ("no limit" if quota is None else f"{quota:g}" for quota in quotas)
    found = ((config(None, quota, go=go).gomaxprocs for go in versions) for quota in quotas)
    return tuple((name, *row) for name, row in zip(names, found, strict=True))
