"""The compiled copy of the package decides what the sources decide, and is a copy."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from test_recording_exact import DIGESTS

from gmp_lab import compiled

WHERE = "import gmp_lab.engine as e, gmp_lab.runtime.schedule as s; print(e.__file__); print(s.__file__)"
ERRORS = """
from gmp_lab import Config, ConfigError, Program, chan, close, simulate
def main():
    c = chan()
    yield close(c)
    yield close(c)
print(simulate(Config(), Program(main)).ended)
def wrong():
    yield 5
try:
    simulate(Config(), Program(wrong))
except ConfigError as e:
    print(e)
"""

pytestmark = pytest.mark.timeout(600)  # a C compiler that shares the cores


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    lack = compiled.missing()
    if lack:
        pytest.skip(lack)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MYPYC_OPT_LEVEL", "0")  # the answers are compared, not the speed
        return compiled.build(tmp_path_factory.mktemp("compiled"))


def answer(code: str, path: Path) -> str:
    env = os.environ | {"PYTHONPATH": str(path), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env, cwd=path)
    return done.stdout + done.stderr


def test_the_copy_is_compiled_and_the_package_is_not(folder: Path, root: Path) -> None:
    files = answer(WHERE, folder).splitlines()
    assert len(files) == 2 and all(Path(f).suffix in (".so", ".pyd") and str(folder) in f for f in files)
    assert not list((root / "gmp_lab").rglob("*.so")) and Path(compiled.__file__).suffix == ".py"


@pytest.mark.parametrize("code", [DIGESTS, ERRORS], ids=["digests", "errors"])
def test_the_compiled_core_answers_as_the_sources_do(code: str, folder: Path, root: Path) -> None:
    told = answer(code, folder)
    assert told == answer(code, root) and "Traceback" not in told and told.count("\n") >= 2


def test_what_is_missing_is_said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    assert compiled.main([]) == 1
    assert "no C compiler was found: apt-get install gcc" in capsys.readouterr().err
