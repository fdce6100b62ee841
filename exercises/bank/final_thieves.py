"""The final exam, stealing: three thefts, one after the other, worked out with the ring's contents."""

from __future__ import annotations

from collections import deque
from functools import lru_cache
from typing import Any, Final

from gmp_lab import Config
from gmp_lab.exam import Answer, Mark, Question, Wrong, mark
from gmp_lab.exam.model import Params
from gmp_lab.runtime.mloop import Machine
from gmp_lab.runtime.runq import runqsteal
from gmp_lab.runtime.runtime2 import G, M

from .kit import assigned, one_value, same

#: who steals from whom, one after the other; P0 alone has something at first
_WAYS: Final = (((1, 0), (2, 1), (3, 0)), ((1, 0), (2, 0), (3, 1)), ((1, 0), (2, 1), (3, 1)), ((1, 0), (2, 0), (3, 2)), ((1, 0), (2, 1), (3, 2)))


@lru_cache(maxsize=1024)
def _thefts(n: int, way: tuple[tuple[int, int], ...]) -> tuple[list[int], list[list[int]], int]:
    """By the mirror's runqsteal, with goroutines 0 to n - 1 in P0's ring: whom each thief runs, the rings, and how many
    thefts from P0 it takes from then on to come to its runnext."""
    rt = Machine(Config(gomaxprocs=4), None)
    robbed, slot = rt.allp[0], G(n, None, "")
    robbed.runq, robbed.runnext = deque(G(i, None, "") for i in range(n)), slot
    first = []
    for thief, victim in way:
        gp = runqsteal(rt, M(thief), rt.allp[thief], rt.allp[victim], True)
        assert gp is not None
        first.append(gp.goid)
    rings = [[gp.goid for gp in pp.runq] for pp in rt.allp]
    more, gp = 0, None
    while gp is not slot:
        gp = runqsteal(rt, M(4), rt.allp[1], robbed, True)
        more += 1
    return first, rings, more


def _way(p: Params) -> tuple[tuple[int, int], ...]:
    return tuple((thief, victim) for thief, victim in p["way"])


def _truth(p: Params) -> dict[str, Any]:
    first, rings, more = _thefts(p["n"], _way(p))
    base = p["base"]
    return {"first": [g + base for g in first], "rings": [[g + base for g in ring] for ring in rings], "thefts": more}


def _otherwise(p: Params, *, tail: bool = False, down: bool = False, oldest: bool = False) -> dict[str, Any]:
    """What thieves with other rules would do: from the tail, half rounded down, or the first of the batch run first."""
    rings: list[list[int]] = [list(range(p["base"], p["base"] + p["n"])), [], [], []]
    first = []
    for thief, victim in _way(p):
        ring = rings[victim]
        k = max(1, len(ring) // 2) if down else len(ring) - len(ring) // 2
        batch, rings[victim] = (ring[len(ring) - k :], ring[: len(ring) - k]) if tail else (ring[:k], ring[k:])
        first.append(batch.pop(0 if oldest else -1))
        rings[thief] = batch
    more, left = 1, len(rings[0])
    while left:
        left -= max(1, left // 2) if down else left - left // 2
        more += 1
    return {"first": first, "rings": rings, "thefts": more}


_WHY: Final = {
    "first": "A thief takes the older half from the head of the ring, and runs the last of that batch at once.",
    "rings": "What a thief does not run at once stands in its own ring, in the same order; the victim keeps the newer half. Of an odd number "
    "the larger half goes.",
    "thefts": "Half of the ring goes each time, and of one goroutine one. Only when the ring is empty is runnext taken.",
}


def _check(p: Params, answer: Answer) -> list[Mark]:
    truth, given, rings = _truth(p), answer.typed("first", list), answer.value("rings", "first", "thefts")
    rings = rings if type(rings) is list else []
    shown = {"steal-from-tail": _otherwise(p, tail=True), "steal-half-down": _otherwise(p, down=True),
             "batch-at-head": _otherwise(p, oldest=True)}  # fmt: skip
    belief = next((one for one, does in shown.items() if same(given[:1], does["first"][:1])), "")
    marks = [
        mark(f"P{thief} runs first", 0.5, n < len(given) and same(given[n], truth["first"][n]), _WHY["first"],
             misconception=belief, see="03-2") for n, (thief, _) in enumerate(_way(p))
    ]  # fmt: skip
    right = sum(n < len(rings) and same(rings[n], ring) for n, ring in enumerate(truth["rings"]))
    return [
        *marks,
        mark("the rings", 1.5, right / len(truth["rings"]), _WHY["rings"], see="03-2"),
        one_value(answer, "thefts", truth["thefts"], 1, _WHY["thefts"], see="03-2"),
    ]  # fmt: skip


def _text(p: Params) -> str:
    base, last = p["base"], p["base"] + p["n"]
    steps = "\n".join(f"{n}. P{thief} has nothing, and steals from P{victim}." for n, (thief, victim) in enumerate(_way(p), 1))
    return f"""Four Ps, Go 1.27. P0 computes for long. Its ring holds {p['n']} goroutines, G{base} (at the head) to G{last - 1}, in this order, and in its
runnext stands G{last}. The global queue and the other rings are empty. Now, one after the other:

{steps}

Nothing else happens, and what a thief runs after its theft computes for long, too.

* `first`: the numbers of the goroutines that P1, P2 and P3 run first, as a list of three;
* `rings`: what stands then in the rings of P0, P1, P2 and P3: a list of four lists of numbers, each from the head on;
* `thefts`: suppose that from now on only P0 is robbed, again and again, by thieves that have nothing. Which of these thefts takes
  G{last} (1 for the first)?"""


def _said(p: Params, **other: Any) -> str:
    return assigned({**_truth(p), **other})


def _derived(p: Params) -> str:
    """Another solution: the rule in code."""
    return f"""
rings = [list(range({p['base']}, {p['base'] + p['n']})), [], [], []]
first = []
for thief, victim in {_way(p)!r}:
    half = (len(rings[victim]) + 1) // 2
    *rest, one = rings[victim][:half]
    rings[victim] = rings[victim][half:]
    rings[thief] += rest
    first.append(one)
thefts = len(rings[0]).bit_length() + 1
""".strip()


THIEVES = Question(
    id="final-exam-thieves", title="Three thefts, and one more", kind="predict", points=4, minutes=6, see="03-2",
    objective="Follow thefts from ring to ring: who runs first, what is left, and when runnext goes",
    draw=lambda draw: {"n": 2 * draw.randrange(8, 14) + 1, "base": draw.randrange(11, 60), "way": [list(one) for one in draw.choice(_WAYS)]},
    text=_text, starter=lambda p: "first = []\nrings = [[], [], [], []]\nthefts = ...",
    form="first: list of int; rings: list of list; thefts: int", check=_check, reference=_said,
    believer=lambda p: assigned({**_otherwise(p, tail=True, down=True), "thefts": 1}), right=(_derived,),
    wrong=(
        Wrong("from the tail", lambda p: assigned(_otherwise(p, tail=True)), 0.7),
        Wrong("half, rounded down", lambda p: assigned(_otherwise(p, down=True)), 0.7),
        Wrong("the oldest first", lambda p: assigned(_otherwise(p, oldest=True)), 0.7),
        Wrong("runnext first", lambda p: _said(p, thefts=1), 0.75),
        Wrong("who runs stands in the ring, too", lambda p: _said(p, rings=[ring + ([] if not n else [_truth(p)["first"][n - 1]]) for n, ring in enumerate(_truth(p)["rings"])]), 0.8),
    ),
    partial=((lambda p: _said(p, rings=[]), 2.5 / 4), (lambda p: _said(p, first=[]), 2.5 / 4)),
    claims=("3.2-02", "3.2-05", "3.2-07"),
)  # fmt: skip
