"""A run in one table: the figures that a status line, a notebook or a comparison of two runs needs."""

from __future__ import annotations

from dataclasses import dataclass

from gmp_lab.metrics.columns import check_window
from gmp_lab.metrics.counts import Counts, Steals, counts, steals
from gmp_lab.metrics.depths import Depths, queue_depths, thread_count
from gmp_lab.metrics.latency import Latency, latency
from gmp_lab.metrics.spans import Spans
from gmp_lab.metrics.usage import Usage, total_usage, usage
from gmp_lab.recording import Recording

Row = tuple[str, int | float, str]


@dataclass(frozen=True, slots=True)
class Summary:
    """``window_ns`` of a run with ``gomaxprocs`` Ps, ``events`` recorded in all.

    ``threads_max``, ``global_max`` and ``ring_max`` (the longest ring; both -1 for a real trace) are of
    the whole run, everything else is of the window.
    """

    window_ns: int
    gomaxprocs: int
    events: int
    usage: Usage
    latency: Latency
    counts: Counts
    steals: Steals
    threads_max: int
    global_max: int
    ring_max: int


def summary(
    rec: Recording, start_ns: int = 0, end_ns: int | None = None,
    *, p_stays: Spans | None = None, depths: Depths | None = None,
) -> Summary:  # fmt: skip
    """Measure a run between two times (ns).

    ``p_stays`` (``spans`` of the window) and ``depths`` (``queue_depths``) save work if known already.
    """
    start, end = check_window(rec, start_ns, end_ns)
    if depths is None and rec.complete:
        depths = queue_depths(rec)
    return Summary(
        window_ns=end - start,
        gomaxprocs=rec.config.gomaxprocs,
        events=len(rec),
        usage=total_usage(usage(rec, start, end, of=p_stays)),
        latency=latency(rec, start, end),
        counts=counts(rec, start, end),
        steals=steals(rec, start, end),
        threads_max=thread_count(rec).maximum(),
        global_max=depths.global_.maximum() if depths else -1,
        ring_max=max(ring.maximum() for ring in depths.ring) if depths else -1,
    )


def _percent(part: int, whole: int) -> float:
    return round(100 * part / whole, 1) if whole else 0.0


def summary_rows(rec: Recording, start_ns: int = 0, end_ns: int | None = None) -> list[Row]:
    """The Summary as rows (label, value, unit) for a table."""
    return rows_of(summary(rec, start_ns, end_ns))


def rows_of(s: Summary) -> list[Row]:
    """Rows (label, value, unit) of a Summary; shares in % with one decimal, times in us with three."""
    u, n, w = s.usage, s.counts, s.latency
    shares: list[Row] = [
        (label, _percent(ns, u.total_ns), "% of the Ps' time")
        for label, ns in (
            ("running goroutines", u.running_ns), ("in a system call, P kept", u.syscall_ns),
            ("scheduling", u.scheduling_ns), ("spinning", u.spinning_ns),
            ("waiting for its thread", u.waking_ns), ("waiting for a core", u.no_core_ns), ("idle", u.idle_ns),
        )
    ]  # fmt: skip
    waits: list[Row] = [
        (f"scheduling latency, {label}", ns / 1000, "us")
        for label, ns in (("median", w.p50_ns), ("p90", w.p90_ns), ("p99", w.p99_ns), ("maximum", w.max_ns))
    ]
    rest: list[Row] = [
        ("goroutines started", n.created, ""), ("goroutines ended", n.exited, ""),
        ("executes", n.executes, ""), ("steals", s.steals.count, ""), ("goroutines stolen", s.steals.gs, ""),
        ("preemptions asked for", n.preempt_requests, ""), ("preempted", n.preempted, ""),
        ("system calls", n.syscalls, ""), ("Ps retaken by sysmon", n.retakes, ""),
        ("hand-offs", n.handoffs, ""),
        ("longest ring", s.ring_max, "goroutines"), ("longest global queue", s.global_max, "goroutines"),
        ("threads, at most", s.threads_max, ""),
    ]  # fmt: skip
    return [("time", s.window_ns / 1000, "us"), *shares, *waits, *rest]
