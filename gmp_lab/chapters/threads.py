"""Where threads come from: a program in four phases, what each made, where goroutines ran, what an M does.

An M has no status of its own.  What it does follows from what it has: ``try_state_of`` tries a student's rule for
that on the lines that ``scheddetail=1`` prints of Ms.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from gmp_lab import vocabulary as v
from gmp_lab.catalog import steady_mix
from gmp_lab.chapters.tasks import Case, Tried, tried
from gmp_lab.config import Config
from gmp_lab.draw import Table
from gmp_lab.errors import check_int
from gmp_lab.metrics import spans
from gmp_lab.metrics.states import M_STATES
from gmp_lab.recording import Recording
from gmp_lab.scheddetail import DetailM, scheddetail_reports
from gmp_lab.simulate import simulate
from gmp_lab.workload import Body, Chan, Program, WaitGroup, chan, close, go, log, recv, sleep, syscall, work

PHASES: Final = ("compute", "wait for a channel", "block in system calls", "block once more")
MOST: Final = 1000
STATES: Final = ("running", "syscall", "spinning", "parked")  # those that the task asks for


def phases(goroutines: int = 50) -> Program:
    """Four times so many goroutines (1 to 1000): they compute, wait for a channel, make a call of 10 ms, and again.

    Each phase begins when the goroutines of the one before have ended and 2 ms have passed; main notes its number.
    """
    check_int("goroutines", goroutines, 1, MOST)
    return Program(_phases_main, goroutines, name="phases", params={"goroutines": goroutines})


def _phases_main(goroutines: int) -> Body:
    for number in range(len(PHASES)):
        yield log(number)
        wg, gate = WaitGroup(), chan()
        yield wg.Add(goroutines)
        for _ in range(goroutines):
            yield go((_computes, _waits, _calls, _calls)[number], wg, gate)
        yield sleep(ms=10)
        yield close(gate)
        yield wg.Wait()
        yield sleep(ms=2)


def _computes(wg: WaitGroup, _gate: Chan) -> Body:
    yield work(us=500)
    yield wg.Done()


def _waits(wg: WaitGroup, gate: Chan) -> Body:
    yield recv(gate)
    yield wg.Done()


def _calls(wg: WaitGroup, _gate: Chan) -> Body:
    yield syscall(ms=10)
    yield wg.Done()


def phase_table(rec: Recording) -> Table:
    """Of a run of ``phases``: the threads that each phase made, and how often it woke one that was there."""
    begins = [t for t, _, _ in rec.logs()]
    ends = [*begins[1:], rec.end_ns + 1]
    rows = []
    for name, start, end in zip(PHASES, begins, ends, strict=True):
        made = {e.m for e in rec if e.kind == v.E_M_NEW and start <= e.t < end}
        woken = sum(e.kind == v.E_M_START and e.m not in made and start <= e.t < end for e in rec)
        rows.append((name, rec.params["goroutines"], len(made), woken))
    return Table("What each phase did to threads", ("phase", "goroutines", "threads made", "woken"), tuple(rows))


def homes(rec: Recording, name: str) -> list[int]:
    """On how many different threads each goroutine ran whose function is called ``name``, in order of creation."""
    ran: dict[int, set[int]] = {}
    for e in rec:
        if e.kind in (v.E_EXECUTE, v.E_START_LOCKED) and rec.g_name(e.g) == name:
            ran.setdefault(e.g, set()).add(e.m)
    return [len(threads) for _, threads in sorted(ran.items())]


# --- the student's task: what does an M do? -------------------------------------------------------------------------


def watched() -> Recording:
    """A mix of bursts and system calls with ``schedtrace=1,scheddetail=1``: the run of which the task shows lines."""
    return simulate(Config(schedtrace_ms=1, scheddetail=True), steady_mix(goroutines=12, bursts=20, syscall_us=500))


def m_cases(rec: Recording) -> list[tuple[DetailM, int | None, str]]:
    """The first M line of each kind in a run's reports, the status of its goroutine, and what the run says it did.

    Kinds differ in the state (one of STATES), in having a P, and in having a goroutine.
    """
    times = [e.t for e in rec if e.kind == v.E_SCHEDTRACE]
    stays = spans(rec, of="M")
    kinds: dict[tuple[str, bool, bool], tuple[DetailM, int | None, str]] = {}
    for report, t in zip(scheddetail_reports(rec), times, strict=True):
        status = {g.id: g.status for g in report.allgs}
        for m in report.allm:
            now = (stays.row == m.id) & (stays.start_ns <= t) & (stays.start_ns + stays.length_ns > t)
            state = M_STATES[int(stays.state[now][0])] if now.any() else ""
            if state in STATES:
                line = (m, None if m.curg is None else status[m.curg], state)
                kinds.setdefault((state, m.p is None, m.curg is None), line)
    return sorted(kinds.values(), key=lambda case: (STATES.index(case[2]), case[0].p is None))


def try_state_of(answer: Callable[[DetailM, int | None], Any]) -> Tried:
    """Try a student's ``answer(m, status)`` on M lines: a word of STATES; ``status`` is that of the M's goroutine."""
    return tried(answer, [Case(_said(m, status), (m, status), state) for m, status, state in m_cases(watched())])


def _said(m: DetailM, status: int | None) -> str:
    who = "nil" if m.curg is None else f"{m.curg} (status {status})"
    return f"M{m.id}: p={'nil' if m.p is None else m.p} curg={who} spinning={str(m.spinning).lower()}"
