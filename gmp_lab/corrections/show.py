"""Corrections to look at: one with its two runs, and the list of all; in HTML and, the same, as text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import Any, Final

from gmp_lab.corrections.demo import VERDICTS, Comparison, Measured, Setting, Settings
from gmp_lab.corrections.model import DEMOS, Text, find, of_section

_TABLE: Final = '<table style="white-space:normal;overflow-wrap:break-word">'
_CELL: Final = "text-align:left"  # short: it is stored for each cell of the table
AS_CORRECTED: Final = VERDICTS[True, False]
_HEADS: Final = ("no.", "the article says", "the runtime does", "seen in two runs", "go on")


class Correction:
    """One correction with its demonstration, run: two runs that differ in one setting, and what they show.

    Make it the last expression of a cell.  ``a`` and ``b`` are the two numbers, ``verdict`` says which account they
    fit, ``settings`` what was run; ``run`` tries others, ``code`` gives the Python code that makes the same.
    """

    def __init__(self, text: Text, given: Settings | None = None) -> None:
        self.text = text
        self._demo = DEMOS[text.id]
        self.comparison: Comparison = self._demo.compare(self._demo.settings(given or {}))

    @property
    def id(self) -> str:
        """Its name: ``correction(id)``."""
        return self.text.id

    @property
    def settings(self) -> Settings:
        """What was run: name and value; of the setting that differs, the pair of A's and B's."""
        return self.comparison.settings

    @property
    def a(self) -> Measured:
        """What run A shows."""
        return self.comparison.a

    @property
    def b(self) -> Measured:
        """What run B shows."""
        return self.comparison.b

    @property
    def verdict(self) -> str:
        """Which account the two numbers fit, in words."""
        return self.comparison.verdict

    def run(self, **settings: Setting | tuple[Setting, Setting]) -> Correction:
        """The same with other settings; ConfigError, with name and range, for one that is not possible.

        One value for the setting that differs between A and B is B's, a pair is A's and B's.
        """
        return Correction(self.text, settings)

    def code(self) -> str:
        """Python code that makes both runs with public functions; its last line gives the two numbers."""
        return self._demo.code(self.settings)

    def rows(self) -> tuple[tuple[str, str], ...]:
        """All that is to be said, as pairs of a head and a text."""
        demo, text, changed = self._demo, self.text, self._demo.changed.name
        rest = ", ".join(f"{name} = {value}" for name, value in self.settings.items() if name != changed)
        (a, b), seen = self.settings[changed], demo.seen
        ranges = "; ".join(knob.words() for knob in demo.knobs)
        rows = [
            ("The article says", text.says),
            ("The runtime does", text.does),
            ("If the article is right", text.predicts),
            ("If the correction is right", text.expects),
            (f"Run A: {changed} = {a}", f"{seen}: {self.a}"),
            (f"Run B: {changed} = {b}", f"{seen}: {self.b}"),
            ("In both runs", rest or "nothing else can be changed"),
            ("Verdict", self.verdict),
            ("Change it", f"show.run(...) with {ranges}. One value of {changed} is B's, a pair is A's and B's."),
        ]
        rows += [("In the panel", text.panel.words())] if text.panel else []
        rows += [("Real Go", f'CATALOGUE["{text.real}"] in gmp_lab.experiments')] if text.real else []
        return (*rows, ("Read", f"{text.symbol} in {text.file}"))

    def __repr__(self) -> str:
        lines = [f"{self.text.number}. {self.id}"]
        lines += [f"{head}: {said}" for head, said in self.rows()]
        return "\n".join((*lines, f"Treated in: {self.text.notebook}; claims {', '.join(self.text.claims)}"))

    def _repr_html_(self) -> str:
        marked = {"Verdict"}
        body = "".join(
            f'<tr><th scope="row" style="{_CELL};min-width:14em">{escape(head)}</th>'
            f'<td style="{_CELL}">{f"<b>{escape(said)}</b>" if head in marked else escape(said)}</td></tr>'
            for head, said in self.rows()
        )
        treated = f"{_link(self.text)}; claims {', '.join(self.text.claims)}"
        body += f'<tr><th scope="row" style="{_CELL}">Treated in</th><td style="{_CELL}">{treated}</td></tr>'
        caption = f"<caption><b>{self.text.number}. {self.id}</b></caption>"
        return f"{_TABLE}{caption}<tbody>{body}</tbody></table>"


@dataclass(frozen=True, slots=True, repr=False)
class Corrections:
    """The list: what the article says, what the runtime does, what two runs show, and where to go on."""

    found: tuple[Correction, ...]

    def __iter__(self) -> Iterator[Correction]:
        return iter(self.found)

    def __len__(self) -> int:
        return len(self.found)

    @property
    def summary(self) -> str:
        """How many came out as corrected; rows say it if one did not."""
        so = sum(one.verdict == AS_CORRECTED for one in self.found)
        return f"{so} of {len(self)} came out as corrected, and not as the article says."

    def __repr__(self) -> str:
        return "\n\n".join((self.summary, *map(_lines, self.found)))

    def _repr_html_(self) -> str:
        widths = (";min-width:2em", "", "", ";min-width:14em", ";min-width:14em")
        heads = "".join(f'<th scope="col" style="text-align:left{width}">{head}</th>'
                        for head, width in zip(_HEADS, widths, strict=True))  # fmt: skip
        rows = "".join(map(_row, self.found))
        head = f"<caption>{self.summary}</caption><thead><tr>{heads}</tr></thead>"
        return f"{_TABLE}{head}<tbody>{rows}</tbody></table>"


def corrections(section: str = "") -> Corrections:
    """All corrections, or those of a chapter or section of the article ("2", "2.3"); ConfigError if it has none."""
    return Corrections(tuple(map(Correction, of_section(section))))


def correction(name: str, **settings: Any) -> Correction:
    """One correction by its id, with its demonstration; ConfigError for an unknown id, or a wrong setting."""
    return Correction(find(name), settings)


def _link(text: Text) -> str:
    return f'<a href="{text.notebook}.ipynb">{text.notebook}</a>'


def _seen(one: Correction) -> tuple[str, ...]:
    """What is looked at, and the two runs: "go = 1.4: 0"; the verdict if it is not that the correction is right."""
    name = DEMOS[one.id].changed.name
    a, b = one.settings[name]
    other = () if one.verdict == AS_CORRECTED else (one.verdict,)
    return DEMOS[one.id].seen, f"{name} = {a}: {one.a}", f"{name} = {b}: {one.b}", *other


def _lines(one: Correction) -> str:
    text, (seen, *runs) = one.text, _seen(one)
    return "\n".join((
        f"{text.number}. {text.id}", f"Article: {text.says}", f"Runtime: {text.does}", f"{seen}: {'; '.join(runs)}",
        f"{text.notebook}; {text.symbol} in {text.file}",
    ))  # fmt: skip


def _row(one: Correction) -> str:
    text = one.text
    cells = (
        escape(text.says),
        escape(text.does),
        "<br>".join(map(escape, _seen(one))),
        f"<code>{text.id}</code><br>{_link(text)}<br>{text.symbol} in {text.file}",
    )
    tds = "".join(f'<td style="{_CELL}">{cell}</td>' for cell in cells)
    return f'<tr><th scope="row" style="{_CELL}">{text.number}</th>{tds}</tr>'
