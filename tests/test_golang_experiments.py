"""The course's experiments: live where Go is found, recorded elsewhere, and each says which."""

from __future__ import annotations

import functools
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ground_truth import GO, decode, points
from hypothesis import given
from hypothesis import strategies as st

from gmp_lab import ConfigError, golang
from gmp_lab.catalog import steady_mix
from gmp_lab.golang import experiments
from gmp_lab.golang import record as recording
from gmp_lab.schedtrace import parse_schedtrace
from gmp_lab.stream import Stream

go = pytest.mark.go
PROGRAMS = Path(golang.__file__).parent / "programs"


@pytest.fixture
def hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide every toolchain, as on a machine without Go."""
    monkeypatch.setenv("GMP_LAB_GO", "none")


# --- recorded ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(golang.EXPERIMENTS))
def test_without_go_an_experiment_shows_its_recorded_result_and_says_so(hidden: None, name: str) -> None:
    result = golang.recorded_or_live(name)
    assert result.source == "recorded" and result.origin.startswith("recorded: Go 1.")
    assert bool(result.numbers) != bool(result.trace)


@pytest.mark.parametrize(("name", "number"), [(n, i) for n in recording.RUNS for i in range(len(recording.RUNS[n]))])
def test_every_run_that_is_recorded_is_found_by_its_arguments(hidden: None, name: str, number: int) -> None:
    arguments = recording.RUNS[name][number]
    result = golang.recorded_or_live(name, **arguments)
    procs = result.arguments | {"gomaxprocs": result.gomaxprocs}
    assert arguments.items() <= procs.items() and "made with" not in result.origin


def test_another_run_than_the_one_asked_for_is_told_as_such(hidden: None) -> None:
    result = golang.recorded_or_live("order", n=301)
    assert len(result.numbers) == result.arguments["n"] == 300
    assert result.origin.endswith("; made with gomaxprocs=1, n=300, k=5")


@pytest.mark.parametrize("point", [p for p in points("e1") if p["args"]["k"] == 5], ids=lambda p: p["id"])
def test_the_recorded_orders_are_those_of_the_ground_truth(hidden: None, point: dict[str, Any]) -> None:
    expected = decode(point["measured"][GO]["order"]["value"])
    result = golang.recorded_or_live("order", **point["args"])
    assert "made with" in result.origin or list(result.numbers) == expected


@pytest.mark.parametrize("n", [5, 9, 17, 33, 100, 256])
def test_the_recorded_thefts_are_those_of_the_ground_truth(hidden: None, n: int) -> None:
    (point,) = [p for p in points("e6b") if p["args"]["n"] == n]
    assert list(golang.recorded_or_live("steal", n=n).numbers) == decode(point["measured"][GO]["order"]["value"])


@pytest.mark.parametrize("gomaxprocs", [1, 2, 4])
def test_the_recorded_mix_did_the_work_of_the_simulated_one(hidden: None, gomaxprocs: int) -> None:
    result = golang.schedtrace_of_mix(gomaxprocs)
    assert (result.values["burst_ns"], result.values["syscall_ns"]) == planned(64, 100, 20, 200, bursts=30, seed=1)
    assert {line.gomaxprocs for line in result.trace} == {gomaxprocs} and result.trace[0].ms == 0


@pytest.mark.parametrize("file", ["hogs6_2p_119", "hogs6_2p_123", "hogs6_2p_127", "syscalls20_1p_127"])
def test_a_result_shows_schedtrace_as_the_go_of_its_run_printed_it(file: str) -> None:
    text = (Path(__file__).parent / "data" / "schedtrace" / f"schedtrace_{file}.txt").read_text(encoding="utf-8")
    printed = "".join(line + "\n" for line in text.splitlines() if line.startswith("SCHED"))
    assert golang.Result("mix", "live", "", trace=tuple(parse_schedtrace(text))).schedtrace == printed


@given(st.lists(st.integers(0, 1000)))
def test_a_compact_order_is_read_back(order: list[int]) -> None:
    assert list(experiments.expand(experiments.compact(order))) == decode(experiments.compact(order)) == order


@pytest.mark.parametrize("name", sorted(golang.EXPERIMENTS))
def test_a_recorded_file_tells_how_it_was_made_and_nothing_of_the_machine_s_paths(name: str) -> None:
    text = (PROGRAMS.parent / "recorded" / f"{name}.json").read_text(encoding="utf-8")
    assert {"go", "date", "machine", "command"} == json.loads(text)["made"].keys()
    assert "/" not in text


# --- bad input ---------------------------------------------------------------------------------------------------

NO_GO = golang.Toolchain("", "1.27.3", "", "")
BAD: list[tuple[str, dict[str, Any]]] = [
    ("nonsense", {}), ("order", {"m": 3}), ("order", {"n": 0}), ("order", {"n": 1.5}), ("order", {"n": True}),
    ("order", {"gomaxprocs": 0}), ("steal", {"n": "17"}), ("mix", {"burst_us": float("nan")}),
    ("mix", {"syscall_percent": 101}), ("mix", {"syscall_us": -1}), ("mix", {"bursts": None}), ("mix", {"fixed": 2}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "arguments"), BAD)
@pytest.mark.parametrize("ask", [golang.recorded, functools.partial(golang.run_live, toolchain=NO_GO)])
def test_a_bad_argument_is_named_live_or_recorded(
    name: str, arguments: dict[str, Any], ask: Callable[..., golang.Result]
) -> None:
    named = "order" if "m" in arguments else next(iter(arguments), "name")
    with pytest.raises(ConfigError, match=named):
        ask(name, **arguments)


def test_a_bad_period_of_schedtrace_is_named() -> None:
    with pytest.raises(ConfigError, match="schedtrace_ms"):
        golang.run_live("mix", NO_GO, schedtrace_ms=0)


def test_a_line_that_the_end_of_the_process_cut_off_is_left_out() -> None:
    assert experiments.whole_lines("SCHED 0ms: ...\nSCHED 10ms: gomax") == "SCHED 0ms: ...\n"


# --- live --------------------------------------------------------------------------------------------------------


def planned(
    goroutines: int, burst_us: int, percent: int, syscall_us: int, *, bursts: int, seed: int
) -> tuple[int, int]:
    """Sums of all bursts and of all calls of steady_mix, in ns, drawn as its goroutines draw them."""
    computed = called = 0
    for i in range(goroutines):
        own, pair = Stream(seed, i), Stream(seed, -1 - i // 2)
        for _ in range(bursts):
            computed += own.exponential(burst_us * 1000)
            if pair.percent(percent):
                called += own.exponential(syscall_us * 1000)
    return computed, called


@go
@pytest.mark.parametrize("seed", [1, 7, 2**62 + 1])
def test_the_real_mix_draws_the_very_bursts_and_calls_of_the_simulated_one(seed: int) -> None:
    result = golang.schedtrace_of_mix(
        2, goroutines=5, burst_us=20, syscall_percent=35, syscall_us=30, bursts=9, seed=seed
    )
    assert result.source == "live" and result.origin.startswith("live: Go ")
    assert (result.values["burst_ns"], result.values["syscall_ns"]) == planned(5, 20, 35, 30, bursts=9, seed=seed)


@go
def test_a_fixed_mix_has_bursts_of_one_length() -> None:
    result = golang.schedtrace_of_mix(
        1, goroutines=3, burst_us=12.5, syscall_percent=100, syscall_us=1, bursts=4, fixed=True
    )
    assert (result.values["burst_ns"], result.values["syscall_ns"]) == (3 * 4 * 12_500, 3 * 4 * 1000)


@go
def test_the_real_mix_shows_its_queues_in_schedtrace() -> None:
    result = golang.schedtrace_of_mix(2, goroutines=40, bursts=20)
    assert {line.gomaxprocs for line in result.trace} == {2} and result.trace[0].ms == 0
    assert max(sum(line.queues) + line.runqueue for line in result.trace) > 10


def test_the_mix_has_the_parameters_of_its_twin() -> None:
    theirs = {**steady_mix().params, "fixed": 0}
    assert golang.EXPERIMENTS["mix"].arguments.keys() == theirs.keys()


@go
def test_an_order_agrees_with_real_go_or_it_does_not() -> None:
    assert golang.agrees("order", [[9, *range(9)]], n=10) is not None
    assert golang.agrees("order", [list(range(10))], tries=2, n=10) is None


@go
def test_recording_again_writes_what_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "recorded").mkdir()
    monkeypatch.setattr(recording, "__file__", str(tmp_path / "record.py"))
    monkeypatch.setattr(recording, "RUNS", {"order": [{"n": 12}], "mix": [{"goroutines": 2, "bursts": 2}]})
    assert recording.main() == 0
    order, mix = (json.loads((tmp_path / "recorded" / f"{name}.json").read_text()) for name in ("order", "mix"))
    assert order["runs"][0]["order"] == "11 0-10" and mix["runs"][0]["trace"][0].startswith(
        "SCHED 0ms: gomaxprocs=4 "
    )


# --- the programs ------------------------------------------------------------------------------------------------


@go
@pytest.mark.parametrize("folder", [PROGRAMS, Path(__file__).parent / "go"], ids=["course", "tests"])
def test_our_go_programs_are_gofmt_clean(folder: Path) -> None:
    gofmt = Path(golang.require_toolchain().goroot) / "bin" / "gofmt"
    done = subprocess.run([str(gofmt), "-l", str(folder)], capture_output=True, text=True, check=True)
    assert done.stdout == "" and list(folder.glob("*.go"))


@pytest.mark.parametrize("name", sorted(golang.EXPERIMENTS))
def test_the_programs_of_an_experiment_ship_with_the_package(name: str) -> None:
    what = golang.EXPERIMENTS[name]
    assert all(golang.program(file).count("package main") == 1 for file in (what.program, *what.files))


def test_the_package_is_found_without_loading_numpy() -> None:
    code = "import sys, gmp_lab.golang; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
