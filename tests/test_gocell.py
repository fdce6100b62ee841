"""Cells of Go: options, compile errors at the cell's lines, reports, limits; a runtime function beside its mirror."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path
from typing import Any

import nbclient
import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gmp_lab import ConfigError, golang
from gmp_lab.gocell import CellResult, Options, parse_options, run_cell, source_of
from gmp_lab.gocell.asm import parse_listing
from gmp_lab.gocell.cell import SHOWN_LINES, whole_program
from gmp_lab.gocell.magic import Said, go_cell
from gmp_lab.gocell.sources import mirrors
from gmp_lab.golang import confine, limits
from gmp_lab.metrics import TimeHistogram, format_metrics, parse_metrics
from gmp_lab.metrics.runtime_metrics import time_buckets
from gmp_lab.runtime.runq import runqget
from gmp_lab.validate import validate

go = pytest.mark.go
HELLO = 'import "fmt"\nfunc main() { fmt.Println("hello") }\n'
ENDLESS = "func main() { for {} }\n"


def ran(line: str, cell: str) -> CellResult:
    result = go_cell(line, cell)
    assert isinstance(result, CellResult), result
    return result


def refused(line: str, cell: str = HELLO) -> str:
    result = go_cell(line, cell)
    assert isinstance(result, Said), result
    return repr(result)


# --- options -----------------------------------------------------------------------------------------------------


def test_options_have_the_names_of_the_go_environment() -> None:
    line = "--procs 2 --go 1.23 --godebug a=1,b=2 --gogc off --gomemlimit 64MiB --timeout 1.5 --asm"
    options = parse_options(f"{line} --args 'x \"y z\"'")
    assert (options.procs, options.go, options.godebug, options.gogc) == (2, "1.23", "a=1,b=2", "off")
    assert (options.gomemlimit, options.timeout, options.args, options.asm) == ("64MiB", 1.5, ("x", "y z"), True)
    assert parse_options("--schedtrace").schedtrace == 100 and parse_options("--schedtrace 7").schedtrace == 7


@pytest.mark.parametrize(
    "line",
    ["--procs x", "--procs 0", "--nonsense", "--timeout 0", "--timeout nan", "--timeout 601", '--args "', "extra",
     "--output 0", "--schedtrace -5", "--gogc '1 2'", "--args \"'\""],
)  # fmt: skip
def test_a_bad_option_is_one_sentence(line: str) -> None:
    said = refused(line)
    assert "\n" not in said and " is not possible: " in said


@settings(max_examples=100)
@given(st.text(max_size=30))
def test_no_line_of_options_raises_anything_else(line: str) -> None:
    with contextlib.suppress(ConfigError):
        parse_options(line)


def test_help_lists_every_option() -> None:
    said = refused("--help")
    names = ("procs", "go", "godebug", "gogc", "gomemlimit", "timeout", "output", "args", "schedtrace", "gctrace",
             "trace", "asm", "dump", "metrics")  # fmt: skip
    assert all(f"--{name}" in said for name in names)


def test_a_cell_without_a_package_gets_one_and_keeps_its_lines() -> None:
    assert whole_program("func main() {}", 2) == "//line cell.go:2:1\npackage main; func main() {}"
    assert whole_program("// x\npackage main\n", 2) == "//line cell.go:2:1\n// x\npackage main\n"


def test_without_go_a_cell_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GMP_LAB_GO", "none")
    assert "make setup" in refused("")


# --- running -----------------------------------------------------------------------------------------------------


@go
def test_a_program_says_what_it_prints_and_nothing_else() -> None:
    result = ran("", HELLO)
    assert repr(result) == "hello" and result.stdout == "hello\n" and result.notes == ()


@go
def test_settings_reach_the_program() -> None:
    cell = """import ("fmt"; "os"; "runtime"; "runtime/debug")
func main() { fmt.Println(runtime.GOMAXPROCS(0), debug.SetGCPercent(-1), debug.SetMemoryLimit(-1), os.Args[1:]) }
"""
    result = ran("--procs 3 --gogc 55 --gomemlimit 64MiB --args 'a b'", cell)
    assert result.stdout == "3 55 67108864 [a b]\n"


@go
@pytest.mark.parametrize(
    ("cell", "error"),
    [
        ("package main\nfunc main() {\n\tx := 1\n}\n", "cell.go:4:2: declared and not used: x"),
        ("func main() { nothing() }\n", "cell.go:2:29: undefined: nothing"),
        ("package main\nfunc main() { }}\n", "cell.go:3:16: syntax error"),
        ("package main\n", "function main is undeclared in the main package"),
    ],
)
def test_a_compile_error_is_go_s_at_the_cell_s_own_line(cell: str, error: str) -> None:
    said = refused("", cell)
    assert said.startswith("Go refuses the program:\n") and error in said and "/" not in said


@go
def test_a_panic_names_the_cell_s_line() -> None:
    result = ran("", 'package main\n\nfunc main() {\n\tpanic("oh")\n}\n')
    assert "panic: oh" in result.stderr and "cell.go:5" in result.stderr
    assert result.notes == ("the program ended with exit code 2",)


@go
def test_an_endless_program_is_ended_and_says_so() -> None:
    result = ran("--timeout 0.3", ENDLESS)
    assert result.run.timed_out and repr(result) == "[the program did not end: it was stopped after 0.3 s]"


@go
@pytest.mark.skipif(os.name != "posix", reason="process groups: run it on Linux or macOS")
@pytest.mark.parametrize("command", ['"sleep", "60"', '"setsid", "sleep", "60"'])
def test_whatever_it_has_started_ends_with_it(command: str) -> None:
    if "setsid" in command and not (Path("/proc").is_dir() and shutil.which("setsid")):
        pytest.skip("who has left the group is found through /proc: run it on Linux")
    cell = f"""import ("fmt"; "os/exec")
func main() {{
    c := exec.Command({command})
    c.Start()
    fmt.Println(c.Process.Pid)
    for {{}}
}}
"""
    pid = int(ran("--timeout 0.5", cell).stdout)
    state = Path(f"/proc/{pid}/stat")
    gone = not state.exists() or state.read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "Z"
    assert gone if Path("/proc/self/stat").exists() else _no_process(pid)


def _no_process(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


@go
def test_a_flood_of_output_is_cut_with_a_note() -> None:
    result = ran("--output 1000", 'import "fmt"\nfunc main() { for i := 0; i < 1e6; i++ { fmt.Println("line", i) } }')
    assert len(result.stdout) < 1100 and "[output cut at 1000 bytes]" in result.stdout
    assert any("--output" in note for note in result.notes)


FILLS = """import ("os"; "strconv")
func main() {
    b := make([]byte, 1<<20)
    for i := 0; ; i++ { if os.WriteFile(strconv.Itoa(i), b, 0o644) != nil { return } }
}
"""


@given(st.integers(0, 400))
def test_a_long_output_is_shown_in_short_and_kept_whole(lines: int) -> None:
    said = "".join(f"{i}\n" for i in range(lines))
    result = CellResult(golang.GoRun(said, "", 0, False, False, "1.27.3", 0.1), Options())
    shown = result.text().splitlines()
    assert result.stdout == said and len(shown) == min(lines, SHOWN_LINES + 1)
    left_out = lines - SHOWN_LINES
    assert (left_out <= 0) == (result.text() == said)
    assert left_out <= 0 or f"[{left_out:,} lines are not shown here: the result's stdout has all]" in shown


@go
def test_a_program_cannot_fill_the_disk_with_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "FOLDER_LIMIT", 8 << 20)
    result = ran("--timeout 20", FILLS)
    assert result.run.filled and not result.run.timed_out
    assert any("more into its folder than is allowed" in note for note in result.notes)


@go
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="prlimit: run it on Linux")
def test_a_file_cannot_grow_without_end() -> None:
    cell = """import "os"
func main() {
    f, _ := os.Create("big")
    b := make([]byte, 1<<20)
    for { if _, err := f.Write(b); err != nil { println("refused"); return } }
}
"""
    result = ran("--timeout 20", cell)
    assert result.stderr == "refused\n" and result.run.filled


@go
@pytest.mark.skipif(not confine.version(), reason="no Landlock: run it on Linux 5.13 or later")
def test_nothing_is_written_outside_its_folder(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("kept", encoding="utf-8")
    cell = f"""import ("fmt"; "os"; "os/exec")
func main() {{
    fmt.Println(os.WriteFile("{outside}", nil, 0o644) != nil, os.Remove("{outside}") != nil)
    fmt.Println(os.Mkdir("{tmp_path}/d", 0o755) != nil)
    fmt.Println(exec.Command("/bin/sh", "-c", "echo x > {outside}").Run() != nil)
    fmt.Println(os.WriteFile("inside", nil, 0o644), os.WriteFile("/dev/null", nil, 0o644))
}}
"""
    assert ran("", cell).stdout == "true true\ntrue\ntrue\n<nil> <nil>\n"
    assert outside.read_text(encoding="utf-8") == "kept" and list(tmp_path.iterdir()) == [outside]


@go
def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    result = ran("", 'import "os"\nfunc main() { os.WriteFile("here", nil, 0o644); d, _ := os.Getwd(); println(d) }')
    assert result.stderr.startswith(str(tmp_path)) and list(tmp_path.iterdir()) == []


# --- reports -----------------------------------------------------------------------------------------------------


@go
def test_schedtrace_is_read() -> None:
    result = ran("--procs 2 --schedtrace 50 --timeout 0.4", ENDLESS)
    assert len(result.schedtrace) >= 3 and {line.gomaxprocs for line in result.schedtrace} == {2}


@go
def test_gctrace_is_read() -> None:
    cell = 'import ("runtime"; "time")\nfunc main() { runtime.GC(); runtime.GC(); time.Sleep(20 * time.Millisecond) }'
    result = ran("--gctrace", cell)
    assert [line.numgc for line in result.gctrace][:2] == [1, 2] and result.gctrace[0].forced


@go
@pytest.mark.skipif(os.name != "posix", reason="SIGQUIT: run it on Linux or macOS")
def test_a_dump_is_taken_when_time_is_up() -> None:
    cell = "func worker(c chan int) { <-c }\nfunc main() { go worker(make(chan int)); for {} }"
    result = ran("--timeout 0.4 --dump", cell)
    reasons = {g.frames[-1] if len(g.frames) < 2 else name: g.reason for g in result.dump for name in g.frames}
    assert reasons["main.worker"] == "chan receive"
    assert any("no dump" in note for note in ran("--dump", HELLO).notes)


@go
def test_a_trace_becomes_a_recording() -> None:
    cell = """import "sync"
func task(wg *sync.WaitGroup) { wg.Done() }
func main() {
    var wg sync.WaitGroup
    wg.Add(5)
    for i := 0; i < 5; i++ { go task(&wg) }
    wg.Wait()
}
"""
    result = ran("--trace --procs 2", cell)
    assert result.trace is not None and validate(result.trace) == []
    assert result.trace.g_names.count("task") == 5 and result.notes[-1].startswith("trace: ")


@go
def test_the_trace_of_an_endless_program_is_closed_in_time() -> None:
    result = ran("--trace --procs 2 --timeout 1.2", ENDLESS)
    assert result.trace is not None and not result.run.timed_out
    assert any("did not end" in note for note in result.notes)


@go
def test_a_trace_needs_a_main_that_can_be_found() -> None:
    assert "func main()" in refused("--trace", "package main\nfunc main () {}\n")


@go
def test_metrics_are_read_when_main_returns() -> None:
    cell = 'import "time"\nfunc main() { for i := 0; i < 20; i++ { time.Sleep(time.Millisecond) } }'
    result = ran("--metrics --procs 2", cell)
    assert result.metrics["/sched/gomaxprocs:threads"] == 2 and len(result.metrics) > 50
    latencies = result.metrics["/sched/latencies:seconds"]
    assert isinstance(latencies, TimeHistogram) and latencies.total > 0
    assert (latencies.buckets == time_buckets()).all()  # the boundaries of the model are Go's
    assert parse_metrics(format_metrics(result.metrics)).keys() == result.metrics.keys()


@go
def test_a_trace_and_metrics_go_together() -> None:
    result = ran("--metrics --trace", HELLO)
    assert result.trace is not None and result.metrics and result.stdout == "hello\n"


LOOPS = """package main

//go:noinline
func leaf(x int) int { return x*3 + 1 }

//go:noinline
func spin(n int) (x int) {
	for i := 0; i < n; i++ {
		x = x*3 + 1
	}
	return x
}

//go:noinline
func calls(n int) (x int) {
	for i := 0; i < n; i++ {
		x = leaf(x)
	}
	return x
}

func main() { println(spin(10), calls(10)) }
"""


@go
def test_the_listing_marks_loops_and_counts_their_calls() -> None:
    result = ran("--asm", LOOPS)
    assert result.asm is not None
    spin, calls, leaf = (result.asm[name] for name in ("spin", "calls", "leaf"))
    assert [loop.calls for loop in spin.loops] == [()] and [loop.calls for loop in calls.loops] == [("main.leaf",)]
    assert spin.loops[0].lines == (9, 10) and calls.loops[0].lines == (17, 18)
    assert (leaf.checked, spin.checked, calls.checked) == (False, False, True) and not leaf.loops
    assert "loop" in repr(result) and "calls main.leaf" in repr(result)


@given(st.text())
def test_any_text_is_a_listing_of_the_functions_that_it_holds(text: str) -> None:
    assert isinstance(parse_listing(text), tuple)


@go
def test_the_plain_function_takes_the_same_options_and_raises() -> None:
    assert run_cell(HELLO, Options(procs=1)).stdout == "hello\n"
    with pytest.raises(golang.GoCompileError, match=r"cell\.go:1:"):
        run_cell("func main() { x }")
    with pytest.raises(ConfigError, match="--procs"):
        run_cell(HELLO, Options(procs=0))


@go
def test_a_notebook_shows_results_and_mistakes_without_a_traceback() -> None:
    cells = ["%load_ext gmp_lab.gocell", f"%%go --procs 1\n{HELLO}", "_.run.returncode", "%%go\nfunc main() { x }",
             f"%%go --bad\n{HELLO}", "%go --help"]  # fmt: skip
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    nbclient.NotebookClient(notebook, timeout=60, kernel_name="python3").execute()
    texts: list[Any] = [[o.get("data", {}).get("text/plain", o) for o in c.outputs] for c in notebook.cells]
    assert texts[1:3] == [["hello"], ["0"]]
    assert texts[3] == ["Go refuses the program:\ncell.go:2:29: undefined: x"] and "not possible" in texts[4][0]
    assert "--schedtrace" in texts[5][0]


# --- a runtime function beside its mirror ---------------------------------------------------------------------------


@go
def test_a_function_stands_beside_its_mirror() -> None:
    view = source_of("runqget")
    text, html = repr(view), view._repr_html_()
    assert "func runqget(pp *p)" in text and "def runqget(mp: M" in text and "differs: no atomics" in text
    assert html.count("<pre") == 2 and 'tabindex="0"' in html and "&lt;" not in view.go
    assert source_of(runqget).go == view.go


@go
def test_every_function_of_the_mirror_has_its_source() -> None:
    assert len(mirrors()) > 250
    toolchain = golang.require_toolchain("1.27")
    wrong = [m.name for m in mirrors() if not source_of(m.symbol, toolchain).go]
    assert wrong == []


@go
def test_the_line_numbers_are_those_of_the_file() -> None:
    toolchain = golang.require_toolchain("1.27")
    view = source_of("findRunnable", toolchain)
    lines = (Path(toolchain.goroot) / "src" / "runtime" / "proc.go").read_text(encoding="utf-8").splitlines()
    assert lines[view.line - 1] == view.go.splitlines()[0] and len(view.mirrors) >= 2


@go
def test_a_function_without_a_mirror_is_shown_alone_and_says_so() -> None:
    view = source_of("schedinit")
    assert view.mirrors == () and "func schedinit()" in view.go and "no function for it" in repr(view)


def test_without_go_the_mirror_is_shown_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GMP_LAB_GO", "none")
    view = source_of("runqget")
    assert view.go == "" and "def runqget" in repr(view) and "make setup" in view._repr_html_()
    with pytest.raises(ConfigError, match="nothing"):
        source_of("nothing")
