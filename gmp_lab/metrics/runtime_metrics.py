"""runtime/metrics: what a program would read with metrics.Read at a time t, under Go's names, from a Recording alone.

The counts follow Go's own rule (runtime/metrics.go schedStatsAggregate.compute), with its oddities: a goroutine that
a thread has in its hand is on no queue and so counts as waiting, and a P whose thread looks for work counts as a
running goroutine.  ``/sched/latencies:seconds`` and ``/sync/mutex/wait/total:seconds`` hold what was over at time t.
Go samples both (1 of 8 times that a goroutine stops running, and multiplies the second by 8); here every one counts,
so the histogram is about 8 times as high as in Go, and of the same shape.

``ABSENT`` says of every other name why it has no value here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gmp_lab import params
from gmp_lab import vocabulary as v
from gmp_lab.errors import ConfigError, check_int
from gmp_lab.metrics.columns import Ints, columns
from gmp_lab.metrics.latency import waits
from gmp_lab.metrics.spans import g_spans
from gmp_lab.metrics.states import G_WAITING
from gmp_lab.recording import Recording
from gmp_lab.replay import State, state_at

# --- time histograms: runtime/histogram.go ------------------------------------------------------------------------

MIN_BUCKET_BITS: Final = 9  # timeHistMinBucketBits
MAX_BUCKET_BITS: Final = 48  # timeHistMaxBucketBits, exclusive
SUB_BUCKET_BITS: Final = 2  # timeHistSubBucketBits
SUB_BUCKETS: Final = 1 << SUB_BUCKET_BITS
BUCKETS: Final = (MAX_BUCKET_BITS - MIN_BUCKET_BITS + 1) * SUB_BUCKETS + 2  # and one for too small, one for too large

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class TimeHistogram:
    """``counts[i]`` values (uint64) lie in ``buckets[i] <= s < buckets[i + 1]`` (seconds, float64, one longer)."""

    counts: Ints
    buckets: Floats

    @property
    def total(self) -> int:
        """Number of values."""
        return int(self.counts.sum())


def time_buckets() -> Floats:
    """The boundaries of a time histogram, seconds: BUCKETS + 1 numbers, from minus to plus infinity.

    Each power of two from 2**8 ns on is cut into 4 equal parts, and so is what is below it.
    """
    inner = [j << (MIN_BUCKET_BITS - 1 - SUB_BUCKET_BITS) for j in range(SUB_BUCKETS)]
    for i in range(MIN_BUCKET_BITS, MAX_BUCKET_BITS):
        inner += [(1 << (i - 1)) | (j << (i - 1 - SUB_BUCKET_BITS)) for j in range(SUB_BUCKETS)]
    inner.append(1 << (MAX_BUCKET_BITS - 1))
    return np.concatenate(([-np.inf], np.array(inner, np.int64) / 1e9, [np.inf]))


def bucket_of(ns: int) -> int:
    """Index of the bucket that a duration (ns) is counted in: the most significant bit, and the two after it."""
    if ns < 0:
        return 0
    length = max(ns.bit_length(), MIN_BUCKET_BITS - 1)
    bucket = length - MIN_BUCKET_BITS + 1
    if length >= MAX_BUCKET_BITS:
        return BUCKETS - 1
    low = max(length, MIN_BUCKET_BITS) - 1 - SUB_BUCKET_BITS
    return bucket * SUB_BUCKETS + (ns >> low) % SUB_BUCKETS + 1


def time_histogram(ns: Ints) -> TimeHistogram:
    """The histogram of durations (ns)."""
    values, times = np.unique(ns, return_counts=True)
    where = np.array([bucket_of(int(value)) for value in values], np.int64)
    counts = np.zeros(BUCKETS, np.uint64)
    np.add.at(counts, where, times.astype(np.uint64))
    return TimeHistogram(counts, time_buckets())


# --- the values ---------------------------------------------------------------------------------------------------

_MUTEX_WAITS: Final = [v.WAIT_NO[w] for w in ("sync.Mutex.Lock", "sync.RWMutex.RLock", "sync.RWMutex.Lock")]
_PRUNNING, _GSYSCALL, _GDEAD = 1, 3, 6


class _Goroutines(NamedTuple):
    """The counts of runtime/metrics.go schedStatsAggregate."""

    total: int
    user: int
    running: int
    runnable: int
    not_in_go: int
    waiting: int


def _goroutines(rec: Recording, s: State) -> _Goroutines:
    alive = [g for g in s.gs.values() if g.status != _GDEAD]
    system = sum(g.id != 1 and rec.g_name(g.id).startswith("runtime.") for g in alive)
    not_in_go = sum(g.status == _GSYSCALL for g in alive)
    calls = {g.m for g in alive if g.status == _GSYSCALL}
    running = sum(p.status == _PRUNNING and p.m not in calls for p in s.ps)
    runnable = sum(len(p.runq) + (p.runnext > 0) for p in s.ps) + len(s.runq)
    rest = max(len(alive) - running - runnable - not_in_go, 0)
    return _Goroutines(len(alive), len(alive) - system, running, runnable, not_in_go, rest)


class _Moment(NamedTuple):
    rec: Recording
    t: int
    state: State
    gs: _Goroutines


def _live(m: _Moment) -> int:
    return m.gs.total if params.version(m.rec.config.go).metrics_count_system else m.gs.user


def _created(m: _Moment) -> int:
    c = columns(m.rec)
    return int(np.count_nonzero(c.kind[: m.rec.index_at(m.t)] == v.E_GO_CREATE))


def _latencies(m: _Moment) -> TimeHistogram:
    spans = g_spans(m.rec)
    return time_histogram(waits(m.rec, of=spans.take(spans.end_ns <= m.t))[1])


def _mutex_wait(m: _Moment) -> float:
    spans = g_spans(m.rec)
    over = (spans.state == G_WAITING) & np.isin(spans.m, _MUTEX_WAITS) & (spans.until >= 0) & (spans.end_ns <= m.t)
    return int(spans.take(over).length_ns.sum()) / 1e9


class Metric(NamedTuple):
    """A name that has a value: the oldest of Go 1.19, 1.23, 1.25 and 1.26 that has it, and what it tells."""

    since: str
    tells: str
    value: Callable[[Any], int | float | TimeHistogram]


METRICS: Final[dict[str, Metric]] = {
    "/sched/gomaxprocs:threads": Metric("1.19", "number of Ps", lambda m: len(m.state.ps)),
    "/sched/goroutines:goroutines": Metric("1.19", "live goroutines; since 1.26 with the runtime's own", _live),
    "/sched/goroutines/not-in-go:goroutines": Metric("1.26", "in system calls", lambda m: m.gs.not_in_go),
    "/sched/goroutines/runnable:goroutines": Metric("1.26", "on run queues", lambda m: m.gs.runnable),
    "/sched/goroutines/running:goroutines": Metric("1.26", "Ps that run or look for work", lambda m: m.gs.running),
    "/sched/goroutines/waiting:goroutines": Metric("1.26", "all others", lambda m: m.gs.waiting),
    "/sched/goroutines-created:goroutines": Metric("1.26", "made since the start, main too", _created),
    "/sched/threads/total:threads": Metric("1.26", "threads, sysmon's too", lambda m: len(m.state.ms)),
    "/sched/latencies:seconds": Metric("1.19", "how long goroutines were runnable before they ran", _latencies),
    "/sync/mutex/wait/total:seconds": Metric("1.23", "time in waits for a Mutex or RWMutex", _mutex_wait),
}

_COLLECTOR = "told by the collector's own events and by gctrace, not from the scheduler's"
_HEAP = "the heap is a number of bytes, without objects and size classes"
_CPU = "Go sums these up when a collection ends; see metrics.usage for what each P did"

# Prefixes of all other names of Go 1.27, and why they have no value here; the first that fits counts.
ABSENT: Final[dict[str, str]] = {
    "/sched/pauses/": _COLLECTOR,
    "/gc/pauses:": _COLLECTOR,
    "/gc/cycles/": _COLLECTOR,
    "/gc/gogc:": _COLLECTOR,
    "/gc/gomemlimit:": _COLLECTOR,
    "/gc/limiter/": _COLLECTOR,
    "/gc/stack/": "told by the stacks' own events, not from the scheduler's",
    "/gc/heap/": _HEAP,
    "/gc/scan/": _HEAP,
    "/gc/cleanups/": "there are no cleanups",
    "/gc/finalizers/": "there are no finalizers",
    "/cpu/classes/": _CPU,
    "/memory/classes/": "there is no allocator and no map of memory",
    "/cgo/": "there is no cgo",
    "/godebug/": "there are no settings for compatibility",
}


def runtime_metrics(rec: Recording, t: int | None = None) -> dict[str, int | float | TimeHistogram]:
    """Every name of METRICS with its value at time t (ns; the end of the run if not given).

    A name is there for every Go version; ``METRICS[name].since`` says which Go has it.  ConfigError for a time
    outside the run and for a record without queues (a real trace).
    """
    t = rec.end_ns if t is None else check_int("runtime_metrics(t)", t, 0, rec.end_ns, "ns")
    if not rec.complete:
        raise ConfigError("recording", rec.program, "a simulated run: a real trace does not tell what is queued")
    state = state_at(rec, t)
    moment = _Moment(rec, t, state, _goroutines(rec, state))
    return {name: metric.value(moment) for name, metric in METRICS.items()}


def why_absent(name: str) -> str:
    """Why a name of runtime/metrics has no value here; ConfigError for one that has, or that Go does not know."""
    for prefix, reason in ABSENT.items():
        if name.startswith(prefix):
            return reason
    raise ConfigError("name", name, "a name of runtime/metrics that is not in METRICS")
