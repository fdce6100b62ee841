"""Numbers from a Recording: what each P did, how long goroutines waited, how long the queues were.

Every measure is a pure function of the Recording and, where that makes sense, of a window of time
``start_ns <= t < end_ns`` (the whole run by default).  Times are whole nanoseconds and carry ``_ns`` in
their name; shares are computed last, from the exact sums.  Results are frozen dataclasses, or plain dicts
and lists of rows for tables.

    spans        what lasted: the stays of each P, G or M in each state
    usage        how long each P was running, in system calls, scheduling, idle
    latency      how long goroutines were runnable before they ran
    depths       rings, runnexts, the global queue and the threads as step functions
    stacks       the sizes of the goroutines' stacks
    counts       steals, sources, reasons of switches, single events
    throttling   the group's CPU time: cpu.stat, throttled cores
    calls, preemptions, stops, assists, responses   each of them, one by one
    summary      all of it in one table
    measured     any of these by name, for tables
    runtime_metrics  what a program would read with Go's package runtime/metrics

Measuring inside the simulator was rejected: a measure that nobody thought of before the run could then not
be taken from it, and a real trace could not be measured at all.
"""

from gmp_lab.metrics.calls import Call, calls
from gmp_lab.metrics.chart import StateChart, StateVisits, state_chart
from gmp_lab.metrics.collector import Assist, Stop, assists, stops
from gmp_lab.metrics.columns import Arrays, check_window, columns
from gmp_lab.metrics.counts import Counts, Steals, counts, sources, steals, switches
from gmp_lab.metrics.depths import Depths, Steps, add_steps, queue_depths, thread_count
from gmp_lab.metrics.latency import Latency, latency, latency_by_g, nearest_rank, waits
from gmp_lab.metrics.measures import MEASURES, measured
from gmp_lab.metrics.metricstext import format_metrics, parse_metrics
from gmp_lab.metrics.preemptions import Preemption, preemptions
from gmp_lab.metrics.responses import Responses, responses
from gmp_lab.metrics.runtime_metrics import TimeHistogram, runtime_metrics
from gmp_lab.metrics.spans import Spans, spans
from gmp_lab.metrics.stacks import StackChange, stack_changes, stack_sizes, stack_total
from gmp_lab.metrics.states import G_STATES, M_STATES, P_STATES
from gmp_lab.metrics.summary import Summary, rows_of, summary, summary_rows
from gmp_lab.metrics.throttling import CpuStat, Throttled, cpu_stat, cpu_time_ns, throttled
from gmp_lab.metrics.usage import Usage, state_ns, total_usage, usage

__all__ = [
    "G_STATES",
    "MEASURES",
    "M_STATES",
    "P_STATES",
    "Arrays",
    "Assist",
    "Call",
    "Counts",
    "CpuStat",
    "Depths",
    "Latency",
    "Preemption",
    "Responses",
    "Spans",
    "StackChange",
    "StateChart",
    "StateVisits",
    "Steals",
    "Steps",
    "Stop",
    "Summary",
    "Throttled",
    "TimeHistogram",
    "Usage",
    "add_steps",
    "assists",
    "calls",
    "check_window",
    "columns",
    "counts",
    "cpu_stat",
    "cpu_time_ns",
    "format_metrics",
    "latency",
    "latency_by_g",
    "measured",
    "nearest_rank",
    "parse_metrics",
    "preemptions",
    "queue_depths",
    "responses",
    "rows_of",
    "runtime_metrics",
    "sources",
    "spans",
    "stack_changes",
    "stack_sizes",
    "stack_total",
    "state_chart",
    "state_ns",
    "steals",
    "stops",
    "summary",
    "summary_rows",
    "switches",
    "thread_count",
    "throttled",
    "total_usage",
    "usage",
    "waits",
]  # fmt: skip
