"""What goroutines do: bodies as Python generators that read like Go.

A body is a generator function.  It yields *operations* and is sent their results::

    def worker(jobs, wg):
        while True:
            job = yield recv(jobs)          # job := <-jobs
            if job is None:
                break
            yield work(us=job)              # computing, no call into the runtime
            yield syscall(us=200)           # a blocking system call
        yield wg.Done()

Between two yields no simulated time passes and nobody else runs.  An operation is a plain tuple whose first entry
is one of the ``OP_*`` numbers: small, quick to make, and easy to print.  Rejected: nested generators (``yield
from``), which cost 1.6 times as much, and coroutine functions, which hide the points at which a goroutine can be
switched.  A body is one level deep; a helper that must yield is better written as a goroutine of its own.

``Chan`` and ``WaitGroup`` are the passive structures (Go's hchan and sync.WaitGroup); locks are in ``sync``; what
happens to them is in ``gmp_lab/runtime``.  They belong to one run: make them inside a body.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Generator
from copy import deepcopy
from typing import Any, ClassVar, Final, NamedTuple

from gmp_lab.errors import ConfigError, check_bool, check_choice, check_int

Op = tuple[Any, ...]
Body = Generator[Op, Any, None]

OP_WORK: Final = 0
OP_SYSCALL: Final = 1
OP_SEND: Final = 2
OP_RECV: Final = 3
OP_GO: Final = 4
OP_GOSCHED: Final = 5
OP_WG_ADD: Final = 6
OP_WG_WAIT: Final = 7
OP_SLEEP: Final = 8
OP_LOG: Final = 9
OP_CLOSE: Final = 10
OP_LOCK_THREAD: Final = 11
OP_UNLOCK_THREAD: Final = 12
OP_NOW: Final = 13
OP_PARK: Final = 14  # the runtime's own goroutines: park for a reason, for ever
OP_CALL: Final = 30
OP_RET: Final = 31
OP_RECURSE: Final = 32
OP_SET_MAX_STACK: Final = 33
OP_STACK: Final = 34
OP_NET_READ: Final = 45
OP_NET_WRITE: Final = 46
OP_NET_ARRIVES: Final = 47
OP_CALL_NOSPLIT: Final = 55
OP_TIMER_NEW: Final = 56
OP_TIMER_STOP: Final = 57
OP_TIMER_RESET: Final = 58
OP_RECV_TIMER: Final = 59  # recv and recv2 of the channel of a timer
OP_SELECT_TIMER: Final = 60
OP_CONTINUE: Final = 15  # the runtime's own: (OP_CONTINUE, function, argument), the rest of an operation that waited
OP_RECV2: Final = 16
OP_SELECT: Final = 17
OP_GOEXIT: Final = 18
OP_SYNC: Final = 19  # the first of those in sync.py; the last is 29
OP_GOMAXPROCS: Final = 35
OP_READ_MEM: Final = 36
OP_ALLOC: Final = 37
OP_DROP: Final = 38
OP_GC: Final = 39
OP_SET_GC: Final = 40
OP_DEFAULT_PROCS: Final = 50
OP_COUNT: Final = 64  # room for the operations of sync, stacks, memory and the network

LOOP_KINDS: Final = ("free", "leaf", "call", "unsafe", "nosplit")
# Where a running segment can be preempted: by the signal, by a prologue check, by both, by neither.
LOOP_ASYNC: Final = 1
LOOP_CALLS: Final = 2
_LOOP_BITS: Final = {
    "free": LOOP_ASYNC, "leaf": LOOP_ASYNC, "call": LOOP_ASYNC | LOOP_CALLS, "unsafe": 0, "nosplit": 0,
}  # fmt: skip

MAX_NS: Final = 3_600 * 1_000_000_000
_UNSET: Final = 0  # a duration that is not given; asking "is it this" is quick and takes False and 0.0 for given
FOREVER: Final = 1 << 62  # longer than any run


def duration_ns(what: str, ns: object, us: object, ms: object) -> int:
    """Add up a duration given in ns, us or ms (numbers, 0 to one hour together); ConfigError otherwise."""
    total = 0
    for unit, value, factor in (("ns", ns, 1), ("us", us, 1_000), ("ms", ms, 1_000_000)):
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not number or not 0 <= value * factor <= MAX_NS:  # type: ignore[operator]  # NaN is not in the range
            raise ConfigError(f"{what}({unit})", value, f"a number from 0 to one hour ({MAX_NS // factor} {unit})")
        total += round(value * factor)  # type: ignore[operator]
    return int(check_int(what, total, 0, MAX_NS, "ns"))


def work(*, ns: float = 0, us: float = _UNSET, ms: float = _UNSET, loop: str = "free", forever: bool = False) -> Op:
    """Compute for a time without calling the runtime; ``forever=True`` never ends.

    ``loop`` says what the computing is made of, which decides where it can be preempted: "free" (no calls: by the
    signal only), "leaf" (calls a small leaf function, which has no check: the same), "call" (calls functions with
    a prologue check: also without the signal), "unsafe" (runtime code: nowhere), "nosplit" (stays within a function
    marked //go:nosplit: nowhere either).  ``stacks.loop_kind`` works the kind out from the function that is called.
    """
    if type(ns) is int and 0 < ns <= MAX_NS and loop == "free" and forever is False and us is _UNSET is ms:
        return (OP_WORK, ns, LOOP_ASYNC)  # the most frequent call
    if loop != "free":
        check_choice("work(loop)", loop, LOOP_KINDS)
    if check_bool("work(forever)", forever):
        if duration_ns("work", ns, us, ms):
            raise ConfigError("work(forever)", forever, "False if a duration is given as well")
        return (OP_WORK, FOREVER, _LOOP_BITS[loop])
    return (OP_WORK, duration_ns("work", ns, us, ms), _LOOP_BITS[loop])


def syscall(*, ns: float = 0, us: float = _UNSET, ms: float = _UNSET, kind: str = "blocking") -> Op:
    """Make a system call that takes a time.

    ``kind`` is "blocking" (through entersyscall; the thread sleeps in the kernel), "cpu" (the same, but the kernel
    computes, so a CPU is used), "handoff" (known to block: entersyscallblock gives the P up at once; only long waits
    of the runtime itself do this) or "raw" (RawSyscall: the scheduler is not told and the P is never given up; for it
    this is computing where nothing can be preempted).
    """
    if type(ns) is int and 0 < ns <= MAX_NS and kind == "blocking" and us is _UNSET is ms:
        return (OP_SYSCALL, ns, kind)  # the most frequent call
    check_choice("syscall(kind)", kind, ("blocking", "cpu", "handoff", "raw"))
    if kind == "raw":
        return (OP_WORK, duration_ns("syscall", ns, us, ms), 0)
    return (OP_SYSCALL, duration_ns("syscall", ns, us, ms), kind)


def sleep(*, ns: float = 0, us: float = _UNSET, ms: float = _UNSET) -> Op:
    """time.Sleep: park until a timer of a P readies the goroutine."""
    return (OP_SLEEP, duration_ns("sleep", ns, us, ms))


def go(body: Callable[..., Body], *args: Any) -> Op:
    """``go body(args...)``: start a goroutine; its first step runs when the scheduler picks it."""
    if not callable(body):
        raise ConfigError("go(body)", body, "a generator function")
    return (OP_GO, body, args)


def gosched() -> Op:
    """runtime.Gosched(): go to the tail of the global queue and let others run."""
    return (OP_GOSCHED,)


def log(value: int) -> Op:
    """Write a whole number (32 bits) into the Recording, at no cost; read it with ``Recording.logs()``."""
    return (OP_LOG, check_int("log(value)", value, -(2**31), 2**31 - 1))


def now() -> Op:
    """Ask for the simulated time in ns: ``t = yield now()``."""
    return (OP_NOW,)


def goexit() -> Op:
    """runtime.Goexit(): end this goroutine (its ``finally`` blocks run, as deferred calls do; they must not yield).

    If main's goroutine does this, the others go on, and the program ends when none of them can.
    """
    return (OP_GOEXIT,)


def lock_os_thread() -> Op:
    """runtime.LockOSThread(): this goroutine and its thread belong together from here on."""
    return (OP_LOCK_THREAD,)


def unlock_os_thread() -> Op:
    """runtime.UnlockOSThread(): undo one lock_os_thread()."""
    return (OP_UNLOCK_THREAD,)


def gomaxprocs(n: int) -> Op:
    """runtime.GOMAXPROCS(n): ``old = yield gomaxprocs(n)``; 1..256 with the world stopped, 0 only asks."""
    return (OP_GOMAXPROCS, check_int("gomaxprocs(n)", n, 0, 256))


def set_default_gomaxprocs() -> Op:
    """runtime.SetDefaultGOMAXPROCS() of Go 1.25: as if nobody had set GOMAXPROCS; needs Config(cores=...)."""
    return (OP_DEFAULT_PROCS,)


class Chan:
    """A Go channel: make(chan T, size). Fields and their meaning are those of Go's hchan.

    ``buf`` holds at most ``dataqsiz`` values; ``recvq`` and ``sendq`` hold the waiting goroutines, oldest first.
    """

    __slots__ = ("buf", "closed", "dataqsiz", "name", "owner", "recvq", "sendq")
    recv_op: ClassVar[int] = OP_RECV  # timer.TimerChan has another

    def __init__(self, size: int = 0, name: str = "chan") -> None:
        self.dataqsiz = check_int("Chan(size)", size, 0, 1_000_000, "elements")
        self.name = name
        self.buf: deque[Any] = deque()
        self.recvq: deque[Any] = deque()  # waiting receivers (Gs)
        self.sendq: deque[Any] = deque()  # waiting senders: (G, value)
        self.closed = False
        self.owner: object | None = None  # the run that uses it: a channel cannot be shared by two runs

    def __len__(self) -> int:
        """len(c): how many values are in the buffer."""
        return len(self.buf)

    def __bool__(self) -> bool:
        return True  # a channel is no container: an empty one is still a channel


def chan(size: int = 0) -> Chan:
    """make(chan T, size): 0 = unbuffered, at most 1e6."""
    return Chan(size)


def cap(c: Chan | None) -> int:
    """cap(c): how many values the buffer can hold; 0 for a nil channel."""
    _check_chan("cap(c)", c)
    return 0 if c is None or getattr(c, "sync", False) else c.dataqsiz


def _check_chan(what: str, c: object) -> Chan | None:
    if c is not None and not isinstance(c, Chan):
        raise ConfigError(what, c, "a Chan, made by chan(size), or None, the nil channel")
    return c


def _sendable(what: str, c: object) -> Chan | None:
    if isinstance(c, Chan) and c.recv_op != OP_RECV:
        raise ConfigError(what, c, "a channel to send on, not that of a timer")
    return _check_chan(what, c)


def send(c: Chan | None, value: Any = None) -> Op:
    """``c <- value``; on a nil channel (None) it waits for ever."""
    if type(c) is Chan:
        return (OP_SEND, c, value)
    return (OP_SEND, _sendable("send(c)", c), value)


def recv(c: Chan | None) -> Op:
    """``value := <-c``: ``value = yield recv(c)``; None (the zero value) from a closed, empty channel."""
    if type(c) is Chan:
        return (OP_RECV, c)
    return (OP_RECV if _check_chan("recv(c)", c) is None else c.recv_op, c, False)  # type: ignore[union-attr]


def recv2(c: Chan | None) -> Op:
    """``value, ok := <-c``: ``value, ok = yield recv2(c)``; ok is False if the channel is closed and empty."""
    if c is not None and _check_chan("recv2(c)", c).recv_op != OP_RECV:  # type: ignore[union-attr]
        return (c.recv_op, c, True)
    return (OP_RECV2, c)


def close(c: Chan | None) -> Op:
    """close(c): wake every waiting receiver with the zero value, every waiting sender to panic."""
    return (OP_CLOSE, _sendable("close(c)", c))


class Case(NamedTuple):
    """One case of a select: a channel (None: never ready), whether it sends, and what."""

    c: Chan | None
    is_send: bool
    value: Any


def recv_case(c: Chan | None) -> Case:
    """``case v, ok := <-c:`` of a select."""
    return Case(_check_chan("recv_case(c)", c), False, None)


def send_case(c: Chan | None, value: Any = None) -> Case:
    """``case c <- value:`` of a select."""
    return Case(_sendable("send_case(c)", c), True, value)


def select(*cases: Case, default: bool = False) -> Op:
    """Wait until one of the cases can proceed, and do it: ``i, v, ok = yield select(recv_case(c), send_case(d, 1))``.

    i is the index of the case (-1: none was ready and there is a default); v and ok are the results of a receive.
    Of several that are ready one is taken at random.  At most 65536 cases; without any it waits for ever.
    """
    code = OP_SELECT
    for case in cases:
        if type(case) is not Case:
            raise ConfigError("select(case)", case, "recv_case(c) or send_case(c, value)")
        if type(case.c) is not Chan and case.c is not None:
            code = OP_SELECT_TIMER
    if len(cases) > 1 << 16:
        raise ConfigError("select(cases)", len(cases), "at most 65536 cases")
    return (code, cases, check_bool("select(default)", default))


class WaitGroup:
    """sync.WaitGroup; its methods make operations: ``yield wg.Add(3)``, ``yield wg.Done()``, ``yield wg.Wait()``."""

    __slots__ = ("counter", "owner", "sema", "waiters")

    def __init__(self) -> None:
        self.counter = 0
        self.sema = 0  # how many have been released and have not run yet
        self.waiters: deque[Any] = deque()
        self.owner: object | None = None

    def Add(self, delta: int) -> Op:
        """wg.Add(delta), -1e6..1e6."""
        return (OP_WG_ADD, self, check_int("WaitGroup.Add(delta)", delta, -1_000_000, 1_000_000))

    def Done(self) -> Op:
        """wg.Done()."""
        return (OP_WG_ADD, self, -1)

    def Wait(self) -> Op:
        """wg.Wait(): park until the counter is zero."""
        return (OP_WG_WAIT, self)


class Program:
    """A main function with its arguments, and the values to print beside its results.

    ``main`` is a generator function; the run ends when it returns.  ``name`` and ``params`` (names with numbers,
    texts, True, False, None, or lists of these) are kept in the Recording and say what was run.
    """

    __slots__ = ("args", "main", "name", "params")

    def __init__(
        self, main: Callable[..., Body], *args: Any, name: str = "", params: dict[str, Any] | None = None
    ) -> None:
        if not callable(main):
            raise ConfigError("Program(main)", main, "a generator function")
        if not isinstance(name, str):
            raise ConfigError("Program(name)", name, "a text")
        self.main = main
        self.args = args
        self.name = name or getattr(main, "__name__", "main")
        self.params = _plain({} if params is None else params)

    def __repr__(self) -> str:
        inner = ", ".join(f"{k}={v!r}" for k, v in self.params.items())
        return f"Program({self.name}{': ' if inner else ''}{inner})"


def _plain(params: object) -> dict[str, Any]:
    """Return a copy of params if a file can keep it without loss, else raise ConfigError."""
    if not isinstance(params, dict):
        raise ConfigError("Program(params)", params, "a dict")
    for name, value in params.items():
        if not isinstance(name, str):
            raise ConfigError("Program(params)", name, "a text as the name of each value")
        try:
            kept = json.loads(json.dumps(value, allow_nan=False)) == value
        except (TypeError, ValueError):
            kept = False
        if not kept:
            raise ConfigError(f"Program(params): {name}", value, "finite numbers, texts, True, False, None, or lists")
    return deepcopy(params)
