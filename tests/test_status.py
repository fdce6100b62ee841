"""Every status change that the mirror asks for is one that Go's runtime knows."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from gmp_lab.errors import Throw
from gmp_lab.runtime import runtime2, status
from gmp_lab.runtime.runtime2 import G, _Grunnable, _Grunning

MIRROR = Path(status.__file__).resolve().parent


def changes(node: ast.Call) -> set[tuple[int, int]]:
    """The pairs (old, new) that a call of casgstatus can mean; an argument may be an ``a if c else b``."""

    def values(argument: ast.expr) -> list[int]:
        if isinstance(argument, ast.IfExp):
            return values(argument.body) + values(argument.orelse)
        assert isinstance(argument, ast.Name), f"line {node.lineno}: a status is named"
        return [getattr(runtime2, argument.id)]

    _, old, new = node.args
    return {(a, b) for a in values(old) for b in values(new)}


def test_every_call_of_casgstatus_is_a_legal_change() -> None:
    asked: set[tuple[int, int]] = set()
    for path in MIRROR.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "casgstatus":
                asked |= changes(node)
    assert len(asked) >= 8 and asked <= {(old, new) for old, after in status.LEGAL.items() for new in after}


def test_a_wrong_old_status_throws() -> None:
    gp = G(1, None, "f")
    with pytest.raises(Throw, match="casgstatus: G1 is 0, asked to go from 1 to 2"):
        status.casgstatus(gp, _Grunnable, _Grunning)


def test_nothing_but_casgstatus_and_birth_sets_a_status() -> None:
    writes = [
        path.name
        for path in MIRROR.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Assign) and any("atomicstatus" in ast.unparse(t) for t in node.targets)
    ]
    assert sorted(writes) == ["runtime2.py", "status.py"]
