"""Small programs under every order of simultaneous events.

All costs are equal or zero here, so that very much happens at the same time; the engine asks which of the
simultaneous events comes first, and a depth-first search answers in every possible way.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import pytest

from gmp_lab import (
    Chan,
    Cond,
    Config,
    Costs,
    Mutex,
    Program,
    Recording,
    RWMutex,
    WaitGroup,
    chan,
    go,
    gosched,
    lock_os_thread,
    log,
    recv,
    recv_case,
    select,
    send,
    simulate,
    sleep,
    syscall,
    work,
)
from gmp_lab.recording import Columns
from gmp_lab.runtime.mloop import Machine
from gmp_lab.runtime.mutex import LockSlow
from gmp_lab.runtime.runtime2 import G, Select, Sudog
from gmp_lab.validate import validate

US = 1_000
TIED = Costs(
    new_g=0, switch=0, chan_op=0, select=0, mutex=0, spin=US, go=0, syscall=0, steal=0, wake_m=US, new_m=US,
    signal=US, usleep_slack=0, usleep_jitter=0,
)  # fmt: skip


def worker(i: int, wg: WaitGroup) -> Any:
    yield work(ns=2 * US)
    yield log(i)
    yield wg.Done()


def three_workers() -> Any:
    wg = WaitGroup()
    yield wg.Add(3)
    for i in range(3):
        yield go(worker, i, wg)
    yield work(ns=US)
    yield wg.Wait()


def a_channel() -> Any:
    def sender(i: int) -> Any:
        yield work(ns=US)
        yield send(c, i)

    c = chan()
    for i in range(3):
        yield go(sender, i)
    for _ in range(3):
        yield log((yield recv(c)))


def system_calls() -> Any:
    def caller(i: int) -> Any:
        yield syscall(ns=40 * US)
        yield log(i)
        yield wg.Done()

    wg = WaitGroup()
    yield wg.Add(3)
    for i in range(3):
        yield go(caller, i)
    yield wg.Wait()


def yielding() -> Any:
    def turn(i: int) -> Any:
        yield gosched()
        yield work(ns=US)
        yield log(i)
        yield wg.Done()

    wg = WaitGroup()
    yield wg.Add(3)
    for i in range(3):
        yield go(turn, i)
    yield work(ns=US)
    yield wg.Wait()


def sleeping() -> Any:
    def sleeper(i: int) -> Any:
        yield sleep(ns=(i + 1) * US)
        yield log(i)
        yield wg.Done()

    wg = WaitGroup()
    yield wg.Add(3)
    for i in range(3):
        yield go(sleeper, i)
    yield wg.Wait()


def locked() -> Any:
    def worker_of_its_own_thread(i: int) -> Any:
        yield lock_os_thread()
        yield gosched()
        yield log(i)
        yield wg.Done()

    wg = WaitGroup()
    yield wg.Add(3)
    yield go(worker, 0, wg)
    yield go(worker_of_its_own_thread, 1)
    yield go(worker, 2, wg)
    yield wg.Wait()


def a_mutex() -> Any:
    def locker(i: int) -> Any:
        yield mu.Lock()
        yield work(ns=2 * US)
        yield log(i)
        yield mu.Unlock()
        yield wg.Done()

    mu, wg = Mutex(), WaitGroup()
    yield wg.Add(3)
    for i in range(3):
        yield go(locker, i)
    yield wg.Wait()


def a_starving_mutex() -> Any:
    """Two wait for more than 1 ms while main locks again and again."""

    def locker(i: int) -> Any:
        yield mu.Lock()
        yield log(i)
        yield mu.Unlock()
        yield wg.Done()

    mu, wg = Mutex(), WaitGroup()
    yield wg.Add(2)
    yield mu.Lock()
    for i in range(2):
        yield go(locker, i)
    yield work(ns=1_050 * US)
    for _ in range(2):
        yield mu.Unlock()
        yield mu.Lock()
        yield work(ns=20 * US)
    yield log(2)
    yield mu.Unlock()
    yield wg.Wait()


def readers_and_writers() -> Any:
    def reader(i: int) -> Any:
        yield rw.RLock()
        yield work(ns=US)
        yield log(i)
        yield rw.RUnlock()
        yield wg.Done()

    rw, wg = RWMutex(), WaitGroup()
    yield wg.Add(2)
    for i in range(2):
        yield go(reader, i)
    yield rw.Lock()
    yield work(ns=US)
    yield log(2)
    yield rw.Unlock()
    yield wg.Wait()


def a_condition() -> Any:
    def waiter(i: int) -> Any:
        yield mu.Lock()
        while not count[0]:
            yield cond.Wait()
        count[0] -= 1
        yield log(i)
        yield mu.Unlock()
        yield wg.Done()

    mu, wg, count = Mutex(), WaitGroup(), [0]
    cond = Cond(mu)
    yield wg.Add(3)
    for i in range(3):
        yield go(waiter, i)
    for _ in range(3):
        yield mu.Lock()
        count[0] += 1
        yield mu.Unlock()
        yield cond.Signal()
        yield work(ns=US)
    yield wg.Wait()


def a_select() -> Any:
    def sender(c: Chan, i: int) -> Any:
        yield work(ns=US)
        yield send(c, i)

    a, b = chan(), chan(1)
    for i, c in enumerate((a, b, a)):
        yield go(sender, c, i)
    for _ in range(3):
        _, value, _ = yield select(recv_case(a), recv_case(b))
        yield log(value)


class Seen(Exception):
    """This state was met before: everything that follows from it has been explored."""


def picture(rt: Machine) -> tuple[Any, ...]:
    """The runtime's whole state, with times counted from now: queues, owners, bodies, and what is to come."""
    now = rt.engine.now
    return (
        tuple(g.goid for g in rt.sched.runq),
        tuple(p.id for p in rt.sched.pidle),
        tuple(m.id for m in rt.sched.midle),
        (rt.sched.nmspinning, rt.sched.needspinning, rt.sched.sysmonwait, rt.sysmontick.idle, rt.sysmontick.delay),
        tuple((p.m.id if p.m else -1, p.runnext and p.runnext.goid, *(g.goid for g in p.runq)) for p in rt.allp),
        tuple((p.status, p.schedtick % 61, p.syscalltick, p.preempt) for p in rt.allp),
        tuple((p.sysmontick.schedtick, now - p.sysmontick.schedwhen, p.sysmontick.syscalltick) for p in rt.allp),
        tuple((now - p.sysmontick.syscallwhen, *((t - now, g.goid) for t, _, g in p.timers)) for p in rt.allp),
        (rt.sched.lastpoll == 0, rt.sched.pollUntil and rt.sched.pollUntil - now, rt.sched.nmidlelocked),
        tuple((m.pollspin, m.lockedg and m.lockedg.goid) for m in rt.allm),
        meetings(rt),
        tuple((m.stealpos, m.signalPending, m.source, m.oldp and m.oldp.id, m.curg and m.curg.goid) for m in rt.allm),
        hash(rt.random.getstate()),  # the orders in which thieves will look
        tuple((g.atomicstatus, g.m.id if g.m else -1, g.left, g.preempt) for g in rt.allgs),
        tuple((rest(now, g.op), g.value, g.sudog, *place(g.body)) for g in rt.allgs),
        tuple((m.spinning, m.nextp and m.nextp.id, m.stealing and m.stealing.goid, m.seg_end - now) for m in rt.allm),
        tuple(sorted((max(0, t - now), fn.__name__, told(a), told(b)) for t, _, fn, a, b in rt.engine.heap)),
    )  # fmt: skip


def rest(now: int, x: Any) -> Any:
    """What a goroutine will go on with: an operation, or the rest of one, with all that it remembers."""
    if isinstance(x, Sudog):
        return (x.g.goid, x.ticket, x.success, x.queue is None)
    if isinstance(x, LockSlow):
        return (x.awoke, x.iter, x.starving, now - x.waitStartTime if x.waitStartTime >= 0 else -1, rest(now, x.then))
    if isinstance(x, Select):
        return (rest(now, x.fired), *(rest(now, sg) for _, sg in x.sudogs))
    if type(x) is tuple:
        return tuple(rest(now, y) for y in x)
    return x if x is None or isinstance(x, (int, str)) else getattr(x, "__name__", type(x).__name__)


def told(argument: Any) -> str:
    """An event's argument in words that are the same in every run: no address of the runtime, none of a function."""
    if isinstance(argument, tuple):
        return " ".join(map(told, argument))
    return "rt" if isinstance(argument, Machine) else getattr(argument, "__name__", str(argument))


def place(body: Any) -> tuple[Any, ...]:
    """Where a generator is: its instruction, and its loop counters."""
    frame = body and body.gi_frame
    return (frame.f_lasti, *(x for x in frame.f_locals.values() if isinstance(x, int))) if frame else ()


def meetings(rt: Machine) -> tuple[Any, ...]:
    """What the channels and WaitGroups hold that the bodies know, and who waits there in which order."""
    known: dict[int, tuple[Any, ...]] = {}
    for g in rt.allgs:
        frame = g.body and g.body.gi_frame
        for x in frame.f_locals.values() if frame else ():
            if isinstance(x, Chan):
                known[id(x)] = (*map(who, x.recvq), -1, *map(who, x.sendq), -1, *x.buf)
            elif isinstance(x, WaitGroup):
                known[id(x)] = (x.counter, *(w.goid for w in x.waiters))
            elif isinstance(x, Mutex):
                known[id(x)] = (x.state, x.sema.count, *map(who, x.sema.waitq))
            elif isinstance(x, RWMutex):
                semas = [(s.count, *map(who, s.waitq)) for s in (x.w.sema, x.readerSem, x.writerSem)]
                known[id(x)] = (x.w.state, x.readerCount, x.readerWait, *semas)
            elif isinstance(x, Cond):
                known[id(x)] = (x.wait, x.notify, *((t, g.goid) for t, g in x.list))
    return tuple(known.values())


def who(waiter: G | Sudog) -> int:
    """The id of a goroutine in a wait list; a Sudog of a select that has been decided is told apart."""
    if isinstance(waiter, G):
        return waiter.goid
    return -waiter.g.goid if waiter.select is not None and waiter.select.fired is not None else waiter.g.goid


def impossible(rt: Machine, rows: list[Any], rec: Recording | None) -> list[Any]:
    """What the validator says about a run, also about one that was left where another one had been before."""
    if rec is None:
        columns = Columns()
        columns.extend(rows)
        rec = Recording(
            rt.config, columns, program="", params={}, g_names=(), end_ns=rt.engine.now, ended="events", steps=0
        )
    return validate(rec)


def explore(main: Callable[[], Any], window: int, **settings: Any) -> tuple[list[Recording], int, int]:
    """Run main under every order of events that lie within window ns of each other.

    Returns the runs that came to their end, the number of those that were left at a state met before, and the number
    of states at which there was a choice.  Every run, also the beginning of one that was left, is checked by the
    runtime after each step and by the validator.
    """
    config = Config(gomaxprocs=2, costs=TIED, until_ns=20_000 * US, **settings)
    states: set[Any] = set()
    runs: list[Recording] = []
    current: list[Any] = []
    left = 0
    prefix: list[int] | None = []

    def observe(rt: Machine, rows: Any) -> None:
        rt.check()
        current[:] = [rt, rows]

    while prefix is not None:
        taken: list[tuple[int, int]] = []

        def choose(n: int, prefix: list[int] = prefix, taken: list[tuple[int, int]] = taken) -> int:
            if len(taken) >= len(prefix) and current:
                state = picture(current[0])
                if state in states:
                    raise Seen
                states.add(state)
            taken.append((prefix[len(taken)] if len(taken) < len(prefix) else 0, n))
            return taken[-1][0]

        current.clear()
        rec = None
        with contextlib.suppress(Seen):
            rec = simulate(config, Program(main), observe=observe, choose=choose, window_ns=window)
            runs.append(rec)
        left += rec is None
        assert impossible(current[0], current[1], rec) == []
        while taken and taken[-1][0] + 1 == taken[-1][1]:
            taken.pop()
        prefix = [pick for pick, _ in taken[:-1]] + [taken[-1][0] + 1] if taken else None
    return runs, left, len(states)


# program, Go version, how far apart (us) two events may be to change places, states that must have been met at least
CASES = [
    (three_workers, "1.27", 60, 2_500),
    (three_workers, "1.25", 60, 2_500),
    (a_channel, "1.27", 60, 800),
    (system_calls, "1.27", 25, 1_600),
    (system_calls, "1.25", 25, 1_600),
    (yielding, "1.27", 60, 3_500),
    (sleeping, "1.27", 300, 700),
    (locked, "1.27", 60, 1_600),
    (a_mutex, "1.27", 30, 1_600),
    (a_starving_mutex, "1.27", 10, 90),
    (readers_and_writers, "1.27", 60, 2_000),
    (a_condition, "1.27", 30, 600),
    (a_select, "1.27", 60, 800),
]


@pytest.mark.parametrize(("main", "version", "window", "fewest"), CASES)
def test_no_order_of_simultaneous_events_breaks_anything(
    main: Callable[[], Any], version: str, window: int, fewest: int, capsys: pytest.CaptureFixture[str]
) -> None:
    runs, left, states = explore(main, window * US, go=version)
    with capsys.disabled():  # how much was seen belongs to the answer, also of a test that passes
        many = f"{len(runs)} whole runs, {left} that join another, {states} states with a choice"
        print(f"\n{main.__name__}, Go {version}, all orders within {window} us: {many}")  # noqa: T201
    assert states >= fewest
    assert {rec.ended for rec in runs} == {"exit"}
    assert {tuple(sorted(value for _, _, value in rec.logs())) for rec in runs} == {(0, 1, 2)}
