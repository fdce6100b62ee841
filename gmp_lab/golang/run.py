"""Building and running a real Go program, within limits.

Builds are kept in a cache of the user's (GMP_LAB_CACHE names another), by the text of the program and the version of
Go.  The network is not used.  A program that outlives its time is ended together with its children; output past the
limit is thrown away and ``truncated`` says so.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from gmp_lab.errors import ConfigError, check_int
from gmp_lab.golang.errors import GoCompileError
from gmp_lab.golang.toolchain import Toolchain, require_toolchain

_BUILD_SECONDS = 300


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


def cache_folder() -> Path:
    """The folder for builds: GMP_LAB_CACHE, or gmp_lab in the user's cache folder."""
    named = os.environ.get("GMP_LAB_CACHE")
    if named:
        return Path(named)
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA", str(Path.home() / "AppData" / "Local"))
    elif sys.platform == "darwin":
        base = str(Path.home() / "Library" / "Caches")
    else:
        base = os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache"))
    return Path(base, "gmp_lab")


def _environment(toolchain: Toolchain) -> dict[str, str]:
    keep = ("PATH", "HOME", "TMPDIR", "TMP", "TEMP", "SYSTEMROOT", "LOCALAPPDATA", "USERPROFILE")
    kept = {name: os.environ[name] for name in keep if name in os.environ}
    cache = cache_folder()
    return kept | {
        "GOROOT": toolchain.goroot, "GOCACHE": str(cache / "gocache"), "GOPATH": str(cache / "gopath"),
        "GO111MODULE": "on", "GOWORK": "off", "GOENV": "off", "GOTOOLCHAIN": "local", "GOPROXY": "off", "GOFLAGS": "",
        "GOTELEMETRY": "off", "CGO_ENABLED": "0",
    }  # fmt: skip


def build(source: str, toolchain: Toolchain) -> Path:
    """Compile a whole Go program (package main) and return the executable; GoCompileError if Go refuses it."""
    key = hashlib.sha256(f"{toolchain.version} module\n{source}".encode()).hexdigest()[:24]
    target = cache_folder() / "programs" / (key + (".exe" if os.name == "nt" else ""))
    if target.is_file():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        Path(folder, "main.go").write_text(source, encoding="utf-8")
        Path(folder, "go.mod").write_text(f"module program\n\ngo {toolchain.minor}\n", encoding="utf-8")
        command = [toolchain.path, "build", "-trimpath", "-buildvcs=false", "-o", "program", "."]
        done = subprocess.run(
            command, cwd=folder, env=_environment(toolchain), capture_output=True, text=True, check=False,
            timeout=_BUILD_SECONDS, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        if done.returncode:
            raise GoCompileError(done.stderr.replace("./main.go", "main.go").strip())
        os.replace(Path(folder, "program"), target)  # whole or not at all, also with two of us at once
    return target


def run_go(  # noqa: PLR0913  # a run's limits and settings, each optional
    source: str,
    *,
    gomaxprocs: int | None = None,
    args: Sequence[str] = (),
    env: Mapping[str, str] | None = None,
    timeout_s: float = 20.0,
    output_limit: int = 1_000_000,
    toolchain: Toolchain | None = None,
) -> GoRun:
    """Build and run a Go program; GoNotFound without a toolchain, GoCompileError, ConfigError for bad limits.

    gomaxprocs 1..1024 (None: Go's own default); timeout_s above 0, at most 600; output_limit in bytes for each of
    stdout and stderr, 1..1e8; env is added to the program's environment (GODEBUG, GOGC, ...).
    """
    if isinstance(timeout_s, bool) or not isinstance(timeout_s, (int, float)) or not 0 < timeout_s <= 600:
        raise ConfigError("timeout_s", timeout_s, "more than 0, at most 600 s")
    check_int("output_limit", output_limit, 1, 100_000_000, "bytes")
    toolchain = toolchain or require_toolchain()
    environment = _environment(toolchain) | dict(env or {})
    if gomaxprocs is not None:
        environment["GOMAXPROCS"] = str(check_int("gomaxprocs", gomaxprocs, 1, 1024))
    program = build(source, toolchain)
    began = time.monotonic()
    process = subprocess.Popen(
        [str(program), *args], env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    outputs = [_Reader(process.stdout, output_limit), _Reader(process.stderr, output_limit)]
    timed_out = False
    try:
        process.wait(timeout_s)
    except subprocess.TimeoutExpired:
        timed_out = True
    finally:
        _end(process)
    out, err = (reader.text() for reader in outputs)
    truncated = any(reader.truncated for reader in outputs)
    wall = time.monotonic() - began
    return GoRun(out, err, process.returncode, truncated, timed_out, toolchain.version, wall)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the program and whatever it has started."""
    if os.name == "posix":
        with contextlib.suppress(ProcessLookupError):  # it has gone already, with all its children
            os.killpg(process.pid, signal.SIGKILL)
    elif process.poll() is None:
        process.kill()
    process.wait()


class _Reader:
    """Reads a pipe to its end in a thread of its own and keeps the first bytes."""

    def __init__(self, pipe: IO[bytes] | None, limit: int) -> None:
        assert pipe is not None
        self._pipe, self._limit = pipe, limit
        self._kept = bytearray()
        self.truncated = False
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        while chunk := self._pipe.read(65536):
            room = self._limit - len(self._kept)
            self._kept += chunk[:room]
            self.truncated |= len(chunk) > room

    def text(self) -> str:
        self._thread.join(10)
        self._pipe.close()
        note = f"\n[output cut at {self._limit} bytes]\n" if self.truncated else ""
        return self._kept.decode("utf-8", "replace") + note
