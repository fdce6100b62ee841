"""Chapter 2, functions to be written: who runs next, and a P's share of the global queue."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

from gmp_lab.exam.model import Params

from .ch2_stack import but
from .kit import Case, implement

# --- who runs next ----------------------------------------------------------------------------------------------------

_SCHEDULE = """
def schedule(schedtick, runnext, ring, runq):
    if schedtick % 61 == 0 and runq:
        return runq[0], schedtick + 1, runnext, ring, runq[1:]
    if runnext is not None:
        return runnext, schedtick, None, ring, runq
    if ring:
        return ring[0], schedtick + 1, None, ring[1:], runq
    if runq:
        return runq[0], schedtick + 1, None, runq[1:], []
    return None, schedtick, None, [], []
"""


def _scenes(*, tick61: bool, runnext: Any, ring: Any, runq: Any) -> Any:
    """Scenes for schedule; True, False or None (either) for what is there."""
    def some(draw: Random, ids: list[int], wanted: bool | None) -> list[int]:
        there = draw.random() < 0.5 if wanted is None else wanted
        return [ids.pop() for _ in range(draw.randrange(1, 9))] if there else []

    def make(draw: Random, p: Params) -> Sequence[Case]:
        cases: list[Case] = []
        for _ in range(8):
            ids = draw.sample(range(2, 900), 40)
            tick = 61 * draw.randrange(40) + (0 if tick61 else draw.choice([1, 2, 30, 58, 59, 60]))
            next_ = some(draw, ids, runnext)
            cases.append([tick, next_[0] if next_ else None, some(draw, ids, ring), some(draw, ids, runq)])
        return cases

    return make


SCHEDULE = implement(
    id="ch2-schedule", title="Who runs next", points=5, minutes=7, see="02-3", name="schedule",
    arguments="schedtick, runnext, ring, runq",
    objective="Write the order in which findRunnable looks, with its 61st tick and the slice that is inherited",
    text=lambda p: """GOMAXPROCS is 1. The P's goroutine has just parked, and `schedule` looks for the next one. Write
`schedule(schedtick, runnext, ring, runq)`: `schedtick` is the P's counter; `runnext` the id of the goroutine in the slot, or
`None`; `ring` and `runq` are the lists of ids in the P's ring and in the global queue, head first (fewer than 100 each). No
timer is due and nobody waits for the network. Return a tuple `(gp, schedtick, runnext, ring, runq)`: the goroutine that
`execute` runs, and the four others when it has begun to run. If there is none, `gp` is `None`.""",
    reference=_SCHEDULE,
    cases={
        "the 61st tick": (1.5, "When schedtick is a multiple of 61, one goroutine of the global queue comes first.",
                          _scenes(tick61=True, runnext=None, ring=None, runq=True)),
        "61st tick, empty queue": (0.5, "At such a tick an empty global queue changes nothing.",
                                   _scenes(tick61=True, runnext=None, ring=True, runq=False)),
        "runnext": (1.25, "runnext comes before the ring and goes on in the slice of the one before: no new tick.",
                    _scenes(tick61=False, runnext=True, ring=None, runq=None)),
        "the ring": (0.75, "Then the ring's head; who is taken from a ring begins a new slice.",
                     _scenes(tick61=False, runnext=False, ring=True, runq=None)),
        "nothing of its own": (1, "Last the global queue: of its share the P runs the first and puts the others into its ring.",
                               _scenes(tick61=False, runnext=False, ring=False, runq=None)),
    },
    believer="""
def schedule(schedtick, runnext, ring, runq):
    if runq:
        return runq[0], schedtick, runnext, ring, runq[1:]
    if ring:
        return ring[0], schedtick, runnext, ring[1:], runq
    return None, schedtick, runnext, [], []
""",
    right=["""
def schedule(schedtick, runnext, ring, runq):
    ring, runq = list(ring), list(runq)
    tick = 1
    if not schedtick % 61 and runq:
        gp = runq.pop(0)
    elif runnext is not None:
        gp, runnext, tick = runnext, None, 0
    else:
        if not ring:
            ring, runq = runq, []
        if not ring:
            return (None, schedtick, None, [], [])
        gp = ring.pop(0)
    return (gp, schedtick + tick, runnext, ring, runq)
""", """
from collections import deque

def runqget(runnext, ring):
    if runnext is not None:
        return runnext, True
    return (ring.popleft(), False) if ring else (None, False)

def schedule(schedtick, runnext, ring, runq):
    ring, runq = deque(ring), deque(runq)
    inherit = False
    if schedtick % 61 == 0 and len(runq) > 0:
        gp = runq.popleft()
    else:
        gp, inherit = runqget(runnext, ring)
        runnext = None
        if gp is None and runq:
            gp = runq.popleft()
            ring, runq = runq, deque()
    if gp is not None and not inherit:
        schedtick += 1
    return gp, schedtick, runnext, list(ring), list(runq)
"""],
    wrong={
        "no 61 rule": but(_SCHEDULE, "schedtick % 61 == 0 and runq", "False"),
        "every 60th tick": but(_SCHEDULE, "% 61", "% 60"),
        "the global queue always first": but(_SCHEDULE, "schedtick % 61 == 0 and runq", "runq"),
        "a batch at the 61st tick": but(_SCHEDULE, "runnext, ring, runq[1:]\n", "runnext, ring + runq[1:], []\n"),
        "runnext before the 61st tick": but(_SCHEDULE, "== 0 and runq", "== 0 and runq and runnext is None"),
        "no runnext": but(_SCHEDULE, "runnext is not None", "runnext is not None and not ring"),
        "runnext begins a slice": but(_SCHEDULE, "return runnext, schedtick,", "return runnext, schedtick + 1,"),
        "from the ring's tail": but(_SCHEDULE, "ring[0], schedtick + 1, None, ring[1:]", "ring[-1], schedtick + 1, None, ring[:-1]"),
        "one at a time": but(_SCHEDULE, "None, runq[1:], []", "None, [], runq[1:]"),
    },
    partial=[(but(_SCHEDULE, "schedtick % 61 == 0 and runq", "False"), 0.7),
             (but(_SCHEDULE, "None, runq[1:], []", "None, [], runq[1:]"), 0.8)],
    misconceptions={"the ring": ("global-first", but(_SCHEDULE, "schedtick % 61 == 0 and runq", "runq"))}, claims=("2.2-05", "2.3-21"),
)  # fmt: skip

# --- a P's share ------------------------------------------------------------------------------------------------------

_GLOBRUNQGET = """
def globrunqgetbatch(runq, gomaxprocs):
    if not runq:
        return None, [], []
    n = min(128, len(runq), len(runq) // gomaxprocs + 1)
    return runq[0], runq[1:n], runq[n:]
"""


def _queues(least: int, most: int, procs: Sequence[int]) -> Any:
    """Global queues of ``least`` to ``most`` goroutines, on one of these numbers of Ps."""
    def make(draw: Random, p: Params) -> Sequence[Case]:
        return [[draw.sample(range(2, 9000), draw.randint(least, most)), draw.choice(procs)] for _ in range(8)]

    return make


def _exact_shares(draw: Random, p: Params) -> Sequence[Case]:
    """Lengths that the number of Ps divides, where rounding up or down is no excuse for the one more."""
    cases: list[Case] = []
    for procs in (2, 3, 4, 5, 8, 16):
        cases.append([draw.sample(range(2, 9000), procs * draw.randrange(2, 6)), procs])
        cases.append([draw.sample(range(2, 9000), procs * draw.randrange(2, 6) + procs - 1), procs])
    return cases


GLOBRUNQGET = implement(
    id="ch2-globrunqget", title="A share of the global queue", points=3, minutes=4, see="02-3", name="globrunqgetbatch",
    arguments="runq, gomaxprocs",
    objective="Write how many goroutines a P takes from the global queue, and what becomes of them",
    text=lambda p: """A P has nothing of its own and goes to the global queue (not at a 61st tick). Write what it takes:
`globrunqgetbatch(runq, gomaxprocs)`, where `runq` is the list of ids in the global queue, head first. Return a tuple
`(gp, ring, runq)`: the goroutine that it will run (`None` if there is none), what goes into its empty ring, and what stays in
the global queue, each in its order.""",
    reference=_GLOBRUNQGET,
    cases={
        "the share": (1, "The share is length / GOMAXPROCS, rounded down, and one more.", _exact_shares),
        "a few": (0.5, "The share never is more than there are, and never less than one.", _queues(1, 4, [1, 2, 8, 64])),
        "a long queue": (1, "No more than half a ring is taken at once: 128.", _queues(280, 900, [1, 2])),
        "an empty queue": (0.5, "Of an empty queue nothing is taken.", _queues(0, 0, [1, 4])),
    },
    believer="""
def globrunqgetbatch(runq, gomaxprocs):
    return runq[0], [], runq[1:]
""",
    right=["""
def globrunqgetbatch(runq, gomaxprocs):
    size = len(runq)
    if size == 0:
        return (None, [], [])
    n = size // gomaxprocs + 1
    if n > size:
        n = size
    if n > 256 // 2:
        n = 256 // 2
    batch, rest = runq[:n], runq[n:]
    gp = batch.pop(0)
    return (gp, batch, rest)
""", """
def globrunqgetbatch(runq, gomaxprocs):
    gp, ring, rest = None, [], list(runq)
    share = len(runq) // gomaxprocs
    while rest and len(ring) < min(share, 127) or rest and gp is None:
        one = rest.pop(0)
        if gp is None:
            gp = one
        else:
            ring.append(one)
    return gp, ring, rest
"""],
    wrong={
        "takes all": but(_GLOBRUNQGET, "min(128, len(runq), len(runq) // gomaxprocs + 1)", "len(runq)"),
        "no one more": but(_GLOBRUNQGET, "len(runq) // gomaxprocs + 1", "max(1, len(runq) // gomaxprocs)"),
        "rounded up": but(_GLOBRUNQGET, "len(runq) // gomaxprocs + 1", "-(-len(runq) // gomaxprocs)"),
        "half, as a thief": but(_GLOBRUNQGET, "len(runq) // gomaxprocs + 1", "(len(runq) + 1) // 2"),
        "a whole ring": but(_GLOBRUNQGET, "128", "256"),
        "from the tail": but(_GLOBRUNQGET, "runq[0], runq[1:n], runq[n:]", "runq[-1], runq[-n:-1], runq[:-n]"),
        "the last one runs": but(_GLOBRUNQGET, "runq[0], runq[1:n]", "runq[n - 1], runq[:n - 1]"),
        "128 besides the one": but(_GLOBRUNQGET, "128", "129"),
    },
    partial=[(but(_GLOBRUNQGET, "128", "256"), 2 / 3)],
    claims=("2.3-03",),
)  # fmt: skip
