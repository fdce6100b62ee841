"""Questions on claims of the article: the verdict, what decides it, and a reason for a person to judge."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from random import Random
from typing import Any, Final

from gmp_lab.claims import VERDICTS, claims
from gmp_lab.claims.ledger import Claim
from gmp_lab.claims.misconceptions import misconceptions
from gmp_lab.exam import Answer, Mark, Question, Wrong, mark
from gmp_lab.exam.kit import LETTERS, assigned, same
from gmp_lab.exam.model import Params

WORDS: Final = ("true", "imprecise", "changed", "false", "off topic")
_NEAR: Final = ({"imprecise", "false"}, {"imprecise", "changed"}, {"false", "off topic"})


def verdict_word(claim: Claim) -> str:
    """The word that is asked for: "true since" is changed, what nobody can verify is off topic."""
    return {"true since": "changed", "unverifiable": "off topic"}.get(claim.verdict, claim.verdict)


@cache
def _known(section: str) -> dict[str, Claim]:
    return {claim.id: claim for claim in claims(section)}


_TELLING: Final = 4  # words of an observation, without the short ones, that can decide anything


def _words(text: str) -> frozenset[str]:
    """The words of four letters and more."""
    return frozenset(re.findall(r"[A-Za-z_.]{4,}", text.lower()))


@cache
def _alike(one: str, other: str, sections: tuple[str, ...]) -> bool:
    """Whether what decides two claims is nearly the same: half of the words, or the same misconception."""
    known = {name: claim for section in sections for name, claim in _known(section).items()}
    a, b = (_words(known[name].truth) for name in (one, other))
    shared = any(one in belief.claims and other in belief.claims for belief in misconceptions())
    return shared or 2 * len(a & b) >= min(len(a), len(b))


@dataclass(frozen=True, slots=True)
class _Claims:
    """A question on ``count`` claims of these sections; its methods are what a question is made of."""

    sections: tuple[str, ...]
    count: int
    see: str

    def draw(self, draw_: Random) -> dict[str, Any]:
        all_of_them = (claim for section in self.sections for claim in _known(section).values())
        pool = [claim for claim in all_of_them if len(_words(claim.truth)) >= _TELLING]
        false = [claim for claim in pool if claim.verdict == "false"]
        chosen: list[Claim] = []
        while not chosen or any(_alike(a.id, b.id, self.sections) for a, b in combinations(chosen, 2)):
            chosen = draw_.sample(false, min(len(false), (self.count + 1) // 2))
            chosen += draw_.sample([claim for claim in pool if claim not in chosen], self.count + 2 - len(chosen))
        asked, shown = [c.id for c in chosen[:self.count]], [c.id for c in chosen]
        draw_.shuffle(asked)
        draw_.shuffle(shown)
        return {"claims": asked, "shown": shown}

    def claim_of(self, one: str) -> Claim:
        return next(known[one] for known in map(_known, self.sections) if one in known)

    def text(self, p: Params) -> str:
        rows = "\n".join(
            f"{n}. {self.claim_of(one).claim} <span lang='zh'>({self.claim_of(one).quote})</span>"
            for n, one in enumerate(p["claims"])
        )
        lettered = zip(LETTERS, p["shown"], strict=False)
        seen = "\n".join(f"* **{letter}** {self.claim_of(one).truth}" for letter, one in lettered)
        words = ", ".join(f'"{word}"' for word in WORDS)
        return (
            f"The article says:\n\n{rows}\n\nThis is known:\n\n{seen}\n\nFor each claim, in their order, give the "
            f"verdict in `verdicts` and the letter of what decides it in `evidence`. The words are {words} "
            '("changed": so in some versions of Go and not in others). A right letter gives 0.6 of a point and its '
            "verdict the rest; a verdict without its letter gives nothing."
        )

    def check(self, p: Params, answer: Answer) -> list[Mark]:
        said, letters = answer.value("verdicts", "evidence"), answer.value("evidence")
        said, letters = (one if type(one) is list else [] for one in (said, letters))
        marks = []
        for n, one in enumerate(p["claims"]):
            claim = self.claim_of(one)
            found = n < len(letters) and same(letters[n], LETTERS[p["shown"].index(one)])
            share = _share(said[n] if n < len(said) else None, claim)
            verdict = f"The verdict is another. {claim.truth}"
            reason = verdict if found else "Another of these observations decides it."
            belief = _belief_of(one) if share < 1 and n < len(said) and same(said[n], "true") else ""
            got = 0.6 + 0.4 * share if found else 0.0
            marks.append(mark(f"claim {n}", 1, got, reason, misconception=belief, see=self.see))
        return marks

    def source(self, p: Params, word: Callable[[Claim], str], letter: Callable[[int, str], str]) -> str:
        words = [word(self.claim_of(one)) for one in p["claims"]]
        return assigned({"verdicts": words, "evidence": [letter(n, one) for n, one in enumerate(p["claims"])]})

    def at(self, p: Params) -> Callable[[int, str], str]:
        return lambda _, one: LETTERS[p["shown"].index(one)]


def verdicts(*, id: str, title: str, sections: Sequence[str], count: int, minutes: int, see: str) -> Question:
    """A question on claims of the article: the verdict, what decides it, and (for a person to judge) the reason.

    The claims are drawn for each student.  What decides them stands below as lettered observations, shuffled and with
    two that decide nothing here, so that a list of verdicts alone is no answer.  No two of them say the same: either
    could decide.
    """
    it = _Claims(tuple(sections), count, see)
    return Question(
        id=id, title=title, kind="verdict", points=count, minutes=minutes, see=see, draw=it.draw, text=it.text,
        objective="Tell what the runtime does from what the article says, with what shows it",
        starter=lambda p: "verdicts = []\nevidence = []", form="verdicts: list of str; evidence: list of str",
        check=it.check, reference=lambda p: it.source(p, verdict_word, it.at(p)),
        believer=lambda p: it.source(p, lambda claim: "true", lambda n, _: LETTERS[n]),
        wrong=(Wrong("verdicts alone", lambda p: it.source(p, verdict_word, lambda n, one: "?"), 0.0),),
        partial=((lambda p: it.source(p, lambda claim: "no", it.at(p)), 0.6),),
        manual="**Your reasons.** One sentence for each claim, in the same order: how could one see it? Name a "
        "function of the runtime, a run of the simulator, or a document.",
        manual_points=count,
        rubric="One point for each claim: 1 for a reason that decides it (a function, a run, a document); 0.5 for a "
        "right direction without evidence; 0 for the article's own words. `gmp-lab claims` prints the evidence.",
    )  # fmt: skip


@cache
def _belief_of(claim: str) -> str:
    """The id of the misconception that a claim leads to, "" if there is none."""
    return next((one.id for one in misconceptions() if claim in one.claims), "")


def _share(said: Any, claim: Claim) -> float:
    right = verdict_word(claim)
    if type(said) is not str:
        return 0.0
    return 1.0 if said == right else 0.5 if {said, right} in _NEAR else 0.0


assert set(WORDS) <= set(VERDICTS)
