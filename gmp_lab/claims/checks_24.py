"""Checks of section 2.4: how G, M and P change state together, and what the execution trace shows of it."""

from __future__ import annotations

from typing import Final

from gmp_lab import vocabulary as v
from gmp_lab.claims import runs_basic as basic
from gmp_lab.claims import runs_stack as stacks
from gmp_lab.claims.check import Outcome, all_of, by_document, check, expect
from gmp_lab.claims.runs import counted, run, seen
from gmp_lab.claims.source import compiles, constant_is, declared_names, in_order, source_has, source_lacks
from gmp_lab.claims.words import none_of
from gmp_lab.replay import state_after

PROC: Final = "runtime/proc.go"
RUNTIME2: Final = "runtime/runtime2.go"
EVENTS: Final = "internal/trace/tracev2/events.go"
REASONS: Final = "runtime/traceruntime.go"

# --- states ---------------------------------------------------------------------------------------------------------


@check("2.4-01", kind="source")
def only_g_and_p_have_a_status() -> Outcome:
    """The fields of the three types."""
    return all_of(
        source_has(RUNTIME2, "g.atomicstatus"), source_has(RUNTIME2, "p.status", "uint32"),
        none_of("status", "atomicstatus", where=RUNTIME2, symbol="m"),
    )  # fmt: skip


@check("2.4-02", "2.4-14", kind="simulation")
def a_new_goroutine_is_runnable_in_runnext_of_its_maker_s_p() -> Outcome:
    """The state right after each creation, in a run of twenty."""
    rec = run(basic.start, 20, gomaxprocs=2)
    made = [
        s.gs[e.g].status == 1 and s.ps[e.p].runnext == e.g
        for e, s in basic.states(rec) if e.kind == v.E_GO_CREATE and e.arg > 0
    ]  # fmt: skip
    right = sum(made)
    return all_of(
        expect(right == len(made) == 20, f"{right} of {len(made)} are runnable, in runnext of the P that made them"),
        source_has(PROC, "newproc1", "trace.GoCreate("), source_has(EVENTS, "EvGoCreateBlocked"),
    )  # fmt: skip


@check("2.4-03", kind="simulation")
def parking_leads_to_waiting_and_a_call_to_syscall() -> Outcome:
    """The status after each park, and after each entry into a system call, in a mix."""
    rec = basic.mix()
    after: dict[int, set[int]] = {v.E_PARK: set(), v.E_SYSCALL: set()}
    for e, state in basic.states(rec):
        if e.kind in after:
            after[e.kind].add(state.gs[e.g].status)
    return all_of(
        expect(
            after == {v.E_PARK: {4}, v.E_SYSCALL: {3}},
            f"{counted(rec, v.E_PARK)} parks, all to waiting; {counted(rec, v.E_SYSCALL)} calls, all to syscall",
        ),
        source_has(PROC, "park_m", "casgstatus(gp, _Grunning, _Gwaiting)"),
        none_of("_Gsyscall", where=PROC, symbol="park_m"), none_of("_Gsyscall", where=PROC, symbol="gopark"),
        source_has(PROC, "reentersyscall", "_Gsyscall"),
    )  # fmt: skip


@check("2.4-04", kind="simulation")
def a_goroutine_that_parks_leaves_its_p_to_its_thread() -> Outcome:
    """A pair on one P that meets over channels: does the thread ever lose its P?"""
    rec = run(basic.pair, 20, gomaxprocs=1)
    kept = [s.ms[e.m].p == e.p for e, s in basic.states(rec) if e.kind == v.E_PARK]
    lost = counted(rec, v.E_RELEASE_P, v.E_RETAKE, v.E_HANDOFF)
    return all_of(
        expect(len(kept) > 30 and all(kept) and lost == 0, f"{len(kept)} parks; the P was given away {lost} times"),
        none_of("releasep", "handoffp", where=PROC, symbol="park_m"),
        in_order(PROC, "park_m", "dropg()", "schedule()"),
    )  # fmt: skip


@check("2.4-05", "2.4-18", kind="simulation")
def who_wakes_a_goroutine_and_who_picks_it_are_two() -> Outcome:
    """A goroutine that waits on a channel: who makes it runnable, and what does schedule pick?"""
    rec = run(basic.pair, 20, gomaxprocs=1)
    woken = seen(rec, v.E_READY)
    by_others = sum(e.arg > 0 and e.arg != e.g for e in woken)
    before = {state_after(rec, i).gs[rec.g[i]].status for i in range(len(rec)) if rec.kind[i] == v.E_EXECUTE}
    net = stacks.ways().runnable["netpoll"]
    return all_of(
        expect(
            len(woken) > 30 and by_others == len(woken) and before == {1} and net > 0,
            f"{by_others} of {len(woken)} were woken by their partner, {net} by netpoll; "
            "every goroutine that was picked was runnable already",
        ),
        source_has(PROC, "ready", "casgstatus(gp, _Gwaiting, _Grunnable)"),
        none_of("_Gwaiting", "goready", where=PROC, symbol="schedule"),
    )


@check("2.4-17", kind="simulation")
def a_new_goroutine_goes_to_its_maker_s_p_whether_one_is_idle_or_not() -> Outcome:
    """Twenty goroutines made on one P and on four: where do they go, and who is started?"""
    counts = {}
    for procs in (1, 4):
        rec = run(basic.start, 20, gomaxprocs=procs)
        made = [e for e in seen(rec, v.E_GO_CREATE) if e.arg > 0]
        own = sum(s.ps[e.p].runnext == e.g for e, s in basic.states(rec) if e in made)
        counts[procs] = (own, counted(rec, v.E_OVERFLOW), counted(rec, v.E_M_START))
    return all_of(
        expect(
            counts[1] == (20, 0, 0) and counts[4][:2] == (20, 0) and counts[4][2] > 0,
            f"one P: {counts[1][0]} of 20 to the own runnext; four: {counts[4][0]}, and {counts[4][2]} threads "
            "started to steal; none to the global queue",
        ),
        in_order(PROC, "newproc", "runqput(pp, newg, true)", "wakep()"),
        none_of("globrunqput", "pidleget", where=PROC, symbol="newproc"),
    )


# --- the trace ------------------------------------------------------------------------------------------------------


@check("2.4-06", kind="source")
def go_tool_trace_serves_a_timeline() -> Outcome:
    """The tool, and the interface of programs to the tracer."""
    return all_of(
        source_has("cmd/trace/main.go", text='mux.Handle("/trace", traceviewer.TraceHandler())'),
        source_has("runtime/trace/trace.go", "Start"),
        source_has("runtime/trace/flightrecorder.go", "FlightRecorder"),
    )  # fmt: skip


by_document("2.4-06")


@check("2.4-07", "2.4-15", kind="source")
def blocking_is_an_event_with_a_reason() -> Outcome:
    """GoBlock, its arguments, and the words for channels."""
    return all_of(
        source_has(EVENTS, "specs", 'EvGoBlock: { Name: "GoBlock", Args: []string{"dt", "reason_string", "stack"}'),
        source_has(REASONS, "traceBlockReasonStrings", 'traceBlockChanSend: "chan send"'),
        source_has(REASONS, "traceBlockReasonStrings", 'traceBlockChanRecv: "chan receive"'),
        none_of("EvGoBlockSend", "traceEvGoBlockSend", where=EVENTS),
        source_has("runtime/trace.go", "traceEvGoBlockSend", go="1.19"),
    )  # fmt: skip


@check("2.4-07", kind="simulation")
def a_run_tells_what_each_goroutine_waits_for() -> Outcome:
    """The reasons of all parks in a mix."""
    reasons = basic.words(basic.mix(), v.E_PARK, v.WAIT_REASONS)
    said = ", ".join(f"{name}: {n}" for name, n in reasons.items())
    return expect(reasons["chan send"] > 0 and reasons["chan receive"] > 0, said)


@check("2.4-08", kind="source")
def there_is_no_msleep() -> Outcome:
    """In the runtime, and in the tracer."""
    return all_of(none_of("_Msleep", "Msleep"), none_of("_Msleep", "Msleep", where="internal/trace"),
                  none_of("_Msleep", "Msleep", where="internal/trace/tracev2"))  # fmt: skip


@check("2.4-09", kind="source")
def no_event_tells_of_polling_a_queue() -> Outcome:
    """All events of the tracer, by name."""
    names, outcome = declared_names(EVENTS, r"^\t(Ev\w+)")
    wrong = [name for name in names if any(word in name for word in ("Queue", "Poll", "Find", "Runq"))]
    if outcome.holds is None:
        return outcome
    return all_of(
        expect(len(names) > 40 and not wrong, f"{len(names)} kinds of event, none of a queue or of looking for work"),
        source_has(EVENTS, "EvProcStop"),
    )


_SNIPPET: Final = """package main

{imports}
func main() {{
	f, _ := os.Create(os.DevNull)
	defer f.Close()
	trace.Start(f)
	defer trace.Stop()
}}
"""


@check("2.4-10", kind="source")
def the_program_needs_os_and_runtime_trace() -> Outcome:
    """The article's program without the imports it lacks, and with them alone."""
    wrong = compiles(_SNIPPET.format(imports=""))
    right = compiles(_SNIPPET.format(imports='import (\n\t"os"\n\t"runtime/trace"\n)\n'))
    if wrong is None or right is None:
        return source_has("runtime/trace/trace.go", "Start")
    return all_of(
        expect("undefined: os" in wrong and "undefined: trace" in wrong, "as shown: undefined: os, undefined: trace"),
        expect(right == "", "with os and runtime/trace it compiles, without net/http/pprof"),
        source_has("runtime/trace/trace.go", "Start"),
    )


@check("2.4-11", kind="source")
def trace_points_are_compiled_in() -> Outcome:
    """Where the points are, and what Start does."""
    return all_of(
        source_has(REASONS, "traceAcquire", "if !traceEnabled()"), source_has(PROC, "execute", "traceAcquire()"),
        source_has(PROC, "park_m", "traceAcquire()"),
        source_has("runtime/trace.go", "StartTrace", "stopTheWorld(stwStartTrace)"),
        none_of("hook", "hooks", where="runtime/trace.go", symbol="StartTrace"),
    )  # fmt: skip


@check("2.4-12", kind="source")
def there_are_events_for_goroutines_and_for_ps() -> Outcome:
    """The events of the tracer, by name."""
    names = ("EvGoCreate", "EvGoBlock", "EvGoUnblock", "EvProcStart", "EvProcStop", "EvProcSteal")
    return all_of(
        *(source_has(EVENTS, name) for name in names), source_has(EVENTS, text="start of per-M batch of events"),
    )  # fmt: skip


@check("2.4-13", kind="source")
def the_unit_is_64_ns_and_most_events_name_no_goroutine() -> Outcome:
    """The clock's unit, and the arguments of an event."""
    block = '"GoBlock", Args: []string{"dt", "reason_string", "stack"}'
    return all_of(
        constant_is("runtime/tracetime.go", "traceTimeDiv", 64), source_has(EVENTS, "specs", block),
        source_has(EVENTS, text="EvGoBlock // goroutine blocks [timestamp, reason, stack ID]"),
    )  # fmt: skip


@check("2.4-16", kind="source")
def a_system_call_has_a_beginning_and_an_end() -> Outcome:
    """The events of today, and the old one."""
    return all_of(
        *(source_has(EVENTS, name) for name in ("EvGoSyscallBegin", "EvGoSyscallEnd", "EvGoSyscallEndBlocked")),
        none_of("EvGoSysCall", "traceEvGoSysCall", where=EVENTS), source_lacks("traceEvGoSysCall"),
        source_has("runtime/trace.go", "traceEvGoSysCall", go="1.19"),
    )  # fmt: skip


by_document("2.4-16")
