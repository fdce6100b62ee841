"""Chapter 2, repair: requests whose goroutines block for ever on a channel that nobody reads any more."""

from __future__ import annotations

from random import Random
from typing import Any, Final, NamedTuple

from gmp_lab import Recording, state_at
from gmp_lab import vocabulary as v
from gmp_lab.exam import Answer, Budget, Mark, Question, Wrong, mark
from gmp_lab.exam.model import Params

from .ch2_stack import but

_STARTER: Final = """
from gmp_lab import chan, go, log, recv, send, sleep

def replica(i, ms, answers):             # replica i answers after ms milliseconds
    for _ in range(ms):
        yield sleep(ms=1)                # a step of its work
    yield send(answers, i)

def main(requests):
    for times in requests:               # times[i]: how many milliseconds replica i takes
        answers = chan()
        for i, ms in enumerate(times):
            yield go(replica, i, ms, answers)
        yield log((yield recv(answers)))
        yield sleep(ms=20)               # the server does something else
"""
_REFERENCE: Final = """
from gmp_lab import after, chan, close, go, log, recv_case, select, send_case, sleep

def replica(i, ms, answers, done):
    for _ in range(ms):
        yield sleep(ms=1)
        told, _, _ = yield select(recv_case(done), default=True)
        if told == 0:
            return
    yield select(send_case(answers, i), recv_case(done))

def main(requests):
    for times in requests:
        answers, done = chan(), chan()
        for i, ms in enumerate(times):
            yield go(replica, i, ms, answers, done)
        late = yield after(ms=TIMEOUT)
        which, first, _ = yield select(recv_case(answers), recv_case(late))
        yield log(first if which == 0 else -1)
        yield close(done)
        yield sleep(ms=20)
"""
_BUFFERED: Final = """
from gmp_lab import after, chan, go, log, recv_case, select, send, sleep

def replica(i, ms, answers):
    for _ in range(ms):
        yield sleep(ms=1)
    yield send(answers, i)

def main(requests):
    for times in requests:
        answers = chan(len(times))
        for i, ms in enumerate(times):
            yield go(replica, i, ms, answers)
        late = yield after(ms=TIMEOUT)
        which, first, _ = yield select(recv_case(answers), recv_case(late))
        yield log(first if which == 0 else -1)
        yield sleep(ms=20)
"""
_TIMERS: Final = """
from gmp_lab import after, chan, close, go, log, now, recv_case, select, send, sleep

def replica(i, ms, answers, stop):
    end = yield after(ms=ms)
    which, _, _ = yield select(recv_case(stop), recv_case(end))
    if which == 1:
        yield send(answers, i)

def ask(times, answers, stop):
    for i in range(len(times)):
        yield go(replica, i, times[i], answers, stop)

def main(requests):
    for times in requests:
        answers, stop = chan(len(times)), chan(0)
        yield from ask(times, answers, stop)
        t = yield after(ms=TIMEOUT)
        got = yield select(recv_case(t), recv_case(answers))
        yield close(stop)
        if got[0] == 0:
            yield log(-1)
        else:
            yield log(got[1])
        yield sleep(ms=20)
"""
_IDLE: Final = """
from gmp_lab import go, log, sleep

def replica(i):
    yield sleep(us=1)

def main(requests):
    for times in requests:
        for i in range(len(times)):
            yield go(replica, i)
        first = min(times)
        yield sleep(ms=min(first, TIMEOUT))
        yield log(times.index(first) if first <= TIMEOUT else -1)
        yield sleep(ms=20)
"""
_GRACE: Final = 4_000_000  # ns that a replica has to hear that it is to stop
_BLOCKED: Final = 8_000_000  # ns after which somebody who waits for a channel is taken to wait for ever
_MS: Final = 1_000_000


def _hidden(p: Params) -> list[list[int]]:
    """Requests whose fastest replica is clear, some of them with nobody in time."""
    draw = Random(f"ch2 leak {p['salt']}")
    requests = []
    for late in draw.sample([False, False, False, True, True], 5):
        least = p["timeout"] + 12 if late else draw.randrange(3, 10)
        times = [least, *(least + step for step in draw.sample(range(4, 40, 3), 3))]
        draw.shuffle(times)
        requests.append(times)
    return requests


class _Request(NamedTuple):
    """When its first replica was started, when main noted the answer, and who was started for it."""

    begins: int
    noted: int
    value: int
    replicas: tuple[int, ...]


def _requests(rec: Recording) -> list[_Request]:
    """What a run has done, request by request: what was started between two notes of main's belongs to the second."""
    found: list[_Request] = []
    made: list[tuple[int, int]] = []
    for e in rec:
        if e.kind == v.E_GO_CREATE and rec.g_name(e.g) == "replica":
            made.append((e.t, e.g))
        if e.kind == v.E_LOG and e.g == 1:
            found.append(_Request(made[0][0] if made else 0, e.t, e.arg, tuple(g for _, g in made)))
            made = []
    return found


def _worked(rec: Recording, one: _Request, times: list[int]) -> bool:
    """Whether its replicas were there as long as they had work: each for its time, or until main's note (less 1 ms)."""
    born = {e.g: e.t for e in rec if e.kind == v.E_GO_CREATE}
    gone = {e.g: e.t for e in rec if e.kind == v.E_EXIT}
    lives = sorted(gone.get(g, rec.end_ns) - born[g] for g in one.replicas)
    needed = sorted(min(ms * _MS, one.noted - one.begins) - _MS for ms in times)
    return all(life >= least for life, least in zip(lives, needed, strict=True))


def _alive(rec: Recording, gs: tuple[int, ...], t: int) -> bool:
    state = state_at(rec, min(t, rec.end_ns))
    return any(g in state.gs and state.gs[g].status != 6 for g in gs)


def _blocked(rec: Recording) -> bool:
    """Whether a replica stands at a channel at the end and has stood there for long."""
    state = state_at(rec, rec.end_ns)
    parked = {e.g: e.t for e in rec if e.kind == v.E_PARK}
    stuck = (g.id for g in state.gs.values() if g.status == 4 and v.WAIT_REASONS[g.reason].startswith(("chan", "select")))
    return any(rec.g_name(g) == "replica" and parked[g] + _BLOCKED < rec.end_ns for g in stuck)


def _check(p: Params, answer: Answer) -> list[Mark]:
    asked = _hidden(p)
    rec = answer.recording("main", {"gomaxprocs": 2, "until_ns": 3_000_000_000}, asked)
    done = _requests(rec)
    truth = [-1 if min(times) > p["timeout"] else times.index(min(times)) for times in asked]
    started = len(done) == len(asked) and all(len(one.replicas) == len(times) for one, times in zip(done, asked, strict=True))
    spent = [one.noted - one.begins for one in done]
    due = [min(*times, p["timeout"]) * _MS for times in asked]
    honest = started and all(s >= d for s, d in zip(spent, due, strict=True))
    honest = honest and all(_worked(rec, one, times) for one, times in zip(done, asked, strict=True))
    ended = rec.ended == "exit"
    panicked = "panic-ends-goroutine" if rec.ended.startswith("panic") else ""
    how = "" if ended else f" (The run ended otherwise: {rec.ended.splitlines()[0][:60]}.)"
    return [
        mark("what main notes", 1.25, honest and [one.value for one in done] == truth,
             "main notes the fastest replica's number once for each request, or -1 at the timeout; and each replica "
             f"works for its time, or until then.{how}",
             misconception=panicked, see="02-4"),
        mark("in time", 1, honest and ended and all(s <= d * 1.3 + 3 * _MS for s, d in zip(spent, due, strict=True)),
             f"main goes on as soon as there is an answer, or the time is over.{how}", see="02-4"),
        mark("nobody blocks for ever", 1.25, honest and ended and not _blocked(rec),
             "At the end somebody still waits for a channel that nobody will use again: only a partner, a buffer or a second "
             "case of a select lets it go on.", see="02-4"),
        mark("who is not needed ends", 1.5, honest and ended and not any(_alive(rec, one.replicas, one.noted + _GRACE) for one in done),
             "A goroutine cannot be ended from outside: a replica must look, step by step, whether it is still wanted.",
             see="02-4"),
    ]  # fmt: skip


def _with(source: str, *changes: str) -> Any:
    text = but(source, *changes).strip()
    return lambda p: text.replace("TIMEOUT", str(p["timeout"]))


LEAK = Question(
    id="ch2-leak", title="Goroutines that nobody waits for", kind="repair", points=5, minutes=9, see="02-4",
    objective="Repair a program that leaks goroutines, so that all of them end",
    draw=lambda draw: {"salt": draw.randrange(1 << 30), "timeout": draw.randrange(18, 34)},
    text=lambda p: f"""For each request the program below asks several replicas and takes the first answer. The other goroutines
remain for ever: they leak. Rewrite it. `main(requests)` is called with other requests than you can see, each a list of four
numbers, and runs on Go 1.27 with GOMAXPROCS=2. What must hold:

* for each request, one after the other, `main` starts a goroutine with the body `replica` for each number, which needs that many
  milliseconds, and notes (`log`) the number of the one that answers first; it notes it at once;
* if nobody has answered after {p['timeout']} ms, it notes -1 and goes on;
* {_GRACE // _MS} ms after each note, all replicas of that request have ended;
* between a note and the next request lies a pause of 20 ms, as it is now; after the last one `main` returns.

You may give `replica` other parameters and add functions. `notebooks/reference/programs.md` lists all operations.""",
    starter=lambda p: _STARTER.strip(), form="replica: goroutine; main: goroutine", check=_check, budget=Budget(10.0),
    reference=_with(_REFERENCE),
    believer=_with(_STARTER, "chan, go", "chan, close, go", "        yield sleep(ms=20) ", "        yield close(answers)\n        yield sleep(ms=20) "),
    right=(_with(_TIMERS),),
    wrong=(
        Wrong("a buffer alone", _with(_BUFFERED), 0.7),
        Wrong("no timeout", _with(_REFERENCE, "recv_case(answers), recv_case(late))", "recv_case(answers))"), 0.6),
        Wrong("told only at the end", _with(_REFERENCE, "if told == 0", "if told == 7"), 0.7),
        Wrong("nobody is told", _with(_REFERENCE, "        yield close(done)\n", ""), 0.45),
        Wrong("asks nobody", _with(_STARTER, "yield go(replica, i, ms, answers)", "pass", "(yield recv(answers))", "times.index(min(times))"), 0.0),
        Wrong("replicas that do nothing", _with(_IDLE), 0.0),
        Wrong("a panic as an end", _with(_STARTER, "chan, go", "chan, close, go", "        yield sleep(ms=20) ", "        yield close(answers)\n        yield sleep(ms=20) "), 0.2),
    ),
    partial=((_with(_BUFFERED), 0.7), (_with(_REFERENCE, "        yield close(done)\n", ""), 0.45)),
    claims=("2.1-02", "2.4-05"),
)  # fmt: skip
