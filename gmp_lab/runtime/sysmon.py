"""sysmon: the one thread without a P, and what it does on its rounds.

It sleeps 20 us between rounds while it finds work, and after 50 idle rounds twice as long each time, up to 10 ms.
"Work" means only: a P taken out of a system call.  A goroutine that computes for long is asked to stop when a round
finds it on its P for 10 ms or more since the round that first saw it there; so at the 10 ms pace a time slice lasts
between 10 and 20 ms, and there is no timer per goroutine.
"""

from __future__ import annotations

from gmp_lab import params
from gmp_lab import vocabulary as v
from gmp_lab.runtime.maxprocs import lastUpdate
from gmp_lab.runtime.netpoll import injectglist, netpoll
from gmp_lab.runtime.retake import retake
from gmp_lab.runtime.timers import timeSleepUntil
from gmp_lab.runtime.world import Runtime


def sysmon(rt: Runtime) -> None:
    """Begin a round: choose how long to sleep, and sleep.

    Go: runtime/proc.go sysmon (1.27.3)
    Differs: the loop is cut where it sleeps; sysmonRound is its other half.
    """
    s = rt.sysmontick
    before = delay = s.delay
    if s.idle == 0:
        delay = params.sysmonMinDelay
    elif s.idle > params.sysmonIdleRounds:
        delay *= 2
    delay = min(delay, params.sysmonMaxDelay)
    if delay != before:
        s.delay = delay
        if rt.emit is not None:
            rt.emit((rt.engine.now, v.E_SYSMON, -1, -1, -1, delay // 1000))
    rt.engine.after(delay + rt.slack(), sysmonWoke, rt)


def sysmonWoke(rt: Runtime, _: object) -> None:
    """After the sleep: go into the deep sleep if every P is idle or the world stops, else make the round.

    Go: runtime/proc.go sysmon (1.27.3)
    Differs: see sysmon.
    """
    sched, now = rt.sched, rt.engine.now
    if rt.config.schedtrace_ms == 0 and (sched.gcwaiting or len(sched.pidle) == rt.gomaxprocs):
        next = timeSleepUntil(rt) or now + params.sysmonMaxSleep
        if next > now:
            sched.sysmonwait = True
            rt.sysmontick.sleeping += 1
            if rt.emit is not None:
                rt.emit((now, v.E_SYSMON_DEEP, -1, -1, -1, 1))
            sleep = min(next - now, params.sysmonMaxSleep)
            rt.engine.after(sleep + rt.slack(), _sysmonTimeout, rt, rt.sysmontick.sleeping)
            return
    sysmonRound(rt)


def wakeSysmon(rt: Runtime) -> None:
    """Wake sysmon from its deep sleep: it begins again with short sleeps.

    Go: runtime/proc.go entersyscallWakeSysmon (1.27.3)
    Differs: exitsyscall's wake-ups use it too.
    """
    rt.sched.sysmonwait = False
    rt.sysmontick.sleeping += 1
    rt.engine.after(rt.costs.wake_m, _sysmonCalled, rt)


def notewakeupSysmon(rt: Runtime) -> None:
    """Wake sysmon from its deep sleep because the world starts again: its next sleep is as long as the last one.

    Go: runtime/proc.go startTheWorldWithSema (1.27.3)
    Differs: the few lines of it that are about sysmon.
    """
    rt.sched.sysmonwait = False
    rt.sysmontick.sleeping += 1
    rt.engine.after(rt.costs.wake_m, _sysmonTimeout, rt, rt.sysmontick.sleeping)


def _sysmonCalled(rt: Runtime, _: object) -> None:
    s = rt.sysmontick
    s.idle = 0
    if s.delay != params.sysmonMinDelay and rt.emit is not None:
        rt.emit((rt.engine.now, v.E_SYSMON, -1, -1, -1, params.sysmonMinDelay // 1000))
    s.delay = params.sysmonMinDelay
    _sysmonUp(rt)


def _sysmonTimeout(rt: Runtime, sleeping: int) -> None:
    if rt.sysmontick.sleeping == sleeping:
        rt.sched.sysmonwait = False
        _sysmonUp(rt)


def _sysmonUp(rt: Runtime) -> None:
    if rt.emit is not None:
        rt.emit((rt.engine.now, v.E_SYSMON_DEEP, -1, -1, -1, 0))
    sysmonRound(rt)


def sysmonRound(rt: Runtime) -> None:
    """One round: take Ps from system calls, ask long runners to stop; then what is left to do in the round.

    Go: runtime/proc.go sysmon (1.27.3)
    Differs: no scavenger. The test for a forced cycle is at the end of the round.
    """
    if rt.limited and not rt.sysmon_runs():
        return
    sched, now = rt.sched, rt.engine.now
    if sched.lastpoll != 0 and sched.lastpoll + params.sysmonPollNS < now:
        sched.lastpoll = now
        if sched.epoll:
            injectglist(rt, None, netpoll(rt))
    if rt.updateMaxProcsG is not None:
        lastUpdate(rt, now)
    rt.sysmontick.retaken = 0
    retake(rt, 0, sysmonRoundEnd)


def forceGC(rt: Runtime) -> None:
    """If there was no cycle of the collector for two minutes, wake the goroutine that starts one.

    Go: runtime/proc.go sysmon (1.27.3)
    Differs: this part of a round, as a function of its own.
    """
    gc = rt.gc
    if gc.controller.gcPercent < 0 or gc.lastgc == 0 or rt.engine.now - gc.lastgc <= gc.forcegcperiod:
        return
    if gc.forceg is not None and gc.forceIdle:
        gc.forceIdle = False
        injectglist(rt, None, [gc.forceg], v.E_GC_READY)


def sysmonRoundEnd(rt: Runtime) -> None:
    """The end of a round: count it as idle or not, print a schedtrace line when due.

    Go: runtime/proc.go sysmon (1.27.3)
    Differs: see sysmonRound.
    """
    s = rt.sysmontick
    if rt.gc is not None and rt.gc.phase == 0:
        forceGC(rt)
    if s.retaken:
        s.idle = 0
    else:
        s.idle += 1
    every = rt.config.schedtrace_ms
    if every:
        now = rt.engine.now
        if s.lasttrace + every * 1_000_000 <= now or not s.lasttrace:
            s.lasttrace = now
            if rt.emit is not None:
                rt.emit((now, v.E_SCHEDTRACE, -1, -1, -1, -1))
    sysmon(rt)
