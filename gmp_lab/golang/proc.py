"""Linux's own count of a process's threads: /proc/PID/status, which no runtime can embellish."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gmp_lab.errors import ConfigError

_FIELD: Final = re.compile(r"(?P<name>\w+):\s*(?P<value>\d+)(?: kB)?", re.ASCII)
_WANTED: Final = ("Threads", "voluntary_ctxt_switches", "nonvoluntary_ctxt_switches", "VmRSS")


@dataclass(frozen=True, slots=True)
class ProcStatus:
    """Threads of a process, and of the thread asked about: context switches; resident memory in KiB. 0: not told."""

    threads: int
    voluntary: int
    involuntary: int
    rss_kib: int


def parse_proc_status(text: str) -> ProcStatus:
    """Read a /proc/PID/status; ConfigError if it has no count of threads."""
    found = (_FIELD.fullmatch(line.strip()) for line in text.splitlines())
    told = {m["name"]: int(m["value"]) for m in found if m is not None and m["name"] in _WANTED}
    if "Threads" not in told:
        raise ConfigError("/proc/PID/status", text[:60], "text with a line Threads: N")
    return ProcStatus(*(told.get(name, 0) for name in _WANTED))


def proc_status(pid: int) -> ProcStatus:
    """Ask Linux about a running process; ConfigError where there is no such process or no /proc."""
    try:
        text = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        raise ConfigError("pid", pid, "a running process, on a system that has /proc (Linux)") from None
    return parse_proc_status(text)
