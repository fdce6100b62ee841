"""Invariants of waiting: who sleeps on something stands in its list, and a Mutex counts its sleepers right.

What a sleeping goroutine will go on with (``G.op``) names what it sleeps on; that is where this check begins.
"""

from __future__ import annotations

from typing import Any

from gmp_lab.errors import Throw
from gmp_lab.runtime.mutex import mutexStarving, mutexWaiterShift, waiters
from gmp_lab.runtime.runtime2 import G, Sudog, _Grunnable, _Gwaiting
from gmp_lab.runtime.select import selectDone
from gmp_lab.runtime.sema import semaWoken
from gmp_lab.runtime.world import Runtime
from gmp_lab.workload import OP_CONTINUE


def check_waits(rt: Runtime) -> None:
    """Raise Throw if a goroutine that waits with something left to do is not where its waker will look.

    Ours: invariants, for the tests.
    """
    for gp in rt.allgs:
        op = gp.op
        if op is None or op[0] != OP_CONTINUE or gp.atomicstatus not in (_Gwaiting, _Grunnable):
            continue
        if op[1] is semaWoken:
            _check_sleeper(gp, op[2])
        elif op[1] is selectDone:
            _check_select(gp, op[2][0])


def _in_list(gp: G, sg: Sudog) -> bool:
    listed = sg.queue is not None and sg in sg.queue
    if listed != (sg.queue is not None):
        raise Throw(f"check: {gp}'s sudog is not on the list that it names")
    return listed


def _check_sleeper(gp: G, arg: Any) -> None:
    if _in_list(gp, arg[0]) != (gp.atomicstatus == _Gwaiting):
        raise Throw(f"check: {gp} has status {gp.atomicstatus} and its semaphore does not agree")
    found = waiters(arg)
    if found is None:
        return
    m, count = found
    given = arg[0].ticket  # 1: handed over: still counted, no longer in the list
    if count < len(m.sema.waitq) + given:
        raise Throw(f"check: a Mutex counts {count} waiters and has {len(m.sema.waitq)} and {given}")
    if m.state & mutexStarving and not m.state >> mutexWaiterShift:
        raise Throw("check: a Mutex is starving and has no waiters")


def _check_select(gp: G, sel: Any) -> None:
    if (sel.fired is None) != (gp.atomicstatus == _Gwaiting):
        raise Throw(f"check: {gp} has status {gp.atomicstatus} and its select has not been decided like that")
    if sel.fired is None and not all(_in_list(gp, sg) for _, sg in sel.sudogs):
        raise Throw(f"check: {gp} waits in a select and is not on the lists of all its channels")
