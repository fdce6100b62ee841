"""Asking an answer: a student's cell runs in a process of its own, within a budget, and gives plain values.

The judge (``judge``) knows what is right and never runs an answer; the child (``child``) runs the answer and knows
nothing.  So an answer can patch, shadow or read whatever it finds, it finds nothing: it can only give values, which
are compared on this side, types and all.  On Linux the child cannot read files outside Python's own, nor write
outside a scratch folder, start processes, signal others or use the network; elsewhere it is bounded in time alone,
and ``Said.sealed`` tells what was taken away.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

import gmp_lab
from gmp_lab.golang import confine

CHILD: Final = Path(__file__).with_name("child.py")
_OUTPUT: Final = 20_000  # bytes of stdout and stderr that are kept
_RESULT: Final = 16 << 20  # bytes of the result that are read


@dataclass(frozen=True, slots=True)
class Budget:
    """What an answer may use: ``seconds`` of time (0.1 to 60), ``memory_mib`` of memory (64 to 4096)."""

    seconds: float = 5.0
    memory_mib: int = 512


@dataclass(frozen=True, slots=True)
class Given:
    """What came of one thing that was asked: ``value`` if ``problem`` is ""; ``after``: a call's arguments then."""

    value: Any = None
    problem: str = ""
    after: Any = None


@dataclass(frozen=True, slots=True)
class Said:
    """What an answer gave: ``problem`` ("" if the cell ran), an item of ``given`` for each ask, ``output`` in short.

    An item of ``given`` is a Given, or for calls a tuple of them.  ``sealed``: what was taken away from the process.
    """

    problem: str
    given: tuple[Given | tuple[Given, ...], ...]
    output: str
    sealed: tuple[str, ...]


def value_of(name: str) -> dict[str, Any]:
    """Ask for the value of a name."""
    return {"kind": "value", "name": name}


def calls_of(name: str, arguments: Sequence[Sequence[Any]]) -> dict[str, Any]:
    """Ask for the results of a function, called with each of these lists of plain arguments."""
    return {"kind": "calls", "name": name, "arguments": [list(one) for one in arguments]}


def run_of(name: str, config: Mapping[str, Any], *arguments: Any) -> dict[str, Any]:
    """Ask for the transcript (see ``gmp_lab.transcript``) of a program whose main goroutine's body has this name."""
    return {"kind": "run", "name": name, "config": dict(config), "arguments": list(arguments)}


def ask(source: str, asks: Sequence[Mapping[str, Any]], budget: Budget | None = None) -> Said:
    """Run a cell's source in a process of its own and ask it; whatever it does, this returns."""
    budget = budget or Budget()
    with tempfile.TemporaryDirectory(prefix="answer", ignore_cleanup_errors=True) as scratch:
        return _asked(source, list(asks), budget, scratch)


def _task(source: str, asks: list[Mapping[str, Any]], budget: Budget, scratch: str, result: int) -> bytes:
    package = str(Path(gmp_lab.__file__).parent)
    readable = {sys.prefix, sys.base_prefix, package, "/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/localtime"}
    limits = {"cpu_s": int(budget.seconds) + 1, "memory": budget.memory_mib << 20, "file": 1 << 20}
    task = {
        "source": source, "asks": asks, "scratch": scratch, "readable": sorted(readable), "budget": limits,
        "imports": any(one["kind"] == "run" for one in asks), "result": result,
        "confine": Path(confine.__file__).read_text(encoding="utf-8"),
    }  # fmt: skip
    return json.dumps(task).encode("utf-8", "surrogatepass")


def _asked(source: str, asks: list[Mapping[str, Any]], budget: Budget, scratch: str) -> Said:
    env = {"PATH": os.defpath, "PYTHONHASHSEED": "0", "TMPDIR": scratch, "HOME": scratch, "OMP_NUM_THREADS": "1"}
    read_end, write_end = os.pipe()
    try:
        told = os.fdopen(read_end, "rb")
        process = subprocess.Popen(
            [sys.executable, "-I", "-B", str(CHILD)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, pass_fds=(write_end,), env=env, cwd=scratch, start_new_session=True,
        )  # fmt: skip
    finally:
        os.close(write_end)
    collected = [_Reader(process.stdout, _OUTPUT), _Reader(told, _RESULT)]
    _feed(process, _task(source, asks, budget, scratch, write_end))
    timed_out = _wait(process, budget.seconds)
    output, result = (reader.data() for reader in collected)
    return _said(process.returncode, timed_out, output.decode("utf-8", "replace"), result, budget, len(asks))


def _feed(process: subprocess.Popen[bytes], task: bytes) -> None:
    with contextlib.suppress(BrokenPipeError):
        assert process.stdin is not None
        process.stdin.write(task)
        process.stdin.close()


def _wait(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Wait for the end or the end of time, then end all that is left of it; whether its time was up."""
    try:
        process.wait(seconds + _STARTING_S)
    except subprocess.TimeoutExpired:
        return True
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    return False


_STARTING_S: Final = 3.0  # a busy machine's time to start Python, which is not the answer's


class _Reader:
    """Reads a pipe to its end in a thread and keeps the first bytes."""

    def __init__(self, pipe: IO[bytes] | None, limit: int) -> None:
        assert pipe is not None
        self._pipe, self._limit, self._kept = pipe, limit, bytearray()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        with contextlib.suppress(OSError, ValueError), self._pipe:
            while chunk := self._pipe.read(65536):
                self._kept += chunk[: max(0, self._limit - len(self._kept))]

    def data(self) -> bytes:
        """What was kept; waits a moment for the rest."""
        self._thread.join(2.0)
        return bytes(self._kept)


def _said(  # noqa: PLR0913, PLR0917  # all that is known of a process that has ended
    code: int | None, timed_out: bool, output: str, result: bytes, budget: Budget, asked: int
) -> Said:  # fmt: skip
    sealed: tuple[str, ...] = ()
    if timed_out or code == -signal.SIGXCPU:
        return Said(f"it did not end within {budget.seconds:g} s", (), output, sealed)
    try:
        told = json.loads(result)
        sealed = tuple(map(str, told["sealed"]))
        problem = _problem(told["cell"])
        given = tuple(_given(one) for one in told["answers"])
    except (ValueError, KeyError, TypeError, RecursionError, AttributeError):
        return Said(_ended(code), (), output, sealed)
    if not problem and len(given) != asked:
        return Said(_ended(code), (), output, sealed)
    return Said(problem, given, output, sealed)


def _ended(code: int | None) -> str:
    how = f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"
    return f"its process ended before it had answered ({how})"


def _problem(told: Mapping[str, Any]) -> str:
    """A problem in one sentence, "" if there is none."""
    if "error" not in told:
        return ""
    kind, words = str(told["error"])[:60], str(told.get("words", ""))[:300]
    if kind in ("Missing", "NotPlain"):
        return words
    if kind == "MemoryError":
        return "it needs more memory than it may use"
    line = f" in line {told['line']}" if isinstance(told.get("line"), int) else ""
    return f"{kind}{line}{f': {words}' if words else ''}"


def _given(told: Mapping[str, Any]) -> Given | tuple[Given, ...]:
    if "calls" in told:
        return tuple(_one(call) for call in told["calls"])
    return _one(told)


def _one(told: Mapping[str, Any]) -> Given:
    problem = _problem(told)
    after = unplain(told["after"]["value"]) if "value" in told.get("after", {}) else None
    return Given(None, problem, after) if problem else Given(unplain(told["value"]), "", after)


def unplain(value: Any) -> Any:
    """The plain value that the child has written; ValueError for anything else."""
    if value is None or type(value) in (bool, int, str):
        return value
    if type(value) is dict and len(value) == 1:
        ((kind, inside),) = value.items()
        if kind == "float":
            return float(inside)
        if kind in ("list", "tuple"):
            items = [unplain(one) for one in inside]
            return items if kind == "list" else tuple(items)
        if kind == "dict":
            return {_hashable(unplain(k)): unplain(v) for k, v in inside}
    raise ValueError("not a plain value")


def _hashable(key: Any) -> Any:
    hash(key)
    return key

