"""A program's transcript, simulated again, gives the same run; and nothing but what a body can do gets through."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterator
from typing import Any

import pytest

from gmp_lab import (
    Cond,
    Config,
    ConfigError,
    Mutex,
    Program,
    Recording,
    RWMutex,
    Sema,
    Throw,
    WaitGroup,
    after,
    after_func,
    chan,
    close,
    go,
    goexit,
    gomaxprocs,
    gosched,
    lock_os_thread,
    log,
    new_ticker,
    new_timer,
    now,
    recv,
    recv2,
    recv_case,
    select,
    send_case,
    simulate,
    sleep,
    syscall,
    twins,
    unlock_os_thread,
    work,
)
from gmp_lab.catalog import allocators, callers, service, spawn, steady_mix
from gmp_lab.heap import alloc, drop, gc, read_mem_stats, set_gc_percent
from gmp_lab.net import arrives, conn, read, write
from gmp_lab.stacks import call, recurse, ret, set_max_stack, stack
from gmp_lab.transcript import Scribe, operations, read_transcript

pytestmark = pytest.mark.usefixtures("plain_runs")


def taken(config: Config, program: Program) -> tuple[Recording, str]:
    """A program's run, and its transcript."""
    scribe = Scribe()
    rec = simulate(config, Program(scribe.body(program.main), *program.args))
    return rec, scribe.text()


def table(rec: Recording) -> tuple[Any, ...]:
    columns = (list(getattr(rec, name)) for name in ("t", "kind", "g", "p", "m", "arg"))
    return (*columns, rec.g_names, rec.end_ns, rec.ended, rec.steps)


def _locks() -> Iterator[Any]:
    mu, rw, s, wg = Mutex(), RWMutex(), Sema(2), WaitGroup()
    ready, reading = Cond(mu), Cond(rw.RLocker())

    def waits() -> Iterator[Any]:
        yield mu.Lock()
        yield ready.Wait()
        yield mu.Unlock()
        yield rw.RLock()
        yield reading.Wait()
        yield rw.RUnlock()
        yield wg.Done()

    def writes(i: int) -> Iterator[Any]:
        yield s.Acquire()
        yield rw.Lock()
        yield work(us=30 + i)
        yield rw.Unlock()
        yield s.Release()
        yield mu.TryLock()
        yield gosched()
        yield mu.Unlock()
        yield wg.Done()

    yield wg.Add(6)
    for _ in range(2):
        yield go(waits)
    yield sleep(us=50)
    for i in range(4):
        yield go(writes, i)
        yield sleep(us=200)
    yield ready.Broadcast()
    yield sleep(us=400)
    yield reading.Signal()
    yield reading.Broadcast()
    yield wg.Wait()


def _channels() -> Iterator[Any]:
    c, d, done = chan(), chan(3), chan()

    def gives(n: int) -> Iterator[Any]:
        for i in range(n):
            which, _, _ = yield select(send_case(c, i), send_case(d, [i]), recv_case(done))
            if which == 2:
                yield goexit()
        yield close(d)

    def late() -> Iterator[Any]:
        yield log(77)

    yield go(gives, 9)
    for _ in range(3):
        yield log((yield recv(c)) or 0)
    yield recv2(d)
    yield from _rest(d)
    yield close(done)
    soon = yield after(us=300)
    t = yield new_timer(ms=5)
    tick = yield new_ticker(us=100)
    f = yield after_func(late, us=50)
    for _ in range(4):
        yield select(recv_case(soon), recv_case(tick.C), recv_case(t.C), recv_case(None))
    yield f.Reset(us=10)
    yield recv(tick.C)
    yield tick.Stop()
    yield t.Reset(us=60)
    yield recv(t.C)
    yield log((yield now()) // 1000)


def _rest(d: Any) -> Iterator[Any]:
    for _ in range(2):
        which, _, _ = yield select(recv_case(d), default=True)
        if which < 0:
            yield work(us=20, loop="call")


def _machine() -> Iterator[Any]:
    c = conn()

    def reads() -> Iterator[Any]:
        yield lock_os_thread()
        for _ in range(2):
            yield read(c)
            yield syscall(us=300, kind="cpu")
            yield syscall(us=10)
        yield unlock_os_thread()

    yield go(reads)
    yield arrives(c, "x", us=200)
    yield recurse(40, frame=200)
    yield call(frame=3000)
    yield stack()
    yield ret(41)
    yield set_max_stack(1 << 20)
    yield alloc(bytes=4096, n=2000, keep=True)
    yield set_gc_percent(50)
    yield gc()
    yield drop(bytes=4096, n=500)
    yield read_mem_stats()
    yield gomaxprocs(3)
    yield sleep(us=900)
    yield write(c, 1)
    yield work(ms=30)


PROGRAMS = {
    "order": (Config(gomaxprocs=1), twins.order(300, 5)),
    "steal": (Config(gomaxprocs=2), twins.steal(40)),
    "spawn": (Config(gomaxprocs=3), spawn(600)),
    "mix": (Config(gomaxprocs=3, cores=2, seed=5), steady_mix(goroutines=8, bursts=5)),
    "calls": (Config(gomaxprocs=2, go="1.13"), callers(goroutines=3, call_percent=60, rounds=20)),
    "garbage": (Config(gomaxprocs=2, gogc=50), allocators(allocators=2, live_mib=8, rate_mib_s=600, ms=25)),
    "service": (Config(gomaxprocs=2), service(hogs=2, ms=40)),
    "locks": (Config(gomaxprocs=2), Program(_locks)),
    "channels": (Config(gomaxprocs=2), Program(_channels)),
    "channels of 1.19": (Config(gomaxprocs=2, go="1.19"), Program(_channels)),
    "machine": (Config(gomaxprocs=2), Program(_machine)),
    "cut off": (Config(gomaxprocs=2, until_ns=3_000_000), Program(_machine)),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_transcript_gives_the_run_that_was_taken_down(name: str) -> None:
    config, program = PROGRAMS[name]
    plain = simulate(config, program) if program.main not in (_locks, _channels, _machine) else None
    rec, text = taken(config, program)
    again = simulate(config, read_transcript(text))
    assert table(again) == table(rec) and len(rec) > 10
    assert plain is None or table(plain) == table(rec)


def test_what_each_goroutine_did_can_be_read() -> None:
    def main() -> Iterator[Any]:
        mu = Mutex()
        yield mu.Lock()
        yield work(us=3)
        yield mu.Unlock()

    (did,) = operations(taken(Config(), Program(main))[1])
    assert did == [[19, [0]], [0, 3000, 1], [20, [0]]]


def text_of(*rows: Any, objects: Any = (), bodies: Any = (("main", (0,)),)) -> str:
    told = json.dumps([list(bodies), [list(rows)], list(objects)])
    return base64.b85encode(zlib.compress(told.encode())).decode()


LIES = {
    "computes for less than no time": text_of([0, -5000, 1]),
    "sleeps for less than no time": text_of([8, -5000]),
    "the runtime's own parking": text_of([14, 3]),
    "the runtime's own continuation": text_of([15, "print", 3]),
    "no operation": text_of([63]),
    "no list": text_of(5),
    "a part too many": text_of([13, 1]),
    "True for a number": text_of([0, True, 1]),
    "a channel that is none": text_of([2, [0], None], objects=[["Mutex"]]),
    "an object that is not there": text_of([2, [7], None]),
    "an object of no known class": text_of([19, [0]], objects=[["open", "file"]]),
    "a condition of itself": text_of([28, [0], 1], objects=[["Cond", 0]]),
    "a timer that was not made": text_of([57, [0]], objects=[["result", 0, 0, False]]),
    "a body that is not there": text_of([4, 9]),
    "a run in the kernel for less than nothing": text_of([1, -1, "cpu"]),
    "nothing": "",
    "no text": "!!!",
    "not packed": base64.b85encode(b"[]").decode(),
    "a bomb": base64.b85encode(zlib.compress(b"[" * (40 << 20))).decode(),
    "deep": base64.b85encode(zlib.compress(b"[" * 100_000)).decode(),
    "too long": text_of(*[[5]] * 400_001),
    "no body": text_of([5], bodies=()),
}


@pytest.mark.parametrize("lie", LIES.values(), ids=list(LIES))
def test_only_what_a_body_can_yield_gets_through(lie: str) -> None:
    with pytest.raises((ConfigError, LookupError, TypeError, ValueError, AttributeError, Throw)):
        simulate(Config(), read_transcript(lie))


def test_a_script_that_ends_early_ends_its_goroutine() -> None:
    assert simulate(Config(), read_transcript(text_of([0, 5000, 1]))).end_ns == 5000
