"""Claims as a table in a notebook, and as text everywhere else."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from typing import Final

from gmp_lab.claims.ledger import Claim, claim

_HEADS: Final = ("no.", "the article says", "verdict", "the runtime does", "evidence")
_CELL: Final = "text-align:left;vertical-align:top;white-space:normal;overflow-wrap:anywhere"
_CHINESE: Final = re.compile("[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")


@dataclass(frozen=True, slots=True, repr=False)
class Checked:
    """Claims as a table in a notebook and as text everywhere else; both say the same."""

    claims: tuple[Claim, ...]

    def __repr__(self) -> str:
        return "\n\n".join(map(_text, self.claims))

    def _repr_html_(self) -> str:
        heads = "".join(f'<th scope="col" style="text-align:left">{h}</th>' for h in _HEADS)
        rows = "".join(map(_row, self.claims))
        return f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"


def checked(*ids: str) -> Checked:
    """Some claims, by their ids, as a table; ConfigError for an id that is not in the ledger."""
    return Checked(tuple(map(claim, ids)))


def _text(c: Claim) -> str:
    lines = [
        f"{c.id} The article says: {c.claim} ({c.quote})",
        f"verdict: {c.verdict_words}",
        f"The runtime: {c.truth}",
    ]
    lines += [f"read: {c.pointer()}"] * bool(c.pointer())
    lines += [f"document: {text}" for text in c.texts("document")]
    lines += [f"measured: {text}" for text in c.texts("experiment")]
    return "\n".join(lines)


def _row(c: Claim) -> str:
    versions = f"<br>{escape(c.versions)}" if c.versions else ""
    cells = (
        f"{escape(c.claim)}<br>{_quote(c.quote)}",
        f'<b style="white-space:nowrap">{c.verdict}</b>{versions}',
        escape(c.truth),
        _evidence(c),
    )
    tds = "".join(f'<td style="{_CELL}">{cell}</td>' for cell in cells)
    return f'<tr><th scope="row" style="vertical-align:top;white-space:nowrap">{c.id}</th>{tds}</tr>'


def _quote(quote: str) -> str:
    lang = ' lang="zh"' if _CHINESE.search(quote) else ""
    return f"<span{lang}>{escape(quote)}</span>"


def _evidence(c: Claim) -> str:
    """Places in the source and documents as they are; what was measured is long and unfolds."""
    parts = [f"<code>{escape(one)}</code>" for one in c.pointers()]
    parts += map(escape, c.texts("document"))
    measured = c.texts("experiment")
    if measured:
        told = "<br>".join(map(escape, measured))
        parts.append(f"<details><summary>measured</summary>{told}</details>")
    return "<br>".join(parts).replace("<br><details>", "<details>")
