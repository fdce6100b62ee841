"""The lab panels: declared controls, a run, its figures, step by step.  The only place that imports ipywidgets."""

from gmp_lab.widgets.panel import Lab
from gmp_lab.widgets.spec import Choice, Control, LabSpec

__all__ = ["Choice", "Control", "Lab", "LabSpec"]
