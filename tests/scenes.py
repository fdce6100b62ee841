"""The ground truth's experiments as goroutine bodies: the same programs as their Go sources, for the simulator.

Each function runs one scene and returns what its Go twin prints.  Times are returned in units of 10 ms, like there.
Nothing here knows a result.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from gmp_lab import (
    Cond,
    Config,
    Mutex,
    Program,
    Recording,
    WaitGroup,
    chan,
    close,
    go,
    gosched,
    log,
    now,
    recv,
    send,
    simulate,
    sleep,
    syscall,
    work,
)
from gmp_lab import vocabulary as v

MS = 1_000_000
TICK = 10 * MS


def run(main: Callable[..., Any], *args: Any, **settings: Any) -> Recording:
    """Run a scene as a real program starts: with the runtime's own goroutines."""
    settings.setdefault("startup", "real")
    settings.setdefault("until_ns", 10_000 * MS)
    return simulate(Config(**settings), Program(main, *args))


def logged(rec: Recording) -> list[int]:
    return [value for _, _, value in rec.logs()]


# --- e1: the order of n goroutines started by one loop ------------------------------------------------------------


def order(n: int, k: int, **settings: Any) -> list[int]:
    def task(i: int, wg: WaitGroup) -> Any:
        yield log(i)
        yield wg.Done()

    def main() -> Any:
        for _ in range(k):
            yield gosched()
        wg = WaitGroup()
        yield wg.Add(n)
        for i in range(n):
            yield go(task, i, wg)
        yield wg.Wait()

    return logged(run(main, gomaxprocs=1, **settings))


# --- e6b: what a thief takes, and in which order it runs it -------------------------------------------------------


def steal_order(n: int, ticks: int = 0, **settings: Any) -> list[int]:
    """The thief's order. ``ticks``: how many more time slices its P has begun before (the phase of its 61st)."""

    def task(i: int) -> Any:
        yield log(i)

    def guard(stop: list[bool]) -> Any:
        for _ in range(ticks):
            yield gosched()
        while not stop[0]:
            yield work(us=1)

    def main() -> Any:
        stop = [False]
        yield go(guard, stop)
        yield work(ms=30)
        for i in range(n):
            yield go(task, i)
        stop[0] = True
        yield work(ms=100, loop="unsafe")  # spins without ever yielding

    return logged(run(main, gomaxprocs=2, **settings))


# --- e11: orders after different wakes ----------------------------------------------------------------------------


class Words:
    """Marks in words: ``yield say("S")``; ``said(rec)`` gives them in order."""

    def __init__(self) -> None:
        self.words: list[str] = []

    def say(self, word: str) -> Any:
        if word not in self.words:
            self.words.append(word)
        return log(self.words.index(word))

    def said(self, rec: Recording) -> str:
        return " ".join(self.words[i] for i in logged(rec))


def scene(name: str, n: int = 5, **settings: Any) -> str:
    """The order of marks of one scene, as one line."""
    w = Words()
    return w.said(run(SCENES[name], w, n, gomaxprocs=1, **settings))


def _mark(w: Words, word: str, wg: WaitGroup) -> Any:
    yield w.say(word)
    yield wg.Done()


def _nothing() -> Any:
    return
    yield


def _start(w: Words, n: int, wg: WaitGroup) -> list[Any]:
    return [go(_mark, w, str(i), wg) for i in range(n)]


def _gosched(w: Words, n: int) -> Any:
    wg = WaitGroup()
    yield wg.Add(n)
    yield from _start(w, n, wg)
    yield gosched()
    yield w.say("S")
    yield wg.Wait()


def _gosched_turns(w: Words, n: int) -> Any:
    def body(i: int) -> Any:
        for _ in range(3):
            yield w.say(str(i))
            yield gosched()
        yield wg.Done()

    wg = WaitGroup()
    yield wg.Add(3)
    for i in range(3):
        yield go(body, i)
    yield wg.Wait()


def _chan_wake(w: Words, n: int) -> Any:
    def receiver() -> Any:
        yield recv(c)
        yield w.say("R")
        yield wg.Done()

    def last() -> Any:
        yield w.say("Z")
        yield send(back)

    wg, c, back = WaitGroup(), chan(), chan()
    yield wg.Add(n + 1)
    yield go(receiver)
    yield gosched()
    yield from _start(w, n, wg)
    yield send(c)
    yield w.say("S")
    yield go(last)
    yield recv(back)
    yield w.say("S2")
    yield wg.Wait()


def _chan_wake_block(w: Words, n: int) -> Any:
    def receiver() -> Any:
        yield recv(c)
        yield w.say("R")
        yield close(back)
        yield w.say("R2")
        yield wg.Done()

    wg, c, back = WaitGroup(), chan(), chan()
    yield wg.Add(n + 1)
    yield go(receiver)
    yield gosched()
    yield from _start(w, n, wg)
    yield send(c)
    yield w.say("S")
    yield recv(back)
    yield w.say("S2")
    yield wg.Wait()


def _close_wake(w: Words, n: int) -> Any:
    def receiver(i: int) -> Any:
        yield w.say(f"p{i}")
        yield recv(c)
        yield w.say(str(i))
        yield wg.Done()

    wg, c = WaitGroup(), chan()
    yield wg.Add(n)
    for i in range(n):
        yield go(receiver, i)
    yield gosched()
    yield close(c)
    yield w.say("S")
    yield wg.Wait()


def _senders_fifo(w: Words, n: int) -> Any:
    def sender(i: int) -> Any:
        yield send(c, i)
        yield w.say(f"s{i}")
        yield wg.Done()

    wg, c = WaitGroup(), chan()
    yield wg.Add(n)
    for i in range(n):
        yield go(sender, i)
    yield gosched()
    for _ in range(n):
        yield w.say(f"r{(yield recv(c))}")
    yield go(_nothing)  # kicks the last sender out of runnext
    yield wg.Wait()


def _stream(w: Words, values: int, size: int) -> Any:
    def sender() -> Any:
        for i in range(values):
            yield w.say(f"s{i}")
            yield send(c, i)
        yield wg.Done()

    def receiver() -> Any:
        for _ in range(values):
            yield w.say(f"r{(yield recv(c))}")
        yield wg.Done()

    wg, c = WaitGroup(), chan(size)
    yield wg.Add(2)
    yield go(sender)
    yield go(receiver)
    yield wg.Wait()


def _unbuffered(w: Words, n: int) -> Any:
    return _stream(w, 6, 0)


def _buffered3(w: Words, n: int) -> Any:
    return _stream(w, 10, 3)


def _waitgroup3(w: Words, n: int) -> Any:
    def waiter(i: int) -> Any:
        yield w.say(f"p{i}")
        yield wg.Wait()
        yield w.say(str(i))
        yield all_.Done()

    wg, all_ = WaitGroup(), WaitGroup()
    yield wg.Add(1)
    yield all_.Add(3)
    for i in range(3):
        yield go(waiter, i)
    yield gosched()
    yield wg.Done()
    yield w.say("S")
    yield all_.Wait()


def _cond_broadcast(w: Words, n: int) -> Any:
    def waiter(i: int) -> Any:
        yield mu.Lock()
        yield w.say(f"p{i}")
        yield cond.Wait()
        yield w.say(str(i))
        yield mu.Unlock()
        yield wg.Done()

    wg, mu = WaitGroup(), Mutex()
    cond = Cond(mu)
    yield wg.Add(n)
    for i in range(n):
        yield go(waiter, i)
    yield gosched()
    yield cond.Broadcast()
    yield w.say("S")
    yield wg.Wait()


def _mutex_wake(w: Words, n: int) -> Any:
    def waiter(i: int) -> Any:
        yield w.say(f"p{i}")
        yield mu.Lock()
        yield w.say(str(i))
        yield mu.Unlock()
        yield wg.Done()

    wg, mu = WaitGroup(), Mutex()
    yield wg.Add(n)
    yield mu.Lock()
    for i in range(n):
        yield go(waiter, i)
    yield gosched()
    yield mu.Unlock()
    yield w.say("S")
    yield wg.Wait()


SCENES: dict[str, Callable[[Words, int], Any]] = {
    "gosched": _gosched,
    "gosched_turns": _gosched_turns,
    "chan_wake": _chan_wake,
    "chan_wake_block": _chan_wake_block,
    "close_wake": _close_wake,
    "senders_fifo": _senders_fifo,
    "unbuffered": _unbuffered,
    "buffered3": _buffered3,
    "waitgroup3": _waitgroup3,
    "cond_broadcast": _cond_broadcast,
    "mutex_wake": _mutex_wake,
}


# --- waiters that parked in the order 1 2 3 ... -------------------------------------------------------------------


def wake_order(how: str, n: int = 6) -> list[int]:
    """The order in which n waiters run that are woken by "close", "broadcast", "done" or "sends"."""

    def main() -> Any:
        c, mu, wg, all_ = chan(), Mutex(), WaitGroup(), WaitGroup()
        cond = Cond(mu)

        def waiter(i: int) -> Any:
            yield mu.Lock()
            if how == "broadcast":
                yield cond.Wait()
            yield mu.Unlock()
            if how == "done":
                yield wg.Wait()
            if how in ("close", "sends"):
                yield recv(c)
            yield log(i)
            yield all_.Done()

        yield wg.Add(1)
        yield all_.Add(n)
        for i in range(1, n + 1):
            yield go(waiter, i)
            yield gosched()
        if how == "close":
            yield close(c)
        elif how == "broadcast":
            yield cond.Broadcast()
        elif how == "done":
            yield wg.Done()
        else:
            for _ in range(n):
                yield send(c)
        yield all_.Wait()

    return logged(run(main, gomaxprocs=1))


# --- e12: a waiter against one that locks again and again ---------------------------------------------------------


def starved_waiter(us: int, reps: int, gomaxprocs: int, **settings: Any) -> tuple[list[int], list[float]]:
    """How often the other one took the Mutex while the waiter waited, and for how long it waited (ms), each time."""
    taken: list[int] = []
    waits: list[float] = []

    def holder(mu: Mutex, count: list[int], stop: list[bool]) -> Any:
        while not stop[0]:
            yield mu.Lock()
            count[0] += 1
            yield work(us=us)
            yield mu.Unlock()

    def main() -> Any:
        mu, count, stop = Mutex(), [0], [False]
        yield go(holder, mu, count, stop)
        for _ in range(reps):
            yield sleep(ms=3)
            asked, before = (yield now()), count[0]
            yield mu.Lock()
            taken.append(count[0] - before)
            waits.append(((yield now()) - asked) / MS)
            yield mu.Unlock()
        stop[0] = True

    run(main, gomaxprocs=gomaxprocs, until_ns=100_000 * MS, **settings)
    return taken, waits


# --- e13: the 61st tick -------------------------------------------------------------------------------------------


def global_gaps(chains: int, globals_: int, turns: int = 38, **settings: Any) -> tuple[list[int], list[int]]:
    """Executions from the local ring between two turns of a global goroutine; and whose turns they were."""
    local, gaps, whose = [0], [], []
    last = [0]

    def empty() -> Any:
        return
        yield

    def step() -> Any:
        local[0] += 1
        if len(whose) < turns:
            yield go(step)
            yield go(empty)

    def spectator(i: int, wg: WaitGroup) -> Any:
        while len(whose) < turns:
            whose.append(i)
            gaps.append(local[0] - last[0])
            last[0] = local[0]
            yield gosched()
        yield wg.Done()

    def main() -> Any:
        wg = WaitGroup()
        yield wg.Add(globals_)
        for i in range(globals_):
            yield go(spectator, i, wg)
        for _ in range(chains):
            yield go(step)
        yield wg.Wait()

    run(main, gomaxprocs=1, **settings)
    return gaps[1:], whose


# --- e2, e2t: CPU-bound goroutines on one P -----------------------------------------------------------------------


def hog_slices(
    n: int, loop: str, dur_ms: int = 1000, work_ms: int = 0, **settings: Any
) -> list[tuple[int, float]]:
    """n loops, endless for a time or of a fixed length: [(goroutine 0..n-1, length of its turn in 10 ms)]."""

    def hog(wg: WaitGroup) -> Any:
        yield work(ms=work_ms, loop=loop, forever=not work_ms)
        yield wg.Done()

    def main() -> Any:
        wg = WaitGroup()
        yield wg.Add(n)
        for _ in range(n):
            yield go(hog, wg)
        if work_ms:
            yield wg.Wait()
        else:
            yield sleep(ms=dur_ms)

    rec = run(main, gomaxprocs=1, **settings)
    hogs = {g: i for i, g in enumerate(ids(rec, "hog"))}
    if not work_ms:
        return turns(rec, hogs)
    # All of them end: the last turn counts too. The program looks at the clock in its loop only, not at its end.
    ended = max(e.t for e in rec if e.kind == v.E_EXIT and e.g in hogs)
    return turns(rec, hogs, shortest=0.001, until=ended)


def ids(rec: Recording, name: str) -> list[int]:
    return [i + 1 for i, n in enumerate(rec.g_names) if n == name]


def turns(
    rec: Recording, party: dict[int, int], shortest: float = 0.0, until: int | None = None
) -> list[tuple[int, float]]:
    """Changes of the running party: [(party, 10 ms until the next party ran)].

    The last one is left out, or counted up to the time ``until``.

    A turn below ``shortest`` (10 ms) is not seen and counts to the party that ran before, as in a program that
    looks at the clock only now and then.
    """
    out: list[tuple[int, float]] = []
    changes: list[tuple[int, int]] = []
    for e in rec:
        if e.kind == v.E_EXECUTE and e.g in party and (not changes or party[e.g] != changes[-1][0]):
            changes.append((party[e.g], e.t))
    if until is not None and changes:
        changes.append((-1, until))
    for (who, start), (_, end) in itertools.pairwise(changes):
        length = (end - start) / TICK
        if out and (length < shortest or out[-1][0] == who):
            out[-1] = (out[-1][0], out[-1][1] + length)
        else:
            out.append((who, length))
    return out


def quantile(values: list[float], q: float) -> float:
    return sorted(values)[min(len(values) - 1, int(q * len(values)))]


def jain(values: list[float]) -> float:
    return sum(values) ** 2 / (len(values) * sum(x * x for x in values))


# --- e4: system calls ---------------------------------------------------------------------------------------------


def threads_of_blocking_calls(k: int, gomaxprocs: int, **settings: Any) -> dict[str, int]:
    """k goroutines in a blocking call, twice; how many threads there are before, at the peak, and the second time.

    The recorded programs were linked with C (cgo), which starts one thread more, the template thread; it takes no
    part in anything and is counted here.
    """
    seen: list[int] = []

    def blocked() -> Any:
        yield syscall(ms=60)

    def main() -> Any:
        for _ in range(2):
            yield sleep(ms=20)
            seen.append((yield now()))
            for _ in range(k):
                yield go(blocked)
            yield sleep(ms=20)
            for _ in range(4):  # open, read twice, close: the threads in /proc
                yield syscall(us=2, kind="cpu")
            seen.append((yield now()))
            yield sleep(ms=100)

    rec = run(main, gomaxprocs=gomaxprocs, **settings)
    template_thread = 1
    base, peak, _, peak2 = (threads_at(rec, t) + template_thread for t in seen)
    return {
        "base": base,
        "peak": peak,
        "new_threads": peak - base,
        "peak_minus_k": peak - k,
        "second_round_new": peak2 - peak,
    }


def threads_at(rec: Recording, t: int) -> int:
    return sum(1 for e in rec if e.kind == v.E_M_NEW and e.t <= t)


def handoff_latency(
    state: str, us: int, kind: str = "blocking", times: int = 12, **settings: Any
) -> list[tuple[float, float]]:
    """From the start of a call to the next goroutine's first instruction on the only P, in 10 ms; and as a share of
    the call as its caller saw it. Several times.

    state "hot": everything was idle before; "relaxed": a hog had been running.
    """
    starts: list[int] = []
    ends: list[int] = []

    def marker() -> Any:
        yield work(ns=0)

    def hog() -> Any:
        yield work(forever=True)

    def main() -> Any:
        if state == "relaxed":
            yield go(hog)
        for _ in range(times):
            if state == "hot":
                yield sleep(ms=30)
                yield go(marker)
            else:
                yield sleep(ms=5)  # its timer is looked at when sysmon has stopped the hog
            starts.append((yield now()))
            yield syscall(us=us, kind=kind)
            ends.append((yield now()))
            yield sleep(us=1)

    rec = run(main, gomaxprocs=1, **settings)
    waiting = set(ids(rec, "marker") + ids(rec, "hog"))
    executed = [e.t for e in rec if e.kind == v.E_EXECUTE and e.g in waiting]
    out = []
    for start, end in zip(starts, ends, strict=False):
        latency = min((t for t in executed if t >= start), default=end) - start
        out.append((latency / TICK, latency / (end - start)))
    return out


def short_calls_and_a_hog(dur_ms: int = 800, **settings: Any) -> dict[str, float]:
    """A loop of short calls beside a hog on one P: the hog's share, its turns, changes of the caller's thread."""

    def hog() -> Any:
        yield work(forever=True)

    def caller() -> Any:
        while True:
            yield syscall(ns=500, kind="cpu")
            yield work(ns=500)

    def main() -> Any:
        yield go(hog)
        yield go(caller)
        yield sleep(ms=dur_ms)

    rec = run(main, gomaxprocs=1, **settings)
    (hog_id,), (caller_id,) = ids(rec, "hog"), ids(rec, "caller")
    slices = turns(rec, {hog_id: 0, caller_id: 1}, shortest=0.01)
    hog_turns = [x for who, x in slices if who == 0]
    threads = [e.m for e in rec if e.g == caller_id and e.kind == v.E_EXECUTE]
    changes = sum(a != b for a, b in itertools.pairwise(threads))
    late = [e for e in rec if e.kind == v.E_M_NEW and e.t > 100 * MS]
    return {
        "hog_share": sum(hog_turns) / sum(x for _, x in slices),
        "hog_turns": len(hog_turns) * 800 / dur_ms,
        "tid_changes_per_turn": changes / max(1, len(hog_turns)),
        "new_threads": len(late),
    }


def sleeping_calls_and_a_hog(k: int, us: int, dur_ms: int = 800, **settings: Any) -> dict[str, float]:
    """k goroutines in a loop of nanosleep beside a hog on one P: the hog's share, calls per goroutine and 10 ms."""

    def hog() -> Any:
        yield work(forever=True)

    def caller() -> Any:
        while True:
            yield syscall(us=us + 75)  # nanosleep lasts longer than asked for
            yield work(ns=200)

    def main() -> Any:
        yield go(hog)
        for _ in range(k):
            yield go(caller)
        yield sleep(ms=dur_ms)

    rec = run(main, gomaxprocs=1, **settings)
    (hog_id,) = ids(rec, "hog")
    running, since = 0, -1
    for e in rec:
        if e.g == hog_id and e.kind == v.E_EXECUTE:
            since = e.t
        elif e.g == hog_id and since >= 0 and e.kind in (v.E_YIELD, v.E_EXIT):
            running, since = running + e.t - since, -1
    calls = sum(1 for e in rec if e.kind == v.E_SYSEXIT)
    base = threads_at(rec, 0)
    new = sum(1 for e in rec if e.kind == v.E_M_NEW) - base
    return {
        "hog_share": running / rec.end_ns,
        "calls_per_g_per_10ms": calls / k / (rec.end_ns / TICK),
        "new_threads": new,
    }
