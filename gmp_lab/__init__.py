"""gmp_lab: the goroutine scheduler of Go, simulated function by function, for a course on it.

    from gmp_lab import Config, Program, go, simulate, work

Names for programs and runs are here; tables are in ``gmp_lab.metrics``, figures in ``gmp_lab.draw``, the panels in
``gmp_lab.widgets``, the real toolchain in ``gmp_lab.golang``.  Importing gmp_lab itself loads the standard library
only.
"""

from gmp_lab.config import Config, Costs
from gmp_lab.errors import ConfigError, Throw
from gmp_lab.recording import Event, Recording
from gmp_lab.replay import State, state_after, state_at
from gmp_lab.simulate import simulate
from gmp_lab.sync import Cond, Mutex, RWMutex, Sema
from gmp_lab.timer import after, after_func, new_ticker, new_timer
from gmp_lab.workload import (
    Chan,
    Program,
    WaitGroup,
    cap,
    chan,
    close,
    go,
    goexit,
    gomaxprocs,
    gosched,
    lock_os_thread,
    log,
    now,
    recv,
    recv2,
    recv_case,
    select,
    send,
    send_case,
    sleep,
    syscall,
    unlock_os_thread,
    work,
)

__version__ = "0.1.0"

__all__ = [
    "Chan",
    "Cond",
    "Config",
    "ConfigError",
    "Costs",
    "Event",
    "Mutex",
    "Program",
    "RWMutex",
    "Recording",
    "Sema",
    "State",
    "Throw",
    "WaitGroup",
    "__version__",
    "after",
    "after_func",
    "cap",
    "chan",
    "close",
    "go",
    "goexit",
    "gomaxprocs",
    "gosched",
    "lock_os_thread",
    "log",
    "new_ticker",
    "new_timer",
    "now",
    "recv",
    "recv2",
    "recv_case",
    "select",
    "send",
    "send_case",
    "simulate",
    "sleep",
    "state_after",
    "state_at",
    "syscall",
    "unlock_os_thread",
    "work",
]
