"""Real Go in a notebook: ``%load_ext gmp_lab.gocell``, then cells that begin with ``%%go``; and the runtime's source.

    %%go --procs 2 --schedtrace 10
    package main
    func main() { ... }

``run_cell(source, ...)`` is the plain function behind it, ``parse_options`` its options;
``source_of("findRunnable")`` shows a runtime function beside its mirror,
``call_path("sysmon", "preemptM")`` the way from one to another.
"""

from __future__ import annotations

from typing import Any

from gmp_lab.gocell.cell import CellResult, run_cell
from gmp_lab.gocell.options import Options, parse_options
from gmp_lab.gocell.sources import SourceView, call_path, source_of

__all__ = [
    "CellResult",
    "Options",
    "SourceView",
    "call_path",
    "load_ipython_extension",
    "parse_options",
    "run_cell",
    "source_of",
]


def load_ipython_extension(shell: Any) -> None:
    """Give a notebook the cell magic ``%%go`` (IPython calls this for ``%load_ext gmp_lab.gocell``)."""
    from gmp_lab.gocell.magic import go_cell  # noqa: PLC0415  # a name for the magic alone

    shell.register_magic_function(go_cell, "line_cell", "go")
