"""What the article says, and what is true: the claims of its first chapter, each with verdict and evidence.

The data are in ``data/claims.json``.  The later chapters and a check that runs for each claim come with them.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from textwrap import fill
from typing import Final, NamedTuple

from gmp_lab.errors import ConfigError

#: verdict -> its meaning, in the order in which tables show them
VERDICTS: Final = {
    "true": "true",
    "true_since": "true since a certain Go version",
    "changed": "was true once, or is in part: it depends on the Go version",
    "imprecise": "not quite: something is missing or said too strongly",
    "false": "false",
}


class Claim(NamedTuple):
    """One claim: id such as "1-09", the article's section, the claim, its words, verdict, the truth, the evidence."""

    id: str
    section: str
    claim: str
    quote: str
    verdict: str
    truth: str
    evidence: tuple[str, ...]

    def as_text(self, width: int = 86) -> str:
        """The claim in a few lines of plain text."""
        indent = " " * 6
        says = fill(f"The article says: {self.claim}", width, initial_indent=f"{self.id}  ", subsequent_indent=indent)
        truth = fill(f"{self.verdict.upper()}: {self.truth}", width, initial_indent=indent, subsequent_indent=indent)
        source = fill(f"Source: {self.evidence[0]}", width, initial_indent=indent, subsequent_indent=indent)
        return f"{says}\n{truth}\n{source}"


@cache
def _all() -> tuple[Claim, ...]:
    text = files("gmp_lab").joinpath("data", "claims.json").read_text(encoding="utf-8")
    return tuple(Claim(**{**row, "evidence": tuple(row["evidence"])}) for row in json.loads(text))


def claims(section: str) -> list[Claim]:
    """The claims of a section of the article, e.g. "1"; ConfigError if none of it are here."""
    found = [claim for claim in _all() if claim.section == section]
    if not found:
        raise ConfigError("section", section, "one of " + ", ".join(sorted({repr(c.section) for c in _all()})))
    return found


def claim(id: str) -> Claim:
    """The claim with an id, e.g. "1-09"; ConfigError if there is none."""
    for one in _all():
        if one.id == id:
            return one
    raise ConfigError("id", id, "the id of a claim, from 1-01 to " + _all()[-1].id)


def verdict_counts(section: str) -> dict[str, int]:
    """How many claims of a section have each verdict."""
    return {verdict: sum(c.verdict == verdict for c in claims(section)) for verdict in VERDICTS}
