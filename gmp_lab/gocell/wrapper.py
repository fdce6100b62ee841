"""The main function that is put around a cell's own, for what must be asked from inside: a trace, metrics."""

from __future__ import annotations

from importlib.resources import files
from typing import Final

STOPPED: Final = 3  # exit code when time is nearly up
METRICS_FILE: Final = "cell.metrics"


def wrapper() -> str:
    """The Go source; it calls gmpLabMain, which the cell's main is renamed to."""
    return files("gmp_lab.gocell").joinpath("wrapper.go").read_text(encoding="utf-8")
