"""Chapter 1, G, M and P: the programs, predictions and exam questions of its notebook."""

from __future__ import annotations

from typing import Any

from gmp_lab import vocabulary as v
from gmp_lab.config import Config
from gmp_lab.quiz import Question
from gmp_lab.recording import Recording
from gmp_lab.replay import State, state_after
from gmp_lab.simulate import simulate
from gmp_lab.workload import Body, Program, WaitGroup, go, gosched, log, syscall, work

# --- programs ----------------------------------------------------------------------------------------------------


def _task(i: int, wg: WaitGroup) -> Body:
    yield log(i)
    yield wg.Done()


def _starter(n: int, yields: int) -> Body:
    for _ in range(yields):
        yield gosched()
    wg = WaitGroup()
    yield wg.Add(n)
    for i in range(n):
        yield go(_task, i, wg)
    yield wg.Wait()


def started_on_one_p(n: int, yields: int = 0, startup: str = "bare") -> Recording:
    """One P; main calls Gosched ``yields`` times, starts n goroutines that each write their number, and waits."""
    program = Program(_starter, n, yields, name="started_on_one_p", params={"n": n, "yields": yields})
    return simulate(Config(gomaxprocs=1, startup=startup), program)


def order(rec: Recording) -> list[int]:
    """The numbers that the goroutines wrote, in the order in which they ran."""
    return [value for _, _, value in rec.logs()]


def simulated_orders(n: int, yields: int) -> list[list[int]]:
    """The orders of a real program's start, for the few phases of the 61st tick in which real processes are."""
    return [order(started_on_one_p(n, yields + phase, "real")) for phase in range(-2, 4)]


def when_main_waits(rec: Recording) -> State:
    """The state when main has started everything and parks."""
    parks = [i for i, (kind, g) in enumerate(zip(rec.kind, rec.g, strict=True)) if kind == v.E_PARK and g == 1]
    return state_after(rec, parks[-1] + 1)


def where(state: State) -> str:
    """Where the runnable goroutines of P0 and of the global queue are, in words."""
    p0 = state.ps[0]
    return f"{len(p0.runq)} in the ring, {bool(p0.runnext):d} in runnext, {len(state.runq)} in the global queue"


def _guard(stop: list[bool]) -> Body:
    while not stop[0]:
        yield work(us=1)


def _writer(i: int) -> Body:
    yield log(i)


def _thief_main(n: int) -> Body:
    stop = [False]
    yield go(_guard, stop)
    yield work(ms=30)
    for i in range(n):
        yield go(_writer, i)
    stop[0] = True
    yield work(ms=50, loop="unsafe")


def stolen_by_one(n: int) -> Recording:
    """Two Ps: main starts n goroutines and keeps its P busy; the other P has to steal them all."""
    return simulate(Config(gomaxprocs=2), Program(_thief_main, n, name="stolen_by_one", params={"n": n}))


def _caller_main(call_ms: int, busy_ms: int) -> Body:
    yield work(ms=busy_ms)
    yield go(_writer, 1)
    yield syscall(ms=call_ms)
    yield log(2)


def a_call_with_work_waiting(call_ms: int, busy_ms: int) -> Recording:
    """One P: main computes for busy_ms, starts a goroutine and makes a system call that blocks for call_ms."""
    params = {"call_ms": call_ms, "busy_ms": busy_ms}
    return simulate(Config(gomaxprocs=1), Program(_caller_main, call_ms, busy_ms, name="a_call", params=params))


def waited_ms(rec: Recording) -> float:
    """Milliseconds from the start of the system call until the goroutine that was waiting ran."""
    call = next(e.t for e in rec if e.kind == v.E_SYSCALL)
    return (rec.logs()[0][0] - call) / 1_000_000


def row(*cells: Any, widths: tuple[int, ...] = (22, 15, 14, 30)) -> str:
    """One line of a table in plain text."""
    return "  ".join(str(cell).ljust(width) for cell, width in zip(cells, widths, strict=False)).rstrip()


# --- predictions -------------------------------------------------------------------------------------------------

ORDER = Question(
    "One P. main starts goroutines 0 1 2 3 4 5 in a loop and then waits. In which order do they run?",
    (
        ("0 1 2 3 4 5", "A plain queue would do this, but a P has one more place: runnext."),
        (
            "5 0 1 2 3 4",
            (
                "The go statement puts the new goroutine into runnext and kicks the former one to the ring's tail. "
                "So the last one started runs first, and the others follow in order."
            ),
        ),
        ("5 4 3 2 1 0", "That would be a stack. runnext is one place only; the rest is a queue."),
        ("any order", "With one P and no preemption the order is determined: there is nobody to interfere."),
    ),
    1,
    "1-07",
)

PLACES = Question(
    "One P. main starts 300 goroutines and waits. Where are they when main waits?",
    (
        ("all 300 in the P's queue", "The ring has 256 slots; it cannot hold them."),
        ("256 in the ring, 44 in the global queue", "A full ring does not send one goroutine away, but half of all."),
        (
            "170 in the ring, 1 in runnext, 129 in the global queue",
            (
                "When the ring is full, its older half, 128 goroutines, moves to the global queue together with the "
                "one that found no room: 129 at once."
            ),
        ),
        ("all 300 in the global queue", "The go statement always tries the local queue first."),
    ),
    2,
    "1-07",
)

CALL = Question(
    "One P, busy for a while. A goroutine waits in its queue while the running one makes a system call of 40 ms. "
    "When does the waiting one run?",
    (
        ("at once: the thread leaves its P when it enters the call", "Nothing is given up on entry; see retake."),
        ("when the call is over, after 40 ms", "That holds for calls that sysmon does not know of (RawSyscall)."),
        (
            "when sysmon comes round and takes the P: some time within the next 10 ms or so",
            (
                "In a busy program sysmon sleeps up to 10 ms between its rounds. When it finds a long call and work "
                "that waits, it takes the P and hands it to another thread."
            ),
        ),
        ("after exactly 20 us", "20 us is sysmon's shortest sleep, in a process in which it has just found work."),
    ),
    2,
    "1-09",
)

# --- exam --------------------------------------------------------------------------------------------------------

EXAM = (
    Question(
        "GOMAXPROCS=4. Ten goroutines are each in a blocking read of a file. How many threads are there at least?",
        (
            ("4: there are as many threads as Ps", "Ps bound how many goroutines run Go code, not threads."),
            ("10: each blocked call keeps its own thread", "Right, and sysmon and any running thread come on top."),
            ("1: goroutines need no threads", "A goroutine in a system call does: the kernel blocks its thread."),
        ),
        1,
        "1-09",
    ),
    Question(
        "A goroutine waits for data on a network connection. What happens to its M and P?",
        (
            ("The M blocks in read and loses its P.", "Network descriptors are non-blocking: read returns at once."),
            (
                "The goroutine parks; M and P go on with another one.",
                "The goroutine waits in the netpoller (_Gwaiting, IO wait) and costs no thread.",
            ),
            ("The P is parked with the goroutine.", "A P never waits for one goroutine."),
        ),
        1,
        "1-10",
    ),
    Question(
        "What does a P take from the P it steals from?",
        (
            ("one goroutine", "One at a time would mean many thefts; the thief takes half."),
            ("the newer half of its ring", "The thief takes from the head: the oldest ones."),
            (
                "the older half of its ring, rounded up",
                "And it runs the last one of the batch first. runnext is taken only in the fourth pass.",
            ),
        ),
        2,
        "1-08",
    ),
    Question(
        "Which queue does a P look at in 60 of 61 cases when it needs a goroutine?",
        (
            ("the global queue", "Only at every 61st tick, so that nobody there starves."),
            ("runnext and its own ring, then the global queue, then other Ps", "Own work first, theft last."),
            ("a random P's ring", "Stealing comes after everything else has been looked at."),
        ),
        1,
        "1-08",
    ),
    Question(
        "A goroutine has run for 25 ms in a loop without calls (Go 1.27). Who stops it?",
        (
            ("a check that the compiler puts into loops", "No released Go has one; the loop contains no check."),
            ("nobody before it calls a function", "That was so before Go 1.14."),
            (
                "sysmon asks, and a signal (SIGURG) makes the thread stop at a safe point",
                "The goroutine then goes to the tail of the global queue; the M keeps its P.",
            ),
        ),
        2,
        "1-13",
    ),
)
