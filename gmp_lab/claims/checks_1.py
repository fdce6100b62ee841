"""Checks of section 1: the model, its queues, preemption and blocking at first sight."""

from __future__ import annotations

from typing import Any, Final

from gmp_lab import vocabulary as v
from gmp_lab.claims import runs_basic as basic
from gmp_lab.claims.check import Outcome, all_of, check, expect
from gmp_lab.claims.runs import counted, experiment, run, seen
from gmp_lab.claims.source import in_order, source_has
from gmp_lab.config import Config
from gmp_lab.workload import Body, WaitGroup, go, gosched, syscall, work

PROC: Final = "runtime/proc.go"
RUNTIME2: Final = "runtime/runtime2.go"

# --- G, M, P ------------------------------------------------------------------------------------------------------


@check("1-01", kind="source")
def g_is_a_goroutine_and_m_a_thread() -> Outcome:
    """The runtime's types are called g and m, and its guide says what they are."""
    return all_of(
        source_has(RUNTIME2, "g"), source_has(RUNTIME2, "m"),
        source_has("runtime/HACKING.md", text='An "M" is an OS thread'),
    )  # fmt: skip


@check("1-01", kind="experiment")
def threads_follow_blocked_calls_and_not_goroutines() -> Outcome:
    """1000 waiting goroutines make hardly a thread, 50 blocked system calls make about 50, whatever GOMAXPROCS is."""
    blocked, waiting = experiment("threads", 1), experiment("threads", 2)
    most, few = max(blocked.numbers("new_threads")), max(waiting.numbers("new_threads"))
    return all_of(
        blocked.outcome, waiting.outcome,
        expect(most > 2 and few < 10, f"new threads with 2 Ps: {most:g} for 50 calls, {few:g} for 1000 goroutines"),
    )  # fmt: skip


@check("1-02", kind="source")
def a_p_holds_the_local_queue_and_the_allocator_s_cache() -> Outcome:
    """These are fields of type p."""
    return all_of(
        source_has(RUNTIME2, "p.runq", "[256]guintptr"), source_has(RUNTIME2, "p.runnext"),
        source_has(RUNTIME2, "p.mcache", "*mcache"), source_has(RUNTIME2, "p.timers"),
        source_has("runtime/HACKING.md", text="There are exactly `GOMAXPROCS` Ps"),
    )  # fmt: skip


@check("1-03", kind="simulation")
def a_p_queues_many_goroutines_and_runs_one() -> Outcome:
    """300 started on one P: how many are queued, how many run at once; with a second P some of them are stolen."""
    lie = basic.queued(300)
    one, two = run(basic.start, 300, gomaxprocs=1), run(basic.start, 300, 20, gomaxprocs=2)
    most = basic.at_once(one, "p")
    moved = sum(v.steal_unpack(e.arg)[1] for e in seen(two, v.E_STEAL))
    return expect(
        lie == (1, 170, 129) and most == 1 and moved > 0,
        f"300 goroutines: {lie.ring} in the ring, {lie.runnext} in runnext, {lie.globally} in the global queue; "
        f"{most} runs at a time; a second P takes {moved} of them away",
    )


@check("1-04", kind="simulation")
def a_thread_runs_one_goroutine_at_a_time() -> Outcome:
    """Counted in a mix of computing, calls and meetings."""
    rec = basic.mix()
    most, threads = basic.at_once(rec, "m"), counted(rec, v.E_M_NEW, arg=v.M_NORMAL)
    return all_of(
        expect(most == 1 and threads > 2, f"{threads} threads, at most {most} goroutine at once on each"),
        source_has(RUNTIME2, "m.curg", "*g"), source_has(RUNTIME2, "m.g0", "*g"),
    )  # fmt: skip


def _unset(**settings: Any) -> Config:
    """Nobody sets GOMAXPROCS."""
    return Config(**{"gomaxprocs": None, **settings})


@check("1-05", kind="simulation")
def the_number_of_ps_is_gomaxprocs_and_its_default_has_changed() -> Outcome:
    """Eight CPUs, nobody sets GOMAXPROCS: on how many Ps does work run, by version and quota?"""
    rows = {
        "Go 1.4": (_unset( cores=8, go="1.4"), 1),
        "Go 1.23": (_unset( cores=8, go="1.23"), 8),
        "Go 1.23, quota of 2.5 CPUs": (_unset( cores=8, go="1.23", quota_us=250_000), 8),
        "Go 1.27, quota of 2.5 CPUs": (_unset( cores=8, quota_us=250_000), 3),
        "Go 1.27, quota of half a CPU": (_unset( cores=8, quota_us=50_000), 2),
    }
    used = {name: basic.procs_used(config) for name, (config, _) in rows.items()}
    said = ", ".join(f"{name}: {n}" for name, n in used.items())
    real = experiment("maxprocs")
    return all_of(
        expect(all(used[name] == n for name, (_, n) in rows.items()), f"Ps that ran something: {said}"),
        real.outcome,
        source_has("runtime/cgroup_linux.go", "adjustCgroupGOMAXPROCS", "max(limit, 2)"),
    )


@check("1-06", kind="simulation")
def what_is_scheduled_is_a_goroutine() -> Outcome:
    """On one P ten goroutines take turns; on four, one goroutine runs on several Ps and threads in its life."""
    turns = {e.g for e in seen(run(basic.start, 10, gomaxprocs=1), v.E_EXECUTE)}
    rec = basic.mix()
    homes = {g: {e.p for e in seen(rec, v.E_EXECUTE, g=g)} for g in {e.g for e in seen(rec, v.E_EXECUTE)}}
    roamed = sum(len(ps) > 1 for ps in homes.values())
    return expect(
        len(turns) == 11 and roamed > 0,
        f"one P ran {len(turns)} goroutines; of {len(homes)} goroutines on two Ps {roamed} ran on both",
    )


# --- where goroutines come from, and who looks where ----------------------------------------------------------------


@check("1-07", kind="simulation")
def a_new_goroutine_goes_to_runnext_and_pushes_the_last_one_out() -> Outcome:
    """The last of ten runs first; the 258th sends half of the ring, and itself or the one it pushed out, away."""
    order, lie = basic.order(10), basic.queued(258)
    wrong = tuple(range(10))  # what the tail of a queue would give
    return expect(
        order == (9, 0, 1, 2, 3, 4, 5, 6, 7, 8) != wrong and lie == (1, 128, 129),
        f"order of ten: {' '.join(map(str, order))}; of 258: {lie.globally} in the global queue, {lie.ring} local",
    )


@check("1-07", kind="experiment")
def the_order_on_real_go_is_the_same() -> Outcome:
    """300 goroutines started by one loop, on one P."""
    seen_by = experiment("order")
    first, second = seen_by.real["order"][:2]
    return all_of(seen_by.outcome, expect((first, second) == (299, 128), f"first run: {first:g}, then {second:g}"))


def _a_p_that_is_free_at_last() -> Body:
    """P1 is busy while main overfills the ring of P0; what does it take when it is free?"""
    wg = WaitGroup()

    def many() -> Body:
        yield work(us=10)
        for i in range(300):
            yield go(basic.task, i, wg, 50)
        yield work(us=2000)

    yield wg.Add(300)
    yield go(many)
    yield gosched()
    yield work(us=1000)
    yield wg.Wait()


@check("1-08", "2.3-21", kind="simulation")
def an_empty_p_takes_from_the_global_queue_before_it_steals() -> Outcome:
    """Both the global queue and another P's ring have goroutines when a P becomes free."""
    rec = run(_a_p_that_is_free_at_last, gomaxprocs=2)
    overflow = seen(rec, v.E_OVERFLOW)[0]
    taken = next(e for e in seen(rec, v.E_GLOB_GET, v.E_STEAL) if e.t > overflow.t and e.p != overflow.p)
    state = basic.before(rec, taken.kind, t=taken.t, p=taken.p)
    ring = len(state.ps[overflow.p].runq)
    return expect(
        taken.kind == v.E_GLOB_GET and ring > 0 and len(state.runq) > 0,
        f"{len(state.runq)} in the global queue, {ring} in the other's ring: {taken.arg} come from the first",
    )


@check("1-08", "2.3-21", kind="source")
def the_order_of_the_search_is_fixed() -> Outcome:
    """findRunnable asks for everything in one order."""
    return in_order(
        PROC, "findRunnable", "sched.gcwaiting.Load()", "pp.timers.check(0, nil)", "traceReader()",
        "findRunnableGCWorker(pp", "pp.schedtick%61 == 0", "runqget(pp)", "globrunqgetbatch", "netpoll(0)",
        "stealWork(now)", "addIdleMarkWorker()", "stopm()",
    )  # fmt: skip


# --- blocking -------------------------------------------------------------------------------------------------------


@check("1-09", "1-26", kind="experiment")
def sysmon_takes_the_p_of_a_long_call_only() -> Outcome:
    """A goroutine waits for the only P while another is in a blocking call of 50 ms, and of 5 us."""
    long, short = experiment("handoff"), experiment("handoff", 1)
    return all_of(long.outcome, short.outcome)


@check("1-09", "1-26", kind="simulation")
def entering_a_call_does_not_give_the_p_away() -> Outcome:
    """When is the P taken from calls of 5 us and of 5 ms, if another goroutine waits for it?"""
    short, long = basic.call(5), basic.call(5_000)
    rec = run(basic.beside_a_call, 5 * basic.MS, gomaxprocs=1)
    entry = seen(rec, v.E_SYSCALL)[0]
    state = next(s for e, s in basic.states(rec) if e == entry)
    return expect(
        short.retaken == -1 and long.retaken >= 20 and state.ms[entry.m].p == entry.p,
        f"in the call of 5 us the P is never taken, in the one of 5 ms after {long.retaken:.0f} us, by sysmon",
    )


@check("1-10", "1-26", kind="experiment")
def waiting_for_the_network_blocks_no_thread() -> Outcome:
    """100 goroutines that wait for sockets, and 50 in blocking system calls."""
    net, calls = experiment("sockets"), experiment("threads", 1)
    made, blocked = max(net.numbers("new_threads")), max(calls.numbers("new_threads"))
    return all_of(
        net.outcome, calls.outcome,
        expect(made < 10 < blocked, f"threads made: {made:g} for 100 sockets, {blocked:g} for 50 blocking calls"),
        source_has("runtime/netpoll.go", "netpollblock", "gopark("),
    )  # fmt: skip


@check("1-11", kind="simulation")
def sysmon_takes_the_p_and_hands_it_over() -> Outcome:
    """Who takes the P of a long call, and who gets it?"""
    rec = run(basic.beside_a_call, 5 * basic.MS, gomaxprocs=1)
    sysmon = seen(rec, v.E_M_NEW, arg=v.M_SYSMON)[0].m
    taken = seen(rec, v.E_RETAKE)[0]
    given = seen(rec, v.E_M_START, p=taken.p)[0]
    idle, alone = (counted(run(_only_a_call, gomaxprocs=procs), v.E_RETAKE, arg=sysmon) for procs in (2, 1))
    return all_of(
        expect(
            taken.arg == sysmon and seen(rec, v.E_HANDOFF)[0].m == sysmon and given.m not in (sysmon, taken.m),
            f"sysmon (thread {sysmon}) takes it and starts thread {given.m} with it",
        ),
        expect(
            idle == 0 and alone == 1,
            f"from a call of 8 ms with nothing to run it is taken {idle} times beside an idle P, "
            f"{alone} times if it is the only one",
        ),
        in_order(PROC, "retake", "handoffp(pp)"), source_has(PROC, "handoffp", "startm(pp"),
    )  # fmt: skip


def _only_a_call() -> Body:
    yield syscall(ms=8)
