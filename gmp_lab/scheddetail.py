"""scheddetail: what GODEBUG=schedtrace=N,scheddetail=1 prints, written and read.

One line like schedtrace's, without the queues, then one line for each P, each M (the newest first) and each G (in the
order of Go's list).  Three formats: "1.19" (numbers for yes and no in the first line, -1 for nobody), "1.23" and
"1.26", which differ in one number only.  Before 1.14 the P lines had no ``timerslen``; that format is not here.

What the model has not has the value that a quiet real program shows: ``mallocing``, ``throwing``, ``dying`` 0,
``preemptoff`` empty, ``locks`` 0, but for sysmon, which holds two locks while it prints: 2, or 32 since 1.26, where
the counter has moved four bits up.  ``timerslen`` counts sleepers alone.  Ids of goroutines are in order of creation
(Go hands them to the Ps in batches of 16), and the Ms of the list are in order of their ids.  The wait reason is
STALE: the last one, also of a goroutine that runs again.  So it is in Go.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from gmp_lab import params
from gmp_lab import vocabulary as v
from gmp_lab.aftermath import Aftermath
from gmp_lab.errors import ConfigError, check_choice
from gmp_lab.recording import Recording
from gmp_lab.replay import MState, State, state_after

FORMATS: Final = ("1.19", "1.23", "1.26")
SYSMON_LOCKS: Final = {"1.19": 2, "1.23": 2, "1.26": 32}  # sched.lock and the one of print

_PGCSTOP: Final = 3
_GDEAD: Final = 6


class DetailP(NamedTuple):
    """One P line; ``status`` as in Go (0 idle, 1 running, 2 syscall, 3 gcstop, 4 dead), ``m`` None for nobody."""

    id: int
    status: int
    schedtick: int
    syscalltick: int
    m: int | None
    runqsize: int
    gfreecnt: int
    timerslen: int


class DetailM(NamedTuple):
    """One M line; ``p``, ``curg`` and ``lockedg`` None for nobody."""

    id: int
    p: int | None
    curg: int | None
    mallocing: int
    throwing: int
    preemptoff: str
    locks: int
    dying: int
    spinning: bool
    blocked: bool
    lockedg: int | None


class DetailG(NamedTuple):
    """One G line; ``status`` as in Go, ``reason`` the last wait reason ("" for none yet)."""

    id: int
    status: int
    reason: str
    m: int | None
    lockedm: int | None


class SchedDetail(NamedTuple):
    """One report: ms since the first, counts, and the lines; ``needspinning`` None where it is not printed."""

    ms: int
    gomaxprocs: int
    idleprocs: int
    threads: int
    spinningthreads: int
    needspinning: int | None
    idlethreads: int
    runqueue: int
    gcwaiting: bool
    nmidlelocked: int
    stopwait: int
    sysmonwait: bool
    ps: tuple[DetailP, ...]
    allm: tuple[DetailM, ...]
    allgs: tuple[DetailG, ...]


# --- reading ------------------------------------------------------------------------------------------------------

_N: Final = r"-?\d{1,20}"  # no number of Go's is longer
_ID: Final = r"nil|-1|\d{1,20}"
_YES: Final = "true|false|0|1"
_HEAD: Final = re.compile(
    rf"SCHED (?P<ms>{_N})ms: gomaxprocs=(?P<gomaxprocs>{_N}) idleprocs=(?P<idleprocs>{_N}) threads=(?P<threads>{_N}) "
    rf"spinningthreads=(?P<spinningthreads>{_N}) (?:needspinning=(?P<needspinning>{_N}) )?"
    rf"idlethreads=(?P<idlethreads>{_N}) runqueue=(?P<runqueue>{_N}) gcwaiting=(?P<gcwaiting>{_YES}) "
    rf"nmidlelocked=(?P<nmidlelocked>{_N}) stopwait=(?P<stopwait>{_N}) sysmonwait=(?P<sysmonwait>{_YES})",
    re.ASCII,
)
_P: Final = re.compile(
    rf"  P({_N}): status=({_N}) schedtick=({_N}) syscalltick=({_N}) m=({_ID}) runqsize=({_N}) gfreecnt=({_N}) "
    rf"timerslen=({_N})",
    re.ASCII,
)
_M: Final = re.compile(
    rf"  M({_N}): p=({_ID}) curg=({_ID}) mallocing=({_N}) throwing=({_N}) preemptoff=(.*) locks=({_N}) dying=({_N}) "
    rf"spinning=(true|false) blocked=(true|false) lockedg=({_ID})",
    re.ASCII,
)
_G: Final = re.compile(rf"  G({_N}): status=({_N})\((.*)\) m=({_ID}) lockedm=({_ID})", re.ASCII)
_ROW: Final = re.compile(r"  [PMG]\d")


def parse_scheddetail(text: str) -> list[SchedDetail]:
    """Read the reports out of a program's stderr; lines that are no part of one are passed over.

    Raises ConfigError for a text without any, for a line that is broken, and for one with other Ps than gomaxprocs.
    """
    heads: list[re.Match[str]] = []
    rows: list[tuple[list[DetailP], list[DetailM], list[DetailG]]] = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("SCHED "):
            heads.append(_matched(_HEAD, line, number))
            rows.append(([], [], []))
        elif rows and _ROW.match(line):
            _read_row(line, number, *rows[-1])
    if not heads:
        raise ConfigError("scheddetail", text[:60], "text with at least one line that begins with SCHED")
    return [_report(head, *parts) for head, parts in zip(heads, rows, strict=True)]


def _matched(pattern: re.Pattern[str], line: str, number: int) -> re.Match[str]:
    found = pattern.fullmatch(line.rstrip())
    if not found:
        raise ConfigError("scheddetail", line[:80], f"a whole line of scheddetail=1 (line {number} is not)")
    return found


def _read_row(line: str, number: int, ps: list[DetailP], ms: list[DetailM], gs: list[DetailG]) -> None:
    if line[2] == "P":
        id, status, tick, call, m, size, free, timers = _matched(_P, line, number).groups()
        ps.append(
            DetailP(int(id), int(status), int(tick), int(call), _who(m), int(size), int(free), int(timers))
        )
    elif line[2] == "M":
        id, p, curg, malloc, throw, off, locks, dying, spins, blocked, g = _matched(_M, line, number).groups()
        ms.append(DetailM(
            int(id), _who(p), _who(curg), int(malloc), int(throw), off, int(locks), int(dying), spins == "true",
            blocked == "true", _who(g),
        ))  # fmt: skip
    else:
        id, status, reason, m, locked = _matched(_G, line, number).groups()
        gs.append(DetailG(int(id), int(status), reason, _who(m), _who(locked)))


def _who(word: str) -> int | None:
    return None if word in ("nil", "-1") else int(word)


def _report(head: re.Match[str], ps: list[DetailP], ms: list[DetailM], gs: list[DetailG]) -> SchedDetail:
    words = head.groupdict()
    yes = {name: words.pop(name) in ("true", "1") for name in ("gcwaiting", "sysmonwait")}
    counts = {name: None if word is None else int(word) for name, word in words.items()}
    if len(ps) != counts["gomaxprocs"]:
        raise ConfigError("scheddetail", head[0][:60], f"as many P lines as gomaxprocs (there are {len(ps)})")
    return SchedDetail(**counts, **yes, ps=tuple(ps), allm=tuple(ms), allgs=tuple(gs))  # type: ignore[arg-type]


# --- writing ------------------------------------------------------------------------------------------------------


def format_scheddetail(d: SchedDetail, form: str) -> str:
    """Write a report as Go does, byte for byte, each line with its newline; form is one of FORMATS.

    Raises ConfigError if the form needs a value that the report does not have.
    """
    check_choice("form", form, FORMATS)
    old = form == "1.19"
    if not old and d.needspinning is None:
        raise ConfigError("needspinning", None, f"a number, in the format of {form}")

    def who(id: int | None) -> str:
        return ("-1" if old else "nil") if id is None else str(id)

    def yes(value: bool) -> str:
        return str(int(value)) if old else _bool(value)

    need = "" if old else f"needspinning={d.needspinning} "
    lines = [(
        f"SCHED {d.ms}ms: gomaxprocs={d.gomaxprocs} idleprocs={d.idleprocs} threads={d.threads} "
        f"spinningthreads={d.spinningthreads} {need}idlethreads={d.idlethreads} runqueue={d.runqueue} "
        f"gcwaiting={yes(d.gcwaiting)} nmidlelocked={d.nmidlelocked} stopwait={d.stopwait} "
        f"sysmonwait={yes(d.sysmonwait)}"
    )]  # fmt: skip
    lines += [
        f"  P{p.id}: status={p.status} schedtick={p.schedtick} syscalltick={p.syscalltick} m={who(p.m)} "
        f"runqsize={p.runqsize} gfreecnt={p.gfreecnt} timerslen={p.timerslen}"
        for p in d.ps
    ]
    lines += [
        f"  M{m.id}: p={who(m.p)} curg={who(m.curg)} mallocing={m.mallocing} throwing={m.throwing} "
        f"preemptoff={m.preemptoff} locks={m.locks} dying={m.dying} spinning={_bool(m.spinning)} "
        f"blocked={_bool(m.blocked)} lockedg={who(m.lockedg)}"
        for m in d.allm
    ]
    lines += [f"  G{g.id}: status={g.status}({g.reason}) m={who(g.m)} lockedm={who(g.lockedm)}" for g in d.allgs]
    return "".join(line + "\n" for line in lines)


def _bool(value: bool) -> str:
    return "true" if value else "false"


# --- from a run ---------------------------------------------------------------------------------------------------


def report_of(state: State, books: Aftermath, form: str, start_ns: int = 0) -> SchedDetail:
    """The report that sysmon would print in this state; start_ns is the time of the first one."""
    check_choice("form", form, FORMATS)
    stopped = sum(p.status == _PGCSTOP for p in state.ps)
    lockedg = {g.lockedm: g.id for g in state.gs.values() if g.lockedm >= 0}
    return SchedDetail(
        ms=(state.t - start_ns) // 1_000_000,
        gomaxprocs=len(state.ps),
        idleprocs=len(state.pidle),
        threads=len(state.ms),
        spinningthreads=state.nmspinning,
        needspinning=None if form == "1.19" else state.needspinning,
        idlethreads=len(state.midle),
        runqueue=len(state.runq),
        gcwaiting=stopped > 0,
        nmidlelocked=sum(m.doing == "locked" for m in state.ms),
        stopwait=len(state.ps) - stopped if stopped else 0,
        sysmonwait=state.sysmon_deep,
        ps=tuple(
            DetailP(
                p.id, p.status, p.schedtick, p.syscalltick, _none(p.m), len(p.runq), len(free), timers
            )
            for p, free, timers in zip(state.ps, books.gfree, books.timers, strict=True)
        ),
        allm=tuple(_m_line(m, state, books, lockedg.get(m.id), form) for m in reversed(state.ms)),
        allgs=tuple(_g_line(g, state, books) for g in books.allgs),
    )  # fmt: skip


def _none(id: int) -> int | None:
    return None if id < 0 else id


def _m_line(m: MState, state: State, books: Aftermath, lockedg: int | None, form: str) -> DetailM:
    sysmon = m.doing == "sysmon"
    return DetailM(
        m.id, _none(m.p), m.curg or None, 0, 0, "", SYSMON_LOCKS[form] if sysmon else 0, 0, m.spinning,
        m.id in books.blocked or (sysmon and state.sysmon_deep), lockedg,
    )  # fmt: skip


def _g_line(id: int, state: State, books: Aftermath) -> DetailG:
    g = state.gs[id]
    reason = g.reason if g.reason >= 0 else books.reason.get(id, -1)
    return DetailG(id, g.status, v.WAIT_REASONS[reason] if reason >= 0 else "", _none(g.m), _none(g.lockedm))


def scheddetail_reports(rec: Recording) -> list[SchedDetail]:
    """The reports that a run printed; needs a Config with schedtrace_ms and scheddetail, else ConfigError."""
    if not rec.config.schedtrace_ms:
        raise ConfigError("schedtrace_ms", 0, "at least 1 in the Config of the run, as GODEBUG=schedtrace=1")
    if not rec.config.scheddetail:
        raise ConfigError("scheddetail", False, "True in the Config of the run, as GODEBUG=scheddetail=1")
    form = params.version(rec.config.go).scheddetail
    books, reports, start = Aftermath(rec), [], -1
    for i, e in enumerate(rec, 1):
        books.apply(e)
        if e.kind == v.E_SCHEDTRACE:
            start = e.t if start < 0 else start
            reports.append(report_of(state_after(rec, i), books, form, start))
    return reports


def scheddetail_text(rec: Recording) -> str:
    """What the run would have printed on stderr, in the format of its Go version."""
    form = params.version(rec.config.go).scheddetail
    return "".join(format_scheddetail(report, form) for report in scheddetail_reports(rec))
