"""What the events of threads change: idle lists, who has which P, spinning, polling, cores, sysmon."""

from __future__ import annotations

from typing import Final

from gmp_lab import vocabulary as v
from gmp_lab.recording import Event
from gmp_lab.replay.queues import Queues
from gmp_lab.replay.state import MState, State


def _pidle_put(r: Queues, s: State, e: Event) -> None:
    s.pidle.append(e.p)
    s.ps[e.p].status = 0


def _pidle_get(r: Queues, s: State, e: Event) -> None:
    s.pidle.remove(e.p)


def _acquire_p(r: Queues, s: State, e: Event) -> None:
    p, m = s.ps[e.p], s.ms[e.m]
    p.status, p.m, m.p = 1, e.m, e.p


def _release_p(r: Queues, s: State, e: Event) -> None:
    p, m = s.ps[e.p], s.ms[e.m]
    p.status, p.m, m.p = 0, -1, -1


def _m_new(r: Queues, s: State, e: Event) -> None:
    s.ms.append(MState(e.m, doing="sysmon" if e.arg == v.M_SYSMON else "starting"))


def _m_start(r: Queues, s: State, e: Event) -> None:
    m = s.ms[e.m]
    if e.m in s.midle:
        s.midle.remove(e.m)
    m.doing, m.spinning = "starting", e.arg == 1
    s.nmspinning += e.arg == 1


def _m_wake(r: Queues, s: State, e: Event) -> None:
    m = s.ms[e.m]
    m.doing = "spinning" if m.spinning else "scheduling"


def _m_park(r: Queues, s: State, e: Event) -> None:
    s.ms[e.m].doing = "parked"
    s.midle.append(e.m)


def _spin(r: Queues, s: State, e: Event) -> None:
    m = s.ms[e.m]
    s.nmspinning += 1 if e.arg else -1
    m.spinning = bool(e.arg)
    if e.arg:
        s.needspinning = 0
    if m.doing in ("scheduling", "spinning"):
        m.doing = "spinning" if e.arg else "scheduling"


def _need_spin(r: Queues, s: State, e: Event) -> None:
    s.needspinning = e.arg


def _poll_block(r: Queues, s: State, e: Event) -> None:
    s.ms[e.m].doing = "polling"


def _poll_wake(r: Queues, s: State, e: Event) -> None:
    s.ms[e.m].doing = "scheduling"


def _cpu(r: Queues, s: State, e: Event) -> None:
    s.ms[e.m].cpu = e.arg if e.kind == v.E_CPU_ON else -1


def _throttle(r: Queues, s: State, e: Event) -> None:
    if e.kind == v.E_THROTTLE:
        s.throttled.append(e.arg)
    else:
        s.throttled.remove(e.arg)


def _sysmon(r: Queues, s: State, e: Event) -> None:
    if e.kind == v.E_SYSMON:
        s.sysmon_us = e.arg
    else:
        s.sysmon_deep = bool(e.arg)


THREADS: Final = {
    v.E_PIDLE_PUT: _pidle_put, v.E_PIDLE_GET: _pidle_get, v.E_ACQUIRE_P: _acquire_p, v.E_RELEASE_P: _release_p,
    v.E_M_NEW: _m_new, v.E_M_START: _m_start, v.E_M_WAKE: _m_wake, v.E_M_PARK: _m_park, v.E_SPIN: _spin,
    v.E_NEED_SPIN: _need_spin, v.E_POLL_BLOCK: _poll_block, v.E_POLL_WAKE: _poll_wake, v.E_CPU_ON: _cpu,
    v.E_CPU_OFF: _cpu, v.E_SYSMON: _sysmon, v.E_SYSMON_DEEP: _sysmon, v.E_THROTTLE: _throttle,
    v.E_UNTHROTTLE: _throttle,
}  # fmt: skip
