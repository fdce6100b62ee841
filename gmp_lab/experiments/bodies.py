"""The catalogue's programs about queues, stacks and threads as goroutine bodies, statement by statement."""

from __future__ import annotations

from typing import Any

from gmp_lab import twins
from gmp_lab import vocabulary as v
from gmp_lab.dump import goroutines_at
from gmp_lab.experiments.model import Point, Values
from gmp_lab.net import Conn, conn, read, write
from gmp_lab.recording import Recording
from gmp_lab.simulate import simulate
from gmp_lab.stacks import call, recurse, ret, set_max_stack, stack
from gmp_lab.sync import Cond, Mutex, RWMutex
from gmp_lab.workload import (
    Body,
    Chan,
    Program,
    WaitGroup,
    chan,
    go,
    log,
    now,
    recv,
    recv_case,
    select,
    send,
    sleep,
    syscall,
    work,
)

HOUR = 3_600_000


def order(point: Point) -> Values:
    """order.go."""
    rec = simulate(point.config(), twins.order(**point.arguments))
    return {"order": tuple(map(float, twins.noted(rec)))}


def steal(point: Point) -> Values:
    """steal.go."""
    rec = simulate(point.config(gogc=100), twins.steal(**point.arguments))
    return {"order": tuple(map(float, twins.noted(rec)))}


# --- stacks -------------------------------------------------------------------------------------------------------

FRAME = 536  # of deeper, with what its call needs; measured with go build -gcflags=-S


def _mover(depth: int, done: Chan) -> Body:
    yield call(frame=64)
    before = yield stack()
    yield recurse(depth + 1, frame=FRAME)
    yield ret(depth + 1)
    after = yield stack()
    yield ret()
    yield send(done, float(before.lo != after.lo))


def stack_move(point: Point) -> Values:
    """stack_move.go."""
    moved: list[float] = []

    def main() -> Body:
        for depth in point.arguments.values():
            done = chan()
            yield go(_mover, depth, done)
            moved.append((yield recv(done)))

    simulate(point.config(), Program(main))
    return {"moved": tuple(moved)}


def overflow(point: Point) -> Values:
    """overflow.go."""

    def main() -> Body:
        yield set_max_stack(point.arguments["limit"])
        yield recurse(1_000_000, frame=32)

    rec = simulate(point.config(), Program(main))
    return overflow_words(rec.ended)


def overflow_words(said: str) -> Values:
    """What Go says of a stack overflow: the two lines that tell."""
    tells = ("runtime: goroutine stack exceeds", "fatal error:")
    return {"says": tuple(line for line in said.splitlines() if line.startswith(tells))}


# --- what goroutines wait for -----------------------------------------------------------------------------------


def receiver(c: Chan) -> Body:
    yield recv(c)


def sender(c: Chan) -> Body:
    yield send(c, 1)


def nilReceiver(c: Chan | None) -> Body:  # noqa: N802  # the name of waits.go
    yield recv(c)


def selector(a: Chan, b: Chan) -> Body:
    yield select(recv_case(a), recv_case(b))


def sleeper() -> Body:
    yield sleep(ms=HOUR)


def locker(mu: Mutex) -> Body:
    yield mu.Lock()


def reader(mu: RWMutex) -> Body:
    yield mu.RLock()


def writer(mu: RWMutex) -> Body:
    yield mu.Lock()


def waiter(wg: WaitGroup) -> Body:
    yield wg.Wait()


def listener(c: Cond) -> Body:
    yield c.L.Lock()
    yield c.Wait()


def waits(point: Point) -> Values:
    """waits.go."""
    at: list[int] = []

    def main() -> Body:
        mu, rw, wg = Mutex(), RWMutex(), WaitGroup()
        yield mu.Lock()
        yield rw.Lock()
        yield wg.Add(1)
        yield go(receiver, chan())
        yield go(sender, chan())
        yield go(nilReceiver, None)
        yield go(selector, chan(), chan())
        yield go(sleeper)
        yield go(locker, mu)
        yield go(reader, rw)
        yield go(writer, rw)
        yield go(waiter, wg)
        yield go(listener, Cond(Mutex()))
        yield sleep(ms=50)
        at.append((yield now()))
        yield work(us=100)  # writes the dump

    rec = simulate(point.config(), Program(main))
    gs = goroutines_at(rec, at[0], current=1)
    return {g.function.removeprefix("main."): (g.reason or g.status,) for g in gs}


# --- threads ------------------------------------------------------------------------------------------------------


def _made(rec: Recording) -> int:
    """Threads that were made between main's two notes."""
    first, last = [t for t, _, number in rec.logs() if number < 0]
    return sum(e.kind == v.E_M_NEW and first <= e.t <= last for e in rec)


def threads(point: Point) -> Values:
    """threads.go."""
    return {"new_threads": (float(_made(threads_run(point))),)}


def threads_run(point: Point) -> Recording:
    """Its run."""
    k, n = point.arguments["k"], point.arguments["n"]

    def blocked() -> Body:
        yield syscall(ms=300)

    def main() -> Body:
        never = chan()
        yield sleep(ms=20)
        yield log(-1)
        for _ in range(k):
            yield go(blocked)
        for _ in range(n):
            yield go(receiver, never)
        yield sleep(ms=100)
        yield log(-1)

    return simulate(point.config(), Program(main))


def sockets(point: Point) -> Values:
    """sockets.go."""
    n = point.arguments["n"]

    def near(c: Conn, wg: WaitGroup) -> Body:
        yield read(c)
        yield log(1)
        yield wg.Done()

    def main() -> Body:
        conns = [conn() for _ in range(n)]
        wg = WaitGroup()
        yield sleep(ms=20)
        yield log(-1)
        yield wg.Add(n)
        for c in conns:
            yield go(near, c, wg)
        yield sleep(ms=100)
        yield log(-1)
        for c in conns:
            yield write(c, 1)
        yield wg.Wait()

    rec = simulate(point.config(), Program(main))
    return {"new_threads": (float(_made(rec)),), "woken": (float(sum(x == 1 for _, _, x in rec.logs())),)}


def handoff(point: Point) -> Values:
    """handoff.go."""
    shares: list[float] = []

    def note(began: Chan) -> Body:
        t: Any = yield now()
        yield send(began, t)

    def main() -> Body:
        for _ in range(point.arguments["times"]):
            yield sleep(ms=30)
            began = chan(1)
            yield go(note, began)
            start = yield now()
            yield syscall(us=point.arguments["us"])
            end = yield now()
            first = yield recv(began)
            shares.append((first - start) / (end - start))

    simulate(point.config(), Program(main))
    return {"wait_over_call": tuple(shares)}


def shares(point: Point) -> Values:
    """shares.go."""
    tasks, us = point.arguments["tasks"], point.arguments["us"]

    def task(wg: WaitGroup) -> Body:
        yield work(us=us)
        yield wg.Done()

    def main() -> Body:
        wg = WaitGroup()
        yield wg.Add(tasks)
        for _ in range(tasks):
            yield go(task, wg)
        yield wg.Wait()

    rec = simulate(point.config(cores=2), Program(main))
    procs = rec.config.gomaxprocs
    ran = [0] * procs
    for e in rec:
        if e.kind == v.E_EXIT and rec.g_name(e.g) == "task":
            ran[e.p] += 1
    first = next(e.t for e in rec if e.kind == v.E_GO_CREATE and rec.g_name(e.g) == "task")
    return {
        "shares": tuple(sorted((x / tasks for x in ran), reverse=True)),
        "elapsed_over_serial": ((rec.end_ns - first) / (tasks * us * 1000),),
    }
