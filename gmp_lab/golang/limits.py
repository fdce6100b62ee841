"""Running a program that somebody has just written: time, output, files, and a last dump are limited or asked for.

The program runs in a given folder, which is its place for temporary files too.  A file that it writes cannot grow
past FILE_LIMIT (not on Windows), it is ended when the folder holds more than FOLDER_LIMIT, and on Linux it cannot
write anywhere else (``confine``).
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from gmp_lab.golang import confine
from gmp_lab.golang.errors import GoRunError
from gmp_lab.golang.run import GoRun, OutputReader, end_group, tool_environment
from gmp_lab.golang.toolchain import Toolchain

FILE_LIMIT: Final = 64 << 20
FOLDER_LIMIT: Final = 128 << 20
_EVERY_S: Final = 0.05  # looks at the folder so often
_DUMP_S: Final = 3.0  # for printing a dump
_ROUNDS: Final = 20  # of looking for processes that go on starting others


def run_limited(  # noqa: PLR0913  # a run's limits, named one by one
    command: Sequence[str], toolchain: Toolchain, folder: Path, env: Mapping[str, str], *, timeout_s: float,
    output_limit: int, dump: bool = False,
) -> GoRun:  # fmt: skip
    """Run a program in folder and say how it ended; with ``dump`` it is asked for its goroutines when time is up.

    ``output_limit``: bytes that are kept of stdout and of stderr, each.  Whatever it has started is ended with it.
    Raises GoRunError if it cannot be started.
    """
    environment = tool_environment(toolchain) | {"TMPDIR": str(folder)} | dict(env)
    began = time.monotonic()
    try:
        process = subprocess.Popen(
            _confined(command, folder), env=environment, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
    except OSError as problem:
        raise GoRunError(f"{problem}; GMP_LAB_CACHE can name another folder for programs") from problem
    readers = [OutputReader(process.stdout, output_limit), OutputReader(process.stderr, output_limit)]
    try:
        timed_out, filled = _watch(process, folder, began + timeout_s)
        if timed_out and dump and os.name == "posix":
            with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
                process.send_signal(signal.SIGQUIT)
                process.wait(_DUMP_S)
    finally:
        end_group(process)
        _end_stragglers(folder)
    out, err = (reader.text() for reader in readers)
    truncated = any(reader.truncated for reader in readers)
    filled = filled or _largest(folder) >= FILE_LIMIT
    wall = time.monotonic() - began
    return GoRun(out, err, process.returncode, truncated, timed_out, toolchain.version, wall, filled)


def _confined(command: Sequence[str], folder: Path) -> list[str]:
    """The command behind the launcher that takes its rights away (nothing to take away on Windows)."""
    if os.name != "posix":
        return list(command)
    return [sys.executable, "-I", "-S", confine.__file__, str(folder), str(FILE_LIMIT), *command]


def _watch(process: subprocess.Popen[bytes], folder: Path, deadline: float) -> tuple[bool, bool]:
    """Wait for the end, the deadline, or a full folder: (its time was up, the folder was full)."""
    while (left := deadline - time.monotonic()) > 0:
        try:
            process.wait(min(_EVERY_S, left))
        except subprocess.TimeoutExpired:
            if sum(_sizes(folder)) > FOLDER_LIMIT:
                return False, True
        else:
            return False, False
    return process.poll() is None, False


def _end_stragglers(folder: Path) -> None:
    """End what has left the program's group (setsid), where /proc tells; it still has the folder for its TMPDIR."""
    mark = b"TMPDIR=" + os.fsencode(folder) + b"\0"
    for _ in range(_ROUNDS):
        found = [pid for pid in _processes() if mark in _environment_of(pid)]
        if not found:
            return
        for pid in found:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(_EVERY_S)


def _processes() -> list[int]:
    try:
        return [int(name) for name in os.listdir("/proc") if name.isdecimal()]
    except OSError:
        return []


def _environment_of(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes() + b"\0"
    except OSError:  # gone, or somebody else's
        return b""


def _sizes(folder: Path) -> list[int]:
    sizes = []
    for root, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                sizes.append(os.lstat(os.path.join(root, name)).st_size)  # many small calls
    return sizes


def _largest(folder: Path) -> int:
    return max(_sizes(folder), default=0)
