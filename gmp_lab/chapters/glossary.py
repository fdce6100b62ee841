"""The glossary: every term of the notebooks' recaps in English and Chinese, its names in the runtime, and one line.

Data in ``data/chapters/glossary.json``; ``notebooks/reference/glossary.md`` is ``text()``.  Tests compare the two,
look for every term of a recap in the glossary, and for every name of the runtime in Go's source.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

_ROW: Final = re.compile(r"^\| *([^|]+?) *\| *([^|]+?) *\| *(.+?) *\|$", re.MULTILINE)
_HEAD: Final = "中文"


@dataclass(frozen=True, slots=True)
class Term:
    """``english`` and ``chinese``, names in the ``runtime``, ``line`` in words; ``also``: how recaps write it."""

    group: str
    english: str
    chinese: str
    runtime: tuple[str, ...]
    line: str
    also: tuple[str, ...]


@cache
def terms() -> tuple[Term, ...]:
    """All terms, group by group."""
    rows = json.loads(files("gmp_lab").joinpath("data", "chapters", "glossary.json").read_text(encoding="utf-8"))
    return tuple(Term(**{**row, "runtime": tuple(row["runtime"]), "also": tuple(row["also"])}) for row in rows)


def recaps(folder: Path) -> Iterator[tuple[str, str]]:
    """The terms of the notebooks' recaps: (notebook, term in English)."""
    for path in sorted(folder.glob("[0-9]*.ipynb")):
        cells: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["cells"]
        for source in ("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"):
            if source.startswith("## Recap"):
                rows = [row for row in _ROW.findall(source) if set(row[0]) - set("-: ") and row[1] != _HEAD]
                yield from ((path.stem, english) for english, _, _ in rows)


def missing(folder: Path) -> list[tuple[str, str]]:
    """Terms of the recaps that are not in the glossary."""
    known = {word.lower() for term in terms() for word in (term.english, *term.also)}
    return [(notebook, word) for notebook, word in recaps(folder) if word.lower() not in known]


def text() -> str:
    """The page of the reference, as Markdown."""
    lines = [
        "# Glossary — 术语表",
        "",
        "Every term of the notebooks, in English and Chinese, with its names in Go's source (a dash where there is",
        "none) and one line. A dot stands between a struct and its field.",
    ]
    group = ""
    for term in terms():
        if term.group != group:
            group = term.group
            lines += ["", f"## {group}", "", f"| English | {_HEAD} | in the runtime | |", "|---|---|---|---|"]
        names = ", ".join(f"`{name}`" for name in term.runtime) or "-"
        lines.append(f"| {term.english} | {term.chinese} | {names} | {term.line} |")
    return "\n".join(lines) + "\n"
