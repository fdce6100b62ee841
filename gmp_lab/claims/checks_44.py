"""Checks of section 4.4: the latency of a service, what measures it, and what belongs to other levels."""

from __future__ import annotations

from itertools import pairwise

from gmp_lab.claims.check import Outcome, all_of, by_document, check, expect
from gmp_lab.claims.runs import experiment
from gmp_lab.claims.runs_service import LIMIT_US, served
from gmp_lab.claims.source import constant_is, source_has
from gmp_lab.claims.words import agreed, none_of

METRICS = "runtime/metrics/description.go"
SCHEDULER = (
    "/sched/latencies:seconds", "/sched/pauses/stopping/gc:seconds", "/sched/pauses/stopping/other:seconds",
    "/sched/pauses/total/gc:seconds", "/sched/pauses/total/other:seconds", "/sched/goroutines/runnable:goroutines",
    "/sched/threads/total:threads", "/cpu/classes/gc/mark/assist:cpu-seconds",
)  # fmt: skip

by_document("4.4-01")


@check("4.4-02", kind="simulation")
def one_hog_on_one_p_is_enough_to_miss_8_ms() -> Outcome:
    alone, beside, more = served(0), served(1), served(1, procs=2)
    said = f"500 requests a second on one P: {alone.missed:.0%} miss {LIMIT_US // 1000} ms, beside a loop "
    said += f"{beside.missed:.0%}; with a second P {more.missed:.0%}"
    return expect(alone.missed == 0 and beside.missed > 0.5 and more.missed == 0, said)


@check("4.4-02", kind="source")
def the_shortest_slice_is_longer_than_8_ms() -> Outcome:
    return constant_is("runtime/proc.go", "forcePreemptNS", 10_000_000)


@check("4.4-02", kind="experiment")
def a_real_service_waits_beside_a_hog() -> Outcome:
    seen = experiment("service")
    half = float(seen.real["p50_10ms"][0]) * 10
    said = f"real Go: half of the requests began {half:.1f} ms late or later beside one loop"
    return agreed(expect(half > 6, said), seen)


@check("4.4-03", kind="simulation")
def buckets_of_100_us_are_up_to_100_us_wrong() -> Outcome:
    times = served(0).times_us
    wrong = [us - us // 100 * 100 for us in times]
    said = f"{len(times)} response times in buckets of 100 us: up to {max(wrong)} us wrong, "
    return expect(max(wrong) > 50, f"{said}{sum(wrong) / len(wrong):.0f} on average; 1 us is a hundredth of a bucket")


@check("4.4-04", kind="simulation")
def two_causes_give_the_same_percentile() -> Outcome:
    hog, long = served(1), served(0, 8, arrivals=200, service_us=7000, ms=2000)
    said = f"p99 is {hog.p99:.0f} ms beside a loop and {long.p99:.0f} ms of long requests with free Ps; the wait "
    said += f"to run tells them apart (p99 {hog.waited_p99:.0f} and {long.waited_p99:.2f} ms)"
    return expect(abs(hog.p99 - long.p99) < 0.3 * hog.p99 and long.waited_p99 < 1 < hog.waited_p99, said)


@check("4.4-04", "4.4-05", kind="source")
def the_runtime_has_metrics_of_its_own() -> Outcome:
    found = all_of(*(source_has(METRICS, text=f'"{name}"') for name in SCHEDULER))
    return Outcome(True, f"{METRICS} has {', '.join(SCHEDULER)}") if found.holds else found


by_document("4.4-05", "4.4-06")


@check("4.4-06", "4.4-08", kind="source")
def none_of_these_is_a_metric_of_the_runtime() -> Outcome:
    names = ("kube_pod_spec_priority_class", "priority_class", "http_request_duration_seconds")
    return none_of(*names, where="runtime/metrics")


@check("4.4-07", kind="simulation")
def gomaxprocs_above_the_quota_is_throttled() -> Outcome:
    wide, fit = (served(8, procs, 8, 200_000, service_us=500) for procs in (8, 2))
    much, little = (one.stat.throttled_usec // 1000 for one in (wide, fit))
    said = f"a quota of 2 CPUs: with GOMAXPROCS=8 cores stood still for {much:,} ms and p99 was {wide.p99:.0f} ms, "
    said += f"with GOMAXPROCS=2 {little:,} ms and {fit.p99:.0f} ms"
    return expect(much > 100 * little and wide.p99 > 2 * fit.p99, said)


@check("4.4-07", kind="source")
def since_1_25_the_quota_is_looked_at() -> Outcome:
    return source_has("runtime/cgroup_linux.go", "adjustCgroupGOMAXPROCS", "max(limit, 2)")


@check("4.4-08", kind="simulation")
def a_request_s_duration_comes_from_the_program() -> Outcome:
    seen = served(0)
    said = f"{seen.requests} requests noted their own times: p50 {seen.p50:.2f} ms, p99 {seen.p99:.2f} ms"
    return expect(seen.requests > 100 and seen.p50 < seen.p99, said)


@check("4.4-09", kind="simulation")
def each_hog_adds_about_20_ms_to_the_tail() -> Outcome:
    tails = [served(hogs).p99 for hogs in range(4)]
    steps = [after - before for before, after in pairwise(tails)]
    told = ", ".join(f"{tail:.0f}" for tail in tails)
    said = f"p99 beside 0, 1, 2, 3 loops on one P: {told} ms; a loop adds {sum(steps) / 3:.0f} ms on average, not 10"
    return expect(all(step > 10 for step in steps) and 15 < sum(steps) / 3 < 25, said)


@check("4.4-09", kind="experiment")
def a_real_tail_grows_with_the_hogs_too() -> Outcome:
    none, one, four = (experiment("service", point) for point in (1, 0, 2))
    tails = [float(seen.real["p90_10ms"][0]) * 10 for seen in (none, one, four)]
    said = f"real Go, p90 beside 0, 1 and 4 loops on one P: {', '.join(f'{tail:.0f}' for tail in tails)} ms"
    return agreed(expect(tails == sorted(tails) and tails[2] > 40, said), none, one, four)
