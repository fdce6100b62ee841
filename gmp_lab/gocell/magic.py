"""The cell magic ``%%go``: options, run, and everything as text; a mistake is one sentence and no traceback."""

from __future__ import annotations

from gmp_lab.errors import ConfigError
from gmp_lab.gocell.cell import CellResult, run_cell
from gmp_lab.gocell.options import HELP, parse_options
from gmp_lab.golang import GoCompileError, GoNotFound, GoRunError


class Said:
    """A text that a notebook shows as it is."""

    def __init__(self, text: str) -> None:
        self.text = text.rstrip("\n")

    def __repr__(self) -> str:
        return self.text


def go_cell(line: str, cell: str | None = None) -> CellResult | Said:
    """%%go: compile the cell's Go program and run it; ``%go --help`` lists the options.

    The result is the cell's value: ``_`` in the next one, with ``_.stdout``, ``_.schedtrace``, ``_.trace`` and so on.
    """
    try:
        options = parse_options(line)
        if options.help or cell is None:  # %go alone is a line, without a program
            return Said(HELP)
        return run_cell(cell, options, first_line=2)  # the line of %%go is the cell's first
    except GoCompileError as problem:
        return Said(f"Go refuses the program:\n{problem}")
    except (ConfigError, GoNotFound, GoRunError) as problem:
        return Said(str(problem))
