"""Everything that decides whether a change may go in, as commands that are run one after the other.

``python -m gmp_lab.checks test`` is what ``make test`` and so the continuous integration run: ruff, mypy,
then pytest over the tests and the notebooks (nbval executes each notebook and compares its stored outputs),
twice: on all cores with what does not mind company, then one by one with what measures the machine (real Go,
a class that is graded).  A step that fails does not stop the next one: somebody who has broken two things
wants to hear of both.  pytest comes last, so that its summaries are the last things on the screen.

It must be started in an installed environment (``make test`` sees to that; with conda, activate yours
first). ``ruff format`` is not among the steps: tables of constants and events are aligned by hand, to be
read as tables.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# A hung test is ended by pytest-timeout; this bounds the sum, far above the ten minutes that a run may take.
SESSION_SECONDS = 2400

RUFF = ["ruff", "check", "--output-format=concise", "."]
MYPY = ["mypy"]
_PYTEST = [
    "pytest",
    "tests",
    "notebooks",
    "--durations=10",
    f"--session-timeout={SESSION_SECONDS}",
    "--nbval",
    "--nbval-current-env",
    "--nbval-cell-timeout=60",
    "--nbval-sanitize-with=tests/nbval_sanitize.cfg",
]
# One file's tests, and so one notebook's cells, stay on one worker and in their order; the browser's, which are few
# and long, come first.
TOGETHER = [*_PYTEST, "--part=together", "--numprocesses=auto", "--dist=loadfile", "--no-loadscope-reorder"]
ALONE = [*_PYTEST, "--part=alone"]
_NOTHING_SELECTED = 5  # pytest's exit code, after -k for example
BENCH = ["pytest", "tests/benchmarks", "--benchmark-only", "--timeout=600", "-s"]
UNIT = ["pytest", "tests"]
STEPS = {"lint": [RUFF, MYPY], "unit": [UNIT], "test": [RUFF, MYPY, TOGETHER, ALONE], "bench": [BENCH]}


def run(command: list[str]) -> int:
    """Run one step as ``python -m ...`` in the repository and say how it went; its exit code."""
    print(f"== {name(command)}", flush=True)
    began = time.monotonic()
    code = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, check=False).returncode
    if command[0] != "pytest":  # its own summary must stay the last line
        print(f"   {'FAILED' if code else 'ok'}, {time.monotonic() - began:.1f} s", flush=True)
    return code


def name(command: list[str]) -> str:
    """What a step is called: the module, and of pytest's two parts which."""
    return " ".join([command[0], *(word for word in command if word.startswith("--part="))])


def main(argv: list[str]) -> int:
    """Run the steps of the named check; 0 if all passed.  What follows the name goes to pytest."""
    parser = argparse.ArgumentParser(prog="python -m gmp_lab.checks", description="Check this working tree.")
    parser.add_argument("check", choices=STEPS)
    parser.add_argument("rest", nargs=argparse.REMAINDER, help="passed on to pytest")
    options = parser.parse_args(argv)
    steps = STEPS[options.check]
    codes = [run([*step, *(options.rest if step[0] == "pytest" else [])]) for step in steps]
    tested = [code for step, code in zip(steps, codes, strict=True) if step[0] == "pytest"]
    if set(tested) != {_NOTHING_SELECTED}:  # a choice of tests may leave one part of them empty
        codes = [0 if code == _NOTHING_SELECTED else code for code in codes]
    failed = [name(step) for step, code in zip(steps, codes, strict=True) if code]
    if failed and failed != [name(steps[-1])]:
        print(f"Failed: {', '.join(failed)}; the reports stand above.")
        print(f"checks: {len(steps) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
