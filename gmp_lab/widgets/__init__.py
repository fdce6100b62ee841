"""The lab panels: declared controls, a run, its figures, step by step.  The only place that imports ipywidgets.

lab          the panel of a chapter: ``lab("01")``
Lab          a panel, from a LabSpec of your own
LABS         the declarations of all chapters
Sweeper      a sweep over parameters and seeds, with Run, Cancel and a progress bar
"""

from gmp_lab.widgets.control import Choice, Control, Ladder, Switch
from gmp_lab.widgets.labs import LABS, lab
from gmp_lab.widgets.panel import Lab
from gmp_lab.widgets.spec import LabSpec
from gmp_lab.widgets.sweeper import Sweeper

__all__ = ["LABS", "Choice", "Control", "Lab", "LabSpec", "Ladder", "Sweeper", "Switch", "lab"]
