"""The article's claims, checked: what it says, whether that is so, what is so, and where Go's source shows it.

The ledger is data (``data/claims.json``).  A verdict is one of five words; a pointer is a file below Go's ``src``
and a name in it.  A test looks every pointer up in an installed toolchain.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.resources import files
from typing import Final

from gmp_lab.errors import ConfigError, check_choice

VERDICTS: Final = ("true", "true since", "imprecise", "changed", "false")


@dataclass(frozen=True, slots=True)
class Claim:
    """``id`` ("1-07"), ``section`` of the article, ``claim``, ``verdict``, ``truth``, ``evidence`` (file, name).

    ``quote`` holds a few words of the article, to find the sentence by.
    """

    id: str
    section: str
    claim: str
    quote: str
    verdict: str
    truth: str
    evidence: tuple[tuple[str, str], ...]

    def pointer(self) -> str:
        """Where to read: "runtime/proc.go: newproc, runqput"."""
        names: dict[str, list[str]] = {}
        for file, name in self.evidence:
            names.setdefault(file, []).append(name)
        return "; ".join(f"{file}: {', '.join(found)}" for file, found in names.items())


@dataclass(frozen=True, slots=True, repr=False)
class Checked:
    """Claims as a table in a notebook and as text everywhere else; both say the same."""

    claims: tuple[Claim, ...]

    def __repr__(self) -> str:
        return "\n\n".join(
            f"{c.id} The article says: {c.claim} ({c.quote})\n"
            f"verdict: {c.verdict}\nThe runtime: {c.truth}\nread: {c.pointer()}"
            for c in self.claims
        )

    def _repr_html_(self) -> str:
        heads = "".join(f'<th scope="col" style="text-align:left">{h}</th>' for h in _HEADS)
        rows = "".join(map(_row, self.claims))
        return f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"


_HEADS: Final = ("no.", "the article says", "verdict", "the runtime does", "read in Go's source")


def _row(c: Claim) -> str:
    claim, quote, truth, pointer = map(escape, (c.claim, c.quote, c.truth, c.pointer()))
    cells = (f'{claim}<br><span lang="zh">{quote}</span>', f"<b>{c.verdict}</b>", truth, f"<code>{pointer}</code>")
    tds = "".join(f'<td style="text-align:left;vertical-align:top">{cell}</td>' for cell in cells)
    return f'<tr><th scope="row" style="vertical-align:top;white-space:nowrap">{c.id}</th>{tds}</tr>'


@cache
def _all() -> tuple[Claim, ...]:
    rows = json.loads(files("gmp_lab").joinpath("data", "claims.json").read_text(encoding="utf-8"))
    return tuple(_claim(row) for row in rows)


def _claim(row: dict[str, str]) -> Claim:
    evidence = tuple((file, name) for file, name in (one.split(" ", 1) for one in row["evidence"]))
    check_choice("verdict", row["verdict"], VERDICTS)
    return Claim(row["id"], row["section"], row["claim"], row["quote"], row["verdict"], row["truth"], evidence)


def claims(section: str = "") -> tuple[Claim, ...]:
    """The claims of a section of the article ("1"; "" for all); ConfigError if there are none."""
    found = tuple(c for c in _all() if section in ("", c.section))
    if not found:
        sections = sorted({c.section for c in _all()})
        raise ConfigError("section", section, "one of " + ", ".join(map(repr, sections)))
    return found


def checked(*ids: str) -> Checked:
    """Some claims, by their ids, as a table; ConfigError for an id that is not in the ledger."""
    known = {c.id: c for c in _all()}
    return Checked(tuple(known[check_choice("claim", one, tuple(known))] for one in ids))


def verdicts(section: str = "") -> dict[str, int]:
    """How many claims have which verdict, in the order of VERDICTS."""
    found = Counter(c.verdict for c in claims(section))
    return {verdict: found[verdict] for verdict in VERDICTS if found[verdict]}
