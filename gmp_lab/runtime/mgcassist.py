"""Assists: who allocates while the collector marks must help it, or wait until others have done his share.

Each byte that is allocated costs some scan work.  A goroutine in debt first takes credit that background workers have
earned, then marks itself, and if there is nothing to mark or it is to be preempted, it yields or waits in a queue.
So a collection slows down the goroutines that allocate, each in proportion, and no others.
"""

from __future__ import annotations

from gmp_lab import vocabulary as v
from gmp_lab.runtime.mgcdone import gcMarkDone
from gmp_lab.runtime.mgclimit import limiterEventMarkAssist
from gmp_lab.runtime.mgcmark import gcDrainN
from gmp_lab.runtime.mgcpacer import gcAssistTimeSlack, gcOverAssistWork
from gmp_lab.runtime.mgcstate import Collector
from gmp_lab.runtime.runtime2 import G
from gmp_lab.runtime.system import Gosched, System, park
from gmp_lab.runtime.world import Runtime
from gmp_lab.workload import OP_CONTINUE


def gcAssistAlloc(rt: Runtime, gp: G) -> System:
    """gp, in debt, pays with credit, work or waiting, and may then allocate.

    Go: runtime/mgcmark.go gcAssistAlloc (1.27.3)
    Differs: nothing.
    """
    gc: Collector = rt.gc
    c, bytes = gc.controller, gc.gcAssistBytes
    while not gc.limiter.limiting():  # retry:
        debtBytes = -bytes.get(gp, 0)
        scanWork = int(c.assistWorkPerByte * float(debtBytes))
        if scanWork < gcOverAssistWork:
            scanWork = gcOverAssistWork
            debtBytes = int(c.assistBytesPerWork * float(scanWork))
        if c.bgScanCredit > 0:
            if c.bgScanCredit < scanWork:
                stolen = c.bgScanCredit
                bytes[gp] = bytes.get(gp, 0) + 1 + int(c.assistBytesPerWork * float(stolen))
            else:
                stolen = scanWork
                bytes[gp] = bytes.get(gp, 0) + debtBytes
            c.bgScanCredit -= stolen
            scanWork -= stolen
            if scanWork == 0:
                return
        completed = yield from gcAssistAlloc1(rt, gp, scanWork)
        if completed:
            yield from gcMarkDone(rt, gp)
        if bytes.get(gp, 0) >= 0:
            return
        if gp.preempt:
            yield (OP_CONTINUE, Gosched, None)
        elif not rt.sched.gcBlackenEnabled:
            return
        elif c.bgScanCredit <= 0:  # gcParkAssist
            gc.assistQueue.append(gp)
            yield park("GC assist wait")
            return


def gcAssistAlloc1(rt: Runtime, gp: G, scanWork: int) -> System:
    """gp marks for its debt; whether it was the last to mark and nothing is left.

    Go: runtime/mgcmark.go gcAssistAlloc1 (1.27.3)
    Differs: returns what Go leaves in gp.param.
    """
    gc: Collector = rt.gc
    c, mp = gc.controller, gp.m
    if not rt.sched.gcBlackenEnabled:
        gc.gcAssistBytes.pop(gp, None)
        return False
    assert mp is not None and mp.p is not None
    pp, startTime = mp.p, rt.engine.now
    event = gc.limiterEvent(pp)
    track = event.start(limiterEventMarkAssist, startTime)
    gc.gcBeginWork()
    gc.marking[gp] = pp
    _tell(rt, gp, 1)
    workDone = yield from gcDrainN(rt, gp, scanWork)
    _tell(rt, gp, 0)
    del gc.marking[gp]
    gc.gcAssistBytes[gp] = gc.gcAssistBytes.get(gp, 0) + 1 + int(c.assistBytesPerWork * float(workDone))
    completed = gc.gcEndWork()
    now = rt.engine.now
    pp.gcAssistTime += now - startTime
    if track:
        event.stop(limiterEventMarkAssist, now)
    if pp.gcAssistTime > gcAssistTimeSlack:
        c.assistTime += pp.gcAssistTime
        gc.limiter.update(now)
        pp.gcAssistTime = 0
    return completed


def _tell(rt: Runtime, gp: G, begins: int) -> None:
    if rt.emit is not None and gp.m is not None and gp.m.p is not None:
        rt.emit((rt.engine.now, v.E_GC_ASSIST, gp.goid, gp.m.p.id, gp.m.id, begins))
