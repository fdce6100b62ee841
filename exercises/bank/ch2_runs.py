"""Chapter 2, runs to be foreseen: an order with an overflow and a 61st tick, and how many threads calls need."""

from __future__ import annotations

from functools import lru_cache
from random import Random
from typing import Any, Final, NamedTuple

from gmp_lab import (
    Config,
    Program,
    WaitGroup,
    chan,
    go,
    gosched,
    log,
    recv,
    simulate,
    sleep,
    state_after,
    syscall,
    twins,
)
from gmp_lab.exam import Answer, Mark, Question, Wrong, mark
from gmp_lab.exam.model import Params
from gmp_lab.net import arrives, conn, read

from .kit import assigned, one_value

# --- an order -----------------------------------------------------------------------------------------------------------


class Order(NamedTuple):
    """The numbers in the order in which they were noted, and the P's schedtick when main parked."""

    noted: tuple[int, ...]
    tick: int


@lru_cache(512)
def _order(n: int, yields: int, parent: int, children: int) -> Order:
    """main calls Gosched, then starts n goroutines; one of them starts a child that starts a child, and so on."""
    def task(i: int, more: int, wg: WaitGroup) -> Any:
        yield log(i)
        if more:
            yield wg.Add(1)
            yield go(task, n + children - more, more - 1, wg)
        yield wg.Done()

    def main() -> Any:
        wg = WaitGroup()
        for _ in range(yields):
            yield gosched()
        yield wg.Add(n)
        for i in range(n):
            yield go(task, i, children if i == parent else 0, wg)
        yield wg.Wait()

    rec = simulate(Config(gomaxprocs=1), Program(main))
    parked = next(i for i, e in enumerate(rec) if e.name == "park")
    return Order(tuple(twins.noted(rec)), state_after(rec, parked).ps[0].schedtick)


def _scene(draw: Random) -> dict[str, Any]:
    """The parent stands in the ring between the two that come by 61st ticks."""
    yields = draw.randrange(2, 40)
    return {"n": draw.randrange(262, 380), "yields": yields, "parent": draw.randrange(200 - yields, 240 - yields),
            "children": draw.randrange(3, 9)}  # fmt: skip


def _order_truth(p: Params) -> dict[str, Any]:
    noted = _order(p["n"], p["yields"], p["parent"], p["children"]).noted
    zero, one = noted.index(0), noted.index(1)
    return {"first": list(noted[:3]), "before_0": noted[zero - 1], "between": one - zero - 1, "last": noted[-1]}


def _order_check(p: Params, answer: Answer) -> list[Mark]:
    truth = _order_truth(p)
    given = {name: answer.value(name, *truth) for name in truth}
    first = "new-goroutine-tail" if given["first"] == [0, 1, 2] else ""
    full = "full-ring-waits" if given["last"] == p["n"] - 2 else ""
    return [
        one_value(answer, "first", truth["first"], 1, "runnext runs first, then the head of the ring; the older half of the "
                  "full ring has left it.", misconception=first, see="02-3"),
        one_value(answer, "before_0", truth["before_0"], 1, "0 is the first in the global queue: it runs when schedtick has "
                  "become 61. Count the goroutines of the ring until then; runnext is no tick.",
                  near={truth["before_0"] - 1: 0.5, truth["before_0"] + 1: 0.5}, see="02-3"),
        one_value(answer, "between", truth["between"], 1, "Between two 61st ticks lie 60 new slices. Who comes from runnext "
                  "goes on in a slice that has begun, and counts in none.", near={60: 0.5}, see="02-3"),
        one_value(answer, "last", truth["last"], 1, "With the older half of the ring the one that found no room went to the "
                  "global queue, behind them.", misconception=full, see="02-3"),
    ]  # fmt: skip


def _ordered(p: Params, **other: Any) -> str:
    return assigned({**_order_truth(p), **other})


ORDER = Question(
    id="ch2-order", title="Overflow and the 61st tick", kind="predict", points=4, minutes=6, see="02-3",
    objective="Predict the order of goroutines across an overflow of the ring and 61st ticks",
    draw=_scene,
    text=lambda p: f"""GOMAXPROCS is 1. `main` starts goroutines 0, 1, ... {p['n'] - 1} in a loop and then waits for all of them;
nobody else runs meanwhile. When `main` parks, the P's `schedtick` is {_order(p['n'], p['yields'], p['parent'], p['children']).tick}.
Each goroutine notes its number and ends. But goroutine {p['parent']}, after its note, starts goroutine {p['n']}, which notes its number
and starts {p['n'] + 1}, and so on up to {p['n'] + p['children'] - 1}; only the last one starts nobody.

* `first`: the first three numbers that are noted, as a list;
* `before_0`: the number noted right before 0;
* `between`: how many numbers are noted between 0 and 1;
* `last`: the number noted last of all.""",
    starter=lambda p: "first = []\nbefore_0 = ...\nbetween = ...\nlast = ...",
    form="first: list of int; before_0: int; between: int; last: int", check=_order_check, reference=_ordered,
    believer=lambda p: assigned({"first": [0, 1, 2], "before_0": -1, "between": 0, "last": p["n"] + p["children"] - 1}),
    wrong=(
        Wrong("a tick for each child", lambda p: _ordered(p, between=60), 0.875),
        Wrong("no 61st tick", lambda p: _ordered(p, before_0=p["n"] - 2, between=0), 0.5),
        Wrong("runnext is a tick", lambda p: _ordered(p, before_0=_order_truth(p)["before_0"] - 1), 0.875),
        Wrong("only one leaves the ring", lambda p: _ordered(p, first=[p["n"] - 1, 0, 1], last=p["n"] - 2), 0.5),
    ),
    partial=((lambda p: _ordered(p, between=60, last=-1), 0.625),),
    claims=("1-07", "2.2-05", "2.3-14"),
)  # fmt: skip

# --- threads ------------------------------------------------------------------------------------------------------------

_PROCS: Final = 4
_SHORT_CALLS: Final = 4  # of each goroutine of the last phase


@lru_cache(512)
def _threads(calls: int, again: int, network: int, channels: int, short: int) -> tuple[int, ...]:
    """Threads in all after each of the four phases, and at the end."""
    def blocks() -> Any:
        yield syscall(ms=200)

    def reads() -> Any:
        c = conn()
        yield arrives(c, ms=1500)
        yield read(c)

    def waits(gate: Any) -> Any:
        yield recv(gate)

    def short_calls() -> Any:
        for _ in range(_SHORT_CALLS):
            yield syscall(us=5)

    def main() -> Any:
        gate = chan()
        for body, n in (((reads,), network), ((waits, gate), channels), ((blocks,), calls), ((blocks,), again),
                        ((short_calls,), short)):  # fmt: skip
            for _ in range(n):
                yield go(*body)
            yield log(n)
            yield sleep(ms=300)
        yield sleep(ms=60_000)

    rec = simulate(Config(gomaxprocs=_PROCS, until_ns=90_000_000_000), Program(main))
    made = [e.t for e in rec if e.name == "m_new"]
    ends = [t + 299_000_000 for t, _, _ in rec.logs()]
    return tuple(1 + sum(t <= end for t in made) for end in (*ends[1:], rec.end_ns))


def _threads_truth(p: Params) -> dict[str, int]:
    _, first, second, short, end = _threads(p["calls"], p["again"], p["network"], p["channels"], p["short"])
    return {"blocked": first, "second": second - first, "third": short - second, "at_end": end}


_THREADS_WHY: Final = {
    "blocked": "A thread for each call that blocks, and a few for sysmon, the poller and the Ps; who waits for the network "
               "or a channel has none.",
    "second": "Idle threads are used again: new ones are made only for the calls that are more than ever before.",
    "third": "A short call keeps its P, and nobody asks for a thread.",
    "at_end": "Threads that have nothing to do park; they do not end.",
}  # fmt: skip
_SPARE: Final = 4  # threads more or less that are no mistake: sysmon, the poller, who looks for work


def _threads_check(p: Params, answer: Answer) -> list[Mark]:
    truth = _threads_truth(p)
    given = {name: answer.value(name, *truth) for name in truth}
    believed = {
        "blocked": "network-blocks-thread" if given["blocked"] in range(p["calls"] + p["network"], 9999) else "",
        "at_end": "idle-m-exits" if type(given["at_end"]) is int and given["at_end"] <= _PROCS + 4 else "",
    }
    return [
        mark(name, 1, type(given[name]) is int and abs(given[name] - value) <= _SPARE, _THREADS_WHY[name],
             misconception=believed.get(name, ""), see="02-2")
        for name, value in truth.items()
    ]  # fmt: skip


def _counted(p: Params, **other: int) -> str:
    return assigned({**_threads_truth(p), **other})


def _many(draw: Random) -> dict[str, Any]:
    calls = draw.randrange(18, 40)
    return {"calls": calls, "again": calls + draw.randrange(12, 28), "network": draw.randrange(20, 55, 5),
            "channels": draw.randrange(20, 55, 5), "short": draw.randrange(30, 55, 5)}  # fmt: skip


THREADS = Question(
    id="ch2-threads", title="How many threads", kind="compute", points=4, minutes=4, see="02-2",
    objective="Work out how many threads a program needs from what its goroutines wait for",
    draw=_many,
    text=lambda p: f"""A program with GOMAXPROCS={_PROCS} (Go 1.27, Linux). {p['network']} of its goroutines wait in `conn.Read` for
data, {p['channels']} wait for a channel, all the time. Then come three phases, each begins when the one before is over:

1. {p['calls']} goroutines block, all at once, in a system call of 200 ms;
2. {p['again']} other goroutines block in the same way;
3. {p['short']} goroutines make {_SHORT_CALLS} system calls each, every one of 5 us.

After that the program idles for a minute. How many threads does the process have in phase 1, when all calls are blocked
(`blocked`)? How many new ones are made in phase 2 (`second`) and in phase 3 (`third`)? How many are there at the end of the
minute (`at_end`)? All threads count, also parked ones and the runtime's own; {_SPARE} more or less are no mistake.""",
    starter=lambda p: "blocked = ...\nsecond = ...\nthird = ...\nat_end = ...",
    form="blocked: int; second: int; third: int; at_end: int", check=_threads_check, reference=_counted,
    believer=lambda p: assigned({"blocked": p["calls"] + p["network"], "second": p["again"], "third": p["short"],
                                 "at_end": _PROCS}),
    wrong=(
        Wrong("the network blocks threads", lambda p: _counted(p, blocked=p["calls"] + p["network"] + 2), 0.75),
        Wrong("idle threads end", lambda p: _counted(p, second=p["again"], at_end=_PROCS + 1), 0.5),
        Wrong("as many as there are Ps", lambda p: _counted(p, blocked=_PROCS, second=0, at_end=_PROCS), 0.25),
        Wrong("short calls too", lambda p: _counted(p, third=p["short"]), 0.75),
    ),
    partial=((lambda p: _counted(p, second=p["again"]), 0.75),),
    claims=("1-10", "2.2-09", "2.2-15", "2.5-01"),
)  # fmt: skip
