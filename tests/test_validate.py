"""The validator: what happened is accepted, what could not have happened is named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from handmade import BEGIN, HANDOVER, recording
from hypothesis import given, settings
from hypothesis import strategies as st

from gmp_lab import Config, Mutex, Program, Recording, go, goexit, lock_os_thread, recv, send, simulate, sleep, work
from gmp_lab import chan as make_chan
from gmp_lab import vocabulary as v
from gmp_lab.catalog import CATALOG, fan_out, hogs_and_victims, steady_mix
from gmp_lab.net import arrives, conn, read
from gmp_lab.recording import Columns
from gmp_lab.validate import RULE_MEANINGS, validate

Row = tuple[int, int, int, int, int, int]
Rows = list[Row]
T, KIND, G, P, M, ARG = range(6)


def rows_of(rec: Recording) -> Rows:
    return [tuple(e) for e in rec]


def again(rec: Recording, rows: Rows, complete: bool = True) -> Recording:
    """The same run with other events."""
    columns = Columns()
    columns.extend(rows)
    return Recording(
        rec.config, columns, program="", params={}, g_names=rec.g_names, end_ns=rec.end_ns, ended=rec.ended, steps=0,
        complete=complete,
    )  # fmt: skip


# --- runs that could have happened --------------------------------------------------------------------------


def mix(**settings: Any) -> Recording:
    return simulate(Config(**{"gomaxprocs": 4} | settings), steady_mix(goroutines=12, bursts=10, seed=9))


def few_cores() -> Recording:
    return mix(cores=2, go="1.25")


def hungry() -> Recording:
    """Three goroutines compute on three cores and may use one CPU together."""
    return simulate(Config(gomaxprocs=3, cores=3, quota_us=100_000, until_ns=450_000_000), Program(_hungry, 3))


def modest() -> Recording:
    """One goroutine computes and may use two CPUs."""
    return simulate(Config(gomaxprocs=3, cores=3, quota_us=200_000, until_ns=450_000_000), Program(_hungry, 1))


def _hungry(n: int) -> Any:
    def other() -> Any:
        yield work(ms=400)

    for _ in range(n - 1):
        yield go(other)
    yield work(ms=400)


def network() -> Recording:
    """One goroutine waits for data from outside."""

    def main() -> Any:
        c = conn()
        yield arrives(c, 1, us=300)
        yield read(c)

    return simulate(Config(gomaxprocs=1), Program(main))


def crowd() -> Recording:
    """One P and so many goroutines that the ring overflows."""
    return simulate(Config(gomaxprocs=1, startup="real"), fan_out(tasks=700, task_us=1))


def thieves() -> Recording:
    return simulate(Config(gomaxprocs=4), fan_out(tasks=60, task_us=200))


def hogs() -> Recording:
    return simulate(Config(gomaxprocs=1), hogs_and_victims(turns=3))


def late_thief() -> Recording:
    """The second P can only take what is in main's runnext."""

    def task() -> Any:
        yield work(us=5)

    def main() -> Any:
        yield go(task)
        yield work(ms=5)

    return simulate(Config(gomaxprocs=2), Program(main))


def sleepers() -> Recording:
    return simulate(Config(gomaxprocs=2), hogs_and_victims(hogs=0, victims=3, turns=3))


def locked() -> Recording:
    def main() -> Any:
        yield lock_os_thread()
        c = make_chan()
        yield go(partner, c)
        yield recv(c)

    def partner(c: Any) -> Any:
        yield work(us=5)
        yield send(c)

    return simulate(Config(gomaxprocs=2), Program(main))


def contended() -> Recording:
    """A Mutex that is locked again and again, and one who waits for it: spinning, starving, handing over."""

    def again_and_again(mu: Mutex) -> Any:
        while True:
            yield mu.Lock()
            yield work(us=200)
            yield mu.Unlock()

    def main() -> Any:
        mu = Mutex()
        yield go(again_and_again, mu)
        for _ in range(3):
            yield sleep(ms=1)
            yield mu.Lock()
            yield mu.Unlock()

    return simulate(Config(gomaxprocs=2), Program(main))


def left_by_main() -> Recording:
    def main() -> Any:
        yield go(sleepy)
        yield goexit()

    def sleepy() -> Any:
        yield sleep(ms=1)

    return simulate(Config(gomaxprocs=2), Program(main))


def traced() -> Recording:
    return mix(schedtrace_ms=1)


@pytest.mark.parametrize("name", sorted(CATALOG))
@pytest.mark.parametrize("version", ["1.25", "1.27"])
@pytest.mark.parametrize(("gomaxprocs", "cores"), [(1, None), (2, 1), (4, None), (8, 3)])
def test_every_ready_workload_gives_a_possible_run(name: str, version: str, gomaxprocs: int, cores: Any) -> None:
    config = Config(gomaxprocs=gomaxprocs, go=version, cores=cores, until_ns=20_000_000_000)
    assert validate(simulate(config, CATALOG[name][0]())) == []


SCENES = [mix, few_cores, crowd, thieves, hogs, late_thief, sleepers, locked, contended, left_by_main, traced]


@pytest.mark.parametrize("make", SCENES)
def test_the_runs_that_the_defects_below_are_made_from_are_possible(make: Callable[[], Recording]) -> None:
    assert validate(make()) == []


@pytest.mark.parametrize("until_ns", [1, 30_000, 100_000, 1_000_000])
@pytest.mark.parametrize("startup", ["bare", "real"])
def test_a_run_that_is_cut_off_is_possible(until_ns: int, startup: str) -> None:
    assert validate(mix(until_ns=until_ns, startup=startup)) == []


# --- one defect each ------------------------------------------------------------------------------------------

Change = Callable[[Rows], Rows]


def which(rows: Rows, kind: int, n: int, *, arg: int | None = None) -> int:
    """Number of the n-th event of a kind (and argument)."""
    return [i for i, row in enumerate(rows) if row[KIND] == kind and arg in (None, row[ARG])][n]


def change(kind: int, column: int, value: Callable[[Row], int], n: int = 0, arg: int | None = None) -> Change:
    """Change one column of the n-th event of a kind."""

    def apply(rows: Rows) -> Rows:
        i = which(rows, kind, n, arg=arg)
        row = (*rows[i][:column], value(rows[i]), *rows[i][column + 1 :])
        return [*rows[:i], row, *rows[i + 1 :]]  # type: ignore[list-item]

    return apply


def drop(kind: int, n: int = 0, arg: int | None = None) -> Change:
    def apply(rows: Rows) -> Rows:
        i = which(rows, kind, n, arg=arg)
        return rows[:i] + rows[i + 1 :]

    return apply


def repeat(kind: int, n: int = 0) -> Change:
    def apply(rows: Rows) -> Rows:
        i = which(rows, kind, n)
        return [*rows[: i + 1], rows[i], *rows[i + 1 :]]

    return apply


def after(kind: int, n: int, new: Callable[[Row], Row], arg: int | None = None) -> Change:
    """Put another event right after the n-th of a kind, made from it."""

    def apply(rows: Rows) -> Rows:
        i = which(rows, kind, n, arg=arg)
        return [*rows[: i + 1], new(rows[i]), *rows[i + 1 :]]

    return apply


def silence_the_thief(rows: Rows) -> Rows:
    """The thread that sleeps before its theft is never heard of again."""
    i = which(rows, v.E_STEAL_SLEEP, 0)
    return rows[: i + 1] + [row for row in rows[i + 1 :] if row[M] != rows[i][M]]


def one_fewer(row: Row) -> int:
    victim, n, runnext = v.steal_unpack(row[ARG])
    return v.steal_arg(victim, n - 1, runnext)


def from_itself(row: Row) -> int:
    _, n, runnext = v.steal_unpack(row[ARG])
    return v.steal_arg(row[P], n, runnext)


def swap_parked(rows: Rows) -> Rows:
    """Two Ms that parked one after the other did so in the other order."""
    parked = [i for i, row in enumerate(rows) if row[KIND] == v.E_M_PARK]
    for i, j in pairwise(parked):
        woken = next((r[M] for r in rows[j:] if r[KIND] == v.E_M_START), -1)
        between = {row[KIND] for row in rows[i + 1 : j]}
        if v.E_M_START not in between and rows[i][T] == rows[j][T] and woken == rows[j][M]:
            break
    else:
        i = which(rows, v.E_M_START, -1)
        return [*rows[:i], (*rows[i][:M], 0, rows[i][ARG]), *rows[i + 1 :]]
    one, other = (*rows[i][:M], rows[j][M], -1), (*rows[j][:M], rows[i][M], -1)
    return [*rows[:i], one, *rows[i + 1 : j], other, *rows[j + 1 :]]


DEFECTS: list[tuple[str, Callable[[], Recording], Change, str]] = [
    ("time runs backwards", mix, change(v.E_PARK, T, lambda r: r[T] - 10**6), "time"),
    ("an unknown kind", mix, change(v.E_PARK, KIND, lambda r: 99), "kind"),
    ("a P that does not exist", mix, change(v.E_EXECUTE, P, lambda r: 77), "ids"),
    ("a P below zero", mix, change(v.E_EXECUTE, P, lambda r: -1), "ids"),
    ("a goroutine that was never made", mix, change(v.E_READY, G, lambda r: 999), "ids"),
    ("a thread that was never made", mix, change(v.E_ACQUIRE_P, M, lambda r: 99, 2), "ids"),
    ("two goroutines in the wrong order", mix, change(v.E_GO_CREATE, G, lambda r: r[G] + 1, 3), "ids"),
    ("a goroutine is readied twice", mix, repeat(v.E_READY), "transition"),
    ("a dead goroutine comes back", mix, repeat(v.E_EXIT), "transition"),
    ("a goroutine is executed twice", mix, repeat(v.E_EXECUTE, 3), "transition"),
    ("a call is left by who made none", mix, repeat(v.E_SYSEXIT), "transition"),
    ("a queued goroutine is queued again", mix,
     after(v.E_GO_CREATE, 3, lambda r: (r[T], v.E_QUEUE_TAIL, r[G], r[P], r[M], -1)), "one-queue"),
    ("not the first of the global queue", crowd, change(v.E_GLOB_GET, G, lambda r: r[G] + 1), "source"),
    ("a batch is executed as stolen", crowd,
     change(v.E_EXECUTE, ARG, lambda r: v.SRC_STEAL, arg=v.SRC_GLOBAL), "source"),
    ("half of an overflow is more than half", crowd, change(v.E_OVERFLOW, ARG, lambda r: 129), "overflow"),
    ("an overflow is lost", crowd, drop(v.E_OVERFLOW), "overflow"),
    ("what overflowed is nowhere", crowd, lambda rows: drop(v.E_OVERFLOW)(rows)[:600], "lost"),
    ("the global queue waits for another tick", crowd,
     change(v.E_EXECUTE, ARG, lambda r: v.SRC_RUNNEXT | 16, arg=v.SRC_LOCAL), "tick-61"),
    ("a batch is larger than the share", crowd, change(v.E_GLOB_GET, ARG, lambda r: r[ARG] + 1), "batch"),
    ("an inherited slice from the ring", crowd, change(v.E_EXECUTE, ARG, lambda r: v.SRC_LOCAL | 16, 9), "inherit"),
    ("a runnext with a slice of its own", mix,
     change(v.E_EXECUTE, ARG, lambda r: v.SRC_RUNNEXT, 1, arg=v.SRC_RUNNEXT | 16), "inherit"),
    ("a thief takes less than half", thieves, change(v.E_STEAL, ARG, one_fewer), "steal-half"),
    ("a P steals from itself", thieves, change(v.E_STEAL, ARG, from_itself), "steal"),
    ("a thief runs the first that it stole", thieves, change(v.E_STEAL, G, lambda r: 2), "steal-last"),
    ("a runnext is stolen without a sleep", late_thief, drop(v.E_STEAL_SLEEP), "steal-sleep"),
    ("a thief waits for a runnext that is not there", thieves,
     after(v.E_STEAL, 0, lambda r: (r[T], v.E_STEAL_SLEEP, -1, r[P], r[M], r[P])), "steal-sleep"),
    ("a thief never wakes up", late_thief, silence_the_thief, "oversleep"),
    ("who waits for the network is woken by a channel", network, change(v.E_PARK, ARG, lambda r: 0), "net"),
    ("a spinning M is not counted", thieves, drop(v.E_SPIN), "spin"),
    ("a thread is woken for nothing", thieves, change(v.E_M_START, ARG, lambda r: 0), "one-wake"),
    ("needspinning is set twice", mix, repeat(v.E_NEED_SPIN), "needspinning"),
    ("a woken M is not the last that parked", mix, swap_parked, "midle"),
    ("a new thread although one is parked", mix, drop(v.E_M_PARK, -1), "midle"),
    ("a thread runs two goroutines", mix,
     after(v.E_EXECUTE, 3, lambda r: (r[T], v.E_EXECUTE, r[G] + 1, r[P], r[M], r[ARG])), "one-g"),
    ("a P is wired to two Ms", mix, repeat(v.E_ACQUIRE_P, 1), "one-m"),
    ("an M is wired to two Ps", mix, after(v.E_ACQUIRE_P, 1, lambda r: (*r[:P], (r[P] + 1) % 4, *r[M:])), "one-p"),
    ("an idle P is listed twice", mix, repeat(v.E_PIDLE_PUT), "idle"),
    ("the idle list is no stack", mix, change(v.E_PIDLE_GET, P, lambda r: 1), "idle"),
    ("a P is with nobody", mix, drop(v.E_PIDLE_PUT, -1), "lost-p"),
    ("a P is taken from where it is not", mix, drop(v.E_PIDLE_GET, 2), "lost-p"),
    ("a thread wakes twice", mix, repeat(v.E_M_WAKE), "m-state"),
    ("a thread does something before it wakes", mix, drop(v.E_M_WAKE), "asleep"),
    ("a thread with a P does nothing", mix, drop(v.E_EXECUTE, 5), "stuck"),
    ("a P that was lost is kept", mix, change(v.E_SYSEXIT, ARG, lambda r: v.EXIT_FAST, arg=v.EXIT_IDLE_P), "syscall"),
    ("a P that was kept is taken back", mix,
     change(v.E_SYSEXIT, ARG, lambda r: v.EXIT_OLD_P, arg=v.EXIT_FAST), "syscall"),
    ("a P is taken from nobody's call", mix, repeat(v.E_RETAKE), "retake"),
    ("a P is taken by a thread that is not sysmon", mix, change(v.E_RETAKE, ARG, lambda r: 0), "retake"),
    ("a P of 1.25 is taken from nobody's call", few_cores, repeat(v.E_RETAKE), "retake"),
    ("readied by somebody else", mix, change(v.E_READY, ARG, lambda r: r[ARG] + 1), "waker"),
    ("preempted without being asked", hogs, drop(v.E_PREEMPT), "preempt"),
    ("a fresh slice is cut", hogs,
     after(v.E_EXECUTE, 0, lambda r: (r[T], v.E_PREEMPT, r[G], r[P], r[M], 0), v.SRC_GLOBAL), "slice"),
    ("stopped by a signal, and runs on", hogs, drop(v.E_YIELD, arg=v.YIELD_PREEMPTED), "signal"),
    ("a sleeper wakes without its timer", sleepers, drop(v.E_TIMER), "timer"),
    ("a timer of who does not sleep", sleepers, change(v.E_TIMER, G, lambda r: 1), "timer"),
    ("an unknown reason", mix, change(v.E_PARK, ARG, lambda r: 99), "reason"),
    ("two poll at once", sleepers, repeat(v.E_POLL_BLOCK), "poller"),
    ("a locked goroutine moves to another thread", locked, change(v.E_EXECUTE, M, lambda r: 2, -1), "locked"),
    ("what is locked is given to another thread", locked, change(v.E_START_LOCKED, G, lambda r: 2), "locked"),
    ("a thread on two cores", few_cores, change(v.E_CPU_ON, ARG, lambda r: 1 - r[ARG], 3), "core"),
    ("a thread without a core", few_cores, drop(v.E_CPU_ON, 2), "core"),
    ("sysmon sleeps as it likes", sleepers, change(v.E_SYSMON, ARG, lambda r: 30), "sysmon"),
    ("sysmon sleeps deep while Ps are busy", mix,
     after(v.E_EXECUTE, 3, lambda r: (r[T], v.E_SYSMON_DEEP, -1, -1, -1, 1)), "sysmon"),
    ("a line of schedtrace too early", traced, repeat(v.E_SCHEDTRACE), "sysmon"),
    ("spinning for ever", contended, change(v.E_LOCK_SPIN, ARG, lambda r: 5), "lock-spin"),
    ("spinning with other work", contended,
     after(v.E_GO_CREATE, -1, lambda r: (r[T], v.E_LOCK_SPIN, 1, 0, 0, 1)), "lock-spin"),
    ("starving after a short wait", contended,
     after(v.E_LOCK_SPIN, 0, lambda r: (r[T], v.E_STARVING, *r[G:ARG], 1)), "starving"),
    ("starving, and awake", contended, repeat(v.E_STARVING), "starving"),
    ("the end of a mode that was not", contended, drop(v.E_STARVING, arg=1), "starving"),
    ("a hand-over to nobody", hogs, change(v.E_YIELD, ARG, lambda r: v.YIELD_GOYIELD), "handoff"),
    ("main returned, and the others go on", left_by_main, change(v.E_EXIT, ARG, lambda r: -1), "end"),
    ("main has not returned", mix, drop(v.E_EXIT, -1), "end"),
    ("something happens after main's return", mix,
     after(v.E_EXIT, -1, lambda r: (r[T], v.E_SYSMON, -1, -1, -1, 20)), "end"),
    ("a throttled core is used", hungry, drop(v.E_UNTHROTTLE), "throttle"),
    ("a core goes on that was not throttled", hungry, drop(v.E_THROTTLE), "throttle"),
    ("a core is throttled while time is left", modest,
     after(v.E_REFILL, 1, lambda r: (r[T], v.E_THROTTLE, -1, -1, -1, 2)), "quota"),
    ("a period begins at an odd time", modest, change(v.E_REFILL, T, lambda r: r[T] + 1), "quota"),
]  # fmt: skip
SPINS = (200, v.E_ACQUIRE_P, -1, 1, 1, -1)
UNTIL_SPIN = HANDOVER[: HANDOVER.index(SPINS) + 1]  # M1 spins on P1, main runs on P0, G2 is in P0's runnext
PARKED: Row = (400, v.E_PARK, 1, 0, 0, v.WAIT_NO["sync.WaitGroup.Wait"])
TWO_MADE: Rows = [*BEGIN[1:], (100, v.E_GO_CREATE, 2, 0, 0, 1), (200, v.E_GO_CREATE, 3, 0, 0, 1)]  # ring 2, runnext 3
CYCLE: Rows = [*BEGIN[1:], (9, v.E_STW_STOP, 1, 0, 0, v.STW_SWEEP_TERM), (9, v.E_STW_STOPPED, 1, 0, 0, 2),
               (9, v.E_GC_CYCLE, 1, -1, 0, 0), (9, v.E_GC_PHASE, 1, 0, 0, v.GC_MARK),
               (9, v.E_STW_START, 1, 0, 0, 1)]  # fmt: skip
#: defects that are easier to write down than to find in a run: number of Ps, all events, rule
WRITTEN: list[tuple[str, int, Rows, str]] = [
    ("the ring before runnext", 1, [*TWO_MADE, PARKED, (500, v.E_EXECUTE, 2, 0, 0, v.SRC_LOCAL)], "runnext-first"),
    ("the global queue before its own", 1,
     [*TWO_MADE, (400, v.E_YIELD, 1, 0, 0, v.YIELD_GOSCHED), (400, v.E_GLOB_GET, 1, 0, 0, 1)], "local-first"),
    ("a theft before the global queue", 2,
     [*UNTIL_SPIN, (220, v.E_YIELD, 1, 0, 0, v.YIELD_GOSCHED), (220, v.E_STEAL, 2, 1, 1, v.steal_arg(0, 1, True))],
     "global-first"),
    ("too many spin", 2, [*UNTIL_SPIN, (200, v.E_PARK, 1, 0, 0, 0), (200, v.E_SPIN, -1, -1, 0, 1)], "spin-gate"),
    ("nobody is woken for work", 2, [*BEGIN, (9, v.E_GO_CREATE, 2, 0, 0, 1), (900, v.E_LOG, 1, 0, 0, 7)], "conserve"),
    ("a P becomes idle with work on the global queue", 2,
     [*BEGIN, (400, v.E_YIELD, 1, 0, 0, v.YIELD_GOSCHED), (400, v.E_RELEASE_P, -1, 0, 0, -1),
      (400, v.E_PIDLE_PUT, -1, 0, -1, -1)], "conserve"),
    ("a call is cut short without need", 2,
     [*BEGIN, (50, v.E_M_NEW, -1, -1, 1, v.M_SYSMON), (100, v.E_SYSCALL, 1, 0, 0, 0), (200, v.E_SYSEXIT, 1, 0, 0, 0),
      (300, v.E_SYSCALL, 1, 0, 0, 0), (400, v.E_RETAKE, 1, 0, 0, 1), (400, v.E_HANDOFF, -1, 0, 1, -1),
      (400, v.E_PIDLE_PUT, -1, 0, -1, -1)], "retake-early"),
    ("the world is called stopped with a P at large", 2,
     [*BEGIN, (400, v.E_STW_STOP, 1, 0, 0, v.STW_GOMAXPROCS), (400, v.E_STW_STOPPED, 1, 0, 0, v.STW_GOMAXPROCS),
      (400, v.E_LOG, 1, 0, 0, 1)], "stop"),
    ("a P that is still there is taken away", 2,
     [*BEGIN, (400, v.E_STW_STOP, 1, 0, 0, v.STW_GOMAXPROCS), (400, v.E_PIDLE_GET, -1, 1, -1, 0),
      (400, v.E_GCSTOP, -1, 1, -1, v.GCSTOP_IDLE), (400, v.E_STW_STOPPED, 1, 0, 0, v.STW_GOMAXPROCS),
      (400, v.E_STW_START, 1, 0, 0, 2), (400, v.E_P_DESTROY, -1, 1, 0, 0)], "procresize"),
    ("a stack grows to less than double", 1, [*BEGIN[1:], (9, v.E_STACK_GROW, 1, 0, 0, v.stack_arg(8192, 900)),
     (99, v.E_STACK_GROW, 1, 0, 0, v.stack_arg(8192, 900))], "stack"),
    ("more is copied than the stack holds", 1, [*BEGIN[1:], (9, v.E_STACK_GROW, 1, 0, 0, v.stack_arg(8192, 2400))],
     "stack"),
    ("a stack grows beyond the limit", 1, [*BEGIN[1:], (9, v.E_STACK_GROW, 1, 0, 0, v.stack_arg(1 << 30, 900))],
     "stack"),
    ("a stack has no room after it has grown", 1,
     [*BEGIN[1:], (9, v.E_STACK_GROW, 1, 0, 0, v.stack_arg(4096, 1504)),
      (99, v.E_STACK_GROW, 1, 0, 0, v.stack_arg(8192, 4000)),
      (999, v.E_STACK_GROW, 1, 0, 0, v.stack_arg(8192, 7400))], "stack"),
    ("a stack in use shrinks", 1, [*BEGIN[1:], (9, v.E_STACK_GROW, 1, 0, 0, v.stack_arg(8192, 900)),
     (99, v.E_STACK_SHRINK, 1, -1, -1, v.stack_arg(4096, 1248))], "stack"),
    ("a stack shrinks to a quarter", 1, [*BEGIN[1:], (9, v.E_STACK_GROW, 1, 0, 0, v.stack_arg(1 << 20, 900)),
     (99, v.E_STACK_SHRINK, 1, -1, -1, v.stack_arg(1 << 18, 1248))], "stack"),
    ("a stack shrinks below the least size", 1, [*BEGIN[1:], (9, v.E_STACK_SHRINK, 1, -1, -1, v.stack_arg(1024, 8))],
     "stack"),
    ("a stack shrinks in a system call", 1,
     [*BEGIN[1:], (9, v.E_STACK_GROW, 1, 0, 0, v.stack_arg(8192, 900)), (10, v.E_SYSCALL, 1, 0, 0, 0),
      (99, v.E_STACK_SHRINK, 1, -1, -1, v.stack_arg(4096, 80))], "stack"),
    ("a segment where stacks are copied", 1, [*BEGIN[1:], (9, v.E_STACK_SEGMENT, 1, 0, 0, 8192)], "stack"),
    ("a goroutine is given a new stack in its midst", 1, [*TWO_MADE, (300, v.E_STACK_NEW, 1, 0, 0, 8192)], "stack"),
    ("a first stack of an odd size", 1, [*TWO_MADE, (300, v.E_STACK_NEW, 3, 0, 0, 8000)], "stack"),
    ("a stack grows of who does not run", 1, [*TWO_MADE, (300, v.E_STACK_GROW, 3, 0, 0, v.stack_arg(8192, 900))],
     "owner"),
    ("the collector's phase changes while the program runs", 1, [*BEGIN[1:], (9, v.E_GC_PHASE, 1, 0, 0, v.GC_MARK)],
     "gc-phase"),
    ("an assist without a cycle", 1, [*BEGIN[1:], (9, v.E_GC_ASSIST, 1, 0, 0, 1)], "gc-work"),
    ("who marks goes to sleep", 1,
     [*CYCLE, (10, v.E_GC_ASSIST, 1, 0, 0, 1), (20, v.E_PARK, 1, 0, 0, v.WAIT_NO["sleep"])], "gc-work"),
    ("a dedicated worker on the only P", 1, [*CYCLE, (10, v.E_GC_WORKER, 1, 0, 0, 1)], "gc-mode"),
    ("somebody else wakes an assist", 1,
     [*TWO_MADE, (300, v.E_PARK, 1, 0, 0, v.WAIT_NO["GC assist wait"]), (300, v.E_EXECUTE, 3, 0, 0, v.INHERIT),
      (400, v.E_READY, 1, 0, 0, 3)], "gc-ready"),
    ("a heap of less than nothing", 1, [*BEGIN[1:], (9, v.E_GC_HEAP, -1, -1, -1, -5)], "gc-heap"),
    ("a safe point that nobody asked for", 1, [*BEGIN[1:], (9, v.E_SAFE_POINT, -1, 0, 0, -1)], "safe-point"),
    ("two goroutines share a thread's hands", 1, [*TWO_MADE, (300, v.E_LOG, 3, 0, 0, 5)], "owner"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "make", "defect", "rule"), DEFECTS, ids=[d[0] for d in DEFECTS])
def test_a_run_with_one_defect_is_named_by_its_rule(
    name: str, make: Callable[[], Recording], defect: Change, rule: str
) -> None:
    rec = make()
    rows, changed = rows_of(rec), defect(rows_of(rec))
    place = next((i for i, (a, b) in enumerate(zip(rows, changed, strict=False)) if a != b), len(rows) - 1)
    found = validate(again(rec, changed))
    assert rule in {violation.rule for violation in found}
    assert found[0].event >= place - 1  # nothing before the defect; the last moment before it may be told late


@pytest.mark.parametrize(("name", "p", "rows", "rule"), WRITTEN, ids=[d[0] for d in WRITTEN])
def test_a_scene_with_one_defect_is_named_by_its_rule(name: str, p: int, rows: Rows, rule: str) -> None:
    before = validate(recording(rows[:-3], p=p))
    assert rule in {violation.rule for violation in validate(recording(rows, p=p))} - {x.rule for x in before}


def test_every_rule_has_a_defect_that_it_names() -> None:
    assert {d[3] for d in DEFECTS} | {d[3] for d in WRITTEN} == set(RULE_MEANINGS)


@pytest.mark.parametrize("again_asked", [1, 2])
def test_asking_a_goroutine_to_stop_twice_is_possible(again_asked: int) -> None:
    rec = hogs()
    assert validate(again(rec, repeat(v.E_PREEMPT, again_asked)(rows_of(rec)))) == []


# --- changes at random ----------------------------------------------------------------------------------------

#: what leaves no trace: a note (log, sysmon's pace, its mark that it looks), or an order of its own
SILENT = {v.E_LOG, v.E_SYSMON, v.E_SYSMON_DEEP, v.E_SIGNAL, v.E_HANDOFF, v.E_NEED_SPIN, v.E_SCHEDTRACE, v.E_PREEMPT}


def mutant(rows: Rows, random: Random) -> tuple[str, Rows]:
    """The rows with one event dropped, doubled, exchanged with the next one, or with one number changed."""
    i = random.choice([i for i, row in enumerate(rows[:-1]) if row[KIND] not in SILENT])
    row, how = rows[i], random.choice(["drop", "double", "swap", "g", "p", "m"])
    if how == "drop":
        return how, rows[:i] + rows[i + 1 :]
    if how == "double":
        return how, [*rows[:i], row, *rows[i:]]
    if how == "swap":
        return how, [*rows[:i], rows[i + 1], row, *rows[i + 2 :]]
    column = {"g": G, "p": P, "m": M}[how]
    other = [value for value in range(4) if value != row[column] and row[column] >= 0]
    new = (*row[:column], random.choice(other or [row[column]]), *row[column + 1 :])
    return how if other else "none", [*rows[:i], new, *rows[i + 1 :]]  # type: ignore[list-item]


@pytest.mark.parametrize("make", [mix, few_cores, thieves, sleepers])
def test_nearly_every_random_change_of_a_run_is_noticed(make: Callable[[], Recording]) -> None:
    rec, random = make(), Random(5)
    rows = rows_of(rec)
    tried: Counter[str] = Counter()
    noticed: Counter[str] = Counter()
    for _ in range(400):
        how, changed = mutant(rows, random)
        if changed != rows:
            tried[how] += 1
            noticed[how] += bool(validate(again(rec, changed)))
    print(make.__name__, {how: f"{noticed[how]} of {tried[how]}" for how in sorted(tried)})  # noqa: T201
    kinds = [how for how in tried if how != "swap"]  # two events of one instant may change places unseen
    assert sum(noticed[how] for how in kinds) >= 0.98 * sum(tried[how] for how in kinds)
    assert noticed["swap"] >= 0.6 * tried["swap"]


@pytest.mark.parametrize("make", [few_cores, sleepers, locked])
@pytest.mark.parametrize("complete", [True, False])
def test_a_run_without_its_beginning_is_judged_and_not_stumbled_over(
    make: Callable[[], Recording], complete: bool
) -> None:
    rec = make()
    assert bool(validate(again(rec, rows_of(rec)[10:], complete))) == complete


NUMBER = st.integers(-2, 9)
ROW = st.tuples(st.integers(0, 50), st.sampled_from([*v.KIND_NAMES, 99]), NUMBER, NUMBER, NUMBER, st.integers(-2, 40))


@settings(max_examples=300)
@given(rows=st.lists(ROW, max_size=60), start=st.integers(0, 40), complete=st.booleans())
def test_no_numbers_make_the_validator_stumble(rows: list[Any], start: int, complete: bool) -> None:
    found = validate(again(recording([], p=4), [*HANDOVER[:start], *rows], complete))
    assert len(found) <= 200 and all(violation.rule in RULE_MEANINGS for violation in found)


# --- recordings whose queues are unknown ------------------------------------------------------------------------

#: what can be read out of a real execution trace: goroutines, calls, and which thread has which P
TRACE = {
    v.E_GO_CREATE, v.E_READY, v.E_EXECUTE, v.E_PARK, v.E_EXIT, v.E_YIELD, v.E_SYSCALL, v.E_SYSEXIT, v.E_RETAKE,
    v.E_ACQUIRE_P, v.E_RELEASE_P, v.E_LOG,
}  # fmt: skip


def as_trace(rec: Recording, change: Change = lambda rows: rows) -> Recording:
    return again(rec, change([row for row in rows_of(rec) if row[KIND] in TRACE]), complete=False)


@pytest.mark.parametrize("make", SCENES)
def test_states_and_owners_are_enough_for_a_possible_trace(make: Callable[[], Recording]) -> None:
    assert validate(as_trace(make())) == []


@pytest.mark.parametrize(
    ("defect", "rule"),
    [
        (repeat(v.E_READY), "transition"), (repeat(v.E_EXIT), "transition"), (repeat(v.E_ACQUIRE_P, 2), "one-m"),
        (drop(v.E_RELEASE_P), "one-p"), (change(v.E_PARK, M, lambda r: r[M] + 1), "owner"),
        (change(v.E_PARK, T, lambda r: 0, 5), "time"), (drop(v.E_EXIT, -1), "end"),
    ],
)  # fmt: skip
def test_a_trace_with_one_defect_is_named_by_its_rule(defect: Change, rule: str) -> None:
    assert rule in {violation.rule for violation in validate(as_trace(mix(), defect))}


def test_what_cannot_be_known_of_a_trace_is_not_asked() -> None:
    rec = crowd()
    rows = change(v.E_GLOB_GET, ARG, lambda r: r[ARG] + 1)(rows_of(rec))
    assert validate(again(rec, rows)) != [] and validate(again(rec, rows, complete=False)) == []


def test_a_violation_is_a_sentence_about_named_things() -> None:
    rec = thieves()
    first = validate(again(rec, change(v.E_STEAL, ARG, one_fewer)(rows_of(rec))))[0]
    assert first.message.endswith("half, rounded up, is " + first.message.rsplit(" ", 1)[1])
    assert first.message.startswith("P") and 0 < first.event < len(rec) and first.t == rec.t[first.event]


def test_a_violation_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        validate(again(mix(), rows_of(mix())[40:]))[0].rule = "none"  # type: ignore[misc]
