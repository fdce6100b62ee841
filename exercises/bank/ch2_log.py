"""Chapter 2, find the rule: the log of a scheduler that breaks one rule at one line and keeps all others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from random import Random
from typing import Final

from gmp_lab.exam import Answer, Mark, Question, Wrong, mark
from gmp_lab.exam.model import Params

from .kit import assigned, same

_RULES: Final = {
    "a": "a P's runnext comes before its ring",
    "b": "of a ring the head is taken",
    "c": "when a P's schedtick is a multiple of 61, one goroutine of the global queue comes before all of its own",
    "d": "a goroutine that comes from runnext goes on in the same slice: schedtick stays; any other begins a new one",
    "e": "who is made or readied by a running goroutine becomes the runnext of its P, and who was there goes to the ring's tail",
    "f": "who calls Gosched goes to the tail of the global queue",
    "g": "a P without work takes length / GOMAXPROCS + 1 from the global queue's head and runs the first of them",
    "h": "a P without work looks into the global queue before it steals",
    "i": "a thief takes half of the ring, rounded up, from its head, and runs the last of these",
}
_BROKEN: Final = "abcdefghi"
_LINES: Final = 15
_WHERE: Final = range(4, _LINES - 1)  # lines at which a rule may be broken


@dataclass
class _P:
    tick: int
    running: int = 0
    runnext: int = 0
    ring: list[int] = field(default_factory=list)


@dataclass
class _Sched:
    """Two Ps, the global queue, and who waits for a channel; ``breaks`` is the rule that the next step breaks."""

    ps: list[_P]
    runq: list[int]
    waiting: list[int]
    breaks: str = ""
    broken: bool = False

    def broke(self, rule: str, differs: bool = True) -> bool:
        """Whether this rule is to be broken here, which is possible only if that makes a difference."""
        if self.breaks != rule or not differs:
            return False
        self.broken = True
        return True

    def put(self, p: _P, g: int) -> None:
        """runqput(next=true)."""
        if self.broke("e"):
            p.ring.append(g)
            return
        if p.runnext:
            p.ring.append(p.runnext)
        p.runnext = g

    def next(self, n: int) -> str:
        """The P finds somebody to run; in words."""
        p = self.ps[n]
        if p.tick % 61 == 0 and self.runq and not self.broke("c", bool(p.runnext or p.ring)):
            return self.run(p, self.runq.pop(0), "from the global queue's head")
        if p.runnext and not self.broke("a", bool(p.ring)):
            g, p.runnext = p.runnext, 0
            p.tick -= not self.broke("d")  # run counts it
            return self.run(p, g, "from its runnext")
        if p.ring:
            g = p.ring.pop(-1 if self.broke("b", len(p.ring) > 1) else 0)
            return self.run(p, g, "from its ring")
        victim = self.ps[1 - n]
        if self.runq and not self.broke("h", len(victim.ring) > 1):
            share = len(self.runq) // 2 + 1
            k = len(self.runq) if self.broke("g", share < len(self.runq)) else share
            batch, self.runq = self.runq[:k], self.runq[k:]
            p.ring = batch[1:]
            return self.run(p, batch[0], f"the first of {k} that it takes from the global queue")
        return self.steal(p, victim)

    def steal(self, p: _P, victim: _P) -> str:
        """runqsteal."""
        length = len(victim.ring)
        k = length - length // 2
        if self.broke("i", length > 2):
            k = length // 2
        if self.broken and self.breaks == "i" and length % 2 == 0:  # from the tail; else rounded down
            batch, victim.ring = victim.ring[-k:], victim.ring[:-k]
        else:
            batch, victim.ring = victim.ring[:k], victim.ring[k:]
        p.ring = batch[:-1]
        return self.run(p, batch[-1], f"the last of {k} that it steals from the ring of P{self.ps.index(victim)}")

    def run(self, p: _P, g: int, words: str) -> str:
        """execute."""
        p.running = g
        p.tick += 1
        return f"runs G{g}, {words}"

    def can_find(self, n: int) -> bool:
        """Whether the P has something to run without a look at the other's runnext."""
        p = self.ps[n]
        return bool(p.runnext or p.ring or self.runq or len(self.ps[1 - n].ring) > 1)


def _step(s: _Sched, draw: Random, fresh: Iterator[int]) -> str:
    """Let one thing happen; in words."""
    n = draw.choices((0, 1), (3, 2))[0]
    idle = [k for k in (0, 1) if not s.ps[k].running]
    if idle:
        n = idle[0]
        return f"P{n} {s.next(n)}"
    p = s.ps[n]
    g = p.running
    what = draw.choice(("end", "end", "wait", "yield", "start", "ready", "ready"))
    if what in ("end", "wait", "yield") and not s.can_find(n):
        what = "start"
    if what == "ready" and s.waiting:
        woken = s.waiting.pop(draw.randrange(len(s.waiting)))
        s.put(p, woken)
        return f"G{g} on P{n} sends to a channel and readies G{woken}"
    if what in ("start", "ready"):
        new = next(fresh)
        s.put(p, new)
        return f"G{g} on P{n} starts G{new}"
    p.running = 0
    if what == "yield":
        if s.broke("f"):
            p.ring.append(g)
        else:
            s.runq.append(g)
        return f"G{g} on P{n} calls Gosched"
    if what == "wait":
        s.waiting.append(g)
    return f"G{g} on P{n} " + ("waits for a channel" if what == "wait" else "ends")


def _state(s: _Sched) -> str:
    def queue(gs: list[int]) -> str:
        return " ".join(f"G{g}" for g in gs) or "-"

    ps = (
        f"P{n} {queue([p.running] if p.running else [])} tick {p.tick} "
        f"next {queue([p.runnext] if p.runnext else [])} ring {queue(p.ring)}"
        for n, p in enumerate(s.ps)
    )
    return " | ".join(ps) + f" | global {queue(s.runq)}"


def _begin(draw: Random) -> _Sched:
    ids = draw.sample(range(2, 60), 15)
    first = _P(draw.randrange(57, 61), ids[0], ids[1], ids[2 : draw.randrange(5, 8)])
    second = _P(draw.randrange(10, 50), ids[7], 0, ids[8 : draw.randrange(8, 10)])
    return _Sched([first, second], ids[9 : draw.randrange(10, 13)], ids[12:])


@lru_cache(2048)
def log(seed: int, rule: str) -> tuple[int, tuple[str, ...]]:
    """The line that breaks the rule, and all lines; of the runs that a seed gives the first that shows enough."""
    draw = Random(f"ch2 log {seed} {rule}")
    while True:
        s, fresh, at = _begin(draw), iter(range(60, 100)), draw.choice(_WHERE)
        lines, broken = [f" 0 (the beginning)\n     {_state(s)}"], 0
        for n in range(1, _LINES + 1):
            s.breaks = rule if n >= at and not broken else ""
            words = _step(s, draw, fresh)
            broken = n if s.broken and not broken else broken
            lines.append(f"{n:2} {words}\n     {_state(s)}")
        text = "\n".join(lines)
        tick61 = any(" global queue's head" in line for line in lines)
        shown = sum(word in text for word in (" takes ", " steals ", "Gosched", "readies", "runnext\n", "its ring"))
        if broken in _WHERE and shown >= 4 and (tick61 or rule == "c"):
            return broken, tuple(lines)


def _check(p: Params, answer: Answer) -> list[Mark]:
    answer.value("line", "rule")
    line, _ = log(p["seed"], p["rule"])
    at, rule = same(answer.value("line"), line), same(answer.value("rule"), p["rule"])
    believed = "global-first" if answer.value("rule") == "h" and p["rule"] != "h" else ""
    return [
        mark("line", 2, at, "Work out each line from the state above it: the first that does not follow is the one.",
             see="02-3"),
        mark("rule", 2, rule, f"The rule that is broken: {_RULES[p['rule']]}.", see="02-3",
             misconception=believed if not rule else ""),
    ]  # fmt: skip


def _said(line: int, rule: str) -> str:
    return assigned({"line": line, "rule": rule})


def _tick61_line(p: Params) -> int:
    """The line that somebody takes for wrong who does not know the 61st tick (or the one after)."""
    line, lines = log(p["seed"], p["rule"])
    return next((n for n, one in enumerate(lines) if "global queue's head" in one and n != line), line - 1)


FIND = Question(
    id="ch2-log", title="One rule is broken", kind="find the rule", points=4, minutes=7, see="02-3",
    objective="Find in the log of a scheduler the decision that breaks a rule, and name the rule",
    draw=lambda draw: {"seed": draw.randrange(1 << 30), "rule": draw.choice(_BROKEN)},
    text=lambda p: """This is the log of a scheduler with two Ps: what happens, and below it the state after that. Of each P it shows
the goroutine that it runs, its schedtick (`tick`), its runnext (`next`) and its ring; rings and the global queue have their heads
at the left. Full rings, timers and the network play no part. **One** line breaks a rule of the runtime; all others follow the
rules from the state above them. Give its number in `line`, and in `rule` the letter of the rule that it breaks.

```text
""" + "\n".join(log(p["seed"], p["rule"])[1]) + """
```

The rules:

""" + "\n".join(f"* **{letter}** {words}" for letter, words in _RULES.items()),
    starter=lambda p: 'line = ...\nrule = "?"', form="line: int; rule: str", check=_check,
    reference=lambda p: _said(log(p["seed"], p["rule"])[0], p["rule"]),
    believer=lambda p: _said(_tick61_line(p), "h" if p["rule"] != "h" else "c"),
    wrong=(
        Wrong("the line after", lambda p: _said(log(p["seed"], p["rule"])[0] + 1, p["rule"]), 0.5),
        Wrong("another rule", lambda p: _said(log(p["seed"], p["rule"])[0], _BROKEN[_BROKEN.find(p["rule"]) - 1]), 0.5),
    ),
    partial=((lambda p: _said(log(p["seed"], p["rule"])[0], "?"), 0.5),),
    claims=("2.3-13", "2.3-14", "2.3-21"),
)  # fmt: skip
