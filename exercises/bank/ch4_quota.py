"""Chapter 4, a service in a container: GOMAXPROCS, the quota, percentiles and what they may cost."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from random import Random

from gmp_lab import Config, simulate
from gmp_lab.catalog import service
from gmp_lab.exam import Answer, Mark, Question, Wrong, mark
from gmp_lab.exam.model import Params
from gmp_lab.metrics import measured

from .ch4_stop import Cases, but, several
from .kit import Case, assigned, implement, one_value

# --- GOMAXPROCS that nobody has set ---------------------------------------------------------------------------------

_PROCS = """
import math

def defaultGOMAXPROCS(go, ncpu, affinity, quota, period):
    if go < 5:
        return 1
    procs = ncpu if affinity is None else len(affinity)
    if go < 25 or quota is None:
        return procs
    return min(procs, max(2, math.ceil(quota / period)))
"""


def _machine(draw: Random, go: Sequence[int], limit: str, affinity: bool) -> Case:
    """A machine; limit: what part of its CPUs the quota is: none, whole, part, small, more."""
    ncpu = draw.randrange(5, 97)
    cpus = sorted(draw.sample(range(ncpu), draw.randrange(2, 5))) if affinity else None
    period = draw.choice((100_000, 100_000, 50_000, 200_000))
    whole = draw.randrange(3, 5)
    quota = {
        "none": None, "whole": whole * period, "part": whole * period + draw.randrange(1, period // 2),
        "small": draw.randrange(period // 20, 3 * period // 2), "more": (ncpu + draw.randrange(1, 9)) * period,
    }[limit]  # fmt: skip
    return [draw.choice(go), ncpu, cpus, quota, period]


def _machines(go: Sequence[int], limit: str, affinity: bool = False) -> Cases:
    return lambda draw, p: [_machine(draw, [version], limit, affinity) for version in [*go, *go, *go]]


MAXPROCS = implement(
    id="ch4-maxprocs", title="How many Ps by default", points=3, minutes=5, see="05", name="defaultGOMAXPROCS",
    arguments="go, ncpu, affinity, quota, period",
    objective="Write Go's default for GOMAXPROCS: version, CPUs, affinity, quota",
    text=lambda p: """Nobody sets GOMAXPROCS, and GODEBUG is empty. Write `defaultGOMAXPROCS(go, ncpu, affinity, quota, period)`: how many Ps a
program has when it starts on Linux. `go` is the minor number of its version (`24` for Go 1.24); `ncpu` the number of the
machine's CPUs; `affinity` the list of CPUs on which the process may run, or `None` for all; `quota` and `period` are the two
numbers of its cgroup's `cpu.max` in microseconds, `quota` is `None` for `max`.""",
    reference=_PROCS,
    cases={
        "1.25 and later, a quota": (1, "The limit is quota / period, rounded up.", _machines((25, 26, 27), "part")),
        "a small quota": (0.5, "Less than two are never taken because of a quota.", _machines((25, 27), "small")),
        "more than there is": (0.25, "A quota adds no CPUs.", _machines((25, 27), "more")),
        "up to 1.24": (0.5, "These versions do not look at the quota.", _machines((5, 13, 14, 24), "part")),
        "affinity": (0.5, "Only the CPUs on which the process may run count; the quota can only lower that number.",
                     lambda d, p: [_machine(d, [go], limit, True) for go in (5, 24, 25, 27) for limit in ("none", "whole", "more")]
                     + [[27, 8, [d.randrange(8)], d.randrange(10_000, 150_000), 100_000]]),
        "the oldest versions": (0.25, "Up to 1.4 the default was 1.", _machines((1, 2, 4), "none")),
    },
    believer="def defaultGOMAXPROCS(go, ncpu, affinity, quota, period):\n    return ncpu",
    right=["""
def defaultGOMAXPROCS(go, ncpu, affinity, quota, period):
    if go <= 4:
        return 1
    allowed = ncpu
    if affinity is not None:
        allowed = len(set(affinity))
    if go >= 25 and quota:
        limit = -(-quota // period)
        if limit < 2:
            limit = 2
        if limit < allowed:
            allowed = limit
    return allowed
"""],
    wrong={
        "rounded down": but(_PROCS, "math.ceil(quota / period)", "quota // period"),
        "rounded to the nearest": but(_PROCS, "math.ceil(quota / period)", "round(quota / period)"),
        "at least one": but(_PROCS, "max(2,", "max(1,"),
        "the quota alone": but(_PROCS, "min(procs, max(2, math.ceil(quota / period)))", "max(2, math.ceil(quota / period))"),
        "two on one CPU": but(_PROCS, "min(procs, max(2, math.ceil(quota / period)))", "max(2, min(procs, math.ceil(quota / period)))"),
        "since 1.24": but(_PROCS, "go < 25", "go < 24"),
        "in all versions": but(_PROCS, "go < 25 or ", ""),
        "no affinity": but(_PROCS, "ncpu if affinity is None else len(affinity)", "ncpu"),
        "one up to 1.5": but(_PROCS, "go < 5", "go < 6"),
    },
    partial=[(but(_PROCS, "max(2,", "max(1,"), 2.5 / 3)],
    claims=("4.4-07",),
)  # fmt: skip

# --- what a quota does ----------------------------------------------------------------------------------------------

_QUOTA = """
def throttled(quota, period, threads, cores, need):
    running = min(threads, cores)
    used = min(quota, running * period)
    stands = period - used // running
    total = threads * need
    full = (total - 1) // used
    return stands, full * period + (total - full * used) // running
"""


def _group(draw: Random, load: str, share: int, rounds: int = 0) -> Case:
    """A group; load: fits (into the quota), over, crowded (more threads than cores); share: threads for each core.

    ``need`` makes it end in the period of this number, or (0) in the one after that at whose end the quota is empty.
    """
    cores = draw.choice((4, 8, 12, 16))
    running = cores if load == "crowded" else draw.randrange(2, cores)
    threads = running * share
    period = 1000 * draw.choice((50, 100, 200))
    part = period if load == "fits" else period * draw.choice((20, 25, 40, 50, 75, 80)) // 100
    quota = running * part + (draw.randrange(0, 3) * 10_000 if load == "fits" else 0)
    last = part if rounds < 0 else draw.randrange(1, part // 1000) * 1000
    return [quota, period, threads, cores, (max(abs(rounds) - 1, 0) * part + last) // share]


QUOTA = implement(
    id="ch4-throttled", title="Standing still", points=4, minutes=6, see="05", name="throttled",
    arguments="quota, period, threads, cores, need",
    objective="Work out how long a quota makes a group of threads stand still, and when their work is done",
    text=lambda p: """A cgroup may use `quota` microseconds of CPU time in each `period` (`cpu.max`). At the beginning of a period `threads` threads
of it start to compute without pause, on a machine with `cores` cores that has nothing else to do; they share what they get
evenly. Each has to compute for `need` microseconds. Write `throttled(quota, period, threads, cores, need)`: return a tuple of
two whole numbers of microseconds: how long all of them stand still in each period as long as they all want to compute; and the
time from the start until all are done. All divisions come out even. (Take the bookkeeping as exact: time is not handed out in
slices.)""",
    reference=_QUOTA,
    cases={
        "within the quota": (0.5, "Whoever cannot use more than the quota never stands still.",
                             several(lambda d: _group(d, "fits", 1, d.randrange(1, 4)))),
        "over the quota, one period": (1, "The quota is used up sooner the more threads run: after quota / running.",
                                       several(lambda d: _group(d, "over", 1, 1))),
        "over the quota, several periods": (1, "In each period they run until the quota is used up, and stand still until the next.",
                                            several(lambda d: _group(d, "over", 1, d.randrange(2, 7)))),
        "done as the quota is": (0.5, "Who is done with the last microsecond of the quota need not wait for the next period.",
                                 several(lambda d: _group(d, "over", 1, -d.randrange(1, 5)))),
        "more threads than cores": (1, "Only as many threads as there are cores use CPU time at once.",
                                    several(lambda d: _group(d, "crowded", d.choice((2, 4, 5)), d.randrange(1, 5)))),
    },
    believer="def throttled(quota, period, threads, cores, need):\n    return 0, need",
    right=["""
def throttled(quota, period, threads, cores, need):
    n = threads if threads < cores else cores
    runs = quota // n
    if runs > period:
        runs = period
    work, periods = threads * need // n, 0
    while work > runs:
        work -= runs
        periods += 1
    return (period - runs, periods * period + work)
"""],
    wrong={
        "no quota": "def throttled(quota, period, threads, cores, need):\n    return 0, threads * need // min(threads, cores)",
        "the quota of each thread": but(_QUOTA, "used = min(quota, running * period)", "used = running * min(quota, period)"),
        "more than time": but(_QUOTA, "min(quota, running * period)", "quota"),
        "cores are not looked at": but(_QUOTA, "min(threads, cores)", "threads"),
        "all cores always": but(_QUOTA, "min(threads, cores)", "cores"),
        "one period more": but(_QUOTA, "(total - 1) // used", "total // used"),
        "evenly slowed down": but(_QUOTA, "full * period + (total - full * used) // running", "total * period // used"),
        "no waiting": but(_QUOTA, "full * period + (total - full * used) // running", "total // running"),
        "the rest of the quota": but(_QUOTA, "period - used // running", "used // running"),
    },
    partial=[(but(_QUOTA, "(total - 1) // used", "total // used"), 3.5 / 4)],
    claims=("4.4-07",),
)  # fmt: skip

# --- percentile and error budget ------------------------------------------------------------------------------------

_REPORT = """
def report(latencies, permille, slo):
    n = len(latencies)
    value = sorted(latencies)[-(-n * permille // 1000) - 1]
    allowed = n * (1000 - permille) // 1000
    return value, allowed - sum(us > slo for us in latencies)
"""


def _latencies(draw: Random, n: int, permille: int, slow: int) -> Case:
    """So many latencies in us, in no order, ``slow`` of them above the slo and, if any, some others exactly at it."""
    slo = draw.randrange(3_000, 9_000)
    values = [draw.randrange(100, slo) for _ in range(n - slow)] + [draw.randrange(slo + 1, 9 * slo) for _ in range(slow)]
    if slow > 1:
        values[: n // 20] = [slo] * (n // 20)
    draw.shuffle(values)
    return [values, permille, slo]


REPORT = implement(
    id="ch4-report", title="A percentile, and what is left to spend", points=3, minutes=5, see="04-4", name="report",
    arguments="latencies, permille, slo",
    objective="Write a percentile by nearest rank, and what is left of an error budget",
    text=lambda p: """An SLO says that at least `permille` of 1000 requests are answered within `slo` microseconds (990: the 99th percentile, 999:
99.9 %). Write `report(latencies, permille, slo)` for a list of latencies (whole microseconds, in no order, at least one).
Return a tuple of two whole numbers: the percentile by nearest rank, that is the smallest of the latencies that so many of 1000
do not exceed; and the error budget that is left: how many **more** requests of these could have been too slow without breaking
the SLO, negative if it is broken.""",
    reference=_REPORT,
    cases={
        "hundreds and thousands": (0.75, "The rank is the number of values times the percentage, counted from 1.",
                                   several(lambda d: _latencies(d, d.choice((100, 200, 1000, 2000)), d.choice((500, 900, 990)), 0))),
        "other numbers of requests": (1, "A rank that is no whole number is rounded up, an allowance down.",
                                      several(lambda d: _latencies(d, d.choice((37, 101, 250, 333, 1234)), d.choice((950, 990, 999)), 1))),
        "few values": (0.5, "Of few values a high percentile is the largest, and there is no budget.",
                       several(lambda d: _latencies(d, d.randrange(1, 12), 990, d.randrange(2)))),
        "a budget in use": (0.75, "Too slow is who is above the SLO; each takes one of the budget.",
                            several(lambda d: _latencies(d, 400, d.choice((900, 950, 990)), d.randrange(2, 60)))),
    },
    believer="def report(latencies, permille, slo):\n    return sum(latencies) // len(latencies), sum(us > slo for us in latencies)",
    right=["""
import math
def report(latencies, permille, slo):
    ordered = sorted(latencies)
    rank = math.ceil(len(ordered) * permille / 1000)
    within = sum(1 for us in ordered if us <= slo)
    return ordered[rank - 1], within - rank
""", """
def report(latencies, permille, slo):
    n = len(latencies)
    for value in sorted(set(latencies)):
        if 1000 * sum(us <= value for us in latencies) >= permille * n:
            break
    spare = 0
    while (spare + 1) * 1000 <= n * (1000 - permille):
        spare += 1
    for us in latencies:
        spare -= us > slo
    return (value, spare)
"""],
    wrong={
        "one too far": but(_REPORT, "-(-n * permille // 1000) - 1", "min(n - 1, -(-n * permille // 1000))"),
        "rounded down": but(_REPORT, "-(-n * permille // 1000) - 1", "max(0, n * permille // 1000 - 1)"),
        "as an index": but(_REPORT, "-(-n * permille // 1000) - 1", "min(n - 1, n * permille // 1000)"),
        "not in order": but(_REPORT, "sorted(latencies)", "latencies"),
        "the slowest": but(_REPORT, "[-(-n * permille // 1000) - 1]", "[-1]"),
        "the mean": but(_REPORT, "sorted(latencies)[-(-n * permille // 1000) - 1]", "sum(latencies) // n"),
        "the allowance rounded up": but(_REPORT, "n * (1000 - permille) // 1000", "-(-n * (1000 - permille) // 1000)"),
        "at the SLO is too slow": but(_REPORT, "us > slo", "us >= slo"),
        "the whole budget": but(_REPORT, "allowed - sum(us > slo for us in latencies)", "allowed"),
        "never negative": but(_REPORT, "allowed - sum(us > slo for us in latencies)", "max(0, allowed - sum(us > slo for us in latencies))"),
    },
    partial=[(but(_REPORT, "us > slo", "us >= slo"), 2.25 / 3)],
    claims=("4.4-03",),
)  # fmt: skip

# --- GOMAXPROCS for an SLO under a quota ----------------------------------------------------------------------------

_CORES = 8


@lru_cache(maxsize=512)
def _served(procs: int, quota_us: int, rate: int, hogs: int, seed: int) -> tuple[int, float]:
    """The 99th percentile of the responses in us, and the share of the cores' time that stood still, in per cent."""
    config = Config(gomaxprocs=procs, cores=_CORES, quota_us=quota_us, seed=seed, until_ns=10_000_000_000)
    rec = simulate(config, service(rate, 400, hogs=hogs, loop_us=1000, ms=400, seed=seed))
    p99, stood = (value for _, value, _ in measured(rec, ("response, p99", "throttled")))
    return int(p99), float(stood)


def _slo(p: Params) -> int:
    """What the whole CPUs of the quota reach, rounded up to a tenth of a millisecond."""
    return math.ceil(_run(p, p["quota_us"] // 100_000)[0] / 100) * 100


def _run(p: Params, procs: int) -> tuple[int, float]:
    return _served(procs, p["quota_us"], p["rate"], p["hogs"], p["seed"])


def _default(p: Params) -> int:
    return Config(gomaxprocs=None, cores=_CORES, quota_us=p["quota_us"]).gomaxprocs  # type: ignore[arg-type]  # None: default


def _tune_check(p: Params, answer: Answer) -> list[Mark]:
    answer.value("gomaxprocs", "default")
    procs = answer.typed("gomaxprocs", int)
    default = one_value(answer, "default", _default(p), 1, "Since 1.25: quota / period, rounded up, at least 2.",
                        near={_CORES: 0.25}, see="05")  # fmt: skip
    if not 1 <= procs <= _CORES:
        return [default, mark("a value from 1 to 8", 3, False, f"gomaxprocs must be from 1 to {_CORES}.", see="05")]
    p99, stood = _run(p, procs)
    late = f"The 99th percentile is {p99 / 1000:.1f} ms: " + (
        "the quota is used up before the period is over, and then requests stand still, too." if stood > 1 else
        "with few Ps a request waits behind more loops."
    )  # fmt: skip
    still = f"The cores stood still for {stood:.1f} % of the time: more Ps than whole CPUs of the quota."
    return [
        default,
        mark("the SLO holds", 2, p99 <= _slo(p), late, see="05"),
        mark("and nothing stands still", 1, stood <= 1 and p99 <= 2 * _slo(p), still if stood > 1 else late, see="05"),
    ]


def _tuned(p: Params, procs: int, default: int) -> str:
    return assigned({"gomaxprocs": procs, "default": default})


TUNE = Question(
    id="ch4-tune", title="GOMAXPROCS under a quota", kind="tune", points=4, minutes=5, see="05",
    objective="Choose GOMAXPROCS for an SLO under a CPU quota, and compare it with Go's default",
    draw=lambda draw: {"quota_us": draw.choice((250_000, 350_000, 450_000)), "rate": 50 * draw.randrange(14, 19),
                       "hogs": draw.randrange(9, 13), "seed": draw.randrange(1, 1000)},
    text=lambda p: f"""A service runs on a host with 8 CPUs, in a container with `cpu.max` = `{p['quota_us']} 100000`; beside it {p['hogs']} goroutines
always have something to compute. In code:

```python
Config(gomaxprocs=..., cores=8, quota_us={p['quota_us']}, seed={p['seed']}, until_ns=10_000_000_000)
service({p['rate']}, 400, hogs={p['hogs']}, loop_us=1000, ms=400, seed={p['seed']})   # from gmp_lab.catalog
```

99 % of the requests are to be answered within {_slo(p) / 1000:.1f} ms, and the cores may stand still (be throttled) for at most 1 % of
the time. Give the value of GOMAXPROCS, from 1 to 8, with which both hold in `gomaxprocs`, and in `default` the value that
Go 1.27 takes there by itself.""",
    starter=lambda p: "gomaxprocs = ...\ndefault = ...", form="gomaxprocs: int; default: int", check=_tune_check,
    reference=lambda p: _tuned(p, p["quota_us"] // 100_000, _default(p)),
    believer=lambda p: _tuned(p, _CORES, _CORES),
    wrong=(
        Wrong("as the default", lambda p: _tuned(p, _default(p), _default(p)), 0.25),
        Wrong("one", lambda p: _tuned(p, 1, 1), 0.3),
        Wrong("as many as CPUs", lambda p: _tuned(p, _CORES, _default(p)), 0.25),
        Wrong("far too many", lambda p: _tuned(p, 100, _default(p)), 0.25),
    ),
    partial=((lambda p: _tuned(p, p["quota_us"] // 100_000, 1), 0.75),),
    claims=("4.4-07",),
)  # fmt: skip
