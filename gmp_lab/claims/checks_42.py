"""Checks of section 4.2: SIGURG as Go uses it, and what it is not."""

from __future__ import annotations

from gmp_lab.claims.check import Outcome, all_of, by_document, check, expect
from gmp_lab.claims.runs import experiment
from gmp_lab.claims.runs_preempt import asked, delays, wait
from gmp_lab.claims.source import in_order, source_has
from gmp_lab.claims.words import agreed, none_of
from gmp_lab.gocell import call_path

UNIX, PREEMPT, WINDOWS = "runtime/signal_unix.go", "runtime/preempt.go", "runtime/os_windows.go"


@check("4.2-01", kind="source")
def the_preemption_signal_is_sigurg() -> Outcome:
    sends = in_order(UNIX, "preemptM", "signalM(mp, sigPreempt)")
    return all_of(source_has(UNIX, "sigPreempt", "_SIGURG"), sends)


@check("4.2-01", "4.2-06", kind="experiment")
def signals_come_with_async_preemption_and_go_with_it() -> Outcome:
    on, off = experiment("signals"), experiment("signals", 1)
    rates = [float(seen.real["signals_10ms"][0]) for seen in (on, off)]
    said = f"real Go: {rates[0]:.2f} SIGURG in 10 ms of computing, with asyncpreemptoff=1 {rates[1]:.0f}"
    return agreed(expect(rates[0] > 0 == rates[1], said), on, off)


@check("4.2-02", "4.2-11", kind="experiment")
def one_thread_of_the_program_sends_them_all() -> Outcome:
    seen = experiment("sent")
    senders, turns = (float(seen.real[key][0]) for key in ("senders", "sent_for_a_turn"))
    said = f"strace: {turns:.2f} tgkill(SIGURG) in 10 ms, all from {senders:.0f} thread of it, without a socket"
    return agreed(expect(senders == 1 and turns > 0, said), seen)


@check("4.2-02", kind="source")
def go_chose_it_because_nobody_uses_urgent_data() -> Outcome:
    return source_has(UNIX, "sigPreempt", "out-of-band data is basically unused")


by_document("4.2-02")


@check("4.2-03", kind="simulation")
def the_signal_makes_the_goroutine_leave_its_p() -> Outcome:
    on, off = wait(), wait(off=True)
    stops = [one.by.get("signal", 0) for one in (on, off)]
    return expect(stops[0] > 0 == stops[1], f"signals stopped the loop {stops[0]} times, if off, {stops[1]} times")


@check("4.2-03", "4.2-12", kind="source")
def the_handler_injects_a_call_and_returns() -> Outcome:
    inject = in_order(UNIX, "doSigPreempt", "isAsyncSafePoint", "ctxt.pushCall(abi.FuncPCABI0(asyncPreempt), newpc)")
    return all_of(inject, none_of("schedule", "gopreempt_m", "mcall", where=UNIX, symbol="doSigPreempt"))


@check("4.2-04", kind="experiment")
def a_setting_of_the_runtime_turns_it_off_on_the_same_kernel() -> Outcome:
    on, off = experiment("tight_loop"), experiment("tight_loop", 1)
    shares = [float(seen.real["wait_over_loop"][0]) for seen in (on, off)]
    said = f"real Go on one kernel: another waits {shares[0]:.1%} of a loop, or {shares[1]:.0%} if GODEBUG says so"
    return agreed(expect(shares[0] < 0.3 and shares[1] > 0.9, said), on, off)


@check("4.2-04", "4.2-14", kind="source")
def the_chain_is_the_runtime_s_own() -> Outcome:
    opening = source_has(PREEMPT, text="stop a goroutine at an async safe-point using a signal")
    return all_of(opening, none_of("__schedule", "preempt_schedule", "task_struct", "PREEMPT_RT"))


by_document("4.2-05")


@check("4.2-05", kind="source")
def the_runtime_knows_nothing_of_that_kernel_option() -> Outcome:
    return none_of("PREEMPT_RT", "CONFIG_PREEMPT_RT", "SCHED_FIFO", "SCHED_RR")


@check("4.2-06", kind="source")
def only_windows_does_it_without_a_signal() -> Outcome:
    steps = ("_SuspendThread", "isAsyncSafePoint", "_SetThreadContext", "_ResumeThread")
    suspend = in_order(WINDOWS, "preemptM", *steps)
    return all_of(in_order(UNIX, "preemptM", "signalM(mp, sigPreempt)"), suspend)


@check("4.2-07", kind="experiment")
def gdb_stops_at_the_signal_when_told_to() -> Outcome:
    seen = experiment("debugger")
    stop, shown, passed = map(str, seen.real["default"])
    said = f"gdb was stopped by {seen.real['stopped_by'][0]}; its default: stop {stop}, print {shown}, pass {passed}"
    return agreed(expect((stop, shown, passed) == ("No", "No", "Yes"), said), seen)


@check("4.2-07", kind="source")
def go_chose_it_because_debuggers_pass_it() -> Outcome:
    return source_has(UNIX, "sigPreempt", "passed-through by debuggers")


@check("4.2-08", kind="experiment")
def gdb_refuses_a_pipe_without_the_command_pipe() -> Outcome:
    seen = experiment("debugger")
    refused = " ".join(map(str, seen.real["info_with_grep"]))
    piped = len(seen.real["interrupts_on"])
    said = f'gdb: "info registers | grep rip" gives "{refused}"; "pipe info registers | grep" worked {piped} times'
    return agreed(expect("Invalid register" in refused and piped > 0, said), seen)


@check("4.2-09", kind="experiment")
def the_interrupt_flag_is_always_set() -> Outcome:
    seen = experiment("debugger")
    flags = seen.real["interrupts_on"]
    said = f"gdb: IF was set at {flags.count('yes')} of {len(flags)} stops"
    return agreed(expect(len(flags) > 1 and set(flags) == {"yes"}, f"{said}, so it tells nothing"), seen)


@check("4.2-09", "4.2-10", kind="experiment")
def a_backtrace_and_a_trace_tell() -> Outcome:
    seen = experiment("caught")
    said = f"gdb: {seen.real['stopped'][0]} is in asyncPreempt2, sent there by {seen.real['preemptM_called_by'][-1]}"
    return agreed(expect(seen.real["stopped"] == ("main.main",), said), seen)


@check("4.2-10", kind="source")
def an_execution_trace_has_a_reason_for_it() -> Outcome:
    return source_has("runtime/traceruntime.go", text='traceGoStopPreempted: "preempted"')


@check("4.2-10", kind="experiment")
def strace_shows_every_signal() -> Outcome:
    seen = experiment("sent")
    share = float(seen.real["came_of_sent"][0])
    return agreed(expect(share > 0.9, f"strace saw {share:.0%} of the signals that were sent arrive"), seen)


@check("4.2-12", kind="simulation")
def the_goroutine_goes_to_the_queue_and_not_to_the_kernel() -> Outcome:
    seen = asked()
    path = call_path("asyncPreempt2", "goschedImpl")
    said = f"{seen.signals} signals; {' -> '.join(path)}"
    return expect(seen.signals > 0 and path[-1] == "goschedImpl", said)


@check("4.2-13", kind="simulation")
def the_delay_depends_on_where_the_goroutine_is() -> Outcome:
    safe, partly = delays(0), delays(50)
    said = f"from request to stop {safe[0]:.1f} to {safe[-1]:.1f} us in plain loops, {partly[0]:.1f} us to "
    said += f"{partly[-1] / 1000:.0f} ms where half of the time is no safe point; the article measures nothing"
    return expect(safe[-1] < 10 and partly[-1] > 100 * safe[-1], said)


@check("4.2-14", kind="simulation")
def from_sysmon_to_gosched_impl() -> Outcome:
    there, back = call_path("sysmon", "preemptM"), call_path("doSigPreempt", "goschedImpl")
    said = " -> ".join([*there, "tgkill", *back])
    return expect(there[-2:] == ("preemptone", "preemptM") and "asyncPreempt2" in back, said)
