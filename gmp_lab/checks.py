"""Everything that decides whether a change may go in, as commands that are run one after the other.

``python -m gmp_lab.checks test`` is what ``make test`` and so the continuous integration run: ruff, mypy,
then one pytest run over the tests and the notebooks (nbval executes each notebook and compares its stored
outputs).  A step that fails does not stop the next one: somebody who has broken two things wants to hear of
both.  pytest comes last, so that its summary is the last thing on the screen.

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
PYTEST = [
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
BENCH = ["pytest", "tests/benchmarks", "--benchmark-only", "--timeout=600", "-s"]
UNIT = ["pytest", "tests"]
STEPS = {"lint": [RUFF, MYPY], "unit": [UNIT], "test": [RUFF, MYPY, PYTEST], "bench": [BENCH]}


def run(command: list[str]) -> bool:
    """Run one step as ``python -m ...`` in the repository and say how it went; True if it passed."""
    print(f"== {' '.join(command[:3])}", flush=True)
    began = time.monotonic()
    passed = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, check=False).returncode == 0
    if command[0] != "pytest":  # its own summary must stay the last line
        print(f"   {'ok' if passed else 'FAILED'}, {time.monotonic() - began:.1f} s", flush=True)
    return passed


def main(argv: list[str]) -> int:
    """Run the steps of the named check; 0 if all passed.  What follows the name goes to pytest."""
    parser = argparse.ArgumentParser(prog="python -m gmp_lab.checks", description="Check this working tree.")
    parser.add_argument("check", choices=STEPS)
    parser.add_argument("rest", nargs=argparse.REMAINDER, help="passed on to pytest")
    options = parser.parse_args(argv)
    rest = options.rest
    steps = STEPS[options.check]
    failed = [step for step in steps if not run([*step, *(rest if step[0] == "pytest" else [])])]
    if any(step[0] != "pytest" for step in failed):
        print(f"Failed: {', '.join(step[0] for step in failed)}; its report stands above.")
        print(f"checks: {len(steps) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
