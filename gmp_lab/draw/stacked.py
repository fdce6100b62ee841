"""A table of counts as bars: one bar for each row, in parts for its columns, told apart by colour and by pattern.

For counts that belong to no run, such as verdicts by chapter.  The parts stand in the order of the columns, in the
bar as in the legend; ``stacked_text`` is the twin, with a strip of letters for each bar.
"""

from __future__ import annotations

from typing import Final

import plotly.graph_objects as go

from gmp_lab.draw.axes import frame
from gmp_lab.draw.plot import bar
from gmp_lab.draw.tables import Table
from gmp_lab.errors import ConfigError

#: state and pattern of the parts: neighbours differ in both
_LOOKS: Final = (
    ("running", ""), ("polling", "|"), ("waking", "-"), ("no core", "x"), ("spinning", "\\"), ("idle", ""),
    ("syscall", "/"), ("locked", "+"),
)  # fmt: skip
_LETTERS: Final = "abcdefgh"
_WIDTH: Final = 60  # letters of the longest strip


def _counts(table: Table) -> list[tuple[str, tuple[int, ...]]]:
    rows = []
    for name, *cells in table.rows:
        if not all(isinstance(cell, int) and not isinstance(cell, bool) and cell >= 0 for cell in cells):
            raise ConfigError("table", table.caption, "a table whose columns after the first are counts")
        rows.append((str(name), tuple(int(cell) for cell in cells)))
    if not rows or not 1 <= len(table.heads) - 1 <= len(_LOOKS):
        raise ConfigError("table", table.caption, f"a table with rows, and at most {len(_LOOKS)} counts in each")
    return rows


def stacked(table: Table, *, unit: str = "count", theme: str = "light", height: int = 460) -> go.Figure:
    """The table as a plotly Figure: rows from top to bottom; ConfigError for cells that are no counts."""
    rows = _counts(table)
    names = [name for name, _ in rows]
    traces = []
    for k, (head, look) in enumerate(zip(table.heads[1:], _LOOKS, strict=False)):
        values = [counts[k] for _, counts in rows]
        shown = {"x": values, "y": names, "hovertemplate": f"{table.heads[0]} %{{y}}: %{{x}} {head}<extra></extra>"}
        traces.append(bar(head, *look, theme, across=True) | shown)
    layout = frame(theme, height, (0, 1), 1) | {"barmode": "stack"}
    layout["xaxis"] = layout["xaxis"] | {"title": {"text": unit}, "range": [0, max(sum(c) for _, c in rows)]}
    layout["yaxis"] |= {"type": "category", "autorange": "reversed", "title": {"text": table.heads[0]}}
    layout["legend"] |= {"traceorder": "normal"}
    layout["title"] |= {"text": table.caption}
    return go.Figure(traces, layout)


def stacked_text(table: Table) -> str:
    """What ``stacked`` shows, as text: the numbers, and for each row a strip of letters, one for each part."""
    rows = _counts(table)
    most = max(sum(counts) for _, counts in rows) or 1
    each = max(1, -(-most // _WIDTH))
    width = max(len(name) for name, _ in rows)
    lines = [f"{name.ljust(width)} |{_strip(counts, each)}" for name, counts in rows]
    key = ", ".join(f"{letter} {head}" for letter, head in zip(_LETTERS, table.heads[1:], strict=False))
    return "\n".join([table.text(), *lines, f"({key}; a letter is {each})"])


def _strip(counts: tuple[int, ...], each: int) -> str:
    return "".join(letter * round(n / each) for letter, n in zip(_LETTERS, counts, strict=False))
