"""Checks of section 3.1: a protocol that does not exist, and what it stands in for, the way from GM to GMP."""

from __future__ import annotations

from gmp_lab.claims.check import Outcome, all_of, check, expect
from gmp_lab.claims.runs import experiment
from gmp_lab.claims.runs_queues import queues, robbed_self, speedup, started
from gmp_lab.claims.source import constant_is, source_has
from gmp_lab.claims.words import agreed, none_of, shown

GM, GMP = "1.0", "1.27"  # one queue under one lock; a queue for each P


@check("3.1-01", kind="source")
def gmp_are_three_types_and_no_protocol() -> Outcome:
    types = [source_has("runtime/runtime2.go", name) for name in ("g", "m", "p")]
    essay = source_has("runtime/HACKING.md", text="Gs, Ms, Ps")
    return all_of(essay, *types, none_of("GMP", "Message", "Protocol"))


@check("3.1-02", kind="simulation")
def gm_is_go_1_0_with_one_queue_and_no_stealing() -> Outcome:
    old, new = queues(GM, 16), queues(GMP, 16)
    said = f"Go 1.0: {old.from_global:,} goroutines of the one queue, {old.from_local} of a P's, {old.stolen} stolen"
    so = old.from_local == old.stolen == 0 < old.from_global and new.from_local > new.from_global
    return expect(so, f"{said}; Go 1.27: {new.from_local:,} from the Ps' own queues, {new.stolen} thefts")


@check("3.1-02", kind="simulation")
def per_p_queues_came_with_1_1() -> Outcome:
    first = queues("1.1", 16)
    said = f"Go 1.1: {first.from_local:,} goroutines from the Ps' own queues, {first.stolen} thefts"
    return expect(first.from_local > 0 and first.stolen > 0, said)


@check("3.1-03", kind="simulation")
def more_cores_help_gmp_and_stop_helping_gm() -> Outcome:
    old, new = speedup(GM, 16), speedup(GMP, 16)
    more = queues(GM, 16).us / queues(GM, 32).us
    said = f"16 cores are {old:.1f} times as fast as one with GM, {new:.1f} times with GMP"
    return expect(new > 1.5 * old and more < 1.05, f"{said}; 32 instead of 16 make GM {more:.2f} times as fast")


@check("3.1-03", kind="experiment")
def real_go_scales_to_two_cores() -> Outcome:
    seen = experiment("scaling")
    return agreed(expect(True, f"real Go: {max(seen.real['speedup']):.2f} times as fast on two Ps"), seen)


@check("3.1-04", kind="source")
def a_goroutine_has_an_id_and_traces_have_tasks() -> Outcome:
    tasks = source_has("runtime/trace/annotation.go", "NewTask")
    return all_of(source_has("runtime/runtime2.go", "g.goid"), tasks, none_of("transaction", "Transaction"))


@check("3.1-05", kind="simulation")
def there_is_no_order_among_the_queues_of_several_ps() -> Outcome:
    one, four = started(1, 12)[0], started(4, 12)[0]
    said = f"12 goroutines on one P ran {shown(one)}, on four Ps {shown(four)}"
    return expect(one == (11, *range(11)) and four not in (one, tuple(range(12))), said)


@check("3.1-06", kind="simulation")
def no_runnable_goroutine_is_lost() -> Outcome:
    ended = [started(procs, 2000)[1] for procs in (1, 2, 8, 32)]
    lost = 1 - sum(ended) / 8000
    return expect(lost == 0, f"of 8,000 goroutines on 1, 2, 8 and 32 Ps {sum(ended):,} ended: {lost:.1%} lost")


@check("3.1-07", kind="source")
def ids_are_handed_to_ps_in_batches_of_16() -> Outcome:
    batch = constant_is("runtime/proc.go", "_GoidCacheBatch", 16)
    return all_of(batch, source_has("runtime/runtime2.go", "p.goidcache"), none_of("LTS", "TSO"))


@check("3.1-08", kind="source")
def the_runtime_signs_nothing() -> Outcome:
    return none_of("ed25519", "Ed25519", "sha1", "signature")


@check("3.1-09", kind="simulation")
def one_lock_for_all_costs_more_than_a_queue_for_each() -> Outcome:
    old, new = queues(GM, 16).lock_percent, queues(GMP, 16).lock_percent
    said = f"16 Ps wait for the scheduler's lock {old:.1f} % of their time in Go 1.0, {new:.1f} % in 1.27"
    return expect(old > 30 and new < 5, said)


@check("3.1-10", kind="source")
def the_runtime_has_no_header_with_these_fields() -> Outcome:
    return none_of("trace_id", "seq_no", "traceID", "seqNo")


@check("3.1-11", kind="source")
def the_runtime_has_no_gateway() -> Outcome:
    return none_of("gateway", "Gateway")


@check("3.1-12", kind="source")
def a_ring_has_one_producer_and_many_consumers() -> Outcome:
    puts = source_has("runtime/proc.go", "runqput", "Executed only by the owner P")
    takes = source_has("runtime/proc.go", "runqgrab", "Can be executed by any P")
    return all_of(puts, takes, none_of("broker", "Broker"))


@check("3.1-12", kind="simulation")
def others_take_from_a_ring_and_only_its_p_puts_into_it() -> Outcome:
    thefts, own = robbed_self()
    return expect(thefts > 0 and own == 0, f"{thefts} thefts from the rings of others, {own} from the thief's own")
