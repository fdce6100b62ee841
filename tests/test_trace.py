"""Real execution traces: read without loss, possible by the validator's rules, shown by the same views."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gmp_lab import Config, ConfigError, Recording, golang, simulate, state_after
from gmp_lab import vocabulary as v
from gmp_lab.catalog import steady_mix
from gmp_lab.compare import compare
from gmp_lab.draw import aligned, queue_depth, stage_html, stage_text, text_timeline, timeline
from gmp_lab.export import csv_text, trace_events
from gmp_lab.golang.trace import event_counts, parse_trace, read_trace, rules_of, tool_lines
from gmp_lab.metrics import queue_depths, runtime_metrics, spans, summary
from gmp_lab.narrate import narrate
from gmp_lab.schedtrace import parse_schedtrace, schedtrace_every, schedtrace_text
from gmp_lab.validate import validate
from gmp_lab.widgets import traces

DATA = Path(__file__).parent / "data" / "trace"
TRACES = Path(__file__).resolve().parent.parent.parent / "shared" / "ground-truth" / "traces"
NAMES = ("gc_small_2p", "slices_3hogs_1p", "spawn_600_1p", "steal_17_2p", "syscalls_hog_1p", "tasks_300_2p")
#: an oracle's name for a change of a goroutine's or P's state -> the kind of event that it becomes
KINDS = {
    "G NotExist->Runnable": v.E_GO_CREATE, "G Runnable->Running": v.E_EXECUTE, "G Running->NotExist": v.E_EXIT,
    "G Running->Runnable": v.E_YIELD, "G Running->Syscall": v.E_SYSCALL, "G Running->Waiting": v.E_PARK,
    "G Waiting->Runnable": v.E_READY, "P Idle->Running": v.E_ACQUIRE_P, "Sync": v.E_TRACE_SYNC,
    "RangeBegin GC mark assist": v.E_GC_ASSIST, "Label": v.E_GC_WORKER,
    "Metric /gc/heap/goal:bytes": v.E_GC_GOAL, "Metric /memory/classes/heap/objects:bytes": v.E_GC_HEAP,
    "Metric /sched/gomaxprocs:threads": v.E_PROCS,
}  # fmt: skip


def lines(name: str) -> list[str]:
    """The text of a small trace, without stacks."""
    text = (DATA / f"{name}.events.txt").read_text(encoding="utf-8")
    return [line for line in text.splitlines(keepends=True) if line.startswith("M=")]


def oracle(name: str, folder: Path = DATA) -> dict[str, int]:
    found: dict[str, int] = json.loads((folder / f"{name}.127.oracle.json").read_text(encoding="utf-8"))["events"]
    return found


SMALL = ("steal_17_2p", "syscalls_hog_1p")


def same_counts(rec: Recording, counts: dict[str, int]) -> None:
    """Every event of the trace has become one of its kind; begin and end share a kind in some."""
    kinds = Counter(e.kind for e in rec)
    for name, kind in KINDS.items():
        begins = [e for e in rec if e.kind == kind and (kind not in (v.E_GC_ASSIST, v.E_GC_WORKER) or e.arg > 0)]
        assert len(begins) == counts.get(name, 0), name
    assert kinds[v.E_SYSEXIT] == counts.get("G Syscall->Running", 0) + counts.get("G Syscall->Runnable", 0)
    assert kinds[v.E_RELEASE_P] + kinds[v.E_RETAKE] == counts.get("P Running->Idle", 0)
    stops = sum(n for name, n in counts.items() if name.startswith("RangeBegin stop-the-world"))
    assert kinds[v.E_STW_STOP] == stops


# --- the traces of the ground truth ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SMALL)
def test_a_text_is_read_without_loss(name: str) -> None:
    assert event_counts(lines(name)) == oracle(name)
    same_counts(parse_trace(lines(name)), oracle(name))


if TRACES.is_dir():  # only beside the shared material: the project stands without it

    @pytest.mark.go
    @pytest.mark.parametrize("name", NAMES)
    def test_a_trace_of_the_ground_truth_is_read_without_loss(name: str) -> None:
        path = TRACES / f"{name}.127.trace"
        assert event_counts(tool_lines(path, golang.require_toolchain())) == oracle(name, TRACES)
        rec = read_trace(path)
        same_counts(rec, oracle(name, TRACES))
        assert validate(rec) == []

    @pytest.mark.go
    @pytest.mark.parametrize("name", NAMES)
    def test_a_trace_in_the_older_format_is_read_too(name: str) -> None:
        rec = read_trace(TRACES / f"{name}.119.trace")
        assert rec.config.go == "1.19" and validate(rec) == [] and not rec.complete
        assert rec.nbytes() <= 100 * len(rec)


@pytest.mark.parametrize(("form", "row"), [("1.26", "1.27"), ("1.25", "1.25"), ("1.22", "1.23"), ("1.19", "1.19"),
                                           ("1.11", "1.13"), ("1.30", "1.27")])  # fmt: skip
def test_the_rules_of_a_trace_are_those_of_the_next_known_version(form: str, row: str) -> None:
    assert rules_of(form) == row


# --- a trace of one's own -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Recording:
    """A trace that has just been recorded."""
    path = tmp_path_factory.mktemp("trace") / "fresh.trace"
    source = (root / "tests" / "go" / "traced.go").read_text(encoding="utf-8")
    golang.run_go(source, gomaxprocs=2, args=[str(path)]).succeeded()
    seen: list[int] = []
    rec = read_trace(path, progress=seen.append)
    assert seen == sorted(seen)
    return rec


@pytest.mark.go
def test_a_fresh_trace_is_possible_and_names_its_goroutines(fresh: Recording) -> None:
    assert validate(fresh) == [] and fresh.config.gomaxprocs == 2
    assert fresh.g_name(1) == "main" and fresh.g_names.count("worker") == 3 and fresh.g_names.count("sleeper") == 2


@pytest.mark.go
def test_a_fresh_trace_has_the_collector_and_the_notes_of_its_user(fresh: Recording) -> None:
    kinds = {e.kind for e in fresh}
    assert {v.E_STW_STOP, v.E_STW_START, v.E_GC_PHASE, v.E_GC_WORKER, v.E_SYSCALL} <= kinds
    text = "\n".join(fresh.notes)
    assert all(word in text for word in ("everything", "numbers", "halfway"))
    sleeping = [e for e in fresh if e.kind == v.E_PARK and e.arg == v.WAIT_NO["sleep"]]
    assert {fresh.g_name(e.g) for e in sleeping} >= {"sleeper"}


@pytest.mark.go
def test_every_view_shows_a_fresh_trace(fresh: Recording) -> None:
    views(fresh)


# --- the same views -------------------------------------------------------------------------------------------------


def views(rec: Recording) -> None:
    for rows in ("P", "G", "M"):
        assert timeline(rec, rows=rows).data and text_timeline(rec, rows=rows)
        s = spans(rec, of=rows)
        assert (s.end_ns >= s.start_ns).all() and len(s)
    for i in range(0, len(rec), max(1, len(rec) // 60)):
        assert narrate(rec, i).sentence
        assert "not told" in stage_text(rec, i) and "not told" in stage_html(rec, i)
    found = summary(rec)
    assert found.global_max == -1 and 0 < found.usage.running_ns <= found.usage.total_ns
    names = {e["name"] for e in trace_events(rec)["traceEvents"]}
    assert "threads" in names and not any(name.startswith("queue of") for name in names)
    assert csv_text(rec).count("\n") == len(rec) + 1
    assert Recording.from_bytes(rec.to_bytes()) == rec


@pytest.mark.parametrize("name", SMALL)
def test_every_view_shows_a_trace_and_says_what_it_does_not_tell(name: str) -> None:
    rec = parse_trace(lines(name))
    views(rec)
    with pytest.raises(ConfigError, match="real trace"):
        queue_depths(rec)
    for what in (queue_depth, schedtrace_text, runtime_metrics):
        with pytest.raises(ConfigError, match="real trace"):
            what(rec)


def test_schedtrace_of_a_trace_marks_what_is_not_told() -> None:
    rec = parse_trace(lines("syscalls_hog_1p"))
    text = schedtrace_every(rec, 10)
    assert len(text.splitlines()) == rec.end_ns // 10_000_000 + 1
    assert re.fullmatch(
        r"(SCHED \d+ms: gomaxprocs=1 idleprocs=[01] threads=\? spinningthreads=\? needspinning=\? idlethreads=\? "
        r"runqueue=\? \[ \? \] schedticks=\[ \? \]\n)+", text)  # fmt: skip
    with pytest.raises(ConfigError, match="whole SCHED line"):
        parse_schedtrace(text)


def test_the_state_after_a_trace_says_who_is_where() -> None:
    rec = parse_trace(lines("syscalls_hog_1p"))
    for i in range(len(rec) + 1):
        s = state_after(rec, i)
        for m in s.ms:
            assert not m.curg or s.gs[m.curg].m == m.id
            assert m.p < 0 or s.ps[m.p].m == m.id
        assert not s.runq and not any(p.runq or p.runnext for p in s.ps)


def test_the_p_of_a_blocked_call_is_taken_and_its_goroutine_comes_back_runnable() -> None:
    rec = parse_trace(lines("syscalls_hog_1p"))
    taken = [e for e in rec if e.kind == v.E_RETAKE]
    back = [e for e in rec if e.kind == v.E_SYSEXIT and e.arg == v.EXIT_NO_P]
    assert taken and back and {e.g for e in taken} >= {e.g for e in back}
    assert all(e.arg not in (-1, e.m) for e in taken)  # sysmon's thread took it


def test_thieves_of_a_trace_run_on_the_other_p() -> None:
    rec = parse_trace(lines("steal_17_2p"))
    order = [rec.g_name(e.g) for e in rec if e.kind == v.E_EXECUTE and e.p == 1]
    assert len(order) >= 8


def test_a_simulation_and_a_trace_are_compared_and_laid_over_one_another() -> None:
    sim, real = simulate(Config(gomaxprocs=2), steady_mix(goroutines=6, bursts=6)), parse_trace(lines("steal_17_2p"))
    told = compare(sim, real)
    unknown = [row.quantity for row in told.rows if row.b is None]
    assert {"longest ring", "longest global queue"} <= set(unknown) and all(row.why for row in told.rows)
    assert aligned(sim, real).layout.xaxis2.range


# --- defects --------------------------------------------------------------------------------------------------------


def test_a_goroutine_on_two_threads_is_found() -> None:
    text = lines("syscalls_hog_1p")
    at = next(i for i, line in enumerate(text) if "Runnable->Running" in line)
    other = text[at].replace("M=", "M=77", 1)
    found = {w.rule for w in validate(parse_trace([*text[: at + 1], other, *text[at + 1 :]]))}
    assert found & {"transition", "owner", "one-g"}


def test_a_p_with_two_threads_is_found() -> None:
    text = lines("syscalls_hog_1p")
    at = next(i for i, line in enumerate(text) if "ProcID=0 Idle->Running" in line)
    again = text[at].replace("M=", "M=77", 1)
    found = {w.rule for w in validate(parse_trace([*text[: at + 1], again, *text[at + 1 :]]))}
    assert found & {"one-m", "one-p"}


@pytest.mark.parametrize("cut", [1, 5, 40])
def test_a_text_that_is_cut_off_is_one_clear_error(cut: int) -> None:
    with pytest.raises(ConfigError, match="cut off"):
        parse_trace(lines("steal_17_2p")[:cut])


@pytest.mark.parametrize(
    "bad", [[], ["hello\n"], ["M=1 P=2\n"], ["\n", "\n"], ["\tframe\n"], ["Stack=\n"], ["M=1 P=0 G=1 What Time=x\n"]]
)
def test_a_foreign_text_is_one_clear_error(bad: list[str]) -> None:
    with pytest.raises(ConfigError, match="trace"):
        parse_trace(bad)


@settings(max_examples=100)
@given(st.data())
def test_whatever_is_done_to_a_text_it_is_read_or_refused_in_one_sentence(data: st.DataObject) -> None:
    text = lines("syscalls_hog_1p")
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text) - 1))
        how = data.draw(st.integers(0, 3))
        if how == 0:
            del text[at]
        elif how == 1:
            text.insert(at, text[data.draw(st.integers(0, len(text) - 1))])
        else:
            old = text[at]
            cut = data.draw(st.integers(0, len(old)))
            text[at] = old[:cut] + data.draw(st.text(max_size=6)) + old[cut + how :]
    read_or_refused("".join(text).splitlines(keepends=True))


@settings(max_examples=100)
@given(st.lists(st.text(max_size=30), max_size=8))
def test_garbage_is_refused(text: list[str]) -> None:
    with pytest.raises(ConfigError):
        parse_trace(text)


def read_or_refused(text: list[str]) -> None:
    try:
        rec = parse_trace(text)
    except ConfigError as problem:
        assert problem.parameter in ("trace", "gomaxprocs")  # noqa: PT017  # either is right
        return
    validate(rec)
    state_after(rec, len(rec))
    spans(rec)


@pytest.mark.go
@pytest.mark.parametrize(("content", "match"), [
    (b"", "first bytes"), (b"go 1.26 trace\0\0\0garbage", "go tool trace"), (b"\x7fELF" * 10, "first bytes"),
    (b"go 1.99 trace\0\0\0", "go tool trace"),
])  # fmt: skip
def test_a_file_that_is_no_trace_is_one_clear_error(tmp_path: Path, content: bytes, match: str) -> None:
    path = tmp_path / "some.trace"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=match) as caught:
        read_trace(path)
    assert str(tmp_path) not in str(caught.value)


def test_a_file_that_is_not_there_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.trace"):
        read_trace(tmp_path / "none.trace")


@pytest.mark.go
def test_a_trace_that_is_cut_off_is_one_clear_error(tmp_path: Path, root: Path) -> None:
    path = tmp_path / "whole.trace"
    golang.run_go((root / "tests" / "go" / "traced.go").read_text(encoding="utf-8"), args=[str(path)]).succeeded()
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    try:
        rec: Any = read_trace(path)
    except ConfigError as problem:
        assert problem.parameter == "trace"  # noqa: PT017  # either is right
    else:  # the format has whole parts: what came before the cut may be one
        assert validate(rec) == []


def test_large_numbers_of_goroutines_are_numbered_anew() -> None:
    large = "88888888888"
    text = [re.sub(r"\b(G|GoID)=8 ", rf"\1={large} ", line) for line in lines("steal_17_2p")]
    rec = parse_trace(text)
    assert validate(rec) == [] and any(f"G{large}" in name for name in rec.g_names)
    assert len(rec.g_names) <= 1 << 17


@pytest.mark.go
def test_a_long_trace_is_read_with_a_bar_that_goes_away(
    tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "long.trace"
    source = (root / "tests" / "go" / "yields.go").read_text(encoding="utf-8")
    golang.run_go(source, gomaxprocs=2, args=[str(path), "3000"]).succeeded()
    shown: list[Any] = []
    monkeypatch.setattr(traces, "display", shown.append)
    rec = traces.load_trace(path)
    (box,) = shown
    bar, said = box.children
    assert bar.value > 0 and said.value.endswith(" events") and len(rec) > 20_000 and box.comm is None
    with pytest.raises(ConfigError, match="none"):
        traces.load_trace(tmp_path / "none.trace")
