"""Programs of the demonstrations that the catalogue does not have; each ends by itself, each number has a range."""

from __future__ import annotations

from gmp_lab.errors import check_bool, check_int
from gmp_lab.workload import (
    Body,
    Program,
    WaitGroup,
    go,
    gomaxprocs,
    gosched,
    lock_os_thread,
    log,
    syscall,
    unlock_os_thread,
    work,
)

NUMBERED = "numbered"  # the name of the goroutines that queued_up starts, one after the other


def queued_up(tasks: int = 17, task_us: int = 5) -> Program:
    """main starts ``tasks`` (1..5000) numbered goroutines that compute task_us (0..1000 us) and log their numbers.

    With one P they wait until main waits for them.  With more, guards keep the other Ps busy until all are started;
    then main computes on until they are done, so that the others have to come and fetch all of them.
    """
    check_int("tasks", tasks, 1, 5000)
    check_int("task_us", task_us, 0, 1000, "us")
    params = {"tasks": tasks, "task_us": task_us}
    return Program(_queued_up_main, tasks, task_us, name="queued_up", params=params)


def _queued_up_main(tasks: int, task_us: int) -> Body:
    procs: int = yield gomaxprocs(0)
    guards, stop, wg = [0], [False], WaitGroup()
    for _ in range(procs - 1):
        yield go(_guard, guards, stop)
    while guards[0] < procs - 1:
        yield work(us=5)
    yield wg.Add(tasks)
    for number in range(tasks):
        yield go(_numbered, number, task_us, wg)
    stop[0] = True
    while procs > 1 and wg.counter:
        yield work(us=5)
    yield wg.Wait()


def _guard(guards: list[int], stop: list[bool]) -> Body:
    guards[0] += 1
    while not stop[0]:
        yield work(us=5)


def _numbered(number: int, us: int, wg: WaitGroup) -> Body:
    yield log(number)
    yield work(us=us)
    yield wg.Done()


def travellers(goroutines: int = 5, rounds: int = 30, locked: bool = False) -> Program:
    """Goroutines (2..100) that compute a little and call Gosched, rounds (1..1000) times; the first may be locked."""
    check_int("goroutines", goroutines, 2, 100)
    check_int("rounds", rounds, 1, 1000)
    check_bool("locked", locked)
    params = {"goroutines": goroutines, "rounds": rounds, "locked": locked}
    return Program(_travellers_main, goroutines, rounds, locked, name="travellers", params=params)


def _travellers_main(goroutines: int, rounds: int, locked: bool) -> Body:
    wg = WaitGroup()
    yield wg.Add(goroutines)
    for i in range(goroutines):
        yield go(_traveller, 50 + 17 * (i % 5), rounds, locked and i == 0, wg)
    yield wg.Wait()


def _traveller(us: int, rounds: int, lock: bool, wg: WaitGroup) -> Body:
    if lock:
        yield lock_os_thread()
    for _ in range(rounds):
        yield work(us=us)
        yield gosched()
    if lock:
        yield unlock_os_thread()
    yield wg.Done()


def loops_and_calls(loops: int = 2, callers: int = 4, call_us: int = 300, ms: int = 300) -> Program:
    """Loops (1..16) without calls of ms beside ``callers`` (0..64), that make calls of call_us (100..5000)."""
    check_int("loops", loops, 1, 16)
    check_int("callers", callers, 0, 64)
    check_int("call_us", call_us, 100, 5000, "us")
    check_int("ms", ms, 1, 10_000, "ms")
    params = {"loops": loops, "callers": callers, "call_us": call_us, "ms": ms}
    return Program(_loops_and_calls_main, loops, callers, call_us, ms, name="loops_and_calls", params=params)


def _loops_and_calls_main(loops: int, callers: int, call_us: int, ms: int) -> Body:
    wg = WaitGroup()
    yield wg.Add(loops)
    for _ in range(callers):
        yield go(_calls, call_us)
    for _ in range(loops):
        yield go(_loop, ms, wg)
    yield wg.Wait()


def _calls(us: int) -> Body:
    while True:
        yield work(us=20)
        yield syscall(us=us)


def _loop(ms: int, wg: WaitGroup) -> Body:
    yield work(ms=ms)
    yield wg.Done()


def in_pieces(pieces: int = 1, total_ms: int = 60) -> Program:
    """One goroutine loops for total_ms (1..1000) in so many (1..100,000) short loops; another logs when it runs."""
    check_int("pieces", pieces, 1, 100_000)
    check_int("total_ms", total_ms, 1, 1000, "ms")
    params = {"pieces": pieces, "total_ms": total_ms}
    return Program(_in_pieces_main, pieces, total_ms, name="in_pieces", params=params)


def _in_pieces_main(pieces: int, total_ms: int) -> Body:
    yield go(_waiting)
    for _ in range(pieces):
        yield work(ns=max(1, total_ms * 1_000_000 // pieces))
    yield gosched()


def _waiting() -> Body:
    yield log(1)
