"""The panel's small texts as HTML: heading, status line, table, alert.

Colours are JupyterLab's own CSS variables, so that these texts follow its theme by themselves.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Final

from gmp_lab.compare import known
from gmp_lab.metrics import Spans, measured
from gmp_lab.metrics.summary import Row
from gmp_lab.recording import Recording

ENDED: Final = {
    "exit": "",
    "until": "cut off before main returned",
    "deadlock": "deadlock: all goroutines are asleep",
    "events": "cut off: the run got too long for the panel",
}

STYLE: Final = """<style>
.gmp-lab { color: var(--jp-ui-font-color1, inherit); line-height: 1.45; }
.gmp-lab h3 { margin: 4px 0; font-size: 16px; font-weight: 600; color: inherit; }
.gmp-lab p { margin: 2px 0; line-height: 1.4; max-width: 75em; }
.gmp-lab table { border-collapse: collapse; color: inherit; font-size: 13px; }
.gmp-lab caption { text-align: left; font-weight: 600; padding: 2px 0; color: inherit; white-space: nowrap; }
.gmp-lab th, .gmp-lab td { padding: 1px 12px 1px 0; text-align: left; font-weight: normal; color: inherit;
 border-bottom: 1px solid var(--jp-border-color2, #8886); background: transparent; white-space: nowrap; }
.gmp-lab td.gmp-number { text-align: right; font-variant-numeric: tabular-nums; padding-right: 6px; }
.gmp-lab pre { margin: 0; overflow-x: auto; font: 12px/1.4 var(--jp-code-font-family, monospace); color: inherit;
 background: transparent; }
.gmp-lab .gmp-status { font-variant-numeric: tabular-nums; }
.gmp-lab .gmp-alert { border: 2px solid var(--jp-error-color1, #c62828); border-left-width: 8px; padding: 6px 10px;
 margin: 4px 0; }
.gmp-lab-panel .gmp-stage dt { float: none; width: auto; } .gmp-lab-panel .gmp-stage dd { float: none; padding: 0; }
.gmp-lab .gmp-finding { font-size: 16px; margin: 4px 0 8px; }
.gmp-lab td.gmp-wrap { white-space: normal; }
.gmp-lab.gmp-sheet { overflow-x: auto; } .gmp-lab.gmp-sheet svg { height: auto; background: transparent !important; }
.gmp-lab-panel .widget-toggle-buttons > div, .gmp-lab-panel .widget-toggle-buttons { flex-wrap: wrap; height: auto; }
.gmp-narrow .widget-inline-hbox { flex-wrap: wrap; height: auto; }
.gmp-narrow .widget-inline-hbox > .widget-label { width: 100% !important; text-align: left;
 justify-content: flex-start; }
.gmp-narrow .widget-checkbox > .widget-label { display: none; }
.gmp-narrow .widget-checkbox .widget-label-basic { flex: 1 1 auto; white-space: normal; overflow: visible; }
.gmp-narrow .widget-slider .slider-container { flex: 1 1 60%; }
.gmp-narrow .widget-readout { min-width: 5em; } .gmp-narrow .widget-dropdown > select { height: 28px; }
.gmp-lab kbd { font: inherit; border: 1px solid currentColor; border-radius: 3px; padding: 0 4px; }
</style>"""


def heading(title: str, about: str) -> str:
    """Title of the panel and what its program does."""
    return f'{STYLE}<div class="gmp-lab"><h3>{escape(title)}</h3><p>{escape(about)}</p></div>'


HELP: Final = (
    ("From control to control", "<kbd>Tab</kbd>, back with <kbd>Shift</kbd> <kbd>Tab</kbd>"),
    ("A slider", "<kbd>&larr;</kbd> <kbd>&rarr;</kbd> one step, <kbd>Home</kbd> <kbd>End</kbd> to its limits"),
    ("A slider, faster", "<kbd>Page Up</kbd> <kbd>Page Down</kbd> five steps; the number beside it can be typed"),
    ("A button, a tick box", "<kbd>Space</kbd>"),
    ("A part that is folded away", "<kbd>Enter</kbd> opens it, and closes it again"),
    ("A list", "<kbd>&uarr;</kbd> <kbd>&darr;</kbd>, or the first letter of what you want"),
    ("Pin", "keeps this run as A, above every later one (B), on one time axis, with the figures of both"),
    ("Part of the run", "the two ends of the slider below the figure, or a box drawn in it; the table follows"),
    ("All of the run", "the button All of it, or a double click in the figure"),
    ("One goroutine", "its number in the field, or a click on one of its bars: its life, and who woke it"),
    ("Step by step", "First, Step back, Step forward and the player stop at the events that you choose in the list"),
    ("Export", "the run as a trace for Perfetto (ui.perfetto.dev), as CSV, or as schedtrace text"),
)  # fmt: skip


def keys() -> str:
    """How the panel is used, from the keyboard and with the mouse."""
    rows = "".join(f'<tr><th scope="row">{what}</th><td class="gmp-wrap">{how}</td></tr>' for what, how in HELP)
    return (
        '<div class="gmp-lab" role="region" aria-label="Keys and help" tabindex="0"><table><caption>Keys and help'
        f"</caption><tbody>{rows}</tbody></table></div>"
    )


def finding(title: str) -> str:
    """The title of a sheet."""
    return f'<p class="gmp-finding">{escape(title)}</p>'


def sheet(*parts: str) -> str:
    """Pictures and tables as one part of the page."""
    return f'<div class="gmp-lab gmp-sheet">{"".join(parts)}</div>'


def figures(
    rec: Recording,
    pinned: Recording | None,
    names: Iterable[str],
    window: tuple[int, int] | None,
    p_stays: Spans | None = None,
) -> str:
    """The table of figures of a run, or of two, in a window (ns; None: all of it)."""
    names = tuple(names)
    here = _inside(rec, window)
    rows = measured(rec, names, *(here or (0, None)), p_stays=None if here else p_stays)
    said = f"{window[0] / 1e3:,.0f} to {window[1] / 1e3:,.0f} us" if window else "all of it"
    if pinned is None:
        return table(f"This run, {said}" if here else "This run", rows)
    both = zip(measured(pinned, names, *(_inside(pinned, window) or (0, None))), rows, strict=True)
    told = [(a[0], known(pinned, a[0], a[1]), known(rec, b[0], b[1]), b[2]) for a, b in both]
    return compared(told, f"Two runs, {said}")


def _inside(rec: Recording, window: tuple[int, int] | None) -> tuple[int, int] | None:
    """The window as far as a run goes; None: all of it, also for a window that begins after its end."""
    if window is None or window[0] >= rec.end_ns:
        return None
    return window[0], min(window[1], rec.end_ns)


def compared(rows: Iterable[tuple[str, float | None, float | None, str]], caption: str) -> str:
    """A table of figures of two runs: label, A, B, the difference, unit; None: a real trace does not tell it."""
    body = "".join(
        f'<tr><th scope="row">{escape(label)}</th><td class="gmp-number">{_number(a)}</td>'
        f'<td class="gmp-number">{_number(b)}</td><td class="gmp-number">{_difference(a, b)}</td>'
        f"<td>{escape(unit)}</td></tr>"
        for label, a, b, unit in rows
    )
    heads = "".join(f'<th scope="col">{head}</th>' for head in ("", "A (pinned)", "B (this run)", "B - A", "unit"))
    return (
        f'<div class="gmp-lab"><table><caption>{escape(caption)}</caption><thead><tr>{heads}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _number(value: float | None) -> str:
    return "not told" if value is None else f"{value:,}"


def _difference(a: float | None, b: float | None) -> str:
    if a is None or b is None:
        return ""
    change = b - a
    return f"{change:+,}" if isinstance(change, int) else f"{round(change, 3):+,}"


def status(rec: Recording, wall_s: float) -> str:
    """One line: events simulated, simulated time, how the run ended if not well, wall time of the update."""
    ended = ENDED.get(rec.ended, rec.ended)
    parts = [
        f"{len(rec):,} events simulated",
        f"{rec.end_ns / 1e6:,.3f} ms of simulated time",
        *([ended] if ended else []),
        f"updated in {wall_s * 1000:,.0f} ms",
    ]
    return f'<div class="gmp-lab gmp-status" role="status">{escape(" · ".join(parts))}</div>'


def table(caption: str, rows: Iterable[Row]) -> str:
    """A table of figures: label, value, unit."""
    body = "".join(
        f'<tr><th scope="row">{escape(label)}</th><td class="gmp-number">{value:,}</td><td>{escape(unit)}</td></tr>'
        for label, value, unit in rows
    )
    return f'<div class="gmp-lab"><table><caption>{escape(caption)}</caption><tbody>{body}</tbody></table></div>'


def alert(sentence: str, shown: str) -> str:
    """What is wrong, in one sentence, and what is shown instead."""
    return f'<div class="gmp-lab gmp-alert" role="alert">{escape(sentence)}. {escape(shown)}</div>'


def text(*sentences: str, pre: str = "", label: str = "") -> str:
    """Sentences as paragraphs, then plain text in a fixed-width font; ``label`` names it all for a screen reader."""
    said = "".join(f"<p>{escape(sentence)}</p>" for sentence in sentences)
    return (
        f'<div class="gmp-lab" role="region" aria-label="{escape(label)}" tabindex="0">'
        f"{said}<pre style=\"font-family:monospace\">{escape(pre)}</pre></div>"
    )


def text_line(sentence: str) -> str:
    """One line that a screen reader speaks when it changes."""
    return f'<div class="gmp-lab gmp-status" role="status">{escape(sentence)}</div>'
