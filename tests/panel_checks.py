"""What a lab panel shows, and what it should show of a run: both as plain values that can be compared."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Any

import plotly.graph_objects as go

from gmp_lab import Recording, simulate
from gmp_lab.metrics import measured
from gmp_lab.widgets import Lab, LabSpec
from gmp_lab.widgets.viewlist import VIEWS, Sheet, View

MAKERS = {name: view.make for name, view in VIEWS.items() if isinstance(view, View)}
# What the panel changes on purpose: page's background, size, the mark of the stage's event.
_OWN = ("paper_bgcolor", "plot_bgcolor", "width", "height", "shapes")


def plain(figure: go.Figure) -> dict[str, Any]:
    """What can be seen of a figure, as JSON values: without random ids and what the panel changes on purpose."""
    values: dict[str, Any] = json.loads(figure.to_json())
    values["data"] = [_visible(trace) for trace in values["data"]]
    for name in _OWN:
        values["layout"].pop(name, None)
    values["layout"].pop("template", None)
    values["layout"]["title"]["pad"].pop("b", None)
    values["layout"]["xaxis"].pop("autorange", None)
    return values


def _visible(trace: dict[str, Any]) -> dict[str, Any]:
    """A trace as far as it can be seen: nothing of a hidden one, no words for a mouse that finds nothing."""
    if trace.get("visible") is False:
        return {"name": trace["name"], "visible": False}
    unused = {"uid"} | ({"hovertemplate"} if trace.get("x") == [None] else set())
    return {name: value for name, value in trace.items() if name not in unused}


def expected(spec: LabSpec, values: dict[str, Any]) -> Recording:
    """The run that values of the controls stand for, made without a panel."""
    return simulate(*spec.make(values))


def shows(lab: Lab, rec: Recording) -> bool:
    """The panel shows this run everywhere: recording, figure, table, status line."""
    return (
        lab.recording == rec
        and simulate(lab.config, lab.program) == rec
        and view_shows(lab, rec)
        and status_of(lab) == status_words(rec)
        and numbers_in(lab.table.value) == numbers_of(rec, lab.spec.figures)
    )


def view_shows(lab: Lab, rec: Recording) -> bool:
    """The chosen view shows the whole of this run."""
    name = lab.views.bar.value
    view = VIEWS[name]
    if isinstance(view, Sheet):
        shown: str = lab.views._slots[name].box.value
        return shown == view.html(rec, None, lab.views.theme)
    return plain(lab.views.figure) == plain(view.make(rec, theme=lab.views.theme))


def status_words(rec: Recording) -> str:
    """The status line of a run up to the measured time."""
    return f"{len(rec):,} events simulated · {rec.end_ns / 1e6:,.3f} ms of simulated time"


def status_of(lab: Lab) -> str:
    """The status line that is shown, without the measured time."""
    return re.sub("<[^>]*>", "", lab.status.value).rpartition(" · ")[0]


def numbers_in(table: str) -> dict[str, str]:
    """Label and number of each row of a table in HTML."""
    return dict(re.findall(r'<th scope="row">([^<]*)</th><td class="gmp-number">([^<]*)</td>', unescape(table)))


def numbers_of(rec: Recording, labels: tuple[str, ...]) -> dict[str, str]:
    """Label and number that the table should have."""
    return {label: f"{value:,}" for label, value, _ in measured(rec, labels)}


def picture(lab: Lab) -> tuple[Any, ...]:
    """Everything that must stay when a run is refused."""
    figure = lab.views.figure
    return (figure and plain(figure), lab.table.value, lab.status.value, lab.stepper.stage.value, lab.config,
            lab.program, lab.recording, lab.runs)  # fmt: skip
