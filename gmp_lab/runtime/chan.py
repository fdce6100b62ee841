"""Channels: direct hand-over to a waiting partner, or the buffer, or sleep.

A value for a waiting receiver never passes through the buffer: it is put where the receiver wants it, and the
receiver is readied on the sender's P.  A send into a buffer with room wakes nobody and switches nothing.
"""

from __future__ import annotations

from typing import Any

from gmp_lab import vocabulary as v
from gmp_lab.errors import ConfigError
from gmp_lab.runtime.goroutine import gopark, goready
from gmp_lab.runtime.runtime2 import G, M
from gmp_lab.runtime.world import GoPanic, Runtime
from gmp_lab.workload import Chan, WaitGroup

_RECEIVE = v.WAIT_NO["chan receive"]
_SEND = v.WAIT_NO["chan send"]
_WAIT = v.WAIT_NO["sync.WaitGroup.Wait"]


def own(rt: Runtime, c: Chan | WaitGroup) -> None:
    """Note that c belongs to this run; ConfigError if it has been used in another one."""
    if c.owner is None:
        c.owner = rt
    elif c.owner is not rt:
        raise ConfigError(type(c).__name__, c, "made inside a body: it has been used in another run already")


def chansend(rt: Runtime, mp: M, gp: G, c: Chan, value: Any) -> bool:
    """c <- value by gp; False if gp is parked.

    Go: runtime/chan.go chansend (1.27.3)
    Differs: no nil channel and no non-blocking form yet.
    """
    if c.owner is not rt:
        own(rt, c)
    if c.closed:
        raise GoPanic("panic: send on closed channel")
    if c.recvq:
        receiver = c.recvq.popleft()
        receiver.value = value  # straight to the receiver, past the buffer
        goready(rt, mp, receiver)
        return True
    if len(c.buf) < c.dataqsiz:
        c.buf.append(value)
        return True
    gp.sudog = value
    c.sendq.append(gp)
    gopark(rt, mp, gp, _SEND)
    return False


def chanrecv(rt: Runtime, mp: M, gp: G, c: Chan) -> bool:
    """gp.value = <-c; False if gp is parked.

    Go: runtime/chan.go chanrecv (1.27.3)
    Differs: no nil channel, no non-blocking form and no second result yet.
    """
    if c.owner is not rt:
        own(rt, c)
    if c.closed and not c.buf:
        gp.value = None
        return True
    if c.sendq:
        sender = c.sendq.popleft()
        if c.dataqsiz == 0:
            gp.value = sender.sudog
        else:  # the buffer is full: take its head, put the sender's value at its tail
            gp.value = c.buf.popleft()
            c.buf.append(sender.sudog)
        sender.sudog = None
        goready(rt, mp, sender)
        return True
    if c.buf:
        gp.value = c.buf.popleft()
        return True
    c.recvq.append(gp)
    gopark(rt, mp, gp, _RECEIVE)
    return False


def closechan(rt: Runtime, mp: M, c: Chan) -> None:
    """close(c): all receivers get the zero value; they are readied last come, first served.

    Go: runtime/chan.go closechan (1.27.3)
    Differs: a waiting sender's panic ends the run at once.
    """
    if c.owner is not rt:
        own(rt, c)
    if c.closed:
        raise GoPanic("panic: close of closed channel")
    if c.sendq:
        raise GoPanic("panic: send on closed channel")
    c.closed = True
    glist = list(c.recvq)  # pushed in this order, popped from the end
    c.recvq.clear()
    while glist:
        receiver = glist.pop()
        receiver.value = None
        goready(rt, mp, receiver)


def waitGroupAdd(rt: Runtime, mp: M, wg: WaitGroup, delta: int) -> None:
    """wg.Add(delta): at zero, ready every waiter, first come, first served.

    Go: sync/waitgroup.go Add (1.27.3)
    Differs: the semaphore below it is a queue of waiters.
    """
    if wg.owner is not rt:
        own(rt, wg)
    wg.counter += delta
    if wg.counter < 0:
        raise GoPanic("panic: sync: negative WaitGroup counter")
    if wg.counter == 0:
        while wg.waiters:
            goready(rt, mp, wg.waiters.popleft())


def waitGroupWait(rt: Runtime, mp: M, gp: G, wg: WaitGroup) -> bool:
    """wg.Wait(); False if gp is parked.

    Go: sync/waitgroup.go Wait (1.27.3)
    Differs: see waitGroupAdd.
    """
    if wg.owner is not rt:
        own(rt, wg)
    if wg.counter == 0:
        return True
    wg.waiters.append(gp)
    gopark(rt, mp, gp, _WAIT)
    return False
