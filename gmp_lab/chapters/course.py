"""The course: its notebooks in the order in which they are read, with minutes, what one needs, and exam weight.

What a notebook says of itself stands in its header; ``data/chapters/course.json`` is made from these headers by
``text``, and a test compares the two.  The weight in the exam is the share of the points of all assignments whose
questions point to a notebook (``data/chapters/exam_points.json``; a test compares it with the questions).
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from gmp_lab.claims import claims, sections
from gmp_lab.claims.misconceptions import misconceptions
from gmp_lab.draw import Table
from gmp_lab.errors import ConfigError
from gmp_lab.experiments import CATALOGUE
from gmp_lab.golang import find_toolchain

_TITLE: Final = re.compile(r"^# (\S+) · (.+?) — (.+)$", re.MULTILINE)
_MINUTES: Final = re.compile(r"about (\d+) minutes")
_LINK: Final = re.compile(r"\]\((\d\d[\w-]*)\.ipynb")


@dataclass(frozen=True, slots=True)
class Chapter:
    """A notebook: ``stem`` of its file, ``number`` ("2.4"), titles, minutes, ``needs`` (numbers of other ones)."""

    stem: str
    number: str
    title: str
    chinese: str
    minutes: int
    needs: tuple[str, ...]

    @property
    def claims(self) -> int:
        """How many claims of the article it is about."""
        return len(claims(self.number)) if self.number in sections() else 0

    @property
    def misconceptions(self) -> int:
        """How many misconceptions are to be unlearned in it."""
        return Counter(one.notebook for one in misconceptions())[_prefix(self.stem)]

    @property
    def exam_points(self) -> float:
        """Points of the questions of all assignments, the final exam among them, that point to it."""
        return _points().get(_prefix(self.stem), 0)


@cache
def _points() -> dict[str, float]:
    told: dict[str, float] = json.loads(_data("exam_points.json"))
    return told


def _data(name: str) -> str:
    return files("gmp_lab").joinpath("data", "chapters", name).read_text(encoding="utf-8")


def _prefix(stem: str) -> str:
    found = re.match(r"\d\d(-\d)?", stem)
    return found.group() if found else ""


def headers(folder: Path) -> tuple[Chapter, ...]:
    """What the notebooks of a folder say of themselves; ConfigError for a header that cannot be read."""
    found = [(path.stem, _header(path)) for path in sorted(folder.glob("[0-9]*.ipynb"))]
    numbers = {stem: _part(_TITLE, text, stem)[0] for stem, text in found}
    return tuple(_chapter(stem, text, numbers) for stem, text in found)


def _header(path: Path) -> str:
    cell: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["cells"][0]
    return "".join(cell["source"])


def _part(form: re.Pattern[str], text: str, stem: str) -> tuple[str, ...]:
    found = form.search(text)
    if found is None:
        raise ConfigError("notebook", stem, f"one whose header matches {form.pattern}")
    return found.groups()


def _chapter(stem: str, text: str, numbers: dict[str, str]) -> Chapter:
    number, title, chinese = _part(_TITLE, text, stem)
    (minutes,) = _part(_MINUTES, text, stem)
    needs = text.partition("**You need**")[2]
    return Chapter(
        stem, number, title, chinese, int(minutes), tuple(numbers.get(name, name) for name in _LINK.findall(needs))
    )


def text(folder: Path) -> str:
    """The text of ``course.json``, made from the notebooks of a folder."""
    return json.dumps([asdict(one) for one in headers(folder)], indent=1, ensure_ascii=False) + "\n"


@cache
def chapters() -> tuple[Chapter, ...]:
    """All notebooks of the course, in order."""
    rows = json.loads(_data("course.json"))
    return tuple(Chapter(**{**row, "needs": tuple(row["needs"])}) for row in rows)


def reading_path() -> Table:
    """The map of the course: a row for each notebook."""
    total = sum(_points().values())
    rows = tuple(
        (c.number, f"{c.title} {c.chinese}", ", ".join(c.needs) or "-", c.minutes, c.claims,
         round(100 * c.exam_points / total))
        for c in chapters()
    )  # fmt: skip
    heads = ("no.", "notebook", "you need", "minutes", "claims", "exam, %")
    hours = sum(c.minutes for c in chapters()) / 60
    return Table(f"{len(rows)} notebooks, about {hours:.0f} hours", heads, rows)


def experiments() -> Table:
    """Which experiments on real Go each notebook has, and how many of them run live on this machine."""
    rows = []
    for chapter in chapters():
        mine = [e for e in CATALOGUE.values() if e.notebook == chapter.stem]
        if mine:
            live = [e for e in mine if not e.missing and find_toolchain(e.points[0].go) is not None]
            rows.append((chapter.number, len(mine), len(live), ", ".join(e.name for e in mine)))
    return Table("Experiments on real Go", ("no.", "experiments", "live here", "names"), tuple(rows))
