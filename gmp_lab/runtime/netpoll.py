"""The network poller: goroutines that wait for a descriptor, and who looks whether it is ready.

Nobody is told.  The kernel keeps a list of descriptors that became ready; the scheduler reads it when it has
nothing better to do: an M that finds no work asks without waiting, one M without a P may block there, and sysmon
asks if nobody did for 10 ms.  So 10,000 idle connections need no thread, and while all Ps are busy a ready
connection may wait for 10 ms.
"""

from __future__ import annotations

from typing import Any

from gmp_lab import params
from gmp_lab import vocabulary as v
from gmp_lab.errors import ConfigError, Throw
from gmp_lab.net import PD_NIL, PD_READY, PD_WAIT, Conn
from gmp_lab.runtime.goroutine import gopark
from gmp_lab.runtime.idle import pidlegetSpinning
from gmp_lab.runtime.runq import globrunqput
from gmp_lab.runtime.runtime2 import G, M, P, _Grunnable, _Gwaiting
from gmp_lab.runtime.status import casgstatus
from gmp_lab.runtime.threads import netpollBreak, startm, wakep
from gmp_lab.runtime.world import Runtime

_IO = v.WAIT_NO["IO wait"]


def own(rt: Runtime, c: Conn) -> None:
    """Note that c belongs to this run; ConfigError if it has been used in another one.

    Ours: as in chan.
    """
    if c.owner is None:
        c.owner = rt
        rt.sched.conns += 1
        c.id = rt.sched.conns
    elif c.owner is not rt:
        raise ConfigError("Conn", c, "made inside a body: it has been used in another run already")


def pollRead(rt: Runtime, mp: M, gp: G, c: Conn) -> bool:
    """Read from c; False if gp is parked, or has been notified and tries again.

    Go: internal/poll/fd_unix.go FD.Read (1.27.3)
    Differs: the read system call is charged before; a goroutine that comes back from the poller makes it again.
    """
    if c.owner is not rt:
        own(rt, c)
    if c.data:
        gp.value = c.data.popleft()
        return True
    while c.rg == PD_READY:  # an old notification: the data that it told of has been read
        c.rg = PD_NIL
    netpollblock(rt, mp, gp, c)
    return False


def netpollblock(rt: Runtime, mp: M, gp: G, c: Conn) -> None:
    """Park gp until c is ready; it then carries its operation out again.

    Go: runtime/netpoll.go netpollblock (1.27.3)
    Differs: netpollblockcommit is the part after the park; no deadlines and no second direction.
    """
    if c.rg != PD_NIL:
        raise Throw("runtime: double wait")
    gopark(rt, mp, gp, _IO)
    c.rg, c.reader = PD_WAIT, gp
    rt.sched.netpollWaiters += 1


def pollWrite(rt: Runtime, c: Conn, value: Any) -> None:
    """Make value readable from c, and c ready for the poller.

    Go: internal/poll/fd_unix.go FD.Write (1.27.3)
    Differs: the kernel's buffer has no end, so a write never waits.
    """
    if c.owner is not rt:
        own(rt, c)
    c.data.append(value)
    if not c.notified:
        c.notified = True
        rt.sched.epoll.append(c)
    if rt.sched.lastpoll == 0:
        netpollBreak(rt)  # the kernel wakes the thread that is blocked in epoll_wait, as an eventfd does


def arrival(rt: Runtime, what: tuple[Conn, Any]) -> None:
    """Data comes from outside (an event of the engine).

    Ours: the world outside of the process.
    """
    c, value = what
    if rt.emit is not None:
        rt.emit((rt.engine.now, v.E_NET_ARRIVE, -1, -1, -1, c.id))
    rt.sched.arrivals -= 1
    pollWrite(rt, c, value)


def netpoll(rt: Runtime) -> list[G]:
    """Take the goroutines whose descriptors are ready, at most 128 descriptors; the last of the list goes first.

    Go: runtime/netpoll_epoll.go netpoll (1.27.3)
    Differs: does not wait: blocking is done by netpollOrStop, this is what it finds. Adjusts the waiters' count.
    """
    sched = rt.sched
    toRun: list[G] = []
    for _ in range(min(len(sched.epoll), params.netpollEvents)):
        c = sched.epoll.popleft()
        c.notified = False
        gp, c.reader = c.reader, None
        if gp is None:
            c.rg = PD_READY
        else:
            c.rg = PD_NIL
            toRun.append(gp)
    sched.netpollWaiters -= len(toRun)
    return toRun


def netpollready(  # two more than Go's: for the record
    rt: Runtime, mp: M | None, pp: P | None, gp: G, where: int, kind: int = v.E_NET_READY
) -> None:
    """gp is runnable; where (vocabulary.NET_*) says where it goes: an M's hand, pp's ring or the global queue.

    Ours: what each caller of netpoll does with a goroutine of its list, and the record of it.
    """
    casgstatus(gp, _Gwaiting, _Grunnable)
    if rt.emit is not None:
        ids = (pp.id if pp is not None else -1, mp.id if mp is not None else -1)
        rt.emit((rt.engine.now, kind, gp.goid, *ids, where))


def pollNetwork(rt: Runtime, mp: M, pp: P) -> G | None:
    """Ask the poller without waiting: one goroutine to run, the others are queued.

    Go: runtime/proc.go findRunnable (1.27.3)
    Differs: the part of findRunnable before stealing, as a function of its own.
    """
    toRun = netpoll(rt)
    if not toRun:
        return None
    gp = toRun.pop()
    injectglist(rt, mp, toRun)
    netpollready(rt, mp, pp, gp, v.NET_HAND)
    mp.source = v.SRC_POLL
    return gp


def injectglist(rt: Runtime, mp: M | None, glist: list[G], kind: int = v.E_NET_READY) -> None:
    """Queue goroutines: as many as there are idle Ps go to the global queue and wake them, the rest to mp's ring.

    Go: runtime/proc.go injectglist (1.27.3)
    Differs: mp is None for sysmon, which has no P; kind of event is for the record.
    """
    if not glist:
        return
    pp = mp.p if mp is not None else None
    n = len(glist) if pp is None else min(len(rt.sched.pidle), len(glist))
    for _ in range(n):
        gp = glist.pop()
        netpollready(rt, mp, None, gp, v.NET_GLOBAL, kind)
        globrunqput(rt, gp)
    for _ in range(n):
        idle = pidlegetSpinning(rt)
        if idle is None:
            break
        startm(rt, idle, False)
    if pp is None:
        return
    while glist:
        gp = glist.pop()
        if len(pp.runq) < rt.ring:
            netpollready(rt, mp, pp, gp, v.NET_RING, kind)
            pp.runq.append(gp)
        else:
            netpollready(rt, mp, None, gp, v.NET_GLOBAL, kind)
            globrunqput(rt, gp)
    wakep(rt)
