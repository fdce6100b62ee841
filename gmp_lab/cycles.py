"""The collector's cycles of a run, from its Recording alone: what gctrace says of each, and its text.

Times are those of the events; sizes are whole KiB, as the events tell them.
"""

from __future__ import annotations

from typing import Final

from gmp_lab import params
from gmp_lab import vocabulary as v
from gmp_lab.gctrace import GCCycle, format_gctrace
from gmp_lab.recording import Event, Recording

_ASSIST: Final = 4  # beside the modes of workers (vocabulary.GC_MODES)


class _Reader:
    """Folds events into cycles."""

    def __init__(self, rec: Recording) -> None:
        cores = rec.config.cores
        self.procs = rec.config.gomaxprocs
        self.cpus = cores if cores is not None else 1 << 20
        self.done: list[GCCycle] = []
        self.heap = self.goal = 0  # bytes
        self.phase = v.GC_OFF
        self.forced = False
        self.since: dict[int, tuple[int, int]] = {}  # who marks: since when, and how
        self.sums = [0] * 5  # ns by mode, of the cycle that is on
        self.spent = 0  # ns of CPU time in cycles that are over, idle marking left out
        self.stops: list[int] = []  # tSweepTerm, tMark, tMarkTerm
        self.heap0 = self.heap1 = 0

    def take(self, e: Event) -> None:
        kind = e.kind
        if kind == v.E_GC_HEAP:
            self.heap = e.arg << 10
        elif kind == v.E_GC_GOAL:
            if self.phase != v.GC_OFF or not self.stops:
                self.goal = e.arg << 10
        elif kind in (v.E_GC_WORKER, v.E_GC_ASSIST):
            self._marking(e)
        elif kind == v.E_STW_STOP:
            self._stop(e)
        elif kind == v.E_STW_START:
            self._start(e)
        elif kind == v.E_GC_CYCLE:
            self.forced = v.GC_TRIGGERS[e.arg] == "forced"
        elif kind == v.E_GC_PHASE:
            self._phase(e.arg)

    def _marking(self, e: Event) -> None:
        if e.arg:
            self.since[e.g] = (e.t, e.arg if e.kind == v.E_GC_WORKER else _ASSIST)
        elif e.g in self.since:
            begun, mode = self.since.pop(e.g)
            self.sums[mode] += e.t - begun

    def _stop(self, e: Event) -> None:
        if e.arg == v.STW_SWEEP_TERM:
            self.stops, self.sums = [e.t], [0] * 5
        elif e.arg == v.STW_MARK_TERM:
            self.stops.append(e.t)

    def _phase(self, phase: int) -> None:
        self.phase = phase
        if phase == v.GC_MARK:
            self.heap0 = self.heap
        elif phase == v.GC_TERM:
            self.heap1 = self.heap

    def _start(self, e: Event) -> None:
        if self.phase == v.GC_MARK:
            self.stops.append(e.t)
        elif len(self.stops) == 3:  # the phase is off again: the cycle is over
            self._over(e)
        self.procs = e.arg

    def _over(self, e: Event) -> None:
        sweep, mark, term = self.stops
        _, dedicated, fractional, idle, assist = self.sums
        pauses = (mark - sweep + e.t - term) * self.procs
        self.spent += pauses + dedicated + fractional + assist
        self.done.append(GCCycle(
            numgc=len(self.done) + 1, tSweepTerm=sweep, tMark=mark, tMarkTerm=term, tEnd=e.t,
            gc_cpu_fraction=self.spent / (e.t * self.procs), assistTime=assist, dedicatedMarkTime=dedicated,
            fractionalMarkTime=fractional, idleMarkTime=idle, heap0=self.heap0, heap1=self.heap1, heap2=self.heap,
            lastHeapGoal=self.goal, maxprocs=self.procs, stwprocs=min(self.procs, self.cpus),
            userForced=self.forced,
        ))  # fmt: skip
        self.stops = []


def cycles(rec: Recording) -> list[GCCycle]:
    """Every cycle that was over before the run was, in order."""
    reader = _Reader(rec)
    for e in rec:
        reader.take(e)
    return reader.done


def gctrace_text(rec: Recording) -> str:
    """What GODEBUG=gctrace=1 prints, each line with its end; "" for a run without a cycle."""
    form = params.version(rec.config.go).gctrace
    return "".join(format_gctrace(c, form) + "\n" for c in cycles(rec))
