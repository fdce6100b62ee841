"""The reference solutions of chapter 2's exam say what the mirror of the runtime does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import gmp_lab.runtime.retake as retake_module
import gmp_lab.runtime.sysmon as sysmon_module
from gmp_lab import Config, Costs, Program, chan, go, log, recv, simulate, sleep, state_after, syscall, twins, work
from gmp_lab.catalog import callers, spawn
from gmp_lab.exam.bank import load_assignment
from gmp_lab.exam.kit import compiled
from gmp_lab.heap import gc
from gmp_lab.metrics import stack_changes
from gmp_lab.runtime.runtime2 import _Gsyscall
from gmp_lab.stacks import call, recurse, ret

EXERCISES = Path(__file__).resolve().parent.parent / "exercises"


def reference(question: str, name: str) -> Any:
    return compiled(load_assignment(EXERCISES, "ch2").question(f"ch2-{question}").reference({}), name)


@pytest.mark.parametrize(("n", "small", "large"), [(9, 200, 24), (10, 96, 5000), (40, 480, 30_000), (3, 248, 2816)])
def test_newstack_takes_the_size_that_the_mirror_takes(n: int, small: int, large: int) -> None:
    def climb() -> Any:
        yield recurse(n, frame=small)
        yield log(0)
        yield call(frame=large)

    def main() -> Any:
        yield go(climb)
        yield sleep(ms=1)

    rec = simulate(Config(gomaxprocs=1), Program(main))
    ((reached, _, _),) = rec.logs()
    grown = [one for one in stack_changes(rec) if one.g == 2]
    newstack = reference("newstack", "newstack")
    for one in grown:
        frame = small if one.t_ns < reached else large
        assert newstack(one.old, one.used, frame, 10**9) == one.new


@pytest.mark.parametrize("frame", [24, 400, 1200, 2600, 6000])
def test_shrinkstack_leaves_what_the_mirrors_collections_leave(frame: int) -> None:
    def climb(gate: Any) -> Any:
        yield recurse(100, frame=600)
        yield ret(100)
        yield call(frame=frame)
        yield recv(gate)

    def main() -> Any:
        yield go(climb, chan())
        yield sleep(ms=1)
        for k in range(8):
            yield log(k)
            yield gc()

    rec = simulate(Config(gomaxprocs=1), Program(main))
    shrunk = [one for one in stack_changes(rec) if one.g == 2 and one.new < one.old]
    shrinkstack = reference("shrinkstack", "shrinkstack")
    began = [t for t, _, _ in rec.logs()]
    size, used = shrunk[0].old, shrunk[0].used
    for cycles in range(1, 8):
        seen = [one.new for one in shrunk if one.t_ns < began[cycles]]
        assert shrinkstack(size, used, 0, cycles) == (seen[-1] if seen else size)


def test_schedule_runs_goroutines_in_the_mirrors_order() -> None:
    rec = simulate(Config(gomaxprocs=1), twins.order(350, 11))
    parked = next(i for i, e in enumerate(rec) if e.name == "park")
    p = state_after(rec, parked).ps[0]
    scene = (p.schedtick, p.runnext or None, list(p.runq), list(state_after(rec, parked).runq))
    schedule, order = reference("schedule", "schedule"), []
    while True:
        gp, *rest = schedule(*scene)
        scene = tuple(rest)
        if gp is None:
            break
        order.append(gp - 2)
    assert order == twins.noted(rec)


@pytest.mark.parametrize("procs", [1, 2, 4])
def test_globrunqgetbatch_takes_what_the_mirror_takes(procs: int) -> None:
    rec = simulate(Config(gomaxprocs=procs), spawn(900))
    share, visits = reference("globrunqget", "globrunqgetbatch"), 0
    for i, event in enumerate(rec):
        if event.name == "glob_get":
            before, after = state_after(rec, i), state_after(rec, i + 1)
            gp, ring, runq = share(list(before.runq), procs)
            assert (gp, ring, runq) == (event.g, list(after.ps[event.p].runq), list(after.runq))
            visits += 1
    assert visits


def test_sysmon_sleeps_as_the_mirrors_sysmon() -> None:
    def main() -> Any:
        yield work(ms=60)

    rec = simulate(Config(gomaxprocs=1), Program(main))
    told = [e.arg for e in rec if e.name == "sysmon"]
    sleeps = reference("sysmon", "sysmon")([0] * 80)
    assert told == sorted(set(sleeps))
    first = next(e.t for e in rec if e.name == "sysmon" and e.arg == 40)
    slack = Costs().usleep_slack + Costs().usleep_jitter // 2
    assert abs(first / (20_000 + slack) - sleeps.index(40)) < 0.15 * sleeps.index(40)


def _hog() -> Any:
    yield work(ms=35)


def _mixed() -> Any:
    for us in (5, 300, 4000, 15_000, 40_000):
        yield go(_hog)
        yield syscall(us=us)
        yield work(us=us)


@pytest.mark.parametrize("program", [Program(_mixed), callers(goroutines=3, call_percent=90, call_us=400, rounds=12)])
@pytest.mark.parametrize("procs", [1, 3])
def test_retake_decides_as_the_mirrors_retake(monkeypatch: pytest.MonkeyPatch, program: Program, procs: int) -> None:
    """P0 is looked at first, so what it meets is the state before; a signal that takes no time cuts no loop."""
    retake, original, preempt = reference("retake", "retake"), sysmon_module.retake, retake_module.preemptone
    asked: list[int] = []
    looks = []

    def asks(rt: Any, pp: Any, why: int) -> bool:
        asked.append(pp.id)
        return preempt(rt, pp, why)

    def look(rt: Any, first: int, done: Any) -> None:
        p, sched = rt.allp[0], rt.sched
        tick = p.sysmontick
        pd = {name: getattr(tick, name) for name in ("schedtick", "schedwhen", "syscalltick", "syscallwhen")}
        gp = p.m.curg if p.m is not None else None
        pp = {"schedtick": p.schedtick, "syscalltick": p.syscalltick, "runqempty": p.runnext is None and not p.runq,
              "syscall": gp is not None and gp.atomicstatus == _Gsyscall}  # fmt: skip
        running, had, others = p.status == 1, p.m, sched.nmspinning + len(sched.pidle)
        now, counted = rt.engine.now, p.syscalltick
        asked.clear()
        original(rt, first, done)
        if running:
            after = {name: getattr(tick, name) for name in pd}
            taken = had is not None and p.m is not had and p.syscalltick > counted
            assert retake(pd, pp, now, others) == (0 in asked, taken, after)
            looks.append((0 in asked, taken))

    monkeypatch.setattr(retake_module, "preemptone", asks)
    monkeypatch.setattr(sysmon_module, "retake", look)
    simulate(Config(gomaxprocs=procs, costs=Costs(signal=0)), program)
    assert len(looks) > 10 and any(taken for _, taken in looks)
