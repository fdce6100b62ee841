"""Questions to practise with, notebook 04-2: what the signal handler asks, and signals seen from outside."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from random import Random
from typing import Any, Final

from gmp_lab import Config, Program, go, simulate, sleep, work
from gmp_lab import vocabulary as v
from gmp_lab.exam.answer import Answer
from gmp_lab.exam.kit import Case, assigned, implement, one_value
from gmp_lab.exam.model import Mark, Params, Question, Wrong
from gmp_lab.practice.texts import example, with_example

# --- what the signal handler asks -----------------------------------------------------------------------------------

_HANDLER: Final = """
def doSigPreempt(preempt, locks, mallocing, preemptoff, unsafe, room, needed):
    if not preempt or unsafe or room < needed:
        return False
    return locks == 0 and mallocing == 0 and preemptoff == ""
"""
_STATE: Final = {"preempt": True, "locks": 0, "mallocing": 0, "preemptoff": "", "unsafe": False}


def _states(**fixed: Any) -> Callable[[Random, Params], Sequence[Case]]:
    def make(draw: Random, p: Params) -> Sequence[Case]:
        cases: list[Case] = []
        for _ in range(8):
            made = {**_STATE, "room": draw.randrange(900, 5000), "needed": draw.randrange(400, 800)}
            made |= {name: value(draw) if callable(value) else value for name, value in fixed.items()}
            cases.append(list(made.values()))
        return cases

    return make


def _tight(draw: Random, p: Params) -> Sequence[Case]:
    """Room that is just enough, or just not."""
    needed = [draw.randrange(400, 800) for _ in range(8)]
    return [[*_STATE.values(), n + more, n] for n, more in zip(needed, (0, -1, 1, -200, 0, -1, 8, -8), strict=True)]


HANDLER: Final = implement(
    id="practice-04-2-handler", title="What the handler asks", points=5, minutes=7, see="04-2", name="doSigPreempt",
    arguments="preempt, locks, mallocing, preemptoff, unsafe, room, needed",
    objective="Write under which conditions the handler of SIGURG stops a goroutine",
    draw=with_example(_states()),
    text=lambda p: f"""SIGURG has come, in Go code. Write `doSigPreempt(...)`, which says whether the handler makes
the goroutine call `asyncPreempt` (True or False; `wantAsyncPreempt`, `isAsyncSafePoint` and `canPreemptM`
together). `preempt` is the goroutine's request (True or False); `locks`, `mallocing` and `preemptoff` are those
fields of its M (two ints and a string); `unsafe` says whether the compiler has marked this place as an unsafe
point; `room` is what is left of the stack below its stack pointer, in bytes, and `needed` what `asyncPreempt`
needs. The P is `_Prunning`. {example(p, _HANDLER, "doSigPreempt")}""",
    reference=_HANDLER,
    cases={
        "asked, at a safe point": (0.5, "Then it is stopped.", _states()),
        "not asked": (0.5, "Without a request a signal changes nothing: others may send SIGURG, too.",
                      _states(preempt=False)),
        "the M holds locks": (1, "While its M holds a lock of the runtime, or allocates, a goroutine is not stopped.",
                              _states(locks=lambda d: d.randrange(0, 3), mallocing=lambda d: d.randrange(0, 2))),
        "preemptoff": (1, "preemptoff is a text, the reason why it must not be stopped; empty if there is none.",
                       _states(preemptoff=lambda d: d.choice(("gcing", "", "dumpheap")))),
        "an unsafe point": (1, "At an unsafe point the registers cannot be saved safely.", _states(unsafe=True)),
        "room on the stack": (1, "asyncPreempt saves registers on the stack: without room it is not called.", _tight),
    },
    believer="""
def doSigPreempt(preempt, locks, mallocing, preemptoff, unsafe, room, needed):
    return True
""",
    right=["""
def doSigPreempt(preempt, locks, mallocing, preemptoff, unsafe, room, needed):
    can = not (locks or mallocing or preemptoff)
    return bool(preempt and can and not unsafe and room >= needed)
"""],
    wrong={
        "preemptoff is a number": _HANDLER.replace('preemptoff == ""', "preemptoff == 0"),
        "locks are not looked at": _HANDLER.replace("locks == 0 and ", ""),
        "no unsafe points": _HANDLER.replace("unsafe or ", ""),
        "more room than needed": _HANDLER.replace("room < needed", "room <= needed"),
        "without a request": _HANDLER.replace("not preempt or ", ""),
    },
)  # fmt: skip

# --- seen from outside ----------------------------------------------------------------------------------------------

_SHOWN: Final = 6  # signals
_FROM_NS: Final = 60_000_000  # by then sysmon's sleep has grown to 10 ms, and it stays there


@lru_cache(1024)
def _signals(free_us: int, unsafe_us: int) -> tuple[tuple[int, int, int], ...]:
    """Signals on one P with goroutines that can be stopped at times: when sent and handled (ns), and whether used."""

    def hog() -> Any:
        while True:
            yield work(us=free_us)
            yield work(us=unsafe_us, loop="unsafe")

    def main() -> Any:
        for _ in range(3):
            yield go(hog)
        yield sleep(ms=300)

    sent, found = 0, []
    for e in simulate(Config(gomaxprocs=1), Program(main)):
        if e.kind == v.E_PREEMPT:
            sent = e.t
        elif e.kind == v.E_SIGNAL and sent > _FROM_NS:
            found.append((sent, e.t, e.arg))
    return tuple(found[:_SHOWN])


def _seen(p: Params) -> tuple[tuple[int, int, int], ...]:
    return _signals(p["free"], p["unsafe"])


def _signals_draw(draw: Random) -> dict[str, Any]:
    """A program in which one of the signals stops nobody, and neither the first nor the last that are shown."""
    while True:
        made = {"pid": draw.randrange(2_000, 30_000), "free": draw.randrange(20_000, 60_000),
                "unsafe": draw.randrange(1_000, 7_000)}  # fmt: skip
        useless = [n for n, (_, _, used) in enumerate(_seen(made)) if not used]
        if len(_seen(made)) == _SHOWN and len(useless) == 1 and 0 < useless[0] < _SHOWN - 1:
            return made


def _strace(p: Params) -> str:
    pid, lines = p["pid"], []
    for n, (sent, handled, _) in enumerate(_seen(p)):
        lines.append(f"{n}  [pid {pid + 1:5}] {sent / 1e9:.6f} tgkill({pid}, {pid}, SIGURG) = 0")
        told = f"{{si_signo=SIGURG, si_code=SI_TKILL, si_pid={pid}}}"
        lines.append(f"   [pid {pid:5}] {handled / 1e9:.6f} --- SIGURG {told} ---")
    return "\n".join(lines)


def _signals_truth(p: Params) -> dict[str, int]:
    in_vain = next(n for n, (_, _, used) in enumerate(_seen(p)) if not used)
    return {"sysmon": p["pid"] + 1, "in_vain": in_vain, "with_off": 0}


def _told(p: Params, **other: int) -> str:
    return assigned({**_signals_truth(p), **other})


def _signals_check(p: Params, answer: Answer) -> list[Mark]:
    truth = _signals_truth(p)
    answer.value(*truth)
    return [
        one_value(answer, "sysmon", truth["sysmon"], 1, "Who calls tgkill sends the signal: sysmon, in preemptM, on "
                  "a thread of its own.", see="04-2"),
        one_value(answer, "in_vain", truth["in_vain"], 2, "A new slice is first noted, and asked a round later: "
                  "20 ms. If the next signal comes after 10 ms, the slice is still the same.",
                  near={truth["in_vain"] + 1: 0.5}, see="04-2"),
        one_value(answer, "with_off", 0, 1, "preemptM sends no signals with asyncpreemptoff=1. They are "
                  "Go's own, and nobody else sends them here.", misconception="sigurg-is-network", see="04-2"),
    ]  # fmt: skip


SIGNALS: Final = Question(
    id="practice-04-2-strace", title="Signals, seen from outside", kind="diagnose", points=4, minutes=6, see="04-2",
    objective="Read from strace who sends SIGURG, and which signal stopped nobody", draw=_signals_draw,
    text=lambda p: f"""Three goroutines compute on one P, now and then in code that cannot be stopped. `strace -f`
shows, with times in seconds:

```text
{_strace(p)}
```

Which thread is `sysmon` (`sysmon`, its number)? One of the signals did not stop the goroutine: which (`in_vain`, its
number)? And how many calls of `tgkill` would there be with `GODEBUG=asyncpreemptoff=1` (`with_off`)?""",
    starter=lambda p: "sysmon = ...\nin_vain = ...\nwith_off = ...", form="sysmon: int; in_vain: int; with_off: int",
    check=_signals_check, reference=_told, believer=lambda p: _told(p, sysmon=p["pid"], in_vain=-1, with_off=_SHOWN),
    wrong=(
        Wrong("the one after it", lambda p: _told(p, in_vain=_signals_truth(p)["in_vain"] + 1), 0.75),
        Wrong("signals remain", lambda p: _told(p, with_off=_SHOWN), 0.75),
    ),
)  # fmt: skip

QUESTIONS: Final = (HANDLER, SIGNALS)
