"""Replay against states worked out by hand: each queue, list, owner and status after each event."""

from __future__ import annotations

from typing import Any

import pytest
from handmade import BEGIN, HANDOVER, handover, in_syscall, overflow, recording

from gmp_lab import Config, Event, State, state_after, state_at
from gmp_lab import vocabulary as v
from gmp_lab.replay import G_WORDS, HANDLERS, P_WORDS, Replay
from gmp_lab.replay.traced import TRACED

#: events that tell something and change no queue, owner or status
NOTES = {v.E_HANDOFF, v.E_STEAL_SLEEP, v.E_PREEMPT, v.E_SIGNAL, v.E_SCHEDTRACE, v.E_TIMER, v.E_LOG, v.E_DEADLOCK,
         v.E_NET_ARRIVE, v.E_LOCK_SPIN, v.E_STARVING, v.E_TIMER_RUN, v.E_TIMER_HEAP, v.E_STW_STOPPED,
         v.E_GC_TRACE, v.E_SAFE_POINTS, v.E_SAFE_POINT, v.E_REFILL, v.E_QUOTA, v.E_TRACE_SYNC,
         v.E_SWEEP, v.E_NOTE, v.E_SCHED_LOCK}  # fmt: skip
GLOBAL = (300, v.E_YIELD, 1, 0, 0, v.YIELD_GOSCHED)
THREE = [(100 + i, v.E_GO_CREATE, 2 + i, 0, 0, 1) for i in range(3)]  # ring 2 3, runnext 4


def gs(state: State) -> dict[int, str]:
    return {g.id: G_WORDS[g.status] for g in state.gs.values()}


def queues(state: State, p: int = 0) -> tuple[int, list[int], list[int]]:
    """Runnext and ring of a P, and the global queue."""
    return state.ps[p].runnext, list(state.ps[p].runq), list(state.runq)


def after(*events: tuple[int, int, int, int, int, int], p: int = 2, **config: Any) -> State:
    """The state after the beginning (main runs on P0 and M0) and these events."""
    rows = [*BEGIN, *events] if p > 1 else [*BEGIN[1:], *events]
    return state_after(recording(rows, p=p, **config), len(rows))


# --- one run, read at every moment (the picture is in handmade.py) -----------------------------------------------


@pytest.mark.parametrize(
    ("t", "g", "p_m", "runnext", "m_doing", "pidle", "midle", "spinning"),
    [
        (0, {1: "running"}, [0, -1], 0, ["running"], [1], [], 0),
        (100, {1: "running", 2: "runnable"}, [0, -1], 2, ["running", "starting"], [], [], 1),
        (200, {1: "running", 2: "runnable"}, [0, 1], 2, ["running", "spinning"], [], [], 1),
        (250, {1: "running", 2: "running"}, [0, 1], 0, ["running", "running"], [], [], 0),
        (400, {1: "waiting", 2: "running"}, [0, 1], 0, ["scheduling", "running"], [], [], 0),
        (500, {1: "waiting", 2: "running"}, [-1, 1], 0, ["parked", "running"], [0], [0], 0),
        (700, {1: "runnable", 2: "dead"}, [-1, 1], 0, ["parked", "scheduling"], [0], [0], 0),
        (720, {1: "running", 2: "dead"}, [-1, 1], 0, ["parked", "running"], [0], [0], 0),
    ],
)
def test_a_handover_is_what_its_picture_shows(  # noqa: PLR0917
    t: int, g: dict[int, str], p_m: list[int], runnext: int, m_doing: list[str], pidle: list[int], midle: list[int],
    spinning: int,
) -> None:  # fmt: skip
    s = state_at(handover(), t)
    assert (gs(s), [p.m for p in s.ps], s.ps[0].runnext, [m.doing for m in s.ms]) == (g, p_m, runnext, m_doing)
    assert (s.pidle, s.midle, s.nmspinning, s.t <= t) == (pidle, midle, spinning, True)


def test_the_state_before_any_event_is_an_empty_machine() -> None:
    s = state_after(handover(), 0)
    assert (s.gs, s.ms, [P_WORDS[p.status] for p in s.ps], queues(s)) == ({}, [], ["idle", "idle"], (0, [], []))


def test_a_stolen_goroutine_is_in_the_thief_s_hand_until_it_runs() -> None:
    i = next(i for i, row in enumerate(HANDOVER) if row[1] == v.E_STEAL)
    assert [state_after(handover(), k).ms[1].hand for k in (i, i + 1, i + 3)] == [0, 2, 0]


# --- queues -------------------------------------------------------------------------------------------------


def test_a_new_goroutine_kicks_the_last_one_to_the_ring() -> None:
    assert queues(after(*THREE)) == (4, [2, 3], [])


@pytest.mark.parametrize(("at", "ring", "glob"), [(257, 256, 0), (258, 128, 129)])
def test_a_full_ring_gives_half_and_the_kicked_one_to_the_global_queue(at: int, ring: int, glob: int) -> None:
    s = state_at(overflow(), at)
    assert (len(s.ps[0].runq), len(s.runq)) == (ring, glob)


def test_an_overflow_keeps_the_order() -> None:
    s = state_at(overflow(), 258)
    assert list(s.runq) == [*range(2, 130), 258] and list(s.ps[0].runq) == [*range(130, 258)]
    assert s.ps[0].runnext == 259


def test_between_the_kick_and_the_overflow_the_kicked_one_is_nowhere() -> None:
    rec = overflow()
    i = next(i for i, e in enumerate(rec) if e.kind == v.E_OVERFLOW)
    s = state_after(rec, i)
    assert (len(s.ps[0].runq), len(s.runq), s.ps[0].runnext) == (256, 0, 259)


@pytest.mark.parametrize(
    ("why", "expected"),
    [
        (v.YIELD_GOSCHED, (4, [2, 3], [1])),
        (v.YIELD_PREEMPTED, (4, [2, 3], [1])),
        (v.YIELD_GOYIELD, (4, [2, 3, 1], [])),
    ],
)
def test_the_reason_of_a_yield_says_where_the_goroutine_goes(why: int, expected: tuple[Any, ...]) -> None:
    s = after(*THREE, (300, v.E_YIELD, 1, 0, 0, why))
    assert (queues(s), gs(s)[1], s.ms[0].curg) == (expected, "runnable", 0)


@pytest.mark.parametrize(
    ("g", "source", "expected"),
    [
        (4, v.SRC_RUNNEXT | v.INHERIT, (0, [2, 3], [1])),
        (2, v.SRC_LOCAL, (4, [3], [1])),
        (1, v.SRC_GLOBAL61, (4, [2, 3], [])),
    ],
)
def test_the_source_of_an_execution_says_what_it_leaves(g: int, source: int, expected: tuple[Any, ...]) -> None:
    s = after(*THREE, GLOBAL, (400, v.E_EXECUTE, g, 0, 0, source))
    assert (queues(s), s.ms[0].curg, s.gs[g].m) == (expected, g, 0)


@pytest.mark.parametrize(("source", "ticks"), [(v.SRC_LOCAL, 1), (v.SRC_RUNNEXT | v.INHERIT, 0)])
def test_only_a_new_slice_counts_as_a_tick(source: int, ticks: int) -> None:
    g = 2 if source == v.SRC_LOCAL else 4
    before, s = after(*THREE, GLOBAL), after(*THREE, GLOBAL, (400, v.E_EXECUTE, g, 0, 0, source))
    assert s.ps[0].schedtick - before.ps[0].schedtick == ticks


def test_a_batch_goes_to_the_hand_and_the_ring() -> None:
    ready = [(200 + i, v.E_READY, 2 + i, -1, 0, -1) for i in range(3)]
    made = [(100, v.E_GO_CREATE, 2 + i, -1, -1, -1) for i in range(3)]  # waiting
    s = after(*made, *ready, GLOBAL, (300, v.E_GLOB_GET, 2, 0, 0, 3))
    assert (queues(s), s.ms[0].hand) == ((0, [3, 4], [1]), 2)


def test_a_thief_gets_half_of_the_ring_and_holds_the_last() -> None:
    s = after(*THREE, (150, v.E_GO_CREATE, 5, 0, 0, 1), (160, v.E_M_NEW, -1, -1, 1, 0),
              (200, v.E_STEAL, 3, 1, 1, v.steal_arg(0, 2, False)))  # fmt: skip
    assert (queues(s), queues(s, 1)[:2], s.ms[1].hand) == ((5, [4], []), (0, [2]), 3)


# --- system calls, threads, sysmon ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("go", "t", "g", "p", "m", "tick"),
    [
        ("1.27", 100, "syscall", "running", 0, 0), ("1.25", 100, "syscall", "syscall", -1, 0),
        ("1.27", 300, "syscall", "idle", -1, 1), ("1.25", 300, "syscall", "idle", -1, 1),
        ("1.27", 500, "running", "running", 0, 2), ("1.25", 500, "running", "running", 0, 2),
        ("1.27", 950, "running", "running", 0, 3), ("1.25", 950, "running", "running", 0, 3),
    ],
)  # fmt: skip
def test_who_has_the_p_during_a_call_depends_on_the_version(  # noqa: PLR0917
    go: str, t: int, g: str, p: str, m: int, tick: int
) -> None:
    s = state_at(in_syscall(go), t)
    assert (gs(s)[1], P_WORDS[s.ps[0].status], s.ps[0].m, s.ps[0].syscalltick) == (g, p, m, tick)


def test_a_goroutine_that_finds_no_p_goes_to_the_global_queue() -> None:
    call, taken = (100, v.E_SYSCALL, 1, 0, 0, 0), (300, v.E_RETAKE, 1, 0, 0, 9)
    s = after(call, taken, (400, v.E_SYSEXIT, 1, -1, 0, v.EXIT_NO_P))
    assert (gs(s)[1], list(s.runq), s.ms[0].curg, s.ms[0].p) == ("runnable", [1], 0, -1)


@pytest.mark.parametrize(
    ("events", "field", "value"),
    [
        ([(9, v.E_SYSMON, -1, -1, -1, 40)], "sysmon_us", 40),
        ([(9, v.E_SYSMON_DEEP, -1, -1, -1, 1)], "sysmon_deep", True),
        ([(9, v.E_SYSMON_DEEP, -1, -1, -1, 1), (10, v.E_SYSMON_DEEP, -1, -1, -1, 0)], "sysmon_deep", False),
        ([(9, v.E_NEED_SPIN, -1, -1, -1, 1)], "needspinning", 1),
        ([(9, v.E_NEED_SPIN, -1, -1, -1, 1), (10, v.E_SPIN, -1, -1, 0, 1)], "needspinning", 0),
        ([(9, v.E_SPIN, -1, -1, 0, 1)], "nmspinning", 1),
        ([(9, v.E_SPIN, -1, -1, 0, 1), (10, v.E_SPIN, -1, -1, 0, 0)], "nmspinning", 0),
    ],
)
def test_what_belongs_to_no_p_is_kept_too(events: list[Any], field: str, value: object) -> None:
    assert getattr(after(*events), field) == value


@pytest.mark.parametrize(
    ("events", "doing"),
    [
        ([(9, v.E_STOP_LOCKED, 1, -1, 0, -1)], "locked"),
        ([(9, v.E_POLL_BLOCK, -1, -1, 0, 5)], "polling"),
        ([(9, v.E_POLL_BLOCK, -1, -1, 0, 5), (10, v.E_POLL_WAKE, -1, -1, 0, 1)], "scheduling"),
        ([(9, v.E_EXIT, 1, 0, 0, -1), (9, v.E_SPIN, -1, -1, 0, 1)], "spinning"),
        ([(9, v.E_SYSCALL, 1, 0, 0, 0)], "syscall"),
    ],
)
def test_a_thread_has_a_word_for_what_it_does(events: list[Any], doing: str) -> None:
    assert after(*events).ms[0].doing == doing


def test_sysmon_s_thread_is_told_apart() -> None:
    assert after((9, v.E_M_NEW, -1, -1, 1, v.M_SYSMON)).ms[1].doing == "sysmon"


def test_a_locked_goroutine_knows_its_thread_until_it_is_unlocked() -> None:
    lock, unlock = (9, v.E_LOCK_THREAD, 1, 0, 0, 1), (10, v.E_LOCK_THREAD, 1, 0, 0, 0)
    assert (after(lock).gs[1].lockedm, after(lock, unlock).gs[1].lockedm) == (0, -1)


def test_a_core_is_held_until_it_is_left() -> None:
    on, off = (9, v.E_CPU_ON, -1, -1, 0, 1), (10, v.E_CPU_OFF, -1, -1, 0, 1)
    assert (after(on).ms[0].cpu, after(on, off).ms[0].cpu) == (1, -1)


def test_a_stack_s_size_follows_its_growth_shrinking_and_segments() -> None:
    rows = [
        (9, v.E_STACK_GROW, 1, 0, 0, v.stack_arg(8192, 1200)),
        (10, v.E_STACK_SHRINK, 1, -1, -1, v.stack_arg(4096, 104)),
        (11, v.E_STACK_SEGMENT, 1, 0, 0, 5000),
        (12, v.E_STACK_SEGMENT, 1, 0, 0, -5000),
        (13, v.E_STACK_NEW, 1, 0, 0, 16384),
    ]
    sizes = [after(*rows[:n]).gs[1].stack for n in range(6)]
    assert sizes == [2048, 8192, 4096, 9096, 4096, 16384]


@pytest.mark.parametrize(("size", "used"), [(2048, 8), (4096, 1128), (1 << 29, (1 << 29) - 8), (1 << 29, 268433752)])
def test_the_packed_argument_of_a_growth_comes_apart_again(size: int, used: int) -> None:
    arg = v.stack_arg(size, used)
    assert v.stack_unpack(arg) == (size, used) and 0 <= arg < 2**31


# --- the contract ---------------------------------------------------------------------------------------------


def test_every_kind_of_event_changes_something_or_is_a_note() -> None:
    assert {*HANDLERS, *TRACED} | NOTES == set(v.KIND_NAMES) and not {*HANDLERS, *TRACED} & NOTES


@pytest.mark.parametrize("kind", sorted(NOTES))
def test_a_note_changes_nothing_but_the_time(kind: int) -> None:
    replay = Replay(Config(gomaxprocs=2))
    for row in BEGIN:
        replay.apply(Event(*row))
    before = replay.state.copy()
    replay.apply(Event(50, kind, 1, 0, 0, 0))
    before.t = 50
    assert replay.state == before


def test_the_packed_argument_of_a_theft_comes_apart_again() -> None:
    for victim in (0, 7, 255):
        for n in (1, 64, 128):
            for runnext in (False, True):
                assert v.steal_unpack(v.steal_arg(victim, n, runnext)) == (victim, n, runnext)
