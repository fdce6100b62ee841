"""Preemption: which functions hear a request to stop, what the versions and the systems do about the others."""

from __future__ import annotations

from typing import Any

import pytest
from helpers import log_order, run

from gmp_lab import (
    Config,
    ConfigError,
    Costs,
    Program,
    Recording,
    WaitGroup,
    go,
    golang,
    gomaxprocs,
    gosched,
    lock_os_thread,
    log,
    now,
    simulate,
    syscall,
    work,
)
from gmp_lab import vocabulary as v
from gmp_lab.catalog import CATALOG
from gmp_lab.narrate import narrate
from gmp_lab.params import SYSTEMS, VERSIONS, rules, version
from gmp_lab.stacks import call, has_check, loop_kind, recurse, ret, stack
from gmp_lab.validate import validate
from gmp_lab.workload import LOOP_KINDS

MS = 1_000_000

#: functions that a loop calls: (name, what is said of it, whether Go 1.27.3 stops the loop without a signal)
FUNCTIONS: list[tuple[str, dict[str, Any], bool]] = [
    ("inlined", {"inlined": True}, False),
    ("leaf", {"frame": 0, "leaf": True}, False),
    ("big leaf", {"frame": 520, "leaf": True}, True),
    ("caller", {"frame": 16}, True),
    ("nosplit", {"frame": 0, "nosplit": True}, False),
]


def beside(loop: str, ms: int = 60, **settings: Any) -> Recording:
    """One P, another goroutine (log 1) and a loop (log 2): who logs first?"""

    def other() -> Any:
        yield log(1)

    def looping(wg: WaitGroup) -> Any:
        yield work(ms=ms, loop=loop)
        yield log(2)
        yield wg.Done()

    def main() -> Any:
        wg = WaitGroup()
        yield wg.Add(1)
        yield go(other)
        yield go(looping, wg)
        yield wg.Wait()
        yield gosched()

    return run(main, gomaxprocs=1, **settings)


def stopped(rec: Recording) -> bool:
    """Whether the loop is preempted before it ends (what it calls then has a check in any case)."""
    g = rec.g_names.index("looping") + 1
    end = next(i for i, e in enumerate(rec) if e.kind == v.E_LOG and e.arg == 2)
    return any(e.kind == v.E_YIELD and e.g == g and e.arg == v.YIELD_PREEMPTED for e in list(rec)[:end])


# --- kinds of functions ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "function", "stops"), FUNCTIONS)
def test_without_the_signal_a_loop_stops_if_the_function_it_calls_begins_with_a_check(
    name: str, function: dict[str, Any], stops: bool
) -> None:
    assert stopped(beside(loop_kind(**function), asyncpreemptoff=True)) == stops


@pytest.mark.parametrize(("name", "function", "stops"), FUNCTIONS)
def test_with_the_signal_every_loop_stops(name: str, function: dict[str, Any], stops: bool) -> None:
    assert stopped(beside(loop_kind(**function)))


@pytest.mark.parametrize("kind", ["unsafe", "nosplit"])
def test_within_a_nosplit_function_and_in_the_runtime_nothing_stops_a_loop(kind: str) -> None:
    rec = beside(kind)
    assert log_order(rec) == [2, 1]
    assert {e.arg for e in rec if e.kind == v.E_SIGNAL} == {0}  # asked, each time in vain


@pytest.mark.parametrize(
    ("frame", "leaf", "check"),
    [(0, True, False), (120, True, False), (128, True, True), (0, False, True), (4096, True, True)],
)
def test_a_leaf_with_a_frame_below_128_bytes_has_no_check(frame: int, leaf: bool, check: bool) -> None:
    assert has_check(frame=frame, leaf=leaf) == check
    assert not has_check(frame=frame, leaf=leaf, nosplit=True)


@pytest.mark.parametrize("kind", LOOP_KINDS)
@pytest.mark.parametrize("name", list(VERSIONS))
def test_each_version_stops_a_loop_by_the_ways_it_has(name: str, kind: str) -> None:
    row = version(name)
    heard = (row.preempt_prologue and kind == "call") or (row.preempt_signal and kind in ("free", "leaf", "call"))
    assert stopped(beside(kind, go=name)) == heard


@pytest.mark.parametrize("name", ["1.0", "1.1", "1.2", "1.4", "1.13"])
@pytest.mark.parametrize(("what", "function", "stops"), FUNCTIONS)
def test_before_the_signal_a_loop_that_calls_small_leaves_never_stops(
    name: str, what: str, function: dict[str, Any], stops: bool
) -> None:
    assert stopped(beside(loop_kind(**function), go=name)) == (stops and version(name).preempt_prologue)


GO_KINDS = """package main

import (
	"fmt"
	"os"
)

var sink int

func inlined(i int) int { return i + 3 }

//go:noinline
func leaf(i int) int { return i*3 + 1 }

//go:noinline
func bigLeaf(i int) int {
	var a [64]int
	a[i&63] = i
	return a[(i+1)&63]
}

//go:noinline
func caller(i int) int { return leaf(i) + 1 }

//go:nosplit
//go:noinline
func nosplit(i int) int { return i*5 + 1 }

//go:nosplit
//go:noinline
func within(n int) {
	for i := 0; i < n; i++ {
		sink = sink*7 + i
	}
}

func loop(kind string) {
	const n = 150_000_000
	switch kind {
	case "inlined":
		for i := 0; i < n; i++ {
			sink += inlined(i)
		}
	case "leaf":
		for i := 0; i < n; i++ {
			sink += leaf(i)
		}
	case "big leaf":
		for i := 0; i < n/8; i++ {
			sink += bigLeaf(i)
		}
	case "caller":
		for i := 0; i < n; i++ {
			sink += caller(i)
		}
	case "nosplit":
		for i := 0; i < n; i++ {
			sink += nosplit(i)
		}
	case "within":
		within(n)
	}
}

var first int

func main() {
	done := make(chan bool)
	go func() {
		if first == 0 {
			first = 1
		}
		done <- true
	}()
	go func() {
		loop(os.Getenv("KIND"))
		if first == 0 { // without a call, which might have a check
			first = 2
		}
		done <- true
	}()
	<-done
	<-done
	fmt.Print(first)
}
"""


@pytest.mark.go
@pytest.mark.parametrize("off", [False, True])
@pytest.mark.parametrize("kind", [*(name for name, _, _ in FUNCTIONS), "within"])
def test_real_go_stops_the_same_loops(kind: str, off: bool) -> None:
    env = {"KIND": kind, "GOGC": "off"} | ({"GODEBUG": "asyncpreemptoff=1"} if off else {})
    first = golang.run_go(GO_KINDS, gomaxprocs=1, env=env).stdout
    said = {name: loop_kind(**function) for name, function, _ in FUNCTIONS} | {"within": "nosplit"}
    assert int(first) == log_order(beside(said[kind], asyncpreemptoff=off))[0]


# --- calls without a check ---------------------------------------------------------------------------------------


def looked(*ops: Any, **settings: Any) -> Any:
    seen: list[Any] = []

    def main() -> Any:
        yield from ops
        seen.append((yield stack()))

    run(main, gomaxprocs=1, **settings)
    return seen[0]


def room(**settings: Any) -> int:
    """Bytes above the guard in a stack that has not been used yet."""
    b = looked(**settings)
    return int(b.sp - b.guard)


def test_a_function_without_a_check_uses_the_room_below_the_guard() -> None:
    full = call(frame=room() - 8 - 16)  # 16 bytes are left above the guard
    assert looked(full, call(frame=200)).size == 4096
    assert looked(full, call(frame=200, nosplit=True)).size == 2048
    assert looked(full, call(frame=96, leaf=True)).size == 2048


def test_the_check_of_what_a_nosplit_function_calls_counts_from_where_that_stands() -> None:
    full = call(frame=room() - 8 - 16)
    b = looked(full, call(frame=240, nosplit=True), call(frame=0))
    assert b.size == 4096 and b.used == looked(full).used + 240 + 8 + 8


def test_nosplit_functions_that_return_leave_the_stack_as_it_was() -> None:
    ops = [call(frame=96), call(frame=96, leaf=True), call(frame=96, nosplit=True), ret(2)]
    assert looked(*ops) == looked(call(frame=96))


@pytest.mark.parametrize(
    ("frames", "fits"), [((792,), True), ((800,), False), ((384, 392), True), ((392, 400), False)]
)
def test_a_chain_of_nosplit_functions_may_use_800_bytes(frames: tuple[int, ...], fits: bool) -> None:
    ops = [call(frame=100 * 8), *(call(frame=frame, nosplit=True) for frame in frames)]
    if fits:
        assert looked(*ops).used == looked(ops[0]).used + sum(frame + 8 for frame in frames)
        return
    with pytest.raises(ConfigError, match=r"main: call\(frame\) = .* at most 800 bytes for a chain"):
        looked(*ops)


def test_a_call_with_a_check_begins_a_new_chain() -> None:
    chain = call(frame=600, nosplit=True)
    assert looked(chain, call(frame=8), chain, call(frame=8), chain).used > 1800


@pytest.mark.parametrize("make", [
    lambda: call(frame=8, leaf="yes"), lambda: call(frame=12, nosplit=True), lambda: has_check(frame=8, leaf=1),
    lambda: loop_kind(frame=-8), lambda: loop_kind(inlined=1), lambda: work(ms=1, loop="splitless"),
])  # fmt: skip
def test_a_function_that_cannot_be_is_refused(make: Any) -> None:
    with pytest.raises(ConfigError):
        make()


# --- who hears a request that is under way -----------------------------------------------------------------------


def calls_late(op: Any, **settings: Any) -> list[str]:
    """A loop without a check is asked to stop, then does op, logs, calls a function with a check: what happened."""

    def other() -> Any:
        yield log(1)

    def looping(wg: WaitGroup) -> Any:
        yield work(ms=25)
        yield op
        yield log(2)
        yield work(us=1)
        yield call(frame=8)
        yield work(us=1)
        yield wg.Done()

    def main() -> Any:
        wg = WaitGroup()
        yield wg.Add(1)
        yield go(other)
        yield go(looping, wg)
        yield wg.Wait()

    rec = run(main, gomaxprocs=1, asyncpreemptoff=True, **settings)
    g = rec.g_names.index("looping") + 1
    begin = next(i for i, e in enumerate(rec) if e.kind == v.E_PREEMPT and e.g == g)
    told = (v.E_PREEMPT, v.E_LOCK_THREAD, v.E_SYSCALL, v.E_SYSEXIT, v.E_LOG, v.E_YIELD)
    names = [e.name for e in list(rec)[begin:] if e.g == g and e.kind in told]
    return [name for i, name in enumerate(names) if names[i - 1 : i] != [name]]  # it is asked more than once


@pytest.mark.parametrize("op", [syscall(us=1), syscall(us=1, kind="raw"), lock_os_thread(), call(frame=8, leaf=True)])
def test_a_system_call_and_a_small_leaf_do_not_hear_a_request(op: Any) -> None:
    events = calls_late(op)
    inside = ["syscall", "sysexit"] if op[0] == syscall(us=1)[0] else []
    inside = ["lock_thread"] if op == lock_os_thread() else inside
    assert events == ["preempt", *inside, "log", "yield"]


def test_a_function_with_a_check_hears_a_request_where_it_is_called() -> None:
    assert calls_late(recurse(1, frame=8)) == calls_late(now()) == ["preempt", "yield", "log"]


def test_gosched_gives_the_turn_up_once_and_the_request_is_over() -> None:
    assert calls_late(gosched()) == ["preempt", "yield", "log"]


# --- Windows -----------------------------------------------------------------------------------------------------


def request_and_stop(**settings: Any) -> tuple[int, list[int]]:
    """ns from the first request to the yield that follows; the arguments of E_SIGNAL."""
    rec = beside("free", **settings)
    asked = next(e.t for e in rec if e.kind == v.E_PREEMPT)
    left = next(e.t for e in rec if e.kind == v.E_YIELD and e.t >= asked)
    assert validate(rec) == []
    return left - asked, [e.arg for e in rec if e.kind == v.E_SIGNAL]


def test_on_linux_a_loop_stops_when_the_signal_arrives_on_windows_when_it_is_let_go_on() -> None:
    costs = Config().costs
    linux, windows = request_and_stop(), request_and_stop(os="windows")
    assert (linux[0], windows[0]) == (costs.signal, costs.suspend)
    assert set(linux[1]) == set(windows[1]) == {1}


@pytest.mark.parametrize("os", SYSTEMS)
def test_asyncpreemptoff_holds_on_every_system(os: str) -> None:
    rec = beside("free", os=os, asyncpreemptoff=True)
    assert log_order(rec) == [2, 1] and not any(e.kind == v.E_SIGNAL for e in rec)


@pytest.mark.parametrize("os", SYSTEMS)
@pytest.mark.parametrize("name", ["1.13", "1.14"])
def test_no_system_preempts_a_loop_before_1_14(name: str, os: str) -> None:
    assert log_order(beside("free", go=name, os=os))[0] == (1 if name == "1.14" else 2)


def test_windows_decides_by_what_the_thread_does_when_it_is_suspended() -> None:
    """The request comes 1 us before the end of an unsafe stretch; a signal takes 2 us to arrive."""

    def looping(unsafe_ns: int) -> Any:
        yield work(ns=unsafe_ns, loop="unsafe")
        yield work(ms=5)
        yield log(2)

    def main(unsafe_ns: int) -> Any:
        yield go(looping, unsafe_ns)
        yield work(ms=40, loop="unsafe")

    def stops(os: str, unsafe_ns: int) -> tuple[int, list[int]]:
        costs = Costs(signal=2_000, usleep_jitter=0)
        rec = run(main, unsafe_ns, gomaxprocs=2, os=os, costs=costs)
        g = rec.g_names.index("looping") + 1
        asked = [e.t for e in rec if e.kind == v.E_PREEMPT and e.g == g]
        begun = next(e.t for e in rec if e.kind == v.E_EXECUTE and e.g == g)
        return asked[0] - begun, [e.arg for e in rec if e.kind == v.E_SIGNAL and e.g == g][:1]

    first = {os: stops(os, 35 * MS)[0] for os in SYSTEMS}
    assert stops("linux", first["linux"] + 1_000) == (first["linux"], [1])  # safe again when the signal arrives
    assert stops("windows", first["windows"] + 1_000) == (first["windows"], [0])  # not safe when it was looked at


def test_on_windows_a_thief_of_a_runnext_does_not_sleep_first() -> None:
    def task() -> Any:
        yield log(1)

    def main() -> Any:
        yield go(task)
        yield work(ms=2)

    recs = {os: run(main, gomaxprocs=2, os=os) for os in SYSTEMS}
    assert {os: any(e.kind == v.E_STEAL_SLEEP for e in rec) for os, rec in recs.items()} == {
        "linux": True,
        "windows": False,
    }
    assert all(v.steal_unpack(e.arg)[2] for rec in recs.values() for e in rec if e.kind == v.E_STEAL)
    assert recs["windows"].logs()[0][0] < recs["linux"].logs()[0][0] - 50_000


def test_on_windows_a_stack_begins_with_8_kb_of_which_the_system_has_4() -> None:
    b = looked(os="windows")
    assert (b.size, b.guard - b.lo) == (8192, 4096 + 928)
    assert looked(call(frame=room(os="windows") - 8 - 16), call(frame=200), os="windows").size == 16384
    assert rules("1.27", "linux") is version("1.27")


def test_the_world_is_stopped_on_windows_too_and_asked_again_where_it_must() -> None:
    def hog(loop: str) -> Any:
        yield work(ms=3, loop=loop)

    def main(loop: str) -> Any:
        yield go(hog, loop)
        yield work(ms=1)
        before = yield now()
        yield gomaxprocs(1)
        yield log(((yield now()) - before) // 1000)

    free = run(main, "free", gomaxprocs=2, os="windows")
    unsafe = run(main, "unsafe", gomaxprocs=2, os="windows")
    assert log_order(free)[0] < 100 and log_order(unsafe)[0] > 1500
    assert sum(e.kind == v.E_PREEMPT for e in free) == 1
    assert sum(e.kind == v.E_PREEMPT and e.arg == v.PREEMPT_STW for e in unsafe) > 5
    assert validate(free) == validate(unsafe) == []


@pytest.mark.parametrize("cores", [None, 2])
@pytest.mark.parametrize("name", ["1.4", "1.14", "1.25", "1.27"])
@pytest.mark.parametrize("workload", sorted(CATALOG))
def test_every_workload_runs_by_the_rules_on_windows(workload: str, name: str, cores: int | None) -> None:
    config = Config(go=name, gomaxprocs=3, until_ns=600 * MS, os="windows", cores=cores)
    rec = simulate(config, CATALOG[workload][0](), observe=lambda rt, rows: rt.check())
    assert validate(rec) == []


def test_the_sentence_about_a_suspended_thread_does_not_speak_of_a_signal() -> None:
    rec = beside("free", os="windows")
    i = next(i for i, e in enumerate(rec) if e.kind == v.E_SIGNAL)
    said = narrate(rec, i)
    assert "suspended" in said.sentence and "SIGURG" not in said.sentence and said.source == "runtime/os_windows.go"


def test_a_program_on_windows_gives_the_same_bytes_each_time() -> None:
    program = Program(lambda: (yield work(ms=30)))
    config = Config(os="windows", gomaxprocs=2)
    assert simulate(config, program).digest() == simulate(config, program).digest()
    assert simulate(config, program).digest() != simulate(Config(gomaxprocs=2), program).digest()
