"""Connections for goroutine bodies: reads and writes that wait in the network poller and block no thread.

A ``Conn`` stands for a TCP connection or a pipe whose file descriptor is in non-blocking mode.  A read that finds
nothing parks the goroutine ("IO wait"); its thread and P go on with others.  Data comes from another goroutine's
``write``, or from outside, at a time set by ``arrives``.  A connection belongs to one run: make it inside a body::

    c = conn()
    yield arrives(c, "hello", us=300)   # somebody outside sends it 300 us from now
    data = yield read(c)                # parks until then
"""

from __future__ import annotations

from collections import deque
from typing import Any, Final

from gmp_lab.errors import ConfigError
from gmp_lab.workload import OP_NET_ARRIVES, OP_NET_READ, OP_NET_WRITE, Op, duration_ns

PD_NIL: Final = 0  # pollDesc.rg: nobody waits, nothing was notified
PD_READY: Final = 1  # a notification that nobody has consumed yet
PD_WAIT: Final = 2  # a goroutine waits (it is in ``reader``)


class Conn:
    """A descriptor with its pollDesc. ``data`` holds what can be read, oldest first; one reader at a time."""

    __slots__ = ("data", "id", "notified", "owner", "reader", "rg")

    def __init__(self) -> None:
        self.data: deque[Any] = deque()
        self.rg = PD_NIL
        self.reader: Any = None
        self.notified = False  # in the kernel's list of ready descriptors: edge-triggered, so at most once
        self.id = 0  # number within its run
        self.owner: object | None = None


def conn() -> Conn:
    """A new connection without data."""
    return Conn()


def _check(what: str, c: object) -> Conn:
    if not isinstance(c, Conn):
        raise ConfigError(what, c, "a Conn, made by conn()")
    return c


def read(c: Conn) -> Op:
    """Read the oldest value: ``data = yield read(c)``; parks in the poller while there is none."""
    return (OP_NET_READ, _check("read(c)", c))


def write(c: Conn, value: Any = None) -> Op:
    """Write a value, which makes the other side (the same Conn here) readable; never waits."""
    return (OP_NET_WRITE, _check("write(c)", c), value)


def arrives(c: Conn, value: Any = None, *, ns: float = 0, us: float = 0, ms: float = 0) -> Op:
    """Somebody outside sends ``value``: it can be read after this time (0 to one hour). Costs nothing."""
    return (OP_NET_ARRIVES, _check("arrives(c)", c), value, duration_ns("arrives", ns, us, ms))
