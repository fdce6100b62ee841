"""Building and running a real Go program, within limits.

Builds are kept in a cache of the user's (GMP_LAB_CACHE names another), by the text of the program, the version of Go
and the machine; the newest 60 of them.  The network is not used, and neither are the user's own settings of Go.  A
program that outlives its time is ended together with its children; output past the limit is thrown away and
``truncated`` says so.

A program is built as a module that names the toolchain's version: in GOPATH mode it would start with the GODEBUG
defaults of Go 1.20, among others without the goroutine that watches for new CPUs, and so with another first schedule.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import IO, Final

from gmp_lab.errors import ConfigError, check_int
from gmp_lab.golang.errors import GoCompileError, GoRunError
from gmp_lab.golang.toolchain import Toolchain, cache_folder, require_toolchain

_BUILD_SECONDS: Final = 300
_KEPT_BUILDS: Final = 60  # of about 2 MB each
_NO_FILES: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class GoRun:
    """How a program ran: its output (cut at the limit if truncated), exit code, whether its time was up, seconds."""

    stdout: str
    stderr: str
    returncode: int
    truncated: bool
    timed_out: bool
    version: str
    wall_s: float
    filled: bool = False  # it was ended because it wrote too much into its folder

    def succeeded(self) -> GoRun:
        """Return this run if it ended by itself, without an error and with whole output, else raise GoRunError."""
        if self.timed_out:
            raise GoRunError(f"the program did not end: it was stopped after {self.wall_s:.1f} s")
        if self.returncode:
            raise GoRunError(f"the program ended with exit code {self.returncode}:\n{self.stderr[-2000:]}")
        if self.truncated:
            raise GoRunError("the program printed more than its limit")
        return self


def tool_environment(toolchain: Toolchain) -> dict[str, str]:
    """Environment for the go program: the user's paths, our caches, and no settings of the user's."""
    keep = ("PATH", "HOME", "TMPDIR", "TMP", "TEMP", "SYSTEMROOT", "LOCALAPPDATA", "USERPROFILE")
    kept = {name: os.environ[name] for name in keep if name in os.environ}
    cache = cache_folder()
    return kept | {
        "GOROOT": toolchain.goroot, "GOCACHE": str(cache / "gocache"), "GOPATH": str(cache / "gopath"),
        "GO111MODULE": "on", "GOWORK": "off", "GOENV": "off", "GOFLAGS": "", "GOTOOLCHAIN": "local",
        "GOPROXY": "off", "GOTELEMETRY": "off", "CGO_ENABLED": "0",
    }  # fmt: skip


def build(source: str, toolchain: Toolchain, files: Mapping[str, str] = _NO_FILES) -> Path:
    """Compile a whole Go program (package main) and return the executable.

    ``files`` are further source files of the package, by name; Go leaves out those of other systems (x_linux.go).
    Raises GoCompileError if Go refuses the program, GoRunError if the compiler cannot work here.
    """
    parts = (toolchain.version, sys.platform, platform.machine(), source, sorted(files.items()))
    key = hashlib.sha256(repr(parts).encode()).hexdigest()[:24]
    target = cache_folder() / "programs" / (key + (".exe" if os.name == "nt" else ""))
    if target.is_file():
        return target
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent) as folder:
            compile_program(Path(folder), {"main.go": source, **files}, toolchain)
            os.replace(Path(folder, "program"), target)  # whole or not at all, also with two of us at once
    except OSError as problem:
        raise GoRunError(f"{problem}; GMP_LAB_CACHE can name another folder for programs") from problem
    _drop_old_builds(target.parent)
    return target


def compile_program(
    folder: Path, files: Mapping[str, str], toolchain: Toolchain, flags: Sequence[str] = ()
) -> str:
    """Compile package main out of these files, in folder, to folder/program; what the compiler says besides.

    Raises GoCompileError with Go's own words, GoRunError if the compiler does not end.
    """
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "go.mod").write_text(f"module program\n\ngo {toolchain.minor}\n", encoding="utf-8")
    command = [toolchain.path, "build", "-trimpath", "-buildvcs=false", *flags, "-o", "program", "."]
    try:
        done = subprocess.run(
            command, cwd=folder, env=tool_environment(toolchain), capture_output=True, text=True, encoding="utf-8",
            errors="replace", check=False, timeout=_BUILD_SECONDS, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise GoRunError(f"the Go compiler did not end within {_BUILD_SECONDS} s") from None
    if done.returncode:
        told = (line.removeprefix("./") for line in done.stderr.splitlines() if not line.startswith("# "))
        raise GoCompileError("\n".join(told).strip())
    return done.stderr


def _drop_old_builds(folder: Path) -> None:
    """Keep the newest builds only; one that is running (Windows) or gone already is passed over."""
    aged = []
    for path in folder.iterdir():
        with contextlib.suppress(OSError):
            if path.is_file():
                aged.append((path.stat().st_mtime_ns, path))
    for _, path in sorted(aged)[:-_KEPT_BUILDS]:
        with contextlib.suppress(OSError):
            path.unlink()


def run_go(  # noqa: PLR0913  # a run's limits and settings, each optional
    source: str,
    *,
    gomaxprocs: int | None = None,
    args: Sequence[str] = (),
    env: Mapping[str, str] | None = None,
    timeout_s: float = 20.0,
    output_limit: int = 1_000_000,
    toolchain: Toolchain | None = None,
    files: Mapping[str, str] = _NO_FILES,
    under: Sequence[str] = (),
) -> GoRun:
    """Build and run a Go program; raises GoNotFound, GoCompileError, GoRunError if it cannot be started, ConfigError.

    gomaxprocs 1..1024 (None: Go's own default); timeout_s above 0, at most 600; output_limit in bytes for each of
    stdout and stderr, 1..1e8; env is added to the program's environment (GODEBUG, GOGC, ...); files as for build;
    under is a command that is to run the program ("strace", "-f").
    How the program ended is told by the GoRun, see GoRun.succeeded.
    """
    if isinstance(timeout_s, bool) or not isinstance(timeout_s, (int, float)) or not 0 < timeout_s <= 600:
        raise ConfigError("timeout_s", timeout_s, "more than 0, at most 600 s")
    check_int("output_limit", output_limit, 1, 100_000_000, "bytes")
    procs = {} if gomaxprocs is None else {"GOMAXPROCS": str(check_int("gomaxprocs", gomaxprocs, 1, 1024))}
    toolchain = toolchain or require_toolchain()
    program = build(source, toolchain, files)
    environment = tool_environment(toolchain) | procs | dict(env or {})
    return _run([*under, str(program), *args], environment, timeout_s, output_limit, toolchain.version)


def _run(command: list[str], env: Mapping[str, str], timeout_s: float, output_limit: int, version: str) -> GoRun:
    began = time.monotonic()
    try:
        process = subprocess.Popen(
            command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            start_new_session=True,
        )  # fmt: skip
    except OSError as problem:  # a cache on a file system without execution, say
        raise GoRunError(f"{problem}; GMP_LAB_CACHE can name another folder for programs") from problem
    readers = [OutputReader(process.stdout, output_limit), OutputReader(process.stderr, output_limit)]
    timed_out = False
    try:
        process.wait(timeout_s)
    except subprocess.TimeoutExpired:
        timed_out = True
    finally:
        end_group(process)
    out, err = (reader.text() for reader in readers)
    truncated = any(reader.truncated for reader in readers)
    return GoRun(out, err, process.returncode, truncated, timed_out, version, time.monotonic() - began)


def end_group(process: subprocess.Popen[bytes]) -> None:
    """End the program and whatever it has started."""
    if os.name == "posix":
        with contextlib.suppress(ProcessLookupError, PermissionError):  # gone; macOS: a zombie
            os.killpg(process.pid, signal.SIGKILL)
    elif process.poll() is None:
        process.kill()
    process.wait()


class OutputReader:
    """Reads a pipe to its end in a thread of its own and keeps the first bytes."""

    def __init__(self, pipe: IO[bytes] | None, limit: int) -> None:
        assert pipe is not None
        self._pipe, self._limit = pipe, limit
        self._kept = bytearray()
        self.truncated = False
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        with self._pipe:
            while chunk := os.read(self._pipe.fileno(), 65536):
                room = self._limit - len(self._kept)
                self._kept += chunk[:room]
                self.truncated |= len(chunk) > room

    def text(self) -> str:
        self._thread.join(10)
        note = f"\n[output cut at {self._limit} bytes]\n" if self.truncated else ""
        return self._kept.decode("utf-8", "replace") + note
