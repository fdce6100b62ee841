"""A Recording for other tools: Trace Event JSON, which Perfetto and Chrome's about:tracing open, and CSV.

In the JSON, Ps, Ms and goroutines are three processes with a track for each; queue depths and threads are counters;
an arrow leads from the moment at which a goroutine was made or woken to the one at which it ran.  Times are in
microseconds with three decimals, so no nanosecond is lost.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Any, Final

from gmp_lab import vocabulary as v
from gmp_lab.metrics import queue_depths, spans, thread_count
from gmp_lab.metrics.depths import Steps
from gmp_lab.recording import Recording

Event = dict[str, Any]
_PROCESSES: Final = {"P": (1, "Ps (processors)"), "M": (2, "Ms (threads)"), "G": (3, "Goroutines")}
_QUIET: Final = {"P": {"idle"}, "M": {"parked"}, "G": {"dead"}}  # stays that a track leaves empty
_WAKES: Final = {v.E_GO_CREATE, v.E_READY, v.E_NET_READY, v.E_GC_READY}
_MARKS: Final = {
    v.E_STEAL, v.E_RETAKE, v.E_HANDOFF, v.E_PREEMPT, v.E_SIGNAL, v.E_OVERFLOW, v.E_TIMER, v.E_TIMER_RUN, v.E_LOG,
    v.E_STW_STOP, v.E_STW_STOPPED, v.E_STW_START, v.E_DEADLOCK, v.E_STACK_GROW, v.E_STACK_SHRINK,
}  # fmt: skip
CSV_COLUMNS: Final = ("event", "t_ns", "kind", "g", "p", "m", "arg")


def trace_events(rec: Recording) -> dict[str, Any]:
    """The run as the object that a Trace Event JSON file holds (keys traceEvents, displayTimeUnit, otherData)."""
    events = [*_names(rec), *_stays(rec), *_counters(rec), *_arrows(rec), *_instants(rec)]
    told = {"program": rec.program, "go": rec.config.go, "ended": rec.ended, "end_ns": str(rec.end_ns)}
    return {"traceEvents": events, "displayTimeUnit": "ns", "otherData": told}


def trace_json(rec: Recording) -> str:
    """The run as the text of a Trace Event JSON file; equal Recordings give equal texts."""
    return json.dumps(trace_events(rec), separators=(",", ":"), ensure_ascii=False)


def csv_text(rec: Recording) -> str:
    """The events as CSV, a row each; kinds by name, -1 for nobody (see vocabulary for what arg means)."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    writer.writerows((i, e.t, e.name, e.g, e.p, e.m, e.arg) for i, e in enumerate(rec))
    return out.getvalue()


def _us(ns: int) -> float:
    return ns / 1000


def g_label(rec: Recording, g: int) -> str:
    """A goroutine by name and id, as in ``worker G7``."""
    return f"{rec.g_names[g - 1]} G{g}" if 0 < g <= len(rec.g_names) else f"G{g}"


def _names(rec: Recording) -> Iterator[Event]:
    for of, (pid, title) in _PROCESSES.items():
        yield {"ph": "M", "name": "process_name", "pid": pid, "tid": 0, "args": {"name": title}}
        yield {"ph": "M", "name": "process_sort_index", "pid": pid, "tid": 0, "args": {"sort_index": pid}}
        for row in sorted(set(spans(rec, of=of).row.tolist())):
            name = g_label(rec, row) if of == "G" else f"{of}{row}"
            yield {"ph": "M", "name": "thread_name", "pid": pid, "tid": row + 1, "args": {"name": name}}
            yield {"ph": "M", "name": "thread_sort_index", "pid": pid, "tid": row + 1, "args": {"sort_index": row}}


def _stays(rec: Recording) -> Iterator[Event]:
    for of, (pid, _) in _PROCESSES.items():
        s = spans(rec, of=of)
        columns = (s.row, s.start_ns, s.end_ns, s.state, s.g, s.p, s.m, s.event)
        for row, start, end, state, g, p, m, event in zip(*(c.tolist() for c in columns), strict=True):
            word = s.states[state]
            if word in _QUIET[of] or end == start:
                continue
            args: dict[str, Any] = {"event": event}
            if of == "G":
                if word == "waiting":
                    args["reason"] = v.WAIT_REASONS[m] if 0 <= m < len(v.WAIT_REASONS) else ""
                else:
                    args |= {"p": p, "m": m}
                name = args.get("reason") or word
            else:
                args |= {"p": p, "m": m, "g": g}
                name = g_label(rec, g) if word == "running" and g > 0 else word
            yield {
                "ph": "X", "name": name, "cat": word, "pid": pid, "tid": row + 1, "ts": _us(start),
                "dur": _us(end - start), "args": args,
            }  # fmt: skip


def _counters(rec: Recording) -> Iterator[Event]:
    tracks: list[tuple[str, dict[str, Steps]]] = []
    if rec.complete:  # a real trace tells no queues
        depths = queue_depths(rec)
        rings = enumerate(zip(depths.ring, depths.runnext, strict=True))
        tracks += [(f"queue of P{p}", {"ring": ring, "runnext": following}) for p, (ring, following) in rings]
        tracks += [("global queue", {"goroutines": depths.global_})]
    tracks += [("threads", {"threads": thread_count(rec)})]
    for name, series in tracks:
        for t in sorted({t for steps in series.values() for t in steps.t_ns.tolist()}):
            values = {key: steps.at(t) for key, steps in series.items()}
            yield {"ph": "C", "name": name, "pid": 1, "tid": 0, "ts": _us(t), "args": values}


def _arrows(rec: Recording) -> Iterator[Event]:
    """Flows: from who made or woke a goroutine to its next run, between the tracks of their Ps."""
    woken: dict[int, tuple[int, int, int]] = {}
    for i, e in enumerate(rec):
        if e.kind in _WAKES and e.p >= 0:
            woken[e.g] = (i, e.t, e.p)
        elif e.kind == v.E_EXECUTE and e.g in woken:
            number, t, p = woken.pop(e.g)
            same = {"cat": "wake-up", "name": f"wakes {g_label(rec, e.g)}", "id": number, "pid": 1}
            yield {"ph": "s", "tid": p + 1, "ts": _us(t), **same}
            yield {"ph": "f", "bp": "e", "tid": e.p + 1, "ts": _us(e.t), **same}


def _instants(rec: Recording) -> Iterator[Event]:
    for i, e in enumerate(rec):
        if e.kind in _MARKS:
            of, row = ("P", e.p) if e.p >= 0 else ("M", e.m)
            scope = "g" if row < 0 else "t"  # the whole run, or one track
            where = {"s": scope, "pid": _PROCESSES[of][0] if row >= 0 else 1, "tid": row + 1}
            told = {"event": i, "g": e.g, "m": e.m, "arg": e.arg}
            yield {"ph": "i", "name": e.name, "cat": "event", "ts": _us(e.t), **where, "args": told}
