"""The panel's small texts as HTML: heading, status line, table, alert.

Colours are JupyterLab's own CSS variables, so that these texts follow its theme by themselves.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Final

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
.gmp-lab caption { text-align: left; font-weight: 600; padding: 2px 0; color: inherit; }
.gmp-lab th, .gmp-lab td { padding: 1px 12px 1px 0; text-align: left; font-weight: normal; color: inherit;
 border-bottom: 1px solid var(--jp-border-color2, #8886); background: transparent; white-space: nowrap; }
.gmp-lab td.gmp-number { text-align: right; font-variant-numeric: tabular-nums; padding-right: 6px; }
.gmp-lab pre { margin: 0; overflow-x: auto; font: 12px/1.4 var(--jp-code-font-family, monospace); color: inherit;
 background: transparent; }
.gmp-lab .gmp-status { font-variant-numeric: tabular-nums; }
.gmp-lab .gmp-alert { border: 2px solid var(--jp-error-color1, #c62828); border-left-width: 8px; padding: 6px 10px;
 margin: 4px 0; }
.gmp-lab-panel .gmp-stage dt { float: none; width: auto; } .gmp-lab-panel .gmp-stage dd { float: none; padding: 0; }
.gmp-lab kbd { font: inherit; border: 1px solid currentColor; border-radius: 3px; padding: 0 4px; }
</style>"""


def heading(title: str, about: str) -> str:
    """Title of the panel, what its program does, and the keys."""
    keys = (
        "Keys: <kbd>Tab</kbd> goes from control to control; on a slider <kbd>&larr;</kbd> <kbd>&rarr;</kbd> "
        "move one step, <kbd>Page Up</kbd> <kbd>Page Down</kbd> five, <kbd>Home</kbd> <kbd>End</kbd> to its limits; "
        "the number beside it can be typed; <kbd>Space</kbd> presses a button."
    )
    return f'{STYLE}<div class="gmp-lab"><h3>{escape(title)}</h3><p>{escape(about)}</p><p>{keys}</p></div>'


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
        f"{said}<pre>{escape(pre)}</pre></div>"
    )


def text_line(sentence: str) -> str:
    """One line that a screen reader speaks when it changes."""
    return f'<div class="gmp-lab gmp-status" role="status">{escape(sentence)}</div>'
