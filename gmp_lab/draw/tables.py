"""Tables: the numbers behind the figures, for reading, for screen readers and for notebooks.

A ``Table`` shows itself as HTML in a notebook and as aligned text everywhere else; both say the same.
Each figure has one with its numbers: the timeline ``usage_table``, the queue depths ``depth_table``.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from gmp_lab import vocabulary as v
from gmp_lab.draw.axes import Window
from gmp_lab.draw.findings import count
from gmp_lab.metrics import (
    counts,
    latency,
    latency_by_g,
    queue_depths,
    sources,
    steals,
    summary_rows,
    switches,
    total_usage,
    usage,
)
from gmp_lab.metrics.latency import Latency
from gmp_lab.metrics.usage import Usage
from gmp_lab.recording import Recording

Cell = str | int | float


@dataclass(frozen=True, slots=True, repr=False)
class Table:
    """``caption``, ``heads`` of the columns, ``rows`` of cells, whose first names the row.

    Numbers that are not whole are shown with ``digits`` decimals.
    """

    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    digits: int = 1

    def __repr__(self) -> str:
        return self.text()

    def text(self) -> str:
        """The table as aligned text: caption, heads, rows; numbers to the right."""
        cells = [self.heads, *(tuple(map(self._words, row)) for row in self.rows)]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        right = [not self._is_text(k) for k in range(len(widths))]
        form = "  ".join(f"{{:{'>' if r else '<'}{w}}}" for w, r in zip(widths, right, strict=True))
        return "\n".join([self.caption, *(form.format(*row).rstrip() for row in cells)])

    def _repr_html_(self) -> str:
        return self.html()

    def html(self) -> str:
        """The table as HTML with a caption and headings for rows and columns; text is escaped."""
        sides = ["left" if k == 0 or self._is_text(k) else "right" for k in range(len(self.heads))]
        heads = "".join(
            f'<th scope="col" style="text-align:{side}">{escape(head)}</th>'
            for side, head in zip(sides, self.heads, strict=True)
        )
        rows = "".join(map(self._row_html, self.rows))
        caption = f'<caption style="text-align:left;font-weight:600">{escape(self.caption)}</caption>'
        return f"<table>{caption}<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"


    def _is_text(self, column: int) -> bool:
        """Whether a column holds text, by its first cell; one without a cell does."""
        return not self.rows or isinstance(self.rows[0][column], str)

    def _words(self, cell: Cell) -> str:
        if isinstance(cell, float):
            return f"{cell:,.{self.digits}f}"
        return f"{cell:,}" if isinstance(cell, int) else cell

    def _row_html(self, row: tuple[Cell, ...]) -> str:
        first, *rest = row
        cells = ""
        for cell in rest:
            side = "left" if isinstance(cell, str) else "right"
            cells += f'<td style="text-align:{side}">{escape(self._words(cell))}</td>'
        return f'<tr><th scope="row" style="text-align:left">{escape(self._words(first))}</th>{cells}</tr>'


def _span(rec: Recording, window: Window | None) -> tuple[int, int | None]:
    return window or (0, None)


def _share(ns: int, u: Usage) -> float:
    return round(100 * ns / u.total_ns, 1) if u.total_ns else 0.0


def summary_table(rec: Recording, window: Window | None = None) -> Table:
    """All figures of ``metrics.summary``; ``window``: (start, end) in ns."""
    return Table("Summary", ("measure", "value", "unit"), tuple(summary_rows(rec, *_span(rec, window))))


def usage_table(rec: Recording, window: Window | None = None) -> Table:
    """What each P did, in % of the time: the numbers of the timeline."""
    per_p = usage(rec, *_span(rec, window))
    heads = ("running", "syscall", "scheduling", "spinning", "waking", "no core", "idle")
    rows: list[tuple[Cell, ...]] = []
    for u in (*per_p, total_usage(per_p)):
        shares = (_share(getattr(u, f"{head.replace(' ', '_')}_ns"), u) for head in heads)
        rows.append(("all" if u.p < 0 else f"P{u.p}", *shares))
    return Table("Time of the Ps in %", ("P", *heads), tuple(rows))


def depth_table(rec: Recording, window: Window | None = None) -> Table:
    """Longest and average length of each queue: the numbers of the queue depths; no real trace has them."""
    depths = queue_depths(rec)
    start, end = _span(rec, window)
    stop = rec.end_ns if end is None else end
    named = [("global queue", depths.global_)]
    named += [(f"ring of P{p}", ring) for p, ring in enumerate(depths.ring)]
    named += [(f"runnext of P{p}", slot) for p, slot in enumerate(depths.runnext)]
    rows = ((name, s.maximum(start, stop), round(s.mean(start, stop), 1)) for name, s in named)
    return Table("Goroutines in each queue", ("queue", "at most", "on average"), tuple(rows))


def _latency_row(name: str, w: Latency) -> tuple[Cell, ...]:
    return (name, w.count, *(ns / 1000 for ns in (w.p50_ns, w.p90_ns, w.p99_ns, w.max_ns)))


def latency_table(rec: Recording, window: Window | None = None, *, most: int = 12) -> Table:
    """Scheduling latency of all goroutines and of the ``most`` that waited longest at a time, in us."""
    span = _span(rec, window)
    worst = sorted(latency_by_g(rec, *span), key=lambda w: (-w.max_ns, w.g))[:most]
    rows = [_latency_row("all", latency(rec, *span))]
    rows += [_latency_row(f"G{w.g} {rec.g_name(w.g)}", w) for w in worst]
    heads = ("goroutine", "waits", "median", "p90", "p99", "longest")
    return Table("Scheduling latency in us", heads, tuple(rows), digits=3)


def steal_table(rec: Recording, window: Window | None = None) -> Table:
    """Goroutines that each P stole, and from whom."""
    s = steals(rec, *_span(rec, window))
    n = len(s.moved)
    rows: list[tuple[Cell, ...]] = [(f"P{thief}", *row, sum(row)) for thief, row in enumerate(s.moved)]
    heads = ("thief", *(f"from P{p}" for p in range(n)), "in all")
    return Table(f"{count(s.count, 'steal')} moved {count(s.gs, 'goroutine')}", heads, tuple(rows))


def source_table(rec: Recording, window: Window | None = None) -> Table:
    """Where the goroutines that were executed came from; a version with one queue only knows no 61st tick."""
    span = _span(rec, window)
    n = max(1, counts(rec, *span).executes)
    alone = v.SRC_NAMES[v.SRC_GLOBAL61]
    called = {} if rec.config.rules.local_queues else {alone: v.SRC_NAMES[v.SRC_GLOBAL]}
    found = ((called.get(name, name), times) for name, times in sources(rec, *span).items() if times)
    rows = ((name, times, round(100 * times / n, 1)) for name, times in found)
    return Table("Where goroutines were taken from", ("source", "executes", "%"), tuple(rows))


def switch_table(rec: Recording, window: Window | None = None) -> Table:
    """Why goroutines gave up their Ps, most frequent first."""
    found = switches(rec, *_span(rec, window))
    rows = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    return Table("Why goroutines gave up a P", ("reason", "times"), tuple(rows))
