"""Figures, tables and texts of a Recording; pure functions that show nothing themselves.

    timeline, queue_depth               plotly Figures; the same inputs give the same JSON
    apply_timeline, apply_queue_depth   show another run in such a figure, in place, keeping the reader's zoom
    timeline_data, queue_depth_data     the arrays that they show
    THREADS, CPU, HEAP, STOPS, ASSISTS, STACKS, THROTTLING, LATENCIES, RESPONSES, CAUSES, BUDGET, SOURCES, STEALS,
    LOADS, CALLS, PREEMPTIONS, GANTT
                                        plots: ``.figure(rec)``, ``.apply(figure, rec)``, ``.table(rec, window)``
    life, life_html, life_table         one goroutine: a strip of its states, dwell times, who woke it
    stage_html, stage_text, stage_at    everything at one instant, after one event
    text_timeline, timeline_alt, queue_depth_alt   what the figures show, as text
    sweep_plot, sweep_plot_text         a sweep's measure as lines with bands, and as text
    stacked, stacked_text               a table of counts as bars in parts, and as text
    aligned, aligned_text               two runs over one another, in line where they part
    summary_table, usage_table, ...     the numbers, as HTML in a notebook and as text elsewhere

Colours are in ``palette`` and nowhere else.  Time is whole nanoseconds in every argument and us or ms on axes.
"""

from gmp_lab.draw.aligned import aligned, aligned_text, decisions_text
from gmp_lab.draw.life import Life, dwell_table, life, life_html, life_svg, life_table
from gmp_lab.draw.lighter import load_jsonschema
from gmp_lab.draw.plot import Plot
from gmp_lab.draw.plots_collector import ASSISTS, STOPS
from gmp_lab.draw.plots_counts import CALLS, LATENCIES, PREEMPTIONS, SOURCES, STEALS
from gmp_lab.draw.plots_service import BUDGET, CAUSES, RESPONSES
from gmp_lab.draw.plots_time import CPU, HEAP, STACKS, THREADS, THROTTLING
from gmp_lab.draw.plots_work import GANTT, LOADS
from gmp_lab.draw.queues import DepthData, apply_queue_depth, queue_depth, queue_depth_data
from gmp_lab.draw.scene import Stage, stage_at
from gmp_lab.draw.stacked import stacked, stacked_text
from gmp_lab.draw.stage import stage_html, stage_text
from gmp_lab.draw.statechart import state_chart_svg, state_chart_text, state_chart_title
from gmp_lab.draw.stealgraph import steal_graph_svg, steal_graph_text, steal_graph_title
from gmp_lab.draw.sweepplot import sweep_plot, sweep_plot_text
from gmp_lab.draw.tables import (
    Table,
    depth_table,
    latency_table,
    source_table,
    steal_table,
    summary_table,
    switch_table,
    usage_table,
)
from gmp_lab.draw.text import queue_depth_alt, text_timeline, timeline_alt
from gmp_lab.draw.timeline import TimelineData, apply_timeline, timeline, timeline_data

load_jsonschema()

__all__ = [
    "ASSISTS",
    "BUDGET",
    "CALLS",
    "CAUSES",
    "CPU",
    "GANTT",
    "HEAP",
    "LATENCIES",
    "LOADS",
    "PREEMPTIONS",
    "RESPONSES",
    "SOURCES",
    "STACKS",
    "STEALS",
    "STOPS",
    "THREADS",
    "THROTTLING",
    "DepthData",
    "Life",
    "Plot",
    "Stage",
    "Table",
    "TimelineData",
    "aligned",
    "aligned_text",
    "apply_queue_depth",
    "apply_timeline",
    "decisions_text",
    "depth_table",
    "dwell_table",
    "latency_table",
    "life",
    "life_html",
    "life_svg",
    "life_table",
    "queue_depth",
    "queue_depth_alt",
    "queue_depth_data",
    "source_table",
    "stacked",
    "stacked_text",
    "stage_at",
    "stage_html",
    "stage_text",
    "state_chart_svg",
    "state_chart_text",
    "state_chart_title",
    "steal_graph_svg",
    "steal_graph_text",
    "steal_graph_title",
    "steal_table",
    "summary_table",
    "sweep_plot",
    "sweep_plot_text",
    "switch_table",
    "text_timeline",
    "timeline",
    "timeline_alt",
    "timeline_data",
    "usage_table",
]  # fmt: skip
