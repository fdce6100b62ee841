"""Sentences: every kind of event has one, it names who was concerned, and its function exists in Go's source."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from handmade import BEGIN, Row, handover, in_syscall, overflow, recording

from gmp_lab import ConfigError, Recording, state_after
from gmp_lab import vocabulary as v
from gmp_lab.doctor import find_toolchain
from gmp_lab.narrate import Step, lines, narrate, source_link
from gmp_lab.narrate.collector import COLLECTOR
from gmp_lab.narrate.goroutines import GOROUTINES
from gmp_lab.narrate.memory import MEMORY
from gmp_lab.narrate.quota import QUOTA
from gmp_lab.narrate.stacks import STACKS
from gmp_lab.narrate.threads import THREADS
from gmp_lab.narrate.traced import TRACED

# One event of every kind, with every argument that changes its sentence, after BEGIN: two Ps, M0 on P0 runs G1.
NEXT: list[Row] = [
    (1, v.E_GO_CREATE, 2, 0, 0, 1),
    (1, v.E_GO_CREATE, 3, -1, -1, -1),
    (1, v.E_GO_CREATE, 4, 0, 0, 1),
    (1, v.E_READY, 3, 0, 0, 1),
    (1, v.E_READY, 3, -1, -1, -1),
    (1, v.E_QUEUE_TAIL, 3, 0, 0, -1),
    (1, v.E_OVERFLOW, 3, 0, 0, 128),
    *((1, v.E_EXECUTE, 2, 0, 0, source) for source in range(len(v.SRC_NAMES))),
    (1, v.E_EXECUTE, 2, 0, 0, v.SRC_RUNNEXT | v.INHERIT),
    *((1, v.E_PARK, 1, 0, 0, reason) for reason in range(len(v.WAIT_REASONS))),
    (1, v.E_EXIT, 1, 0, 0, -1),
    (1, v.E_STACK_GROW, 1, 0, 0, v.stack_arg(4096, 1128)),
    (1, v.E_STACK_SHRINK, 1, -1, -1, v.stack_arg(1 << 20, 4000)),
    (1, v.E_STACK_SEGMENT, 1, 0, 0, 8200),
    (1, v.E_STACK_SEGMENT, 1, 0, 0, -8200),
    (1, v.E_STACK_NEW, 1, 0, 0, 8192),
    *((1, v.E_YIELD, 1, 0, 0, why) for why in range(len(v.YIELD_NAMES))),
    (1, v.E_GLOB_GET, 2, 0, 0, 1),
    (1, v.E_GLOB_GET, 2, 0, 0, 5),
    (1, v.E_STEAL, 2, 1, 0, v.steal_arg(0, 1, True)),
    (1, v.E_STEAL, 2, 1, 0, v.steal_arg(0, 1, False)),
    (1, v.E_STEAL, 17, 1, 0, v.steal_arg(0, 3, False)),
    (1, v.E_SYSCALL, 1, 0, 0, v.SYSCALL_BLOCKING),
    (1, v.E_SYSCALL, 1, 0, 0, v.SYSCALL_BLOCK),
    *((1, v.E_SYSEXIT, 1, 0, 0, how) for how in range(len(v.EXIT_NAMES))),
    (1, v.E_RETAKE, 1, 0, 0, 7),
    (1, v.E_RETAKE, 1, 0, 0, -1),
    (1, v.E_RETAKE, -1, 0, -1, 7),
    (1, v.E_HANDOFF, -1, 0, 0, -1),
    (1, v.E_HANDOFF, -1, 0, -1, -1),
    (1, v.E_PIDLE_PUT, -1, 0, -1, -1),
    (1, v.E_PIDLE_GET, -1, 1, -1, 0),
    (1, v.E_PIDLE_GET, -1, 1, -1, 1),
    (1, v.E_ACQUIRE_P, -1, 1, 0, -1),
    (1, v.E_RELEASE_P, -1, 0, 0, -1),
    (1, v.E_M_NEW, -1, -1, 0, v.M_NORMAL),
    (1, v.E_M_NEW, -1, -1, 5, v.M_NORMAL),
    (1, v.E_M_NEW, -1, -1, 5, v.M_SYSMON),
    (1, v.E_M_START, -1, 1, 0, 0),
    (1, v.E_M_START, -1, 1, 0, 1),
    (1, v.E_M_WAKE, -1, -1, 0, -1),
    (1, v.E_M_PARK, -1, -1, 0, -1),
    (1, v.E_SPIN, -1, -1, 0, 1),
    (1, v.E_SPIN, -1, -1, 0, 0),
    (1, v.E_NEED_SPIN, -1, -1, -1, 1),
    (1, v.E_NEED_SPIN, -1, -1, -1, 0),
    (1, v.E_STEAL_SLEEP, -1, 0, 0, 1),
    (1, v.E_STOP_LOCKED, 1, -1, 0, -1),
    (1, v.E_START_LOCKED, 1, 0, 0, v.SRC_LOCAL),
    (1, v.E_POLL_BLOCK, -1, -1, 0, 1000),
    (1, v.E_POLL_BLOCK, -1, -1, 0, -1),
    (1, v.E_POLL_WAKE, -1, -1, 0, 1),
    (1, v.E_SYSMON, -1, -1, -1, 40),
    (1, v.E_SYSMON_DEEP, -1, -1, -1, 1),
    (1, v.E_SYSMON_DEEP, -1, -1, -1, 0),
    (1, v.E_PREEMPT, 1, 0, 0, v.PREEMPT_SLICE),
    (1, v.E_PREEMPT, 1, 0, 0, v.PREEMPT_STW),
    (1, v.E_SIGNAL, 1, 0, 0, 0),
    (1, v.E_SIGNAL, 1, 0, 0, 1),
    (1, v.E_CPU_ON, -1, -1, 0, 0),
    (1, v.E_CPU_OFF, -1, -1, 0, 0),
    (1, v.E_SCHEDTRACE, -1, -1, -1, -1),
    (1, v.E_TIMER, 1, 0, 0, 0),
    (1, v.E_TIMER, 1, 0, 0, 1),
    (1, v.E_LOG, 1, 0, 0, 42),
    (1, v.E_DEADLOCK, -1, -1, -1, -1),
    (1, v.E_LOCK_THREAD, 1, 0, 0, 1),
    (1, v.E_LOCK_THREAD, 1, 0, 0, 0),
    *((1, v.E_NET_READY, 3, 0, 0, where) for where in range(len(v.NET_NAMES))),
    (1, v.E_NET_ARRIVE, -1, -1, -1, 4),
    *((1, v.E_TIMER_RUN, g, 0, 0, what) for g in (-1, 1) for what in range(3)),
    (1, v.E_TIMER_RUN, -1, -1, -1, v.TIMER_SEND),
    (1, v.E_TIMER_HEAP, -1, 0, -1, 1),
    (1, v.E_TIMER_HEAP, -1, 0, -1, -1),
    (1, v.E_EXIT, 1, 0, 0, v.EXIT_GOEXIT),
    (1, v.E_DEADLOCK, -1, -1, -1, 1),
    (1, v.E_LOCK_SPIN, 1, 0, 0, 1),
    (1, v.E_SCHED_LOCK, 1, 0, 0, 500),
    (1, v.E_STARVING, 1, 0, 0, 1),
    (1, v.E_STARVING, 1, 0, 0, 0),
    *((1, v.E_STW_STOP, 1, 0, 0, why) for why in range(len(v.STW_REASONS))),
    *((1, v.E_GCSTOP, -1, 1, 0, how) for how in range(4)),
    (1, v.E_STW_STOPPED, 1, 0, 0, v.STW_GOMAXPROCS),
    (1, v.E_STW_START, 1, 0, 0, 2),
    (1, v.E_P_DESTROY, -1, 1, 0, -1),
    *((1, v.E_PREEMPT, 1, 0, 0, why) for why in range(2, 5)),
    *((1, v.E_GC_CYCLE, 1, -1, 0, why) for why in range(len(v.GC_TRIGGERS))),
    *((1, v.E_GC_PHASE, 1, 0, 0, phase) for phase in range(len(v.GC_PHASES))),
    *((1, v.E_GC_WORKER, 1, 0, 0, mode) for mode in range(len(v.GC_MODES))),
    (1, v.E_GC_ASSIST, 1, 0, 0, 1),
    (1, v.E_GC_ASSIST, 1, 0, 0, 0),
    *((1, v.E_GC_READY, 3, 0, 0, where) for where in range(len(v.NET_NAMES))),
    *((1, v.E_GC_HEAP, -1, -1, -1, kib) for kib in (4000, 40_000)),
    *((1, v.E_GC_GOAL, -1, -1, -1, kib) for kib in (4096, 2**31 - 1)),
    (1, v.E_GC_TRACE, 1, -1, 0, 3),
    *((1, v.E_SAFE_POINTS, 1, 0, 0, why) for why in range(len(v.POINT_NAMES))),
    *((1, v.E_SAFE_POINT, -1, 1, m, -1) for m in (-1, 0)),
    (1, v.E_QUEUE_DRAIN, 1, 0, 0, 1),
    (1, v.E_GC_HELD, 2, 0, 0, v.SRC_LOCAL),
    (1, v.E_GC_RELEASED, 2, -1, -1, -1),
    (1, v.E_THROTTLE, -1, -1, 0, 1),
    (1, v.E_THROTTLE, -1, -1, -1, 1),
    (1, v.E_UNTHROTTLE, -1, -1, 0, 1),
    (1, v.E_REFILL, -1, -1, -1, 20),
    (1, v.E_QUOTA, -1, -1, -1, 30_000),
    (1, v.E_TRACE_SYNC, -1, -1, -1, 1),
    *((1, v.E_MET_G, 3, -1, -1, state) for state in v.MET_NAMES),
    (1, v.E_MET_G, 2, 0, 0, v.MET_RUNNING),
    *((1, v.E_MET_P, -1, 1, m, int(m >= 0)) for m in (-1, 0)),
    *((1, v.E_MET_M, -1, -1, 0, tid) for tid in (-1, 4711)),
    (1, v.E_PROCS, -1, -1, -1, 2),
    *((1, v.E_SWEEP, -1, 0, 0, kib) for kib in (-1, 8)),
    (1, v.E_NOTE, 1, 0, 0, 0),
]
NAMES = ("main", "worker", "reader", *["worker"] * 14)


def after_begin(*rows: Row) -> Recording:
    return recording([*BEGIN, *rows], names=NAMES)


def said(*rows: Row) -> str:
    """The sentence of the last of these events."""
    rec = after_begin(*rows)
    return narrate(rec, len(rec) - 1).sentence


def every_step(go: str = "1.27") -> list[Step]:
    return [narrate(recording([*BEGIN, row], names=NAMES, go=go), len(BEGIN)) for row in NEXT]


def test_every_kind_of_event_has_a_sentence() -> None:
    assert set(GOROUTINES | THREADS | STACKS | MEMORY | COLLECTOR | QUOTA | TRACED) == set(v.KIND_NAMES)


def test_the_examples_below_show_every_kind() -> None:
    assert {row[1] for row in NEXT} == set(v.KIND_NAMES)


def test_a_sentence_is_one_plain_line_that_ends_with_a_full_stop() -> None:
    bad = [step.sentence for step in every_step() if not re.fullmatch(r"[A-Zs][^\n{}]*[^. ]\.", step.sentence)]
    assert bad == []


def test_a_sentence_names_the_g_the_p_or_the_m_of_its_event() -> None:
    silent = {v.E_NEED_SPIN, v.E_SYSMON, v.E_SYSMON_DEEP, v.E_SCHEDTRACE, v.E_DEADLOCK, v.E_NET_ARRIVE, v.E_REFILL,
              v.E_QUOTA, v.E_TRACE_SYNC, v.E_PROCS}  # fmt: skip
    for row, step in zip(NEXT, every_step(), strict=True):
        _, kind, g, p, m, _ = row
        ids = [f"{letter}{i}" for letter, i in (("G", g), ("P", p), ("M", m)) if i >= 0]
        named = any(re.search(rf"\b{name}\b", step.sentence) for name in ids)
        assert kind in silent or not ids or named, step.sentence


def test_only_what_the_runtime_does_has_a_function() -> None:
    without = {row[1] for row, step in zip(NEXT, every_step(), strict=True) if not step.function}
    assert without == {v.E_CPU_ON, v.E_CPU_OFF, v.E_LOG, v.E_NET_ARRIVE, v.E_THROTTLE, v.E_UNTHROTTLE, v.E_REFILL,
                       v.E_QUOTA, *TRACED}  # fmt: skip


@pytest.mark.go
def test_every_function_named_is_in_the_source_file_named() -> None:
    toolchain = find_toolchain()
    assert toolchain is not None
    if toolchain.minor not in ("1.26", "1.27"):
        pytest.skip(f"the names are those of Go 1.26 and 1.27, found {toolchain.version}: run 'make setup'")
    source = Path(toolchain.goroot) / "src"
    missing = []
    for step in {(s.function, s.source) for s in every_step() if s.function}:
        function, path = step
        text = (source / path).read_text(encoding="utf-8")
        if not re.search(rf"^func (\([^)]*\) )?{function}\(", text, re.MULTILINE):
            missing.append(step)
    assert missing == []


@pytest.mark.go
def test_every_function_named_has_its_line_in_the_source_or_is_of_an_older_version() -> None:
    toolchain = find_toolchain()
    assert toolchain is not None
    if f"go{toolchain.version}" != lines.TAG:
        pytest.skip(f"the lines are those of {lines.TAG}, found {toolchain.version}: run 'make setup'")
    for path, places in lines.LINES.items():
        text = (Path(toolchain.goroot) / "src" / path).read_text(encoding="utf-8").splitlines()
        for function, line in places.items():
            assert re.match(rf"func (\([^)]*\) )?{function}\(", text[line - 1]), (path, function)
    newest = {(s.source, s.function) for s in every_step("1.27") if s.function}
    assert newest <= {(path, function) for path, places in lines.LINES.items() for function in places}


def test_a_link_leads_to_the_line_or_at_least_to_the_file() -> None:
    home = "https://github.com/golang/go/blob"
    line = lines.LINES["runtime/proc.go"]["execute"]
    assert source_link("execute", "runtime/proc.go") == f"{home}/go1.27.3/src/runtime/proc.go#L{line}"
    assert source_link("exitsyscallfast", "runtime/proc.go") == f"{home}/go1.25.5/src/runtime/proc.go"


# --- what the sentences say ----------------------------------------------------------------------------------


def test_a_theft_says_who_took_how_many_from_whom_and_who_runs_first() -> None:
    assert said((1, v.E_STEAL, 17, 1, 0, v.steal_arg(0, 3, False))) == (
        "P1 has nothing to run and steals 3 goroutines from the head of P0's ring; "
        "G17 (worker), the last of them, runs first."
    )


def test_a_new_goroutine_says_whom_it_displaces() -> None:
    create = [(t, v.E_GO_CREATE, t + 1, 0, 0, 1) for t in (1, 2)]
    assert said(create[0]) == "G1 (main) starts G2 (worker): it takes the free runnext of P0."
    assert said(*create) == (
        "G1 (main) starts G3 (reader): it takes runnext of P0, and G2, which was there, "
        "moves to the tail of the ring."
    )


def test_a_full_ring_is_told() -> None:
    rec = overflow()
    at = next(i for i, e in enumerate(rec) if e.kind == v.E_OVERFLOW)
    assert narrate(rec, at - 1).sentence.endswith("and G258, which was there, finds the ring full.")
    assert narrate(rec, at).sentence == (
        "P0's ring is full: its first 128 goroutines, and G258 after them, move to the tail of the global queue."
    )


def test_the_61st_tick_is_told() -> None:
    text = said((1, v.E_READY, 2, -1, -1, -1), (1, v.E_EXECUTE, 2, 0, 0, v.SRC_GLOBAL61))
    assert "because this is its 61st tick" in text


def test_a_first_wake_and_a_later_one_are_told_apart() -> None:
    new = (1, v.E_M_NEW, -1, -1, 1, v.M_NORMAL)
    wake = (3, v.E_M_WAKE, -1, -1, 1, -1)
    assert said(new, wake) == "The new thread M1 has begun to run."
    assert said(new, wake, (4, v.E_M_PARK, -1, -1, 1, -1), wake) == "M1 is awake."


def test_a_spinning_thread_that_found_nothing_is_told_from_one_that_did() -> None:
    found = (1, v.E_SPIN, -1, -1, 0, 0)
    assert "has found work" in said(found)
    assert "has found no work" in said((1, v.E_RELEASE_P, -1, 0, 0, -1), found)


@pytest.mark.parametrize(
    ("go", "function"), [("1.25", "exitsyscallfast"), ("1.27", "exitsyscallTryGetP")]
)
def test_the_function_is_that_of_the_go_version(go: str, function: str) -> None:
    rec = in_syscall(go)
    at = next(i for i, e in enumerate(rec) if e.kind == v.E_SYSEXIT)
    assert narrate(rec, at).function == function


def test_a_state_that_is_handed_in_changes_nothing() -> None:
    rec = handover()
    assert all(narrate(rec, i, state_after(rec, i)) == narrate(rec, i) for i in range(len(rec)))


@pytest.mark.parametrize("i", [-1, 21, True, 1.0])
def test_an_event_that_is_not_there_is_refused(i: object) -> None:
    with pytest.raises(ConfigError, match="from 0 to 20"):
        narrate(handover(), i)  # type: ignore[arg-type]
