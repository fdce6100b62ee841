"""Rules about Ps and Ms: who has whom, who sleeps, who looks for work, and what sysmon may do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from gmp_lab import params
from gmp_lab import vocabulary as v
from gmp_lab.recording import Event
from gmp_lab.validate.books import SYSCALL, Books, Place
from gmp_lab.validate.goroutines import from_source

# --- Ps -----------------------------------------------------------------------------------------------------


def acquire_p(b: Books, e: Event) -> None:
    if e.p in b.in_call:  # up to 1.25: out of a system call, its own or another M's
        holder = b.in_call.pop(e.p)
        b.need("syscall", b.call_p.get(e.m) == e.p, f"M{e.m} gets P{e.p}, which M{holder} left in a system call")
        b.taken.add(holder)
        b.taken.discard(e.m)
        b.loose.add(e.p)
    b.need("one-m", b.p_m[e.p] < 0, f"P{e.p} goes to M{e.m} while M{b.p_m[e.p]} has it")
    b.need("one-p", e.m not in b.m_p, f"M{e.m} gets P{e.p} while it has P{b.m_p.get(e.m)}")
    promised = b.promised.pop(e.p, -1)
    b.need("lost-p", promised in (-1, e.m), f"P{e.p} goes to M{e.m}, but M{promised} was started for it")
    b.need("lost-p", promised >= 0 or e.p in b.loose, f"P{e.p} goes to M{e.m} and was not free")
    b.loose.discard(e.p)
    b.p_m[e.p], b.m_p[e.m] = e.m, e.p


def release_p(b: Books, e: Event) -> None:
    owner = b.p_m[e.p]
    its = owner == e.m or (owner < 0 and not b.rec.complete)
    b.need("owner", its, f"P{e.p} leaves M{e.m}, which does not have it")
    g = b.m_g.get(e.m, 0)
    moves = b.world == "starting" and e.m == b.stopper  # its P is no longer there after this stop
    b.need("owner", not g or b.status.get(g) == SYSCALL or moves, f"M{e.m} gives P{e.p} up while it runs G{g}")
    b.p_m[e.p] = -1
    b.m_p.pop(e.m, None)
    b.slept.pop(e.m, None)
    b.midpass.discard(e.m)
    if e.p not in b.promised:
        b.loose.add(e.p)


def pidle_put(b: Books, e: Event) -> None:
    b.need("idle", e.p not in b.pidle, f"P{e.p} is put on the idle list twice")
    b.need("idle", b.p_m[e.p] < 0, f"P{e.p} becomes idle while M{b.p_m[e.p]} has it")
    b.need("idle", e.p not in b.promised, f"P{e.p} becomes idle while M{b.promised.get(e.p)} is started for it")
    b.need("idle", not b.busy(e.p), f"P{e.p} becomes idle with work in its queue")
    free = not b.glob or b.world == "starting"
    b.need("conserve", free, f"P{e.p} becomes idle while {len(b.glob)} Gs are on the global queue")
    b.loose.discard(e.p)
    b.pidle.append(e.p)


def pidle_get(b: Books, e: Event) -> None:
    top = b.pidle[-1] if b.pidle else -1
    named = e.arg == 1 and e.p in b.pidle  # a start of the world asks for a particular P
    b.need("idle", e.p == top or named, f"P{e.p} leaves the idle list, on which P{top} is on top")
    if e.p in b.pidle:
        b.pidle.remove(e.p)
        b.loose.add(e.p)


# --- Ms -----------------------------------------------------------------------------------------------------


def m_new(b: Books, e: Event) -> None:
    made = len(b.m_state)
    b.need("ids", e.m == made or not b.rec.complete, f"M{e.m} is made; the next is M{made}")
    b.m_state[e.m] = "awake" if made == 0 else "new"  # the first thread runs from the start
    if e.arg == v.M_SYSMON:
        b.need("sysmon", not b.sysmon, f"M{e.m} is a second sysmon")
        b.sysmon.add(e.m)


def m_start(b: Books, e: Event) -> None:
    last = b.midle[-1] if b.midle else -1
    named = b.world == "starting"  # the last M that had the P, or one of several that are started together
    b.need("midle", e.m == last or not b.midle or named, f"M{e.m} is woken, but M{last} parked last")
    b.m_move(e.m, ("new", "parked"), "starting")
    if e.m in b.midle:
        b.midle.remove(e.m)
    b.need("lost-p", e.p in b.loose, f"M{e.m} is started for P{e.p}, which is not free")
    _why_start(b, e)
    b.loose.discard(e.p)
    b.promised[e.p] = e.m
    b.started[e.m] = e.t
    b.armed = True


def _why_start(b: Books, e: Event) -> None:
    if e.arg == 1:
        b.need("one-wake", not b.spinning, f"M{e.m} is woken to look for work while M{list(b.spinning)[:1]} does")
        b.need("spin", not b.busy(e.p), f"M{e.m} starts spinning with work on P{e.p}")
        b.spinning.add(e.m)
        return
    last = len(b.pidle) == b.procs - 1 and b.poller < 0
    marks = b.gc.phase == v.GC_MARK  # it may become a mark worker
    work = b.busy(e.p) or b.glob or last or marks
    b.need("one-wake", work, f"M{e.m} is woken for P{e.p}, and there is no work for it")


def m_wake(b: Books, e: Event) -> None:
    b.m_move(e.m, ("starting",), "awake")
    b.started.pop(e.m, None)


def m_park(b: Books, e: Event) -> None:
    at_start = e.t == 0 and e.m not in b.sysmon  # threads that a real program's start-up leaves behind
    b.m_move(e.m, ("awake", "new") if at_start else ("awake",), "parked")
    b.need("owner", e.m not in b.m_g and e.m not in b.m_p, f"M{e.m} parks with a goroutine or a P")
    b.need("spin", e.m not in b.spinning, f"M{e.m} parks and still counts as spinning")
    b.spun.discard(e.m)
    b.midpass.discard(e.m)
    if e.m not in b.midle:
        b.midle.append(e.m)


def spin(b: Books, e: Event) -> None:
    b.need("spin", (e.m in b.spinning) != bool(e.arg), f"M{e.m} begins or ends to spin twice")
    b.need("spin", e.m not in b.m_g, f"M{e.m} spins while it runs G{b.m_g.get(e.m)}")
    if not e.arg:
        b.spinning.discard(e.m)
        b.spun.add(e.m)
        return
    n, busy = len(b.spinning), b.procs - len(b.pidle)
    open_gate = 2 * n < busy or b.need_spin or e.m in b.spun
    b.need("spin-gate", open_gate, f"M{e.m} begins to spin with {n} spinning already for {busy} busy Ps")
    b.need("spin", e.m in b.m_p, f"M{e.m} begins to spin without a P")
    b.spinning.add(e.m)
    b.spun.discard(e.m)
    b.need_spin = 0


def need_spin(b: Books, e: Event) -> None:
    b.need("needspinning", e.arg != b.need_spin, f"needspinning is set to {e.arg}, which it is")
    b.need("needspinning", not e.arg or not b.pidle, f"nobody is woken although P{b.pidle[-1:]} is idle")
    b.need_spin = e.arg
    b.armed = True


def _locked(b: Books, e: Event) -> bool:
    """Whether G e.g is locked to M e.m, as far as is known."""
    return b.locked.get(e.g, -1 if b.rec.complete else e.m) == e.m


def stop_locked(b: Books, e: Event) -> None:
    b.m_move(e.m, ("awake",), "locked")
    b.need("owner", e.m not in b.m_p, f"M{e.m} waits for G{e.g} and keeps P{b.m_p.get(e.m)}")
    b.need("locked", _locked(b, e), f"M{e.m} waits for G{e.g}, which is not locked to it")


def start_locked(b: Books, e: Event) -> None:
    b.m_move(e.m, ("locked",), "starting")
    b.need("locked", _locked(b, e), f"G{e.g} is given to M{e.m}, to which it is not locked")
    giver = b.p_m[e.p]
    from_source(b, e, giver, e.arg & 15)
    b.queue(e.g, Place("hand", e.m, v.SRC_LOCKED))
    b.promised[e.p] = e.m
    b.started[e.m] = e.t
    b.touched.add(giver)
    b.expect = (v.E_RELEASE_P, -1, e.p, "locked", f"P{e.p} is promised to M{e.m} for G{e.g} and stays where it is")


def poll(b: Books, e: Event) -> None:
    if e.kind == v.E_POLL_BLOCK:
        b.need("poller", b.poller < 0, f"M{e.m} blocks in netpoll while M{b.poller} does")
        b.need("poller", e.m not in b.m_p, f"M{e.m} blocks in netpoll with a P")
        b.need("spin", e.m not in b.spinning, f"M{e.m} blocks in netpoll and still counts as spinning")
        b.poller = e.m
        b.m_move(e.m, ("awake",), "polling")
    else:
        b.m_move(e.m, ("polling",), "awake")
        b.need("poller", b.poller == e.m, f"M{e.m} comes back from netpoll and was not there")
        b.poller = -1


def cpu(b: Books, e: Event) -> None:
    n = b.rec.config.cores
    b.need("core", n is not None and 0 <= e.arg < n, f"M{e.m} is on core {e.arg}, which does not exist")
    if e.kind == v.E_CPU_OFF:
        b.need("core", b.cpu.pop(e.m, -1) == e.arg, f"M{e.m} leaves core {e.arg}, on which it is not")
        return
    b.need("core", e.m not in b.cpu, f"M{e.m} gets core {e.arg} and has core {b.cpu.get(e.m)}")
    b.need("core", e.arg not in b.cpu.values(), f"M{e.m} gets core {e.arg}, on which another thread is")
    b.cpu[e.m] = e.arg


# --- sysmon -------------------------------------------------------------------------------------------------


def sysmon(b: Books, e: Event) -> None:
    least, most = params.sysmonMinDelay // 1000, params.sysmonMaxDelay // 1000
    follows = e.arg in (least, min(2 * b.sysmon_us, most))
    b.need("sysmon", follows, f"sysmon sleeps {e.arg} us after {b.sysmon_us} us, neither {least} nor twice as long")
    b.sysmon_us = e.arg


def sysmon_deep(b: Books, e: Event) -> None:
    b.need("sysmon", e.arg != b.deep, "sysmon begins or ends its deep sleep twice")
    all_idle = (len(b.pidle) == b.procs or b.world != "on") and b.rec.config.schedtrace_ms == 0
    b.need("sysmon", not e.arg or all_idle, "sysmon goes into its deep sleep although not every P is idle")
    b.deep = e.arg


def schedtrace(b: Books, e: Event) -> None:
    every = b.rec.config.schedtrace_ms * 1_000_000
    due = every and (b.traced < 0 or e.t >= b.traced + every)
    b.need("sysmon", due, f"a schedtrace line at {e.t} ns, not asked for or too early")
    b.traced = e.t


RULES: Final[dict[int, Callable[[Books, Event], None]]] = {
    v.E_ACQUIRE_P: acquire_p, v.E_RELEASE_P: release_p, v.E_PIDLE_PUT: pidle_put, v.E_PIDLE_GET: pidle_get,
    v.E_M_NEW: m_new, v.E_M_START: m_start, v.E_M_WAKE: m_wake, v.E_M_PARK: m_park, v.E_SPIN: spin,
    v.E_NEED_SPIN: need_spin, v.E_STOP_LOCKED: stop_locked, v.E_START_LOCKED: start_locked,
    v.E_POLL_BLOCK: poll, v.E_POLL_WAKE: poll, v.E_CPU_ON: cpu, v.E_CPU_OFF: cpu,
    v.E_SYSMON: sysmon, v.E_SYSMON_DEEP: sysmon_deep, v.E_SCHEDTRACE: schedtrace,
}  # fmt: skip
