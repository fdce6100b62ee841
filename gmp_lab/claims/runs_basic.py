"""Small programs and their runs, for the checks of sections 1 and 2; each run is made once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from gmp_lab import vocabulary as v
from gmp_lab.claims.check import shared
from gmp_lab.claims.runs import run, run_workload, seen
from gmp_lab.config import Config
from gmp_lab.recording import Event, Recording
from gmp_lab.replay import Replay, State, state_after
from gmp_lab.simulate import simulate
from gmp_lab.workload import Body, Chan, Program, WaitGroup, chan, go, gosched, log, recv, send, syscall, work

MS: Final = 1_000_000
US: Final = 1_000


# --- bodies -------------------------------------------------------------------------------------------------------


def task(i: int, wg: WaitGroup, us: float = 0) -> Body:
    """Write the own number, compute, be done."""
    yield log(i)
    if us:
        yield work(us=us)
    yield wg.Done()


def start(n: int, us: float = 0) -> Body:
    """Start n tasks in one loop and wait for all."""
    wg = WaitGroup()
    yield wg.Add(n)
    for i in range(n):
        yield go(task, i, wg, us)
    yield wg.Wait()


def spin(ms: float, loop: str = "free") -> Body:
    """One loop of so many ms."""
    yield work(ms=ms, loop=loop)


def beside_a_loop(ms: float, loop: str) -> Body:
    """Start a loop, step aside, and write 1 when it is main's turn again."""
    yield go(spin, ms, loop)
    yield gosched()
    yield log(1)


def beside_a_call(ns: int) -> Body:
    """Enter a system call of so many ns while one goroutine waits for the P; both write what they are."""

    wg = WaitGroup()

    def other() -> Body:
        yield log(1)
        yield work(us=20)
        yield wg.Done()

    yield wg.Add(1)
    yield go(other)
    yield syscall(ns=ns)
    yield log(2)
    yield wg.Wait()


def pair(rounds: int) -> Body:
    """Two goroutines that pass a token to and fro."""

    def echo(ping: Chan, pong: Chan) -> Body:
        for _ in range(rounds):
            yield recv(ping)
            yield send(pong, 1)

    ping, pong = chan(), chan()
    yield go(echo, ping, pong)
    for _ in range(rounds):
        yield send(ping, 1)
        yield recv(pong)


# --- runs -----------------------------------------------------------------------------------------------------------


def states(rec: Recording) -> Iterator[tuple[Event, State]]:
    """Each event with the state right after it (one object, changed in place)."""
    replay = Replay(rec.config, rec.complete)
    for e in rec:
        replay.apply(e)
        yield e, replay.state


def before(rec: Recording, kind: int, **where: int) -> State:
    """The state right before the first such event; LookupError if there is none."""
    at = next((i for i in range(len(rec)) if rec.kind[i] == kind and _is(rec[i], where)), None)
    if at is None:
        raise LookupError(f"no event {v.KIND_NAMES[kind]}")
    return state_after(rec, at)


def _is(e: Event, where: dict[str, int]) -> bool:
    return all(getattr(e, name) == value for name, value in where.items())


def traced(ms: int = 1000, detail: bool = False) -> Recording:
    """One goroutine that computes 3.5 times the interval of schedtrace, on two Ps."""
    return run(spin, 3.5 * ms, gomaxprocs=2, schedtrace_ms=ms, scheddetail=detail, until_ns=20_000 * MS)


class Queued(NamedTuple):
    """Where n goroutines lie that main has just started on its only P: runnext (0 or 1), ring, global queue."""

    runnext: int
    ring: int
    globally: int


@shared
def queued(n: int) -> Queued:
    """Look at the moment in which main, which has started n goroutines, parks."""
    state = before(run(start, n, gomaxprocs=1), v.E_PARK, g=1)
    p = state.ps[0]
    return Queued(int(p.runnext > 0), len(p.runq), len(state.runq))


@shared
def order(n: int) -> tuple[int, ...]:
    """In which order n goroutines run that one loop has started, on one P."""
    return tuple(value for _, _, value in run(start, n, gomaxprocs=1).logs())


def waits_for_loop(go_version: str, loop: str, ms: float = 60, off: bool = False) -> float:
    """How many ms main waits behind a loop of 60 ms on the only P."""
    rec = run(beside_a_loop, ms, loop, gomaxprocs=1, go=go_version, asyncpreemptoff=off)
    return rec.logs()[0][0] / MS


class Call(NamedTuple):
    """A system call beside a goroutine that waits: times in us after its beginning (-1: never)."""

    retaken: float
    other: float
    back: int  # how it came back: vocabulary.EXIT_*


@shared
def call(us: float, go_version: str = "1.27", procs: int = 1) -> Call:
    """One system call of so many us on the only P while another goroutine waits for it."""
    rec = run(beside_a_call, round(us * US), gomaxprocs=procs, go=go_version)
    begin = seen(rec, v.E_SYSCALL)[0]
    taken = [e.t for e in seen(rec, v.E_RETAKE) if e.arg >= 0]
    other = next(t for t, _, value in rec.logs() if value == 1)
    end = seen(rec, v.E_SYSEXIT)[0]
    return Call((taken[0] - begin.t) / US if taken else -1, (other - begin.t) / US, end.arg)


def procs_used(config: Config) -> int:
    """On how many Ps plenty of goroutines run under these settings."""
    rec = simulate(config, Program(start, 8 * 16, 500))
    return len({e.p for e in seen(rec, v.E_EXECUTE)})


def at_once(rec: Recording, of: str) -> int:
    """The largest number of goroutines that run at once on one P ("p") or thread ("m"), by the events alone."""
    on: dict[int, set[int]] = {}
    most = 0
    for e in rec:
        if e.kind == v.E_EXECUTE or (e.kind == v.E_SYSEXIT and e.arg in (v.EXIT_FAST, v.EXIT_OLD_P, v.EXIT_IDLE_P)):
            on.setdefault(getattr(e, of), set()).add(e.g)
            most = max(most, len(on[getattr(e, of)]))
        elif e.kind in (v.E_PARK, v.E_EXIT, v.E_YIELD, v.E_SYSCALL):
            for gs in on.values():
                gs.discard(e.g)
    return most


def words(rec: Recording, kind: int, names: tuple[str, ...] | dict[int, str]) -> dict[str, int]:
    """How often an event came with which argument, in words."""
    found: dict[str, int] = {}
    for e in seen(rec, kind):
        name = names[e.arg & 15] if kind == v.E_EXECUTE else names[e.arg]
        found[name] = found.get(name, 0) + 1
    return found


def mix() -> Recording:
    """A bit of everything on two Ps."""
    return run_workload("steady_mix", (("goroutines", 24), ("bursts", 20)), gomaxprocs=2)


def pairs_of(rec: Recording, first: int, then: int) -> list[tuple[Event, Any]]:
    """Each event of the first kind with the next event of the second kind about the same goroutine (or None)."""
    events = list(rec)
    found: list[tuple[Event, Any]] = []
    for i, e in enumerate(events):
        if e.kind == first:
            found.append((e, next((x for x in events[i + 1 :] if x.kind == then and x.g == e.g), None)))
    return found
