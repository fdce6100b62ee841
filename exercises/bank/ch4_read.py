"""Chapter 4, to be read: a log of preemptions with one mistake, the compiler's listing of loops, what strace shows."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from random import Random
from typing import Any, Final

from gmp_lab import Config, simulate
from gmp_lab import vocabulary as v
from gmp_lab.catalog import loops
from gmp_lab.exam import Answer, Mark, Question, Wrong, mark
from gmp_lab.exam.model import Params

from .ch4_listings import LISTED
from .kit import assigned, one_value, same

_LETTERS: Final = "abcdefgh"


def shuffled(draw: Random, count: int) -> list[int]:
    """The numbers from 0 in an order of the student's own, for options."""
    return draw.sample(range(count), count)


def listed(options: tuple[str, ...], order: list[int]) -> str:
    """Options with letters, in this order."""
    return "\n".join(f"* **{letter}** {options[n]}" for letter, n in zip(_LETTERS, order, strict=False))


def letter_of(n: int, order: list[int]) -> str:
    """The letter of an option."""
    return _LETTERS[order.index(n)]


# --- a log of preemptions, with one line that breaks a rule -------------------------------------------------------------

_RULES: Final = (
    "sysmon asks nobody to stop whose slice it has known for less than 10 ms",
    "sysmon asks whenever it looks at a slice that it has known for 10 ms or more",
    "a signal stops a goroutine only at a safe-point",
    "who is preempted goes to the tail of the global queue",
    "a P takes the head of the global queue",
    "with every goroutine that a P takes from that queue a new slice begins",
)
_EARLY, _LATE, _UNSAFE, _TAIL, _HEAD, _SLICE = range(len(_RULES))
_LINES: Final = 20


@dataclass
class _Log:
    """Two Ps and the global queue; ``breaks`` is the rule that is broken once, at the first occasion from ``ready`` on."""

    draw: Random
    breaks: int
    ready: int
    now: float = 50.0
    lines: list[str] = field(default_factory=list)
    bad: int = -1
    start: str = ""

    def __post_init__(self) -> None:
        ids = self.draw.sample(range(5, 60), 6)
        self.run, self.queue = ids[:2], ids[2:]
        self.tick = [self.draw.randrange(20, 300), self.draw.randrange(300, 700)]
        self.known, self.since = [0, 0], [0.0, 0.0]
        ps = "; ".join(f"P{n} runs G{self.run[n]}, slice {self.tick[n]}" for n in (0, 1))
        self.start = f"{ps}; {self._queue()}; both slices are new to sysmon"

    def _queue(self) -> str:
        return "queue: " + " ".join(f"G{g}" for g in self.queue)

    def says(self, words: str) -> None:
        self.lines.append(f"{len(self.lines):2}  {self.now:6.2f} ms  {words}")
        self.now += self.draw.randrange(1, 3) / 100

    def broken(self, rule: int) -> bool:
        """Whether this rule is broken here."""
        if rule != self.breaks or self.bad >= 0 or len(self.lines) < self.ready:
            return False
        self.bad = len(self.lines)
        return True

    def take(self, p: int, words: str) -> None:
        at = 1 if len(self.queue) > 1 and self.broken(_HEAD) else 0
        self.run[p] = self.queue.pop(at)
        self.tick[p] += 0 if self.broken(_SLICE) else 1
        self.says(f"{words}; P{p} takes G{self.run[p]}: slice {self.tick[p]}; {self._queue()}")

    def look(self, p: int) -> None:
        seen = f"sysmon looks at P{p}: slice {self.tick[p]}, G{self.run[p]}"
        old = self.tick[p] == self.known[p] and self.now - self.since[p] >= 10
        if self.tick[p] != self.known[p]:
            self.known[p], self.since[p] = self.tick[p], self.now
        if not (self.broken(_EARLY) if not old else not self.broken(_LATE)):
            return self.says(seen)
        g = self.run[p]
        self.says(f"{seen}; it asks G{g} to stop")
        return self.signal(p, g)

    def signal(self, p: int, g: int) -> None:
        safe = self.draw.random() < 0.6
        where = f"G{g} is in its loop, at a safe-point" if safe else f"G{g} is inside the runtime, at no safe-point"
        stops = safe or self.broken(_UNSAFE)
        self.says(f"SIGURG on P{p}: {where}; it {'stops' if stops else 'goes on'}")
        if stops:
            self.queue.insert(0 if self.queue and self.broken(_TAIL) else len(self.queue), g)
            self.take(p, f"G{g} goes into the queue ({self._queue().removeprefix('queue: ')})")

    def parks(self, p: int) -> None:
        g = self.run[p]
        self.queue.append(g)  # it is ready again at once
        self.take(p, f"G{g} calls Gosched")


@lru_cache(maxsize=1024)
def _log(seed: int, rule: int) -> tuple[str, tuple[str, ...], int]:
    """How it begins, the lines, and the number of the one that breaks the rule."""
    for again in range(200):
        draw = Random(f"{seed} {again}")
        log = _Log(draw, rule, draw.randrange(6, 13))
        while len(log.lines) < _LINES + 3:
            for p in (0, 1):
                log.look(p)
            log.now = round(log.now + draw.choice((10.07, 10.08, 10.05, 4.21, 3.37)), 2)
            if draw.random() < 0.3:
                log.parks(draw.randrange(2))
        if 0 <= log.bad < _LINES - 2:
            return log.start, tuple(log.lines[:_LINES]), log.bad
    raise AssertionError((seed, rule))


def _log_check(p: Params, answer: Answer) -> list[Mark]:
    answer.value("line", "rule")
    bad, rule = _log(p["seed"], p["rule"])[2], letter_of(p["rule"], p["order"])
    line = one_value(answer, "line", bad, 1.5, "Keep a table: for each P the slice that sysmon knows, and since when.", see="04-1")
    right = line.points > 0 and same(answer.value("rule"), rule)
    return [line, mark("rule", 1.5, right, f"In that line this is broken: {_RULES[p['rule']]}." if line.points else
                       "First find the line.", see="04-1")]  # fmt: skip


def _log_said(line: int, rule: str) -> str:
    return assigned({"line": line, "rule": rule})


def _log_right(p: Params) -> tuple[int, str]:
    return _log(p["seed"], p["rule"])[2], letter_of(p["rule"], p["order"])


LOG = Question(
    id="ch4-log", title="One of these preemptions is not Go's", kind="find the rule", points=3, minutes=6, see="04-1",
    objective="Find the line of a log that breaks a rule of preemption, and name the rule",
    draw=lambda draw: {"seed": draw.randrange(1 << 30), "rule": draw.randrange(len(_RULES)), "order": shuffled(draw, len(_RULES))},
    text=lambda p: f"""Somebody has changed the scheduler of Go 1.27. It logs what `sysmon` does and what comes of it. There are two Ps, their rings
and runnexts are always empty, and no goroutine calls a function whose prologue checks. sysmon knows a slice since its first look
at it. At the beginning: {_log(p['seed'], p['rule'])[0]}.

```text
""" + "\n".join(_log(p["seed"], p["rule"])[1]) + f"""
```

One line breaks a rule. Give its number in `line` and the letter of the rule in `rule`:

{listed(_RULES, p['order'])}""",
    starter=lambda p: "line = ...\nrule = ...", form="line: int; rule: str", check=_log_check,
    reference=lambda p: _log_said(*_log_right(p)), believer=lambda p: _log_said(0, letter_of(_LATE, p["order"])),
    wrong=(
        Wrong("another line", lambda p: _log_said(_log_right(p)[0] - 1, _log_right(p)[1]), 0.0),
        Wrong("the line alone", lambda p: _log_said(_log_right(p)[0], "?"), 0.5),
    ),
    partial=((lambda p: _log_said(_log_right(p)[0], ""), 0.5),),
    claims=("4.1-15", "4.1-04"),
)  # fmt: skip

# --- the compiler's listing ---------------------------------------------------------------------------------------------

_STOPPED: Final = ("loop twice", "loop mixed", "loop both")
_UNCHECKED: Final = ("loop leaf", "loop leaves", "loop pinned")
_FREE: Final = ("loop free", "loop nested", "loop inlined")


def call_at(name: str, callee: str) -> int:
    """The offset of the first CALL of a function in a listing."""
    line = next(line for line in LISTED[name].code.splitlines() if f"CALL   main.{callee}(SB)" in line)
    return int(line.split()[0])


def _checked(name: str) -> bool:
    """Whether a function begins with the compare of SP with the guard."""
    return LISTED[name].code.split("\n", 1)[0].split()[1:] == ["CMPQ", "SP,", "16(R14)"]


def _listing_draw(draw: Random) -> dict[str, Any]:
    shown = [draw.choice(_STOPPED), draw.choice(_UNCHECKED), draw.choice(_FREE)]
    draw.shuffle(shown)
    return {"shown": shown, "turns": draw.randrange(200, 9000)}


def _listing_truth(p: Params) -> dict[str, Any]:
    name = next(one for one in p["shown"] if one in _STOPPED)
    own, each = _checked(name), _checked("twice")
    return {"stopped": "ABC"[p["shown"].index(name)], "at": call_at(name, "twice"), "checks": own + each * p["turns"], "morestack": 0}


def _listing_check(p: Params, answer: Answer) -> list[Mark]:
    truth = _listing_truth(p)
    answer.value(*truth)
    wrong = {letter: "every-call-checks" if name in _UNCHECKED else "check-every-64-kb"
             for letter, name in zip("ABC", p["shown"], strict=True) if name not in _STOPPED}  # fmt: skip
    return [
        one_value(answer, "stopped", truth["stopped"], 1, "Look for a CALL between the backward jump and its target, and then at how the "
                  "called function begins.", believed=wrong, see="04-3"),
        one_value(answer, "at", truth["at"], 1, "The check is in the function that is called; the loop comes to it by that CALL.", see="04-3"),
        one_value(answer, "checks", truth["checks"], 1, "One in the function's own prologue, and one in each turn: a leaf has none.",
                  near={p["turns"]: 0.5, p["turns"] - 1: 0.25, 3 * p["turns"] + 1: 0.25}, see="04-3"),
        one_value(answer, "morestack", 0, 1, "It stands behind the code and is reached only if the compare fails: too little room, or a "
                  "poisoned guard.", misconception="morestack-in-loop", see="04-3"),
    ]  # fmt: skip


def _shown(title: str, name: str) -> str:
    return f"{title}   // {LISTED[name].gist}\n{LISTED[name].code}"


def _listing_text(p: Params) -> str:
    parts = [_shown(letter, name) for letter, name in zip("ABC", p["shown"], strict=True)]
    parts += [_shown(name, name) for name in ("leaf", "twice", "pinned")]
    return f"""The compiler of Go 1.27 has made this of three functions `A`, `B` and `C` with a loop, and of those that they call (offset,
operation, operands; `R14` holds the g, and 16 bytes behind it stands `stackguard0`):

```text
{chr(10).join(parts)}
```

The program runs with `GODEBUG=asyncpreemptoff=1`, so there is no signal, as in Go 1.13.

* `stopped`: which of the three can be stopped while it is in its loop (`"A"`, `"B"` or `"C"`)?
* `at`: the offset of the instruction in its loop by which it comes to the check.
* `checks`: it is called with `n` = {p['turns']}. How many times is a stack pointer compared with the guard until it returns?
* `morestack`: nobody asks it to stop, and the stack has room. How many of those {p['turns']} turns execute a `CALL` of
  `runtime.morestack_noctxt`?"""


def _listing(p: Params, **changed: Any) -> str:
    return assigned({**_listing_truth(p), **changed})


def _other(p: Params) -> str:
    return next(letter for letter, name in zip("ABC", p["shown"], strict=True) if name in _UNCHECKED)


LISTING = Question(
    id="ch4-listing", title="Which loop can be stopped", kind="diagnose", points=4, minutes=6, see="04-3",
    objective="Find in the compiler's listing what a loop can be stopped by, and what it costs", draw=_listing_draw, text=_listing_text,
    starter=lambda p: "stopped = ...\nat = ...\nchecks = ...\nmorestack = ...",
    form="stopped: str; at: int; checks: int; morestack: int", check=_listing_check, reference=_listing,
    believer=lambda p: _listing(p, stopped=_other(p), at=67, checks=p["turns"] // 16, morestack=p["turns"]),
    wrong=(
        Wrong("every call checks", lambda p: _listing(p, stopped=_other(p), at=0, checks=p["turns"] + 1), 0.5),
        Wrong("leaves check", lambda p: _listing(p, checks=3 * p["turns"] + 1), 0.82),
        Wrong("in each turn", lambda p: _listing(p, morestack=p["turns"]), 0.75),
    ),
    partial=((lambda p: _listing(p, checks=p["turns"]), 3.5 / 4),),
    claims=("4.3-04", "4.3-06", "4.3-12"),
)  # fmt: skip

# --- strace -------------------------------------------------------------------------------------------------------------

_SOURCES: Final = (
    "another thread of this process, by tgkill", "the kernel's network stack, for urgent data", "an interval timer of the process",
    "the kernel's scheduler, at the end of a thread's time slice",
)  # fmt: skip
_REASONS: Final = (
    "sysmon counts from the look that first sees a slice, and looks about every 10 ms", "a signal takes so long to arrive",
    "the goroutine was at no safe-point the first time", "the kernel runs each thread for half of the time only",
)  # fmt: skip
_NOISE: Final = (
    'futex(0xc000{a:04x}48, FUTEX_WAKE_PRIVATE, 1) = 1', "nanosleep({{tv_sec=0, tv_nsec=3000}}, NULL) = 0",
    "epoll_pwait(4, [], 128, 0, NULL, 0) = 0", 'write(1, "step {a}\\n", {b}) = {b}', "sched_yield() = 0",
    'read(5, "{a:04x}", 4096) = 4',
)  # fmt: skip


@lru_cache(maxsize=256)
def _strace(seed: int) -> tuple[str, dict[str, Any]]:
    """The log of a simulated run, and what is asked about it."""
    draw = Random(f"strace {seed}")
    workers = draw.randrange(4, 7)
    config = Config(gomaxprocs=2, seed=seed, schedtrace_ms=1, until_ns=190_000_000)
    rec = simulate(config, loops(workers=workers, loop_us=400_000, rounds=2, seed=seed))
    pid = draw.randrange(2000, 30_000)
    tids = [pid, *(pid + n for n in draw.sample(range(1, 9), 6))]
    sysmon, begin = tids[-1], draw.randrange(80_000_000, 95_000_000)
    end = begin + draw.randrange(58_000_000, 72_000_000)
    lines, sent = [], []
    for e in rec:
        if not begin <= e.t < end:
            continue
        told = [(0, sysmon, "nanosleep({tv_sec=0, tv_nsec=10000000}, NULL) = 0")] if e.kind == v.E_SCHEDTRACE else []
        if e.kind == v.E_PREEMPT:
            told = [(0, sysmon, f"tgkill({pid}, {tids[e.m]}, SIGURG) = 0")]
            sent.append((tids[e.m], e.t))
        elif e.kind == v.E_SIGNAL:
            signal = f"--- SIGURG {{si_signo=SIGURG, si_code=SI_TKILL, si_pid={pid}, si_uid=1000}} ---"
            told = [(0, tids[e.m], signal), (4_000, tids[e.m], "rt_sigreturn({mask=[]}) = 0")]
        elif e.kind == v.E_EXECUTE:
            told = [(20_000 + draw.randrange(700_000), tids[e.m], _noise(draw)) for _ in range(draw.randrange(3))]
        lines += [(e.t + later, tid, words) for later, tid, words in told]
    text = "\n".join(f"[pid {tid:5}] {t / 1e9:.6f} {words}" for t, tid, words in sorted(lines, key=lambda line: line[0]))
    twice = max(range(1, len(sent)), key=lambda n: sum(tid == sent[n][0] for tid, _ in sent[:n]) > 0)
    before = next(t for tid, t in reversed(sent[:twice]) if tid == sent[twice][0])
    apart = f"{(sent[twice][1] - before) / 1e6:.1f} ms"
    return text, {"sysmon": sysmon, "asked": len(sent), "twice": sent[twice][0], "apart": apart, "pid": pid}


def _noise(draw: Random) -> str:
    n = draw.randrange(1, 5000)
    return draw.choice(_NOISE).format(a=n, b=len(f"step {n}\n"))


def _strace_truth(p: Params) -> dict[str, Any]:
    told = _strace(p["seed"])[1]
    return {"sysmon": told["sysmon"], "asked": told["asked"], "source": letter_of(0, p["sources"]), "why": letter_of(0, p["reasons"])}


def _strace_check(p: Params, answer: Answer) -> list[Mark]:
    truth, told = _strace_truth(p), _strace(p["seed"])[1]
    answer.value(*truth)
    return [
        one_value(answer, "sysmon", truth["sysmon"], 1, "sysmon is the thread that does nothing but sleep for 10 ms and send signals.",
                  near={told["pid"]: 0.25}, see="04-2"),
        one_value(answer, "asked", truth["asked"], 0.5, "Each tgkill is a request; what arrives on the other thread is the same one.",
                  see="04-2"),
        one_value(answer, "source", truth["source"], 0.75, "si_code=SI_TKILL and si_pid tell it, and so does the tgkill before it.",
                  believed={letter_of(1, p["sources"]): "sigurg-is-network", letter_of(3, p["sources"]): "preemption-always-on"}, see="04-2"),
        one_value(answer, "why", truth["why"], 0.75, "Two looks at the same slice are needed, and between two looks sysmon sleeps.",
                  misconception="slice-exactly-10-ms", see="04-1"),
    ]  # fmt: skip


def _strace_text(p: Params) -> str:
    text, told = _strace(p["seed"])
    return f"""This is a part of a log as `strace -f` gives it (times in seconds since the start), made from a run of the simulator, Go 1.27 on Linux:

```text
{text}
```

* `sysmon`: the number (pid) of the thread that is sysmon.
* `asked`: how many times is a goroutine asked to stop in this part?
* `source`: where does SIGURG come from?

{listed(_SOURCES, p['sources'])}

* `why`: the thread {told['twice']} gets two signals, one after the other, that are {told['apart']} apart, and both stop the goroutine that
  they find. Why not 10 ms?

{listed(_REASONS, p['reasons'])}"""


def _traced(p: Params, **changed: Any) -> str:
    return assigned({**_strace_truth(p), **changed})


STRACE = Question(
    id="ch4-strace", title="Who sends these signals", kind="diagnose", points=3, minutes=5, see="04-2",
    objective="Read a log of strace: who is sysmon, whom it asks, where a signal comes from",
    draw=lambda draw: {"seed": draw.randrange(1, 100_000), "sources": shuffled(draw, 4), "reasons": shuffled(draw, 4)},
    text=_strace_text, starter=lambda p: "sysmon = ...\nasked = ...\nsource = ...\nwhy = ...",
    form="sysmon: int; asked: int; source: str; why: str", check=_strace_check, reference=_traced,
    believer=lambda p: _traced(p, sysmon=0, asked=0, source=letter_of(1, p["sources"]), why=letter_of(1, p["reasons"])),
    wrong=(
        Wrong("the first thread", lambda p: _traced(p, sysmon=_strace(p["seed"])[1]["pid"]), 0.75),
        Wrong("from the network", lambda p: _traced(p, source=letter_of(1, p["sources"]), why=letter_of(2, p["reasons"])), 0.5),
    ),
    partial=((lambda p: _traced(p, asked=0), 2.5 / 3),),
    claims=("4.2-11", "4.2-06"),
)  # fmt: skip
