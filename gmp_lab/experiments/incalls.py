"""Experiment of chapter 2.5: how a goroutine dump shows a system call, and a wait for the network."""

from __future__ import annotations

from typing import Final

from gmp_lab.dump import DumpedG, goroutines_at, parse_dump
from gmp_lab.experiments.model import Experiment, Point, Values
from gmp_lab.golang import GoRun
from gmp_lab.net import Conn, conn, read
from gmp_lab.simulate import simulate
from gmp_lab.workload import Body, Program, go, now, sleep, syscall, work

_WHO: Final = ("main", "caller", "acceptor")


def _words(gs: list[DumpedG]) -> Values:
    """What stands in brackets behind each of the program's own goroutines."""
    named = {g.function.removeprefix("main."): (g.reason or g.status,) for g in gs}
    return {name: named[name] for name in _WHO if name in named}


def _dumped(run: GoRun) -> Values:
    return _words(parse_dump(run.stdout))


def dumped(point: Point) -> Values:
    """dumped.go. The listener is a connection on which nothing comes: Accept parks as Read does."""
    at: list[int] = []

    def caller() -> Body:
        yield syscall(ms=300)

    def acceptor(listener: Conn) -> Body:
        yield read(listener)

    def main() -> Body:
        yield go(caller)
        yield go(acceptor, conn())
        yield sleep(ms=50)
        at.append((yield now()))
        yield work(us=100)  # writes the dump

    rec = simulate(point.config(), Program(main))
    return _words(goroutines_at(rec, at[0], current=1))


ALL: Final = (Experiment(
    "dumped", "How does a goroutine dump show who is in a system call, and who waits for the network?",
    "02-5-syscall-handoff", "dumped.go", (Point(2, exact=_WHO),), dumped,
    ("2.5-02", "2.5-08", "2.5-09", "2.5-10"), _dumped, files=("block_linux.go", "block_windows.go", "block_other.go"),
),)  # fmt: skip
