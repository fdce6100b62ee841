"""runtime.GOMAXPROCS and what else changes the number of Ps: each stops the world, and the start makes the change."""

from __future__ import annotations

from gmp_lab import vocabulary as v
from gmp_lab.runtime.maxprocs import changeQuota, check_api, defaultGOMAXPROCS, updateMaxProcsGState
from gmp_lab.runtime.mgcsweep import systemG
from gmp_lab.runtime.runtime2 import G
from gmp_lab.runtime.stw import WorldStop, startTheWorld, stopTheWorld
from gmp_lab.runtime.system import System, park, semacquire, semrelease
from gmp_lab.runtime.world import Runtime

_NAME = "runtime.updateMaxProcsGoroutine"
_IDLE = "GOMAXPROCS updater (idle)"


def stopTheWorldGC(rt: Runtime, gp: G, reason: int) -> System:
    """Stop the world while no collection is on, and keep one from beginning. Returns the WorldStop.

    Go: runtime/proc.go stopTheWorldGC (1.27.3)
    Differs: nothing.
    """
    yield from semacquire(rt, gp, rt.sched.gcsema)
    return (yield from stopTheWorld(rt, gp, reason))


def startTheWorldGC(rt: Runtime, gp: G, w: WorldStop) -> None:
    """Start the world and let collections begin again.

    Go: runtime/proc.go startTheWorldGC (1.27.3)
    Differs: nothing.
    """
    startTheWorld(rt, gp, w)
    semrelease(rt, w.mp, rt.sched.gcsema)


def GOMAXPROCS(rt: Runtime, gp: G, n: int) -> System:
    """Set the number of Ps with the world stopped; returns the old one. n = 0 only asks; the current one stays.

    Go: runtime/debug.go GOMAXPROCS (1.27.3)
    Differs: without computeMaxProcsLock.
    """
    old = rt.gomaxprocs
    if n == 0:
        return old
    rt.sched.customGOMAXPROCS = True
    if n == old:
        return old
    stop = yield from stopTheWorldGC(rt, gp, v.STW_GOMAXPROCS)
    rt.sched.newprocs = n
    startTheWorldGC(rt, gp, stop)
    return old


def SetDefaultGOMAXPROCS(rt: Runtime, gp: G) -> System:
    """GOMAXPROCS as if nobody had ever set it; from then on it follows the quota again.

    Go: runtime/debug.go SetDefaultGOMAXPROCS (1.27.3)
    Differs: nothing.
    """
    check_api(rt)
    procs = defaultGOMAXPROCS(rt)
    if not rt.sched.customGOMAXPROCS and procs == rt.gomaxprocs:
        return
    stop = yield from stopTheWorldGC(rt, gp, v.STW_GOMAXPROCS)
    rt.sched.newprocs = procs
    rt.sched.customGOMAXPROCS = False
    startTheWorldGC(rt, gp, stop)


def updateMaxProcsGoroutine(rt: Runtime) -> System:
    """Wait for sysmon, stop the world, take the new number; over for good when somebody has set GOMAXPROCS.

    Go: runtime/proc.go updateMaxProcsGoroutine (1.27.3)
    Differs: after a bare start it begins where sysmon has woken it for the first time.
    """
    state: updateMaxProcsGState = rt.updateMaxProcsG
    woken = state.procs > 0
    while True:
        if not woken:
            state.idle = True
            yield park(_IDLE)
        woken = False
        gp = state.g
        assert gp is not None
        stop = yield from stopTheWorldGC(rt, gp, v.STW_GOMAXPROCS)
        if rt.sched.customGOMAXPROCS:
            startTheWorldGC(rt, gp, stop)
            return
        rt.sched.newprocs = state.procs
        startTheWorldGC(rt, gp, stop)


def defaultGOMAXPROCSUpdateEnable(rt: Runtime) -> None:
    """Let GOMAXPROCS follow the quota, if the quota changes in this run and the version and GODEBUG do so.

    Go: runtime/proc.go defaultGOMAXPROCSUpdateEnable (1.27.3)
    Differs: the goroutine is there already with a real start; its life is told only where it can have work.
    """
    config = rt.config
    for t, quota_us in config.quota_changes:
        rt.engine.after(t, changeQuota, rt, quota_us)
    if not config.quota_changes or not config.updatemaxprocs or rt.version.default_procs != "quota":
        return
    rt.updateMaxProcsG = state = updateMaxProcsGState()
    there = next((gp for gp in rt.allgs if gp.name == _NAME), None)
    state.idle = there is None
    state.g = systemG(rt, _NAME, _IDLE, updateMaxProcsGoroutine(rt))
