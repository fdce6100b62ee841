"""Checks of section 1: who is stopped, how, and what one sees of it."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from gmp_lab import vocabulary as v
from gmp_lab.claims import runs_basic as basic
from gmp_lab.claims.check import Outcome, all_of, by_document, check, expect
from gmp_lab.claims.runs import counted, experiment, run, seen
from gmp_lab.claims.source import constant_is, in_order, source_has, source_lacks
from gmp_lab.schedtrace import schedtrace_text
from gmp_lab.workload import Body, WaitGroup, go, gomaxprocs, gosched, work

PROC: Final = "runtime/proc.go"

# --- preemption -----------------------------------------------------------------------------------------------------


@check("1-12", kind="simulation")
def who_can_be_stopped_has_changed_twice() -> Outcome:
    """How long main waits behind a loop of 60 ms, with and without calls in it, by version."""
    ms = {(old, loop): basic.waits_for_loop(old, loop) for old in _OLD for loop in _LOOPS}
    free = [old for old in _OLD if ms[old, "free"] < 30]
    call = [old for old in _OLD if ms[old, "call"] < 30]
    said = ", ".join(f"Go {old} {loop}: {x:.1f} ms" for (old, loop), x in ms.items())
    return expect(free == ["1.14"] and call == ["1.2", "1.13", "1.14"], f"behind a loop of 60 ms: {said}")


_LOOPS: Final = ("call", "free")
_OLD: Final = ("1.1", "1.2", "1.13", "1.14")
by_document("1-12")


@check("1-13", kind="experiment")
def no_check_is_in_a_loop() -> Outcome:
    """The compiler's listing of a loop without calls, and of one that calls a function with a frame."""
    seen_by = experiment("listing")
    return all_of(
        seen_by.outcome,
        expect(seen_by.real["free"] == (0,), "a loop without calls: no check in it"),
        expect(seen_by.real["calls"] == (1,), "a loop that calls a function with a frame: checked by that"),
    )


@check("1-13", kind="source")
def checks_in_loops_are_switched_off() -> Outcome:
    """The compiler's pass that would insert them."""
    place = "cmd/compile/internal/ssa/compile.go"
    return source_has(place, "passes", "disabled: !buildcfg.Experiment.PreemptibleLoops")


@check("1-14", kind="experiment")
def a_loop_can_starve_others_without_signals() -> Outcome:
    """A loop of 300 ms on the only P: how long does main wait, with and without asynchronous preemption?"""
    on, off = experiment("tight_loop"), experiment("tight_loop", 1)
    with_it, without = on.numbers("wait_over_loop")[0], off.numbers("wait_over_loop")[0]
    return all_of(
        on.outcome, off.outcome,
        expect(without > 0.9 and with_it < 0.3, f"without it {without:.2f} of the loop, with it {with_it:.3f}"),
    )  # fmt: skip


@check("1-15", kind="simulation")
def since_1_14_a_loop_without_calls_is_stopped() -> Outcome:
    """The same loop of 60 ms under the rules of 1.13 and 1.14."""
    old, new = basic.waits_for_loop("1.13", "free"), basic.waits_for_loop("1.14", "free")
    signals = counted(run(basic.beside_a_loop, 60, "free", gomaxprocs=1, go="1.14"), v.E_SIGNAL, arg=1)
    return all_of(
        expect(old >= 60 and new < 25 and signals > 0, f"1.13: {old:.1f} ms; 1.14: {new:.1f} ms, {signals} signals"),
        constant_is("runtime/os_plan9.go", "preemptMSupported", 0),
        constant_is("runtime/os_wasm.go", "preemptMSupported", 0),
        constant_is("runtime/signal_unix.go", "preemptMSupported", 1),
    )


@check("1-16", kind="experiment")
def a_slice_lasts_10_ms_or_somewhat_longer() -> Outcome:
    """Three loops take turns on one P: how long are their turns?"""
    seen_by = experiment("turns")
    least = min(seen_by.numbers("turn_10ms")) * 10
    return all_of(
        seen_by.outcome, expect(least >= 9, f"shortest turn {least:.1f} ms"),
        constant_is(PROC, "forcePreemptNS", 10 * basic.MS),
    )  # fmt: skip


@check("1-17", kind="experiment")
def the_signal_is_sigurg() -> Outcome:
    """Signals of a program with loops that compute for 400 ms on two Ps."""
    on, off = experiment("signals"), experiment("signals", 1)
    return all_of(
        on.outcome, off.outcome, source_has("runtime/signal_unix.go", "sigPreempt", "_SIGURG"),
        source_has("runtime/signal_unix.go", "preemptM", "signalM(mp, sigPreempt)"),
    )  # fmt: skip


@check("1-18", kind="source")
def on_windows_a_thread_is_suspended() -> Outcome:
    """preemptM of Windows: no signal and no interrupt."""
    windows = "runtime/os_windows.go"
    return all_of(
        in_order(windows, "preemptM", "_SuspendThread", "_GetThreadContext", "asyncPreempt", "_SetThreadContext",
                 "_ResumeThread"),
        source_lacks("sigPreempt", windows), source_lacks("signalM", windows),
    )  # fmt: skip


@check("1-19", kind="source")
def the_handler_only_changes_the_context() -> Outcome:
    """doSigPreempt makes the thread call asyncPreempt; gopreempt_m comes later, on g0."""
    signals = "runtime/signal_unix.go"
    return all_of(
        source_has(signals, "doSigPreempt", "ctxt.pushCall(abi.FuncPCABI0(asyncPreempt), newpc)"),
        source_lacks("gopreempt_m", signals),
        in_order("runtime/preempt.go", "asyncPreempt2", "mcall(", "gopreempt_m(gp)"),
    )


def _a_stop_of_the_world() -> Body:
    """Main changes GOMAXPROCS while a loop computes on the other P."""
    yield go(basic.spin, 5)
    yield work(us=200)
    yield gomaxprocs(3)
    yield work(us=200)


@check("1-20", kind="simulation")
def a_preempted_goroutine_goes_to_the_global_tail_and_the_thread_keeps_its_p() -> Outcome:
    """After a slice, and for a stop of the world (since 1.26 into runnext)."""
    rec = run(basic.beside_a_loop, 60, "free", gomaxprocs=1)
    stopped = seen(rec, v.E_YIELD, arg=v.YIELD_PREEMPTED)[0]
    state = next(s for e, s in basic.states(rec) if e == stopped)
    last, p = state.runq[-1], state.ms[stopped.m].p
    runs = {of: run(_a_stop_of_the_world, gomaxprocs=2, go=of) for of in ("1.25", "1.27")}
    world = {of: basic.words(one, v.E_YIELD, v.YIELD_NAMES) for of, one in runs.items()}
    return expect(
        last == stopped.g and p == stopped.p and v.YIELD_NAMES[v.YIELD_STW] in world["1.27"]
        and v.YIELD_NAMES[v.YIELD_STW] not in world["1.25"] and world["1.25"],
        f"G {stopped.g} is last in the global queue, thread {stopped.m} still has P {p}; "
        f"for a stop of the world, 1.25: {world['1.25']}, 1.27: {world['1.27']}",
    )  # fmt: skip


# --- what one sees --------------------------------------------------------------------------------------------------


@check("1-21", kind="simulation")
def schedtrace_counts_in_milliseconds() -> Outcome:
    """schedtrace=1000 in a run of 3.5 s."""
    lines = schedtrace_text(basic.traced()).splitlines()
    at = [int(line.split()[1].removesuffix("ms:")) for line in lines]
    gaps = [b - a for a, b in pairwise(at)]
    return all_of(
        expect(len(at) == 4 and all(1000 <= gap < 1020 for gap in gaps), f"lines at {', '.join(map(str, at))} ms"),
        source_has(PROC, "sysmon", "lasttrace+int64(debug.schedtrace)*1000000 <= now"),
    )


_FIELDS: Final = ("gomaxprocs=", "idleprocs=", "threads=", "spinningthreads=", "needspinning=", "idlethreads=",
                 "runqueue=", "schedticks=")  # fmt: skip


@check("1-22", kind="simulation")
def schedtrace_has_no_gc_and_no_preempt() -> Outcome:
    """The fields of a line."""
    line = schedtrace_text(basic.traced()).splitlines()[0]
    missing = [name for name in _FIELDS if name not in line]
    wrong = [word for word in ("gc", "preempt", "idle=", "Goroutines") if word in line]
    return all_of(
        expect(not missing and not wrong, f"{line!r}"),
        source_has(PROC, "schedtrace", 'if detailed { print(" gcwaiting="'),
        source_lacks("preempt", PROC, "schedtrace"), source_has(PROC, "schedtrace", "schedticks=[ "),
    )  # fmt: skip


@check("1-23", "1-28", kind="simulation")
def gosched_puts_the_caller_at_the_global_tail() -> Outcome:
    """A goroutine that calls Gosched three times beside a task; one that does not is not stepped aside."""

    rec = run(_steps_aside, gomaxprocs=1)
    aside = seen(rec, v.E_YIELD)
    parked = counted(rec, v.E_PARK, g=1)
    from_global = sum(counted(rec, v.E_EXECUTE, g=1, arg=source) for source in (v.SRC_GLOBAL, v.SRC_GLOBAL61))
    return all_of(
        expect(
            [e.g for e in aside] == [1, 1, 1] and from_global == 3 and parked == 0,
            f"{len(aside)} times aside, all by the goroutine that called it; {from_global} times back out of the "
            f"global queue, {parked} times parked",
        ),
        source_has(PROC, "goschedImpl", "globrunqput(gp)"), source_has(PROC, "Gosched", "mcall(gosched_m)"),
    )  # fmt: skip


def _steps_aside() -> Body:
    wg = WaitGroup()
    yield wg.Add(2)
    for i in range(2):
        yield go(basic.task, i, wg, 100)
    for _ in range(3):
        yield gosched()


@check("1-24", kind="experiment")
def not_every_call_is_checked() -> Outcome:
    """The compiler's listing: a loop that calls a leaf has no check, one that calls a larger function has."""
    seen_by = experiment("listing")
    leaf, call = seen_by.numbers("leafs")[0], seen_by.numbers("calls")[0]
    return all_of(
        seen_by.outcome,
        expect((leaf, call) == (0, 1), f"checked functions in the loop: {leaf:g} with a leaf, {call:g} with a frame"),
        source_has(PROC, "preemptone", "gp.stackguard0 = stackPreempt"),
    )


@check("1-25", kind="simulation")
def a_request_without_a_check_is_not_heard() -> Outcome:
    """asyncpreemptoff: a request is written into a loop without calls and one with calls. Who stops?"""
    ms = {loop: basic.waits_for_loop("1.27", loop, off=True) for loop in _LOOPS}
    rec = run(basic.beside_a_loop, 60, "free", gomaxprocs=1, asyncpreemptoff=True)
    asked = counted(rec, v.E_PREEMPT)
    return expect(
        asked > 0 and ms["free"] >= 60 and ms["call"] < 25,
        f"asked {asked} times; main waits {ms['free']:.1f} ms for the loop without calls, "
        f"{ms['call']:.1f} ms for the one that has to reach a call",
    )


@check("1-27", kind="experiment")
def nothing_is_inserted_into_an_endless_loop() -> Outcome:
    """A loop without calls: no check in its code, it runs to its end without signals and is stopped with them."""
    code, on, off = experiment("listing"), experiment("tight_loop"), experiment("tight_loop", 1)
    return all_of(
        code.outcome, on.outcome, off.outcome, expect(code.real["free"] == (0,), "no check in the loop's code"),
        expect(off.numbers("wait_over_loop")[0] > 0.9, "without signals it runs to its end"),
    )  # fmt: skip


@check("1-28", kind="source")
def gosched_is_an_ordinary_function() -> Outcome:
    """A goroutine has to call it."""
    return all_of(source_has(PROC, "Gosched"), source_lacks("Gosched", PROC, "sysmon"))


