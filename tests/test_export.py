"""A Recording as Trace Event JSON and as CSV: nothing lost, nothing that overlaps, every arrow with two ends."""

from __future__ import annotations

import csv
import io
import itertools
import json
from collections import defaultdict
from typing import Any

import pytest

from gmp_lab import Config, Program, Recording, chan, go, gosched, recv, send, simulate, sleep, syscall, work
from gmp_lab import vocabulary as v
from gmp_lab.catalog import steady_mix
from gmp_lab.export import csv_text, g_label, trace_events, trace_json
from gmp_lab.metrics import queue_depths, spans, thread_count

CASES: dict[str, dict[str, Any]] = {
    "one P": {"gomaxprocs": 1},
    "four Ps": {"gomaxprocs": 4},
    "two cores": {"gomaxprocs": 4, "cores": 2},
    "1.2": {"gomaxprocs": 2, "go": "1.2"},
}


@pytest.fixture(params=CASES, scope="module")
def rec(request: pytest.FixtureRequest) -> Recording:
    return simulate(Config(**CASES[request.param]), steady_mix(goroutines=12, bursts=12))


def of(rec: Recording, phase: str) -> list[dict[str, Any]]:
    return [e for e in trace_events(rec)["traceEvents"] if e["ph"] == phase]


def ns(us: float) -> int:
    return round(us * 1000)


def test_the_json_is_what_the_function_gives_and_always_the_same(rec: Recording) -> None:
    assert json.loads(trace_json(rec)) == trace_events(rec)
    assert trace_json(rec) == trace_json(Recording.from_bytes(rec.to_bytes()))


def test_every_stay_that_is_not_idle_is_a_slice_of_its_length_to_the_nanosecond(rec: Recording) -> None:
    got = {(e["pid"], e["tid"] - 1, ns(e["ts"]), ns(e["dur"]), e["cat"]) for e in of(rec, "X")}
    want = set()
    for pid, (letter, quiet) in enumerate((("P", "idle"), ("M", "parked"), ("G", "dead")), 1):
        s = spans(rec, of=letter)
        rows = zip(s.row.tolist(), s.start_ns.tolist(), s.length_ns.tolist(), s.state.tolist(), strict=True)
        want |= {(pid, r, t, n, s.states[w]) for r, t, n, w in rows if s.states[w] != quiet and n}
    assert got == want


def test_no_two_slices_of_a_track_overlap(rec: Recording) -> None:
    tracks = defaultdict(list)
    for e in of(rec, "X"):
        tracks[e["pid"], e["tid"]].append((ns(e["ts"]), ns(e["ts"]) + ns(e["dur"])))
    for stays in tracks.values():
        stays.sort()
        assert all(end <= start for (_, end), (start, _) in itertools.pairwise(stays))


def test_every_track_has_a_name_and_is_used_by_nothing_else(rec: Recording) -> None:
    named = {(e["pid"], e["tid"]): e["args"]["name"] for e in of(rec, "M") if e["name"] == "thread_name"}
    assert {(e["pid"], e["tid"]) for e in of(rec, "X")} <= set(named)
    assert all(tid > 0 for _, tid in named)
    assert {name for (pid, _), name in named.items() if pid == 1} == {f"P{p}" for p in range(rec.config.gomaxprocs)}
    assert named[3, 2] == g_label(rec, 1) == "mix_main G1"


def test_every_arrow_has_two_ends_in_order_on_tracks_of_ps(rec: Recording) -> None:
    starts = {e["id"]: e for e in of(rec, "s")}
    ends = {e["id"]: e for e in of(rec, "f")}
    assert starts and set(starts) == set(ends) and len(starts) == len(of(rec, "s"))
    for number, start in starts.items():
        woken, ran = rec[number], ends[number]
        assert ns(start["ts"]) == woken.t <= ns(ran["ts"]) and start["tid"] - 1 == woken.p
        assert any(e.kind == v.E_EXECUTE and e.g == woken.g and e.t == ns(ran["ts"]) for e in rec)


def test_the_counters_are_the_queues_and_the_threads(rec: Recording) -> None:
    depths, threads = queue_depths(rec), thread_count(rec)
    for e in of(rec, "C"):
        t = ns(e["ts"])
        if e["name"] == "threads":
            assert e["args"] == {"threads": threads.at(t)}
        elif e["name"] == "global queue":
            assert e["args"] == {"goroutines": depths.global_.at(t)}
        else:
            p = int(e["name"].removeprefix("queue of P"))
            assert e["args"] == {"ring": depths.ring[p].at(t), "runnext": depths.runnext[p].at(t)}


def test_a_wait_has_its_reason_for_a_name() -> None:
    def other(c: Any) -> Any:
        yield work(us=50)
        yield send(c, 1)

    def main() -> Any:
        c = chan()
        yield go(other, c)
        yield recv(c)
        yield sleep(us=20)
        yield syscall(us=5)
        yield gosched()

    rec = simulate(Config(gomaxprocs=1), Program(main))
    names = {e["name"] for e in of(rec, "X") if e["pid"] == 3 and e["tid"] == 2}
    assert {"chan receive", "sleep", "syscall", "running"} <= names


def test_the_csv_reads_back_to_the_events(rec: Recording) -> None:
    rows = list(csv.DictReader(io.StringIO(csv_text(rec))))
    kinds = {name: kind for kind, name in v.KIND_NAMES.items()}
    read = [(int(r["t_ns"]), kinds[r["kind"]], *(int(r[k]) for k in ("g", "p", "m", "arg"))) for r in rows]
    assert read == [tuple(e) for e in rec] and [int(r["event"]) for r in rows] == list(range(len(rec)))
