"""From a declared control to a widget: a slider, a slider over a ladder of numbers, a list of choices, a tick box."""

from __future__ import annotations

from typing import Any

import ipywidgets as w

from gmp_lab.widgets.control import AnyControl, Choice, Control, Ladder, Switch


def make_control(control: AnyControl, label_chars: int) -> Any:
    """The widget of a control; ``label_chars`` is the width of its label, in characters.

    The widget keeps its value within the control's range by itself: what is typed beyond it becomes the limit.
    """
    common = {
        "description": control.words(),
        "tooltip": tooltip(control),
        "style": {"description_width": f"{label_chars * 6 // 5 + 2}ch"},  # capitals are wider than a ch
        "layout": w.Layout(width="calc(100% - 4px)"),
        "value": control.default,
    }
    if isinstance(control, Choice):
        return w.Dropdown(options=control.options, **common)
    if isinstance(control, Ladder):
        return w.SelectionSlider(options=control.options(), continuous_update=True, **common)
    if isinstance(control, Switch):
        return w.Checkbox(indent=True, **common)
    return w.IntSlider(
        min=control.low, max=control.high, step=control.step, continuous_update=True, readout_format="d", **common
    )


def tooltip(control: AnyControl) -> str:
    """What the control does, and its range."""
    unit = f" {control.unit}" if isinstance(control, Control | Ladder) and control.unit else ""
    if isinstance(control, Control):
        return f"{control.tooltip} ({control.low:,} to {control.high:,}{unit})"
    if isinstance(control, Ladder):
        words = [word for word, _ in control.options()]
        return f"{control.tooltip} ({words[0]} to {words[-1]}{unit})"
    return control.tooltip
