"""select: wait on several channels at once, and go on with the first that is ready.

If several are ready, a random one is taken: a fixed order would starve the later cases.  A goroutine that has to
wait stands in the queues of all its channels; whoever comes first decides, and the goroutine takes itself off the
other queues when it runs again.
"""

from __future__ import annotations

from typing import Any

from gmp_lab import vocabulary as v
from gmp_lab.errors import Throw
from gmp_lab.runtime.chan import chanrecv, chansend, own
from gmp_lab.runtime.goroutine import gopark
from gmp_lab.runtime.runtime2 import G, M, Select, Sudog
from gmp_lab.runtime.world import GoPanic, Runtime
from gmp_lab.workload import OP_CONTINUE, Case

_SELECT = v.WAIT_NO["select"]
_NO_CASES = v.WAIT_NO["select (no cases)"]


def walkSelectCases(rt: Runtime, mp: M, gp: G, cases: tuple[Case, ...], default: bool) -> bool:
    """Do a select statement in the form that the compiler gives it; False if gp is parked.

    gp.value = (index of the case, received value, whether one was received).

    Go: cmd/compile/internal/walk/select.go walkSelectCases (1.27.3)
    Differs: the choice of the form is made at run time.
    """
    if len(cases) > 1:
        return selectgo(rt, mp, gp, cases, not default)
    gp.value = (-1, None, False)
    if not cases:
        if not default:
            gopark(rt, mp, gp, _NO_CASES)  # Go: runtime/select.go block
        return default
    c, is_send, elem = cases[0]
    if is_send:
        gp.value = (0, None, False)  # nobody gives a sender anything
        if chansend(rt, mp, gp, c, elem, not default):
            return True
        if default:
            gp.value = (-1, None, False)
        return default
    sg = Sudog(gp)
    sg.success = True
    if chanrecv(rt, mp, gp, c, sg, not default):
        return oneReceived(rt, mp, gp, sg)
    if not default:
        gp.op = (OP_CONTINUE, oneReceived, sg)
    return default


def oneReceived(rt: Runtime, mp: M, gp: G, sg: Sudog) -> bool:
    """Finish a select with a single case, a receive.

    Ours: the compiler's code after the one receive.
    """
    gp.value = (0, gp.value, sg.success)
    return True


def cheaprandn(rt: Runtime, n: int) -> int:
    """Return a random number below n.

    Go: runtime/rand.go cheaprandn (1.27.3)
    Differs: nothing.
    """
    return rt.cheaprand() * n >> 32


def selectgo(rt: Runtime, mp: M, gp: G, cases: tuple[Case, ...], block: bool) -> bool:
    """Do a select with several cases; False if gp is parked.  gp.value as in walkSelectCases.

    Go: runtime/select.go selectgo (1.27.3)
    Differs: sends are not sorted before receives; the part after the sleep is selectDone.
    """
    pollorder: list[int] = []
    for i, cas in enumerate(cases):
        if cas.c is None:
            continue  # a case without a channel is never ready
        if cas.c.owner is not rt:
            own(rt, cas.c)
        j = cheaprandn(rt, len(pollorder) + 1)
        pollorder.append(i)
        pollorder[-1], pollorder[j] = pollorder[j], i
    # pass 1 - look for something already waiting
    for casi in pollorder:
        c, is_send, elem = cases[casi]
        if is_send:
            if chansend(rt, mp, gp, c, elem, False):
                gp.value = (casi, None, False)
                return True
            continue
        sg = Sudog(gp)
        sg.success = True
        if chanrecv(rt, mp, gp, c, sg, False):
            gp.value = (casi, gp.value, sg.success)
            return True
    if not block:
        gp.value = (-1, None, False)
        return True
    # pass 2 - enqueue on all chans
    sel = Select()
    for casi in lockorder(cases, pollorder):
        c, is_send, elem = cases[casi]
        assert c is not None
        sg = Sudog(gp, elem)
        sg.select = sel
        sg.queue = c.sendq if is_send else c.recvq
        sg.queue.append(sg)
        sel.sudogs.append((casi, sg))
    gp.op = (OP_CONTINUE, selectDone, (sel, cases))
    gopark(rt, mp, gp, _SELECT)
    return False


def lockorder(cases: tuple[Case, ...], pollorder: list[int]) -> list[int]:
    """Return the cases in the order in which their channels are locked; cases of one channel in poll order.

    Go: runtime/select.go selectgo (1.27.3)
    Differs: a channel's place among the cases stands for its address.
    """
    first: dict[int, int] = {}
    for i, cas in enumerate(cases):
        first.setdefault(id(cas.c), i)
    return sorted(pollorder, key=lambda casi: first[id(cases[casi].c)])


def selectDone(rt: Runtime, mp: M, gp: G, arg: Any) -> bool:
    """gp has been woken: take it off the other channels and do what the chosen case asks for.

    Go: runtime/select.go selectgo (1.27.3)
    Differs: its third pass, as a function of its own.
    """
    sel, cases = arg
    chosen = -1
    # pass 3 - dequeue from unsuccessful chans
    for casi, sg in sel.sudogs:
        if sg is sel.fired:
            chosen = casi
        elif sg.queue is not None:
            dequeueSudoG(sg)
    if chosen < 0:
        raise Throw("selectgo: bad wakeup")
    fired = sel.fired
    if cases[chosen].is_send:
        if not fired.success:
            raise GoPanic("panic: send on closed channel")
        gp.value = (chosen, None, False)
    else:
        gp.value = (chosen, gp.value, fired.success)
    return True


def dequeueSudoG(sgp: Sudog) -> None:
    """Take sgp off its queue, wherever in it, unless a waker has done so while looking for somebody else.

    Go: runtime/select.go waitq.dequeueSudoG (1.27.3)
    Differs: a list in the place of links.
    """
    if sgp.queue is not None and sgp in sgp.queue:
        sgp.queue.remove(sgp)
    sgp.queue = None
