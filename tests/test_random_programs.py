"""Random programs: nothing is lost, nothing runs twice, nothing impossible happens, replay tells the truth."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from meetings import Guarded, convoy, merge, queue, spread

from gmp_lab import (
    Config,
    Event,
    Program,
    WaitGroup,
    chan,
    go,
    gosched,
    lock_os_thread,
    log,
    recv,
    select,
    send,
    simulate,
    sleep,
    syscall,
    work,
)
from gmp_lab.params import VERSIONS
from gmp_lab.replay import Replay
from gmp_lab.runtime.mloop import Machine
from gmp_lab.runtime.runtime2 import _Gdead, _Gwaiting
from gmp_lab.validate import validate


class Mirror:
    """After every engine step: the invariants hold, and the replayed state is the runtime's own."""

    def __init__(self, config: Config) -> None:
        self.replay = Replay(config)
        self.read = 0

    def __call__(self, rt: Machine, rows: list[Any]) -> None:
        rt.check()
        for row in rows[self.read :]:
            self.replay.apply(Event(*row))
        self.read = len(rows)
        state, sched = self.replay.state, rt.sched
        assert list(state.runq) == [g.goid for g in sched.runq]
        assert state.pidle == [p.id for p in sched.pidle]
        assert state.midle == [m.id for m in sched.midle]
        assert (state.nmspinning, state.needspinning) == (sched.nmspinning, sched.needspinning)
        assert rt.sysmontick.delay in (0, state.sysmon_us * 1000)
        for p, seen in zip(rt.allp, state.ps, strict=True):
            mine = (p.status, p.m.id if p.m else -1, p.runnext.goid if p.runnext else 0, p.schedtick, p.syscalltick)
            assert mine == (seen.status, seen.m, seen.runnext, seen.schedtick, seen.syscalltick)
            assert [g.goid for g in p.runq] == list(seen.runq)
        for g in rt.allgs:
            told = state.gs[g.goid]
            assert (g.atomicstatus, g.m.id if g.m else -1) == (told.status, told.m)
            if g.atomicstatus != _Gdead:
                assert (g.lockedm.id if g.lockedm else -1) == told.lockedm
            if g.atomicstatus == _Gwaiting and told.reason >= 0:  # -1: parked by the runtime before main
                assert g.waitreason == told.reason
        for m in rt.allm:
            mine = (m.p.id if m.p else -1, m.curg.goid if m.curg else 0, m.spinning, m.cpu)
            known = state.ms[m.id]
            assert mine == (known.p, known.curg, known.spinning, known.cpu)


# A program is a list of workers, a worker a list of steps; channels are used in pairs so that all of them end.
STEP = st.one_of(
    st.tuples(
        st.just("work"), st.sampled_from([0, 100, 5_000, 60_000, 11_000_000]), st.sampled_from(["free", "call"])
    ),
    st.tuples(
        st.just("syscall"),
        st.sampled_from([100, 30_000, 400_000, 12_000_000]),
        st.sampled_from(["blocking", "cpu", "handoff"]),
    ),
    st.tuples(st.just("sleep"), st.sampled_from([1_000, 900_000, 3_000_000]), st.just("")),
    st.tuples(st.just("gosched"), st.just(0), st.just("")),
    st.tuples(st.just("child"), st.sampled_from([0, 20_000]), st.just("")),
    st.tuples(st.just("lock"), st.just(0), st.just("")),
    st.tuples(
        st.just("critical"),
        st.sampled_from([0, 700, 90_000, 1_200_000]),
        st.sampled_from(["mutex", "mutex", "write", "read"]),
    ),
    st.tuples(st.just("try"), st.sampled_from([0, 2_000]), st.sampled_from(["mutex", "write", "read"])),
)
SIZES = st.lists(st.integers(0, 2), min_size=1, max_size=3)
PROGRAM = st.fixed_dictionaries(
    {
        "workers": st.lists(st.lists(STEP, max_size=5), min_size=1, max_size=9),
        "pairs": st.lists(st.tuples(st.integers(0, 3), st.integers(1, 12)), max_size=3),
        # a select that merges or spreads over channels of these sizes, so many values; a queue with conditions
        "merges": st.lists(st.tuples(SIZES, st.integers(1, 5)), max_size=2),
        "spreads": st.lists(st.tuples(SIZES, st.integers(1, 5)), max_size=2),
        "convoys": st.lists(
            st.tuples(
                st.integers(2, 6), st.integers(1, 6),
                st.tuples(
                    st.sampled_from([0, 1_000, 60_000, 700_000]),
                    st.lists(st.sampled_from(["mutex", "write", "read"]), min_size=1, max_size=3),
                ),
            ),
            max_size=1,
        ),
        "queues": st.lists(st.tuples(st.integers(1, 3), st.integers(1, 6), st.booleans()), max_size=2),
    }
)
CONFIG = st.builds(
    Config,
    gomaxprocs=st.integers(1, 6),
    seed=st.integers(0, 9),
    go=st.sampled_from(list(VERSIONS)),
    cores=st.sampled_from([None, None, 1, 2]),
    startup=st.sampled_from(["bare", "real"]),
    asyncpreemptoff=st.booleans(),
    os=st.sampled_from(["linux", "windows"]),
    until_ns=st.just(30_000_000_000),
)


def program(plan: dict[str, Any]) -> tuple[Program, int]:
    """The program of a plan, and how many marks it writes, each once."""
    plan = {"convoys": [], "merges": [], "spreads": [], "queues": []} | plan
    marks = [0]

    def mark() -> int:
        marks[0] += 1
        return marks[0]

    def child(ns: int, number: int, wg: WaitGroup) -> Any:
        yield work(ns=ns)
        yield log(number)
        yield wg.Done()

    def worker(steps: list[Any], wg: WaitGroup, guarded: Guarded) -> Any:
        for kind, ns, how in steps:
            if kind == "work":
                yield work(ns=ns, loop=how)
            elif kind == "syscall":
                yield syscall(ns=ns, kind=how)
            elif kind == "sleep":
                yield sleep(ns=ns)
            elif kind == "gosched":
                yield gosched()
            elif kind == "lock":
                yield lock_os_thread()
            elif kind in ("critical", "try"):
                yield from guarded.step(kind, ns, how)
            else:
                yield wg.Add(1)
                yield go(child, ns, mark(), wg)
            yield log(mark())
        yield wg.Done()

    def sender(c: Any, count: int, wg: WaitGroup) -> Any:
        for _ in range(count):
            yield send(c, mark())
        yield wg.Done()

    def receiver(c: Any, count: int, wg: WaitGroup) -> Any:
        for _ in range(count):
            yield log((yield recv(c)))
        yield wg.Done()

    def forever() -> Any:
        yield select()

    def main() -> Any:
        wg, guarded = WaitGroup(), Guarded()
        parts = [*plan["workers"], *plan["merges"], *plan["queues"]]
        yield wg.Add(len(parts) + 2 * len(plan["pairs"]) + sum(len(sizes) for sizes, _ in plan["spreads"]))
        yield wg.Add(sum(crowd for crowd, *_ in plan["convoys"]))
        for steps in plan["workers"]:
            yield go(worker, steps, wg, guarded)
        for kind, body in (("convoys", convoy), ("merges", merge), ("spreads", spread), ("queues", queue)):
            for args in plan[kind]:
                yield go(body, *args, mark, wg)
        yield go(forever)
        for size, count in plan["pairs"]:
            c = chan(size)
            yield go(sender, c, count, wg)
            yield go(receiver, c, count, wg)
        yield wg.Wait()

    return Program(main), expected_marks(plan)


def expected_marks(plan: dict[str, Any]) -> int:
    """How many marks the program of a plan writes."""
    children = sum(step[0] == "child" for steps in plan["workers"] for step in steps)
    expected = children + sum(map(len, plan["workers"])) + sum(count for _, count in plan["pairs"])
    expected += sum(crowd * rounds for crowd, rounds, *_ in plan["convoys"])
    expected += sum(len(sizes) * count for sizes, count in plan["merges"])
    return expected + sum(count for _, count in plan["spreads"]) + sum(2 * count for _, count, _ in plan["queues"])


# Once a thief never woke from its sleep before a runnext, because its victim had become idle meanwhile.
ASLEEP = {"workers": [[], [("lock", 0, ""), ("sleep", 900_000, ""), ("sleep", 1_000, "")]], "pairs": [(1, 8), (0, 1)]}


@example(config=Config(gomaxprocs=2, until_ns=30_000_000_000), plan=ASLEEP)
@settings(max_examples=300)
@given(config=CONFIG, plan=PROGRAM)
def test_a_random_program_ends_with_every_mark_made_once_and_nothing_impossible(
    config: Config, plan: dict[str, Any]
) -> None:
    prog, expected = program(plan)
    rec = simulate(config, prog, observe=Mirror(config))
    assert rec.ended == "exit"
    assert Counter(value for _, _, value in rec.logs()) == Counter(range(1, expected + 1))
    assert validate(rec) == []


@settings(max_examples=25)
@given(config=CONFIG, plan=PROGRAM)
def test_a_run_is_the_same_with_and_without_an_observer_and_again(config: Config, plan: dict[str, Any]) -> None:
    watched = simulate(config, program(plan)[0], observe=Mirror(config))
    assert watched.digest() == simulate(config, program(plan)[0]).digest()


@pytest.mark.parametrize("gomaxprocs", [1, 2, 5])
def test_recording_changes_nothing_of_the_run(gomaxprocs: int) -> None:
    plan = {"workers": [[("work", 60_000, "free"), ("syscall", 30_000, "blocking")]] * 8, "pairs": [(0, 9)]}
    config = Config(gomaxprocs=gomaxprocs)
    runs = [simulate(config, program(plan)[0], record=record) for record in (True, False)]
    assert (runs[0].end_ns, runs[0].steps) == (runs[1].end_ns, runs[1].steps) and len(runs[1]) == 0
