"""A goroutine in a call and a neighbour that wants its P: how long the neighbour waits, and on what that depends."""

from __future__ import annotations

from typing import Final

from gmp_lab.config import Config
from gmp_lab.net import arrives, conn, read
from gmp_lab.recording import Recording
from gmp_lab.scheddetail import scheddetail_reports
from gmp_lab.simulate import simulate
from gmp_lab.workload import Body, Program, go, gosched, log, syscall, work

NEIGHBOUR, CALLER = 0, 1  # what each of them notes
LENGTHS_US: Final = tuple(2**n for n in range(15))  # 1 us to 16 ms
_REST_US: Final = 300  # between two calls of ``lengths``


def neighbour() -> Body:
    """Say that it runs."""
    yield log(NEIGHBOUR)


def caller(us: int, before_us: int = 0, kind: str = "blocking") -> Body:
    """Compute, start the neighbour, go into a system call, and let the neighbour run."""
    yield work(us=before_us)
    yield go(neighbour)
    yield log(CALLER)
    yield syscall(us=us, kind=kind)
    yield gosched()


def beside(us: int = 40_000, before_us: int = 0, kind: str = "blocking") -> Program:
    """The two of them: a call of ``us``, after ``before_us`` of computing; ``kind`` as for ``workload.syscall``."""
    return Program(caller, us, before_us, kind, name="beside")


def over_network(us: int = 40_000) -> Program:
    """The same with a read from the network, for which data come after ``us``."""
    return Program(_reader, us, name="over_network")


def _reader(us: int) -> Body:
    wire = conn()
    yield arrives(wire, us=us)
    yield go(neighbour)
    yield log(CALLER)
    yield read(wire)
    yield gosched()


def waited_us(rec: Recording) -> float:
    """How long (us) after the beginning of the call the neighbour ran, in a run of these programs."""
    at = {number: t for t, _, number in reversed(rec.logs())}
    return (at[NEIGHBOUR] - at[CALLER]) / 1000


def ways(us: int = 2000) -> dict[str, Recording]:
    """Four ways to wait for ``us`` beside a neighbour, on one P, by name."""
    programs = {
        "blocking call": beside(us),
        "call announced as blocking": beside(us, kind="handoff"),
        "raw call": beside(us, kind="raw"),
        "read from the network": over_network(us),
    }
    return {name: simulate(Config(gomaxprocs=1), program) for name, program in programs.items()}


def lengths() -> Program:
    """Calls of 1 us, 2 us, 4 us, ... 16 ms, one after the other, beside two goroutines that compute."""
    return Program(_lengths, name="lengths")


def _lengths() -> Body:
    done = [False]
    for _ in range(2):
        yield go(_computing, done)
    for us in LENGTHS_US:
        yield work(us=_REST_US)
        yield syscall(us=us)
    done[0] = True


def _computing(done: list[bool]) -> Body:
    while not done[0]:
        yield work(us=50)
        yield gosched()


def in_call(version: str) -> tuple[int, int | None, int]:
    """What scheddetail shows of a goroutine that is in a call: status of its P, the P's M, its own status.

    There are two Ps and no other work, so the P stays where it is for about 10 ms.
    """
    config = Config(gomaxprocs=2, go=version, schedtrace_ms=1, scheddetail=True)
    report = scheddetail_reports(simulate(config, Program(_only_call)))[1]
    return report.ps[0].status, report.ps[0].m, report.allgs[0].status


def _only_call() -> Body:
    yield syscall(ms=5)
