"""What is installed, what is missing, and one line on how to mend it: the examination behind ``gmp-lab
doctor``.

The course runs when Python is new enough and the packages that pyproject.toml names as its own and as
``lab`` are there.  The rest is a remark: without a Go toolchain the notebooks show recorded results,
without Chromium and the test tools only ``make test`` loses something.  A package in another version than
the wanted one is a remark too: the course most likely runs, but a notebook's stored outputs were made with
the wanted one.

The wanted versions are read from the installed package's own metadata, so there is no second list here.
Standard library alone: an examination must work where the installation did not.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from gmp_lab.golang import toolchain

OLDEST_PYTHON = (3, 11)
SET_UP = "run 'make setup' (without make: python gmp_lab/setup_env.py setup)"
GET_CHROMIUM = "install Chromium or Chrome (Debian: apt-get install chromium) or name it in GMP_LAB_CHROMIUM"
GET_PLAYWRIGHT = "run 'make test' once, or: python -m pip install -e '.[test]'"

_CHROMIUM_NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "msedge",
)
_CHROMIUM_PLACES = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "${PROGRAMFILES}/Google/Chrome/Application/chrome.exe",
    "${PROGRAMFILES(X86)}/Microsoft/Edge/Application/msedge.exe",
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report.

    name    what was looked for
    found   what was found, in words; "" if nothing
    wanted  the version asked for; "" if any will do
    needed  whether the course cannot run without it
    remedy  one line that mends it; "" if all is well
    """

    name: str
    found: str
    wanted: str = ""
    needed: bool = False
    remedy: str = ""

    @property
    def verdict(self) -> str:
        """Return "ok", "differs" (other version), "missing" (and needed) or "none" (not there, no harm)."""
        if not self.found:
            return "missing" if self.needed else "none"
        return "differs" if self.remedy else "ok"


@dataclass(frozen=True, slots=True)
class Report:
    """All findings, in the order in which they are to be read."""

    findings: tuple[Finding, ...]

    @property
    def course_runs(self) -> bool:
        """Say whether everything that the course cannot do without is there."""
        return not any(finding.verdict == "missing" for finding in self.findings)

    def text(self) -> str:
        """Return the report as lines: verdict, name, what was found; below it the remedy if there is one."""
        lines = []
        for finding in self.findings:
            found = finding.found or "not found"
            wish = f" (wanted: {finding.wanted})" if finding.wanted and finding.verdict != "ok" else ""
            lines.append(f"{finding.verdict:8}{finding.name:18}{found}{wish}")
            if finding.remedy:
                lines.append(f"{'':8}-> {finding.remedy}")
        lines.append(
            "The course can run." if self.course_runs else "The course cannot run yet: mend what is 'missing'."
        )
        return "\n".join(lines)


def examine() -> Report:
    """Look at this Python, its packages, the Go toolchain and Chromium."""
    return Report((_python(), *_packages(), _go(), _chromium()))


def find_toolchain() -> toolchain.Toolchain | None:
    """Return the Go toolchain that the course would use, or None."""
    return toolchain.find_toolchain()


def why_no_go() -> str:
    """Return "" if there is a Go toolchain, else that there is none and how to get one, in one line."""
    return "" if find_toolchain() else f"no Go toolchain found: {toolchain.REMEDY}"


def find_chromium() -> str | None:
    """Return the path of Chromium or a browser made from it, or None; GMP_LAB_CHROMIUM comes first."""
    named = os.environ.get("GMP_LAB_CHROMIUM")
    if named:
        return shutil.which(named)
    on_path = (shutil.which(name) for name in _CHROMIUM_NAMES)
    installed = (place for place in map(os.path.expandvars, _CHROMIUM_PLACES) if Path(place).is_file())
    return next((path for path in (*on_path, *installed) if path), None)


def why_no_browser() -> str:
    """Return "" if the browser tests can run here, else what is missing and how to mend it, in one line."""
    if find_chromium() is None:
        return f"no Chromium found: {GET_CHROMIUM}"
    if importlib.util.find_spec("playwright") is None:
        return f"no playwright found: {GET_PLAYWRIGHT}"
    return ""


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    old = sys.version_info[:2] < OLDEST_PYTHON
    return Finding(
        "Python", "" if old else version, "3.11 or newer", True, "install Python 3.11 or newer" if old else ""
    )


def wanted_packages(requirements: list[str]) -> list[tuple[str, str, str]]:
    """Split requirement lines of metadata into (name, version, extra); extra is "" for the package's own.

    What is wanted on some machines only (a marker beside the extra) is left out: it harms nobody if it is missing.
    """
    wanted = []
    for line in requirements:
        named = re.match(r"([\w.-]+)==([\w.]+)", line)
        extra = re.search(r"extra\s*==\s*[\"'](\w+)", line)
        everywhere = not re.search(r"sys_platform|platform_machine|python_(?:full_)?version", line)
        if named and everywhere:
            wanted.append((named.group(1), named.group(2), extra.group(1) if extra else ""))
    return wanted


def _packages() -> list[Finding]:
    try:
        requirements = importlib.metadata.requires("gmp_lab") or []
    except importlib.metadata.PackageNotFoundError:
        return [Finding("gmp_lab", "", needed=True, remedy=f"this Python is not the course's: {SET_UP}")]
    wanted = wanted_packages(requirements)
    own = [_package(name, version) for name, version, extra in wanted if extra in ("", "lab")]
    return [*own, _test_tools({name: version for name, version, extra in wanted if extra == "test"})]


def _installed(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _package(name: str, wanted: str) -> Finding:
    found = _installed(name)
    return Finding(name, found, wanted, True, "" if found == wanted else SET_UP)


def _test_tools(wanted: dict[str, str]) -> Finding:
    wrong = [name for name, version in wanted.items() if _installed(name) != version]
    if not wrong:
        return Finding("test tools", f"{len(wanted)} packages, as wanted")
    found = f"{len(wanted) - len(wrong)} of {len(wanted)} as wanted; not {', '.join(wrong)}"
    return Finding("test tools", found, remedy="only for 'make test', which installs them")


def _go() -> Finding:
    found = find_toolchain()
    if found is None:
        return Finding("Go toolchain", "", remedy=f"the notebooks show recorded results; {toolchain.REMEDY}")
    others = [one.version for one in toolchain.all_toolchains() if one != found]
    more = f"; also {', '.join(others)}" if others else ""
    return Finding("Go toolchain", f"{found.version}, {found.path} ({found.source}){more}")


def _chromium() -> Finding:
    path = find_chromium()
    return Finding("Chromium", path or "", remedy="" if path else f"only for the browser tests: {GET_CHROMIUM}")
