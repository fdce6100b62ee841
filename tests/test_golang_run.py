"""Real Go programs are built once, run within limits, and tell what went wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from gmp_lab import ConfigError, golang
from gmp_lab.golang import run as running

go = pytest.mark.go
posix = pytest.mark.skipif(
    os.name != "posix", reason="it looks at file modes or at processes: run it on Linux or macOS"
)
HELLO = 'package main\n\nimport "fmt"\n\nfunc main() { fmt.Println("hello") }\n'
ENDLESS = "package main\n\nfunc main() {\n\tfor {\n\t}\n}\n"
FLOOD = 'package main\n\nimport "fmt"\n\nfunc main() {\n\tfor range 1000000 {\n\t\tfmt.Println("flood")\n\t}\n}\n'
BROKEN = "package main\n\nfunc main() {\n\tx := 1\n}\n"
PANIC = 'package main\n\nfunc main() { panic("on purpose") }\n'
SHELL = """package main

import (
	"fmt"
	"os/exec"
)

func main() {
	child := exec.Command("sleep", "300")
	child.Start()
	fmt.Println(child.Process.Pid)
	child.Wait()
}
"""
SETTINGS = """package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
)

func main() {
	info, _ := debug.ReadBuildInfo()
	fmt.Printf("{\\"procs\\": %d, \\"args\\": %q, \\"word\\": %q, \\"secret\\": %q, \\"default\\": \\"",
		runtime.GOMAXPROCS(0), os.Args[1], os.Getenv("WORD"), os.Getenv("SECRET"))
	for _, s := range info.Settings {
		if s.Key == "DefaultGODEBUG" || s.Key == "vcs" {
			fmt.Print(s.Key, s.Value)
		}
	}
	fmt.Println("\\"}")
}
"""


# --- building ----------------------------------------------------------------------------------------------------


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[dict[str, str]]:
    """A compiler that writes its program without compiling; the files that it was given, one entry for each build."""
    seen: list[dict[str, str]] = []

    def compile_(folder: Path, files: dict[str, str], toolchain: golang.Toolchain) -> None:
        (folder / "program").write_text("".join(files.values()))
        seen.append(dict(files))

    monkeypatch.setenv("GMP_LAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(running, "compile_program", compile_)
    return seen


GO_127, GO_125 = (golang.Toolchain("", version, "", "") for version in ("1.27.3", "1.25.5"))


def test_a_program_is_built_once(compiled: list[dict[str, str]]) -> None:
    assert golang.build("a", GO_127) == golang.build("a", GO_127)
    assert compiled == [{"main.go": "a"}]


def test_another_source_version_or_file_is_another_program(compiled: list[dict[str, str]]) -> None:
    programs = {
        golang.build("a", GO_127), golang.build("b", GO_127), golang.build("a", GO_125),
        golang.build("a", GO_127, {"x.go": "1"}), golang.build("a", GO_127, {"x.go": "2"}),
    }  # fmt: skip
    assert len(programs) == len(compiled) == 5


def test_the_newest_sixty_programs_are_kept(compiled: list[dict[str, str]], tmp_path: Path) -> None:
    programs = []
    for i in range(63):
        programs.append(golang.build(str(i), GO_127))
        os.utime(programs[-1], (i, i))
    golang.build("last", GO_127)
    assert [p.is_file() for p in programs] == [False] * 4 + [True] * 59


@posix
def test_a_cache_that_cannot_be_written_is_named_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("GMP_LAB_CACHE", str(tmp_path / "file"))
    with pytest.raises(golang.GoRunError, match="GMP_LAB_CACHE can name another folder"):
        golang.build("a", GO_127)


@pytest.mark.parametrize(
    ("platform", "variable", "inside"),
    [
        ("linux", "XDG_CACHE_HOME", "given/gmp_lab"), ("linux", "", ".cache/gmp_lab"),
        ("darwin", "", "Library/Caches/gmp_lab"), ("win32", "LOCALAPPDATA", "given/gmp_lab"),
    ],
)  # fmt: skip
def test_programs_are_kept_where_the_platform_keeps_caches(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, platform: str, variable: str, inside: str
) -> None:
    for name in ("GMP_LAB_CACHE", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    monkeypatch.setattr(sys, "platform", platform)
    if variable:
        monkeypatch.setenv(variable, str(tmp_path / "given"))
    assert running.cache_folder() == tmp_path / inside


@go
def test_a_compile_error_is_go_s_own_at_the_source_s_own_line() -> None:
    with pytest.raises(golang.GoCompileError, match=r"\Amain\.go:4:2: declared and not used: x\Z"):
        golang.run_go(BROKEN)


@go
def test_a_syntax_error_does_not_show_where_it_was_built() -> None:
    with pytest.raises(golang.GoCompileError) as caught:
        golang.run_go("package main\n\nfunc main( {\n")
    assert str(caught.value).startswith("main.go:3:") and str(running.cache_folder()) not in str(caught.value)


@go
def test_a_program_of_two_files_is_built_as_one() -> None:
    source = "package main\n\nfunc main() { println(word) }\n"
    run = golang.run_go(source, files={"word.go": 'package main\n\nconst word = "from the other file"\n'})
    assert run.stderr == "from the other file\n"


@go
def test_the_compiler_s_own_trouble_is_no_error_of_the_program(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(running, "_BUILD_SECONDS", 0.001)
    monkeypatch.setenv("GMP_LAB_CACHE", str(tmp_path))
    with pytest.raises(golang.GoRunError, match="did not end within"):
        golang.run_go(HELLO)


# --- running -----------------------------------------------------------------------------------------------------


@go
def test_a_program_runs_and_says_with_which_go() -> None:
    run = golang.run_go(HELLO)
    assert (run.stdout, run.stderr, run.returncode, run.truncated, run.timed_out) == ("hello\n", "", 0, False, False)
    assert run.version == golang.require_toolchain().version and run.succeeded() is run


@go
def test_a_program_gets_its_settings_and_the_defaults_of_its_own_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "not for the program")
    monkeypatch.setenv("GOFLAGS", "-mod=vendor")
    run = golang.run_go(SETTINGS, gomaxprocs=3, args=["one two"], env={"WORD": "given"})
    told = json.loads(run.stdout)
    assert told == {"procs": 3, "args": "one two", "word": "given", "secret": "", "default": ""}


@go
def test_an_endless_program_is_ended_at_its_limit_and_says_so() -> None:
    run = golang.run_go(ENDLESS, timeout_s=0.5)
    assert run.timed_out and run.returncode != 0
    with pytest.raises(golang.GoRunError, match="did not end"):
        run.succeeded()


@go
@posix
def test_the_children_of_an_endless_program_are_ended_with_it() -> None:
    run = golang.run_go(SHELL, timeout_s=1.5)
    child = int(run.stdout)
    assert run.timed_out and gone(child)


def gone(pid: int) -> bool:
    """Whether a process ends within some seconds (it is ended already, but may not have been collected)."""
    for _ in range(100):
        state = subprocess.run(
            ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
        ).stdout
        if not state.strip() or state.startswith("Z"):
            return True
        time.sleep(0.1)
    return False


@go
def test_a_flood_of_output_is_cut_with_a_note() -> None:
    run = golang.run_go(FLOOD, output_limit=1000)
    assert run.truncated and run.stdout.startswith("flood\nflood\n")
    assert run.stdout.endswith("[output cut at 1000 bytes]\n") and len(run.stdout) < 1100
    with pytest.raises(golang.GoRunError, match="more than its limit"):
        run.succeeded()


@go
def test_a_panic_is_told_with_its_exit_code_and_text() -> None:
    run = golang.run_go(PANIC)
    with pytest.raises(golang.GoRunError, match=r"exit code 2:\npanic: on purpose"):
        run.succeeded()


def test_without_go_a_program_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GMP_LAB_GO", "none")
    with pytest.raises(golang.GoNotFound, match="make setup"):
        golang.run_go(HELLO)


@posix
def test_a_program_that_cannot_be_executed_is_told_with_the_remedy(compiled: list[dict[str, str]]) -> None:
    with pytest.raises(golang.GoRunError, match="GMP_LAB_CACHE"):
        golang.run_go(HELLO, toolchain=GO_127)


BAD: list[tuple[str, Any]] = [
    ("timeout_s", 0), ("timeout_s", -1), ("timeout_s", 601), ("timeout_s", float("nan")), ("timeout_s", "5"),
    ("timeout_s", True), ("output_limit", 0), ("output_limit", 1.5), ("output_limit", 10**9),
    ("gomaxprocs", 0), ("gomaxprocs", 1025), ("gomaxprocs", 2.0),
]  # fmt: skip


@pytest.mark.parametrize(("argument", "value"), BAD)
def test_a_bad_limit_is_named_before_anything_is_built(argument: str, value: object) -> None:
    with pytest.raises(ConfigError, match=argument):
        golang.run_go(HELLO, toolchain=GO_127, **{argument: value})  # type: ignore[arg-type]
