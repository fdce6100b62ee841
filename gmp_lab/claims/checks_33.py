"""Checks of section 3.3: stopping the world, mark workers, and assists."""

from __future__ import annotations

from statistics import median

from gmp_lab import vocabulary as v
from gmp_lab.claims.check import Outcome, all_of, check, expect
from gmp_lab.claims.runs import experiment
from gmp_lab.claims.runs_world import collected, drains, stop
from gmp_lab.claims.source import constant_is, in_order, source_has, source_lacks
from gmp_lab.claims.words import agreed, none_of

PROC, MARK, STUBS = "runtime/proc.go", "runtime/mgcmark.go", "runtime/malloc_stubs.go"
STOP = "stopTheWorldWithSema"


@check("3.3-01", kind="simulation")
def workers_take_a_quarter_and_two_stops_are_all() -> Outcome:
    seen = collected()
    said = f"background workers took {seen.background:.1%} of the Ps' time; {seen.cycles} cycles, {seen.stops} stops"
    return expect(0.2 < seen.background < 0.3 and seen.stops == 2 * seen.cycles > 0, said)


@check("3.3-01", kind="source")
def workers_are_scheduled_for_a_quarter() -> Outcome:
    worker = in_order(PROC, "findRunnable", "gcBlackenEnabled != 0", "findRunnableGCWorker(pp, now)", "runqget(pp)")
    return all_of(constant_is("runtime/mgcpacer.go", "gcBackgroundUtilization", 0.25), worker)


@check("3.3-02", kind="simulation")
def a_stop_waits_for_the_slowest_goroutine() -> Outcome:
    quick, slow = stop(), stop("unsafe")
    own, call = quick.how[v.GCSTOP_SELF], quick.how[v.GCSTOP_SYSCALL]
    said = f"{own} Ps stopped themselves, {call} in a system call was taken: the world stood after {quick.us:,.0f} us"
    so = quick.us < 100 and slow.us > 10_000 and own > 0 and call == 1
    return expect(so, f"{said}; beside code that cannot be stopped for 20 ms, after {slow.us:,.0f} us")


@check("3.3-02", "3.3-03", kind="experiment")
def real_stops_wait_for_a_loop_only_without_preemption() -> Outcome:
    on, off = experiment("stop_world"), experiment("stop_world", 1)
    with_, without = (median(one.numbers("wait_over_rest")) for one in (on, off))
    said = f"real Go waited {with_:.1%} of the loop's rest (median), without async preemption {without:.1%}"
    return agreed(expect(with_ < 0.3 and without > 0.9, said), on, off)


@check("3.3-03", kind="simulation")
def preemption_goes_on_and_is_asked_for_again_and_again() -> Outcome:
    quick, slow = stop(), stop("unsafe")
    said = f"requests to the running goroutine: {quick.asked}; to one that could not stop: {slow.asked}"
    each = slow.us / slow.asked
    return expect(quick.asked == 1 and slow.asked > 50 and 100 <= each < 250, f"{said}, every {each:.0f} us")


@check("3.3-03", kind="source")
def it_asks_at_once_and_again_every_100_us() -> Outcome:
    again = ("notetsleep(&sched.stopnote, 100*1000)", "preemptall()")
    return in_order(PROC, STOP, "sched.gcwaiting.Store(true)", "preemptall()", *again)


@check("3.3-04", kind="simulation")
def a_stopped_goroutine_is_runnable_and_not_waiting() -> Outcome:
    now, before = stop(), stop(go_version="1.25")
    words = {1: "runnable", 4: "waiting"}
    place = "in the runnext of its P" if now.next else "elsewhere"
    said = f"the goroutine that ran was {words.get(now.loop, now.loop)}, {place}, and {now.parked} goroutines parked"
    return expect(now.loop == 1 and now.next and now.parked == 0 and not before.next, said)


@check("3.3-04", kind="source")
def only_who_asks_is_shown_as_waiting() -> Outcome:
    steps = ("casgstatus(gp, _Grunning, _Grunnable)", "preempted && sched.gcwaiting.Load()", "runqput(pp, gp, true)")
    runnable = in_order(PROC, "goschedImpl", *steps)
    asker = source_has(PROC, STOP, "casGToWaitingForSuspendG(getg().m.curg, _Grunning, waitReasonStoppingTheWorld)")
    return all_of(runnable, asker, source_lacks("_Gwaiting", PROC, "goschedImpl"))


@check("3.3-05", kind="source")
def stopwait_is_set_under_the_lock_and_counts_down() -> Outcome:
    sets = in_order(PROC, STOP, "lock(&sched.lock)", "sched.stopwait = gomaxprocs", "unlock(&sched.lock)")
    return all_of(sets, in_order(PROC, "gcstopm", "lock(&sched.lock)", "sched.stopwait--", "unlock(&sched.lock)"))


@check("3.3-06", kind="source")
def gcwaiting_is_a_typed_atomic_today() -> Outcome:
    field = source_has("runtime/runtime2.go", "schedt.gcwaiting", "atomic.Bool")
    return all_of(field, in_order(PROC, STOP, "sched.gcwaiting.Store(true)", "preemptall()"),
                  source_lacks("atomic.Store(&sched.gcwaiting", "runtime"))  # fmt: skip


@check("3.3-07", kind="simulation")
def nobody_else_stops_a_running_p() -> Outcome:
    seen = [stop(), stop("unsafe"), stop("call", off=True)]
    themselves, others = sum(one.how[v.GCSTOP_SELF] for one in seen), sum(one.by_others for one in seen)
    said = f"in three stops {themselves} Ps gave themselves up, {others} running Ps were stopped by another thread"
    return expect(themselves >= 3 and others == 0, said)


@check("3.3-07", kind="source")
def an_m_stops_its_own_p() -> Outcome:
    own = in_order(PROC, "gcstopm", "gp := getg()", "pp := releasep()", "pp.status = _Pgcstop")
    return all_of(own, source_has(PROC, STOP, "Wait for remaining Ps to stop voluntarily"))


@check("3.3-08", kind="source")
def it_sleeps_on_a_note_and_there_is_no_sema_wake() -> Outcome:
    note = source_has(PROC, STOP, "notetsleep(&sched.stopnote, 100*1000)")
    wakes = in_order(PROC, "gcstopm", "sched.stopwait == 0", "notewakeup(&sched.stopnote)")
    return all_of(none_of("semaWake", "stopsem"), note, wakes)


@check("3.3-09", kind="source")
def the_flag_is_looked_at_before_anything_else() -> Outcome:
    loop = in_order(PROC, "findRunnable", "if sched.gcwaiting.Load()", "gcstopm()", "timers.check", "runqget(pp)")
    steals = source_has(PROC, "stealWork", "sched.gcwaiting.Load()")
    return all_of(loop, steals, source_has(PROC, "reentersyscall", "if sched.gcwaiting.Load()"))


@check("3.3-09", kind="simulation")
def a_p_gives_itself_up_when_its_goroutine_was_preempted() -> Outcome:
    seen = stop()
    said = f"{seen.how[v.GCSTOP_SELF]} Ps found the flag and stopped, {seen.us:,.0f} us after it was set"
    return expect(seen.how[v.GCSTOP_SELF] >= 1 and seen.us < 100, said)


@check("3.3-10", kind="simulation")
def nothing_runs_on_stopped_ps_and_their_queues_stay() -> Outcome:
    before, then = stop().rings
    said = f"between stop and start {stop().ran} goroutines ran; rings held {sum(before)} before, {sum(then)} then"
    return expect(stop().ran == 0 and before == then and sum(before) > 0, said)


@check("3.3-11", kind="simulation")
def workers_mark_while_the_world_runs_and_not_while_it_stands() -> Outcome:
    seen, still = collected(), stop().ran
    said = f"workers began to mark {seen.workers} times, all in the concurrent phase; in a stop {still} did"
    return expect(seen.workers > 0 and still == 0 and seen.while_stopped == 0, said)


@check("3.3-12", kind="simulation")
def even_a_slow_allocator_assists() -> Outcome:
    slow = collected(count=1, rate_mib_s=10, ms=1000, procs=1)
    said = f"a goroutine that allocates 10 MiB/s, while marking goes on at {slow.mark_mib_s:,.0f} MiB/s, "
    return expect(slow.assists > 0 and slow.mark_mib_s > 100, f"{said}assisted {slow.assists} times")


@check("3.3-12", "3.3-14", kind="source")
def a_negative_balance_starts_an_assist() -> Outcome:
    steps = ("gcAssistBytes -= int64(size)", "gcAssistBytes < 0", "gcAssistAlloc(")
    charge = in_order(STUBS, "deductAssistCredit", *steps)
    return all_of(charge, none_of("markassist", "assist_ratio", "heap_live", "gc_trigger"))


@check("3.3-13", kind="simulation")
def only_those_who_allocate_assist() -> Outcome:
    seen = collected(other=True)
    said = f"{seen.assists} assists, all by {', '.join(sorted(seen.who))}; by the goroutine that only computes: none"
    return expect(seen.assists > 0 and seen.who == {"allocator"}, said)


@check("3.3-13", kind="simulation")
def credit_of_the_workers_spares_an_assist() -> Outcome:
    seen = collected(count=1, rate_mib_s=10, ms=1000, procs=4)
    said = f"10 MiB/s on 4 Ps: {seen.steps} allocations while marking was on, {seen.assists} assists"
    return expect(seen.steps > 0 and seen.assists == 0, f"{said}: the workers' credit paid")


@check("3.3-13", kind="experiment")
def in_real_go_those_who_allocate_do_a_share_of_the_marking() -> Outcome:
    seen = experiment("churn")
    share = float(seen.real["assist_over_gc"][0])
    return agreed(expect(share > 0, f"real Go: {share:.0%} of the collector's time were assists"), seen)


@check("3.3-14", kind="simulation")
def a_heap_above_the_trigger_starts_a_cycle_but_no_assist() -> Outcome:
    seen = collected()
    said = f"{seen.heap_over_trigger} of {seen.cycles} cycles ended with the heap above the trigger; of {seen.steps} "
    said += f"allocations in them {seen.assists} began an assist, and {seen.outside} did outside of marking"
    return expect(seen.heap_over_trigger > 0 and seen.outside == 0 < seen.assists < seen.steps / 4, said)


@check("3.3-14", kind="source")
def the_trigger_starts_a_cycle() -> Outcome:
    return source_has("runtime/mgc.go", "gcTrigger.test", "gcController.heapLive.Load() >= trigger")


@check("3.3-15", kind="simulation")
def an_assist_stops_when_it_is_asked_to() -> Outcome:
    seen = drains()
    said = f"the longest of {seen.number} assists kept its goroutine from allocating for {seen.longest:,.0f} us; "
    said += f"{seen.asked} were asked to stop, and did within {seen.until_stopped:,.0f} us"
    return expect(seen.asked > 0 and seen.until_stopped < 100 < seen.longest, said)


@check("3.3-15", kind="source")
def the_drain_looks_at_the_request() -> Outcome:
    drain = source_has(MARK, "gcDrainN", "for !gp.preempt && !gcCPULimiter.limiting()")
    return all_of(drain, source_has(MARK, "gcAssistAlloc", "systemstack(func() {"))


@check("3.3-16", kind="simulation")
def without_assists_stops_are_no_longer() -> Outcome:
    none, many = collected(count=1, rate_mib_s=10, ms=1000, procs=4), collected(count=8, rate_mib_s=2000)
    said = f"{none.assists} assists: mean stop {none.mean_stop:.0f} us; {many.assists}: {many.mean_stop:.0f}"
    held = f"and the heap ended at {many.fullest:.2f} of the goal at most"
    so = none.assists == 0 and many.assists > 50 and none.mean_stop <= many.mean_stop
    return expect(so and many.fullest < 1.1, f"{said}, {held}")


@check("3.3-17", kind="source")
def assist_work_is_at_least_64_ki_units() -> Outcome:
    least = constant_is("runtime/mgcpacer.go", "gcOverAssistWork", 64 << 10)
    work = in_order(MARK, "gcAssistAlloc", "scanWork := int64(assistWorkPerByte * float64(debtBytes))",
                    "if scanWork < gcOverAssistWork", "scanWork = gcOverAssistWork")  # fmt: skip
    return all_of(least, work)


@check("3.3-18", kind="source")
def it_drains_and_parks_and_no_function_has_that_name() -> Outcome:
    drain = in_order(MARK, "gcAssistAlloc1", "gcDrainN(gcw, scanWork)")
    park = source_has(MARK, "gcParkAssist", "waitReasonGCAssistWait")
    return all_of(none_of("drainmarkqueue", "drainMarkQueue"), drain, source_has(MARK, "gcDrainN", "markroot("), park)


@check("3.3-18", kind="simulation")
def who_finds_no_work_waits_for_an_assist() -> Outcome:
    waited = collected(count=8, rate_mib_s=2000).waited
    return expect(waited > 0, f"goroutines parked {waited} times in the state [GC assist wait]")
