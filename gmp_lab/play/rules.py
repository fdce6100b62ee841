"""The rules that a player can keep or break: what each says, and which function of the runtime it is read in."""

from __future__ import annotations

from typing import Final, NamedTuple


class Rule(NamedTuple):
    """One rule: its sentence, the function and the file (below Go's src) to read."""

    sentence: str
    function: str
    file: str = "runtime/proc.go"

    def __str__(self) -> str:
        return f"{self.sentence} ({self.function} in {self.file})."


RULES: Final[dict[str, Rule]] = {
    # which goroutine next
    "runnext": Rule("A P's runnext comes before its ring, and goes on in the same time slice", "runqget"),
    "ring": Rule("Of its ring a P takes the head: who has waited there longest", "runqget"),
    "own first": Rule("A P looks at its own queue before it looks anywhere else", "findRunnable"),
    "tick61": Rule(
        "When a P's schedtick is a multiple of 61 the global queue comes first, so that it cannot starve",
        "findRunnable",
    ),
    "global": Rule("The global queue is served from its head", "globrunqget"),
    "global first": Rule("A P with nothing of its own goes to the global queue before it steals", "findRunnable"),
    "steal": Rule("A P steals when its own queue and the global queue are empty, and not before", "findRunnable"),
    "queued": Rule("Only who stands in a run queue can be taken: not who runs, and not who waits", "runqgrab"),
    "idle": Rule(
        "A P is given up when there is nothing to run in its own queue, in the global one and at other Ps",
        "findRunnable",
    ),
    # how many
    "share": Rule(
        "Of the global queue a P takes its share: length / GOMAXPROCS + 1, but no more than there are, nor than half "
        "a ring (128)", "globrunqgetbatch",
    ),
    "half": Rule("A thief takes half of its victim's ring, rounded up", "runqgrab"),
    "oldest": Rule("A thief takes from the head of the ring: who has waited longest", "runqgrab"),
    "stolen": Rule(
        "Of what is stolen the last one runs at once; the others go to the thief's ring in their order", "runqsteal"
    ),
    "runnext last": Rule(
        "A thief looks at all rings first; a runnext is taken only in the last of four rounds", "stealWork"
    ),
    "runnext sleep": Rule(
        "Before a thief takes the runnext of a P that is running it sleeps some us, so that the P can run it itself",
        "runqgrab",
    ),
    "overflow": Rule(
        "A full ring sheds its older half, and the new one after it, to the global queue's tail", "runqputslow"
    ),
    # where to
    "to runnext": Rule("Who is made or readied by a running goroutine becomes the runnext of its P", "runqput"),
    "to ring": Rule("Up to Go 1.4 there is no runnext: who is made or readied goes to the ring's tail", "runqput"),
    "to global": Rule(
        "Who gives way with Gosched, or is preempted, goes to the tail of the global queue", "goschedImpl"
    ),
    # threads
    "wake": Rule(
        "One more thread is woken if a P is idle and no thread spins already: never more than one", "wakep"
    ),
    "wake top": Rule("The idle Ps are a stack: who became idle last is taken first", "pidleget"),
    "handoff": Rule(
        "A P that is handed off gets a thread if it or the global queue has work, or nobody spins and no P is idle, "
        "or it is the last P and nobody waits in netpoll; else it goes idle, and keeps what it has", "handoffp",
    ),
    "exit keep": Rule("Back from a system call, a thread that still has its P simply goes on", "exitsyscall"),
    "exit P": Rule(
        "Without its P, a thread takes the old one out of another thread's system call, or else the top of the "
        "idle list", "exitsyscallTryGetP",
    ),
    "exit none": Rule(
        "Back from a system call without a P to be had: the goroutine goes to the global queue, the thread parks",
        "exitsyscallNoP",
    ),
    "slice": Rule(
        "sysmon asks who runs to stop when the P's schedtick has not changed for 10 ms: a slice that is passed on by "
        "runnext counts as one, and nobody has to be waiting", "retake",
    ),
    "net": Rule(
        "Of what the poller found one runs at once, one for each idle P goes to the global queue, the rest to the "
        "P's ring; without a P all go to the global queue", "injectglist",
    ),
}  # fmt: skip
