"""What a stored notebook keeps of a panel: what its controls stood at, its figures and its run, for a reader without
a kernel.

A widget's state is not stored (one figure would bring plotly's whole JavaScript, 5 MB), and a picture is not: these
lines say the same, in every theme, for every reader, and are the same text at each run, so nbval compares them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gmp_lab.draw import Table, text_timeline
from gmp_lab.metrics import measured
from gmp_lab.recording import Recording
from gmp_lab.widgets import html
from gmp_lab.widgets.control import AnyControl, Choice, Control, Ladder, Value
from gmp_lab.widgets.viewlist import VIEWS

if TYPE_CHECKING:
    from gmp_lab.widgets.panel import Lab

_LINES: Final = 24  # rows of the timeline
_LIVE: Final = "Run this cell to move the controls. What they stand at here, and what the run shows:"


def value_words(control: AnyControl, value: Value) -> str:
    """What a control stands at, as the panel shows it, with its unit."""
    if isinstance(control, Ladder):
        words = {number: said for said, number in control.options()}[int(value)]
        special = any(value == number for number, _, _ in control.special)
        return f"{words} {control.unit}" if control.unit and not special else words
    if isinstance(control, Choice):
        return str(value)
    if isinstance(control, Control):
        return f"{int(value):,} {control.unit}".rstrip()
    return "on" if value else "off"


def _tables(lab: Lab, rec: Recording) -> tuple[Table, ...]:
    """Controls, figures and findings of the run that the panel shows."""
    values = lab.shown_values
    controls = tuple((c.label, value_words(c, values[c.name])) for c in lab.spec.controls)
    figures = tuple((name, f"{value:,}", unit) for name, value, unit in measured(rec, lab.spec.figures))
    found = tuple((VIEWS[name].words, VIEWS[name].title(rec, None)) for name in lab.spec.views)
    return (
        Table("Controls", ("control", "stands at"), controls),
        Table("Figures", ("measure", "value", "unit"), figures),
        Table("What its views find", ("view", "finding"), found),
    )


def stored_text(lab: Lab) -> str:
    """The panel as text: title, controls, figures, findings, timeline; the same at each run."""
    rec = lab.recording
    if rec is None:
        return f"{lab!r}\nNo run yet."
    parts = [repr(lab), *(table.text() for table in _tables(lab, rec)), text_timeline(rec, most=_LINES)]
    return "\n\n".join(parts)


def stored_html(lab: Lab) -> str:
    """The same as HTML."""
    spec, rec = lab.spec, lab.recording
    if rec is None:
        return html.text(spec.title, spec.about, "No run yet.", label=spec.title)
    tables = "".join(table.html() for table in _tables(lab, rec))
    letters = text_timeline(rec, most=_LINES)
    return (
        f'<div class="gmp-stored">{html.text(spec.title, spec.about, _LIVE, label=spec.title)}{tables}'
        f"{html.text(pre=letters, label='Timeline of the Ps in letters')}</div>"
    )
