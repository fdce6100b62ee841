"""How a process begins: Ps, the first thread, sysmon, main.

"bare" is the empty machine with main alone.  "real" puts P0 where it is when a real program's main.main begins: with
the runtime's own goroutines, two of them runnable, and the schedtick that start-up has used; the order of the first
few hundred goroutines of a program depends on that.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from gmp_lab import params
from gmp_lab import vocabulary as v
from gmp_lab.runtime.debug import defaultGOMAXPROCSUpdateEnable
from gmp_lab.runtime.goroutine import newproc, newproc1
from gmp_lab.runtime.idle import acquirep, mput, pidleput
from gmp_lab.runtime.runq import globrunqget, runqget
from gmp_lab.runtime.runtime2 import M
from gmp_lab.runtime.schedule import execute
from gmp_lab.runtime.sysmon import sysmon
from gmp_lab.runtime.threads import newm
from gmp_lab.runtime.world import Runtime
from gmp_lab.workload import OP_PARK, Op, Program


def boot(rt: Runtime, program: Program) -> None:
    """Make Ps, m0, sysmon and main, and let main run.

    Go: runtime/proc.go main (1.27.3)
    Differs: schedinit, mstart and main in one; package initialisation is left out.
    """
    procresize(rt)
    m0 = newm(rt, None, False)
    acquirep(rt, m0, rt.allp[0])
    newsysmon(rt)
    assert m0.p is not None
    newproc(rt, m0, m0.p, program.main, program.args)
    gp, inheritTime = runqget(m0, m0.p)
    if gp is None:  # 1.0: on the one queue
        gp = globrunqget(rt, m0)
    rt.main = gp
    real = rt.config.startup == "real"
    m0.p.schedtick = rt.version.startup_schedtick if real else params.bareSchedtick
    execute(rt, m0, gp, inheritTime)
    gp.left = 0
    if real:
        startupGoroutines(rt, m0)
    rt.sched.customGOMAXPROCS = not rt.config.auto_procs
    if rt.config.quota_changes:
        defaultGOMAXPROCSUpdateEnable(rt)
    rt.started = True
    rt.engine.after(0, _mstart, rt, m0)
    sysmon(rt)


def _mstart(rt: Runtime, mp: M) -> None:
    rt.resume(mp)


def procresize(rt: Runtime) -> None:
    """Put all Ps but the first on the idle list, in the order of the version.

    Go: runtime/proc.go procresize (1.27.3)
    Differs: only its last part, at the start.
    """
    others = rt.allp[1:]
    if not rt.version.idle_p_highest_first:
        others.reverse()
    for pp in others:
        pidleput(rt, pp)


def newsysmon(rt: Runtime) -> None:
    """Count sysmon's thread; it is on no list and has no P.

    Ours: in Go main starts it, as a thread with a function of its own.
    """
    mp = M(rt.sched.mnext)
    rt.sched.mnext += 1
    rt.sched.nmsys += 1
    rt.allm.append(mp)
    rt.sysmontick.m = mp
    if rt.emit is not None:
        rt.emit((rt.engine.now, v.E_M_NEW, -1, -1, mp.id, v.M_SYSMON))


def startupGoroutines(rt: Runtime, m0: M) -> None:
    """Add what a real program's start-up leaves behind: goroutines (two or so in P0's queue), ticks, threads.

    Ours: what Go's own start-up leaves behind, as measured; see params.Version.startup.
    """
    pp = m0.p
    assert pp is not None
    for g in rt.version.startup:
        if g.queue == "waiting":
            gp = newproc1(rt, _system, (g.reason,), parked=True)
            gp.waitreason = v.WAIT_NO[g.reason]
            if rt.emit is not None:
                rt.emit((rt.engine.now, v.E_GO_CREATE, gp.goid, -1, -1, -1))
        else:
            newproc(rt, m0, pp, _system, (g.reason,))
            rt.allgs[-1].name = g.name
    for _ in range(min(rt.gomaxprocs, rt.version.startup_threads)):
        mput(rt, newm(rt, None, False))
    for gp, g in zip(rt.allgs[1:], rt.version.startup, strict=True):
        gp.name = g.name


def _system(reason: str) -> Generator[Op, Any, None]:
    """A goroutine of the runtime: it parks for its reason, and nobody wakes it."""
    yield (OP_PARK, v.WAIT_NO[reason])
