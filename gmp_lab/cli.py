"""The command ``gmp-lab``: the package's functions for people at a terminal.

This module and the other commands (setup_env, checks, notebook_tool) are the only ones that print; they ask
a function for a text and write it to standard output.  Errors of the command line end with exit code 2, as
argparse does it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from gmp_lab import __version__, doctor


def _doctor(_: argparse.Namespace) -> int:
    report = doctor.examine()
    print(report.text())
    return 0 if report.course_runs else 1


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    parser = argparse.ArgumentParser(prog="gmp-lab", description="A course on the Go scheduler.")
    parser.add_argument("--version", action="version", version=f"gmp-lab {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    command = commands.add_parser("doctor", help="say what is installed and how to mend what is missing")
    command.set_defaults(run=_doctor)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code: for doctor 0 if the course can run, else 1."""
    options = build_parser().parse_args(argv)
    code: int = options.run(options)
    return code


if __name__ == "__main__":
    sys.exit(main())
