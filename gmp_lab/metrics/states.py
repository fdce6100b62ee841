"""The states of Ps, Gs and Ms, and which events lead to them.

Each state has a name, which figures and tables show, and a number, which the columns of stays hold.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from gmp_lab import vocabulary as v
from gmp_lab.metrics.columns import Ints

P_IDLE: Final = 0  # no thread has it and none has been sent for
P_WAKING: Final = 1  # promised to a thread that is still being woken or made
P_SCHEDULING: Final = 2  # its thread runs the scheduler and is not spinning
P_SPINNING: Final = 3  # its thread looks for work as a spinning thread
P_SYSCALL: Final = 4  # its goroutine is in a system call and the P has not been taken away
P_RUNNING: Final = 5  # a goroutine's code runs
P_NO_CORE: Final = 6  # its thread waits for a core of the operating system
P_STATES: Final = ("idle", "waking", "scheduling", "spinning", "syscall", "running", "no core")

G_RUNNABLE: Final = 0
G_RUNNING: Final = 1
G_SYSCALL: Final = 2
G_WAITING: Final = 3
G_DEAD: Final = 4
G_STATES: Final = ("runnable", "running", "syscall", "waiting", "dead")

M_PARKED: Final = 0  # on the list of idle Ms
M_STARTING: Final = 1  # being woken or made
M_SCHEDULING: Final = 2
M_SPINNING: Final = 3
M_SYSCALL: Final = 4
M_RUNNING: Final = 5
M_NO_CORE: Final = 6
M_POLLING: Final = 7  # blocked in netpoll
M_LOCKED: Final = 8  # waits for its locked goroutine
M_SYSMON: Final = 9
M_STATES: Final = (
    "parked", "starting", "scheduling", "spinning", "syscall", "running", "no core", "polling", "locked",
    "sysmon",
)  # fmt: skip

STATES: Final = {"P": P_STATES, "G": G_STATES, "M": M_STATES}
BY_M: Final = -2  # the state follows from the M (spinning or not, on a core or not)
NONE: Final = -1


def _table(states: dict[int, int]) -> Ints:
    out = np.full(256, NONE, np.int8)
    for kind, state in states.items():
        out[kind] = state
    return out


P_TABLE: Final = _table({
    v.E_EXECUTE: P_RUNNING, v.E_PARK: P_SCHEDULING, v.E_EXIT: P_SCHEDULING, v.E_YIELD: P_SCHEDULING,
    v.E_SYSCALL: P_SYSCALL, v.E_SYSEXIT: P_RUNNING, v.E_RETAKE: P_IDLE, v.E_PIDLE_PUT: P_IDLE,
    v.E_PIDLE_GET: P_WAKING, v.E_ACQUIRE_P: BY_M, v.E_RELEASE_P: P_IDLE, v.E_M_START: P_WAKING,
    v.E_START_LOCKED: P_WAKING, v.E_SPIN: BY_M, v.E_CPU_ON: BY_M, v.E_CPU_OFF: BY_M,
    v.E_GCSTOP: P_IDLE, v.E_P_DESTROY: P_IDLE,
})  # fmt: skip
G_TABLE: Final = _table({
    v.E_GO_CREATE: G_RUNNABLE, v.E_READY: G_RUNNABLE, v.E_EXECUTE: G_RUNNING, v.E_PARK: G_WAITING,
    v.E_EXIT: G_DEAD, v.E_YIELD: G_RUNNABLE, v.E_SYSCALL: G_SYSCALL, v.E_SYSEXIT: G_RUNNING,
    v.E_NET_READY: G_RUNNABLE, v.E_GC_READY: G_RUNNABLE,
})  # fmt: skip
M_TABLE: Final = _table({
    v.E_M_NEW: M_STARTING, v.E_M_START: M_STARTING, v.E_M_WAKE: BY_M, v.E_M_PARK: M_PARKED, v.E_SPIN: BY_M,
    v.E_EXECUTE: M_RUNNING, v.E_PARK: M_SCHEDULING, v.E_EXIT: M_SCHEDULING, v.E_YIELD: M_SCHEDULING,
    v.E_SYSCALL: M_SYSCALL, v.E_SYSEXIT: M_RUNNING, v.E_STOP_LOCKED: M_LOCKED, v.E_START_LOCKED: M_STARTING,
    v.E_POLL_BLOCK: M_POLLING, v.E_POLL_WAKE: M_SCHEDULING, v.E_CPU_ON: BY_M, v.E_CPU_OFF: BY_M,
})  # fmt: skip
#: a goroutine that a real trace meets: its state there -> that of the G, of its P, of its M
MET_G_STATES: Final = {
    v.MET_RUNNABLE: G_RUNNABLE, v.MET_RUNNING: G_RUNNING, v.MET_SYSCALL: G_SYSCALL, v.MET_WAITING: G_WAITING,
    v.MET_DEAD: G_DEAD,
}  # fmt: skip
MET_P_STATES: Final = {v.MET_RUNNING: P_RUNNING, v.MET_SYSCALL: P_SYSCALL}
MET_M_STATES: Final = {v.MET_RUNNING: M_RUNNING, v.MET_SYSCALL: M_SYSCALL}
