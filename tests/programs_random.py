"""Drawing random small programs (Plans, see programs_text) with hypothesis.

By construction nothing depends on time or on chance, as orders are to be compared exactly: work takes a few
microseconds and stays outside of long loops (no time slice ends), and locks are not fought for by hundreds.  What
else would be unfit (endless programs, a Mutex that somebody waits for too long, a select of two cases that matters)
is found out by simulation: see ``fit`` in differential.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import hypothesis
from hypothesis import strategies as st
from programs_text import Plan, Statement

LONG = 60  # turns from which on a loop is a long one
_CHAN = ("send", "recv", "recv2", "close", "tryrecv", "trysend", "range", "len")
_EITHER = ("eitherrecv", "eithersend")
_LOCKS = ("lock", "unlock", "trylock", "rlock", "runlock", "tryrlock", "condwait", "signal", "broadcast")
_OTHERS = ("add", "done", "wait", "gosched", "mark", "goexit", "lockthread", "unlockthread")


def _one(kind: str, a: str = "", k: int = 0, body: tuple[Statement, ...] = ()) -> Statement:
    return (kind, a, k, body)


_numbers = cache(st.integers)  # making a strategy takes longer than drawing from it


class _Drawer:
    """Draws a plan piece by piece; a piece is a few statements that make sense together, with others strewn in."""

    def __init__(self, draw: Callable[..., Any]) -> None:
        self.draw = draw
        self.chans = tuple(self.pick([0, 0, 0, 1, 2, 3]) for _ in range(self.number(1, 3)))
        if self.chance(15):
            self.chans = (*self.chans, -1)
        self.locks = self.chance(60)
        self.left = 60  # statements

    def pick(self, among: list[Any]) -> Any:
        return among[self.number(0, len(among) - 1)]

    def number(self, low: int, high: int) -> int:
        return int(self.draw(_numbers(low, high)))

    def chance(self, percent: int) -> bool:
        return self.number(0, 99) < percent

    def chan(self) -> str:
        return f"c{self.number(0, len(self.chans) - 1)}"

    def either(self) -> Statement:
        return _one(self.pick(list(_EITHER)), self.chan(), self.number(0, len(self.chans) - 1))

    def turns(self) -> int:
        return self.number(1, 6) if self.locks or self.chance(93) else self.pick([LONG, 100, 257, 258, 300])

    def anything(self) -> Statement:
        """One statement, whether it makes sense or not: the program may deadlock or panic by it."""
        kind = self.pick([*_CHAN, *_OTHERS, *(_LOCKS if self.locks else ()), "either"])
        if kind == "either":
            return self.either()
        if kind in _CHAN:
            return _one(kind, self.chan())
        if kind in ("add", "done", "wait"):
            return _one(kind, f"wg{self.number(0, 1)}", self.number(1, 2))
        if kind in ("lock", "unlock", "trylock"):
            return _one(kind, self.pick(["mu0", "mu0", "mu1", "rw0"]))
        if kind in ("rlock", "runlock", "tryrlock"):
            return _one(kind, "rw0")
        return _one(kind, f"cond{self.number(0, 2)}" if kind in _LOCKS else "")

    def strewn(self, long: bool, depth: int, most: int = 2) -> tuple[Statement, ...]:
        """A few statements that seldom do harm."""
        found: list[Statement] = []
        for _ in range(self.number(0, most)):
            self.left -= 1
            kind = self.pick(["mark", "mark", "gosched", "gosched", "work", "go", "trysend", "tryrecv", "len", "any"])
            if kind == "go" and depth < 3 and self.left > 0:
                found.append(_one("go", body=(_one("mark"), *self.strewn(long, depth + 1))))
            elif kind == "work" and not long:
                found.append(_one("work", k=self.number(1, 5)))
            elif kind in ("trysend", "tryrecv", "len"):
                found.append(_one(kind, self.chan()))
            elif kind == "any" and self.chance(30):
                found.append(self.anything())
            else:
                found.append(_one("gosched" if kind == "gosched" else "mark"))
        return tuple(found)

    def piece(self) -> list[Statement]:
        self.left -= 4
        names = ["fan", "pipe", "pipe", "gate", "gate", "yielders", "any", "strewn", "thread", "either", "crowd"]
        names += ["critical", "critical", "cond"] * self.locks
        draw: Callable[[], list[Statement]] = getattr(self, "_" + self.pick(names))
        return draw()

    def _fan(self) -> list[Statement]:
        n, wg = self.turns(), f"wg{self.number(0, 1)}"
        long = n >= LONG
        body = (*self.strewn(long, 1), _one("mark"), _one("done", wg), *self.strewn(long, 1, 1))
        waits = [_one("wait", wg)] if self.chance(60) else []
        return [_one("add", wg, n), _one("loop", k=n, body=(_one("go", body=body),)), *waits, _one("mark")]

    def _pipe(self) -> list[Statement]:
        n, c = self.turns(), self.chan()
        long = n >= LONG
        sender = [_one("loop", k=n, body=(*self.strewn(long, 2, 1), _one("send", c), _one("mark")))]
        if self.chance(50):
            sender.append(_one("close", c))
            receive = _one("range", c, body=self.strewn(long, 2, 1))
        else:
            more = self.pick([0, 0, 0, 1, -1])
            how = self.pick(["recv", "recv", "recv2"])
            receive = _one("loop", k=max(1, n + more), body=(_one(how, c), *self.strewn(long, 2, 1)))
        ends = [_one("go", body=tuple(sender)), _one("go", body=(receive, _one("mark")))]
        if self.chance(30):
            ends.append(ends[0])
        if self.chance(40):
            ends.reverse()
        if self.chance(25):  # main itself at one end
            ends[-1:] = list(ends[-1][3])
        return ends

    def _gate(self) -> list[Statement]:
        n, c, wg = self.turns(), self.chan(), f"wg{self.number(0, 1)}"
        long = n >= LONG
        opened = (_one("recv", c), _one("close", c))
        counted = (_one("send", c), _one("loop", k=n, body=(_one("recv", c),)))
        held, release = self.pick([opened, opened, (_one("wait", wg), _one("done", wg)), counted])
        body = (*self.strewn(long, 1, 1), held, _one("mark"), *self.strewn(long, 1, 1))
        first = [_one("add", wg, 1)] if release[0] == "done" else []
        between = [_one("gosched")] * self.number(0, 2)
        return [*first, _one("loop", k=n, body=(_one("go", body=body),)), *between, release, _one("mark")]

    def _critical(self) -> list[Statement]:
        mu = self.pick(["mu0", "mu0", "mu1", "rw0", "rw0"])
        on, off = self.pick([("lock", "unlock"), ("rlock", "runlock")]) if mu == "rw0" else ("lock", "unlock")
        inside = (_one("mark"), *self.strewn(False, 1))
        probe = self.pick([(), (_one("trylock", mu),), (_one("tryrlock", "rw0"),)])
        section = (*probe, _one(on, mu), *inside, _one(off, mu), *self.strewn(False, 1, 1))
        turns = _one("loop", k=self.number(1, 3), body=section)
        workers = _one("loop", k=self.number(1, 5), body=(_one("go", body=(turns,)),))
        if self.chance(40):  # main holds it first
            turns = _one("loop", k=self.number(1, 2), body=(_one("gosched"),))
            return [_one("lock", mu), workers, turns, _one("unlock", mu), _one("mark")]
        return [workers]

    def _cond(self) -> list[Statement]:
        no, mu, on, off = self.pick([(0, "mu0", "lock", "unlock"), (1, "rw0", "lock", "unlock"),
                                     (2, "rw0", "rlock", "runlock")])  # fmt: skip
        cond = f"cond{no}"
        waiter = (_one(on, mu), _one("condwait", cond), _one("mark"), _one(off, mu))
        wake = _one(self.pick(["signal", "broadcast"]), cond)
        calls = (_one("lock", mu), wake, _one("unlock", mu)) if self.chance(50) else (wake, _one("gosched"))
        return [_one("loop", k=self.number(1, 5), body=(_one("go", body=waiter),)), _one("gosched"),
                _one("loop", k=self.number(1, 4), body=calls)]  # fmt: skip

    def _yielders(self) -> list[Statement]:
        n = self.turns()
        body = (_one("mark"), *self.strewn(n >= LONG, 1, 1), _one("gosched"))
        return [_one("loop", k=self.number(1, 4), body=(_one("go", body=(_one("loop", k=n, body=body),)),))]

    def _thread(self) -> list[Statement]:
        """Goroutines that keep a thread of their own, and may end without giving it back."""
        turns = _one("loop", k=self.number(1, 3), body=(_one("mark"), self.anything(), _one("gosched")))
        ends = [_one("unlockthread")] * self.number(0, 1)
        body = (_one("lockthread"), *self.strewn(False, 1, 1), turns, *ends, _one("mark"))
        workers = _one("loop", k=self.number(1, 3), body=(_one("go", body=body),))
        return [*[_one("lockthread")] * self.chance(30), workers, _one("gosched"), _one("mark")]

    def _either(self) -> list[Statement]:
        """Goroutines that wait for one of two channels; then main feeds one of these."""
        asked = self.either()
        worker = _one("go", body=(_one("loop", k=self.number(1, 3), body=(asked, *self.strewn(False, 1, 1))),))
        feed = _one(self.pick(["send", "recv", "trysend", "tryrecv", "close"]), self.pick([asked[1], f"c{asked[2]}"]))
        feeds = _one("loop", k=1 if feed[0] == "close" else self.number(1, 4), body=(feed, *self.strewn(False, 1, 1)))
        return [_one("loop", k=self.number(1, 3), body=(worker,)), *[_one("gosched")] * self.number(0, 1), feeds]

    def _crowd(self) -> list[Statement]:
        """So many that ticks are counted while main stands in the global queue: it comes in at every 61st."""
        n = self.pick([LONG, 70, 100, 130, 190, 257, 300])
        body = (*self.strewn(True, 2, 1), _one("mark"), *self.strewn(True, 2, 1))
        turns = _one("loop", k=self.number(1, 4), body=(_one("gosched"), _one("mark"), *self.strewn(True, 2, 1)))
        return [_one("loop", k=n, body=(_one("go", body=body),)), turns]

    def _any(self) -> list[Statement]:
        return [self.anything()]

    def _strewn(self) -> list[Statement]:
        return list(self.strewn(False, 0, 3))

    def last(self) -> list[Statement]:
        """How main ends: at once, when others have had turns, or not at all, so that everything runs to its end."""
        turns = _one("loop", k=self.pick([1, 10, 70]), body=(_one("gosched"),))
        return {
            "at once": [], "turns": [turns, _one("mark")], "wait": [_one("wait", "wg0"), _one("mark")],
            "never": [_one("add", "wg9", 1), _one("wait", "wg9")],
        }[self.pick(["at once", "turns", "wait", "never", "never"])]  # fmt: skip


@st.composite
def plans(draw: Callable[..., Any]) -> Plan:
    """Draw a program."""
    drawer = _Drawer(draw)
    body: list[Statement] = []
    for _ in range(drawer.number(1, 5)):
        if drawer.left > 0:
            body += drawer.piece()
    return Plan(drawer.chans, (*body, *drawer.last()))


def drawn(wanted: int, seed: int, fit: Callable[[Plan], bool]) -> list[Plan]:
    """Let hypothesis draw this many different plans that fit: always the same ones for a seed."""
    found: dict[Plan, bool] = {}

    @hypothesis.settings(
        max_examples=max(100, wanted), phases=[hypothesis.Phase.generate], database=None, deadline=None,
        suppress_health_check=list(hypothesis.HealthCheck),
    )  # fmt: skip
    @hypothesis.given(plans())
    def collect(plan: Plan) -> None:
        if plan not in found:
            found[plan] = fit(plan)

    while sum(found.values()) < wanted:
        hypothesis.seed(seed)(collect)()
        seed += 1_000_003
    return [plan for plan, fits in found.items() if fits][:wanted]
