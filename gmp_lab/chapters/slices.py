"""Chapter 4.1: how long time slices are, when sysmon asks for their end, and how goroutines lost their Ps.

sysmon's rounds are not in a Recording as such, but ``schedtrace_ms=1`` makes it print a line in each round that comes
1 ms or more after the last line, and once it sleeps for 1 ms or more that is every round.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from gmp_lab import vocabulary as v
from gmp_lab.chapters.tasks import Case
from gmp_lab.draw import Table
from gmp_lab.errors import ConfigError, check_int
from gmp_lab.narrate import narrate
from gmp_lab.recording import Recording

Rule = Callable[[int, int, int, int], bool]  # (tick, now, seen_tick, seen_at): is the goroutine asked to stop?
MS: Final = 1_000_000
_SLOW_US: Final = 1000
_MOST: Final = 100_000  # rounds that a rule of the student's may take


class Slice(NamedTuple):
    """Goroutine ``g`` ran from ``start_ns`` for ``length_ns``; sysmon slept ``pace_us`` between rounds then."""

    g: int
    start_ns: int
    length_ns: int
    pace_us: int


def slices(rec: Recording, name: str) -> list[Slice]:
    """The stays on a P of the goroutines called ``name`` that a preemption ended, in order of time."""
    began: dict[int, tuple[int, int]] = {}
    found: list[Slice] = []
    pace = 20
    for e in rec:
        if e.kind == v.E_SYSMON:
            pace = e.arg
        elif e.kind == v.E_EXECUTE and rec.g_name(e.g) == name:
            began[e.g] = (e.t, pace)
        elif e.kind == v.E_YIELD and e.arg == v.YIELD_PREEMPTED and e.g in began:
            start, then = began[e.g]
            found.append(Slice(e.g, start, e.t - start, then))
    return found


def slice_table(rec: Recording, name: str, most: int = 8) -> Table:
    """The first ``most`` of these slices."""
    rows = tuple(
        (f"G{s.g}", s.start_ns / MS, s.length_ns / MS, s.pace_us / 1000) for s in slices(rec, name)[:most]
    )
    heads = ("goroutine", "began at (ms)", "ran for (ms)", "sysmon's sleep then (ms)")
    return Table("Time slices that a preemption ended", heads, rows, digits=2)


# --- sysmon's looks -----------------------------------------------------------------------------------------------


class Look(NamedTuple):
    """sysmon looked at P0 at ``now``, in its slice number ``tick``, and did or did not ask for its end.

    What it kept of earlier looks: slice ``seen_tick``, seen for the first time at ``seen_at``.  Times in ns.
    """

    tick: int
    now: int
    seen_tick: int
    seen_at: int
    asked: bool


def looks(rec: Recording) -> list[Look]:
    """sysmon's looks at P0 once it sleeps for 1 ms or more, from the first new slice on.

    ConfigError if the run was not made with schedtrace_ms=1.
    """
    if rec.config.schedtrace_ms != 1:
        raise ConfigError("schedtrace_ms", rec.config.schedtrace_ms, "1, so that each slow round leaves a line")
    found: list[Look] = []
    tick, pace, last, seen = 0, 0, -1, (-1, 0)  # last: the slice of the look before, -1: there was none
    asked_at = asked_tick = -1
    for e in rec:
        if e.kind == v.E_SYSMON:
            pace = e.arg
        elif e.kind == v.E_EXECUTE and e.p == 0 and not e.arg & v.INHERIT:
            tick += 1
        elif e.kind == v.E_PREEMPT and e.p == 0 and e.arg == v.PREEMPT_SLICE:
            asked_at, asked_tick = e.t, tick  # the line is printed later in the round, when the next one may run
        elif e.kind == v.E_SCHEDTRACE and pace >= _SLOW_US:
            asked = asked_at >= 0
            slice_now, now = (asked_tick, asked_at) if asked else (tick, e.t)
            if seen[0] >= 0:
                found.append(Look(slice_now, now, *seen, asked))
            if not asked and last >= 0 and tick != last:
                seen = (tick, e.t)
            last, asked_at = slice_now, -1
    return found


def look_cases(rec: Recording, most: int = 6) -> list[Case]:
    """The first ``most`` looks as cases for the student's rule; what is expected is what sysmon did."""
    return [Case(_said(one), one[:4], one.asked) for one in looks(rec)[:most]]


def _said(one: Look) -> str:
    seen = (one.now - one.seen_at) / MS
    if one.tick != one.seen_tick:
        return f"at {one.now / MS:.2f} ms: slice {one.tick}; it knows slice {one.seen_tick} only"
    return f"at {one.now / MS:.2f} ms: slice {one.tick}, which it has known for {seen:.2f} ms"


def slices_by(rule: Rule, round_us: int, number: int = 3) -> list[float]:
    """How long (ms) the slices of one P are whose end ``rule`` decides, with a round of sysmon every round_us.

    A tiny world for the student's rule: somebody always waits, and who is asked stops at once.  ConfigError if the
    rule asks nobody in a hundred thousand rounds.
    """
    check_int("round_us", round_us, 1, 1_000_000, "us")
    check_int("number", number, 1, 1000)
    lengths: list[float] = []
    now = began = 0
    tick, seen = 1, (0, 0)
    for _ in range(_MOST):
        now += round_us * 1000
        if rule(tick, now, *seen):
            lengths.append((now - began) / MS)
            began, tick = now, tick + 1
            if len(lengths) == number:
                return lengths
        elif tick != seen[0]:
            seen = (tick, now)
    raise ConfigError("rule", getattr(rule, "__name__", "rule"), "a rule that asks somebody to stop at last")


# --- how goroutines lost their Ps ---------------------------------------------------------------------------------

_LOSSES: Final = (v.E_YIELD, v.E_PARK, v.E_EXIT, v.E_RETAKE)


def losses(rec: Recording, most: int = 20) -> Table:
    """Each time that a goroutine lost its P: when, how in words, by which function of the runtime."""
    at = [i for i in range(len(rec)) if rec.kind[i] in _LOSSES][:most]
    rows = []
    for i in at:
        step = narrate(rec, i)
        sentence = step.sentence.partition(";")[0].rstrip(".")
        rows.append((f"{rec.t[i] / MS:.2f}", sentence, step.function))
    return Table("Who lost a P", ("at (ms)", "what happened", "function"), tuple(rows))
