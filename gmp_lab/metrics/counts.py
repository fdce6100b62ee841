"""What was counted: where goroutines came from, why they left, who stole from whom, what sysmon took."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gmp_lab import vocabulary as v
from gmp_lab.metrics.columns import Arrays, columns, in_window
from gmp_lab.recording import Recording


@dataclass(frozen=True, slots=True)
class Steals:
    """``count`` thefts that moved ``gs`` goroutines, ``runnexts`` of them single runnexts.

    ``moved[thief][victim]``: goroutines that went from one P to another; ``times`` the same for the thefts.
    """

    count: int
    gs: int
    runnexts: int
    moved: tuple[tuple[int, ...], ...]
    times: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Counts:
    """Single events of the window, counted."""

    created: int
    exited: int
    executes: int
    inherited: int  # executes in the predecessor's time slice
    yields: int
    preempted: int  # goroutines that were stopped and went to the global queue
    preempt_requests: int  # preemptone
    signals_stopped: int  # SIGURG that found a safe point
    signals_missed: int  # SIGURG that did not
    syscalls: int
    syscall_exits_without_p: int
    retakes: int  # Ps that sysmon took from a system call
    handoffs: int  # calls of handoffp
    overflows: int  # calls of runqputslow
    thread_wakes: int  # startm
    threads_made: int


def _window(rec: Recording, start_ns: int, end_ns: int | None) -> Arrays:
    c = columns(rec)
    if start_ns == 0 and end_ns is None:
        return c
    inside = in_window(rec, c.t, start_ns, end_ns)
    return Arrays(*(column[inside] for column in c))


def counts(rec: Recording, start_ns: int = 0, end_ns: int | None = None) -> Counts:
    """Count the events between two times (ns)."""
    c = _window(rec, start_ns, end_ns)
    n = [int(x) for x in np.bincount(c.kind, minlength=256)]

    def with_arg(kind: int, arg: int) -> int:
        return int(((c.kind == kind) & (c.arg == arg)).sum())

    preempted = with_arg(v.E_YIELD, v.YIELD_PREEMPTED) + with_arg(v.E_YIELD, v.YIELD_STW)
    return Counts(
        created=n[v.E_GO_CREATE], exited=n[v.E_EXIT], executes=n[v.E_EXECUTE],
        inherited=int(((c.kind == v.E_EXECUTE) & (c.arg & v.INHERIT != 0)).sum()),
        yields=n[v.E_YIELD] - preempted, preempted=preempted, preempt_requests=n[v.E_PREEMPT],
        signals_stopped=with_arg(v.E_SIGNAL, 1), signals_missed=with_arg(v.E_SIGNAL, 0),
        syscalls=n[v.E_SYSCALL], syscall_exits_without_p=with_arg(v.E_SYSEXIT, v.EXIT_NO_P),
        retakes=int(((c.kind == v.E_RETAKE) & (c.arg >= 0)).sum()), handoffs=n[v.E_HANDOFF],
        overflows=n[v.E_OVERFLOW], thread_wakes=n[v.E_M_START], threads_made=n[v.E_M_NEW],
    )  # fmt: skip


def steals(rec: Recording, start_ns: int = 0, end_ns: int | None = None) -> Steals:
    """Who took how many goroutines from whom between two times (ns)."""
    c = _window(rec, start_ns, end_ns)
    at = np.flatnonzero(c.kind == v.E_STEAL)
    arg, thief, n = c.arg[at], c.p[at], rec.procs
    moved, times = np.zeros((n, n), np.int64), np.zeros((n, n), np.int64)
    np.add.at(moved, (thief, arg & 0x3FF), arg >> 10 & 0x3FF)
    np.add.at(times, (thief, arg & 0x3FF), 1)
    return Steals(
        len(at), int(moved.sum()), int((arg >> 20 & 1).sum()),
        tuple(map(tuple, moved.tolist())), tuple(map(tuple, times.tolist())),
    )  # fmt: skip


def sources(rec: Recording, start_ns: int = 0, end_ns: int | None = None) -> dict[str, int]:
    """How many executes took their goroutine from where; the keys are those of ``SRC_NAMES``, all of them."""
    c = _window(rec, start_ns, end_ns)
    n = np.bincount(c.arg[c.kind == v.E_EXECUTE] & 15, minlength=len(v.SRC_NAMES))
    return dict(zip(v.SRC_NAMES, n.tolist(), strict=False))


def switches(rec: Recording, start_ns: int = 0, end_ns: int | None = None) -> dict[str, int]:
    """How often a goroutine gave up a P, by reason; zeros left out.

    Wait reasons are those that Go prints; beside them "runtime.Gosched", "preempted", "goyield", "exit",
    "syscall: P retaken" (sysmon took the P) and "syscall: P given up" (entersyscallblock).
    """
    c = _window(rec, start_ns, end_ns)
    parks = np.bincount(c.arg[c.kind == v.E_PARK], minlength=len(v.WAIT_REASONS)).tolist()
    yields = np.bincount(c.arg[c.kind == v.E_YIELD], minlength=len(v.YIELD_NAMES)).tolist()
    out = dict(zip(v.WAIT_REASONS, parks, strict=True)) | dict(zip(v.YIELD_NAMES, yields, strict=True))
    out["exit"] = int((c.kind == v.E_EXIT).sum())
    out["syscall: P retaken"] = int(((c.kind == v.E_RETAKE) & (c.arg >= 0)).sum())
    out["syscall: P given up"] = int(((c.kind == v.E_SYSCALL) & (c.arg == v.SYSCALL_BLOCK)).sum())
    return {reason: n for reason, n in out.items() if n}
