"""Questions to practise with, for notebooks 01 and 02-1 to 02-5."""

from __future__ import annotations

from random import Random
from typing import Any, Final

from gmp_lab.exam.answer import Answer
from gmp_lab.exam.kit import assigned, one_value
from gmp_lab.exam.model import Mark, Params, Question, mark

# --- 01: who runs next ----------------------------------------------------------------------------------------------


def _take_draw(draw: Random) -> dict[str, Any]:
    ids = draw.sample(range(2, 90), 6)
    return {"tick": draw.choice((61 * draw.randrange(1, 9), draw.randrange(1, 60))), "runnext": ids[0],
            "ring": ids[1:4], "queue": ids[4:]}  # fmt: skip


def _taken(p: Params) -> list[int]:
    """The next four goroutines: the global queue first at a tick that 61 divides, then runnext, then the ring."""
    rest = [p["runnext"], *p["ring"]]
    return [p["queue"][0], *rest[:3]] if p["tick"] % 61 == 0 else rest


def _names(ids: list[int]) -> str:
    return ", ".join(f"G{g}" for g in ids)


def _take_check(p: Params, answer: Answer) -> list[Mark]:
    given, truth = answer.typed("order", list), _taken(p)
    answer.value("order")
    first = given[:1] == truth[:1]
    return [
        one_value(answer, "order", truth, 2, "A multiple of 61: the global queue comes first; then runnext, then the "
                  "ring from its head. At any other tick the global queue waits.", near={}, see="01",
                  what="the whole order"),
        mark("who runs first", 1, first, "Is the tick a multiple of 61?", see="01"),
    ]  # fmt: skip


TAKE = Question(
    id="practice-01-take", title="Whom does a P take?", kind="predict", points=3, minutes=4, see="01",
    objective="Say whom a P takes next, from its slot, its ring and the global queue", draw=_take_draw,
    text=lambda p: f"""P0 is about to look for work; its `schedtick` is {p['tick']}. In its `runnext` stands
G{p['runnext']}, in its ring (head first) {_names(p['ring'])}, in the global queue {_names(p['queue'])}.
Nobody is added, and no other P takes anything. Which four goroutines does it run first? Give their numbers
as a list in `order`.
(The goroutine in `runnext` goes on in the same tick, so only the first choice can meet the global queue here.)""",
    starter=lambda p: "order = []", form="order: list of int", check=_take_check,
    reference=lambda p: assigned({"order": _taken(p)}),
    believer=lambda p: assigned({"order": [*p["ring"], p["queue"][0]]}),
)  # fmt: skip

QUESTIONS: Final = (TAKE,)
