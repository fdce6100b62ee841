"""Measures by name, for the tables of panels and for sweeps: the summary's rows and what single chapters ask for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

import numpy as np

from gmp_lab import vocabulary as v
from gmp_lab.errors import ConfigError
from gmp_lab.metrics.calls import calls
from gmp_lab.metrics.collector import assists, stops
from gmp_lab.metrics.columns import check_window, columns, in_window
from gmp_lab.metrics.latency import nearest_rank
from gmp_lab.metrics.preemptions import preemptions
from gmp_lab.metrics.spans import Spans
from gmp_lab.metrics.stacks import stack_changes, stack_sizes
from gmp_lab.metrics.summary import Row, rows_of, summary
from gmp_lab.metrics.throttling import cpu_time_ns, throttled
from gmp_lab.metrics.usage import total_usage, usage
from gmp_lab.recording import Recording

Number = int | float
Measure = Callable[[Recording, int, int], Number]  # of a run between two times (ns)


def _us(ns: Number) -> float:
    return round(ns / 1000, 3)


def _percent(part: Number, whole: Number) -> float:
    return round(100 * part / whole, 1) if whole else 0.0


def _quantile(percent: float, values: Iterable[int]) -> int:
    """The value that so many percent of them do not exceed (nearest rank), 0 of none."""
    ordered = np.sort(np.array(list(values), np.int64))
    return nearest_rank(ordered, int(percent)) if percent == int(percent) else _tail(ordered, percent)


def _tail(ordered: np.ndarray[tuple[int], np.dtype[np.int64]], percent: float) -> int:
    n = len(ordered)
    return int(ordered[min(n - 1, int(-(-n * percent // 100)) - 1)]) if n else 0


def _responses(rec: Recording, start: int, end: int) -> list[int]:
    """What goroutines wrote with log, us: response times of a service, how late victims went on."""
    return [us for t, _, us in rec.logs() if start <= t <= end]


def _within_slo(rec: Recording, start: int, end: int) -> float:
    """Share of the responses within the SLO that the program was given; 0 of none, or without an SLO."""
    took, slo = _responses(rec, start, end), rec.params.get("slo_us", 0)
    return round(100 * sum(us <= slo for us in took) / len(took), 2) if took else 0.0


def _budget(rec: Recording, start: int, end: int) -> float:
    """How much of the error budget is used: 1 % of the responses may come late."""
    took, slo = _responses(rec, start, end), rec.params.get("slo_us", 0)
    return round(100 * sum(us > slo for us in took) / (len(took) / 100), 1) if took else 0.0


def _longest_stop(rec: Recording, start: int, end: int) -> float:
    return _us(max((one.length_ns for one in stops(rec, start, end) if one.length_ns >= 0), default=0))


def _assist_time(rec: Recording, start: int, end: int) -> float:
    return _us(sum(one.total_ns for one in assists(rec, start, end)))


def _started(rec: Recording, start: int, end: int) -> int:
    """Threads that were made, each with clone; sysmon is one of them."""
    return int(_count(v.E_M_NEW)(rec, start, end))


def _woken(rec: Recording, start: int, end: int) -> int:
    """Threads that were sent for with a futex: those on the list of idle Ms, not the new ones."""
    c = columns(rec)
    inside = in_window(rec, c.t, start, end)
    new = c.kind == v.E_M_NEW
    normal = int((new & (c.arg == v.M_NORMAL) & inside).sum())
    return int(((c.kind == v.E_M_START) & inside).sum()) - normal


def _cost(rec: Recording, start: int, end: int) -> float:
    """CPU time of all threads for each response, us; 0 where cores are not limited."""
    n = len(_responses(rec, start, end))
    return _us(cpu_time_ns(rec, start, end) / n) if n and rec.config.cores is not None else 0.0


def _count(kind: int) -> Measure:
    def measure(rec: Recording, start: int, end: int) -> int:
        c = columns(rec)
        return int(in_window(rec, c.t[c.kind == kind], start, end).sum())

    return measure


def _lock_wait(rec: Recording, start: int, end: int) -> float:
    c = columns(rec)
    mine = (c.kind == v.E_SCHED_LOCK) & in_window(rec, c.t, start, end)
    return _percent(int(c.arg[mine].sum()), (end - start) * rec.procs)


def _switch_rate(rec: Recording, start: int, end: int) -> float:
    return round(_count(v.E_EXECUTE)(rec, start, end) / max(1, end - start) * 1e6, 1)


def _over_ideal(rec: Recording, start: int, end: int) -> float:
    """The time it took over the time it would have taken with the computing spread evenly over the Ps."""
    busy = total_usage(usage(rec, start, end)).running_ns
    return round((end - start) * rec.procs / busy, 2) if busy else 0.0


def _imbalance(rec: Recording, start: int, end: int) -> float:
    ran = [u.running_ns for u in usage(rec, start, end)]
    return round(max(ran) * len(ran) / sum(ran), 2) if sum(ran) else 0.0


def _copied(rec: Recording, start: int, end: int) -> float:
    return round(sum(s.used for s in stack_changes(rec) if start <= s.t_ns <= end) / 1024, 1)


def _copies(rec: Recording, start: int, end: int) -> int:
    return sum(s.used > 0 for s in stack_changes(rec) if start <= s.t_ns <= end)


def _segments(rec: Recording, start: int, end: int) -> int:
    c = columns(rec)
    mine = (c.kind == v.E_STACK_SEGMENT) & (c.arg > 0) & in_window(rec, c.t, start, end)
    return int(mine.sum())


def _largest_stack(rec: Recording, start: int, end: int) -> float:
    return max((steps.maximum(start, end) for steps in stack_sizes(rec).values()), default=0) / 1024


def _throttled(rec: Recording, start: int, end: int) -> float:
    total = sum(max(0, min(s.end_ns, end) - max(s.start_ns, start)) for s in throttled(rec))
    return _percent(total, (end - start) * (rec.config.cores or rec.procs))


def _preempt_waits(rec: Recording, start: int, end: int) -> list[int]:
    return [one.wait_ns for one in preemptions(rec, start, end) if one.wait_ns >= 0]


def _taken(rec: Recording, start: int, end: int) -> list[int]:
    return [one.taken_ns for one in calls(rec, start, end) if one.taken_ns >= 0]


def _assists(rec: Recording, start: int, end: int) -> int:
    c = columns(rec)
    return int(((c.kind == v.E_GC_ASSIST) & (c.arg == 1) & in_window(rec, c.t, start, end)).sum())


def _computed(rec: Recording, start: int, end: int) -> float:
    """What goroutines computed, all Ps together, with what the runtime charges to them."""
    return _us(total_usage(usage(rec, start, end)).running_ns)


#: name: unit and measure; beside the rows of metrics.summary
MEASURES: Final[dict[str, tuple[str, Measure]]] = {
    "switches": ("per ms", _switch_rate),
    "time computed": ("us", _computed),
    "waiting for the scheduler's lock": ("% of the Ps' time", _lock_wait),
    "time over the ideal": ("x", _over_ideal),
    "busiest P over the average": ("x", _imbalance),
    "stacks copied": ("times", _copies),
    "copied between stacks": ("KiB", _copied),
    "segments linked": ("times", _segments),
    "largest stack": ("KiB", _largest_stack),
    "collections": ("", _count(v.E_GC_CYCLE)),
    "assists": ("", _assists),
    "stops of the world": ("", _count(v.E_STW_STOP)),
    "longest stop of the world": ("us", _longest_stop),
    "time in assists": ("us", _assist_time),
    "threads made (clone)": ("", _started),
    "threads woken (futex)": ("", _woken),
    "threads put to sleep (futex)": ("", _count(v.E_M_PARK)),
    "requests answered": ("", lambda rec, a, b: len(_responses(rec, a, b))),
    "response, median": ("us", lambda rec, a, b: _quantile(50, _responses(rec, a, b))),
    "response, p99": ("us", lambda rec, a, b: _quantile(99, _responses(rec, a, b))),
    "response, p99.9": ("us", lambda rec, a, b: _quantile(99.9, _responses(rec, a, b))),
    "CPU time a response": ("us", _cost),
    "within the SLO": ("% of the responses", _within_slo),
    "error budget used": ("%", _budget),
    "late, median": ("us", lambda rec, a, b: _quantile(50, _responses(rec, a, b))),
    "late, longest": ("us", lambda rec, a, b: _quantile(100, _responses(rec, a, b))),
    "asked to stop until stopped, median": ("us", lambda rec, a, b: _us(_quantile(50, _preempt_waits(rec, a, b)))),
    "asked to stop until stopped, longest": ("us", lambda rec, a, b: _us(_quantile(100, _preempt_waits(rec, a, b)))),
    "signals": ("", _count(v.E_SIGNAL)),
    "calls that lost their P": ("", lambda rec, a, b: len(_taken(rec, a, b))),
    "call until its P was taken, median": ("us", lambda rec, a, b: _us(_quantile(50, _taken(rec, a, b)))),
    "throttled": ("% of the cores' time", _throttled),
}


def measured(
    rec: Recording,
    names: Iterable[str],
    start_ns: int = 0,
    end_ns: int | None = None,
    *,
    p_stays: Spans | None = None,
) -> list[Row]:
    """Rows (name, value, unit) of the measures with these names, of the window; ConfigError for an unknown one.

    ``p_stays`` (``spans`` of the window) saves work if known already.
    """
    start, end = check_window(rec, start_ns, end_ns)
    rows = {row[0]: row for row in rows_of(summary(rec, start, end, p_stays=p_stays))}
    out: list[Row] = []
    for name in names:
        if name in rows:
            out.append(rows[name])
        elif name in MEASURES:
            unit, measure = MEASURES[name]
            out.append((name, measure(rec, start, end), unit))
        else:
            raise ConfigError("measure", name, "one of " + ", ".join([*rows, *MEASURES]))
    return out
