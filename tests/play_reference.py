"""The scheduler's rules once more, as a student would apply them: from the stage and the question's words alone.

Nothing here looks at the Recording, at a replayed state or at ``gmp_lab.play``'s own idea of what is right.  So where
this agrees with the mirror, a question can be decided from what is shown, and its truth is the rule's.
"""

from __future__ import annotations

import re

from gmp_lab.draw import Stage, stage_at
from gmp_lab.draw.scene import PRow
from gmp_lab.play import Question
from gmp_lab.recording import Recording


def numbers(pattern: str, text: str) -> tuple[int, ...]:
    """The numbers that a pattern finds in a text."""
    found = re.search(pattern, text)
    assert found, (pattern, text)
    return tuple(map(int, found.groups()))


def answer(rec: Recording, asked: Question) -> str:
    """The id of the option that the rules give; of a theft, without its victim."""
    return _RULES[asked.kind](stage_at(rec, asked.shown), asked, rec.config.go)


def _next(s: Stage, asked: Question, _go: str) -> str:
    p = numbers(r"for a goroutine for P(\d+)", asked.text)[0]
    own = s.ps[p]
    if own.schedtick % 61 == 0 and s.global_queue.length:
        return "global head"
    if own.runnext:
        return "runnext"
    if own.ring.length:
        return "ring head"
    if s.global_queue.length:
        return "global head"
    return "steal" if any(row.ring.length for row in s.ps if row.name != own.name) else "idle"


def _share(s: Stage, asked: Question, _go: str) -> str:
    return f"take {min(s.global_queue.length, 128, s.global_queue.length // len(s.ps) + 1)}"


def _half(s: Stage, asked: Question, _go: str) -> str:
    ring = s.ps[numbers(r"steals from P(\d+)", asked.text)[0]].ring.length
    return f"take {-(-ring // 2)}"


def _overflow(s: Stage, asked: Question, _go: str) -> str:
    row = s.ps[numbers(r"of P(\d+)'s ring", asked.text)[0]]
    return "half" if row.ring.length == 256 else "there is room"


def _where(_s: Stage, asked: Question, go: str) -> str:
    if "Gosched" in asked.text or "preempted" in asked.text:
        return "global"
    return "ring tail" if go == "1.4" else "runnext"


def _steal(s: Stage, asked: Question, _go: str) -> str:
    if "runs first" in asked.text:
        n, of, victim = numbers(r"steals (\d+) of the (\d+) goroutines in P(\d+)", asked.text)
        assert n == -(-of // 2)
        return s.ps[victim].ring.shown[n - 1]
    rings = sum(row.ring.length > 0 for row in s.ps)
    if "From where" in asked.text:
        return "ring head" if rings == 1 else "more than one ring"
    return "sleep" if rings == 0 and s.ps[numbers(r"runnext of P(\d+)", asked.text)[0]].runnext else "no runnext"


def _wake(s: Stage, _asked: Question, _go: str) -> str:
    return f"wake {s.idle_ps[0]}" if s.idle_ps and s.spinning == 0 else "nobody"


def _handoff(s: Stage, asked: Question, _go: str) -> str:
    row = s.ps[numbers(r"P(\d+) loses", asked.text)[0]]
    polls = any("netpoll" in words for words in s.other_ms)
    if row.runnext or row.ring.length or s.global_queue.length:
        return "thread"
    if s.spinning + len(s.idle_ps) == 0:
        return "thread"
    return "thread" if len(s.idle_ps) == len(s.ps) - 1 and not polls else "idle"


def _exit(s: Stage, asked: Question, _go: str) -> str:
    m, p = numbers(r"call on M(\d+)\. P(\d+)", asked.text)
    old: PRow = s.ps[p]
    if old.state == "syscall" and old.m in (f"M{m}", ""):  # up to 1.25 a P in a system call has no thread
        return "keep"
    if old.state == "syscall":
        return "back"
    return f"take {s.idle_ps[0]}" if s.idle_ps else "global"


def _preempt(_s: Stage, asked: Question, _go: str) -> str:
    found = re.findall(r"on (P\d+) runs for [\d.]+ ms, and schedtick has been \d+ for ([\d.]+) ms", asked.text)
    over = [p for p, ms in found if float(ms) >= 10]
    return over[0] if len(over) == 1 else f"{len(over)} slices are over"


def _net(s: Stage, asked: Question, _go: str) -> str:
    others = numbers(r"Where do the (?:other )?(\d+) go", asked.text)[0]
    return f"global {min(len(s.idle_ps), others) if 'run one of them itself' in asked.text else others}"


_RULES = {
    "next": _next, "share": _share, "half": _half, "overflow": _overflow, "where": _where, "steal": _steal,
    "wake": _wake, "handoff": _handoff, "exit": _exit, "preempt": _preempt, "net": _net,
}  # fmt: skip
