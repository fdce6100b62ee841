"""Chapter 2: stacks, threads, run queues, states and traces, system calls.  The questions lie in the modules ch2_*."""

from __future__ import annotations

from gmp_lab.exam.bank import Assignment

from .ch2_leak import LEAK
from .ch2_log import FIND
from .ch2_reading import DUMP, TRACE
from .ch2_rules import GLOBRUNQGET, SCHEDULE
from .ch2_runs import ORDER, THREADS
from .ch2_stack import NEWSTACK, SHRINKSTACK, STAIRS
from .ch2_sysmon import RETAKE, SYSMON
from .kit import play, verdicts

_KINDS = ("where", "share", "overflow", "handoff", "exit", "wake")

ASSIGNMENT = Assignment(
    "ch2",
    "Chapter 2: how goroutines run — 第二章:Goroutine 的运行机制",
    "How stacks grow and shrink, what needs a thread, who runs next, where a goroutine's time goes, and what becomes of a P "
    "in a system call.",
    (
        NEWSTACK, SHRINKSTACK, STAIRS, THREADS, SCHEDULE, GLOBRUNQGET, ORDER, FIND, TRACE, DUMP, LEAK, SYSMON, RETAKE,
        play(id="ch2-play", title="You are the scheduler, with calls", level="full", count=10, minutes=9, see="02-5",
             points=5, kinds=_KINDS),
        verdicts(id="ch2-claims", title="The article's second chapter", sections=["2.1", "2.2", "2.3", "2.4", "2.5"],
                 count=5, minutes=8, see="02-4"),
    ),
)  # fmt: skip
