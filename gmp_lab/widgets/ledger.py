"""The ledger of the article's claims, to search, to filter and to play.

One claim is shown at a time, beside a list of those that the search finds: the reader says a verdict, is told whether
that was right, sees the evidence, and runs what decides the claim.  The rules are those of ``gmp_lab.claims.board``.

All works from the keyboard (``Tab`` from part to part, arrows in a list, ``Space`` on a button) and in code
(``board.answer("2.1-03", "false")``).  No button is switched off while it has the focus: it gets another duty.
Without a kernel the whole ledger is a table.
"""

from __future__ import annotations

import re
from html import escape
from typing import Any, Final

import ipywidgets as w

from gmp_lab import quiz
from gmp_lab.claims.board import MEANINGS, STATES, Board
from gmp_lab.claims.ledger import VERDICTS, Claim
from gmp_lab.draw import Table
from gmp_lab.golang import find_toolchain
from gmp_lab.widgets.page import Page
from gmp_lab.widgets.readable import STYLE, Readable, live, paragraphs_html, wide_button

#: how a line of the list begins
_MARKS: Final = {"": "", "right": "right: ", "half right": "half: ", "not right": "wrong: ", "looked up": "seen: "}
_SHORT: Final = 96  # letters of a claim in the list
_STYLE: Final = f"""{STYLE}<style>
.gmp-ledger .widget-select > select {{ font-size: 13px; }}
.gmp-ledger .widget-select {{ width: calc(100% - 4px); height: auto; }}
.gmp-ledger select:disabled, .gmp-ledger select:disabled option {{ opacity: 1; color: inherit; }}
.gmp-ledger-claim {{ color: var(--jp-ui-font-color1, inherit); font-size: 14px; line-height: 1.5; max-width: 70em; }}
.gmp-ledger-claim p {{ margin: 2px 0; color: inherit; }}
.gmp-ledger-claim code {{ background: transparent; color: inherit; overflow-wrap: anywhere; white-space: normal; }}
.gmp-ledger-claim li {{ overflow-wrap: anywhere; }} .gmp-ledger-claim details {{ overflow-x: auto; }}
.gmp-ledger .widget-html {{ width: 100%; }} .gmp-ledger .widget-html-content {{ line-height: 1.5; }}
</style>"""
_TABLE_STYLE: Final = """<style>
.gmp-ledger-table th, .gmp-ledger-table td { text-align: left !important; vertical-align: top; white-space: normal; }
.gmp-ledger-table th[scope="row"] { white-space: nowrap; }
</style>"""
_HAN: Final = re.compile("[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")
_COMMIT, _NEXT, _LOOK, _RUN = "Give this verdict", "Next claim", "Look it up", "Run the check"
_HEADS: Final = ("chapter", "claims", "answered", "looked up", "right", "half right", "points")


class FactCheck(Readable):
    """The ledger as a game; ``board`` holds the answers, ``at`` is the id of the claim that is shown."""

    def __init__(self, section: str = "") -> None:
        self._filling = False
        self.board = Board(section)
        self.at = self.board.claims[0].id
        self._make(section)
        filters = w.Box((self.search, self.chapter, self.show), layout=w.Layout(flex_flow="row wrap"))
        buttons = w.Box((self.first, self.second, self.on_go), layout=w.Layout(flex_flow="row wrap"))
        super().__init__(
            (w.HTML(_STYLE), filters, self.count, self.list, self.head, self.choice, buttons, self.said,
             self.evidence, self.ran, self.score_line, self.more, Page())
        )  # fmt: skip
        self.add_class("gmp-quiz")
        self.add_class("gmp-ledger")
        self._connect()
        self._fill()
        self._show()

    def _make(self, section: str) -> None:
        wide = {"description_width": "initial"}
        sections = [("all", ""), *((one, one) for one in dict.fromkeys(c.section for c in self.board.claims))]
        shown = [*((one, one) for one in STATES), *((f"verdict: {one}", one) for one in VERDICTS)]
        self.search = w.Text(description="Search", placeholder="all of these words", style=wide)
        self.chapter = w.Dropdown(
            options=sections, value=section, description="Chapter", style=wide, layout=w.Layout(width="150px")
        )  # fmt: skip
        self.show = w.Dropdown(
            options=shown, value="all", description="Show", style=wide, layout=w.Layout(width="230px")
        )  # fmt: skip
        self.list = w.Select(options=[], rows=8, description="Claims", style=wide)
        words = [(f"{one}: {MEANINGS[one]}", one) for one in VERDICTS]
        self.choice = w.Select(options=words, value=None, rows=len(words), description="Your verdict", style=wide)
        self.first = wide_button(_COMMIT, "Fix the verdict that is chosen; the truth is then shown")
        self.second = wide_button(_LOOK, "See the truth without a verdict, and without a point")
        self.on_go = w.Checkbox(description="experiments on the Go of this machine", indent=False)
        self.on_go.layout.display = "none" if find_toolchain() is None else ""
        self.count, self.said, self.ran, self.score_line = live(), live(), live(), live()
        self.head, self.evidence, self.more = w.HTML(), w.HTML(), w.HTML()

    def _connect(self) -> None:
        for part in (self.search, self.chapter, self.show):
            part.observe(lambda _: self._fill(), "value")
        self.list.observe(lambda _: self._picked(), "value")
        self.first.on_click(lambda _: self._first())
        self.second.on_click(lambda _: self._second())

    # --- what a cell can ask for --------------------------------------------------------------------------------

    @property
    def answers(self) -> dict[str, str]:
        """What was said, by claim; "" for what was looked up."""
        return dict(self.board.answers)

    def answer(self, name: str, verdict: str) -> str:
        """Give a verdict; what there is to say to it, which the widget shows too. ConfigError for a second one."""
        said = self.board.answer(name, verdict)
        self._to(name)
        return said

    def look_up(self, name: str) -> str:
        """The truth about a claim, without a verdict and without a point."""
        said = self.board.look_up(name)
        self._to(name)
        return said

    def run(self, name: str, on_go: bool = False) -> str:
        """Run what decides a claim; what was seen, which the widget shows too."""
        said = self.board.run(name, on_go=on_go)
        self._to(name)
        self.ran.value = paragraphs_html(said)
        return said

    def find(self, text: str = "", section: str = "", show: str = "all") -> tuple[str, ...]:
        """The ids of the claims that hold all these words, of a section, of a state or with a verdict."""
        return tuple(c.id for c in self.board.find(text, section, show))

    def score(self) -> Table:
        """The points of each chapter, and of all."""
        rows = [*self.board.score(), self.board.total()]
        return Table("Score by chapter", _HEADS, tuple((*row, float(row.points)) for row in rows))

    def misconceptions(self) -> Table:
        """The claims that were answered with another verdict, the wrong beliefs behind them, and what is so."""
        heads = ("claim", "you said", "verdict", "the wrong belief behind it", "what is so")
        return Table("What to look at again", heads, tuple(tuple(one) for one in self.board.mistakes()))

    def reset(self, section: str = "") -> None:
        """Forget the answers to a chapter ("": to all)."""
        self.board.reset(section)
        self._fill()
        self._show()

    # --- what is clicked ----------------------------------------------------------------------------------------

    def _first(self) -> None:
        if self.board.known(self.at):
            self._on()
        elif self.choice.value is None:
            self.said.value = paragraphs_html("Choose a verdict first.")
        else:
            self.answer(self.at, self.choice.value)

    def _second(self) -> None:
        if not self.board.known(self.at):
            self.look_up(self.at)
            return
        self.ran.value = paragraphs_html("The check runs ...")
        self.run(self.at, bool(self.on_go.value))

    def _on(self) -> None:
        """Go to the next claim of the list, or to its first."""
        order = [c.id for c in self.board.claims]
        ids = [name for _, name in self.list.options if name]
        later = (name for name in ids if order.index(name) > order.index(self.at))
        if ids:
            self._to(next(later, ids[0]))

    def _picked(self) -> None:
        if not self._filling and self.list.value and self.list.value != self.at:
            self._to(self.list.value)

    # --- what is shown ------------------------------------------------------------------------------------------

    def _to(self, name: str) -> None:
        """Show a claim; if the list is filtered by its verdict, that has been told, so it counts as looked up."""
        if name != self.at:
            self.at, self.ran.value = name, ""
        if self.show.value == self.board.claim(name).verdict and not self.board.known(name):
            self.board.look_up(name)
        self._fill()
        self._show()

    def _fill(self) -> None:
        """Put what the search finds into the list, below a line to start from if the claim shown is not in it."""
        found = self.board.find(self.search.value, self.chapter.value, self.show.value)
        options = [(self._line(c), c.id) for c in found]
        inside = any(c.id == self.at for c in found)
        if not inside:
            options.insert(0, ("(choose one)" if found else "(nothing found)", ""))
        self._filling = True
        try:
            if list(self.list.options) != options:
                self.list.options = options
            self.list.value = self.at if inside else ""
        finally:
            self._filling = False
        many = f"{len(found)} of {len(self.board.claims)} claims found"
        self.count.value = f'<div class="gmp-quiz-text">{many}</div>'

    def _line(self, c: Claim) -> str:
        short = c.claim if len(c.claim) <= _SHORT else f"{c.claim[: _SHORT - 1]}…"
        return f"{c.id}  {_MARKS[self.board.state(c.id)]}{short}"

    def _show(self) -> None:
        c, known = self.board.claim(self.at), self.board.known(self.at)
        self.head.value = claim_html(c)
        self.choice.value = self.board.answers.get(c.id) or None
        self.choice.disabled = known
        self.first.description = _NEXT if known else _COMMIT
        self.second.description = _RUN if known else _LOOK
        self.said.value = paragraphs_html(self.board.look_up(c.id)) if known else ""
        self.evidence.value = evidence_html(c) if known else ""
        whole = self.board.total()
        self.score_line.value = paragraphs_html(
            f"{whole.points:g} points: {whole.answered} of {whole.claims} claims answered, {whole.right} right, "
            f"{whole.half} half right; {whole.looked_up} looked up."
        )
        self.more.value = self._more()

    def _more(self) -> str:
        mistakes = self.misconceptions()
        tables = [("Score by chapter", self.score())]
        tables += [(f"To look at again: {len(mistakes.rows)}", mistakes)] * bool(mistakes.rows)
        folded = (f"<details><summary>{words}</summary>{table.html()}</details>" for words, table in tables)
        return f'<div class="gmp-ledger-claim">{"".join(folded)}</div>'

    # --- without a kernel ---------------------------------------------------------------------------------------

    def _static(self) -> str:
        return ledger_html(self.board.claims)

    def __repr__(self) -> str:
        lines = [f"{c.id} {c.claim} [{c.verdict}]" for c in self.board.claims]
        first = self.board.claims[0].id
        lines += [f'What is so: board.look_up("{first}"). Without the buttons: board.answer("{first}", "true").']
        return "\n".join(lines)


def quote_html(quote: str) -> str:
    """A few words of the article; Chinese ones say that they are Chinese."""
    lang = ' lang="zh"' if _HAN.search(quote) else ""
    return f"<q{lang}>{escape(quote)}</q>"


def claim_html(c: Claim) -> str:
    """What the article says."""
    said = f"<strong>{escape(c.claim)}</strong> {quote_html(c.quote)}"
    return f'<div class="gmp-ledger-claim"><p>Claim {c.id}. The article says:</p><p>{said}</p></div>'


def evidence_html(c: Claim) -> str:
    """Where to read, what a document says, what was measured."""
    items = [f"read <code>{escape(one)}</code>" for one in c.pointers()]
    items += [f"document: {escape(one)}" for one in c.texts("document")]
    items += [f"measured: {escape(one)}" for one in c.texts("experiment")]
    rows = "".join(f"<li>{one}</li>" for one in items)
    return f'<div class="gmp-ledger-claim"><p>Evidence</p><ul>{rows}</ul></div>' if rows else ""


def ledger_html(found: tuple[Claim, ...]) -> str:
    """Claims as a table for paper: what the article says, the verdict, what is so."""
    rows = "".join(
        f'<tr><th scope="row">{c.id}</th><td>{escape(c.claim)}</td><td><b>{c.verdict}</b></td>'
        f"<td>{escape(c.truth)}</td></tr>"
        for c in found
    )
    heads = "".join(f'<th scope="col">{one}</th>' for one in ("no.", "the article says", "verdict", "what is so"))
    note = quiz.paragraphs(f"{len(found)} claims. Cover the right half, and decide on a verdict first.")
    table = f'<table class="gmp-ledger-table"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'
    return f"{_TABLE_STYLE}{note}{table}"


def fact_check(section: str = "") -> Any:
    """The ledger of the whole article, or of one section ("3.2"), to search, to filter and to play.

    Make it the last expression of a cell, and give it a name: ``board = fact_check()``.  ConfigError for a section
    that makes no claims.
    """
    return FactCheck(section)
