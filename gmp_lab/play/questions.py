"""Decisions of a run as questions: what the mirror decided next, and what else was possible or looks plausible.

The truth is always what the Recording says; nothing here decides by itself.  Each function looks at one event and at
the state before it, and gives a Question, or None if there is nothing to ask.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from gmp_lab import params
from gmp_lab import vocabulary as v
from gmp_lab.recording import Event, Recording
from gmp_lab.replay import State, state_after


@dataclass(frozen=True, slots=True)
class Option:
    """One answer: ``id`` (stable), its words, the points it gets (0..1), the rule that it breaks ("" if right)."""

    id: str
    words: str
    points: float
    breaks: str


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked at ``event`` (index): ``text``, the options, the rule that decides; the truth is what happened."""

    event: int
    kind: str
    text: str
    options: tuple[Option, ...]
    rule: str

    @property
    def right(self) -> Option:
        """The option that the mirror chose."""
        return next(option for option in self.options if option.points == 1)


def question(rec: Recording, i: int) -> Question | None:
    """The question that event i answers, None if there is none."""
    make = _MAKERS.get(rec.kind[i])
    return make(rec, i, rec[i], state_after(rec, i)) if make is not None else None


def _g(rec: Recording, g: int) -> str:
    return f"G{g} {rec.g_name(g)}"


def _question(
    i: int, kind: str, text: str, rule: str, right: str, options: dict[str, tuple[str, float, str]]
) -> Question | None:
    """A question of these options (id: words, points, rule broken); None unless there are two and one is right."""
    if right not in options or len(options) < 2:
        return None
    made = tuple(
        Option(name, words, 1.0 if name == right else min(points, 0.5), "" if name == right else broken)
        for name, (words, points, broken) in options.items()
    )
    return Question(i, kind, text, made, rule)


# --- who runs next ------------------------------------------------------------------------------------------------------


def _places(rec: Recording, s: State, p: int) -> dict[str, tuple[str, float, str]]:
    """Every goroutine that P p could take, by an id that says from where."""
    pp, out = s.ps[p], {}
    if pp.runnext:
        out["runnext"] = (f"{_g(rec, pp.runnext)}, its runnext", 0.0, "")
    if pp.runq:
        out["ring head"] = (f"{_g(rec, pp.runq[0])}, from the head of its ring", 0.0, "")
    if len(pp.runq) > 1:
        out["ring tail"] = (f"{_g(rec, pp.runq[-1])}, from the tail of its ring", 0.0, "ring")
    if s.runq:
        out["global head"] = (f"{_g(rec, s.runq[0])}, from the head of the global queue", 0.0, "")
    if len(s.runq) > 1:
        out["global tail"] = (f"{_g(rec, s.runq[-1])}, from the tail of the global queue", 0.0, "global")
    for other in s.ps:
        if other.id != p and other.runq:
            out[f"steal P{other.id}"] = (f"a goroutine stolen from the ring of P{other.id}", 0.0, "")
    out["idle"] = ("nobody: it gives the P up", 0.0, "")
    return out


_TRUE_PLACE: Final = {
    v.SRC_RUNNEXT: ("runnext", "runnext"), v.SRC_LOCAL: ("ring head", "ring"), v.SRC_GLOBAL61: ("global head", "tick61"),
}  # fmt: skip
_HALF_RIGHT: Final = {"ring head": "ring tail", "global head": "global tail"}


def _next(rec: Recording, i: int, s: State, p: int, right: str, rule: str) -> Question | None:
    options = _places(rec, s, p)
    for name, (words, _, broken) in options.items():
        half = 0.5 if name == _HALF_RIGHT.get(right) else 0.0
        if right.startswith("steal") and name.startswith("steal"):
            half, broken = 0.5, broken or "steal"  # noqa: PLW2901  # which victim comes first is drawn at random
        options[name] = (words, half, broken if name == _HALF_RIGHT.get(right) else rule)
    if right.startswith("steal"):
        victims = [name for name in options if name.startswith("steal") and name != right]
        for name in victims:
            options.pop(name)  # the order of victims is random: nobody could know
    tick = s.ps[p].schedtick
    text = f"P{p} looks for a goroutine to run; its schedtick is {tick} ({tick} % 61 = {tick % 61}). Which one does it take?"
    return _question(i, "next", text, rule, right, options)


def _execute(rec: Recording, i: int, e: Event, s: State) -> Question | None:
    place = _TRUE_PLACE.get(e.arg & 15)
    if place is None or not params.version(rec.config.go).local_queues:
        return None
    return _next(rec, i, s, e.p, *place)


def _glob_get(rec: Recording, i: int, e: Event, s: State) -> Question | None:
    have = len(s.runq)
    share = have // rec.config.gomaxprocs + 1
    options: dict[str, tuple[str, float, str]] = {}
    for n in sorted({1, e.arg, have // rec.config.gomaxprocs, have // 2, have, share} - {0}):
        near = 0.5 if abs(n - e.arg) == 1 else 0.0
        options[f"take {n}"] = (f"{n} of them" if n < have else f"all {n}", near, "share")
    text = (
        f"P{e.p} has nothing of its own and goes to the global queue, which holds {have} "
        f"(GOMAXPROCS is {rec.config.gomaxprocs}). How many does it take?"
    )
    return _question(i, "share", text, "share", f"take {e.arg}", options)


def _steal(rec: Recording, i: int, e: Event, s: State) -> Question | None:
    victim, n, runnext = v.steal_unpack(e.arg)
    have = len(s.ps[victim].runq)
    if runnext or have < 2:
        return None
    options: dict[str, tuple[str, float, str]] = {}
    for many in sorted({1, have // 2, have - have // 2, have}):
        near = 0.5 if abs(many - n) == 1 and many != 1 else 0.0
        options[f"take {many}"] = (f"{many} of them" if many < have else f"all {many}", near, "half")
    text = f"P{e.p} has found nothing and steals from P{victim}, whose ring holds {have}. How many does it take?"
    return _question(i, "half", text, "half", f"take {n}", options)


def _overflow(rec: Recording, i: int, e: Event, s: State) -> Question | None:
    have = len(s.ps[e.p].runq)
    right = e.arg + 1
    options: dict[str, tuple[str, float, str]] = {}
    for many in sorted({1, have // 2, right, have, have + 1}):
        near = 0.5 if abs(many - right) == 1 else 0.0
        options[f"move {many}"] = (f"{many} go to the global queue", near, "overflow")
    text = f"{_g(rec, e.g)} is to be put on the ring of P{e.p}, which is full ({have}). What is moved?"
    return _question(i, "overflow", text, "overflow", f"move {right}", options)


# --- where somebody goes ----------------------------------------------------------------------------------------------------

_PUTS: Final = {
    "runnext": "into the runnext of P{p}; who was there goes to the ring's tail", "ring": "to the tail of the ring of P{p}",
    "global": "to the tail of the global queue", "now": "nowhere: it runs at once in place of who did this",
}  # fmt: skip


def _where(i: int, p: int, text: str, right: str, rule: str) -> Question | None:
    options = {name: (words.format(p=p), 0.0, rule) for name, words in _PUTS.items()}
    return _question(i, "where", text, rule, right, options)


def _ready(rec: Recording, i: int, e: Event, _s: State) -> Question | None:
    if e.p < 0 or e.arg <= 0:
        return None
    done = "starts" if e.kind == v.E_GO_CREATE else "wakes"
    version = params.version(rec.config.go)
    if not version.local_queues:
        return None
    right = "runnext" if version.runnext else "ring"
    text = f"On P{e.p}, {_g(rec, e.arg)} {done} {_g(rec, e.g)} (Go {rec.config.go}). Where does it go?"
    return _where(i, e.p, text, right, "to runnext" if version.runnext else "to ring")


def _yield(rec: Recording, i: int, e: Event, _s: State) -> Question | None:
    why = {v.YIELD_GOSCHED: "calls runtime.Gosched", v.YIELD_PREEMPTED: "is preempted"}.get(e.arg)
    if why is None:
        return None
    return _where(i, e.p, f"{_g(rec, e.g)} {why} on P{e.p}. Where does it go?", "global", "to global")


# --- threads and system calls -------------------------------------------------------------------------------------------------


def _wake(rec: Recording, i: int, e: Event, s: State) -> Question | None:
    """After somebody was readied: is another thread woken for an idle P?  Asked at the event that tells."""
    before = rec[i - 1] if i else None
    if before is None or before.kind not in (v.E_READY, v.E_GO_CREATE) or before.arg <= 0 or before.p < 0:
        return None
    woken = e.kind == v.E_PIDLE_GET and e.t == before.t
    idle, spinning = len(s.pidle), s.nmspinning
    options = {
        "wake": ("a thread is woken or made, spinning, for one idle P", 0.0, "wake"),
        "nobody": ("nobody is woken", 0.0, "wake"),
        "all": ("a thread is woken for every idle P", 0.5 if woken else 0.0, "wake"),
    }
    text = f"{_g(rec, before.g)} has just been queued; idle Ps: {idle}, spinning threads: {spinning}. Who is woken?"
    return _question(i, "wake", text, "wake", "wake" if woken else "nobody", options)


def _handoff(rec: Recording, i: int, e: Event, s: State) -> Question | None:
    found = next((rec.kind[k] for k in range(i + 1, min(i + 4, len(rec))) if rec.p[k] == e.p), -1)
    right = {v.E_M_START: "thread", v.E_PIDLE_PUT: "idle"}.get(found)
    if right is None:
        return None
    pp = s.ps[e.p]
    work = f"ring {len(pp.runq)}, runnext {'taken' if pp.runnext else 'empty'}, global queue {len(s.runq)}"
    options = {
        "thread": ("another thread is woken or made, and gets it", 0.0, "handoff"),
        "idle": ("it goes to the list of idle Ps", 0.0, "handoff"),
        "stays": ("it stays with the thread that is in the system call", 0.0, "handoff"),
    }
    text = f"P{e.p} is taken from a system call and handed off ({work}; spinning threads: {s.nmspinning}). What becomes of it?"
    return _question(i, "handoff", text, "handoff", right, options)


def _exit(rec: Recording, i: int, e: Event, s: State) -> Question | None:
    options = {
        str(v.EXIT_FAST): ("it still has its P and simply goes on", 0.0, "exit"),
        str(v.EXIT_OLD_P): ("it takes its old P back", 0.5 if e.arg == v.EXIT_IDLE_P else 0.0, "exit"),
        str(v.EXIT_IDLE_P): ("it takes another, idle P", 0.5 if e.arg == v.EXIT_OLD_P else 0.0, "exit"),
        str(v.EXIT_NO_P): ("it goes to the global queue and its thread parks", 0.0, "exit"),
    }
    kept = s.ms[e.m].p if 0 <= e.m < len(s.ms) else -1
    free = ", ".join(f"P{p}" for p in sorted(s.pidle)) or "none"
    with_p = f"its thread still has P{kept}" if kept >= 0 else "its P was taken meanwhile"
    text = f"{_g(rec, e.g)} comes back from its system call on M{e.m}; {with_p}; idle Ps: {free}. What does it do?"
    return _question(i, "exit", text, "exit", str(e.arg), options)


def _pidle_get(rec: Recording, i: int, e: Event, s: State) -> Question | None:
    return _wake(rec, i, e, s)


_MAKERS: Final[dict[int, Callable[[Recording, int, Event, State], Question | None]]] = {
    v.E_EXECUTE: _execute, v.E_GLOB_GET: _glob_get, v.E_STEAL: _steal, v.E_OVERFLOW: _overflow, v.E_READY: _ready,
    v.E_GO_CREATE: _ready, v.E_YIELD: _yield, v.E_HANDOFF: _handoff, v.E_SYSEXIT: _exit, v.E_PIDLE_GET: _pidle_get,
    v.E_PARK: _wake, v.E_SYSCALL: _wake,
}  # fmt: skip
