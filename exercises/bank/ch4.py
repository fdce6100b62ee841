"""Chapter 4: who is stopped when and how, loops, latency, and a service in a container."""

from __future__ import annotations

from gmp_lab.exam.bank import Assignment

from .ch4_late import LOOP, REPAIR, TURN
from .ch4_quota import MAXPROCS, QUOTA, REPORT, TUNE
from .ch4_read import LISTING, LOG, STRACE
from .ch4_stop import LOOK, NOTICE, STOP
from .kit import play, verdicts

ASSIGNMENT = Assignment(
    "ch4",
    "Chapter 4: preemption, loops, latency — 第四章:抢占、循环与延迟",
    "When a goroutine is asked to stop and when it does, what loops and quotas do to others, and how late a service is.",
    (
        LOOK, LOG, TURN, NOTICE, STRACE, STOP, LISTING, LOOP, REPAIR,
        play(id="ch4-play", title="Stop, exit, hand off", level="full", count=10, minutes=8, see="04-1", points=5,
             kinds=("preempt", "exit", "handoff", "where")),
        REPORT, MAXPROCS, QUOTA, TUNE,
        verdicts(id="ch4-claims", title="The article's fourth and fifth chapter", sections=["4.1", "4.2", "4.3", "4.4", "5"], count=5,
                 minutes=8, see="06"),
    ),
)  # fmt: skip
