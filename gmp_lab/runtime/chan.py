"""Channels: direct hand-over to a waiting partner, or the buffer, or sleep.

A value for a waiting receiver never passes through the buffer: it is put where the receiver wants it, and the
receiver is readied on the sender's P.  A send into a buffer with room wakes nobody and switches nothing.
"""

from __future__ import annotations

from typing import Any

from gmp_lab import vocabulary as v
from gmp_lab.errors import ConfigError
from gmp_lab.runtime.goroutine import gopark, goready
from gmp_lab.runtime.runtime2 import G, M, Sudog
from gmp_lab.runtime.world import GoPanic, Runtime
from gmp_lab.workload import OP_CONTINUE, Chan, WaitGroup

_RECEIVE = v.WAIT_NO["chan receive"]
_SEND = v.WAIT_NO["chan send"]
_RECEIVE_NIL = v.WAIT_NO["chan receive (nil chan)"]
_SEND_NIL = v.WAIT_NO["chan send (nil chan)"]
_WAIT = v.WAIT_NO["sync.WaitGroup.Wait"]
_REUSED = "panic: sync: WaitGroup is reused before previous Wait has returned"


def own(rt: Runtime, c: Any) -> None:
    """Note that c belongs to this run; ConfigError if it has been used in another one.

    Ours: Go's channels may be used by one program only in any case.
    """
    if c.owner is None:
        c.owner = rt
    elif c.owner is not rt:
        raise ConfigError(type(c).__name__, c, "made inside a body: it has been used in another run already")


def claim(sg: Sudog, success: bool) -> bool:
    """Whether sg, just taken off its queue, may be woken: not if its select has been decided by another case.

    Go: runtime/chan.go waitq.dequeue (1.27.3)
    Differs: the part for selects; what stands in a queue is the G itself unless it needs a Sudog.
    """
    select = sg.select
    if select is not None:
        if select.fired is not None:
            return False  # it was woken through another channel and has not run yet
        select.fired = sg
    sg.queue = None
    sg.success = success
    return True


def chansend(rt: Runtime, mp: M, gp: G, c: Chan | None, value: Any, block: bool = True) -> bool:
    """c <- value by gp; False if gp is parked, or would have to be and block is False.

    Go: runtime/chan.go chansend (1.27.3)
    Differs: a sender that is woken by close goes on in sendClosed.
    """
    if c is None:
        if block:
            gopark(rt, mp, gp, _SEND_NIL)
        return False
    if c.owner is not rt:
        own(rt, c)
    if c.closed:
        raise GoPanic("panic: send on closed channel")
    while c.recvq:
        receiver = c.recvq.popleft()
        if type(receiver) is Sudog:
            if not claim(receiver, True):
                continue
            receiver = receiver.g
        receiver.value = value  # straight to the receiver, past the buffer
        goready(rt, mp, receiver)
        return True
    if len(c.buf) < c.dataqsiz:
        c.buf.append(value)
        return True
    if not block:
        return False
    gp.sudog = value
    c.sendq.append(gp)
    gopark(rt, mp, gp, _SEND)
    return False


def sendClosed(rt: Runtime, mp: M, gp: G, arg: Any) -> bool:
    """What gp does first when the channel on which it was sending has been closed: it panics.

    Go: runtime/chan.go chansend (1.27.3)
    Differs: the end of chansend, after the sleep.
    """
    raise GoPanic("panic: send on closed channel")


def chanrecv(rt: Runtime, mp: M, gp: G, c: Chan | None, sg: Sudog | None = None, block: bool = True) -> bool:
    """gp.value = <-c; False if gp is parked, or would have to be and block is False.

    If there is an sg, it stands in the queue for gp, and sg.success tells whether a value was received.

    Go: runtime/chan.go chanrecv (1.27.3)
    Differs: the second result is told only to who brings an sg; recv is a part of it.
    """
    if c is None:
        if block:
            gopark(rt, mp, gp, _RECEIVE_NIL)
        return False
    if c.owner is not rt:
        own(rt, c)
    if c.closed and not c.buf:
        gp.value = None
        if sg is not None:
            sg.success = False
        return True
    while c.sendq:
        sender = c.sendq.popleft()
        if type(sender) is Sudog:
            if not claim(sender, True):
                continue
            elem, sender = sender.elem, sender.g
        else:
            elem, sender.sudog = sender.sudog, None
        if c.dataqsiz == 0:
            gp.value = elem
        else:  # the buffer is full: take its head, put the sender's value at its tail
            gp.value = c.buf.popleft()
            c.buf.append(elem)
        goready(rt, mp, sender)
        return True
    if c.buf:
        gp.value = c.buf.popleft()
        return True
    if not block:
        return False
    if sg is None:
        c.recvq.append(gp)
    else:
        sg.queue = c.recvq
        c.recvq.append(sg)
    gopark(rt, mp, gp, _RECEIVE)
    return False


def chanrecv2(rt: Runtime, mp: M, gp: G, c: Chan | None) -> bool:
    """gp.value = (value, ok) of <-c; False if gp is parked.

    Go: runtime/chan.go chanrecv2 (1.27.3)
    Differs: what is left to do after a sleep is received.
    """
    sg = Sudog(gp)
    sg.success = True
    if chanrecv(rt, mp, gp, c, sg):
        return received(rt, mp, gp, sg)
    gp.op = (OP_CONTINUE, received, sg)
    return False


def received(rt: Runtime, mp: M, gp: G, sg: Sudog) -> bool:
    """Put the second result beside the first.

    Ours: the end of chanrecv2 after a sleep.
    """
    gp.value = (gp.value, sg.success)
    return True


def closechan(rt: Runtime, mp: M, c: Chan | None) -> None:
    """close(c): receivers get the zero value, senders will panic; all are readied last come, first served.

    Go: runtime/chan.go closechan (1.27.3)
    Differs: nothing.
    """
    if c is None:
        raise GoPanic("panic: close of nil channel")
    if c.owner is not rt:
        own(rt, c)
    if c.closed:
        raise GoPanic("panic: close of closed channel")
    c.closed = True
    glist: list[G] = []  # pushed in this order, popped from the end
    for waiter in c.recvq:
        if type(waiter) is not Sudog:
            waiter.value = None
            glist.append(waiter)
        elif claim(waiter, False):
            waiter.g.value = None
            glist.append(waiter.g)
    for waiter in c.sendq:
        if type(waiter) is not Sudog:
            waiter.sudog = None
            waiter.op = (OP_CONTINUE, sendClosed, None)
            glist.append(waiter)
        elif claim(waiter, False):
            glist.append(waiter.g)
    c.recvq.clear()
    c.sendq.clear()
    while glist:
        goready(rt, mp, glist.pop())


def waitGroupAdd(rt: Runtime, mp: M, wg: WaitGroup, delta: int) -> None:
    """wg.Add(delta): at zero, release the semaphore once for every waiter, first come, first served.

    Go: sync/waitgroup.go WaitGroup.Add (1.27.3)
    Differs: the semaphore below it is a count and a queue of waiters.
    """
    if wg.owner is not rt:
        own(rt, wg)
    wg.counter += delta
    if wg.counter < 0:
        raise GoPanic("panic: sync: negative WaitGroup counter")
    if wg.counter == 0:
        while wg.waiters:
            wg.sema += 1
            goready(rt, mp, wg.waiters.popleft())


def waitGroupWait(rt: Runtime, mp: M, gp: G, wg: WaitGroup) -> bool:
    """wg.Wait(); False if gp is parked.

    Go: sync/waitgroup.go WaitGroup.Wait (1.27.3)
    Differs: see waitGroupAdd.
    """
    if wg.owner is not rt:
        own(rt, wg)
    if wg.counter == 0:
        return True
    if wg.sema:  # released for one who has not run yet: gp takes that at once, and finds wg in use
        raise GoPanic(_REUSED)
    wg.waiters.append(gp)
    gp.op = (OP_CONTINUE, waitGroupWoken, wg)
    gopark(rt, mp, gp, _WAIT)
    return False


def waitGroupWoken(rt: Runtime, mp: M, gp: G, wg: WaitGroup) -> bool:
    """What Wait does after its sleep: take what was released for it, and see that wg is still at zero.

    Go: sync/waitgroup.go WaitGroup.Wait (1.27.3)
    Differs: the end of Wait.
    """
    wg.sema -= 1
    if wg.counter or wg.waiters:
        raise GoPanic(_REUSED)
    return True
