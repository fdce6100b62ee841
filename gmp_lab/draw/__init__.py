"""Figures of a Recording (in work)."""

from gmp_lab.draw.queues import DepthData, apply_queue_depth, queue_depth, queue_depth_data
from gmp_lab.draw.stage import stage_html, stage_text
from gmp_lab.draw.timeline import TimelineData, apply_timeline, timeline, timeline_data

__all__ = [
    "DepthData", "TimelineData", "apply_queue_depth", "apply_timeline", "queue_depth",
    "queue_depth_data", "stage_html", "stage_text", "timeline", "timeline_data",
]  # fmt: skip
