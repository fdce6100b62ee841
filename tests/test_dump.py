"""Goroutine dumps: read from real programs, written from runs, and both compared."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from handmade import BEGIN, recording
from hypothesis import given
from hypothesis import strategies as st

from gmp_lab import Config, ConfigError, Recording, golang, simulate
from gmp_lab import vocabulary as v
from gmp_lab.dump import (
    UNAVAILABLE,
    DumpedG,
    deadlock_text,
    format_dump,
    format_header,
    goroutine_dump,
    goroutines_at,
    parse_dump,
)
from gmp_lab.heap import gc
from gmp_lab.recording import Columns
from gmp_lab.workload import Body, Program, chan, go, lock_os_thread, recv, send, sleep, syscall

SAMPLES = Path(__file__).parent / "data" / "dump"
MINUTE = 60 * 10**9


def sample(name: str) -> str:
    return (SAMPLES / f"{name}.txt").read_text(encoding="utf-8")


# --- real dumps ---------------------------------------------------------------------------------------------------

WAITS_127 = {
    7: "chan receive", 8: "chan send", 9: "select", 10: "select (no cases)", 11: "chan receive (nil chan)",
    12: "sync.Mutex.Lock", 13: "sync.RWMutex.RLock", 14: "sync.WaitGroup.Wait", 15: "sync.Cond.Wait", 16: "sleep",
    18: "IO wait", 20: "chan receive",
}  # fmt: skip


def test_a_real_dump_of_1_27_is_read_goroutine_by_goroutine() -> None:
    gs = {g.id: g for g in parse_dump(sample("goroutine_dump_127"))}
    assert {g.id: g.reason for g in gs.values() if g.status == "waiting"} == WAITS_127
    assert {g.id: g.status for g in gs.values() if not g.reason} == {
        1: "running", 19: "syscall", 21: "runnable", 22: "runnable",
    }  # fmt: skip
    assert [g.id for g in gs.values() if g.locked] == [20]
    assert {(g.created_by, g.creator) for i, g in gs.items() if i != 1} == {("main.init.0.func1", 1)}
    assert gs[12].frames[-2:] == ("sync.(*Mutex).Lock", "main.init.0.func1.6") and len(gs[12].frames) == 5
    assert gs[1].function == "main.main" and gs[1].created_by == ""


def test_1_19_calls_every_wait_for_a_lock_semacquire_and_names_no_creating_goroutine() -> None:
    gs = parse_dump(sample("goroutine_dump_119"))
    assert [g.id for g in gs if g.reason == "semacquire"] == [11, 12, 13]
    assert {g.creator for g in gs} == {0} and {g.created_by for g in gs[1:]} == {"main.init.0.func1"}


@pytest.mark.parametrize("name", ["goroutine_dump_119", "goroutine_dump_127"])
def test_headers_and_functions_of_a_real_dump_are_written_again_as_they_were(name: str) -> None:
    text = sample(name)
    kept = [re.sub(r"\(([^()]*)\)$", "(...)", line) for line in text.splitlines() if not line.startswith("\t")]
    assert format_dump(parse_dump(text)).splitlines() == kept


@pytest.mark.parametrize(("name", "number"), [("stack_overflow_default_127", 20), ("stack_overflow_max1MiB_119", 19)])
def test_the_goroutine_of_a_stack_overflow_is_found_among_the_rest(name: str, number: int) -> None:
    [g] = parse_dump(sample(name))
    frames = ("main.over",) * sample(name).count("main.over(")
    assert (g.id, g.status, g.frames) == (number, "running", frames) and len(frames) > 10


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("goroutine 1 gp=0xc000002380 m=nil [chan receive]:", DumpedG(1, "waiting", "chan receive")),
        ("goroutine 9 gp=0xc0 m=3 mp=0xc1 [running, locked to thread]:", DumpedG(9, "running", locked=True)),
        ("goroutine 7 [IO wait, 12 minutes]:", DumpedG(7, "waiting", "IO wait", 12)),
        ("goroutine 7 [select (no cases), 3 minutes, locked to thread]:",
         DumpedG(7, "waiting", "select (no cases)", 3, True)),
        ("goroutine 5 [chan send (scan)]:", DumpedG(5, "waiting", "chan send", notes=("scan",))),
        ("goroutine 5 [sleep (durable), synctest bubble 4]:",
         DumpedG(5, "waiting", "sleep", notes=("durable", "synctest bubble 4"))),
        ('goroutine 6 [runnable] {job: "a b"}:', DumpedG(6, "runnable")),
    ],
)  # fmt: skip
def test_every_part_of_a_header_is_read(line: str, expected: DumpedG) -> None:
    assert parse_dump(line) == [expected]


WORDS = st.sampled_from(("runnable", "running", "syscall", "idle", "preempted"))
NAMES = st.sampled_from(("main.main", "main.worker", "sync.(*Mutex).Lock", "main.f[...]", "panic", "main.main.func1"))
STACKS = st.lists(NAMES, max_size=4).map(tuple)
WAITS = st.sampled_from([word for word in v.WAIT_REASONS if word != "preempted"])  # which is a status too
NOTES = st.sampled_from(((), ("scan",), ("durable", "synctest bubble 1")))
DUMPED = st.builds(
    DumpedG, st.integers(0, 10**9), st.just("waiting"), WAITS, st.integers(0, 10**5), st.booleans(), STACKS,
    st.sampled_from(("", "main.main")), st.just(0), NOTES,
) | st.builds(
    DumpedG, st.integers(0, 10**9), WORDS, st.just(""), st.just(0), st.booleans(), STACKS, st.just("main.main"),
    st.integers(0, 9), NOTES,
)  # fmt: skip


@given(gs=st.lists(DUMPED, min_size=1, max_size=5))
def test_what_is_written_is_read_back(gs: list[DumpedG]) -> None:
    assert parse_dump("panic: noise\n\n" + format_dump(gs) + "\nexit status 2\n") == gs


@pytest.mark.parametrize(
    "text",
    ["", "nothing", "goroutine 1 [running", "goroutine 1 []:", "goroutine 5 gp=0xzz m=nil [idle]:",
     f"goroutine {'1' * 5000} [idle]:", "goroutine one [running]:"],
)  # fmt: skip
def test_garbage_gives_one_clear_error(text: str) -> None:
    with pytest.raises(ConfigError, match="dump") as e:
        parse_dump(text)
    assert len(str(e.value)) < 250


@given(st.text(max_size=150) | st.text(max_size=80).map(lambda t: "goroutine 1 [" + t))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(ConfigError):
        assert parse_dump(text)


# --- from a run ---------------------------------------------------------------------------------------------------


def stuck_main() -> Body:
    """Main and three workers that wait for what nobody sends."""
    c = chan()
    yield go(receiver, c)
    yield go(sender)
    yield go(locked, c)
    yield sleep(ms=1)
    yield recv(c)


def receiver(c: object) -> Body:
    yield recv(c)  # type: ignore[arg-type]


def sender() -> Body:
    yield go(caller)
    yield send(chan(), 1)


def caller() -> Body:
    yield syscall(us=20)


def locked(c: object) -> Body:
    yield lock_os_thread()
    yield recv(c)  # type: ignore[arg-type]


STUCK = """fatal error: all goroutines are asleep - deadlock!

goroutine 1 [chan receive]:
main.main(...)

goroutine 2 [chan receive]:
main.receiver(...)
created by main.main in goroutine 1

goroutine 3 [chan send]:
main.sender(...)
created by main.main in goroutine 1

goroutine 4 [chan receive, locked to thread]:
main.locked(...)
created by main.main in goroutine 1
"""


@pytest.mark.parametrize("gomaxprocs", [1, 3])
def test_a_deadlock_is_told_in_gos_words_with_every_goroutine(gomaxprocs: int) -> None:
    rec = simulate(Config(gomaxprocs=gomaxprocs), Program(stuck_main))
    assert rec.ended == "deadlock" and deadlock_text(rec) == STUCK


def test_1_19_says_who_but_not_in_which_goroutine() -> None:
    rec = simulate(Config(gomaxprocs=1), Program(stuck_main))
    assert deadlock_text(rec, "1.19") == STUCK.replace(" in goroutine 1", "")


def test_the_runtimes_own_goroutines_are_shown_only_when_asked_for() -> None:
    rec = simulate(Config(gomaxprocs=2, startup="real"), Program(stuck_main))
    user, every = goroutines_at(rec, rec.end_ns), goroutines_at(rec, rec.end_ns, system=True)
    assert {g.reason for g in every if g not in user} >= {"force gc (idle)", "GC sweep wait", "finalizer wait"}
    assert [g.function for g in user] == ["main.main", "main.receiver", "main.sender", "main.locked"]
    assert all(not g.created_by and g.function.startswith("runtime.") for g in every if g not in user)


def test_one_of_the_runtimes_own_is_shown_if_it_is_the_current_one() -> None:
    rec = simulate(Config(gomaxprocs=1, startup="real"), Program(stuck_main))
    first, *others = goroutines_at(rec, 0, current=3)
    assert first.id == 3 and first.function == "runtime.bgsweep" and [g.id for g in others] == [1]


def test_a_run_that_ended_well_has_no_deadlock_to_tell() -> None:
    with pytest.raises(ConfigError, match="deadlock"):
        deadlock_text(simulate(Config(), Program(caller)))


ROWS = [
    *BEGIN,
    (10, v.E_GO_CREATE, 2, 0, 0, 1),
    (11, v.E_GO_CREATE, 3, 0, 0, 1),
    (20, v.E_PIDLE_GET, -1, 1, -1, 0),
    (20, v.E_M_NEW, -1, -1, 1, v.M_NORMAL),
    (30, v.E_ACQUIRE_P, -1, 1, 1, -1),
    (40, v.E_STEAL, 2, 1, 1, v.steal_arg(0, 1, False)),
    (50, v.E_EXECUTE, 2, 1, 1, v.SRC_STEAL),
]


def test_the_current_goroutine_comes_first_and_one_on_another_thread_has_no_stack() -> None:
    rec = recording(ROWS, names=("main", "worker", "worker"))
    text = goroutine_dump(rec, 60, current=2)
    assert [g.id for g in parse_dump(text)] == [2, 1, 3]
    assert text.startswith("goroutine 2 [running]:\nmain.worker(...)\ncreated by main.main in goroutine 1\n\n")
    assert f"goroutine 1 [running]:\n{UNAVAILABLE}\n" in text and "goroutine 3 [runnable]:" in text
    assert [g.id for g in goroutines_at(rec, 60)] == [1, 2, 3]  # by default that on the lowest thread


@pytest.mark.parametrize(
    ("form", "mutex", "group", "frame"),
    [
        ("1.19", "semacquire", "semacquire", "sync.runtime_SemacquireMutex"),
        ("1.23", "sync.Mutex.Lock", "semacquire", "sync.runtime_SemacquireMutex"),
        ("1.25", "sync.Mutex.Lock", "sync.WaitGroup.Wait", "internal/sync.runtime_SemacquireMutex"),
    ],
)
def test_waits_for_locks_have_the_words_and_functions_of_their_version(
    form: str, mutex: str, group: str, frame: str
) -> None:
    rows = [
        *ROWS,
        (100, v.E_PARK, 1, 0, 0, v.WAIT_NO["sync.Mutex.Lock"]),
        (110, v.E_PARK, 2, 1, 1, v.WAIT_NO["sync.WaitGroup.Wait"]),
    ]
    one, two, _ = goroutines_at(recording(rows, names=("main", "worker", "worker")), 200, form=form)
    assert (one.reason, two.reason, one.frames[0], two.frames[-2]) == (mutex, group, frame, "sync.(*WaitGroup).Wait")


def test_minutes_count_from_the_first_collection_that_met_the_wait() -> None:
    rows = [*ROWS, (100, v.E_PARK, 1, 0, 0, v.WAIT_NO["sleep"])]
    rec = recording(rows, names=("main", "worker", "worker"), end=10 * MINUTE)
    collections = [50, 2 * MINUTE, 4 * MINUTE]
    shown = [goroutines_at(rec, t * MINUTE, gc_starts_ns=collections, current=2)[1].minutes for t in (2, 3, 9)]
    assert shown == [0, 1, 7] and goroutines_at(rec, 9 * MINUTE, current=2)[1].minutes == 0
    assert format_header(goroutines_at(rec, 9 * MINUTE, current=2, gc_starts_ns=collections)[1]) == (
        "goroutine 1 [sleep, 7 minutes]:"
    )


def test_a_dead_or_unknown_current_goroutine_and_a_time_after_the_end_are_refused() -> None:
    rec = recording(ROWS)
    for options, what in (({"current": 9}, "current"), ({"form": "1.2"}, "form")):
        with pytest.raises(ConfigError, match=what):
            goroutines_at(rec, 60, **options)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="goroutines_at"):
        goroutines_at(rec, 10**9)


def test_a_real_trace_is_refused() -> None:
    columns = Columns()
    columns.extend(list(ROWS))
    rec = Recording(
        Config(gomaxprocs=2), columns, program="trace", params={}, g_names=("main",), end_ns=99, ended="until",
        steps=1, complete=False,
    )  # fmt: skip
    with pytest.raises(ConfigError, match="real trace"):
        goroutine_dump(rec, 99)


# --- real Go ------------------------------------------------------------------------------------------------------

STUCK_GO = """package main

import (
	"runtime"
	"syscall"
	"time"
)

func receiver(c chan int) { <-c }

func sender() {
	go caller()
	make(chan int) <- 1
}

func caller() { syscall.Getpid() }

func locked(c chan int) {
	runtime.LockOSThread()
	<-c
}

func main() {
	c := make(chan int)
	go receiver(c)
	go sender()
	go locked(c)
	time.Sleep(10 * time.Millisecond)
	<-c
}
"""


def told(text: str) -> tuple[str, set[tuple[object, ...]]]:
    """The first line, and of each goroutine what does not depend on its number."""
    gs = parse_dump(text)
    facts = {(g.status, g.reason, g.minutes, g.locked, g.function, g.created_by, bool(g.creator)) for g in gs}
    return text.partition("\n")[0], facts


@pytest.mark.go
def test_a_real_deadlock_tells_the_same_of_the_same_program() -> None:
    toolchain = golang.require_toolchain()
    run = golang.run_go(STUCK_GO, gomaxprocs=1, toolchain=toolchain)
    form = "1.25" if " in goroutine " in run.stderr else "1.19"
    assert told(run.stderr) == told(deadlock_text(simulate(Config(gomaxprocs=1), Program(stuck_main)), form))


def test_minutes_of_a_run_count_from_its_own_collections() -> None:
    def sleeper() -> Iterator[Any]:
        yield sleep(ms=300_000)

    def main() -> Iterator[Any]:
        yield go(sleeper)
        yield sleep(ms=60_000)
        yield gc()
        yield sleep(ms=150_000)

    rec = simulate(Config(gomaxprocs=1, until_ns=5 * MINUTE), Program(main))
    (shown,) = [g for g in goroutines_at(rec, 3 * MINUTE + 30 * 10**9 - 1) if g.reason == "sleep" and g.id != 1]
    assert shown.minutes == 2 and goroutines_at(rec, MINUTE - 1)[-1].minutes == 0
