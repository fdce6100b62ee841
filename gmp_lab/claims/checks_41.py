"""Checks of section 4.1: who asks a goroutine to stop, and where it hears that."""

from __future__ import annotations

from gmp_lab import vocabulary as v
from gmp_lab.claims.check import Outcome, all_of, check, expect
from gmp_lab.claims.runs import Both, experiment
from gmp_lab.claims.runs_preempt import asked, pending_call, short_goroutines, sysmon_sleeps, wait
from gmp_lab.claims.source import file_lacks, in_order, source_has, source_lacks
from gmp_lab.claims.words import agreed, none_of, shown
from gmp_lab.gocell import call_path

PROC, PREEMPT, STACK, ASM = "runtime/proc.go", "runtime/preempt.go", "runtime/stack.go", "runtime/asm_amd64.s"
CALL = "syscall/syscall_linux.go"
WHY = ("the slice", "a stop of the world", "a stack scan", "a safe-point function", "mark work")  # PREEMPT_*
# the points of the experiment "triggers": kind of loop, asyncpreemptoff, cut in two by a system call
FREE, LEAF, CALLS, FREE_OFF, LEAF_OFF, CALLS_OFF, CUT_FREE, CUT_LEAF = range(8)


def _real(point: int) -> tuple[Both, float]:
    """The experiment on where a request is noticed, and the real wait as a share of the loop."""
    seen = experiment("triggers", point)
    return seen, float(seen.real["wait_over_loop"][0])


@check("4.1-01", kind="simulation")
def requests_come_from_sysmon_stops_and_safe_points() -> Outcome:
    seen = asked()
    told = ", ".join(f"{WHY[why]} {n}" for why, n in sorted(seen.reasons.items()))
    so = {v.PREEMPT_SLICE, v.PREEMPT_STW} <= seen.reasons.keys() and seen.retaken > 0
    return expect(so, f"requests to stop came from: {told}; Ps taken from system calls, without one: {seen.retaken}")


@check("4.1-01", kind="source")
def three_kinds_of_safe_points_and_no_loop_detection() -> Outcome:
    kinds = ("A blocked safe-point", "Synchronous safe-points", "Asynchronous safe-points")
    return all_of(*(source_has(PREEMPT, text=kind) for kind in kinds), none_of("loopDetect", "detectLoop"))


@check("4.1-02", "4.1-18", kind="experiment")
def gdb_sees_sysmon_ask() -> Outcome:
    seen = experiment("caught")
    callers = seen.real["preemptM_called_by"]
    told = " of ".join(map(str, callers))
    return agreed(expect(callers[-1] == "sysmon", f"gdb: preemptM is called by {told}, its own thread"), seen)


@check("4.1-02", kind="simulation")
def sysmon_s_rounds_set_the_pace_and_no_timer_does() -> Outcome:
    waited = wait().waited
    sleeps = sysmon_sleeps()
    said = f"a loop ran for {waited:.1f} ms, to a round of sysmon, which sleeps {sleeps[0]} to {sleeps[-1]:,} us"
    return expect(waited > 10 and sleeps[-1] == 10_000, said)


@check("4.1-03", kind="simulation")
def since_1_14_a_loop_without_check_points_is_stopped() -> Outcome:
    old, new = wait("1.13"), wait("1.14")
    said = f"a loop of 100 ms without calls: another waits {old.waited:.0f} ms in Go 1.13, {new.waited:.1f} in 1.14"
    return expect(old.share > 0.99 and new.share < 0.3, said)


@check("4.1-03", kind="simulation")
def check_points_work_in_both() -> Outcome:
    old = wait("1.13", "call")
    said = f"a loop that calls functions makes it wait {old.waited:.1f} ms in Go 1.13, stopped by a {_how(old.by)}"
    return expect(old.share < 0.3 and set(old.by) == {"check"}, said)


def _how(by: dict[str, int]) -> str:
    return " and ".join(by)


@check("4.1-04", kind="simulation")
def preempted_goroutines_do_not_park() -> Outcome:
    seen = asked()
    stopped = seen.yields.get(v.YIELD_PREEMPTED, 0) + seen.yields.get(v.YIELD_STW, 0)
    said = f"goroutines were preempted {stopped} times; {seen.parked} of them parked"
    return expect(stopped > 0 and seen.parked == 0, said)


@check("4.1-04", kind="source")
def the_chain_does_not_go_through_gopark() -> Outcome:
    lacks = [source_lacks("gopark", PROC, name) for name in ("preemptone", "gopreempt_m", "goschedImpl")]
    calls = [in_order(STACK, "newstack", "gopreempt_m(gp)"), in_order(PROC, "gopreempt_m", "goschedImpl")]
    return all_of(*lacks, *calls)


@check("4.1-05", kind="source")
def the_prologue_s_slow_path_sees_the_request() -> Outcome:
    entry = in_order(ASM, "morestack_noctxt", "JMP runtime·morestack")
    return all_of(entry, in_order(STACK, "newstack", "stackguard0", "== stackPreempt", "gopreempt_m(gp)"))


@check("4.1-06", "4.1-12", kind="source")
def a_system_call_enters_calls_and_exits() -> Outcome:
    steps = in_order(CALL, "Syscall", "runtime_entersyscall()", "RawSyscall6(", "runtime_exitsyscall()")
    return all_of(steps, none_of("schedule", "preempt", "preemptoff", "gosched_m", where=CALL, symbol="Syscall"))


@check("4.1-07", kind="source")
def the_runtime_has_no_such_file() -> Outcome:
    return all_of(file_lacks("runtime/syscall_unix.go"), source_has(CALL, "Syscall"))


@check("4.1-08", kind="source")
def preemptoff_is_a_string() -> Outcome:
    return source_has("runtime/runtime2.go", "m.preemptoff", "preemptoff string")


@check("4.1-09", kind="source")
def gosched_m_is_for_gosched_and_gopreempt_m_for_preemption() -> Outcome:
    own = in_order(PROC, "gosched_m", "goschedImpl(gp, false)")
    return all_of(own, in_order(PROC, "gopreempt_m", "goschedImpl(gp, true)"), source_lacks("gosched_m", STACK))


@check("4.1-09", kind="simulation")
def traces_tell_the_two_apart() -> Outcome:
    yields = asked().yields
    said = f'in one run {yields.get(v.YIELD_GOSCHED, 0)} goroutines left for "runtime.Gosched", '
    said += f'{yields.get(v.YIELD_PREEMPTED, 0)} for "preempted"'
    return expect({v.YIELD_GOSCHED, v.YIELD_PREEMPTED} <= yields.keys(), said)


@check("4.1-10", kind="simulation")
def a_pending_request_does_not_stop_a_system_call() -> Outcome:
    seen = pending_call()
    said = f"asked at {seen.asked:.1f} ms, it made its system call at {seen.call:.3f} ms, was back at {seen.back:.3f}"
    return expect(seen.asked < seen.call < seen.back < seen.other and not seen.left_before, f"{said}, on its P")


@check("4.1-10", "4.1-12", kind="experiment")
def a_real_system_call_does_not_stop_a_loop() -> Outcome:
    both, share = _real(CUT_FREE)
    return agreed(expect(share > 0.9, f"real Go: the other one waited {share:.0%} of it, past a system call"), both)


@check("4.1-10", kind="source")
def the_way_back_restores_a_pending_request() -> Outcome:
    return all_of(
        in_order(PROC, "exitsyscall", "if gp.preempt {", "gp.stackguard0 = stackPreempt"),
        none_of("gp.preempt", "preemptPark", "gopreempt_m", "schedule", where=PROC, symbol="reentersyscall"),
    )


@check("4.1-11", kind="simulation")
def no_signal_comes_that_was_not_asked_for_before() -> Outcome:
    seen = asked()
    said = f"{seen.signals} signals, {seen.unasked} of them without a request before"
    return expect(seen.signals > 0 and seen.unasked == 0, said)


@check("4.1-11", kind="source")
def the_request_is_set_before_the_signal_is_sent() -> Outcome:
    sets = in_order(PROC, "preemptone", "gp.preempt = true", "gp.stackguard0 = stackPreempt", "preemptM(mp)")
    lacks = source_lacks("gp.preempt = true", "runtime/signal_unix.go", "doSigPreempt")
    return all_of(sets, lacks, in_order(PREEMPT, "wantAsyncPreempt", "gp.preempt ||"))


@check("4.1-13", kind="simulation")
def the_prologue_stops_a_loop_whose_stack_does_not_grow() -> Outcome:
    seen = wait(kind="call", off=True)
    checks = seen.by.get("check", 0)
    said = f"the check stopped a loop that calls functions {checks} times; its stack grew {seen.grown} times"
    return expect(checks > 0 and seen.grown == 0, said)


@check("4.1-13", kind="experiment")
def so_it_is_in_real_go_without_signals() -> Outcome:
    both, share = _real(CALLS_OFF)
    return agreed(expect(share < 0.3, f"real Go without signals: it waited {share:.1%} of a loop with calls"), both)


@check("4.1-14", kind="simulation")
def without_a_prologue_only_the_signal_helps_and_nosplit_shuns_that_too() -> Outcome:
    leaf, off, marked = wait(kind="leaf"), wait(kind="leaf", off=True), wait(kind="nosplit")
    said = f"the other waits {leaf.waited:.1f} ms for a loop of leaf calls, {off.waited:.0f} ms without signals, "
    said += f"and {marked.waited:.0f} ms for one in a nosplit function"
    return expect(leaf.share < 0.3 and off.share > 0.99 and marked.share > 0.99, said)


@check("4.1-14", kind="experiment")
def a_real_leaf_has_no_check() -> Outcome:
    (with_, signal), (without, none) = _real(LEAF), _real(LEAF_OFF)
    said = f"real Go: it waited {signal:.1%} of a loop of leaf calls with signals, {none:.0%} without"
    return agreed(expect(signal < 0.3 and none > 0.9, said), with_, without)


@check("4.1-14", kind="source")
def nosplit_functions_are_unsafe_points() -> Outcome:
    return source_has(PREEMPT, "isAsyncSafePoint", "functions (except at calls)")


@check("4.1-15", kind="simulation")
def retake_sees_no_loops_it_compares_ticks() -> Outcome:
    ms, requests = short_goroutines()
    one = wait()
    said = f"{ms:.0f} ms of goroutines of 1 ms on one P: {requests} requests to stop; one loop of 100 ms: "
    return expect(ms > 50 and requests == 0 and sum(one.by.values()) > 3, f"{said}{sum(one.by.values())}")


@check("4.1-15", kind="source")
def retake_reads_the_schedtick() -> Outcome:
    return in_order(PROC, "retake", "pd.schedtick) != schedt", "pd.schedwhen+forcePreemptNS <= now", "preemptone(pp)")


@check("4.1-16", kind="simulation")
def sysmon_sleeps_20_us_and_then_twice_as_long_each_time() -> Outcome:
    sleeps = sysmon_sleeps()
    doubling = sleeps == (20, *(min(2 * before, 10_000) for before in sleeps[:-1]))
    return expect(doubling and sleeps[-1] == 10_000, f"its sleeps, in us: {shown(sleeps)}")


@check("4.1-16", kind="source")
def the_source_has_20_us_fifty_rounds_and_10_ms() -> Outcome:
    return in_order(PROC, "sysmon", "delay = 20", "idle > 50", "delay *= 2", "delay > 10*1000", "usleep(delay)")


@check("4.1-16", kind="experiment")
def a_real_turn_is_longer_than_10_ms() -> Outcome:
    seen = experiment("turns")
    turns = sorted(float(turn) for turn in seen.real["turn_10ms"])
    said = f"real Go: half of the turns lasted {turns[len(turns) // 2] * 10:.1f} ms or longer"
    return agreed(expect(turns[len(turns) // 2] > 1, said), seen)


@check("4.1-17", kind="experiment")
def asyncpreemptoff_switches_it_off() -> Outcome:
    on, off = experiment("tight_loop"), experiment("tight_loop", 1)
    shares = [float(seen.real["wait_over_loop"][0]) for seen in (on, off)]
    said = f"real Go: the other one waited {shares[0]:.1%} of the loop, with asyncpreemptoff=1 {shares[1]:.0%}"
    return agreed(expect(shares[0] < 0.3 and shares[1] > 0.9, said), on, off)


@check("4.1-17", kind="source")
def the_setting_is_looked_at() -> Outcome:
    return in_order(PROC, "preemptone", "preemptMSupported && debug.asyncpreemptoff == 0", "preemptM(mp)")


@check("4.1-18", kind="source")
def a_thread_never_asks_itself() -> Outcome:
    return in_order(PROC, "preemptone", "mp == nil || mp == getg().m", "return false", "gp.preempt = true")


@check("4.1-19", kind="simulation")
def a_signal_stops_it_within_microseconds() -> Outcome:
    seen = asked()
    said = f"from the request to the stop by a signal: {seen.longest_us:.1f} us at most; by way of gosched_m: none"
    return expect(0 < seen.longest_us < 10, said)


@check("4.1-19", kind="experiment")
def a_real_loop_is_stopped_without_call_or_system_call() -> Outcome:
    both, share = _real(FREE)
    return agreed(expect(share < 0.3, f"real Go: it waited {share:.1%} of a loop with neither"), both)


@check("4.1-19", kind="source")
def both_paths_end_in_gopreempt_m() -> Outcome:
    signal = in_order(PREEMPT, "asyncPreempt2", "mcall(func(gp *g) {", "gopreempt_m(gp)")
    return all_of(signal, in_order(STACK, "newstack", "gopreempt_m(gp)"), source_lacks("gosched_m", PREEMPT))


@check("4.1-20", kind="source")
def mcall_switches_to_g0_which_schedules() -> Outcome:
    switch = source_has(ASM, "mcall", "Switch to m->g0")
    return all_of(in_order(PREEMPT, "asyncPreempt2", "mcall("), switch, in_order(PROC, "goschedImpl", "schedule()"))


@check("4.1-20", kind="simulation")
def in_the_mirror_too_the_stop_ends_in_gosched_impl() -> Outcome:
    path = call_path("asyncPreempt2", "goschedImpl")
    return expect(path == ("asyncPreempt2", "gopreempt_m", "goschedImpl"), " -> ".join(path))
