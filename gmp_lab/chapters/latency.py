"""Chapter 4.4: percentiles of response times, where the slow ones come from, what a metric sees of it.

A service tells its response times with ``log``, in whole us (``catalog.service``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil

from gmp_lab import vocabulary as v
from gmp_lab.chapters.tasks import Case
from gmp_lab.draw import Table
from gmp_lab.draw.plots_service import causes
from gmp_lab.errors import ConfigError, check_int
from gmp_lab.metrics import TimeHistogram, responses, runtime_metrics
from gmp_lab.metrics.responses import PARTS
from gmp_lab.narrate import narrate
from gmp_lab.recording import Recording

SLOWEST = 2  # column of causes(): the slowest 1 %


def responses_us(rec: Recording) -> list[int]:
    """The response times of a run in us, in the order in which they came."""
    return [us for _, _, us in rec.logs()]


def nearest(values: Sequence[float], percent: float) -> float:
    """The smallest of the values that so many percent (above 0, at most 100) of them do not exceed; 0 of none."""
    if not 0 < percent <= 100:
        raise ConfigError("percent", percent, "above 0, at most 100")
    ordered = sorted(values)
    return ordered[ceil(len(ordered) * round(percent * 1000) / 100_000) - 1] if ordered else 0.0


def p50_ms(rec: Recording) -> float:
    """The median of the response times, ms.  For sweeps."""
    return nearest(responses_us(rec), 50) / 1000


def p99_ms(rec: Recording) -> float:
    """The response time that 99 % do not exceed, ms.  For sweeps."""
    return nearest(responses_us(rec), 99) / 1000


def percentile_cases(runs: Mapping[str, Recording]) -> list[Case]:
    """Cases for the student's ``percentile(values, percent)``: of ten numbers, and of the responses of each run."""
    ten = [30, 10, 20, 100, 40, 60, 50, 90, 70, 80]
    cases = [Case(f"10, 20, ... 100 in some order: {q:g} %", (list(ten), q), nearest(ten, q)) for q in (50, 90, 99)]
    for name, rec in runs.items():
        us = responses_us(rec)
        cases += [Case(f"{name}, {len(us)} responses: {q:g} %", (list(us), q), nearest(us, q)) for q in (50, 99)]
    return cases


def rounded(values: Sequence[int], width: int) -> list[int]:
    """The values (us) as a histogram with buckets of ``width`` us knows them: by the upper edge of their bucket."""
    check_int("width", width, 1, 1_000_000, "us")
    return [(value // width + 1) * width for value in values]


# --- where the slow ones come from --------------------------------------------------------------------------------


def slowest(rec: Recording) -> tuple[str, float]:
    """What the slowest 1 % of the responses consist of most, one of metrics.responses.PARTS, and its share (%)."""
    us = causes(rec)[:, SLOWEST]
    top = int(us.argmax())
    return PARTS[top], float(100 * us[top] / us.sum()) if us.sum() else 0.0


def tails(runs: Mapping[str, Recording]) -> Table:
    """For each run: median and p99 of its responses, and what the slowest 1 % consist of most."""
    rows = []
    for name, rec in runs.items():
        cause, share = slowest(rec)
        rows.append((name, p50_ms(rec), p99_ms(rec), f"{cause} ({share:.0f} %)"))
    heads = ("service", "median (ms)", "p99 (ms)", "slowest 1 %, mostly")
    return Table("Where the tail comes from", heads, tuple(rows))


# --- what /sched/latencies sees -----------------------------------------------------------------------------------


def seen(rec: Recording) -> Table:
    """Percentiles of the responses beside those that a program reads in /sched/latencies:seconds, in ms."""
    histogram = runtime_metrics(rec)["/sched/latencies:seconds"]
    assert isinstance(histogram, TimeHistogram)
    rows = tuple(
        (f"{q:g} %", nearest(responses_us(rec), q) / 1000, 1000 * upper_edge(histogram, q)) for q in (50, 90, 99)
    )
    return Table("Two measures of one run, in ms", ("share", "response", "/sched/latencies"), rows, digits=2)


def upper_edge(histogram: TimeHistogram, percent: float) -> float:
    """The upper edge (s) of the bucket in which this percentile lies; 0 of an empty histogram."""
    need = ceil(histogram.total * percent / 100)
    count = 0
    for n, edge in zip(histogram.counts.tolist(), histogram.buckets.tolist()[1:], strict=True):
        count += n
        if need and count >= need:
            return float(edge)
    return 0.0


# --- the slowest of all -------------------------------------------------------------------------------------------

_TOLD = (v.E_PREEMPT, v.E_TIMER, v.E_GO_CREATE, v.E_EXECUTE, v.E_LOG, v.E_YIELD)


def story(rec: Recording) -> Table:
    """The life of the slowest response: when it was due, and who had its P until it was done.

    Only what concerns this request, its maker, and goroutines of other kinds is told, not its fellow requests.
    """
    found = responses(rec)
    if not len(found):
        raise ConfigError("rec", repr(rec), "a run of a service that has answered")
    k = int(found.length_ns.argmax())
    g, due, end = int(found.g[k]), int(found.due_ns[k]), int(found.end_ns[k])
    rows: list[tuple[float | str, ...]] = [(0.0, f"G{g} is due")]
    for i in range(len(rec)):
        fellow = rec.g_name(rec.g[i]) == rec.g_name(g) and rec.g[i] != g
        if due < rec.t[i] <= end and rec.kind[i] in _TOLD and not fellow:
            done = rec.t[i] == end and rec.g[i] == g  # it notes how long it took, which the time beside it says, too
            said = f"G{g} ({rec.g_name(g)}) has answered" if done else narrate(rec, i).sentence.rstrip(".")
            rows.append(((rec.t[i] - due) / 1e6, said))
    return Table(f"The slowest response, ms since it was due: G{g}", ("ms", "what happens"), tuple(rows), digits=2)
