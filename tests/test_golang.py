"""The real toolchain: found or hidden, run within limits, recorded where it is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from gmp_lab import golang

go = pytest.mark.go
HELLO = 'package main\n\nimport "fmt"\n\nfunc main() { fmt.Println("hello") }\n'
ENDLESS = "package main\n\nfunc main() {\n\tfor {\n\t}\n}\n"
FLOOD = 'package main\n\nimport "fmt"\n\nfunc main() {\n\tfor range 1000000 {\n\t\tfmt.Println("flood")\n\t}\n}\n'
BROKEN = "package main\n\nfunc main() {\n\tx := 1\n}\n"


@pytest.fixture
def hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide every toolchain, as on a machine without Go."""
    monkeypatch.setenv("GMP_LAB_GO", "none")


def test_a_hidden_toolchain_is_not_found_and_the_remedy_is_named(hidden: None) -> None:
    assert golang.find_toolchain() is None
    with pytest.raises(golang.GoNotFound, match="make setup"):
        golang.require_toolchain()


@pytest.mark.parametrize("name", sorted(golang.EXPERIMENTS))
def test_without_go_an_experiment_shows_its_recorded_result_and_says_so(hidden: None, name: str) -> None:
    result = golang.recorded_or_live(name)
    assert result.source == "recorded" and result.origin.startswith("recorded: Go 1.")
    assert result.numbers or result.trace


def test_a_toolchain_is_known_by_its_version_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    go_program = tmp_path / "bin" / "go"
    go_program.parent.mkdir()
    go_program.write_text("")
    go_program.chmod(0o755)
    (tmp_path / "VERSION").write_text("go1.25.5\ntime 2025-01-01\n")
    monkeypatch.setenv("GMP_LAB_GO", str(go_program))
    found = golang.find_toolchain()
    assert found == golang.Toolchain(str(go_program), "1.25.5", "GMP_LAB_GO", str(tmp_path))
    assert (golang.find_toolchain("1.25"), golang.find_toolchain("1.27")) == (found, None)


def test_a_path_without_go_is_no_toolchain(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GMP_LAB_GO", str(tmp_path / "nothing"))
    assert golang.find_toolchain() is None


def test_an_unknown_experiment_or_argument_is_named() -> None:
    from gmp_lab import ConfigError  # noqa: PLC0415

    with pytest.raises(ConfigError, match="name"):
        golang.recorded("nonsense")
    with pytest.raises(ConfigError, match="order"):
        golang.run_live("order", golang.Toolchain("", "1.27.3", "", ""), m=3)


@go
def test_a_program_runs_and_its_build_is_kept() -> None:
    toolchain = golang.require_toolchain()
    first = golang.build(HELLO, toolchain)
    made = first.stat().st_mtime_ns
    assert golang.run_go(HELLO).stdout == "hello\n"
    assert golang.build(HELLO, toolchain).stat().st_mtime_ns == made


@go
def test_an_endless_program_is_ended_at_its_limit_and_says_so() -> None:
    run = golang.run_go(ENDLESS, timeout_s=0.5)
    assert run.timed_out and run.returncode != 0 and run.wall_s < 10


@go
def test_a_flood_of_output_is_cut_with_a_note() -> None:
    run = golang.run_go(FLOOD, output_limit=1000)
    assert run.truncated and run.stdout.endswith("[output cut at 1000 bytes]\n") and len(run.stdout) < 1100


@go
def test_a_compile_error_is_go_s_own_at_the_source_s_own_line() -> None:
    with pytest.raises(golang.GoCompileError, match=r"main\.go:4:2: declared and not used: x"):
        golang.run_go(BROKEN)


@go
@pytest.mark.parametrize(("argument", "value"), [("timeout_s", 0), ("output_limit", 0), ("gomaxprocs", 0)])
def test_a_bad_limit_is_named(argument: str, value: int) -> None:
    from gmp_lab import ConfigError  # noqa: PLC0415

    with pytest.raises(ConfigError, match=argument):
        golang.run_go(HELLO, **{argument: value})  # type: ignore[arg-type]


@go
def test_symbols_are_found_in_the_runtime_s_source() -> None:
    goroot = golang.require_toolchain().goroot
    known = ["proc.go runqget", "time.go timers.check", "asm_amd64.s gogo", "proc.go forcePreemptNS", "runtime2.go p"]
    assert all(golang.resolve_symbol(goroot, *f"runtime/{one}".split()) for one in known)
    assert golang.resolve_symbol(goroot, "runtime/proc.go", "runqshuffle") is None


@go
def test_our_go_programs_are_gofmt_clean() -> None:
    import subprocess  # noqa: PLC0415

    gofmt = Path(golang.require_toolchain().goroot) / "bin" / "gofmt"
    folder = Path(golang.__file__).parent / "programs"
    done = subprocess.run([str(gofmt), "-l", str(folder)], capture_output=True, text=True, check=True)
    assert done.stdout == ""
