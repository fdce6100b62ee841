"""The catalogue of experiments on the real runtime: each with its Go program, its twin and its recorded results.

``CATALOGUE["threads"]`` is one; ``.source`` its Go program, ``.simulated(point)``, ``.live(point)``,
``.recorded(point)`` and ``.real(point)`` its results, ``.table(point)`` both sides as text.  ``make record`` makes
all recorded results again.
"""

from gmp_lab.experiments.catalogue import CATALOGUE
from gmp_lab.experiments.model import Band, Experiment, Point, Result, Values

__all__ = ["CATALOGUE", "Band", "Experiment", "Point", "Result", "Values"]
