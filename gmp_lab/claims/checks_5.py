"""Checks of chapter 5: nothing in it is about Go, so its numbers stay open; what of it Go has, runs.

The article's own figures (availability, savings, times) have no program, data or source: no run here can confirm or
refute them, and none of these checks does.  They show that the words of a sentence name nothing in Go's runtime, or
what the same question is on Go's side: a hand-over, a guarded change of a setting, a drained P, a target's price.
"""

from __future__ import annotations

from gmp_lab import params
from gmp_lab.claims.check import Outcome, all_of, cannot, check, expect
from gmp_lab.claims.runs_preempt import wait
from gmp_lab.claims.runs_service import drained, fail_over, limited, served, threads_for
from gmp_lab.claims.source import source_has
from gmp_lab.claims.words import none_of

TARGET_MS = 20.0  # p99 that the guarded change and the cheapest setting must keep

cannot("5-01", why="no cluster, no log and no source is named; what ran for 14 months cannot be run again here")
cannot("5-03", why="three figures without a program, a load or a source")
cannot("5-04", why="releases and interventions are counts of a team; no data are given")
cannot("5-08", why="contributions are named without a link; none is about Go's scheduler")


@check("5-01", kind="source")
def no_federation_in_the_runtime() -> Outcome:
    return none_of("federation", "Federation", "cluster", "Kubernetes", "availability")


@check("5-02", kind="simulation")
def the_arithmetic_of_99_992_percent_and_a_hand_over_in_go() -> Outcome:
    minutes = (1 - 0.99992) * 30 * 24 * 60
    taken, longest = fail_over()
    said = f"99.992 % of 30 days leave {minutes:.1f} minutes, {minutes * 60 / 8.3:.0f} fail-overs of 8.3 s; "
    said += f"in Go a P leaves a blocked thread after {longest:.1f} ms at most ({taken} hand-overs simulated)"
    return expect(round(minutes, 1) == 3.5 and taken > 0 and longest < 25, said)


@check("5-05", kind="simulation")
def a_guarded_change_of_a_setting_is_taken_back() -> Outcome:
    before, after = (served(1, procs, 8, 200_000, arrivals=200) for procs in (2, 1))
    kept = after.p99 <= TARGET_MS
    said = f"p99 {before.p99:.1f} ms with GOMAXPROCS=2, {after.p99:.1f} ms with 1; the guard at {TARGET_MS:.0f} ms "
    return expect(before.p99 <= TARGET_MS and not kept, f"{said}takes the change back")


@check("5-06", kind="simulation")
def a_policy_has_settings_of_go_to_refuse() -> Outcome:
    unsafe, safe = wait(off=True), wait()
    wide, fit = (served(8, procs, 8, 200_000, service_us=500).p99 for procs in (8, 2))
    said = f"asyncpreemptoff=1: another waits {unsafe.waited:.0f} ms and not {safe.waited:.0f}; "
    said += f"GOMAXPROCS above the quota: p99 {wide:.0f} ms and not {fit:.0f}"
    return expect(unsafe.waited > 5 * safe.waited and wide > 2 * fit, said)


@check("5-06", kind="source")
def the_runtime_knows_neither_tool() -> Outcome:
    return none_of("OPA", "Falco", "OpenPolicyAgent", "privileged")


@check("5-07", kind="source")
def what_is_new_in_go() -> Outcome:
    """The outlook that the ledger gives instead: each of these is in the source."""
    green = source_has("internal/buildcfg/exp.go", text="GreenTeaGC: true")
    quota = source_has("runtime/cgroup_linux.go", "adjustCgroupGOMAXPROCS")
    metric = source_has("runtime/metrics/description.go", text='"/sched/threads/total:threads"')
    return all_of(green, quota, metric, source_has("runtime/pprof/pprof.go", text='"goroutineleak"'))


@check("5-07", kind="simulation")
def gomaxprocs_has_followed_the_quota_since_1_25() -> Outcome:
    old, new = (params.default_gomaxprocs(params.version(go), 16, 2.0) for go in ("1.23", "1.25"))
    return expect((old, new) == (16, 2), f"16 cores, a quota of 2: GOMAXPROCS is {old} in Go 1.23 and {new} in 1.25")


@check("5-09", kind="simulation")
def the_cheapest_setting_that_keeps_a_target() -> Outcome:
    tails = {procs: served(1, procs).p99 for procs in (1, 2, 3, 4)}
    cheapest = min(procs for procs, p99 in tails.items() if p99 <= TARGET_MS)
    told = ", ".join(f"{procs}: {p99:.1f} ms" for procs, p99 in tails.items())
    said = f"p99 by GOMAXPROCS beside one loop: {told}; {cheapest} Ps keep {TARGET_MS:.0f} ms, more are not needed"
    return expect(cheapest == 2 and tails[4] > tails[2] / 2, said)


@check("5-10", kind="simulation")
def a_p_that_goes_hands_its_goroutines_over() -> Outcome:
    seen = drained()
    said = f"GOMAXPROCS 8 to 2: {seen.ps} Ps went, {seen.moved} goroutines moved to the global queue, "
    said += f"{seen.ended} of {seen.started} ended"
    return expect(seen.ps == 6 and seen.moved > 0 and seen.started == seen.ended, said)


@check("5-11", kind="simulation")
def the_network_needs_no_thread_for_each_wait() -> Outcome:
    blocking, polled = threads_for("system call"), threads_for("network")
    said = f"64 goroutines that wait: {blocking} threads for blocking calls, {polled} for the network"
    return expect(blocking > 5 * polled, said)


@check("5-11", kind="source")
def nothing_of_these_is_in_go() -> Outcome:
    return none_of("Quarkus", "Oracle", "ByteBuddy", "JVM")


@check("5-12", kind="source")
def loongson_is_an_architecture_of_its_own() -> Outcome:
    ours = source_has("internal/goarch/zgoarch_loong64.go", "GOARCH", "`loong64`")
    arm = source_has("internal/goarch/zgoarch_loong64.go", "IsArm64", "0")
    return all_of(ours, arm, source_has("internal/goarch/zgoarch_arm64.go", "GOARCH", "`arm64`"))


@check("5-13", kind="simulation")
def what_a_small_node_can_set() -> Outcome:
    (none, whole), (cycles, held) = limited(), limited(16)
    said = f"one P, 64 MiB allocated: without a limit {none} collections and a heap of {whole} MiB, "
    return expect(none == 0 and cycles > 0 and held < 16, f"{said}with GOMEMLIMIT=16MiB {cycles} and {held} MiB")
