"""Chapter 4, functions to be written: when sysmon asks, when a goroutine notices, what can stop a loop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from gmp_lab.exam.model import Params

from .kit import Case, implement

Cases = Callable[[Random, Params], Sequence[Case]]
_MS = 1_000_000


def but(source: str, *changes: str) -> str:
    """The source with the first text of each pair replaced by the second; each must be in it."""
    for old, new in zip(changes[::2], changes[1::2], strict=True):
        assert old in source, old
        source = source.replace(old, new)
    return source


def several(make: Callable[[Random], Case], count: int = 8) -> Cases:
    """So many cases that this makes."""
    return lambda draw, p: [make(draw) for _ in range(count)]


# --- sysmon's look at a P that runs ---------------------------------------------------------------------------------

_LOOK = """
def retake(looks):
    tick = when = 0
    asked = []
    for i, (now, running, schedtick) in enumerate(looks):
        if not running:
            continue
        if tick != schedtick:
            tick, when = schedtick, now
        elif when + 10_000_000 <= now:
            asked.append(i)
    return asked
"""


def _round(draw: Random, quick: bool) -> int:
    """Nanoseconds from one look to the next: while sysmon is quick, or sleeps for 10 ms."""
    return draw.randrange(95_000, 2_700_000) if quick else draw.randrange(10_060_000, 10_090_000)


def _seen(draw: Random, *slices: tuple[int, bool], quick: bool, more: int = 0) -> Case:
    """Looks at one slice after another: for each so many looks, and whether the P runs then; more: at the last one."""
    now, tick, looks = draw.randrange(40 * _MS, 90 * _MS), draw.randrange(20, 900), []
    for n, (count, running) in enumerate(slices):
        tick += draw.randrange(1, 4) if running else 0
        for _ in range(count + (more if n == len(slices) - 1 else 0)):
            now += _round(draw, quick)
            looks.append([now, running, tick])
    return [looks]


def _at_ten(draw: Random) -> Case:
    first, tick = draw.randrange(40 * _MS, 90 * _MS), draw.randrange(20, 900)
    return [[[first, True, tick], [first + 10 * _MS - draw.choice((0, 1)), True, tick]]]


LOOK = implement(
    id="ch4-retake", title="When sysmon asks", points=4, minutes=6, see="04-1", name="retake", arguments="looks",
    objective="Write at which of its looks sysmon asks a running goroutine to stop",
    text=lambda p: """`sysmon` looks at one P again and again. Write `retake(looks)`: what the runtime's `retake` does about the time
slice at each of these looks. A look is a list `[now, running, schedtick]`: the time in nanoseconds; `True` if the P runs a
goroutine, `False` if it is idle; the P's `schedtick` at that moment. Return the list of the numbers (from 0) of the looks at
which it asks the goroutine to stop (calls `preemptone`), whether or not that goroutine obeys. What `retake` remembers of
earlier looks is 0 at first, and every `schedtick` is above 0. There are no system calls.""",
    reference=_LOOK,
    cases={
        "a slice that is new to it": (1, "When a slice began is not known: the first look notes its number and the time.",
                                      several(lambda d: _seen(d, *[(1, True)] * 6, quick=False))),
        "a slice that grows old": (1, "It asks when the slice has been known for 10 ms, counted from the first look at it.",
                                   several(lambda d: _seen(d, (40, True), quick=True))),
        "exactly 10 ms": (0.5, "10 ms are enough; a nanosecond less is not.", several(_at_ten, 12)),
        "not obeyed": (0.5, "Nothing is noted when it asks: as long as the number stays, it asks at every look.",
                       several(lambda d: _seen(d, (6, True), quick=False, more=d.randrange(4)))),
        "slices of all lengths": (0.5, "Another number is another slice, whose time begins with the look that sees it.",
                                  several(lambda d: _seen(d, *[(d.randrange(1, 4), True) for _ in range(5)], quick=False))),
        "an idle P": (0.5, "A P without a goroutine is passed over.",
                      several(lambda d: _seen(d, (1, True), (4, False), (2, True), (3, False), quick=False))),
    },
    believer="def retake(looks):\n    return [i for i, look in enumerate(looks) if look[0] % 10_000_000 < 9_990_000]",
    right=["""
def retake(looks):
    seen, found = {}, []
    for n in range(len(looks)):
        now, running, number = looks[n]
        if running and now - seen.setdefault(number, now) >= 10 * 1000 * 1000:
            found.append(n)
    return found
""", """
def retake(looks):
    state = (0, 0)
    def asks(look):
        nonlocal state
        if look[1] is False:
            return False
        if state[0] == look[2]:
            return not look[0] < state[1] + 10 ** 7
        state = (look[2], look[0])
        return False
    return [n for n, look in enumerate(looks) if asks(look)]
"""],
    wrong={
        "since the last look": but(_LOOK, "            asked.append(i)", "            asked.append(i)\n        when = now"),
        "more than 10 ms": but(_LOOK, "<= now", "< now"),
        "asks once": but(_LOOK, "            asked.append(i)", "            asked.append(i)\n            when = now"),
        "once for each slice": but(_LOOK, "            asked.append(i)", "            asked.append(i)\n            when = 1 << 60"),
        "the number alone": but(_LOOK, "when + 10_000_000 <= now", "True"),
        "the time alone": but(_LOOK, "if tick != schedtick:", "if tick == 0:"),
        "asks at a new number": but(_LOOK, "tick, when = schedtick, now", "tick, when = schedtick, now\n            asked.append(i)"),
        "idle ones too": but(_LOOK, "if not running:", "if False:"),
        "after 20 ms": but(_LOOK, "10_000_000", "20_000_000"),
    },
    partial=[(but(_LOOK, "<= now", "< now"), 3.5 / 4)],
    misconceptions={"a slice that is new to it": "slice-exactly-10-ms", "a slice that grows old": "slice-exactly-10-ms"},
    claims=("4.1-15", "4.1-16"),
)  # fmt: skip

# --- when a goroutine notices ---------------------------------------------------------------------------------------

_NOTICE = """
def notices(go, asked, steps):
    now = 0
    for what, us in steps:
        if what == "call" and asked < now and go >= 2:
            return now, "prologue"
        if now <= asked < now + us and what in ("loop", "leaf", "call") and go >= 14:
            return asked, "signal"
        now += us
    return now, "itself"
"""


def _notices(go: Sequence[int], before: str, during: str, after: str) -> Cases:
    """Steps with the request in the last of ``during``; each word is drawn from those with bars between them."""
    def drawn(draw: Random, words: str, n: int = -1) -> list[Any]:
        choices = [word.split("|") for word in words.split()]
        return [[draw.choice(some) if n < 0 else some[n % len(some)], draw.randrange(20, 900)] for some in choices]

    def make(draw: Random, p: Params) -> Sequence[Case]:
        cases: list[Case] = []
        for n, version in enumerate([*go, *go, *go]):
            steps = drawn(draw, before) + drawn(draw, during, n)  # every word of it has its turn
            last = steps[-1][1]
            asked = sum(us for _, us in steps) - last + draw.randrange(1, last)
            cases.append([version, asked, steps + drawn(draw, after)])
        return cases

    return make


_NEW, _OLD, _OLDEST = (14, 19, 23, 27), (2, 4, 5, 12, 13), (0, 1)

NOTICE = implement(
    id="ch4-notice", title="When it notices", points=5, minutes=7, see="04-2", name="notices", arguments="go, asked, steps",
    objective="Say when a goroutine that was asked to stop does so, and what makes it",
    text=lambda p: """A goroutine goes through `steps`, a list of `[what, us]`, one after the other from time 0, each for so many
microseconds. Then it parks by itself. `what` is

* `"loop"`: a loop without calls;
* `"call"`: a call of one function with a prologue that checks; within it there are no further calls;
* `"leaf"`: calls of small leaf functions, again and again;
* `"runtime"`: code of the runtime itself (a long `memmove`), no safe-point anywhere, no check;
* `"syscall"`: a short system call.

At time `asked` (in us, never exactly where a step begins, never in a `"syscall"`) sysmon asks it to stop, **once**: nobody asks
again. What is sent arrives at once. Write `notices(go, asked, steps)` for the minor number of Go's version (`13` for Go 1.13,
`27`; Linux, no GODEBUG). Return a tuple: the time at which the goroutine stops, and `"prologue"`, `"signal"`, or `"itself"` if
nothing stops it before it parks.""",
    reference=_NOTICE,
    cases={
        "in user code, since 1.14": (1, "Since 1.14 a signal follows the request and stops user code at once, in loops too.",
                                     _notices(_NEW, "call|syscall loop|leaf", "loop|leaf|call", "call loop")),
        "in user code, up to 1.13": (1, "Without signals the goroutine goes on until the next prologue that checks.",
                                     _notices(_OLD, "call|loop", "loop|leaf|call|runtime", "leaf|loop loop call loop call")),
        "no prologue that checks": (1, "Loops and small leaf functions hold no check, so up to 1.13 nothing stops them.",
                                    _notices(_OLD, "call", "loop|leaf|runtime|call", "leaf|loop leaf loop leaf|loop")),
        "a signal at the wrong moment": (1, "Without a safe-point the handler does nothing; the flag stays, for the next prologue.",
                                         _notices(_NEW, "loop|call", "runtime", "loop|leaf loop|runtime call loop")),
        "system calls": (0.5, "A system call does not look at the request, on its way in or out.",
                         _notices((*_OLD, 14, 27), "loop", "runtime", "syscall leaf|loop syscall call")),
        "the oldest versions": (0.5, "Up to 1.1 prologues looked for room on the stack and for nothing else.",
                                _notices(_OLDEST, "call|loop", "loop|call|leaf", "call loop call")),
    },
    believer="""
def notices(go, asked, steps):
    now = 0
    for what, us in steps:
        if what in ("call", "leaf", "syscall") and asked < now:
            return now, "prologue"
        now += us
    return now, "itself"
""",
    right=["""
def notices(go, asked, steps):
    starts = [sum(us for _, us in steps[:n]) for n in range(len(steps) + 1)]
    hit = max(n for n in range(len(steps)) if starts[n] <= asked)
    if go > 13 and steps[hit][0] not in ("runtime", "syscall"):
        return (asked, "signal")
    for n in range(hit + 1, len(steps)):
        if steps[n][0] == "call" and go > 1:
            return (starts[n], "prologue")
    return (starts[-1], "itself")
"""],
    wrong={
        "signals in all versions": but(_NOTICE, " and go >= 14", ""),
        "no signals": but(_NOTICE, "go >= 14", "False"),
        "no signals in loops": but(_NOTICE, '("loop", "leaf", "call")', '("leaf", "call")'),
        "leaf functions check": but(_NOTICE, 'what == "call" and', 'what in ("call", "leaf") and'),
        "system calls check": but(_NOTICE, 'what == "call" and', 'what in ("call", "syscall") and'),
        "loops check": but(_NOTICE, 'what == "call" and', 'what in ("call", "loop") and'),
        "the signal waits": but(_NOTICE, "now <= asked < now + us", "asked < now + us"),
        "a signal stops everything": but(_NOTICE, 'what in ("loop", "leaf", "call") and ', ""),
        "checks since 1.0": but(_NOTICE, " and go >= 2", ""),
        "the flag is lost": but(_NOTICE, "and go >= 2", "and 2 <= go < 14"),
    },
    partial=[(but(_NOTICE, " and go >= 2", ""), 4.5 / 5)],
    misconceptions={
        "in user code, since 1.14": "takes-effect-at-calls-only", "no prologue that checks": "every-call-checks",
        "in user code, up to 1.13": "before-1-14-loops-checked", "system calls": "syscall-checks",
        "the oldest versions": "cooperative-only",
    },
    claims=("4.1-19", "4.2-06"),
)  # fmt: skip

# --- what can stop a loop -------------------------------------------------------------------------------------------

_STOP = """
def stopped_by(go, asyncpreemptoff, nosplit, calls):
    ways = []
    if go >= 2:
        for call in calls:
            small = call["leaf"] and call["frame"] < 128
            if not (call["inlined"] or call["nosplit"] or small):
                ways.append("check")
                break
    if go >= 14 and not asyncpreemptoff and not nosplit:
        ways.append("signal")
    return ways
"""


def _call(draw: Random, kind: str) -> dict[str, Any]:
    """A call of a kind: inlined, nosplit, small (a leaf), wide (a leaf with a large frame), calls (no leaf)."""
    frame = draw.randrange(17, 20) * 8 if kind == "wide" else draw.choice((0, 8, 24, 64, 112))
    frame = draw.choice((24, 64, 200)) if kind in ("calls", "inlined") else frame
    return {"frame": frame, "leaf": kind in ("small", "wide"), "nosplit": kind == "nosplit", "inlined": kind == "inlined"}


def _loops(go: Sequence[int], off: Sequence[bool], nosplit: Sequence[bool], *kinds: str) -> Cases:
    """Loops in these versions and settings, whose calls are each one of the kinds between bars."""
    def make(draw: Random, p: Params) -> Sequence[Case]:
        cases: list[Case] = []
        for version in [*go, *go, *go]:
            calls = [_call(draw, draw.choice(kind.split("|"))) for kind in kinds]
            cases.append([version, draw.choice(off), draw.choice(nosplit), calls])
        return cases

    return make


_ANY, _NO = (False, True), (False,)

STOP = implement(
    id="ch4-loop", title="What can stop this loop", points=4, minutes=6, see="04-3", name="stopped_by",
    arguments="go, asyncpreemptoff, nosplit, calls",
    objective="Decide by which ways a loop can be stopped: version, setting, and what it calls",
    text=lambda p: """A loop runs for ever. Write `stopped_by(go, asyncpreemptoff, nosplit, calls)`: the list of the ways in which a request can
stop it: `[]`, `["check"]` (a prologue), `["signal"]`, or `["check", "signal"]`. `go` is the minor number of the version (`13` for
Go 1.13); `asyncpreemptoff` says whether GODEBUG=asyncpreemptoff=1 is set; `nosplit` whether the function with the loop is
marked `//go:nosplit`. `calls` holds a dict for each call in the loop's body: `"frame"` (bytes of the called function's frame),
`"leaf"` (it calls nothing itself), `"nosplit"` (it is marked so), `"inlined"`. Signals count only for the loop's own
instructions. Take prologues as today's compiler makes them.""",
    reference=_STOP,
    cases={
        "a loop without calls, up to 1.13": (0.5, "Without a signal and without a prologue nothing stops it.", _loops(_OLD, _ANY, _ANY)),
        "a loop without calls, since 1.14": (0.75, "The signal needs nothing in the loop's code.", _loops(_NEW, _NO, _NO)),
        "asyncpreemptoff": (0.5, "The setting turns the signal off, and leaves the checks.", _loops(_NEW, (True,), _NO, "inlined|small|calls")),
        "calls that check": (0.75, "A function that calls others, or has a frame of 128 bytes or more, begins with a check.",
                             _loops((*_OLD, *_NEW), _ANY, _NO, "small|inlined", "wide|calls")),
        "calls that do not": (0.75, "Inlined, small leaf and nosplit functions have no check.",
                              _loops((*_OLD, *_NEW), _ANY, _NO, "small", "inlined|nosplit", "nosplit|small")),
        "a loop that is nosplit itself": (0.5, "A function marked //go:nosplit is no safe-point for signals.",
                                          _loops(_NEW, _NO, (True,), "inlined|small|wide|calls")),
        "the oldest versions": (0.25, "Up to 1.1 prologues did not look for requests.", _loops(_OLDEST, _ANY, _ANY, "wide|calls")),
    },
    believer="def stopped_by(go, asyncpreemptoff, nosplit, calls):\n    return ['check'] if calls or go >= 14 else []",
    right=["""
def stopped_by(go, asyncpreemptoff, nosplit, calls):
    def checks(one):
        if one["inlined"] or one["nosplit"]:
            return False
        return not one["leaf"] or one["frame"] >= 128
    check = go >= 2 and any(map(checks, calls))
    signal = go >= 14 and not (asyncpreemptoff or nosplit)
    return ["check"] * check + ["signal"] * signal
""", """
def stopped_by(go, off, nosplit, calls):
    found = set()
    if go > 13 and off is False and nosplit is False:
        found.add("signal")
    others = [c for c in calls if not c["inlined"] and not c["nosplit"] and (c["frame"] > 127 or not c["leaf"])]
    if others and go not in (0, 1):
        found.add("check")
    return sorted(found)
"""],
    wrong={
        "every call checks": but(_STOP, 'not (call["inlined"] or call["nosplit"] or small)', "True"),
        "leaf functions check": but(_STOP, " or small)", ")"),
        "no leaf checks": but(_STOP, ' and call["frame"] < 128', ""),
        "large frames only": but(_STOP, 'call["leaf"] and call["frame"] < 128', 'call["frame"] < 128'),
        "inlined ones check": but(_STOP, 'call["inlined"] or ', ""),
        "nosplit ones check": but(_STOP, 'or call["nosplit"] ', ""),
        "the setting turns all off": but(_STOP, "if go >= 2:", "if go >= 2 and not asyncpreemptoff:"),
        "no setting": but(_STOP, " and not asyncpreemptoff", ""),
        "nosplit can be stopped": but(_STOP, " and not nosplit:", ":"),
        "signals since 1.13": but(_STOP, "go >= 14", "go >= 13"),
        "loops are checked": but(_STOP, "if go >= 2:", "if go >= 2:\n        calls = calls + [{'frame': 200, 'leaf': False, 'nosplit': False, 'inlined': False}]"),
    },
    partial=[(but(_STOP, " and not nosplit:", ":"), 3.5 / 4)],
    misconceptions={
        "a loop without calls, up to 1.13": "before-1-14-loops-checked", "calls that do not": "every-call-checks",
        "asyncpreemptoff": "preemption-always-on", "a loop without calls, since 1.14": "check-every-64-kb",
        "the oldest versions": "cooperative-only",
    },
    claims=("4.1-14", "4.1-17"),
)  # fmt: skip
