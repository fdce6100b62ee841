"""The fuzzer runs: some seconds of it on every reader, from the samples, in a process of its own."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest


def test_a_few_seconds_of_fuzzing_find_nothing(root: Path, tmp_path: Path) -> None:
    if importlib.util.find_spec("atheris") is None:
        pytest.skip("atheris has wheels for Linux on x86_64 only: run 'make test' there")
    command = [sys.executable, str(root / "tests" / "fuzz_readers.py"), "--seconds", "8"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=110)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "stat::number_of_executed_units" in done.stderr and not list(tmp_path.iterdir())
