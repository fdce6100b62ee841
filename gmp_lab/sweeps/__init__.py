"""Sweeps: many runs over a grid of parameters and seeds, as one tidy table with confidence bands.

    table = sweep(steady_mix, {"config.gomaxprocs": (1, 2, 4, 8)}, range(20), measures=("time",))

The same call runs in this process, on a pool of ``concurrent.futures`` or on Dask's scheduler
(``executor=client.get_executor()``), with equal results.
"""

from gmp_lab.sweeps.measure import MEASURES
from gmp_lab.sweeps.plan import Plan, make_plan
from gmp_lab.sweeps.run import run_chunk, run_one, sweep
from gmp_lab.sweeps.student import t_quantile
from gmp_lab.sweeps.table import Point, Run, SweepTable

__all__ = [
    "MEASURES", "Plan", "Point", "Run", "SweepTable", "make_plan", "run_chunk", "run_one", "sweep", "t_quantile",
]  # fmt: skip
