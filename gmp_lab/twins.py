"""The real Go programs of the course as goroutine bodies: what ``golang/programs`` runs, for the simulator.

A comparison means something only if both sides run the same program.  So these follow their Go sources statement by
statement, under the names and with the arguments of ``golang.EXPERIMENTS``.  (The twin of mix.go is
``catalog.steady_mix``.)  Where Go loops until the clock or a variable says so, the body computes for a microsecond at
a time; where Go needs an atomic variable, a list of one entry will do, for between two operations of a body nobody
else runs.
"""

from __future__ import annotations

from gmp_lab.catalog import MAX_GOROUTINES
from gmp_lab.errors import check_int
from gmp_lab.recording import Recording
from gmp_lab.workload import Body, Program, WaitGroup, go, gosched, log, work


def order(n: int = 300, k: int = 5) -> Program:
    """order.go: main calls Gosched k times (0..1e6), starts n goroutines (1..1e6) and waits for them."""
    check_int("n", n, 1, MAX_GOROUTINES)
    check_int("k", k, 0, 1_000_000)
    return Program(_order_main, n, k, name="order", params={"n": n, "k": k})


def _order_main(n: int, k: int) -> Body:
    wg = WaitGroup()
    for _ in range(k):
        yield gosched()
    yield wg.Add(n)
    for i in range(n):
        yield go(_note_and_leave, i, wg)
    yield wg.Wait()


def _note_and_leave(i: int, wg: WaitGroup) -> Body:
    yield log(i)
    yield wg.Done()


def steal(n: int = 17) -> Program:
    """steal.go: a guard keeps the second P busy until main has started n goroutines (1..1e6); main never yields."""
    check_int("n", n, 1, MAX_GOROUTINES)
    return Program(_steal_main, n, name="steal", params={"n": n})


def _steal_main(n: int) -> Body:
    running, stop, noted = [False], [False], [0]
    yield go(_guard, running, stop)
    while not running[0]:
        yield work(us=1)
    yield work(ms=3)
    for i in range(n):
        yield go(_note, i, noted)
    stop[0] = True
    while noted[0] < n:
        yield work(us=1)


def _guard(running: list[bool], stop: list[bool]) -> Body:
    running[0] = True
    while not stop[0]:
        yield work(us=1)


def _note(i: int, noted: list[int]) -> Body:
    yield log(i)
    noted[0] += 1


def noted(rec: Recording) -> list[int]:
    """The numbers that goroutines wrote with ``log``, in the order in which they did: what order.go prints."""
    return [number for _, _, number in rec.logs()]
