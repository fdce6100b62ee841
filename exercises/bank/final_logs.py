"""The final exam, preemption: four programs as the compiler's listings, four logs of strace; which belongs to which?"""

from __future__ import annotations

from functools import lru_cache
from random import Random
from typing import Any, Final

from gmp_lab import Config, Program, go, log, simulate, sleep, syscall, work
from gmp_lab import vocabulary as v
from gmp_lab.exam import Answer, Mark, Question, Wrong, mark
from gmp_lab.exam.model import Params

from .ch4_listings import LISTED
from .ch4_read import letter_of, listed, shuffled
from .kit import assigned, one_value, same

_MS: Final = 1_000_000
_TICKS: Final = 3
_LEAST_MS, _MOST_MS = 10, 21  # a slice: two rounds of sysmon at most
_SIGNALLED, _CHECKED, _ALONE, _CALL = range(4)  # what stops the four programs, if anything does
_MEANS: Final = (
    "SIGURG comes, and at a safe-point its handler makes the goroutine call asyncPreempt",
    "a prologue finds the guard poisoned, and calls morestack",
    "the end of the other one's function, and nothing before it", "sysmon takes the P while the goroutine is in the kernel (retake)",
)  # fmt: skip
_FREE: Final = ("loop free", "loop inlined", "loop nested")
_UNCHECKED: Final = ("loop leaf", "loop pinned")
_STOPPED: Final = ("loop twice", "loop mixed")
_READ: Final = "n, _ := syscall.Read(3, buf)"


@lru_cache(maxsize=2048)
def _run(loop: str, ms: int, off: bool, seed: int) -> tuple[tuple[int, str, int], ...]:
    """What can be seen of a program on one P from outside: times in ns, what, and the thread's number in the run."""

    def shown() -> Any:
        yield syscall(ms=ms) if loop == "call of the kernel" else work(ms=ms, loop=loop)

    def main() -> Any:
        yield go(shown)
        for n in range(_TICKS):
            yield sleep(ms=1)
            yield log(n)

    seen, on = [], {}
    for e in simulate(Config(gomaxprocs=1, asyncpreemptoff=off, seed=seed), Program(main)):
        if e.kind == v.E_EXECUTE:
            on[e.g] = e.m
        elif e.kind == v.E_PREEMPT and not off:
            seen += [(e.t, "tgkill", e.m)]
        elif e.kind in (v.E_SIGNAL, v.E_SYSCALL):
            seen += [(e.t, e.name, e.m)]
        elif e.kind == v.E_LOG:
            seen += [(e.t, "tick", on[e.g])]
    return tuple(seen)


def _loop(name: str) -> str:
    """What ``work(loop=...)`` is told of a listed function."""
    if name in _FREE:
        return "free"
    return "leaf" if name in _UNCHECKED else "call" if name in _STOPPED else "call of the kernel"


def _seen(p: Params, n: int, off: bool | None = None) -> tuple[tuple[int, str, int], ...]:
    one = p["programs"][n]
    return _run(_loop(one["name"]), p["ms"], one["off"] if off is None else off, p["seed"])


def _first_ms(p: Params, n: int, off: bool | None = None) -> float:
    """When the first tick of a program comes, in ms."""
    return next(t for t, what, _ in _seen(p, n, off) if what == "tick") / _MS


def _draw(draw: Random) -> dict[str, Any]:
    """One loop without a check in what it calls, and one that calls nothing; one of them with signals."""
    bare = [draw.choice(_UNCHECKED), draw.choice(_FREE)]
    draw.shuffle(bare)
    names = [bare[0], draw.choice(_STOPPED), bare[1], "read"]
    programs = [{"name": name, "off": n in (_CHECKED, _ALONE)} for n, name in enumerate(names)]
    return {"programs": programs, "ms": draw.randrange(70, 160), "order": shuffled(draw, 4), "logs": shuffled(draw, 4),
            "means": shuffled(draw, 4), "pids": [draw.randrange(2_000, 30_000) for _ in names], "seed": draw.randrange(1, 1 << 30)}  # fmt: skip


def _strace(p: Params, n: int) -> str:
    """The log of a program, as strace prints it."""
    pid, lines = p["pids"][n], []
    for t, what, m in _seen(p, n):
        tid = pid if not m else pid + 1 + m  # the thread next to the first one is sysmon
        told = "read(3,  <unfinished ...>" if what == "syscall" else 'write(1, "tick\\n", 5) = 5'
        if what == "tgkill":
            tid, told = pid + 1, f"tgkill({pid}, {tid}, SIGURG) = 0"
        elif what == "signal":
            told = f"--- SIGURG {{si_signo=SIGURG, si_code=SI_TKILL, si_pid={pid}}} ---"
        lines.append(f"  [pid {tid:5}] {t / 1e9:.6f} {told}")
    return "\n".join(lines)


def _unset(p: Params) -> dict[str, Any]:
    """Which of the programs without signals has its first tick at another time with them, and when, in ms."""
    (n,) = (n for n in (_CHECKED, _ALONE) if abs(_first_ms(p, n, off=False) - _first_ms(p, n)) > 1)
    return {"other": letter_of(n, p["order"]).upper(), "other_ms": round(_first_ms(p, n, off=False))}


def _truth(p: Params) -> dict[str, Any]:
    return {
        "programs": [letter_of(n, p["order"]).upper() for n in p["logs"]],
        "means": [letter_of(n, p["means"]) for n in p["order"]],
        **_unset(p),
    }  # fmt: skip


_WHY: Final = {
    _SIGNALLED: "tgkill and SIGURG before each tick: a loop without checks is stopped by signals, which only asyncpreemptoff=1 turns off.",
    _CHECKED: "Ticks every 10 to 20 ms, and no tgkill: without signals a loop is stopped if a function that it calls begins with a check.",
    _ALONE: "No tick before the loop is over: no signal, and no check in the loop or in what it calls.",
    _CALL: "A read that is unfinished while another thread writes: the P was taken from the thread in the kernel at once.",
}
#: the misconception of who thinks that a program is stopped by another means
_BELIEVED: Final = {
    (_SIGNALLED, _CHECKED): "takes-effect-at-calls-only", (_ALONE, _CHECKED): "every-call-checks",
    (_CALL, _CHECKED): "syscall-checks", (_CHECKED, _ALONE): "check-only-if-stack-grows",
}  # fmt: skip


def _check(p: Params, answer: Answer) -> list[Mark]:
    truth, given = _truth(p), answer.typed("programs", list)
    means = answer.value("means", "programs", "other", "other_ms")
    means = means if type(means) is list else []
    marks = [
        mark(f"log {k + 1}", 0.5, k < len(given) and same(given[k], truth["programs"][k]), _WHY[n], see="04-3")
        for k, n in enumerate(p["logs"])
    ]
    for k, n in enumerate(p["order"]):
        right = k < len(means) and same(means[k], truth["means"][k])
        meant = means[k] if k < len(means) else None
        belief = next((one for (of, by), one in _BELIEVED.items() if of == n and same(meant, letter_of(by, p["means"]))), "")
        marks.append(mark(f"program {'ABCD'[k]}", 0.25, right, _WHY[n], misconception=belief, see="04-2"))
    given_ms = answer.value("other_ms")
    slice_ms = type(given_ms) in (int, float) and _LEAST_MS <= given_ms <= _MOST_MS
    whole = type(given_ms) in (int, float) and given_ms > _MOST_MS
    assert _LEAST_MS <= truth["other_ms"] <= _MOST_MS
    return [
        *marks,
        one_value(answer, "other", truth["other"], 0.5, "A loop that meets a check is stopped with signals or without; one that "
                  "meets none needs them.", misconception="preemption-always-on", see="04-2"),
        mark("other_ms", 0.5, slice_ms, "sysmon asks a slice to stop that it has known for 10 ms, and looks every 10 ms at the latest: "
             "the signal comes after 10 to 20 ms.", misconception="takes-effect-at-calls-only" if whole else "", see="04-2"),
    ]  # fmt: skip


def _listing(title: str, name: str) -> str:
    return f"{title} {LISTED[name].gist}\n{LISTED[name].code}"


def _text(p: Params) -> str:
    parts = []
    for letter, n in zip("ABCD", p["order"], strict=True):
        one = p["programs"][n]
        off = "GODEBUG=asyncpreemptoff=1" if one["off"] else "no GODEBUG"
        title = f"{letter}, {off}:"
        parts.append(f"{title} {_READ}" if one["name"] == "read" else _listing(title, one["name"]))
    called = [one for one in ("leaf", "twice", "pinned") if any(f"main.{one}(SB)" in part for part in parts)]
    logs = "\n".join(f"log {k}\n{_strace(p, n)}" for k, n in enumerate(p["logs"], 1))
    return f"""Four programs, Go 1.27, one P. In each of them `main` starts a goroutine that runs one function, then sleeps for 1 ms and writes `tick`,
{_TICKS} times, and returns. Undisturbed, each of the functions takes {p['ms']} ms (the pipe that one of them reads is empty for so long). These are the
functions A to D, how the program is run, and below what they call, as the compiler has made them (`R14` holds the g, and 16
bytes behind it stands `stackguard0`):

```text
{chr(10).join([*parts, *(_listing(f"{one}:", one) for one in called)])}
```

And these are logs of the four programs, in another order, as `strace -f` gives them, made from runs of the simulator (seconds from the
start; futex, nanosleep, rt_sigreturn and the like are left out):

```text
{logs}
```

* `programs`: which program (`"A"` to `"D"`) is it in logs 1, 2, 3 and 4? A list of four.
* `means`: by what does the P become free for `main` for the first time, in programs A, B, C and D? A list of four letters:

{listed(_MEANS, p['means'])}

* `other`: two of the programs are run with `asyncpreemptoff=1`. In which of these two (`"A"` to `"D"`) would the first tick come at another
  time without it? `other_ms`: after about how many ms?"""


def _said(p: Params, **other: Any) -> str:
    return assigned({**_truth(p), **other})


def _swapped(p: Params, one: int, other: int) -> dict[str, Any]:
    """Two programs taken for each other, in both lists."""
    change = {one: other, other: one}
    return {
        "programs": [letter_of(change.get(n, n), p["order"]).upper() for n in p["logs"]],
        "means": [letter_of(change.get(n, n), p["means"]) for n in p["order"]],
    }  # fmt: skip


LOGS = Question(
    id="final-exam-logs", title="Four loops, four logs", kind="diagnose", points=4, minutes=7, see="04-3",
    objective="Match compiled loops and logs of strace: what takes a P away from whom, and when",
    draw=_draw, text=_text, starter=lambda p: 'programs = []\nmeans = []\nother = "?"\nother_ms = ...',
    form="programs: list of str; means: list of str; other: str; other_ms: int", check=_check, reference=_said,
    believer=lambda p: assigned({"programs": [letter_of((n + 1) % 4, p["order"]).upper() for n in p["logs"]],
                                 "means": [letter_of(_CHECKED, p["means"])] * 4, "other": letter_of(_CHECKED, p["order"]).upper(), "other_ms": 1}),
    right=(lambda p: _said(p, other_ms=20), lambda p: _said(p, other_ms=15)),
    wrong=(
        Wrong("every call checks", lambda p: _said(p, **_swapped(p, _CHECKED, _ALONE)), 0.63),
        Wrong("signals only for loops with calls", lambda p: _said(p, **_swapped(p, _SIGNALLED, _CHECKED)), 0.63),
        Wrong("the setting does nothing", lambda p: _said(p, other="?", other_ms=p["ms"]), 0.75),
        Wrong("a call of the kernel holds the P", lambda p: _said(p, **_swapped(p, _ALONE, _CALL)), 0.63),
    ),
    partial=((lambda p: _said(p, means=[]), 0.75), (lambda p: _said(p, programs=[], other_ms=p["ms"]), 1.5 / 4)),
    claims=("4.1-19", "4.3-04", "4.2-06"),
)  # fmt: skip
