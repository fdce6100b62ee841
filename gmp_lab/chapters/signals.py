"""Chapter 4.2: the way of one request from sysmon to the goroutine, requests that are lost, and who stops whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from gmp_lab import vocabulary as v
from gmp_lab.chapters.tasks import Tried
from gmp_lab.draw import Table
from gmp_lab.errors import ConfigError
from gmp_lab.gocell import call_path
from gmp_lab.metrics import preemptions
from gmp_lab.narrate import narrate
from gmp_lab.recording import Recording
from gmp_lab.replay import state_after

_RUNNING: Final = 2  # _Grunning
ROUND_NS: Final = 10_070_000  # between two rounds of a sysmon that sleeps for 10 ms, on average
_STEPS: Final = (v.E_PREEMPT, v.E_SIGNAL, v.E_YIELD, v.E_GLOB_GET, v.E_EXECUTE)


def first_request(rec: Recording) -> int:
    """Index of the first event that asks a goroutine to stop; ConfigError if there is none."""
    found = next((i for i in range(len(rec)) if rec.kind[i] == v.E_PREEMPT), -1)
    if found < 0:
        raise ConfigError("rec", repr(rec), "a run in which somebody is asked to stop")
    return found


def steps(rec: Recording, i: int, most: int = 4) -> Table:
    """The ``most`` next steps of a request that is made by event i, with the ns since then."""
    rows: list[tuple[int | str, ...]] = []
    for k in range(i, len(rec)):
        if rec.kind[k] in _STEPS and len(rows) < most:
            step = narrate(rec, k)
            rows.append((rec.t[k] - rec.t[i], step.sentence.rstrip("."), step.function))
    return Table("One preemption", ("ns", "what happens", "function"), tuple(rows))


def waited_ms(rec: Recording) -> float:
    """From a request until the goroutine left its P, mean in ms; 0 if nobody was asked.  A measure for sweeps."""
    found = [one.wait_ns for one in preemptions(rec) if one.wait_ns >= 0]
    return sum(found) / len(found) / 1e6 if found else 0.0


# --- how long who keeps the P -------------------------------------------------------------------------------------


class Turn(NamedTuple):
    """``who`` had the P for ``rounds`` rounds of sysmon, until somebody else got it."""

    who: str
    rounds: float


def turns(rec: Recording, who: Mapping[str, str]) -> list[Turn]:
    """The turns of P0; ``who`` says for names of goroutines whose turn it is when they run, others do not count."""
    found: list[Turn] = []
    now, since = "", 0
    for e in rec:
        if e.kind == v.E_EXECUTE and e.p == 0:
            name = who.get(rec.g_name(e.g), now)
            if name != now:
                if now:
                    found.append(Turn(now, round((e.t - since) / ROUND_NS, 2)))
                now, since = name, e.t
    return found


def turn_table(found: Sequence[Turn]) -> Table:
    """How many turns of each length each has had, in whole rounds; the first two, while sysmon is fast, left out."""
    lengths = sorted({round(turn.rounds) for turn in found[2:]})
    names = sorted({turn.who for turn in found[2:]})
    times = {name: [round(turn.rounds) for turn in found[2:] if turn.who == name] for name in names}
    rows: tuple[tuple[str | int, ...], ...] = tuple((name, *map(times[name].count, lengths)) for name in names)
    return Table("Turns, by length in rounds of sysmon", ("whose", *map(str, lengths)), rows)


# --- the order of the steps ---------------------------------------------------------------------------------------

#: the way of a preemption by signal, as the mirror calls its functions
WAY: Final = (*call_path("sysmon", "preemptM"), *call_path("doSigPreempt", "goschedImpl"))


def in_order(names: Sequence[str]) -> Tried:
    """Say how far a student's order of ``WAY`` is right: up to the first name that stands at a wrong place."""
    if sorted(names) != sorted(WAY):
        raise ConfigError("names", list(names), "these names, each once: " + ", ".join(sorted(WAY)))
    right = next((k for k, (a, b) in enumerate(zip(names, WAY, strict=True)) if a != b), len(WAY))
    rows = tuple((str(k + 1), name, "yes" if k < right else "-") for k, name in enumerate(names))
    said = "All in order." if right == len(WAY) else f"In order up to step {right}; another function comes next."
    return Tried(Table("Your order", ("step", "function", "in its place"), rows), right == len(WAY), said)


# --- who stops whom -----------------------------------------------------------------------------------------------


def levels(rec: Recording) -> Table:
    """What the operating system and what the runtime stopped in a run, and what was left of it the moment after."""
    kinds = {"the operating system": "a thread", "the runtime": "a goroutine"}
    at = {who: [i for i in range(len(rec)) if _stops(rec, i) == who] for who in kinds}
    rows = tuple((who, what, len(at[who]), sum(_still_runs(rec, i) for i in at[who])) for who, what in kinds.items())
    heads = ("who", "stops", "times", "goroutine still running on its P")
    return Table("Two schedulers, one above the other", heads, rows)


def _stops(rec: Recording, i: int) -> str:
    if rec.kind[i] == v.E_CPU_OFF:
        return "the operating system"
    preempted = rec.kind[i] == v.E_YIELD and rec.arg[i] in (v.YIELD_PREEMPTED, v.YIELD_STW)
    return "the runtime" if preempted else ""


def _still_runs(rec: Recording, i: int) -> bool:
    """Whether the thread of event i has, right after it, a P and the goroutine that it ran, and that is running."""
    before, after = state_after(rec, i), state_after(rec, i + 1)
    ran = [g for g, one in before.gs.items() if one.m == rec.m[i] and one.status == _RUNNING]
    has_p = any(p.m == rec.m[i] for p in after.ps)
    return has_p and any(after.gs[g].status == _RUNNING and after.gs[g].m == rec.m[i] for g in ran)
