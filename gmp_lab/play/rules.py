"""The rules that a player can keep or break: what each says, and which function of the runtime it is read in."""

from __future__ import annotations

from typing import Final, NamedTuple


class Rule(NamedTuple):
    """One rule: its sentence, the function and the file (below Go's src) to read."""

    sentence: str
    function: str
    file: str


_PROC: Final = "runtime/proc.go"

RULES: Final[dict[str, Rule]] = {
    "tick61": Rule(
        "At every 61st tick of a P the global queue comes first, so that it cannot starve", "findRunnable", _PROC
    ),
    "runnext": Rule("A P's runnext comes before its ring, and goes on in the same time slice", "runqget", _PROC),
    "ring": Rule("Then comes the head of the P's own ring: who has waited there longest", "runqget", _PROC),
    "own first": Rule("A P looks at its own queue before the global one and before it steals", "findRunnable", _PROC),
    "global": Rule("With nothing of its own, a P takes from the head of the global queue", "globrunqgetbatch", _PROC),
    "share": Rule(
        "Of the global queue a P takes its share: length / GOMAXPROCS + 1, and at most half a ring",
        "globrunqgetbatch", _PROC,
    ),
    "steal": Rule("Only with nothing of its own and an empty global queue does a P steal", "stealWork", _PROC),
    "half": Rule("A thief takes half of its victim's ring, rounded up, oldest first", "runqgrab", _PROC),
    "overflow": Rule(
        "A full ring sheds half of it, the oldest, and the new one with them, to the global queue", "runqputslow", _PROC
    ),
    "to runnext": Rule("Who is made or readied by a running goroutine becomes its P's runnext", "runqput", _PROC),
    "to ring": Rule("Without a runnext (up to Go 1.4) who is readied goes to the ring's tail", "runqput", _PROC),
    "to global": Rule("Who gives way with Gosched, or is preempted, goes to the global queue's tail", "goschedImpl", _PROC),
    "wake": Rule(
        "Whoever readies wakes one more thread if a P is idle and nobody spins, and no other", "wakep", _PROC
    ),
    "handoff": Rule(
        "A P that is taken from a system call gets a thread at once if it, or the global queue, has work", "handoffp", _PROC
    ),
    "exit": Rule(
        "Back from a call: keep the P if nobody took it, else the old one or an idle one, else the global queue",
        "exitsyscall", _PROC,
    ),
}  # fmt: skip
