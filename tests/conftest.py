"""What all tests share: who is skipped where Go or Chromium is missing, and that in CI nobody is.

A test marked ``go`` or ``e2e`` is skipped, with the reason and the remedy, on a machine that cannot run it.
With GMP_LAB_STRICT=1 (``.ci/run`` sets it) any skipped test or notebook cell makes the whole run fail: a
test that silently never runs proves nothing.
"""

from __future__ import annotations

import os
from pathlib import Path

import hypothesis
import pytest

from gmp_lab import doctor

STRICT = os.environ.get("GMP_LAB_STRICT", "") not in ("", "0")

# Broken notebooks and other examples for the tests of tools; nbval must not collect them.
collect_ignore_glob = ["*.ipynb", "**/*.ipynb"]

# deadline: time decides no test.  derandomize: a commit that has passed passes again; by hand, new cases
# each time.
hypothesis.settings.register_profile("here", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
hypothesis.settings.load_profile("ci" if STRICT else "here")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what this machine cannot run; look for Go and Chromium only if some test asks for them."""
    reasons = {"go": doctor.why_no_go, "e2e": doctor.why_no_browser}
    for marker, why in reasons.items():
        marked = [item for item in items if item.get_closest_marker(marker)]
        reason = why() if marked else ""
        for item in marked if reason else ():
            item.add_marker(pytest.mark.skip(reason=reason))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In strict mode, fail a run that would have passed although something was skipped."""
    if STRICT and _skipped(session.config) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """In strict mode, say that the skipped ones (listed above, with -ra) count as failures."""
    count = len(_skipped(terminalreporter.config))
    if STRICT and count:
        terminalreporter.section("GMP_LAB_STRICT", red=True)
        terminalreporter.line(f"{count} skipped: in strict mode that is a failure", red=True)


def _skipped(config: pytest.Config) -> list[object]:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    return reporter.stats.get("skipped", []) if reporter else []


@pytest.fixture(scope="session")
def root() -> Path:
    """Return the top folder of the repository."""
    return Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def artifacts(root: Path) -> Path:
    """Return the folder for what a person may want to look at after a run (screenshots); git ignores it."""
    folder = root / "test-artifacts"
    folder.mkdir(exist_ok=True)
    return folder
