"""Runs about stacks and the lives of goroutines, for the checks of section 2.1."""

from __future__ import annotations

from typing import NamedTuple

from gmp_lab import vocabulary as v
from gmp_lab.claims.check import shared
from gmp_lab.claims.runs import counted, logged, run, seen
from gmp_lab.claims.runs_basic import MS
from gmp_lab.config import Config
from gmp_lab.cycles import gctrace_text
from gmp_lab.heap import gc
from gmp_lab.net import arrives, conn, read
from gmp_lab.simulate import simulate
from gmp_lab.stacks import Bounds, call, recurse, ret, stack
from gmp_lab.workload import (
    Body,
    Chan,
    Program,
    WaitGroup,
    chan,
    close,
    go,
    goexit,
    gosched,
    log,
    recv,
    send,
    sleep,
    syscall,
    work,
)


class Grown(NamedTuple):
    """A stack after some calls: its bounds, new sizes in bytes with what was copied, segments in bytes."""

    bounds: Bounds
    sizes: tuple[int, ...]
    copied: tuple[int, ...]
    segments: tuple[int, ...]


@shared
def grown(frames: tuple[int, ...], go_version: str = "1.27", os: str = "linux") -> Grown:
    """A new goroutine enters functions with these frames, one within the other, and looks at its stack."""
    found: list[Bounds] = []

    def enters(done: Chan) -> Body:
        for frame in frames:
            yield call(frame=frame)
        found.append((yield stack()))
        yield send(done)

    def main() -> Body:
        done = chan()
        yield go(enters, done)
        yield recv(done)

    rec = simulate(Config(gomaxprocs=1, go=go_version, os=os), Program(main))
    growths = [v.stack_unpack(e.arg) for e in seen(rec, v.E_STACK_GROW)]
    segments = tuple(e.arg for e in seen(rec, v.E_STACK_SEGMENT))
    return Grown(found[0], tuple(new for new, _ in growths), tuple(used for _, used in growths), segments)


class Collected(NamedTuple):
    """A goroutine that has gone deep, and then collections: sizes while it dived, and after each collection."""

    grown: tuple[int, ...]
    shrunk: tuple[int, ...]
    grown_later: int
    gctrace: str


@shared
def collected() -> Collected:
    """100 calls deep and back, then five collections."""

    def deep() -> Body:
        yield recurse(100, frame=200)
        yield ret(100)
        yield sleep(ms=50)

    def main() -> Body:
        yield go(deep)
        yield sleep(ms=1)
        for _ in range(5):
            yield gc()

    rec = simulate(Config(gomaxprocs=4, gctrace=True), Program(main))
    first = seen(rec, v.E_GC_CYCLE)[0].t
    growths = seen(rec, v.E_STACK_GROW)
    shrunk = tuple(v.stack_unpack(e.arg)[0] for e in seen(rec, v.E_STACK_SHRINK))
    before = tuple(v.stack_unpack(e.arg)[0] for e in growths if e.t < first)
    return Collected(before, shrunk, sum(e.t >= first for e in growths), gctrace_text(rec))


class Ending(NamedTuple):
    """How the process ended, and what main and the goroutine had written until then."""

    ended: str
    written: tuple[int, ...]


@shared
def ending(how: str) -> Ending:
    """A goroutine returns, calls Goexit or panics; main writes 9 one ms later."""

    def one() -> Body:
        yield log(1)
        if how == "Goexit":
            yield goexit()
        elif how == "panic":
            yield close(None)
        yield log(2)

    def main() -> Body:
        yield go(one)
        yield sleep(ms=1)
        yield log(9)

    rec = simulate(Config(gomaxprocs=1), Program(main))
    return Ending(rec.ended, tuple(logged(rec)))


def states_of_all_kinds() -> Body:
    """Goroutines that are made, woken, step aside, are stopped, come back without a P, and read from the network."""
    wg = WaitGroup()

    def aside() -> Body:
        yield gosched()
        yield wg.Done()

    def computes() -> Body:
        yield work(ms=30)
        yield wg.Done()

    def calls() -> Body:
        yield syscall(ms=2)
        yield wg.Done()

    def reads() -> Body:
        c = conn()
        yield arrives(c, 1, ms=1)
        yield read(c)
        yield call(frame=4096)
        yield ret()
        yield wg.Done()

    yield wg.Add(4)
    for body in (aside, computes, calls, reads):
        yield go(body)
    yield wg.Wait()


class Ways(NamedTuple):
    """How often goroutines of one run became runnable, and left running, by what happened."""

    runnable: dict[str, int]
    left: dict[str, int]
    grew: int


@shared
def ways() -> Ways:
    """The ways into and out of states, counted."""
    rec = run(states_of_all_kinds, gomaxprocs=1, until_ns=1000 * MS)
    runnable = {
        "newproc": counted(rec, v.E_GO_CREATE), "ready": counted(rec, v.E_READY),
        "netpoll": counted(rec, v.E_NET_READY), "Gosched": counted(rec, v.E_YIELD, arg=v.YIELD_GOSCHED),
        "preemption": counted(rec, v.E_YIELD, arg=v.YIELD_PREEMPTED),
        "a call without P": counted(rec, v.E_SYSEXIT, arg=v.EXIT_NO_P),
    }  # fmt: skip
    left = {
        "blocking": counted(rec, v.E_PARK), "the end": counted(rec, v.E_EXIT),
        "a system call": counted(rec, v.E_SYSCALL),
        "Gosched": runnable["Gosched"], "preemption": runnable["preemption"],
    }  # fmt: skip
    return Ways(runnable, left, counted(rec, v.E_STACK_GROW))
