"""Chapter 1: G, M and P; queues, theft, system calls."""

from __future__ import annotations

from random import Random
from typing import Any

from gmp_lab import Config, simulate
from gmp_lab.exam import Answer, Mark, Question, Wrong, mark
from gmp_lab.exam.bank import Assignment
from gmp_lab.exam.model import Params
from gmp_lab.twins import noted, order

# --- the order on one P -------------------------------------------------------------------------------------------


def _order_draw(draw: Random) -> dict[str, Any]:
    return {"n": draw.randrange(6, 12)}


def _order_text(p: Params) -> str:
    return f"""`main` starts goroutines 0, 1, ... {p['n'] - 1} in a loop with `go` and then waits for all of them.
There is one P, and nothing else runs. Give the order in which they run, as a list of {p['n']} numbers in `order`."""


def _order_truth(p: Params) -> list[int]:
    return [int(x) for x in noted(simulate(Config(gomaxprocs=1), order(p["n"], 0)))]


def _order_check(p: Params, answer: Answer) -> list[Mark]:
    given, truth = answer.typed("order", list), _order_truth(p)
    whole = sorted(map(repr, given)) == sorted(map(repr, truth))
    first = bool(given) and given[0] == truth[0] and type(given[0]) is int
    rest = [one for one in given if one != truth[0]] == truth[1:]
    return [
        mark("every goroutine once", 1, whole, "The list does not hold every goroutine exactly once."),
        mark("who runs first", 2, whole and first, "The goroutine in runnext comes before the ring."),
        mark("the others", 1, whole and rest, "The ring is taken from its head: who has waited there longest."),
    ]


ORDER = Question(
    id="ch1-order", title="The order on one P", kind="predict", points=4, minutes=4,
    objective="Predict in which order goroutines run that one loop has started", see="01",
    draw=_order_draw, text=_order_text, starter=lambda p: "order = []", form="order: list of int",
    check=_order_check, reference=lambda p: f"order = {_order_truth(p)}",
    believer=lambda p: f"order = list(range({p['n']}))",
    wrong=(Wrong("reversed", lambda p: f"order = list(range({p['n']}))[::-1]", 0.75),),
)

ASSIGNMENT = Assignment("ch1", "Chapter 1: G, M and P — 第一章", "About queues and Ps.", (ORDER,))
