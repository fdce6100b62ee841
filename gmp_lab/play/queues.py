"""Decisions about goroutines and queues: who runs next, how many are taken, where somebody goes.

The truth is always what the Recording says; the options around it are what else is possible, or looks plausible.
Each function looks at one moment and gives a Question, or None where nothing can be asked that the stage decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from gmp_lab import params
from gmp_lab import vocabulary as v
from gmp_lab.play.options import Moment, Option, Question
from gmp_lab.replay import State

NEWEST: Final = next(reversed(params.VERSIONS))

# --- which goroutine next -------------------------------------------------------------------------------------------

_SOURCES: Final = {
    v.SRC_RUNNEXT: ("runnext", "runnext"), v.SRC_LOCAL: ("ring head", "ring"),
    v.SRC_GLOBAL61: ("global head", "tick61"),
}  # fmt: skip
#: an option that is half right: the right queue, but its other end
_OTHER_END: Final = {"ring head": ("ring tail", "ring"), "global head": ("global tail", "global")}


def _places(m: Moment) -> Iterator[tuple[str, str]]:
    """Whatever P could take, by an id that says from where, in words."""
    s, own = m.s, m.s.ps[m.e.p]
    if own.runnext:
        yield "runnext", f"{m.g(own.runnext)}, its runnext"
    if own.runq:
        yield "ring head", f"{m.g(own.runq[0])}, from the head of its ring"
    if len(own.runq) > 1:
        yield "ring tail", f"{m.g(own.runq[-1])}, from the tail of its ring"
    if s.runq:
        yield "global head", f"{m.g(s.runq[0])}, from the head of the global queue"
    if len(s.runq) > 1:
        yield "global tail", f"{m.g(s.runq[-1])}, from the tail of the global queue"
    for other in s.ps:
        if other.id != own.id and other.runq:
            yield f"steal P{other.id}", f"it steals from the ring of P{other.id}, which holds {len(other.runq)}"
        if other.id != own.id and other.m >= 0 and s.ms[other.m].doing == "running":
            yield f"from P{other.id}", f"{m.g(s.ms[other.m].curg)}, which P{other.id} is running"
    waits = next((g.id for g in s.gs.values() if g.status == 4 and not m.rec.g_name(g.id).startswith("runtime.")), 0)
    if waits:
        yield "waiting", f"{m.g(waits)}, which waits ({v.WAIT_REASONS[s.gs[waits].reason]})"
    yield "idle", "nobody: it gives its P up"
    if not s.runq and not own.runq and not own.runnext:
        yield "spin", "nobody: it keeps its P and spins until there is something"


_NOBODY: Final = {"from": "queued", "waiting": "queued", "idle": "idle"}


def _breaks(right: str, rule: str, chosen: str) -> str:
    """The rule that somebody breaks who takes from another place than the right one."""
    start = chosen.split(maxsplit=1)[0]
    if start in _NOBODY:
        return _NOBODY[start]
    if start == "spin" or rule == "tick61" or (right == "runnext" and start == "ring"):
        return rule
    if right in ("runnext", "ring head"):
        return "own first"
    return "global first"  # right is the global queue, and somebody would steal


def _next(m: Moment, right: str, rule: str) -> Question | None:
    places = dict(_places(m))
    if right not in places:
        return None
    half, its_rule = _OTHER_END.get(right, ("", ""))
    wrong = [
        Option(name, words, 0.5, its_rule) if name == half else Option(name, words, 0.0, _breaks(right, rule, name))
        for name, words in places.items()
        if not (right.startswith("steal") and name.startswith("steal"))  # which victim comes first is drawn
    ]
    tick, thread = m.s.ps[m.e.p].schedtick, m.s.ms[m.e.m]
    spins = ", which spins," if thread.spinning else ""
    text = (
        f"M{thread.id}{spins} looks for a goroutine for P{m.e.p}; P{m.e.p}'s schedtick is {tick} "
        f"({tick} % 61 = {tick % 61}). Whom does it take?"
    )
    return m.ask("next", text, (right, places[right], rule), wrong)


def executed(m: Moment) -> Question | None:
    """E_EXECUTE: somebody was taken from the P's own queue, or from the global one at a 61st tick."""
    place = _SOURCES.get(m.e.arg & 15)
    # a thief that has run other Ps' timers looks into its own queue again: no stage shows that
    return None if place is None or m.s.ms[m.e.m].spinning else _next(m, *place)


def taken_from_global(m: Moment) -> Question | None:
    """E_GLOB_GET, as the answer to: who is next?"""
    return _next(m, "global head", "global first")


def stolen(m: Moment) -> Question | None:
    """E_STEAL, as the answer to: who is next?"""
    victim, _, runnext = v.steal_unpack(m.e.arg)
    return None if runnext or m.s.runq else _next(m, f"steal P{victim}", "steal")


def went_idle(m: Moment) -> Question | None:
    """E_RELEASE_P: there was nothing to run anywhere, and the P was given up."""
    follows = m.event + 1 < len(m.rec) and m.rec.kind[m.event + 1] == v.E_PIDLE_PUT
    empty = not m.s.runq and all(not p.runq and not p.runnext for p in m.s.ps)
    if not follows or not empty or m.s.ms[m.e.m].curg:
        return None
    return _next(m, "idle", "idle")


# --- how many -------------------------------------------------------------------------------------------------------


def _numbers(m: Moment, kind: str, text: str, right: int, halves: set[int]) -> Question | None:
    """A question whose options are numbers of goroutines; ``halves`` are half right."""
    have = len(m.s.runq) if kind == "share" else len(m.s.ps[v.steal_unpack(m.e.arg)[0]].runq)
    others = {1, 2, have // 2, have - have // 2, have // 2 + 2, have - 1, have, right + 1, right - 1} | halves
    wrong = [
        Option(f"take {n}", _how_many(n, have), 0.5 if n in halves else 0.0, kind)
        for n in sorted(others)
        if 0 < n <= have and n != right
    ]
    return m.ask(kind, text, (f"take {right}", _how_many(right, have), kind), wrong)


def _how_many(n: int, have: int) -> str:
    return f"all {n}" if n == have else f"{n} of them"


def share(m: Moment) -> Question | None:
    """E_GLOB_GET: how many."""
    have, procs = len(m.s.runq), m.rec.config.gomaxprocs
    near = have // procs if m.e.arg < params.globrunqBatch else min(have, have // procs + 1)
    halves = {near} - {m.e.arg, 1}  # the + 1 is forgotten, or the limit
    text = (
        f"P{m.e.p} has nothing of its own and goes to the global queue, which holds {have}; GOMAXPROCS is {procs}. "
        "How many does it take?"
    )
    return _numbers(m, "share", text, m.e.arg, halves)


def half(m: Moment) -> Question | None:
    """E_STEAL from a ring: how many."""
    victim, n, runnext = v.steal_unpack(m.e.arg)
    have = len(m.s.ps[victim].runq)
    if runnext:
        return None
    text = f"P{m.e.p} has found nothing and steals from P{victim}, whose ring holds {have}. How many does it take?"
    return _numbers(m, "half", text, n, {have // 2} - {n, 1})  # rounded the other way


def overflow(m: Moment) -> Question | None:
    """E_OVERFLOW: what leaves a full ring."""
    have, n = len(m.s.ps[m.e.p].runq), m.e.arg
    g = m.g(m.e.g)
    wrong = [
        Option("alone", f"only {g}", 0.0, "overflow"),
        Option("without", f"the {n} oldest of the ring; {g} takes a free place there", 0.5, "overflow"),
        Option("newest", f"the {n} newest of the ring, from its tail, and {g} after them", 0.5, "overflow"),
        Option("one", f"the oldest of the ring; {g} takes its place", 0.0, "overflow"),
        Option("all", f"all {have} of the ring, and {g} after them", 0.0, "overflow"),
    ]
    text = f"{g} is to go to the tail of P{m.e.p}'s ring, which is full ({have}). What goes to the global queue?"
    return m.ask("overflow", text, ("half", f"the {n} oldest of the ring, and {g} after them", "overflow"), wrong)


# --- where somebody goes --------------------------------------------------------------------------------------------


def _put_words(m: Moment) -> dict[str, str]:
    p = m.s.ps[m.e.p]
    kicked = f"; {m.g(p.runnext)}, which is there, goes to the ring's tail" if p.runnext else ""
    return {
        "runnext": f"into the runnext of P{p.id}{kicked}",
        "ring tail": f"to the tail of the ring of P{p.id}",
        "ring head": f"to the head of the ring of P{p.id}",
        "global": "to the tail of the global queue",
        "now": "into no queue: it goes on at once" if m.e.kind == v.E_YIELD else "into no queue: it runs at once",
    }


def _where(m: Moment, text: str, right: str, rule: str) -> Question | None:
    words, own = _put_words(m), {"runnext", "ring tail"}
    wrong = [Option(name, said, 0.5 if {name, right} == own else 0.0, rule) for name, said in words.items()]
    return m.ask("where", text, (right, words[right], rule), [option for option in wrong if option.id != right])


def _go(m: Moment) -> str:
    return "" if m.rec.config.go == NEWEST else f" (Go {m.rec.config.go})"


def readied(m: Moment) -> Question | None:
    """E_READY and E_GO_CREATE by a goroutine: where to."""
    version = params.version(m.rec.config.go)
    if m.e.p < 0 or m.e.arg <= 0 or len(m.s.ps[m.e.p].runq) >= version.ring:  # a full ring: see overflow
        return None
    done = "starts" if m.e.kind == v.E_GO_CREATE else "makes runnable"
    text = f"On P{m.e.p}, {m.g(m.e.arg)} {done} {m.g(m.e.g)}. Where does {m.g(m.e.g)} go{_go(m)}?"
    right, rule = ("runnext", "to runnext") if version.runnext else ("ring tail", "to ring")
    return _where(m, text, right, rule)


def gave_way(m: Moment) -> Question | None:
    """E_YIELD: where to."""
    why = {v.YIELD_GOSCHED: "calls runtime.Gosched", v.YIELD_PREEMPTED: "is preempted"}.get(m.e.arg)
    if why is None:
        return None
    return _where(m, f"{m.g(m.e.g)} {why} on P{m.e.p}. Where does it go{_go(m)}?", "global", "to global")


# --- what a thief takes ---------------------------------------------------------------------------------------------


def steal_whom(m: Moment) -> Question | None:
    """E_STEAL from the only ring that holds anybody: from where, and not from the runnexts around it."""
    victim, _, runnext = v.steal_unpack(m.e.arg)
    ring = m.s.ps[victim].runq
    if runnext or not _in_passes(m) or any(p.runq for p in m.s.ps if p.id not in (victim, m.e.p)):
        return None
    wrong = list(_other_prey(m, m.s))
    if len(ring) > 1:
        words = f"from the tail of P{victim}'s ring: {m.g(ring[-1])} first"
        wrong.append(Option("ring tail", words, 0.5, "oldest"))
    right = (f"from the head of P{victim}'s ring: {m.g(ring[0])} first", "runnext last")
    text = f"M{m.e.m} has found nothing in P{m.e.p}'s own queue and in the global one. From where does it steal?"
    return m.ask("steal", text, ("ring head", *right), wrong)


def _in_passes(m: Moment) -> bool:
    """Whether thieves go round all Ps in four passes; up to Go 1.5 they drew Ps at random."""
    return params.version(m.rec.config.go).steal_picks == 0


def _other_prey(m: Moment, s: State) -> Iterator[Option]:
    for p in s.ps:
        if p.id == m.e.p:
            continue
        if p.runnext:
            yield Option(f"runnext P{p.id}", f"the runnext of P{p.id}: {m.g(p.runnext)}", 0.0, "runnext last")
        if p.m >= 0 and s.ms[p.m].doing == "running":
            g = s.ms[p.m].curg
            yield Option(f"from P{p.id}", f"{m.g(g)}, which P{p.id} is running", 0.0, "queued")


def steal_first(m: Moment) -> Question | None:
    """E_STEAL of several: who of them runs at once."""
    victim, n, runnext = v.steal_unpack(m.e.arg)
    ring = list(m.s.ps[victim].runq)
    if runnext or n < 2 or len(ring) > 8:  # the stage writes eight out
        return None
    wrong = [Option(f"G{g}", m.g(g), 0.5 if g == ring[0] else 0.0, "stolen") for g in ring[: n - 1]]
    wrong += [Option(f"G{g}", m.g(g), 0.0, "oldest") for g in ring[n:]]
    text = (
        f"P{m.e.p} steals {n} of the {len(ring)} goroutines in P{victim}'s ring, from its head. "
        f"Who of them runs first on P{m.e.p}?"
    )
    return m.ask("steal", text, (f"G{ring[n - 1]}", m.g(ring[n - 1]), "stolen"), wrong)


def steal_sleep(m: Moment) -> Question | None:
    """E_STEAL_SLEEP: a thief has found nothing but the runnext of a P that runs."""
    p = m.s.ps[m.e.arg]
    if not p.runnext or m.s.runq or not _in_passes(m) or any(other.runq for other in m.s.ps):
        return None
    g = m.g(p.runnext)
    wrong = [
        Option("at once", f"it takes {g} at once", 0.5, "runnext sleep"),
        Option("never", f"nothing: a runnext cannot be stolen, and it gives P{m.e.p} up", 0.0, "runnext last"),
        Option("ask", f"it asks the goroutine that runs on P{p.id} to stop", 0.0, "queued"),
    ]
    text = (
        f"M{m.e.m} has found all rings and the global queue empty; in its last round it sees {g} in the runnext of "
        f"P{p.id}, which is running. What does it do?"
    )
    words = f"it sleeps some us, and then takes {g} if it is still there"
    return m.ask("steal", text, ("sleep", words, "runnext sleep"), wrong)


#: kind of event: what can be asked about it
QUEUES: Final[dict[int, tuple[Callable[[Moment], Question | None], ...]]] = {
    v.E_EXECUTE: (executed,), v.E_GLOB_GET: (taken_from_global, share),
    v.E_STEAL: (stolen, half, steal_whom, steal_first), v.E_RELEASE_P: (went_idle,), v.E_OVERFLOW: (overflow,),
    v.E_READY: (readied,), v.E_GO_CREATE: (readied,), v.E_YIELD: (gave_way,), v.E_STEAL_SLEEP: (steal_sleep,),
}  # fmt: skip
