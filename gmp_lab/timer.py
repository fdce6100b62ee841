"""Timers and tickers as in Go's package time, for goroutine bodies::

    t = yield new_ticker(ms=10)        # t := time.NewTicker(10 * time.Millisecond)
    when = yield recv(t.C)             # when := <-t.C
    yield t.Stop()

    c = yield after(ms=5)              # c := time.After(5 * time.Millisecond)
    i, v, ok = yield select(recv_case(work_done), recv_case(c))

    t = yield after_func(body, ms=1)   # time.AfterFunc: a goroutine of its own begins then
    yield t.Reset(ms=2)

The value that a timer sends is the time at which it was due, in ns.  A timer belongs to the run that made it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from gmp_lab.errors import ConfigError
from gmp_lab.workload import (
    OP_RECV_TIMER,
    OP_TIMER_NEW,
    OP_TIMER_RESET,
    OP_TIMER_STOP,
    Body,
    Chan,
    Op,
    duration_ns,
)

TIMER, TICKER, AFTER, AFTER_FUNC = range(4)  # what to make


class TimerChan(Chan):
    """The channel of a timer: for receiving only. It holds one value; since Go 1.23 len and cap say 0."""

    __slots__ = ("sync", "timer")
    recv_op: ClassVar[int] = OP_RECV_TIMER

    def __init__(self, timer: Timer, sync: bool) -> None:
        super().__init__(1)
        self.timer = timer
        self.sync = sync  # Go: debug.asynctimerchan == 0

    def __len__(self) -> int:
        """len(c)."""
        return 0 if self.sync else len(self.buf)


class Timer:
    """A time.Timer or time.Ticker, with the fields of the runtime's timer; times in ns."""

    __slots__ = (
        "C", "args", "blocked", "entry", "fn", "heaped", "isChan", "owner", "period", "ts", "when", "zombie",
    )  # fmt: skip

    def __init__(self, owner: object, period: int, fn: Callable[..., Body] | None, args: tuple[Any, ...]) -> None:
        self.owner = owner
        self.C: TimerChan | None = None  # None: an AfterFunc
        self.fn = fn
        self.args = args
        self.when = 0  # next due; 0: stopped, or has run
        self.period = period
        self.isChan = False  # its channel works as since 1.23: it stands in no heap unless somebody waits on C
        self.blocked = 0  # goroutines that wait on C
        self.heaped = False  # in the heap of the P ts
        self.zombie = False  # still in a heap, to be dropped from it
        self.ts: Any = None
        self.entry = 0  # serial number of its entry in the heap: an older one is void

    def Stop(self) -> Op:
        """t.Stop(): ``active = yield t.Stop()``; whether the call has stopped it before it ran."""
        return (OP_TIMER_STOP, self)

    def Reset(self, *, ns: float = 0, us: float = 0, ms: float = 0) -> Op:
        """t.Reset(d): ``active = yield t.Reset(ms=5)``; a ticker has d as its new period."""
        return (OP_TIMER_RESET, self, duration_ns("Timer.Reset", ns, us, ms))


def new_timer(*, ns: float = 0, us: float = 0, ms: float = 0) -> Op:
    """time.NewTimer(d): ``t = yield new_timer(ms=5)``; sends once on t.C."""
    return (OP_TIMER_NEW, TIMER, duration_ns("new_timer", ns, us, ms), None, ())


def new_ticker(*, ns: float = 0, us: float = 0, ms: float = 0) -> Op:
    """time.NewTicker(d): ``t = yield new_ticker(ms=5)``; sends on t.C every d; drops what nobody takes."""
    return (OP_TIMER_NEW, TICKER, duration_ns("new_ticker", ns, us, ms), None, ())


def after(*, ns: float = 0, us: float = 0, ms: float = 0) -> Op:
    """time.After(d): ``c = yield after(ms=5)``; the channel of a timer that nobody will stop."""
    return (OP_TIMER_NEW, AFTER, duration_ns("after", ns, us, ms), None, ())


def after_func(body: Callable[..., Body], *args: Any, ns: float = 0, us: float = 0, ms: float = 0) -> Op:
    """time.AfterFunc(d, f): ``t = yield after_func(body, *args, ms=5)``; runs body as a goroutine of its own then."""
    if not callable(body):
        raise ConfigError("after_func(body)", body, "a generator function")
    return (OP_TIMER_NEW, AFTER_FUNC, duration_ns("after_func", ns, us, ms), body, args)
