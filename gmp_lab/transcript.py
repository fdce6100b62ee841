"""What goroutines did, taken down where a program ran, so that it can be simulated again elsewhere.

A ``Scribe`` stands between a program's bodies and the simulator and writes down every operation that they yield.
``read_transcript`` makes a Program of that text whose bodies yield the same operations, whatever they are sent.  A
run is a pure function, so under the same Config both give the same Recording.

The text is data: whoever wrote it can only have goroutines do what a body could have done, for no less time than that
takes.  The exam trusts no Recording that an answer's process has made, as an answer can change the simulator there.

Left out is what no rule of the scheduler looks at: the values that are sent through channels and connections.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Callable
from typing import Any, Final

from gmp_lab import workload as w
from gmp_lab.errors import ConfigError, check_bool, check_choice, check_int
from gmp_lab.heap import MAX_BYTES, NO_LIMIT
from gmp_lab.net import Conn
from gmp_lab.stacks import MAX_CALLS, MAX_FRAME, MAX_STACK
from gmp_lab.sync import (
    OP_COND,
    OP_MUTEX_LOCK,
    OP_MUTEX_TRYLOCK,
    OP_MUTEX_UNLOCK,
    OP_RW_LOCK,
    OP_RW_RLOCK,
    OP_RW_RUNLOCK,
    OP_RW_TRYLOCK,
    OP_RW_TRYRLOCK,
    OP_RW_UNLOCK,
    OP_SEMA,
    Cond,
    Mutex,
    RLocker,
    RWMutex,
    Sema,
)
from gmp_lab.timer import Timer, TimerChan
from gmp_lab.workload import Body, Case, Chan, Op, Program, WaitGroup

MOST_OPERATIONS: Final = 400_000
_MOST_TEXT: Final = 1_000_000  # characters of a transcript
_MOST_BYTES: Final = 32 << 20  # of it unpacked

#: what follows the number of an operation, a letter each: a channel (c), a timer's channel (C), a WaitGroup (w), a
#: lock (m, r, x), a semaphore (s), a connection (n), a timer (t), a value (v), a body (f), cases (k), a time (d, or
#: D: for ever too), True or False (b), and numbers within the bounds of ``_BOUNDS``
_SHAPES: Final[dict[int, str]] = {
    w.OP_WORK: "Dl", w.OP_SYSCALL: "dy", w.OP_SEND: "cv", w.OP_RECV: "c", w.OP_RECV2: "c", w.OP_RECV_TIMER: "Cb",
    w.OP_CLOSE: "c", w.OP_GO: "f", w.OP_GOSCHED: "", w.OP_WG_ADD: "wa", w.OP_WG_WAIT: "w", w.OP_SLEEP: "d",
    w.OP_LOG: "g", w.OP_LOCK_THREAD: "", w.OP_UNLOCK_THREAD: "", w.OP_NOW: "", w.OP_SELECT: "kb",
    w.OP_SELECT_TIMER: "kb", w.OP_GOEXIT: "", w.OP_GOMAXPROCS: "p", w.OP_DEFAULT_PROCS: "",
    w.OP_TIMER_NEW: "hdf", w.OP_TIMER_STOP: "t", w.OP_TIMER_RESET: "td",
    w.OP_NET_READ: "n", w.OP_NET_WRITE: "nv", w.OP_NET_ARRIVES: "nvd",
    w.OP_CALL: "F", w.OP_CALL_NOSPLIT: "F", w.OP_RET: "R", w.OP_RECURSE: "RF", w.OP_SET_MAX_STACK: "S",
    w.OP_STACK: "", w.OP_ALLOC: "BNBb", w.OP_DROP: "BNB", w.OP_GC: "", w.OP_READ_MEM: "", w.OP_SET_GC: "hL",
    OP_MUTEX_LOCK: "m", OP_MUTEX_UNLOCK: "m", OP_MUTEX_TRYLOCK: "m", OP_COND: "xh", OP_SEMA: "sbb",
    OP_RW_LOCK: "r", OP_RW_UNLOCK: "r", OP_RW_RLOCK: "r", OP_RW_RUNLOCK: "r", OP_RW_TRYLOCK: "r", OP_RW_TRYRLOCK: "r",
}  # fmt: skip
_CLASSES: Final[dict[str, type]] = {
    "c": Chan, "C": TimerChan, "w": WaitGroup, "m": Mutex, "r": RWMutex, "x": Cond, "s": Sema, "n": Conn, "t": Timer,
}  # fmt: skip
_BOUNDS: Final[dict[str, tuple[int, int]]] = {
    "d": (0, w.MAX_NS), "D": (0, w.FOREVER), "l": (0, 3), "a": (-1_000_000, 1_000_000), "g": (-(2**31), 2**31 - 1),
    "p": (0, 256), "h": (0, 3), "F": (0, MAX_FRAME), "R": (0, MAX_CALLS), "S": (0, MAX_STACK), "B": (0, MAX_BYTES),
    "N": (1, 1 << 30), "L": (-1, NO_LIMIT),
}  # fmt: skip


class Scribe:
    """Takes down what the bodies of a program do: run ``body(main)`` in its place, then read ``text()``."""

    def __init__(self) -> None:
        self._bodies: list[tuple[str, list[int]]] = []  # name, and for each goroutine the number of its script
        self._scripts: list[list[Any]] = []
        self._objects: list[list[Any]] = []  # how each is made
        self._numbers: dict[int, int] = {}  # of an object, by its id
        self._kept: list[Any] = []  # so that no id is used twice

    def body(self, body: Callable[..., Body]) -> Callable[..., Body]:
        """A body that does what this one does, and is taken down."""
        self._number_of_body(body)
        return self._taken(body, len(self._bodies) - 1)

    def text(self) -> str:
        """The transcript."""
        told = json.dumps([self._bodies, self._scripts, self._objects], separators=(",", ":"))
        return base64.b85encode(zlib.compress(told.encode())).decode("ascii")

    def _number_of_body(self, body: Any) -> int:
        self._bodies.append((str(getattr(body, "__name__", "func"))[:60], []))
        return len(self._bodies) - 1

    def _taken(self, body: Callable[..., Body], number: int) -> Callable[..., Body]:
        def start(*args: Any) -> Any:
            made = body(*args)
            if not hasattr(made, "send"):
                return made  # the simulator says what is wrong
            script: list[Any] = []
            self._bodies[number][1].append(len(self._scripts))
            self._scripts.append(script)
            return self._steps(made, script, len(self._scripts) - 1)

        start.__name__ = self._bodies[number][0]
        return start

    def _steps(self, made: Body, script: list[Any], number: int) -> Body:
        value: Any = None
        try:
            while True:
                try:
                    op = made.send(value)
                except StopIteration:
                    return
                value = yield self._written(op, script)
                if isinstance(value, (Timer, TimerChan)):
                    self._made(value, ["result", number, len(script) - 1, False])
                    if isinstance(value, Timer) and value.C is not None:
                        self._made(value.C, ["result", number, len(script) - 1, True])
        finally:
            made.close()

    def _written(self, op: Any, script: list[Any]) -> Any:
        """Take an operation down; what is yielded in its place."""
        if type(op) is not tuple or not op or op[0] not in _SHAPES:
            return op  # the simulator says what is wrong
        row: list[Any] = [op[0]]
        for letter, part in zip(_SHAPES[op[0]], op[1:], strict=False):
            if letter == "f" and part is not None:
                row.append(self._number_of_body(part))
                at = 1 if op[0] == w.OP_GO else 3
                op = (*op[:at], self._taken(part, row[-1]), *op[at + 1 :])
            elif letter == "k":
                row.append([[self._item(case.c), case.is_send] for case in part])
            else:
                row.append(None if letter == "v" else self._item(part))
        script.append(row)
        return op

    def _item(self, part: Any) -> Any:
        return part if part is None or type(part) in (bool, int, str) else [self._object(part)]

    def _object(self, it: Any) -> int:
        if id(it) not in self._numbers:
            how: list[Any] = [type(it).__name__]
            if type(it) is Chan:
                how.append(it.dataqsiz)
            elif type(it) is Sema:
                how.append(it.count)
            elif type(it) in (Cond, RLocker):
                how.append(self._object(it.L if type(it) is Cond else it.rw))
            self._made(it, how)
        return self._numbers[id(it)]

    def _made(self, it: Any, how: list[Any]) -> None:
        if id(it) not in self._numbers:
            self._kept.append(it)
            self._numbers[id(it)] = len(self._objects)
            self._objects.append(how)


def read_transcript(text: object) -> Program:
    """The program of a transcript; ConfigError for anything else.

    Its bodies raise ConfigError at an operation that no body could have yielded.
    """
    return Program(_Reader(*_unpacked(text)).body(0))


def operations(text: object) -> list[list[list[Any]]]:
    """For each goroutine of a transcript what it did: lists of an ``OP_*`` number and what follows it there.

    A channel or lock is a list of one number, of its own.  ConfigError as for ``read_transcript``.
    """
    return _unpacked(text)[1]


def _unpacked(text: object) -> tuple[list[tuple[str, list[int]]], list[list[list[Any]]], list[Any]]:
    if not isinstance(text, str) or len(text) > _MOST_TEXT:
        raise ConfigError("transcript", type(text).__name__, f"a text of at most {_MOST_TEXT} characters")
    try:
        packed = zlib.decompressobj()
        told = json.loads(packed.decompress(base64.b85decode(text), _MOST_BYTES))
        bodies, scripts, objects = ([*part] for part in told)
        if packed.unconsumed_tail or sum(map(len, scripts)) > MOST_OPERATIONS or not bodies:
            raise ValueError("too long, or empty")
        names = [(str(name), [int(number) for number in numbers]) for name, numbers in bodies]
        if not all(len(row) == len(_SHAPES[row[0]]) + 1 for script in scripts for row in script):
            raise ValueError("an operation that no body can yield")
    except (ValueError, TypeError, LookupError, zlib.error, RecursionError) as problem:
        raise ConfigError("transcript", text[:20], f"what Scribe.text gives ({problem})") from problem
    return names, scripts, objects


class _Reader:
    def __init__(self, bodies: list[tuple[str, list[int]]], scripts: list[Any], objects: list[Any]) -> None:
        self._bodies, self._scripts, self._how = bodies, scripts, objects
        self._objects: dict[int, Any] = {}
        self._results: dict[tuple[int, int], Any] = {}

    def body(self, number: int) -> Callable[..., Body]:
        """The body of this number: each time that it is started, its next script."""
        name, scripts = self._bodies[number]
        left = iter(scripts)

        def start() -> Body:
            return self._steps(next(left, -1))

        start.__name__ = name
        return start

    def _steps(self, number: int) -> Body:
        for k, row in enumerate(self._scripts[number] if 0 <= number < len(self._scripts) else []):
            value = yield self._op(row)
            if row[0] == w.OP_TIMER_NEW:
                self._results[number, k] = value

    def _op(self, row: list[Any]) -> Op:
        shape = _SHAPES[row[0]]
        parts = [self._part(letter, part) for letter, part in zip(shape, row[1:], strict=True)]
        parts += [()] * shape.endswith("f")  # a body's arguments are in its script
        return (row[0], *parts)

    def _part(self, letter: str, part: Any) -> Any:
        if letter in _BOUNDS:
            return check_int("operation", part, *_BOUNDS[letter])
        if letter in _CLASSES:
            return self._object(letter, part, _CLASSES[letter])
        if letter == "b":
            return check_bool("operation", part)
        if letter == "y":
            return check_choice("operation", part, ("blocking", "cpu", "handoff"))
        if letter == "k":
            return tuple(Case(self._object("k", c, Chan), check_bool("case", send), None) for c, send in part)
        none = letter == "v" or part is None
        return None if none else self.body(check_int("body", part, 0, len(self._bodies) - 1))

    def _object(self, letter: str, part: Any, kind: type) -> Any:
        if part is None and kind is Chan:
            return None
        (number,) = part
        it = self._make(check_int("object", number, 0, len(self._how) - 1))
        if not isinstance(it, kind) or (letter == "c" and isinstance(it, TimerChan)):
            raise ConfigError("object", type(it).__name__, f"a {kind.__name__}")
        return it

    def _make(self, number: int) -> Any:
        if number not in self._objects:
            name, *rest = self._how[number]
            if name == "result":
                script, k, channel = rest
                made = self._results[script, k]
                made = made.C if channel else made
            elif name in ("Cond", "RLocker"):
                made = (Cond if name == "Cond" else RLocker)(self._make(check_int("object", rest[0], 0, number - 1)))
            else:
                made = {"Chan": Chan, "Sema": Sema, "WaitGroup": WaitGroup, "Mutex": Mutex, "RWMutex": RWMutex,
                        "Conn": Conn}[name](*rest)  # fmt: skip
            self._objects[number] = made
        return self._objects[number]
