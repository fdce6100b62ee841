"""The ledger as a game: say what you think of a claim, then see what is so, and run what decides it.

A board holds the answers of one reader.  An answer is one of the seven verdicts, and is given once, before the truth
is shown.  The ledger's own word earns a point; another word of the same group half a point: who calls a false claim
imprecise has seen that something is wrong with it.  What has been looked up earns nothing.

Texts and rules, no widgets; ``gmp_lab.widgets.ledger`` shows a board.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from gmp_lab.claims.check import Outcome, all_of, checks, live
from gmp_lab.claims.ledger import VERDICTS, Claim, claim, claims
from gmp_lab.claims.misconceptions import Misconception, misconceptions
from gmp_lab.errors import ConfigError, check_choice

#: what each verdict says of a claim
MEANINGS: Final[dict[str, str]] = {
    "true": "it is so",
    "true since": "it is so, but only since some version of Go",
    "imprecise": "near the truth, and yet it misleads",
    "changed": "it was so in other versions of Go; now it is not, or not quite",
    "false": "it is not so",
    "off topic": "it says nothing about Go's scheduler",
    "unverifiable": "nobody can check it: no source, no program, no measure",
}
#: verdicts that are near each other
GROUPS: Final = (("true", "true since"), ("imprecise", "changed", "false"), ("off topic", "unverifiable"))
#: what a list of claims can be narrowed to, beside a verdict
STATES: Final = ("all", "not answered", "answered", "not right")
LOOKED: Final = ""  # an answer that was not given: the truth was looked up

_WHOLE: Final = {True: "is confirmed", False: "is NOT confirmed", None: "stays open: nothing here can decide it"}
WORDS: Final = {1.0: "right", 0.5: "half right", 0.0: "not right"}


class Mistake(NamedTuple):
    """A claim that was answered with another verdict: what was said, what is right, and what to learn from it.

    ``beliefs`` are the wrong beliefs of the catalogue that the claim leads to ("" if there is none).
    """

    claim: str
    given: str
    verdict: str
    beliefs: str
    text: str


class Points(NamedTuple):
    """One section of the article: claims, how many are answered, looked up, right and half right, and the points."""

    section: str
    claims: int
    answered: int
    looked_up: int
    right: int
    half: int

    @property
    def points(self) -> float:
        """A point for each right answer, half a one for each that is half right."""
        return self.right + self.half / 2


def points(given: str, verdict: str) -> float:
    """What an answer earns: 1 for the verdict, 0.5 for one of its group, else 0."""
    if given == verdict:
        return 1.0
    return 0.5 if any(given in group and verdict in group for group in GROUPS) else 0.0


class Board:
    """The answers to the claims of some sections; ``answers`` is what was said, by claim ("": looked up)."""

    def __init__(self, section: str = "") -> None:
        self.claims: tuple[Claim, ...] = claims(section)
        self.answers: dict[str, str] = {}
        self.outcomes: dict[str, Outcome] = {}

    def claim(self, name: str) -> Claim:
        """A claim of this board; ConfigError if it is none of its."""
        check_choice("claim", name, tuple(c.id for c in self.claims))
        return claim(name)

    def known(self, name: str) -> bool:
        """Whether the truth about a claim may be shown: it is answered, or was looked up."""
        return name in self.answers

    def state(self, name: str) -> str:
        """ "right", "half right", "not right", "looked up", or "" for what is still open."""
        if name not in self.answers:
            return ""
        given = self.answers[name]
        return WORDS[points(given, self.claim(name).verdict)] if given else "looked up"

    # --- playing ------------------------------------------------------------------------------------------------

    def answer(self, name: str, verdict: str) -> str:
        """Say what you think of a claim; what there is to say to that. ConfigError for a second answer."""
        found = self.claim(name)
        given = verdict.strip().lower() if isinstance(verdict, str) else verdict
        check_choice("verdict", given, VERDICTS)
        if self.known(name):
            before = self.answers[name]
            raise ConfigError("verdict", given, f"only one: {before!r} was given" if before else "one before looking")
        self.answers[name] = given
        return self._said(found, given)

    def look_up(self, name: str) -> str:
        """The verdict and the truth; without an answer it earns no point."""
        found = self.claim(name)
        self.answers.setdefault(name, LOOKED)
        return self._said(found, self.answers[name])

    def _said(self, found: Claim, given: str) -> str:
        said = {
            "looked up": f"Looked up: {found.verdict_words}.", "right": f"Right: {found.verdict_words}.",
            "half right": f"Half right: you said {given}, the verdict is {found.verdict_words}.",
            "not right": f"Not {given}. The verdict is {found.verdict_words}.",
        }[self.state(found.id)]  # fmt: skip
        lines = [said, found.truth]
        if given and given != found.verdict:
            lines += [f"You said: {MEANINGS[given]}. The ledger: {MEANINGS[found.verdict]}."]
            lines += [one.feedback for one in _behind(found)]
        return "\n".join(lines)

    def run(self, name: str, *, on_go: bool = False) -> str:
        """Run what decides a claim, and say what was seen; this looks the claim up if it is not answered.

        on_go: experiments run now on the installed Go, else they are taken as recorded.
        """
        self.claim(name)
        self.answers.setdefault(name, LOOKED)
        token = live.set(on_go)
        try:
            seen = [(one, one.outcome()) for one in checks(name)]
        finally:
            live.reset(token)
        decided = [outcome for _, outcome in seen if outcome.holds is not None]
        self.outcomes[name] = whole = all_of(*(decided or [outcome for _, outcome in seen]))
        lines = [f"{one.kind}, {outcome.word}: {outcome.said}" for one, outcome in seen]
        return "\n".join([f"The verdict {_WHOLE[whole.holds]}.", *lines])

    def reset(self, section: str = "") -> None:
        """Forget the answers to a section ("": to all)."""
        for c in self.claims:
            if section in ("", c.section):
                self.answers.pop(c.id, None)
                self.outcomes.pop(c.id, None)

    # --- looking around -----------------------------------------------------------------------------------------

    def find(self, text: str = "", section: str = "", show: str = "all") -> tuple[Claim, ...]:
        """The claims of a section that hold all words of a text, of a state (STATES) or with a verdict."""
        check_choice("show", show, (*STATES, *VERDICTS))
        check_choice("section", section, ("", *dict.fromkeys(c.section for c in self.claims)))
        words = text.casefold().split()
        inside = [c for c in self.claims if section in ("", c.section) and all(word in _text(c) for word in words)]
        return tuple(c for c in inside if self._shown(c, show))

    def _shown(self, c: Claim, show: str) -> bool:
        if show in VERDICTS:
            return c.verdict == show
        state = self.state(c.id)
        return {"all": True, "not answered": not state, "answered": bool(state),
                "not right": state in ("half right", "not right")}[show]  # fmt: skip

    def score(self) -> tuple[Points, ...]:
        """The points of each section."""
        found = []
        for section in dict.fromkeys(c.section for c in self.claims):
            states = [self.state(c.id) for c in self.claims if c.section == section]
            looked, right, half = (states.count(state) for state in ("looked up", "right", "half right"))
            answered = len(states) - states.count("") - looked
            found.append(Points(section, len(states), answered, looked, right, half))
        return tuple(found)

    def total(self) -> Points:
        """The points of all sections together; its section is "all"."""
        rows = self.score()
        sums = [sum(row[k] for row in rows) for k in range(1, 6)]  # type: ignore[misc]  # whole numbers from 1 on
        return Points("all", *sums)

    def mistakes(self) -> tuple[Mistake, ...]:
        """The claims that were answered with another verdict, in the order of the article."""
        found = []
        for c in self.claims:
            given = self.answers.get(c.id, LOOKED)
            if given and given != c.verdict:
                beliefs = " ".join(one.belief for one in _behind(c))
                learn = " ".join(one.feedback for one in _behind(c)) or c.truth
                found.append(Mistake(c.id, given, c.verdict, beliefs, learn))
        return tuple(found)


def _behind(c: Claim) -> list[Misconception]:
    """The wrong beliefs of the catalogue that a claim leads to."""
    return [one for one in misconceptions(c.section) if c.id in one.claims]


def _text(c: Claim) -> str:
    return f"{c.id} {c.claim} {c.quote} {c.truth} {c.pointer()}".casefold()
