"""Rules about the CPU time of the process's group: who is throttled stands still, and no more is used than was given.

The pool itself is not told, so these are bounds.  Time is drawn in slices and counted at ticks: at any moment a core
may have used a tick more than was given, and have drawn a slice that it has not used.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from gmp_lab import params
from gmp_lab import vocabulary as v
from gmp_lab.recording import Event
from gmp_lab.validate import threads
from gmp_lab.validate.books import Books


def cpu(b: Books, e: Event) -> None:
    """A core goes to a thread, or back."""
    threads.cpu(b, e)
    q = b.quota
    if e.kind == v.E_CPU_OFF:
        q.used += e.t - q.on.pop(e.arg, e.t)
        return
    q.on[e.arg] = e.t
    b.need("throttle", e.arg not in q.held, f"M{e.m} gets core {e.arg}, which is throttled")
    there = [core for core, m in q.held.items() if m == e.m]
    b.need("throttle", not there, f"M{e.m} gets core {e.arg} and is stopped on core {there[:1]}, which is throttled")


def _used(b: Books, now: int) -> int:
    """CPU time (ns) that threads have used so far, sysmon's left out."""
    return b.quota.used + sum(now - since for since in b.quota.on.values())


def _watched(b: Books) -> int:
    """CPU time (ns) that sysmon may have used in a period: no event tells it."""
    costs = b.rec.config.costs
    least = max(1, params.sysmonMinDelay + costs.usleep_slack - costs.usleep_jitter)
    return (b.rec.config.period_us * 1000 // least + 1) * costs.sysmon


def throttle(b: Books, e: Event) -> None:
    q, n = b.quota, b.rec.config.cores or 0
    b.need("core", 0 <= e.arg < n, f"core {e.arg} is throttled, which does not exist")
    b.need("throttle", e.arg not in q.held, f"core {e.arg} is throttled twice")
    b.need("throttle", e.arg not in q.on, f"core {e.arg} is throttled while a thread is on it")
    b.need("throttle", e.m < 0 or e.m not in b.cpu, f"M{e.m} is stopped on core {e.arg} and has another")
    b.need("quota", q.quota >= 0, f"core {e.arg} is throttled, and the group's time is not limited")
    spread = n * (params.bandwidthSlice + params.bandwidthTick)
    early = q.quota - (_used(b, e.t) - q.before) > spread + _watched(b)
    b.need("quota", not early, f"core {e.arg} is throttled while much of the group's time is left")
    q.held[e.arg] = e.m
    q.since[e.arg] = e.t


def unthrottle(b: Books, e: Event) -> None:
    b.need("throttle", b.quota.held.pop(e.arg, -2) == e.m, f"core {e.arg} with M{e.m} goes on and was not throttled")
    b.quota.since.pop(e.arg, None)


def refill(b: Books, e: Event) -> None:
    q, period = b.quota, b.rec.config.period_us * 1000
    b.need("quota", q.quota >= 0, "the pool is filled, and the group's time is not limited")
    b.need("quota", e.t % period == 0 and e.t > q.refilled, f"a period begins at {e.t} ns; one lasts {period} ns")
    n, used = b.rec.config.cores or 0, _used(b, e.t)
    most = q.given + n * params.bandwidthTick
    b.need("quota", used <= most, f"the group has used {used} ns of CPU time; {q.given} ns were given")
    debt = n * (params.bandwidthSlice + params.bandwidthTick)
    most = q.quota + debt
    b.need("quota", used - q.before <= most, f"{used - q.before} ns were used in a period with {q.quota} ns")
    wait = (2 + (debt + _watched(b)) // max(q.quota, 1)) * period
    for core, since in q.since.items():
        b.need("throttle", e.t - since <= wait, f"core {core} is throttled since {since} ns, whatever is given")
    q.before, q.refilled = used, e.t
    q.given += q.quota


def change(b: Books, e: Event) -> None:
    q = b.quota
    told = (e.t, e.arg) in b.rec.config.quota_changes
    b.need("quota", told, f"the quota becomes {e.arg} us at {e.t} ns, and the Config says no such thing")
    q.quota = e.arg * 1000 if e.arg else -1
    q.before = _used(b, e.t)
    q.given = q.before + max(q.quota, 0)


RULES: Final[dict[int, Callable[[Books, Event], None]]] = {
    v.E_CPU_ON: cpu, v.E_CPU_OFF: cpu, v.E_THROTTLE: throttle, v.E_UNTHROTTLE: unthrottle, v.E_REFILL: refill,
    v.E_QUOTA: change,
}  # fmt: skip
