"""A copy of the package whose engine and mirror are machine code, about twice as fast.

``python -m gmp_lab.compiled FOLDER`` copies the package there and lets mypyc translate the two; what they decide
stays the same (tests/test_compiled.py compares digests).  Use it by putting the folder in front of the path:
``PYTHONPATH=build/compiled make lab``.  It is a copy and not a set of files beside the sources, because Python
prefers a compiled module to its source: whoever then edited the mirror would edit something that no longer runs.
Needs mypy (in the lock), a C compiler and Python's headers.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
COMPILED = ("engine.py", "runtime/*.py")


def missing() -> str:
    """What this machine lacks for compiling, and how to mend it; "" if nothing."""
    if shutil.which("cc") is None and shutil.which("gcc") is None and shutil.which("clang") is None:
        return "no C compiler was found: apt-get install gcc, or xcode-select --install"
    if not (Path(sysconfig.get_path("include")) / "Python.h").is_file():
        return "Python's headers were not found: apt-get install python3-dev"
    return ""


def build(folder: Path) -> Path:
    """Make the compiled copy of the package in folder/gmp_lab and return the folder; OSError says what went wrong."""
    lack = missing()
    if lack:
        raise OSError(lack)
    target = folder / PACKAGE.name
    if target.exists():
        shutil.rmtree(target)
    shutil.copytree(PACKAGE, target, ignore=shutil.ignore_patterns("__pycache__", "*.so", "*.pyd"))
    sources = [str(p.relative_to(folder)) for pattern in COMPILED for p in sorted(target.glob(pattern))]
    command = [sys.executable, "-m", "mypyc", *sources]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(f"mypyc failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    shutil.rmtree(folder / "build", ignore_errors=True)
    return folder


def main(argv: list[str]) -> int:
    """Build into the folder that argv names; 0 if it worked."""
    parser = argparse.ArgumentParser(prog="python -m gmp_lab.compiled", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=PACKAGE.parent / "build" / "compiled")
    try:
        folder = build(parser.parse_args(argv).folder.resolve())
    except OSError as e:
        print(e, file=sys.stderr)
        return 1
    print(f"Compiled. Use it with PYTHONPATH={folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
