"""Chapter 3.1: words looked for in Go's source, what one queue costs, and the student's function that is tried."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import pytest

from gmp_lab import ConfigError, Program, golang, gosched, simulate, work
from gmp_lab.chapters import evidence, one_queue
from gmp_lab.chapters.evidence import Found, search_runtime
from gmp_lab.chapters.tasks import OPEN, Case, tried
from gmp_lab.config import Config

RECORDED = files("gmp_lab").joinpath("data", "chapters", "runtime_words.json")


@pytest.fixture
def hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GMP_LAB_GO", "none")


def a_runtime(folder: Path, **texts: str) -> golang.Toolchain:
    """A toolchain that has nothing but a runtime of these files."""
    runtime = folder / "src" / "runtime"
    runtime.mkdir(parents=True)
    for name, text in texts.items():
        (runtime / name.replace("_go", ".go")).write_text(text, encoding="utf-8")
    return golang.Toolchain(path="go", version="9.9", source="a test", goroot=str(folder))


# --- words in the source -------------------------------------------------------------------------------------------


def test_words_are_found_whole_and_in_any_case_with_the_scheduler_s_file_first(tmp_path: Path) -> None:
    go = a_runtime(tmp_path, a_go="a Processor\nprocessors\n", proc_go="x\n// P - processor, not processor\n")
    assert search_runtime("processor", "broker", toolchain=go).found == (
        Found("processor", 2, 2, "proc.go:2"), Found("broker", 0, 0, ""),
    )  # fmt: skip


def test_words_in_tests_of_other_packages_and_in_binary_files_do_not_count(tmp_path: Path) -> None:
    go = a_runtime(tmp_path, proc_go="one\n", data="broker\n")
    assert search_runtime("broker", toolchain=go).found[0].lines == 0


def test_without_go_the_recorded_counts_are_shown_and_say_so(hidden: None) -> None:
    search = search_runtime("Generalized Message", "P - processor")
    assert search.origin.startswith("recorded: Go 1.") and [f.lines for f in search.found] == [0, 1]


def test_without_go_other_words_are_refused_with_the_remedy(hidden: None) -> None:
    with pytest.raises(ConfigError, match="make setup"):
        search_runtime("goroutine")


@pytest.mark.parametrize("words", [(), ("",), ("  ",), (1,)])
def test_nothing_cannot_be_looked_for(words: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError, match="words"):
        search_runtime(*words)


@pytest.mark.go
def test_the_recorded_counts_are_those_of_the_installed_source() -> None:
    toolchain = golang.require_toolchain("1.27")
    recorded = json.loads(RECORDED.read_text(encoding="utf-8"))
    if toolchain.version == recorded["go"]:
        assert json.loads(evidence.record(toolchain)) == recorded
    found = search_runtime("P - processor", "Generalized Message", toolchain=toolchain).found
    assert found[0].lines and not found[1].lines


# --- what one queue costs ------------------------------------------------------------------------------------------


def test_the_lock_limits_the_speed_of_one_queue_and_not_that_of_many() -> None:
    slow, fast = (one_queue.bursts_per_ms(one_queue.pairs(go, 32, 1000)) for go in ("1.0", "1.27"))
    assert slow < 1.05 * 20 * one_queue.GOROUTINES / one_queue.passes(one_queue.pairs("1.0", 32, 1000)) * 1000 < fast


def test_with_a_free_lock_one_queue_shares_out_better() -> None:
    assert one_queue.pairs("1.0", 32).end_ns < one_queue.pairs("1.27", 32).end_ns


def test_goroutines_of_one_queue_move_and_those_of_many_stay() -> None:
    one, many = (one_queue.moved_percent(one_queue.pairs(go, 8)) for go in ("1.0", "1.27"))
    assert one > 75 and many < 10


def test_on_one_place_nobody_moves_and_who_never_comes_back_does_not_count() -> None:
    def main() -> object:
        yield work(us=1)

    assert one_queue.moved_percent(one_queue.pairs("1.0", 1)) == 0
    assert one_queue.moved_percent(simulate(Config(gomaxprocs=4), Program(main))) == 0


def test_a_pass_of_the_global_queue_is_counted_in_any_version() -> None:
    def main() -> object:
        for _ in range(5):
            yield gosched()

    assert one_queue.passes(simulate(Config(gomaxprocs=1), Program(main))) == 5


# --- the student's function ----------------------------------------------------------------------------------------


def test_the_solution_holds_and_a_wrong_one_does_not() -> None:
    assert one_queue.try_limit(one_queue.most_speedup).holds
    assert not one_queue.try_limit(lambda alone_us, passes, lock_ns: alone_us / passes).holds


CASES = [Case("two", (2,), 4), Case("three", (3,), 9)]


def test_a_stub_is_neither_right_nor_wrong() -> None:
    result = tried(lambda _: ..., CASES)
    assert not result.holds and OPEN in repr(result) and "three dots" in result.said


def test_a_function_that_holds_in_some_cases_is_told_in_how_many() -> None:
    result = tried(lambda n: 4, CASES)
    assert result.said == "It holds in 1 of 2 cases." and [row[3] for row in result.table.rows] == ["yes", "no"]


def test_a_function_that_raises_is_told_so_in_a_line() -> None:
    assert "ZeroDivisionError: division by zero" in repr(tried(lambda n: n / 0, CASES))


@pytest.mark.parametrize(
    ("said", "good"), [(100.0, True), (109.9, True), (111.0, False), ("100", False), (True, False)]
)
def test_a_number_may_be_off_by_so_much_and_nothing_else_may(said: object, good: bool) -> None:
    assert tried(lambda: said, [Case("", (), 100)], within=0.1).holds == good


@pytest.mark.parametrize(
    ("said", "expected", "good"), [([1, 2], (1, 2), True), ([2, 1], (1, 2), False), ("a", 1, False), (1, True, False)]
)
def test_what_is_no_number_has_to_be_equal_and_of_the_same_type(said: object, expected: object, good: bool) -> None:
    assert tried(lambda: said, [Case("", (), expected)]).holds == good


def test_what_a_student_writes_is_shown_escaped() -> None:
    assert "<script>" not in tried(lambda: "<script>", [Case("", (), "x")])._repr_html_()
