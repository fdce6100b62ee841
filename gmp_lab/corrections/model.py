"""The twenty-five corrections as data: what the article says, what the runtime does, and where to go on.

The texts are in ``data/corrections.json``, the demonstrations in ``demos_queues`` and ``demos_stops``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

from gmp_lab.claims import claim
from gmp_lab.corrections.demo import Demo
from gmp_lab.corrections.demos_queues import QUEUES
from gmp_lab.corrections.demos_stops import STOPS
from gmp_lab.errors import ConfigError, check_choice

DEMOS: Final[dict[str, Demo]] = {demo.id: demo for demo in (*QUEUES, *STOPS)}


@dataclass(frozen=True, slots=True)
class Panel:
    """What to do in the panel ``lab(lab)``: ``set`` some controls, move ``change`` from a to b, ``look`` at a row."""

    lab: str
    change: str
    a: Any
    b: Any
    look: str
    set: dict[str, Any]

    def words(self) -> str:
        """The same in a sentence."""
        first = ", ".join(f"{name} = {value}" for name, value in self.set.items())
        return (
            f'lab("{self.lab}"){first and f" with {first}"}: move {self.change} from {self.a} to {self.b} '
            f"and look at: {self.look}"
        )


@dataclass(frozen=True, slots=True)
class Text:
    """``says``: the article; ``does``: the runtime; ``predicts``, ``expects``: what follows from the one, the other.

    ``claims`` are ids of the ledger and ``misconceptions`` of the catalogue, ``notebook`` treats it, ``symbol`` in
    ``file`` is what to read in Go's source, ``real`` an experiment of the catalogue ("" if none), ``panel`` what can
    be seen in the notebook's panel (None if nothing).
    """

    id: str
    number: int
    says: str
    does: str
    predicts: str
    expects: str
    claims: tuple[str, ...]
    misconceptions: tuple[str, ...]
    notebook: str
    file: str
    symbol: str
    real: str
    panel: Panel | None

    @property
    def sections(self) -> tuple[str, ...]:
        """The sections of the article that say so."""
        return tuple(dict.fromkeys(claim(one).section for one in self.claims))


@cache
def texts() -> dict[str, Text]:
    """All of them by id, in the order of the article."""
    path = files("gmp_lab").joinpath("data", "corrections.json")
    rows = json.loads(path.read_text(encoding="utf-8"))["corrections"]
    return {row["id"]: _text(number, row) for number, row in enumerate(rows, 1)}


def _text(number: int, row: dict[str, Any]) -> Text:
    told = dict(row)
    told["claims"], told["misconceptions"] = tuple(row["claims"]), tuple(row["misconceptions"])
    told["panel"] = Panel(**row["panel"]) if row["panel"] else None
    return Text(number=number, **told)


def find(name: str) -> Text:
    """One of them, by its id; ConfigError for an unknown one."""
    return texts()[check_choice("correction", name, tuple(texts()))]


def of_section(section: str) -> tuple[Text, ...]:
    """Those of a chapter or section of the article ("2" or "2.3"; "" for all); ConfigError if there are none."""
    found = tuple(
        one for one in texts().values()
        if not section or any(s == section or s.startswith(f"{section}.") for s in one.sections)
    )  # fmt: skip
    if not found:
        known = dict.fromkeys(s for one in texts().values() for s in one.sections)
        raise ConfigError("section", section, "one of " + ", ".join(map(repr, known)))
    return found
