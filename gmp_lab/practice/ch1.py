"""Questions to practise with, notebook 01: whom a P takes, the scheduler's decisions, the article's first chapter."""

from __future__ import annotations

from random import Random
from typing import Any, Final

from gmp_lab.exam.answer import Answer
from gmp_lab.exam.kit import assigned, one_value
from gmp_lab.exam.kit_claims import verdicts
from gmp_lab.exam.kit_play import play
from gmp_lab.exam.model import Mark, Params, Question, Wrong, mark

# --- who runs next --------------------------------------------------------------------------------------------------


def _take_draw(draw: Random) -> dict[str, Any]:
    ids = draw.sample(range(2, 90), 6)
    tick = 61 * draw.randrange(1, 9) + draw.choice((0, 59, 60, draw.randrange(2, 50)))
    return {"tick": tick, "runnext": ids[0], "ring": ids[1:4], "queue": ids[4:]}


def _taken(p: Params, every: int = 61) -> list[int]:
    """The next four goroutines, as schedule finds them if each of them ends at once."""
    tick, runnext, ring, queue = p["tick"], [p["runnext"]], list(p["ring"]), list(p["queue"])
    found: list[int] = []
    while len(found) < 4:
        if tick % every == 0 and queue:
            found.append(queue.pop(0))
        elif runnext:
            found.append(runnext.pop())
            continue  # in the same time slice
        else:
            found.append(ring.pop(0))
        tick += 1
    return found


def _names(ids: list[int]) -> str:
    return ", ".join(f"G{g}" for g in ids)


def _take_check(p: Params, answer: Answer) -> list[Mark]:
    given, truth = answer.typed("order", list), _taken(p)
    own = [g for g in truth if g not in p["queue"]]
    return [
        mark("its own, in order", 1, [g for g in given if g not in p["queue"]] == own,
             "Of its own a P takes runnext first, then the ring from its head.", see="01"),
        one_value(answer, "order", truth, 2, "At a schedtick that 61 divides the global queue comes first, else it "
                  "waits. Who comes from runnext begins no new slice, so it does not count.", see="01",
                  what="the whole order"),
    ]  # fmt: skip


TAKE: Final = Question(
    id="practice-01-take", title="Whom does a P take?", kind="predict", points=3, minutes=4, see="01",
    objective="Say whom a P takes next, from its slot, its ring and the global queue", draw=_take_draw,
    text=lambda p: f"""P0 is about to look for work; its `schedtick` is {p['tick']}, which is {p['tick'] // 61}
times 61 and {p['tick'] % 61} more. In its `runnext` stands G{p['runnext']}, in its ring (head first)
{_names(p['ring'])}, in the global queue {_names(p['queue'])}. Nobody is added, no other P takes anything, and each
goroutine ends at once. Which four goroutines does it run first? Give their numbers as a list in `order`.""",
    starter=lambda p: "order = []", form="order: list of int", check=_take_check,
    reference=lambda p: assigned({"order": _taken(p)}),
    believer=lambda p: assigned({"order": [p["queue"][0], *p["ring"]]}),
    wrong=(
        Wrong("the ring before runnext", lambda p: assigned({"order": [*p["ring"], p["runnext"]]}), 0.0),
        Wrong("from the ring's tail", lambda p: assigned({"order": [p["runnext"], *p["ring"][::-1]]}), 0.0),
    ),
)  # fmt: skip

# --- as the scheduler, and as a reader ------------------------------------------------------------------------------

PLAY: Final = play(
    id="practice-01-play", title="Six decisions of one P", level="basic", count=6, minutes=7, see="01", points=6,
    kinds=("next", "where"),
)  # fmt: skip
CLAIMS: Final = verdicts(
    id="practice-01-claims", title="Three sentences of the first chapter", sections=["1"], count=3, minutes=6,
    see="01",
)  # fmt: skip

QUESTIONS: Final = (TAKE, PLAY, CLAIMS)
