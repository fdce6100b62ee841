"""Checks of section 2.3: the local and the global run queue, stealing, and what can be measured of them."""

from __future__ import annotations

from typing import Final

from gmp_lab import vocabulary as v
from gmp_lab.claims import runs_basic as basic
from gmp_lab.claims import runs_threads as threads
from gmp_lab.claims.check import Outcome, all_of, by_document, check, expect
from gmp_lab.claims.runs import counted, experiment, run, run_workload
from gmp_lab.claims.runs_queues import queues
from gmp_lab.claims.source import in_order, source_has, source_lacks
from gmp_lab.claims.words import none_of

PROC: Final = "runtime/proc.go"
RUNTIME2: Final = "runtime/runtime2.go"
METRICS: Final = "runtime/metrics/description.go"
PROFILES: Final = "runtime/pprof/pprof.go"

# --- the queues -----------------------------------------------------------------------------------------------------


@check("2.3-01", kind="simulation")
def a_ring_holds_256_and_there_is_a_slot_beside_it() -> Outcome:
    """How n goroutines lie that main has started on its only P."""
    lie = {n: basic.queued(n) for n in (256, 257, 258)}
    return all_of(
        expect(
            lie == {256: (1, 255, 0), 257: (1, 256, 0), 258: (1, 128, 129)},
            "; ".join(f"{n}: {one.runnext} in runnext, {one.ring} in the ring, {one.globally} globally"
                      for n, one in lie.items()),
        ),
        source_has(RUNTIME2, "p.runq", "[256]guintptr"),
    )  # fmt: skip


@check("2.3-01", kind="experiment")
def real_go_overflows_at_the_same_number() -> Outcome:
    """The order in which 257 goroutines run, and 300."""
    fits, over = experiment("order", 2), experiment("order", 0)
    kept, sent = fits.numbers("order")[1], over.numbers("order")[1]
    return all_of(
        fits.outcome, over.outcome,
        expect((kept, sent) == (0, 128), f"second to run: number {kept:g} of 257, number {sent:g} of 300"),
    )  # fmt: skip


@check("2.3-02", kind="source")
def head_and_tail_are_fields_of_p() -> Outcome:
    """What the global queue is, and whose runqhead and runqtail are."""
    return all_of(
        source_has(RUNTIME2, "schedt.runq", "gQueue"), source_has(RUNTIME2, "p.runqhead"),
        source_has(RUNTIME2, "p.runqtail"), none_of("runqhead", "runqtail", where=RUNTIME2, symbol="schedt"),
        source_has(RUNTIME2, "schedt.runq", "gQueue", go="1.19"),
    )  # fmt: skip


@check("2.3-03", kind="simulation")
def queues_overflow_and_are_filled_in_batches() -> Outcome:
    """What one overflow moves, and what an empty P takes from the global queue."""
    rec = run(basic.start, 300, gomaxprocs=1)
    moved = basic.queued(258).globally
    (lay, taken, overflows), stolen = threads.batch(), counted(rec, v.E_STEAL)
    return all_of(
        expect(
            moved == 129 and taken == min(128, lay, lay + 1) and overflows > 1 and stolen == 0,
            f"an overflow moves {moved} to the global queue; of {lay} that lie there one P takes {taken} at a time; "
            f"{stolen} thefts",
        ),
        source_has(PROC, "globrunqgetbatch", "n = min(n, sched.runq.size, sched.runq.size/gomaxprocs+1)"),
        source_has(PROC, "runqputslow", "n = n / 2"),
    )


@check("2.3-04", "2.3-06", kind="source")
def the_ring_has_no_lock() -> Outcome:
    """What runqput, runqget and runqgrab do to head, tail and runnext."""
    return all_of(
        *(none_of("lock", where=PROC, symbol=name) for name in ("runqput", "runqget", "runqgrab")),
        source_has(PROC, "runqput", "atomic.StoreRel(&pp.runqtail, t+1)"),
        source_has(PROC, "runqget", "atomic.CasRel(&pp.runqhead, h, h+1)"),
        source_has(PROC, "runqgrab", "atomic.CasRel(&pp.runqhead, h, h+n)"),
        source_has(PROC, "runqput", "pp.runnext.cas("), source_has(PROC, "runqget", "pp.runnext.cas(next, 0)"),
        source_lacks("CasRel(&pp.runqtail", PROC), source_has(PROC, "runqput", "pp.runq[t%uint32(len(pp.runq))]"),
    )  # fmt: skip


@check("2.3-05", kind="source")
def there_is_no_runqpush() -> Outcome:
    """The functions of the ring, by name."""
    names = ("runqput", "runqget", "runqgrab", "runqsteal", "runqputslow", "runqputbatch", "runqdrain")
    return all_of(none_of("runqpush", "runqpop"), *(source_has(PROC, name) for name in names))


@check("2.3-07", kind="source")
def the_global_queue_is_under_sched_lock() -> Outcome:
    """What its functions assert."""
    names = ("globrunqget", "globrunqput", "globrunqgetbatch")
    return all_of(*(source_has(PROC, name, "assertLockHeld(&sched.lock)") for name in names))


# --- what can be measured -------------------------------------------------------------------------------------------


@check("2.3-08", kind="source")
def goroutines_created_are_counted_since_1_26() -> Outcome:
    """The counter is in the list of metrics, and was not in 1.25."""
    return all_of(
        source_has(METRICS, text='"/sched/goroutines-created:goroutines"'),
        source_lacks("/sched/goroutines-created:goroutines", METRICS, go="1.25"),
    )


@check("2.3-09", kind="source")
def there_is_no_profile_of_the_scheduler() -> Outcome:
    """The profiles of runtime/pprof and net/http/pprof, and where the lengths of queues are told."""
    return all_of(
        source_has(PROFILES, "lockProfiles", '"threadcreate": threadcreateProfile'),
        source_lacks('"sched"', PROFILES), source_lacks("sched", "net/http/pprof/pprof.go"),
        none_of("runqsize", where=RUNTIME2, symbol="p"),
        source_has(METRICS, text='"/sched/goroutines/runnable:goroutines"'),
        source_has(PROC, "schedtrace", "print(t - h)"),
    )  # fmt: skip


@check("2.3-10", kind="simulation")
def spinning_threads_are_counted_and_limited() -> Outcome:
    """Spinning threads in a mix on eight Ps, and the field that counts them."""
    most, over = threads.spinning()
    return all_of(
        expect(most > 1 and over == 0, f"at most {most} threads spin on 8 Ps, {over} times more than half of these"),
        source_has(RUNTIME2, "schedt.nmspinning"), source_has(RUNTIME2, "m.spinning"),
        source_lacks("spinning", RUNTIME2, "p"),
        source_has(PROC, "findRunnable", "2*sched.nmspinning.Load() < gomaxprocs-sched.npidle.Load()"),
    )  # fmt: skip


@check("2.3-19", "2.3-20", kind="simulation")
def the_local_hit_rate_is_whatever_the_program_makes_it() -> Outcome:
    """The share of goroutines that ran out of their P's own queue, in four workloads; Go counts no such thing."""
    rates = {name: threads.hit_rate(name) for name in ("callers", "pipeline", "fan_out", "ping_pong")}
    said = ", ".join(f"{name} {rate:.1f} %" for name, rate in rates.items())
    return all_of(
        expect(rates["callers"] < 50 and rates["ping_pong"] > 95, f"from the own queue: {said}"),
        none_of("hit", "local", "runq", where=METRICS),
    )


@check("2.3-20", kind="simulation")
def what_the_global_queue_costs_depends_on_who_wants_it() -> Outcome:
    """What-if: each taking from the global queue holds its lock for half a microsecond. How long is the wait?"""
    alone, many = queues("1.0", 1).lock_percent, queues("1.0", 16).lock_percent
    said = f"waiting for the lock of one queue for all: {alone:.1f} % of the time on one P, {many:.1f} % on 16"
    return expect(many > 10 > alone, said)


@check("2.3-23", kind="source")
def a_trace_has_a_profile_of_scheduling() -> Outcome:
    """go tool trace makes one; net/http/pprof has none; runtime/metrics has a histogram."""
    return all_of(
        source_has("cmd/trace/main.go", text="pprofByGoroutine(computePprofSched(), parsed)"),
        source_lacks("sched", "net/http/pprof/pprof.go"), source_has(METRICS, text='"/sched/latencies:seconds"'),
    )  # fmt: skip


# --- stealing -------------------------------------------------------------------------------------------------------


@check("2.3-11", "2.3-12", kind="source")
def runqsteal_returns_a_goroutine() -> Outcome:
    """The function's head, and how it calls runqgrab."""
    return all_of(
        source_has(PROC, "runqsteal", "func runqsteal(pp, p2 *p, stealRunNextG bool) *g"),
        source_has(PROC, "runqsteal", "runqgrab(p2, &pp.runq, t, stealRunNextG)"),
        none_of("_p2", "int32", where=PROC, symbol="runqsteal"),
    )  # fmt: skip


@check("2.3-13", kind="simulation")
def a_thief_takes_half_rounded_up() -> Outcome:
    """How many of n goroutines in a ring the first theft takes."""
    taken = {n: threads.lone(n)[1] for n in (1, 2, 3, 4, 8, 9)}
    return all_of(
        expect(
            all(k == n - n // 2 for n, k in taken.items()) and any(k != n // 2 for n, k in taken.items()),
            ", ".join(f"{k} of {n}" for n, k in taken.items()),
        ),
        source_has(PROC, "runqgrab", "n = n - n/2"),
    )


@check("2.3-13", kind="experiment")
def so_does_one_on_real_go() -> Outcome:
    """The order in which a thief runs what it takes."""
    seen_by = experiment("steal", 1)
    return seen_by.outcome


@check("2.3-14", kind="simulation")
def next_true_means_runnext() -> Outcome:
    """Where new goroutines go (newproc calls runqput with next=true), and which runs first."""
    lie, order = basic.queued(3), basic.order(3)
    return all_of(
        expect(
            lie == (1, 2, 0) and order == (2, 0, 1),
            f"of three {lie.runnext} is in runnext, {lie.ring} in the ring; they run in the order {order}",
        ),
        source_has(PROC, "newproc", "runqput(pp, newg, true)"), source_lacks("runqput", PROC, "runqsteal"),
    )  # fmt: skip


@check("2.3-15", kind="source")
def runqsteal_is_called_by_steal_work() -> Outcome:
    """Which function calls it, and how often it tries."""
    return all_of(
        source_has(PROC, "findRunnable", "stealWork(now)"), source_lacks("runqsteal", PROC, "findRunnable"),
        in_order(PROC, "stealWork", "const stealTries = 4", "stealOrder.start(cheaprand())", "runqsteal(pp, p2"),
    )  # fmt: skip


@check("2.3-16", kind="simulation")
def a_runnext_is_taken_last_and_after_a_pause() -> Outcome:
    """A busy P with one goroutine in runnext, and one with eight more in its ring: what goes first?"""
    (alone, first_alone), (ring, first) = threads.lone(0), threads.lone(8)
    return all_of(
        expect(
            alone == (1, 1, 1) and first_alone == 1 and first == 4 and ring.runnexts == 1 and ring.slept == 1,
            f"alone: {alone.slept} pause, then taken; with 8 in the ring {first} of these go first, "
            f"the runnext is the last of {ring.stolen} thefts",
        ),
        source_has(PROC, "stealWork", "stealTimersOrRunNextG := i == stealTries-1"),
        in_order(PROC, "runqgrab", "if n == 0 {", "if stealRunNextG", "usleep(3)", "pp.runnext.cas(next, 0)"),
    )


@check("2.3-17", kind="simulation")
def a_runnext_stays_where_it_is_hot() -> Outcome:
    """A pair that passes a token on two Ps: how often does one run out of runnext, and how often is it stolen?"""
    rec = run_workload("ping_pong", (), gomaxprocs=2)
    source = basic.words(rec, v.E_EXECUTE, v.SRC_NAMES)
    return all_of(
        expect(
            source["runnext"] > 190 and source.get("stolen", 0) <= 2,
            f"{source['runnext']} times out of runnext, {source.get('stolen', 0)} times stolen",
        ),
        source_has(PROC, "runqgrab", "This will avoid thrashing gs"),
    )


@check("2.3-18", kind="source")
def runqgrab_copies_and_then_commits() -> Outcome:
    """The order of its steps."""
    copied = "batch[(batchHead+i)%uint32(len(batch))] = g"
    return all_of(
        in_order(PROC, "runqgrab", copied, "atomic.CasRel(&pp.runqhead, h, h+n)"),
        none_of("Xchg", "Swap", where=PROC, symbol="runqgrab"),
    )


@check("2.3-22", kind="simulation")
def after_spinning_the_p_is_given_up() -> Outcome:
    """What a thread does that finds nothing."""
    down, _ = threads.idle_thread()
    return all_of(
        expect(
            down[0] == "spin begins" and "release_p" in down[1:-1] and down[-1] == "m_park", ", ".join(down)
        ),
        in_order(PROC, "findRunnable", "mp.becomeSpinning()", "stealWork(now)", "releasep()", "mp.spinning = false",
                 "checkRunqsNoP(", "netpoll(delay)", "stopm()"),
    )  # fmt: skip


by_document("2.3-04", "2.3-08")
