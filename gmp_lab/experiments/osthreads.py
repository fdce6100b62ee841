"""Experiments of chapter 2.2 that strace watches: who makes threads, and what it costs to be bound to one."""

from __future__ import annotations

from typing import Final

from gmp_lab import vocabulary as v
from gmp_lab.experiments import bodies, watched
from gmp_lab.experiments.model import Band, Experiment, Point, Values
from gmp_lab.golang import GoRun
from gmp_lab.golang.strace import parse_strace_summary
from gmp_lab.recording import Recording
from gmp_lab.simulate import simulate
from gmp_lab.workload import Body, Chan, Program, chan, go, lock_os_thread, recv, send, unlock_os_thread

BLOCK: Final = ("block_linux.go", "block_windows.go", "block_other.go")
NOT_FOLLOWED: Final = ("strace", "-c")
ROUNDS: Final = 1000  # of locked.go, in all points


def makers(rec: Recording) -> list[int]:
    """For each thread but the first, which thread has made it: M0 at the start, later who did the event before."""
    found, last = [], 0
    for e in rec:
        if e.kind == v.E_M_NEW and e.m != 0:
            found.append(last)
        elif e.m >= 0 and e.t > 0:
            last = e.m
    return found


def by_first(point: Point) -> Values:
    """threads.go, seen by somebody who looks at the first thread only."""
    return {"cloned": (float(makers(bodies.threads_run(point)).count(0)),)}


def _player(rounds: int, locked: int, into: Chan, out: Chan, done: Chan) -> Body:
    if locked:
        yield lock_os_thread()
    for _ in range(rounds):
        value: object = yield recv(into)
        yield send(out, value)
    yield send(done, True)
    if locked:
        yield unlock_os_thread()


def futex_calls(rec: Recording) -> int:
    """How often threads went to sleep and were woken: each is one futex call. New threads are not woken."""
    sleeps = (v.E_M_PARK, v.E_STOP_LOCKED)
    made, calls = {0}, 0
    for e in rec:
        if e.kind in sleeps or e.kind == v.E_START_LOCKED:
            calls += e.t > 0
        elif e.kind == v.E_M_START and e.m in made:
            calls += 1
        elif e.kind == v.E_M_WAKE:
            made.add(e.m)  # from now on it sleeps and is woken
    return calls


def locked(point: Point) -> Values:
    """locked.go."""
    rounds, lock = point.arguments["rounds"], point.arguments["locked"]

    def main() -> Body:
        there, back, done = chan(1), chan(1), chan(2)
        yield go(_player, rounds, lock, there, back, done)
        yield go(_player, rounds, lock, back, there, done)
        yield send(there, 0)
        yield recv(done)
        yield recv(done)

    return {"futex_per_round": (futex_calls(simulate(point.config(), Program(main))) / rounds,)}


def _counted(run: GoRun) -> Values:
    rows = parse_strace_summary(run.stderr)
    calls = sum(row.calls for row in rows if row.name == "futex")
    return {"futex_per_round": (calls / ROUNDS,)}


ALL: Final = (
    Experiment(
        "main_thread", "How many threads does strace see being made if it does not follow new ones (no -f)?",
        "02-2-os-threads", "threads.go",
        (
            Point(2, {"k": 50, "n": 0}, bands=(Band("cloned", 1, 9, "the first thread makes only a few of them"),)),
            Point(2, {"k": 0, "n": 1000}, bands=(Band("cloned", 1, 9, "the first thread makes only a few of them"),)),
        ),
        by_first, ("2.2-10",), watched.cloned, files=BLOCK, under=NOT_FOLLOWED,
    ),
    Experiment(
        "locked", "How many futex calls does a program make: does it depend on its goroutines, or on what they do?",
        "02-2-os-threads", "locked.go",
        (
            Point(1, {"rounds": ROUNDS, "locked": 0}, bands=(
                Band("futex_per_round", 0, 0.3, "goroutines change places without a futex call"),)),
            Point(1, {"rounds": ROUNDS, "locked": 1}, bands=(
                Band("futex_per_round", 5, 10, "two changes of threads at each hand-over, twice a round"),)),
        ),
        locked, ("2.2-07", "2.2-12"), _counted, under=watched.COUNTED,
    ),
)  # fmt: skip
