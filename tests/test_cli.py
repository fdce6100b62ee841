"""The command line: what it prints, and with which exit code it ends."""

from __future__ import annotations

import subprocess
import sys

import pytest

from gmp_lab import __version__, cli, doctor
from gmp_lab.doctor import Finding, Report


def with_finding(monkeypatch: pytest.MonkeyPatch, found: str) -> None:
    monkeypatch.setattr(
        doctor, "examine", lambda: Report((Finding("numpy", found, "2.4.6", True, "mend it"),))
    )


def test_doctor_ends_with_0_if_the_course_can_run(monkeypatch: pytest.MonkeyPatch) -> None:
    with_finding(monkeypatch, "2.4.5")
    assert cli.main(["doctor"]) == 0


def test_doctor_ends_with_1_if_the_course_cannot_run(monkeypatch: pytest.MonkeyPatch) -> None:
    with_finding(monkeypatch, "")
    assert cli.main(["doctor"]) == 1


def test_doctor_prints_the_report(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with_finding(monkeypatch, "")
    cli.main(["doctor"])
    assert capsys.readouterr().out == doctor.examine().text() + "\n"


def test_an_unknown_command_ends_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        cli.main(["cure"])
    assert (stopped.value.code, "invalid choice: 'cure'" in capsys.readouterr().err) == (2, True)


def test_python_m_gmp_lab_is_the_same_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gmp_lab", "--version"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, f"gmp-lab {__version__}\n")


def test_toolchains_are_listed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("GMP_LAB_GO", "none")
    assert cli.main(["go", "list"]) == 1 and "make setup" in capsys.readouterr().out


def test_a_bad_version_of_go_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert (cli.main(["go", "add", "nonsense"]), cli.main(["go", "remove", "nonsense"])) == (1, 1)
    assert capsys.readouterr().err.count("is not possible") == 2
