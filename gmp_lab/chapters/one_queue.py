"""One queue for all, as in Go 1.0: what it costs that every goroutine passes through it.

Three costs, and each can be counted in a run: its lock (nobody passes faster than the lock lets them), moves (a
goroutine that comes back runs wherever a thread happens to be free), and threads that are woken.  The comment at the
head of Go's proc.go names the same three as reasons against designs that were rejected.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from gmp_lab import vocabulary as v
from gmp_lab.catalog import steady_mix
from gmp_lab.chapters.tasks import Case, Tried, tried
from gmp_lab.config import Config, Costs
from gmp_lab.errors import check_int
from gmp_lab.metrics import counts
from gmp_lab.recording import Recording
from gmp_lab.simulate import simulate

LONG_NS: Final = 60_000_000_000
MANY: Final = 64  # cores: more than one lock can keep busy in any case of the task
GOROUTINES: Final = 128
BURSTS: Final = 20
#: arguments of ``steady_mix``, for sweeps: the pairs of ``pairs``
PAIRS: Final = {"goroutines": GOROUTINES, "burst_us": 5, "syscall_percent": 0, "bursts": BURSTS}
CASES: Final = ((5, 1000), (5, 2000), (10, 1000), (20, 4000))  # bursts in us, lock in ns


def pairs(go: str, cores: int, lock_ns: int = 0, *, goroutines: int = GOROUTINES, burst_us: float = 5) -> Recording:
    """Pairs of goroutines that compute and meet, 20 times: under the rules of a Go version, on so many cores.

    lock_ns is how long the scheduler's lock is held for each goroutine from the global queue, 0..1e9 ns.
    """
    config = Config(go=go, gomaxprocs=cores, costs=Costs(sched_lock=lock_ns), until_ns=LONG_NS)
    return simulate(config, steady_mix(goroutines, burst_us, syscall_percent=0, bursts=BURSTS))


def callers(go: str, cores: int = 4, call_us: float = 2) -> Recording:
    """100 goroutines that compute and make short system calls, 20 each, with free locks."""
    config = Config(go=go, gomaxprocs=cores, until_ns=LONG_NS)
    return simulate(config, steady_mix(100, 20, syscall_percent=100, syscall_us=call_us, bursts=BURSTS))


def bursts_per_ms(rec: Recording) -> float:
    """Bursts of a ``steady_mix`` that were done in each millisecond, on average over the run."""
    return float(rec.params["goroutines"] * rec.params["bursts"] / rec.end_ns * 1e6)


def moved_percent(rec: Recording) -> float:
    """Share (%) of a goroutine's returns after which it ran on another P than the time before.

    Where there is no P (Go 1.0), one of the GOMAXPROCS places to run at counts as one.
    """
    last: dict[int, int] = {}
    returns = moves = 0
    for e in rec:
        if e.kind == v.E_EXECUTE:
            returns += e.g in last
            moves += last.get(e.g, e.p) != e.p
            last[e.g] = e.p
    return round(100 * moves / returns, 1) if returns else 0.0


def three_costs(rec: Recording) -> tuple[float, float, float, int]:
    """Of a run: its time (us), the waiting for the lock (us, of all Ps together), moves (%), threads woken."""
    waited = sum(e.arg for e in rec if e.kind == v.E_SCHED_LOCK)
    return rec.end_ns / 1000, waited / 1000, moved_percent(rec), counts(rec).thread_wakes


# --- the student's task: how much faster can many cores make it? ---------------------------------------------------


def most_speedup(alone_us: float, passes: int, lock_ns: int) -> float:
    """How many times faster than ``alone_us`` it can be on any number of cores, with so many passes of the lock."""
    return alone_us * 1000 / (passes * lock_ns)


def passes(rec: Recording) -> int:
    """How often a goroutine was taken from the global queue, each time under the lock."""
    of_queue = (v.SRC_GLOBAL, v.SRC_GLOBAL61)
    return sum(e.kind == v.E_EXECUTE and e.arg & ~v.INHERIT in of_queue for e in rec)


def try_limit(answer: Callable[[float, int, int], Any]) -> Tried:
    """Try a student's ``answer(alone_us, passes, lock_ns)`` on runs under Go 1.0: it may be off by 15 %."""
    cases = []
    for burst_us, lock_ns in CASES:
        alone, many = (pairs("1.0", cores, lock_ns, burst_us=burst_us) for cores in (1, MANY))
        given = (alone.end_ns / 1000, passes(many), check_int("lock_ns", lock_ns, 1, 1_000_000))
        said = f"bursts of {burst_us} us, lock held for {lock_ns:,} ns"
        cases.append(Case(said, given, alone.end_ns / many.end_ns))
    return tried(answer, cases, within=0.15)
