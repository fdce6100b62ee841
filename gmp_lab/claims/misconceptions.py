"""Wrong beliefs that the article's claims lead to: each with a question that shows it, and what refutes it.

Data in ``data/misconceptions.json``.  The exam names a misconception by its id and shows its feedback; ``refute``
runs the check of the ledger that shows the contrary.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

from gmp_lab.claims.check import Check, Outcome, checks
from gmp_lab.claims.ledger import claim, claims
from gmp_lab.errors import ConfigError, check_choice

ASKED: Final = ("false", "imprecise", "changed")  # the verdicts of claims that a misconception can come from


@dataclass(frozen=True, slots=True)
class Misconception:
    """``belief`` is wrong; who has it gives the answer ``wrong`` to ``question``, where ``right`` is right.

    ``claims`` are the ids of the article's claims that lead to it, ``check`` is the name of the check (a function of
    ``gmp_lab.claims``) that refutes it, ``feedback`` explains in two or three sentences.
    """

    id: str
    claims: tuple[str, ...]
    belief: str
    question: str
    wrong: str
    right: str
    check: str
    feedback: str

    @property
    def sections(self) -> tuple[str, ...]:
        """The sections of the article that it comes from."""
        return tuple(dict.fromkeys(claim(one).section for one in self.claims))

    @property
    def notebook(self) -> str:
        """The number of the notebook that treats it, "02-3" for section 2.3; see its part "The article, checked"."""
        chapter, _, part = self.sections[0].partition(".")
        return f"0{chapter}-{part}" if part else f"0{chapter}"

    @property
    def demonstration(self) -> Check:
        """The check that refutes it; ConfigError if the ledger has none of that name."""
        found = [one for name in self.claims for one in checks(name) if one.name == self.check]
        if not found:
            raise ConfigError("check", self.check, f"the name of a check of {', '.join(self.claims)}")
        return found[0]


def refute(name: str) -> Outcome:
    """Run what refutes a misconception: its outcome says what was seen."""
    return misconception(name).demonstration.outcome()


def misconceptions(section: str = "") -> tuple[Misconception, ...]:
    """All of a section of the article ("2.3"; "" for all), in the order of the catalogue; ConfigError if unknown."""
    claims(section)
    return tuple(one for one in _all().values() if not section or section in one.sections)


def misconception(name: str) -> Misconception:
    """One, by its id; ConfigError for an unknown one."""
    return _all()[check_choice("misconception", name, tuple(_all()))]


def not_asked() -> dict[str, str]:
    """Claims with a verdict of ASKED that no question is made of, and why."""
    return dict(_read()["not_asked"])


@cache
def _all() -> dict[str, Misconception]:
    rows = _read()["misconceptions"]
    return {row["id"]: Misconception(**row | {"claims": tuple(row["claims"])}) for row in rows}


@cache
def _read() -> dict[str, Any]:
    text = files("gmp_lab").joinpath("data", "misconceptions.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found
