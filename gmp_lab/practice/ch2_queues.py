"""Questions to practise with, notebook 02-3: what runqget does, and where goroutines go."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Final

from gmp_lab.exam.kit import Case, implement
from gmp_lab.exam.kit_play import play
from gmp_lab.exam.model import Params, Question
from gmp_lab.practice.texts import example, with_example

_GET: Final = """
def runqget(schedtick, runnext, ring):
    if runnext is not None:
        return runnext, schedtick, None, ring
    if ring:
        return ring[0], schedtick + 1, None, ring[1:]
    return None, schedtick, None, []
"""


def _queues(slot: bool, ring: tuple[int, int]) -> Callable[[Random, Params], Sequence[Case]]:
    def make(draw: Random, p: Params) -> Sequence[Case]:
        cases: list[Case] = []
        for _ in range(6):
            ids = draw.sample(range(2, 900), 1 + draw.randint(*ring))
            cases.append([draw.randrange(1, 500), ids[0] if slot else None, ids[1:]])
        return cases

    return make


GET: Final = implement(
    id="practice-02-3-runqget", title="Taking from one's own queue", points=4, minutes=6, see="02-3", name="runqget",
    arguments="schedtick, runnext, ring",
    objective="Write runqget: what a P takes of its own, and when a new time slice begins",
    draw=with_example(_queues(False, (2, 4))),
    text=lambda p: f"""A P takes the next goroutine of its own (it is no 61st tick). Write
`runqget(schedtick, runnext, ring)`: `schedtick` is the P's counter of time slices, `runnext` the id in its slot or
`None`, `ring` the list of ids in its ring, head first. Return a tuple `(gp, schedtick, runnext, ring)`: the
goroutine that will run (`None` if there is none), and the three others when it has begun to run.
{example(p, _GET, "runqget")}""",
    reference=_GET,
    cases={
        "a slot that is taken": (1, "runnext comes before the ring.", _queues(True, (0, 5))),
        "the slice is inherited": (1, "Who comes from runnext goes on in the slice of the one before.",
                                   _queues(True, (1, 9))),
        "the ring": (1.5, "With an empty slot the ring's head is taken, and a new slice begins.",
                     _queues(False, (1, 9))),
        "nothing": (0.5, "With nothing of its own there is nobody to run, and no slice.", _queues(False, (0, 0))),
    },
    believer="""
def runqget(schedtick, runnext, ring):
    if ring:
        return ring[0], schedtick + 1, runnext, ring[1:]
    return runnext, schedtick + 1, None, ring
""",
    right=["""
from collections import deque

def runqget(schedtick, runnext, ring):
    queue = deque(ring)
    gp, runnext = runnext, None
    if gp is None and queue:
        gp = queue.popleft()
        schedtick += 1
    return (gp, schedtick, runnext, list(queue))
"""],
    wrong={
        "the slot is looked at last": _GET.replace("runnext is not None:", "runnext is not None and not ring:"),
        "a slice for each": _GET.replace("return runnext, schedtick, ", "return runnext, schedtick + 1, "),
        "from the tail": _GET.replace("ring[0]", "ring[-1]").replace("ring[1:]", "ring[:-1]"),
        "the slot is not emptied": _GET.replace("return runnext, schedtick, None", "return runnext, schedtick, 7"),
    },
)  # fmt: skip

PLAY: Final = play(
    id="practice-02-3-play", title="Where does it go, and how many?", level="basic", count=6, minutes=7, see="02-3",
    points=6, kinds=("where", "share", "overflow"),
)  # fmt: skip

QUESTIONS: Final[tuple[Question, ...]] = (GET, PLAY)
