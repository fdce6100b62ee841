"""The ledger as data: claims with their verdicts, and the four kinds of evidence.

A verdict is one of seven words.  "changed" is said of what was so in some versions of Go and is not in 1.27, or the
other way round; ``versions`` says in which.  "off topic" is what says nothing about Go's scheduler, "unverifiable"
what nobody can check.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

from gmp_lab.errors import ConfigError, check_choice

VERDICTS: Final = ("true", "true since", "imprecise", "changed", "false", "off topic", "unverifiable")
KINDS: Final = ("source", "constant", "document", "experiment")
NEWEST: Final = "1.27"  # the version that evidence without a version is about


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing that shows what is so.

    ``source``      ``symbol`` is declared in ``file`` (below Go's src), in version ``go``; ``text``, if there is one,
                    stands in the declaration (in the file, without a symbol)
    ``constant``    as source, and its value is ``value``
    ``document``    ``text`` says which and where: release notes, a proposal
    ``experiment``  ``text`` says what was done and seen; ``run`` names an entry of the catalogue that does it again
    """

    kind: str
    text: str = ""
    go: str = NEWEST
    file: str = ""
    symbol: str = ""
    value: float | None = None
    run: str = ""

    @property
    def name(self) -> str:
        """A name to read at: "newproc", "stackMin = 2048", or the words to look for."""
        if self.kind == "constant":
            return f"{self.symbol} = {self.value}"
        return self.symbol or f'"{self.text}"'


@dataclass(frozen=True, slots=True)
class Claim:
    """``id`` ("2.1-07"), ``section`` of the article, ``claim``, ``verdict``, ``truth``, ``evidence``.

    ``quote`` holds a few words of the article, to find the sentence by; ``versions`` says since or until which Go
    ("" if that does not matter); ``demo`` what a student can run to see it.
    """

    id: str
    section: str
    claim: str
    quote: str
    verdict: str
    versions: str
    truth: str
    evidence: tuple[Evidence, ...]
    demo: str

    @property
    def verdict_words(self) -> str:
        """The verdict with the versions it speaks of: "true since (1.14)"."""
        return f"{self.verdict} ({self.versions})" if self.versions else self.verdict

    def pointers(self) -> tuple[str, ...]:
        """Where to read in Go's source, by file: "runtime/proc.go: newproc", "Go 1.25 runtime/proc.go: retake"."""
        names: dict[str, list[str]] = {}
        for e in self.evidence:
            if e.file:
                place = e.file if e.go == NEWEST else f"Go {e.go} {e.file}"
                names.setdefault(place, []).append(e.name)
        return tuple(f"{place}: {', '.join(dict.fromkeys(found))}" for place, found in names.items())

    def pointer(self) -> str:
        """All of these in one line."""
        return "; ".join(self.pointers())

    def texts(self, kind: str) -> tuple[str, ...]:
        """What the evidence of a kind says in words: "document" or "experiment"."""
        return tuple(e.text for e in self.evidence if e.kind == kind)


@cache
def _all() -> tuple[Claim, ...]:
    folder = files("gmp_lab").joinpath("data", "claims")
    names = sorted(path.name for path in folder.iterdir() if path.name.endswith(".json"))
    rows = [row for name in names for row in json.loads(folder.joinpath(name).read_text(encoding="utf-8"))]
    return tuple(_claim(row) for row in rows)


def _claim(row: dict[str, Any]) -> Claim:
    check_choice("verdict", row["verdict"], VERDICTS)
    evidence = tuple(Evidence(**one) for one in row["evidence"])
    for one in evidence:
        check_choice("kind", one.kind, KINDS)
    words = {name: row[name] for name in ("id", "section", "claim", "quote", "verdict", "versions", "truth", "demo")}
    return Claim(**words, evidence=evidence)


def sections() -> tuple[str, ...]:
    """The sections of the article that make claims: "1", "2.1", ... "5"."""
    return tuple(dict.fromkeys(c.section for c in _all()))


def claims(section: str = "") -> tuple[Claim, ...]:
    """The claims of a section of the article ("2.1"; "" for all); ConfigError if there are none."""
    found = tuple(c for c in _all() if section in ("", c.section))
    if not found:
        raise ConfigError("section", section, "one of " + ", ".join(map(repr, sections())))
    return found


def claim(name: str) -> Claim:
    """One claim, by its id; ConfigError for an id that is not in the ledger."""
    known = {c.id: c for c in _all()}
    return known[check_choice("claim", name, tuple(known))]


def verdicts(section: str = "") -> dict[str, int]:
    """How many claims have which verdict, in the order of VERDICTS."""
    found = Counter(c.verdict for c in claims(section))
    return {verdict: found[verdict] for verdict in VERDICTS if found[verdict]}
