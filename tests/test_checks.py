"""The list of checks: all are run whatever fails, and the exit code tells."""

from __future__ import annotations

import pytest

from gmp_lab import checks


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> list[list[str]]:
    """Return the commands that were run; the one named by the parameter fails."""
    commands: list[list[str]] = []

    def run(command: list[str]) -> bool:
        commands.append(command)
        return command[0] != request.param

    monkeypatch.setattr(checks, "run", run)
    return commands


@pytest.mark.parametrize("ran", ["ruff"], indirect=True)
def test_a_failed_step_does_not_stop_the_next(ran: list[list[str]]) -> None:
    checks.main(["test"])
    assert [command[0] for command in ran] == ["ruff", "mypy", "pytest"]


@pytest.mark.parametrize(("ran", "code"), [("", 0), ("ruff", 1), ("mypy", 1), ("pytest", 1)], indirect=["ran"])
def test_one_failed_step_fails_the_check(ran: list[list[str]], code: int) -> None:
    assert checks.main(["test"]) == code


@pytest.mark.parametrize("ran", [""], indirect=True)
def test_further_options_reach_pytest_alone(ran: list[list[str]]) -> None:
    checks.main(["test", "-k", "runqget"])
    assert [command[-2:] == ["-k", "runqget"] for command in ran] == [False, False, True]


@pytest.mark.parametrize("ran", [""], indirect=True)
def test_if_all_is_well_the_summary_of_pytest_is_the_last_word(
    ran: list[list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    checks.main(["test"])
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("ran", ["mypy"], indirect=True)
def test_a_failed_step_before_pytest_is_named_again_at_the_end(
    ran: list[list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    checks.main(["test"])
    assert capsys.readouterr().out.splitlines() == [
        "Failed: mypy; its report stands above.",
        "checks: 2 passed, 1 failed",
    ]


def test_the_notebooks_are_compared_strictly() -> None:
    assert {"notebooks", "--nbval", "--nbval-current-env", "--nbval-cell-timeout=60"} <= set(checks.PYTEST)
