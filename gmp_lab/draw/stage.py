"""The stage: all Ps, their threads and queues at one instant, as a web page's part and as plain text.

The page's part is a table with headings and lists, so that it is read out in a sensible order; a state has
a word beside its colour.  Colours of text and lines are those of JupyterLab's theme (its CSS variables),
with fallbacks for other places.  Columns have a least width, so that they stand still from step to step.
"""

from __future__ import annotations

from html import escape
from typing import Final

from gmp_lab.draw.palette import LOOKS, colour, contrast, page
from gmp_lab.draw.scene import UNKNOWN, PRow, Queue, Stage, stage_at
from gmp_lab.narrate import source_link
from gmp_lab.recording import Recording

_CSS: Final = """
.gmp-stage {{ color: var(--jp-ui-font-color1, {ink}); background: var(--jp-layout-color0, {paper});
  font: 13px/1.45 var(--jp-ui-font-family, system-ui, sans-serif); overflow-x: auto; }}
.gmp-stage table {{ border-collapse: collapse; width: 100%; color: inherit; font-size: inherit; }}
.gmp-stage caption {{ text-align: left; font-weight: 600; padding: 2px 0; color: inherit; }}
.gmp-stage th, .gmp-stage td {{ text-align: left; padding: 2px 8px; white-space: nowrap;
  border-bottom: 1px solid var(--jp-border-color2, {grid}); color: inherit; background: transparent; }}
.gmp-stage td:nth-child(2) {{ min-width: 14em; }}
.gmp-stage td:nth-child(3) {{ min-width: 3em; }}
.gmp-stage td:nth-child(4) {{ min-width: 8em; }}
.gmp-stage td:nth-child(5) {{ min-width: 4em; }}
.gmp-stage td.gmp-ring {{ width: 100%; white-space: normal; }}
.gmp-stage tr.gmp-now {{ outline: 2px solid currentColor; outline-offset: -2px; }}
.gmp-stage a {{ color: inherit; text-decoration: underline; }}
.gmp-stage code {{ font-family: var(--jp-code-font-family, monospace); color: inherit; background: none; }}
.gmp-stage .gmp-state {{ display: inline-block; padding: 0 6px; border: 1px solid currentColor; }}
.gmp-stage dl {{ display: grid; grid-template-columns: max-content 1fr; gap: 2px 10px; margin: 8px 0 0; }}
.gmp-stage dt {{ font-weight: 600; }}
.gmp-stage dd {{ margin: 0; }}
.gmp-stage p {{ margin: 0 0 6px; }}
.gmp-stage .gmp-said {{ font-size: 15px; min-height: 3em; }}
"""


def time_words(t_ns: int) -> str:
    """A time as "12.345 us", always in us, so that two instants can be compared."""
    return f"{t_ns / 1000:,.3f} us"


def stage_html(rec: Recording, i: int, theme: str = "light", said: bool = True) -> str:
    """The stage after event i as a part of a web page (HTML with its style).

    ``theme`` ("light" or "dark") chooses the colours of the states, and of everything outside JupyterLab.
    ``said``: with the sentence that tells what the event was, and its rule.
    ConfigError for a bad event or theme.
    """
    look, s = page(theme), stage_at(rec, i)
    css = _CSS.format(ink=look.ink, paper=look.paper, grid=look.grid)
    label = f"Scheduler after event {s.index + 1} of {s.events}, at {time_words(s.t_ns)}"
    return (
        f'<section class="gmp-stage" aria-label="{escape(label)}"><style>{css}</style>'
        f"{_said(s, label) if said else f'<p>{escape(label)}</p>'}{_table(s, theme)}{_lists(s)}</section>"
    )


def _said(s: Stage, label: str) -> str:
    step = s.step
    where = ""
    if step.function:
        link = f'href="{escape(source_link(step.function, step.source))}" target="_blank" rel="noopener"'
        where = f"<a {link}><code>{escape(step.function)}</code> in {escape(step.source)}</a>: "
    return f'<p>{escape(label)}</p><p class="gmp-said">{escape(step.sentence)}<br>{where}{escape(step.rule)}</p>'


_HEADS: Final = ("P", "state", "thread", "goroutine", "runnext", "ring, head first", "schedtick")


def _table(s: Stage, theme: str) -> str:
    heads = "".join(f'<th scope="col">{head}</th>' for head in _HEADS)
    rows = "".join(_row(row, theme) for row in s.ps)
    return f"<table><caption>Ps</caption><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"


def _row(row: PRow, theme: str) -> str:
    fill = colour(row.state, theme)
    look = page(theme)
    ink = max((look.ink, look.paper), key=lambda c: contrast(c, fill))
    style = f"background:{fill};color:{ink}"
    state = f'<span class="gmp-state" style="{style}">{escape(LOOKS[row.state].words)}</span>'
    now = ' class="gmp-now" aria-current="true"' if row.touched else ""
    cells = (state, *(escape(x) or "none" for x in (row.m, row.g, row.runnext)))
    tds = "".join(f"<td>{cell}</td>" for cell in cells)
    return (
        f'<tr{now}><th scope="row">{row.name}</th>{tds}<td class="gmp-ring">{escape(row.ring.words())}</td>'
        f"<td>{_tick(row)}</td></tr>"
    )


def _tick(row: PRow) -> str:
    return UNKNOWN if row.schedtick < 0 else str(row.schedtick)


def _pairs(s: Stage) -> list[tuple[str, str]]:
    """What stands below the table: (heading, words)."""
    more = ", and one more is wanted (needspinning)" if s.needspinning else ""
    spin = UNKNOWN if s.spinning < 0 else f"{s.spinning}{more}"
    return [
        ("global queue", s.global_queue.words()),
        ("idle Ps, top first", " ".join(s.idle_ps) or "none"),
        ("idle threads, top first", " ".join(s.idle_ms) or "none"),
        ("other threads without a P", "; ".join(s.other_ms) or "none"),
        ("spinning threads", spin),
    ]


def _lists(s: Stage) -> str:
    inner = "".join(f"<dt>{escape(head)}</dt><dd>{escape(words)}</dd>" for head, words in _pairs(s))
    return f"<dl>{inner}</dl>"


def stage_text(rec: Recording, i: int, said: bool = True) -> str:
    """The stage after event i as plain text, line by line the same as ``stage_html``."""
    s = stage_at(rec, i)
    step = s.step
    where = f"{step.function} in {step.source}: " if step.function else ""
    head = [f"after event {s.index + 1} of {s.events}, at {time_words(s.t_ns)}"]
    if said:
        head += [step.sentence, f"({where}{step.rule})"]
    table = [_HEADS, *(_text_row(row) for row in s.ps)]
    widths = [max(len(row[k]) for row in table) for k in range(len(_HEADS))]
    lines = ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in table]
    return "\n".join([*head, "", *lines, "", *(f"{name}: {words}" for name, words in _pairs(s))])


def _text_row(row: PRow) -> tuple[str, ...]:
    name = f"{row.name} <" if row.touched else row.name
    queue: Queue = row.ring
    return (
        name, LOOKS[row.state].words, row.m or "none", row.g or "none", row.runnext or "none", queue.words(),
        _tick(row),
    )  # fmt: skip
