"""GOMAXPROCS that follows the quota: once a second sysmon asks what the default would be now (1.25 and later).

Only where nobody has set GOMAXPROCS, by a call or from outside.  sysmon cannot stop the world itself: it wakes a
goroutine of the runtime that does (``debug.updateMaxProcsGoroutine``).
"""

from __future__ import annotations

from gmp_lab import params
from gmp_lab import vocabulary as v
from gmp_lab.errors import ConfigError
from gmp_lab.runtime.netpoll import injectglist
from gmp_lab.runtime.runtime2 import G
from gmp_lab.runtime.world import Runtime


class updateMaxProcsGState:
    """What sysmon and the goroutine that updates tell each other.

    ``idle``: it waits for sysmon; ``procs``: the new number; ``lastgomaxprocs``: when sysmon asked last (ns).

    Go: runtime/proc.go updateMaxProcsGState (1.27.3)
    Differs: lastgomaxprocs is a local variable of sysmon there.
    """

    __slots__ = ("g", "idle", "lastgomaxprocs", "procs")

    def __init__(self) -> None:
        self.g: G | None = None
        self.idle = False
        self.procs = 0
        self.lastgomaxprocs = -params.updateMaxProcsNS


def defaultGOMAXPROCS(rt: Runtime) -> int:
    """GOMAXPROCS that Go would take now: from the cores and, since 1.25, the quota.

    Go: runtime/cgroup_linux.go defaultGOMAXPROCS (1.27.3)
    Differs: cores and quota are the Config's; no file is read. ConfigError if the number of cores is not given.
    """
    return rt.config.default_gomaxprocs(rt.quota_us)


def sysmonUpdateGOMAXPROCS(rt: Runtime) -> None:
    """If the default is another one now and nobody has set GOMAXPROCS, wake the goroutine that updates it.

    Go: runtime/proc.go sysmonUpdateGOMAXPROCS (1.27.3)
    Differs: without computeMaxProcsLock.
    """
    if rt.sched.customGOMAXPROCS:
        return
    procs = defaultGOMAXPROCS(rt)
    state = rt.updateMaxProcsG
    if procs == rt.gomaxprocs or state is None or not state.idle:
        return
    state.procs, state.idle = procs, False
    assert state.g is not None
    injectglist(rt, None, [state.g], v.E_GC_READY)


def changeQuota(rt: Runtime, quota_us: int) -> None:
    """From now on the group has quota_us in each period (0: no limit).

    Ours: somebody writes the cgroup's cpu.max.
    """
    rt.quota_us = quota_us or None
    if rt.emit is not None:
        rt.emit((rt.engine.now, v.E_QUOTA, -1, -1, -1, quota_us))
    rt.set_quota(quota_us * 1000 if quota_us else -1)


def lastUpdate(rt: Runtime, now: int) -> None:
    """The part of a sysmon round that looks whether a second has passed.

    Ours: two lines of Go's sysmon, for a run whose quota can change.
    """
    state: updateMaxProcsGState = rt.updateMaxProcsG
    if state.lastgomaxprocs + params.updateMaxProcsNS <= now:
        sysmonUpdateGOMAXPROCS(rt)
        state.lastgomaxprocs = now


def check_api(rt: Runtime) -> None:
    """Raise ConfigError unless the version has runtime.SetDefaultGOMAXPROCS.

    Ours: in Go such a program does not compile.
    """
    if rt.version.default_procs != "quota":
        raise ConfigError("go", rt.config.go, "1.25 or later, for a program that calls SetDefaultGOMAXPROCS")
