"""What all tests share: who is skipped where Go or Chromium is missing, and that in CI nobody is.

A test marked ``go`` or ``e2e`` is skipped, with the reason and the remedy, on a machine that cannot run it.
With GMP_LAB_STRICT=1 (``.ci/run`` sets it) any skipped test or notebook cell makes the whole run fail: a
test that silently never runs proves nothing.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from gmp_lab import doctor
from gmp_lab.runtime.mloop import Machine

STRICT = os.environ.get("GMP_LAB_STRICT", "") not in ("", "0")

#: of each run, the invariants of the model are stated after every one of the first so many engine steps, and after
#: every 64th from then on ("all": after every one; five times the time of the whole)
_CHECKS = os.environ.get("GMP_LAB_CHECKS", "500")

# Broken notebooks and other examples for the tests of tools; nbval must not collect them.
collect_ignore_glob = ["*.ipynb", "**/*.ipynb"]

# deadline: time decides no test.  derandomize: a commit that has passed passes again; by hand, new cases
# each time.
hypothesis.settings.register_profile("here", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
hypothesis.settings.load_profile("ci" if STRICT else "here")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Two parts of the tests, which gmp_lab/checks.py runs one after the other; without the option, all."""
    parser.addoption("--part", choices=("together", "alone"), help="tests that may run beside others, or the rest")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the other part; skip what cannot run here (looks for Go and Chromium only if a test asks)."""
    part = config.getoption("--part")
    if part:
        left = [item for item in items if _alone(item) != (part == "alone")]
        items[:] = [item for item in items if _alone(item) == (part == "alone")]
        config.hook.pytest_deselected(items=left)
    reasons = {"go": doctor.why_no_go, "e2e": doctor.why_no_browser}
    for marker, why in reasons.items():
        marked = [item for item in items if item.get_closest_marker(marker)]
        reason = why() if marked else ""
        for item in marked if reason else ():
            item.add_marker(pytest.mark.skip(reason=reason))


def _alone(item: pytest.Item) -> bool:
    """Whether a test measures the machine, so that nothing may run beside it."""
    return any(item.get_closest_marker(marker) for marker in ("go", "alone"))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In strict mode, fail a run that would have passed although something was skipped."""
    if STRICT and _skipped(session.config) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


_MEASURED = pytest.StashKey[list[str]]()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What was measured; in strict mode, that the skipped ones (listed above, with -ra) count as failures."""
    for line in terminalreporter.config.stash.get(_MEASURED, []):
        terminalreporter.line(line)
    count = len(_skipped(terminalreporter.config))
    if STRICT and count:
        terminalreporter.section("GMP_LAB_STRICT", red=True)
        terminalreporter.line(f"{count} skipped: in strict mode that is a failure", red=True)


def _skipped(config: pytest.Config) -> list[object]:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    return reporter.stats.get("skipped", []) if reporter else []


@pytest.fixture(scope="session")
def measured(request: pytest.FixtureRequest) -> list[str]:
    """Lines for the end of the report: what a test has measured, which decides nothing."""
    return request.config.stash.setdefault(_MEASURED, [])


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


def _run_checked(rt: Machine, numbers: list[int], columns: Any) -> None:
    """What simulate does without an observer, with the invariants checked in between."""
    most = 1 << 62 if _CHECKS == "all" else int(_CHECKS)
    while rt.engine.run(1 if rt.engine.steps < most else 64):
        rt.check()
        columns.extend_flat(numbers)
        numbers.clear()
        if rt.engine.steps > rt.config.max_events:
            rt.stop("events")
    rt.check()


@pytest.fixture(autouse=True, scope="session")
def _invariants_hold() -> Iterator[Any]:
    """Every run of every test states the invariants of Runtime.check(), not only those that bring an observer."""
    simulate = importlib.import_module("gmp_lab.simulate")
    plain, simulate._run = simulate._run, _run_checked  # type: ignore[attr-defined]
    yield plain
    simulate._run = plain  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def plain_runs(_invariants_hold: Any) -> Iterator[None]:
    """Runs as users have them, for modules that make thousands of runs and test something else than the mirror."""
    simulate = importlib.import_module("gmp_lab.simulate")
    simulate._run = _invariants_hold  # type: ignore[attr-defined]
    yield
    simulate._run = _run_checked  # type: ignore[attr-defined]
