"""scheddetail reports: written as Go writes them, and read back; the model's own compared with its Runtime."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import pytest
from go_oracle import runs_until
from handmade import BEGIN, recording
from hypothesis import given
from hypothesis import strategies as st

from gmp_lab import Config, ConfigError, golang, simulate
from gmp_lab import vocabulary as v
from gmp_lab.aftermath import GFREE_MAX, aftermath_after
from gmp_lab.catalog import fan_out, hogs_and_victims, ping_pong, steady_mix
from gmp_lab.replay import state_after
from gmp_lab.scheddetail import (
    FORMATS,
    DetailG,
    DetailM,
    DetailP,
    SchedDetail,
    format_scheddetail,
    parse_scheddetail,
    report_of,
    scheddetail_reports,
    scheddetail_text,
)
from gmp_lab.schedtrace import parse_schedtrace
from gmp_lab.workload import Body, Program, WaitGroup, go, gosched, lock_os_thread, sleep, syscall, work

SAMPLES = Path(__file__).parent / "data" / "scheddetail"
REAL_P = "  P0: status=1 schedtick=23 syscalltick=68 m=7 runqsize=0 gfreecnt=0 timerslen=0"
REAL_M = (
    "  M6: p=0 curg=nil mallocing=0 throwing=0 preemptoff= locks=1 dying=0 spinning=false blocked=false lockedg=nil"
)
REAL_G = "  G2: status=4(force gc (idle)) m=nil lockedm=nil"
HEAD = (
    "SCHED 3ms: gomaxprocs=1 idleprocs=0 threads=2 spinningthreads=0 needspinning=1 idlethreads=0 runqueue=2 "
    "gcwaiting=false nmidlelocked=0 stopwait=0 sysmonwait=false"
)
BLOCK = f"{HEAD}\n{REAL_P}\n{REAL_M}\n{REAL_G}"
NOT_DETAILED = HEAD.split(" gcwaiting", maxsplit=1)[0] + " [ 1 ] schedticks=[ 1 ]"

COUNT = st.integers(0, 10**9)
WHO = st.none() | st.integers(0, 10**6)
REASONS = st.sampled_from(("", *v.WAIT_REASONS))
PS = st.builds(DetailP, COUNT, st.integers(0, 4), COUNT, COUNT, WHO, COUNT, COUNT, COUNT)
MS = st.builds(
    DetailM, COUNT, WHO, WHO, COUNT, COUNT, st.sampled_from(("", "gcing", "GC worker init")), COUNT, COUNT,
    st.booleans(), st.booleans(), WHO,
)  # fmt: skip
GS = st.builds(DetailG, COUNT, st.sampled_from((1, 2, 3, 4, 6, 9, 0x1004)), REASONS, WHO, WHO)


@pytest.mark.parametrize(("file", "form"), [("119", "1.19"), ("123", "1.23"), ("127", "1.26")])
def test_real_reports_of_every_format_are_read_and_written_again_byte_for_byte(file: str, form: str) -> None:
    text = (SAMPLES / f"mixed_2p_{file}.txt").read_text(encoding="utf-8")
    reports = parse_scheddetail(text)
    assert "".join(format_scheddetail(r, form) for r in reports) == text.partition("\n")[2]
    assert len(reports) == 4 and all(len(r.allm) == r.threads for r in reports)


def test_a_real_report_is_read_field_by_field() -> None:
    [one] = parse_scheddetail(BLOCK)
    assert one[:12] == (3, 1, 0, 2, 0, 1, 0, 2, False, 0, 0, False)
    assert one.ps == (DetailP(0, 1, 23, 68, 7, 0, 0, 0),)
    assert one.allm == (DetailM(6, 0, None, 0, 0, "", 1, 0, False, False, None),)
    assert one.allgs == (DetailG(2, 4, "force gc (idle)", None, None),)


@st.composite
def reports_of(draw: st.DrawFn, form: str) -> SchedDetail:
    ms, idle, threads, spinning, need, parked, runqueue, locked, stop = (draw(COUNT) for _ in range(9))
    ps, allm, allgs = (tuple(draw(st.lists(row, max_size=4))) for row in (PS, MS, GS))
    return SchedDetail(
        ms, len(ps), idle, threads, spinning, None if form == "1.19" else need, parked, runqueue,
        draw(st.booleans()), locked, stop, draw(st.booleans()), ps, allm, allgs,
    )  # fmt: skip


@pytest.mark.parametrize("form", FORMATS)
@given(data=st.data())
def test_what_is_written_is_read_back(data: st.DataObject, form: str) -> None:
    reports = data.draw(st.lists(reports_of(form), min_size=1, max_size=3))
    text = "more\n".join(format_scheddetail(report, form) for report in reports)
    assert parse_scheddetail(f"noise\n{text}") == reports


@pytest.mark.parametrize(
    "text",
    [
        "", "nothing", BLOCK[:-3], HEAD, HEAD[:40], BLOCK.replace("curg=nil", "curg="), BLOCK.replace(REAL_P, ""),
        BLOCK.replace("blocked=false", "blocked=0"), BLOCK.replace("schedtick=23", "schedtick=" + "9" * 5000),
        BLOCK.replace("schedtick=23", "schedtick=²"), REAL_G,
        NOT_DETAILED,
    ],
)  # fmt: skip
def test_garbage_gives_one_clear_error(text: str) -> None:
    with pytest.raises(ConfigError, match="scheddetail") as e:
        parse_scheddetail(text)
    assert len(str(e.value)) < 250


@given(st.text(max_size=200) | st.text(max_size=60).map(lambda t: BLOCK[: len(t) * 6] + t))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(ConfigError):
        assert parse_scheddetail(text)
    with contextlib.suppress(ConfigError):
        assert parse_schedtrace(text)


def test_a_schedtrace_number_without_end_is_refused_not_converted() -> None:
    with pytest.raises(ConfigError, match="schedtrace"):
        parse_schedtrace("SCHED " + "9" * 5000 + "ms: gomaxprocs=1")


def test_a_format_that_needs_a_missing_value_says_so() -> None:
    [one] = parse_scheddetail(BLOCK)
    with pytest.raises(ConfigError, match="needspinning"):
        format_scheddetail(one._replace(needspinning=None), "1.23")
    with pytest.raises(ConfigError, match="form"):
        format_scheddetail(one, "1.2")


# --- from a run ---------------------------------------------------------------------------------------------------


def locked_main() -> Body:
    """Main, locked to its thread, beside goroutines in system calls."""
    yield lock_os_thread()
    for _ in range(3):
        yield go(caller)
    yield work(us=400)
    yield sleep(us=500)
    yield syscall(us=900)
    yield work(us=300)


def caller() -> Body:
    for _ in range(4):
        yield syscall(us=150)
        yield work(us=60)


PROGRAMS = {
    "hogs": hogs_and_victims(hogs=2, victims=4, period_us=300, turns=12),
    "mix": steady_mix(goroutines=12, bursts=8),
    "pairs": ping_pong(pairs=2, rounds=40, work_us=3),
    "fan-out": fan_out(tasks=300, task_us=8),
    "locked": Program(locked_main),
}


def of_the_runtime(rt: Any) -> tuple[Any, ...]:
    """What a report of the runtime itself would show: its own fields, not the record's."""
    ps = [(p.id, p.status, p.schedtick, p.syscalltick, p.m and p.m.id, len(p.runq), len(p.timers)) for p in rt.allp]
    ms = [(m.id, m.p and m.p.id, m.curg and m.curg.goid, m.spinning, m.lockedg and m.lockedg.goid) for m in rt.allm]
    alive = [g for g in rt.allgs if g.atomicstatus != 6]
    words = [v.WAIT_REASONS[g.waitreason] if g.waitreason >= 0 else "" for g in alive]
    gs = {g.goid: (g.atomicstatus, word, g.lockedm and g.lockedm.id) for g, word in zip(alive, words, strict=True)}
    sched = rt.sched
    head = (len(sched.pidle), sched.nmspinning, sched.needspinning, len(sched.midle), len(sched.runq))
    parked = {m.id for m in rt.allm if m.onlist}
    awake = {m.id for m in rt.allm if m.p is not None or m is sched.poller}
    return (head, sched.nmidlelocked, ps, ms[::-1], gs), parked, awake


@pytest.mark.parametrize("version", ["1.25", "1.27"])
@pytest.mark.parametrize("name", PROGRAMS)
def test_every_report_shows_what_the_runtime_has_at_that_moment(name: str, version: str) -> None:
    seen = {}

    def look(rt: Any, events: list[Any]) -> None:
        if len(events) not in seen:
            seen[len(events)] = of_the_runtime(rt)

    config = Config(gomaxprocs=2, go=version, startup="real", until_ns=30_000_000, seed=4)
    rec = simulate(config, PROGRAMS[name], observe=look)
    for i in list(seen)[5:-1:7]:
        report = report_of(state_after(rec, i), aftermath_after(rec, i), "1.26")
        ps = [(*p[:6], p.timerslen) for p in report.ps]
        ms = [(m.id, m.p, m.curg, m.spinning, m.lockedg) for m in report.allm]
        gs = {g.id: (g.status, g.reason, g.lockedm) for g in report.allgs if g.status != 6}
        head = (report.idleprocs, *report[4:8])
        expected, parked, awake = seen[i]
        assert (head, report.nmidlelocked, ps, ms, gs) == expected
        blocked = {m.id for m in report.allm if m.blocked}
        assert parked <= blocked and not awake & blocked


def test_a_thread_without_its_locked_goroutine_is_blocked_and_counted() -> None:
    config = Config(gomaxprocs=2, startup="real", schedtrace_ms=1, scheddetail=True)
    rec = simulate(config, PROGRAMS["locked"])
    at = next(i for i, e in enumerate(rec, 1) if e.kind == v.E_STOP_LOCKED)
    report = report_of(state_after(rec, at), aftermath_after(rec, at), "1.26")
    assert report.nmidlelocked == 1
    assert [m.id for m in report.allm if m.lockedg == 1 and m.blocked and m.curg is None] == [0]


def test_a_timer_that_another_p_runs_leaves_the_heap_of_its_own_p() -> None:
    rows = [
        *BEGIN,
        (10, v.E_PARK, 1, 0, 0, v.WAIT_NO["sleep"]),
        (20, v.E_TIMER, 1, 1, 1, 0),
        (20, v.E_READY, 1, 1, 1, -1),
    ]
    rec = recording(rows)
    assert [aftermath_after(rec, i).timers for i in (5, 6, 7)] == [[0, 0], [1, 0], [0, 0]]


def test_a_run_prints_reports_that_read_back_to_its_states() -> None:
    config = Config(gomaxprocs=2, schedtrace_ms=2, scheddetail=True, startup="real", until_ns=40_000_000)
    rec = simulate(config, PROGRAMS["hogs"])
    reports = scheddetail_reports(rec)
    assert parse_scheddetail(scheddetail_text(rec)) == reports
    assert len(reports) >= 5 and reports[0].ms == 0
    assert {m.locks for r in reports for m in r.allm} == {0, 32}


def test_a_goroutine_that_runs_again_shows_its_last_wait_reason() -> None:
    config = Config(gomaxprocs=1, schedtrace_ms=1, scheddetail=True)
    rec = simulate(config, hogs_and_victims(hogs=0, victims=2, period_us=900, victim_us=600, turns=20))
    stale = {(g.status, g.reason) for r in scheddetail_reports(rec) for g in r.allgs}
    assert (2, "sleep") in stale


def test_a_dead_goroutine_is_shown_until_a_go_statement_takes_its_place() -> None:
    rec = simulate(Config(gomaxprocs=1), Program(two_after_another))
    at = [i for i, e in enumerate(rec, 1) if e.kind in (v.E_EXIT, v.E_GO_CREATE)][2:4]
    shown = [report_of(state_after(rec, i), aftermath_after(rec, i), "1.26") for i in at]
    assert [[(g.id, g.status) for g in r.allgs] for r in shown] == [[(1, 1), (2, 6)], [(1, 2), (3, 1)]]
    assert [r.ps[0].gfreecnt for r in shown] == [1, 0]


def two_after_another() -> Body:
    yield go(nothing)
    yield gosched()
    yield go(nothing)
    yield gosched()


def nothing() -> Body:
    yield work(us=1)


def test_a_p_never_keeps_64_free_goroutines() -> None:
    rec = simulate(Config(gomaxprocs=1), fan_out(tasks=200, task_us=1))
    books = aftermath_after(rec, len(rec))
    assert len(books.allgs) == 201 and 0 < len(books.gfree[0]) < GFREE_MAX


def waves() -> Body:
    """100, 10 and 250 goroutines, each wave after the end of the one before."""
    for n in (100, 10, 250):
        wg = WaitGroup()
        for _ in range(n):
            yield wg.Add(1)
            yield go(ends, wg)
        yield wg.Wait()
        yield sleep(ms=25)


def ends(wg: WaitGroup) -> Body:
    yield wg.Done()


def test_free_goroutines_are_kept_and_reused_as_real_go_1_23_and_1_27_did() -> None:
    config = Config(gomaxprocs=1, schedtrace_ms=10, scheddetail=True, startup="real")
    reports = scheddetail_reports(simulate(config, Program(waves)))
    shown = {(r.ps[0].gfreecnt, sum(g.status == 6 for g in r.allgs)) for r in reports if r.ms >= 10}
    assert shown == {(34, 100), (52, 250)}


def test_a_run_without_scheddetail_says_what_is_missing() -> None:
    for config, what in ((Config(), "schedtrace_ms"), (Config(schedtrace_ms=1), "scheddetail")):
        with pytest.raises(ConfigError, match=what):
            scheddetail_text(simulate(config, PROGRAMS["mix"]))


# --- real Go ------------------------------------------------------------------------------------------------------

BUSY = """package main

import "time"

func main() {
	c := make(chan int)
	for i := 0; i < 3; i++ {
		go func() {
			for {
				c <- 1
			}
		}()
		go func() {
			for {
				<-c
			}
		}()
	}
	time.Sleep(40 * time.Millisecond)
}
"""


@pytest.mark.go
def test_what_a_real_program_prints_is_read_without_loss() -> None:
    run = golang.run_go(BUSY, gomaxprocs=2, env={"GODEBUG": "schedtrace=5,scheddetail=1"})
    real = [line for line in run.stderr.splitlines() if line.startswith(("SCHED", "  P", "  M", "  G"))]
    reports = parse_scheddetail(run.stderr)
    form = "1.19" if reports[0].needspinning is None else "1.26"
    assert "".join(format_scheddetail(r, form) for r in reports).splitlines() == real and len(reports) > 2


WAVES = """package main

import (
	"sync"
	"time"
)

func main() {
	for _, n := range []int{100, 10, 250} {
		var wg sync.WaitGroup
		for i := 0; i < n; i++ {
			wg.Add(1)
			go func() { wg.Done() }()
		}
		wg.Wait()
		time.Sleep(25 * time.Millisecond)
	}
}
"""


@pytest.mark.go
def test_the_free_goroutines_of_a_real_program_are_those_that_we_compare_with() -> None:
    env = {"GODEBUG": "schedtrace=10,scheddetail=1", "GOGC": "off"}

    def ask() -> list[tuple[int, int]]:
        reports = parse_scheddetail(golang.run_go(WAVES, gomaxprocs=1, env=env).stderr)
        dead = [(r.ps[0].gfreecnt, sum(g.status == 6 for g in r.allgs)) for r in reports if r.ms >= 10]
        return list(dict.fromkeys(dead))

    assert [(34, 100), (52, 250)] in runs_until([(34, 100), (52, 250)], ask)
