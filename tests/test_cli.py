"""The command line: what it prints, and with which exit code it ends."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from gmp_lab import __version__, cli, doctor
from gmp_lab.claims import check
from gmp_lab.claims.check import Check, Outcome
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


# --- the ledger of claims ------------------------------------------------------------------------------------------


def test_claims_are_printed_with_the_outcome_of_their_checks(capsys: pytest.CaptureFixture[str]) -> None:
    code = cli.main(["claims", "1-07", "1-21", "--verdict", "imprecise"])
    out = capsys.readouterr().out.splitlines()
    assert code == 0 and out[0].split()[:3] == ["1-07", "imprecise", "confirmed"]
    assert "of 258: 129 in the global queue" in out[1]
    assert out[-1] == "1 claims: 1 verdicts confirmed, 0 checks fail, 0 open"


def test_a_section_is_printed_and_no_other(capsys: pytest.CaptureFixture[str]) -> None:
    cli.main(["claims", "--section", "3.1"])
    names = [line.split()[0] for line in capsys.readouterr().out.splitlines() if line[0].isdigit()]
    assert names[:-1] == [f"3.1-{n:02d}" for n in range(1, 13)]


@pytest.mark.parametrize(("checks", "says"), [((), "no check"), ((lambda: Outcome(False, "not so"),), "not so")])
def test_a_check_that_fails_or_is_missing_ends_with_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], checks: tuple[Any, ...], says: str
) -> None:
    found = {"1-07": [Check("1-07", "source", "one", "Look.", function) for function in checks]}
    monkeypatch.setattr(check, "_loaded", lambda: found)
    assert cli.main(["claims", "1-07"]) == 1
    told = capsys.readouterr()
    assert says in told.out and "1-07" in told.err


def test_an_unknown_claim_ends_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["claims", "9-99"]) == 2
    assert "claim" in capsys.readouterr().err


@pytest.mark.go
@pytest.mark.slow
def test_live_runs_the_experiment_now(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["claims", "1-24", "--live"]) == 0
    assert "listing (live and simulated)" in capsys.readouterr().out
