"""From a declared control to a widget: a slider with a number that can be typed, or a list of choices."""

from __future__ import annotations

from typing import Any

import ipywidgets as w

from gmp_lab.widgets.spec import Choice, Control


def make_control(control: Control | Choice, label_chars: int) -> Any:
    """The widget of a control; ``label_chars`` is the width of its label, in characters.

    The widget keeps its value within the control's range by itself: what is typed beyond it becomes the limit.
    """
    common = {
        "description": control.words(),
        "tooltip": _tooltip(control),
        "style": {"description_width": f"{label_chars * 6 // 5 + 2}ch"},  # capitals are wider than a ch
        "layout": w.Layout(width="100%"),
        "value": control.default,
    }
    if isinstance(control, Choice):
        return w.Dropdown(options=control.options, **common)
    return w.IntSlider(
        min=control.low, max=control.high, step=control.step, continuous_update=True, readout_format="d", **common
    )


def _tooltip(control: Control | Choice) -> str:
    if isinstance(control, Choice):
        return control.tooltip
    unit = f" {control.unit}" if control.unit else ""
    return f"{control.tooltip} ({control.low:,} to {control.high:,}{unit})"
