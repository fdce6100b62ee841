"""The ledger with the outcome of every check, as text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from gmp_lab.claims.check import Outcome, checks, outcomes
from gmp_lab.claims.ledger import VERDICTS, Claim, claim, claims
from gmp_lab.errors import check_choice


class Report(NamedTuple):
    """``text`` for people; ``failed`` are the claims whose check fails or is missing."""

    text: str
    failed: tuple[str, ...]


def chosen(ids: Sequence[str] = (), section: str = "", verdict: str = "") -> tuple[Claim, ...]:
    """The claims with these ids (all, if none is named), of a section, with a verdict; ConfigError if unknown."""
    if verdict:
        check_choice("verdict", verdict, VERDICTS)
    named = {claim(one).id for one in ids}
    return tuple(c for c in claims(section) if (not named or c.id in named) and verdict in ("", c.verdict))


def report(found: Sequence[Claim], *, on_go: bool = False) -> Report:
    """Check these claims; on_go: experiments run now on the installed Go, and are not taken as recorded."""
    seen = outcomes([c.id for c in found], on_go=on_go)
    failed = tuple(name for name, one in seen.items() if one.holds is False)
    blocks = [_block(c, seen[c.id]) for c in found]
    count = Counter(one.word for one in seen.values())
    blocks.append(f"{len(found)} claims: {count['confirmed']} verdicts confirmed, {count['FAILS']} checks fail, "
                  f"{count['open']} open")  # fmt: skip
    return Report("\n".join(blocks), failed)


def _block(c: Claim, seen: Outcome) -> str:
    kinds = " and ".join(dict.fromkeys(one.kind for one in checks(c.id))) or "no check"
    return f"{c.id:7} {c.verdict:13} {seen.word:9} {c.claim}\n{'':8}{kinds}: {seen.said}"
