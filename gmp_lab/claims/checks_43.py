"""Checks of section 4.3: loops without calls, before and after Go 1.14, and what the compiler puts into them."""

from __future__ import annotations

from statistics import median

from gmp_lab.claims.check import Outcome, all_of, by_document, check, expect
from gmp_lab.claims.runs import Both, experiment
from gmp_lab.claims.runs_preempt import short_loops, wait
from gmp_lab.claims.runs_world import stop
from gmp_lab.claims.source import in_order, source_has, source_lacks
from gmp_lab.claims.words import agreed, none_of

PROC, STACK, ASM, TYPES = "runtime/proc.go", "runtime/stack.go", "runtime/asm_amd64.s", "runtime/runtime2.go"
LOOPS = ("ten", "sixteen", "hundred", "ranged", "indexed", "nested")  # loops without calls, of loop_kinds.go


def _listed() -> tuple[Both, dict[str, float], list[str]]:
    """The compiler's listing: which loops call what has a check, and the listing of one with calls."""
    seen = experiment("loop_kinds")
    calls = {name: float(seen.real[name][0]) for name in (*LOOPS, "calls")}
    return seen, calls, [str(line) for line in seen.real["calls listed"]]


@check("4.3-01", kind="simulation")
def up_to_1_13_only_calls_gave_way() -> Outcome:
    free, calls, now = wait("1.13"), wait("1.13", "call"), wait()
    said = f"Go 1.13: another waits {free.waited:.0f} ms for a loop of 100 ms without calls, {calls.waited:.1f} for "
    said += f"one with calls; Go 1.27: {now.waited:.1f} ms without calls"
    return expect(free.share > 0.99 and calls.share < 0.3 and now.share < 0.3, said)


by_document("4.3-01")


@check("4.3-02", kind="simulation")
def a_loop_holds_a_stop_of_the_world_up_only_before_1_14() -> Outcome:
    old, new = stop(go_version="1.13"), stop()
    said = f"a stop of the world waited {old.us / 1000:.1f} ms for a loop to end in Go 1.13, {new.us:.0f} us in 1.27"
    return expect(old.us > 10_000 and new.us < 100, said)


@check("4.3-02", kind="experiment")
def real_go_stops_the_world_in_a_loop() -> Outcome:
    on, off = experiment("stop_world"), experiment("stop_world", 1)
    with_, without = (median(one.numbers("wait_over_rest")) for one in (on, off))
    said = f"real Go: {with_:.1%} of the loop's rest (median), without async preemption {without:.0%}"
    return agreed(expect(with_ < 0.3 and without > 0.9, said), on, off)


@check("4.3-03", kind="simulation")
def today_a_p_is_kept_for_10_to_20_ms() -> Outcome:
    waits = {ms: wait(ms=ms).waited for ms in (100, 300)}
    old = wait("1.13", ms=300).waited
    said = f"loops of 100 and 300 ms: another waits {waits[100]:.1f} and {waits[300]:.1f} ms; {old:.0f} ms in Go 1.13"
    return expect(max(waits.values()) < 25 and old > 299, said)


@check("4.3-03", kind="experiment")
def real_go_too() -> Outcome:
    """How long main waits behind a loop on real Go."""
    seen = experiment("tight_loop")
    share = float(seen.real["wait_over_loop"][0])
    return agreed(expect(share < 0.3, f"real Go: it waited {share:.1%} of a loop of 300 ms"), seen)


@check("4.3-04", "4.3-05", "4.3-12", kind="experiment")
def the_compiler_calls_nothing_in_loops_of_any_kind() -> Outcome:
    both, calls, _ = _listed()
    told = ", ".join(f"{name} {int(calls[name])}" for name in LOOPS)
    said = f"go build -S, calls in the loop: {told}; in the loop that calls a function: {int(calls['calls'])}"
    return agreed(expect(not any(calls[name] for name in LOOPS) and calls["calls"] == 1, said), both)


@check("4.3-04", kind="experiment")
def without_the_signal_a_real_loop_runs_to_its_end() -> Outcome:
    seen = experiment("tight_loop", 1)
    share = float(seen.real["wait_over_loop"][0])
    said = f"real Go with asyncpreemptoff=1: it waited {share:.0%} of the loop, so nothing in the loop gives way"
    return agreed(expect(share > 0.9, said), seen)


@check("4.3-05", kind="source")
def no_rule_of_sixteen_iterations() -> Outcome:
    passes = "cmd/compile/internal/ssa/loopreschedchecks.go"
    return all_of(none_of("morestack_noctxt", where=passes), source_has(passes, "insertLoopReschedChecks"))


@check("4.3-06", kind="experiment")
def the_call_stands_once_behind_the_code_and_not_in_the_loop() -> Outcome:
    both, _, lines = _listed()
    at = [i for i, line in enumerate(lines) if "morestack_noctxt" in line]
    inside = [i for i, line in enumerate(lines) if line.startswith("  |")]
    jump = next((i for i, line in enumerate(lines) if "JLS" in line), -1)
    said = f"in the listing of a function with a frame: {len(at)} call of morestack_noctxt, in line {at[0] + 1} of "
    said += f"{len(lines)}; the prologue jumps there; the loop is in lines {inside[0] + 1} to {inside[-1] + 1}"
    return agreed(expect(len(at) == 1 and at[0] > inside[-1] and 0 < jump < inside[0], said), both)


@check("4.3-07", kind="source")
def it_clears_the_context_register() -> Outcome:
    return in_order(ASM, "morestack_noctxt", "MOVL $0, DX", "JMP runtime·morestack")


@check("4.3-08", kind="source")
def g_and_p_have_a_field_preempt_and_m_has_none() -> Outcome:
    fields = [source_has(TYPES, f"{owner}.preempt", "preempt bool") for owner in ("g", "p")]
    lacks = source_lacks("preempt", TYPES, "m")
    return all_of(lacks, *fields, in_order(STACK, "newstack", "stackguard0", "stackPreempt"))


@check("4.3-09", kind="source")
def the_way_to_gogo_is_longer() -> Outcome:
    return all_of(
        in_order(STACK, "newstack", "gopreempt_m(gp)"), in_order(PROC, "gopreempt_m", "goschedImpl(gp, true)"),
        in_order(PROC, "goschedImpl", "globrunqput(gp)", "schedule()"),
        in_order(PROC, "schedule", "execute(gp, inherit"), in_order(PROC, "execute", "gogo(&gp.sched)"),
        source_lacks("gogo", PROC, "gopreempt_m"),
    )  # fmt: skip


@check("4.3-10", kind="simulation")
def a_loop_around_short_loops_is_stopped() -> Outcome:
    old, new = short_loops("1.13"), short_loops()
    said = f"40,000 loops of 1 us in a row: another waits {new.waited:.1f} ms in Go 1.27, {old.waited:.0f} ms in 1.13"
    return expect(new.by.get("signal", 0) > 0 and new.share < 0.5 and old.share > 0.99, said)


@check("4.3-10", kind="experiment")
def ten_and_a_hundred_turns_make_the_same_code() -> Outcome:
    both, calls, _ = _listed()
    same = calls["ten"] == calls["hundred"] == calls["nested"] == 0
    return agreed(expect(same, "loops of 10, of 100 and of n times 10 turns: no call in any of them"), both)


@check("4.3-11", kind="experiment")
def switching_signals_off_changes_it_so_no_call_was_there() -> Outcome:
    on, off = experiment("tight_loop"), experiment("tight_loop", 1)
    shares = [float(seen.real["wait_over_loop"][0]) for seen in (on, off)]
    said = f"the same program: it waits {shares[0]:.1%} of the loop with signals, {shares[1]:.0%} without"
    return agreed(expect(shares[0] < 0.3 and shares[1] > 0.9, said), on, off)


@check("4.3-11", kind="simulation")
def in_the_model_it_is_the_signal_too() -> Outcome:
    seen = wait()
    said = f"a loop of 100 ms was stopped {seen.by.get('signal', 0)} times by a signal"
    return expect(set(seen.by) == {"signal"}, said)


@check("4.3-13", kind="source")
def loop_checks_exist_only_as_an_experiment_that_is_off() -> Outcome:
    off = source_has("internal/goexperiment/exp_preemptibleloops_off.go", "PreemptibleLoops", "false")
    ssa = source_has("cmd/compile/internal/ssa/compile.go", text="disabled: !buildcfg.Experiment.PreemptibleLoops")
    return all_of(ssa, off, source_lacks("PreemptibleLoops", "internal/buildcfg/exp.go"))


by_document("4.3-13")
