"""The list of checks: all are run whatever fails, and the exit code tells."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from gmp_lab import checks


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> list[list[str]]:
    """Return the commands that were run; the one named by the parameter fails."""
    commands: list[list[str]] = []

    def run(command: list[str]) -> int:
        commands.append(command)
        return int(checks.name(command) == request.param)

    monkeypatch.setattr(checks, "run", run)
    return commands


@pytest.mark.parametrize("ran", ["ruff"], indirect=True)
def test_a_failed_step_does_not_stop_the_next(ran: list[list[str]]) -> None:
    checks.main(["test"])
    assert [command[0] for command in ran] == ["ruff", "mypy", "pytest", "pytest"]


@pytest.mark.parametrize(
    ("ran", "code"),
    [("", 0), ("ruff", 1), ("mypy", 1), ("pytest --part=together", 1), ("pytest --part=alone", 1)],
    indirect=["ran"],
)
def test_one_failed_step_fails_the_check(ran: list[list[str]], code: int) -> None:
    assert checks.main(["test"]) == code


@pytest.mark.parametrize("ran", [""], indirect=True)
def test_further_options_reach_pytest_alone(ran: list[list[str]]) -> None:
    checks.main(["test", "-k", "runqget"])
    assert [command[-2:] == ["-k", "runqget"] for command in ran] == [False, False, True, True]


@pytest.mark.parametrize("ran", [""], indirect=True)
def test_if_all_is_well_the_summary_of_pytest_is_the_last_word(
    ran: list[list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    checks.main(["test"])
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("ran", ["pytest --part=together"], indirect=True)
def test_a_failed_step_before_the_last_is_named_again_at_the_end(
    ran: list[list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    checks.main(["test"])
    assert capsys.readouterr().out.splitlines() == [
        "Failed: pytest --part=together; the reports stand above.",
        "checks: 3 passed, 1 failed",
    ]


@pytest.mark.parametrize(("codes", "passed"), [((5, 0), True), ((0, 5), True), ((5, 5), False), ((5, 1), False)])
def test_a_choice_of_tests_may_leave_one_part_empty_but_not_both(
    monkeypatch: pytest.MonkeyPatch, codes: tuple[int, int], passed: bool
) -> None:
    told = iter((0, 0, *codes))
    monkeypatch.setattr(checks, "run", lambda command: next(told))
    assert (checks.main(["test", "-k", "runqget"]) == 0) == passed


@pytest.mark.parametrize("part", [checks.TOGETHER, checks.ALONE], ids=["together", "alone"])
def test_the_notebooks_are_compared_strictly(part: list[str]) -> None:
    assert {"notebooks", "--nbval", "--nbval-current-env", "--nbval-cell-timeout=60"} <= set(part)


def test_every_test_is_in_one_of_the_two_parts(root: Path) -> None:
    def collected(*options: str) -> set[str]:
        command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *options]
        done = subprocess.run(
            [*command, "tests/test_checks.py", "tests/test_live_go.py"], cwd=root, capture_output=True, text=True,
            check=True,
        )  # fmt: skip
        return {line for line in done.stdout.splitlines() if "::" in line}

    together, alone = collected("--part=together"), collected("--part=alone")
    assert together and alone and not together & alone and together | alone == collected()
