"""Questions to practise with, notebooks 03-1 and 03-2: one queue or many, what thieves take, how small the pieces."""

from __future__ import annotations

from functools import lru_cache
from random import Random
from typing import Any, Final

from gmp_lab import Config, Program, WaitGroup, go, log, simulate, work
from gmp_lab.catalog import steady_mix
from gmp_lab.exam.answer import Answer
from gmp_lab.exam.kit import assigned, one_value
from gmp_lab.exam.kit_play import play
from gmp_lab.exam.model import Mark, Params, Question, Wrong, mark
from gmp_lab.metrics import sources
from gmp_lab.practice.texts import letter_of, shuffled
from gmp_lab.twins import noted

# --- three schedulers, three orders ---------------------------------------------------------------------------------


@lru_cache(512)
def _order(version: str, n: int, parent: int) -> tuple[int, ...]:
    """The numbers that n goroutines note on one P; the parent starts one more."""

    def task(i: int, wg: WaitGroup) -> Any:
        yield log(i)
        if i == parent:
            yield wg.Add(1)
            yield go(task, n, wg)
        yield work(us=5)
        yield wg.Done()

    def main() -> Any:
        wg = WaitGroup()
        yield wg.Add(n)
        for i in range(n):
            yield go(task, i, wg)
        yield wg.Wait()

    return tuple(int(i) for i in noted(simulate(Config(gomaxprocs=1, go=version), Program(main))))


_NAMES: Final = {"go_1_0": "1.0", "go_1_27": "1.27"}


def _orders(p: Params) -> dict[str, list[int]]:
    return {name: list(_order(version, p["n"], p["parent"])) for name, version in _NAMES.items()}


def _orders_check(p: Params, answer: Answer) -> list[Mark]:
    truth = _orders(p)
    answer.value(*truth)
    n, new = p["n"], truth["go_1_27"]
    given = answer.typed("go_1_27", list)
    first = given[:1] == new[:1]
    child = n in given and given[given.index(n) - 1 : given.index(n)] == [p["parent"]]
    tail = given == [*range(n), n]
    return [
        one_value(answer, "go_1_0", truth["go_1_0"], 1, "There is one queue: who comes first runs first, and the "
                  "child queues up behind all others.", see="03-1"),
        mark("who runs first", 1, first, "Since 1.5 the one that was started last stands in runnext.",
             misconception="new-goroutine-tail" if tail else "", see="03-1"),
        mark("the child", 1, child, "Who is started becomes the runnext of the parent's P: it runs as soon as the "
             "parent stops.", see="03-1"),
        one_value(answer, "go_1_27", new, 1, "runnext first, then the ring from its head; the child right after its "
                  "parent.", what="the whole order of 1.27", see="03-1"),
    ]  # fmt: skip


ORDERS: Final = Question(
    id="practice-03-1-orders", title="The same program, 1.0 and 1.27", kind="predict", points=4, minutes=5,
    see="03-1", objective="Predict an order under one queue for all, and under a ring with runnext",
    draw=lambda draw: {"n": (n := draw.randrange(6, 12)), "parent": draw.randrange(0, n - 2)},
    text=lambda p: f"""One P (for Go 1.0: one thread). `main` starts goroutines 0, 1, ... {p['n'] - 1} in a loop and
then waits for all. Each notes its number, computes for 5 us and ends; but goroutine {p['parent']}, right after its
note, starts goroutine {p['n']}, which does the same. In which order are the {p['n'] + 1} numbers noted by Go 1.0
(`go_1_0`) and by Go 1.27 (`go_1_27`)? Give two lists.""",
    starter=lambda p: "go_1_0 = []\ngo_1_27 = []", form="go_1_0: list of int; go_1_27: list of int",
    check=_orders_check, reference=lambda p: assigned(_orders(p)),
    believer=lambda p: assigned({"go_1_0": list(range(p["n"]))[::-1], "go_1_27": [*range(p["n"]), p["n"]]}),
    wrong=(
        Wrong("the same in both", lambda p: assigned({name: _orders(p)["go_1_0"] for name in _NAMES}), 0.25),
        Wrong("the child last", lambda p: assigned({**_orders(p), "go_1_27": [
            *(i for i in _orders(p)["go_1_27"] if i != p["n"]), p["n"]]}), 0.5),
    ),
)  # fmt: skip

# --- which version was it? ------------------------------------------------------------------------------------------

_VERSIONS: Final = ("1.0", "1.1", "1.27")


@lru_cache(512)
def _taken(version: str, procs: int, goroutines: int, burst: int) -> tuple[int, int, int, int]:
    """How often goroutines came from runnext, a ring, the global queue and another P's ring."""
    config = Config(go=version, gomaxprocs=procs, until_ns=60_000_000_000)
    rec = simulate(config, steady_mix(goroutines=goroutines, burst_us=burst, syscall_percent=0, bursts=12))
    found = sources(rec)
    every = found.get("global", 0) + found.get("global (61st tick)", 0)
    return found.get("runnext", 0), found.get("local", 0), every, found.get("stolen", 0)


def _table(p: Params) -> str:
    lines = ["run   runnext   own ring   global queue   stolen"]
    for letter, version in zip("abc", p["versions"], strict=True):
        slot, ring, queue, stolen = _taken(version, p["procs"], p["goroutines"], p["burst"])
        lines.append(f"{letter:3} {slot:9} {ring:10} {queue:14} {stolen:8}")
    return "\n".join(lines)


def _which(p: Params) -> dict[str, str]:
    names = ("go_1_0", "go_1_1", "go_1_27")
    return {name: letter_of(p["versions"], version) for name, version in zip(names, _VERSIONS, strict=True)}


def _which_check(p: Params, answer: Answer) -> list[Mark]:
    truth = _which(p)
    answer.value(*truth, "lock")
    return [
        one_value(answer, "go_1_0", truth["go_1_0"], 1, "Go 1.0 has one queue for all: who runs comes from there.",
                  see="03-1"),
        one_value(answer, "go_1_1", truth["go_1_1"], 1, "Go 1.1 brought the Ps with their rings, and stealing; "
                  "runnext came with 1.5.", see="03-1"),
        one_value(answer, "go_1_27", truth["go_1_27"], 1, "Who is woken goes to the runnext of its waker's P.",
                  see="03-1"),
        one_value(answer, "lock", truth["go_1_0"], 1, "The lock guards the one queue: who takes from there holds it "
                  "each time. A ring needs none.", see="03-1"),
    ]  # fmt: skip


WHICH: Final = Question(
    id="practice-03-1-which", title="Which scheduler was it?", kind="diagnose", points=4, minutes=5, see="03-1",
    objective="Tell a scheduler with one queue from one with rings, and one with runnext, by what it counts",
    draw=lambda draw: {"procs": draw.choice((4, 8)), "goroutines": 2 * draw.randrange(12, 32),
                       "burst": draw.randrange(5, 20), "versions": shuffled(draw, _VERSIONS)},
    text=lambda p: f"""The same program ran on {p['procs']} cores under Go 1.0, 1.1 and 1.27: pairs of goroutines
compute and meet over channels. This is how often a goroutine that was to run was taken from where:

```text
{_table(p)}
```

Which run (a letter) is `go_1_0`, which `go_1_1`, which `go_1_27`? And in which of the three (`lock`, a letter)
would a slow lock of the scheduler delay most?""",
    starter=lambda p: 'go_1_0 = "?"\ngo_1_1 = "?"\ngo_1_27 = "?"\nlock = "?"',
    form="go_1_0: str; go_1_1: str; go_1_27: str; lock: str", check=_which_check,
    reference=lambda p: assigned({**_which(p), "lock": _which(p)["go_1_0"]}),
    believer=lambda p: assigned({"go_1_0": _which(p)["go_1_1"], "go_1_1": _which(p)["go_1_27"],
                                 "go_1_27": _which(p)["go_1_0"], "lock": _which(p)["go_1_27"]}),
    wrong=(
        Wrong("1.1 and 1.27 changed", lambda p: assigned({
            **_which(p), "go_1_1": _which(p)["go_1_27"], "go_1_27": _which(p)["go_1_1"], "lock": "?"}), 0.25),
        Wrong("all the same", lambda p: assigned(dict.fromkeys(("go_1_0", "go_1_1", "go_1_27", "lock"), "b")), 0.5),
    ),
)  # fmt: skip

# --- a thief's decisions --------------------------------------------------------------------------------------------

PLAY: Final = play(
    id="practice-03-2-play", title="Whom to rob, how much, whom to wake", level="several", count=6, minutes=8,
    see="03-2", points=6, kinds=("half", "steal", "wake"),
)  # fmt: skip

# --- how many pieces? -----------------------------------------------------------------------------------------------

_PROGRAM: Final = """
from gmp_lab import Config, Program, WaitGroup, go, simulate, work

def piece(i, n, wg):
    yield work(ns=2 * TOTAL * (2 * i + 1) // (2 * n * n))   # the further behind, the more work
    yield wg.Done()

def main(n):
    wg = WaitGroup()
    yield wg.Add(n)
    for i in range(n):
        yield go(piece, i, n, wg)
    yield wg.Wait()

def run_us(n):
    return simulate(Config(gomaxprocs=4), Program(main, n)).end_ns / 1000
"""
_PIECES: Final = (4, 8, 16, 32, 64, 128)


@lru_cache(1024)
def _run_us(pieces: int, total_ns: int) -> float:
    """How long the run with so many pieces takes."""

    def piece(i: int, wg: WaitGroup) -> Any:
        yield work(ns=2 * total_ns * (2 * i + 1) // (2 * pieces * pieces))
        yield wg.Done()

    def main() -> Any:
        wg = WaitGroup()
        yield wg.Add(pieces)
        for i in range(pieces):
            yield go(piece, i, wg)
        yield wg.Wait()

    return simulate(Config(gomaxprocs=4), Program(main)).end_ns / 1000


def _limit_us(p: Params) -> int:
    return round(_run_us(p["pieces"], p["total"]) * 1.01) + 1


def _pieces_draw(draw: Random) -> dict[str, Any]:
    """A total, and a number of pieces that is the smallest within its own time."""
    while True:
        made = {"total": 1000 * draw.randrange(2_000, 9_000), "pieces": draw.choice(_PIECES[1:-1])}
        if all(_run_us(n, made["total"]) > _limit_us(made) for n in _PIECES if n < made["pieces"]):
            return made


def _pieces_check(p: Params, answer: Answer) -> list[Mark]:
    pieces = answer.typed("pieces", int)
    if pieces not in _PIECES:
        reason = f"pieces must be one of {', '.join(map(str, _PIECES))}."
        return [mark("a value of the list", 4, False, reason, see="03-2")]
    took = _run_us(pieces, p["total"])
    soon = took <= _limit_us(p)
    return [
        mark("in time", 2, soon, f"It takes {took:.0f} us: at the end one P still has a large piece, and a piece "
             "cannot be stolen in part.", see="03-2"),
        mark("no more than needed", 2, soon and pieces <= p["pieces"], "Fewer pieces hold the limit too (or these do "
             "not hold it): every piece costs a go statement, a theft, an end.", see="03-2"),
    ]  # fmt: skip


TUNE: Final = Question(
    id="practice-03-2-pieces", title="How small must the pieces be?", kind="tune", points=4, minutes=8, see="03-2",
    objective="Choose into how many goroutines work is cut, so that thieves can share it out", draw=_pieces_draw,
    text=lambda p: f"""Work is cut into `n` goroutines, for four Ps. The pieces are not equal: the later ones take
longer.

```python
{_PROGRAM.strip().replace("TOTAL", str(p['total']))}
```

The whole must be done in {_limit_us(p)} us, with as few goroutines as possible. How many, of
{', '.join(map(str, _PIECES))}? Give the number in `pieces`. (You may run the program, but think first: why does it
take longer with few pieces?)""",
    starter=lambda p: "pieces = ...", form="pieces: int", check=_pieces_check,
    reference=lambda p: assigned({"pieces": p["pieces"]}), believer=lambda p: assigned({"pieces": 4}),
    wrong=(
        Wrong("as many as possible", lambda p: assigned({"pieces": 128}), 0.5),
        Wrong("one too few", lambda p: assigned({"pieces": p["pieces"] // 2}), 0.0),
    ),
)  # fmt: skip

QUESTIONS: Final = (ORDERS, WHICH, TUNE, PLAY)
