"""schedtrace: the line that GODEBUG=schedtrace=N prints, written and read.

Go prints it from sysmon every N milliseconds.  Three formats are in use: up to 1.22 or so without ``needspinning``
("1.19"), then with it ("1.23"), and since 1.25 with blanks inside the brackets and with each P's schedtick ("1.25").
``runqueue`` is the global queue alone, the numbers in brackets are the rings without runnext, ``threads`` counts
sysmon; a goroutine that runs or waits is nowhere in it.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from gmp_lab import params
from gmp_lab import vocabulary as v
from gmp_lab.errors import ConfigError, check_int
from gmp_lab.recording import Recording
from gmp_lab.replay import State, state_after, state_at

_PIDLE, _PDEAD = 0, 4
FORMATS: Final = ("1.19", "1.23", "1.25")


class SchedTraceLine(NamedTuple):
    """One line: ms since the first, counts, the queues of all Ps; None where the format does not print it."""

    ms: int
    gomaxprocs: int
    idleprocs: int
    threads: int
    spinningthreads: int
    needspinning: int | None
    idlethreads: int
    runqueue: int
    queues: tuple[int, ...]
    schedticks: tuple[int, ...] | None


_N: Final = r"\d{1,20}"  # no number of Go's is longer
_LINE: Final = re.compile(
    rf"SCHED (?P<ms>{_N})ms: gomaxprocs=(?P<gomaxprocs>{_N}) idleprocs=(?P<idleprocs>{_N}) threads=(?P<threads>{_N}) "
    rf"spinningthreads=(?P<spinningthreads>{_N}) (?:needspinning=(?P<needspinning>{_N}) )?"
    rf"idlethreads=(?P<idlethreads>{_N}) runqueue=(?P<runqueue>{_N}) "
    rf"\[ ?(?P<queues>{_N}(?: {_N})*) ?\](?: schedticks=\[ ?(?P<schedticks>{_N}(?: {_N})*) ?\])?",
    re.ASCII,
)


def parse_schedtrace(text: str) -> list[SchedTraceLine]:
    """Read the SCHED lines out of a program's stderr; other lines are passed over.

    Raises ConfigError for a text without any, for one that is broken, and for queues that do not fit gomaxprocs.
    """
    lines = [_parse(line, i) for i, line in enumerate(text.splitlines(), 1) if line.startswith("SCHED ")]
    if not lines:
        raise ConfigError("schedtrace", text[:60], "text with at least one line that begins with SCHED")
    return lines


def _parse(line: str, number: int) -> SchedTraceLine:
    found = _LINE.fullmatch(line.rstrip())
    if not found:
        raise ConfigError("schedtrace", line[:80], f"a whole SCHED line (line {number} is not)")
    ticks = found["schedticks"]
    one = SchedTraceLine(
        ms=int(found["ms"]),
        gomaxprocs=int(found["gomaxprocs"]),
        idleprocs=int(found["idleprocs"]),
        threads=int(found["threads"]),
        spinningthreads=int(found["spinningthreads"]),
        needspinning=None if found["needspinning"] is None else int(found["needspinning"]),
        idlethreads=int(found["idlethreads"]),
        runqueue=int(found["runqueue"]),
        queues=tuple(map(int, found["queues"].split())),
        schedticks=None if ticks is None else tuple(map(int, ticks.split())),
    )
    if len(one.queues) != one.gomaxprocs or len(one.schedticks or one.queues) != one.gomaxprocs:
        raise ConfigError("schedtrace", line[:80], f"as many queues as gomaxprocs (line {number} has others)")
    return one


def format_schedtrace(line: SchedTraceLine, form: str) -> str:
    """Write a line as Go does, byte for byte, without the newline; form is one of FORMATS.

    Raises ConfigError if the form needs a value that the line does not have.
    """
    if form not in FORMATS:
        raise ConfigError("form", form, "one of " + ", ".join(FORMATS))
    head = (
        f"SCHED {line.ms}ms: gomaxprocs={line.gomaxprocs} idleprocs={line.idleprocs} threads={line.threads} "
        f"spinningthreads={line.spinningthreads} "
    )
    if form != "1.19":
        if line.needspinning is None:
            raise ConfigError("needspinning", None, f"a number, in the format of {form}")
        head += f"needspinning={line.needspinning} "
    head += f"idlethreads={line.idlethreads} runqueue={line.runqueue} "
    queues = " ".join(map(str, line.queues))
    if form != "1.25":
        return f"{head}[{queues}]"
    if line.schedticks is None:
        raise ConfigError("schedticks", None, "one number for each P, in the format of 1.25")
    return f"{head}[ {queues} ] schedticks=[ {' '.join(map(str, line.schedticks))} ]"


def line_of(state: State, start_ns: int = 0) -> SchedTraceLine:
    """The line that sysmon would print in this state; start_ns is the time of the first line."""
    ps = [p for p in state.ps if p.status != _PDEAD]
    return SchedTraceLine(
        ms=(state.t - start_ns) // 1_000_000,
        gomaxprocs=len(ps),
        idleprocs=len(state.pidle),
        threads=len(state.ms),
        spinningthreads=state.nmspinning,
        needspinning=state.needspinning,
        idlethreads=len(state.midle),
        runqueue=len(state.runq),
        queues=tuple(len(p.runq) for p in ps),
        schedticks=tuple(p.schedtick for p in ps),
    )


def schedtrace_lines(rec: Recording) -> list[SchedTraceLine]:
    """The lines that a run printed; needs a simulated run whose Config has schedtrace_ms, else ConfigError."""
    if not rec.complete:
        told = "a simulated run: a real trace has no such lines (schedtrace_every)"
        raise ConfigError("recording", rec.program, told)
    if not rec.config.schedtrace_ms:
        raise ConfigError("schedtrace_ms", 0, "at least 1 in the Config of the run, as GODEBUG=schedtrace=1")
    at = [i for i, kind in enumerate(rec.kind) if kind == v.E_SCHEDTRACE]
    start = rec.t[at[0]] if at else 0
    return [line_of(state_after(rec, i + 1), start) for i in at]


def schedtrace_every(rec: Recording, ms: int) -> str:
    """The states of any run as schedtrace lines, one every ms milliseconds (1 to 60,000) of its time.

    Of a real trace, what it does not tell (queues, ticks, threads that are parked or spin) is written as ``?``, so
    that nobody takes it for 0; such lines are not read back.
    """
    check_int("ms", ms, 1, 60_000, "ms")
    form = params.version(rec.config.go).schedtrace
    lines = []
    for t in range(0, rec.end_ns + 1, ms * 1_000_000):
        state = state_at(rec, t)
        state.t = t  # not that of the last event before it
        lines.append(format_schedtrace(line_of(state), form) if rec.complete else _told(state, form))
    return "\n".join(lines) + "\n"


def _told(state: State, form: str) -> str:
    """The line of a state that a real trace tells: how many Ps there are and how many of them are idle."""
    ps = [p for p in state.ps if p.status != _PDEAD]
    idle = sum(p.status == _PIDLE for p in ps)
    unknown = " ".join("?" * len(ps))
    head = f"SCHED {state.t // 1_000_000}ms: gomaxprocs={len(ps)} idleprocs={idle} threads=? spinningthreads=? "
    head += "" if form == "1.19" else "needspinning=? "
    head += "idlethreads=? runqueue=? "
    return head + (f"[ {unknown} ] schedticks=[ {unknown} ]" if form == "1.25" else f"[{unknown}]")


def schedtrace_text(rec: Recording) -> str:
    """What the run would have printed on stderr, in the format of its Go version (see ``schedtrace_lines``)."""
    form = params.version(rec.config.go).schedtrace
    return "".join(format_schedtrace(line, form) + "\n" for line in schedtrace_lines(rec))
