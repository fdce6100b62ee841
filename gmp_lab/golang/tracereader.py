"""Events of a real execution trace, as ``tracetext`` reads them, put into the words of the vocabulary.

A trace tells what goroutines and Ps do, and on which thread; it tells no queue, no idle list, no tick, and not why
a goroutine was chosen.  So a Recording made from one is not ``complete``.  Threads are numbered in the order in which
they are met, as the trace's own numbers are the system's.
"""

from __future__ import annotations

import re
from typing import Final

from gmp_lab import vocabulary as v
from gmp_lab.errors import ConfigError
from gmp_lab.recording import Columns

MAX_ID: Final = 1 << 16  # goroutines with larger ids are numbered anew, as met: names are kept in a list by number
MAX_P: Final = 256
_NO_P: Final = 1_000_000
_KIB_MOST: Final = (1 << 31) - 1
_STATES: Final = {
    "Runnable": v.MET_RUNNABLE, "Running": v.MET_RUNNING, "Syscall": v.MET_SYSCALL, "Waiting": v.MET_WAITING,
    "NotExist": v.MET_DEAD,
}  # fmt: skip
_WAITS: Final = v.WAIT_NO | {
    "GC background sweeper wait": v.WAIT_NO["GC sweep wait"],
    "GC mark assist wait for work": v.WAIT_NO["GC assist wait"],
    "wait until GC ends": v.WAIT_NO["wait for GC cycle"],
    "network": v.WAIT_NO["IO wait"],
    "": v.WAIT_NO["unspecified"],
}  # fmt: skip
_YIELDS: Final = {"runtime.Gosched": v.YIELD_GOSCHED, "preempted": v.YIELD_PREEMPTED}
_NAME: Final = re.compile(r'Name="([^"]*)"')
_SCOPE_G: Final = re.compile(r"(?:Scope|Resource)=Goroutine\((\d{1,19})\)")
_NUMBER: Final = re.compile(r"Uint64\((\d{1,20})\)")
_LABEL: Final = re.compile(r'Label="GC \((\w+)\)"')
_SWEPT: Final = re.compile(r'"bytes swept"=Value\{Uint64\((\d{1,20})\)\}')
_STW: Final = "stop-the-world ("


class TraceReader:
    """Collects the events of one trace; ``columns`` holds them, ``flush`` empties what has not been put there yet."""

    def __init__(self) -> None:
        self.columns = Columns()
        self.rows: list[int] = []
        self.zero: int | None = None  # the trace's time of the first event
        self.now = 0
        self.procs = 0  # GOMAXPROCS, the largest that was told
        self.ps = 0  # one more than the largest P's number
        self.threads: dict[int, int] = {}
        self.known: dict[int, int] = {}  # goroutines with large ids -> their numbers here
        self.real: dict[int, int] = {}  # and back
        self.largest = 0
        self.names: dict[int, str] = {}
        self.notes: dict[str, int] = {}
        self.p_m: dict[int, int] = {}
        self.g_m: dict[int, int] = {}  # who runs or is in a system call -> the thread
        self.running: dict[int, int] = {}  # M -> G
        self.calls: set[int] = set()  # goroutines in system calls
        self.marking: dict[int, int] = {}

    # --- what tracetext tells ------------------------------------------------------------------------------

    def transition(  # noqa: PLR0913, PLR0917  # the fields of a line
        self, m: int, p: int, g: int, t: int, of: str, which: int, change: str, reason: str
    ) -> int:
        self._time(t)
        thread, before = self._thread(m), change.partition("->")[0]
        after = change[len(before) + 2 :]
        if of == "Proc":
            self._proc(thread, which, before, after)
            return 0
        p, who = self._p(p), self._g(which)
        self._goroutine(thread, p, self._g(g) if g > 0 else -1, who, before, after, reason)
        if before == "NotExist":
            return who  # the first frame of the next stack is what it runs
        return -who if before == "Undetermined" and who not in self.names else 0

    def event(  # noqa: PLR0913, PLR0917  # the fields of a line
        self, m: int, p: int, g: int, t: int, kind: str, rest: str
    ) -> int:
        self._time(t)
        thread, p, who = self._thread(m), self._p(p), self._g(g) if g > 0 else -1
        if kind == "Sync":
            number = re.search(r"\bN=(\d{1,9})\b", rest)
            self._put(v.E_TRACE_SYNC, -1, -1, -1, int(number[1]) if number else 0)
        elif kind == "Metric":
            self._metric(thread, p, who, rest)
        elif kind in ("RangeBegin", "RangeActive", "RangeEnd"):
            self._range(thread, p, who, kind != "RangeEnd", rest)
        elif kind == "Label" and (found := _LABEL.search(rest)):
            self._worker(thread, p, rest, found[1])
        elif kind != "StackSample":
            self._note(thread, p, who, f"{kind} {rest}".strip())
        return 0

    def name(self, g: int, function: str) -> None:
        real = f" (G{self.real[g]})" if g in self.real else ""
        self.names[g] = (function.removeprefix("main.") or function) + real

    def flush(self) -> None:
        self.columns.extend_flat(self.rows)
        self.rows.clear()

    # --- time and numbers ------------------------------------------------------------------------------------

    def _time(self, t: int) -> None:
        """The first time that is one is the trace's beginning; the tool may print -1 for the very first event."""
        if self.zero is None:
            if t < 0:
                return
            self.zero = t
        self.now = max(self.now, t - self.zero)

    def _put(self, kind: int, g: int, p: int, m: int, arg: int) -> None:
        self.rows += (self.now, kind, g, p, m, arg)

    def _thread(self, m: int) -> int:
        if m < 0:
            return -1
        known = self.threads.get(m)
        if known is None:
            known = self.threads[m] = len(self.threads)
            self._put(v.E_MET_M, -1, -1, known, m if m <= _KIB_MOST else -1)
        return known

    def _p(self, p: int) -> int:
        """A P's number; the old format has numbers of a million and more for what happens on no P."""
        if p >= _NO_P:
            return -1
        if p >= MAX_P:
            raise ConfigError("trace", f"P={p}", f"Ps below {MAX_P}")
        self.ps = max(self.ps, p + 1)
        return p

    def _g(self, g: int) -> int:
        if g <= MAX_ID:
            self.largest = max(self.largest, g)
            return g
        number = self.known.setdefault(g, MAX_ID + 1 + len(self.known))
        self.real[number] = g
        self.largest = max(self.largest, number)
        self.names.setdefault(number, f"G{g}")
        return number

    # --- Ps ----------------------------------------------------------------------------------------------------

    def _proc(self, m: int, p: int, before: str, after: str) -> None:
        if self._p(p) < 0:
            return
        if before in (after, "Undetermined") or after not in ("Idle", "Running"):
            self._put(v.E_MET_P, -1, p, m if after == "Running" else -1, int(after == "Running"))
        elif after == "Running":
            self._put(v.E_ACQUIRE_P, -1, p, m, -1)
        else:
            owner = self.p_m.get(p, -1)
            inside = self.running.get(owner, 0) if self.running.get(owner, 0) in self.calls else 0
            if inside:  # taken out of a system call, by another thread or by its own, which the trace does not tell
                self._put(v.E_RETAKE, inside, p, owner, m if m != owner else -1)
            else:
                self._put(v.E_RELEASE_P, -1, p, m if owner < 0 else owner, -1)
        if after == "Running":
            self.p_m[p] = m
        else:
            self.p_m.pop(p, None)

    # --- goroutines --------------------------------------------------------------------------------------------

    def _goroutine(  # noqa: PLR0913, PLR0917  # the fields of a line
        self, m: int, p: int, by: int, g: int, before: str, after: str, reason: str
    ) -> None:
        if g in self.marking and before == "Running" and after != "Running":
            self._put(v.E_GC_WORKER, g, p, m, 0)
            del self.marking[g]
        if before in ("Undetermined", after) or (before == "NotExist" and after not in ("Runnable", "Waiting")):
            status = _STATES.get(after)
            if status is None:
                raise ConfigError("trace", f"{before}->{after}", "a change between states that the tool has")
            on = m if after in ("Running", "Syscall") else -1
            self._put(v.E_MET_G, g, p if on >= 0 else -1, on, status)
        elif before == "NotExist":
            self._put(v.E_GO_CREATE, g, p if after == "Runnable" else -1, m, by)
        else:
            self._moves(m, p, by, g, before, after, reason)
        self._follow(m, g, after)

    def _moves(  # noqa: PLR0913, PLR0917  # the fields of a line
        self, m: int, p: int, by: int, g: int, before: str, after: str, reason: str
    ) -> None:
        change = (before, after)
        if change == ("Runnable", "Running"):
            self._left_behind(m, g)
            self._put(v.E_EXECUTE, g, p, m, v.SRC_UNKNOWN)
        elif change == ("Running", "Runnable"):
            self._put(v.E_YIELD, g, p, m, _YIELDS.get(reason, v.YIELD_UNKNOWN))
        elif change == ("Running", "Waiting"):
            self._put(v.E_PARK, g, p, m, _WAITS.get(reason, v.WAIT_NO["unspecified"]))
        elif change == ("Waiting", "Runnable"):
            self._put(v.E_READY, g, p, m, by)
        elif change == ("Running", "Syscall"):
            self._put(v.E_SYSCALL, g, p, m, v.SYSCALL_BLOCKING)
        elif change == ("Syscall", "Running"):
            self._put(v.E_SYSEXIT, g, p, m, v.EXIT_FAST)
        elif change == ("Syscall", "Runnable"):  # the old format does not say on which thread
            self._put(v.E_SYSEXIT, g, -1, self.g_m.get(g, m) if m < 0 else m, v.EXIT_NO_P)
        elif change == ("Running", "NotExist"):
            self._put(v.E_EXIT, g, p, m, -1)
        elif after in _STATES:
            self._put(v.E_MET_G, g, p, m if after in ("Running", "Syscall") else -1, _STATES[after])
        else:
            raise ConfigError("trace", f"{before}->{after}", "a change between states that the tool has")

    def _left_behind(self, m: int, g: int) -> None:
        """In the old format a P stays with its thread when that is left in a call: on which one then, is not told."""
        other = self.running.get(m, 0)
        if other and other != g and other in self.calls:
            self._put(v.E_MET_G, other, -1, -1, v.MET_SYSCALL)
            self.g_m.pop(other, None)

    def _follow(self, m: int, g: int, after: str) -> None:
        """Remember who is on which thread."""
        self.calls.discard(g)
        if after in ("Running", "Syscall"):
            self.running[m], self.g_m[g] = g, m
            if after == "Syscall":
                self.calls.add(g)
        else:
            self.running.pop(self.g_m.pop(g, -1), None)

    # --- the rest ----------------------------------------------------------------------------------------------

    def _metric(self, m: int, p: int, g: int, rest: str) -> None:
        name, number = _NAME.search(rest), _NUMBER.search(rest)
        if name is None or number is None:
            self._note(m, p, g, f"Metric {rest}")
            return
        value = int(number[1])
        if name[1] == "/sched/gomaxprocs:threads":
            self.procs = max(self.procs, min(value, MAX_P))
            self._put(v.E_PROCS, -1, -1, -1, min(value, MAX_P))
        elif name[1] == "/gc/heap/goal:bytes":
            self._put(v.E_GC_GOAL, -1, -1, -1, min(value >> 10, _KIB_MOST))
        elif name[1] == "/memory/classes/heap/objects:bytes":
            self._put(v.E_GC_HEAP, -1, -1, -1, min(value >> 10, _KIB_MOST))
        else:
            self._note(m, p, g, f"Metric {rest}")

    def _range(self, m: int, p: int, g: int, begins: bool, rest: str) -> None:
        name, scope = _NAME.search(rest), _SCOPE_G.search(rest)
        title = name[1] if name else ""
        whose = self._g(int(scope[1])) if scope else g
        if title.startswith(_STW):
            reason = title.removeprefix(_STW).removesuffix(")")
            number = v.STW_REASONS.index(reason) if reason in v.STW_REASONS else 0
            kind, arg = (v.E_STW_STOP, number) if begins else (v.E_STW_START, max(1, self.procs))
            self._put(kind, whose, p, m, arg)
        elif title == "GC concurrent mark phase":
            self._put(v.E_GC_PHASE, g, p, m, v.GC_MARK if begins else v.GC_OFF)
        elif title == "GC mark assist":
            self._put(v.E_GC_ASSIST, whose, p, m, int(begins))
        elif title == "GC incremental sweep":
            swept = _SWEPT.search(rest)
            kib = min(int(swept[1]) >> 10, _KIB_MOST) if swept else 0
            self._put(v.E_SWEEP, -1, p, m, -1 if begins else kib)
        else:
            self._note(m, p, g, f"{'begins' if begins else 'ends'}: {rest}")

    def _worker(self, m: int, p: int, rest: str, mode: str) -> None:
        scope = _SCOPE_G.search(rest)
        if scope is None or mode not in v.GC_MODES:
            self._note(m, p, -1, f"Label {rest}")
            return
        g = self._g(int(scope[1]))
        if g in self.marking:
            self._put(v.E_GC_WORKER, g, p, m, 0)
        self.marking[g] = v.GC_MODES.index(mode)
        self._put(v.E_GC_WORKER, g, p, m, self.marking[g])

    def _note(self, m: int, p: int, g: int, text: str) -> None:
        number = self.notes.setdefault(text, len(self.notes))
        self._put(v.E_NOTE, g, p, m, number)
